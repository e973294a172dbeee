"""The densities and links as a textbook prints them: the independent half of every comparison.

Nothing here is shared with ``likely.families`` or ``likely.links``, and nothing is stable:
cancellation is met with digits, in ``truth.py``. The formulas are traced, so that derivatives
follow from the rules of the elementary functions; ``tests/math/test_atom_rules.py``
holds those rules to ``mpmath.diff``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from likely._math.atoms.bessel import bessel_i0, bessel_i1
from likely._math.atoms.circle import cos
from likely._math.graph import (
    PI,
    Node,
    abs_,
    arctan2,
    exp,
    expm1,
    log,
    log1p,
    make,
    sqrt,
    where,
)
from oracles import com_poisson
from oracles.compound import gamma_amounts


def lgamma(x: Any) -> Node:
    return make("lgamma", x)


def digamma(x: Any) -> Node:
    return make("digamma", x)


def trigamma(x: Any) -> Node:
    return make("trigamma", x)


#: Euler's constant, −ψ(1), with as many digits as are asked for.
EULER = -make("digamma", 1.0)


@dataclass(frozen=True)
class Probability:
    """λ and 1 − λ, each by its own formula: no digits recover 1 − λ from λ = 1 − e^(−e³⁰⁰)."""

    value: Node
    complement: Node

    @property
    def log(self) -> Node:
        return where(self.value < 0.5, log(self.value), log1p(-self.complement))

    @property
    def log1m(self) -> Node:
        return where(self.complement < 0.5, log(self.complement), log1p(-self.value))


# --- Densities. ----------------------------------------------------------------------------------


def normal(y, loc, scale):
    return -log(sqrt(2.0 * PI) * scale) - (y - loc) * (y - loc) / (2.0 * scale * scale)


def laplace(y, loc, scale):
    return -log(2.0 * scale) - abs_(y - loc) / scale


def student_t(y, loc, scale, df):
    z = (y - loc) / scale
    return (
        lgamma((df + 1.0) / 2.0)
        - lgamma(df / 2.0)
        - log(df * PI) / 2.0
        - log(scale)
        - (df + 1.0) / 2.0 * log(1.0 + z * z / df)
    )


def logistic(y, loc, scale):
    z = (y - loc) / scale
    return -z - log(scale) - 2.0 * log(1.0 + exp(-z))


def gumbel(y, loc, scale):
    z = (y - loc) / scale
    return -z - exp(-z) - log(scale)


def box_cox_inverse(z, shape):
    """log(1 + ξz)/ξ; at ξ = 0 its series, as far as three derivatives need it."""
    series = z - shape * z**2 / 2.0 + shape**2 * z**3 / 3.0 - shape**3 * z**4 / 4.0
    return where(make("equal", shape, 0.0), series, log(1.0 + shape * z) / shape)


def generalised_pareto(y, scale, shape):
    z = y / scale
    inside = -log(scale) - (1.0 + shape) * box_cox_inverse(z, shape)
    return where(1.0 + shape * z > 0.0, inside, -float("inf"))


def generalised_extreme_value(y, loc, scale, shape):
    z = (y - loc) / scale
    t = box_cox_inverse(z, shape)
    inside = -log(scale) - (1.0 + shape) * t - exp(-t)
    return where(1.0 + shape * z > 0.0, inside, -float("inf"))


def von_mises(y, loc, concentration):
    bessel = bessel_i0(concentration)
    return concentration * cos(y - loc) - log(2.0 * PI * bessel)


def log_normal(y, loc, scale):
    return normal(log(y), loc, scale) - log(y)


def weibull(y, scale, shape):
    return log(shape / y) + shape * log(y / scale) - exp(shape * log(y / scale))


def log_logistic(y, scale, shape):
    return log(shape / y) + shape * log(y / scale) - 2.0 * log(1.0 + exp(shape * log(y / scale)))


def inverse_gaussian(y, mean, shape):
    return log(shape / (2.0 * PI * y * y * y)) / 2.0 - shape * (y - mean) * (y - mean) / (
        2.0 * mean * mean * y
    )


def log_normal_cdf(x):
    """log Φ(x); far left by its asymptotic series, of which the next term is a share of 1e-197."""
    far = x < -1e20
    below = where(far, x, -1.0)
    v = 1.0 / (below * below)
    series = 1.0 - v + 3.0 * v**2 - 15.0 * v**3 + 105.0 * v**4
    left = -below * below / 2.0 - log(-below * sqrt(2.0 * PI)) + log(series)
    return where(far, left, log(make("ndtr", where(far, 0.0, x))))


def skew_normal(y, loc, scale, skewness):
    z = (y - loc) / scale
    return log(2.0) + normal(y, loc, scale) + log_normal_cdf(skewness * z)


def generalised_gamma(y, loc, scale, shape):
    """At shape 0 its series, as far as three derivatives need it."""
    w = (log(y) - loc) / scale
    none = make("equal", shape, 0.0)
    q = where(none, 1.0, shape)
    n = 1.0 / (q * q)
    inside = log(abs_(q)) - lgamma(n) + n * log(n) + n * (q * w - exp(q * w))
    series = shape * w**3 / 6.0 + shape**2 * (w**4 / 24.0 + 1.0 / 12.0) + shape**3 * w**5 / 120.0
    at_0 = -log(2.0 * PI) / 2.0 - w * w / 2.0 - series
    return where(none, at_0, inside) - log(scale) - log(y)


def johnson_su(y, loc, scale, skewness, tail):
    u = (y - loc) / scale
    z = tail * (skewness + log(u + sqrt(u * u + 1.0)))
    return log(tail / scale) - log(2.0 * PI * (1.0 + u * u)) / 2.0 - z * z / 2.0


def geometric(y, mean):
    return y * log(mean) - (y + 1.0) * log(1.0 + mean)


def asymmetric_laplace(y, loc, scale, level):
    below = level.complement * (loc - y) / scale
    above = level.value * (y - loc) / scale
    return level.log + level.log1m - log(scale) - where(y < loc, below, above)


def gamma(y, mean, shape):
    rate = shape / mean
    return shape * log(rate) - lgamma(shape) + (shape - 1.0) * log(y) - rate * y


def tweedie(y, mean, dispersion, power):
    """Of ``power`` the excess over 1, as a probability."""
    shape = power.complement / power.value
    number = exp(power.complement * log(mean)) / (dispersion * power.complement)
    log_rate = -log(dispersion * power.value) - power.value * log(mean)
    zero = make("equal", y, 0.0)
    positive = where(zero, 1.0, y)
    log_z = log(number) + shape * (log_rate + log(positive))
    amounts = log(gamma_amounts(log_z, shape)) - exp(log_rate) * positive - log(positive)
    return where(zero, 0.0, amounts) - number


def exponential(y, mean):
    return -log(mean) - y / mean


def beta(y, mean, precision):
    a, b = mean.value * precision, mean.complement * precision
    return lgamma(a + b) - lgamma(a) - lgamma(b) + (a - 1.0) * log(y) + (b - 1.0) * log(1.0 - y)


def bernoulli(y, probs):
    return y * probs.log + (1.0 - y) * probs.log1m


def poisson(y, mean):
    return y * log(mean) - mean - lgamma(y + 1.0)


def generalised_poisson(y, mean, dispersion):
    rate, branch = mean / (1.0 + dispersion), dispersion / (1.0 + dispersion)
    total = rate + branch * y
    return log(rate) + (y - 1.0) * log(total) - total - lgamma(y + 1.0)


def conway_maxwell_poisson(y, mean, nu):
    rate, total = com_poisson.log_rate(mean, nu), com_poisson.log_total(mean, nu)
    return y * rate - nu * lgamma(y + 1.0) - total


def negative_binomial(y, mean, size):
    return (
        lgamma(y + size)
        - lgamma(size)
        - lgamma(y + 1.0)
        + size * (log(size) - log(size + mean))
        + y * (log(mean) - log(size + mean))
    )


def negative_binomial_1(y, mean, dispersion):
    size = mean / dispersion
    return (
        lgamma(y + size)
        - lgamma(size)
        - lgamma(y + 1.0)
        - size * log(1.0 + dispersion)
        + y * (log(dispersion) - log(1.0 + dispersion))
    )


def softmax_cross_entropy(raw: Sequence[Node], y: int) -> Node:
    total = exp(raw[0])
    for r in raw[1:]:
        total = total + exp(r)
    return log(total) - raw[y]


def ordinal(raw: Sequence[Node], y: int, link: str) -> Node:
    """−log[F(θ_y − loc) − F(θ_{y−1} − loc)], from whichever tail has more of its digits."""
    loc, first, *gaps = raw
    edges = [first - loc]
    for gap in gaps:
        edges.append(edges[-1] + exp(gap))
    f = UNIT_LINKS[link]
    if y == 0:
        return -f(edges[0]).log
    if y == len(edges):
        return -f(edges[-1]).log1m
    low, high = f(edges[y - 1]), f(edges[y])
    lower, upper = high.value - low.value, low.complement - high.complement
    outside = low.value + high.complement
    inside = log(where(low.value < 0.5, lower, upper))
    return -where(outside < 0.5, log1p(-outside), inside)


#: The loss of a family over classes: (raw, y, the name of its first link) → a node.
CLASSES: dict[str, Callable[[Sequence[Node], int, str], Node]] = {
    "Categorical": lambda raw, y, link: softmax_cross_entropy(raw, y),
    "Ordinal": ordinal,
}
#: Raw columns that are locations; those of any other kind are logarithms.
LOCATIONS = {"Ordinal": 2}


# --- Fisher information of the parameters, {(i, j): entry} by position; zeros left out. ----------


def normal_information(loc, scale):
    return {(0, 0): 1.0 / (scale * scale), (1, 1): 2.0 / (scale * scale)}


def laplace_information(loc, scale):
    return {(0, 0): 1.0 / (scale * scale), (1, 1): 1.0 / (scale * scale)}


def student_t_information(loc, scale, df):
    # Lange, Little and Taylor (1989), appendix B.
    return {
        (0, 0): (df + 1.0) / (df + 3.0) / (scale * scale),
        (1, 1): 2.0 * df / (df + 3.0) / (scale * scale),
        (1, 2): -2.0 / ((df + 1.0) * (df + 3.0) * scale),
        (2, 2): (
            trigamma(df / 2.0)
            - trigamma((df + 1.0) / 2.0)
            - 2.0 * (df + 5.0) / (df * (df + 1.0) * (df + 3.0))
        )
        / 4.0,
    }


def logistic_information(loc, scale):
    return {(0, 0): 1.0 / (3.0 * scale * scale), (1, 1): (3.0 + PI * PI) / (9.0 * scale * scale)}


def gumbel_information(loc, scale):
    return {
        (0, 0): 1.0 / (scale * scale),
        (0, 1): -(1.0 - EULER) / (scale * scale),
        (1, 1): (PI * PI / 6.0 + (1.0 - EULER) * (1.0 - EULER)) / (scale * scale),
    }


def weibull_information(scale, shape):
    return {
        (0, 0): shape * shape / (scale * scale),
        (0, 1): -(1.0 - EULER) / scale,
        (1, 1): (PI * PI / 6.0 + (1.0 - EULER) * (1.0 - EULER)) / (shape * shape),
    }


def log_logistic_information(scale, shape):
    return {
        (0, 0): shape * shape / (3.0 * scale * scale),
        (1, 1): (3.0 + PI * PI) / (9.0 * shape * shape),
    }


def inverse_gaussian_information(mean, shape):
    return {(0, 0): shape / (mean * mean * mean), (1, 1): 1.0 / (2.0 * shape * shape)}


def generalised_poisson_information(mean, dispersion):
    mixed = 2.0 * mean * dispersion**2 / ((1.0 + dispersion) ** 2 * (mean + 2.0 * dispersion))
    return {
        (0, 0): 1.0 / (mean * (1.0 + dispersion) ** 2) + mixed / mean**2,
        (0, 1): -mixed / (mean * dispersion),
        (1, 1): mixed / dispersion**2,
    }


def conway_maxwell_poisson_information(mean, nu):
    # Huang (2017), section 3.
    v, c, w = (com_poisson.moment(mean, nu, *powers) for powers in ((2, 0), (1, 1), (0, 2)))
    return {(0, 0): 1.0 / v, (1, 1): w - c * c / v}


def von_mises_information(loc, concentration):
    ratio = bessel_i1(concentration) / bessel_i0(concentration)
    return {
        (0, 0): concentration * ratio,
        (1, 1): 1.0 - ratio / concentration - ratio * ratio,
    }


def geometric_information(mean):
    return {(0, 0): 1.0 / (mean * (1.0 + mean))}


def asymmetric_laplace_information(loc, scale, level):
    p, q = level.value, level.complement
    return {
        (0, 0): p * q / (scale * scale),
        (1, 1): 1.0 / (scale * scale),
        (0, 2): -1.0 / scale,
        (1, 2): (p - q) / (p * q * scale),
        (2, 2): 1.0 / (p * p) + 1.0 / (q * q),
    }


def gamma_information(mean, shape):
    return {(0, 0): shape / (mean * mean), (1, 1): trigamma(shape) - 1.0 / shape}


def exponential_information(mean):
    return {(0, 0): 1.0 / (mean * mean)}


def beta_information(mean, precision):
    p, q = mean.value, mean.complement
    ta, tb = trigamma(p * precision), trigamma(q * precision)
    return {
        (0, 0): precision * precision * (ta + tb),
        (0, 1): precision * (p * ta - q * tb),
        (1, 1): p * p * ta + q * q * tb - trigamma(precision),
    }


def bernoulli_information(probs):
    return {(0, 0): 1.0 / (probs.value * probs.complement)}


def poisson_information(mean):
    return {(0, 0): 1.0 / mean}


# --- Links: raw → θ, on the positive numbers and the line; raw → (λ, 1 − λ) on (0, 1). ------------

LINKS: dict[str, Callable[[Node], Node]] = {
    "identity": lambda r: r,
    "log": exp,
    "softplus": lambda r: log1p(exp(r)),
    "square": lambda r: r * r,
    "inverse": lambda r: 1.0 / r,
    "inverse_squared": lambda r: 1.0 / sqrt(r),
    "wrap": lambda r: r,
    "half_tangent": lambda r: 2.0 * arctan2(r, 1.0),
}

UNIT_LINKS: dict[str, Callable[[Node], Probability]] = {
    "identity": lambda r: Probability(r, 1.0 - r),
    "log": lambda r: Probability(exp(r), -expm1(r)),
    "logit": lambda r: Probability(1.0 / (1.0 + exp(-r)), 1.0 / (1.0 + exp(r))),
    "logit_of_excess": lambda r: Probability(1.0 / (1.0 + exp(-r)), 1.0 / (1.0 + exp(r))),
    "probit": lambda r: Probability(make("ndtr", r), make("ndtr", -r)),
    "cloglog": lambda r: Probability(-expm1(-exp(r)), exp(-exp(r))),
    "loglog": lambda r: Probability(exp(-exp(-r)), -expm1(-exp(-r))),
    "cauchit": lambda r: Probability(0.5 + arctan2(r, 1.0) / PI, 0.5 - arctan2(r, 1.0) / PI),
}


# --- The table. ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Textbook:
    """A family: its density, the information where it is in closed form, and where y lies.

    ``information`` takes θ; where only that of the complete data has a closed form, ``complete`` takes y and θ.
    ``unit`` holds the positions of parameters in (0, 1); ``alternatives`` the parameter's position
    and its value from the alternative's. ``centre`` gives (mean or middle, spread) of y
    from θ, in floats. ``kink`` gives, for a family whose slope in y jumps or saturates, the y
    about which it does so and how narrowly; NaN for none. ``end`` gives the terms whose sum is the end of
    a support that the parameters decide.
    """

    log_density: Callable[..., Node]
    information: Callable[..., dict[tuple[int, int], Node]] | None
    centre: Callable[..., tuple[float, float]]
    unit: tuple[int, ...] = ()
    alternatives: dict[str, tuple[int, Callable[[Node], Node]]] | None = None
    kink: Callable[..., tuple[float, float]] | None = None
    end: Callable[..., tuple[float, ...]] | None = None
    complete: Callable[..., dict[tuple[int, int], Node]] | None = None
    #: Of a family whose truth takes long: the most digits that a point may need, and the largest |raw| of
    #: each parameter that is looked at.
    digits: int = 4000
    reach: tuple[float, ...] | None = None


def _narrow(scale: float, shape: float) -> tuple[float, float]:
    return scale, scale / shape


FAMILIES: dict[str, Textbook] = {
    "Normal": Textbook(
        normal,
        normal_information,
        lambda loc, scale: (loc, scale),
        alternatives={"variance": (1, sqrt)},
    ),
    "Laplace": Textbook(
        laplace,
        laplace_information,
        lambda loc, scale: (loc, scale),
        kink=lambda loc, scale: (loc, 0.0),
    ),
    "AsymmetricLaplace": Textbook(
        asymmetric_laplace,
        asymmetric_laplace_information,
        lambda loc, scale, level: (loc, scale),
        unit=(2,),
        kink=lambda loc, scale, level: (loc, 0.0),
    ),
    "StudentT": Textbook(
        student_t,
        student_t_information,
        lambda loc, scale, df: (loc, scale),
        kink=lambda loc, scale, df: (loc, scale * df**0.5),
    ),
    "Logistic": Textbook(
        logistic,
        logistic_information,
        lambda loc, scale: (loc, scale),
        kink=lambda loc, scale: (loc, scale),
    ),
    "Gumbel": Textbook(
        gumbel,
        gumbel_information,
        lambda loc, scale: (loc, scale),
        kink=lambda loc, scale: (loc, scale),
    ),
    "VonMises": Textbook(von_mises, von_mises_information, lambda loc, k: (loc, k**-0.5)),
    "LogNormal": Textbook(log_normal, normal_information, lambda loc, scale: (loc, scale)),
    "Weibull": Textbook(
        weibull, weibull_information, lambda scale, k: (scale, scale / k), kink=_narrow
    ),
    "LogLogistic": Textbook(
        log_logistic, log_logistic_information, lambda scale, k: (scale, scale / k), kink=_narrow
    ),
    "GeneralisedPareto": Textbook(
        generalised_pareto,
        None,
        lambda scale, shape: (scale, scale),
        end=lambda scale, shape: (-scale / shape if shape < 0.0 else float("inf"),),
    ),
    "GeneralisedExtremeValue": Textbook(
        generalised_extreme_value,
        None,
        lambda loc, scale, shape: (loc, scale),
        end=lambda loc, scale, shape: (loc, -scale / shape if shape else float("inf")),
    ),
    "InverseGaussian": Textbook(
        inverse_gaussian, inverse_gaussian_information, lambda m, k: (m, m * (m / k) ** 0.5)
    ),
    "JohnsonSU": Textbook(
        johnson_su,
        None,
        lambda loc, scale, skew, tail: (loc, scale),
        kink=lambda loc, scale, skew, tail: (loc, scale),
    ),
    "SkewNormal": Textbook(
        skew_normal,
        None,
        lambda loc, scale, skewness: (loc, scale),
        kink=lambda loc, scale, skewness: (loc, scale),
    ),
    "GeneralisedGamma": Textbook(generalised_gamma, None, lambda loc, scale, shape: (loc, scale)),
    "Geometric": Textbook(geometric, geometric_information, lambda m: (m, m**0.5 * (1 + m) ** 0.5)),
    "Gamma": Textbook(gamma, gamma_information, lambda m, k: (m, m / k**0.5)),
    "Tweedie": Textbook(
        tweedie,
        None,
        lambda m, d, p: (m, d**0.5 * m ** (0.5 * p)),
        unit=(2,),
        digits=120,
        reach=(37.5, 37.5, 25.0),
    ),
    "Exponential": Textbook(
        exponential,
        exponential_information,
        lambda m: (m, m),
        alternatives={"rate": (0, lambda rate: 1.0 / rate)},
    ),
    "Beta": Textbook(
        beta, beta_information, lambda m, k: (m, (m * (1 - m) / (1 + k)) ** 0.5), unit=(0,)
    ),
    "Bernoulli": Textbook(bernoulli, bernoulli_information, lambda p: (p, 0.5), unit=(0,)),
    "Poisson": Textbook(poisson, poisson_information, lambda m: (m, m**0.5)),
    "GeneralisedPoisson": Textbook(
        generalised_poisson,
        generalised_poisson_information,
        lambda m, d: (m, m**0.5 * (1 + d)),
    ),
    "ConwayMaxwellPoisson": Textbook(
        conway_maxwell_poisson,
        conway_maxwell_poisson_information,
        lambda m, n: (m, min((m + 1.0) / n, m * (1.0 + m)) ** 0.5),
        alternatives={"dispersion": (1, lambda dispersion: 1.0 / dispersion)},
        digits=200,
        reach=(300.0, 300.0),
    ),
    "NegativeBinomial": Textbook(
        negative_binomial, None, lambda m, s: (m, m**0.5 * (1 + m / s) ** 0.5)
    ),
    "NegativeBinomial1": Textbook(
        negative_binomial_1, None, lambda m, d: (m, m**0.5 * (1 + d) ** 0.5)
    ),
}
