"""The order of summands and factors, and sums and products written in it: common to both printers."""

# SymPy finds a printer's methods by the names of its classes, and calls some with more arguments.
# ruff: noqa: N802

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Add, Expr, Pow, S

from likely.report.algebra import Product


@dataclass(frozen=True)
class Quotient:
    """± p · above / (q · below): a product as it is written."""

    negative: bool
    p: int
    q: int
    above: tuple[Expr, ...]
    below: tuple[Expr, ...]


def has_y(e: Expr) -> bool:
    """Whether the target is in the expression."""
    return any(str(s).startswith("y") for s in e.free_symbols)


def is_minus(e: Expr) -> bool:
    """Whether it is written with a minus before it."""
    return bool(quotient(e).negative) if e.is_Mul else bool(e.is_number and e < 0)


#: A denominator beyond which a fraction is a number with many digits, of which six are shown.
LONG = 10**8


def quotient(e: Expr, y_last: bool = False) -> Quotient:
    """A product as numerator and denominator; with ``y_last`` a minus may turn y − f into f − y."""
    coefficient, factors = e.as_coeff_mul()
    if not coefficient.is_Rational:
        coefficient, factors = S.One, (coefficient, *factors)
    negative = bool(coefficient < 0)
    above, below = [], []
    for f in sorted(factors, key=_factor_order):
        if f.is_Add and all(is_minus(t) for t in f.args):
            f, negative = Add(*[-t for t in f.args]), not negative
        if isinstance(f, Pow) and f.exp.is_number and f.exp.is_negative:
            below.append(Pow(f.base, -f.exp))
        else:
            above.append(f)
    if coefficient.q > LONG:
        above, coefficient = [abs(coefficient), *above], S.One
    if negative:
        # −κ(m − 1) is κ(1 − m); but −(y − μ)/β stays, except in gradients, which read f − y.
        for i, f in enumerate(above):
            mixed = f.is_Add and any(is_minus(t) for t in f.args)
            if mixed and (y_last or not has_y(f)):
                above[i], negative = Add(*[-t for t in f.args]), False
                break
    return Quotient(negative, abs(coefficient.p), coefficient.q, tuple(above), tuple(below))


def summands(e: Expr) -> list[tuple[bool, Expr]]:
    """(is subtracted, summand) in reading order: y − μ, and 1 + (y − μ)²/ν."""
    parts = [(is_minus(t), t) for t in Add.make_args(e)]
    number_first = any(not (t.is_Symbol or t.is_number) for minus, t in parts if not minus)

    def key(part: tuple[bool, Expr]) -> tuple[Any, ...]:
        minus, t = part
        number = not number_first if t.is_number else number_first
        first = number if t.is_number or not minus else False
        return (minus, first, not has_y(t), len(str(t)), str(t))

    return sorted(parts, key=key)


def y_first(e: Expr) -> Expr:
    """The sum or its negative, whichever adds y: for squares and absolute values."""
    if e.is_Add and any(has_y(t) and is_minus(t) for t in e.args):
        return Add(*[-t for t in e.args])
    return e


def _factor_order(factor: Expr) -> tuple[int, str]:
    base = factor.base if isinstance(factor, Pow) else factor
    if factor.is_number and not factor.has(
        sympy.log
    ):  # log 2 y would be another thing than y log 2
        rank = 0
    elif base.is_Symbol and "(" in str(base):  # a model's output, such as f(xᵢ, φ)
        rank = 3
    elif base.is_Symbol:
        rank = 2 if str(base).startswith("y") else 1
    else:
        rank = 4 if base.is_Add else 5
    return rank, str(factor)


def content(e: Expr) -> tuple[int, Expr]:
    """(q, the rest) of a sum with a common denominator, as in (ν + 1)/2."""
    if len(e.args) > 2 or not all(t.is_number or t.as_coeff_Mul()[1].is_Symbol for t in e.args):
        return 1, e
    content, inner = e.primitive()
    return (content.q, inner) if content.p == 1 and content.q > 1 else (1, e)


def signed(terms: Sequence[Expr]) -> list[tuple[bool, Expr]]:
    """(is subtracted, summand), what is added before what is subtracted."""
    return sorted(((is_minus(t), t) for t in terms), key=lambda part: part[0])


def bracketed(factor: Expr) -> bool:
    """Whether a factor would be read as something else where others stand before it."""
    return bool(factor.is_Add or is_minus(factor))


def arranged(product: Product) -> tuple[list[Expr], list[Expr], list[Expr]]:
    """Factors above and below the line, and powers that read better after the fraction."""

    def key(factor: tuple[Expr, Expr]) -> tuple[Any, ...]:
        base, _ = factor
        return (not base.is_number, not base.is_Symbol, len(str(base)), str(base))

    above, below, powers = [], [], []
    for base, exponent in sorted(product.factors, key=key):
        if not exponent.is_number:
            powers.append(Pow(base, exponent))
        elif exponent.is_negative:
            below.append(Pow(base, -exponent, evaluate=-exponent == 1))
        else:
            above.append(Pow(base, exponent, evaluate=exponent == 1))
    if len(powers) == 1 and not above:
        return powers, below, []
    return above, below, powers


class InOrder:
    """Sums and products of a printer; ``y_last`` writes f − y where y − f would need a minus before it."""

    minus: str
    y_last = False
    _print: Callable[[Expr], str]

    def _fraction(self, p: int, q: int) -> str | None:
        """A number that stands before a product; None where it is written with it."""
        raise NotImplementedError

    def _product(self, lead: str, factors: tuple[Expr, ...]) -> str:
        """The factors side by side."""
        raise NotImplementedError

    def _over(self, above: str, below: str, several: bool) -> str:
        """A quotient, below of which are ``several`` factors."""
        raise NotImplementedError

    def _part(self, total: str, denominator: int) -> str:
        """A sum over a number."""
        raise NotImplementedError

    def _print_Add(self, e: Expr, order: Any = None) -> str:
        denominator, e = content(e)
        y_last, self.y_last = self.y_last, False
        out = self.in_order(summands(e))
        self.y_last = y_last
        return out if denominator == 1 else self._part(out, denominator)

    def in_order(self, summands: list[tuple[bool, Expr]]) -> str:
        """The summands joined by + and −."""
        out = ""
        for minus, term in summands:
            body = self._print(-term if minus and not term.is_Mul else term)
            if minus and term.is_Mul:
                body = body.removeprefix(self.minus)
            sign = self.minus if minus else "+"
            out += f" {sign} {body}" if out else f"{self.minus if minus else ''}{body}"
        return out

    def _print_Mul(self, e: Expr) -> str:
        q = quotient(e, self.y_last)
        sign = self.minus if q.negative else ""
        plain = all(f.is_Symbol or f.is_Add or f.is_Pow for f in q.above)
        fraction = self._fraction(q.p, q.q)
        if not q.below and fraction is not None and not (plain and q.above):
            return sign + self._product(fraction, q.above)
        head = self._product(str(q.p) if q.p != 1 else "", q.above) or "1"
        if not q.below and q.q == 1:
            return sign + head
        foot = self._product(str(q.q) if q.q != 1 else "", q.below)
        return sign + self._over(head, foot, len(q.below) + (q.q != 1) > 1)
