"""The expression graph in SymPy: for typesetting and for arguing, never for numbers.

Import this module late: it imports SymPy, which ``import likely`` must not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy
from sympy import Piecewise, Rational, pi

from likely._math.atoms import ATOMS
from likely._math.evaluate import compile_program
from likely._math.graph import Node, topological
from likely.report.symbols.com_poisson import CountCdf, CountRate, CountSf, CountTotal
from likely.report.symbols.compound_poisson import AmountSum
from likely.report.symbols.distributions import (
    BetaCdf,
    BranchingCdf,
    BranchingSf,
    LowerGamma,
    PassageCdf,
    PassageSf,
    PrenticeCdf,
    PrenticeSf,
    SkewCdf,
    StudentCdf,
    UpperGamma,
)
from likely.report.symbols.elementary import NormalCdf, Sigmoid, Softplus

# Numbers that people write as floats in a formula, recognised so that they print as what they are.
_CONSTANTS = {
    float(value): value
    for base in (
        *(sympy.log(n) for n in (2, 3, 5, 7, 10, pi, 2 * pi, pi / 2)),
        *(pi, 2 * pi, pi**2, 1 / pi, sympy.E, sympy.EulerGamma),
        *(sympy.sqrt(n) for n in (2, 3, pi, 2 * pi, pi / 2, 2 / pi)),
    )
    for value in (base, base / 2, -base, -base / 2)
}


def number(value: Any) -> Any:
    """A float as the fraction or constant that was meant; symbols as they are."""
    if not isinstance(value, (int, float)):
        return value
    for known, constant in _CONSTANTS.items():
        if abs(value - known) <= 4e-16 * abs(known):  # people round the last digit
            return constant
    if value != value or value in (float("inf"), float("-inf")):
        return sympy.sympify(value)
    fraction = Fraction(value).limit_denominator(1000)
    if float(fraction) == value:
        return Rational(fraction.numerator, fraction.denominator)
    return Rational(repr(value))


def _where(condition: Any, a: Any, b: Any) -> Any:
    if condition in (True, False):
        return a if condition else b
    if getattr(a, "is_Boolean", False) or getattr(b, "is_Boolean", False):
        return sympy.ITE(condition, a, b)
    zero = isinstance(condition, sympy.Eq) and condition.rhs == 0 and a == 0
    if zero and condition.lhs in sympy.Mul.make_args(b):
        return b  # x log x, written with its value at 0, is x log x
    return Piecewise((a, condition), (b, True))


def _functions() -> dict[str, Callable[..., Any]]:
    table: dict[str, Callable[..., Any]] = {
        "pi": lambda: pi,
        "add": lambda a, b: a + b,
        "subtract": lambda a, b: a - b,
        "multiply": lambda a, b: a * b,
        "divide": lambda a, b: a / b,
        "negative": lambda a: -a,
        "where": _where,
        "exp": sympy.exp,
        "expm1": lambda x: sympy.exp(x) - 1,
        "log": sympy.log,
        "log1p": lambda x: sympy.log(1 + x),
        "sqrt": sympy.sqrt,
        "abs": sympy.Abs,
        "sign": sympy.sign,
        "floor": sympy.floor,
        "whole_before": lambda x, scale: sympy.ceiling(x) - 1,
        "maximum": sympy.Max,
        "minimum": sympy.Min,
        "arctan2": _arctan2,
        "tan": sympy.tan,
        "sin": sympy.sin,
        "cos": sympy.cos,
        "wrap": lambda x: x,  # it stands in formulas that do not notice a turn
        "amount_sum": AmountSum,
        "count_rate": CountRate,
        "count_total": CountTotal,
        "com_poisson_loss": lambda y, m, n, *logs: (
            sympy.log(CountTotal(m, n)) + n * _log_gamma(y + 1) - y * sympy.log(CountRate(m, n))
        ),
        "log_com_poisson_below": lambda c, m, n, *logs: sympy.log(CountCdf(m, n, c)),
        "log_com_poisson_above": lambda c, m, n, *logs: sympy.log(CountSf(m, n, c)),
        "com_poisson_peak": lambda m, n, log_m, log_n: CountRate(m, n) ** (1 / n),
        "bessel_i0": lambda x: sympy.besseli(0, x),
        "bessel_i1": lambda x: sympy.besseli(1, x),
        "less": lambda a, b: sympy.StrictLessThan(a, b),
        "less_equal": lambda a, b: sympy.LessThan(a, b),
        "equal": lambda a, b: sympy.Eq(a, b),
        "lgamma": _log_gamma,
        "digamma": lambda x: sympy.polygamma(0, x),
        "trigamma": lambda x: sympy.polygamma(1, x),
        "tetragamma": lambda x: sympy.polygamma(2, x),
        "erfc": sympy.erfc,
        "sigmoid": Sigmoid,
        "softplus": Softplus,
        "log_softplus": lambda x: sympy.log(Softplus(x)),
        "ndtr": NormalCdf,
        "gammainc": LowerGamma,
        "gammaincc": UpperGamma,
        "betainc": BetaCdf,
        "stdtr": StudentCdf,
        "arsinh_ratio": lambda d, s, log_s: sympy.asinh(d / s),
        "log_skew_lower": lambda z, a: sympy.log(SkewCdf(a, z)),
        "log_ndtr": lambda x: sympy.log(NormalCdf(x)),
        "log_gengamma_lower": lambda w, q: sympy.log(PrenticeCdf(q, w)),
        "log_gengamma_upper": lambda w, q: sympy.log(PrenticeSf(q, w)),
        "log_generalised_poisson_below": lambda c, m, d, *logs: sympy.log(BranchingCdf(m, d, c)),
        "log_generalised_poisson_above": lambda c, m, d, *logs: sympy.log(BranchingSf(m, d, c)),
        "log_inverse_gaussian_lower": lambda u, v: sympy.log(
            PassageCdf(sympy.exp(v - u), sympy.exp(-u))
        ),
        "log_inverse_gaussian_upper": lambda u, v: sympy.log(
            PassageSf(sympy.exp(v - u), sympy.exp(-u))
        ),
    }
    return {name: _exact(function) for name, function in table.items()}


def _arctan2(a: Any, b: Any) -> Any:
    if a == 1:  # the cauchit link: the angle of (−r, 1) is ½π + arctan r
        return pi / 2 + sympy.atan(-b)
    return sympy.atan2(a, b)


def _log_gamma(x: Any) -> Any:
    below = x - 1
    if below.is_Symbol and below.is_integer:
        return sympy.log(sympy.factorial(below))
    return sympy.loggamma(x)


def _exact(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: function(*[number(a) for a in args])


TABLE = _functions()


def convert(
    nodes: Sequence[Node],
    symbols: Mapping[str, Any],
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> list[Any]:
    """The nodes as SymPy expressions, atoms in their textbook definitions.

    ``symbols`` gives the expression for each named input, ``functions`` further operations by
    name. An atom without a definition or a counterpart in SymPy stays a function of its own name.
    """
    table = TABLE | dict(functions or {})
    for op in {node.op for node in topological(nodes)} | set(ATOMS):
        if op not in table and op in ATOMS and ATOMS[op].definition is None:
            table[op] = _exact(sympy.Function(op))
    values = compile_program(nodes, table, textbook=True)(symbols)
    return [sympy.sympify(number(v)) for v in values]
