"""Conway and Maxwell's Poisson by its mean, against sums with 60 digits and the three families that it meets."""

import math

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy import stats

from likely._math import com_poisson


def truth(m, nu, ys, terms):
    """For each y the loss, its derivatives in log m and log ν, and the second ones."""
    m, nu = mpf(m), mpf(nu)
    logs = [mp.loggamma(j + 1) for j in range(terms)]
    theta = nu * mp.log(m + mpf("0.3"))
    for _ in range(400):
        w = [mp.exp(j * theta - nu * log) for j, log in enumerate(logs)]
        total = mp.fsum(w)
        p = [x / total for x in w]
        mean = mp.fsum(j * x for j, x in enumerate(p))
        v = mp.fsum((j - mean) ** 2 * x for j, x in enumerate(p))
        step = max(min((mean - m) / v, mpf(1)), mpf(-1))
        theta -= step
        if abs(step) < mpf(10) ** -50:
            break

    def expect(values):
        return mp.fsum(x * value for x, value in zip(p, values, strict=True))

    away = [j - m for j in range(terms)]
    centre, slope = expect(logs), expect([a * log for a, log in zip(away, logs, strict=True)]) / v
    rest = [log - centre - a * slope for a, log in zip(away, logs, strict=True)]
    third = expect([a**3 for a in away])
    square = expect([r * r for r in rest])
    mixed = expect([a * a * r for a, r in zip(away, rest, strict=True)])
    skewed = expect([a * r * r for a, r in zip(away, rest, strict=True)])
    for y in ys:
        a, r = away[y], rest[y]
        yield (
            -mp.log(p[y]),
            -a * m / v,
            nu * r,
            (m * (m / v + a * m * third / v**3 - a / v), m * m / v + abs(a) * m / v),
            -a * m * nu * mixed / v**2,
            nu * nu * (square + a * skewed / v) + nu * r,
        )


@pytest.mark.parametrize("nu", [0.3, 1.0, 1.5, 12.0, 30.0])
@pytest.mark.parametrize("m", [1e-8, 0.3, 1.0, 1.7, 5.5, 20.0])
def test_against_sums(m, nu):
    ys = sorted({0, 1, int(m), int(m) + 1, int(3 * m) + 4})
    state = com_poisson.solve(m, nu)
    with mp.workdps(60):
        for y, expected in zip(ys, truth(m, nu, ys, 120), strict=True):
            found = com_poisson.loss(float(y), m, nu, state)
            for i, (computed, true) in enumerate(zip(found, expected, strict=True)):
                # of second derivatives what is left of two terms, and of the first what they are for the Poisson
                true, size = true if isinstance(true, tuple) else (true, abs(true))
                noise = 1e-13 * (size if i == 3 else 1.0) if i > 2 else 0.0
                assert abs(computed - true) <= (1e-12 if i < 3 else 1e-10) * abs(true) + noise, (y, i)


@pytest.mark.parametrize("m", [1e-10, 0.4, 3.0, 1e3, 12345.6, 1e7, 1e13])
def test_poisson_is_a_dispersion_of_1(m):
    state = com_poisson.solve(m, 1.0)
    assert state.variance == pytest.approx(m, rel=1e-14)
    if m < 1e5:
        for y in (0.0, math.floor(m), math.floor(1.01 * m) + 1.0):
            value = com_poisson.loss(y, m, 1.0, state)[0]
            assert value == pytest.approx(-stats.poisson(m).logpmf(y), rel=1e-10)


@pytest.mark.parametrize("m", [0.5, 30.0, 1e4, 1e9, 1e13])
def test_geometric_is_a_dispersion_of_0(m):
    state = com_poisson.solve(m, 1e-300)
    assert state.variance == pytest.approx(m * (1.0 + m), rel=1e-13)
    assert state.tau == pytest.approx(-math.log1p(1.0 / m), rel=1e-13)


@pytest.mark.parametrize("m", [1e-12, 0.3, 7.75, 1e6 + 0.5])
def test_bernoulli_is_an_infinite_dispersion(m):
    state = com_poisson.solve(m, 1e18)
    share = m - math.floor(m)
    assert state.variance == pytest.approx(share * (1.0 - share), rel=1e-12)
    value = com_poisson.loss(math.floor(m), m, 1e18, state)[0]
    assert value == pytest.approx(-math.log1p(-share), rel=1e-12)


def test_mean_and_dispersion_are_orthogonal():
    m, nu = 4.2, 1.7
    state = com_poisson.solve(m, nu)
    y = np.arange(80.0)
    found = np.array([com_poisson.loss(v, m, nu, state) for v in y])
    p = np.exp(-found[:, 0])
    assert p.sum() == pytest.approx(1.0, rel=1e-13)
    scores = found[:, 1:3]
    np.testing.assert_allclose(p @ scores, 0.0, atol=1e-12)
    information = scores.T @ (p[:, None] * scores)
    np.testing.assert_allclose(
        information, np.diag([m * m / state.variance, nu**2 * state.square]), atol=1e-12
    )
    np.testing.assert_allclose(
        p @ found[:, 3:], [information[0, 0], 0.0, information[1, 1]], atol=1e-11
    )
