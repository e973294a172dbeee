r"""What some successive counts have of all those between two bounds of the row's own, by steps from one to the next.

Of the counts that can be seen, taken from one end on, i = 0, 1, …, those from i = a to b are the ones in question. The
steps log p(kᵢ) − log p(kᵢ₋₁) are numbers of which what all counts have in common is no part. With ℓ their sum up to i,
d that of their derivatives, and W, E sums and means over the counts in question, W′, E′ over all others, the share is

.. math:: P = \frac{W}{W + W'}, \quad W = \sum_{i=a}^b e^{\ell_i}

and its logarithm has the slopes (1 − P) (E d − E′ d). So nothing is left of slopes that all counts share. Second
derivatives follow in the same way. Of both kinds of counts ℓ and d are taken from the first of that kind on, and what
lies between the two firsts on its own: where hardly any other count comes, variances are as small as these are rare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

from likely._math.atoms import Atom, register, sigmoid, softplus
from likely._math.derive import tangent
from likely._math.graph import (
    Node,
    as_node,
    equal,
    exp,
    is_constant,
    log,
    maximum,
    minimum,
    replaced,
    symbol,
    where,
)
from likely._math.series import Running, Series, Terms
from likely._math.tails.count_jumps import register_jump
from likely._math.tails.two_tails import Recent

#: So many counts are added up at most.
MOST = 200
#: Of so many with the mode among them nothing is lost of tails.
_WIDE = 40.0
#: By how much the logarithm of the probabilities has to fall on half of their way where there are more of them: what is
#: left out is seen only beside what is below e^−90 itself.
_DEPTH, _HALF = 60.0, MOST / 2

#: log p(k + 1) − log p(k) of k, the parameters and their logarithms, and numbers that are known.
Step = Callable[..., Any]


#: The counts in question, and all others.
_KINDS = ("own", "other")


class _Place(NamedTuple):
    """The counts of a row: how many, the first one, 1 upwards or −1 downwards, and the ends of those in question."""

    terms: Node
    start: Node
    sign: Node
    a: Node
    b: Node

    @property
    def first_other(self) -> Node:
        """The first of those that are not in question."""
        return where(self.a > 0.0, 0.0, self.b + 1.0)


def _names(part: str, parameters: Sequence[str]) -> list[str]:
    """The names of second derivatives."""
    pairs = combinations_with_replacement(range(len(parameters)), 2)
    return [f"{part}_{p}_{q}" for p, q in pairs]


class _Steps:
    """The step from k and its derivatives in the logarithms of the parameters, over symbols of these names."""

    def __init__(
        self, step: Step, ratios: Sequence[Step], parameters: Sequence[str], known: Sequence[str]
    ) -> None:
        variables = [symbol(f"log_{name}") for name in parameters]
        values = [exp(v) for v in variables]
        of = (symbol("k"), *values, *variables, *map(symbol, known))
        level = as_node(step(*of))
        self.slopes = [tangent([level], v)[0] for v in variables]
        pairs = list(combinations_with_replacement(range(len(parameters)), 2))
        bends = [tangent([self.slopes[p]], variables[q])[0] for p, q in pairs]
        #: Upwards and downwards: the second derivatives of the ratio of two probabilities over that ratio.
        seconds: list[list[Node]] = []
        for sign, ratio in zip((1.0, -1.0), ratios or (None, None), strict=True):
            if ratio is None:
                squares = [self.slopes[p] * self.slopes[q] for p, q in pairs]
                seconds.append([sq + sign * bend for sq, bend in zip(squares, bends, strict=True)])
                continue
            rho = as_node(ratio(*of))
            first = [tangent([rho], v)[0] for v in variables]
            seconds.append([tangent([first[p]], variables[q])[0] / rho for p, q in pairs])
        # In float64 a parameter is known better than by its logarithm.
        self._nodes = replaced(
            [level, *self.slopes, *bends, *seconds[0], *seconds[1]],
            zip(values, map(symbol, parameters), strict=True),
        )
        self._ends = 1 + len(variables), len(pairs)

    def at(self, k: Node, up: Node) -> list[Node]:
        """The step, its slopes, theirs, and the second derivatives of the ratio, upwards from k or downwards to it."""
        found = replaced(self._nodes, [(symbol("k"), k)])
        first, pairs = self._ends
        signed = [where(up, v, -v) for v in found[: first + pairs]]
        above, below = found[first + pairs : first + 2 * pairs], found[first + 2 * pairs :]
        return [*signed, *(where(up, a, b) for a, b in zip(above, below, strict=True))]


class _Sums:
    """The series of a family; ``name`` begins their names."""

    def __init__(
        self,
        name: str,
        step: Step,
        ratios: Sequence[Step],
        parameters: Sequence[str],
        known: Sequence[str],
    ) -> None:
        self._made = step, ratios, parameters, known
        bends, seconds = (_names(part, parameters) for part in ("bend", "second"))
        self.slopes = [f"slope_{p}" for p in range(len(parameters))]
        self.sums = ["level", *self.slopes, *bends, *seconds]
        logs = [f"log_{name}" for name in parameters]
        fields = (*_Place._fields, *parameters, *logs, *known)
        terms = Terms(
            ("needed", *fields),
            fields,
            MOST,
            lambda needed, *given: given,
            self._value,
            running=Running(
                tuple(f"{kind}_{what}" for kind in _KINDS for what in self.sums), self._gains
            ),
        )
        moments = ["level", *self.slopes, *seconds]
        wanted = [f"{kind}_{what}" for kind in _KINDS for what in moments]
        wanted += [f"at_{what}" for what in self.sums]
        self.series = {
            what: Series(f"{name}_share_{what}", terms, (what,), lambda fields, total: total)
            for what in wanted
        }

    @cached_property
    def steps(self) -> _Steps:
        return _Steps(*self._made)

    def _of_kinds(self, so_far: Sequence[Node]) -> list[dict[str, Node]]:
        """The sums of both kinds by their names."""
        n = len(self.sums)
        return [dict(zip(self.sums, part, strict=True)) for part in (so_far[:n], so_far[n:])]

    def _gains(self, index: Node, *given: Node) -> list[Node]:
        """The steps to a count from the one before, of both kinds from the first one on."""
        place = _Place(*given[: len(_Place._fields)])
        up = place.sign > 0.0
        k = maximum(where(up, place.start + index - 1.0, place.start - index), 0.0)
        step = dict(zip(self.sums, self.steps.at(k, up), strict=True))
        gains: list[Node] = []
        firsts = (place.a, place.first_other)
        for first, so_far in zip(firsts, self._of_kinds(given[-2 * len(self.sums) :]), strict=True):
            own = dict(step)
            for name in step:
                if name.startswith("second"):
                    # Of a product: each factor's own, and the slopes of one with those of all before it.
                    p, q = (f"slope_{j}" for j in name.split("_")[1:])
                    before = {j: so_far[j] - step[j] for j in (p, q)}
                    own[name] = step[name] + (step[p] * before[q] + step[q] * before[p])
            gains += [
                v if is_constant(v, 0.0) else where(first < index, v, 0.0) for v in own.values()
            ]
        return gains

    def _value(self, what: str, index: Node, *given: Node) -> Node:
        place = _Place(*given[: len(_Place._fields)])
        own, other = self._of_kinds(given[-2 * len(self.sums) :])
        kind, moment = what.split("_", 1)
        if kind == "at":
            # Of the first other count over the first in question: at the later one of them, from the other one on.
            late = place.a > 0.0
            gone = -other[moment]
            if moment.startswith("second"):
                _, p, q = moment.split("_")
                gone = other[f"slope_{p}"] * other[f"slope_{q}"] - other[f"bend_{p}_{q}"]
            at = where(late, place.a, place.first_other)
            return where(equal(index, at), where(late, gone, own[moment]), 0.0)
        inside = where(index < place.a, 0.0, where(place.b < index, 0.0, 1.0)) > 0.5
        of = own if kind == "own" else other
        chosen = (exp(of["level"]), 0.0) if kind == "own" else (0.0, exp(of["level"]))
        weight = where(inside, *chosen)
        return weight if moment == "level" else weight * of[moment]


class _Share:
    """The parts of one row's share."""

    def __init__(self, series: dict[str, Series], given: Sequence[Node]) -> None:
        self.series, self.given = series, [as_node(v) for v in given]

    def _sum(self, what: str) -> Node:
        return self.series[what](*self.given)

    @cached_property
    def _totals(self) -> dict[str, Node]:
        """W and W′, which is 0 where there are no others."""
        return {kind: self._sum(f"{kind}_level") for kind in _KINDS}

    @cached_property
    def _apart(self) -> Node:
        """log W′ − log W"""
        own, other = (self._totals[kind] for kind in _KINDS)
        some = other > 0.0
        found = log(where(some, other, 1.0)) - log(own) + self._sum("at_level")
        return where(some, found, float("-inf"))

    def _mean(self, kind: str, what: str) -> Node:
        total = self._totals[kind]
        return self._sum(f"{kind}_{what}") / where(total > 0.0, total, 1.0)

    def _moved(self, p: int) -> Node:
        """E d − E′ d"""
        what = f"slope_{p}"
        return self._mean("own", what) - self._mean("other", what) - self._sum(f"at_{what}")

    @property
    def value(self) -> Node:
        return -softplus(self._apart)

    def slope(self, p: int) -> Node:
        return sigmoid(self._apart) * self._moved(p)

    def bend(self, p: int, q: int) -> Node:
        pair = f"{p}_{q}"
        (own_p, own_q), (other_p, other_q) = (
            [self._mean(kind, f"slope_{j}") for j in (p, q)] for kind in _KINDS
        )
        own, other = (self._mean(kind, f"second_{pair}") for kind in _KINDS)
        at_p, at_q = (self._sum(f"at_slope_{j}") for j in (p, q))
        square = self._moved(p) * self._moved(q)
        # By the logarithm of W′/W, and by itself.
        apart = (own - own_p * own_q) - (other - other_p * other_q) - self._sum(f"at_bend_{pair}")
        likely = apart - sigmoid(-self._apart) * square
        rise = self._sum(f"at_second_{pair}") + other + (at_p * other_q + at_q * other_p)
        rise = rise - ((at_p + other_p) * own_q + (at_q + other_q) * own_p)
        rare = sigmoid(self._apart) * square - (rise - own + 2.0 * own_p * own_q)
        return sigmoid(self._apart) * where(self._apart < 0.0, rare, likely)


def shares_by_steps(
    name: str,
    step: Step,
    parameters: Sequence[str],
    ratios: Sequence[Step] = (),
    known: Sequence[str] = (),
    jump: Step | None = None,
) -> Callable[..., Node]:
    """``(low, high, first, last, plain, *theta)``: log P(low < Y ≤ high | first < Y ≤ last).

    ``theta`` are the parameters, their logarithms, and what is ``known`` beside these. ``name`` begins those of the
    atoms. ``ratios`` are p(k + 1)/p(k) and its inverse as sums of positive terms, of arguments as those of the step.
    ``jump(k, start, *theta)`` is log p(k) − log p(start), where what both have in common has cancelled on paper: with
    it counts may be any number of steps away from an end beside which others are rare. Where they are not, and more
    than are added up, or as many as that it is as good, ``plain`` is what is meant. Without it no more are ever seen.
    """
    sums = _Sums(name, step, ratios, parameters, known)
    recent = Recent(lambda *given: _Share(sums.series, given))
    every, columns = len(_Place._fields) + len(parameters), range(len(parameters))
    # Neither the counts nor the parameters' values move, nor what is known: their logarithms do.
    before, after = [0.0] * every, [0.0] * len(known)

    def moved(slopes: Sequence[Atom], given: Sequence[Any]) -> tuple[Any, ...]:
        return (*before, *(slope(*given) for slope in slopes), *after)

    def entered(part: str, rule: Any, *at: int) -> Atom:
        def expansion(*given: Any) -> Node:
            share = recent(*given)
            return getattr(share, part)(*at) if at else share.value

        numbered = "_".join([f"{name}_share", part, *map(str, at)])
        return register(numbered, rule, expansion=expansion)

    bends = {(p, q): entered("bend", None, p, q) for p in columns for q in columns if p <= q}

    def of_slope(p: int) -> Any:
        own = [bends[min(p, q), max(p, q)] for q in columns]
        return lambda *given: moved(own, given[:-1])

    slopes = [entered("slope", of_slope(p), p) for p in columns]
    share = entered("value", lambda *given: moved(slopes, given[:-1]))
    over = register_jump(name, jump, parameters) if jump is not None else None

    def log_share(low: Any, high: Any, first: Any, last: Any, plain: Any, *theta: Any) -> Node:
        low, high, first, last = map(as_node, (low, high, first, last))
        ended = last < float("inf")
        end = where(ended, last, first + 1.0)
        counts = end - first
        # From the end at which no other count is likelier, or from below.
        rise_below = step(first + 1.0, *theta)
        rise_above = step(maximum(end - 1.0, 0.0), *theta)
        down = where(counts > 1.5, rise_above, 0.0) > 0.0
        start, sign = where(down, end, first + 1.0), where(down, -1.0, 1.0)
        a = where(down, end - high, low - first)
        b = where(down, end - low, high - first) - 1.0
        place = _Place(where(ended, minimum(counts, MOST), MOST), start, sign, a, b)
        if over is None:
            return share(*place, *theta)
        # Of more counts than are added up others are so rare that nobody sees them beside the first, and beside that of
        # those in question which is the nearest to it: one that is added up, too, or over the first by a formula.
        nearest, among, many = start + sign * a, a < _HALF, counts > MOST
        furthest = where(among, start, nearest) + sign * (MOST - 1.0)
        falls = where(down, rise_above, -rise_below), -sign * step(maximum(furthest, 0.0), *theta)
        rare = where(minimum(*falls) > _DEPTH / (_HALF - 1.0), 1.0, 0.0)
        # Of many counts with the mode among them most are seen: what all have in common is no part of their chance.
        usual = where(rise_below > 0.0, where(down, 0.0, 1.0), 0.0)
        few = where(ended, where(many, where(among, rare, 0.0), 1.0), 0.0)
        few = where(where(counts > _WIDE, usual, 0.0) > 0.5, 0.0, few) > 0.5
        away = where(many, where(among, 0.0, rare), 0.0) > 0.5
        of_seen = share(place.terms, start, sign, 0.0, 0.0, *theta)
        of_own = share(minimum(high - low, MOST), nearest, sign, 0.0, 0.0, *theta)
        apart = over(nearest, start, *theta) + (of_seen - of_own)
        return where(away, apart, where(few, share(*place, *theta), plain))

    return log_share
