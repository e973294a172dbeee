"""The atoms: functions that formulas are made of, one derivative rule each.

A *primitive* (``exp``, ``log``, ``where`` …) is supplied by every backend. Every other atom
is written once, as an *expansion* in primitives that is accurate where the textbook formula
cancels (``_math/special.py``), and serves NumPy, PyTorch, JAX and the kernels alike. Differentiation
treats an atom as opaque and uses its rule, which names other atoms. The *definition* is the
textbook formula: the truth that the expansion is measured against, and what ``explain`` prints.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from likely._math import compound, graph, special
from likely._math.graph import PI, Node, exp, log, make, sign, sqrt, where

HALF_LOG_2PI = 0.5 * log(2.0 * PI)

Rule = Callable[..., tuple[Node | float, ...]]
Formula = Callable[..., Node]


@dataclass(frozen=True)
class Atom:
    """One function of the formula language.

    ``derivative(*arguments, out)`` gives the partial derivative for each argument; ``expansion`` is
    None for a primitive; ``definition`` is None where the name itself is the textbook's.
    """

    name: str
    derivative: Rule | None = None
    expansion: Formula | None = None
    definition: Formula | None = None

    def __call__(self, *args: object) -> Node:
        return make(self.name, *args)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.expansion.__doc__ if self.expansion else None


ATOMS: dict[str, Atom] = {}


def _register(name: str, derivative: Rule | None = None, definition: Formula | None = None) -> Atom:
    """An atom whose expansion is the function of the same name in ``special`` or ``compound``."""
    expansion = getattr(special, name, None) or getattr(compound, name, None)
    atom = Atom(name, derivative, expansion, definition)
    ATOMS[name] = atom
    return atom


# --- Primitives: every backend supplies the value, here are the rules. ---------------------------
_register("add", lambda a, b, out: (1.0, 1.0))
_register("subtract", lambda a, b, out: (1.0, -1.0))
_register("multiply", lambda a, b, out: (b, a))
_register("divide")  # derive.py has its own rule: the quotient's tangent keeps its scale
_register("negative", lambda a, out: (-1.0,))
_register("where", lambda c, a, b, out: (0.0, where(c, 1.0, 0.0), where(c, 0.0, 1.0)))
_register("exp", lambda x, out: (out,))
_register("expm1", lambda x, out: (exp(x),))
_register("log", lambda x, out: (1.0 / x,))
_register("log1p", lambda x, out: (1.0 / (1.0 + x),))
_register("sqrt", lambda x, out: (0.5 / out,))
_register("abs", lambda x, out: (sign(x),))
_register("sign", lambda x, out: (0.0,))
_register("floor", lambda x, out: (0.0,))
_register("maximum", lambda a, b, out: (where(b <= a, 1.0, 0.0), where(b <= a, 0.0, 1.0)))
_register("minimum", lambda a, b, out: (where(a <= b, 1.0, 0.0), where(a <= b, 0.0, 1.0)))
_register("tan", lambda x, out: (1.0 + out * out,))
_register("arctan2", lambda a, b, out: (b / (a * a + b * b), -a / (a * a + b * b)))
_register("less", lambda a, b, out: (0.0, 0.0))
_register("less_equal", lambda a, b, out: (0.0, 0.0))
_register("equal", lambda a, b, out: (0.0, 0.0))

# --- The logistic function and its logarithms. ---------------------------------------------------
sigmoid = _register(
    "sigmoid", lambda x, out: (out * sigmoid(-x),), lambda x: 1.0 / (1.0 + exp(-x))
)
softplus = _register("softplus", lambda x, out: (sigmoid(x),), lambda x: log(1.0 + exp(x)))
log_softplus = _register(
    "log_softplus",
    # σ(x)/softplus(x); e⁻ˣ-fold underflow on the left is avoided by taking logarithms.
    lambda x, out: (exp(-softplus(-x) - out),),
    lambda x: log(log(1.0 + exp(x))),
)
log1mexp = _register(
    "log1mexp", lambda x, out: (1.0 / graph.expm1(x),), lambda x: log(1.0 - exp(-x))
)

# --- Remainders of logarithm and exponential. ----------------------------------------------------
log1pmx = _register("log1pmx", lambda x, out: (-x / (1.0 + x),), lambda x: log(1.0 + x) - x)
log1p_residual = _register(
    "log1p_residual",
    lambda x, out: (x / (1.0 + x) / (1.0 + x),),
    lambda x: log(1.0 + x) - x / (1.0 + x),
)
expm1mx = _register("expm1mx", lambda x, out: (graph.expm1(x),), lambda x: exp(x) - 1.0 - x)
scaled_log1p = _register(
    "scaled_log1p",
    lambda x, n, out: (1.0 / (1.0 + x / n), log1p_residual(x / n)),
    lambda x, n: n * log(1.0 + x / n),
)
log_ratio = _register(
    # d = x − m is a hint that carries the digits; the derivative goes through x and m.
    "log_ratio",
    lambda x, m, d, out: (1.0 / x, -1.0 / m, 0.0),
    lambda x, m, d: log(x / m),
)
relative_entropy_term = _register(
    "relative_entropy_term",
    lambda x, m, d, out: (log_ratio(x, m, d), -d / m, 0.0),
    lambda x, m, d: x * log(x / m) + m - x,
)
negative_binomial_deviance_1 = _register(
    "negative_binomial_deviance_1",
    lambda y, m, s, out: (
        (y - m) / (s + y) / (s + m),
        (m - y) / (s + m) / (s + m),
        -(y - m) * ((y - m) / (s + y)) / (s + m) / (s + m),
    ),
    lambda y, m, s: (y - m) / (s + m) - log((s + y) / (s + m)),
)
negative_binomial_deviance = _register(
    "negative_binomial_deviance",
    lambda y, m, s, out: (
        log(y / m) - log((s + y) / (s + m)),
        (m - y) / (1.0 + m / s) / m,
        negative_binomial_deviance_1(y, m, s),
    ),
    lambda y, m, s: y * log(y / m) - (s + y) * log((s + y) / (s + m)),
)

# --- The gamma function, through the error of Stirling's formula. --------------------------------
stirling_error_3 = _register(
    "stirling_error_3", None, lambda x: tetragamma(x) + 1.0 / (x * x) + 1.0 / (x * x * x)
)
stirling_error_2 = _register(
    "stirling_error_2",
    lambda x, out: (stirling_error_3(x),),
    lambda x: trigamma(x) - 1.0 / x - 0.5 / (x * x),
)
stirling_error_1 = _register(
    "stirling_error_1",
    lambda x, out: (stirling_error_2(x),),
    lambda x: digamma(x) - log(x) + 0.5 / x,
)
stirling_error = _register(
    "stirling_error",
    lambda x, out: (stirling_error_1(x),),
    lambda x: lgamma(x) - (x - 0.5) * log(x) + x - HALF_LOG_2PI,
)
log_factorial_error_1 = _register(
    "log_factorial_error_1", None, lambda y: digamma(y + 1.0) - log(y)
)
log_factorial_error = _register(
    "log_factorial_error",
    lambda y, out: (log_factorial_error_1(y),),
    lambda y: lgamma(y + 1.0) - y * log(y) + y,
)
tetragamma = _register("tetragamma")
trigamma = _register("trigamma", lambda x, out: (tetragamma(x),))
digamma = _register("digamma", lambda x, out: (trigamma(x),))
lgamma = _register("lgamma", lambda x, out: (digamma(x),))

# --- The normal distribution function. -----------------------------------------------------------
ndtr = _register(
    "ndtr",
    lambda x, out: (exp(-0.5 * x * x - HALF_LOG_2PI),),
    lambda x: 0.5 * make("erfc", -x / sqrt(2.0)),
)
inverse_mills = _register(
    "inverse_mills",
    lambda x, out: (-out * (x + out),),
    lambda x: exp(-0.5 * x * x - HALF_LOG_2PI) / ndtr(x),
)
log_ndtr = _register("log_ndtr", lambda x, out: (inverse_mills(x),), lambda x: log(ndtr(x)))
erfcx = _register(
    "erfcx",
    lambda x, out: (2.0 * x * out - 2.0 / sqrt(PI),),
    lambda x: exp(x * x) * make("erfc", x),
)

# --- Distribution functions that SciPy supplies: values only, on NumPy. --------------------------
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
)
for _name in SCIPY_ONLY:
    _register(_name)
ndtri, gammainc, gammaincc, gammaincinv, gammainccinv = (ATOMS[n] for n in SCIPY_ONLY[:5])
betainc, betaincc, betaincinv, stdtr, stdtrit = (ATOMS[n] for n in SCIPY_ONLY[5:])
_register("erfc")


def xlogy(x: object, y: object) -> Node:
    """x·log(y), and 0 where x = 0."""
    x = graph.as_node(x)
    return where(graph.equal(x, 0.0), 0.0, x * log(y))



def cauchit_quantile(p: object) -> Node:
    """tan(π(p − ½)), the inverse of ½ + arctan(x)/π."""
    return make("tan", PI * (graph.as_node(p) - 0.5))


#: The y-th entry of a vector: what a density over classes selects.
pick = _register("pick")
