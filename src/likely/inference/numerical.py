"""What a continuous family does not declare, from its density alone: integrals, quantiles, the mode.

A tail integral runs outwards from its point: t = t₀ ± h (eᵛ − 1) with h the length over which the density
falls by a factor of about e, so that exponential and power-law tails both take a few panels in v.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from likely.inference import panels
from likely.inference.line import Line
from likely.inference.power_tail import power_tail
from likely.inference.rows import blocks, parameters_at

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: ``weight(log g dt/dv, log f, t, y, rows)``: the integrand, where it is not the density itself.
Weight = Callable[[Array, Array, Array, Array, Rows], Array]

#: Panels that are begun together.
_PANELS = 1 << 14
_FIRST = np.arange(4.0)
_FURTHER = ((4.0, 4.0), (8.0, 8.0), (16.0, 16.0), (32.0, 32.0), (64.0, 64.0), (128.0, 128.0),
            (256.0, 256.0), (512.0, 170.0))  # fmt: skip
#: A quantile further from the centre than this is infinite.
FARTHEST = 1e290
#: A tail smaller than this is integrated, not taken as one minus the other.
COMPLEMENT = 0.01
#: A density whose integral is further from 1 is refused.
MASS_TOLERANCE = 1e-6
#: Beyond this the logarithm of y changes by rounding alone.
LOST = 1e12
#: A tail that falls off as a power counts where its integrand far out is this share of the integral.
NEGLIGIBLE = 1e-14


class ContinuousIntegrals:
    """Integrals over the density of each row of ``raw`` (k, n)."""

    def __init__(self, loss: Any, raw: Array) -> None:
        self.line = Line(loss, raw)
        self.rows = np.arange(raw.shape[1])

    @cached_property
    def point(self) -> Array:
        """The probability of the edge below, where the family gives it one; else 0."""
        loss = self.line.loss
        at = loss.specification.point
        if at is None:
            return np.zeros(self.rows.shape)
        return np.asarray(np.exp(-loss.evaluate(np.full(self.rows.shape, at), self.line.raw, 0)[0]))

    # --- Integrals outwards from a point ----------------------------------------------------------

    @np.errstate(all="ignore")
    def outwards(
        self,
        t: Array,
        direction: Array,
        rows: Rows,
        weight: Weight | None = None,
        starts: Array = _FIRST,
    ) -> tuple[Array, NDArray[np.bool_]]:
        """∫ g·weight from t towards ±∞, and where it did not settle; NaN of the density stays NaN.

        ``starts`` are those of the first panels, which share 0 ≤ v < 4 evenly.
        """
        total, unsettled = np.empty(t.shape), np.empty(t.shape, dtype=bool)
        for b in blocks(t.shape[0], _PANELS // starts.size):
            total[b], unsettled[b] = self._outwards(t[b], direction[b], rows[b], weight, starts)
        return total, unsettled

    def _outwards(
        self, t: Array, direction: Array, rows: Rows, weight: Weight | None, starts: Array
    ) -> tuple[Array, NDArray[np.bool_]]:
        """The same of a block of rows."""
        n = t.shape[0]
        h = self.line.width(t, direction, rows)

        def rule(panel_rows: Rows, start: Array, size: Array) -> tuple[Array, Array, Array]:
            v = start[:, None] + size[:, None] * panels.NODES
            scale = h[panel_rows][:, None]
            with np.errstate(over="ignore", invalid="ignore"):
                place = t[panel_rows][:, None] + direction[panel_rows][:, None] * scale * np.expm1(
                    v
                )
            log_f, log_g, y = self.line.density(place, rows[panel_rows])
            with np.errstate(all="ignore"):
                exponent = log_g + (np.log(scale) + v)
                if weight is None:
                    values = np.exp(exponent)
                else:
                    values = weight(exponent, log_f, place, y, rows[panel_rows][:, None])
                return panels.gauss_kronrod(values, size)

        total, absolute = np.zeros(n), np.zeros(n)
        every = np.arange(n)
        least = 2.0**-30
        first = starts.size
        sizes = np.full(first * n, 4.0 / first)
        panels.adaptive(
            rule, total, absolute, np.repeat(every, first), np.tile(starts, n), sizes, least
        )
        active = every
        last = np.zeros(n)
        for start, size in _FURTHER:
            before = absolute.copy()
            ones = np.ones(active.shape[0])
            panels.adaptive(rule, total, absolute, active, start * ones, size * ones, least)
            last = absolute - before
            active = active[last[active] > 1e-16 * absolute[active]]
            if not active.size:
                break
        unsettled = np.zeros(n, dtype=bool)
        unsettled[active] = last[active] > 1e-9 * absolute[active]
        return total, unsettled

    @cached_property
    def halves(self) -> tuple[Array, Array]:
        """The mass below and above the centre of each row; ValueError where they do not sum to 1."""
        below, above = self._masses(_FIRST)
        wrong = ~(np.abs(below + above - 1.0) <= MASS_TOLERANCE)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            name = self.line.loss.specification.name
            more = int(wrong.sum()) - 1
            edges = np.isfinite([self.line.low, self.line.high]).any()
            raise ValueError(
                f"the density of {name} integrates to {below[row] + above[row]:.6g}, not 1, at "
                + parameters_at(self.line.loss, self.line.raw[:, row])
                + (f" (and {more} more)" if more else "")
                + ": log_density must be normalised, and have one main peak; or give the family a cdf, "
                "sf and quantile"
                + (
                    "; towards an edge of the support log(y) keeps digits that log(y / c) loses"
                    if edges
                    else ""
                )
            )
        return below, above

    def mass(self) -> Array:
        """∫ f(y) dy of each row, by many small panels, which find peaks far from the main one too."""
        below, above = self._masses(np.arange(0.0, 4.0, 1 / 32))
        return below + above

    def _masses(self, starts: Array) -> tuple[Array, Array]:
        ones = np.ones(self.rows.shape[0])
        below, _ = self.outwards(self.line.centre, -ones, self.rows, starts=starts)
        above, _ = self.outwards(self.line.centre, ones, self.rows, starts=starts)
        return below + self.point, above

    # --- The distribution function ----------------------------------------------------------------

    def tail(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """cdf or sf at y inside the support, accurate where it is small."""
        _ = self.halves  # says whether the density can be trusted
        t = self.line.t_of(y)
        lower = t < self.line.centre[rows]
        direction = np.where(lower, -1.0, 1.0)
        mass, _ = self.outwards(t, direction, rows)
        mass = np.where(lower, self.point[rows] + mass, mass)
        other = lower == upper
        found = np.where(other, 1.0 - mass, mass)
        # Of a skew distribution the other tail may be the smaller one all the same.
        small = other & (found < COMPLEMENT)
        if small.any():
            found[small], _ = self.outwards(t[small], -direction[small], rows[small])
            found[small] += np.where(lower[small], 0.0, self.point[rows[small]])
        return found

    @np.errstate(all="ignore")
    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """y with cdf(y) = p, or sf(y) = p where ``upper``; p strictly between 0 and 1.

        Newton's method on the logarithm of the nearer tail, kept inside a bracket.
        """
        below, above = (half[rows] for half in (self._declared_halves or self.halves))
        # Each row works on the tail its answer is in: lower tail mass, or upper tail mass.
        in_lower = (p > above) if upper else (p <= below)
        target = np.where(in_lower, 1.0 - p if upper else p, p if upper else 1.0 - p)
        direction = np.where(in_lower, -1.0, 1.0)
        centre = self.line.centre[rows]
        goal = np.log(target)
        every = np.arange(p.shape[0])
        # Distance outwards from the centre; the tail beyond x is larger than the target at ``near``.
        near, far, moved = np.zeros_like(p), np.full_like(p, np.inf), np.full_like(p, np.nan)
        x = self.line.width(centre, direction, rows)
        x *= np.sqrt(np.maximum(-2.0 * goal, 0.0))
        point = np.where(in_lower, self.point[rows], 0.0)
        at_point = (point > 0.0) & (target <= point)
        active = every[~at_point]
        for _ in range(200):
            if not active.size:
                break
            t = centre[active] + direction[active] * x[active]
            _, log_g, y = self.line.density(t, rows[active])
            mass = self._beyond(t, y, direction[active], rows[active])
            mass += point[active]
            gap = np.log(mass) - goal[active]
            by = gap * np.exp(np.log(mass) - log_g)
            newton = x[active] + by
            outside = gap >= 0.0
            near[active[outside]] = x[active[outside]]
            far[active[~outside]] = x[active[~outside]]
            a, b, here = near[active], far[active], x[active]
            # A power law is straight in log x: Newton there, where it is still far to go.
            straight = here * np.exp(np.minimum((newton - here) / here, 600.0))
            # Elsewhere Halley's step: how the ratio of density to tail changes on the way.
            slope = direction[active] * self.line.slope(t, rows[active], of_t=True)
            bend = 1.0 + 0.5 * (by * slope + gap)
            near_by = np.where(bend > 0.5, here + by / bend, newton)
            newton = np.where(newton > 3.0 * here, straight, near_by)
            middle = np.where(
                b > 4.0 * a, np.sqrt(np.maximum(a, 1e-3 * b)) * np.sqrt(b), 0.5 * (a + b)
            )
            middle = np.where(np.isinf(b), 2.0 * a + here, middle)
            inside = (newton > a) & (newton < b)
            step = np.minimum(np.where(inside, newton, middle), FARTHEST)
            place = np.spacing(np.abs(t))
            done = (np.abs(gap) < 1e-13) | (np.abs(step - x[active]) <= place) | (b - a <= place)
            # The next of Halley's steps is less than this one times the square of its ratio to the last.
            move = np.abs(step - here)
            steady = inside & (bend > 0.5) & (newton == near_by)
            ratio = move / moved[active]
            next_ = move * ratio**2 * np.exp(log_g - np.log(mass))
            done |= steady & (ratio < 0.02) & (next_ < 1e-13)
            moved[active] = np.where(steady, move, np.nan)
            x[active] = np.where(np.abs(gap) < 1e-13, here, step)
            # Beyond the floating-point numbers, the answer is infinite.
            lost = outside & (here >= FARTHEST)
            x[active[lost]] = np.inf
            active = active[~done & ~lost]
        t = centre + direction * x
        return np.where(at_point, self.line.low, self.line._run(self.line._y_program, t, rows)[0])

    @cached_property
    def _declared_halves(self) -> tuple[Array, Array] | None:
        """``halves`` by the family's own cdf and sf, if it has both."""
        if not {"cdf", "sf"} <= self.line.loss.specification.formulas.keys():
            return None
        y = self.line.y_of(self.line.centre)
        return tuple(self.line.loss.formula(name, self.line.raw, y) for name in ("cdf", "sf"))

    def _beyond(self, t: Array, y: Array, direction: Array, rows: Rows) -> Array:
        """The mass on the outer side of y = y(t): declared, or an integral."""
        if self._declared_halves is None:
            return self.outwards(t, direction, rows)[0]
        mass, lower = np.empty(t.shape), direction < 0.0
        for name, side in (("cdf", lower), ("sf", ~lower)):
            mass[side] = self.line.loss.formula(name, self.line.raw[:, rows[side]], y[side])
        return mass

    # --- Moments, entropy, mode -------------------------------------------------------------------

    @cached_property
    def _origin(self) -> Array:
        return self.line.y_of(self.line.centre)

    def _both(self, weight: Weight) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.bool_]]:
        _ = self.halves
        n = self.rows.shape[0]
        below, wild_below = self.outwards(self.line.centre, -np.ones(n), self.rows, weight)
        above, wild_above = self.outwards(self.line.centre, np.ones(n), self.rows, weight)
        return below, above, wild_below, wild_above

    def _grows(self, power: int) -> NDArray[np.bool_]:
        """Whether yᵖ f(y) dy/dt still grows with t = log y where a formula in log y has the last numbers."""
        far = np.full(self.rows.shape, FARTHEST)
        known = np.isfinite(self.line.density(far, self.rows)[1])
        return known & (self.line.slope(far, self.rows, of_t=True) > -power)

    def _moment(self, power: int) -> tuple[Array, Array]:
        origin = self._origin
        # The largest log integrand where log y = t has lost the digits of a unit: had the moment
        # converged there would be nothing, and what there is ends where rounding says.
        beyond = np.full(origin.shape, -np.inf)

        def weight(
            exponent: Array, log_f: Array, t: Array, y: Array, rows: Rows, turn: Array | None = None
        ) -> Array:
            # A positive y overflows long before t, its logarithm, does.
            over = np.isinf(y)
            distance = np.abs(y - origin[rows])
            away = np.where(over, np.abs(t), np.log(distance))
            terms = np.where(np.isneginf(exponent), -np.inf, exponent + power * away)
            if turn is not None:
                return np.exp(terms - np.log1p(distance / turn[rows]))
            lost = over & (np.abs(t) > LOST)
            if lost.any():
                np.maximum.at(beyond, np.broadcast_to(rows, t.shape)[lost], terms[lost])
            return np.exp(terms)

        def whole(part: Array, wild: NDArray[np.bool_], sign: float, end: float) -> Array:
            found = np.where(wild, np.inf, part)
            if np.isfinite(end):
                return found
            if np.isfinite(self.line.low):
                found[self._grows(power)] = np.inf
            tail = power_tail(self.line, origin, sign, power)
            with np.errstate(divide="ignore"):
                heavy = np.flatnonzero(tail.largest > np.log(NEGLIGIBLE * part))
            found[heavy] = tail.of(heavy).rest()
            rows = heavy[np.isfinite(found[heavy])]
            inner, _ = self.outwards(
                self.line.centre[rows],
                np.full(rows.shape, sign),
                rows,
                partial(weight, turn=tail.turn),
            )
            found[rows] += inner
            return found

        below, above, wild_below, wild_above = self._both(weight)
        with np.errstate(divide="ignore", invalid="ignore"):
            wild_above |= beyond > np.log(1e-9 * above)
        below = whole(below, wild_below, -1.0, self.line.low)
        above = whole(above, wild_above, 1.0, self.line.high)
        if self.point.any():
            below = below + self.point * (origin - self.line.low) ** power
        return below, above

    @cached_property
    def _first_moments(self) -> tuple[Array, Array]:
        return self._moment(1)

    def mean(self) -> Array:
        """∫ y f(y) dy; ±∞ where one tail diverges, NaN where both do."""
        below, above = self._first_moments
        with np.errstate(invalid="ignore"):
            return self._origin + (above - below)

    def var(self) -> Array:
        """∫ (y − mean)² f(y) dy; ∞ where the mean is infinite, NaN where there is none."""
        below, above = self._moment(2)
        mean = self.mean()
        second = below + above
        endless = np.isinf(mean) | (np.isinf(second) & ~np.isnan(mean))
        shift = np.where(endless, 0.0, mean - self._origin)
        return second - shift**2

    def entropy(self) -> Array:
        """−∫ f log f dy, in nats."""

        def weight(exponent: Array, log_f: Array, t: Array, y: Array, rows: Rows) -> Array:
            return np.where(np.isneginf(exponent), 0.0, -log_f * np.exp(exponent))

        below, above, _, _ = self._both(weight)
        return below + above - xlogy(self.point, self.point)

    def mode(self) -> Array:
        """Where f is largest: inside by its slope, or an edge; of ties, the smallest."""
        line = self.line
        t = self._summit()
        best, top = line.density(t, self.rows)[0], line.y_of(t)
        y = top
        for edge, sign in ((line.high, 1.0), (line.low, -1.0)):
            if not np.isfinite(edge):
                continue
            there = line.density(np.full(t.shape, sign * 690.0), self.rows)[0]
            with np.errstate(invalid="ignore"):
                # A rise that has come to rest against the edge is a maximum there.
                wins = there >= best - 1e-12 * np.maximum(1.0, np.abs(best))
                wins |= (sign * t >= line.reach) | (top == edge)
            y, best = np.where(wins, edge, y), np.where(wins, there, best)
        # No density outweighs a probability.
        return np.where(self.point > 0.0, line.low, y)

    def _summit(self) -> Array:
        """t of the mode, if it is inside."""
        return self.line.summit(of_t=False, exact=True)
