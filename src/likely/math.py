"""The functions that a family's ``log_density`` is written in.

Each works on y, on parameters and on what is computed from them; NumPy's and math's own do not, because a
formula is traced once and then runs everywhere.
"""

from likely._math.atoms import (
    digamma,
    expm1mx,
    lbeta,
    lgamma,
    log1mexp,
    log1pmx,
    log_mills,
    log_ndtr,
    ndtr,
    ndtri,
    relative_entropy_term,
    scaled_log1p,
    sigmoid,
    softplus,
    stirling_error,
    trigamma,
    xlogy,
)
from likely._math.graph import PI as pi  # noqa: N811
from likely._math.graph import abs_ as abs
from likely._math.graph import (
    arctan2,
    equal,
    exp,
    expm1,
    floor,
    log,
    log1p,
    maximum,
    minimum,
    sign,
    sqrt,
    where,
)

__all__ = [
    "abs",
    "arctan2",
    "digamma",
    "equal",
    "exp",
    "expm1",
    "expm1mx",
    "floor",
    "lbeta",
    "lgamma",
    "log",
    "log1mexp",
    "log1p",
    "log1pmx",
    "log_mills",
    "log_ndtr",
    "maximum",
    "minimum",
    "ndtr",
    "ndtri",
    "pi",
    "relative_entropy_term",
    "scaled_log1p",
    "sigmoid",
    "sign",
    "softplus",
    "sqrt",
    "stirling_error",
    "trigamma",
    "where",
    "xlogy",
]
