"""Bounds of families that are made of others, narrow and far out: against the textbook with many digits."""

import numpy as np
import pytest
from mpmath import mp, mpf

from likely import (
    Censored,
    Hurdle,
    Mixture,
    NegativeBinomial,
    Normal,
    Poisson,
    Truncated,
    Weibull,
    ZeroInflated,
)
from oracles import numeric

INF = np.inf


def beyond(y, log_scale, log_shape):
    """P(Y > y) of Weibull."""
    return mp.exp(-((y / mp.exp(log_scale)) ** mp.exp(log_shape)))


def beyond_normal(y, loc, log_scale):
    return mp.erfc((y - loc) / mp.exp(log_scale) / mp.sqrt(2)) / 2


def normal(y, loc, log_scale):
    z = (y - loc) / mp.exp(log_scale)
    return mp.exp(-z * z / 2 - log_scale) / mp.sqrt(2 * mp.pi)


def poisson(k, log_mean):
    return mp.exp(k * log_mean - mp.exp(log_mean)) / mp.factorial(k)


def negative_binomial(k, log_mean, log_size):
    m, s = mp.exp(log_mean), mp.exp(log_size)
    return mp.rf(s, k) / mp.factorial(k) * (s / (s + m)) ** s * (m / (s + m)) ** k


def mixed(function, *raw):
    """function of both of two components, in the shares of their odds."""
    *theta, log_odds = raw
    half, odds = len(theta) // 2, mp.exp(log_odds)
    return (function(*theta[:half]) + odds * function(*theta[half:])) / (1 + odds)


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def counted(first, last, *theta):
    return mp.fsum(negative_binomial(k, *theta) for k in range(first, last + 1))


WEIBULLS = (-0.3, -1.2, 2.4, -1.9, -3.9)
#: Name → family, the row y, its probability or density by raw, and points (raw, the numbers that the row is made of).
CASES = {
    "a narrow interval of a mixture": (
        Censored(Mixture(Weibull(), 2)),
        lambda low, high: [low, high],
        lambda *p: mixed(lambda *t: beyond(p[-2], *t) - beyond(p[-1], *t), *p[:-2]),
        [(*WEIBULLS, 19.97, 19.9702), (1.1, -1.3, -0.6, -2.0, -4.8, 0.62321, 0.6232101)],
    ),
    "nearly all of a mixture": (
        Censored(Mixture(Weibull(), 2)),
        lambda high: [-INF, high],
        lambda *p: 1 - mixed(lambda *t: beyond(p[-1], *t), *p[:-1]),
        [(-1.0, 0.8, 0.3, 0.7, -3.0, 9.0), (-1.0, 0.8, 0.3, 0.7, 3.0, 15.0)],
    ),
    "a mixture soon after its entry": (
        Censored(Truncated(Mixture(Weibull(), 2))),
        lambda y, entry: [y, INF, entry, INF],
        lambda *p: (
            mixed(lambda *t: beyond(p[-2], *t), *p[:-2])
            / mixed(lambda *t: beyond(p[-1], *t), *p[:-2])
        ),
        [(*WEIBULLS, 3.00001, 3.0), (-1.0, 0.8, 0.3, 0.7, 3.0, 5.5, 5.0)],
    ),
    "a mixture of which one component is hardly seen": (
        Truncated(Mixture(Normal(), 2), low=3.0),
        lambda y: y,
        lambda *p: (
            mixed(lambda *t: normal(p[-1], *t), *p[:-1])
            / mixed(lambda *t: beyond_normal(mpf(3), *t), *p[:-1])
        ),
        [(1.1, 2.9, -4.8, -0.2, 9.9, 4.35), (1.5, -2.9, -1.4, -2.1, 1.1, 4.15)],
    ),
    "counts above a bound of a mixture": (
        Truncated(Mixture(Poisson(), 2), low=2),
        lambda y: y,
        lambda *p: (
            mixed(lambda t: poisson(int(p[-1]), t), *p[:-1])
            / mixed(lambda t: 1 - mp.fsum(poisson(k, t) for k in range(3)), *p[:-1])
        ),
        [(1.0, -8.0, 4.0, 3.0), (3.0, -3.0, -9.0, 5.0)],
    ),
    "counts above zero of a hurdle": (
        Censored(Hurdle(NegativeBinomial())),
        lambda: [2.0, 4.0],
        lambda m, s, zero: (
            (1 - sigmoid(zero)) * counted(2, 4, m, s) / (1 - negative_binomial(0, m, s))
        ),
        [(7.7, 8.6, -6.9), (9.0, 2.8, -0.3), (3.5, 5.9, -9.0), (0.4, 0.1, 0.3)],
    ),
    "counts above zero with more zeros": (
        Censored(ZeroInflated(NegativeBinomial())),
        lambda: [2.0, 4.0],
        lambda m, s, zero: (1 - sigmoid(zero)) * counted(2, 4, m, s),
        [(7.7, 8.6, -6.9), (9.0, 2.8, -0.3), (3.5, 5.9, 9.0), (0.4, 0.1, 0.3)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_numerics_contract(name):
    family, row, probability, points = CASES[name]
    loss = family.loss()
    k = loss.columns
    y = np.array([row(*point[k:]) for point in points])
    raw = np.ascontiguousarray(np.array([point[:k] for point in points]).T)
    found = loss.evaluate(y, raw, 2)
    counts = family.specification.support.integer
    for i, point in enumerate(points):
        # Of counts there are no derivatives in y.
        fixed = point[k:] if counts else ()

        def true(*given, fixed=fixed):
            return -mp.log(probability(*given, *fixed))

        one = tuple(part[..., i : i + 1] for part in found)
        for part in numeric.ratios(one, true, [point[: len(point) - len(fixed)]]):
            assert part.max() <= 1.0, (part.max(), point)
