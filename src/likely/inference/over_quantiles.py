"""Expectations over the quantiles of a distribution, of which all rows are taken at once.

E f(Y) = ∫₀¹ f(Q(u)) du in x, with u = σ(π sinh x): the nodes come as close to both ends as float64 allows, so that a Q
that grows there like any power, up to a divergent integral, is no harm.

Source: Takahasi and Mori (1974), doi:10.2977/prims/1195192451.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit

from likely.families.modifiers.base import contains
from likely.inference.mixed import MixedAmounts
from likely.inference.modified import LEAST, Array, Rows

_X = np.linspace(-6.0, 6.0, 241)
_S = np.pi * np.sinh(_X)
_LEVELS, _UPPER = expit(-np.abs(_S)), _S > 0.0
_WEIGHTS = (_X[1] - _X[0]) * np.pi * np.cosh(_X) * expit(_S) * expit(-_S)
_WEIGHTS[[0, -1]] *= 0.5
#: Rows whose nodes are looked at together.
_ROWS = 2048
#: A power of u so near −1 that the integral of a moment which the family does not have diverges.
_ENDLESS = 1e-6


def _beyond(values: Array, end: int, next_to: int, known: Any) -> Array:
    """∫ f(Q(u)) du from an end to the last node, where f is a power of u: u f/(1 + power), or infinite."""
    last, before = values[:, end], values[:, next_to]
    step = np.log(_LEVELS[next_to] / _LEVELS[end])
    power = np.where(last == 0.0, 0.0, np.log(before / last) / step)
    rest = np.where(last == 0.0, 0.0, last * (_LEVELS[end] / (1.0 + power)))
    endless = ~known & (power < _ENDLESS - 1.0)
    return np.where(endless, np.copysign(np.inf, last), rest)


def several_peaks(inside: Any) -> bool:
    """Whether a distribution may have more than one peak: of a mixture, or a user's own."""
    specification = inside.loss.specification
    return bool(specification.own or contains(specification, "Mixture"))


class OverQuantiles:
    """Moments and entropy of a part of the family ``inside``, by ``quantile``."""

    loss: Any
    raw: Array
    inside: Any
    seen: Any
    quantile: Any

    def _expected(self, function: Callable[[Array, Rows], Array], inside: Array) -> Array:
        """E f(Y); ``inside`` is the same of the whole family, not finite where the tail of an end may diverge."""
        n = self.raw.shape[1]
        out = np.empty(n)
        for start in range(0, n, _ROWS):
            block = np.arange(start, min(start + _ROWS, n))
            rows, level = np.repeat(block, _X.size), np.tile(_LEVELS, block.size)
            is_upper = np.tile(_UPPER, block.size)
            y = np.empty(rows.shape)
            for upper in (False, True):
                mine = is_upper == upper
                y[mine] = self.quantile(level[mine], rows[mine], upper=upper)
            with np.errstate(all="ignore"):
                values = function(y, rows).reshape(block.size, _X.size)
                total = values @ _WEIGHTS
                for end, next_to in ((0, 10), (-1, -11)):
                    total += _beyond(values, end, next_to, np.isfinite(inside[block]))
            out[block] = total
        return out

    @property
    def one_peak(self) -> bool:
        """Whether Q is as smooth as its nodes need; between the components of a mixture it may jump."""
        return not several_peaks(self.inside)

    def mean(self) -> Array:
        """E Y"""
        if not self.one_peak:
            return self._other("mean")
        return self._expected(lambda y, _: y, np.asarray(self.inside.mean()))

    def var(self) -> Array:
        """E (Y − mean)²"""
        if not self.one_peak:
            return self._other("var")
        mean = self.mean()
        return self._expected(lambda y, rows: (y - mean[rows]) ** 2, np.asarray(self.inside.var()))

    def entropy(self) -> Array:
        """−E log p(Y)"""
        if not self.one_peak:
            return self._other("entropy")
        support = self.loss.specification.support

        def nll(y: Array, rows: Rows) -> Array:
            # A node so near an end that y has become the end itself stands for no probability to speak of.
            found, there = np.zeros(y.shape), support.contains(y)
            raw = np.ascontiguousarray(self.raw[:, rows[there]])
            found[there] = self.loss.evaluate(y[there], raw, 0)[0]
            return found

        return self._expected(nll, np.zeros(self.raw.shape[1]))

    def mode(self) -> Array:
        """Where the density is largest, looked for from every peak of a mixture."""
        return self._other("mode")

    def _other(self, method: str) -> Array:
        """The same by the components of a mixture that is seen, or by the class beside this one."""
        mixture = contains(self.inside.loss.specification, "Mixture")
        mixture &= bool((self.seen >= LEAST).all())
        law = MixedAmounts(self.loss, self.raw) if mixture else super()
        found: Array = getattr(law, method)()
        return found
