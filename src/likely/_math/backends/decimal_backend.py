"""The operations of links in forty decimal digits, for the few rows whose digits cancel in a difference."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from typing import Any

_CONTEXT = Context(prec=40, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
#: Sums and products of a few floating-point numbers of one size, which have 53 digits each, are exact: what is 0 is 0.
_EXACT = Context(prec=160, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
#: Below it three terms of log(1 + e) have thirty digits, and 1 + e has fewer of e.
_LITTLE = Decimal("1e-10")


def digits() -> AbstractContextManager[Context]:
    """Where the functions of ``TABLE`` have these digits."""
    return localcontext(_CONTEXT)


def _log(x: Decimal) -> Decimal:
    # From 17 digits to 40 by one exponential, where ``Decimal.ln`` takes six times as long.
    near = Decimal(math.log(x))
    return near + _log1p_of_little(x * (-near).exp() - 1)


def _log1p_of_little(e: Decimal) -> Decimal:
    return e - e * e / 2 + e * e * e / 3


def _softplus(x: Decimal) -> Decimal:
    e = (-abs(x)).exp()
    return max(x, Decimal(0)) + (_log1p_of_little(e) if e < _LITTLE else _log(1 + e))


_FUNCTIONS: dict[str, Callable[..., Decimal]] = {
    "add": _EXACT.add,
    "subtract": _EXACT.subtract,
    "multiply": _EXACT.multiply,
    "divide": _EXACT.divide,
    "negative": lambda a: -a,
    "exp": lambda x: x.exp(),
    "log": _log,
    "sqrt": lambda x: x.sqrt(),
    "softplus": _softplus,
}


def _of_numbers(function: Callable[..., Decimal]) -> Callable[..., Decimal]:
    """The function of floating-point numbers, too, which are taken exactly."""

    def run(*args: Any) -> Decimal:
        return function(*map(Decimal, args))

    return run


TABLE = {name: _of_numbers(function) for name, function in _FUNCTIONS.items()}
