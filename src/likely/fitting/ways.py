"""Ways down a loss that ask for its sums, and go on with them: one alone, or several of which the rows are one array.

A loss of few rows takes as long as its formula has operations, whatever their number: of many ways, as long as of one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from functools import partial, wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

import numpy as np

from likely.fitting.blocks import BLOCK, single_threaded_blas
from likely.fitting.objective import evaluate_together
from likely.fitting.problem import Array, OutsideDomainError
from likely.fitting.sums import Sums

T = TypeVar("T")
P = ParamSpec("P")


class Request(NamedTuple):
    """What a way asks for: the sums of a function at θ."""

    function: Any
    theta: Array
    order: int
    kind: str = "observed"


Way = Generator[Request, Sums, T]


def alone(way: Callable[P, Way[T]]) -> Callable[P, T]:
    """The function that goes a way to its end."""

    @wraps(way)
    def gone(*args: P.args, **kwargs: P.kwargs) -> T:
        going = way(*args, **kwargs)
        try:
            request = next(going)
            while True:
                function, theta, order, kind = request
                request = going.send(function.evaluate(theta, order, kind))
        except StopIteration as end:
            found: T = end.value
            return found

    return gone


def together(ways: Iterable[Way[T]]) -> list[T | None]:
    """Where each of these ways ends; None where it begins outside of the domain, or a formula ends on it.

    They ask for sums of a ``Subspace``. Side by side go as many as have the rows of a block.
    """
    found: list[T | None] = []
    asked: dict[int, tuple[Way[T], Request]] = {}

    def on(at: int, way: Way[T], step: Callable[[], Request]) -> None:
        asked.pop(at, None)
        try:
            asked[at] = way, step()
        except StopIteration as end:
            found[at] = end.value
        except (OutsideDomainError, FloatingPointError):
            # Of several starts one less: far out, where no fit leads, a formula may end.
            way.close()

    coming = iter(ways)
    # Far from a maximum sums overflow: a step is taken where the loss falls, and not else.
    with single_threaded_blas(), np.errstate(all="ignore"):
        while True:
            while sum(one.function.objective.source.shape[0] for _, one in asked.values()) < BLOCK:
                further = next(coming, None)
                if further is None:
                    break
                found.append(None)
                on(len(found) - 1, further, further.__next__)
            if not asked:
                return found
            _answer(asked, on)


def _answer(
    asked: dict[int, tuple[Way[T], Request]],
    on: Callable[[int, Way[T], Callable[[], Request]], None],
) -> None:
    """What was asked for, and on from there."""
    now = list(asked.items())
    points = [
        (one.function.objective, one.function.point(one.theta), one.order, one.kind)
        for _, (_, one) in now
    ]
    for (at, (way, one)), sums in zip(now, evaluate_together(points), strict=True):
        if isinstance(sums, FloatingPointError):
            on(at, way, partial(way.throw, sums))
        else:
            on(at, way, partial(way.send, one.function.restricted(sums)))
