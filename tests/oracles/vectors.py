"""The truth about losses of rows of numbers: the textbook's formula as a graph, with many digits.

As in ``truth.py``, two numbers of digits have to agree; here the inputs are several y and all raw columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from mpmath import mp, mpf

from likely._math.derive import tangent
from likely._math.evaluate import Program, compile_program
from likely._math.graph import Node, symbol
from oracles.contract import FLOAT64, Precision, excess
from oracles.truth import TABLE, ZERO, Entry

DIGITS = (80, 160, 320, 640, 1300, 2600)


@dataclass(frozen=True)
class VectorTruth:
    """−log p of y (d symbols) given raw (k symbols), and which raw columns are on identity links."""

    nll: Callable[[Sequence[Node], Sequence[Node]], Node]
    d: int
    identity: tuple[bool, ...]
    #: Σ over raw of p·∂²nll is the expected curvature where y is discrete; else it is given.
    expected: Callable[[Sequence[Node]], list[Node]] | None = None
    continuous: bool = True

    @property
    def k(self) -> int:
        return len(self.identity)

    @cached_property
    def parts(self) -> dict[str, list[Node]]:
        raw, y = self.symbols
        value = self.nll(y, raw)
        gradient = [tangent([value], r)[0] for r in raw]
        observed = [tangent([gradient[i]], raw[j])[0] for i in range(self.k) for j in range(i + 1)]
        found = {"value": [value], "gradient": gradient, "observed": observed}
        if self.expected is not None:
            found["expected"] = self.expected(raw)
        return found

    @cached_property
    def symbols(self) -> tuple[list[Node], list[Node]]:
        return [symbol(f"raw{j}") for j in range(self.k)], [symbol(f"y{i}") for i in range(self.d)]

    @cached_property
    def outputs(self) -> list[Node]:
        raw, y = self.symbols
        entries = [node for part in self.parts.values() for node in part]
        inputs = [*raw, *(y if self.continuous else [])]
        return [*entries, *(slope for x in inputs for slope in tangent(entries, x))]

    @cached_property
    def _programs(self) -> dict[int, Program]:
        """By number of digits, to which constants are computed."""
        return {}

    def entries(self, y: np.ndarray, raw: np.ndarray, digits: int) -> list[Entry]:
        count = sum(len(part) for part in self.parts.values())
        weights = [
            abs(r) if plain else max(1.0, abs(r))
            for r, plain in zip(raw.tolist(), self.identity, strict=True)
        ]
        weights += [abs(v) for v in y.tolist()] if self.continuous else []
        with mp.workdps(digits):
            if digits not in self._programs:
                self._programs[digits] = compile_program(self.outputs, TABLE, textbook=True)
            program = self._programs[digits]
            inputs = {f"raw{j}": mpf(float(r)) for j, r in enumerate(raw)}
            inputs |= {f"y{i}": mpf(float(v)) for i, v in enumerate(y)}
            numbers = program(inputs)
            return [
                Entry(
                    mpf(numbers[e]),
                    mp.fsum(w * abs(numbers[count * (1 + v) + e]) for v, w in enumerate(weights)),
                )
                for e in range(count)
            ]

    def truth(self, y: np.ndarray, raw: np.ndarray) -> dict[str, list[Entry]]:
        """The entries by part; ArithmeticError where no number of digits agrees."""
        # Digits that carry 1 + e^(−2·Σ|raw|): what is lost twice would agree.
        needed = 80 + 2.0 * float(np.abs(raw).sum()) / 2.3
        ladder = DIGITS[next(i for i, d in enumerate(DIGITS) if d >= needed) :]
        before = self.entries(y, raw, ladder[0])
        for digits in ladder[1:]:
            found = self.entries(y, raw, digits)
            with mp.workdps(40):
                if all(
                    abs(a.value - b.value)
                    <= max(mpf(10) ** -20 * abs(b.value), ZERO * max(b.slack, mpf(10) ** -300))
                    for a, b in zip(before, found, strict=True)
                ):
                    break
            before = found
        else:
            raise ArithmeticError(f"no agreement at {ladder[-1]} digits: y {y}, raw {raw}")
        parts, at = {}, 0
        for name, nodes in self.parts.items():
            parts[name] = found[at : at + len(nodes)]
            at += len(nodes)
        return parts


def ratios(
    truth: VectorTruth, loss: Any, y: np.ndarray, raw: np.ndarray, precision: Precision = FLOAT64
) -> dict[str, np.ndarray]:
    """Of each part, in each row, the largest error over tolerance; y (n, d), raw (n, k)."""
    value, gradient, observed = loss.evaluate(y, raw.T, 2, "observed")
    computed = {"value": value[None], "gradient": gradient, "observed": observed}
    if truth.expected is not None:
        computed["expected"] = loss.evaluate(y, raw.T, 2, "expected")[2]
    return ratios_of(truth, computed, y, raw, precision)


def ratios_of(
    truth: VectorTruth,
    computed: dict[str, np.ndarray],
    y: np.ndarray,
    raw: np.ndarray,
    precision: Precision = FLOAT64,
) -> dict[str, np.ndarray]:
    """The same of parts (entries, n) that something else has computed."""
    found = {part: np.zeros(len(y)) for part in computed}
    for row in range(len(y)):
        true = truth.truth(y[row], raw[row])
        for part, rows in computed.items():
            relative = precision.relative if part in ("value", "gradient") else precision.curvature
            found[part][row] = max(
                excess(float(c), t, precision, relative)
                for c, t in zip(rows[:, row], true[part], strict=True)
            )
    return found


def worst(
    truth: VectorTruth, loss: Any, y: np.ndarray, raw: np.ndarray, precision: Precision = FLOAT64
) -> dict[str, tuple[float, int]]:
    """Of each part the largest error over tolerance, and the row where it is."""
    found = ratios(truth, loss, y, raw, precision)
    return {part: (float(r.max(initial=0.0)), int(np.argmax(r))) for part, r in found.items()}
