"""Loss + gradient where its cost depends on the parameters: ConwayMaxwellPoisson and Tweedie beside NegativeBinomial.

The kernel on columns, each row with its own mean and ν, or mean, dispersion and power, evenly spread in their
logarithms (the power evenly). Processor time of one thread, everybody in turn in one process.
"""

from __future__ import annotations

import argparse
from time import process_time

import numpy as np

import likely
from benchmarks.families import REFERENCE, kernel
from benchmarks.losses import data
from benchmarks.timing import alternate, machine, one_thread
from likely.inference.construct import predictive

#: Means and ν, from and to.
COUNTS = (
    ((3.0, 3.3), (1.3, 1.4)),
    ((0.1, 30.0), (0.1, 3.0)),
    ((0.1, 10.0), (4.1, 7.5)),
    ((1e-8, 1e-4), (0.1, 3.0)),
    ((1.0, 10.0), (1e-6, 0.05)),
    ((100.0, 500.0), (1e-5, 0.05)),
    ((0.1, 10.0), (8.0, 12.0)),
    ((0.1, 10.0), (8.0, 30.0)),
    ((0.1, 10.0), (30.0, 1000.0)),
    ((10.0, 15.0), (8.0, 9.0)),
    ((10.0, 50.0), (10.0, 30.0)),
    ((100.0, 250.0), (10.0, 100.0)),
    ((5.0, 20.0), (8.0, 20.0)),
    ((51.0, 255.0), (26.0, 300.0)),
    ((250.0, 1000.0), (10.0, 500.0)),
    ((0.5, 200.0), (0.05, 200.0)),
)
#: Means, dispersions and powers, and whether zeros are left out.
AMOUNTS = (
    ((0.5, 2.0), (0.5, 2.0), (1.2, 1.8), False),
    ((0.5, 2.0), (0.5, 2.0), (1.2, 1.8), True),
    ((0.5, 2.0), (0.5, 2.0), (1.5, 1.5), True),
    ((5.0, 50.0), (0.2, 1.0), (1.1, 1.9), True),
    ((0.5, 2.0), (0.1, 0.5), (1.01, 1.14), True),
)


def within(bounds, n, rng):
    return np.exp(rng.uniform(*np.log(bounds), n))


def counts(region, n, rng):
    """ConwayMaxwellPoisson, y and raw (n, 2)."""
    family = likely.ConwayMaxwellPoisson(mean=likely.predicted, nu=likely.predicted)
    raw = np.column_stack([np.log(within(bounds, n, rng)) for bounds in region])
    return family, predictive(family.loss(), raw.T).sample(1, rng)[:, 0], raw


def amounts(region, n, rng):
    """Tweedie, y and raw (n, 3)."""
    *bounds, power, positive = region
    family = likely.Tweedie(power=likely.predicted)
    p = rng.uniform(*power, n) - 1.0
    columns = [np.log(within(b, n, rng)) for b in bounds]
    raw = np.column_stack([*columns, np.log(p) - np.log1p(-p)])
    y = predictive(family.loss(), raw.T).sample(1, rng)[:, 0]
    kept = (y > 0.0) if positive else np.ones(n, dtype=bool)
    return family, y[kept], raw[kept]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    one_thread()
    n = arguments.rows
    print(f"loss + gradient, {n:,} rows, float64, 1 thread, ns a row; {machine()}")
    rng = np.random.default_rng(0)
    reference = kernel(*data(REFERENCE, n, rng))
    for made, regions in ((counts, COUNTS), (amounts, AMOUNTS)):
        for region in regions:
            family, y, raw = made(region, n, rng)
            runs = {REFERENCE: reference, "kernel": kernel(family, y, raw)}
            took = alternate(runs, arguments.rounds, clock=process_time, pause=0.0)
            known, ours = took[REFERENCE] / n * 1e9, took["kernel"] / len(y) * 1e9
            text = " ".join(str(part) for part in region)
            line = f"{type(family).__name__:22} {text:44} {ours:7.1f} {known:7.1f}"
            print(f"{line} {ours / known:7.2f}", flush=True)


if __name__ == "__main__":
    main()
