"""Atoms for a weighted sum of densities of any number of components.

Arguments are the log odds k_1, …, k_K of the components, and then the logarithms t_1, …, t_K of their densities:

    log p = log Σ w_j exp(t_j),   w_j = exp(k_j)/Σ exp(k_i),   r_j = w_j exp(t_j)/p.

Of components that are alike what the odds do depends on t_j − t_1 alone, which may have digits that t_j and t_1 have
not: log p and the gain take D_2, …, D_K, the differences of the logarithms to the first, as arguments of their own.

An atom that is of one component has its number, from 0, in front. Slopes are shares: in t_j it is r_j, in k_j the
gain r_j − w_j. Those of shares are products of shares, so that K components need K nodes for a gradient and K² for
a curvature. What a share leaves to the others is their sum, never 1 less it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import cached_property, reduce
from typing import Any

from likely._math.atoms import Atom, register
from likely._math.graph import (
    Node,
    abs_,
    as_node,
    constant,
    equal,
    exp,
    expm1,
    is_constant,
    log,
    log1p,
    maximum,
    minimum,
    where,
)

_ZERO = constant(0.0)
#: Differences of logarithms up to which the gain follows from them, and from which nothing cancels.
_CLOSE = 0.5


def weight(j: int, levels: Sequence[Any]) -> Node:
    """w_j = exp(k_j)/Σ exp(k_i) of log odds."""
    return share(j, *levels, *[_ZERO] * len(levels))


def weight_of_others(j: int, levels: Sequence[Any]) -> Node:
    """1 − w_j of the same."""
    return rest(j, *levels, *[_ZERO] * len(levels))


# --- Expansions -----------------------------------------------------------------------------------


class _Sum:
    """Σ exp(x_j), with its parts: all relative to the largest x."""

    def __init__(self, logs: Sequence[Node]) -> None:
        self.top = reduce(maximum, logs)
        #: Where all are −∞, so is the sum, and no share is NaN.
        self.some = self.top > -math.inf
        level = where(self.some, self.top, 0.0)
        self.parts = [exp(x - level) for x in logs]
        self.others = _sums_of_others(self.parts)
        self.total = where(self.some, self.parts[-1] + self.others[-1], 1.0)

    @cached_property
    def excess(self) -> Node:
        """The logarithm less the largest x: what all the others add to it."""
        return log1p(reduce(minimum, self.others))

    @cached_property
    def log(self) -> Node:
        return self.top + self.excess

    @cached_property
    def shares(self) -> list[Node]:
        return [part / self.total for part in self.parts]

    @cached_property
    def rests(self) -> list[Node]:
        return [other / self.total for other in self.others]


def _sums_of_others(terms: Sequence[Node]) -> list[Node]:
    """For each term the sum of all but it."""
    before, after = [_ZERO], [_ZERO]
    for term in terms[:-1]:
        before.append(before[-1] + term)
    for term in reversed(terms[1:]):
        after.append(after[-1] + term)
    return [b + a for b, a in zip(before, reversed(after), strict=True)]


def difference(a: Any, b: Any) -> Node:
    """a − b of logarithms: 0 where both are −∞."""
    return where(equal(a, b), 0.0, as_node(a) - b)


def with_differences(arguments: Sequence[Any]) -> list[Any]:
    """The log odds, the logarithms, and their differences as such."""
    first, *others = _halves(arguments)[1]
    return [*arguments, *(difference(log, first) for log in others)]


def _halves(arguments: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    n = len(arguments) // 2
    return arguments[:n], arguments[n:]


def _thirds(arguments: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    """The log odds, the logarithms of the densities, and their differences to the first."""
    n = (len(arguments) + 1) // 3
    return arguments[:n], arguments[n : 2 * n], arguments[2 * n :]


def _without_differences(arguments: Sequence[Any]) -> Sequence[Any]:
    """The arguments of a share."""
    levels, logs, _ = _thirds(arguments)
    return [*levels, *logs]


def _weighted(arguments: Sequence[Any]) -> tuple[_Sum, _Sum]:
    """The sums of the odds, and of what they and the densities make."""
    levels, logs = _halves(arguments)
    odds = _Sum(levels)
    weights = [(level - odds.top) - odds.excess for level in levels]
    return odds, _Sum([w + t for w, t in zip(weights, logs, strict=True)])


def _missing(odds: _Sum, logs: Sequence[Node]) -> Node:
    """1 − p"""
    terms = [-(w * expm1(t)) for w, t in zip(odds.shares, logs, strict=True)]
    return reduce(operator.add, terms)


def _log_mixture(*arguments: Any) -> Node:
    """log Σ w_j exp(t_j)"""
    return _weighted(_without_differences(arguments))[1].log


def _log_mixture_of_counts(*arguments: Any) -> Node:
    """The same of probabilities: where p is nearly 1, its logarithm comes from 1 − p."""
    odds, all_ = _weighted(_without_differences(arguments))
    missing = _missing(odds, _thirds(arguments)[1])
    return where(missing < 0.5, log1p(-missing), all_.log)


def _share(j: Node, *arguments: Any) -> Node:
    """r_j"""
    return _weighted(arguments)[1].shares[int(j.value)]


def _rest(j: Node, *arguments: Any) -> Node:
    """1 − r_j"""
    return _weighted(arguments)[1].rests[int(j.value)]


def _gain(j: Node, *arguments: Any) -> Node:
    """r_j − w_j, which are alike where the densities are, and where both are near 0 or both near 1."""
    odds, all_ = _weighted(_without_differences(arguments))
    i, differences = int(j.value), _thirds(arguments)[2]
    near = _gain_beside(i, odds, [_ZERO, *differences])
    far = all_.shares[i] * odds.rests[i] - odds.shares[i] * all_.rests[i]
    return where(_are_close(arguments), near, far)


def _are_close(arguments: Sequence[Any]) -> Node:
    """Whether all logarithms are near the first."""
    return reduce(maximum, [abs_(d) for d in _thirds(arguments)[2]]) < _CLOSE


def _gain_beside(i: int, odds: _Sum, logs: Sequence[Node]) -> Node:
    """The same of logarithms that are nearly 0, by what the densities are above 1."""
    rises = [expm1(t) for t in logs]
    terms = [w * rise for w, rise in zip(odds.shares, rises, strict=True)]
    others = _sums_of_others(terms)[i]
    total = 1.0 + (terms[i] + others)
    return odds.shares[i] * ((rises[i] * odds.rests[i] - others) / total)


def _gain_of_counts(j: Node, *arguments: Any) -> Node:
    """The same of probabilities: where they differ and p is nearly 1, by what is missing."""
    odds = _Sum(_thirds(arguments)[0])
    logs = _thirds(arguments)[1]
    missing = where(_are_close(arguments), 1.0, _missing(odds, logs))
    near = _gain_beside(int(j.value), odds, logs)
    return where(missing < 0.5, near, _gain(j, *arguments))


# --- Slopes ---------------------------------------------------------------------------------------


def _part(portion: Node, slope: Node) -> Node:
    """A share of a slope: a share of 0 takes nothing, though the slope be infinite."""
    if is_constant(slope, 0.0):
        return slope
    return where(equal(portion, 0.0), 0.0, portion * slope)


def _parts(arguments: Sequence[Node], slopes: Sequence[Node]) -> list[Node]:
    """r_i times the slope of component i, of each."""
    return [
        slope if is_constant(slope, 0.0) else _part(share(i, *arguments), slope)
        for i, slope in enumerate(slopes)
    ]


def _by_share(j: int, arguments: Sequence[Node], slopes: Sequence[Node]) -> Node:
    """The slope of r_j = exp(x_j)/Σ exp(x_i), of those of x."""
    parts = _parts(arguments, slopes)
    theirs = reduce(operator.add, (p for i, p in enumerate(parts) if i != j))
    own = parts[j]
    found = _ZERO
    if not is_constant(own, 0.0):
        found = rest(j, *arguments) * own
    return found if is_constant(theirs, 0.0) else found - share(j, *arguments) * theirs


def _slope_of_log(which: Atom) -> Callable[[Node, Sequence[Node]], Node]:
    def tangent(node: Node, slopes: Sequence[Node]) -> Node:
        of_odds, of_logs, _ = _thirds(slopes)
        total = reduce(operator.add, _parts(_without_differences(node.args), of_logs))
        for j, slope in enumerate(of_odds):
            if not is_constant(slope, 0.0):
                # No choice at a gain of 0, as of components that are alike: it moves with them.
                total = total + which(j, *node.args) * slope
        return total

    return tangent


def _slope_of_share(node: Node, slopes: Sequence[Node]) -> Node:
    j, *arguments = node.args
    of_odds, of_logs = _halves(slopes[1:])
    both = [a + b for a, b in zip(of_odds, of_logs, strict=True)]
    return _by_share(int(j.value), arguments, both)


def _slope_of_rest(node: Node, slopes: Sequence[Node]) -> Node:
    return -_slope_of_share(node, slopes)


def _slope_of_gain(node: Node, slopes: Sequence[Node]) -> Node:
    number, *given = node.args
    j, which = int(number.value), GAINS[node.op]
    of_odds, of_logs, _ = _thirds(slopes[1:])
    levels, arguments = _thirds(given)[0], _without_differences(given)
    total = _by_share(j, arguments, of_logs)
    for i, slope in enumerate(of_odds):
        if is_constant(slope, 0.0):
            continue
        # Of r_j (1{i = j} − r_i) − w_j (1{i = j} − w_i) what is left when both are taken together.
        if i == j:
            r, w = share(j, *arguments), weight(j, levels)
            left = where(r < 0.5, weight_of_others(j, levels) - r, rest(j, *arguments) - w)
            by = node * left
        else:
            by = -(share(i, *arguments) * node + weight(j, levels) * which(i, *given))
        total = total + by * slope
    return total


# --- The atoms ------------------------------------------------------------------------------------


def _sum_of(levels: Sequence[Any], logs: Sequence[Any]) -> Node:
    return reduce(operator.add, (exp(k + t) for k, t in zip(levels, logs, strict=True)))


def _log_definition(*arguments: Any) -> Node:
    levels, logs, _ = _thirds(arguments)
    return log(_sum_of(levels, logs)) - log(_sum_of(levels, [_ZERO] * len(levels)))


def _share_definition(j: Node, *arguments: Any) -> Node:
    levels, logs = _halves(arguments)
    i = int(j.value)
    return exp(levels[i] + logs[i]) / _sum_of(levels, logs)


def _rest_definition(j: Node, *arguments: Any) -> Node:
    return 1.0 - _share_definition(j, *arguments)


def _gain_definition(j: Node, *arguments: Any) -> Node:
    levels = _thirds(arguments)[0]
    weight = _share_definition(j, *levels, *[_ZERO] * len(levels))
    return _share_definition(j, *_without_differences(arguments)) - weight


share = register("mixture_share", None, _share_definition, _share, tangent=_slope_of_share)
rest = register("mixture_rest", None, _rest_definition, _rest, tangent=_slope_of_rest)
gain = register("mixture_gain", None, _gain_definition, _gain, tangent=_slope_of_gain)
gain_of_counts = register(
    "mixture_gain_of_counts", None, _gain_definition, _gain_of_counts, tangent=_slope_of_gain
)
GAINS = {atom.name: atom for atom in (gain, gain_of_counts)}
log_mixture = register(
    "log_mixture", None, _log_definition, _log_mixture, tangent=_slope_of_log(gain)
)
log_mixture_of_counts = register(
    "log_mixture_of_counts",
    None,
    _log_definition,
    _log_mixture_of_counts,
    tangent=_slope_of_log(gain_of_counts),
)
