"""Formulas as LaTeX, with the same order of terms as the lines of a terminal."""

# SymPy finds a printer's methods by the names of its classes, and calls some with more arguments.
# ruff: noqa: N802

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy
from sympy import Expr, Symbol
from sympy.printing.latex import LatexPrinter

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


class Latex(InOrder, LatexPrinter):
    """LaTeX with the same order of terms."""

    minus = "-"

    def __init__(self, names: Mapping[Symbol, str], y_last: bool = False) -> None:
        super().__init__({"symbol_names": dict(names)})
        self.y_last = y_last

    def _fraction(self, p: int, q: int) -> str | None:
        return None if q == 1 else rf"\frac{{{p}}}{{{q}}}"

    def _over(self, above: str, below: str, several: bool) -> str:
        return rf"\frac{{{above}}}{{{below}}}"

    def _part(self, total: str, denominator: int) -> str:
        return self._over(total, str(denominator), False)

    def _product(self, lead: str, factors: tuple[Expr, ...]) -> str:
        parts = [lead] if lead else []
        for f in factors:
            alone = len(factors) == 1 and not lead
            text = self._print(f)
            parts.append(rf"\left({text}\right)" if f.is_Add and not alone else text)
        return r" \, ".join(parts)

    def _print_Pow(self, e: Expr) -> str:
        if e.exp.is_Integer and e.exp.is_even and e.exp > 0 and e.base.is_Add:
            return rf"\left({self._print(y_first(e.base))}\right)^{{{e.exp}}}"
        return str(super()._print_Pow(e))

    def _print_log(self, e: Expr, exp: Any = None) -> str:
        arg, power = e.args[0], f"^{{{exp}}}" if exp else ""
        text = self._print(arg)
        bare = (arg.is_Symbol or arg.is_Integer) and "(" not in text
        if bare or isinstance(arg, (sympy.Abs, sympy.Sum, sympy.Indexed)):
            return rf"\log{power} {text}"
        return rf"\log{power}\left({text}\right)"

    def _named(self, name: str, e: Expr, exp: Any) -> str:
        power = f"^{{{exp}}}" if exp else ""
        return rf"{name}{power}\left({self._print(e.args[-1])}\right)"

    def _print_exp(self, e: Expr, exp: Any = None) -> str:
        return self._named(r"\exp", e, exp)

    def _print_loggamma(self, e: Expr, exp: Any = None) -> str:
        return self._named(r"\log \Gamma", e, exp)

    def _print_gamma(self, e: Expr, exp: Any = None) -> str:
        return self._named(r"\Gamma", e, exp)

    def _print_polygamma(self, e: Expr, exp: Any = None) -> str:
        return self._named(r"\psi" + "'" * int(e.args[0]), e, exp)

    def _print_AmountSum(self, e: Expr, exp: Any = None) -> str:
        z, shape = (rf"\left({self._print(arg)}\right)" for arg in e.args[:2])
        a, b = e.args[2:] or (0, 0)
        factors = ("j " if a else "") + (rf"\psi\left(j {shape}\right) " if b else "")
        text = rf"\left(\sum_{{j \geq 1}} \frac{{{factors}{z}^{{j}}}}{{j! \, \Gamma\left(j {shape}\right)}}\right)"
        return f"{text}^{{{exp}}}" if exp else text

    def _print_CountBase(self, e: Expr, exp: Any = None) -> str:
        given = rf"\left({', '.join(map(self._print, e.args))}\right)"
        text: str = e.latex.replace("ARGUMENTS", given)
        return f"{text}^{{{exp}}}" if exp else text

    def _print_Sigmoid(self, e: Expr, exp: Any = None) -> str:
        return self._named(r"\mathrm{sig}", e, exp)

    def _print_Softplus(self, e: Expr, exp: Any = None) -> str:
        return self._named(r"\mathrm{softplus}", e, exp)

    def _print_asinh(self, e: Expr, exp: Any = None) -> str:
        return self._named(r"\mathrm{arsinh}", e, exp)

    def _print_NormalCdf(self, e: Expr, exp: Any = None) -> str:
        return self._named(r"\Phi", e, exp)

    def _print_Rational(self, e: Expr) -> str:
        found: str = f"{float(e):.6g}" if e.q > LONG else super()._print_Rational(e)
        return found

    def _print_Indexed(self, e: Expr) -> str:
        base, bracket, _ = str(e.base.label).partition("(")
        symbol = {"λ": r"\lambda"}.get(base, base)
        rest = r"(x_i, \varphi)" if bracket else ""
        return f"{symbol}_{{{self._print(e.indices[0])}}}{rest}"

    def _print_KroneckerDelta(self, e: Expr, exp: Any = None) -> str:
        y, k = sorted(e.args, key=lambda a: not has_y(a))
        return f"[{self._print(y)} = {self._print(k)}]"

    def _print_Sum(self, e: Expr) -> str:
        body = self._print(e.function)
        body = rf"\left({body}\right)" if e.function.is_Add else body
        return rf"\sum_{{{e.limits[0][0]}}} {body}"

    def _print_Product(self, e: Expr) -> str:
        return rf"\prod_{{{e.limits[0][0]}}} {self._print(e.function)}"

    def _print_Abs(self, e: Expr, exp: Any = None) -> str:
        power = f"^{{{exp}}}" if exp else ""
        return rf"\left|{self._print(y_first(e.args[0]))}\right|{power}"


def latex(e: Expr, names: Mapping[Symbol, str], *, y_last: bool = False) -> str:
    """The expression as LaTeX."""
    return Latex(names, y_last).doprint(e)


def sum_latex(terms: Sequence[Expr], names: Mapping[Symbol, str]) -> str:
    """The same in LaTeX."""
    return Latex(names).in_order(signed(terms)) or "0"


def product_latex(product: Product, names: Mapping[Symbol, str]) -> str:
    """The same in LaTeX."""

    def join(factors: Sequence[Expr], brackets: bool = True) -> str:
        shown = [(bracketed(f) and brackets, latex(f, names)) for f in factors]
        return r" \, ".join(rf"\left({s}\right)" if sum_ else s for sum_, s in shown)

    above, below, powers = arranged(product)
    out = join(above, not below or len(above) > 1)
    if below:
        out = rf"\frac{{{out or 1}}}{{{join(below, len(below) > 1)}}}"
    parts = [out, join(powers)]
    if product.power != 0:
        parts.append(rf"\exp\left({latex(product.power, names)}\right)")
    return r" \, ".join(p for p in parts if p) or "1"
