"""Distribution functions whose derivatives in their shapes have names of their own."""

from __future__ import annotations

import sympy
from sympy import Expr, pi

from likely.report.symbols.elementary import NormalCdf
from likely.report.symbols.named import ShapedCdf, plain


class LowerGamma(ShapedCdf):
    """P(k, x), the regularised lower incomplete gamma function."""

    letter = "P"

    def slope(self) -> Expr:
        """The density of Gamma with scale 1."""
        k, x = self.args
        return x ** (k - 1) * sympy.exp(-x) / sympy.gamma(k)

    def definition(self) -> Expr:
        """The formula behind the name."""
        return sympy.lowergamma(*self.args) / sympy.gamma(self.args[0])


class UpperGamma(ShapedCdf):
    """Q(k, x) = 1 − P(k, x)"""

    letter = "Q"

    def slope(self) -> Expr:
        """Minus the density."""
        return -LowerGamma(*self.args).slope()

    def definition(self) -> Expr:
        """The formula behind the name."""
        return sympy.uppergamma(*self.args) / sympy.gamma(self.args[0])


class BetaCdf(ShapedCdf):
    """I(a, b, x), the regularised incomplete beta function."""

    nargs = 3
    letter = "I"

    def slope(self) -> Expr:
        """The density of Beta."""
        a, b, x = self.args
        return x ** (a - 1) * (1 - x) ** (b - 1) / sympy.beta(a, b)

    def definition(self) -> Expr:
        """The formula behind the name."""
        a, b, x = self.args
        return sympy.betainc_regularized(a, b, 0, x)


class StudentCdf(ShapedCdf):
    """T(ν, z), the distribution function of StudentT with loc 0 and scale 1."""

    letter = "T"

    def slope(self) -> Expr:
        """The density."""
        n, z = self.args
        constant = sympy.gamma((n + 1) / 2) / sympy.gamma(n / 2) / sympy.sqrt(pi * n)
        return constant * (1 + z**2 / n) ** (-(n + 1) / 2)

    def definition(self) -> Expr:
        """The formula behind the name."""
        n, z = self.args
        half = sympy.S.Half
        series = sympy.hyper((half, (n + 1) / 2), (sympy.Rational(3, 2),), -(z**2) / n)
        return half + z * self.slope().subs(z, 0) * series


class SkewCdf(ShapedCdf):
    """F(α, z), the distribution function of SkewNormal with loc 0 and scale 1."""

    letter = "F"

    def slope(self) -> Expr:
        """The density."""
        a, z = self.args
        return 2 * NormalCdf(z).fdiff() * NormalCdf(a * z)

    def definition(self) -> Expr:
        """The formula behind the name, by Owen's integral."""
        a, z = self.args
        t = sympy.Dummy("t")
        owen = sympy.Integral(sympy.exp(-(z**2) * (1 + t**2) / 2) / (1 + t**2), (t, 0, a))
        return plain(NormalCdf(z)) - owen / pi


class PrenticeCdf(ShapedCdf):
    """F(q, w), the distribution function of GeneralisedGamma with loc 0 and scale 1 at eʷ."""

    letter = "F"

    def slope(self) -> Expr:
        """The density of w."""
        q, w = self.args
        n = 1 / q**2
        return sympy.Abs(q) * n**n / sympy.gamma(n) * sympy.exp(n * (q * w - sympy.exp(q * w)))

    def definition(self) -> Expr:
        """The formula behind the name."""
        q, w = self.args
        at = (1 / q**2, sympy.exp(q * w) / q**2)
        below, above = LowerGamma(*at), UpperGamma(*at)
        return sympy.Piecewise((below.definition(), q > 0), (above.definition(), True))


class PrenticeSf(ShapedCdf):
    """S(q, w) = 1 − F(q, w)"""

    letter = "S"

    def slope(self) -> Expr:
        """Minus the density."""
        return -PrenticeCdf(*self.args).slope()

    def definition(self) -> Expr:
        """The formula behind the name: that of −w with −q."""
        q, w = self.args
        return PrenticeCdf(-q, -w).definition()


class PassageCdf(ShapedCdf):
    """F(k, x), the distribution function of InverseGaussian with mean 1."""

    letter = "F"

    def slope(self) -> Expr:
        """The density."""
        k, x = self.args
        return sympy.sqrt(k / (2 * pi * x**3)) * sympy.exp(-k * (x - 1) ** 2 / (2 * x))

    def definition(self) -> Expr:
        """The formula behind the name."""
        below, beyond = _passage(*self.args)
        return plain(below + beyond)


class PassageSf(ShapedCdf):
    """S(k, x) = 1 − F(k, x)"""

    letter = "S"

    def slope(self) -> Expr:
        """Minus the density."""
        return -PassageCdf(*self.args).slope()

    def definition(self) -> Expr:
        """The formula behind the name."""
        below, beyond = _passage(*self.args)
        return plain(NormalCdf(-below.args[0]) - beyond)


def _passage(k: Expr, x: Expr) -> tuple[Expr, Expr]:
    """The parts of the distribution function: of those below x, and of those that were beyond it."""
    root = sympy.sqrt(k / x)
    return NormalCdf(root * (x - 1)), sympy.exp(2 * k) * NormalCdf(-root * (x + 1))


class BranchingCdf(ShapedCdf):
    """F(m, d, c), the probability that GeneralisedPoisson is below the count c."""

    nargs = 3
    letter = "F"

    def slope(self) -> Expr:
        """In a count there is none."""
        return sympy.nan

    def definition(self) -> Expr:
        """The formula behind the name."""
        m, d, c = self.args
        k = sympy.Symbol("k", integer=True, nonnegative=True)
        rate, branch = m / (1 + d), d / (1 + d)
        total = rate + branch * k
        term = rate * total ** (k - 1) * sympy.exp(-total) / sympy.factorial(k)
        return sympy.Sum(term, (k, 0, c - 1))


class BranchingSf(BranchingCdf):
    """S(m, d, c) = 1 − F(m, d, c)"""

    letter = "S"

    def definition(self) -> Expr:
        """The formula behind the name."""
        return 1 - BranchingCdf(*self.args).definition()
