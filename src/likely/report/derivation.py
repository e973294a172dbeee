"""The mathematics of ``explain``: from a composed loss to what remains of it, in SymPy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy
from sympy import Add, Expr, Integer, Mul, Symbol

from likely._math.graph import as_node, symbol
from likely.families.view import plain_view
from likely.losses.composed import Slot
from likely.losses.nll import NegativeLogLikelihood
from likely.report import algebra
from likely.report.algebra import Ordered
from likely.report.known import KnownLoss, recognise
from likely.report.names import SUBSCRIPTS, Notation, choose
from likely.report.polynomials import factored
from likely.report.regimes import one_formula
from likely.report.symbols.named import plain
from likely.report.sympy_backend import convert, number


@dataclass(frozen=True)
class Dropped:
    """A term that does not move the minimum, and why."""

    term: Expr
    why: str


@dataclass(frozen=True)
class Profile:
    """A shared parameter at its best value, given the fit of the others."""

    parameter: Symbol
    power: int
    solution: Expr | None
    condition: Expr
    sums: dict[Symbol, Expr]


class Derivation:
    """Every step of the recipe for one loss; each property is derived from the family's formula."""

    def __init__(self, loss: NegativeLogLikelihood) -> None:
        self.loss = loss
        self.specification = loss.specification
        self.slots = loss.slots
        self.notation = Notation()
        self._name_symbols()

    def _name_symbols(self) -> None:
        spec, notation = self.specification, self.notation
        chosen = choose((name, p.symbol) for name, p in spec.parameters.items())
        self.y = notation.symbol("y", spec.support)
        self.theta = {
            name: notation.symbol(chosen[name], p.domain) for name, p in spec.parameters.items()
        }
        given = {s.parameter: s for s in self.slots if s.parameter != s.of}
        self.alternative = {
            name: notation.symbol(spec.alternatives[name].symbol or name, self.loss.domain(slot))
            for name, slot in given.items()
        }
        free = [s for s in self.slots if s.role != "fixed"]
        counts = {role: sum(s.role == role for s in free) for role in ("predicted", "shared")}
        self.raw: dict[str, Symbol] = {}
        for j, slot in enumerate(free, 1):
            letter = "f" if slot.role == "predicted" else "c"
            index = str(j) if counts[slot.role] > 1 else ""
            self.raw[slot.of] = notation.symbol(
                f"{letter}_{{{index}}}" if index else letter,
                text=letter + index.translate(SUBSCRIPTS),
            )

    # --- The family -------------------------------------------------------------------------------

    def traced(self, body: Any, *first: Any) -> list[Expr]:
        """A formula of the family in the derivation's symbols."""
        views = {name: plain_view(name, symbol(name)) for name in self.theta}
        node = as_node(self.specification.trace(body, views, *first))
        return convert([node], {"y": self.y, **self.theta})

    @cached_property
    def log_density(self) -> Ordered:
        """log p(y | θ), in order."""
        y = plain_view("y", symbol("y"))
        body = self.specification.printed or self.specification.log_density
        return algebra.order(one_formula(self.traced(body, y)[0]))

    @cached_property
    def density(self) -> algebra.Product:
        """p(y | θ)"""
        return algebra.exponentiate(self.log_density)

    @cached_property
    def mode(self) -> Expr | None:
        """The closed form of argmax p, if the family declares one."""
        formulas = self.specification.formulas
        if "mode" not in formulas:
            return None
        mode = self.traced(formulas["mode"])[0].subs(self.fixed)
        return sympy.piecewise_fold(mode) if mode.has(sympy.Piecewise) else mode

    # --- The links --------------------------------------------------------------------------------

    def slot(self, name: str) -> Slot:
        """The slot that gives the family's parameter of that name its value."""
        return next(s for s in self.slots if s.of == name)

    def held(self, slot: Slot) -> Symbol:
        """The symbol that the slot's link yields: the parameter or its alternative."""
        return self.alternative.get(slot.parameter, self.theta[slot.of])

    def link_value(self, slot: Slot) -> Expr:
        """link⁻¹(raw)"""
        assert slot.link is not None
        return convert([slot.link.value(symbol("raw"))], {"raw": self.raw[slot.of]})[0]

    def from_held(self, slot: Slot, held: Expr) -> Expr:
        """The family's own parameter from what the slot holds."""
        if slot.parameter == slot.of:
            return held
        return held ** number(self.specification.alternatives[slot.parameter].power)

    @cached_property
    def fixed(self) -> dict[Symbol, Expr]:
        """Values of the fixed parameters."""
        return {
            self.theta[s.of]: self.from_held(s, number(float(s.value)))
            for s in self.slots
            if s.role == "fixed" and s.value is not None
        }

    @cached_property
    def in_raw(self) -> dict[Symbol, Expr]:
        """Every parameter that is not fixed, as a function of the raw predictions."""
        return {
            self.theta[s.of]: self.from_held(s, self.link_value(s))
            for s in self.slots
            if s.role != "fixed"
        }

    @cached_property
    def predicted_in_raw(self) -> dict[Symbol, Expr]:
        """The predicted ones only; a shared parameter reads better under its own name."""
        predicted = self.role("predicted")
        return {s: e for s, e in self.in_raw.items() if s in predicted}

    def role(self, role: str) -> list[Symbol]:
        """The family's parameters of one role, in order."""
        return [self.theta[s.of] for s in self.slots if s.role == role]

    # --- The loss and its reduction ---------------------------------------------------------------

    @cached_property
    def nll(self) -> Ordered:
        """One row's −log p with the fixed values in place."""
        if not self.fixed:
            return -self.log_density
        return -algebra.order(self.log_density.expression.subs(self.fixed))

    @cached_property
    def separated(self) -> bool:
        """Whether the best φ is the same for every value of the shared parameters."""
        predicted, shared = self.role("predicted"), self.role("shared")
        if not (predicted and shared):
            return False
        kept, _ = _divide(self.nll, set(predicted))
        factor = self._common_factor(kept, predicted)
        return bool(kept) and not any(_over(t, factor).has(*shared) for t in kept)

    @cached_property
    def learned(self) -> list[Symbol]:
        """The parameters that the remaining loss is minimised over."""
        if self.separated:
            return self.role("predicted")
        return self.role("predicted") + self.role("shared")

    @cached_property
    def _division(self) -> tuple[list[Expr], list[Expr]]:
        return _divide(self.nll, set(self.learned))

    @cached_property
    def dropped(self) -> tuple[Dropped, ...]:
        """Terms without a learned parameter; constants are added up."""
        constants: list[Expr] = []
        others: list[Expr] = []
        for term in self._division[1]:
            (constants if term.is_number else others).append(term)
        found = [Dropped(t, self._why(t)) for t in others]
        if constants:
            found.append(Dropped(Add(*constants), "a constant"))
        return tuple(found)

    def _why(self, term: Expr) -> str:
        shared = [s for s in self.role("shared") if term.has(s)]
        if shared:
            names = " and ".join(s.name for s in shared)
            return f"no φ in it; the best {names} comes below"
        return "data only"

    @cached_property
    def factor(self) -> Expr:
        """The positive common factor of what is left."""
        kept = self._division[0]
        return self._common_factor(kept, self.learned)

    def _common_factor(self, kept: list[Expr], learned: list[Symbol]) -> Expr:
        # A factor with y in it weighs the rows: it stays.
        return algebra.positive_common_factor(kept, {*learned, self.y}) if kept else Integer(1)

    @cached_property
    def remaining(self) -> tuple[Expr, ...]:
        """One row's loss after dropping and dividing, as summands."""
        return tuple(_over(t, self.factor) for t in self._division[0])

    @cached_property
    def remaining_in_raw(self) -> Ordered:
        """The same, with the predicted parameters as functions of the raw predictions."""
        return -algebra.order(-Add(*self.remaining).subs(self.predicted_in_raw))

    @cached_property
    def remaining_plain(self) -> Ordered | None:
        """The same without named functions, where the link's formula makes it collapse."""
        raw = self.remaining_in_raw
        if plain(raw.expression) == raw.expression:
            return None
        collapsed = -algebra.order(-plain(raw.expression))
        return collapsed if algebra.size(collapsed.terms) < algebra.size(raw.terms) else None

    @cached_property
    def known(self) -> KnownLoss | None:
        """The known loss that the remaining one equals."""
        found = recognise(Add(*self.remaining), self.y, self.learned)
        many = found is not None and found.parameters > 1
        return None if many and set(self.learned) & set(self.role("shared")) else found

    @cached_property
    def name(self) -> str:
        """What the loss is called."""
        if self.known is not None:
            return self.known.name
        return f"the negative log-likelihood of {self.specification.name}"

    # --- Derivatives ------------------------------------------------------------------------------

    @cached_property
    def gradient(self) -> dict[str, tuple[Expr, Expr]]:
        """∂ℓ/∂raw for each parameter not fixed, in the parameters and in the predictions."""
        result = {}
        for slot in self.slots:
            if slot.role == "fixed":
                continue
            held, raw = self.held(slot), self.raw[slot.of]
            value = self.link_value(slot)
            own = self.from_held(slot, held)
            in_held = self.nll.expression.subs(self.theta[slot.of], own)
            slope = sympy.diff(value, raw).subs(value, held)
            chained = sympy.diff(in_held, held) * slope
            if slot.role == "predicted":
                in_raw = chained.subs(held, value).subs(self.predicted_in_raw)
            else:
                in_raw = chained.subs(held, own).subs(self.predicted_in_raw)
            result[slot.of] = (algebra.tidy(chained), algebra.tidy(in_raw))
        return result

    # --- The shared parameters at their best ------------------------------------------------------

    @cached_property
    def profiles(self) -> tuple[Profile, ...]:
        """Where the fit separates, each shared parameter from ∂L/∂θ = 0, at the fitted φ; without φ, those of
        which the equation can be written as sums of y.
        """
        if self.role("predicted"):
            return tuple(self._profile(s) for s in self.role("shared")) if self.separated else ()
        found = (self._profile(s) for s in self.role("shared"))
        return tuple(p for p in found if not any(e.has(p.parameter) for e in p.sums.values()))

    def _profile(self, parameter: Symbol) -> Profile:
        rows = {self.y, *self.role("predicted")}
        derivative = sympy.expand(
            sympy.diff(self.nll.expression, parameter),
            multinomial=False, power_base=False, power_exp=False, log=False,
        )  # fmt: skip
        n = Symbol("N", positive=True)
        sums: dict[Symbol, Expr] = {}
        condition: Expr = Integer(0)
        for term in Add.make_args(derivative):
            outside, inside = term.as_independent(*rows, as_Add=False)
            if inside == 1:
                condition += outside * n
                continue
            known = next((s for s, e in sums.items() if e == inside), None)
            total = known or sympy.Dummy(f"S{len(sums)}", positive=True)
            sums[total] = inside
            condition += outside * total
        solution, power = None, 1
        if condition.is_rational_function(parameter):
            solutions = [s for s in sympy.solve(condition, parameter) if s.is_positive]
            if len(solutions) == 1:
                solution = solutions[0]
                if algebra.size([solution**2]) < algebra.size([solution]):
                    solution, power = solution**2, 2
        return Profile(parameter, power, solution, condition, sums)


def _divide(nll: Ordered, learned: Iterable[Expr]) -> tuple[list[Expr], list[Expr]]:
    """Summands that contain a learned parameter, and those that do not."""
    learned = list(learned)
    kept: list[Expr] = []
    dropped: list[Expr] = []
    for term in nll.terms[: len(nll.rest)]:
        (kept if term.has(*learned) else dropped).append(term)
    for generator, coefficient in nll.collected:
        if generator.has(*learned):
            kept.append(Mul(nll.sign, coefficient, generator))
            continue
        parts = Add.make_args(sympy.expand(coefficient))
        moving = [p for p in parts if p.has(*learned)]
        still = [p for p in parts if not p.has(*learned)]
        if moving:
            kept.append(Mul(nll.sign, factored(Add(*moving)), generator))
        if still:
            dropped.append(Mul(nll.sign, factored(Add(*still)), generator))
    return kept, dropped


def _over(term: Expr, factor: Expr) -> Expr:
    return term if factor == 1 else sympy.powsimp(term / factor)
