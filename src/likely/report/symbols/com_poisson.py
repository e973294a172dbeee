"""Sums over the counts of a ConwayMaxwellPoisson."""

from __future__ import annotations

from typing import Any

import sympy
from mpmath import mp
from sympy import Expr

from likely.report.symbols.named import ShapedCdf


class CountBase(sympy.Function):
    """What the mean m and ν of a ConwayMaxwellPoisson decide."""

    nargs = 2
    is_positive = True  # so that its logarithm is a number
    #: How it is printed, with ARGUMENTS in the place of (m, ν).
    text = latex = ""

    @classmethod
    def of(cls, m: Any, nu: Any) -> Any:
        """The number, with as many digits as mpmath is set to."""
        from likely._math.com_poisson.digits import sums

        return cls.value(sums(m, nu))

    def _eval_evalf(self, prec: int) -> Expr:
        with mp.workprec(prec + 40):
            found = self.of(*(arg._to_mpmath(prec + 40) for arg in self.args))
            return Expr._from_mpmath(found, prec)


class CountRate(CountBase):
    """λ, with which the mean is m."""

    text, latex = "λARGUMENTS", r"\lambdaARGUMENTS"

    def fdiff(self, argindex: int = 1) -> Expr:
        """By the implicit function theorem."""
        by_mean = self / CountVariance(*self.args)
        return by_mean if argindex == 1 else by_mean * CountCovariance(*self.args)

    @staticmethod
    def value(found: Any) -> Any:
        """The number."""
        return mp.exp(found.log_rate)


class CountTotal(CountBase):
    """Z = Σ λ^j/(j!)^ν"""

    text, latex = "ZARGUMENTS", "ZARGUMENTS"

    def fdiff(self, argindex: int = 1) -> Expr:
        """∂ log Z/∂ log λ is m, and ∂ log Z/∂ν is −E log y! where λ stays."""
        m, variance = self.args[0], CountVariance(*self.args)
        if argindex == 1:
            return self * m / variance
        return self * (m * CountCovariance(*self.args) / variance - CountMeanLog(*self.args))

    @staticmethod
    def value(found: Any) -> Any:
        """The number."""
        return mp.exp(found.log_total)


class CountVariance(CountBase):
    """var y"""

    text, latex = "var[y]", r"\operatorname{var}[y]"

    @staticmethod
    def value(found: Any) -> Any:
        """The number."""
        return found.variance


class CountCovariance(CountBase):
    """cov(y, log y!)"""

    text, latex = "cov[y, log y!]", r"\operatorname{cov}[y, \log y!]"

    @staticmethod
    def value(found: Any) -> Any:
        """The number."""
        return found.covariance


class CountMeanLog(CountBase):
    """E log y!"""

    text, latex = "E[log y!]", r"\operatorname{E}[\log y!]"

    @staticmethod
    def value(found: Any) -> Any:
        """The number."""
        return found.mean_log


class CountCdf(ShapedCdf):
    """F(m, ν, c), the probability that ConwayMaxwellPoisson is below the count c."""

    nargs = 3
    letter = "F"

    def slope(self) -> Expr:
        """In a count there is none."""
        return sympy.nan

    def definition(self) -> Expr:
        """The formula behind the name."""
        m, nu, c = self.args
        k = sympy.Symbol("k", integer=True, nonnegative=True)
        term = CountRate(m, nu) ** k / sympy.factorial(k) ** nu
        return sympy.Sum(term, (k, 0, c - 1)) / CountTotal(m, nu)


class CountSf(CountCdf):
    """S(m, ν, c) = 1 − F(m, ν, c)"""

    letter = "S"

    def definition(self) -> Expr:
        """The formula behind the name."""
        return 1 - CountCdf(*self.args).definition()


#: What else SymPy's functions for mpmath are made of.
NUMERIC = {one.__name__: one.of for one in CountBase.__subclasses__()}
