"""The beta function of a mean and a precision, through the errors of Stirling's formula."""

from __future__ import annotations

from likely._math.atoms.gamma_function import (
    digamma,
    stirling,
    stirling_curve,
    stirling_slope,
    trigamma,
)
from likely._math.atoms.registry import register_named
from likely._math.graph import log, where
from likely._math.special import FEW

# Beta's constant: −log B(μφ, (1 − μ)φ) less Stirling's formula, with p = μ, q = 1 − μ.
beta_stirling = register_named(
    "beta_stirling",
    lambda p, q, n, log_p, log_q, log_n, out: (
        0.0,
        0.0,
        0.0,
        -stirling_slope(p * n, log_p + log_n),
        -stirling_slope(q * n, log_q + log_n),
        beta_stirling_slope(p, q, n, log_p, log_q, log_n),
    ),
    lambda p, q, n, log_p, log_q, log_n: (
        stirling(n, log_n) - stirling(p * n, log_p + log_n) - stirling(q * n, log_q + log_n)
    ),
)
beta_stirling_slope = register_named(
    "beta_stirling_slope",
    lambda p, q, n, log_p, log_q, log_n, out: (
        0.0,
        0.0,
        0.0,
        -beta_stirling_cross(p, n, log_p, log_n),
        -beta_stirling_cross(q, n, log_q, log_n),
        beta_stirling_curve(p, q, n, log_p, log_q, log_n),
    ),
    lambda p, q, n, log_p, log_q, log_n: (
        stirling_slope(n, log_n)
        - stirling_slope(p * n, log_p + log_n)
        - stirling_slope(q * n, log_q + log_n)
    ),
)
beta_stirling_cross = register_named(
    # Where n is tiny this is −pn log pn. As p + q = 1, what p n log n does to the slope is undone by q n log n.
    "beta_stirling_cross",
    None,
    lambda p, n, log_p, log_n: (
        p * n * (digamma(p * n) - log(p * n))
        + p * n * (p * n) * trigamma(p * n)
        - p * n
        + where(n < FEW, p * n * log_n, 0.0)
    ),
)
beta_stirling_curve = register_named(
    "beta_stirling_curve",
    None,
    lambda p, q, n, log_p, log_q, log_n: (
        stirling_curve(n, log_n)
        - stirling_curve(p * n, log_p + log_n)
        - stirling_curve(q * n, log_q + log_n)
    ),
)
