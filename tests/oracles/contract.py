"""The numerics contract: |computed − truth| ≤ rtol·|truth| + 64 u K for every number of a loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from mpmath import isinf, mp, mpf

from oracles.textbook_modified import FAMILIES
from oracles.truth import Combination, Entry, Point, Truth, truths

#: engine(combination, y (n,), raw (k, n), kind) → nll (n,), gradient (k, n), curvature or None.
Engine = Callable[
    [Combination, np.ndarray, np.ndarray, str],
    tuple[np.ndarray, np.ndarray, np.ndarray | None],
]


@dataclass(frozen=True)
class Precision:
    """What is asked of a floating-point type, and the range in which it is asked."""

    unit: float
    relative: float
    curvature: float
    low: float
    high: float


FLOAT64 = Precision(2.0**-53, 1e-10, 1e-8, 1e-290, 1e300)
FLOAT32 = Precision(2.0**-24, 1e-4, 1e-4, 1e-37, 1e38)


def excess(computed: float, true: Entry, precision: Precision, relative: float) -> float:
    """Error over tolerance: at most 1 passes; inf for NaN and for an infinity that is none."""
    if np.isnan(computed):
        return float("inf")
    with mp.workdps(40):
        t = true.value
        if np.isinf(computed):
            same = mp.sign(t) == np.sign(computed)
            return 0.0 if same and (isinf(t) or abs(t) > precision.high) else float("inf")
        error = abs(mpf(computed) - t)
        tolerance = relative * abs(t) + 64 * precision.unit * true.slack
        if error <= tolerance:
            return float(error / tolerance) if tolerance else 0.0
        if abs(t) < precision.low and abs(computed) < precision.low:
            return 0.0
        return float(min(error / tolerance, mpf(10) ** 300)) if tolerance else float("inf")


PARTS = ("value", "gradient", "observed", "expected")


@dataclass
class Report:
    """Error over tolerance at every point of a combination: the largest of each part's entries."""

    combination: Combination
    points: list[Point]
    parts: dict[str, np.ndarray] = field(default_factory=dict)

    def share(self, part: str) -> float:
        return float(np.mean(self.parts[part] <= 1.0)) if part in self.parts else float("nan")

    def worst(self, part: str) -> tuple[float, Point]:
        at = int(np.argmax(self.parts[part]))
        return float(self.parts[part][at]), self.points[at]

    @property
    def passed(self) -> bool:
        return all((ratios <= 1.0).all() for ratios in self.parts.values())

    def failures(self, most: int = 5) -> str:
        """What to read first when it fails."""
        lines = []
        for part, ratios in self.parts.items():
            bad = np.flatnonzero(~(ratios <= 1.0))
            if bad.size:
                shown = bad[np.argsort(-ratios[bad])][:most]
                at = "; ".join(f"{self.points[i]}: {ratios[i]:.3g}" for i in shown)
                lines.append(
                    f"{part} fails at {bad.size} of {len(ratios)}: (y, raw…): err/tol {at}"
                )
        return f"{self.combination}\n" + "\n".join(lines)


def check(
    combination: Combination,
    points: Sequence[Point],
    engine: Engine,
    precision: Precision = FLOAT64,
    parts: Sequence[str] = PARTS,
) -> Report:
    """Compare an engine with the truth at the points."""
    true = truths(combination, points)
    array = np.array(points)
    y, raw = np.ascontiguousarray(array[:, 0]), np.ascontiguousarray(array[:, 1:].T)
    report = Report(combination, list(points))
    value, gradient, observed = engine(combination, y, raw, "observed")
    computed: dict[str, np.ndarray | None] = {
        "value": value[np.newaxis],
        "gradient": gradient,
        "observed": observed,
        "expected": None,
    }
    if true and true[0].expected and "expected" in parts:
        book = FAMILIES.get(combination.family)
        kind = "expected" if book is None or book.complete is None else "complete"
        computed["expected"] = engine(combination, y, raw, kind)[2]
    for part in parts:
        found = computed[part]
        if found is not None:
            report.parts[part] = np.array(
                [_largest(found[:, i], t, part, precision) for i, t in enumerate(true)]
            )
    return report


def _largest(computed: np.ndarray, true: Truth, part: str, precision: Precision) -> float:
    entries = (true.value,) if part == "value" else getattr(true, part)
    relative = precision.relative if part in ("value", "gradient") else precision.curvature
    return max(
        excess(float(c), t, precision, relative) for c, t in zip(computed, entries, strict=True)
    )
