"""The normal distribution function and the ratio of its density to it."""

from __future__ import annotations

from likely._math.atoms.gamma_function import HALF_LOG_2PI
from likely._math.atoms.registry import register_named
from likely._math.graph import PI, exp, log, log1p, make, sqrt, where

ndtr = register_named(
    "ndtr",
    lambda x, out: (exp(-0.5 * x * x - HALF_LOG_2PI),),
    lambda x: 0.5 * make("erfc", -x / sqrt(2.0)),
)
inverse_mills = register_named(
    "inverse_mills",
    lambda x, out: (-out * mills_gap(x),),
    lambda x: exp(-0.5 * x * x - HALF_LOG_2PI) / ndtr(x),
)
mills_gap = register_named(
    "mills_gap",
    lambda x, out: (mills_variance(x),),
    lambda x: x + exp(-0.5 * x * x - HALF_LOG_2PI) / ndtr(x),
)
mills_variance = register_named(
    "mills_variance",
    lambda x, out: (mills_third(x),),
    lambda x: 1.0 - inverse_mills(x) * (x + inverse_mills(x)),
)
mills_third = register_named(
    "mills_third",
    None,
    lambda x: inverse_mills(x) * (mills_gap(x) * mills_gap(x) - mills_variance(x)),
)
log_mills = register_named(
    "log_mills",
    lambda x, out: (mills_gap(x),),
    lambda x: log(ndtr(x)) + 0.5 * x * x + HALF_LOG_2PI,
)
log_ndtr = register_named(
    "log_ndtr",
    lambda x, out: (inverse_mills(x),),
    # Far right no number of digits recovers the tail from Φ.
    lambda x: where(x > 0.0, log1p(-ndtr(-x)), log(ndtr(x))),
    fades=True,
)
erfcx = register_named(
    "erfcx",
    lambda x, out: (2.0 * x * out - 2.0 / sqrt(PI),),
    lambda x: exp(x * x) * make("erfc", x),
)
