"""GeneralisedPoisson, in log mean and log dispersion."""

from __future__ import annotations

from likely._math.atoms.logistic import sigmoid, softplus
from likely._math.atoms.negative_binomial import share_of
from likely._math.atoms.registry import register_named
from likely._math.connection import along, at
from likely._math.graph import Node, log


def _spread_in_dispersion(y: Node, m: Node, d: Node, log_m: Node, log_d: Node) -> Node:
    spread = generalised_poisson_spread(y, m, d, log_m, log_d)
    return -spread * (share_of(d * y, m) + 2.0 * (1.0 / (1.0 + 1.0 / d)))


def _few_spread_in_dispersion(y: Node, m: Node, d: Node, log_m: Node, log_d: Node) -> Node:
    share = sigmoid(log_d)
    return -share * (share * (y + 2.0 * sigmoid(-log_d) * (y - m)))


def _few_spread_in_inverse(y: Node, m: Node, d: Node, log_m: Node, log_d: Node) -> Node:
    rest = sigmoid(-log_d)
    return sigmoid(log_d) * (y * (1.0 + rest) + 2.0 * (rest * (rest * (y - m))))


generalised_poisson_deviance = register_named(
    "generalised_poisson_deviance",
    lambda y, m, d, log_m, log_d, out: (
        log(y * (1.0 + d) / (m + d * y)) - (y - m) / (1.0 + d) / (m + d * y) * d,
        0.0,
        0.0,
        generalised_poisson_slope(y, m, d, log_m, log_d),
        -generalised_poisson_spread(y, m, d, log_m, log_d),
    ),
    lambda y, m, d, log_m, log_d: y * log(y * (1.0 + d) / (m + d * y)) + (m - y) / (1.0 + d),
)
generalised_poisson_log_rate = register_named(
    "generalised_poisson_log_rate",
    lambda y, m, d, log_m, log_d, out: (
        1.0 / (m / d + y),
        0.0,
        0.0,
        share_of(m, d * y),
        (y - m) * (1.0 / (1.0 + d)) / (m / d + y),
    ),
    lambda y, m, d, log_m, log_d: log((m + d * y) / (1.0 + d)),
)
generalised_poisson_log_ratio = register_named(
    "generalised_poisson_log_ratio",
    lambda y, m, d, log_m, log_d, out: (
        1.0 / (m / d + y),
        0.0,
        0.0,
        -share_of(d * y, m),
        share_of(d * y, m),
    ),
    lambda y, m, d, log_m, log_d: log((m + d * y) / m),
)
generalised_poisson_slope = register_named(
    "generalised_poisson_slope",
    lambda y, m, d, log_m, log_d, out: (
        -share_of(m, d * y) * share_of(m, d * y),
        0.0,
        0.0,
        out * share_of(d * y, m) + m * share_of(m, d * y) / (1.0 + d),
        -out * ((1.0 / (1.0 + 1.0 / d)) + share_of(d * y, m)),
    ),
    lambda y, m, d, log_m, log_d: m * (m - y) / ((1.0 + d) * (m + d * y)),
)
generalised_poisson_spread = register_named(
    "generalised_poisson_spread",
    lambda y, m, d, log_m, log_d, out: (
        (2.0 * (y - m) / (1.0 + d) / (1.0 + d) - out) / (m / d + y),
        0.0,
        0.0,
        generalised_poisson_slope(y, m, d, log_m, log_d)
        * ((1.0 / (1.0 + 1.0 / d)) + share_of(d * y, m)),
        out * (share_of(m, d * y) - 2.0 * (1.0 / (1.0 + 1.0 / d))),
    ),
    lambda y, m, d, log_m, log_d: d * (y - m) * (y - m) / ((1.0 + d) * (1.0 + d) * (m + d * y)),
    along(4, at({1.0: _spread_in_dispersion}), (2,)),
)
generalised_poisson_few = register_named(
    "generalised_poisson_few",
    lambda y, m, d, log_m, log_d, out: (
        sigmoid(log_d) + softplus(log_d) - log_m,
        0.0,
        0.0,
        m * sigmoid(-log_d) - y,
        generalised_poisson_few_spread(y, m, d, log_m, log_d),
    ),
    lambda y, m, d, log_m, log_d: (m + d * y) / (1.0 + d) + y * log(1.0 + d) - y * log(m),
)
generalised_poisson_few_spread = register_named(
    "generalised_poisson_few_spread",
    lambda y, m, d, log_m, log_d, out: (
        sigmoid(log_d) * (1.0 + sigmoid(-log_d)),
        0.0,
        0.0,
        -m * (sigmoid(log_d) * sigmoid(-log_d)),
        sigmoid(log_d)
        * sigmoid(-log_d)
        * (2.0 * y * sigmoid(-log_d) + m * ((d - 1.0) / (1.0 + d))),
    ),
    lambda y, m, d, log_m, log_d: d / (1.0 + d) * (y + (y - m) / (1.0 + d)),
    along(4, at({1.0: _few_spread_in_dispersion, -1.0: _few_spread_in_inverse}), (2,)),
)
