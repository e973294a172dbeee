"""log(F(a + g) − F(a)): value, gradient and curvature against many digits, narrow and far out."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from mpmath import mp, mpf

from likely._math.backends import numpy_backend
from likely._math.derive import tangent
from likely._math.evaluate import compile_program
from likely._math.graph import exp, symbol
from likely._math.tails.between import BETWEEN

U = 2.0**-53
RNG = np.random.default_rng(0)
EDGES = (0.0, 1e-9, 0.3, -1.0, 5.0, -5.0, -30.0, -37.5)
LOG_GAPS = (-37.5, -30.0, -3.0, -0.7, 0.0, 1.5, 3.0)
#: So far out that the density falls to a fraction within a narrow interval.
FAR = [
    (sign * math.exp(x), d - x)
    for x in (5.0, 6.5, 30.0)
    for sign in (1.0, -1.0)
    for d in (0.0, 1.0, 3.0)
]
POINTS = [
    *product(EDGES, LOG_GAPS),
    *map(tuple, RNG.normal(0.0, 1.5, (20, 2)).tolist()),
    *((-0.5 * float(np.exp(d)), d) for d in LOG_GAPS),  # about the mode
    *FAR[:12],
]


def logit(a, d):
    b = a + mp.exp(d)
    return mp.log(-mp.expm1(-mp.exp(d))) - mp.log1p(mp.exp(-b)) - mp.log1p(mp.exp(a))


def probit(a, d):
    b = a + mp.exp(d)
    if a + b > 0:
        a, b = -b, -a
    return mp.log((mp.erfc(-b / mp.sqrt(2)) - mp.erfc(-a / mp.sqrt(2))) / 2)


def cloglog(a, d):
    return mp.log(-mp.expm1(-mp.exp(a) * mp.expm1(mp.exp(d)))) - mp.exp(a)


def loglog(a, d):
    return cloglog(-a - mp.exp(d), d)


TRUTH = {"logit": logit, "probit": probit, "cloglog": cloglog, "loglog": loglog}


def program(name):
    a, d = symbol("a"), symbol("d")
    value = BETWEEN[name](a, exp(d), d)
    by_a, by_d = (tangent([value], v)[0] for v in (a, d))
    second = [tangent([by_a], a)[0], tangent([by_a], d)[0], tangent([by_d], a)[0]]
    return compile_program([value, by_a, by_d, *second, tangent([by_d], d)[0]], numpy_backend.TABLE)


def derivatives(truth, a, d):
    """The same seven numbers by central differences with many digits, from nine values."""
    h = mpf(10) ** (-mp.dps // 8)
    f = {(i, j): truth(a + i * h, d + j * h) for i in (-1, 0, 1) for j in (-1, 0, 1)}
    cross = (f[1, 1] - f[1, -1] - f[-1, 1] + f[-1, -1]) / (4 * h * h)
    return [
        f[0, 0],
        (f[1, 0] - f[-1, 0]) / (2 * h),
        (f[0, 1] - f[0, -1]) / (2 * h),
        (f[1, 0] - 2 * f[0, 0] + f[-1, 0]) / (h * h),
        cross,
        cross,
        (f[0, 1] - 2 * f[0, 0] + f[0, -1]) / (h * h),
    ]


@pytest.mark.parametrize("name", BETWEEN)
def test_against_many_digits(name):
    points = [*POINTS, *FAR[12:]] if name == "probit" else POINTS
    a, d = np.array(points).T
    with np.errstate(all="ignore"):
        found = program(name)({"a": a, "d": d})
    found = np.array([np.broadcast_to(v, a.shape) for v in found])
    assert np.isfinite(found).all()
    with mp.workdps(300):
        for i, point in enumerate(points):
            x, y = map(mpf, point)
            true = derivatives(TRUTH[name], x, y)
            # What rounding of the inputs does, by the next order of derivatives.
            slack = [abs(x) * abs(true[1]) + max(1, abs(y)) * abs(true[2])]
            slack += [
                abs(x) * abs(true[k]) + max(1, abs(y)) * abs(true[m]) for k, m in ((3, 4), (4, 6))
            ]
            for j, (number, t) in enumerate(zip(found[:, i], true, strict=True)):
                allowed = (mpf("1e-10") if j < 3 else mpf("1e-8")) * abs(t)
                allowed += 64 * U * slack[j] if j < 3 else 0
                if abs(t) > mpf(10) ** -60:  # fewer digits than differences leave
                    assert abs(mpf(float(number)) - t) <= allowed, (point, j, number, t)


def test_far_out_nothing_overflows():
    a, d = np.array(list(product((0.0, 300.0, -300.0), (-300.0, 0.0, 300.0, 700.0)))).T
    for name in BETWEEN:
        with np.errstate(all="ignore"):
            found = program(name)({"a": a, "d": d})
        for value in found:
            assert not np.isnan(value).any(), name
