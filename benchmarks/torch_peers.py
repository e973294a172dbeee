"""What a PyTorch user writes for a family's loss: ``torch.distributions``, or the loss function where there is one.

Each takes y (n,), or (n, 2) of successes and trials, and the raw columns of the family's default links, every parameter
predicted, and returns nll per row. Families that are not here PyTorch does not have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import distributions as d
from torch.nn import functional as f

Peer = Callable[[Any, Any], Any]


def _of(make: Callable[..., Any]) -> Peer:
    """The loss of a distribution made from raw columns."""
    return lambda y, r: -make(*r).log_prob(y)


def _beta(a: Any, b: Any) -> Any:
    mean, precision = torch.sigmoid(a), b.exp()
    return d.Beta(mean * precision, (1 - mean) * precision, validate_args=False)


def _gamma(a: Any, b: Any) -> Any:
    shape = b.exp()
    return d.Gamma(shape, shape / a.exp(), validate_args=False)


def _logistic(*transforms: Any) -> Any:
    """As the documentation of ``TransformedDistribution`` makes a Logistic."""
    uniform = d.Uniform(torch.tensor(0.0), torch.tensor(1.0), validate_args=False)
    # Without a cache the inverse, which log_prob needs, is computed twice.
    steps = [d.SigmoidTransform(cache_size=1).inv, *transforms]
    return d.TransformedDistribution(uniform, steps, validate_args=False)


def _generalised_pareto(a: Any, b: Any) -> Any:
    return d.GeneralizedPareto(torch.zeros_like(a), a.exp(), b, validate_args=False)


PEERS: dict[str, Peer] = {
    "Bernoulli": lambda y, r: f.binary_cross_entropy_with_logits(r[0], y, reduction="none"),
    "Beta": _of(_beta),
    "Binomial": lambda y, r: (
        -d.Binomial(y[:, 1], logits=r[0], validate_args=False).log_prob(y[:, 0])
    ),
    "Exponential": _of(lambda a: d.Exponential((-a).exp(), validate_args=False)),
    "Gamma": _of(_gamma),
    "GeneralisedPareto": _of(_generalised_pareto),
    "Geometric": _of(lambda a: d.Geometric(logits=-a, validate_args=False)),
    "Gumbel": _of(lambda a, b: d.Gumbel(a, b.exp(), validate_args=False)),
    "Laplace": _of(lambda a, b: d.Laplace(a, b.exp(), validate_args=False)),
    "Logistic": _of(lambda a, b: _logistic(d.AffineTransform(a, b.exp(), cache_size=1))),
    "LogLogistic": _of(
        lambda a, b: _logistic(
            d.AffineTransform(a, (-b).exp(), cache_size=1), d.ExpTransform(cache_size=1)
        )
    ),
    "LogNormal": _of(lambda a, b: d.LogNormal(a, b.exp(), validate_args=False)),
    "NegativeBinomial": _of(
        lambda a, b: d.NegativeBinomial(b.exp(), logits=a - b, validate_args=False)
    ),
    "Normal": _of(lambda a, b: d.Normal(a, b.exp(), validate_args=False)),
    "Poisson": lambda y, r: r[0].exp() - y * r[0] + torch.lgamma(y + 1),
    "StudentT": _of(lambda a, b, c: d.StudentT(c.exp(), a, b.exp(), validate_args=False)),
    "VonMises": _of(lambda a, b: d.VonMises(a, b.exp(), validate_args=False)),
    "Weibull": _of(lambda a, b: d.Weibull(a.exp(), b.exp(), validate_args=False)),
}


def _multivariate_normal(y: Any, rows: Any) -> Any:
    n, size = y.shape
    below, across = torch.tril_indices(size, size)
    entries = torch.zeros(n, size, size, dtype=rows.dtype)
    entries[:, below, across] = rows[:, size:]
    diagonal = torch.diagonal(entries, dim1=1, dim2=2).exp()
    factor = torch.tril(entries, -1) + torch.diag_embed(diagonal)
    peer = d.MultivariateNormal(rows[:, :size], scale_tril=factor, validate_args=False)
    return -peer.log_prob(y)


def _dirichlet(y: Any, rows: Any) -> Any:
    sizes = f.pad(rows[:, :-1], (0, 1)).softmax(-1) * rows[:, -1:].exp()
    return -d.Dirichlet(sizes, validate_args=False).log_prob(y)


def _multinomial(y: Any, rows: Any) -> Any:
    # Of the number of trials, one for all rows, the logarithm of the probability knows nothing.
    return -d.Multinomial(1, logits=f.pad(rows, (0, 1)), validate_args=False).log_prob(y)


#: The same of rows of numbers, from y (n, m) and raw (n, k).
OF_ROWS: dict[str, Peer] = {
    "Dirichlet": _dirichlet,
    "Multinomial": _multinomial,
    "MultivariateNormal": _multivariate_normal,
}


def runner(name: str, y: Any, raw: Any, *, threads: int = 2, compiled: bool = False) -> Any:
    """A call that computes the sum of the losses of y and raw (n, k), and its gradient."""
    torch.set_num_threads(threads)
    torch.set_default_dtype(torch.float64)  # of the constants that distributions make
    targets, rows = torch.from_numpy(y), torch.from_numpy(raw).requires_grad_()

    def both(raw_: Any) -> Any:
        return PEERS[name](targets, raw_.unbind(1)).sum()

    function = torch.compile(both) if compiled else both

    def run() -> None:
        rows.grad = None
        function(rows).backward()

    return run
