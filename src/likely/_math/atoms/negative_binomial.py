"""NegativeBinomial, in log mean and log size."""

from __future__ import annotations

from likely._math.atoms.gamma_function import lgamma, log_factorial_error_1
from likely._math.atoms.registry import register_named
from likely._math.atoms.remainders import log1p_excess, log1p_residual_2, scaled_log1p_residual
from likely._math.connection import along, at
from likely._math.graph import Node, log, where


def share_of(a: Node, b: Node) -> Node:
    """a/(a + b), of whose derivatives no terms cancel."""
    return 1.0 / (1.0 + b / a)


def _deviance_in_1_over_size(y: Node, m: Node, s: Node, log_m: Node, log_s: Node) -> Node:
    # With δ = (y − m)/(s + m): s (2δ − 2 log(1 + δ) − δ²) + sδ² y/(s + y), of which the first outgrows the whole
    # with δ.
    delta = (y - m) / (s + m)
    near = s * log1p_residual_2((m - y) / (s + y)) + (s * delta) * (delta * share_of(y, s))
    far = 2.0 * negative_binomial_deviance_size(y, m, s, log_m, log_s) + _deviance_in_size(
        y, m, s, log_m, log_s
    )
    return where(delta < 0.5, near, far)


def _deviance_in_size(y: Node, m: Node, s: Node, log_m: Node, log_s: Node) -> Node:
    d = (y - m) * share_of(s, m)  # sδ
    return -(d * (d / (s + y)))


def _residual_of_ratio(m: Node, s: Node, log_m: Node, log_s: Node) -> Node:
    # s (log(1 + x) − x/(1 + x)) with x = m/s, which may be beyond all numbers where its logarithm is not.
    x = m / s
    return where(x > 1e300, s * (log_m - log_s - 1.0), scaled_log1p_residual(x, s, m))


negative_binomial_deviance = register_named(
    "negative_binomial_deviance",
    lambda y, m, s, log_m, log_s, out: (
        log(y / m) - log((s + y) / (s + m)),
        0.0,
        0.0,
        negative_binomial_slope(y, m, s, log_m, log_s),
        negative_binomial_deviance_size(y, m, s, log_m, log_s),
    ),
    lambda y, m, s, log_m, log_s: y * log(y / m) - (s + y) * log((s + y) / (s + m)),
)
negative_binomial_deviance_size = register_named(
    "negative_binomial_deviance_size",
    lambda y, m, s, log_m, log_s, out: (
        share_of(s, m) * ((y - m) / (s + y)),
        0.0,
        0.0,
        (m - y) * share_of(s, m) * share_of(m, s),
        negative_binomial_deviance_size_2(y, m, s),
    ),
    lambda y, m, s, log_m, log_s: s * ((y - m) / (s + m) - log((s + y) / (s + m))),
    along(4, at({1.0: _deviance_in_size, -1.0: _deviance_in_1_over_size}), (2,)),
)
negative_binomial_deviance_size_2 = register_named(
    "negative_binomial_deviance_size_2",
    None,
    lambda y, m, s: (
        s * ((y - m) / (s + m) - log((s + y) / (s + m)))
        - s * s * (y - m) * (y - m) / ((s + y) * (s + m) * (s + m))
    ),
)
negative_binomial_few = register_named(
    "negative_binomial_few",
    lambda y, m, s, log_m, log_s, out: (
        log(1.0 + m / s) - log_m,
        0.0,
        0.0,
        negative_binomial_slope(y, m, s, log_m, log_s),
        _residual_of_ratio(m, s, log_m, log_s) - y * share_of(m, s),
    ),
    lambda y, m, s, log_m, log_s: (s + y) * log(1.0 + m / s) - y * log(m),
)
negative_binomial_log_zeros = register_named(
    # d = log(1 + r) (1 + r)/r − 1 with r = m/s: the slopes are 1/(1 + d) and d/(1 + d).
    "negative_binomial_log_zeros",
    lambda m, s, log_m, log_s, out: (
        0.0,
        0.0,
        1.0 / (1.0 + log1p_excess(m / s, log_m - log_s)),
        1.0 / (1.0 + 1.0 / log1p_excess(m / s, log_m - log_s)),
    ),
    lambda m, s, log_m, log_s: log(s * log(1.0 + m / s)),
)
negative_binomial_factorial = register_named(
    "negative_binomial_factorial",
    lambda y, s, log_s, out: (
        log_factorial_error_1(y) + 0.5 / (s + y),
        0.0,
        -0.5 * share_of(y, s),
    ),
    lambda y, s, log_s: lgamma(y + 1.0) - y * log(y) + y + 0.5 * log(1.0 + y / s),
)
#: A series: it has no formula in other atoms, and is tested against its sum.
negative_binomial_information = register_named("negative_binomial_information")
negative_binomial_slope = register_named(
    # Its derivative in log mean is the loss's, and has no difference that could cancel.
    "negative_binomial_slope",
    lambda y, m, s, log_m, log_s, out: (
        -share_of(s, m),
        0.0,
        0.0,
        share_of(s, m) * share_of(m, s) * (s + y),
        (m - y) * share_of(s, m) * share_of(m, s),
    ),
    lambda y, m, s, log_m, log_s: (m - y) * s / (s + m),
    along(
        3,
        at(
            {
                1.0: lambda y, m, s, log_m, log_s: (
                    share_of(s, m) * (y * (1.0 + share_of(m, s)) - m * share_of(m, s))
                ),
                -1.0: lambda y, m, s, log_m, log_s: (
                    share_of(s, m) * (m * (1.0 + share_of(s, m)) - y * share_of(s, m))
                ),
            }
        ),
        (1,),
    ),
)
