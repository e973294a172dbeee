"""Moments of heavy tails: what matters lies where y or its square is no number, or shows only where none is."""

import numpy as np
import pytest
from mpmath import mp

from likely import Beta, GeneralisedPareto, LogNormal, Normal, StudentT, Transformed, Truncated

#: loc, scale and bounds of a LogNormal; of the second and the last but one y itself is no number where y² matters.
PARTS = [
    (0.0, 5.0, 0.5, None),
    (-15.5, 18.0, 0.5, None),
    (0.0, 14.0, 0.5, None),
    (0.0, 18.0, 0.5, 1e200),
    (0.0, 18.0, None, 1e10),
    (0.0, 18.0, 0.5, None),
    (0.0, 37.0, 0.5, None),
]


def part_of_log_normal(loc, scale, low, high, power):
    """E Y^power between bounds: that of a LogNormal farther right, by the shares of both."""
    a = -mp.inf if low is None else (mp.log(low) - loc) / scale
    b = mp.inf if high is None else (mp.log(high) - loc) / scale

    def share(moved):
        first, last = a - moved, b - moved
        return mp.ncdf(last) - mp.ncdf(first) if first < 0 else mp.ncdf(-first) - mp.ncdf(-last)

    whole = mp.exp(power * loc + (power * scale) ** 2 / mp.mpf(2))
    return whole * share(power * scale) / share(0)


@pytest.mark.parametrize(("loc", "scale", "low", "high"), PARTS)
def test_a_part_of_a_wide_log_normal(loc, scale, low, high):
    found = Truncated(LogNormal(), low=low, high=high).at(loc=loc, scale=scale)
    with mp.workdps(60):
        mean, square = (part_of_log_normal(loc, scale, low, high, n) for n in (1, 2))
        var = square - mean**2
        assert abs(found.mean() / mean - 1) < 1e-9
        if var < 1e300:
            assert abs(found.var() / var - 1) < 1e-9
        else:
            assert found.var() == np.inf


def test_a_power_tail_up_to_a_bound_far_out():
    """With u = 1 + 2y the density of a shape of 2 is u^(−3/2), so that all is of powers of u."""
    low, high = 0.1, 1e155
    found = Truncated(GeneralisedPareto(), low=low, high=high).at(scale=1.0, shape=2.0)
    with mp.workdps(400):
        first, last = 1 + 2 * mp.mpf(low), 1 + 2 * mp.mpf(high)

        def between(*terms):
            return sum(c * (last**p - first**p) for c, p in terms)

        half = mp.mpf(1) / 2
        mass = between((-1, -half))
        mean = between((half, half), (half, -half)) / mass
        square = between((half / 6, 3 * half), (-half, half), (-half / 2, -half)) / mass
        var = square - mean**2
    assert found.mean() == pytest.approx(float(mean), rel=1e-9)
    assert found.var() == pytest.approx(float(var), rel=1e-9)


@pytest.mark.parametrize("df", [0.3, 1.5])
def test_half_a_student_has_the_moments_of_the_whole(df):
    found = Truncated(StudentT(), low=0.0).at(loc=0.0, scale=1.0, df=df)
    assert np.isinf(found.var())
    assert np.isinf(found.mean()) == (df <= 1.0)


@pytest.mark.parametrize(
    ("inside", "dfs"),
    [
        (StudentT(), [0.05, 1.0, 5.0, 30.0, 1e3, 1e9]),
        (Truncated(StudentT(), low=-2), [5.0, 30.0, 1e3, 1e9]),
    ],
)
def test_the_exponential_of_student_has_no_moments(inside, dfs):
    df, scale = np.meshgrid(dfs, [1e-3, 0.1, 2.0])
    found = Transformed(inside, "log").at(loc=0.0, scale=scale.ravel(), df=df.ravel())
    assert np.isposinf(found.mean()).all()
    assert np.isposinf(found.var()).all()


def test_what_has_moments_keeps_them():
    found = Transformed(Normal(), "log").at(loc=0.3, scale=np.array([1e-3, 1.0, 5.0]))
    like = LogNormal().at(loc=0.3, scale=np.array([1e-3, 1.0, 5.0]))
    np.testing.assert_allclose(found.mean(), like.mean(), rtol=1e-10)
    np.testing.assert_allclose(found.var(), like.var(), rtol=1e-8)


def test_entropy_of_the_exponential_of_student():
    """That of log y and the mean of log y, which is 0."""
    scale, df = np.array([0.3, 2.0]), np.array([3.0, 40.0])
    found = Transformed(StudentT(), "log").at(loc=0.0, scale=scale, df=df)
    true = StudentT().at(loc=0.0, scale=scale, df=df).entropy()
    np.testing.assert_allclose(found.entropy(), true, rtol=1e-9)


@pytest.mark.xfail(
    strict=True, reason="a millionth of y or more is no number, and the density of such y is 0"
)
def test_entropy_of_half_a_student_with_next_to_no_df():
    found = Truncated(StudentT(), low=0.0).at(loc=0.0, scale=1e-20, df=0.1)
    whole = StudentT().at(loc=0.0, scale=1e-20, df=0.1)
    assert found.entropy() == pytest.approx(whole.entropy() - np.log(2.0), rel=1e-9)


@pytest.mark.xfail(strict=True, reason="SciPy's quantile, whose own tail is 0 next to such levels")
def test_beta_quantile_at_the_end_of_all_numbers():
    a, b = 2214.0, 37.0
    x = Beta().at(mean=a / (a + b), precision=a + b).quantile(1e-290)
    with mp.workdps(50):
        x = mp.mpf(float(x))
        # I_x = xᵃ (1 − x)ᵇ/(a B) · Σ (a + b)ₙ/(a + 1)ₙ xⁿ
        log_tail = mp.log(mp.hyp2f1(a + b, 1, a + 1, x)) - mp.log(a) - mp.log(mp.beta(a, b))
        log_tail += a * mp.log(x) + b * mp.log(1 - x)
    assert float(log_tail) == pytest.approx(-290.0 * np.log(10.0), rel=1e-10)
