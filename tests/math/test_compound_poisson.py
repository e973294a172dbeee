"""The sums and the deviance of Tweedie against many digits, over all their regimes."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp, mpf

import derive_compound_poisson
import derive_compound_poisson_waves
import likely
from likely._math import special
from likely._math.atoms import power_divergence
from likely._math.backends import numpy_backend
from likely._math.com_poisson import layout as com_poisson_patches
from likely._math.compound_poisson import density as compound_poisson
from likely._math.compound_poisson import expansion
from likely._math.compound_poisson import layout as compound_poisson_patches
from likely._math.compound_poisson import steps as compound_poisson_steps
from likely._math.compound_poisson import tails as compound_poisson_tails
from likely._math.evaluate import compile_program
from likely._math.graph import symbol
from oracles.compound import evaluate

_NAMES = ("log_sum", "slope_v", "slope_n", "curve_v_v", "curve_v_n", "curve_n_n")


def _program():
    v, n = symbol("log_v"), symbol("log_nu")
    given = (
        v, n, special.sigmoid(n), special.sigmoid(-n), -special.softplus(-n), -special.softplus(n)
    )  # fmt: skip
    atoms = [getattr(compound_poisson, f"compound_poisson_{name}") for name in _NAMES]
    return compile_program([atom(*given) for atom in atoms], numpy_backend.TABLE)


_PROGRAM = _program()


def true_sums(log_v: float, log_nu: float) -> list[mpf]:
    """The logarithm of the sum less ½ log(V/2π), and its derivatives, from moments of the number and of ψ."""
    v, nu = mp.exp(log_v), mp.exp(log_nu)
    of_x, of_j = nu / (1 + nu), 1 / (1 + nu)
    j, x = v / of_x, v / of_j
    log_x = mp.log(x)
    log_z = mp.log(j) + nu * log_x

    def mean(*powers: int) -> mpf:
        return evaluate(log_z, nu, *powers, *(0,) * (4 - len(powers))) / total

    total = evaluate(log_z, nu, 0, 0, 0, 0)
    one, psi, two = mean(1), mean(1, 1), mean(2)
    cross, square, curve = mean(2, 1), mean(2, 2), mean(2, 0, 1)
    # The derivative of a term's logarithm in log V is (1 + ν) number, and in log ν (a − νψ) number.
    a = nu * log_x + nu * of_x - of_j
    slope = a * one - nu * psi
    bend = nu * log_x + nu * of_x * (2 + of_j) + of_x * of_j
    mixed = (1 + nu) * (a * two - nu * cross - one * slope) + nu * one
    variance = a**2 * two - 2 * a * nu * cross + nu**2 * square - slope**2
    return [
        mp.log(total) - j - x - mp.log(v / (2 * mp.pi)) / 2,
        (1 + nu) * one - j - x - mpf(1) / 2,
        slope - v * (nu - 1 / nu),
        (1 + nu) ** 2 * (two - one**2) - j - x,
        mixed - v * (nu - 1 / nu),
        variance + bend * one - nu * psi - nu**2 * curve - v * (nu + 1 / nu),
    ]


@pytest.mark.parametrize("reach", [3.0, 7.0])
def test_sums_in_all_regimes(reach: float) -> None:
    rng = np.random.default_rng(int(reach))
    log_v = np.concatenate([rng.uniform(-reach, reach, 30), [np.log(5.0), 1.6, 2.0, 4.0, -30.0]])
    log_nu = np.concatenate([rng.uniform(-reach, reach, 30), [0.0, -9.0, 2.0, 4.0, 1.0]])
    _are_true(log_v, log_nu)


def _are_true(log_v: np.ndarray, log_nu: np.ndarray) -> None:
    with np.errstate(all="ignore"):
        found = _PROGRAM({"log_v": log_v, "log_nu": log_nu})
    for i in range(log_v.size):
        with mp.workdps(60):
            true = true_sums(float(log_v[i]), float(log_nu[i]))
        # What rounding of the arguments does, whose derivatives are among the others, and of terms: the one of log V
        # varies by the root of J + x among them.
        _, by_v, by_n, v_v, v_n, n_n = true
        sizes = abs(log_v[i]), abs(log_nu[i])
        moved = [(by_v, by_n), (v_v, v_n), (v_n, n_n)]
        slack = [sum(c * abs(d) for c, d in zip(sizes, m, strict=True)) for m in moved]
        spread = 2.0 * np.exp(0.5 * log_v[i]) * np.cosh(0.5 * log_nu[i])
        for got, want, more in zip(found[:3], true[:3], slack, strict=True):
            allowed = 1e-12 * abs(want) + 64 * 2.0**-53 * (spread + more)
            assert abs(mpf(got[i]) - want) <= allowed, (log_v[i], log_nu[i])
        for got, want in zip(found[3:], true[3:], strict=True):
            assert abs(mpf(got[i]) - want) <= 1e-9 * (abs(want) + abs(by_v) + abs(by_n))


def test_waves_keep_their_digits() -> None:
    """As far as J has digits: what its rounding does is 2πJ times the waves, and these fall as e^(−2π²σ²)."""
    rng = np.random.default_rng(5)
    log_nu = rng.uniform(np.log(20.0), np.log(1e6), 40)
    variance = np.exp(rng.uniform(np.log(1.0 / 6.0), np.log(4.0), 40))
    log_v = log_nu + np.log(variance)
    with np.errstate(all="ignore"):
        found = _PROGRAM({"log_v": log_v, "log_nu": log_nu})
    turn = 2.0 * np.pi * np.exp(log_v) * (1.0 + np.exp(-log_nu))
    wave = 128.0 * 2.0**-53 * turn * (np.abs(log_v) + np.abs(log_nu))
    wave = wave * np.exp(-2.0 * np.pi**2 * variance)
    across = 2.0 * np.pi**2 * (1.0 + variance)
    one = np.ones_like(turn)
    sizes = np.array([one, turn, across, turn * turn, turn * across, across * across])
    for i in range(log_v.size):
        with mp.workdps(60):
            true = true_sums(float(log_v[i]), float(log_nu[i]))
        for got, want, slack in zip(found, true, wave * sizes, strict=True):
            # Of a derivative in both the series leaves out 8 · 24 · 0.0146/V⁷, where it ends, at V = 40.
            assert abs(mpf(got[i]) - want) <= 2e-11 * abs(want) + slack[i], (log_v[i], log_nu[i])


_BORDER = compound_poisson_steps.TABLES["compound_poisson_border"]


def _border(j: int) -> float:
    return float((j + 1) * mp.log(j + 1) - j * mp.log(j) - 1)


def _log_nu(w: float) -> float:
    return float(np.log(np.expm1(w)))


def _log_v(strip: int, steps: float) -> float:
    """Where a patch of the middle of a strip begins, in which q is log J."""
    width = compound_poisson_patches.WIDTH
    found, w = compound_poisson_patches.LAYOUT[strip], width * (strip + 0.5)
    return float(found.low + steps * found.step + np.log(-np.expm1(-w)))


def _log_v_far(w: float) -> float:
    """From where on there are no waves."""
    layout = compound_poisson_patches
    return w + np.log(2.0) + layout.WIDER * max(w - layout.NARROW, 0.0)


def _log_v_of(log_j: float, log_nu: float) -> float:
    return float(log_j - np.log1p(np.exp(-log_nu)))


@pytest.mark.parametrize(
    ("log_v", "log_nu", "move"),
    [
        (np.log(6.0), -1.0, (1.0, 0.0)),  # far out, and patches
        (_log_v_far(2.4), _log_nu(2.4), (1.0, 0.0)),  # the same, of a larger ν
        (0.3, _log_nu(3.6), (0.0, 1.0)),  # patches, and the sum
        (3.0, _log_nu(3.6), (0.0, 1.0)),  # the same, of more amounts
        (_log_v_far(4.0), _log_nu(4.0), (1.0, 0.0)),  # that, and far out
        (np.log(60.0), _log_nu(0.158347184), (0.0, 1.0)),  # two far out
        (0.3, _log_nu(0.4), (0.0, 1.0)),  # two strips
        (0.3, _log_nu(0.8), (0.0, 1.0)),  # the same, of log x and of log J
        (-4.0, _log_nu(0.8), (0.0, 1.0)),  # and below
        (_log_v(5, 0.0), _log_nu(1.1), (1.0, 0.0)),  # below, and the first patch
        (_log_v(8, 3.0), _log_nu(1.7), (1.0, 0.0)),  # two patches
    ],
)  # fmt: skip
def test_kinds_of_polynomials_meet(log_v: float, log_nu: float, move: tuple[float, float]) -> None:
    """Beside a place where another kind begins, and on it, a step of 1e-7 is the derivative's."""
    step = np.array([-2e-7, -1e-7, 0.0, 1e-7, 2e-7])
    with np.errstate(all="ignore"):
        found = _PROGRAM({"log_v": log_v + move[0] * step, "log_nu": log_nu + move[1] * step})
    value, slope = found[0], move[0] * found[1] + move[1] * found[2]
    np.testing.assert_allclose(np.diff(value), 1e-7 * slope[1:], rtol=1e-5, atol=1e-15)
    for other in found[1:]:
        np.testing.assert_allclose(other, other[0], rtol=1e-4)


@pytest.mark.parametrize(
    ("log_v", "log_nu", "move"),
    [
        (np.log(40.0), np.log(45.0), (1.0, 0.0)),  # the sum, and an integral with waves
        (_log_v_far(3.5), _log_nu(3.5), (1.0, 0.0)),  # far out, and patches of waves
        (_log_v(16, 40.0), _log_nu(3.3), (1.0, 0.0)),  # two of these
        (2.5, _log_nu(3.2), (0.0, 1.0)),  # the same, of two strips
        (1.0, _log_nu(3.6), (0.0, 1.0)),  # these, and the sum
        (3.6, _log_nu(3.6), (0.0, 1.0)),
        (4.2, _log_nu(3.6), (0.0, 1.0)),  # and waves
        (_log_v_of(np.log(64.0), 6.5), 6.5, (1.0, 0.0)),  # sums of few amounts, and of many
        (_log_v_of(_border(1), 5.0), 5.0, (1.0, 0.0)),  # two whole numbers are equally near
        (_log_v_of(_border(7), 4.0), 4.0, (1.0, 0.0)),
        (_log_v_of(_border(63), 7.0), 7.0, (1.0, 0.0)),
        (_log_v_of(_border(90), 8.0), 8.0, (1.0, 0.0)),  # of many
        (_log_v_of(0.0, 9.0), 9.0, (1.0, 0.0)),  # one is expected
        (_log_v_of(np.log(17.5), 25.0), 25.0, (1.0, 0.0)),  # amounts are all but equal
        (_log_v_of(np.log(1000.4), 11.0), 11.0, (1.0, 0.0)),
    ],
)  # fmt: skip
def test_sums_where_kinds_meet(log_v: float, log_nu: float, move: tuple[float, float]) -> None:
    step = np.array([-1e-3, -1e-9, 0.0, 1e-9, 1e-3])
    _are_true(log_v + move[0] * step, log_nu + move[1] * step)


def test_few_amounts_of_nearly_one_size() -> None:
    """Where terms come from tables: every number of amounts that is nearest, from where on there are such tables."""
    rng = np.random.default_rng(3)
    log_nu = np.concatenate([rng.uniform(3.56, 8.0, 60), rng.uniform(8.0, 30.0, 20)])
    log_j = np.log(rng.uniform(0.0, 70.0, 80))
    log_j[::5] = rng.uniform(-20.0, 1.0, 16)
    _are_true(log_j - np.log1p(np.exp(-log_nu)), log_nu)


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


@pytest.mark.parametrize("patch", [1, 2, 13, 60, 150, 400, 790])
def test_patches_are_what_the_tool_derives(patch: int) -> None:
    derived, left_out = derive_compound_poisson.derived(patch)
    np.testing.assert_allclose(
        compound_poisson_patches.coefficients()[patch],
        derived,
        rtol=1e-9,
        atol=1e-18,
    )
    assert left_out[0] < 3e-17
    assert left_out[1] < 5e-15


def test_the_series_is_what_the_tool_derives() -> None:
    derived = derive_compound_poisson_waves.derived()
    assert tuple(tuple(map(float, terms)) for terms in derived) == expansion.COEFFICIENTS


def test_the_table_has_a_row_for_each_patch() -> None:
    for module in (compound_poisson_patches, com_poisson_patches):
        table = module.coefficients()
        assert table.shape == (module.PATCHES, sum(module.POWERS) + 1)
        assert (table[:, -1] == 0.0).all()


def test_amounts_that_nobody_has_seen():
    """Of 1e100 there would have to be so many amounts that their number is none."""
    law = likely.Tweedie().at(mean=1.0, dispersion=1.0, power=1.5)
    np.testing.assert_array_equal(law.sf([1e3, 1e20, 1e100, 1e308]), 0.0)
    np.testing.assert_array_equal(law.cdf([1e3, 1e20, 1e100, 1e308]), 1.0)
    levels = np.array([1e-10, 1e-100, 1e-290])
    np.testing.assert_allclose(law.sf(law.isf(levels)), levels, rtol=1e-10)
