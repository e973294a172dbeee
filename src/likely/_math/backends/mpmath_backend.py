"""The textbook formulas with many digits: the truth that everything else is measured against."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from mpmath import mp

from likely._math.com_poisson.digits import loss as com_poisson_loss


def _log(x: Any) -> Any:
    return -mp.inf if x == 0 else mp.log(x) if x > 0 else mp.nan


def _divide(a: Any, b: Any) -> Any:
    if b == 0:
        return mp.nan if a == 0 else mp.inf * mp.sign(a)
    return a / b


def _compound_poisson_log_sum(log_v: Any, log_nu: Any, *shares: Any) -> Any:
    """r of ``_math/compound_poisson/density.py``, by steps where the terms are too many for their digits."""
    nu = mp.exp(log_nu)
    log_j, log_x = log_v + mp.log1p(1 / nu), log_v + mp.log1p(nu)
    j, x = mp.exp(log_j), mp.exp(log_x)
    step = mp.mpf(1)
    if j + x > 2.4 * mp.dps:
        # A power of 2, so that neighbours of this point take the same k.
        widest = mp.sqrt(j / (1 + nu)) / (0.36 * mp.sqrt(mp.dps))
        step = max(step, mp.ldexp(1, int(mp.floor(mp.log(widest, 2)))))
    start = max(step, step * mp.nint(j / step))
    log_z = log_j + nu * log_x
    total, least = mp.mpf(0), None
    for direction, k in ((1, start), (-1, start - step)):
        while k > 0:
            log_term = k * log_z - _log_gammas(k, nu, mp.prec) - j - x
            least = log_term - (mp.dps + 8) * mp.log(10) if least is None else least
            if log_term < least:
                break
            total += mp.exp(log_term)
            k += direction * step
    return mp.log(step * total) - (log_v - mp.log(2 * mp.pi)) / 2


@lru_cache(maxsize=4096)
def _log_gammas(k: Any, nu: Any, precision: int) -> Any:
    """log k! Γ(kν): differences in other variables than ν ask for it again and again."""
    return mp.loggamma(k + 1) + mp.loggamma(k * nu)


TABLE: dict[str, Callable[..., Any]] = {
    "pi": lambda: +mp.pi,
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": _divide,
    "negative": lambda a: -a,
    "where": lambda c, a, b: a if c else b,
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": _log,
    # However many the digits, 1 − e⁻ˣ has none for x below their last.
    "log1mexp": lambda x: _log(-mp.expm1(-x)),
    "log1mexp_of": lambda x, log_x: _log(-mp.expm1(-x)),
    "log1p": lambda x: mp.log1p(x) if x > -1 else _log(1 + x),
    "sqrt": mp.sqrt,
    "abs": abs,
    "sign": mp.sign,
    "floor": mp.floor,
    "maximum": max,
    "minimum": min,
    "arctan2": mp.atan2,
    "tan": mp.tan,
    "sin": mp.sin,
    "cos": mp.cos,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b,
    "lgamma": mp.loggamma,
    "digamma": lambda x: mp.psi(0, x),
    "trigamma": lambda x: mp.psi(1, x),
    "tetragamma": lambda x: mp.psi(2, x),
    "erfc": mp.erfc,
    "bessel_i0": lambda x: mp.besseli(0, x),
    "bessel_i1": lambda x: mp.besseli(1, x),
    "com_poisson_loss": com_poisson_loss,
    "compound_poisson_log_sum": _compound_poisson_log_sum,
    "gammainc": lambda a, x: mp.gammainc(a, 0, x, regularized=True),
    "gammaincc": lambda a, x: mp.gammainc(a, x, mp.inf, regularized=True),
    "betainc": lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True),
}
