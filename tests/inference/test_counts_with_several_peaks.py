"""Mixtures of counts whose components are far apart: next to nothing lies between their peaks."""

import numpy as np
import pytest

from likely import (
    Discretised,
    Hurdle,
    Mixture,
    NegativeBinomial,
    Normal,
    Poisson,
    Truncated,
    ZeroInflated,
)
from likely.inference.construct import between

#: The odds of the second component are such that either is the higher.
MEANS = {"mean1": [691.7, 3.0, 5.0], "mean2": [0.0136, 400.0, 6.0], "odds2": [0.26, 0.5, 1.0]}
SIZES = {"size1": 2000.0, "size2": 50.0}
NORMALS = {"loc1": [-500.0, 0.0], "scale1": 1.0, "loc2": [600.0, 1.0], "scale2": [3.0, 2.0]}
LAWS = [
    Mixture(Poisson(), 2).at(**MEANS),
    Mixture(NegativeBinomial(), 2).at(**MEANS, **SIZES),
    Truncated(Mixture(Poisson(), 2), low=2).at(**MEANS),
    Truncated(Mixture(Poisson(), 2), low=2, high=900).at(**MEANS),
    ZeroInflated(Mixture(Poisson(), 2)).at(**MEANS, inflation=0.3),
    Mixture(ZeroInflated(Poisson()), 2).at(**MEANS, inflation1=0.4, inflation2=0.1),
    Mixture(Hurdle(Poisson()), 2).at(**MEANS, zero1=0.4, zero2=0.1),
    Mixture(Discretised(Normal()), 2).at(**NORMALS, odds2=1.0),
]


@pytest.mark.parametrize("d", LAWS, ids=lambda d: d.loss.specification.name)
def test_every_peak_counts(d):
    k = np.arange(-1000.0, 4000.0)
    log_p = d.log_prob(np.tile(k, (len(d), 1)))
    p = np.exp(log_p)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-11)
    mean = p @ k
    np.testing.assert_allclose(d.mean(), mean, rtol=1e-10)
    np.testing.assert_allclose(d.var(), (p * (k - mean[:, None]) ** 2).sum(axis=1), rtol=1e-10)
    surprise = -(p * np.where(p > 0.0, log_p, 0.0)).sum(axis=1)
    np.testing.assert_allclose(d.entropy(), surprise, rtol=1e-10)
    np.testing.assert_allclose(d.log_prob(d.mode()), log_p.max(axis=1), rtol=1e-12)
    cdf = np.cumsum(p, axis=1)
    np.testing.assert_allclose(d.cdf(np.tile(k, (len(d), 1))), cdf, atol=1e-12)
    levels = np.array([0.01, 0.37, 0.52, 0.9])
    first = [[k[(row >= level).argmax()] for level in levels] for row in cdf]
    np.testing.assert_array_equal(d.quantile(levels), first)


def test_and_those_between_bounds_by_row():
    family = Truncated(Mixture(Poisson(), 2))
    raw = np.log(np.array([[3.0, 5.0], [400.0, 6.0], [0.5, 1.0]]))
    given = between(family.loss(), raw, np.array([2.0, 0.0]), np.array([np.inf, 20.0]))
    for row, (low, high) in enumerate(((2, None), (0, 20))):
        values = dict(zip(("mean1", "mean2", "odds2"), np.exp(raw[:, row]), strict=True))
        one = Truncated(Mixture(Poisson(), 2), low=low, high=high).at(**values)
        for method in ("mean", "var", "entropy", "mode"):
            assert getattr(given[row], method)() == pytest.approx(getattr(one, method)(), rel=1e-9)
