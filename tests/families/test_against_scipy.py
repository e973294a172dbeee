"""Every family of the package against SciPy, finite differences and its own definition."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import scipy.stats

from likely.families.registry import modules, specification
from likely.inference.construct import predictive
from likely.losses.nll import NegativeLogLikelihood
from oracles import grid, tabulated

SPECIFICATIONS = [specification(m) for m in modules()]
SCALAR = [s for s in SPECIFICATIONS if s.vector is None]
WITH_SCIPY = [s for s in SCALAR if s.scipy]
BOTH_SIGNS = {
    (name, "shape") for name in ("GeneralisedPareto", "GeneralisedExtremeValue", "GeneralisedGamma")
}
MIDDLING = (-0.7, 0.4, 1.3)
LEVELS = np.array([1e-6, 0.03, 0.25, 0.5, 0.8, 0.99])


def by_name(s: Any) -> str:
    return s.name


def loss_of(s: Any) -> NegativeLogLikelihood:
    return grid.loss(grid.combination(s.name))


def raws(loss: NegativeLogLikelihood) -> list[np.ndarray]:
    """A few unremarkable raw predictions; df and shape such that moments exist.

    And such that no mass of proportions lies between 1 and the float64 number below it.
    """
    found = [np.array(r) for r in product(MIDDLING, repeat=loss.columns)][::3]
    s = loss.specification
    for raw in found:
        for j, name in enumerate(loss.column_names):
            raw[j] += 2.0 if name in ("df", "precision") else 0.0
            # Shapes of either sign: a variance exists below ½, a regular end of the support above −½.
            raw[j] *= 0.3 if (s.name, name) in BOTH_SIGNS else 1.0
    if s.support.high != 1.0 or s.support.integer:
        return found
    return [raw for raw in found if predictive(loss, raw).sf(1.0 - 2.0**-53) < 1e-12]


def frozen(s: Any, loss: NegativeLogLikelihood, raw: np.ndarray) -> Any:
    """SciPy's distribution at the same parameters."""
    name, arguments = s.scipy
    theta = [_Plain(float(loss.formula(p, raw[:, np.newaxis])[0])) for p in s.parameters]
    if s.support.name == "circular":
        return tabulated.VonMises(theta[1], theta[0])
    given = {k: float(_number(v)) for k, v in arguments(*theta).items()}
    return getattr(scipy.stats, name)(**given)


class _Plain(float):
    """A number with the one view that the arguments of SciPy's distributions are written in."""

    @property
    def complement(self) -> float:
        return 1.0 - self


def _number(value: Any) -> float:
    """Arguments may be written with likely's exp, which leaves a constant node."""
    from likely._math.backends import numpy_backend
    from likely._math.evaluate import compile_program
    from likely._math.graph import Node

    if isinstance(value, Node):
        return float(compile_program([value], numpy_backend.TABLE)({})[0])
    return float(value)


def responses(s: Any, loss: NegativeLogLikelihood, raw: np.ndarray) -> np.ndarray:
    y = np.array(grid.responses(grid.combination(s.name), loss, raw, [], np.random.default_rng(1)))
    return y[(np.abs(y) < 1e6) & ((y == 0) | (np.abs(y) > 1e-6)) & (np.abs(y - 1) > 1e-6)]


def call(loss: NegativeLogLikelihood, name: str, raw: np.ndarray, first: Any = None) -> np.ndarray:
    return np.asarray(loss.formula(name, raw[:, np.newaxis], first))


@pytest.mark.parametrize("s", WITH_SCIPY, ids=by_name)
def test_log_density(s: Any) -> None:
    loss = loss_of(s)
    for raw in raws(loss):
        y = responses(s, loss, raw)
        other = frozen(s, loss, raw)
        expected = other.logpmf(y) if s.support.integer else other.logpdf(y)
        found = loss.evaluate(y, np.repeat(raw[:, np.newaxis], y.size, 1), 0)[0]
        np.testing.assert_allclose(-found, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("s", SCALAR, ids=by_name)
def test_gradient_and_curvature_against_differences(s: Any) -> None:
    loss, h = loss_of(s), 1e-3
    steps, weights = np.array([-2, -1, 1, 2]) * h, np.array([1, -8, 8, -1]) / (12 * h)
    for raw in raws(loss):
        y = responses(s, loss, raw)
        spread = grid._centre(loss, raw)
        if not s.support.integer:  # differences lose digits where the loss is large
            y = y[np.abs(y - spread[0]) < 20 * spread[1]]
        if not loss.smooth:
            y = y[np.abs(y - spread[0]) > 0.01]
        if (s.name, "shape") in BOTH_SIGNS:
            y = y[y < 0.9 * call(loss, "isf", raw, np.zeros(1))[0]]
        columns = np.repeat(raw[:, np.newaxis], y.size, 1)
        _, gradient, packed = loss.evaluate(y, columns, 2)
        for j in range(loss.columns):
            moved = []
            for step in steps:
                ahead = columns.copy()
                ahead[j] += step
                value, slope, _ = loss.evaluate(y, ahead, 1)
                moved.append(np.vstack([value, slope]))
            differences = np.tensordot(weights, np.array(moved), axes=1)
            scale = 1.0 + np.abs(moved[0])
            np.testing.assert_array_less(
                np.abs(differences[0] - gradient[j]), 1e-8 * scale[0] + 1e-6 * np.abs(gradient[j])
            )
            for i in range(j, loss.columns):
                entry = packed[i * (i + 1) // 2 + j]
                error = np.abs(differences[1 + i] - entry)
                np.testing.assert_array_less(error, 1e-8 * scale[1 + i] + 1e-6 * np.abs(entry))


def expectation(s: Any, loss: NegativeLogLikelihood, raw: np.ndarray, values: Any) -> np.ndarray:
    """The mean of values(y) (m, n) over the distribution, by a sum or by quadrature over panels."""

    def weighted(y: np.ndarray) -> np.ndarray:
        nll = loss.evaluate(y, np.repeat(raw[:, np.newaxis], y.size, 1), 0)[0]
        return values(y) * np.exp(-nll)

    if s.support.integer:
        top = 1 if s.support.high == 1.0 else 4000
        return weighted(np.arange(s.support.low, top + 1.0)).sum(axis=1)
    middle, spread = grid._centre(loss, raw)
    low, end = (
        loss.formula(n, raw[:, np.newaxis])[0] if n in s.formulas else edge
        for n, edge in (("lower", s.support.low), ("upper", np.inf))
    )

    if s.support.name == "circular":  # a periodic function's mean over equal steps
        t, step = np.linspace(-np.pi, np.pi, 3000, endpoint=False, retstep=True)
        return weighted(t).sum(axis=1) * step

    def integrand(t: np.ndarray) -> np.ndarray:
        # Doubly exponential substitutions: the ends, with poles and tails, are far off.
        if s.support.high == 1.0:
            u = np.pi * np.sinh(t)
            y, slope = 1 / (1 + np.exp(-u)), np.pi * np.cosh(t) / (2 + 2 * np.cosh(u))
        elif end < np.inf and low == -np.inf:
            slope = spread * np.exp(np.pi / 2 * np.sinh(t))
            y, slope = end - slope, slope * np.pi / 2 * np.cosh(t)
        elif end < np.inf:
            u = np.pi * np.sinh(t)
            y = np.where(u < 0.0, end / (1 + np.exp(-u)), end - end / (1 + np.exp(u)))
            slope = end * np.pi * np.cosh(t) / (2 + 2 * np.cosh(u))
        elif low > -np.inf:
            slope = np.exp(np.pi / 2 * np.sinh(t))
            y, slope = low + slope, slope * np.pi / 2 * np.cosh(t)
        else:
            u = np.pi / 2 * np.sinh(t)
            y, slope = middle + spread * np.sinh(u), spread * np.cosh(u) * np.pi / 2 * np.cosh(t)
        inside = s.support.contains(y) & (slope > 1e-280)
        return np.where(inside, weighted(np.where(inside, y, 0.5)) * slope, 0.0)

    t, step = np.linspace(-4.5, 4.5, 6001, retstep=True)
    with np.errstate(all="ignore"):
        total = np.nan_to_num(integrand(t)).sum(axis=1) * step
    return total if s.point is None else total + weighted(np.array([s.point]))[:, 0]


@pytest.mark.parametrize("s", SCALAR, ids=by_name)
def test_density_integrates_to_1_and_the_score_has_the_declared_moments(s: Any) -> None:
    loss = loss_of(s)
    k = loss.columns
    pairs = [(i, j) for i in range(k) for j in range(i + 1)]
    for raw in raws(loss)[::2]:

        def values(y: np.ndarray, raw: np.ndarray = raw) -> np.ndarray:
            gradient = loss.evaluate(y, np.repeat(raw[:, np.newaxis], y.size, 1), 1)[1]
            products = np.array([gradient[i] * gradient[j] for i, j in pairs])
            return np.vstack([np.ones_like(y), gradient, products])

        found = expectation(s, loss, raw, values)
        exact = 1e-9 if loss.smooth else 1e-3  # the quadrature meets Laplace's kink
        assert found[0] == pytest.approx(1.0, abs=exact)
        np.testing.assert_allclose(found[1 : 1 + k], 0.0, atol=10 * exact)
        if "expected" in loss.curvature_kinds:
            y = np.array([0.5 if s.support.high == 1.0 and not s.support.integer else 1.0])
            expected = loss.evaluate(y, raw[:, np.newaxis], 2, "expected")[2][:, 0]
            np.testing.assert_allclose(found[1 + k :], expected, rtol=100 * exact, atol=10 * exact)


@pytest.mark.parametrize("s", WITH_SCIPY, ids=by_name)
def test_distribution_functions(s: Any) -> None:
    loss = loss_of(s)
    for raw in raws(loss):
        other, y = frozen(s, loss, raw), responses(s, loss, raw)
        for name, points in (("cdf", y), ("sf", y), ("quantile", LEVELS), ("isf", LEVELS)):
            if name not in s.formulas:
                continue
            found = call(loss, name, raw, points)
            expected = getattr(other, {"quantile": "ppf"}.get(name, name))(points)
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-300, err_msg=name)
        if {"cdf", "quantile"} <= set(s.formulas) and not s.support.integer:
            back = call(loss, "cdf", raw, call(loss, "quantile", raw, LEVELS))
            np.testing.assert_allclose(back, LEVELS, rtol=1e-9, atol=1e-13)
        if {"sf", "isf"} <= set(s.formulas) and not s.support.integer:
            back = call(loss, "sf", raw, call(loss, "isf", raw, LEVELS))
            np.testing.assert_allclose(back, LEVELS, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("s", WITH_SCIPY, ids=by_name)
def test_moments_entropy_and_mode(s: Any) -> None:
    loss = loss_of(s)
    for raw in raws(loss):
        other = frozen(s, loss, raw)
        for name in ("mean", "var", "entropy"):
            if name in s.formulas or name in s.parameters:
                found, expected = call(loss, name, raw)[0], getattr(other, name)()
                if s.name == "GeneralisedGamma" and np.isinf(found):
                    continue  # SciPy's formula goes on beyond its pole
                if np.isnan(expected):  # SciPy's word for a moment that diverges
                    assert not np.isfinite(found)
                    continue
                np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)
        if "mode" in s.formulas:
            mode = call(loss, "mode", raw)[0]
            step = 1.0 if s.support.integer else 1e-4 * grid._centre(loss, raw)[1]
            y = np.array([mode, mode - step, mode + step])
            y = y[s.support.contains(y)]
            nll = loss.evaluate(y, np.repeat(raw[:, np.newaxis], y.size, 1), 0)[0]
            if s.support.contains(np.array([mode]))[0]:  # else it is an edge that the density has
                assert (nll[0] <= nll + 1e-12).all()
