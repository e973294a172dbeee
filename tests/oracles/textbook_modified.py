"""The densities of modified families as a textbook prints them, over those of ``textbook``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from likely._math.graph import Node, as_node, equal, exp, log, where
from oracles import textbook
from oracles.textbook import Textbook


def zero_inflated(inside: str, *, counts: bool) -> Textbook:
    book = textbook.FAMILIES[inside]

    def log_density(y: Any, *theta: Any) -> Node:
        *inner, pi = theta
        elsewhere = log(pi.complement) + book.log_density(y, *inner)
        if not counts:
            return where(equal(y, 0.0), log(pi.value), elsewhere)
        p0 = exp(book.log_density(as_node(0.0), *inner))
        return where(equal(y, 0.0), log(pi.value + pi.complement * p0), elsewhere)

    return _with_probability(book, log_density)


def hurdle(inside: str) -> Textbook:
    book = textbook.FAMILIES[inside]

    def log_density(y: Any, *theta: Any) -> Node:
        *inner, pi = theta
        p0 = exp(book.log_density(as_node(0.0), *inner))
        above = log(pi.complement) + book.log_density(y, *inner) - log(1.0 - p0)
        return where(equal(y, 0.0), log(pi.value), above)

    return _with_probability(book, log_density)


def _with_probability(book: Textbook, log_density: Callable[..., Node]) -> Textbook:
    """With one more parameter, a probability that comes last."""
    last = len(_names(book))
    return Textbook(
        log_density, None, lambda *theta: book.centre(*theta[:-1]), unit=(*book.unit, last)
    )


def _names(book: Textbook) -> tuple[str, ...]:
    code = book.log_density.__code__
    return code.co_varnames[1 : code.co_argcount]


MODIFIED: dict[str, Textbook] = {
    **{
        f"ZeroInflated({n})": zero_inflated(n, counts=True) for n in ("Poisson", "NegativeBinomial")
    },
    **{
        f"ZeroInflated({n})": zero_inflated(n, counts=False)
        for n in ("Gamma", "LogNormal", "Exponential", "Beta")
    },
    **{f"Hurdle({n})": hurdle(n) for n in ("Poisson", "NegativeBinomial")},
}

#: Every textbook there is.
FAMILIES = {**textbook.FAMILIES, **MODIFIED}
