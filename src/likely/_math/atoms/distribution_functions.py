"""Distribution functions that SciPy supplies, values only, on NumPy; and what takes no derivative."""

from __future__ import annotations

from likely._math.atoms.registry import ATOMS, register_named
from likely._math.graph import PI, Node, as_node, equal, floor, log, make, where

SCIPY_ONLY = (
    "ndtri",
    "gammainc",
    "gammaincc",
    "gammaincinv",
    "gammainccinv",
    "betainc",
    "betaincc",
    "betaincinv",
    "stdtr",
    "stdtrit",
    "betainccinv",
)
for _name in SCIPY_ONLY:
    register_named(_name)
ndtri, gammainc, gammaincc, gammaincinv, gammainccinv = (ATOMS[n] for n in SCIPY_ONLY[:5])
betainc, betaincc, betaincinv, stdtr, stdtrit, betainccinv = (ATOMS[n] for n in SCIPY_ONLY[5:])
register_named("erfc")

#: I_x(a, b) of a, b, x and 1 − x, and 1 − I_x(a, b): values only, on NumPy (``_math/incomplete_beta.py``).
beta_share = register_named("beta_share")
beta_upper = register_named("beta_upper")

whole_before = register_named("whole_before", None, lambda x, scale: -floor(-x) - 1.0)


def xlogy(x: object, y: object) -> Node:
    """x·log(y), and 0 where x = 0."""
    x = as_node(x)
    return where(equal(x, 0.0), 0.0, x * log(y))


def cauchit_quantile(p: object) -> Node:
    """tan(π(p − ½)), the inverse of ½ + arctan(x)/π."""
    return make("tan", PI * (as_node(p) - 0.5))


#: The y-th entry of a vector: what a density over classes selects.
pick = register_named("pick")
