"""StudentT given bounds in its power tail, of which the scale moves next to nothing: against mpmath's functions."""

from itertools import product

import numpy as np
import pytest
from mpmath import mp

from likely import StudentT, Truncated
from oracles import numeric

INF = np.inf
#: Logarithms of degrees of freedom, from nearly none to where the power tail is beyond all data.
LOG_DF = (-9.0, -0.3, 0.7, 1.7, 6.9)


def log_density(z, n):
    return -(n + 1) / 2 * mp.log1p(z * z / n) - mp.log(mp.sqrt(n) * mp.beta(n / 2, mp.mpf(0.5)))


def above(z, n):
    """P(Z > z) for z > 0"""
    x = n / (n + z * z)
    if x > 0.5:
        return (1 - mp.betainc(mp.mpf(0.5), n / 2, 0, 1 - x, regularized=True)) / 2
    return mp.hyp2f1(n / 2, 0.5, n / 2 + 1, x) * x ** (n / 2) / n / mp.beta(n / 2, mp.mpf(0.5))


def loss(loc, log_scale, log_df, y, *bounds):
    """−log p(y | a < Y) or −log p(y | a < Y < b), or the same from below, for bounds on one side of the location."""
    scale, n = mp.exp(log_scale), mp.exp(log_df)
    ends = sorted(abs(v - loc) / scale for v in bounds)
    mass = above(ends[0], n) - (above(ends[1], n) if len(ends) > 1 else 0)
    return mp.log(mass) + log_scale - log_density((y - loc) / scale, n)


def points(ratio, places):
    """(raw…, y, inner, outer bound), the inner one z scales out, on both sides; without the outer one if it is ∞."""
    found = []
    for log_df, z, place, side in product(LOG_DF, (0.5, 6.0, 40.0, 1e6), places, (1.0, -1.0)):
        if log_df < 5.0 or z < 100.0:  # e^−5000 is not what data are
            inner = 0.25 + side * z
            bounds = (inner, inner + side * z * ratio)[: 1 + np.isfinite(ratio)]
            found.append((0.25, -0.3, log_df, inner + side * z * place * min(ratio, 1e3), *bounds))
    return found


def rows(given):
    """(y, low, high) of points."""
    found = []
    for loc, _, _, y, inner, *outer in given:
        last = outer[0] if outer else np.copysign(INF, inner - loc)
        found.append([y, *sorted((inner, last))])
    return np.array(found)


@pytest.mark.parametrize("ratio", [INF, 40.0, 0.3, 2.0**-20])
def test_numerics_contract(ratio):
    """With a bound on one side, and between bounds that are far apart, near, and nearly the same."""
    given = points(ratio, (2.0**-20, 0.3) if np.isinf(ratio) else (0.25,))
    raw = np.ascontiguousarray(np.array(given)[:, :3].T)
    found = Truncated(StudentT()).loss().evaluate(rows(given), raw, 2)
    for part in numeric.ratios(found, loss, given):
        assert part.max() <= 1.0, (part.max(), given[part.argmax()])


@pytest.mark.parametrize(
    ("low", "high"), [(1000.0, INF), (-INF, -1000.0), (1000.0, 1001.0), (1000.0, 5000.0)]
)
def test_the_same_bounds_in_all_rows(low, high):
    given = {name: v for name, v in (("low", low), ("high", high)) if np.isfinite(v)}
    near = low if np.isfinite(low) else high
    y, raw = np.array([near, near * 1.0003]), np.array([[0.25] * 2, [-0.3] * 2, [1.2] * 2])
    found = Truncated(StudentT(), **given).loss().evaluate(y, raw, 2)
    at = [(*r, v) for r, v in zip(raw.T, y, strict=True)]
    for part in numeric.ratios(found, lambda *of: loss(*of, *map(mp.mpf, given.values())), at):
        assert part.max() <= 1.0


def test_far_out_only_the_degrees_of_freedom_are_left():
    """The tail is Pareto's, of which log y grows beyond the bound as an exponential of mean 1/n."""
    y = 1e9 * np.exp(np.random.default_rng(0).exponential(1.0 / 2.5, 2000))
    raw = np.tile([[0.0, 0.0, np.log(2.5)]], (y.size, 1))
    value, gradient = Truncated(StudentT(), low=1e9).nll_and_gradient(y, raw)
    excess = 2.5 * np.log(y / 1e9)
    np.testing.assert_allclose(value, excess + np.log(y / 2.5), rtol=1e-12)
    np.testing.assert_allclose(gradient[:, 2], excess - 1.0, rtol=1e-9, atol=1e-12)
    assert np.abs(gradient[:, 1]).max() < 1e-15


def test_bounds_on_pytorch():
    import torch

    given = points(0.3, (0.25,)) + points(INF, (0.3,))
    raw, y = np.array([point[:3] for point in given]), rows(given)
    value, gradient = Truncated(StudentT()).nll_and_gradient(y, raw)
    tensor = torch.tensor(raw, requires_grad=True)
    found = Truncated(StudentT()).nll(torch.tensor(y), tensor)
    found.sum().backward()
    np.testing.assert_allclose(found.detach().numpy(), value, rtol=1e-11)
    np.testing.assert_allclose(tensor.grad.numpy(), gradient, rtol=1e-8, atol=1e-14)
