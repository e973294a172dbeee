"""Atoms of GeneralisedGamma, in the residual d of log y, the scale s, the shape q and log s; w = d/s, x = qw.

The density falls by (eˣ − 1 − x)/q² = w² R(x), where R and what follows from it are integrals of positive functions,

    R = ∫(1 − t) eˣᵗ dt,  R′ and R″ the same with a factor t or t²,  D = ∫eˣᵗ dt = (eˣ − 1)/x  and  D′ = ∫t eˣᵗ dt

over 0 < t < 1: near x = 0 their power series, elsewhere eˣ and powers of 1/x.
"""

from __future__ import annotations

import math
from typing import Any

from likely._math.atoms import (
    Atom,
    digamma,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    lgamma,
    log_ndtr,
    ndtri,
    register,
    relative_entropy_term,
    stirling_curve,
    trigamma,
)
from likely._math.connection import Connection, Moving, along, at
from likely._math.graph import (
    PI,
    Expression,
    Node,
    abs_,
    as_node,
    equal,
    exp,
    expm1,
    log,
    log1p,
    maximum,
    minimum,
    polynomial,
    sqrt,
    where,
)
from likely._math.special import (
    LOG_2,
    STIRLING,
    STIRLING_1,
    STIRLING_2,
    powers,
    stirling_curves,
    stirling_given,
    stirling_slope_given,
)

HALF_LOG_2PI = 0.5 * log(2.0 * PI)
#: Where the power series end.
SERIES = 1.5
_TERMS = 22


def _coefficients(power: int, remainder: bool) -> tuple[float, ...]:
    """Of ∫(1 − t) tᵖ eˣᵗ dt, or without the factor 1 − t."""
    return tuple(
        1.0 / math.factorial(k) / ((k + power + 1) * (k + power + 2 if remainder else 1))
        for k in range(_TERMS)
    )


def _either(x: Expression, power: int, remainder: bool, far: Any) -> Node:
    near, inside, h, r = _sides(x)
    return where(near, polynomial(inside, _coefficients(power, remainder)), far(h * h, r))


def _sides(x: Expression) -> tuple[Node, Node, Node, Node]:
    """Whether the series hold, x where they do, and where they do not e^(x/2) and 1/x.

    eˣ itself may be beyond all numbers where (w/x)² eˣ is not: half of it comes to each of two factors.
    """
    near = abs_(x) < SERIES
    outside = where(near, SERIES, x)
    return near, where(near, x, 0.0), exp(0.5 * outside), 1.0 / outside


def _rest(x: Expression) -> Node:
    """R"""
    return _either(x, 0, True, lambda e, r: e * r * r - r * (1.0 + r))


def _mean(x: Expression) -> Node:
    """D"""
    return _either(x, 0, False, lambda e, r: e * r - r)


def gengamma_mean_1(x: Expression) -> Node:
    """D′"""
    return _either(x, 1, False, lambda e, r: e * r * (1.0 - r) + r * r)


def _at(d: Expression, s: Expression, q: Expression) -> tuple[Node, Node]:
    w = d / s
    return w, q * w


class _Powers:
    """Of the functions of x times powers of w: their series, and what they are made of where these do not hold."""

    def __init__(self, d: Expression, s: Expression, q: Expression) -> None:
        self.w, self.x = _at(d, s, q)
        self.near, self._inside, self.h, self.r = _sides(self.x)
        #: w/x, which is 1/q, where w³ may be below all numbers and 1/q³ is not; and so often e^(x/2).
        self.v = where(self.near, 0.0, self.w) * self.r
        self.lift = self.v * self.h

    def series(self, power: int, remainder: bool) -> Node:
        return polynomial(self._inside, _coefficients(power, remainder))


def _kernel(d: Expression, s: Expression, q: Expression, log_s: Expression) -> Node:
    p = _Powers(d, s, q)
    w, v = p.w, p.v
    return log_s + where(p.near, w * (w * p.series(0, True)), p.lift * p.lift - v * (w + v))


def _pull(d: Expression, s: Expression, q: Expression, log_s: Expression) -> Node:
    p = _Powers(d, s, q)
    return where(p.near, p.w * p.series(0, False), p.lift * p.h - p.v)


def _scale(d: Expression, s: Expression, q: Expression, log_s: Expression) -> Node:
    p = _Powers(d, s, q)
    w = p.w
    far = w * p.h * p.lift - w * p.v
    return 1.0 - where(p.near, w * (w * p.series(0, False)), far)


def _shape(d: Expression, s: Expression, q: Expression, log_s: Expression) -> Node:
    p = _Powers(d, s, q)
    w, r, v = p.w, p.r, p.v
    steep = w * p.lift * (p.lift * (1.0 - 2.0 * r))
    far = steep + w * (v * v * (1.0 + 2.0 * r))
    return where(p.near, w * (w * (w * p.series(1, True))), far)


def _shape_2(d: Expression, s: Expression, q: Expression, log_s: Expression) -> Node:
    p = _Powers(d, s, q)
    w, r, v = p.w, p.r, p.v
    steep = w * p.lift * (w * p.lift * (1.0 + r * (6.0 * r - 4.0)))
    far = steep - w * (v * v * v * (2.0 + 6.0 * r))
    return where(p.near, w * (w * (w * (w * p.series(2, True)))), far)


def _shape_rise(d: Expression, s: Expression, q: Expression, log_s: Expression) -> Node:
    """q times that, which is still in range where the shape is so large that it is not."""
    p = _Powers(d, s, q)
    w, r, v = p.w, p.r, p.v
    steep = w * p.h * (w * p.lift * (1.0 + r * (6.0 * r - 4.0)))
    far = steep - w * (v * v * (2.0 + 6.0 * r))
    return where(p.near, w * (w * (w * (p.x * p.series(2, True)))), far)


def _shape_bend(d: Expression, s: Expression, q: Expression, log_s: Expression) -> Node:
    p = _Powers(d, s, q)
    w, r, v = p.w, p.r, p.v
    steep = w * p.h * (w * p.lift * (1.0 - 2.0 * r * (1.0 - r)))
    return where(p.near, w * (w * (w * p.series(2, False))), steep - 2.0 * (v * v * v))


def _turn(d: Expression, s: Expression, q: Expression, log_s: Expression) -> Node:
    w, x = _at(d, s, q)
    return w * (w * gengamma_mean_1(x))


def _turn_scale(d: Expression, s: Expression, q: Expression, log_s: Expression) -> Node:
    w, x = _at(d, s, q)
    return w * (w * (w * gengamma_mean_1(x)))


def _cross(d: Expression, s: Expression, q: Expression, log_s: Expression) -> Node:
    w, x = _at(d, s, q)
    return w * (_mean(x) + exp(x))


def _cross_scale(d: Expression, s: Expression, q: Expression, log_s: Expression) -> Node:
    w, x = _at(d, s, q)
    return w * (w * (_mean(x) + exp(x)))


def _textbook(d: Expression, s: Expression, q: Expression) -> tuple[Node, Node, Node]:
    w, x = _at(d, s, q)
    return w, x, exp(x)


def _textbook_shape(d: Expression, s: Expression, q: Expression, log_s: Expression) -> Node:
    _, x, e = _textbook(d, s, q)
    return (x * (e + 1.0) - 2.0 * (e - 1.0)) / (q * q * q)


def _textbook_shape_2(d: Expression, s: Expression, q: Expression, log_s: Expression) -> Node:
    _, x, e = _textbook(d, s, q)
    return (x * x * e - 4.0 * x * e + 6.0 * e - 2.0 * x - 6.0) / (q * q * q * q)


def _textbook_turn(d: Expression, s: Expression, q: Expression) -> Node:
    _, x, e = _textbook(d, s, q)
    return (x * e - e + 1.0) / (q * q)


def _pull_covariant(atom: Moving, gamma: Connection) -> Node | None:
    # Far right, where both are infinite, eˣ times what it has in the slope and in Γ times the pull.
    if not atom.alone(0):
        return None
    d, s, q, log_s = atom.args
    g = gamma.node / q
    far = gengamma_exponential(d, s, q, log_s) * (atom.slopes[0] / s - g) + g
    return where(q * (d / s) > SERIES, far, atom.slope - gamma.node * atom.node)


def _shape_covariant(atom: Moving, gamma: Connection) -> Node | None:
    # Of q = eᵗ.
    if atom.slopes[2] is not atom.args[2] or not atom.alone(2):
        return None
    rise = gengamma_shape_rise(*atom.args)
    if gamma.known is not None and gamma.known < -1.0:  # of the inverse of a shape
        return at({-2.0: gengamma_shape_bend})(*atom.args, atom.node, rise, gamma)
    return rise - gamma.node * atom.node


gengamma_shape_rise: Atom = register(
    "gengamma_shape_rise",
    None,
    lambda d, s, q, log_s: q * _textbook_shape_2(d, s, q, log_s),
    _shape_rise,
)
gengamma_shape_bend: Atom = register(
    # With twice the slope: far left the loss is linear in 1/q, but for a square.
    "gengamma_shape_bend",
    None,
    lambda d, s, q, log_s: (
        (
            _textbook(d, s, q)[2] * ((_textbook(d, s, q)[1] - 2.0) * _textbook(d, s, q)[1] + 2.0)
            - 2.0
        )
        / (q * q * q)
    ),
    _shape_bend,
)
gengamma_shape_2 = register("gengamma_shape_2", None, _textbook_shape_2, _shape_2)
gengamma_exponential = register(
    "gengamma_exponential",
    lambda d, s, q, log_s, out: (q * out / s, 0.0, d / s * out, -q * (d / s) * out),
    lambda d, s, q, log_s: _textbook(d, s, q)[2],
    lambda d, s, q, log_s: exp(_at(d, s, q)[1]),
)
gengamma_turn = register(
    "gengamma_turn",
    # D + xD′ = eˣ, and so 2D′ + xD″.
    lambda d, s, q, log_s, out: (
        d / s * gengamma_exponential(d, s, q, log_s) / s,
        0.0,
        gengamma_shape_bend(d, s, q, log_s),
        -(d / s) * (d / s) * gengamma_exponential(d, s, q, log_s),
    ),
    lambda d, s, q, log_s: _textbook_turn(d, s, q),
    _turn,
)
gengamma_turn_scale = register(
    "gengamma_turn_scale",
    None,
    lambda d, s, q, log_s: d / s * _textbook_turn(d, s, q),
    _turn_scale,
)
gengamma_cross = register(
    "gengamma_cross",
    lambda d, s, q, log_s, out: (
        (2.0 + q * (d / s)) * gengamma_exponential(d, s, q, log_s) / s,
        0.0,
        gengamma_turn(d, s, q, log_s) + d / s * (d / s) * gengamma_exponential(d, s, q, log_s),
        -(d / s) * (2.0 + q * (d / s)) * gengamma_exponential(d, s, q, log_s),
    ),
    lambda d, s, q, log_s: (
        (_textbook(d, s, q)[2] - 1.0) / q + _textbook(d, s, q)[0] * _textbook(d, s, q)[2]
    ),
    _cross,
)
gengamma_cross_scale = register(
    "gengamma_cross_scale",
    None,
    lambda d, s, q, log_s: (
        d / s * ((_textbook(d, s, q)[2] - 1.0) / q + _textbook(d, s, q)[0] * _textbook(d, s, q)[2])
    ),
    _cross_scale,
)
gengamma_pull = register(
    "gengamma_pull",
    lambda d, s, q, log_s, out: (
        gengamma_exponential(d, s, q, log_s) / s,
        0.0,
        gengamma_turn(d, s, q, log_s),
        out - gengamma_cross(d, s, q, log_s),
    ),
    lambda d, s, q, log_s: (_textbook(d, s, q)[2] - 1.0) / q,
    _pull,
    _pull_covariant,
)
gengamma_scale = register(
    "gengamma_scale",
    lambda d, s, q, log_s, out: (
        -gengamma_cross(d, s, q, log_s) / s,
        0.0,
        -gengamma_turn_scale(d, s, q, log_s),
        gengamma_cross_scale(d, s, q, log_s),
    ),
    lambda d, s, q, log_s: 1.0 - d / s * (_textbook(d, s, q)[2] - 1.0) / q,
    _scale,
    # 1 + w²eˣ and 2 + w²(eˣ − D): two infinities less each other, from the slopes themselves.
    along(
        3,
        at(
            {
                -1.0: lambda d, s, q, log_s: (
                    1.0 + d / s * (d / s * gengamma_exponential(d, s, q, log_s))
                ),
                -2.0: lambda d, s, q, log_s: 2.0 + q * (d / s) * gengamma_turn(d, s, q, log_s),
            }
        ),
        (1,),
    ),
)
gengamma_shape = register(
    "gengamma_shape",
    lambda d, s, q, log_s, out: (
        gengamma_turn(d, s, q, log_s) / s,
        0.0,
        gengamma_shape_2(d, s, q, log_s),
        -gengamma_turn_scale(d, s, q, log_s),
    ),
    _textbook_shape,
    _shape,
    _shape_covariant,
)
gengamma_kernel: Atom = register(
    "gengamma_kernel",
    lambda d, s, q, log_s, out: (
        gengamma_pull(d, s, q, log_s) / s,
        0.0,
        gengamma_shape(d, s, q, log_s),
        gengamma_scale(d, s, q, log_s),
    ),
    lambda d, s, q, log_s: log_s + (_textbook(d, s, q)[2] - 1.0 - _textbook(d, s, q)[1]) / (q * q),
    _kernel,
)


# --- Stirling's error of 1/q², which is q²/12 at q = 0. -------------------------------------------


def _size(q: Expression) -> tuple[Node, Node, Node, Node]:
    """Whether 1/q² ≥ 1, q² where it is, and where it is not 1/q² and log(1 + q²), which is a number for all q."""
    near = abs_(q) <= 1.0
    inside, outside = where(near, q, 0.0), where(near, 1.0, q)
    large = abs_(q) > 2.0**511
    lowered = outside * where(large, 2.0**-511, 1.0)
    step = log1p(lowered * lowered - where(large, 1.0, 0.0)) + where(large, 1022.0 * LOG_2, 0.0)
    return near, inside * inside, 1.0 / outside / outside, step


def _error(q: Expression) -> Node:
    near, square, n, step = _size(q)
    return where(near, square * powers(square, STIRLING), stirling_given(n, step))


def _error_1(q: Expression) -> Node:
    near, square, n, step = _size(q)
    far = -2.0 * (stirling_slope_given(n, step) / where(near, 1.0, q))
    return where(near, 2.0 * (q * powers(square, STIRLING_1)), far)


def _error_2(q: Expression) -> Node:
    near, square, n, step = _size(q)
    curve, _ = stirling_curves(n, step)
    far = n * (4.0 * curve + 2.0 * stirling_slope_given(n, step))
    return where(near, 4.0 * powers(square, STIRLING_2) - 6.0 * powers(square, STIRLING_1), far)


def _textbook_error_1(q: Expression) -> Node:
    n = 1.0 / (q * q)
    return -2.0 * n / q * (digamma(n) - log(n) + 0.5 / n)


def _textbook_error_2(q: Expression) -> Node:
    n = 1.0 / (q * q)
    first, second = digamma(n) - log(n) + 0.5 / n, trigamma(n) - 1.0 / n - 0.5 / (n * n)
    return 6.0 * n * n * first + 4.0 * n * n * n * second


def _error_covariant(atom: Moving, gamma: Connection) -> Node | None:
    # Of q = eᵗ: by the slopes in log 1/q², of which the first tends to a constant for large q.
    (q,) = atom.args
    if atom.slopes[0] is not q:
        return None
    curve = 4.0 * stirling_curve(1.0 / (q * q), -2.0 * log(q)) / q
    return curve - gamma.plus(1.0).node * atom.node


square_error_2 = register("square_error_2", None, _textbook_error_2, _error_2)
square_error_1 = register(
    "square_error_1",
    lambda q, out: (square_error_2(q),),
    _textbook_error_1,
    _error_1,
    _error_covariant,
)
square_error = register(
    "square_error",
    lambda q, out: (square_error_1(q),),
    lambda q: (
        lgamma(1.0 / (q * q))
        - (1.0 / (q * q) - 0.5) * log(1.0 / (q * q))
        + 1.0 / (q * q)
        - HALF_LOG_2PI
    ),
    _error,
)


# --- The distribution of w = (log y − loc)/scale, of which −w has shape −q. ------------------------

#: Below this |q|, n = 1/q² is so large that Temme's expansion (1979, doi:10.1137/0510071) has more digits than SciPy.
SMALL = 0.007
#: Coefficients c₀ and c₁ of that expansion as series in x = qw, of ratios of the power series of eˣ.
TEMME_0 = (
    -1.0 / 3.0,
    1.0 / 12.0,
    -1.0 / 1080.0,
    -19.0 / 12960.0,
    5.5114638447971785e-06,
    3.453850676072898e-05,
    3.061924358220655e-08,
    -8.458566039584558e-07,
    -1.8106076276515234e-09,
    2.103630892251965e-08,
)
TEMME_1 = (
    -1.0 / 540.0,
    -1.0 / 288.0,
    25.0 / 12096.0,
    -0.0002048427395649618,
    -8.175338036449148e-05,
    1.4486729619831471e-05,
    2.8694651438778667e-06,
)
#: Beyond this many standard deviations nothing is left of the smaller tail.
OUT = 60.0
#: Below this log x the incomplete gamma function is one term of its power series.
LOG_TINY = -640.0
#: Newton's steps to a quantile at a small |q|, from that of the Normal.
STEPS = 8


def _log_smooth(w: Node, q: Node) -> Node:
    """log P(W ≤ w) for |q| < SMALL: Φ(v) less φ(v) times a series, v² = 2w²R."""
    w = maximum(minimum(w, OUT), -OUT)
    x = q * w
    v = w * sqrt(2.0 * _rest(x))
    series = q * (polynomial(x, TEMME_0) + q * q * polynomial(x, TEMME_1))
    log_ratio = -0.5 * (v * v) - HALF_LOG_2PI - log_ndtr(v)
    return log_ndtr(v) + log1p(-exp(log_ratio) * series)


def _parts(q: Expression) -> tuple[Node, Node, Node]:
    """Whether |q| is small, q where it is and where it is not."""
    small = abs_(q) < SMALL
    return small, where(small, q, 0.0), where(small, 1.0, q)


def gengamma_lower(w: Any, q: Any) -> Node:
    """P(W ≤ w)"""
    w, q = as_node(w), as_node(q)
    small, tiny, plain = _parts(q)
    n = 1.0 / plain / plain
    log_at = log(n) + plain * w
    at = exp(log_at)
    # One term of the power series, where x would underflow.
    term, under = n * log_at - lgamma(n + 1.0), log_at < LOG_TINY
    below = where(under, exp(term), gammainc(n, at))
    far = where(plain > 0.0, below, where(under, -expm1(term), gammaincc(n, at)))
    return where(small, exp(_log_smooth(w, tiny)), far)


def _log_quantile(n: Node, p: Node, first: Node) -> Node:
    """The logarithm of the x with P(n, x) = p; one term of the power series where x would underflow."""
    under = first < math.exp(LOG_TINY)
    return where(under, (log(p) + lgamma(n + 1.0)) / n, log(where(under, 1.0, first)))


def _smooth_quantile(p: Node, q: Node) -> Node:
    """w with P(W ≤ w) = p ≤ ½ at |q| < SMALL, by Newton's method on log P."""
    w = ndtri(p)
    for _ in range(STEPS):
        value = _log_smooth(w, q)
        log_density = -HALF_LOG_2PI - w * (w * _rest(q * w)) - _error(q)
        w = w + (log(p) - value) * exp(value - log_density)
    return w


def gengamma_quantile(p: Any, q: Any) -> Node:
    """w with P(W ≤ w) = p"""
    p, q = as_node(p), as_node(q)
    small, tiny, plain = _parts(q)
    n = 1.0 / plain / plain
    upper = p > 0.5
    level = where(upper, 1.0 - p, p)
    inside = where(level > 0.0, where(small, level, 0.5), 0.5)
    smooth = _smooth_quantile(inside, where(upper, -tiny, tiny))
    smooth = where(level > 0.0, smooth, -float("inf"))
    first = where(plain > 0.0, gammaincinv(n, p), gammainccinv(n, p))
    mass = where(plain > 0.0, p, 1.0 - p)
    far = (_log_quantile(n, mass, first) - log(n)) / plain
    return where(small, where(upper, -smooth, smooth), far)


# --- Moments: log E[yʳ] = rμ + r²σ² h(t) − ½ log(1 + t) + S(q/√(1 + t)) − S(q) with t = rσq. ------


def _bend(t: Node) -> Node:
    """h(t) = ((1 + t) log(1 + t) − t)/t², which is ½ at t = 0."""
    none = equal(t, 0.0)
    by = where(none, 1.0, t)
    return where(none, 0.5, relative_entropy_term(1.0 + t, as_node(1.0), t) / by / by)


def log_moment(s: Expression, q: Expression, t: Node, order: float) -> Node:
    """log E[(y e^−μ)ʳ] for t = rσq > −1."""
    by = sqrt(1.0 + t)
    change = square_error(q / by) - square_error(q)
    return order * s * (order * s) * _bend(t) - 0.5 * log1p(t) + change


def log_moment_ratio(s: Expression, q: Expression, t: Node) -> Node:
    """log(E[y²]/E[y]²) for t = σq > −½."""
    change = square_error(q / sqrt(1.0 + 2.0 * t)) - 2.0 * square_error(q / sqrt(1.0 + t))
    share = t / (1.0 + t)
    bends = s * (s * (4.0 * _bend(2.0 * t) - 2.0 * _bend(t)))
    return bends - 0.5 * log1p(-share * share) + (change + square_error(q))
