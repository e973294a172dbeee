"""Putting a logarithm of a density in order: ``Σ coefficient · log(something) + rest``.

Stable bodies are made of deviances and Stirling errors. With their logarithms taken apart and
collected, what cancelled on paper cancels again, and the textbook formula appears. The rules hold
for positive arguments, which is what a density's logarithms have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

import sympy
from sympy import Abs, Add, Dummy, Expr, Function, Integer, Mul, Pow, S, log, loggamma, polygamma

from likely.report.polynomials import factored

#: Functions whose multiples are collected: each appears once in an ordered sum.
_GENERATORS = (log, loggamma, polygamma)


@dataclass(frozen=True)
class Ordered:
    """± (Σ coefficient · generator + Σ rest), each generator once.

    The sign is kept apart, so that −(1 − y) log(1 − λ) does not become (y − 1) log(1 − λ).
    """

    collected: tuple[tuple[Expr, Expr], ...]
    rest: tuple[Expr, ...]
    sign: int = 1

    @property
    def terms(self) -> tuple[Expr, ...]:
        """The summands, the rest (where y meets the parameters) first."""
        rest = tuple(self.sign * t for t in self.rest)
        return rest + tuple(Mul(self.sign, c, g) for g, c in self.collected)

    def __neg__(self) -> Ordered:
        return Ordered(self.collected, self.rest, -self.sign)

    @property
    def expression(self) -> Expr:
        """The sum itself."""
        return Add(*self.terms)


@lru_cache(maxsize=256)
def order(expression: Expr) -> Ordered:
    """The expression as an ordered sum, in the shortest form found."""
    inner = _logarithms(expression)
    kept: set[Expr] = set()
    best = _collect(expression, kept)
    # Whether log(1 + q) is better whole or as a quotient shows only in what it cancels with.
    for argument in inner[:6]:
        trial = _collect(expression, kept | {argument})
        if _length(trial) < _length(best):
            kept.add(argument)
            best = trial
    return best


@lru_cache(maxsize=256)
def tidy(expression: Expr) -> Expr:
    """The shortest of a few equal ways to write the expression."""
    ordered = order(expression).expression
    candidates = [
        form
        for start in (expression, ordered)
        for form in (_factored(start), _factored(start, _differences(start)), start)
    ]
    return _unsigned(min(candidates, key=lambda e: size([e])))


def same(a: Expr, b: Expr) -> bool:
    """Whether a and b are equal, as far as ordering (and then SymPy) can tell."""
    difference = _collect(a - b, set()).expression
    if difference == 0:
        return True
    return _factored(sympy.expand(difference)) == 0


def size(terms: Iterable[Expr]) -> int:
    """How long an expression is to read."""
    return sum(1 + int(sympy.count_ops(t)) for t in terms)


def _length(ordered: Ordered) -> int:
    # A power with symbols in the exponent is harder to read than one more factor.
    return size(ordered.terms) + 3 * sum(not c.is_number for _, c in ordered.collected)


# --- Logarithms ----------------------------------------------------------------------------------


def _logarithms(expression: Expr) -> list[Expr]:
    """Arguments of logarithms that are sums: those that could be kept whole."""
    found = {e.args[0] for e in expression.atoms(log) if sympy.together(e.args[0]) != e.args[0]}
    return sorted(found, key=lambda e: e.sort_key())


def _split(argument: Expr, kept: set[Expr]) -> Expr:
    """log(argument) with products, quotients and powers taken apart."""
    if argument in kept:
        return log(argument)
    coefficient, factors = sympy.together(argument).as_coeff_mul()
    if coefficient.is_negative:
        # −(a − b) is b − a: the sign goes into a factor that can carry it.
        carriers = [f for f in factors if f.is_Add] or [
            f for f in factors if isinstance(f, log) and f.is_negative is not False
        ]
        if not carriers or not carriers[0].is_Add:
            return log(argument)
        factors = tuple(-f if f is carriers[0] else f for f in factors)
        coefficient = -coefficient
    total = log(coefficient)
    for factor in factors:
        base, power = factor.as_base_exp()
        if isinstance(factor, sympy.exp):
            total += factor.args[0]
        elif power.is_integer and power.is_even and base.is_positive is None:
            total += power * log(Abs(base))
        else:
            inner = base.is_Mul or base.is_Pow
            total += power * (_split(base, kept) if inner else log(base))
    return total


def _as_power(argument: Expr) -> Expr:
    """exp(k (log y − log σ)) as (y/σ)ᵏ."""
    factors = Mul.make_args(factored(argument))
    for factor in factors:
        pairs = [t.as_coeff_Mul() for t in Add.make_args(factor)]
        if all(isinstance(g, log) and c.is_Integer for c, g in pairs):
            return Pow(Mul(*[g.args[0] ** c for c, g in pairs]), argument / factor)
    return sympy.exp(argument)


# --- Collecting ----------------------------------------------------------------------------------


@cache
def _hidden(number: int, positive: bool | None) -> Dummy:
    """What hides so many-th function: the same each time, so that what is known of a polynomial stays known."""
    return Dummy(f"u{number}", positive=positive, real=True)


class _Mask:
    """Hides functions behind dummies, so that polynomial steps see a polynomial."""

    def __init__(self) -> None:
        self.names: dict[Expr, Dummy] = {}
        self.signs: dict[Expr, int] = {}

    def hide(self, e: Expr) -> Expr:
        if isinstance(e, sympy.exp):
            # e²ˣ is (eˣ)², or nothing would cancel; the first of eˣ and e⁻ˣ is the base.
            multiple, argument = e.args[0].as_coeff_Mul()
            if not multiple.is_Integer:
                return self._name(e)
            sign = self.signs.setdefault(argument, 1 if multiple > 0 else -1)
            return self._name(sympy.exp(sign * argument)) ** (multiple * sign)
        if isinstance(e, (Add, Mul)):
            return e.func(*[self.hide(a) for a in e.args])
        if isinstance(e, Pow):
            if e.exp.is_Number:
                return Pow(self.hide(e.base), e.exp)
            return self._name(e)
        if isinstance(e, (Function, sympy.Max, sympy.Min, sympy.Sum)) or not (e.is_Atom):
            return self._name(e)
        return e

    def _name(self, e: Expr) -> Dummy:
        if e not in self.names:
            self.names[e] = _hidden(len(self.names), e.is_positive)
        return self.names[e]

    def show(self, e: Expr) -> Expr:
        return e.xreplace({dummy: hidden for hidden, dummy in self.names.items()})


def _collect(expression: Expr, kept: set[Expr]) -> Ordered:
    split = expression.replace(log, lambda a: _split(a, kept)).replace(sympy.exp, _as_power)
    mask = _Mask()
    masked = _expand(mask.hide(split))
    generators = {d: e for e, d in mask.names.items() if isinstance(e, _GENERATORS)}
    coefficients: dict[Dummy, Expr] = {}
    rest: list[Expr] = []
    for term in Add.make_args(masked):
        mine = [f for f in Mul.make_args(term) if f in generators]
        if len(mine) == 1:
            coefficients[mine[0]] = coefficients.get(mine[0], S.Zero) + term / mine[0]
        else:
            rest.append(term)
    collected = [
        (generators[d], mask.show(_shortest_polynomial(c)))
        for d, c in coefficients.items()
        if sympy.expand(c) != 0
    ]
    shown = tuple(mask.show(t) for t in Add.make_args(_grouped(Add(*rest))) if t != 0)
    return Ordered(_merge_numbers(collected), shown)


def _expand(masked: Expr) -> Expr:
    # (y − μ)² stays whole: nothing in it cancels, and it is what people read.
    return sympy.expand(
        masked, multinomial=False, power_base=False, power_exp=False, log=False, basic=False
    )


def _shortest_polynomial(c: Expr) -> Expr:
    number, others = sympy.expand(c).as_coeff_Add()
    candidates = (number + _unsigned(factored(others)), factored(c), c)
    return min(candidates, key=lambda e: size([e]))


def _unsigned(e: Expr) -> Expr:
    """−κ(μ − 1) as κ(1 − μ), and (y − λ)/(λ − 1) as (λ − y)/(1 − λ)."""
    coefficient, factors = e.as_coeff_mul()
    factors = list(factors)

    def flip(i: int) -> None:
        base, power = factors[i].as_base_exp()
        factors[i] = Pow(Add(*[-t for t in base.args]), power)

    mixed = [
        i
        for i, f in enumerate(factors)
        if f.as_base_exp()[1] in (1, -1) and _is_difference(f.as_base_exp()[0])
    ]
    minus_one = [i for i in mixed if S.NegativeOne in factors[i].as_base_exp()[0].args]
    for i in minus_one:
        partner = next((j for j in mixed if j not in minus_one), None)
        if coefficient < 0:
            coefficient = -coefficient
        elif partner is not None:
            flip(partner)
            mixed.remove(partner)
        else:
            break
        flip(i)
    return Mul(coefficient, *factors)


def _is_difference(e: Expr) -> bool:
    minus = [t for t in e.args if t.could_extract_minus_sign()]
    return bool(e.is_Add and len(e.args) > len(minus) > 0)


def _grouped(rest: Expr) -> Expr:
    """Terms over the same denominator put together, where that is shorter."""
    groups: dict[tuple[Expr, frozenset[Expr]], list[Expr]] = {}
    for term in Add.make_args(rest):
        _, denominator = term.as_numer_denom()
        hidden = frozenset(s for s in term.free_symbols if isinstance(s, Dummy))
        groups.setdefault((denominator / denominator.as_coeff_Mul()[0], hidden), []).append(term)
    together = Add(*[sympy.factor_terms(factored(Add(*group))) for group in groups.values()])
    return min((together, rest, factored(rest)), key=lambda e: size([e]))


def _merge_numbers(pairs: list[tuple[Expr, Expr]]) -> tuple[tuple[Expr, Expr], ...]:
    """log 2 + ½ log(2π) is ½ log(8π)."""
    is_number = lambda g, c: isinstance(g, log) and g.args[0].is_number and c.is_Rational
    numbers = [(g, c) for g, c in pairs if is_number(g, c)]
    others = [(g, c) for g, c in pairs if not is_number(g, c)]
    if not numbers:
        return tuple(others)
    common = sympy.gcd([abs(c) for _, c in numbers])
    if all(c < 0 for _, c in numbers):
        common = -common
    argument = Mul(*[g.args[0] ** (c / common) for g, c in numbers])
    return (*others, (log(argument), common))


def _factored(expression: Expr, whole: tuple[Expr, ...] = ()) -> Expr:
    """Over one denominator and factored, with the sums in ``whole`` left as they are."""
    dummies = {e: Dummy(f"d{i}", real=True) for i, e in enumerate(whole)}
    replaced = expression.xreplace(dummies | {-e: -d for e, d in dummies.items()})
    mask = _Mask()
    masked = mask.hide(replaced)
    together = sympy.together(masked)
    above, below = sympy.fraction(together)
    # σ² − d² is easier to read than (σ − d)(σ + d).
    forms = (factored(together), sympy.factor_terms(_expand(above)) / factored(below))
    best = min(forms, key=lambda e: size([e]))
    return mask.show(best).xreplace({d: e for e, d in dummies.items()})


def _differences(expression: Expr) -> tuple[Expr, ...]:
    """Sums that are squared, or stand in an exponential, as y − μ does."""
    squared = [p.base for p in expression.atoms(Pow) if p.exp.is_Integer and p.exp > 1]
    inside = [f for e in expression.atoms(sympy.exp) for f in Mul.make_args(e.args[0])]
    found = {e for e in squared + inside if e.is_Add and len(e.args) == 2}
    chosen: list[Expr] = []
    for e in sorted(found, key=lambda e: e.sort_key()):
        if -e not in chosen:
            chosen.append(e)
    return tuple(chosen)


# --- From the logarithm back to the density ------------------------------------------------------


@dataclass(frozen=True)
class Product:
    """∏ base ^ exponent · exp(power), kept as written for printing."""

    factors: tuple[tuple[Expr, Expr], ...]
    power: Expr

    @property
    def expression(self) -> Expr:
        """The product itself."""
        return Mul(*[Pow(b, e) for b, e in self.factors]) * sympy.exp(self.power)


def exponentiate(ordered: Ordered) -> Product:
    """exp of an ordered sum, as a product of powers in its shortest form."""
    factors: list[tuple[Expr, Expr]] = []
    power: list[Expr] = list(ordered.rest)
    for generator, coefficient in ordered.collected:
        if isinstance(generator, log):
            factors.append((generator.args[0], coefficient))
        elif isinstance(generator, loggamma):
            factors.append((sympy.gamma(generator.args[0]), coefficient))
        else:
            power.append(generator * coefficient)
    exponent = Add(*power)
    plain = Product(tuple(factors), exponent)
    by_exponent = Product(tuple(_by_exponent(factors)), exponent)
    return min((plain, by_exponent), key=_product_size)


def _product_size(product: Product) -> int:
    return size([part for factor in product.factors for part in factor])


def _by_exponent(factors: list[tuple[Expr, Expr]]) -> list[tuple[Expr, Expr]]:
    """Powers with the same exponent share it: (s/(s + m))ˢ (m/(s + m))ʸ."""
    groups: dict[Expr, list[Expr]] = {}
    for base, exponent in factors:
        for term in Add.make_args(sympy.expand(exponent)):
            if term.is_number:
                key, factor = term, base
            elif term.could_extract_minus_sign():
                key, factor = -term, 1 / base
            else:
                key, factor = term, base
            groups.setdefault(key, []).append(factor)
    result: list[tuple[Expr, Expr]] = []
    for exponent, bases in groups.items():
        if exponent.is_number:
            result += [(base, exponent) for base in bases]
        else:
            result.append((Mul(*bases), exponent))
    return result


def positive_common_factor(terms: list[Expr], variables: set[Expr]) -> Expr:
    """What all terms share, positive and free of the variables; a number only of a lone term."""
    free = [t.as_independent(*variables, as_Add=False)[0] for t in terms]
    if len(free) == 1:
        factor = abs(free[0]) if free[0].is_number else free[0]
        factor = -factor if factor.is_negative else factor
    else:
        powers = [dict(f.as_coeff_Mul()[1].as_powers_dict()) for f in free]
        factor = S.One
        for base, exponent in powers[0].items():
            others = [p.get(base) for p in powers]
            if all(o is not None and o == exponent for o in others):
                factor *= base**exponent
    return factor if factor.is_positive else Integer(1)
