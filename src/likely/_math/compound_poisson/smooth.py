r"""r of ``density.py`` where it is smooth: polynomials by patches of V and ν, and what is outside of them.

- Far out, in u = 6/V and, by patches whose middle is t = 0, c = s (1 − s) with s = ν/(1 + ν): the saddle-point
  expansion of the integral over real j is one in powers of 1/V whose coefficients are polynomials of c, the same for ν
  and 1/ν, and the sum over whole j is that integral to :math:`e^{-M (1 - \cos 2\pi/(1 + \nu))}`, M = (1 + ν) J, where
  the next saddle-points are: e^−37 at most where V ≥ 6 and V ≥ 2 (1 + ν).
- In a strip of w = log(1 + ν), whose middle is t = 0, by patches of q = log x or log J, whose middle is u = 0.
- Below those patches, where :math:`W = \sum_j z^j/(j!\,\Gamma(j\nu))`, :math:`\log z = \log J + \nu \log x`, is nearly
  its first term νz/Γ(1 + ν), the logarithm of what W is of that term, less Stirling's error S(ν), is a polynomial in t
  and u = e^((1 + ν)(q − low)), which is z times a function of ν. The rest of the term is large, and cancels on paper.
  For small ν log W − log νz − z is one: as 1/Γ(jν) is a power series in jν, W is e^z times one in ν and νz.

Source: Wright (1935), doi:10.1112/jlms/s1-10.40.286, for W and the expansion far out.
"""

from __future__ import annotations

import math

from likely._math import special
from likely._math.compound_poisson.layout import (
    BY_X,
    FAR,
    FAR_PATCHES,
    NARROW,
    POWERS,
    STRIPS,
    WIDER,
    WIDTH,
)
from likely._math.graph import (
    Expression,
    Node,
    abs_,
    exp,
    floor,
    make,
    maximum,
    minimum,
    polynomial,
    where,
)
from likely._math.patches import Derivative, Patches

_PATCHES = Patches("compound_poisson_patches", POWERS)
_OF_ORDER = {
    order: Derivative(_PATCHES, order) for order in ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
}
#: ν is too large for a strip from this w on.
_LAST = STRIPS * WIDTH
#: Patches far out in one of c, which is ¼ at most.
_FAR_RATE = 4.0 * FAR_PATCHES


class Smooth:
    """r and its derivatives in v = log V and n = log ν."""

    def __init__(
        self, log_v: Expression, s: Expression, rest: Expression, log_s: Expression, log_rest: Expression
    ) -> None:  # fmt: skip
        """Of ν, s = ν/(1 + ν) and rest = 1 − s."""
        self.log_v, self.s, self.rest, self.log_rest = log_v, s, rest, log_rest
        self.more = 1.0 / rest  # 1 + ν
        self.nu, self.c = s * self.more, s * rest
        self.log_x, self.log_j = log_v - log_rest, log_v - log_s
        w = -log_rest
        far, wide = log_v - math.log(FAR), log_v - w - math.log(2.0)
        far = minimum(far, wide - WIDER * maximum(w - NARROW, 0.0))
        self.is_far = far >= 0.0
        self.is_rough = minimum(-far, w - _LAST) > 0.0
        strip = minimum(floor(w * (1.0 / WIDTH)), STRIPS - 1.0)
        low, self.rate, first = (
            make(f"compound_poisson_{name}", strip) for name in ("low", "rate", "first")
        )
        self.by_x = strip < float(BY_X)
        self.q = where(self.by_x, self.log_x, self.log_j)
        self.away = self.q - low
        self.is_low = self.away < 0.0
        steps = self.away * self.rate
        whole = floor(steps)
        # Far out and low in one exponential.
        self.grown = exp(
            where(self.is_far, math.log(FAR) - log_v, self.more * minimum(self.away, 0.0))
        )
        far = minimum(floor(_FAR_RATE * self.c), FAR_PATCHES - 1.0)
        self.place = where(self.is_far, far, first + where(self.is_low, 0.0, 1.0 + whole))
        self.u = self._by_kind(self.grown, self.grown, 2.0 * (steps - whole) - 1.0)
        across = where(self.is_far, _FAR_RATE * self.c - far, w * (1.0 / WIDTH) - strip)
        self.t = 2.0 * across - 1.0

    def _by_kind(
        self, far: Expression | float, low: Expression | float, between: Expression | float
    ) -> Node:
        return where(self.is_far, far, where(self.is_low, low, between))

    def _outside(self, value: Expression) -> Node:
        return self._by_kind(0.0, value, 0.0)

    def _polynomial(self, of_u: int, of_t: int) -> Node:
        return _OF_ORDER[of_u, of_t](self.place, self.u, self.t)

    # --- the coordinates' slopes and second derivatives -------------------------------------------

    @property
    def _turn(self) -> Node:
        """Of q the slope in n."""
        return where(self.by_x, self.s, -self.rest)

    @property
    def _rise(self) -> Node:
        """Of (1 + ν)(q − low) the slope in n."""
        return self.nu * self.away + self.more * self._turn

    @property
    def _u_v(self) -> Node:
        return self._by_kind(-self.grown, self.more * self.grown, 2.0 * self.rate)

    @property
    def _u_n(self) -> Node:
        return self._by_kind(0.0, self._rise * self.grown, 2.0 * self._turn * self.rate)

    @property
    def _t_n(self) -> Node:
        far = 2.0 * _FAR_RATE * (self.c * (self.rest - self.s))
        return where(self.is_far, far, 2.0 / WIDTH * self.s)

    @property
    def _u_v_v(self) -> Node:
        return self._by_kind(self.grown, self.more * self.more * self.grown, 0.0)

    @property
    def _u_v_n(self) -> Node:
        return self._by_kind(0.0, (self.more * self._rise + self.nu) * self.grown, 0.0)

    @property
    def _u_n_n(self) -> Node:
        bend = self.nu * (self.away + 2.0 * self._turn) + self.more * self.c
        low = (self._rise * self._rise + bend) * self.grown
        return self._by_kind(0.0, low, 2.0 * self.c * self.rate)

    @property
    def _t_n_n(self) -> Node:
        turn = self.rest - self.s
        far = 2.0 * _FAR_RATE * (self.c * (turn * turn - 2.0 * self.c))
        return where(self.is_far, far, 2.0 / WIDTH * self.c)

    # --- what is outside: where q is log x, (1 + ν) q − v/2 + (log 2π)/2 + z − J − x, and where it is log J,
    # (1 + ν) (q + 1 − J) − 1 + (log ν − v)/2. In brackets what the first of them alone has. ------

    @property
    def _power(self) -> Node:
        """νq, log x^ν where q is log x"""
        return self.nu * self.q

    @property
    def _expected(self) -> Node:
        """J"""
        return exp(self.log_j)

    @property
    def _is_small(self) -> Node:
        return abs_(self._power) < 0.26

    @property
    def _second(self) -> Node:
        """(x^ν − 1 − log x^ν)/(log x^ν)², where that is small"""
        return polynomial(where(self._is_small, self._power, 0.0), special.EXPM1MX)

    @property
    def _grown(self) -> Node:
        """x^ν − 1: one exponential serves all that is made of it"""
        power = self._power
        near = power * (1.0 + power * self._second)
        return where(self._is_small, near, exp(power) - 1.0)

    @property
    def _first(self) -> Node:
        """[z]"""
        return where(self.by_x, self._expected * exp(self._power), 0.0)

    @property
    def _excess(self) -> Node:
        """[z] − J, where for ν → 0 both are large"""
        j = self._expected
        return where(self.by_x, j * self._grown, -j)

    @property
    def _excess_rest(self) -> Node:
        """Of [z] − J the slope in n is this and ``_excess_small``: [z] log x^ν − ([z] − J), ..."""
        power = self._power
        near = power * power * (1.0 + (power - 1.0) * self._second)
        of_one = where(self._is_small, near, power + (power - 1.0) * self._grown)
        return self._expected * where(self.by_x, of_one, 1.0)

    @property
    def _excess_small(self) -> Node:
        """... and ν [z] − s J"""
        j = self._expected
        near = self.nu * self._excess + self.s * (self.nu * j)
        return where(self.by_x, near, -(self.s * j))

    # --- r ---------------------------------------------------------------------------------------

    @property
    def value(self) -> Node:
        of_x = self.more * self.q + (self._excess - self.nu * self._expected)
        of_x = of_x + (special.HALF_LOG_2PI - 0.5 * self.log_v)
        of_j = self.more * (self.q + (1.0 + self._excess)) - 1.0
        of_j = of_j - 0.5 * (self.log_j + self.log_rest)
        return self._outside(where(self.by_x, of_x, of_j)) + self._polynomial(0, 0)

    @property
    def by_v(self) -> Node:
        outside = self.more * (1.0 + self._excess) - 0.5
        return self._outside(outside) + self._polynomial(1, 0) * self._u_v

    @property
    def by_n(self) -> Node:
        outside = self._power + self.nu * (1.0 + self._excess) + self._excess_rest
        outside = outside - where(self.by_x, 0.0, 0.5)
        inside = self._polynomial(1, 0) * self._u_n + self._polynomial(0, 1) * self._t_n
        return self._outside(outside) + inside

    @property
    def v_v(self) -> Node:
        outside = self.more * (self._excess + self.nu * self._first)
        inside = self._polynomial(2, 0) * (self._u_v * self._u_v)
        return self._outside(outside) + (inside + self._polynomial(1, 0) * self._u_v_v)

    @property
    def v_n(self) -> Node:
        moved = self._excess_rest + self._excess_small
        outside = self.nu * (1.0 + self._excess) + self.more * moved
        inside = self._polynomial(2, 0) * self._u_n + self._polynomial(1, 1) * self._t_n
        return self._outside(outside) + (inside * self._u_v + self._polynomial(1, 0) * self._u_v_n)

    @property
    def n_n(self) -> Node:
        power, rest = self._power, self._excess_rest
        moved = rest + self._excess_small
        turned = self._first * power * (power + self.nu * self.s) - self.rest * rest
        outside = power + self.nu * (1.0 + self._turn + self._excess + moved) + turned
        u, t = self._u_n, self._t_n
        mixed = 2.0 * (self._polynomial(1, 1) * t)
        inside = (self._polynomial(2, 0) * u + mixed) * u + self._polynomial(0, 2) * (t * t)
        inside = (
            inside + self._polynomial(1, 0) * self._u_n_n + self._polynomial(0, 1) * self._t_n_n
        )
        return self._outside(outside) + inside
