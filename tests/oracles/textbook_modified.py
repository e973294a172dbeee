"""The densities of modified families as a textbook prints them, over those of ``textbook``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np

from likely._math.atoms import lgamma
from likely._math.graph import Node, as_node, equal, exp, expm1, log, log1p, make, sqrt, where
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

    if book.information is None:
        return _with_probability(book, log_density)

    def information(*theta: Any) -> dict[tuple[int, int], Node]:
        *inner, pi = theta
        return _of_both(book, inner, pi, pi.complement)

    def complete(y: Any, *theta: Any) -> dict[tuple[int, int], Node]:
        *inner, pi = theta
        p0 = exp(book.log_density(as_node(0.0), *inner))
        own = pi.complement * p0 / (pi.value + pi.complement * p0)
        return _of_both(book, inner, pi, where(equal(y, 0.0), own, 1.0))

    kinds = {"complete": complete} if counts else {"information": information}
    return replace(_with_probability(book, log_density), **kinds)


def inflated(book: Textbook, *points: float) -> Textbook:
    k = len(_names(book))

    def log_density(y: Any, *theta: Any) -> Node:
        pi, *upper = theta[k:]
        shares = [upper[0].complement, upper[0].value] if upper else [1.0]
        found = log(pi.complement) + book.log_density(y, *theta[:k])
        for point, share in zip(points, shares, strict=True):
            found = where(equal(y, point), log(pi.value * share), found)
        return found

    def information(*theta: Any) -> dict[tuple[int, int], Node]:
        pi, *upper = theta[k:]
        found = _of_both(book, theta[:k], pi, pi.complement)
        for gamma in upper:
            found[k + 1, k + 1] = pi.value / (gamma.value * gamma.complement)
        return found

    return replace(
        book,
        log_density=log_density,
        information=None if book.information is None else information,
        centre=lambda *theta: book.centre(*theta[:k]),
        unit=(*book.unit, *range(k, k + len(points))),
    )


def hurdle(inside: str) -> Textbook:
    book = textbook.FAMILIES[inside]

    def log_density(y: Any, *theta: Any) -> Node:
        *inner, pi = theta
        p0 = exp(book.log_density(as_node(0.0), *inner))
        above = log(pi.complement) + book.log_density(y, *inner) - log(1.0 - p0)
        return where(equal(y, 0.0), log(pi.value), above)

    if book.information is None:
        return _with_probability(book, log_density)

    def complete(y: Any, *theta: Any) -> dict[tuple[int, int], Node]:
        *inner, pi = theta
        draws = 1.0 / (1.0 - exp(book.log_density(as_node(0.0), *inner)))
        return _of_both(book, inner, pi, where(equal(y, 0.0), 0.0, draws))

    return replace(_with_probability(book, log_density), complete=complete)


def _of_both(book: Textbook, inner: Any, pi: Any, share: Any) -> dict[tuple[int, int], Node]:
    """The share of the inner family's information, and that of seeing an event of probability pi."""
    assert book.information is not None
    found = {at: share * entry for at, entry in book.information(*inner).items()}
    return found | {(len(inner), len(inner)): 1.0 / (pi.value * pi.complement)}


# --- Distribution functions: the logarithms of both tails, each by its own formula. ---------------


def normal_tails(y: Any, loc: Any, scale: Any) -> tuple[Node, Node]:
    z = (y - loc) / scale
    below, above = make("ndtr", z), make("ndtr", -z)
    return where(z < 0.0, log(below), log1p(-above)), where(z > 0.0, log(above), log1p(-below))


def log_normal_tails(y: Any, loc: Any, scale: Any) -> tuple[Node, Node]:
    return normal_tails(log(y), loc, scale)


def exponential_tails(y: Any, mean: Any) -> tuple[Node, Node]:
    return log(-expm1(-y / mean)), -y / mean


def weibull_tails(y: Any, scale: Any, shape: Any) -> tuple[Node, Node]:
    hazard = exp(shape * (log(y) - log(scale)))
    return log(-expm1(-hazard)), -hazard


def gumbel_tails(y: Any, loc: Any, scale: Any) -> tuple[Node, Node]:
    rate = exp(-(y - loc) / scale)
    return -rate, log(-expm1(-rate))


def logistic_tails(y: Any, loc: Any, scale: Any) -> tuple[Node, Node]:
    z = (y - loc) / scale
    return -log1p(exp(-z)), -log1p(exp(z))


def log_logistic_tails(y: Any, scale: Any, shape: Any) -> tuple[Node, Node]:
    return logistic_tails(log(y), log(scale), 1.0 / shape)


def johnson_su_tails(y: Any, loc: Any, scale: Any, skewness: Any, tail: Any) -> tuple[Node, Node]:
    u = (y - loc) / scale
    return normal_tails(tail * (skewness + log(u + sqrt(u * u + 1.0))), 0.0, 1.0)


def inverse_gaussian_tails(y: Any, mean: Any, shape: Any) -> tuple[Node, Node]:
    root = sqrt(shape / y)
    end = root * (y / mean - 1.0)
    beyond = exp(2.0 * shape / mean) * make("ndtr", -root * (y / mean + 1.0))
    below, above = make("ndtr", end) + beyond, make("ndtr", -end) - beyond
    low = end < -0.5
    return where(low, log(below), log1p(-above)), where(low, log1p(-below), log(above))


TAILS: dict[str, Callable[..., tuple[Node, Node]]] = {
    "Normal": normal_tails,
    "LogNormal": log_normal_tails,
    "Exponential": exponential_tails,
    "Weibull": weibull_tails,
    "Gumbel": gumbel_tails,
    "Logistic": logistic_tails,
    "LogLogistic": log_logistic_tails,
    "JohnsonSU": johnson_su_tails,
    "InverseGaussian": inverse_gaussian_tails,
}


def interval(inside: str, low: Any, high: Any, *theta: Any) -> Node:
    """log P(low < Y ≤ high); None is an open end."""
    if low is None or high is None:
        return TAILS[inside](high, *theta)[0] if low is None else TAILS[inside](low, *theta)[1]
    (f_low, s_low), (f_high, s_high) = (TAILS[inside](y, *theta) for y in (low, high))
    below = f_high + log(-expm1(f_low - f_high))
    return where(f_high < s_low, below, s_low + log(-expm1(s_high - s_low)))


def truncated(inside: str, low: float | None, high: float | None) -> Textbook:
    book = textbook.FAMILIES[inside]
    ends = [None if v is None else as_node(v) for v in (low, high)]

    def log_density(y: Any, *theta: Any) -> Node:
        return book.log_density(y, *theta) - interval(inside, *ends, *theta)

    return replace(book, log_density=log_density, information=None)


def truncated_counts(inside: str, low: int, high: int) -> Textbook:
    book = textbook.FAMILIES[inside]

    def log_density(y: Any, *theta: Any) -> Node:
        terms = [exp(book.log_density(as_node(float(k)), *theta)) for k in range(low + 1, high + 1)]
        return book.log_density(y, *theta) - log(reduce(lambda a, b: a + b, terms))

    return replace(book, log_density=log_density, information=None)


def zero_truncated(inside: str) -> Textbook:
    book = textbook.FAMILIES[inside]

    def log_density(y: Any, *theta: Any) -> Node:
        return book.log_density(y, *theta) - log(1.0 - exp(book.log_density(as_node(0.0), *theta)))

    return replace(book, log_density=log_density, information=None)


def transformed(book: Textbook, function: Callable[[Any], Node], slope: Callable[[Any], Node],
                back: Callable[[Any, Any], Any]) -> Textbook:  # fmt: skip
    """y with function(y) by the book; ``back`` gives the centre of y from that of the function."""

    def log_density(y: Any, *theta: Any) -> Node:
        return book.log_density(function(y), *theta) + log(slope(y))

    return replace(
        book, log_density=log_density, centre=lambda *theta: back(*book.centre(*theta)), kink=None
    )


def discretised(inside: str, below: float) -> Textbook:
    """Units from k + below to k + below + 1; of a family on the positive numbers F(0) is 0."""
    book = textbook.FAMILIES[inside]

    def log_density(y: Any, *theta: Any) -> Node:
        if below < 0.0:
            return interval(inside, y + below, y + (below + 1.0), *theta)
        later = where(equal(y, 0.0), 1.0, y)
        first = TAILS[inside](as_node(1.0), *theta)[0]
        return where(equal(y, 0.0), first, interval(inside, later, later + 1.0, *theta))

    return replace(book, log_density=log_density, information=None, kink=None)


def censored(inside: str, side: str, width: float = 0.0) -> Textbook:
    """Of rows (y, ∞), (−∞, y) or (y, y + width)."""
    book = textbook.FAMILIES[inside]

    def log_density(y: Any, *theta: Any) -> Node:
        low, high = {"right": (y, None), "left": (None, y), "interval": (y, y + width)}[side]
        return interval(inside, low, high, *theta)

    return replace(book, log_density=log_density, information=None)


def late(inside: str, how: str, gap: float) -> Textbook:
    """Rows that came under observation a gap before y: seen at y, or right-censored there."""
    book = textbook.FAMILIES[inside]

    def log_density(y: Any, *theta: Any) -> Node:
        here = book.log_density(y, *theta) if how == "seen" else interval(inside, y, None, *theta)
        return here - interval(inside, y - gap, None, *theta)

    return replace(book, log_density=log_density, information=None)


def mixture(*insides: str) -> Textbook:
    books = [textbook.FAMILIES[inside] for inside in insides]
    widths = [len(_names(book)) for book in books]
    ends = [sum(widths[:j]) for j in range(len(books) + 1)]

    def log_density(y: Any, *theta: Any) -> Node:
        odds = [as_node(1.0), *theta[ends[-1] :]]
        terms = [
            o * exp(book.log_density(y, *theta[a:b]))
            for o, book, a, b in zip(odds, books, ends[:-1], ends[1:], strict=True)
        ]
        return log(reduce(lambda a, b: a + b, terms)) - log(reduce(lambda a, b: a + b, odds))

    def complete(y: Any, *theta: Any) -> dict[tuple[int, int], Node]:
        odds = [as_node(1.0), *theta[ends[-1] :]]
        whole = reduce(lambda a, b: a + b, odds)
        found = {}
        for o, book, a, b in zip(odds, books, ends[:-1], ends[1:], strict=True):
            inner = theta[a:b]
            share = exp(book.log_density(y, *inner) - log_density(y, *theta)) * o / whole
            found |= {(a + i, a + j): share * v for (i, j), v in book.information(*inner).items()}
        for i in range(1, len(odds)):
            for j in range(i, len(odds)):
                own = 1.0 / odds[i] if i == j else 0.0
                found[ends[-1] + i - 1, ends[-1] + j - 1] = (own - 1.0 / whole) / whole
        return found

    return Textbook(
        log_density, None, lambda *theta: books[0].centre(*theta[: widths[0]]), complete=complete
    )


def binomial(n: int) -> Textbook:
    def log_density(y: Any, probs: Any) -> Node:
        return (
            lgamma(as_node(n + 1.0))
            - lgamma(y + 1.0)
            - lgamma(n - y + 1.0)
            + y * log(probs.value)
            + (n - y) * log(probs.complement)
        )

    return Textbook(
        log_density,
        lambda probs: {(0, 0): float(n) / (probs.value * probs.complement)},
        lambda probs: (n * probs, (n * probs * (1.0 - probs)) ** 0.5),
        unit=(0,),
    )


def beta_binomial(n: int) -> Textbook:
    def log_density(y: Any, probs: Any, precision: Any) -> Node:
        a, b = probs.value * precision, probs.complement * precision
        coefficient = lgamma(as_node(n + 1.0)) - lgamma(y + 1.0) - lgamma(n - y + 1.0)
        above = lgamma(y + a) + lgamma(n - y + b) - lgamma(n + precision)
        return coefficient + above - lgamma(a) - lgamma(b) + lgamma(precision)

    return Textbook(
        log_density,
        None,
        lambda p, k: (n * p, (n * p * (1.0 - p) * ((n + k) / (1.0 + k))) ** 0.5),
        unit=(0,),
    )


#: Numbers of trials that are tried.
TRIALS = (1, 7, 2000)
#: How long before y rows of delayed entry came under observation.
GAP = 0.25
#: Widths of the intervals that are tried: about as wide as the spread, and narrow.
WIDTHS = (0.5, 2.0**-20)


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
    "Inflated(Beta, at=(0, 1))": inflated(textbook.FAMILIES["Beta"], 0.0, 1.0),
    "Inflated(Gamma, at=0)": inflated(textbook.FAMILIES["Gamma"], 0.0),
    "Inflated(Beta, at=1)": inflated(textbook.FAMILIES["Beta"], 1.0),
    **{f"Hurdle({n})": hurdle(n) for n in ("Poisson", "NegativeBinomial")},
    **{
        f"Truncated({n}, low=0)": zero_truncated(n)
        for n in ("Poisson", "NegativeBinomial", "NegativeBinomial1", "GeneralisedPoisson")
    },
    "Truncated(Poisson, low=0, high=5)": truncated_counts("Poisson", 0, 5),
    "Truncated(NegativeBinomial, high=3)": truncated_counts("NegativeBinomial", -1, 3),
    "Truncated(Normal, low=0)": truncated("Normal", 0.0, None),
    "Truncated(Normal, high=2)": truncated("Normal", None, 2.0),
    "Truncated(Normal, low=-1, high=2)": truncated("Normal", -1.0, 2.0),
    "Truncated(LogNormal, low=0.5)": truncated("LogNormal", 0.5, None),
    "Truncated(Exponential, high=3)": truncated("Exponential", None, 3.0),
    "Truncated(Weibull, low=1)": truncated("Weibull", 1.0, None),
    "Transformed(Normal, log)": transformed(
        textbook.FAMILIES["Normal"], log, lambda y: 1.0 / y, lambda m, s: (np.exp(m), np.exp(m) * s)
    ),
    "Transformed(Truncated(Normal, low=-2), box-cox, power=0.5)": transformed(
        truncated("Normal", -2.0, None),
        lambda y: (y**0.5 - 1.0) / 0.5,
        lambda y: y**-0.5,
        lambda m, s: ((1.0 + 0.5 * abs(m)) ** 2, s),
    ),
    "Transformed(Gumbel, affine, shift=1, factor=-2)": transformed(
        textbook.FAMILIES["Gumbel"],
        lambda y: (1.0 - y) / 2.0,
        lambda y: as_node(0.5),
        lambda m, s: (1.0 - 2.0 * m, 2.0 * s),
    ),
    "Transformed(Gamma, affine, shift=0, factor=3)": transformed(
        textbook.FAMILIES["Gamma"],
        lambda y: y / 3.0,
        lambda y: as_node(1.0 / 3.0),
        lambda m, s: (3.0 * m, 3.0 * s),
    ),
    "Discretised(Exponential)": discretised("Exponential", 0.0),
    "Discretised(LogNormal)": discretised("LogNormal", 0.0),
    "Discretised(Normal)": discretised("Normal", -0.5),
    **{f"Mixture({n}, 2)": mixture(n, n) for n in ("Normal", "Poisson", "Exponential")},
    **{f"Binomial(trials={n})": binomial(n) for n in (*TRIALS, 10**12)},
    **{f"BetaBinomial(trials={n})": beta_binomial(n) for n in (*TRIALS, 10**12)},
    "Mixture(Normal, Logistic, Normal)": mixture("Normal", "Logistic", "Normal"),
    **{f"Censored({n}) {side}": censored(n, side) for n in TAILS for side in ("left", "right")},
    **{f"Truncated({n}) {how}": late(n, how, GAP) for n in TAILS for how in ("seen", "censored")},
    **{f"Censored({n}) by {w!r}": censored(n, "interval", w) for n in TAILS for w in WIDTHS},
}

#: Every textbook there is.
FAMILIES = {**textbook.FAMILIES, **MODIFIED}
