"""The density on a line without edges: y = y(t) with t from −∞ to ∞.

A positive y is eᵗ and a proportion is σ(t), so that a density that is infinite at an edge, or crowded against
one, becomes a smooth hill in t with tails that fall off. ``y.log`` and its like are known in t exactly.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.atoms import sigmoid, softplus
from likely._math.backends import numpy_backend
from likely._math.derive import tangent
from likely._math.evaluate import Program, compile_program
from likely._math.graph import Node, constant, exp, log, remade, substitute, symbol
from likely.families.view import View

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: Evaluations at a time: the temporaries stay in the cache.
CHUNK = 1 << 15
#: Heights, as logarithms, that differ by less than this share are a tie.
ALIKE = 1e-12


def _apart(formula: Node, logs: list[tuple[Node, Node]]) -> Node:
    """The formula with the logarithm of y times, over or under something as a sum: y may be none of the numbers.

    ``logs`` are positive nodes, y and what is left to 1, beside their logarithms.
    """
    known = {id(node): form for node, form in logs}

    def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
        if node.op == "log" and args[0].op in ("multiply", "divide"):
            parts = args[0].args
            if any(id(part) in known for part in parts):
                a, b = (known[id(part)] if id(part) in known else log(part) for part in parts)
                return a + b if args[0].op == "multiply" else a - b
        return remade(node, args)

    return substitute([formula], rebuild)[0]


class Line:
    """The density of a continuous family in t, for the rows of ``raw`` (k, n)."""

    def __init__(self, loss: Any, raw: Array) -> None:
        self.loss = loss
        self.raw = raw
        self.rows = raw.shape[1]
        support = loss.specification.support
        self.low, self.high = support.low, support.high

    # --- y and t ----------------------------------------------------------------------------------

    @cached_property
    def _y(self) -> tuple[View, Node]:
        """The view of y in t, and log dy/dt."""
        t = symbol("t")
        low, high = self.low, self.high
        if math.isinf(low) and math.isinf(high):
            return View("y", t, {}), constant(0.0)
        if math.isinf(high):
            # log y is a number even where y is none.
            forms = {}
            if low >= 0.0:
                log_low = math.log(low) if low > 0.0 else -math.inf
                forms = {"log": lambda: t if low == 0.0 else log_low + softplus(t - log_low)}
            return View("y", low + exp(t), forms), t
        if math.isinf(low):
            return View("y", high - exp(-t), {}), -t
        slope = log(high - low) - softplus(t) - softplus(-t)
        if (low, high) == (0.0, 1.0):
            forms = {
                "log": lambda: -softplus(-t),
                "log1m": lambda: -softplus(t),
                "complement": lambda: sigmoid(-t),
            }
            return View("y", sigmoid(t), forms), slope
        return View("y", low + (high - low) * sigmoid(t), {}), slope

    def t_of(self, y: Array) -> Array:
        """t(y), elementwise."""
        with np.errstate(all="ignore"):
            if math.isinf(self.low) and math.isinf(self.high):
                return y
            if math.isinf(self.high):
                return np.log(y - self.low)
            if math.isinf(self.low):
                return -np.log(self.high - y)
            return np.log(y - self.low) - np.log(self.high - y)

    def stretch(self, y: Array, by: Array) -> Array:
        """t(y + by) − t(y), elementwise, with the digits that ``by`` has."""
        if math.isinf(self.low) and math.isinf(self.high):
            return by
        below = 0.0 if math.isinf(self.low) else np.log1p(by / (y - self.low))
        above = 0.0 if math.isinf(self.high) else np.log1p(-by / (self.high - y))
        return np.asarray(below - above)

    def moved(self, y: Array, by: Array) -> Array:
        """y(t + by) − y for y = y(t), elementwise: the inverse of ``stretch``."""
        if math.isinf(self.low) and math.isinf(self.high):
            return by
        if math.isinf(self.high):
            return np.asarray((y - self.low) * np.expm1(by))
        if math.isinf(self.low):
            return np.asarray(-(self.high - y) * np.expm1(-by))
        share, rise = (y - self.low) / (self.high - self.low), np.expm1(by)
        return np.asarray((self.high - y) * share * rise / (1.0 + share * rise))

    def log_slope(self, y: Array) -> Array:
        """log dy/dt at y, elementwise."""
        below = 0.0 if math.isinf(self.low) else np.log(y - self.low)
        above = 0.0 if math.isinf(self.high) else np.log(self.high - y)
        wide = self.high - self.low
        return np.asarray(below + above - (0.0 if math.isinf(wide) else math.log(wide)))

    def y_of(self, t: Array) -> Array:
        """y(t), elementwise."""
        return self._run(self._y_program, t, np.arange(t.shape[0]))[0]

    # --- The density ------------------------------------------------------------------------------

    def _log_density(self) -> Node:
        specification = self.loss.specification
        view, _ = self._y
        body: Node = specification.trace(specification.log_density, self.loss.views, view)
        logs = [(view.node, view.log)] if self.low >= 0.0 else []
        if (self.low, self.high) == (0.0, 1.0):
            logs.append((view.complement, view.log1m))
        return _apart(body, logs)

    @cached_property
    def _y_program(self) -> Program:
        return compile_program([self._y[0].node], numpy_backend.TABLE)

    @cached_property
    def _density_program(self) -> Program:
        log_f = self._log_density()
        return compile_program([log_f, self._in_t(log_f), self._y[0].node], numpy_backend.TABLE)

    def _in_t(self, log_f: Node) -> Node:
        """log f + log dy/dt, of which in the density of a function of log y next to nothing is left."""
        view, log_slope = self._y
        if self.low >= 0.0 and math.isinf(self.high) and log_f.op == "subtract":
            of_log, log_y = log_f.args
            if log_y is view.log:
                above = 0.0 if self.low == 0.0 else softplus(math.log(self.low) - log_slope)
                return of_log - above
        return log_f + log_slope

    @cached_property
    def _slope_programs(self) -> tuple[Program, Program]:
        t = symbol("t")
        log_f = self._log_density()
        of_f, of_g = tangent([log_f, self._in_t(log_f)], t)
        return (
            compile_program([of_f], numpy_backend.TABLE),
            compile_program([of_g], numpy_backend.TABLE),
        )

    @cached_property
    def _score_program(self) -> Program:
        log_f = self._log_density()
        return compile_program(
            [tangent([-log_f], raw)[0] for raw in self.loss.raw], numpy_backend.TABLE
        )

    def score(self, t: Array, rows: Rows) -> list[Array]:
        """∂nll/∂raw at t of the rows, one array for each raw column."""
        return self._run(self._score_program, t, rows)

    def density(self, t: Array, rows: Rows) -> tuple[Array, Array, Array]:
        """log f(y), log g(t) = log f(y) + log dy/dt, and y, at t (m,) or (m, nodes) of the rows (m,)."""
        log_f, log_g, y = self._run(self._density_program, t, rows)
        # Where y itself, its square or a ratio with it has left the floating-point numbers there is no mass to speak
        # of, even where the density is infinite at that edge.
        left = np.isinf(y) | (y == self.low) | (y == self.high) | (abs(y) > 1e150)
        if self.low == 0.0:
            left |= y < 1e-150
        log_f[left & np.isnan(log_g)] = -np.inf
        log_g[left & ~(log_g < np.inf)] = -np.inf
        return log_f, log_g, y

    def slope(self, t: Array, rows: Rows, *, of_t: bool) -> Array:
        """d log g/dt, or d log f/dt."""
        return self._run(self._slope_programs[of_t], t, rows)[0]

    def _run(self, program: Program, t: Array, rows: Rows) -> list[Array]:
        width = t.shape[1] if t.ndim == 2 else 1
        step = max(CHUNK // width, 1)
        outs = [np.empty(t.shape) for _ in program.results]
        tail = (slice(None), None) if t.ndim == 2 else (slice(None),)
        with np.errstate(all="ignore"):
            for first in range(0, t.shape[0], step):
                block = slice(first, first + step)
                raw = self.raw[:, rows[block]]
                inputs = {f"raw{j}": row[tail] for j, row in enumerate(raw)}
                for out, value in zip(outs, program({"t": t[block], **inputs}), strict=True):
                    out[block] = value
        return outs

    # --- Where the hill is ------------------------------------------------------------------------

    @property
    def reach(self) -> float:
        """|t| up to which the mode is looked for."""
        return 1e300 if math.isinf(self.low) and math.isinf(self.high) else 700.0

    @cached_property
    def _starts(self) -> tuple[Array, Array]:
        """Candidates for a point on the hill (c, n), and a first step (n,)."""
        loss = self.loss
        candidates = [np.zeros(self.rows)]
        step = np.ones(self.rows)
        for name, parameter in loss.specification.parameters.items():
            value = loss.parameter(name, self.raw)
            domain = parameter.domain
            if domain.low == -math.inf:
                candidates.append(value)
                if math.isinf(self.high) != math.isinf(self.low):
                    candidates.append(self.t_of(value))
            elif domain.high == math.inf:
                step = np.minimum(step, value)
            if (domain.low, domain.high) == (self.low, self.high) and math.isfinite(self.low):
                candidates.append(self.t_of(value))
        points = np.array(candidates)
        return self._within_reach(np.where(np.isfinite(points), points, 0.0), step)

    def _within_reach(self, points: Array, step: Array) -> tuple[Array, Array]:
        return np.clip(points, -self.reach, self.reach), np.clip(step, 1e-280, 1.0)

    def summit(self, *, of_t: bool, exact: bool, start: tuple[Array, Array] | None = None) -> Array:
        """t where g (or f) is largest, by its slope: doubling steps uphill, then bisection.

        ``start``: candidates (c, n), of which the highest is where it begins, and a first step (n,).
        """
        points, step = self._starts if start is None else self._within_reach(*start)
        every = np.arange(self.rows)
        heights = np.array([self.density(p, every)[0 if not of_t else 1] for p in points])
        heights = np.where(np.isnan(heights), -np.inf, heights)
        t = points[heights.argmax(axis=0), every].copy()
        direction = np.sign(np.nan_to_num(self.slope(t, every, of_t=of_t)))
        level = heights.max(axis=0)

        def uphill(t: Array, rows: Rows) -> NDArray[np.bool_]:
            up = self.slope(t, rows, of_t=of_t) * direction[rows] > 0.0
            if start is not None:
                # A step may have crossed a valley, from where it goes up to another peak, though lower than before.
                height, before = self.density(t, rows)[1 if of_t else 0], level[rows]
                with np.errstate(invalid="ignore"):  # nothing is higher than a pole
                    up &= height >= before - ALIKE * np.maximum(1.0, np.abs(before))
                level[rows[up]] = height[up]
            return np.asarray(up)

        near, far = t.copy(), t.copy()
        step = np.maximum(step, np.spacing(np.abs(t)))
        rows = every[direction != 0]
        while rows.size:
            far[rows] = np.clip(near[rows] + direction[rows] * step[rows], -self.reach, self.reach)
            still = uphill(far[rows], rows)
            at_end = np.abs(far[rows]) >= self.reach
            near[rows[still]] = far[rows[still]]
            step[rows] *= 2.0
            rows = rows[still & ~at_end]
        rows = every[near != far]
        for _ in range(1100 if exact else 24):
            if not rows.size:
                break
            middle = 0.5 * (near[rows] + far[rows])
            between = (middle != near[rows]) & (middle != far[rows])
            rows, middle = rows[between], middle[between]
            up = uphill(middle, rows)
            near[rows[up]] = middle[up]
            far[rows[~up]] = middle[~up]
        return 0.5 * (near + far)

    @cached_property
    def centre(self) -> Array:
        """A point near the top of g for every row."""
        return self.summit(of_t=True, exact=False)

    @np.errstate(all="ignore")
    def width(self, t: Array, direction: Array, rows: Rows) -> Array:
        """How far from t, in the direction given, log g has fallen by about 1."""
        top = self.density(t, rows)[1]
        h = self._starts[1][rows].copy()
        short, long = np.zeros_like(h), np.full_like(h, np.inf)
        stride = np.full_like(h, 8.0)  # squared at each step, until the fall is bracketed
        active = np.arange(h.shape[0])
        for _ in range(100):
            there = self.density(t[active] + direction[active] * h[active], rows[active])[1]
            drop = top[active] - there
            near, far = drop < 0.4, ~(drop < 3.0)
            done = ~near & ~far
            short[active[near]] = h[active[near]]
            long[active[far]] = h[active[far]]
            active = active[~done]
            a, b, by = short[active], long[active], stride[active]
            middle = np.sqrt(a) * np.sqrt(b)
            h[active] = np.where(np.isinf(b), a * by, np.where(a == 0.0, b / by, middle))
            stride[active] = np.minimum(by * by, 1e100)
            # A jump has no place where the fall is about 1; a plateau may have no end.
            active = active[(b > a * 1.001) & (h[active] < 1e300) & (h[active] > 1e-300)]
            if not active.size:
                break
        return np.clip(h, 1e-300, 1e300)
