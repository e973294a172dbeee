"""Moments, the fold, the coefficient table and least absolute deviations."""

import threading

import numpy as np
import pytest

from likely.fitting import (
    Design,
    Response,
    Status,
    coefficient_table,
    fit_constant,
    fit_linear,
    moments,
)
from likely.fitting.blocks import fold
from likely.fitting.nonsmooth import sparsity


def test_moments_are_safe_weighted_and_mergeable():
    rng = np.random.default_rng(30)
    y = 1e9 + rng.standard_normal(100_000)
    whole = moments(y)
    assert whole.mean[0] == pytest.approx(1e9 + np.mean(y - 1e9), rel=1e-15)
    assert whole.variance[0] == pytest.approx(np.var(y - 1e9), rel=1e-8)
    merged = moments(y[:30_001]) + moments(y[30_001:])
    assert merged.variance[0] == pytest.approx(whole.variance[0], rel=1e-8)
    assert merged.count == 100_000
    weight = rng.integers(0, 3, y.size).astype(float)
    y -= 1e9
    weighted, repeated = moments(y, weight), moments(np.repeat(y, weight.astype(int)))
    assert weighted.variance[0] == pytest.approx(repeated.variance[0], rel=1e-12)
    assert weighted.weight == repeated.weight


def test_moments_of_statistics_skip_weight_zero():
    rng = np.random.default_rng(31)
    y = rng.gamma(2.0, size=600_000)
    weight = np.ones(y.size)
    y[::3], weight[::3] = 0.0, 0.0

    def statistics(part, out):
        out[0] = part
        np.log(part, out=out[1])

    found = moments(y, weight, statistics, 2)
    assert found.mean[0] == pytest.approx(y[weight > 0].mean(), rel=1e-13)
    assert found.mean[1] == pytest.approx(np.log(y[weight > 0]).mean(), rel=1e-13)
    assert found.variance[0] == pytest.approx(y[weight > 0].var(), rel=1e-12)
    means = moments(y, weight, statistics, 2, variances=False)
    assert (means.mean == found.mean).all()
    assert means.second.size == 0
    with pytest.raises(ValueError, match="nothing to fit"):
        moments(y, 0.0 * weight)


@pytest.mark.parametrize("blocks", [1, 2, 7, 64, 65, 1000])
def test_the_tree_does_not_depend_on_the_threads(blocks):
    def merge(a, b):
        return f"({a} {b})"

    trees = {fold(lambda block, _: str(block), blocks, merge, count) for count in (1, 2, 5)}
    assert len(trees) == 1
    leaves = trees.pop().replace("(", "").replace(")", "").split()
    assert [int(leaf) for leaf in leaves] == list(range(blocks))


def test_an_error_in_a_block_is_raised_here():
    def work(block, worker):
        if threading.current_thread() is not threading.main_thread() or block > 40:
            raise FloatingPointError("block")
        return 0

    with pytest.raises(FloatingPointError):
        fold(work, 200, lambda a, b: a + b, 2)


def test_coefficient_table():
    covariance = np.diag([0.25, np.nan])
    rows = coefficient_table([("loc", "x0"), ("loc", "x1")], np.array([1.0, 2.0]), covariance)
    assert rows[0].z == 2.0
    assert rows[0].p == pytest.approx(0.0455002638963584, rel=1e-12)
    assert rows[0].low == pytest.approx(1.0 - 1.959963984540054 * 0.5, rel=1e-12)
    assert rows[1].estimate == 2.0
    assert np.isnan([rows[1].std_error, rows[1].z, rows[1].p, rows[1].high]).all()
    with pytest.raises(ValueError, match="level"):
        coefficient_table([], np.zeros(0), np.zeros((0, 0)), level=95)


def test_least_absolute_deviations_with_a_certificate(losses):
    rng = np.random.default_rng(32)
    X = rng.standard_normal((20_000, 3)) * [1e-3, 1.0, 1e4]
    y = X @ [1e3, 2.0, 3e-4] + rng.laplace(size=20_000)
    result = fit_linear(losses.Laplace(), X, [Design(), Design(())], Response(y), start=[0.0, 0.0])
    assert result.status is Status.converged
    assert result.gradient_norm < 1e-9
    r = y - result.intercepts[0] - X @ result.slopes[0]
    order = np.argsort(np.abs(r))
    assert np.abs(r)[order[3]] < 1e-12  # it passes through as many rows as it has coefficients
    assert np.exp(result.intercepts[1]) == pytest.approx(np.abs(r).mean(), rel=1e-10)
    expected = np.sqrt(np.diag(result.covariances["expected"]))[:4]
    np.testing.assert_allclose(result.std_errors[:4], expected, rtol=0.1)


def test_predicted_scale_alternates_to_a_stationary_point(losses):
    rng = np.random.default_rng(33)
    x = rng.standard_normal((800, 1))
    y = 1.0 + x[:, 0] + np.exp(0.5 * x[:, 0]) * rng.laplace(size=800)
    weight = rng.integers(0, 3, 800).astype(float)
    result = fit_linear(
        losses.Laplace(), x, [Design(), Design()], Response(y, weight), start=[0.0, 0.0]
    )
    assert result.status is Status.converged
    base = result.loss
    loss = losses.Laplace()
    for j in range(4):
        for h in (-1e-5, 1e-5):
            b = result.parameters.copy()
            b[j] += h
            raw = np.stack([b[0] + b[1] * x[:, 0], b[2] + b[3] * x[:, 0]])
            assert weight @ loss.nll(y, raw) > base


def test_median(losses):
    rng = np.random.default_rng(34)
    y = rng.laplace(3.0, 2.0, 1000)
    result = fit_constant(losses.Laplace(), Response(y), start=[0.0, 0.0])
    assert result.intercepts[0] == pytest.approx(np.median(y), rel=1e-14)
    assert np.exp(result.intercepts[1]) == pytest.approx(np.abs(y - np.median(y)).mean(), rel=1e-10)
    weighted = fit_constant(
        losses.Laplace(),
        Response(np.array([1.0, 2.0, 5.0]), np.array([1.0, 1.0, 3.0])),
        start=[0.0, 0.0],
    )
    assert weighted.intercepts[0] == 5.0


def test_sparsity_of_laplace_residuals():
    rng = np.random.default_rng(35)
    assert sparsity(rng.laplace(size=100_000), np.ones(100_000)) == pytest.approx(2.0, rel=0.05)
    assert np.isnan(sparsity(np.arange(5.0), np.ones(5)))
    times, residuals = rng.integers(1, 5, 60), rng.laplace(size=60)
    rows = sparsity(np.repeat(residuals, times), np.ones(times.sum()), 0.3)
    assert sparsity(residuals, times.astype(float), 0.3) == pytest.approx(rows, rel=1e-12)
