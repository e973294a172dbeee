"""log Γ(a + y) − log Γ(a) of counts y: the rising factorial."""

from __future__ import annotations

from likely._math.atoms.gamma_function import digamma, lgamma, tetragamma, trigamma
from likely._math.atoms.registry import register_named

# Γ(x + y)/(Γ(y) Γ(1 + x)), the product of 1 + x/i over i from 1 to y − 1, in log x.
rising_excess = register_named(
    "rising_excess",
    lambda y, x, log_x, out: (digamma(x + y) - digamma(y), 0.0, rising_slope(y, x, log_x)),
    lambda y, x, log_x: lgamma(x + y) - lgamma(y) - lgamma(1.0 + x),
)
rising_slope = register_named(
    "rising_slope",
    lambda y, x, log_x, out: (x * trigamma(x + y), 0.0, rising_curve(y, x, log_x)),
    lambda y, x, log_x: x * (digamma(x + y) - digamma(1.0 + x)),
)
rising_curve = register_named(
    "rising_curve",
    lambda y, x, log_x, out: (
        x * trigamma(x + y) + x * x * tetragamma(x + y),
        0.0,
        rising_bend(y, x),
    ),
    lambda y, x, log_x: (
        x * (digamma(x + y) - digamma(1.0 + x)) + x * x * (trigamma(x + y) - trigamma(1.0 + x))
    ),
)
rising_bend = register_named(
    "rising_bend",
    None,
    lambda y, x: (
        x * (digamma(x + y) - digamma(1.0 + x))
        + 3.0 * x * x * (trigamma(x + y) - trigamma(1.0 + x))
        + x * x * x * (tetragamma(x + y) - tetragamma(1.0 + x))
    ),
)
