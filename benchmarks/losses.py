"""Loss + gradient over many rows: ours against PyTorch, scikit-learn, JAX and NumPy.

Everybody computes the same full likelihood, float64, two threads, after warm-up. ``torch.compile`` and JAX
jit are warmed up too. Peers write the formula as their documentation would.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("MKL_NUM_THREADS", "2")

import numpy as np

import likely
from benchmarks.timing import alternate, machine

FAMILIES = ("Bernoulli", "Poisson", "Normal", "NegativeBinomial", "Gamma", "Beta", "StudentT")


def data(name, n, rng):
    """y and raw (n, k) of ordinary size, and the family with every parameter predicted."""
    cls = getattr(likely, name)
    family = cls(**dict.fromkeys(cls.specification.parameters, likely.predicted))
    raw = rng.normal(scale=0.5, size=(n, len(family.parameters)))
    loss = family.loss()
    parameters = [loss.formula(name_, raw.T) for name_ in loss.specification.parameters]
    y = loss.specification.formulas["sample"](rng, n, *parameters)
    if name == "Beta":
        y = np.clip(y, 1e-12, 1 - 1e-12)
    if name == "Gamma":
        y = np.maximum(y, 1e-300)
    return family, y, raw


def torch_log_density(name, y, raw):
    """What a PyTorch user writes: torch.distributions, or the loss module where there is one."""
    import torch
    from torch import distributions as d
    from torch.nn import functional as f

    r = raw.unbind(1)
    if name == "Bernoulli":
        return f.binary_cross_entropy_with_logits(r[0], y, reduction="none")
    if name == "Poisson":
        return r[0].exp() - y * r[0] + torch.lgamma(y + 1)
    if name == "Normal":
        return -d.Normal(r[0], r[1].exp(), validate_args=False).log_prob(y)
    if name == "NegativeBinomial":
        return -d.NegativeBinomial(r[1].exp(), logits=r[0] - r[1], validate_args=False).log_prob(y)
    if name == "Gamma":
        shape = r[1].exp()
        return -d.Gamma(shape, shape / r[0].exp(), validate_args=False).log_prob(y)
    if name == "Beta":
        mean, precision = torch.sigmoid(r[0]), r[1].exp()
        return -d.Beta(mean * precision, (1 - mean) * precision, validate_args=False).log_prob(y)
    assert name == "StudentT"
    return -d.StudentT(r[2].exp(), r[0], r[1].exp(), validate_args=False).log_prob(y)


def torch_runner(name, y, raw, compiled=False):
    import torch

    torch.set_num_threads(2)
    ty, traw = torch.from_numpy(y), torch.from_numpy(raw).requires_grad_()

    def both(raw_):
        return torch_log_density(name, ty, raw_).sum()

    function = torch.compile(both) if compiled else both

    def run():
        traw.grad = None
        function(traw).backward()

    return run


def jax_runner(name, y, raw):
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    from jax.scipy.special import gammaln

    jy, jraw = jnp.asarray(y), jnp.asarray(raw)

    def loss(raw_, y_):
        r = raw_.T
        if name == "Bernoulli":
            return (jax.nn.softplus(r[0]) - y_ * r[0]).sum()
        if name == "Poisson":
            return (jnp.exp(r[0]) - y_ * r[0] + gammaln(y_ + 1)).sum()
        s = jnp.exp(r[1])
        return -(
            gammaln(y_ + s) - gammaln(s) - gammaln(y_ + 1)
            - (s + y_) * jnp.logaddexp(r[0], r[1]) + s * r[1] + y_ * r[0]
        ).sum()  # fmt: skip

    function = jax.jit(jax.value_and_grad(loss))
    return lambda: jax.block_until_ready(function(jraw, jy))


def sklearn_runner(name, y, raw):
    from scipy.special import gammaln
    from sklearn._loss import HalfBinomialLoss, HalfPoissonLoss

    loss = {"Bernoulli": HalfBinomialLoss, "Poisson": HalfPoissonLoss}[name]()
    column = np.ascontiguousarray(raw[:, 0])

    def run():
        value, gradient = loss.loss_gradient(y, column, n_threads=2)
        if name == "Poisson":  # scikit-learn leaves log y! out
            value += gammaln(y + 1)
        return value, gradient

    return run


def numpy_runner(name, y, raw):
    from scipy.special import gammaln

    r = raw[:, 0].copy()

    def bernoulli():
        e = np.exp(-np.abs(r))
        loss = np.maximum(r, 0) - r * y + np.log1p(e)
        return loss, np.where(r > 0, 1, e) / (1 + e) - y

    def poisson():
        m = np.exp(r)
        return m - y * r + gammaln(y + 1), m - y

    return {"Bernoulli": bernoulli, "Poisson": poisson}[name]


def contenders(name, y, raw, family, compile_torch):
    runs = {"likely": lambda: family.nll_and_gradient(y, raw)}
    runs["torch eager"] = torch_runner(name, y, raw)
    if compile_torch:
        runs["torch.compile"] = torch_runner(name, y, raw, compiled=True)
    if name in ("Bernoulli", "Poisson"):
        runs["sklearn _loss"] = sklearn_runner(name, y, raw)
        runs["numpy"] = numpy_runner(name, y, raw)
    if name in ("Bernoulli", "Poisson", "NegativeBinomial"):
        runs["jax jit"] = jax_runner(name, y, raw)
    return runs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--families", nargs="*", default=FAMILIES)
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    arguments = parser.parse_args()
    print(f"loss + gradient, {arguments.rows:,} rows, float64, 2 threads; {machine()}")
    rng = np.random.default_rng(0)
    for name in arguments.families:
        family, y, raw = data(name, arguments.rows, rng)
        seconds = alternate(
            contenders(name, y, raw, family, not arguments.no_compile), arguments.rounds
        )
        ours = seconds["likely"]
        for peer, value in seconds.items():
            print(
                f"{name:17} {peer:14} {value / arguments.rows * 1e9:8.2f} ns/row "
                f"{value / ours:7.2f} × ours"
            )


if __name__ == "__main__":
    main()
