"""What the textbook formulas are worth, with so many digits that their cancellations do not matter.

A truth is computed with two numbers of digits; where the two do not agree to 1e-20, more are taken.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from typing import Any

from mpmath import mp, mpf

from likely._math.backends import mpmath_backend
from likely._math.derive import tangent
from likely._math.evaluate import Program, compile_program
from likely._math.graph import Node, constant, exp, symbol
from oracles import com_poisson, compound, textbook
from oracles.textbook_modified import FAMILIES

#: Few different numbers of digits: mpmath tabulates its coefficients for each.
DIGITS = (60, 120, 200, 300, 400, 600, 1000, 2000, 4000)
AGREEMENT = mpf(10) ** -20
ZERO = mpf(10) ** -40
SMALLEST = mpf(10) ** -300
#: Raw predictions below it need digits of their own beside 1.
NEGLIGIBLE = 1e-40
#: Beyond the floating-point numbers an infinity of the right sign is asked for: never noise.
LARGEST = mpf(10) ** 300
#: Larger than any of them.
BEYOND = mpf(10) ** 310

Point = tuple[float, ...]  # y, raw0, raw1, …


@dataclass(frozen=True)
class Combination:
    """A family with a parameter and a link for each raw column, by name, to send to processes.

    ``classes`` is K for families over classes, whose y selects the formula.
    """

    family: str
    slots: tuple[tuple[str, str], ...]  # (parameter, link)
    continuous: bool
    classes: int = 0

    @property
    def columns(self) -> int:
        return self.classes or len(self.slots)

    @property
    def links(self) -> list[str]:
        """The link of every raw column; of classes that of the whole vector."""
        if not self.classes:
            return [link for _, link in self.slots]
        locations = textbook.LOCATIONS.get(self.family)
        if locations is None:
            return ["softmax"] * self.classes
        return ["identity"] * locations + ["log"] * (self.classes - locations)

    def __str__(self) -> str:
        return f"{self.family}({', '.join(f'{p}: {link}' for p, link in self.slots)})"


@dataclass(frozen=True)
class Entry:
    """A true number, and the K of the contract: how far the inputs' own rounding moves it."""

    value: mpf
    slack: mpf


@dataclass(frozen=True)
class Truth:
    """The entries of one point: nll, gradient, and packed curvature, observed and expected or complete."""

    value: Entry
    gradient: tuple[Entry, ...]
    observed: tuple[Entry, ...]
    expected: tuple[Entry, ...]


# --- Special functions where mpmath's own cannot go: arguments like exp(-exp(300)). ---------------


def _tiny(x: mpf) -> bool:
    return x < mpf(10) ** (-mp.dps - 5)


def _erfc(x: mpf) -> mpf:
    if x < mpf(10) ** 40:
        return mp.erfc(x)
    return mp.exp(-x * x) / (x * mp.sqrt(mp.pi)) * (1 - 1 / (2 * x * x) + 3 / (4 * x**4))


TABLE = {
    **mpmath_backend.TABLE,
    "erfc": _erfc,
    "log1p": lambda x: mp.log1p(x) if x > -1 else mp.nan,
    "lgamma": lambda x: -mp.log(x) - mp.euler * x if _tiny(x) else mp.loggamma(x),
    "digamma": lambda x: -1 / x - mp.euler if _tiny(x) else mp.psi(0, x),
    "trigamma": lambda x: 1 / (x * x) + mp.zeta(2) if _tiny(x) else mp.psi(1, x),
    "gamma_amounts": compound.evaluate,
    **com_poisson.TABLE,
    "tetragamma": lambda x: -2 / (x * x * x) - 2 * mp.zeta(3) if _tiny(x) else mp.psi(2, x),
}


# --- The graphs: the textbook's density, differentiated three times. ------------------------------


def _packed(k: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(k) for j in range(i + 1)]


class Graphs:
    """The nodes of every number that the contract compares, and of the derivatives in its K."""

    def __init__(self, combination: Combination, y_class: int = 0) -> None:
        self.raw = tuple(symbol(f"raw{j}") for j in range(combination.columns))
        self.y = symbol("y")
        self.inputs = (*self.raw, self.y) if combination.continuous else self.raw
        if combination.classes:
            link = combination.slots[0][1]
            of = textbook.CLASSES[combination.family]
            nll = of(self.raw, y_class, link)
            theta: list[Any] = []
            book = None
        else:
            book = FAMILIES[combination.family]
            theta = self._parameters(combination, book)
            nll = -book.log_density(self.y, *theta)
        k = len(self.raw)
        gradient = [tangent([nll], r)[0] for r in self.raw]
        observed = [tangent([gradient[i]], self.raw[j])[0] for i, j in _packed(k)]
        if book is None:
            expected = self._averaged([of(self.raw, y, link) for y in range(k)])
        elif book.complete is not None:
            expected = self._carried(book.complete(self.y, *theta), theta)
        elif book.information is not None:
            expected = self._carried(book.information(*theta), theta)
        else:
            expected = []
        self.counts = (1, k, len(observed), len(expected))
        entries = [nll, *gradient, *observed, *expected]
        slopes = [tangent(entries, x) for x in self.inputs]
        self.outputs = [*entries, *(node for slope in slopes for node in slope)]
        self.size = len(entries)

    def _averaged(self, losses: list[Node]) -> list[Node]:
        """Σ over classes of p(y) times the second derivatives."""
        total = [constant(0.0)] * len(_packed(len(self.raw)))
        for nll in losses:
            gradient = [tangent([nll], r)[0] for r in self.raw]
            for at, (i, j) in enumerate(_packed(len(self.raw))):
                total[at] = total[at] + exp(-nll) * tangent([gradient[i]], self.raw[j])[0]
        return total

    def _parameters(self, combination: Combination, book: textbook.Textbook) -> list[Any]:
        theta: list[Any] = []
        for i, (parameter, link) in enumerate(combination.slots):
            if i in book.unit:
                theta.append(textbook.UNIT_LINKS[link](self.raw[i]))
                continue
            value = textbook.LINKS[link](self.raw[i])
            if book.alternatives and parameter in book.alternatives:
                value = book.alternatives[parameter][1](value)
            theta.append(value)
        return theta

    def _carried(self, information: dict[tuple[int, int], Node], theta: list[Any]) -> list[Node]:
        """Jᵀ I J: each raw column moves its own parameter alone."""
        slope = [
            tangent([t.value if isinstance(t, textbook.Probability) else t], r)[0]
            for t, r in zip(theta, self.raw, strict=True)
        ]
        return [
            information[j, i] * slope[i] * slope[j] if (j, i) in information else constant(0.0)
            for i, j in _packed(len(self.raw))
        ]


@cache
def _graphs(combination: Combination, y_class: int) -> Graphs:
    return Graphs(combination, y_class)


@cache
def _program(combination: Combination, y_class: int, digits: int) -> Program:
    with mp.workdps(digits):  # constants such as π are folded here
        return compile_program(_graphs(combination, y_class).outputs, TABLE, textbook=True)


# --- Evaluation. ---------------------------------------------------------------------------------


def _start(point: Point) -> int:
    """Digits that carry 1 + exp(-|raw|) and 1 + |raw| for every raw: what is lost twice would agree as 0."""
    y, *raw = point
    far = abs(int(mp.mag(y) * 0.302)) if y else 0
    far += sum(-int(mp.mag(r) * 0.302) for r in raw if 0.0 < abs(r) < NEGLIGIBLE)
    needed = 60 + sum(abs(r) for r in raw) / 2.3 + far
    return next(i for i, d in enumerate(DIGITS) if d >= min(needed, 1000))


def digits_for(point: Point) -> int:
    """The number of digits to begin with."""
    return DIGITS[_start(point)]


def truth(combination: Combination, point: Point) -> Truth:
    """The true entries at one point; ArithmeticError where no number of digits agrees."""
    y, *raw = point
    # The exponent of a Normal tail is the square of a number as far out as e^raw.
    far = 2.0 if ("loc", "probit") in combination.slots else 1.0
    ladder = DIGITS[_start((y, *(far * r for r in raw))) :]
    before = _entries(combination, point, ladder[0])
    for digits in ladder[1:]:
        entries = _entries(combination, point, digits)
        with mp.workdps(40):
            settled = [_settled(a, b) for a, b in zip(before, entries, strict=True)]
            if all(settled):
                return _assemble(combination, settled)
        before = entries
    raise ArithmeticError(f"{combination} at {point}: no agreement at {DIGITS[-1]} digits")


def _entries(combination: Combination, point: Point, digits: int) -> list[Entry]:
    y_class = int(point[0]) if combination.classes else 0
    graphs = _graphs(combination, y_class)
    program = _program(combination, y_class, digits)
    with mp.workdps(digits):
        inputs = {"y": mpf(point[0])}
        inputs |= {f"raw{j}": mpf(r) for j, r in enumerate(point[1:])}
        numbers = program(inputs)
        n = graphs.size
        weights = _weights(combination, point)
        entries = []
        for e in range(n):
            slack = sum(w * abs(numbers[n * (1 + v) + e]) for v, w in enumerate(weights))
            entries.append(Entry(mpf(numbers[e]), mpf(slack)))
    return entries


def _weights(combination: Combination, point: Point) -> list[float]:
    """cⱼ of the contract: |raw| for the identity, at least 1 for any other; |y| if continuous."""
    y, *raw = point
    links = combination.links
    weights = [
        abs(r) if link == "identity" else max(1.0, abs(r))
        for r, link in zip(raw, links, strict=True)
    ]
    return [*weights, abs(y)] if combination.continuous else weights


def _settled(a: Entry, b: Entry) -> Entry | None:
    """The entry with more digits, where both agree.

    Of a number that no floating-point number is near only an infinity is right, whatever rounding inputs does: then K,
    which may be a difference that no digits show, is not asked for, and excuses nothing.
    """
    floor = ZERO * max(b.slack, SMALLEST)
    same = a.value == b.value  # infinite outside a support that the parameters decide
    if not same and abs(a.value - b.value) > max(AGREEMENT * abs(b.value), floor):
        return None
    wanted = AGREEMENT * max(b.slack, abs(b.value))
    if abs(a.slack - b.slack) <= max(wanted, SMALLEST * ZERO):
        return b
    return Entry(b.value, mpf(0)) if abs(b.value) > BEYOND else None


def _assemble(combination: Combination, entries: list[Entry]) -> Truth:
    with mp.workdps(40):
        # Rounded, so that what travels between processes is short; noise about 0 is 0.
        short = [
            Entry(
                mpf(0) if abs(e.value) < min(ZERO * max(e.slack, SMALLEST), LARGEST) else +e.value,
                +e.slack,
            )
            for e in entries
        ]
    graphs = _graphs(combination, 0)
    _, k, observed, _ = graphs.counts
    return Truth(
        short[0],
        tuple(short[1 : 1 + k]),
        tuple(short[1 + k : 1 + k + observed]),
        tuple(short[1 + k + observed :]),
    )


# --- Many points on two processes. ----------------------------------------------------------------

#: Of tests on several processes each computes its own, with the graphs and programs that it has already.
PROCESSES = 1 if "PYTEST_XDIST_WORKER" in os.environ else min(2, os.cpu_count() or 1)
_known: dict[tuple[Combination, Point], Truth] = {}
_pool: list[ProcessPoolExecutor] = []


def _chunk(combination: Combination, points: Sequence[Point]) -> list[Truth]:
    return [truth(combination, point) for point in points]


def truths(combination: Combination, points: Sequence[Point]) -> list[Truth]:
    """The truth at every point, remembered for the life of the process."""
    missing = [p for p in dict.fromkeys(points) if (combination, p) not in _known]
    if len(missing) < 16 or PROCESSES == 1:
        found = _chunk(combination, missing)
    else:
        if not _pool:
            _pool.append(ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")))
        step = max(8, len(missing) // (8 * PROCESSES))
        chunks = [missing[i::step] for i in range(step)]
        missing = [p for chunk in chunks for p in chunk]
        results = _pool[0].map(_chunk, [combination] * step, chunks)
        found = [t for chunk in results for t in chunk]
    _known.update(((combination, p), t) for p, t in zip(missing, found, strict=True))
    return [_known[combination, p] for p in points]
