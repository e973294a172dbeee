r"""Conway and Maxwell's Poisson where its loss is smooth: polynomials by patches of mean and ν.

With :math:`\Phi(m, \nu) = \log\sum_j \lambda^j/(j!)^\nu - m \log\lambda`, which λ makes smallest, the loss of y is

.. math:: \Phi + (y - m)\,\Phi_m + \nu \log y!,

so that Φ and its derivatives are all there is: −Φ_m is log λ, −Φ_mm one over the variance, −Φ_mν the slope of log y! on
y, Φ_νν its variance about that line. G is what is left of Φ + ν (Y log Y − Y + const), Y = m + ½, with which log y! is
only an entropy that is 0 at the mean, and an error of 1/24Y:

- Far out of Φ + ν (Y log Y − Y + ½ log 2π) − ½ log 2πY/ν. Laplace's expansion of the sum is one in powers of ν/Y and
  1/νY, so that G is a polynomial in u = c/Y, c = 2ν + 40/ν, and t = 4ν/c − 1: what is left out of the sum over whole
  numbers is e^(−2π²Y/ν), of its end at 0 e^−νY, both e^−37 at most for u ≤ 1.
- In a strip of log ν + ν/4, or of ν where that is tiny, whose middle is t = 0, by patches of q = log(1 + 2m), of which
  u is the part, of Φ + m log m − νm − (1 − ν) (Y log Y + ½ log 2 + q ½ log 2). That is 0 for ν = 1, and begins with
  m², so that nothing is lost where m is small; and what is left of it in ν is as small as ν.
- Of the means between some whole k and k + 1 by themselves of the same as far out, in patches of log ν
  of halves or quarters, of which u is the part: what is left there is, beside what is smooth, a wave for every whole
  mean of e^(−2π²V), and others of powers of that.

Source: Gaunt, Iyengar, Olde Daalhuis and Simsek (2019), doi:10.1007/s10463-017-0629-6, for the expansion far out.
"""

from __future__ import annotations

from functools import cached_property

from likely._math import special
from likely._math.com_poisson.layout import (
    BEND,
    FAR_MASS,
    FAR_NU,
    FIRST,
    HALVES,
    LONG,
    LOWEST,
    OWN_LOWEST,
    OWN_WIDTH,
    POWERS,
    QUARTERS,
    STRIPS,
    WIDTH,
)
from likely._math.graph import (
    Expression,
    Node,
    equal,
    floor,
    log1p,
    make,
    maximum,
    minimum,
    polynomial,
    where,
)
from likely._math.patches import Derivative, Patches

_PATCHES = Patches("com_poisson_patches", POWERS)
_OF_ORDER = {
    order: Derivative(_PATCHES, order)
    for order in ((i, j) for i in range(4) for j in range(3) if 0 < i + j < 4 or i + j == 0)
}
#: Means below which ``apart`` is the first terms of its series, and those above which ``above`` is.
_FEW, _MANY = 1e-3, 50.0
_HALF_LOG_2 = 0.5 * special.LOG_2


class Smooth:
    """Φ by G of a mean and ν, and what follows from its derivatives."""

    def __init__(self, m: Node, n: Node, log_m: Node, log_n: Node) -> None:
        self.m, self.n, self.log_m, self.log_n = m, n, log_m, log_n
        self.centre = centre = m + 0.5
        self.q = log1p(2.0 * m)
        self.log_centre = self.q - special.LOG_2
        far_from = FAR_NU * n + FAR_MASS / n
        #: The three sorts of patches: far out, of a whole mean's own, and strips.
        self.is_far = far = far_from <= centre
        across = (log_n + BEND * n - FIRST) * (1.0 / WIDTH)
        # Of the first strip t is linear in ν.
        self.is_first = across < 0.0
        beyond = across - (STRIPS - 1.0)
        below = floor(m)
        ratio = n / (below + 1.0)
        quarters = ratio > HALVES.steep
        most, steep = (
            where(quarters, getattr(QUARTERS, what), getattr(HALVES, what))
            for what in ("most", "steep")
        )
        among = minimum(minimum(below - (HALVES.least - 0.5), most + 0.5 - below), steep - ratio)
        self.is_own = own = where(far, 0.0, minimum(among, beyond)) > 0.0
        inside = where(self.is_first, LONG - m, -beyond) >= 0.0
        #: Whether what is outside of G is a Normal's.
        self.is_normal = where(far, 1.0, where(own, 1.0, 0.0)) > 0.0
        #: Whether there is a patch.
        self.serves = where(self.is_normal, 1.0, where(inside, 1.0, 0.0)) > 0.0
        strip = maximum(minimum(floor(across) + 1.0, STRIPS - 1.0), 0.0)
        behind = where(quarters, float(HALVES.most + 1 - HALVES.least), 0.0)
        at = where(own, below + (behind + (STRIPS - HALVES.least)), strip)
        rate, first = (make(f"com_poisson_{name}", at) for name in ("rate", "first"))
        parts = where(quarters, float(QUARTERS.parts), float(HALVES.parts))
        pieces = parts * (m - below)
        piece = floor(pieces)
        steps = where(own, log_n - OWN_LOWEST, self.q) * rate
        whole = floor(steps)
        part = steps - whole
        share = far_from / centre
        self.place = where(far, 0.0, first + where(own, parts * whole + piece, whole))
        self.u = where(far, share, where(own, pieces - piece, part))
        of_nu = 2.0 / LOWEST * n
        of_w = where(self.is_first, of_nu, 2.0 * (across - strip) + 2.0)
        of_w = where(own, part + part, of_w)
        self.t = where(far, 2.0 * FAR_NU * n / far_from, of_w) - 1.0
        # u's first three derivatives in m times powers of Y.
        self._by_m = where(far, -share, where(own, parts * centre, rate))
        self._by_m_2 = self._by_m * where(far, -2.0, where(own, 0.0, -1.0))
        self._by_m_3 = self._by_m * where(far, 6.0, where(own, 0.0, 2.0))
        # The first derivatives in log ν of u and t, and that of log(the derivatives of u in m).
        self._turn = where(far, self.t, 0.0)
        self._u_n = self._turn * self.u
        of_w = where(self.is_first, of_nu, 2.0 / WIDTH * (1.0 + BEND * n))
        of_w = where(own, 2.0 / OWN_WIDTH, of_w)
        self._t_n = where(far, (1.0 - self.t) * (1.0 + self.t), of_w)
        #: What Φ has of e (q + …): ½ log Y, or in a strip (1 − ν) ½ log 2 q.
        self.e = self._outside(0.5, (1.0 - n) * _HALF_LOG_2)
        self.e_n = self._outside(0.0, -_HALF_LOG_2)

    def _outside(self, normal: Expression | float, strip: Expression | float) -> Node:
        """What is outside of G where that is what is left of a Normal, or of a strip."""
        return where(self.is_normal, normal, strip)

    def _g(self, of_u: int, of_t: int) -> Node:
        return _OF_ORDER[of_u, of_t](self.place, self.u, self.t)

    # --- Derivatives of G in m, times powers of Y, and in log ν. ------------------------------------

    @cached_property
    def _m(self) -> Node:
        return self._g(1, 0) * self._by_m

    @cached_property
    def _m_m(self) -> Node:
        return self._g(2, 0) * (self._by_m * self._by_m) + self._g(1, 0) * self._by_m_2

    @cached_property
    def _m_m_m(self) -> Node:
        first, second = self._by_m, self._by_m_2
        bent = self._g(3, 0) * (first * first * first) + 3.0 * self._g(2, 0) * (first * second)
        return bent + self._g(1, 0) * self._by_m_3

    def _in_n(self, of_u: int, of_t: int) -> Node:
        """The derivative in log ν of one of the polynomials."""
        return self._g(of_u + 1, of_t) * self._u_n + self._g(of_u, of_t + 1) * self._t_n

    @cached_property
    def _n(self) -> Node:
        return self._in_n(0, 0)

    @cached_property
    def _m_n(self) -> Node:
        return (self._in_n(1, 0) + self._g(1, 0) * self._turn) * self._by_m

    @cached_property
    def _m_m_n(self) -> Node:
        second = self._in_n(2, 0) + 2.0 * self._g(2, 0) * self._turn
        first = self._in_n(1, 0) + self._g(1, 0) * self._turn
        return second * (self._by_m * self._by_m) + first * self._by_m_2

    def _in_n_twice(self, of_u: int) -> Node:
        """ν² times the second derivative in ν of a polynomial, or of one of its derivatives in u."""
        u, t = self._u_n, self._t_n
        mixed = 2.0 * (self._g(of_u + 1, 1) * t)
        bent = (self._g(of_u + 2, 0) * u + mixed) * u + self._g(of_u, 2) * (t * t)
        u_2 = where(self.is_far, self.u * (1.0 - self.t), 0.0)
        of_w = where(self.is_own, 2.0 / OWN_WIDTH, where(self.is_first, 0.0, 2.0 / WIDTH))
        t_2 = -where(self.is_far, self._t_n * (1.0 + 2.0 * self.t), of_w)
        return bent + self._g(of_u + 1, 0) * u_2 + self._g(of_u, 1) * t_2

    # --- What the loss needs, by the names of ``moments.py``. ---------------------------

    @cached_property
    def tau(self) -> Node:
        """log λ − ν log Y"""
        return self._outside(0.0, -self.above) - (self._m + self.e) / self.centre

    @cached_property
    def rate(self) -> Node:
        """m/V"""
        inside = self.n + (self.e - self._m_m) / self.centre
        return inside * (self.m / self.centre) + self._outside(0.0, 0.5) / self.centre

    @cached_property
    def _narrowness(self) -> Node:
        """Y/V, which is a number where V is none"""
        return self.rate * (self.centre / self.m)

    @cached_property
    def variance(self) -> Node:
        return self.m / self.rate

    @cached_property
    def slope(self) -> Node:
        """Cov(y, log y!)/V − log Y"""
        return -(self._m_n / self.n + self.e_n) / self.centre

    @cached_property
    def spread(self) -> Node:
        """E R²"""
        return (self._in_n_twice(0) + self._outside(0.5, 0.0)) / self.n / self.n

    @cached_property
    def skewed(self) -> Node:
        """Φ_mνν"""
        bent = self._in_n_twice(1) + 2.0 * self._turn * self._in_n(1, 0)
        bent = bent + where(self.is_far, self._g(1, 0) * (1.0 - self.t), 0.0)
        return bent * self._by_m / self.n / self.n / self.centre

    @cached_property
    def mixed(self) -> Node:
        """The derivative of −log V in ν."""
        return (1.0 + (self.e_n - self._m_m_n / self.n) / self.centre) / self._narrowness

    @cached_property
    def lean(self) -> Node:
        """That of log(m/V) in log m."""
        m, centre = self.m, self.centre
        own = 0.5 * self.n - self._outside(0.0, 0.5) - self._m_m
        bent = (own + (self.e * (0.5 - m) - m * self._m_m_m) / centre) / centre
        return bent / self._narrowness

    @cached_property
    def above(self) -> Node:
        """log Y/m"""
        h = 0.5 / self.centre
        far = h * polynomial(h, [1.0 / (k + 1.0) for k in range(7)])
        return where(self.m < _MANY, self.q - (self.log_m + special.LOG_2), far)

    @cached_property
    def apart(self) -> Node:
        """q − m/Y, of which e takes a part in a count of 0: as small as the square of a small mean."""
        x = 2.0 * self.m
        near = x * x * polynomial(x, [(-1.0) ** k * (k + 1.0) / (k + 2.0) for k in range(5)])
        return where(self.m < _FEW, near, self.q - self.m / self.centre)

    # --- A count. -----------------------------------------------------------------------------------

    def value(self, y: Node, away: Node, growth: Node) -> Node:
        """The loss, of y − m and the growth of log y!."""
        share = away / self.centre
        normal = 0.5 * (self.log_centre - self.log_n) + special.HALF_LOG_2PI
        strip = y * self.above + (0.5 + self.e) * self.q
        return (self._g(0, 0) + (self._m + self.e) * share) + (
            self._outside(normal, strip) + self.n * growth
        )

    def beside(self, error: Node) -> Node:
        """With the entropy of Y, log y! less its line at the mean: of its error, which in a strip is 0 of a y of 0."""
        return error - self._outside(0.0, special.COUNT_HALF_AT_0)

    def shape(self, y: Node, away: Node, growth: Node) -> Node:
        """The derivative in ν."""
        share = away / self.centre
        own = (self._n + self._m_n * share - self._outside(0.5, 0.0)) / self.n
        usual = growth + self.e_n * (y / self.centre + self.apart)
        # Of a 1 that is as small as a small mean: log 2, of which both terms are, is no part of it.
        q, m = self.q, self.m
        of_one = (m - 1.5 * q + special.LOG_2 * (m / self.centre)) - _HALF_LOG_2 * self.apart
        few = where(equal(y, 1.0), of_one, usual)
        return where(m < _FEW, few, usual) + own
