"""NegativeBinomial, in log mean and log size."""

from __future__ import annotations

from collections.abc import Iterator

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
    where,
)
from likely._math.special.constants import HALF_LOG_2PI, LOG_2
from likely._math.special.gamma_function import stirling_above
from likely._math.special.logistic import softplus
from likely._math.special.remainders import atanh_tail, relative_entropy_of_halves


def _share(a: Expression, b: Expression) -> Node:
    """a/(a + b), by a reciprocal that b has as well."""
    return a * (1.0 / (a + b))


def _of_sums(y: Expression, m: Expression, s: Expression) -> tuple[Node, Node]:
    """(s + y)/(s + m), and whether it is 2²⁰⁰ times that: of a mean and a size next to 0 it is beyond all numbers."""
    by, total = 1.0 / (s + m), s + y
    beyond = total * by > 1e280
    return (total * where(beyond, 2.0**-200, 1.0)) * by, beyond


def _pull(y: Expression, m: Expression, s: Expression) -> Node:
    """(m − y) s/(s + m), where the share may be below all numbers before it meets a mean that is as far above 1."""
    by = 1.0 / (s + m)
    share = s * by
    return where(share < 1e-290, s * ((m - y) * by), (m - y) * share)


def negative_binomial_deviance(
    y: Expression, m: Expression, s: Expression, log_m: Expression, log_s: Expression
) -> Node:
    """y log(y/m) − (s + y) log((s + y)/(s + m)): half the unit deviance of NegativeBinomial.

    Written as the relative entropy of the split (y, s) of s + y against the split (m, s): two terms
    that cannot be negative, so nothing cancels for m ≪ s (Poisson) nor for s ≪ m.
    """
    ratio, beyond = _of_sums(y, m, s)
    d = _pull(y, m, s)
    # The second term is the derivative in log s: a kernel that needs both computes it once.
    split_of_size = negative_binomial_deviance_size(y, m, s, log_m, log_s)
    of_mean = m * where(beyond, 2.0**200, 1.0) * ratio
    return relative_entropy_of_halves(y, of_mean, -d) + split_of_size


def negative_binomial_log_zeros(
    m: Expression, s: Expression, log_m: Expression, log_s: Expression
) -> Node:
    """log(s log(1 + m/s)): the logarithm of −log p(0) of NegativeBinomial."""
    return log_s + log(log1p(m / s))


def negative_binomial_split(
    y: Expression, m: Expression, s: Expression
) -> tuple[Node, Node, Node, Node]:
    """Of r = (y − m)/(s + m): whether it is near 0, 2 atanh v less 2v and v (v = r/(2 + r)), log(1 + r).

    The logarithm is that of (s + y)/(s + m), which keeps its digits for r near −1 and for r → ∞.
    """
    by = 1.0 / (s + m)
    r = (y - m) * by
    v = r / (2.0 + r)
    near = abs_(v) < 0.2
    tail = 2.0 * atanh_tail(where(near, v, 0.0))
    ratio, beyond = _of_sums(y, m, s)
    return near, tail, v, log(ratio) + where(beyond, 200.0 * LOG_2, 0.0)


def negative_binomial_deviance_size(
    y: Expression, m: Expression, s: Expression, log_m: Expression, log_s: Expression
) -> Node:
    """Its derivative in log s: s (r − log(1 + r)) with r = (y − m)/(s + m)."""
    near, tail, v, logarithm = negative_binomial_split(y, m, s)
    d = -_pull(y, m, s)  # s r, in range for s so large that the square of r is not
    return where(near, d * v - s * tail, d - s * logarithm)


def negative_binomial_deviance_size_2(y: Expression, m: Expression, s: Expression) -> Node:
    """Its second derivative in log s.

    s (r − log(1 + r)) − s²r²/(s + y), where far from r = 0 the two rational terms are taken together.
    """
    near, tail, v, logarithm = negative_binomial_split(y, m, s)
    to_s, to_m = _share(s, m), _share(m, s)
    to_s_of_y = _share(s, y)
    d = -_pull(y, m, s)
    close = d * v - s * tail - d * (d * (1.0 / (s + y)))
    far = d * (to_s_of_y * to_s + to_m * (1.0 + to_s_of_y)) - s * logarithm
    return where(near, close, far)


def log1p_of_ratio(m: Expression, s: Expression, log_m: Expression, log_s: Expression) -> Node:
    """log(1 + m/s), where m/s may be beyond all numbers"""
    ratio = m / s
    return where(ratio > 1e300, log_m - log_s, log1p(ratio))


def negative_binomial_few(
    y: Expression, m: Expression, s: Expression, log_m: Expression, log_s: Expression
) -> Node:
    """(s + y) log(1 + m/s) − y log m: all of the loss for the counts 0 and 1."""
    return (s + y) * log1p_of_ratio(m, s, log_m, log_s) - y * log_m


def negative_binomial_factorial(y: Expression, s: Expression, log_s: Expression) -> Node:
    """lgamma(y + 1) − y log y + y + ½ log(1 + y/s), y ≥ 1: one logarithm for two."""
    # For small s y/s may overflow.
    small = s < 1.0
    wide = log(where(small, y * (s + y), y * (1.0 + y / s))) - where(small, log_s, 0.0)
    return stirling_above(y) + (0.5 * wide + HALF_LOG_2PI)


def negative_binomial_information(
    m: Expression, s: Expression, log_m: Expression, log_s: Expression
) -> Node:
    r"""The expected information on log s, for a mean m.

    The series :math:`s^2 \sum_{k \ge 2} \frac{p^k}{k} B(k, s)` with p = m/(s + m), whose terms are all
    positive, is the integral

    .. math:: s p^2 \int_0^1 (1 - v)^s\, \psi(p v)\, \mathrm{d}v, \quad
              \psi(u) = \frac{1}{u^2} \Bigl(\frac{u}{1 - u} + \log(1 - u)\Bigr),

    and ψ rises from ½ without end. Relative error 2e-9 for sizes from 1 on, 4e-9 below for
    m/s up to e³⁰⁰.
    """
    p = 1.0 / (1.0 + s / m)
    ratio = log_m - log_s
    usual, steep = (s * p * _by_log(s, p, ratio, n) for n in (24, 48))
    below = where(ratio < 10.0, usual, steep)
    return where(s < 1.0, below, p * p * _by_power(s, p, 1.0 / (1.0 + m / s)))


def _information_of(u: Node, r: Node, log_r: Node) -> Node:
    """(1 − u) ψ(u) of r = 1 − u and its logarithm: of the direct form u²/2 is left of terms as large as u."""
    series = polynomial(u, (1 / 2, 1 / 6, 1 / 12, 1 / 20))
    return where(u < 1e-3, series, (u + r * log_r) / (u * u))


def _by_power(s: Expression, p: Node, rest: Node) -> Node:
    """s ∫ (1 − v)ˢ ψ(p v) dv by nodes of x = −s log(1 − v), whose weight is e⁻ˣ; that of the last is e⁻²⁶."""
    from numpy.polynomial.laguerre import laggauss

    inverse = -1.0 / s
    total = as_node(0.0)
    for x, weight in zip(*laggauss(48), strict=True):
        if x > 26.0:
            break
        left = exp(float(x) * inverse)
        r = rest + p * left
        total = total + float(weight) * (left / r * _information_of(p - p * left, r, log(r)))
    return total


def _by_log(s: Expression, p: Node, ratio: Expression, nodes: int) -> Node:
    """p ∫ (1 − v)ˢ ψ(p v) dv in d = −log(1 − pv), to where (1 − v)ˢ is e⁻²⁴, by nodes that crowd at both ends."""
    cut = -24.0 / s
    left = softplus(ratio + cut)
    lost = p * expm1(cut)
    width = where(lost > -0.5, -log1p(lost), softplus(ratio) - left)
    total = as_node(0.0)
    for at, from_end, weight in _crowded_nodes(nodes):
        d = width * at
        r = exp(-d)
        # 1 − v = (e^(log(1 + m/s) − d) − 1) s/m keeps its digits at the far end.
        power = s * (log(expm1(left + width * from_end)) - ratio)
        total = total + weight * (exp(power) * _information_of(1.0 - r, r, -d))
    return width * total


def _crowded_nodes(n: int) -> Iterator[tuple[float, float, float]]:
    """Nodes x, 1 − x and weights on [0, 1]: Gauss and Legendre's, moved to the ends by a polynomial."""
    from numpy.polynomial.legendre import leggauss

    for t, weight in zip(*leggauss(n), strict=True):
        y, z = 0.5 * (1.0 + t), 0.5 * (1.0 - t)
        at, from_end = (u**3 * (10.0 - 15.0 * u + 6.0 * u * u) for u in (y, z))
        yield float(at), float(from_end), float(15.0 * weight * (y * z) ** 2)


def negative_binomial_slope(
    y: Expression, m: Expression, s: Expression, log_m: Expression, log_s: Expression
) -> Node:
    """(m − y) s/(s + m), the derivative of the loss in log mean."""
    return _pull(y, m, s)
