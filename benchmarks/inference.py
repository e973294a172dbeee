"""What is asked of the distributions of many rows, microseconds a row: every family and a sample of modifiers."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import likely
from benchmarks.timing import machine
from likely.families.registry import public_names, specification
from likely.inference.construct import predictive

#: Rows of the first measurement, and the seconds that a second one with more rows may take.
FEW, SECONDS = 500, 1.0

METHODS: dict[str, Callable[[Any, Any], Any]] = {
    "log_prob": lambda law, y: law.log_prob(y),
    "cdf": lambda law, y: law.cdf(y),
    "sf": lambda law, y: law.sf(y),
    "quantile": lambda law, y: law.quantile(0.9),
    "interval": lambda law, y: law.interval(0.9),
    "sample": lambda law, y: law.sample(1, 0),
    "mean": lambda law, y: law.mean(),
    "var": lambda law, y: law.var(),
    "mode": lambda law, y: law.mode(),
    "entropy": lambda law, y: law.entropy(),
}


def families() -> Iterator[Any]:
    """Every family with one number a row, and modifiers over some."""
    for name, module in public_names().items():
        if specification(module).vector is None:
            yield getattr(likely, name)()
    yield from (
        likely.Truncated(likely.Normal(), low=-0.5),
        likely.Truncated(likely.LogNormal(), low=0.5, high=3.0),
        likely.Truncated(likely.Gamma(), low=0.2, high=2.5),
        likely.Truncated(likely.Weibull(), low=0.5),
        likely.Truncated(likely.Beta(), high=0.8),
        likely.Truncated(likely.StudentT(), low=-1.0),
        likely.Truncated(likely.Poisson(), low=0),
        likely.Truncated(likely.NegativeBinomial(), low=0),
        likely.Truncated(likely.GeneralisedPoisson(), low=0),
        likely.Truncated(likely.NegativeBinomial(), low=1, high=40),
        likely.Truncated(likely.Mixture(likely.Normal(), 2), low=-1.0),
        likely.Hurdle(likely.Poisson()),
        likely.Hurdle(likely.NegativeBinomial()),
        likely.Hurdle(likely.Truncated(likely.NegativeBinomial(), low=2)),
        likely.Hurdle(likely.ConwayMaxwellPoisson()),
        likely.ZeroInflated(likely.Poisson()),
        likely.ZeroInflated(likely.NegativeBinomial()),
        likely.ZeroInflated(likely.Gamma()),
        likely.Inflated(likely.Beta(), at=(0, 1)),
        likely.Mixture(likely.Normal(), 2),
        likely.Mixture(likely.Gamma(), 2),
        likely.Mixture(likely.Beta(), 2),
        likely.Mixture(likely.Poisson(), 2),
        likely.Mixture(likely.NegativeBinomial(), 2),
        likely.Censored(likely.Weibull()),
        likely.Transformed(likely.StudentT(), "log"),
        likely.Transformed(likely.Gumbel(), "affine", factor=-1.0),
        likely.Discretised(likely.Weibull()),
        likely.Discretised(likely.Normal()),
    )


def microseconds(loss: Any, method: Callable[[Any, Any], Any], rows: int) -> float:
    """Processor time a row, of as many rows as take about a second, each with its own parameters."""
    n = min(FEW, rows)
    while True:
        raw = 0.3 * np.random.default_rng(0).normal(size=(loss.columns, n))
        y = predictive(loss, raw).quantile(0.6)
        times = []
        for _ in range(2):  # the first may compile
            law = predictive(loss, raw)
            begin = time.process_time()
            method(law, y)
            times.append(time.process_time() - begin)
        more = min(rows, int(n * SECONDS / max(min(times), 1e-3)))
        if more < 2 * n:
            return 1e6 * min(times) / n
        n = more


def main() -> None:
    """Print a row per family; slow ones are marked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", default="", help="families whose name contains this")
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=list(METHODS))
    given = parser.parse_args()
    print(f"microseconds of a processor a row, each row with its own parameters; {machine()}")
    print(f"{'':42}" + "".join(f"{name:>10}" for name in given.methods))
    for family in families():
        if given.only not in str(family):
            continue
        loss = family.loss()
        times = [microseconds(loss, METHODS[name], given.rows) for name in given.methods]
        print(f"{family!s:42.42}" + "".join(f"{t:10.2f}" for t in times), flush=True)


if __name__ == "__main__":
    main()
