"""Factoring: exact, and as quick every time."""

import pytest
import sympy

from likely.report.polynomials import factored

A, B, C, D, E, F, G = sympy.symbols("a b c d e f g", real=True)


@pytest.mark.parametrize(
    "product",
    [
        (A + B) * (A - C),
        (A + B) ** 2 * (A * C + D),
        -3 * (A * B - C) * (A * C - 1) / (2 * D * (A + 1)),
        (A**2 + B**2) * (A**2 - B**2),
        A * (B + C) * sympy.sqrt(A),
        6 * A * B,
        sympy.Integer(5),
    ],
    ids=str,
)
def test_factors_are_found(product):
    found = factored(sympy.expand(product))
    assert sympy.expand(found - product) == 0
    assert sympy.count_ops(found) <= sympy.count_ops(product) + 2


def test_what_is_linear_in_a_symbol_is_not_left_to_chance(monkeypatch):
    """SymPy's own factorisation of this sum does not come back after ``sympy.core.random.seed(265)``."""
    monkeypatch.delattr(sympy, "factor")
    long = -((A - B) ** 2) * (D + 1) + 2 * D**2 * (B - A)
    long += 2 * D**2 * (D + 1) * (A * (E - F) + G - C)
    assert sympy.expand(factored(sympy.expand(long)) - long) == 0
