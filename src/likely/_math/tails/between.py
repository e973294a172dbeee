"""log(F(a + g) − F(a)) of four distribution functions: the probability between two thresholds.

In coordinates (a, log g), with b = a + g, Δ = F(b) − F(a), density f and k = (log f)′:

- ∂ log Δ/∂a = S = (f(b) − f(a))/Δ and ∂ log Δ/∂log g = T = g f(b)/Δ
- ∂T/∂a = ∂S/∂log g = T (k(b) − S) and ∂T/∂log g = T (g k(b) − (T − 1))

A narrow interval (g → 0) is where the textbook's differences lose all digits: T → 1 and S → k. There
1/T − 1 is the mean of f(b − t)/f(b) − 1 over 0 < t < g, by Gauss and Legendre's rule, in which no
large numbers are subtracted.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

from likely._math.atoms import (
    HALF_LOG_2PI,
    Atom,
    erfcx,
    expm1mx,
    inverse_mills,
    log1mexp,
    log1mexp_bend,
    log1mexp_of,
    log1mexp_slope,
    log_ndtr,
    mills_gap,
    ndtr,
    register,
    sigmoid,
    softplus,
)
from likely._math.graph import (
    Expression,
    Node,
    abs_,
    as_node,
    exp,
    expm1,
    log,
    log1p,
    polynomial,
    sqrt,
    where,
)
from likely._math.quadrature import EVEN

Formula = Callable[..., Node]
#: Below it a function that is 0 at 0 is its first power: divided by a width of 0, too, that leaves its slope.
_FIRST = 2.0**-54


def _mean(integrand: Callable[[Node], Node], width: Expression) -> Node:
    """The mean of a function over (0, width)."""
    return reduce(add, (w * integrand(x * width) for x, w in EVEN))


def _both(first: Node, second: Node) -> Node:
    return where(first, second, first)


def _vanishing(weight: Node, size: Any) -> Node:
    """Their product, of which nothing is left where the weight is 0, though the size be beyond all numbers."""
    return where(weight > 0.0, weight * size, 0.0)


# --- The logistic distribution: Δ = σ(b) σ(−a) (1 − e⁻ᵍ). ----------------------------------------

#: x/2·coth(x/2) − 1 = x²·(1/12 − x²/720 + …): Bernoulli's numbers over factorials.
_COTH = (
    1.0 / 12.0,
    -1.0 / 720.0,
    1.0 / 30240.0,
    -1.0 / 1209600.0,
    1.0 / 47900160.0,
    -691.0 / 1307674368000.0,
    1.0 / 74724249600.0,
)


def _bell(x: Expression) -> Node:
    """σ(x) σ(−x), the logistic density."""
    return sigmoid(x) * sigmoid(-x)


def _half_tanh(x: Expression) -> Node:
    """tanh(x/2)"""
    e = expm1(-abs_(x))
    return where(x < 0.0, e, -e) / (2.0 + e)


def _logistic(a: Expression, g: Expression, log_g: Expression) -> Node:
    return log1mexp_of(g, log_g) - softplus(-(a + g)) - softplus(a)


def _logistic_slope(a: Expression, g: Expression, log_g: Expression) -> Node:
    b, s = a + g, 2.0 * a + g  # σ(−b) − σ(a) = −(eˢ − 1) σ(−a) σ(−b), s = a + b
    right = s > 0.0
    size = sigmoid(where(right, a, -a)) * sigmoid(where(right, b, -b)) * expm1(-abs_(s))
    # On the left e^s − 1 is itself expm1(−|s|).
    return where(right, size, -size)


def _logistic_edge(a: Expression, g: Expression, log_g: Expression) -> Node:
    return _vanishing(sigmoid(-(a + g)), g) + log1mexp_slope(g, log_g)


def _logistic_edge_bend(a: Expression, g: Expression, log_g: Expression) -> Node:
    narrow = -0.5 * g * _half_tanh(a + g) - g * g * polynomial(g * g, _COTH)
    wide = 1.0 - log1mexp_slope(g, log_g) - g * sigmoid(a + g)
    return _logistic_edge(a, g, log_g) * where(g < 0.5, narrow, wide)


# --- The normal distribution. --------------------------------------------------------------------


def _normal_narrow(a: Expression, g: Expression) -> Node:
    return _both(g < 1.0, g * abs_(a + 0.5 * g) < 0.7)


def _normal_excess(a: Expression, g: Expression) -> Node:
    """1/T − 1 of a narrow interval."""
    b = a + g
    return _mean(lambda t: expm1(t * (b - 0.5 * t)), g)


class _Wide:
    """A wide interval, seen from its edge nearer to the mode: the inner of the two.

    Φ(b) − Φ(a) = Φ(inner)·(1 − e⁻ᴰ) in the tail where both are small, D = log Φ(inner) − log Φ(outer).
    """

    def __init__(self, a: Expression, g: Expression) -> None:
        b = a + g
        self.right = a + 0.5 * g > 0.0
        self.middle = g * abs_(a + 0.5 * g)
        self.inner = where(self.right, -a, b)
        outer = where(self.right, -b, a)
        ratio = erfcx(-self.inner / sqrt(2.0)) / erfcx(-outer / sqrt(2.0))
        drop = where(
            self.inner < 0.0,
            self.middle + log(ratio),
            log_ndtr(self.inner) - log_ndtr(outer),
        )
        # Beside an edge beyond all numbers nobody sees it.
        self.drop = where(self.inner > float("-inf"), drop, 1.0)
        self.mills = inverse_mills(self.inner)
        #: φ(inner)/Δ and g times that
        self.share = self.mills / -expm1(-self.drop)
        self.weight = g * self.share
        self.log_ratio = log(ratio)
        self.width = g

    @property
    def lag(self) -> Node:
        """How far inside the inner edge the mean lies, in the tail: as if there were no outer one, less what that cuts.

        What is cut goes with ∫ (x + φ/Φ) dx from the outer to the inner edge, the logarithm of the ratio above.
        """
        tail = where(self.inner < 0.0, self.inner, -1.0)
        close = self.width < 0.1
        rise = self.width * _mean(lambda t: mills_gap(tail - t), where(close, self.width, 0.0))
        cut = -expm1(-where(close, rise, self.log_ratio))
        return mills_gap(tail) - self.share * (exp(-self.middle) * cut)


def _normal(a: Expression, g: Expression, log_g: Expression) -> Node:
    b, wide = a + g, _Wide(a, g)
    narrow = log_g - HALF_LOG_2PI - 0.5 * b * b + log1p(_normal_excess(a, g))
    return where(_normal_narrow(a, g), narrow, log_ndtr(wide.inner) + log1mexp(wide.drop))


def _normal_edge(a: Expression, g: Expression, log_g: Expression) -> Node:
    wide = _Wide(a, g)
    far = where(wide.right, _vanishing(exp(-wide.middle), wide.weight), wide.weight)
    return where(_normal_narrow(a, g), 1.0 / (1.0 + _normal_excess(a, g)), far)


def _normal_slope(a: Expression, g: Expression, log_g: Expression) -> Node:
    wide = _Wide(a, g)
    far = wide.share * expm1(-wide.middle)
    middle = a + 0.5 * g
    rise = where(wide.middle < _FIRST, middle, expm1(g * middle) / g)
    near = -(_normal_edge(a, g, log_g) * rise)
    return where(_normal_narrow(a, g), near, where(wide.right, far, -far))


def _normal_slope_bend(a: Expression, g: Expression, log_g: Expression) -> Node:
    """∂S/∂a, the variance between the thresholds less 1."""
    wide, slope = _Wide(a, g), _normal_slope(a, g, log_g)
    near = where(wide.right, -(a + g), a)  # the outer edge, mirrored to the left
    slope = where(wide.right, -slope, slope)
    outside = where(wide.inner < 0.0, wide.lag - g, near + slope)  # from the outer edge to the mean
    two_sided = -wide.weight - slope * outside
    one_sided = -inverse_mills(wide.inner) * mills_gap(wide.inner)
    # a + S is b + S less g, and b + S the mean of t under the density.
    edge = _normal_edge(a, g, log_g)
    narrow = -edge + _normal_slope(a, g, log_g) * (g - edge * _first_moment(a, g))
    # φ(outer)/φ(inner) is e to the minus middle: then the outer edge no longer counts.
    far = where(wide.middle < 60.0, two_sided, one_sided)
    return where(_normal_narrow(a, g), narrow, far)


def _first_moment(a: Expression, g: Expression) -> Node:
    """The mean of t·φ(b − t)/φ(b) over 0 < t < g."""
    b = a + g
    return _mean(lambda t: t * exp(t * (b - 0.5 * t)), g)


def _normal_cross(a: Expression, g: Expression, log_g: Expression) -> Node:
    """∂T/∂a = −T (b + S); narrow, b + S is the mean of t under the density."""
    edge, wide = _normal_edge(a, g, log_g), _Wide(a, g)
    tail = where(wide.right, g - wide.lag, wide.lag)
    far = where(wide.inner < 0.0, tail, a + g + _normal_slope(a, g, log_g))
    return -edge * where(_normal_narrow(a, g), edge * _first_moment(a, g), far)


def _normal_edge_bend(a: Expression, g: Expression, log_g: Expression) -> Node:
    b, edge = a + g, _normal_edge(a, g, log_g)
    excess = _normal_excess(a, g)
    narrow = edge * (excess / (1.0 + excess) - g * b)
    # The product with T first: T is 0 where g·b overflows.
    return where(_normal_narrow(a, g), narrow, edge * (1.0 - edge) - g * (edge * b))


# --- The distribution of the complementary log-log link: F(x) = 1 − exp(−eˣ). --------------------


class _Gompertz:
    """x = eᵇ − eᵃ, with Δ = exp(−eᵃ)·(1 − e⁻ˣ), and its derivatives in log g."""

    def __init__(self, a: Node, b: Node, g: Expression, log_g: Expression) -> None:
        self.b, self.start = b, exp(a)
        self.x = -exp(b) * expm1(-g)
        self.log_x = b + log1mexp_of(g, log_g)
        self.gone = self.x > 750.0  # e⁻ˣ is 0
        self.slope = where(self.gone, 0.0, log1mexp_slope(self.x, self.log_x))  # x/(eˣ − 1)
        self.bend = where(self.gone, 0.0, log1mexp_bend(self.x))
        self.moves = g + log1mexp_slope(g, log_g)  # ∂log x/∂log g = g/(1 − e⁻ᵍ)
        self.narrow = _both(g < 0.5, g * abs_(expm1(b)) < 0.7)
        self.width = g

    def ratio(self, t: Node) -> Node:
        """f(b − t)/f(b) − 1"""
        return expm1(-expm1(self.b) * expm1(-t) - expm1mx(-t))

    @property
    def log_difference(self) -> Node:
        """log Δ"""
        # Beside a start beyond all numbers nobody sees the rest.
        return where(self.start < float("inf"), log1mexp_of(self.x, self.log_x), 0.0) - self.start

    @property
    def pull(self) -> Node:
        """S"""
        lift, width = expm1(self.b), as_node(self.width)
        first = lift - 0.5 * width
        rise = where(width + width * abs_(lift) < _FIRST, first, self.ratio(width) / width)
        near = -self.slope * self.moves * rise
        return where(self.narrow, near, self.slope - self.start)

    @property
    def pull_bend(self) -> Node:
        """∂S/∂a"""
        return self.slope * self.bend - self.start


def _complementary(a: Expression, g: Expression, log_g: Expression) -> _Gompertz:
    return _Gompertz(a.node, a + g, g, log_g)


def _gompertz(a: Expression, g: Expression, log_g: Expression) -> Node:
    return _complementary(a, g, log_g).log_difference


def _gompertz_edge(a: Expression, g: Expression, log_g: Expression) -> Node:
    d = _complementary(a, g, log_g)
    return _vanishing(d.slope, d.moves)


def _gompertz_slope(a: Expression, g: Expression, log_g: Expression) -> Node:
    return _complementary(a, g, log_g).pull


def _gompertz_slope_bend(a: Expression, g: Expression, log_g: Expression) -> Node:
    return _complementary(a, g, log_g).pull_bend


def _gompertz_cross(a: Expression, g: Expression, log_g: Expression) -> Node:
    d = _complementary(a, g, log_g)
    return d.slope * d.moves * d.bend


def _gompertz_edge_bend(a: Expression, g: Expression, log_g: Expression) -> Node:
    d = _complementary(a, g, log_g)
    edge = d.slope * d.moves
    excess = _mean(d.ratio, g)
    narrow = edge * (excess / (1.0 + excess) - g * expm1(d.b))
    more = g + log1mexp_slope(g, log_g) * log1mexp_bend(g)
    return where(d.narrow, narrow, edge * d.bend * d.moves + d.slope * more)


# --- That of the log-log link, F(x) = exp(−e^(−x)): the same from above, but for derivatives in log g at a. -


class _Gumbel:
    """T = S₁ g/(eᵍ − 1) + g e^(−b), where S₁ is x/(eˣ − 1) from −b to −a."""

    def __init__(self, a: Expression, g: Expression, log_g: Expression) -> None:
        self.b = a + g
        self.turned = _Gompertz(-self.b, -a, g, log_g)
        self.moves = log1mexp_slope(g, log_g)
        self.tail = _vanishing(exp(-self.b), g)
        self.edge = self.turned.slope * self.moves + self.tail
        self.narrow = _both(g < 0.5, g * abs_(expm1(-self.b)) < 0.7)

    def ratio(self, t: Node) -> Node:
        """f(b − t)/f(b) − 1"""
        return expm1(-expm1(-self.b) * expm1(t) - expm1mx(t))


def _gumbel(a: Expression, g: Expression, log_g: Expression) -> Node:
    return _Gumbel(a, g, log_g).turned.log_difference


def _gumbel_slope(a: Expression, g: Expression, log_g: Expression) -> Node:
    return -_Gumbel(a, g, log_g).turned.pull


def _gumbel_slope_bend(a: Expression, g: Expression, log_g: Expression) -> Node:
    return _Gumbel(a, g, log_g).turned.pull_bend


def _gumbel_edge(a: Expression, g: Expression, log_g: Expression) -> Node:
    return _Gumbel(a, g, log_g).edge


def _gumbel_cross(a: Expression, g: Expression, log_g: Expression) -> Node:
    d = _Gumbel(a, g, log_g)
    return -d.turned.slope * d.turned.bend * d.moves - d.tail


def _gumbel_edge_bend(a: Expression, g: Expression, log_g: Expression) -> Node:
    d = _Gumbel(a, g, log_g)
    excess = _mean(d.ratio, g)
    narrow = d.edge * (excess / (1.0 + excess) + g * expm1(-d.b))
    moved = d.turned.slope * d.moves * (d.turned.bend * d.moves + log1mexp_bend(g))
    return where(d.narrow, narrow, moved + d.tail * (1.0 - g))


def gumbel_beside(a: Expression, g: Expression, log_g: Expression) -> Node:
    """S + 1, which is as small as e^(−a) far right, where the density falls like that; up to ∞ for an infinite g."""
    d = _Gumbel(a, g, log_g).turned
    return where(d.x < 1.0, d.x + d.bend, 1.0 - d.slope) + d.start


# --- The atoms, with the textbook's differences as their definitions. ----------------------------


def _density(x: Node) -> Node:
    return exp(-0.5 * x * x - HALF_LOG_2PI)


def _survival(x: Node) -> Node:
    return exp(-exp(x))


def _textbook(cdf: Callable[[Node], Node], density: Callable[[Node], Node]) -> Callable[..., Node]:
    """S, where Δ may be the difference of two survival functions."""
    return lambda a, g, log_g: (density(a + g) - density(a)) / abs_(cdf(a + g) - cdf(a))


def _textbook_edge(
    cdf: Callable[[Node], Node], density: Callable[[Node], Node]
) -> Callable[..., Node]:
    return lambda a, g, log_g: g * density(a + g) / abs_(cdf(a + g) - cdf(a))


def _log_difference(cdf: Callable[[Node], Node]) -> Callable[..., Node]:
    return lambda a, g, log_g: log(abs_(cdf(a + g) - cdf(a)))


def _logistic_cdf(x: Node) -> Node:
    return 1.0 / (1.0 + exp(-x))


def _logistic_density(x: Node) -> Node:
    return _logistic_cdf(x) * (1.0 - _logistic_cdf(x))


def _gompertz_density(x: Node) -> Node:
    return exp(x - exp(x))


def _cross_of_logistic(a: Node, g: Node, log_g: Node, out: Node) -> tuple[Node | float, ...]:
    cross = -g * _bell(a + g)
    return cross, 0.0, logistic_between_edge_bend(a, g, log_g)


logistic_between_edge_bend = register("logistic_between_edge_bend", expansion=_logistic_edge_bend)
logistic_between_edge = register(
    "logistic_between_edge",
    _cross_of_logistic,
    _textbook_edge(_logistic_cdf, _logistic_density),
    _logistic_edge,
)
logistic_between_slope = register(
    "logistic_between_slope",
    lambda a, g, log_g, out: (-_bell(a + g) - _bell(a), 0.0, -g * _bell(a + g)),
    _textbook(_logistic_cdf, _logistic_density),
    _logistic_slope,
)
logistic_between = register(
    "logistic_between",
    lambda a, g, log_g, out: (
        logistic_between_slope(a, g, log_g),
        0.0,
        logistic_between_edge(a, g, log_g),
    ),
    _log_difference(_logistic_cdf),
    _logistic,
)


def _register(name: str, parts: tuple[Formula, ...], cdf: Formula, density: Formula) -> Atom:
    """log Δ and its derivatives, from the expansions of log Δ, S, T, ∂S/∂a, ∂T/∂a and ∂T/∂log g."""
    value, slope, edge, slope_bend, cross, edge_bend = parts
    bend = register(f"{name}_edge_bend", expansion=edge_bend)
    both = register(f"{name}_cross", expansion=cross)
    twice = register(f"{name}_slope_bend", expansion=slope_bend)
    second = register(
        f"{name}_edge",
        lambda a, g, log_g, out: (both(a, g, log_g), 0.0, bend(a, g, log_g)),
        _textbook_edge(cdf, density),
        edge,
    )
    first = register(
        f"{name}_slope",
        lambda a, g, log_g, out: (twice(a, g, log_g), 0.0, both(a, g, log_g)),
        _textbook(cdf, density),
        slope,
    )
    return register(
        name,
        lambda a, g, log_g, out: (first(a, g, log_g), 0.0, second(a, g, log_g)),
        _log_difference(cdf),
        value,
    )


normal_between = _register(
    "normal_between",
    (_normal, _normal_slope, _normal_edge, _normal_slope_bend, _normal_cross, _normal_edge_bend),
    ndtr,
    _density,
)
gompertz_between = _register(
    "gompertz_between",
    (
        _gompertz,
        _gompertz_slope,
        _gompertz_edge,
        _gompertz_slope_bend,
        _gompertz_cross,
        _gompertz_edge_bend,
    ),
    _survival,
    _gompertz_density,
)
gumbel_between = _register(
    "gumbel_between",
    (_gumbel, _gumbel_slope, _gumbel_edge, _gumbel_slope_bend, _gumbel_cross, _gumbel_edge_bend),
    lambda x: exp(-exp(-x)),
    lambda x: exp(-x - exp(-x)),
)

#: How the logistic distribution's survival function falls over a narrow interval, log σ(−a − g) − log σ(−a).
logistic_fall = register(
    "logistic_between_fall",
    lambda a, g, log_g, out: (-exp(logistic_between(a, g, log_g)), 0.0, -g * sigmoid(a + g)),
    lambda a, g, log_g: log(1.0 + exp(a)) - log(1.0 + exp(a + g)),
    lambda a, g, log_g: -log1p(sigmoid(a) * expm1(g)),
)

#: log(F(a + g) − F(a)) by the link whose inverse F is.
BETWEEN: dict[str, Atom] = {
    "logit": logistic_between,
    "probit": normal_between,
    "cloglog": gompertz_between,
    "loglog": gumbel_between,
}
