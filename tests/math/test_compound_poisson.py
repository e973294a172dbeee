"""The sums and the deviance of Tweedie against many digits, over all their regimes."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp, mpf

from likely._math import compound_poisson, compound_poisson_tails, numpy_backend, power_divergence
from likely._math.evaluate import compile_program
from likely._math.graph import symbol
from oracles.compound import evaluate

_NAMES = ("log_sum", "slope_j", "slope_x", "curve_j_j", "curve_j_x", "curve_x_x")
_PROGRAM = compile_program(
    [
        getattr(compound_poisson, f"compound_poisson_{name}")(symbol("log_j"), symbol("log_x"))
        for name in _NAMES
    ],
    numpy_backend.TABLE,
)


def true_sums(log_j: float, log_x: float) -> list[mpf]:
    """The logarithm of the sum less ½ log(Js/2π), and its derivatives, from moments of the number and of ψ."""
    j, x = mp.exp(log_j), mp.exp(log_x)
    nu = x / j
    log_z = log_j + nu * log_x

    def mean(*powers: int) -> mpf:
        return evaluate(log_z, nu, *powers, *(0,) * (4 - len(powers))) / total

    total = evaluate(log_z, nu, 0, 0, 0, 0)
    # a = ∂/∂log J and b = ∂/∂log x of the logarithm of a term
    one, psi, two = mean(1), mean(1, 1), mean(2)
    cross, square, curve = mean(2, 1), mean(2, 2), mean(2, 0, 1)
    log_ = mpf(log_x)
    by_j = one - j - nu * (log_ * one - psi)
    by_x = nu * one - x + nu * (log_ * one - psi)
    # In n = number and s = number · (log x − ψ): a = n − J − νs, b = νn − x + νs.
    s, ss, ns = log_ * one - psi, log_**2 * two - 2 * log_ * cross + square, log_ * two - cross
    var_n, var_s, cov = two - one**2, ss - s**2, ns - one * s
    var_j = var_n - 2 * nu * cov + nu**2 * var_s
    var_x = nu**2 * (var_n + 2 * cov + var_s)
    both = nu * (var_n + cov) - nu**2 * (cov + var_s)
    # ∂(νs)/∂log ν = νs − ν²n²ψ′, ∂(νs)/∂log x at fixed ν = νn
    turned = nu * s - nu**2 * curve
    share = nu / (1 + nu)
    bend = share * (1 - share) / 2
    return [
        mp.log(total) - j - x - mp.log(j * share / (2 * mp.pi)) / 2,
        by_j - share / 2,
        by_x - (1 - share) / 2,
        var_j - j + turned + bend,
        both - turned - nu * one - bend,
        var_x - x + 2 * nu * one + turned + bend,
    ]


@pytest.mark.parametrize("reach", [3.0, 9.0])
def test_sums_in_all_regimes(reach: float) -> None:
    rng = np.random.default_rng(int(reach))
    log_j = np.concatenate([rng.uniform(-reach, reach, 14), [np.log(37.0) - 1e-6, 3.7, 0.0, -30.0]])
    log_x = np.concatenate([rng.uniform(-reach, reach, 14), [-9.0, -9.0, 8.0, 1.0]])
    with np.errstate(all="ignore"):
        found = _PROGRAM({"log_j": log_j, "log_x": log_x})
    for i in range(log_j.size):
        with mp.workdps(80):
            true = true_sums(float(log_j[i]), float(log_x[i]))
        for name, got, want in zip(_NAMES, found, true, strict=True):
            # What rounding of log J and log x does is not counted against ν large.
            scale = abs(want) + abs(true[1]) + abs(true[2])
            exact = 1e-12 if "curve" not in name else 1e-10
            assert abs(mpf(got[i]) - want) <= exact * scale, (name, log_j[i], log_x[i])


def test_sums_with_a_step_are_sums_over_all() -> None:
    """Where (1 + ν) J is 37 and the variance 2, the two ways to take the sum meet."""
    log_j = np.log([36.999999, 37.000001, 5.999999, 6.000001])
    log_x = log_j + np.log([1e-6, 1e-6, 2.0, 2.0])
    with np.errstate(all="ignore"):
        found = np.array(_PROGRAM({"log_j": log_j, "log_x": log_x})[:3])
    slope = found[1] + found[2]
    ahead = found[0, [0, 2]] + slope[[0, 2]] * (log_j[[1, 3]] - log_j[[0, 2]])
    np.testing.assert_allclose(found[0, [1, 3]], ahead, rtol=1e-12)
    np.testing.assert_allclose(slope[[1, 3]], slope[[0, 2]], rtol=1e-6)


@pytest.mark.parametrize("v", [0.0, 1e-12, 1e-3, 0.4, 0.999, 1.001, 7.0, 800.0])
@pytest.mark.parametrize("a", [1e-14, 0.02, 0.4, 0.5, 0.7, 1.0 - 1e-9])
def test_deviance_and_its_derivatives(v: float, a: float) -> None:
    names = ("", "_slope", "_cross", "_weight", "_weight_2")
    nodes = [
        getattr(power_divergence, f"power_divergence{n}")(symbol("v"), symbol("a"), symbol("b"))
        for n in names
    ]
    with np.errstate(all="ignore"):
        got = compile_program(nodes, numpy_backend.TABLE)(
            {"v": np.array([v]), "a": np.array([a]), "b": np.array([1.0 - a])}
        )
    with mp.workdps(90):

        def c(v: mpf, a: mpf) -> mpf:
            return (1 - mp.exp(-a * v) - a * (1 - mp.exp(-v))) / (a * (1 - a))

        orders = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 2))
        at, h = (mpf(v), mpf(a)), min(mpf(a), 1 - mpf(a)) / 1000
        true = [
            mp.diff(c, at, order, h=h * mpf(10) ** -12) if any(order) else c(*at)
            for order in orders
        ]
    for name, found, want in zip(names, got, true, strict=True):
        assert abs(mpf(float(found[0])) - want) <= 2e-14 * abs(want) + 1e-30, name


def test_tails_and_quantiles_invert_each_other() -> None:
    rng = np.random.default_rng(0)
    number, shape = np.exp(rng.uniform(-3.0, 8.0, 60)), np.exp(rng.uniform(-4.0, 6.0, 60))
    for level in (1e-9, 0.3, 0.5, 0.999):
        above = compound_poisson_tails.isf(level, number, shape)
        there = above > 0.0
        back = compound_poisson_tails.sf(above, number, shape)
        np.testing.assert_allclose(back[there], level, rtol=1e-12)
        assert (1.0 - np.exp(-number[~there]) <= level).all()
        below = compound_poisson_tails.quantile(level, number, shape)
        back = compound_poisson_tails.cdf(below, number, shape)
        np.testing.assert_allclose(back[below > 0.0], level, rtol=1e-12)
        assert (back[below == 0.0] >= level).all()


def test_tails_are_sums_with_many_digits() -> None:
    for number, shape, x in (
        (0.2, 0.7, 3.0),
        (4.0, 0.7, 0.01),
        (30.0, 2.0, 110.0),
        (6.0, 90.0, 500.0),
    ):
        lower, upper = mp.exp(-mpf(number)), mpf(0)
        for j in range(1, 140):
            weight = mpf(number) ** j * mp.exp(-mpf(number)) / mp.factorial(j)
            lower += weight * mp.gammainc(j * mpf(shape), 0, x, regularized=True)
            upper += weight * mp.gammainc(j * mpf(shape), x, mp.inf, regularized=True)
        assert float(compound_poisson_tails.cdf(x, number, shape)) == pytest.approx(
            float(lower), rel=1e-12
        )
        assert float(compound_poisson_tails.sf(x, number, shape)) == pytest.approx(
            float(upper), rel=1e-12
        )
