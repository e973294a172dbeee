"""The gamma function, through the error of Stirling's formula."""

from __future__ import annotations

from likely._math.atoms.registry import register_named
from likely._math.connection import along, at
from likely._math.graph import PI, Node, log

HALF_LOG_2PI = 0.5 * log(2.0 * PI)

stirling_error_3 = register_named(
    "stirling_error_3", None, lambda x: tetragamma(x) + 1.0 / (x * x) + 1.0 / (x * x * x)
)
stirling_error_2 = register_named(
    "stirling_error_2",
    lambda x, out: (stirling_error_3(x),),
    lambda x: trigamma(x) - 1.0 / x - 0.5 / (x * x),
)
stirling_error_1 = register_named(
    "stirling_error_1",
    lambda x, out: (stirling_error_2(x),),
    lambda x: digamma(x) - log(x) + 0.5 / x,
)
stirling_error = register_named(
    "stirling_error",
    lambda x, out: (stirling_error_1(x),),
    lambda x: lgamma(x) - (x - 0.5) * log(x) + x - HALF_LOG_2PI,
)
stirling = register_named(
    "stirling",
    lambda x, log_x, out: (0.0, stirling_slope(x, log_x)),
    lambda x, log_x: lgamma(x) - (x - 0.5) * log(x) + x - HALF_LOG_2PI,
)
stirling_slope = register_named(
    "stirling_slope",
    lambda x, log_x, out: (0.0, stirling_curve(x, log_x)),
    lambda x, log_x: x * (digamma(x) - log(x)) + 0.5,
    along(1, at({-1.0: lambda x, log_x: stirling_bend(x, log_x)}), (0,)),
)
stirling_curve = register_named(
    "stirling_curve",
    None,
    lambda x, log_x: x * (digamma(x) - log(x)) + x * x * trigamma(x) - x,
)

stirling_bend = register_named(
    # The second derivative in 1/x, over x².
    "stirling_bend",
    None,
    lambda x, log_x: 2.0 * x * (digamma(x) - log(x)) + x * x * trigamma(x) - x + 0.5,
)

stirling_of_sum = register_named(
    "stirling_of_sum",
    lambda y, s, log_s, out: (
        stirling_error_1(s + y),
        0.0,
        stirling_of_sum_slope(y, s, log_s),
    ),
    lambda y, s, log_s: lgamma(s + y) - (s + y - 0.5) * log(s + y) + (s + y) - HALF_LOG_2PI,
)


def _above_half_bend(a: Node, log_a: Node) -> Node:
    x = a + 0.5
    share = a / x
    bend, slope = stirling_bend(x, log(x)), stirling_slope(x, log(x))
    return share * (share * bend + slope / x)


stirling_above_half = register_named(
    # S(a + ½), in log a.
    "stirling_above_half",
    lambda a, log_a, out: (0.0, stirling_above_half_slope(a, log_a)),
    lambda a, log_a: lgamma(a + 0.5) - a * log(a + 0.5) + a + 0.5 - HALF_LOG_2PI,
)
stirling_above_half_slope = register_named(
    "stirling_above_half_slope",
    lambda a, log_a, out: (0.0, stirling_above_half_curve(a, log_a)),
    lambda a, log_a: a * (digamma(a + 0.5) - log(a + 0.5) + 0.5 / (a + 0.5)),
    along(1, at({-1.0: _above_half_bend}), (0,)),
)
stirling_above_half_curve = register_named(
    "stirling_above_half_curve",
    None,
    lambda a, log_a: (
        a * (digamma(a + 0.5) - log(a + 0.5) + 0.5 / (a + 0.5))
        + a * a * (trigamma(a + 0.5) - 1.0 / (a + 0.5) - 0.5 / ((a + 0.5) * (a + 0.5)))
    ),
)


def _stirling_of_sum_bend(y: Node, s: Node, log_s: Node) -> Node:
    # 2sS′ + s²S″ at x = s + y: s (2S′ + xS″) less syS″
    x = s + y
    return s * (stirling_bend(x, log(x)) / x - y * stirling_error_2(x))


stirling_of_sum_slope = register_named(
    "stirling_of_sum_slope",
    lambda y, s, log_s, out: (
        s * stirling_error_2(s + y),
        0.0,
        stirling_of_sum_curve(y, s),
    ),
    lambda y, s, log_s: s * (digamma(s + y) - log(s + y) + 0.5 / (s + y)),
    along(2, at({-1.0: _stirling_of_sum_bend}), (1,)),
)
stirling_of_sum_curve = register_named(
    "stirling_of_sum_curve",
    None,
    lambda y, s: (
        s * (digamma(s + y) - log(s + y) + 0.5 / (s + y))
        + s * s * (trigamma(s + y) - 1.0 / (s + y) - 0.5 / ((s + y) * (s + y)))
    ),
)
log_factorial_error_1 = register_named(
    "log_factorial_error_1", None, lambda y: digamma(y + 1.0) - log(y)
)
log_factorial_error = register_named(
    "log_factorial_error",
    lambda y, out: (log_factorial_error_1(y),),
    lambda y: lgamma(y + 1.0) - y * log(y) + y,
)
count_error = register_named(
    "count_error",
    lambda y, out: (log_factorial_error_1(y),),
    lambda y: lgamma(y + 1.0) - y * log(y) + y,
)
tetragamma = register_named("tetragamma")
trigamma = register_named("trigamma", lambda x, out: (tetragamma(x),))
digamma = register_named("digamma", lambda x, out: (trigamma(x),))
digamma_rise = register_named(
    "digamma_rise",
    lambda a, d, out: (trigamma(a + d) - trigamma(a), trigamma(a + d)),
    lambda a, d: digamma(a + d) - digamma(a),
)
lgamma = register_named("lgamma", lambda x, out: (digamma(x),))


def _lbeta_slope(a: Node, b: Node) -> Node:
    """ψ(a) − ψ(a + b), by the functions of a + 1, which is where their difference keeps its digits."""
    return -(digamma_rise(a + 1.0, b) + (1.0 / a) * (b / (a + b)))


lbeta = register_named(
    "lbeta",
    lambda a, b, out: (_lbeta_slope(a, b), _lbeta_slope(b, a)),
    lambda a, b: lgamma(a) + lgamma(b) - lgamma(a + b),
)
