"""The atoms: functions that formulas are made of, one derivative rule each.

A *primitive* (``exp``, ``log``, ``where`` …) is supplied by every backend. Every other atom
is written once, as an *expansion* in primitives that is accurate where the textbook formula
cancels (``_math/special.py``), and serves NumPy, PyTorch, JAX and the kernels alike. Differentiation
treats an atom as opaque and uses its rule, which names other atoms. The *definition* is the
textbook formula: the truth that the expansion is measured against, and what ``explain`` prints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from likely._math import compound, graph, special
from likely._math.connection import Connection, Covariant, Moving, along, at, first_of
from likely._math.graph import PI, Node, exp, log, make, minimum, sign, sqrt, where

HALF_LOG_2PI = 0.5 * log(2.0 * PI)

Rule = Callable[..., tuple[Node | float, ...]]
Tangent = Callable[[Node, Sequence[Node]], Node]
Formula = Callable[..., Node]


@dataclass(frozen=True)
class Atom:
    """One function of the formula language.

    ``derivative(*arguments, out)`` gives the partial derivative for each argument; ``expansion`` is
    None for a primitive; ``definition`` is None where the name itself is the textbook's.
    ``tangent(node, slopes)`` is the derivative of an atom of any number of arguments, whose partial ones nobody wants.
    ``covariant`` and ``degrees`` are what :func:`likely._math.derive.covariant` knows of it beyond its derivative.
    """

    name: str
    derivative: Rule | None = None
    expansion: Formula | None = None
    definition: Formula | None = None
    covariant: Covariant | None = None
    #: Of each argument what it adds to the degree, per unit of a logarithm's slope: None where it must not move, and 0
    #: for the value of such a logarithm, to which the atom is proportional.
    degrees: tuple[float | None, ...] | None = None
    tangent: Tangent | None = None

    def __call__(self, *args: object) -> Node:
        return make(self.name, *args)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.expansion.__doc__ if self.expansion else None


ATOMS: dict[str, Atom] = {}


def register(
    name: str,
    derivative: Rule | None = None,
    definition: Formula | None = None,
    expansion: Formula | None = None,
    covariant: Covariant | None = None,
    degrees: tuple[float | None, ...] | None = None,
    tangent: Tangent | None = None,
) -> Atom:
    """Enter an atom into the registry under its name."""
    atom = Atom(name, derivative, expansion, definition, covariant, degrees, tangent)
    ATOMS[name] = atom
    return atom


def _register(
    name: str,
    derivative: Rule | None = None,
    definition: Formula | None = None,
    covariant: Covariant | None = None,
    degrees: tuple[float | None, ...] | None = None,
) -> Atom:
    """An atom whose expansion is the function of the same name in ``special`` or ``compound``."""
    expansion = getattr(special, name, None) or getattr(compound, name, None)
    return register(name, derivative, definition, expansion, covariant, degrees)


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
# Kernels have a shorter way where x is known to be between 0 and 1.
log1p_fraction = register(
    "log1p_fraction",
    lambda x, out: (1.0 / (1.0 + x),),
    lambda x: log(1.0 + x),
    graph.log1p,
)
sigmoid = _register(
    "sigmoid",
    lambda x, out: (out * sigmoid(-x),),
    lambda x: 1.0 / (1.0 + exp(-x)),
    along(0, at({1.0: lambda x: -sigmoid(x) * sigmoid(x)})),
)
softplus = _register("softplus", lambda x, out: (sigmoid(x),), lambda x: log(1.0 + exp(x)))
log_softplus = _register(
    "log_softplus",
    lambda x, out: (softplus_slope(x),),
    lambda x: log(log(1.0 + exp(x))),
)
softplus_slope = _register(
    "softplus_slope",
    lambda x, out: (out * softplus_bend(x),),
    lambda x: 1.0 / (1.0 + exp(-x)) / log(1.0 + exp(x)),
)
softplus_bend = _register(
    "softplus_bend",
    None,
    lambda x: 1.0 / (1.0 + exp(x)) - 1.0 / (1.0 + exp(-x)) / log(1.0 + exp(x)),
)
bose = _register("bose", lambda x, out: (-out * (1.0 + out),), lambda x: 1.0 / (exp(x) - 1.0))
log1mexp = _register("log1mexp", lambda x, out: (bose(x),), lambda x: log(1.0 - exp(-x)))

logaddexp = _register(
    "logaddexp",
    # Where both are −∞, so that the loss is infinite, neither share is NaN.
    lambda a, b, out: (
        where(out > float("-inf"), sigmoid(a - b), 0.0),
        where(out > float("-inf"), sigmoid(b - a), 0.0),
    ),
    lambda a, b: log(exp(a) + exp(b)),
)

# --- Atoms with hints. ---------------------------------------------------------------------------
#
# An argument called log_x carries the logarithm of x, which a link knows better than x does, and
# the derivative goes through it alone: a formula in which x moves by ratios has slopes in log x that
# neither overflow nor cancel, where those in x are differences of 1/x² and the like.
log1mexp_of = _register(
    "log1mexp_of",
    lambda x, log_x, out: (0.0, log1mexp_slope(x, log_x)),
    lambda x, log_x: log(1.0 - exp(-x)),
)
log1mexp_slope = _register(
    "log1mexp_slope",
    lambda x, log_x, out: (0.0, out * log1mexp_bend(minimum(x, compound.OVER))),
    lambda x, log_x: x / (exp(x) - 1.0),
)
log1mexp_bend = _register("log1mexp_bend", None, lambda x: 1.0 - x - x / (exp(x) - 1.0))
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
log_expm1_ratio = _register(
    "log_expm1_ratio",
    lambda x, log_x, out: (0.0, expm1_ratio_slope(x, log_x)),
    lambda x, log_x: log((exp(x) - 1.0) / x),
)
expm1_ratio_slope = _register(
    "expm1_ratio_slope",
    lambda x, log_x, out: (0.0, expm1_ratio_curve(x)),
    lambda x, log_x: x - 1.0 + x / (exp(x) - 1.0),
)
expm1_ratio_curve = _register(
    "expm1_ratio_curve",
    None,
    lambda x: x - x / (exp(x) - 1.0) * (x - 1.0 + x / (exp(x) - 1.0)),
)

log_sinh_ratio = _register(
    "log_sinh_ratio",
    lambda x, log_x, out: (0.0, sinh_ratio_slope(x, log_x)),
    lambda x, log_x: log((exp(0.5 * x) - exp(-0.5 * x)) / x),
)
sinh_ratio_slope = _register(
    "sinh_ratio_slope",
    lambda x, log_x, out: (0.0, sinh_ratio_curve(x)),
    lambda x, log_x: 0.5 * x - 1.0 + x / (exp(x) - 1.0),
)
sinh_ratio_curve = _register(
    "sinh_ratio_curve",
    None,
    lambda x: 0.5 * x + x / (exp(x) - 1.0) * (1.0 - x - x / (exp(x) - 1.0)),
)

# --- Remainders of logarithm and exponential. ----------------------------------------------------


def _residual_covariant(atom: Moving, gamma: Connection) -> Node | None:
    # Of x whose slope is qx: qv² − Γf, which is of order x² unless Γ = 2q.
    (x,), (slope,) = atom.args, atom.slopes
    q = 1.0 if slope is x else -1.0 if slope is -x else None
    if q is None or gamma.known != 2.0 * q:
        return None
    return -q * log1p_residual_2(x)


log1pmx = _register("log1pmx", lambda x, out: (-x / (1.0 + x),), lambda x: log(1.0 + x) - x)
log1p_residual = _register(
    "log1p_residual",
    lambda x, out: (x / (1.0 + x) / (1.0 + x),),
    lambda x: log(1.0 + x) - x / (1.0 + x),
    _residual_covariant,
)
log1p_residual_2 = _register(
    "log1p_residual_2",
    None,
    lambda x: 2.0 * log(1.0 + x) - 2.0 * x / (1.0 + x) - x / (1.0 + x) * (x / (1.0 + x)),
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
log_ratio_of = _register(
    "log_ratio_of",
    lambda x, m, d, log_x, log_m, out: (0.0, 0.0, 0.0, 1.0, -1.0),
    lambda x, m, d, log_x, log_m: log(x / m),
)
relative_entropy_of = _register(
    "relative_entropy_of",
    # m − x log m: in two parts, so that a link which makes one of them linear leaves it so.
    lambda x, m, d, log_x, log_m, out: (
        0.0,
        1.0,
        0.0,
        x * log_ratio_of(x, m, d, log_x, log_m),
        -x,
    ),
    lambda x, m, d, log_x, log_m: x * log(x / m) + m - x,
)

binomial_divergence = _register(
    # Sent through the logarithms the derivatives are those of −y log p − w log q: no term of them cancels.
    "binomial_divergence",
    lambda y, w, p, q, log_p, log_q, out: (
        log(y / (y + w)) - log_p,
        log(w / (y + w)) - log_q,
        0.0,
        0.0,
        -y,
        -w,
    ),
    lambda y, w, p, q, log_p, log_q: y * log(y / ((y + w) * p)) + w * log(w / ((y + w) * q)),
)

# --- NegativeBinomial, in log mean and log size. -------------------------------------------------


def _share(a: Node, b: Node) -> Node:
    """a/(a + b)"""
    return 1.0 / (1.0 + b / a)


def _deviance_in_1_over_size(y: Node, m: Node, s: Node, log_m: Node, log_s: Node) -> Node:
    # With δ = (y − m)/(s + m): s (2δ − 2 log(1 + δ) − δ²) + sδ² y/(s + y), of which the first outgrows the whole
    # with δ.
    delta = (y - m) / (s + m)
    near = s * log1p_residual_2((m - y) / (s + y)) + (s * delta) * (delta * _share(y, s))
    far = 2.0 * negative_binomial_deviance_size(y, m, s, log_m, log_s) + _deviance_in_size(
        y, m, s, log_m, log_s
    )
    return where(delta < 0.5, near, far)


def _deviance_in_size(y: Node, m: Node, s: Node, log_m: Node, log_s: Node) -> Node:
    delta = (y - m) / (s + m)
    return -(s * delta) * (delta * _share(s, y))


negative_binomial_deviance = _register(
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
negative_binomial_deviance_size = _register(
    "negative_binomial_deviance_size",
    lambda y, m, s, log_m, log_s, out: (
        _share(s, m) * ((y - m) / (s + y)),
        0.0,
        0.0,
        (m - y) * _share(s, m) * _share(m, s),
        negative_binomial_deviance_size_2(y, m, s),
    ),
    lambda y, m, s, log_m, log_s: s * ((y - m) / (s + m) - log((s + y) / (s + m))),
    along(4, at({1.0: _deviance_in_size, -1.0: _deviance_in_1_over_size}), (2,)),
)
negative_binomial_deviance_size_2 = _register(
    "negative_binomial_deviance_size_2",
    None,
    lambda y, m, s: (
        s * ((y - m) / (s + m) - log((s + y) / (s + m)))
        - s * s * (y - m) * (y - m) / ((s + y) * (s + m) * (s + m))
    ),
)
negative_binomial_few = _register(
    "negative_binomial_few",
    lambda y, m, s, log_m, log_s, out: (
        log(1.0 + m / s) - log_m,
        0.0,
        0.0,
        negative_binomial_slope(y, m, s, log_m, log_s),
        s * log1p_residual(m / s) - y * _share(m, s),
    ),
    lambda y, m, s, log_m, log_s: (s + y) * log(1.0 + m / s) - y * log(m),
)

# --- The same counts with variance m (1 + d), in log mean and log d; the size is s = m/d. --------


def _excess_in_dispersion(y: Node, m: Node, d: Node, log_m: Node, log_d: Node) -> Node:
    # d is m over the size.
    return -_deviance_in_1_over_size(y, m, m / d, log_m, log_m - log_d)


linear_variance_deviance = _register(
    # In log m with d held, the two slopes of NegativeBinomial are taken together on paper.
    "linear_variance_deviance",
    lambda y, m, d, log_m, log_d, out: (
        log(y / m) - log((m / d + y) / (m / d + m)),
        0.0,
        0.0,
        -linear_variance_slope(y, m, d, log_m, log_d),
        -linear_variance_excess(y, m, d, log_m, log_d),
    ),
    lambda y, m, d, log_m, log_d: y * log(y / m) - (m / d + y) * log((m / d + y) / (m / d + m)),
)
linear_variance_slope = _register(
    "linear_variance_slope",
    lambda y, m, d, log_m, log_d, out: (
        1.0 / (1.0 + y * (d / m)),
        0.0,
        0.0,
        # s log((s + y)/(s + m)) − sy/(s + y), of which the two logarithms are taken apart: for d → 0 both terms are y.
        m / d * log1p_residual(y * (d / m)) - linear_variance_zeros(m, d, log_m, log_d),
        linear_variance_cross(y, m, d, log_m, log_d),
    ),
    lambda y, m, d, log_m, log_d: m / d * log((m / d + y) / (m / d + m)),
)
linear_variance_excess = _register(
    "linear_variance_excess",
    lambda y, m, d, log_m, log_d, out: (
        (y - m) / (1.0 + d) / (m / d + y),
        0.0,
        0.0,
        linear_variance_cross(y, m, d, log_m, log_d),
        -negative_binomial_deviance_size_2(y, m, m / d),
    ),
    lambda y, m, d, log_m, log_d: (y - m) / (1.0 + d) - m / d * log((m / d + y) / (m / d + m)),
    along(4, at({1.0: _excess_in_dispersion}), (2,)),
)
linear_variance_cross = _register(
    "linear_variance_cross",
    None,
    lambda y, m, d, log_m, log_d: (
        (y - m) / (1.0 + d) / (1.0 + y * (d / m)) - m / d * log((m / d + y) / (m / d + m))
    ),
)
linear_variance_zeros = _register(
    "linear_variance_zeros",
    lambda m, d, log_m, log_d, out: (0.0, 0.0, out, -(m * (log1p_residual(d) / d))),
    lambda m, d, log_m, log_d: m / d * log(1.0 + d),
    degrees=(0.0, None, 1.0, None),
)

# --- GeneralisedPoisson, in log mean and log dispersion. -----------------------------------------


def _spread_in_dispersion(y: Node, m: Node, d: Node, log_m: Node, log_d: Node) -> Node:
    spread = generalised_poisson_spread(y, m, d, log_m, log_d)
    return -spread * (_share(d * y, m) + 2.0 * (1.0 / (1.0 + 1.0 / d)))


def _few_spread_in_dispersion(y: Node, m: Node, d: Node, log_m: Node, log_d: Node) -> Node:
    share = sigmoid(log_d)
    return -share * (share * (y + 2.0 * sigmoid(-log_d) * (y - m)))


def _few_spread_in_inverse(y: Node, m: Node, d: Node, log_m: Node, log_d: Node) -> Node:
    rest = sigmoid(-log_d)
    return sigmoid(log_d) * (y * (1.0 + rest) + 2.0 * (rest * (rest * (y - m))))


generalised_poisson_deviance = _register(
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
generalised_poisson_log_rate = _register(
    "generalised_poisson_log_rate",
    lambda y, m, d, log_m, log_d, out: (
        1.0 / (m / d + y),
        0.0,
        0.0,
        _share(m, d * y),
        (y - m) * (1.0 / (1.0 + d)) / (m / d + y),
    ),
    lambda y, m, d, log_m, log_d: log((m + d * y) / (1.0 + d)),
)
generalised_poisson_slope = _register(
    "generalised_poisson_slope",
    lambda y, m, d, log_m, log_d, out: (
        -_share(m, d * y) * _share(m, d * y),
        0.0,
        0.0,
        out * _share(d * y, m) + m * _share(m, d * y) / (1.0 + d),
        -out * ((1.0 / (1.0 + 1.0 / d)) + _share(d * y, m)),
    ),
    lambda y, m, d, log_m, log_d: m * (m - y) / ((1.0 + d) * (m + d * y)),
)
generalised_poisson_spread = _register(
    "generalised_poisson_spread",
    lambda y, m, d, log_m, log_d, out: (
        (2.0 * (y - m) / (1.0 + d) / (1.0 + d) - out) / (m / d + y),
        0.0,
        0.0,
        generalised_poisson_slope(y, m, d, log_m, log_d)
        * ((1.0 / (1.0 + 1.0 / d)) + _share(d * y, m)),
        out * (_share(m, d * y) - 2.0 * (1.0 / (1.0 + 1.0 / d))),
    ),
    lambda y, m, d, log_m, log_d: d * (y - m) * (y - m) / ((1.0 + d) * (1.0 + d) * (m + d * y)),
    along(4, at({1.0: _spread_in_dispersion}), (2,)),
)
generalised_poisson_few = _register(
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
generalised_poisson_few_spread = _register(
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

log1p_excess = _register(
    "log1p_excess",
    lambda x, log_x, out: (0.0, -log1pmx(x) / x),
    lambda x, log_x: (1.0 + x) * log(1.0 + x) / x - 1.0,
)
negative_binomial_log_zeros = _register(
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
negative_binomial_factorial = _register(
    "negative_binomial_factorial",
    lambda y, s, log_s, out: (log_factorial_error_1(y) + 0.5 / (s + y), 0.0, -0.5 * _share(y, s)),
    lambda y, s, log_s: lgamma(y + 1.0) - y * log(y) + y + 0.5 * log(1.0 + y / s),
)
#: A series: it has no formula in other atoms, and is tested against its sum.
negative_binomial_information = _register("negative_binomial_information")
negative_binomial_slope = _register(
    # Its derivative in log mean is the loss's, and has no difference that could cancel.
    "negative_binomial_slope",
    lambda y, m, s, log_m, log_s, out: (
        -_share(s, m),
        0.0,
        0.0,
        _share(s, m) * _share(m, s) * (s + y),
        (m - y) * _share(s, m) * _share(m, s),
    ),
    lambda y, m, s, log_m, log_s: (m - y) * s / (s + m),
    along(
        3,
        at(
            {
                1.0: lambda y, m, s, log_m, log_s: (
                    _share(s, m) * (y * (1.0 + _share(m, s)) - m * _share(m, s))
                ),
                -1.0: lambda y, m, s, log_m, log_s: (
                    _share(s, m) * (m * (1.0 + _share(s, m)) - y * _share(s, m))
                ),
            }
        ),
        (1,),
    ),
)

# --- Gamma, in t = log(y/mean) and log shape. ----------------------------------------------------
#
# Both functions are linear in k; only where eᵗ overflows does the derivative go through log k.


def _unless_over(t: Node, partial: Node) -> Node:
    return where(t > 700.0, 0.0, partial)


def _if_over(t: Node, partial: Node) -> Node:
    return where(t > 700.0, partial, 0.0)


gamma_deviance = _register(
    "gamma_deviance",
    lambda t, k, log_k, out: (
        gamma_slope(t, k, log_k),
        _unless_over(t, expm1mx(t)),
        _if_over(t, out),
    ),
    lambda t, k, log_k: k * (exp(t) - 1.0 - t),
    degrees=(None, 0.0, 1.0),
)
gamma_slope = _register(
    "gamma_slope",
    lambda t, k, log_k, out: (
        gamma_exponential(t, k),
        _unless_over(t, graph.expm1(t)),
        _if_over(t, out),
    ),
    lambda t, k, log_k: k * (exp(t) - 1.0),
    along(0, at({1.0: lambda t, k, log_k: k})),
    (None, 0.0, 1.0),
)

gamma_exponential = _register(
    "gamma_exponential", lambda t, k, out: (out, exp(t)), lambda t, k: k * exp(t)
)

# --- StudentT, in the residual d, log scale and log df; q = z² = (d/scale)². -----------------------
#
# Every slope is a product of the shares n/(n + q) and q/(n + q), which stay in range where q does not.
student_kernel = _register(
    "student_kernel",
    lambda d, s, n, log_s, log_n, out: (
        (n + 1.0) * student_pull(d, s, n, log_s, log_n),
        0.0,
        0.0,
        student_scale(d, s, n, log_s, log_n),
        0.5 * student_df(d, s, n, log_s, log_n),
    ),
    lambda d, s, n, log_s, log_n: log(s) + 0.5 * (n + 1.0) * log(1.0 + d * d / (n * s * s)),
)


def _moving_residual(form: Formula) -> Covariant:
    """The rule of an atom of d = y − m that moves with m: m times the pull, the smaller of which underflows, is one."""

    def covariant(atom: Moving, gamma: Connection) -> Node | None:
        if not atom.alone(0):
            return None
        pull = student_pull(*atom.args) * atom.slopes[0]
        return form(pull, *atom.args) - gamma.node * atom.node

    return covariant


def _student_pull_covariant(atom: Moving, gamma: Connection) -> Node | None:
    # Far from y the loss is linear in log m, of d = y − m, and near it in m.
    d, s, n, *_ = atom.args
    if d.op != "subtract" or atom.slopes[0] is not -d.args[1] or not atom.alone(0):
        return None
    y, m = d.args
    form = at({-1.0: lambda *args: student_pull_in_log(y, m, d, s, n) / m})
    return form(*atom.args, atom.node, atom.slope, gamma)


student_pull = _register(
    "student_pull",
    lambda d, s, n, log_s, log_n, out: (
        student_pull_slope(d, s, n),
        0.0,
        0.0,
        -2.0 * out * student_near(d, s, n),
        -out * student_near(d, s, n),
    ),
    lambda d, s, n, log_s, log_n: d / (n * s * s + d * d),
    _student_pull_covariant,
)


def _student_scale_in_square(d: Node, s: Node, n: Node, log_s: Node, log_n: Node) -> Node:
    # With many df the loss is linear in 1/s², but for its logarithm.
    near, far = student_near(d, s, n), student_far(d, s, n)
    return 2.0 * (near + far * (near - n * far))


student_scale = _register(
    "student_scale",
    lambda d, s, n, log_s, log_n, out: (
        -2.0 * ((n + 1.0) * student_near(d, s, n)) * student_pull(d, s, n, log_s, log_n),
        0.0,
        0.0,
        2.0 * ((n + 1.0) * student_near(d, s, n)) * student_far(d, s, n),
        out * student_far(d, s, n),
    ),
    lambda d, s, n, log_s, log_n: n * (s * s - d * d) / (n * s * s + d * d),
    first_of(
        along(3, at({-2.0: _student_scale_in_square}), (1,)),
        _moving_residual(
            lambda pull, d, s, n, log_s, log_n: -2.0 * ((n + 1.0) * student_near(d, s, n)) * pull
        ),
    ),
)
student_df = _register(
    "student_df",
    lambda d, s, n, log_s, log_n, out: (
        -2.0 * student_scale(d, s, n, log_s, log_n) * student_pull(d, s, n, log_s, log_n),
        0.0,
        0.0,
        2.0 * student_scale(d, s, n, log_s, log_n) * student_far(d, s, n),
        student_df_2(d, s, n, log_s, log_n),
    ),
    lambda d, s, n, log_s, log_n: (
        n * log(1.0 + d * d / (n * s * s)) - (n + 1.0) * d * d / (n * s * s + d * d)
    ),
    first_of(
        along(
            4,
            at({-1.0: lambda d, s, n, log_s, log_n: student_df_bend(d, s, n, log_s, log_n)}),
            (2,),
        ),
        _moving_residual(
            lambda pull, d, s, n, log_s, log_n: -2.0 * student_scale(d, s, n, log_s, log_n) * pull
        ),
    ),
)
student_df_bend = _register(
    # The second derivative of the kernel in 1/n, over n².
    "student_df_bend",
    None,
    lambda d, s, n, log_s, log_n: (
        2.0 * n * log(1.0 + d * d / (n * s * s))
        - 2.0 * n * student_far(d, s, n)
        - (n + 1.0) * student_far(d, s, n) * student_far(d, s, n)
    ),
)
student_pull_in_log = _register(
    "student_pull_in_log",
    None,
    lambda x, m, d, s, n: (
        m * (n * s * s * (d - m) + d * d * x) / ((n * s * s + d * d) * (n * s * s + d * d))
    ),
)
student_near = _register("student_near", None, lambda d, s, n: n * s * s / (n * s * s + d * d))
student_far = _register("student_far", None, lambda d, s, n: d * d / (n * s * s + d * d))
student_pull_slope = _register(
    "student_pull_slope",
    None,
    lambda d, s, n: (n * s * s - d * d) / ((n * s * s + d * d) * (n * s * s + d * d)),
)
student_df_2 = _register(
    "student_df_2",
    None,
    lambda d, s, n, log_s, log_n: (
        n * log(1.0 + d * d / (n * s * s))
        - n * student_far(d, s, n) * (1.0 + student_far(d, s, n))
        + student_near(d, s, n) * student_far(d, s, n)
    ),
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
stirling = _register(
    "stirling",
    lambda x, log_x, out: (0.0, stirling_slope(x, log_x)),
    lambda x, log_x: lgamma(x) - (x - 0.5) * log(x) + x - HALF_LOG_2PI,
)
stirling_slope = _register(
    "stirling_slope",
    lambda x, log_x, out: (0.0, stirling_curve(x, log_x)),
    lambda x, log_x: x * (digamma(x) - log(x)) + 0.5,
    along(1, at({-1.0: lambda x, log_x: stirling_bend(x, log_x)}), (0,)),
)
stirling_curve = _register(
    "stirling_curve",
    None,
    lambda x, log_x: x * (digamma(x) - log(x)) + x * x * trigamma(x) - x,
)

stirling_bend = _register(
    # The second derivative in 1/x, over x².
    "stirling_bend",
    None,
    lambda x, log_x: 2.0 * x * (digamma(x) - log(x)) + x * x * trigamma(x) - x + 0.5,
)

stirling_of_sum = _register(
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


stirling_above_half = _register(
    # S(a + ½), in log a.
    "stirling_above_half",
    lambda a, log_a, out: (0.0, stirling_above_half_slope(a, log_a)),
    lambda a, log_a: lgamma(a + 0.5) - a * log(a + 0.5) + a + 0.5 - HALF_LOG_2PI,
)
stirling_above_half_slope = _register(
    "stirling_above_half_slope",
    lambda a, log_a, out: (0.0, stirling_above_half_curve(a, log_a)),
    lambda a, log_a: a * (digamma(a + 0.5) - log(a + 0.5) + 0.5 / (a + 0.5)),
    along(1, at({-1.0: _above_half_bend}), (0,)),
)
stirling_above_half_curve = _register(
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


stirling_of_sum_slope = _register(
    "stirling_of_sum_slope",
    lambda y, s, log_s, out: (
        s * stirling_error_2(s + y),
        0.0,
        stirling_of_sum_curve(y, s),
    ),
    lambda y, s, log_s: s * (digamma(s + y) - log(s + y) + 0.5 / (s + y)),
    along(2, at({-1.0: _stirling_of_sum_bend}), (1,)),
)
stirling_of_sum_curve = _register(
    "stirling_of_sum_curve",
    None,
    lambda y, s: (
        s * (digamma(s + y) - log(s + y) + 0.5 / (s + y))
        + s * s * (trigamma(s + y) - 1.0 / (s + y) - 0.5 / ((s + y) * (s + y)))
    ),
)

# Γ(x + y)/(Γ(y) Γ(1 + x)), the product of 1 + x/i over i from 1 to y − 1, in log x.
rising_excess = _register(
    "rising_excess",
    lambda y, x, log_x, out: (digamma(x + y) - digamma(y), 0.0, rising_slope(y, x, log_x)),
    lambda y, x, log_x: lgamma(x + y) - lgamma(y) - lgamma(1.0 + x),
)
rising_slope = _register(
    "rising_slope",
    lambda y, x, log_x, out: (x * trigamma(x + y), 0.0, rising_curve(y, x, log_x)),
    lambda y, x, log_x: x * (digamma(x + y) - digamma(1.0 + x)),
)
rising_curve = _register(
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
rising_bend = _register(
    "rising_bend",
    None,
    lambda y, x: (
        x * (digamma(x + y) - digamma(1.0 + x))
        + 3.0 * x * x * (trigamma(x + y) - trigamma(1.0 + x))
        + x * x * x * (tetragamma(x + y) - tetragamma(1.0 + x))
    ),
)

urn_error = _register(
    "urn_error",
    lambda y, s, log_s, out: (
        log_factorial_error_1(y) + 0.5 / (s + y) - stirling_error_1(s + y),
        0.0,
        urn_error_slope(y, s, log_s),
    ),
    lambda y, s, log_s: (
        lgamma(y + 1.0) + lgamma(s) - lgamma(s + y)
        + (s + y) * log(s + y) - s * log(s) - y * log(y)
    ),
)  # fmt: skip
urn_error_slope = _register(
    "urn_error_slope",
    lambda y, s, log_s, out: (
        s / (s + y) - s * trigamma(s + y),
        0.0,
        urn_error_curve(y, s, log_s),
    ),
    lambda y, s, log_s: s * (digamma(s) - digamma(s + y) + log(s + y) - log(s)),
)
urn_error_curve = _register(
    "urn_error_curve",
    None,
    lambda y, s, log_s: (
        s * (digamma(s) - digamma(s + y) + log(s + y) - log(s))
        + s * s * (trigamma(s) - trigamma(s + y) + 1.0 / (s + y) - 1.0 / s)
    ),
)

# NegativeBinomial's deviance at mean m = np and size s = kp, in log p and log k: a part of a composition.
urn_deviance = _register(
    "urn_deviance",
    lambda y, p, n, k, log_p, log_n, log_k, out: (
        log(y / (n * p)) - log((k * p + y) / (k * p + n * p)),
        0.0,
        0.0,
        0.0,
        urn_deviance_share(y, p, n, k, log_p, log_n, log_k),
        (n * p - y) * _share(k, n),
        urn_deviance_size(y, p, n, k, log_p, log_n, log_k),
    ),
    lambda y, p, n, k, log_p, log_n, log_k: (
        y * log(y / (n * p)) - (k * p + y) * log((k * p + y) / (k * p + n * p))
    ),
)
urn_deviance_size = _register(
    "urn_deviance_size",
    lambda y, p, n, k, log_p, log_n, log_k, out: (
        (y - n * p) / (k + n) * (k / (k * p + y)),
        0.0,
        0.0,
        0.0,
        urn_deviance_cross(y, p, n, k, log_p, log_n, log_k),
        -_share(k, n) * _share(n, k) * (y - n * p),
        negative_binomial_deviance_size_2(y, n * p, k * p),
    ),
    lambda y, p, n, k, log_p, log_n, log_k: (
        k * ((y - n * p) / (k + n)) - k * p * log((k * p + y) / (k * p + n * p))
    ),
)
urn_deviance_share = _register(
    "urn_deviance_share",
    lambda y, p, n, k, log_p, log_n, log_k, out: (
        -k * p / (k * p + y),
        0.0,
        0.0,
        0.0,
        out + k * p * _share(y, k * p),
        k * p * _share(n, k),
        urn_deviance_cross(y, p, n, k, log_p, log_n, log_k),
    ),
    lambda y, p, n, k, log_p, log_n, log_k: -k * p * log((k * p + y) / (k * p + n * p)),
)
urn_deviance_cross = _register(
    "urn_deviance_cross",
    None,
    lambda y, p, n, k, log_p, log_n, log_k: (
        k * p * (k * (y - n * p) / ((k * p + y) * (k + n)) - log((k * p + y) / (k * p + n * p)))
    ),
)

# Beta's constant: −log B(μφ, (1 − μ)φ) less Stirling's formula, with p = μ, q = 1 − μ.
beta_stirling = _register(
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
beta_stirling_slope = _register(
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
beta_stirling_cross = _register(
    # Where n is tiny this is −pn log pn. As p + q = 1, what p n log n does to the slope is undone by q n log n.
    "beta_stirling_cross",
    None,
    lambda p, n, log_p, log_n: (
        p * n * (digamma(p * n) - log(p * n))
        + p * n * (p * n) * trigamma(p * n)
        - p * n
        + where(n < compound.FEW, p * n * log_n, 0.0)
    ),
)
beta_stirling_curve = _register(
    "beta_stirling_curve",
    None,
    lambda p, q, n, log_p, log_q, log_n: (
        stirling_curve(n, log_n)
        - stirling_curve(p * n, log_p + log_n)
        - stirling_curve(q * n, log_q + log_n)
    ),
)
log_factorial_error_1 = _register(
    "log_factorial_error_1", None, lambda y: digamma(y + 1.0) - log(y)
)
log_factorial_error = _register(
    "log_factorial_error",
    lambda y, out: (log_factorial_error_1(y),),
    lambda y: lgamma(y + 1.0) - y * log(y) + y,
)
count_error = _register(
    "count_error",
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
    lambda x, out: (-out * mills_gap(x),),
    lambda x: exp(-0.5 * x * x - HALF_LOG_2PI) / ndtr(x),
)
mills_gap = _register(
    "mills_gap",
    lambda x, out: (mills_variance(x),),
    lambda x: x + exp(-0.5 * x * x - HALF_LOG_2PI) / ndtr(x),
)
mills_variance = _register(
    "mills_variance",
    lambda x, out: (mills_third(x),),
    lambda x: 1.0 - inverse_mills(x) * (x + inverse_mills(x)),
)
mills_third = _register(
    "mills_third",
    None,
    lambda x: inverse_mills(x) * (mills_gap(x) * mills_gap(x) - mills_variance(x)),
)
log_mills = _register(
    "log_mills",
    lambda x, out: (mills_gap(x),),
    lambda x: log(ndtr(x)) + 0.5 * x * x + HALF_LOG_2PI,
)
log_ndtr = _register(
    "log_ndtr",
    lambda x, out: (inverse_mills(x),),
    # Far right no number of digits recovers the tail from Φ.
    lambda x: where(x > 0.0, graph.log1p(-ndtr(-x)), log(ndtr(x))),
)
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
    "betainccinv",
)
for _name in SCIPY_ONLY:
    _register(_name)
ndtri, gammainc, gammaincc, gammaincinv, gammainccinv = (ATOMS[n] for n in SCIPY_ONLY[:5])
betainc, betaincc, betaincinv, stdtr, stdtrit, betainccinv = (ATOMS[n] for n in SCIPY_ONLY[5:])
_register("erfc")


whole_before = _register("whole_before", None, lambda x, scale: -graph.floor(-x) - 1.0)


def xlogy(x: object, y: object) -> Node:
    """x·log(y), and 0 where x = 0."""
    x = graph.as_node(x)
    return where(graph.equal(x, 0.0), 0.0, x * log(y))


def cauchit_quantile(p: object) -> Node:
    """tan(π(p − ½)), the inverse of ½ + arctan(x)/π."""
    return make("tan", PI * (graph.as_node(p) - 0.5))


#: The y-th entry of a vector: what a density over classes selects.
pick = _register("pick")
