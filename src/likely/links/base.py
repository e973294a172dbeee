"""What a link is: one formula for each view of a parameter, and its inverse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likely._math.backends import numpy_backend
from likely._math.connection import Connection
from likely._math.domains import Domain
from likely._math.evaluate import Program, compile_program
from likely._math.graph import Node, symbol

Formula = Callable[[Any], Node]


@dataclass(frozen=True)
class Link:
    """Maps an unconstrained raw prediction to a parameter, θ = inverse(raw).

    Beside θ a link knows the *views* log θ, log(1 − θ) and 1 − θ in forms that stay accurate where
    θ itself rounds to 0 or 1; a view that is left out is computed from θ. ``valid`` is the condition on
    raw under which θ lies in the parameter's domain; None means that every raw is valid (the link is
    *total*).
    """

    name: str
    domains: tuple[Domain, ...]
    value: Formula
    forward: Formula
    log: Formula | None = None
    log1m: Formula | None = None
    complement: Formula | None = None
    #: Of a parameter in (1, 2): the link of θ − 1.
    excess: Link | None = None
    valid: Callable[[Any, Domain], Node | None] | None = None
    #: Of a link to a parameter that is above 0: what its curvature takes off second derivatives in log θ.
    connection: Callable[[Any], Connection] | None = None
    words: str = ""

    def __repr__(self) -> str:
        return self.name

    def link(self, theta: ArrayLike) -> NDArray[np.float64]:
        """raw = link(θ), elementwise."""
        return _apply(self.forward, theta)

    def inverse(self, raw: ArrayLike) -> NDArray[np.float64]:
        """θ = inverse(raw), elementwise."""
        return _apply(self.value, raw)


def _apply(formula: Formula, x: ArrayLike) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):
        found = _program(formula)({"x": np.asarray(x, dtype=np.float64)})[0]
    return np.asarray(found, dtype=np.float64)


@lru_cache(maxsize=256)
def _program(formula: Formula) -> Program:
    """The formula on NumPy. Fits ask for a link's value hundreds of times, and to make this takes longer."""
    return compile_program([formula(symbol("x"))], numpy_backend.TABLE)
