r"""The part of a distribution far out in a tail, by its excess over the nearer bound.

There the density falls off about exponentially over all that is left of it, while its logarithm, and that of the mass,
are so large that their difference has lost its digits. So the fall itself is integrated, with t as in ``Line``:

.. math:: G(\tau) = \log g(t_0 + \tau) - \log g(t_0) = \int_0^\tau \frac{d \log g}{dt}(t_0 + u) \, du

The slope is interpolated in Legendre's polynomials, of which the integral is known.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from likely.inference import panels
from likely.inference.line import Line
from likely.inference.rows import blocks

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: So many e-foldings from the bound nothing is left.
REACH = 60.0
#: The slope may change over them by this share of itself: then its series has fallen below rounding at the 20th term.
CHANGE = 0.5
#: Where panels end, as shares of the reach; the first e-foldings have most of the mass.
_ENDS = np.array([0.0, 2.0, 6.0, 14.0, 30.0, 60.0]) / 60.0
_SHARE = (_ENDS[:-1, None] + np.diff(_ENDS)[:, None] * panels.LEGENDRE).ravel()
_WEIGHTS = (np.diff(_ENDS)[:, None] * panels.LEGENDRE_WEIGHTS).ravel()
#: Makes the integrals from 0 of values at the nodes: the coefficients (20, 21) of their series in 2x − 1.
_INTEGRATED = np.array([0.5 * legendre.legint(row, lbnd=-1.0) for row in panels.LEGENDRE_SERIES])
#: Newton's step after one so small, as a share of the place, is below rounding.
_LAST_STEP, _STEPS = 1e-9, 50
#: Quantiles that are looked for together: their nodes stay in the cache.
_TOGETHER = 1 << 10


class Excess:
    """What lies beyond the bounds ``first`` (n,) or below ``last`` (n,) of these rows of a line, where ``far``."""

    def __init__(self, line: Line, first: Array, last: Array, rows: Rows) -> None:
        start, end = line.t_of(first), line.t_of(last)
        with np.errstate(all="ignore"):
            falls = line.slope(start, rows, of_t=True) < 0.0
            # Of a bound that is an edge of the support the density says nothing.
            falls &= np.isfinite(start)
            self.line, self.rows = line, rows
            self.sign = np.where(falls, 1.0, -1.0)
            self.bound = np.where(falls, first, last)
            self.start = np.where(falls, start, end)
            rate = -self.sign * line.slope(self.start, rows, of_t=True)
            between = self.sign * line.stretch(
                self.bound, np.where(falls, last, first) - self.bound
            )
            self.reach = np.minimum(REACH / rate, between)
            nodes = self.start[:, None] + (self.sign * self.reach)[:, None] * panels.LEGENDRE
            slopes = self.sign[:, None] * line.slope(nodes, rows, of_t=True)
            change = np.abs(slopes / -rate[:, None] - 1.0).max(axis=1)
            self.series = (slopes * self.reach[:, None]) @ _INTEGRATED
            # Beyond the end of a support that depends on the parameters there is no density to fall.
            dense = np.isfinite(line.density(self.start, rows)[1])
        self.far = dense & (rate > 0.0) & (self.reach > 0.0) & (change <= CHANGE)

    def fall(self, share: Array, at: Rows | slice = slice(None)) -> Array:
        """G at shares (m, …) of the reach of rows (m,)."""
        series = self.series[at].T
        series = series.reshape(*series.shape, *(1,) * (share.ndim - 1))
        return np.asarray(legendre.legval(2.0 * share - 1.0, series, tensor=False))

    def _between(self, low: Array, high: Array, at: Rows | slice) -> Array:
        """∫ e^G between shares of the reach."""
        width = high - low
        share = low[:, None] + width[:, None] * _SHARE
        return np.asarray((np.exp(self.fall(share, at)) @ _WEIGHTS) * width)

    @property
    def _nodes(self) -> tuple[Array, Array, Array]:
        """G at the nodes (n, m), the excess of y, and the probabilities that the nodes stand for."""
        fall = self.fall(np.broadcast_to(_SHARE, (self.start.size, _SHARE.size)))
        excess = self.line.moved(self.bound[:, None], (self.sign * self.reach)[:, None] * _SHARE)
        mass = np.exp(fall) * _WEIGHTS
        return fall, excess, mass / mass.sum(axis=1, keepdims=True)

    def mean(self) -> Array:
        """The bound and the mean excess."""
        _, excess, mass = self._nodes
        return np.asarray(self.bound + (mass * excess).sum(axis=1))

    def var(self) -> Array:
        """The variance of the excess."""
        _, excess, mass = self._nodes
        mean = (mass * excess).sum(axis=1, keepdims=True)
        return np.asarray((mass * (excess - mean) ** 2).sum(axis=1))

    def entropy(self) -> Array:
        """−E log p with log p = G − log ∫ e^G dt − log dy/dt."""
        fall, excess, mass = self._nodes
        whole = self._between(np.zeros(self.start.size), np.ones(self.start.size), slice(None))
        slope = self.line.log_slope(self.bound[:, None] + excess)
        return np.asarray(np.log(whole * self.reach) + (mass * (slope - fall)).sum(axis=1))

    def tail(self, y: Array, at: Rows, *, upper: bool) -> Array:
        """cdf or sf at y (m,) between the bounds, of the rows ``at`` (m,)."""
        moved = self.sign[at] * self.line.stretch(self.bound[at], y - self.bound[at])
        share = np.minimum(moved / self.reach[at], 1.0)
        none, all_ = np.zeros(share.shape), np.ones(share.shape)
        beyond = (self.sign[at] > 0.0) == upper
        mass = self._between(np.where(beyond, share, none), np.where(beyond, all_, share), at)
        return np.asarray(mass / self._between(none, all_, at))

    def quantile(self, p: Array, at: Rows, *, upper: bool) -> Array:
        """The quantile of the rows ``at``, or with ``upper`` that of the upper tail, by Newton's steps."""
        found = np.empty(p.shape)
        for block in blocks(p.size, _TOGETHER):
            found[block] = self._quantile(p[block], at[block], upper=upper)
        return found

    def _quantile(self, p: Array, at: Rows, *, upper: bool) -> Array:
        none, all_ = np.zeros(p.shape), np.ones(p.shape)
        whole = self._between(none, all_, at)
        outer = (self.sign[at] > 0.0) == upper  # whether p counts what lies beyond
        beyond, before = np.where(outer, p, 1.0 - p), np.where(outer, 1.0 - p, p)
        near = before < 0.5
        # As if the fall were even all the way: there the answer would be exact.
        total = -self.fall(all_, at)
        share = (
            -np.where(
                near,
                np.log1p(np.where(near, before, 0.0) * np.expm1(-total)),
                np.log(beyond - (beyond - 1.0) * np.exp(-total)),
            )
            / total
        )
        # The rows that are still on their way.
        left = np.arange(share.size)
        for _ in range(_STEPS):
            here, row, down = share[left], at[left], near[left]
            mass = self._between(np.where(down, 0.0, here), np.where(down, here, 1.0), row)
            gap = np.where(
                down, before[left] * whole[left] - mass, mass - beyond[left] * whole[left]
            )
            moved = np.clip(here + gap * np.exp(-self.fall(here, row)), 0.0, 1.0)
            share[left] = moved
            left = left[~(np.abs(moved - here) <= _LAST_STEP * moved)]
            if not left.size:
                break
        return np.asarray(
            self.bound[at] + self.line.moved(self.bound[at], self.sign[at] * self.reach[at] * share)
        )
