"""Quantiles, intervals and distribution functions of many rows at once, seconds per million rows, for every family."""

from __future__ import annotations

import argparse
import time

import numpy as np

import likely
from benchmarks.timing import machine
from likely.families.registry import public_names, specification
from likely.inference.construct import predictive


def main() -> None:
    """Print a row per family."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    given = parser.parse_args()
    rng, n = np.random.default_rng(0), given.rows
    print(f"seconds per 1,000,000 rows, each with its own parameters; {machine()}")
    print(f"{'':26}{'quantile':>10}{'interval':>10}{'cdf':>10}")
    for name, module in public_names().items():
        if specification(module).vector is not None:
            continue
        loss = getattr(likely, name)().loss()
        raw = 0.3 * rng.normal(size=(loss.columns, n))
        y = predictive(loss, raw).median()
        row = []
        for method, argument in (("quantile", 0.9), ("interval", 0.9), ("cdf", y)):
            begin = time.perf_counter()
            getattr(predictive(loss, raw), method)(argument)
            row.append((time.perf_counter() - begin) * 1e6 / n)
        print(f"{name:26}" + "".join(f"{seconds:10.2f}" for seconds in row), flush=True)


if __name__ == "__main__":
    main()
