"""Loss, and loss with gradient and curvature, of truncated, censored and discretised families: microseconds a row.

On NumPy, one thread, each row with its own parameters, and bounds at quantiles of its own distribution. The kinds of
rows that formulas distinguish are measured apart.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from time import process_time
from typing import Any

import numpy as np

import likely
from benchmarks.timing import machine
from likely import Censored, Discretised, Truncated
from likely.inference.construct import predictive

ROUNDS = 3
#: Families whose bounds in every row have a formula.
BY_ROW = (
    "Normal", "Logistic", "LogNormal", "LogLogistic", "Weibull", "Gumbel", "GeneralisedExtremeValue",
    "GeneralisedPareto", "InverseGaussian", "JohnsonSU",
)  # fmt: skip
FAMILIES = (
    *BY_ROW, "SkewNormal", "Gamma", "GeneralisedGamma", "StudentT", "Beta", "Poisson", "NegativeBinomial",
    "NegativeBinomial1", "GeneralisedPoisson", "ConwayMaxwellPoisson",
)  # fmt: skip


def cases(name: str, raw: Any) -> Iterator[tuple[str, Any, Any]]:
    """What it is, the modified family, and rows of y that it takes, all of one kind."""
    family = getattr(likely, name)()
    loss = family.loss()
    law = predictive(loss, raw)
    low, y, high = law.quantile(0.1), law.quantile(0.6), law.quantile(0.8)
    none = np.full(y.shape, np.inf)
    if loss.specification.support.integer:
        least, most = float(low.max()), float(high.max() + 1.0)
        y, high = np.clip(y, least + 1.0, most), np.maximum(high, low + 1.0)
    else:
        least, most = float(np.quantile(low, 0.9)), float(np.quantile(high, 0.9))
        y = np.clip(y, least, most)
    if loss.specification.support.high == np.inf and not loss.specification.support.integer:
        yield "Discretised", Discretised(family), np.floor(y)
    yield "Truncated below", Truncated(family, low=least), y
    yield "Truncated on both sides", Truncated(family, low=least, high=most), y
    yield "Censored, seen", Censored(family), np.c_[y, y]
    yield "Censored on the right", Censored(family), np.c_[y, none]
    yield "Censored on the left", Censored(family), np.c_[-none, y]
    yield "Censored between bounds", Censored(family), np.c_[low, high]
    if name in BY_ROW:
        late = Censored(Truncated(family))
        yield "Censored(Truncated), seen", late, np.c_[y, y, np.minimum(low, y), none]
        yield "Censored(Truncated) on the right", late, np.c_[y, none, np.minimum(low, y), none]


def microseconds(loss: Any, y: Any, raw: Any, order: int) -> float:
    """Processor time a row, the fastest of some rounds."""
    times = []
    for _ in range(ROUNDS):
        begin = process_time()
        loss.evaluate(y, raw, order)
        times.append(process_time() - begin)
    return 1e6 * min(times) / raw.shape[1]


def main() -> None:
    """Print a row for each kind of rows: the loss alone, and with gradient and curvature."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--families", nargs="*", default=FAMILIES, choices=FAMILIES)
    given = parser.parse_args()
    print(f"microseconds a row, {given.rows:,} rows, NumPy, 1 thread; {machine()}")
    print(f"{'':58} {'loss':>8} {'all':>8}")
    for name in given.families:
        columns = getattr(likely, name)().loss().columns
        raw = 0.3 * np.random.default_rng(0).normal(size=(columns, given.rows))
        for what, family, y in cases(name, raw):
            loss = family.loss()
            took = [microseconds(loss, y, raw, order) for order in (0, 2)]
            print(f"{name + ': ' + what:58} {took[0]:8.2f} {took[1]:8.2f}", flush=True)


if __name__ == "__main__":
    main()
