"""A family's formula composed with the links of its parameters: the graphs of the loss and its derivatives.

This is the one module where families and links meet. A composed loss is a graph over the symbols ``y``
and ``raw0``, ``raw1``, …; gradient and curvature are derived from it, and the same graph runs on NumPy,
in compiled kernels, and on PyTorch and JAX arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from likely._math import collector
from likely._math.derive import covariant, per, tangent, times
from likely._math.domains import LABELLED, Domain, positive, real
from likely._math.graph import (
    Node,
    as_node,
    constant,
    exp,
    is_constant,
    replaced,
    symbol,
    where,
)
from likely.families.base import Body, Specification
from likely.families.view import View
from likely.links.base import Link
from likely.links.catalogue import default_link, log_link

#: Where raw predictions have all but taken a parameter to the end of its domain.
FAR = 700.0


@dataclass(frozen=True)
class Slot:
    """How one parameter of a family gets its value: from a raw column through a link, or fixed.

    ``parameter`` is the public name; it is an alternative's name where one fills the slot.
    """

    parameter: str
    of: str
    role: str  # "predicted", "shared" or "fixed"
    link: Link | None = None
    value: float | None = None


class Composed:
    """−log p(y | raw) as a graph of the symbols of y and of the raw columns, one for each parameter that is not fixed.

    Curvature is packed: entries (0,0), (1,0), (1,1), (2,0), … of the lower triangle.
    """

    def __init__(self, specification: Specification, slots: Sequence[Slot]) -> None:
        self.specification = specification
        self.slots = tuple(slots)
        self.free = tuple(slot for slot in self.slots if slot.role != "fixed")
        self.columns = len(self.free)
        self.column_names = tuple(slot.parameter for slot in self.free)
        #: Of each raw column, which parameter it belongs to.
        self.column_slots = tuple(range(self.columns))
        self.smooth = specification.smooth
        #: The raw columns of which all derivatives are left out, that is 0.
        self.unasked: tuple[int, ...] = ()

    @property
    def curvature_kinds(self) -> tuple[str, ...]:
        """What ``kind`` may be: expected and complete curvature only where the family declares it."""
        declared = self.specification.formulas
        return (
            "observed",
            *(k for k in ("expected", "complete") if f"{k}_information" in declared),
        )

    @property
    def discrete(self) -> bool:
        """Whether p is a probability, at most 1: then the loss of a row is never below 0."""
        return self.specification.support.integer

    @cached_property
    def moving_ends(self) -> bool:
        """Whether parameters say where the support of a row ends."""
        return _ends_move(self.specification)

    def limit(self, column: int, upwards: bool) -> float:
        """The end of its domain to which a parameter goes as its raw column goes to ∞, or to −∞."""
        slot = self.free[column]
        low, high = self.domain(slot).low, self.domain(slot).high
        assert slot.link is not None
        far = float(slot.link.inverse(FAR if upwards else -FAR))
        middle = 0.5 * (low + high) if np.isfinite(high) else max(low, -1.0) + 1.0
        return high if far > middle else low

    @property
    def classes(self) -> int:
        """Of how many classes y is the code; 1 where it is a number."""
        return 2 if self.specification.support.name in LABELLED else 1

    @cached_property
    def raw(self) -> tuple[Node, ...]:
        """The symbols of the raw columns."""
        return tuple(symbol(f"raw{j}") for j in range(self.columns))

    @cached_property
    def views(self) -> dict[str, View]:
        """The family's parameters as views of the raw symbols, in the family's order."""
        return self._views(
            [(slot.link, raw) for slot, raw in zip(self.free, self.raw, strict=True)]
        )

    def _views(self, columns: Sequence[tuple[Link | None, Node]]) -> dict[str, View]:
        """The same, of a link and what it is applied to for each raw column."""
        views, given = {}, iter(columns)
        for slot in self.slots:
            if slot.link is None:
                assert slot.value is not None
                view = View(slot.parameter, constant(slot.value), {})
            else:
                link, raw = next(given)
                assert link is not None
                view = link_view(slot.parameter, link, raw)
            if slot.parameter != slot.of:
                view = self.specification.alternatives[slot.parameter].view(slot.of, view)
            views[slot.of] = view
        return views

    @cached_property
    def valid(self) -> Node | None:
        """The condition on raw under which every partial link is inside its domain."""
        return valid(list(zip(self.free, self.raw, strict=True)), self.domain)

    def domain(self, slot: Slot) -> Domain:
        """The domain of the parameter that the slot holds."""
        if slot.parameter in self.specification.alternatives:
            return self.specification.alternatives[slot.parameter].domain
        return self.specification.parameters[slot.parameter].domain

    @cached_property
    def loss(self) -> Node:
        """−log p as one node; +∞ where a partial link leaves its domain."""
        return self._loss(self.views)

    def _loss(self, views: dict[str, View]) -> Node:
        ys = [View(name, symbol(name), {}) for name in self.specification.support.columns]
        nll = -as_node(self.specification.trace(self.specification.log_density, views, *ys))
        return nll if self.valid is None else where(self.valid, nll, float("inf"))

    @cached_property
    def gradient(self) -> tuple[Node, ...]:
        """∂nll/∂raw, one node per raw column."""
        return tuple(
            constant(0.0) if j in self.unasked else self._slope(j) for j in range(self.columns)
        )

    def _slope(self, j: int) -> Node:
        """∂nll/∂rawⱼ; by log θ where θ is a power of raw, near 0 of which a slope in θ leaves the range of numbers."""
        if not self._curved(j) or not self._power(j):
            return tangent([self.loss], self.raw[j])[0]
        slope = tangent([self._of_logarithm(j)], symbol(f"log_theta{j}"))[0]
        return _at_rate(*self._at_link(j, slope))

    def _power(self, j: int) -> bool:
        """Whether a parameter is a power of its raw column, or may be as the alternative of another."""
        link = self.free[j].link
        assert link is not None
        assert link.connection is not None
        power = link.connection(self.raw[j]).known
        return self.free[j].parameter != self.free[j].of or power not in (None, 0.0)

    @cached_property
    def observed(self) -> tuple[Node, ...]:
        """∂²nll/∂rawᵢ∂rawⱼ, packed."""
        found = {(i, j): constant(0.0) for i in range(self.columns) for j in range(i + 1)}
        asked = [j for j in range(self.columns) if j not in self.unasked]
        for at, j in enumerate(asked):
            plain = []
            for i in asked[at:]:
                logarithms = self._logarithms(i, j)
                if logarithms is None:
                    plain.append(i)
                else:
                    found[i, j] = self._through_logarithm(*logarithms)
            # One walk through what the entries of a column share.
            slopes = tangent([self.gradient[i] for i in plain], self.raw[j])
            found |= {(i, j): slope for i, slope in zip(plain, slopes, strict=True)}
        return tuple(found.values())

    def _logarithms(self, i: int, j: int) -> tuple[int, int] | None:
        """The order in which ∂²nll/∂rawᵢ∂rawⱼ goes through a logarithm, where it does."""
        if i == j and self._curved(i):
            return i, i
        # Slopes in log θ stay in range where those in raw, which may be any power of θ, leave it; those of a location
        # that is positive do so the most.
        curved = [(a, b) for a, b in ((i, j), (j, i)) if self._curved(a)]
        return min(curved, key=lambda pair: not self._signed(pair[0]), default=None)

    def _curved(self, i: int) -> bool:
        """Whether the link of a column bends what the default link leaves straight."""
        link, domain = self.free[i].link, self.domain(self.free[i])
        assert link is not None
        known = link.connection is not None and domain in (positive, real)
        return known and link is not default_link(domain)

    def _signed(self, i: int) -> bool:
        return self.domain(self.free[i]) is real

    def _through_logarithm(self, i: int, j: int) -> Node:
        """∂²nll/∂rawᵢ∂rawⱼ by the slopes in log θᵢ, less what the link's own curvature undoes: see ``connection``."""
        raw, t = self.raw[i], symbol(f"log_theta{i}")
        link, loss = self.free[i].link, self._of_logarithm(i)
        bends = link if i == j else log_link
        assert bends is not None
        assert bends.connection is not None
        other = t if i == j else self.raw[j]
        if i != j and not self._signed(i):
            # Of a parameter above 0 the slope in its logarithm keeps what two slopes may lose.
            second = tangent(tangent([loss], t), other)[0]
        else:
            second = covariant(tangent([loss], other)[0], t, bends.connection(raw))
        found, rate = self._at_link(i, second)
        if self._signed(i) or self._signed(j):
            # Slopes in a location may be larger than 1/θ, which is then not to be multiplied first.
            return times(times(found, rate), rate) if i == j else times(found, rate)
        once = _at_rate(found, rate)
        return _at_rate(once, rate) if i == j else once

    def _of_logarithm(self, i: int) -> Node:
        """The loss with log θᵢ, as a symbol, in place of raw column i."""
        columns = [(slot.link, r) for slot, r in zip(self.free, self.raw, strict=True)]
        columns[i] = log_link, symbol(f"log_theta{i}")
        return self._loss(self._views(columns))

    def _at_link(self, i: int, slope: Node) -> tuple[Node, Node]:
        """A slope in log θᵢ with what the link makes of raw column i in its place, and d log θᵢ/d raw."""
        raw, t, link = self.raw[i], symbol(f"log_theta{i}"), self.free[i].link
        assert link is not None
        given = link_view("", link, raw)
        (moved,) = replaced([slope], ((t, given.log), (exp(t), given.node)))
        return moved, tangent([given.log], raw)[0]

    @cached_property
    def expected(self) -> tuple[Node, ...]:
        """The Fisher information of raw: the family's, carried through the links, packed."""
        body = self.specification.formulas["expected_information"]
        return self._information(body, self.specification.support.known)

    @cached_property
    def complete(self) -> tuple[Node, ...]:
        """The information of raw had nothing been unseen, as expected given y: see ``modifiers.information``."""
        body = self.specification.formulas["complete_information"]
        return self._information(body, self.specification.support.columns)

    def _information(self, body: Body, columns: Sequence[str]) -> tuple[Node, ...]:
        """A matrix of the family, of these columns of y, carried through the links, packed."""
        ys = [View(name, symbol(name), {}) for name in columns]
        entries = self.specification.trace(body, self.views, *ys)
        slopes = {
            name: tuple(tangent([self._coordinate(name)], raw)[0] for raw in self.raw)
            for name in {name for pair in entries for name in pair}
        }
        moved = {
            name: [
                i
                for i, slope in enumerate(of)
                if i not in self.unasked and not is_constant(slope, 0.0)
            ]
            for name, of in slopes.items()
        }
        packed = {(i, j): constant(0.0) for i in range(self.columns) for j in range(i + 1)}
        for (a, b), entry in entries.items():
            for p, q in dict.fromkeys(((a, b), (b, a))):
                for i in moved[p]:
                    for j in moved[q]:
                        if j <= i:
                            part = times(times(as_node(entry), slopes[p][i]), slopes[q][j])
                            packed[i, j] = packed[i, j] + part
        return tuple(packed.values())

    def _coordinate(self, name: str) -> Node:
        """What an entry of the expected information is the derivative by: θ, log θ or log(1 − θ)."""
        view, _, parameter = name.rpartition(" ")
        given = self.views[parameter]
        return {"": given, "log": given.log, "log1m": given.log1m}[view].node

    @collector.at_rest()
    def outputs(self, order: int, kind: str = "observed") -> tuple[Node, ...]:
        """The nodes of loss (order 0), gradient (1) and packed curvature (2) together."""
        nodes: tuple[Node, ...] = (self.loss,)
        if order >= 1:
            nodes += self.gradient
        if order >= 2:
            nodes += getattr(self, kind)
        return nodes


def _at_rate(slope: Node, rate: Node) -> Node:
    """A slope in log θ times d log θ/d raw, which is a number over raw where θ is a power of raw."""
    if rate.op == "negative":
        return -_at_rate(slope, rate.args[0])
    if rate.op == "multiply" and is_constant(rate.args[0]):
        return rate.args[0] * _at_rate(slope, rate.args[1])
    if rate.op == "divide" and is_constant(rate.args[0]) and rate.args[1].op == "symbol":
        return rate.args[0] * per(slope, rate.args[1])
    return times(slope, rate)


def _ends_move(specification: Specification) -> bool:
    """Whether the support of the family, or of one inside it, ends where parameters say."""
    structure = specification.structure
    if structure is not None:
        return any(_ends_move(part.specification) for part in structure.parts)
    return "lower" in specification.formulas or "upper" in specification.formulas


def valid(columns: Sequence[tuple[Slot, Node]], domain: Callable[[Slot], Domain]) -> Node | None:
    """The condition under which every partial link is inside its domain, of slots and their raw symbols."""
    condition: Node | None = None
    for slot, raw in columns:
        assert slot.link is not None
        if slot.link.valid is None:
            continue
        one = slot.link.valid(raw, domain(slot))
        if one is not None:
            condition = one if condition is None else where(condition, one, condition)
    return condition


def link_view(name: str, link: Link, raw: Node) -> View:
    """What a link makes of a raw symbol."""
    forms: dict[str, Any] = {
        form: (lambda f=formula: f(raw))
        for form, formula in (
            ("log", link.log),
            ("log1m", link.log1m),
            ("complement", link.complement),
        )
        if formula is not None
    }
    if link.excess is not None:
        forms["excess"] = partial(link_view, name, link.excess, raw)
    return View(name, as_node(link.value(raw)), forms)
