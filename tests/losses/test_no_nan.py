"""No value, slope or second derivative is NaN, however far out the raw predictions and y are.

This asks less than the contract, and so can ask it everywhere: no truth is needed. Raw predictions are 0, next to it
and up to ±700, one at a time, where no parameter leaves the range of numbers with all their digits.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from oracles import grid
from oracles.truth import Combination

FAR = (0.0, *(s * r for r in (1e-300, 1e-160, 1.0, 30.0, 300.0, 700.0) for s in (1.0, -1.0)))
NEAR = (-1.0, 0.0, 1.0)
SMALLEST = float(np.finfo(np.float64).tiny)
EVERY = [*grid.defaults(), *grid.others()]
FAMILIES = sorted({c.family for c in EVERY})
#: What still is NaN somewhere, by family and by whether its loss is a number or infinite: the entries, and why.
LEFT = {
    ("JohnsonSU", "finite"): (
        ["loc loc"],
        "z′² and z z″ both overflow on a scale of e⁻⁷⁰⁰, in a difference",
    ),
    ("Tweedie", "finite"): (
        ["power power"],
        "1/(p − 1) and 1/(2 − p) are e⁷⁰⁰ or 1e300, and their squares overflow in differences",
    ),
    ("GeneralisedGamma", "infinite"): (["loc loc"], "∞ − ∞"),
    ("JohnsonSU", "infinite"): (["loc loc", "loc scale", "scale scale"], "∞ − ∞"),
    ("Ordinal", "infinite"): (["thresholds[2] thresholds[2]"], "0 times ∞ under cloglog"),
    ("Tweedie", "infinite"): (
        [
            "mean",
            "mean mean",
            "mean dispersion",
            "power",
            "mean power",
            "dispersion power",
            "power power",
        ],
        "∞ − ∞",
    ),
}


def raws(c: Combination, nll: Any) -> np.ndarray:
    """Raw predictions (k, n), one of them far out."""
    beside = list(product(NEAR, repeat=min(c.columns - 1, 2)))
    rest = [[*few, *[1.0] * (c.columns - 1 - len(few))] for few in beside]
    found = np.array(
        [np.insert(others, j, r) for j in range(c.columns) for others in rest for r in FAR]
    ).T
    inside = ~np.asarray(nll.outside(found))
    if not c.classes:
        for name, parameter in nll.specification.parameters.items():
            value = nll.parameter(name, found)
            inside &= np.isfinite(value)
            if parameter.domain.low == 0.0:
                inside &= value >= SMALLEST
    return found[:, inside]


def responses(c: Combination, nll: Any) -> np.ndarray:
    """The ends of the support, and its middle."""
    support = nll.specification.support
    if c.classes:
        return np.arange(float(c.classes))
    if support.integer:
        y = [0.0, 1.0, 2.0, 30.0, 1e6, 1e15, 2.0**53]
    else:
        ends = [1e-300, 1e-160, 2.0**-53, 0.5, 1.0 - 2.0**-53, 1.0, np.pi, 30.0, 1e160, 1e300]
        y = [0.0, *ends, *(-e for e in ends)]
    return np.array([v for v in y if support.contains(np.array([v]))[0]])


@cache
def not_numbers(family: str) -> dict[str, set[str]]:
    """Which outputs of a family are NaN somewhere, of rows whose loss is a number and of those where it is infinite."""
    found: dict[str, set[str]] = {"finite": set(), "infinite": set()}
    for c in EVERY:
        if c.family != family:
            continue
        nll = grid.loss(c)
        raw, y = raws(c, nll), responses(c, nll)
        rows, columns = np.tile(y, raw.shape[1]), np.repeat(raw, y.size, axis=1)
        with np.errstate(all="ignore"):
            value, gradient, curvature = nll.evaluate(rows, columns, 2)
        assert not np.isnan(value).any(), c
        names = [slot.of for slot in nll.free] if not c.classes else nll.column_names
        entries = dict(zip(names, gradient, strict=True))
        packed = [(i, j) for i in range(c.columns) for j in range(i + 1)]
        entries |= {
            f"{names[j]} {names[i]}": entry for (i, j), entry in zip(packed, curvature, strict=True)
        }
        finite = np.isfinite(value)
        for kind, of in (("finite", finite), ("infinite", ~finite)):
            found[kind] |= {name for name, entry in entries.items() if np.isnan(entry[of]).any()}
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_is_nan(family: str) -> None:
    for kind, found in not_numbers(family).items():
        left, _ = LEFT.get((family, kind), ([], ""))
        assert not found - {*left}


@pytest.mark.parametrize(
    ("family", "kind", "entry"),
    [
        pytest.param(*key, entry, marks=pytest.mark.xfail(strict=True, reason=why))
        for key, (entries, why) in LEFT.items()
        for entry in entries
    ],
)
def test_what_is_left(family: str, kind: str, entry: str) -> None:
    assert entry not in not_numbers(family)[kind]
