"""Gumbel and Logistic, Weibull and LogLogistic: intervals, and densities given bounds, near and far.

Between two near bounds, and beyond one far out in a tail, a density hardly depends on the parameters: slopes are
differences of numbers that are all but equal.
"""

from itertools import product

import numpy as np
import pytest
from mpmath import mp

from likely import Censored, Discretised, Gumbel, Logistic, LogLogistic, Truncated, Weibull
from oracles import numeric

INF = np.inf


def gumbel(z):
    """log F, log S and the log density."""
    hazard = mp.exp(-z)
    return -hazard, mp.log(-mp.expm1(-hazard)), -z - hazard


def logistic(z):
    below, above = -mp.log1p(mp.exp(-z)), -mp.log1p(mp.exp(z))
    return below, above, below + above


def on_the_line(standard):
    def law(y, loc, log_scale):
        below, above, density = standard((y - loc) / mp.exp(log_scale))
        return below, above, density - log_scale

    return law


def weibull(y, log_scale, log_shape):
    above, below, density = gumbel(-mp.exp(log_shape) * (mp.log(y) - log_scale))
    return below, above, density + log_shape - mp.log(y)


def log_logistic(y, log_scale, log_shape):
    below, above, density = logistic(mp.exp(log_shape) * (mp.log(y) - log_scale))
    return below, above, density + log_shape - mp.log(y)


LAWS = {
    Gumbel(): on_the_line(gumbel),
    Logistic(): on_the_line(logistic),
    Weibull(): weibull,
    LogLogistic(): log_logistic,
}
POSITIVE = (Weibull(), LogLogistic())


def mass(law, low, high, raw):
    """log P(low < Y ≤ high), from the smaller tail."""
    first, last = (law(y, *raw) if np.isfinite(float(y)) else None for y in (low, high))
    if first is None:
        return last[0]
    if last is None:
        return first[1]
    tails = (last[0], first[0]) if last[0] < first[1] else (first[1], last[1])
    return mp.log(mp.exp(tails[0]) - mp.exp(tails[1]))


def points(family, before, after):
    """(raw…, y) from far left to far right, at scales far below and far above the gaps, which are exact."""
    if family in POSITIVE:
        found = [
            (log_scale, log_shape, float(np.exp(log_scale + z * np.exp(-log_shape))))
            for log_scale, log_shape, z in product(
                (0.3, 5.0), (-3.0, 0.3, 5.0), (-30.0, -0.3, 0.0, 1e-4, 1.5, 60.0)
            )
            if abs(z * np.exp(-log_shape)) < 40.0 and (family != Weibull() or z < 5.0)
        ]
    else:
        found = [
            (0.25, log_scale, 0.25 + round(z * np.exp(log_scale) * 2.0**24) / 2.0**24)
            for log_scale, z in product(
                (-7.0, -0.5, 2.0, 6.0, 30.0), (-600.0, -20.0, -0.3, 0.0, 1e-4, 1.5, 35.0, 600.0)
            )
            if family != Gumbel() or z > -30.0
        ]
    low = 0.0 if family in POSITIVE else -INF
    gaps = [g for g in (-before, after) if np.isfinite(g)]
    return [
        p
        for p in found
        if all((p[-1] + g) - p[-1] == g for g in gaps) and (before == INF or p[-1] - before > low)
    ]


#: Gaps about y: none, far, near, of equal size, and a 2²⁰th of the scale.
GAPS = [
    (0.5, INF), (INF, 2.0**-20), (2.0**-20, 2.0**-16), (0.5, 0.5), (2.0**-10, 40.0), (20.0, 0.25),
]  # fmt: skip


@pytest.mark.parametrize("gaps", GAPS, ids=str)
@pytest.mark.parametrize("family", LAWS, ids=repr)
def test_numerics_contract_of_densities_given_bounds(family, gaps):
    before, after = gaps
    law, at = LAWS[family], points(family, before, after)
    assert len(at) > 10

    def loss(*point):
        *raw, y = point
        return mass(law, y - before, y + after, raw) - law(y, *raw)[2]

    y, columns = np.array(at)[:, -1], np.array(at)[:, :2].T.copy()
    rows = np.stack([y, y - before, y + after], axis=1)
    found = Truncated(family).loss().evaluate(rows, columns, 2)
    for part in numeric.ratios(found, loss, at):
        assert part.max() <= 1.0, (part.max(), at[part.argmax()])


@pytest.mark.parametrize("width", [2.0**-20, 1.0])
@pytest.mark.parametrize("family", LAWS, ids=repr)
def test_numerics_contract_of_intervals(family, width):
    law, at = LAWS[family], points(family, 0.0, width)
    assert len(at) > 10

    def loss(*point):
        *raw, y = point
        return -mass(law, y, y + width, raw)

    y, columns = np.array(at)[:, -1], np.array(at)[:, :2].T.copy()
    found = Censored(family).loss().evaluate(np.stack([y, y + width], axis=1), columns, 2)
    for part in numeric.ratios(found, loss, at):
        assert part.max() <= 1.0, (part.max(), at[part.argmax()])


@pytest.mark.parametrize("width", [2.0**-20, 1.0])
@pytest.mark.parametrize("family", LAWS, ids=repr)
def test_numerics_contract_of_what_is_known_to_be_below(family, width):
    """Seen up to a bound only, and known to be below another: near it, and where hardly anything is above."""
    law, at = LAWS[family], points(family, 0.0, width)

    def loss(*point):
        *raw, y = point
        return law(y + width, *raw)[0] - law(y, *raw)[0]

    y, columns = np.array(at)[:, -1], np.array(at)[:, :2].T.copy()
    bounds = np.stack(np.broadcast_arrays(-INF, y, -INF, y + width), axis=1)
    found = Censored(Truncated(family)).loss().evaluate(bounds, columns, 2)
    for part in numeric.ratios(found, loss, at):
        assert part.max() <= 1.0, (part.max(), at[part.argmax()])


@pytest.mark.parametrize("family", LAWS, ids=repr)
def test_numerics_contract_of_units_that_are_narrow(family):
    """Whole numbers have no rounding of their own: at 0 with a location of 1e-9 all digits are the location's."""
    shift = 0.0 if family in POSITIVE else -0.5
    at = (
        list(product((0.25, 3.0), (-12.0, -5.0, 0.3), (1.0, 40.0, 1e8)))
        if family in POSITIVE
        else list(product((1e-9, -0.25, 20.0), (0.3, 4.0, 12.0, 30.0), (0.0, 1.0, 1e4, -40.0)))
    )
    at = [
        (a, b, k)
        for a, b, k in at
        if (np.exp(b) * (np.log(k) - a) if family in POSITIVE else (a - k) * np.exp(-b)) < 5.0
    ]
    for a, b, k in at:
        found = Discretised(family).loss().evaluate(np.array([k]), np.array([[a], [b]]), 2)

        def loss(*raw, k=k):
            return -mass(LAWS[family], mp.mpf(k + shift), mp.mpf(k + shift + 1.0), raw)

        worst = numeric.ratios(found, loss, [(a, b)])
        assert (worst <= 1.0).all(), (worst, a, b, k)
