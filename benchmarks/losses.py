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
from likely.inference.construct import among, predictive

FAMILIES = ("Bernoulli", "Poisson", "Normal", "NegativeBinomial", "Gamma", "Beta", "StudentT")
#: The most trials of a row of successes.
TRIALS = 20


def data(name, n, rng):
    """The family with every parameter predicted, y, and raw (n, k) of ordinary size.

    What a sampler rounds to an edge that is not in the support is drawn again.
    """
    cls = getattr(likely, name)
    roles = dict.fromkeys(cls().specification.parameters, likely.predicted)
    family = cls(**roles)
    loss = family.loss()
    raw = rng.normal(scale=0.5, size=(n, len(family.parameters)))
    y = draw(loss, raw, rng)
    while not (inside := loss.inside(y)).all():
        y[~inside] = draw(loss, raw[~inside], rng)
    return family, y, raw


def draw(loss, raw, rng):
    """y for each row of raw (n, k); successes bring 1 to TRIALS trials along."""
    if loss.y_columns is None:
        return predictive(loss, raw.T).sample(1, rng)[:, 0]
    trials = rng.integers(1, TRIALS, len(raw), endpoint=True)
    return np.column_stack([among(loss, raw.T, trials).sample(1, rng)[:, 0], trials])


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
    from benchmarks import torch_peers

    runs = {"likely": lambda: family.nll_and_gradient(y, raw)}
    runs["torch eager"] = torch_peers.runner(name, y, raw)
    if compile_torch:
        runs["torch.compile"] = torch_peers.runner(name, y, raw, compiled=True)
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
