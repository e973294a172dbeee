"""What the curvature of a link takes off a second derivative.

With t = log θ as a function of a raw prediction r, and L_t, L_tt the derivatives of a loss in t,

    d²L/dr² = (dt/dr)² (L_tt − Γ L_t),    Γ = −(d²t/dr²)/(dt/dr)².

Γ is 0 for the log link, p⁻¹ for θ = rᵖ (1 for the identity, −1 for the inverse), and between 0 and 1 for softplus. A
loss that is nearly linear in r has L_tt ≈ Γ L_t, and their difference no digits. So it is formed from the parts of
L_t: one that grows like θ^q contributes q − Γ times itself, which is 0 at q = Γ whatever its size, infinite or not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from likely._math.graph import Node, constant, is_constant, where


@dataclass(frozen=True)
class Connection:
    """scale·Γ + shift, of which Γ and 1 − Γ are both known to all their digits."""

    value: Node
    complement: Node
    scale: float = 1.0
    shift: float = 0.0

    def plus(self, number: float) -> Connection:
        return Connection(self.value, self.complement, self.scale, self.shift + number)

    def over(self, number: float) -> Connection:
        return Connection(self.value, self.complement, self.scale / number, self.shift / number)

    def fixed(self, number: float) -> Connection:
        """The number alone, with nothing of Γ."""
        return Connection(self.value, self.complement, 0.0, number)

    @property
    def known(self) -> float | None:
        """Its number, where that does not depend on the raw prediction."""
        if self.scale == 0.0:
            return self.shift
        if self.value.op != "constant":
            return None
        number: float = self.value.value
        return self.scale * number + self.shift

    @property
    def complementary(self) -> bool:
        """Whether it is a positive multiple of 1 − Γ."""
        return self.shift == -self.scale > 0.0

    @property
    def node(self) -> Node:
        if self.known is not None:
            return constant(self.known)
        if self.shift == -self.scale:
            return -self.scale * self.complement
        return self.scale * self.value + self.shift


def still(node: Node) -> bool:
    """Whether a slope is 0."""
    return is_constant(node, 0.0)


@dataclass(frozen=True)
class Moving:
    """An atom that moves with t = log θ: the node, its slope, and its arguments with theirs."""

    node: Node
    slope: Node
    slopes: Sequence[Node]

    @property
    def args(self) -> tuple[Node, ...]:
        return self.node.args

    def alone(self, *which: int) -> bool:
        """Whether no other argument than these moves."""
        return all(still(s) for j, s in enumerate(self.slopes) if j not in which)


#: The slope of an atom less Γ times itself, where it knows of a form that has more digits.
Covariant = Callable[[Moving, Connection], "Node | None"]


def along(
    moving: int, form: Callable[..., Node | None], companions: Sequence[int] = ()
) -> Covariant:
    """The rule of an atom f of which argument ``moving`` has a constant slope q, and the others have none.

    ``form(*arguments, f, ∂f, γ)`` is ∂f − γf with ∂ the derivative by that argument, γ = Γ/q. The companions may move:
    f has no derivative by them, they carry the value whose logarithm moves.
    """

    def covariant(atom: Moving, gamma: Connection) -> Node | None:
        slope = atom.slopes[moving]
        if not is_constant(slope) or still(slope) or not atom.alone(moving, *companions):
            return None
        q = slope.value
        found = form(*atom.args, atom.node, 1.0 / q * atom.slope, gamma.over(q))
        return None if found is None else slope * found

    return covariant


def at(forms: Mapping[float, Callable[..., Node]]) -> Callable[..., Node | None]:
    """The form of ``along`` from some, ``form(*arguments)`` = ∂f − γf for one number γ each.

    ∂f itself is that for 0; any other γ is taken from the nearest.
    """

    def form(*given: Any) -> Node | None:
        *args, out, slope, gamma = given

        def nearest(wanted: float) -> Node:
            base = min((*forms, 0.0), key=lambda number: abs(wanted - number))
            plain = slope if base == 0.0 else forms[base](*args)
            return plain - gamma.plus(-base).node * out

        if gamma.known is not None:
            return nearest(gamma.known)
        # Γ is between 0 and 1, and has its digits beside the nearer of the two.
        return where(gamma.value < 0.5, nearest(gamma.shift), nearest(gamma.scale + gamma.shift))

    return form


def residual(form: Callable[..., Node]) -> Covariant:
    """The rule of an atom f whose first argument is d = y − m, of which m alone moves, as m = eᵗ does.

    ``form(y, m, *arguments)`` = ∂f + f: what f times m is by t, where f is nearly proportional to 1/m.
    """

    def covariant(atom: Moving, gamma: Connection) -> Node | None:
        d = atom.args[0]
        if d.op != "subtract" or atom.slopes[0] is not -d.args[1] or not atom.alone(0):
            return None
        y, m = d.args
        found = at({-1.0: lambda *args: form(y, m, *args)})
        return found(*atom.args, atom.node, atom.slope, gamma)

    return covariant


def first_of(*rules: Covariant) -> Covariant:
    """The first of several rules that applies."""

    def covariant(atom: Moving, gamma: Connection) -> Node | None:
        found = (rule(atom, gamma) for rule in rules)
        return next((node for node in found if node is not None), None)

    return covariant
