"""The expression graph in SymPy: for typesetting and for arguing, never for numbers.

Import this module late: it imports SymPy, which ``import likely`` must not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy
from mpmath import mp
from sympy import Expr, Piecewise, Rational, pi

from likely._math.atoms import ATOMS
from likely._math.evaluate import compile_program
from likely._math.graph import Node, topological


class Sigmoid(sympy.Function):
    """1/(1 + e⁻ˣ), kept under its name so that gradients read σ(f) − y."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """σ′ = σ(1 − σ)"""
        return self * (1 - self)

    def definition(self) -> Expr:
        """The formula behind the name."""
        return 1 / (1 + sympy.exp(-self.args[0]))


class Softplus(sympy.Function):
    """log(1 + eˣ)"""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """softplus′ = σ"""
        return Sigmoid(self.args[0])

    def definition(self) -> Expr:
        """The formula behind the name."""
        return sympy.log(1 + sympy.exp(self.args[0]))


class NormalCdf(sympy.Function):
    """Φ(x), the standard normal distribution function."""

    nargs = 1
    is_positive = True  # so that its logarithm is a number

    def fdiff(self, argindex: int = 1) -> Expr:
        """Φ′ is the standard normal density."""
        return sympy.exp(-(self.args[0] ** 2) / 2) / sympy.sqrt(2 * pi)

    def definition(self) -> Expr:
        """The formula behind the name."""
        return sympy.erfc(-self.args[0] / sympy.sqrt(2)) / 2


class ShapedCdf(sympy.Function):
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


class AmountSum(sympy.Function):
    """W(z, ν) = Σ z^j/(j! Γ(jν)) over j ≥ 1; with two more arguments, jᵃ ψ(jν)ᵇ is in the sum too."""

    nargs = (2, 4)

    def fdiff(self, argindex: int = 1) -> Expr:
        """Both derivatives are such sums."""
        z, shape = self.args[:2]
        a, b = self.args[2:] or (0, 0)
        if argindex == 1:
            return AmountSum(z, shape, a + 1, b) / z
        if argindex == 2 and b == 0:
            return -AmountSum(z, shape, a + 1, 1)
        raise sympy.core.function.ArgumentIndexError(self, argindex)

    def _eval_evalf(self, prec: int) -> Expr:
        with mp.workprec(prec + 40):
            z, shape, *powers = (arg._to_mpmath(prec + 40) for arg in self.args)
            a, b = (int(v) for v in powers) if powers else (0, 0)
            total, positive, j = mp.mpf(0), mp.mpf(0), 0
            while True:
                j += 1
                term = z**j * mp.rgamma(j + 1) * mp.rgamma(j * shape) * mp.mpf(j) ** a
                positive += term
                total += term * mp.psi(0, j * shape) ** b
                # Past its largest term the sum falls faster than any geometric one.
                if j > 2 * z ** (1 / (1 + shape)) + 10 and term < positive * mp.eps:
                    break
        return Expr._from_mpmath(total, prec)


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


#: What else SymPy's functions for mpmath are made of.
NUMERIC = {one.__name__: one.of for one in CountBase.__subclasses__()}


def plain(expression: Expr) -> Expr:
    """The expression in functions that every evaluator knows."""
    return sympy.sympify(expression).replace(
        lambda e: isinstance(e, (Sigmoid, Softplus, NormalCdf, ShapedCdf)),
        lambda e: e.definition(),
    )


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
