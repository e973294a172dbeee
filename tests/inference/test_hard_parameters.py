"""What families declare in closed form, where parameters are so far out that the printed formulas fail."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp, mpf

from likely import AsymmetricLaplace, GeneralisedPareto, JohnsonSU, LogLogistic, Mixture, Truncated

LEVELS = (1e-200, 1e-12, 1e-3, 0.3, 0.5 - 1e-9, 0.5, 0.5 + 1e-9, 0.9, 1.0 - 1e-9)


@pytest.mark.parametrize("level", LEVELS)
def test_tails_and_quantiles_of_asymmetric_laplace(level):
    d = AsymmetricLaplace(level=level).at(loc=0.0, scale=1.0)
    with mp.workdps(320):
        below, above = mpf(level), 1 - mpf(level)
        for y in (-700.0, -30.0, -1.0, -1e-9, -1e-20, 0.0, 1e-20, 1e-9, 1.0, 30.0, 700.0, 1e12):
            kept = below * mp.exp(above * y) if y < 0.0 else above * mp.exp(-below * y)
            cdf, sf = (kept, 1 - kept) if y < 0.0 else (1 - kept, kept)
            ulp = 1e-15 * (1.0 + abs(y) * float(above if y < 0.0 else below))
            if cdf > 1e-300:
                assert abs(d.cdf(y) / cdf - 1) <= ulp, y
            if sf > 1e-300:
                assert abs(d.sf(y) / sf - 1) <= ulp, y
        beside = (level * (1.0 - 1e-9), level, np.nextafter(level, 1.0))
        for q in (5e-324, 1e-300, 1e-20, *beside, 0.499, 0.5, 0.501, 0.999, 1.0 - 2.0**-53):
            p = mpf(float(q))
            lower = mp.log(p / below) / above if p < below else mp.log(above / (1 - p)) / below
            upper = mp.log((1 - p) / below) / above if p > above else mp.log(above / p) / below
            for found, true in ((d.quantile(q), lower), (d.isf(q), upper)):
                assert abs(found - true) <= 1e-15 * abs(true), q
        mean = (above - below) / above / below
        assert abs(d.mean() - mean) <= 1e-15 * abs(mean)


@pytest.mark.parametrize("skewness", [0.0, 1e-3, -2.0, 30.0, 1000.0])
def test_entropy_of_johnson_su(skewness):
    """−E log f is a mean over one standard Normal, of which mpmath knows the pieces between kinks."""
    tails = np.array([3e-7, 1e-3, 0.3, 0.99, 1.01, 5.0, 1e4])
    found = JohnsonSU().at(loc=0.0, scale=2.0, skewness=skewness, tail=tails).entropy()
    for ours, tail in zip(found, map(mpf, tails.tolist()), strict=True):

        def log_cosh(z, tail=tail):
            x = abs(z / tail - skewness)
            return mp.npdf(z) * (x + mp.log1p(mp.exp(-2 * x)) - mp.log(2))

        steps = [skewness * tail + k * tail for k in (-20.0, -5.0, -1.0, 0.0, 1.0, 5.0, 20.0)]
        cuts = sorted({*np.arange(-12.0, 13.0), *(s for s in steps if abs(s) < 12.0)})
        true = mp.quad(log_cosh, cuts) + mp.log(2 / tail) + (1 + mp.log(2 * mp.pi)) / 2
        assert abs(ours - true) <= 1e-14 * max(1, abs(true)), tail


def test_moments_that_do_not_exist_are_infinite():
    shapes = np.array([0.1, 1.0, 1.5, 2.0, 2.5])
    d = LogLogistic().at(scale=3.0, shape=shapes)
    np.testing.assert_array_equal(np.isinf(d.mean()), shapes <= 1.0)
    np.testing.assert_array_equal(np.isinf(d.var()), shapes <= 2.0)
    pareto = GeneralisedPareto().at(scale=3.0, shape=1.0 / shapes)
    np.testing.assert_array_equal(np.isinf(pareto.mean()), np.isinf(d.mean()))
    np.testing.assert_array_equal(np.isinf(pareto.var()), np.isinf(d.var()))


@pytest.mark.parametrize(
    ("family", "values"),
    [
        (Truncated(LogLogistic(), low=1.0), {"scale": 3.0, "shape": 0.8}),
        (
            Mixture(LogLogistic(), 2),
            {"scale1": 1.0, "shape1": 0.8, "scale2": 3.0, "shape2": 4.0, "odds2": 1.0},
        ),
    ],
    ids=str,
)
def test_so_are_those_of_what_is_made_of_them(family, values):
    found = family.at(**values)
    assert found.mean() == found.var() == np.inf
