"""Densities that are infinite at an edge of the support, in whichever way they are written."""

import numpy as np
import pytest
from scipy import special, stats

from likely import Family, Parameter, positive, unit_interval
from likely.math import exp, lgamma, log, log1p


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


def test_a_density_that_loses_mass_at_an_edge_says_what_to_write():
    # Below the smallest float, y / scale is 0, and exp(-745 · 0.001) of the mass lies there.
    with pytest.raises(
        ValueError, match=r"not 1, at shape = 0.001, scale = 2: .*log\(y\) keeps digits"
    ):
        RatioWeibull().at(shape=0.001, scale=2.0).median()
