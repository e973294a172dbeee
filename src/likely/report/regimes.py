"""Branches of a formula that are there for the numbers: equal to the other branch where they apply.

A stable body may switch to an asymptotic form, or to one that is exact for a few values of y. For
the reader it is one formula. A branch is left out only where many-digit arithmetic finds the other
one equal at every point tried; a density with real pieces keeps them.
"""

from __future__ import annotations

from random import Random
from typing import Any

import sympy
from mpmath import mp, mpf
from sympy import Expr, Piecewise, Symbol

from likely.report.algebra import order
from likely.report.symbols.com_poisson import NUMERIC
from likely.report.symbols.named import plain

_POSITIVE = ("0.02", "0.3", "0.7", "1", "2.6", "40", "1e80", "1e-40")
_DIGITS = 110


def one_formula(expression: Expr) -> Expr:
    """The expression with the branches left out that only serve the numbers."""
    return expression.replace(lambda e: isinstance(e, Piecewise) and len(e.args) == 2, _resolve)


def _resolve(piecewise: Piecewise) -> Expr:
    (first, condition), (second, _) = piecewise.args
    a, b = order(first).expression, order(second).expression
    if _agree(a, b, condition):
        return b
    if _agree(a, b, sympy.Not(condition)):
        return a
    return piecewise


def _agree(a: Expr, b: Expr, condition: Expr) -> bool:
    """Whether a = b at points at which the condition holds (of which some must be found)."""
    symbols = sorted(a.free_symbols | b.free_symbols | condition.free_symbols, key=str)
    modules = [NUMERIC, "mpmath"]
    left, right, holds = (sympy.lambdify(symbols, plain(e), modules) for e in (a, b, condition))
    random, found = Random(0), 0
    with mp.workdps(_DIGITS):
        for _ in range(400):
            point = [_value(s, random) for s in symbols]
            try:
                if not holds(*point):
                    continue
                difference, size = abs(left(*point) - right(*point)), abs(right(*point))
            except OverflowError:  # e to the e of it: a point that tells nothing
                continue
            except (ValueError, ZeroDivisionError):
                return False
            if not difference <= mpf("1e-14") * (1 + size):
                return False
            found += 1
            if found == 8:
                return True
    return found >= 4


def _value(s: Symbol, random: Random) -> Any:
    if s.is_integer:
        return mpf(random.choice((0, 1, 1, 2, 3, 7)))
    magnitude = mpf(random.choice(_POSITIVE))
    return magnitude if s.is_positive else magnitude * random.choice((-1, 1))
