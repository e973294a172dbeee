"""The logistic function, its logarithms, log(1 − e⁻ˣ), and atoms with hints.

An argument called log_x carries the logarithm of x, which a link knows better than x does, and
the derivative goes through it alone: a formula in which x moves by ratios has slopes in log x that
neither overflow nor cancel, where those in x are differences of 1/x² and the like.
"""

from __future__ import annotations

from likely._math.atoms.registry import register, register_named
from likely._math.connection import along, at
from likely._math.graph import exp, log, minimum, where
from likely._math.special import OVER

sigmoid = register_named(
    "sigmoid",
    lambda x, out: (out * sigmoid(-x),),
    lambda x: 1.0 / (1.0 + exp(-x)),
    along(0, at({1.0: lambda x: -sigmoid(x) * sigmoid(x)})),
)
softplus = register_named(
    "softplus", lambda x, out: (sigmoid(x),), lambda x: log(1.0 + exp(x)), fades=True
)
log_softplus = register_named(
    "log_softplus",
    lambda x, out: (softplus_slope(x),),
    lambda x: log(log(1.0 + exp(x))),
)
softplus_slope = register_named(
    "softplus_slope",
    lambda x, out: (out * softplus_bend(x),),
    lambda x: 1.0 / (1.0 + exp(-x)) / log(1.0 + exp(x)),
)
softplus_bend = register_named(
    "softplus_bend",
    None,
    lambda x: 1.0 / (1.0 + exp(x)) - 1.0 / (1.0 + exp(-x)) / log(1.0 + exp(x)),
)
bose = register_named("bose", lambda x, out: (-out * (1.0 + out),), lambda x: 1.0 / (exp(x) - 1.0))
log1mexp = register_named(
    "log1mexp", lambda x, out: (bose(x),), lambda x: log(1.0 - exp(-x)), fades=True
)

logaddexp = register_named(
    "logaddexp",
    # Where both are −∞, so that the loss is infinite, neither share is NaN.
    lambda a, b, out: (
        where(out > float("-inf"), sigmoid(a - b), 0.0),
        where(out > float("-inf"), sigmoid(b - a), 0.0),
    ),
    lambda a, b: log(exp(a) + exp(b)),
    fades=True,
)

#
# An argument called log_x carries the logarithm of x, which a link knows better than x does, and
# the derivative goes through it alone: a formula in which x moves by ratios has slopes in log x that
# neither overflow nor cancel, where those in x are differences of 1/x² and the like.
log1mexp_of = register_named(
    "log1mexp_of",
    lambda x, log_x, out: (0.0, log1mexp_slope(x, log_x)),
    lambda x, log_x: log(1.0 - exp(-x)),
    fades=True,
)
log1mexp_slope = register_named(
    "log1mexp_slope",
    lambda x, log_x, out: (0.0, out * log1mexp_bend(minimum(x, OVER))),
    lambda x, log_x: x / (exp(x) - 1.0),
)
log1mexp_bend = register_named("log1mexp_bend", None, lambda x: 1.0 - x - x / (exp(x) - 1.0))
gumbel_hazard_bend = register(
    "gumbel_hazard_bend",
    lambda x, out: (exp(-x) + out * gumbel_hazard(x),),
    lambda x: 1.0 - exp(-x) - exp(-x) / (exp(exp(-x)) - 1.0),
    lambda x: log1mexp_bend(exp(-x)),
)
gumbel_hazard = register(
    "gumbel_hazard",
    lambda x, out: (-out * gumbel_hazard_bend(x),),
    lambda x: exp(-x) / (exp(exp(-x)) - 1.0),
    lambda x: log1mexp_slope(exp(-x), -x),
)
log_expm1_ratio = register_named(
    "log_expm1_ratio",
    lambda x, log_x, out: (0.0, expm1_ratio_slope(x, log_x)),
    lambda x, log_x: log((exp(x) - 1.0) / x),
    fades=True,
)
expm1_ratio_slope = register_named(
    "expm1_ratio_slope",
    lambda x, log_x, out: (0.0, expm1_ratio_curve(x)),
    lambda x, log_x: x - 1.0 + x / (exp(x) - 1.0),
)
expm1_ratio_curve = register_named(
    "expm1_ratio_curve",
    None,
    lambda x: x - x / (exp(x) - 1.0) * (x - 1.0 + x / (exp(x) - 1.0)),
)

log_sinh_ratio = register_named(
    "log_sinh_ratio",
    lambda x, log_x, out: (0.0, sinh_ratio_slope(x, log_x)),
    lambda x, log_x: log((exp(0.5 * x) - exp(-0.5 * x)) / x),
)
sinh_ratio_slope = register_named(
    "sinh_ratio_slope",
    lambda x, log_x, out: (0.0, sinh_ratio_curve(x)),
    lambda x, log_x: 0.5 * x - 1.0 + x / (exp(x) - 1.0),
)
sinh_ratio_curve = register_named(
    "sinh_ratio_curve",
    None,
    lambda x: 0.5 * x + x / (exp(x) - 1.0) * (1.0 - x - x / (exp(x) - 1.0)),
)
