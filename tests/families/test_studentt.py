"""What only StudentT has: quantiles that pass all numbers in heavy tails, and are nearly the Normal's in light ones."""

import numpy as np
import pytest
from mpmath import mp, mpf

from likely import StudentT

LEVELS = (1e-300, 1e-100, 1e-16, 1e-11, 1e-5, 0.1, 0.4)


def log_tail(z, df):
    """log P(T > z) by the incomplete beta function of df/(df + z²)."""
    z, df = mpf(z), mpf(df)
    x = df / (df + z * z)
    return mp.log(mp.betainc(df / 2, 0.5, 0, x, regularized=True) / 2)


@pytest.mark.parametrize("df", [0.05, 0.3, 1.0, 7.5, 400.0])
def test_quantiles_where_the_tail_begins(df):
    d = StudentT().at(loc=0.0, scale=1.0, df=df)
    for level in LEVELS:
        upper, lower = float(d.isf(level)), float(d.quantile(level))
        assert upper == -lower > 0.0
        if np.isfinite(upper):
            with mp.workdps(40):
                # The level moves by df times the relative error of a quantile far out.
                assert abs(log_tail(upper, df) - mp.log(mpf(level))) < 1e-12 * (1.0 + df)
        else:
            assert 1e300**-df > level


@pytest.mark.parametrize("df", [3e-7, 3e-4, 0.01])
def test_quantiles_beyond_all_numbers(df):
    d = StudentT().at(loc=3.0, scale=0.5, df=df)
    level = np.array([0.0, 1e-16, 1e-5, 1.0 - 1e-5, 1.0 - 2.0**-53, 1.0])
    assert (d.quantile(level).ravel() == np.repeat([-np.inf, np.inf], 3)).all()
    assert (d.isf(level).ravel() == np.repeat([np.inf, -np.inf], 3)).all()


def normal_quantile(level):
    """u with Φ(−u) = level."""
    return mp.findroot(lambda u: mp.log(mp.erfc(u / mp.sqrt(2)) / 2 / mpf(level)), 6.0)


@pytest.mark.parametrize("df", [1e10, 1e15, 1e300])
def test_quantiles_of_many_degrees_of_freedom(df):
    """z − u = (u³ + u)/(4 df) + … with u the Normal's, whatever is left of it."""
    d = StudentT().at(loc=0.0, scale=1.0, df=df)
    with mp.workdps(40):
        for level in LEVELS[:4]:
            u = normal_quantile(level)
            true = u + (u**3 + u) / (4 * mpf(df))
            assert abs(float(d.isf(level)) / true - 1) < 1e-13


def test_quantiles_at_a_million_degrees_of_freedom():
    """From there on the series takes over from the incomplete beta function."""
    before, after = (
        StudentT().at(loc=0.0, scale=1.0, df=df).isf(LEVELS[:4])
        for df in (1e6, np.nextafter(1e6, 2e6))
    )
    np.testing.assert_allclose(before, after, rtol=2e-12)
