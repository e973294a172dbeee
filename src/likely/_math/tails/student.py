"""Atoms of the tails of StudentT: the logarithm of P(Z > z) and its derivatives.

With z = √n sinh θ, n the degrees of freedom, the density of θ is proportional to cosh(θ)⁻ⁿ, and

    P(Z > z) = c cosh(θ)⁻ⁿ T,    T = ∫ e^−h ds over s > 0,    h = n log(cosh s + tanh θ sinh s)

where h is convex for z ≥ 0. A negative z has the complement of the tail beyond −z. In log n at fixed z, the
derivative of log P is the mean of that of the log density beyond z, which is as small as 1/n where
both nearly cancel; the second derivative is the mean of the second, and the variance of the first.

For small n the integral is long: there n T = 1 + n ∫ (1 − tanh(θ + s)) e^−h ds, by parts, and derivatives are
taken at fixed θ, where those in z and log n do not cancel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, reduce
from operator import add

from likely._math.atoms import (
    bose,
    digamma,
    lgamma,
    log1mexp,
    log1p_residual,
    register,
    scaled_log1p,
    stdtr,
    stirling,
    stirling_above_half,
    stirling_curve,
    stirling_error_1,
    stirling_error_2,
    stirling_slope,
)
from likely._math.graph import (
    PI,
    Expression,
    Node,
    abs_,
    constant,
    exp,
    expm1,
    log,
    log1p,
    polynomial,
    sqrt,
    where,
)
from likely._math.quadrature import DROP, EVEN, Tail
from likely._math.special import ATANH
from likely._math.tails.two_tails import Recent

#: Degrees of freedom below which the integral is taken by parts.
FEW = 5.0
#: |z|/√n from which its square overflows, long after 1 + 1/z² has become 1.
_FAR = 1e150


def _trigamma(x: Node) -> Node:
    return stirling_error_2(x) + (1.0 + 0.5 / x) / x


def log_constant(n: Expression, log_n: Expression) -> Node:
    """log of the standard density at 0, which tends to −½ log 2π for n → ∞."""
    # log Γ(a + ½) − log Γ(a) − ½ log(aπ·2) with a = n/2, where Stirling's leading terms have been
    # cancelled by hand.
    a = 0.5 * n
    errors = stirling_above_half(a, log_n - log(2.0)) - stirling(a, log_n - log(2.0))
    return errors + (scaled_log1p(0.5, a) - 0.5) - 0.5 * log(2.0 * PI)


def _size(d: Expression) -> Node:
    """|d|, one node for d and −d, so that both tails share their integral."""
    return abs_(min(d.node, -d.node, key=lambda node: node.digest))


def _square(x: Node) -> Node:
    return x * x


class _Beyond:
    """The tail beyond |z|, at most ½: its parts by name, as ``_Tail`` has them."""

    def __init__(
        self, d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
    ) -> None:
        self.n, self.log_n, self.few = n, log_n, n < FEW
        size = _size(d)
        u = size / s / sqrt(n)
        square = u * u
        root = sqrt(1.0 + square)
        #: log(1 + u²) = 2 log cosh θ
        far = 2.0 * (log(size) - log_s) - log_n
        self.rise_of_cosh = where(u > _FAR, far, log1p(square))
        self.tanh = tanh = where(u > 1.0, 1.0 / sqrt(1.0 + 1.0 / u / u), u / root)
        #: 1 − tanh θ
        self.rest = rest = 1.0 / (1.0 + square + u * root)
        self.angle = log1p(u + square / (1.0 + root))
        self.centre = where(u < 0.5, size / s, 1.0) < 1.0
        self.sech_2 = rest * (1.0 + tanh)
        self.decay = rest / (1.0 + tanh)  # e^−2θ
        # h ≥ n (tanh θ s + (1 − tanh θ) s²/(2 + s)), and by parts 2 s is added to it.
        slope = n * tanh + where(self.few, 2.0, 0.0)
        ahead = 2.0 * slope - DROP
        reach = 4.0 * DROP / (ahead + sqrt(ahead * ahead + 8.0 * DROP * (slope + n * rest)))
        self.tail = Tail(
            reach,
            lambda v: n * log1p(self._lift(v)),
            lambda v: where(self.few, 1.0 / (_square(1.0 + expm1(v)) + self.decay), 1.0),
        )
        #: By parts, n T is 1 and this.
        self.more = n * (2.0 * self.decay) * self.tail.size

    def _lift(self, v: Node) -> Node:
        """cosh v + tanh θ sinh v − 1"""
        e = expm1(v)
        return 0.5 * e * ((e + self.tanh * (e + 2.0)) / (1.0 + e))

    def _ahead(self, v: Node) -> tuple[Node, Node]:
        """tanh(θ + v), and that less tanh θ."""
        e = expm1(v)
        t = e * ((e + 2.0) / (_square(1.0 + e) + 1.0))
        below = 1.0 + self.tanh * t
        return (self.tanh + t) / below, self.sech_2 * (t / below)

    @cached_property
    def value(self) -> Node:
        """log P"""
        a = 0.5 * self.n
        many = log_constant(self.n, self.log_n) + 0.5 * self.log_n + log(self.tail.size)
        few = lgamma(a + 0.5) - lgamma(a + 1.0) - log(2.0) - 0.5 * log(PI) + log1p(self.more)
        return where(self.few, few, many) - a * self.rise_of_cosh

    @cached_property
    def slope(self) -> Node:
        """−∂ log P/∂θ"""
        return where(self.few, self.n / (1.0 + self.more), 1.0 / self.tail.size)

    @cached_property
    def swell(self) -> Node:
        """∂ log(slope)/∂θ"""
        many = self.n * self.tail.mean(lambda v: self._ahead(v)[1])
        return where(self.few, -self._more_in_angle / (1.0 + self.more), many)

    # --- Few degrees of freedom: derivatives of ``more``, at fixed θ and at fixed z. ---------------

    @cached_property
    def _more_in_angle(self) -> Node:
        return self.n * (self.tanh * self.more - self.rest)

    @cached_property
    def _more_in_df(self) -> Node:
        return self.more * (1.0 - self.tail.height)

    @cached_property
    def _more_at_z(self) -> Node:
        return self._more_in_df - 0.5 * self.tanh * self._more_in_angle

    @cached_property
    def _own(self) -> Node:
        """What ``more`` and θ add to the slope in log n, times 1 + more."""
        return self._more_in_df + 0.5 * self.n * self.tanh

    def _few_df_2(self) -> Node:
        n, tanh, more = self.n, self.tanh, self.more
        in_df = self._more_in_df
        twice = in_df * (1.0 - self.tail.height) - more * (self.tail.height - self.tail.spread)
        cross = self._more_in_angle + n * tanh * in_df
        own = twice - 0.5 * tanh * cross + 0.5 * n * (tanh - 0.5 * self.sech_2 * tanh)
        share = 1.0 / (1.0 + more)
        b = (0.5 * n + 0.5, 0.5 * n + 1.0)
        gamma = 0.5 * n * (digamma(b[0]) - digamma(b[1]))
        gamma = gamma + 0.25 * n * n * (_trigamma(b[0]) - _trigamma(b[1]))
        cosh = 0.5 * n * (tanh * tanh - self.rise_of_cosh)
        return gamma + cosh + share * (own - self._own * self._more_at_z * share)

    # --- Many: means of the derivatives of the log density in log n. ------------------------------

    def _residual(self, v: Node) -> tuple[Node, Node]:
        """x/(1 + x) and log(1 + x) − x/(1 + x) with x = sinh²(θ + v)."""
        ahead = self._ahead(v)[0]
        p = ahead * ahead
        w = p / (2.0 - p)
        near = 2.0 * w * (w * w) * polynomial(w * w, ATANH) + w * p
        far = self.rise_of_cosh + 2.0 * log1p(self._lift(v)) - p
        return p, where(p < 0.33, near, far)

    def _score(self, v: Node) -> Node:
        p, residual = self._residual(v)
        return self._constant_1 - 0.5 * (self.n * residual - p)

    def _score_2(self, v: Node) -> Node:
        p, residual = self._residual(v)
        return self._constant_2 - 0.5 * (self.n * (residual - p * p) + p * (1.0 - p))

    @cached_property
    def _constant_1(self) -> Node:
        """The slope in log n of the logarithm of the density's constant."""
        a = 0.5 * self.n
        errors = a * stirling_error_1(a + 0.5) - stirling_slope(a, self.log_n - log(2.0))
        return errors + a * log1p_residual(0.5 / a)

    @cached_property
    def _constant_2(self) -> Node:
        a = 0.5 * self.n
        share = 0.5 / (a + 0.5)
        errors = a * stirling_error_1(a + 0.5) + a * a * stirling_error_2(a + 0.5)
        errors = errors - stirling_curve(a, self.log_n - log(2.0))
        return errors + a * (log1p_residual(0.5 / a) - share * share)

    # --- Near the middle, where P is ½ whatever n is: what lies between 0 and |z|. -----------------

    def _from_middle(self, twice: bool = False) -> Node:
        terms = []
        for at, weight in EVEN:
            v = -at * self.angle
            score = self._score(v)
            moved = score * score + self._score_2(v) if twice else score
            terms.append(weight * exp(-self.n * log1p(self._lift(v))) * moved)
        change = -self.slope * self.angle * reduce(add, terms)
        return change - self.df * self.df if twice else change

    # --- Both. ------------------------------------------------------------------------------------

    @cached_property
    def df(self) -> Node:
        """∂ log P/∂log n"""
        n = self.n
        gamma = 0.5 * n * (digamma(0.5 * n + 0.5) - digamma(0.5 * n + 1.0))
        few = gamma - 0.5 * n * self.rise_of_cosh + self._own / (1.0 + self.more)
        return where(
            self.centre, self._from_middle(), where(self.few, few, self.tail.mean(self._score))
        )

    @cached_property
    def df_2(self) -> Node:
        many = self.tail.mean(self._score_2) + self.tail.variance(self._score)
        away = where(self.few, self._few_df_2(), many)
        return where(self.centre, self._from_middle(twice=True), away)

    @cached_property
    def rise(self) -> Node:
        """∂ log(density/P)/∂log n"""
        few = 1.0 - self._more_at_z / (1.0 + self.more) - 0.5 * self.sech_2
        return where(self.few, few, self._score(constant(0.0)) - self.df)


class _Tail:
    """P(Z > z) for z of either sign."""

    def __init__(
        self, d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
    ) -> None:
        self.d, self.beyond = d, _Beyond(d, s, n, log_s, log_n)
        self.right = d >= 0.0
        size = _size(d)
        u = size / s / sqrt(n)
        #: 1/√(n s² + d²)
        self.inverse = where(
            u > 1.0, self.beyond.tanh / size, 1.0 / (s * sqrt(n)) / sqrt(1.0 + u * u)
        )

    @cached_property
    def _odds(self) -> Node:
        return bose(-self.beyond.value)

    def value(self) -> Node:
        inside = self.beyond.value
        return where(self.right, inside, log1mexp(-inside))

    def _slope(self) -> Node:
        return where(self.right, self.beyond.slope, self._odds * self.beyond.slope)

    def _swell(self) -> Node:
        """∂ log(slope)/∂θ"""
        right = self.beyond.swell
        return where(self.right, right, (1.0 + self._odds) * self.beyond.slope - right)

    def _tanh(self) -> Node:
        return where(self.right, self.beyond.tanh, -self.beyond.tanh)

    def pull(self) -> Node:
        """The density over P."""
        return self._slope() * self.inverse

    def scale(self) -> Node:
        """d times the density over P."""
        return self._slope() * self._tanh()

    def bend(self) -> Node:
        """∂ log(pull)/∂d"""
        return (self._swell() - self._tanh()) * self.inverse

    def near(self) -> Node:
        """1 + d · bend"""
        return self.beyond.sech_2 + self._tanh() * self._swell()

    def rise(self) -> Node:
        """∂ log(pull)/∂log n"""
        right = self.beyond.rise
        return where(self.right, right, right + (1.0 + self._odds) * self.beyond.df)

    def df(self) -> Node:
        """∂ log P/∂log n"""
        return where(self.right, self.beyond.df, -self._odds * self.beyond.df)

    def df_2(self) -> Node:
        one, two = self.beyond.df, self.beyond.df_2
        left = -self._odds * (two + (1.0 + self._odds) * (one * one))
        return where(self.right, two, left)


# --- The atoms, in the residual d, the scale s and the degrees of freedom n. ---------------------


_tail = Recent(_Tail)


def _part(name: str) -> Callable[..., Node]:
    return lambda *args: getattr(_tail(*args), name)()


student_tail_bend = register("student_tail_bend", expansion=_part("bend"))
student_tail_near = register("student_tail_near", expansion=_part("near"))
student_tail_rise = register("student_tail_rise", expansion=_part("rise"))
student_tail_df_2 = register("student_tail_df_2", expansion=_part("df_2"))
student_tail_pull = register(
    "student_tail_pull",
    lambda d, s, n, log_s, log_n, out: (
        out * student_tail_bend(d, s, n, log_s, log_n),
        0.0,
        0.0,
        -out * student_tail_near(d, s, n, log_s, log_n),
        out * student_tail_rise(d, s, n, log_s, log_n),
    ),
    expansion=_part("pull"),
)
student_tail_scale = register(
    # d · pull
    "student_tail_scale",
    lambda d, s, n, log_s, log_n, out: (
        student_tail_pull(d, s, n, log_s, log_n) * student_tail_near(d, s, n, log_s, log_n),
        0.0,
        0.0,
        -out * student_tail_near(d, s, n, log_s, log_n),
        out * student_tail_rise(d, s, n, log_s, log_n),
    ),
    expansion=_part("scale"),
)
student_tail_df = register(
    "student_tail_df",
    lambda d, s, n, log_s, log_n, out: (
        -student_tail_pull(d, s, n, log_s, log_n) * student_tail_rise(d, s, n, log_s, log_n),
        0.0,
        0.0,
        student_tail_scale(d, s, n, log_s, log_n) * student_tail_rise(d, s, n, log_s, log_n),
        student_tail_df_2(d, s, n, log_s, log_n),
    ),
    expansion=_part("df"),
)
log_student_tail = register(
    "log_student_tail",
    lambda d, s, n, log_s, log_n, out: (
        -student_tail_pull(d, s, n, log_s, log_n),
        0.0,
        0.0,
        student_tail_scale(d, s, n, log_s, log_n),
        student_tail_df(d, s, n, log_s, log_n),
    ),
    lambda d, s, n, log_s, log_n: log(stdtr(n, -d / s)),
    _part("value"),
)
