"""Formulas as one line of Unicode for a terminal, and as LaTeX, in the order people write them."""

# SymPy finds a printer's methods by the names of its classes, and calls some with more arguments.
# ruff: noqa: N802, N815

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Add, Expr, Pow, Rational, S, Symbol
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from likely.report.algebra import Product

_FRACTIONS = {(1, 2): "½", (1, 4): "¼", (3, 4): "¾", (1, 3): "⅓", (2, 3): "⅔", (1, 8): "⅛"}
_EXPONENTS = {
    **dict(zip("0123456789-+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", strict=True)),
    "y": "ʸ", "k": "ᵏ", "s": "ˢ", "m": "ᵐ", "n": "ⁿ", "x": "ˣ", "f": "ᶠ", "c": "ᶜ", "−": "⁻",
}  # fmt: skip


# --- The order of summands and factors, common to both printers ----------------------------------


@dataclass(frozen=True)
class Quotient:
    """± p · above / (q · below): a product as it is written."""

    negative: bool
    p: int
    q: int
    above: tuple[Expr, ...]
    below: tuple[Expr, ...]


def _has_y(e: Expr) -> bool:
    return any(str(s).startswith("y") for s in e.free_symbols)


def _is_minus(e: Expr) -> bool:
    return bool(_quotient(e).negative) if e.is_Mul else bool(e.is_number and e < 0)


#: A denominator beyond which a fraction is a number with many digits, of which six are shown.
_LONG = 10**8


def _quotient(e: Expr, y_last: bool = False) -> Quotient:
    coefficient, factors = e.as_coeff_mul()
    if not coefficient.is_Rational:
        coefficient, factors = S.One, (coefficient, *factors)
    negative = bool(coefficient < 0)
    above, below = [], []
    for f in sorted(factors, key=_factor_order):
        if f.is_Add and all(_is_minus(t) for t in f.args):
            f, negative = Add(*[-t for t in f.args]), not negative
        if isinstance(f, Pow) and f.exp.is_number and f.exp.is_negative:
            below.append(Pow(f.base, -f.exp))
        else:
            above.append(f)
    if coefficient.q > _LONG:
        above, coefficient = [abs(coefficient), *above], S.One
    if negative:
        # −κ(m − 1) is κ(1 − m); but −(y − μ)/β stays, except in gradients, which read f − y.
        for i, f in enumerate(above):
            mixed = f.is_Add and any(_is_minus(t) for t in f.args)
            if mixed and (y_last or not _has_y(f)):
                above[i], negative = Add(*[-t for t in f.args]), False
                break
    return Quotient(negative, abs(coefficient.p), coefficient.q, tuple(above), tuple(below))


def _summands(e: Expr) -> list[tuple[bool, Expr]]:
    """(is subtracted, summand) in reading order: y − μ, and 1 + (y − μ)²/ν."""
    parts = [(_is_minus(t), t) for t in Add.make_args(e)]
    number_first = any(not (t.is_Symbol or t.is_number) for minus, t in parts if not minus)

    def key(part: tuple[bool, Expr]) -> tuple[Any, ...]:
        minus, t = part
        number = not number_first if t.is_number else number_first
        first = number if t.is_number or not minus else False
        return (minus, first, not _has_y(t), len(str(t)), str(t))

    return sorted(parts, key=key)


def _y_first(e: Expr) -> Expr:
    """The sum or its negative, whichever adds y: for squares and absolute values."""
    if e.is_Add and any(_has_y(t) and _is_minus(t) for t in e.args):
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


def _content(e: Expr) -> tuple[int, Expr]:
    """(q, the rest) of a sum with a common denominator, as in (ν + 1)/2."""
    if len(e.args) > 2 or not all(t.is_number or t.as_coeff_Mul()[1].is_Symbol for t in e.args):
        return 1, e
    content, inner = e.primitive()
    return (content.q, inner) if content.p == 1 and content.q > 1 else (1, e)


# --- Unicode -------------------------------------------------------------------------------------


class Text(StrPrinter):
    """One line of Unicode; ``y_last`` writes f − y where y − f would need a minus before it."""

    printmethod = "_unicode_line"  # not what SymPy's classes say about themselves

    def __init__(self, y_last: bool = False) -> None:
        super().__init__()
        self.y_last = y_last

    def _print_Add(self, e: Expr, order: Any = None) -> str:
        denominator, e = _content(e)
        y_last, self.y_last = self.y_last, False
        out = self.in_order(_summands(e))
        self.y_last = y_last
        return out if denominator == 1 else f"({out})/{denominator}"

    def in_order(self, summands: list[tuple[bool, Expr]]) -> str:
        """The summands joined by + and −."""
        out = ""
        for minus, term in summands:
            body = self._print(-term if minus and not term.is_Mul else term)
            if minus and term.is_Mul:
                body = body.removeprefix("−")
            out += (" − " if minus else " + ") + body if out else ("−" if minus else "") + body
        return out

    def _print_Mul(self, e: Expr) -> str:
        q = _quotient(e, self.y_last)
        sign = "−" if q.negative else ""
        plain = all(f.is_Symbol or f.is_Add or f.is_Pow for f in q.above)
        if not q.below and (q.p, q.q) in _FRACTIONS and not (plain and q.above):
            return sign + self._product(_FRACTIONS[q.p, q.q], q.above)
        head = self._product(str(q.p) if q.p != 1 else "", q.above) or "1"
        if not q.below and q.q == 1:
            return sign + head
        foot = self._product(str(q.q) if q.q != 1 else "", q.below)
        several = len(q.below) + (q.q != 1) > 1
        return f"{sign}{head}/({foot})" if several else f"{sign}{head}/{foot}"

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
            e = Pow(_y_first(e.base), e.exp, evaluate=False)
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
        if e.q > _LONG:
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
        return f"|{self._print(_y_first(e.args[0]))}|"

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
        y, k = sorted(e.args, key=lambda a: not _has_y(a))
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


_BELOW = {"k": "ₖ", "j": "ⱼ", "i": "ᵢ", "K": "_K"}
_FUNCTION_NAMES = {
    "Sigmoid": "sigmoid", "Softplus": "softplus", "NormalCdf": "Φ", "atan": "arctan",
    "asinh": "arsinh", "Max": "max", "Min": "min", "gamma": "Γ", "LowerGamma": "P", "UpperGamma": "Q",
    "StudentCdf": "T", "BetaCdf": "I", "PassageCdf": "F", "PassageSf": "S", "PrenticeCdf": "F", "PrenticeSf": "S",
    "SkewCdf": "F", "BranchingCdf": "F", "BranchingSf": "S",
    "CountCdf": "F", "CountSf": "S",
}  # fmt: skip


# --- LaTeX ---------------------------------------------------------------------------------------


class Latex(LatexPrinter):
    """LaTeX with the same order of terms."""

    def __init__(self, names: Mapping[Symbol, str], y_last: bool = False) -> None:
        super().__init__({"symbol_names": dict(names)})
        self.y_last = y_last

    def _print_Add(self, e: Expr, order: Any = None) -> str:
        denominator, e = _content(e)
        y_last, self.y_last = self.y_last, False
        out = self.in_order(_summands(e))
        self.y_last = y_last
        return out if denominator == 1 else rf"\frac{{{out}}}{{{denominator}}}"

    def in_order(self, summands: list[tuple[bool, Expr]]) -> str:
        """The summands joined by + and -."""
        out = ""
        for minus, term in summands:
            body = self._print(-term if minus and not term.is_Mul else term)
            if minus and term.is_Mul:
                body = body.removeprefix("-")
            out += (" - " if minus else " + ") + body if out else ("-" if minus else "") + body
        return out

    def _print_Mul(self, e: Expr) -> str:
        q = _quotient(e, self.y_last)
        sign = "-" if q.negative else ""
        plain = all(f.is_Symbol or f.is_Add or f.is_Pow for f in q.above)
        if not q.below and q.q != 1 and not (plain and q.above):
            return sign + self._product(rf"\frac{{{q.p}}}{{{q.q}}}", q.above)
        head = self._product(str(q.p) if q.p != 1 else "", q.above) or "1"
        if not q.below and q.q == 1:
            return sign + head
        foot = self._product(str(q.q) if q.q != 1 else "", q.below)
        return rf"{sign}\frac{{{head}}}{{{foot}}}"

    def _product(self, lead: str, factors: tuple[Expr, ...]) -> str:
        parts = [lead] if lead else []
        for f in factors:
            alone = len(factors) == 1 and not lead
            text = self._print(f)
            parts.append(rf"\left({text}\right)" if f.is_Add and not alone else text)
        return r" \, ".join(parts)

    def _print_Pow(self, e: Expr) -> str:
        if e.exp.is_Integer and e.exp.is_even and e.exp > 0 and e.base.is_Add:
            return rf"\left({self._print(_y_first(e.base))}\right)^{{{e.exp}}}"
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
        found: str = f"{float(e):.6g}" if e.q > _LONG else super()._print_Rational(e)
        return found

    def _print_Indexed(self, e: Expr) -> str:
        base, bracket, _ = str(e.base.label).partition("(")
        symbol = {"λ": r"\lambda"}.get(base, base)
        rest = r"(x_i, \varphi)" if bracket else ""
        return f"{symbol}_{{{self._print(e.indices[0])}}}{rest}"

    def _print_KroneckerDelta(self, e: Expr, exp: Any = None) -> str:
        y, k = sorted(e.args, key=lambda a: not _has_y(a))
        return f"[{self._print(y)} = {self._print(k)}]"

    def _print_Sum(self, e: Expr) -> str:
        body = self._print(e.function)
        body = rf"\left({body}\right)" if e.function.is_Add else body
        return rf"\sum_{{{e.limits[0][0]}}} {body}"

    def _print_Product(self, e: Expr) -> str:
        return rf"\prod_{{{e.limits[0][0]}}} {self._print(e.function)}"

    def _print_Abs(self, e: Expr, exp: Any = None) -> str:
        power = f"^{{{exp}}}" if exp else ""
        return rf"\left|{self._print(_y_first(e.args[0]))}\right|{power}"


# --- Entry points --------------------------------------------------------------------------------


def text(e: Expr, *, y_last: bool = False) -> str:
    """The expression as one line of Unicode."""
    return Text(y_last).doprint(e)


def latex(e: Expr, names: Mapping[Symbol, str], *, y_last: bool = False) -> str:
    """The expression as LaTeX."""
    return Latex(names, y_last).doprint(e)


def sum_text(terms: Sequence[Expr]) -> str:
    """A sum in the given order, what is added before what is subtracted."""
    return Text().in_order(_signed(terms)) or "0"


def sum_latex(terms: Sequence[Expr], names: Mapping[Symbol, str]) -> str:
    """The same in LaTeX."""
    return Latex(names).in_order(_signed(terms)) or "0"


def _signed(terms: Sequence[Expr]) -> list[tuple[bool, Expr]]:
    return sorted(((_is_minus(t), t) for t in terms), key=lambda part: part[0])


def product_text(product: Product) -> str:
    """A density: a fraction, powers, and the exponential."""

    def join(factors: Sequence[Expr]) -> str:
        return " ".join(f"({text(f)})" if _bracketed(f) else text(f) for f in factors)

    above, below, powers = _arranged(product)
    out = join(above)
    if below:
        foot = f"({join(below)})" if len(below) > 1 else join(below)
        out = f"{out or 1}/{foot}"
    parts = [out, join(powers)]
    if product.power != 0:
        parts.append(f"exp({text(product.power)})")
    return " · ".join(p for p in parts if p) or "1"


def _bracketed(factor: Expr) -> bool:
    """Whether a factor would be read as something else where others stand before it."""
    return bool(factor.is_Add or _is_minus(factor))


def product_latex(product: Product, names: Mapping[Symbol, str]) -> str:
    """The same in LaTeX."""

    def join(factors: Sequence[Expr], brackets: bool = True) -> str:
        shown = [(_bracketed(f) and brackets, latex(f, names)) for f in factors]
        return r" \, ".join(rf"\left({s}\right)" if sum_ else s for sum_, s in shown)

    above, below, powers = _arranged(product)
    out = join(above, not below or len(above) > 1)
    if below:
        out = rf"\frac{{{out or 1}}}{{{join(below, len(below) > 1)}}}"
    parts = [out, join(powers)]
    if product.power != 0:
        parts.append(rf"\exp\left({latex(product.power, names)}\right)")
    return r" \, ".join(p for p in parts if p) or "1"


def _arranged(product: Product) -> tuple[list[Expr], list[Expr], list[Expr]]:
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


def wrap(formula: str, width: int, indent: int = 4) -> list[str]:
    """A long line broken before a + or − that is nested as little as possible."""
    lines: list[str] = []
    indent = min(indent, width // 3)
    while len(formula) > width:
        cut = _last_break(formula, width)
        if cut <= 0:
            break
        lines.append(formula[:cut].rstrip())
        formula = " " * indent + formula[cut:].lstrip()
    return [*lines, formula]


def _last_break(formula: str, width: int) -> int:
    """The last break that fits, at the shallowest depth that has one past the first third."""
    depth, best = 0, {}
    start = len(formula) - len(formula.lstrip()) + 8
    for i, ch in enumerate(formula[: width + 1]):
        depth += ch in "([{"
        depth -= ch in ")]}"
        if i > start and formula[i : i + 3] in (" + ", " − ", " = ", " · "):
            best[depth] = i
    late = {d: i for d, i in best.items() if i > width // 3} or best
    return late[min(late)] if late else 0
