"""Factoring what people read: quick and the same every time, also with many symbols."""

from __future__ import annotations

from functools import lru_cache

import sympy
from sympy import Expr, Poly


@lru_cache(maxsize=4096)
def factored(expression: Expr) -> Expr:
    """The expression over one denominator, both factored.

    A polynomial that is linear in one of its symbols is a common factor of the two coefficients times a
    rest that cannot be factored. SymPy's factorisation, which draws random points and with several
    symbols may meet some that keep it busy for hours, is left those that are linear in none.
    """
    above, below = sympy.fraction(sympy.together(expression))
    return _of_polynomial(above) / _of_polynomial(below)


def _of_polynomial(expression: Expr) -> Expr:
    if not isinstance(expression, sympy.Add):  # a product, a power, or nothing to factor
        return sympy.Mul(
            *[
                (_of_polynomial(base) if base.is_Add else base) ** power
                for base, power in (f.as_base_exp() for f in sympy.Mul.make_args(expression))
            ]
        )
    number, polynomial = Poly(expression).primitive()
    symbols = polynomial.gens
    linear = [j for j, symbol in enumerate(symbols) if polynomial.degree(symbol) == 1]
    if not linear:
        return number * sympy.factor(polynomial.as_expr())
    there: list[dict[tuple[int, ...], Expr]] = [
        {},
        {},
    ]  # the terms without the symbol, and those with it
    for powers, coefficient in polynomial.terms():
        without = (*powers[: linear[0]], 0, *powers[linear[0] + 1 :])
        there[powers[linear[0]]][without] = coefficient
    common = sympy.gcd(*(Poly.from_dict(part, *symbols) for part in there))
    return number * _of_polynomial(common.as_expr()) * sympy.quo(polynomial, common).as_expr()
