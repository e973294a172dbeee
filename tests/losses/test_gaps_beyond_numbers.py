"""Ordinal where the gap between two thresholds is beyond all numbers, or below them, though its logarithm is not."""

import numpy as np
import pytest
from mpmath import mp

from likely import Ordinal, predicted

FAR = (709.0, 710.0, 745.0, 800.0, 1e4, 1e8)
LINKS = ("logit", "probit", "cloglog", "loglog")
#: Of each link the distribution function and the logarithm of its density.
OF = {
    "logit": (lambda x: 1 / (1 + mp.exp(-x)), lambda x: -x - 2 * mp.log(1 + mp.exp(-x))),
    "probit": (mp.ncdf, lambda x: -x * x / 2 - mp.log(2 * mp.pi) / 2),
    "cloglog": (lambda x: 1 - mp.exp(-mp.exp(x)), lambda x: x - mp.exp(x)),
    "loglog": (lambda x: mp.exp(-mp.exp(-x)), lambda x: -x - mp.exp(-x)),
}


def loss(link):
    return Ordinal([0, 1, 2, 3], loc=predicted(link)).loss()


@pytest.mark.parametrize("loc", [-1.5, 0.0, 2.0])
@pytest.mark.parametrize("link", LINKS)
def test_the_class_below_a_gap_beyond_all_numbers(link, loc):
    """Nothing is above it: it is the last one."""
    for gap in FAR:
        raw = np.array([[loc], [0.5], [gap], [0.3]])
        value, gradient = loss(link).evaluate(np.array([1.0]), raw, 1)[:2]
        with mp.workdps(40):
            cdf, log_density = OF[link]
            beyond = 1 - cdf(0.5 - mp.mpf(loc))
            hazard = mp.exp(log_density(0.5 - mp.mpf(loc))) / beyond
            expected = [-hazard, hazard, 0.0, 0.0]
            assert value[0] == pytest.approx(float(-mp.log(beyond)), rel=1e-12)
        np.testing.assert_allclose(gradient[:, 0], np.array(expected, float), rtol=1e-11, atol=0.0)


@pytest.mark.parametrize("loc", [-1.5, 0.0, 2.0])
@pytest.mark.parametrize("link", LINKS)
def test_the_class_in_a_gap_below_all_numbers(link, loc):
    """Its chance is the density times the gap."""
    for gap in FAR:
        raw = np.array([[loc], [0.5], [-gap], [0.3]])
        value, gradient = loss(link).evaluate(np.array([1.0]), raw, 1)[:2]
        with mp.workdps(40):
            _, log_density = OF[link]
            at = 0.5 - mp.mpf(loc)
            slope = mp.diff(log_density, at)
            expected = [slope, -slope, -1.0, 0.0]
            assert value[0] == pytest.approx(float(gap - log_density(at)), rel=1e-12)
        np.testing.assert_allclose(
            gradient[:, 0], np.array(expected, float), rtol=1e-11, atol=1e-15
        )


@pytest.mark.parametrize("link", LINKS)
def test_classes_above_such_a_gap_leave_no_nan(link):
    for gap in FAR:
        for other in (-gap, 0.3, gap):
            raw = np.tile([[0.5], [0.5], [gap], [other]], 4)
            value, gradient = loss(link).evaluate(np.arange(4.0), raw, 1)[:2]
            assert not np.isnan(value).any()
            assert not np.isnan(gradient[:, np.isfinite(value)]).any()
