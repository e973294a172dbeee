"""r of ``density.py`` by its sum over the number j of amounts, where ν is so large that few j matter.

With weights w of j = nearest + n, and of what is outside of the sum, r's derivatives in v = log V and n = log ν are

.. math:: r_a = \\mathrm{outside}_a - \\mathrm{E}[\\mathrm{by}_a], \\quad
          r_{ab} = \\mathrm{outside}_{ab}
          + \\mathrm{Cov}(\\mathrm{by}_a, \\mathrm{by}_b) - \\mathrm{E}[\\mathrm{rest}_{ab}].

by is 0 at the nearest, whose weight is the largest. As a variance is that weight times the mean square at least,
covariances from sums of products keep their digits. How a term is made is in ``few.py``, of few amounts, and in
``many.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from likely._math import special
from likely._math.graph import Expression, Node, abs_, exp, floor, log, maximum, sqrt
from likely._math.series import Series, Terms

#: Terms below e^−38 of the largest are left out.
_DEPTH = 38.0


class Given(NamedTuple):
    """What a row's terms and what is outside of its sum are made of; s = ν/(1 + ν) is ``of_x``, 1 − s ``of_j``.

    With x = nearest ν, ``slope`` is x S′(x), which by leaves out, and ``curve`` what rest does of x (x S′(x))′.
    """

    tilt: Node  # (1 + ν) log(nearest/J)
    nu: Node
    of_x: Node
    of_j: Node
    expected: Node  # J
    gap: Node  # nearest − J
    off: Node  # D(nearest, J)
    log_outside: Node
    slope: Node
    curve: Expression | float

    @classmethod
    def among(cls, fields: NamedTuple, slope: Node, curve: Expression | float) -> Given:
        """Those of a kind of sum, whose fields have more than these."""
        shared = {name: getattr(fields, name) for name in cls._fields[:-2]}
        return cls(**shared, slope=slope, curve=curve)


def away(nearest: Node, expected: Node, of_j: Node) -> Node:
    """The terms on either side of the nearest that matter, one at least.

    D(J + a, J) is a²/2 over J + a/3 at least, and D(nearest, J), which is to be added to the depth, 0.13/J at most. Of
    J < 1 the terms fall faster than they do of 1.
    """
    depth, middle = _DEPTH * of_j, maximum(expected, 1.0)
    third = (1.0 / 3.0) * depth + 0.05
    reach = third + sqrt(third * third + (2.0 * depth * middle + 0.26))
    return maximum(floor(reach + abs_(nearest - middle)), 1.0)


def half_log(of_j: Expression, log_j: Expression) -> Node:
    """Half the logarithm of 2πσ²."""
    return 0.5 * (log_j + log(of_j)) + special.HALF_LOG_2PI


def _outside(given: Given) -> dict[str, Node]:
    nu, gap, expected = given.nu, given.gap, given.expected
    from_nearest = nu * given.off
    return {
        "value": given.log_outside,
        "by_v": (1.0 + nu) * gap - 0.5,
        "by_n": 0.5 - from_nearest - gap - given.slope,
        "v_v": -((1.0 + nu) * expected),
        "v_n": nu * gap + expected,
        "n_n": -(from_nearest + given.of_x * gap + given.of_j * expected) - given.curve,
    }


class Term:
    """One j = nearest + n, of which (1 + ν) D(j, J) is ``tilted`` more than for the nearest, and S ``error``.

    ``slope`` and ``curve`` are those of S(jν) in log ν.
    """

    def __init__(
        self, given: Given, n: Node, apart: Node, error: Node, slope: Node, curve: Node
    ) -> None:
        tilted = (1.0 + given.nu) * apart + n * given.tilt
        self.n, self.weight = n, exp(-(tilted + error))
        self.by_n = given.of_x * tilted + (n + slope)
        self.rest_n_n = given.of_x * (tilted + n) + curve

    def weighted(self, what: str) -> Node:
        """``total`` is the weight; by_v is −(1 + ν) n."""
        found: dict[str, Node | float] = {
            "total": 1.0,
            "n": self.n,
            "by_n": self.by_n,
            "square": self.n * self.n,
            "product": self.n * self.by_n,
            "n_n": self.by_n * self.by_n - self.rest_n_n,
        }
        return self.weight * found[what]


class _Means:
    """Of what is given and of sums by their names."""

    def __init__(self, given: Given, total: Node, sums: dict[str, Node]) -> None:
        share = 1.0 / total
        self.total = total
        self.more, self.of_x = 1.0 + given.nu, given.of_x
        self.mean = {what: share * value for what, value in sums.items()}

    @property
    def value(self) -> Node:
        return log(self.total)

    @property
    def by_v(self) -> Node:
        return self.more * self.mean["n"]

    @property
    def by_n(self) -> Node:
        return -self.mean["by_n"]

    @property
    def v_v(self) -> Node:
        n = self.mean["n"]
        return self.more * (self.more * (self.mean["square"] - n * n))

    @property
    def v_n(self) -> Node:
        # E[rest] is s E[by_v].
        moved = self.mean["n"] * (self.mean["by_n"] + self.of_x)
        return -(self.more * (self.mean["product"] - moved))

    @property
    def n_n(self) -> Node:
        slope = self.mean["by_n"]
        return self.mean["n_n"] - slope * slope


_WANTED: dict[str, tuple[str, ...]] = {
    "value": (),
    "by_v": ("n",),
    "by_n": ("by_n",),
    "v_v": ("n", "square"),
    "v_n": ("n", "by_n", "product"),
    "n_n": ("by_n", "n_n"),
}


def series_of(
    name: str, terms: Terms, made: Callable[..., Given], others: float
) -> dict[str, Series]:
    """r and its derivatives; the sums leave out weights of that much."""

    def one(what: str, names: tuple[str, ...]) -> Series:
        def result(fields: Sequence[Node], total: Node, *sums: Node) -> Node:
            given = made(*fields)
            means = _Means(given, others + total, dict(zip(names, sums, strict=True)))
            inside: Node = getattr(means, what)
            return _outside(given)[what] + inside

        return Series(f"compound_poisson_{name}_{what}", terms, ("total", *names), result)

    return {what: one(what, names) for what, names in _WANTED.items()}
