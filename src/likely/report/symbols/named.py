"""What functions with a name have in common."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Expr


class Named(sympy.Function):
    """A function kept under its name, with a formula behind it."""

    def definition(self) -> Expr:
        """The formula behind the name."""
        raise NotImplementedError


def plain(expression: Expr) -> Expr:
    """The expression in functions that every evaluator knows."""
    return sympy.sympify(expression).replace(
        lambda e: isinstance(e, Named), lambda e: e.definition()
    )


class ShapedCdf(Named):
    """F(shape, x) or F(shape, shape, x), a distribution function; derivatives in shapes have names of their own."""

    nargs = 2
    letter = ""
    is_positive = True  # so that its logarithm is a number

    def fdiff(self, argindex: int = 1) -> Expr:
        """Elementary in x."""
        if argindex == len(self.args):
            return self.slope()
        return sympy.Function(f"{self.letter}_{argindex}")(*self.args)

    def _latex(self, printer: Any, exp: Any = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return f"{self.letter}{power}({', '.join(map(printer._print, self.args))})"
