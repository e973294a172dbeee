"""Entropies in closed form, or by one function of the shapes: against integrals of the density with 30 digits."""

import mpmath as mp
import numpy as np
import pytest

import likely
from likely.inference.predictive import Predictive


def expected(function, density, breaks):
    with mp.workdps(30):
        return float(mp.quad(lambda z: density(z) * function(z), breaks))


@pytest.mark.parametrize("x", [1e-6, 0.03, 1.0, 40.0, 99.0, 101.0, 1e5])
def test_inverse_gaussian(x):
    """In log y, where the density is h(t) = (x/4π)^½ e^(−t/2 − x sinh²(t/2)) for mean 1 and shape x/2."""
    shape = 0.5 * x
    with mp.workdps(30):
        peak = -mp.asinh(1 / (2 * mp.mpf(shape)))  # where the slope is 0
        width = 1 / mp.sqrt(1 + mp.mpf(shape))
        breaks = [peak + width * k for k in (-60, -30, -12, -6, -3, -1, 0, 1, 3, 6, 12, 30, 60)]
        breaks += [peak + k for k in (20, 40)] if shape < 1 else []

        def log_density(t):
            return mp.log(shape / (2 * mp.pi)) / 2 - t / 2 - 2 * shape * mp.sinh(t / 2) ** 2

    mass = expected(lambda t: 1, lambda t: mp.exp(log_density(t)), sorted(breaks))
    assert mass == pytest.approx(1.0, abs=1e-13)
    entropy = expected(
        lambda t: t - log_density(t), lambda t: mp.exp(log_density(t)), sorted(breaks)
    )
    law = likely.InverseGaussian().at(
        mean=[1.0, 1e-100, 1e100], shape=shape * np.array([1, 1e-100, 1e100])
    )
    logs = np.log([1.0, 1e-100, 1e100])
    np.testing.assert_allclose(law.entropy(), entropy + logs, rtol=1e-13, atol=1e-13)


def test_inverse_gaussian_of_next_to_no_shape():
    """E₁ is −γ − log x, where x itself is below the smallest number."""
    law = likely.InverseGaussian().at(mean=1e200, shape=[1e-100, 1e-200])
    log_shape = np.log([1e-100, 1e-200])
    limit = 0.5 * np.log(2.0 * np.pi * np.e) + log_shape + 1.5 * (np.euler_gamma + np.log(2.0))
    np.testing.assert_allclose(law.entropy(), limit, rtol=1e-14)


@pytest.mark.parametrize("skewness", [0.0, 1e-8, 0.4, -1.0, 3.0, 60.0, -1e9])
def test_skew_normal(skewness):
    a = abs(skewness)
    inner = [k / (1.0 + a) for k in (-40, -9, -3, -1, 0, 1, 3, 9)]
    breaks = sorted({*inner, -12.0 if a < 1 else inner[0], 1.0, 4.0, 12.0})
    with mp.workdps(30):
        entropy = expected(
            lambda z: z * z / 2 + mp.log(mp.pi / 2) / 2 - mp.log(mp.ncdf(a * z)),
            lambda z: 2 * mp.npdf(z) * mp.ncdf(a * z),
            breaks,
        )
    law = likely.SkewNormal().at(loc=-3.0, scale=[1.0, 1e-200], skewness=skewness)
    np.testing.assert_allclose(law.entropy(), entropy + np.log([1.0, 1e-200]), rtol=1e-13)
    assert likely.SkewNormal().at(loc=0.0, scale=1.0, skewness=0.0).entropy() == pytest.approx(
        0.5 * np.log(2.0 * np.pi * np.e), rel=1e-14
    )


@pytest.mark.parametrize("skewness", [0.0, 0.3, -4.0, 50.0])
@pytest.mark.parametrize("tail", [1e-6, 0.2, 0.99, 1.0, 3.0, 1e5])
def test_johnson_su(tail, skewness):
    """E log cosh(Z/δ − γ), whose integrand bends where the argument is 0."""
    with mp.workdps(30):
        turn = mp.mpf(skewness) * tail
        near = [turn + k * mp.mpf(tail) for k in (-30, -3, -1, 0, 1, 3, 30)]
        breaks = sorted(
            {mp.mpf(k) for k in (-14, -6, -2, 0, 2, 6, 14)} | {v for v in near if abs(v) < 14}
        )
        spread = expected(lambda z: mp.log(mp.cosh(z / tail - skewness)), mp.npdf, breaks)
    law = likely.JohnsonSU().at(
        loc=5.0, scale=2.0, skewness=np.array([skewness, -skewness]), tail=tail
    )
    entropy = np.log(2.0 / tail) + 0.5 * np.log(2.0 * np.pi * np.e) + spread
    np.testing.assert_allclose(law.entropy(), entropy, rtol=1e-13, atol=1e-13)


#: 1 − π from far to near: of a probability as near to 1 its complement and its logarithm have the digits.
LOGITS = [-30.0, 2.0, 14.0, 20.0, 28.0, 34.0, 100.0]


def choice(rest):
    """The entropy of whether it is one point, or what has the rest."""
    return -(1 - rest) * mp.log1p(-rest) - rest * mp.log(rest)


@pytest.mark.parametrize("logit", LOGITS)
def test_counts_with_nearly_all_zeros(logit):
    mean = 3.0
    with mp.workdps(60):
        rest, m = 1 / (1 + mp.exp(logit)), mp.exp(mp.log(mp.mpf(mean)))
        counts = [mp.exp(-m) * m**k / mp.factorial(k) for k in range(1, 90)]
        none = mp.exp(-m)
        inflated = [1 - rest * (1 - none), *(rest * p for p in counts)]
        hurdle = [1 - rest, *(rest * p / (1 - none) for p in counts)]
        truth = [float(-mp.fsum(p * mp.log(p) for p in law)) for law in (inflated, hurdle)]
    raw = np.array([np.log(mean), logit])
    for cls, entropy in zip((likely.ZeroInflated, likely.Hurdle), truth, strict=True):
        law = Predictive(cls(likely.Poisson()).loss(), raw)
        assert law.entropy() == pytest.approx(entropy, rel=1e-12)


@pytest.mark.parametrize("logit", LOGITS)
def test_amounts_that_are_nearly_all_at_the_ends(logit):
    with mp.workdps(60):
        rest = 1 / (1 + mp.exp(logit))
        uniform = 0.0  # the entropy of Beta(½, 2)
        upper = 1 / (1 + mp.exp(-3))
        truth = float(choice(rest) + (1 - rest) * choice(upper) + rest * uniform)
    law = likely.Inflated(likely.Beta(precision=2.0), at=(0, 1))
    names = [slot.parameter for slot in law.loss().free]
    raw = np.array([{"mean": 0.0, "inflation": logit, "upper_share": 3.0}[n] for n in names])
    assert Predictive(law.loss(), raw).entropy() == pytest.approx(truth, rel=1e-12)


@pytest.mark.parametrize("df", [0.3, 1.0, 1.5, 3.0, 30.0])
def test_the_exponential_of_a_part_of_student(df):
    """That of log y and the mean of log y; there are y that no number says."""
    law = likely.Transformed(likely.Truncated(likely.StudentT(), low=-2.0), "log").at(
        loc=0.0, scale=1.0, df=df
    )
    assert np.isposinf(law.mean())
    if df <= 1.0:
        assert np.isposinf(law.entropy())
        return
    with mp.workdps(30):
        nu = mp.mpf(float(law.parameters["df"]))
        ends = [-2, 0, 2, 10, 100, 1e4, mp.inf]

        def kernel(x):
            return (1 + x * x / nu) ** (-(nu + 1) / 2)

        mass = mp.quad(kernel, ends)
        entropy = mp.quad(lambda x: kernel(x) * (x - mp.log(kernel(x) / mass)), ends) / mass
    assert law.entropy() == pytest.approx(float(entropy), rel=1e-12)


@pytest.mark.parametrize("inside", [likely.Poisson(), likely.Discretised(likely.Exponential())])
def test_a_hurdle_over_counts_that_are_hardly_ever_above_zero(inside):
    """Above it they are all but certain to be 1, however small the chance to be there."""
    mean = 1e-17 if inside == likely.Poisson() else 0.004
    law = likely.Hurdle(inside).at(mean=mean, zero=0.94)
    assert law.entropy() == pytest.approx(-0.94 * np.log(0.94) - 0.06 * np.log(0.06), rel=1e-12)
