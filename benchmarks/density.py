"""family.fit on a million rows, against NumPy's moments, scipy.stats and L-BFGS on the analytic score."""

from __future__ import annotations

import argparse

import numpy as np
from scipy import optimize, stats

import likely
from benchmarks.timing import alternate, machine


def lbfgs(family, y, start):
    """What a careful user of SciPy does: L-BFGS on our own loss and gradient, constant raw."""

    def objective(theta):
        raw = np.broadcast_to(theta, (y.size, theta.size))
        value, gradient = family.nll_and_gradient(y, raw)
        return value.sum(), gradient.sum(0)

    return lambda: optimize.minimize(objective, start, jac=True, method="L-BFGS-B")


def cases(n, rng):
    normal = rng.normal(3.0, 2.0, n)
    beta = rng.beta(2.0, 5.0, n)
    counts = rng.poisson(rng.gamma(1.7, 4.0 / 1.7, n)).astype(float)
    t = 1.0 + 2.0 * rng.standard_t(4.0, n)
    yield "Normal", normal, {"numpy mean and std": lambda: (normal.mean(), normal.std())}
    yield (
        "Beta",
        beta,
        {
            "scipy.stats": lambda: stats.beta.fit(beta, floc=0, fscale=1),
            "L-BFGS, our score": lbfgs(likely.Beta(), beta, np.array([0.0, 1.0])),
        },
    )
    few = counts[: n // 50]
    yield (
        "NegativeBinomial",
        counts,
        {
            f"scipy.stats.fit on {few.size:,} rows only": lambda: stats.fit(
                stats.nbinom, few.astype(int), {"n": (0.1, 10), "p": (0.01, 0.99)}
            ),
            "L-BFGS, our score": lbfgs(likely.NegativeBinomial(), counts, np.array([1.0, 0.0])),
        },
    )
    yield (
        "StudentT",
        t,
        {
            "scipy.stats": lambda: stats.t.fit(t),
            "L-BFGS, our score": lbfgs(likely.StudentT(), t, np.array([0.0, 0.0, 1.0])),
        },
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(f"family.fit, {arguments.rows:,} rows; {machine()}")
    for name, y, peers in cases(arguments.rows, np.random.default_rng(0)):
        family = getattr(likely, name)()
        seconds = alternate({"likely": lambda f=family, v=y: f.fit(v), **peers}, arguments.rounds)
        for peer, value in seconds.items():
            print(
                f"{name:17} {peer:42} {value * 1e3:10.1f} ms {value / seconds['likely']:8.2f} × ours"
            )


if __name__ == "__main__":
    main()
