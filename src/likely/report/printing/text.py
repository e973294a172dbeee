"""Formulas as one line of Unicode, for a terminal."""

# SymPy finds a printer's methods by the names of its classes, and calls some with more arguments.
# ruff: noqa: N802, N815

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Expr, Pow, Rational, S
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from likely.report.algebra import Product
from likely.report.printing.order import (
    LONG,
    InOrder,
    arranged,
    bracketed,
    has_y,
    signed,
    y_first,
)

_FRACTIONS = {(1, 2): "½", (1, 4): "¼", (3, 4): "¾", (1, 3): "⅓", (2, 3): "⅔", (1, 8): "⅛"}
_EXPONENTS = {
    **dict(zip("0123456789-+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", strict=True)),
    "y": "ʸ", "k": "ᵏ", "s": "ˢ", "m": "ᵐ", "n": "ⁿ", "x": "ˣ", "f": "ᶠ", "c": "ᶜ", "−": "⁻",
}  # fmt: skip
_BELOW = {"k": "ₖ", "j": "ⱼ", "i": "ᵢ", "K": "_K"}
_FUNCTION_NAMES = {
    "Sigmoid": "sigmoid", "Softplus": "softplus", "NormalCdf": "Φ", "atan": "arctan",
    "asinh": "arsinh", "Max": "max", "Min": "min", "gamma": "Γ", "LowerGamma": "P", "UpperGamma": "Q",
    "StudentCdf": "T", "BetaCdf": "I", "PassageCdf": "F", "PassageSf": "S", "PrenticeCdf": "F", "PrenticeSf": "S",
    "SkewCdf": "F", "BranchingCdf": "F", "BranchingSf": "S",
    "CountCdf": "F", "CountSf": "S",
}  # fmt: skip


class Text(InOrder, StrPrinter):
    """One line of Unicode."""

    minus = "−"
    printmethod = "_unicode_line"  # not what SymPy's classes say about themselves

    def __init__(self, y_last: bool = False) -> None:
        super().__init__()
        self.y_last = y_last

    def _fraction(self, p: int, q: int) -> str | None:
        return _FRACTIONS.get((p, q))

    def _over(self, above: str, below: str, several: bool) -> str:
        return f"{above}/({below})" if several else f"{above}/{below}"

    def _part(self, total: str, denominator: int) -> str:
        return f"({total})/{denominator}"

    def _product(self, lead: str, factors: tuple[Expr, ...]) -> str:
        out = lead
        for f in factors:
            text = self.parenthesize(f, PRECEDENCE["Mul"], strict=True)
            base = f.as_base_exp()[0]
            letter = base.is_Symbol and len(str(base)) <= 2
            tight = out[-1:].isdigit() and (letter or f is S.Pi)
            out += text if not out or tight else " " + text
        return out

    def _print_Pow(self, e: Expr, rational: bool = False) -> str:
        if e.exp.is_number and e.exp.is_negative:
            below = Pow(e.base, -e.exp)
            return f"1/{self._base(below) if below.is_Add or below.is_Mul else self._print(below)}"
        if e.exp == S.Half:
            atomic = e.base.is_Symbol or e.base.is_Integer or e.base is S.Pi
            return f"√{self._print(e.base)}" if atomic else f"√({self._print(e.base)})"
        if e.exp.is_Integer and e.exp.is_even:
            e = Pow(y_first(e.base), e.exp, evaluate=False)
        power = self._print(e.exp).replace(" ", "")
        if all(ch in _EXPONENTS for ch in power):
            return self._base(e.base) + "".join(_EXPONENTS[ch] for ch in power)
        atomic = e.exp.is_Symbol or e.exp.is_Integer or isinstance(e.exp, sympy.KroneckerDelta)
        power = self._print(e.exp)
        return f"{self._base(e.base)}^{power if atomic else f'({self._print(e.exp)})'}"

    def _base(self, base: Expr) -> str:
        named = base.is_Symbol and base.name[-1:] in "⁰¹²³⁴⁵⁶⁷⁸⁹"  # the square of σ² is (σ²)²
        if named or isinstance(base, (sympy.exp, sympy.log)):
            return f"({self._print(base)})"
        return self.parenthesize(base, PRECEDENCE["Pow"], strict=False)

    def _print_Rational(self, e: Expr) -> str:
        sign, p = ("−", -e.p) if e.p < 0 else ("", e.p)
        if e.q == 1:
            return f"{sign}{p}"
        if (p, e.q) in _FRACTIONS:
            return sign + _FRACTIONS[p, e.q]
        if e.q > LONG:
            return f"{sign}{p / e.q:.6g}"
        decimal = f"{p / e.q:.12g}"
        # 0.1 was meant as 0.1; 1/7 as 1/7.
        return sign + (decimal if Rational(decimal) == Rational(p, e.q) else f"{p}/{e.q}")

    _print_Half = _print_Integer = _print_One = _print_NegativeOne = _print_Zero = _print_Rational

    def _print_Pi(self, e: Expr) -> str:
        return "π"

    def _print_Infinity(self, e: Expr) -> str:
        return "∞"

    def _print_log(self, e: Expr) -> str:
        arg = e.args[0]
        text = self._print(arg)
        if isinstance(arg, (sympy.Abs, sympy.Sum, sympy.Indexed)):
            return f"log {text}"
        bare = arg.is_Symbol or arg.is_Integer or arg is S.Pi or isinstance(arg, sympy.factorial)
        return f"log {text}" if bare and "(" not in text else f"log({text})"

    def _print_loggamma(self, e: Expr) -> str:
        return f"log Γ({self._print(e.args[0])})"

    def _print_polygamma(self, e: Expr) -> str:
        primes = {0: "", 1: "′", 2: "″"}.get(int(e.args[0]), f"^({e.args[0]})")
        return f"ψ{primes}({self._print(e.args[1])})"

    def _print_besseli(self, e: Expr) -> str:
        return f"I{'₀₁₂₃'[int(e.args[0])]}({self._print(e.args[1])})"

    def _print_AmountSum(self, e: Expr) -> str:
        z, shape = (f"({self._print(arg)})" for arg in e.args[:2])
        a, b = e.args[2:] or (0, 0)
        factors = ("j " if a else "") + (f"ψ(j {shape}) " if b else "")
        return f"(Σⱼ {factors}{z}^j/(j! Γ(j {shape})))"

    def _print_CountBase(self, e: Expr) -> str:
        given = f"({', '.join(map(self._print, e.args))})"
        text: str = e.text.replace("ARGUMENTS", given)
        return text

    def _print_factorial(self, e: Expr) -> str:
        return self.parenthesize(e.args[0], PRECEDENCE["Func"]) + "!"

    def _print_Abs(self, e: Expr) -> str:
        return f"|{self._print(y_first(e.args[0]))}|"

    def _print_floor(self, e: Expr) -> str:
        return f"⌊{self._print(e.args[0])}⌋"

    def _print_ceiling(self, e: Expr) -> str:
        return f"⌈{self._print(e.args[0])}⌉"

    def _print_Function(self, e: Expr) -> str:
        name = type(e).__name__
        shown = _FUNCTION_NAMES.get(name, name)
        arguments = sorted(e.args, key=str) if name in ("Max", "Min") else e.args
        return f"{shown}({', '.join(self._print(a) for a in arguments)})"

    _print_Max = _print_Min = _print_exp = _print_gamma = _print_atan = _print_asinh = (
        _print_Function
    )

    def _print_Indexed(self, e: Expr) -> str:
        base, bracket, rest = str(e.base.label).partition("(")
        index = self._print(e.indices[0])
        below = _BELOW.get(index, f"_{index}")
        return base + below + bracket + rest

    def _print_KroneckerDelta(self, e: Expr) -> str:
        y, k = sorted(e.args, key=lambda a: not has_y(a))
        return f"[{self._print(y)} = {self._print(k)}]"

    def _print_Sum(self, e: Expr) -> str:
        index = _BELOW.get(str(e.limits[0][0]), f"_{e.limits[0][0]}")
        return f"Σ{index} {self.parenthesize(e.function, PRECEDENCE['Add'], strict=False)}"

    def _print_Product(self, e: Expr) -> str:
        index = _BELOW.get(str(e.limits[0][0]), f"_{e.limits[0][0]}")
        return f"Π{index} {self.parenthesize(e.function, PRECEDENCE['Mul'], strict=False)}"

    def _print_Piecewise(self, e: Expr) -> str:
        parts = []
        for value, condition in e.args:
            always = condition == True  # noqa: E712  (SymPy's true)
            text = self._print(value)
            parts.append(text if always else f"{text} if {self._print(condition)}")
        return "{" + ", else ".join(parts) + "}"

    def _print_And(self, e: Expr) -> str:
        return " and ".join(sorted(self._print(a) for a in e.args))

    def _print_Or(self, e: Expr) -> str:
        return " or ".join(
            sorted(
                f"({self._print(a)})" if isinstance(a, sympy.And) else self._print(a)
                for a in e.args
            )
        )

    def _print_Relational(self, e: Expr) -> str:
        signs = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}
        if e.lhs.is_number:
            e = e.reversed
        return f"{self._print(e.lhs)} {signs[e.rel_op]} {self._print(e.rhs)}"


def text(e: Expr, *, y_last: bool = False) -> str:
    """The expression as one line of Unicode."""
    return Text(y_last).doprint(e)


def sum_text(terms: Sequence[Expr]) -> str:
    """A sum in the given order, what is added before what is subtracted."""
    return Text().in_order(signed(terms)) or "0"


def product_text(product: Product) -> str:
    """A density: a fraction, powers, and the exponential."""

    def join(factors: Sequence[Expr]) -> str:
        return " ".join(f"({text(f)})" if bracketed(f) else text(f) for f in factors)

    above, below, powers = arranged(product)
    out = join(above)
    if below:
        foot = f"({join(below)})" if len(below) > 1 else join(below)
        out = f"{out or 1}/{foot}"
    parts = [out, join(powers)]
    if product.power != 0:
        parts.append(f"exp({text(product.power)})")
    return " · ".join(p for p in parts if p) or "1"
