"""Parts of distributions next to their bounds, where the tails at both hardly differ, and far from them."""

import mpmath as mp
import numpy as np
import pytest

from likely import Beta, Gamma, Gumbel, Normal, Poisson, StudentT, Transformed, Truncated, Weibull
from likely.inference.construct import between


def normal(x, loc, scale):
    return mp.npdf(x, loc, scale)


def gamma(x, mean, shape):
    return (
        mp.exp((shape - 1) * mp.log(x) - shape * x / mean)
        * (shape / mean) ** shape
        / mp.gamma(shape)
    )


def gumbel(x, loc, scale):
    z = (x - loc) / scale
    return mp.exp(-z - mp.exp(-z)) / scale


def student_t(x, loc, scale, df):
    z, half = (x - loc) / scale, (df + 1) / 2
    of_df = mp.gamma(half) / (mp.gamma(df / 2) * mp.sqrt(df * mp.pi))
    return of_df * (1 + z * z / df) ** -half / scale


def weibull(x, scale, shape):
    z = x / scale
    return shape / scale * z ** (shape - 1) * mp.exp(-(z**shape))


#: A family, its density, bounds of which one may be infinite, and parameters.
PARTS = [
    (Normal, normal, 0.0, None, {"loc": 1.0, "scale": 1.0}),
    (Normal, normal, None, 0.0, {"loc": -3.0, "scale": 2.0}),
    (Normal, normal, 0.0, 2.0, {"loc": 0.7, "scale": 1e5}),
    (Normal, normal, 0.5, 3.0, {"loc": -4.0, "scale": 1.0}),
    (StudentT, student_t, 0.0, None, {"loc": 1.0, "scale": 2.0, "df": 3.0}),
    (Gumbel, gumbel, 0.0, 4.0, {"loc": 1.0, "scale": 2.0}),
    (Gamma, gamma, 0.5, 3.0, {"mean": 2.0, "shape": 0.4}),
    (Weibull, weibull, 0.5, 3.0, {"scale": 2.0, "shape": 1.5}),
]
DISTANCES = np.array([1e-300, 1e-100, 1e-20, 1e-15, 1e-12, 1e-9, 1e-6, 1e-5, 1e-4, 1e-2])


def mass(density, theta, low, high):
    """∫ of the density in 40 digits; with short intervals next to a bound."""
    high = low + 100 * theta["scale"] if mp.isinf(high) else high
    inner = [low + (high - low) * mp.mpf(share) for share in (0.01, 0.1, 0.4)]
    return mp.quad(lambda x: density(x, **theta), [low, *inner, high])


def at_distance(low, high):
    """Places at these distances above the lower bound and below the upper one."""
    above = [] if low is None else [(low + d, False) for d in DISTANCES if low + d > low]
    below = [] if high is None else [(high - d, True) for d in DISTANCES if high - d < high]
    return above + below


@pytest.mark.parametrize(("cls", "density", "low", "high", "values"), PARTS)
def test_tails_next_to_a_bound(cls, density, low, high, values):
    d = Truncated(cls(), low=low, high=high).at(**values)
    with mp.workdps(40):
        theta = {name: mp.mpf(float(d.parameters[name])) for name in values}
        # The upper end of an unbounded part is far enough; the lower one is its mirror image.
        if low is None:
            seen = mp.ncdf(mp.mpf(high), theta["loc"], theta["scale"])
        elif high is None and cls is StudentT:
            seen = mp.quad(lambda x: density(x, **theta), [0, 1, 10, 100, mp.inf])
        else:
            seen = mass(density, theta, mp.mpf(low), mp.mpf(high or mp.inf))
        for y, upper in at_distance(low, high):
            ends = (mp.mpf(y), mp.mpf(high)) if upper else (mp.mpf(low), mp.mpf(y))
            share = float(mass(density, theta, *ends) / seen)
            tail, inverse = (d.sf, d.isf) if upper else (d.cdf, d.quantile)
            assert tail(y) == pytest.approx(share, rel=2e-11)
            if min(abs(y), share) > 1e-290:
                assert inverse(share) == pytest.approx(y, rel=1e-10)


def test_bounds_by_row_have_the_same_tails():
    family, raw = Truncated(Normal()), np.array([[1.0], [0.0]])
    by_row = between(family.loss(), raw, 0.0, None)[0]
    fixed = Truncated(Normal(), low=0.0).at(loc=1.0, scale=1.0)
    for value in (1e-200, 1e-15, 1e-3):
        assert by_row.cdf(value) == pytest.approx(float(fixed.cdf(value)), rel=1e-12)
        assert by_row.quantile(value) == pytest.approx(float(fixed.quantile(value)), rel=1e-12)


def test_counts_above_a_bound_that_few_are_above():
    # Of the mass up to 3 all but 3e-12 is below the bound.
    d = Truncated(Poisson(), low=2, high=60).at(mean=1e-2)
    with mp.workdps(40):
        m = mp.mpf(float(d.parameters["mean"]))
        p = [m**k / mp.factorial(k) for k in range(3, 61)]
        for k in (3, 4, 5, 9):
            at = k - 2
            assert d.cdf(k) == pytest.approx(float(mp.fsum(p[:at]) / mp.fsum(p)), rel=1e-11)
            assert d.sf(k) == pytest.approx(float(mp.fsum(p[at:]) / mp.fsum(p)), rel=1e-11)


@pytest.mark.xfail(
    strict=True,
    reason="tails of the family inside are next to nothing: the part's own density has them, but where the family is "
    "narrow and far away it cannot be integrated, and a zero is better than an error there",
)
def test_far_tails_of_a_part_of_which_little_is_seen():
    # What is seen times the level is below all numbers.
    for d, upper in (
        (Truncated(Gumbel(), low=0.5).at(loc=-4.0, scale=0.09), True),
        (Truncated(Normal(), high=3.0).at(loc=7.4, scale=0.155), False),
        (Truncated(Gamma(), high=3.0).at(mean=57.0, shape=255.0), False),
    ):
        tail, inverse = (d.sf, d.isf) if upper else (d.cdf, d.quantile)
        levels = np.array([1e-300, 1e-100, 1e-10])
        np.testing.assert_allclose(tail(inverse(levels)), levels, rtol=1e-9)
    # 1 − exp(−e^−z) is e^−z, and the part falls off as e^−(y − low)/scale.
    d = Truncated(Gumbel(), low=0.5).at(loc=-4.0, scale=0.09)
    scale = float(d.parameters["scale"])
    assert d.isf(1e-300) == pytest.approx(0.5 + scale * 300.0 * np.log(10.0), rel=1e-12)


@pytest.mark.parametrize(
    ("inside", "parameters", "growth"),
    [
        (Beta(), {"mean": 0.2, "precision": 0.6}, lambda j: (0.12 + j) / (0.6 + j)),
        (Gamma(), {"mean": 1.0, "shape": 0.14}, lambda j: (0.14 + j) / 0.14),
    ],
    ids=["Beta", "Gamma"],
)
def test_a_function_of_what_crowds_against_an_edge(inside, parameters, growth):
    """y = (1 + x/2)² is 1 for all x below 1e-16, which are no rarity: its moments are those of x."""
    of_x = np.cumprod([1.0, *(growth(j) for j in range(4))])
    mean = of_x[:3] @ [1.0, 1.0, 0.25]
    law = Transformed(inside, "box-cox", power=0.5).at(
        **{name: [value, value] for name, value in parameters.items()}
    )
    np.testing.assert_allclose(law.mean(), mean, rtol=1e-12)
    np.testing.assert_allclose(law.var(), of_x @ [1.0, 2.0, 1.5, 0.5, 0.0625] - mean**2, rtol=1e-11)
    x = inside.at(**parameters).quantile((np.arange(200_000) + 0.5) / 200_000)
    stretch = np.log1p(0.5 * x).mean()
    np.testing.assert_allclose(
        law.entropy(), inside.at(**parameters).entropy() + stretch, rtol=1e-5
    )


def test_an_exponential_of_what_crowds_against_0():
    """E e^x of a Gamma is (1 − mean/shape)^−shape, without end where the rate is no more than 1."""
    law = Transformed(Gamma(), "log").at(mean=[0.0625, 0.3], shape=0.1)
    np.testing.assert_allclose(law.mean(), [0.375**-0.1, np.inf], rtol=1e-11)
    assert np.isinf(law.var()).tolist() == [True, True]
