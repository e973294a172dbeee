"""Densities that are infinite at an edge of the support, in whichever way they are written."""

import numpy as np
import pytest
from scipy import special, stats

from likely import Family, Parameter, positive, unit_interval
from likely.math import exp, lgamma, log, log1p, pi, softplus


class Weibull(Family):
    support = positive
    shape = Parameter(positive)
    scale = Parameter(positive)

    def log_density(y, shape, scale):
        t = y.log - scale.log
        return shape.log - scale.log + (shape - 1.0) * t - exp(shape * t)


class PlainWeibull(Family):
    support = positive
    shape = Parameter(positive)
    scale = Parameter(positive)

    def log_density(y, shape, scale):
        t = log(y) - log(scale)
        return log(shape) - log(scale) + (shape - 1.0) * t - exp(shape * t)


class RatioWeibull(Family):
    support = positive
    shape = Parameter(positive)
    scale = Parameter(positive)

    def log_density(y, shape, scale):
        z = y / scale
        return log(shape / scale) + (shape - 1.0) * log(z) - exp(shape * log(z))


class PlainGamma(Family):
    support = positive
    shape = Parameter(positive)
    scale = Parameter(positive)

    def log_density(y, shape, scale):
        return (shape - 1.0) * log(y) - y / scale - lgamma(shape) - shape * log(scale)


class PlainBeta(Family):
    support = unit_interval
    a = Parameter(positive)
    b = Parameter(positive)

    def log_density(y, a, b):
        norm = lgamma(a + b) - lgamma(a) - lgamma(b)
        return (a - 1.0) * log(y) + (b - 1.0) * log(1.0 - y) + norm


class OtherBeta(Family):
    support = unit_interval
    a = Parameter(positive)
    b = Parameter(positive)

    def log_density(y, a, b):
        norm = lgamma(a + b) - lgamma(a) - lgamma(b)
        return (a - 1.0) * log(y) + (b - 1.0) * log1p(-y) + norm


class Kumaraswamy(Family):
    support = unit_interval
    a = Parameter(positive)
    b = Parameter(positive)

    def log_density(y, a, b):
        return log(a) + log(b) + (a - 1.0) * log(y) + (b - 1.0) * log(1.0 - exp(a * log(y)))


#: A family, its parameters, and SciPy's distribution.
INFINITE = [
    (PlainWeibull, {"shape": 0.5, "scale": 2.0}, stats.weibull_min(0.5, scale=2.0)),
    (RatioWeibull, {"shape": 0.5, "scale": 2.0}, stats.weibull_min(0.5, scale=2.0)),
    (PlainGamma, {"shape": 0.3, "scale": 2.0}, stats.gamma(0.3, scale=2.0)),
    (PlainGamma, {"shape": 0.01, "scale": 2.0}, stats.gamma(0.01, scale=2.0)),
    (PlainBeta, {"a": 0.5, "b": 0.2}, stats.beta(0.5, 0.2)),
    (OtherBeta, {"a": 0.5, "b": 0.2}, stats.beta(0.5, 0.2)),
]


@pytest.mark.parametrize(
    ("family", "parameters", "peer"), INFINITE, ids=[f"{f.__name__}{p}" for f, p, _ in INFINITE]
)
def test_a_density_that_is_infinite_at_an_edge(family, parameters, peer):
    found = family().at(**parameters)
    np.testing.assert_allclose(found.mean(), peer.mean(), rtol=1e-9)
    np.testing.assert_allclose(found.var(), peer.var(), rtol=1e-8)
    np.testing.assert_allclose(found.entropy(), peer.entropy(), rtol=1e-8)
    levels = np.array([0.01, 0.5, 0.9])
    np.testing.assert_allclose(found.quantile(levels), peer.ppf(levels), rtol=1e-9)
    points = peer.ppf(levels)
    np.testing.assert_allclose(found.cdf(points), levels, rtol=1e-9)
    np.testing.assert_allclose(found.sf(points), 1.0 - levels, rtol=1e-9)
    assert found.mode() in (0.0, 1.0)


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (2.0, 0.3), (0.2, 3.0)])
def test_kumaraswamy_keeps_both_edges(a, b):
    found = Kumaraswamy().at(a=a, b=b)
    np.testing.assert_allclose(found.mean(), b * special.beta(1.0 + 1.0 / a, b), rtol=1e-10)
    for q in (1e-6, 0.5, 0.999):
        exact = -special.expm1(special.log1p(-q) / b)
        np.testing.assert_allclose(found.quantile(q), exact ** (1.0 / a), rtol=1e-9)


def test_both_spellings_are_one_formula():
    plain, views = PlainWeibull().loss(), Weibull().loss()
    assert plain.loss is views.loss
    assert all(a is b for a, b in zip(plain.gradient, views.gradient, strict=True))


class SquareWeibull(Family):
    support = positive
    shape = Parameter(positive)
    scale = Parameter(positive)

    def log_density(y, shape, scale):
        z = y / scale
        log_z = 0.5 * log(z * z)
        return log(shape / scale) + (shape - 1.0) * log_z - exp(shape * log_z)


class Burr(Family):
    """Its survival function is (1 + (y/scale)^c)^−k."""

    support = positive
    scale = Parameter(positive)
    c = Parameter(positive)
    k = Parameter(positive)

    def log_density(y, scale, c, k):
        log_z = log(y / scale)
        return c.log + k.log - scale.log + (c - 1.0) * log_z - (k + 1.0) * softplus(c * log_z)


class LogitNormal(Family):
    support = unit_interval
    scale = Parameter(positive)

    def log_density(y, scale):
        z = log(y / (1.0 - y)) / scale
        return -0.5 * z * z - scale.log - log(y * (1.0 - y)) - 0.5 * log(2.0 * pi)


def test_a_density_that_loses_mass_at_an_edge_says_what_to_write():
    # Below the smallest float z is 0, and exp(-745 · 0.001) of the mass lies there.
    with pytest.raises(
        ValueError, match=r"not 1, at shape = 0.001, scale = 2: .*log\(y\) keeps digits"
    ):
        SquareWeibull().at(shape=0.001, scale=2.0).median()


def test_the_logarithm_of_a_ratio_reaches_beyond_the_numbers():
    weibull = RatioWeibull().at(shape=0.001, scale=2.0)
    for q in (0.4, 0.5, 0.6):
        np.testing.assert_allclose(weibull.quantile(q), 2.0 * (-np.log1p(-q)) ** 1e3, rtol=1e-9)
    burr, (c, k) = Burr().at(scale=4.0, c=0.125, k=0.125), (0.125, 0.125)  # 2e-5 of it is > 1e308
    for p in (1e-2, 0.3, 0.9):
        exact = 4.0 * np.expm1(-np.log(p) / k) ** (1.0 / c)
        np.testing.assert_allclose(burr.isf(p), exact, rtol=1e-9)
        np.testing.assert_allclose(burr.sf(exact), p, rtol=1e-9)
    assert burr.isf(1e-6) == np.inf
    # A quarter of it is nearer to 1 than any number below, and as much to 0 as none is.
    share = LogitNormal().at(scale=100.0)
    np.testing.assert_allclose(share.cdf(1e-300), special.ndtr(-300 * np.log(10) / 100), rtol=1e-9)
    np.testing.assert_allclose(share.sf(0.5), 0.5, rtol=1e-9)
