"""The expansions of the special functions against mpmath, over the whole domain of each.

Every row of CASES holds a function, its truth, the points that its domain needs beside the common
random ones, and the largest relative error allowed: what was measured on 50 times as many points,
rounded up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import mpmath as mp
import numpy as np
import pytest

from likely._math import special
from likely._math.backends.numpy_backend import TABLE
from likely._math.evaluate import compile_program
from likely._math.graph import symbol

DIGITS = 60
POINTS = 250
TINY = np.finfo(float).tiny


def evaluate(name: str, *arguments: np.ndarray) -> np.ndarray:
    names = [f"x{i}" for i in range(len(arguments))]
    program = compile_program([getattr(special, name)(*map(symbol, names))], TABLE)
    with np.errstate(all="ignore"):
        return program(dict(zip(names, arguments, strict=True)))[0]


# --- Truth. --------------------------------------------------------------------------------------


def stirling(order: int) -> Callable[[mp.mpf], mp.mpf]:
    """The derivative of S of this order, by its definition or far out by the Bernoulli series."""

    def truth(x: mp.mpf) -> mp.mpf:
        if x > 1e8:
            return mp.fsum(
                mp.bernoulli(2 * k)
                / (2 * k * (2 * k - 1))
                * mp.ff(1 - 2 * k, order)
                / x ** (2 * k - 1 + order)
                for k in range(1, 7)
            )
        if order == 0:
            return mp.loggamma(x) - (x - 0.5) * mp.log(x) + x - mp.log(2 * mp.pi) / 2
        if order == 1:
            return mp.digamma(x) - mp.log(x) + 1 / (2 * x)
        if order == 2:
            return mp.psi(1, x) - 1 / x - 1 / (2 * x**2)
        return mp.psi(2, x) + 1 / x**2 + 1 / x**3

    return truth


def count_half_error(y: mp.mpf) -> mp.mpf:
    x = y + mp.mpf(1) / 2
    if x > 1e8:
        return -1 / (24 * x) + 7 / (2880 * x**3)
    return mp.loggamma(y + 1) - x * mp.log(x) + x - mp.log(2 * mp.pi) / 2


def log_factorial_error(y: mp.mpf) -> mp.mpf:
    if y == 0:
        return mp.mpf(0)
    if y < 1e-20:
        return y * (1 - mp.euler - mp.log(y)) + mp.zeta(2) / 2 * y**2
    if y > 1e8:
        return stirling(0)(y) + mp.log(2 * mp.pi * y) / 2
    return mp.loggamma(y + 1) - y * mp.log(y) + y


def log_factorial_error_1(y: mp.mpf) -> mp.mpf:
    if y > 1e8:
        return stirling(1)(y) + 1 / (2 * y)
    return mp.digamma(y + 1) - mp.log(y)


def log1pmx(x: mp.mpf) -> mp.mpf:
    if abs(x) < 1e-10:
        return mp.fsum((-1) ** (k + 1) * x**k / k for k in range(2, 10))
    return mp.log(1 + x) - x


def log1p_residual(x: mp.mpf) -> mp.mpf:
    if abs(x) < 1e-10:
        return mp.fsum((-1) ** k * x**k * (k - 1) / k for k in range(2, 10))
    return mp.log(1 + x) - x / (1 + x)


def expm1mx(x: mp.mpf) -> mp.mpf:
    if abs(x) < 1e-10:
        return mp.fsum(x**k / mp.factorial(k) for k in range(2, 10))
    return mp.exp(max(x, mp.mpf(-1000))) - 1 - x


def log_ratio(x: mp.mpf, m: mp.mpf, d: mp.mpf) -> mp.mpf:
    # Near x = m the digits are in d, far from it in x.
    return mp.log1p(d / m) if abs(d) < m / 10 else mp.log(x / m)


def relative_entropy_term(x: mp.mpf, m: mp.mpf, d: mp.mpf) -> mp.mpf:
    if abs(d) < m / 10:
        return m * (d / m * log1p_residual(d / m) + log1p_residual(d / m))
    return x * mp.log(x / m) - d if x > 0 else m


def softplus(x: mp.mpf) -> mp.mpf:
    return x if x > 1000 else mp.log1p(mp.exp(x))


def sigmoid(x: mp.mpf) -> mp.mpf:
    return mp.mpf(1) if x > 1000 else mp.exp(x) / (1 + mp.exp(x))


def log_softplus(x: mp.mpf) -> mp.mpf:
    return x if x < -1000 else mp.log(softplus(x))


def log1mexp(x: mp.mpf) -> mp.mpf:
    return mp.log(-mp.expm1(-x)) if x < 1 else mp.log1p(-mp.exp(-x))


def erfcx(x: mp.mpf) -> mp.mpf:
    if x > 1e4:
        terms = [(-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(8)]
        return mp.fsum(terms) / (x * mp.sqrt(mp.pi))
    return mp.exp(x * x) * mp.erfc(x)


def ndtr(x: mp.mpf) -> mp.mpf:
    tail = mp.erfc(abs(x) / mp.sqrt(2)) / 2 if abs(x) < 1000 else mp.mpf(0)
    return tail if x < 0 else 1 - tail


def log_ndtr(x: mp.mpf) -> mp.mpf:
    if x < 0:
        a = -x / mp.sqrt(2)
        return mp.log(erfcx(a) / 2) - a * a
    return mp.log1p(-ndtr(-x))


def inverse_mills(x: mp.mpf) -> mp.mpf:
    a = abs(x) / mp.sqrt(2)
    if x < 0:
        return mp.sqrt(2 / mp.pi) / erfcx(a)
    return mp.npdf(min(x, mp.mpf(1000))) / ndtr(x)


# --- Points. -------------------------------------------------------------------------------------


def around(*borders: float) -> np.ndarray:
    """Each border with its neighbours: 3 numbers on either side, and a little farther."""
    steps = np.array([-1e3, -3, -2, -1, 0, 1, 2, 3, 1e3]) * np.finfo(float).eps
    return np.concatenate([b * (1 + steps) for b in borders])


def logarithmic(low: float, high: float) -> Callable[[np.random.Generator, int], np.ndarray]:
    return lambda rng, n: np.exp(rng.uniform(np.log(low), np.log(high), n))


def uniform(low: float, high: float) -> Callable[[np.random.Generator, int], np.ndarray]:
    return lambda rng, n: rng.uniform(low, high, n)


def signed(low: float, high: float) -> Callable[[np.random.Generator, int], np.ndarray]:
    return lambda rng, n: logarithmic(low, high)(rng, n) * rng.choice([-1.0, 1.0], n)


POSITIVE = (logarithmic(1e-300, 1e300), logarithmic(1e-4, 1e4), uniform(0, 3))
ABOVE_ONE = (logarithmic(1.0, 1e100), logarithmic(1.0, 1e4), uniform(1, 3))
ABOVE_TWO = (logarithmic(2.0, 1e100), uniform(2, 4))
INTEGERS = np.arange(1.0, 40.0)
SHIFT = around(1.0, 0.5, 2.0)
ENDS = np.array([1e-300, 1e300])
EDGES = np.array([6.8e-155, 1.78e-103, 1.8e-103])  # S'' and S''' are close to overflow


@dataclass(frozen=True)
class Case:
    truth: Callable[..., mp.mpf]
    bound: float
    random: tuple[Callable[[np.random.Generator, int], np.ndarray], ...]
    fixed: np.ndarray = field(default_factory=lambda: np.empty(0))
    #: Below this magnitude of the true value, the error is measured against this magnitude.
    floor: float = TINY

    def points(self, n: int) -> np.ndarray:
        rng = np.random.default_rng(20240501)
        return np.concatenate([self.fixed, *(draw(rng, n) for draw in self.random)])


REMAINDER = (signed(1e-150, 0.9), uniform(-1, 2), logarithmic(1e-3, 1e300))
REMAINDER_BORDERS = around(0.5, -1 / 3, 1.0, -0.5)
LOGISTIC = (uniform(-708, 708), uniform(-5, 5), signed(1e-300, 700))
NORMAL = (uniform(-37.5, 37.5), uniform(-3, 3), signed(1e-300, 37.5))
CLOSE_TO_ZERO = np.array([0.0, 1e-300, -1e-300, 1e-17, -1e-17, 1e-8, -1e-8])

CASES: dict[str, Case] = {
    "stirling_error": Case(stirling(0), 3.5e-15, POSITIVE, np.r_[SHIFT, ENDS, INTEGERS]),
    "stirling_error_1": Case(stirling(1), 2.5e-15, POSITIVE, np.r_[SHIFT, ENDS, INTEGERS]),
    "stirling_error_2": Case(stirling(2), 1.5e-15, POSITIVE, np.r_[SHIFT, ENDS, INTEGERS, EDGES]),
    "stirling_error_3": Case(stirling(3), 3e-14, POSITIVE, np.r_[SHIFT, ENDS, INTEGERS, EDGES]),
    "stirling_above": Case(stirling(0), 1.6e-15, ABOVE_ONE, np.r_[1.0, INTEGERS, 1e300]),
    "stirling_from_2": Case(stirling(0), 1.2e-15, ABOVE_TWO, np.r_[INTEGERS[1:], 1e300]),
    "stirling_slope_from_2": Case(
        lambda u: -stirling(1)(1 / u) / u**2, 1.8e-15, (uniform(0.0, 0.5),), 1.0 / INTEGERS[1:]
    ),
    "count_half_error": Case(
        count_half_error,
        2e-15,
        (lambda rng, n: np.floor(logarithmic(1.0, 1e100)(rng, n)),),
        np.r_[0.0, INTEGERS],
    ),
    "log_factorial_error": Case(
        log_factorial_error, 8e-16, POSITIVE, np.r_[SHIFT, ENDS, INTEGERS, 0.0]
    ),
    "log_factorial_error_1": Case(
        log_factorial_error_1, 8e-16, POSITIVE, np.r_[SHIFT, ENDS, INTEGERS]
    ),
    "log1pmx": Case(log1pmx, 1e-15, REMAINDER, np.r_[REMAINDER_BORDERS, CLOSE_TO_ZERO, 1e300]),
    "log1p_residual": Case(
        log1p_residual, 1.2e-15, REMAINDER, np.r_[REMAINDER_BORDERS, CLOSE_TO_ZERO, 1e300]
    ),
    "expm1mx": Case(
        expm1mx,
        1.6e-15,
        (signed(1e-150, 700), uniform(-2, 2), lambda rng, n: -logarithmic(1, 1e300)(rng, n)),
        np.r_[around(0.26, -0.26), CLOSE_TO_ZERO, 709.7, 710.0, 1e300, -1e300],
    ),
    "softplus": Case(softplus, 4e-16, LOGISTIC, np.r_[CLOSE_TO_ZERO, 1e300, -1e300, 745.0, -745.0]),
    "sigmoid": Case(sigmoid, 4e-16, LOGISTIC, np.r_[CLOSE_TO_ZERO, 1e300, -1e300, 745.0, -745.0]),
    "log_softplus": Case(
        log_softplus,
        4e-16,
        (*LOGISTIC, signed(1, 1e300)),
        np.r_[CLOSE_TO_ZERO, 1e300, -1e300, around(-37.0, 0.541324854612918), -745.0, -746.0],
        floor=1.0,
    ),
    "log1mexp": Case(
        log1mexp,
        2.2e-15,
        (logarithmic(1e-300, 708), logarithmic(1e-3, 50), uniform(0, 2)),
        np.r_[around(np.log(2.0), 1.0, 36.7, 37.5), 1e-300, 708.0, 745.0, 1e300],
    ),
    "erfcx": Case(erfcx, 2e-15, POSITIVE, np.r_[ENDS, 0.0, around(0.5, 3.0)]),
    "ndtr": Case(ndtr, 2.2e-15, NORMAL, np.r_[CLOSE_TO_ZERO, -40.0, 40.0, 1e300, -1e300]),
    "log_ndtr": Case(
        log_ndtr,
        2e-15,
        (*NORMAL, lambda rng, n: -logarithmic(1, 1e150)(rng, n)),
        np.r_[CLOSE_TO_ZERO, -1e8, 40.0, 1e300, -40.0],
    ),
    "inverse_mills": Case(
        inverse_mills,
        2.1e-15,
        (*NORMAL, lambda rng, n: -logarithmic(1, 1e300)(rng, n)),
        np.r_[CLOSE_TO_ZERO, -1e8, 40.0, 1e300, -40.0, -1e300],
    ),
}
PAIR_BOUNDS = {"log_ratio": 5e-16, "relative_entropy_term": 2.2e-15}
PAIR_TRUTHS = {"log_ratio": log_ratio, "relative_entropy_term": relative_entropy_term}


def pairs(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, m and d = x - m, with d given more finely than x and m where they nearly agree."""
    rng = np.random.default_rng(7)
    m = np.tile(logarithmic(1e-140, 1e140)(rng, n), 3)
    relative = np.concatenate([signed(1e-30, 0.09)(rng, n), uniform(-0.5, 1)(rng, n), np.zeros(n)])
    relative = np.r_[relative, around(0.5, -1 / 3, 0.1, -0.1), 1e-16, -1e-16, 0.0]
    m = np.r_[m, np.full(relative.size - m.size, 3.7)]
    d = m * relative
    x = m + d
    far = np.arange(2 * n, 3 * n)
    x[far] = m[far] * logarithmic(1e-150, 1e150)(rng, n)
    x, m, d = (np.r_[a, b] for a, b in ((x, [0.0, 1e300, 1e-300]), (m, [2.5] * 3), (d, [0.0] * 3)))
    away = np.abs(x - m) > 0.05 * m
    d[away] = (x - m)[away]
    return x, m, d


# --- Comparison. ---------------------------------------------------------------------------------


def errors(
    truth: Callable[..., mp.mpf], got: np.ndarray, floor: float, *arguments: np.ndarray
) -> np.ndarray:
    """Relative errors; 0 where both overflow alike."""
    result = np.empty(got.size)
    with mp.workdps(DIGITS):
        for i, value in enumerate(got.tolist()):
            true = truth(*(mp.mpf(float(a[i])) for a in arguments))
            if np.isinf(value) and np.sign(value) == mp.sign(true) and np.isinf(float(true)):
                result[i] = 0.0
            else:
                result[i] = abs(mp.mpf(value) - true) / max(abs(true), floor)
    return result


def measure(name: str, n: int) -> tuple[float, tuple[float, ...]]:
    """The largest error over n points of each kind, and where."""
    if name in PAIR_TRUTHS:
        arguments = pairs(n)
        if name == "log_ratio":
            arguments = tuple(a[arguments[0] > 0] for a in arguments)
        truth, floor = PAIR_TRUTHS[name], TINY
    else:
        case = CASES[name]
        arguments, truth, floor = (case.points(n),), case.truth, case.floor
    found = errors(truth, evaluate(name, *arguments), floor, *arguments)
    worst = int(np.argmax(np.where(np.isnan(found), np.inf, found)))
    return float(found[worst]), tuple(float(a[worst]) for a in arguments)


@pytest.mark.parametrize("name", [*CASES, *PAIR_BOUNDS])
def test_error(name: str) -> None:
    error, where = measure(name, POINTS)
    bound = PAIR_BOUNDS[name] if name in PAIR_BOUNDS else CASES[name].bound
    assert error <= bound, f"{name}{where}: relative error {error:.2e}"


@pytest.mark.parametrize(("name", "bound"), [("erfcx", 2.0**-53), ("ndtr", 1.5 * 2.0**-52)])
def test_error_around_0(name: str, bound: float) -> None:
    """A mean through the probit link is compared with a y of a half, where the loss may have no slope at all."""
    x = np.exp(np.random.default_rng(5).uniform(-40.0, np.log(0.1), 200))
    x = x if name == "erfcx" else np.r_[x, -x]
    assert errors(CASES[name].truth, evaluate(name, x), TINY, x).max() <= bound
    assert evaluate(name, np.array([0.0, 1e-300, 1e-17])).tolist() == [CASES[name].truth(0)] * 3


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("stirling_error", 0.0, np.inf),
        ("log_factorial_error", 0.0, 0.0),
        ("log_factorial_error_1", 0.0, np.inf),
        ("log1pmx", -1.0, -np.inf),
        ("log1mexp", 0.0, -np.inf),
        ("erfcx", np.inf, 0.0),
        ("softplus", -np.inf, 0.0),
        ("softplus", np.inf, np.inf),
        ("sigmoid", -np.inf, 0.0),
        ("sigmoid", np.inf, 1.0),
        ("log_softplus", -np.inf, -np.inf),
        ("ndtr", -np.inf, 0.0),
        ("ndtr", np.inf, 1.0),
        ("log_ndtr", -np.inf, -np.inf),
        ("log_ndtr", np.inf, 0.0),
        ("inverse_mills", -np.inf, np.inf),
        ("inverse_mills", np.inf, 0.0),
    ],
)
def test_limit(name: str, x: float, expected: float) -> None:
    assert evaluate(name, np.array([x]))[0] == expected
