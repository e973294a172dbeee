"""The atoms: functions that formulas are made of, one derivative rule each.

A *primitive* (``exp``, ``log``, ``where`` …) is supplied by every backend. Every other atom
is written once, as an *expansion* in primitives that is accurate where the textbook formula
cancels (``_math/special/``), and serves NumPy, PyTorch, JAX and the kernels alike. Differentiation
treats an atom as opaque and uses its rule, which names other atoms. The *definition* is the
textbook formula: the truth that the expansion is measured against, and what ``explain`` prints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import CO_VARARGS

from likely._math import special
from likely._math.connection import Covariant
from likely._math.graph import FormulaError, Node, exp, make, sign, where

Rule = Callable[..., tuple[Node | float, ...]]
Tangent = Callable[[Node, Sequence[Node]], Node]
Formula = Callable[..., Node]


@dataclass(frozen=True)
class Atom:
    """One function of the formula language.

    ``derivative(*arguments, out)`` gives the partial derivative for each argument; ``expansion`` is
    None for a primitive; ``definition`` is None where the name itself is the textbook's.
    ``tangent(node, slopes)`` is the derivative of an atom of any number of arguments, whose partial ones nobody wants.
    ``covariant`` and ``degrees`` are what :func:`likely._math.derive.covariant` knows of it beyond its derivative.
    """

    name: str
    derivative: Rule | None = None
    expansion: Formula | None = None
    definition: Formula | None = None
    covariant: Covariant | None = None
    #: Of each argument what it adds to the degree, per unit of a logarithm's slope: None where it must not move, and 0
    #: for the value of such a logarithm, to which the atom is proportional.
    degrees: tuple[float | None, ...] | None = None
    tangent: Tangent | None = None
    #: Whether its slopes vanish far out: of a slope of 0 nothing is left, though what it multiplies be infinite.
    fades: bool = False

    def __call__(self, *args: object) -> Node:
        code = getattr(self.definition, "__code__", None)
        if code is not None and not code.co_flags & CO_VARARGS and len(args) != code.co_argcount:
            wanted = ", ".join(code.co_varnames[: code.co_argcount])
            raise FormulaError(f"{self.name}({wanted}) was called with {len(args)} arguments")
        return make(self.name, *args)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.expansion.__doc__ if self.expansion else None


ATOMS: dict[str, Atom] = {}


def register(
    name: str,
    derivative: Rule | None = None,
    definition: Formula | None = None,
    expansion: Formula | None = None,
    covariant: Covariant | None = None,
    degrees: tuple[float | None, ...] | None = None,
    tangent: Tangent | None = None,
    fades: bool = False,
) -> Atom:
    """Enter an atom into the registry under its name."""
    atom = Atom(name, derivative, expansion, definition, covariant, degrees, tangent, fades)
    ATOMS[name] = atom
    return atom


def register_named(
    name: str,
    derivative: Rule | None = None,
    definition: Formula | None = None,
    covariant: Covariant | None = None,
    degrees: tuple[float | None, ...] | None = None,
    fades: bool = False,
) -> Atom:
    """An atom whose expansion is the function of the same name in ``special``."""
    expansion = getattr(special, name, None)
    return register(name, derivative, definition, expansion, covariant, degrees, fades=fades)


register_named("add", lambda a, b, out: (1.0, 1.0))
register_named("subtract", lambda a, b, out: (1.0, -1.0))
register_named("multiply", lambda a, b, out: (b, a))
register_named("divide")  # derive.py has its own rule: the quotient's tangent keeps its scale
register_named("negative", lambda a, out: (-1.0,))
register_named("where", lambda c, a, b, out: (0.0, where(c, 1.0, 0.0), where(c, 0.0, 1.0)))
register_named("exp", lambda x, out: (out,))
register_named("expm1", lambda x, out: (exp(x),))
register_named("log", lambda x, out: (1.0 / x,))
register_named("log1p", lambda x, out: (1.0 / (1.0 + x),))
register_named("sqrt", lambda x, out: (0.5 / out,))
register_named("abs", lambda x, out: (sign(x),))
register_named("sign", lambda x, out: (0.0,))
register_named("floor", lambda x, out: (0.0,))
register_named("maximum", lambda a, b, out: (where(b <= a, 1.0, 0.0), where(b <= a, 0.0, 1.0)))
register_named("minimum", lambda a, b, out: (where(a <= b, 1.0, 0.0), where(a <= b, 0.0, 1.0)))
register_named("tan", lambda x, out: (1.0 + out * out,))
register_named("arctan2", lambda a, b, out: (b / (a * a + b * b), -a / (a * a + b * b)))
register_named("less", lambda a, b, out: (0.0, 0.0))
register_named("less_equal", lambda a, b, out: (0.0, 0.0))
register_named("equal", lambda a, b, out: (0.0, 0.0))
