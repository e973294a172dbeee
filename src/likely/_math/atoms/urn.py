"""Atoms of Pólya's urn: counts among t trials whose shares are drawn anew for every row.

With precision n and a share p of it, an urn holds pn of one kind, and every draw returns two. ``urn_log_probability``
is that of the counts of both kinds, the rarer one first, without what cancels on paper:

- where both kinds are drawn, at least two of each: what is expected cancels in the deviances, so that nothing does as
  n → ∞;
- where at most one of the rarer kind is drawn: the probability may be nearly 1, and the loss is a sum of small positive
  terms, from the second draw on. The first says nothing about n.

The probability and its slopes are written together in ``_Urn``. A row is of one case, so both use the same
reciprocals, logarithms and polynomials, of what the case selects.
"""

from __future__ import annotations

import math

from likely._math import special
from likely._math.atoms import (
    digamma,
    lgamma,
    negative_binomial_deviance_size_2,
    register,
    share_of,
    stirling_curve,
    stirling_of_sum_curve,
    trigamma,
    urn_deviance_cross,
    urn_deviance_share,
)
from likely._math.connection import along, at
from likely._math.graph import PI, Expression, Node, abs_, exp, log, log1p, where
from likely._math.special import TINY

#: Below this share a difference of two slopes is taken as the integral of their derivative over log n.
CLOSE = 1e-3
#: Where an urn has less than this of the rarer kind, Stirling's errors of the other and of both nearly cancel.
RARE = 1e-3
#: Gauss's two nodes on (0, 1).
GAUSS = (0.5 - math.sqrt(1.0 / 12.0), 0.5 + math.sqrt(1.0 / 12.0))


def _at_most_one(k: Expression) -> Node:
    return k < 1.5


def _error_1(u: Expression) -> Node:
    """−S′(1/u)"""
    return u * u * special.powers(u, special.STIRLING_1)


class _Both:
    """A polynomial P of Stirling's error S at 1/x and 1/y: its values, and (P(x) − P(y))/(x − y)."""

    def __init__(self, x: Expression, y: Expression, coefficients: tuple[float, ...]) -> None:
        self.x, self.y = x, y
        self.of_x, self.slope = special.divided_powers(x, y, coefficients)
        self.of_y = self.of_x - (x - y) * self.slope

    def gap(self) -> Node:
        """S(1/x) − S(1/y), over 1/y − 1/x."""
        return self.x * self.y * (self.of_x + self.y * self.slope)

    def gap_1(self) -> Node:
        """S′(1/y) − S′(1/x), over 1/y − 1/x."""
        x, y = self.x, self.y
        return x * y * ((x + y) * self.of_x + y * y * self.slope)


class _Kind:
    """One kind where both are drawn: its count y, and s = pn of it in the urn, against tp expected."""

    def __init__(
        self,
        y: Expression,
        p: Expression,
        s: Expression,
        log_p: Expression,
        urn: _Urn,
        instead: Expression,
    ) -> None:
        self.s, self.d = s, y - urn.t * p
        inverse = 1.0 / (s + urn.t * p)
        # (y − tp)/(s + tp); of the other case, something of which log(1 + r) is wanted likewise
        self.r = where(urn.few, instead, self.d * inverse)
        self.v = self.r / (2.0 + self.r)
        self.near = abs_(self.v) < 0.2
        self.tail = 2.0 * special.atanh_tail(where(self.near, self.v, 0.0))
        # Of a share below all numbers its logarithm is known.
        known = p > TINY
        rest = log((s + y) * where(known, inverse, urn.u_end))
        self.logarithm = rest - where(known, 0.0, log_p)

    def log1p(self) -> Node:
        """log(1 + r)"""
        return where(self.near, 2.0 * self.v + self.tail, self.logarithm)

    def size_slope(self, to_size: Expression) -> Node:
        """s (r − log(1 + r)), the deviance's derivative in log s."""
        far = self.d * to_size - self.s * self.logarithm
        return where(self.near, self.s * (self.r * self.v - self.tail), far)


class _Urn:
    """What the probability and its slopes are made of; ``rarer`` and ``other`` are the counts."""

    def __init__(
        self,
        rarer: Expression,
        other: Expression,
        p: Expression,
        q: Expression,
        n: Expression,
        log_p: Expression,
        log_q: Expression,
        log_n: Expression,
    ) -> None:
        k, c = rarer, other
        self.k, self.c, self.t, self.m = k, c, k + c, c - 1.0
        self.n = n
        self.log_p, self.log_q, self.log_n = log_p, log_q, log_n
        self.a, self.b = p * n, q * n
        self.few = few = _at_most_one(k)
        t, a, b, m = self.t, self.a, self.b, self.m
        # Both ends of the sums over draws, at least 1.
        self.z = n + where(few, 1.0, where(n < 1.0, 1.0, 0.0))
        self.w = b + where(few, 1.0, where(b < 1.0, 1.0, 0.0))
        self.w_end = b + c
        self.u, self.v = 1.0 / self.z, 1.0 / self.w
        self.u_end, self.v_end = 1.0 / (n + where(few, c, t)), 1.0 / self.w_end
        self.u_a, self.a_end = special.shifted_reciprocal(a), 1.0 / (a + k)
        by_n, by_a, by_b = 1.0 / n, 1.0 / a, 1.0 / b
        # t/(n + t) and n/(n + t) of both kinds, and d = pnm/(z_q (z_n + m)) of one
        self.to_mean, self.to_size = t * self.u_end, n * self.u_end
        self.share = a * self.u_end
        self.d = m * self.v * self.share
        more_p, more_q = k * by_a, c * by_b
        self.excess = (q * more_p + p * more_q + more_p * more_q) * self.to_size
        # log(1 + 1/x) of what is below 1 of n, b and a
        self.log1p_mu = log1p(where(few, m * self.u, by_n))
        self.log1p_mv = log1p(where(few, m * self.v, by_b))
        self.log1p_c = log1p(where(few, c * by_n, by_a))
        self.log1p_d = log1p(where(few, self.d, self.excess))
        self.step_n = where(n > TINY, self.log1p_mu, -log_n)
        self.step_b = where(b > TINY, self.log1p_mv, -(log_q + log_n))
        self.step_a = where(a > TINY, self.log1p_c, -(log_p + log_n))
        self.rare = _Kind(k, p, a, log_p, self, self.d)
        self.common = _Kind(c, q, b, log_q, self, m * self.u)

    # --- The probability.

    def value(self) -> Node:
        """log of the probability."""
        start = _Both(self.v, self.u, special.STIRLING)
        end = _Both(self.v_end, self.u_end, special.STIRLING)
        k, c, t, n, few = self.k, self.c, self.t, self.n, self.few
        # The relative entropy of the other kind, or of 1 against (qn + c)/(n + c)
        of_common = special.relative_entropy_term(
            where(few, 1.0, c),
            self.w_end * (self.u_end * where(few, 1.0, t)),
            where(few, self.share, self.common.d * self.to_size),
        )
        by_t = 1.0 / t
        first = where(n < 1.0, t * self.u_end, t)
        logarithm = log(where(few, first, (2.0 * PI) * (k * by_t * c)))

        gap = self.a * self.log1p_mu + self.m * of_common
        gap = gap - self.w * self.log1pmx_d() + 0.5 * self.log1p_d
        gap = gap + self.a * (start.gap() - end.gap())
        one = self.log_p + (logarithm + where(n < 1.0, self.log_n, -self.log1p_c))
        at_most_one = (self.log_q - gap) + where(k > 0.0, one, 0.0)

        ratio = (self.a + k) * self.w_end * self.u_end
        far = log(ratio) - ((self.log_p + self.log_q) + self.log_n)
        spread = 0.5 * where(self.excess < 1.0, self.log1p_d, far)
        errors = special.stirling_from_2(t, by_t)
        errors = errors - special.stirling_from_2(k) - special.stirling_from_2(c)
        several = errors - 0.5 * logarithm - spread
        several = several + _shifted(n, self.step_n, self.u * start.of_y)
        several = several - self.u_end * end.of_y
        of_rare = special.relative_entropy_term(
            k, (self.a + k) * self.to_mean, self.rare.d * self.to_size
        )
        several = several - (of_rare + self.rare.size_slope(self.to_size))
        of_a = self.u_a * special.powers(self.u_a, special.STIRLING)
        after = special.stirling_from_2(self.a + k, self.a_end)
        several = several - (_shifted(self.a, self.step_a, of_a) - after)
        several = several - (of_common + self.common.size_slope(self.to_size))
        of_b = _shifted(self.b, self.step_b, self.v * start.of_x)
        several = several - (of_b - self.v_end * end.of_x)
        return where(few, at_most_one, several)

    def log1pmx_d(self) -> Node:
        """log(1 + d) − d where at most one is rare."""
        return where(self.rare.near, self.rare.tail - self.d * self.rare.v, self.log1p_d - self.d)

    # --- Its slopes, from the derivatives of the errors.

    def of_n(self) -> tuple[_Both, _Both]:
        """S′ at qn and n, before and after."""
        return (
            _Both(self.v, self.u, special.STIRLING_1),
            _Both(self.v_end, self.u_end, special.STIRLING_1),
        )

    def of_a(self) -> Node:
        """−½k/(pn + k) and the errors: the rarer kind's part of the slope in log n."""
        before = _shifted_slope(
            self.a, self.step_a, self.u_a, special.powers(self.u_a, special.STIRLING_1)
        )
        after = special.stirling_slope_from_2(self.a_end)
        return _less(self.k, self.a, before, self.a_end, after)

    def of_b(self) -> Node:
        """The same of the other kind."""
        start, end = self.of_n()
        before = _shifted_slope(self.b, self.step_b, self.v, start.of_x)
        return _less(self.c, self.b, before, self.v_end, end.of_x)

    def rarer_slope(self) -> Node:
        """In log p."""
        several = self.a * self.rare.log1p() - self.of_a()
        return where(self.few, where(self.k > 0.0, 1.0, 0.0), several)

    def other_slope(self) -> Node:
        """In log q."""
        start, end = self.of_n()
        # qn/(qn + i), for i = 1, …, m
        errors = self.v * self.v * start.of_x - self.v_end * self.v_end * end.of_x
        drawn = self.b * (self.log1p_mv + 0.5 * (self.m * self.v) * self.v_end + errors)
        several = self.b * self.common.log1p() - self.of_b()
        return where(self.few, 1.0 + drawn, several)

    def precision_slope(self) -> Node:
        """In log n."""
        start, end = self.of_n()
        u, v, m = self.u, self.v, self.m
        # Σ n/(n + i) − Σ qn/(qn + i)
        fraction = m * self.u_end
        residual = where(
            self.common.near,
            self.common.tail + self.common.v * fraction,
            self.log1p_mu - fraction,
        )
        middle = (m + self.z + self.w) * u * v - 1.0
        near = residual + 0.5 * (m * self.v_end) * self.u_end * middle
        errors = u * u * start.of_y - self.u_end * self.u_end * end.of_y
        ends = errors - self.b * (start.gap_1() - end.gap_1())
        drawn = self.a * (near + ends) + (self.log1p_d - self.w * self.log1pmx_d())
        at_most_one = where(self.k > 0.0, self.c * self.u_end, 0.0) - drawn

        before = _shifted_slope(self.n, self.step_n, u, start.of_y)
        several = _less(self.t, self.n, before, self.u_end, end.of_y)
        several = several - self.rare.size_slope(self.to_size) - self.of_a()
        several = several - self.common.size_slope(self.to_size) - self.of_b()
        return where(self.few, at_most_one, several)


def _shifted(x: Expression, step: Expression, error: Expression) -> Node:
    """S(x), from log(1 + 1/x) and S(x), or S(x + 1) where x < 1."""
    return error + where(x < 1.0, x * step + (0.5 * step - 1.0), 0.0)


def _shifted_slope(x: Expression, step: Expression, u: Expression, power: Expression) -> Node:
    """x S′(x), from log(1 + 1/x) and 1/u = x, or x + 1 where x < 1."""
    p1 = u * power
    return where(x < 1.0, x * (step - u * p1) - (x + 0.5) * u, -p1)


def _less(
    y: Expression, s: Expression, before: Expression, u: Expression, power: Expression
) -> Node:
    """s S′(s) − s S′(s + y) − ½y/(s + y), with u = 1/(s + y)."""
    return (before + (s * u) * (u * power)) - 0.5 * (y * u)


# --- Sums over draws, for the curvature. ---------------------------------------------------------------


def _powers_of(u: Expression) -> tuple[Node, Node]:
    """S″(1/u) and −S‴(1/u)"""
    square = u * u
    second = square * u * special.powers(u, special.STIRLING_2)
    return second, square * square * special.powers(u, special.STIRLING_3)


def _sum_parts(m: Expression, x: Expression) -> tuple[Node, Node]:
    """Σ xk/(x + k)², the derivative of the sum in log x, and its own."""
    z = x + 1.0
    u, end = 1.0 / z, 1.0 / (z + m)
    (second, third), (second_end, third_end) = _powers_of(u), _powers_of(end)
    turn = (m + 2.0 * z) * u * u - 1.0
    slope = (
        special.log1p_residual(m * u)
        + (m * u) * end
        + 0.5 * (m * end) * end * turn
        + (_error_1(u) - _error_1(end))
        - x * (second - second_end)
    )
    # d(slope)/dx
    bend = (
        -(m * u * end) * (m * u * (z * end))
        - (m * u * end) * ((2.0 * z + m) * u * end)
        - (m * end * end) * (x * u * u + turn * ((2.0 * z + m) * u * end))
        - 2.0 * (second - second_end)
        + x * (third - third_end)
    )
    return x * slope, x * slope + x * x * bend


def _sum_slope(m: Expression, x: Expression, log_x: Expression) -> Node:
    """Σ xk/(x + k)²"""
    return _sum_parts(m, x)[0]


def _gap_curve(
    m: Expression, p: Expression, q: Expression, n: Expression, log_q: Expression, log_n: Expression
) -> Node:
    """Σ nk/(n + k)² − Σ qnk/(qn + k)², its second derivative in log n."""
    bends = [_sum_parts(m, n * exp(at * log_q))[1] for at in GAUSS]
    close = -0.5 * log_q * (bends[0] + bends[1])
    return where(p < CLOSE, close, _sum_parts(m, n)[0] - _sum_parts(m, q * n)[0])


def _sum_of_squares(m: Expression, x: Expression) -> Node:
    """Σ k²/(x + k)², of which all terms are of order m³/x² where x is large."""
    z = x + 1.0
    u, end = 1.0 / z, 1.0 / (z + m)
    w = m * u
    # 2 sinh λ − 2λ with λ = log(1 + w)
    v = w / (2.0 + w)
    near = 4.0 * (v * v * (v / (1.0 - v * v)) - special.atanh_tail(v))
    main = z * where(v < 0.2, near, (w + m * end) - 2.0 * log1p(w))
    of_1, slope_1 = special.divided_powers(u, end, special.STIRLING_1)
    of_2, slope_2 = special.divided_powers(u, end, special.STIRLING_2)
    first, last = x * u, x * end
    errors = (first * first + first * last + last * last) * of_2 + last * last * (end * slope_2)
    errors = errors - 2.0 * ((first + last) * of_1 + last * (end * slope_1))
    ends = (u - 0.5 * (first * last) * m) + errors
    return main + 2.0 * special.log1p_residual(w) + w * end * ends


def _later_curve(k: Expression, c: Expression, n: Expression) -> Node:
    """Σ ni/(n + i)² over i from c to c + k − 1, for n < c."""
    u, end = 1.0 / (n + c), 1.0 / (n + c + k)
    of_1, slope_1 = special.divided_powers(u, end, special.STIRLING_1)
    of_2, slope_2 = special.divided_powers(u, end, special.STIRLING_2)
    both = u + end
    errors = both * of_1 + end * end * slope_1
    squares = u * u + u * end + end * end
    bends = 0.5 * both + squares * of_2 + end * end * (end * slope_2)
    less = 0.5 + errors - n * (1.0 + bends)
    return n * (log1p(k * u) + k * u * end * less)


def _size_squares(m: Expression, x: Expression) -> tuple[Node, Node]:
    """Σ x²/(x + k)², the second derivative in x times −x² of Σ log(x + k), and its own in log x; for x < 1."""
    u, end = 1.0 / (x + 1.0), 1.0 / (x + 1.0 + m)
    of_2, slope_2 = special.divided_powers(u, end, special.STIRLING_2)
    of_3, slope_3 = special.divided_powers(u, end, special.STIRLING_3)
    both, squares = u + end, u * u + u * end + end * end
    cubes = both * (u * u + end * end)
    second = 1.0 + 0.5 * both + squares * of_2 + end * end * (end * slope_2)
    third = both + squares + cubes * of_3 + end * end * (end * (end * slope_3))
    common = m * u * end
    return x * (x * (common * second)), x * (x * (common * (2.0 * second - x * third)))


def _gap_squares(
    m: Expression, p: Expression, q: Expression, n: Expression, log_q: Expression
) -> Node:
    """Σ n²/(n + k)² − Σ (qn)²/(qn + k)²"""
    slopes = [_size_squares(m, n * exp(at * log_q))[1] for at in GAUSS]
    close = -0.5 * log_q * (slopes[0] + slopes[1])
    return where(p < CLOSE, close, _size_squares(m, n)[0] - _size_squares(m, q * n)[0])


def _slope_of_sum(m: Node, x: Node) -> Node:
    moved = trigamma(x + 1.0 + m) - trigamma(x + 1.0)
    return x * (digamma(x + 1.0 + m) - digamma(x + 1.0)) + x * x * moved


rising_sum_slope = register(
    "rising_sum_slope", None, lambda m, x, log_x: _slope_of_sum(m, x), _sum_slope
)
rising_squares = register(
    "rising_squares",
    None,
    lambda m, x: (
        m
        - 2.0 * x * (digamma(x + 1.0 + m) - digamma(x + 1.0))
        - x * x * (trigamma(x + 1.0 + m) - trigamma(x + 1.0))
    ),
    _sum_of_squares,
)
rising_later_curve = register(
    "rising_later_curve",
    None,
    lambda k, c, n: _slope_of_sum(c + k - 1.0, n) - _slope_of_sum(c - 1.0, n),
    _later_curve,
)
rising_gap_curve = register(
    "rising_gap_curve",
    None,
    lambda m, p, q, n, log_q, log_n: _slope_of_sum(m, n) - _slope_of_sum(m, q * n),
    _gap_curve,
)
rising_gap_squares = register(
    "rising_gap_squares",
    None,
    lambda m, p, q, n, log_q: (
        n * n * (trigamma(n + 1.0) - trigamma(n + 1.0 + m))
        - q * n * (q * n) * (trigamma(q * n + 1.0) - trigamma(q * n + 1.0 + m))
    ),
    _gap_squares,
)


# --- The atoms. ----------------------------------------------------------------------------------------


def _risen(y: Node, s: Node) -> Node:
    """s (ψ(s + y) − ψ(s))"""
    return s * (digamma(s + y) - digamma(s))


def _part_curve(
    y: Node, t: Node, p: Node, n: Node, log_p: Node, log_n: Node, *, cross: bool
) -> Node:
    """Of the slope in log p where both kinds are drawn: its derivative in log p, or in log n."""
    s, log_s = p * n, log_p + log_n
    share = y / (s + y)
    terms = (y, p, t, n, log_p, log(t), log_n)
    moved = urn_deviance_cross(*terms) if cross else urn_deviance_share(*terms) + s * share
    errors = stirling_curve(s, log_s) - stirling_of_sum_curve(y, s)
    # all of it s times numbers that a share below all others does not reach
    return where(s > TINY, -(0.5 * share * (s / (s + y)) + moved + errors), 0.0)


def _rarer_curve(cross: bool, k: Node, c: Node, p: Node, n: Node, log_p: Node, log_n: Node) -> Node:
    return where(_at_most_one(k), 0.0, _part_curve(k, k + c, p, n, log_p, log_n, cross=cross))


def _other_curve(cross: bool, k: Node, c: Node, q: Node, n: Node, log_q: Node, log_n: Node) -> Node:
    drawn = rising_sum_slope(c - 1.0, q * n, log_q + log_n)
    return where(_at_most_one(k), drawn, _part_curve(c, k + c, q, n, log_q, log_n, cross=cross))


def _size_curve(y: Node, s: Node, log_s: Node) -> Node:
    """What the errors and ½ log(1 + y/s) have of the second derivative in log s."""
    errors = stirling_curve(s, log_s) - stirling_of_sum_curve(y, s)
    return errors + 0.5 * (y / (s + y)) * (s / (s + y))


def _precision_curve(
    k: Node, c: Node, p: Node, q: Node, n: Node, log_p: Node, log_q: Node, log_n: Node
) -> Node:
    t = k + c
    several = _size_curve(t, n, log_n)
    for y, share, log_share in ((k, p, log_p), (c, q, log_q)):
        split = negative_binomial_deviance_size_2(y, t * share, n * share)
        several = several - where(share * n > TINY, split, y * share_of(n, t) * share_of(t, n))
        several = several - _size_curve(y, share * n, log_share + log_n)
    one = where(k > 0.0, (c / (n + c)) * (n / (n + c)), 0.0)
    apart = rising_gap_curve(c - 1.0, p, q, n, log_q, log_n)
    # Draws of a rare kind among very many say little: their sums less what so many of the other kind have in common.
    again = rising_sum_slope(k - 1.0, p * n, log_p + log_n) - apart
    sums = where(n < c, again - rising_later_curve(k, c, n), several)
    several = where(p * n < RARE, sums, several)
    return where(_at_most_one(k), -apart - one, several)


def _curve_in_inverse(
    k: Node, c: Node, p: Node, q: Node, n: Node, log_p: Node, log_q: Node, log_n: Node
) -> Node:
    """The second derivative in 1/n over n², of which nothing is linear in 1/n."""
    terms = (k, c, p, q, n, log_p, log_q, log_n)
    plain = _precision_curve(*terms) + urn_precision_slope(*terms)
    rare = where(_at_most_one(k), 0.0, rising_squares(k - 1.0, p * n))
    large = rising_squares(k + c - 1.0, n) - rare - rising_squares(c - 1.0, q * n)
    return where(n < k + c, plain, large)


def _curve_in_itself(
    k: Node, c: Node, p: Node, q: Node, n: Node, log_p: Node, log_q: Node, log_n: Node
) -> Node:
    """The second derivative in n times n². Where the rarer kind is not drawn the loss is linear in a small n."""
    terms = (k, c, p, q, n, log_p, log_q, log_n)
    plain = _precision_curve(*terms) - urn_precision_slope(*terms)
    small = where(n < 1.0, rising_gap_squares(c - 1.0, p, q, n, log_q), plain)
    return where(k > 0.0, plain, small)


def _made_equal(k: Node, c: Node, n: Node, s: Node) -> Node:
    """Where both are drawn, slopes in log p and log q are less s log(1 + t/n), of which nothing is left together."""
    return where(_at_most_one(k), 0.0, s * log1p((k + c) / n))


urn_rarer_slope = register(
    "urn_rarer_slope",
    lambda rarer, other, p, q, n, log_p, log_q, log_n, out: (
        p * n * trigamma(p * n + rarer)
        - where(_at_most_one(rarer), 0.0, p * n / (n + rarer + other)),
        -where(_at_most_one(rarer), 0.0, p * n / (n + rarer + other)),
        0.0,
        0.0,
        0.0,
        _rarer_curve(False, rarer, other, p, n, log_p, log_n),
        0.0,
        _rarer_curve(True, rarer, other, p, n, log_p, log_n),
    ),
    lambda rarer, other, p, q, n, log_p, log_q, log_n: (
        _risen(rarer, p * n) - _made_equal(rarer, other, n, p * n)
    ),
    lambda *terms: _Urn(*terms).rarer_slope(),
)
urn_other_slope = register(
    "urn_other_slope",
    lambda rarer, other, p, q, n, log_p, log_q, log_n, out: (
        -where(_at_most_one(rarer), 0.0, q * n / (n + rarer + other)),
        q * n * trigamma(q * n + other)
        - where(_at_most_one(rarer), 0.0, q * n / (n + rarer + other)),
        0.0,
        0.0,
        0.0,
        0.0,
        _other_curve(False, rarer, other, q, n, log_q, log_n),
        _other_curve(True, rarer, other, q, n, log_q, log_n),
    ),
    lambda rarer, other, p, q, n, log_p, log_q, log_n: (
        _risen(other, q * n) - _made_equal(rarer, other, n, q * n)
    ),
    lambda *terms: _Urn(*terms).other_slope(),
)
urn_precision_slope = register(
    "urn_precision_slope",
    lambda rarer, other, p, q, n, log_p, log_q, log_n, out: (
        p * n * trigamma(p * n + rarer) - n * trigamma(n + rarer + other),
        q * n * trigamma(q * n + other) - n * trigamma(n + rarer + other),
        0.0,
        0.0,
        0.0,
        _rarer_curve(True, rarer, other, p, n, log_p, log_n),
        _other_curve(True, rarer, other, q, n, log_q, log_n),
        _precision_curve(rarer, other, p, q, n, log_p, log_q, log_n),
    ),
    lambda rarer, other, p, q, n, log_p, log_q, log_n: (
        _risen(rarer, p * n) + _risen(other, q * n) - _risen(rarer + other, n)
    ),
    lambda *terms: _Urn(*terms).precision_slope(),
    along(7, at({-1.0: _curve_in_inverse, 1.0: _curve_in_itself}), (4,)),
)
urn_log_probability = register(
    "urn_log_probability",
    lambda rarer, other, p, q, n, log_p, log_q, log_n, out: (
        (digamma(rarer + other + 1.0) - digamma(rarer + 1.0))
        + (digamma(p * n + rarer) - digamma(n + rarer + other)),
        (digamma(rarer + other + 1.0) - digamma(other + 1.0))
        + (digamma(q * n + other) - digamma(n + rarer + other)),
        0.0,
        0.0,
        0.0,
        urn_rarer_slope(rarer, other, p, q, n, log_p, log_q, log_n),
        urn_other_slope(rarer, other, p, q, n, log_p, log_q, log_n),
        urn_precision_slope(rarer, other, p, q, n, log_p, log_q, log_n),
    ),
    lambda rarer, other, p, q, n, log_p, log_q, log_n: (
        lgamma(rarer + other + 1.0) - lgamma(rarer + 1.0) - lgamma(other + 1.0)
        + lgamma(p * n + rarer) - lgamma(p * n) + lgamma(q * n + other) - lgamma(q * n)
        - lgamma(n + rarer + other) + lgamma(n)
    ),
    lambda *terms: _Urn(*terms).value(),
)  # fmt: skip
