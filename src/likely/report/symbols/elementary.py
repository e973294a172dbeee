"""The sigmoid, softplus and the normal distribution function, kept under their names."""

from __future__ import annotations

import sympy
from sympy import Expr, pi

from likely.report.symbols.named import Named


class Sigmoid(Named):
    """1/(1 + e⁻ˣ), kept under its name so that gradients read σ(f) − y."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """σ′ = σ(1 − σ)"""
        return self * (1 - self)

    def definition(self) -> Expr:
        """The formula behind the name."""
        return 1 / (1 + sympy.exp(-self.args[0]))


class Softplus(Named):
    """log(1 + eˣ)"""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """softplus′ = σ"""
        return Sigmoid(self.args[0])

    def definition(self) -> Expr:
        """The formula behind the name."""
        return sympy.log(1 + sympy.exp(self.args[0]))


class NormalCdf(Named):
    """Φ(x), the standard normal distribution function."""

    nargs = 1
    is_positive = True  # so that its logarithm is a number

    def fdiff(self, argindex: int = 1) -> Expr:
        """Φ′ is the standard normal density."""
        return sympy.exp(-(self.args[0] ** 2) / 2) / sympy.sqrt(2 * pi)

    def definition(self) -> Expr:
        """The formula behind the name."""
        return sympy.erfc(-self.args[0] / sympy.sqrt(2)) / 2
