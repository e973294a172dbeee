"""InverseGaussian where it is nearly Lévy's distribution: truth by its distribution function with many digits."""

import numpy as np
import pytest
from mpmath import mp

from likely import Censored, InverseGaussian, Truncated
from oracles import numeric

#: (log mean, log shape, low, high): next to no shape, and where the series for it ends, beside and about the mean.
INTERVALS = [
    (-1.0, -50.0, 0.0007, 0.5),
    (0.5, -40.0, 1e-6, 3e-6),
    (20.0, -60.0, 3.0, 7.5),
    (20.0, -30.0, 1e-3, 4e12),
    (-3.0, -12.0, 0.01, 800.0),
    (0.4, -3.0, 0.3, 2.1),
    (0.4, -1.0, 1.5, 1.497 * 4.0),
    (1.0, -1.5, 0.9, 8.2),
    (0.0, 0.1, 0.8, 4.9),
]


def probability(low, high, log_mean, log_shape):
    """P(low < Y ≤ high)"""
    m, k = mp.exp(log_mean), mp.exp(log_shape)

    def below(y):
        root = mp.sqrt(k / y)
        return mp.ncdf(root * (y / m - 1)) + mp.exp(2 * k / m) * mp.ncdf(-root * (y / m + 1))

    return below(high) - (below(low) if low else 0)


def density(y, log_mean, log_shape):
    m, k = mp.exp(log_mean), mp.exp(log_shape)
    return mp.sqrt(k / (2 * mp.pi * y**3)) * mp.exp(-k * (y - m) ** 2 / (2 * m * m * y))


def interval(log_mean, log_shape, low, high):
    return -mp.log(probability(low, high, log_mean, log_shape))


def within(log_mean, log_shape, y, low, high):
    of = (log_mean, log_shape)
    return mp.log(probability(low, high, *of)) - mp.log(density(y, *of))


def up_to(log_mean, log_shape, y, high):
    """−log P(Y ≤ y | Y ≤ high)"""
    of = (log_mean, log_shape)
    return mp.log(probability(0, high, *of)) - mp.log(probability(0, y, *of))


def worst(family, columns, function, points):
    rows = np.array(points)
    raw = np.ascontiguousarray(rows[:, :2].T)
    found = family.loss().evaluate(np.ascontiguousarray(columns(*rows[:, 2:].T)), raw, 2)
    return numeric.ratios(found, function, points).max(axis=1)


def test_intervals():
    found = worst(
        Censored(InverseGaussian()), lambda *bounds: np.stack(bounds, 1), interval, INTERVALS
    )
    assert (found <= 1.0).all(), found


@pytest.mark.parametrize("share", [1e-3, 0.3, 1.0])
def test_densities_between_bounds(share):
    points = [(*of, low + share * (high - low), low, high) for *of, low, high in INTERVALS]
    found = worst(Truncated(InverseGaussian()), lambda *row: np.stack(row, 1), within, points)
    assert (found <= 1.0).all(), found


def test_shares_of_what_lies_below_a_bound():
    found = worst(
        Censored(Truncated(InverseGaussian())),
        lambda y, high: np.stack([0.0 * y, y, 0.0 * y, high], 1),
        up_to,
        [point for point in INTERVALS if point[3] < 10.0 * point[2]][:3],
    )
    assert (found <= 1.0).all(), found
