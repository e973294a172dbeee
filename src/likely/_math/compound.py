"""Expansions that combine other atoms: each takes apart a difference that would cancel."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from likely._math import special
from likely._math.graph import (
    PI,
    Expression,
    Node,
    abs_,
    as_node,
    exp,
    expm1,
    floor,
    log,
    log1p,
    minimum,
    polynomial,
    where,
)

#: Below this, x itself may be without digits, and only log x can be relied on.
TINY = 1e-300
#: Below this 1 + n is 1.
FEW = 2.0**-58
#: From here on x/(eˣ − 1) is 0.
OVER = 800.0


def scaled_log1p(x: Expression, n: Expression) -> Node:
    """n·log(1 + x/n), which tends to x for n → ∞."""
    return n * log1p(x / n)


def softplus_slope(x: Expression) -> Node:
    """σ(x)/softplus(x), the slope of log softplus: 1 far left."""
    return where(x < -37.0, 1.0, special.sigmoid(x) / special.softplus(x))


def softplus_bend(x: Expression) -> Node:
    """σ(−x) − σ(x)/softplus(x): −eˣ/2 far left, where the two terms are both 1."""
    e = exp(minimum(x, 0.0))
    near = special.log1pmx(e) / ((1.0 + e) * special.softplus(x))
    right = special.sigmoid(-x) - special.sigmoid(x) / special.softplus(x)
    return where(x < -37.0, -0.5 * e, where(x < 0.0, near, right))


def bose(x: Expression) -> Node:
    """1/(eˣ − 1), x > 0."""
    return 1.0 / expm1(x)


def log1mexp_of(x: Expression, log_x: Expression) -> Node:
    """log(1 − e⁻ˣ), x > 0."""
    return where(x > TINY, special.log1mexp(x), log_x)


def log1mexp_slope(x: Expression, log_x: Expression) -> Node:
    """x/(eˣ − 1)"""
    y = minimum(x, OVER)
    return where(x > TINY, y / expm1(y), 1.0)


def log1mexp_bend(x: Expression) -> Node:
    """1 − x − x/(eˣ − 1): −x/2 at 0."""
    y = where(x > TINY, minimum(x, 40.0), 1.0)
    return where(x > TINY, special.expm1mx(y) / expm1(y) - x, -0.5 * x)


def log_expm1_ratio(x: Expression, log_x: Expression) -> Node:
    """log((eˣ − 1)/x), x > 0: x/2 at 0, x − log x far out."""
    small = where(x < 0.26, x, 0.0)
    middle = where(x < 0.26, small * polynomial(small, special.EXPM1MX), special.expm1mx(x) / x)
    return where(x < 1.0, log1p(middle), x + special.log1mexp(x) - log_x)


def expm1_ratio_slope(x: Expression, log_x: Expression) -> Node:
    """Its derivative in log x, x − 1 + x/(eˣ − 1)."""
    return -log1mexp_bend(x)


def expm1_ratio_curve(x: Expression) -> Node:
    """Its second derivative in log x: x/2 at 0."""
    return x - log1mexp_slope(x, x) * -log1mexp_bend(x)


#: Bernoulli's numbers over factorials, B₂ₙ/(2n)!: x/(eˣ − 1) is 1 − x/2 and the sum of these times x²ⁿ.
_BERNOULLI = (
    1.0 / 12.0, -1.0 / 720.0, 1.0 / 30240.0, -1.0 / 1209600.0, 1.0 / 47900160.0, -691.0 / 1307674368000.0,
    1.0 / 74724249600.0, -3617.0 / 10670622842880000.0, 43867.0 / 5109094217170944000.0,
    -174611.0 / 802857662698291200000.0,
)  # fmt: skip


def _of_squares(x: Expression, factor: Callable[[int], float]) -> Node:
    """Σ factor(2n) B₂ₙ/(2n)! x²ⁿ, for x < 1"""
    square = where(x < 1.0, x * x, 0.0)
    return square * polynomial(
        square, [factor(2 * n) * c for n, c in enumerate(_BERNOULLI, start=1)]
    )


def log_sinh_ratio(x: Expression, log_x: Expression) -> Node:
    """log(sinh(x/2)/(x/2)), x > 0: x²/24 at 0."""
    near = _of_squares(x, lambda power: 1.0 / power)
    return where(x < 1.0, near, log_expm1_ratio(x, log_x) - 0.5 * x)


def sinh_ratio_slope(x: Expression, log_x: Expression) -> Node:
    """Its derivative in log x, x/2 − 1 + x/(eˣ − 1)."""
    near = _of_squares(x, lambda power: 1.0)
    return where(x < 1.0, near, 0.5 * x + (log1mexp_slope(x, log_x) - 1.0))


def sinh_ratio_curve(x: Expression) -> Node:
    """Its second derivative in log x: x²/6 at 0."""
    near = _of_squares(x, float)
    return where(x < 1.0, near, 0.5 * x + log1mexp_slope(x, x) * log1mexp_bend(x))


def log_ratio_of(
    x: Expression, m: Expression, d: Expression, log_x: Expression, log_m: Expression
) -> Node:
    """log(x/m) given d = x − m and both logarithms."""
    v = d / (x + m)
    return where(abs_(v) < 0.2, 2.0 * (v + special._atanh_tail(v)), log_x - log_m)


def relative_entropy_of(
    x: Expression, m: Expression, d: Expression, log_x: Expression, log_m: Expression
) -> Node:
    """x log(x/m) − d given d = x − m and both logarithms; m at x = 0."""
    v = d / (x + m)
    far = where(x > 0.0, x * (log_x - log_m), 0.0) - d
    return where(abs_(v) < 0.2, d * v + 2.0 * x * special._atanh_tail(v), far)


def binomial_divergence(
    y: Expression, w: Expression, p: Expression, q: Expression, log_p: Expression, log_q: Expression
) -> Node:
    """y log(y/(np)) + w log(w/(nq)) with n = y + w, q = 1 − p: two terms that cannot be negative."""
    n = y + w
    d, log_n = y * q - w * p, log(n)
    return relative_entropy_of(y, n * p, d, log(y), log_n + log_p) + relative_entropy_of(
        w, n * q, -d, log(w), log_n + log_q
    )


def negative_binomial_deviance(
    y: Expression, m: Expression, s: Expression, log_m: Expression, log_s: Expression
) -> Node:
    """y log(y/m) − (s + y) log((s + y)/(s + m)): half the unit deviance of NegativeBinomial.

    Written as the relative entropy of the split (y, s) of s + y against the split (m, s): two terms
    that cannot be negative, so nothing cancels for m ≪ s (Poisson) nor for s ≪ m.
    """
    ratio = m / s
    to_s = 1.0 / (1.0 + ratio)
    to_m = ratio * to_s
    d = (m - y) * to_s
    # The second term is the derivative in log s: a kernel that needs both computes it once.
    split_of_size = negative_binomial_deviance_size(y, m, s, log_m, log_s)
    return special.relative_entropy_term(y, (s + y) * to_m, -d) + split_of_size


def log1p_excess(x: Expression, log_x: Expression) -> Node:
    """(1 + x) log(1 + x)/x − 1, x > 0: x/2 at 0."""
    return (1.0 + x) * (special.log1p_residual(x) / x)


def negative_binomial_log_zeros(
    m: Expression, s: Expression, log_m: Expression, log_s: Expression
) -> Node:
    """log(s log(1 + m/s)): the logarithm of −log p(0) of NegativeBinomial."""
    return log_s + log(log1p(m / s))


def _negative_binomial_split(
    y: Expression, m: Expression, s: Expression
) -> tuple[Node, Node, Node, Node]:
    """Of r = (y − m)/(s + m): whether it is near 0, 2 atanh v less 2v, r v (v = r/(2 + r)), log(1 + r).

    The logarithm is that of (s + y)/(s + m), which keeps its digits for r near −1 and for r → ∞.
    """
    r = (y - m) / (s + m)
    v = r / (2.0 + r)
    near = abs_(v) < 0.2
    tail = 2.0 * special._atanh_tail(where(near, v, 0.0))
    return near, tail, r * v, log((s + y) / (s + m))


def negative_binomial_deviance_size(
    y: Expression, m: Expression, s: Expression, log_m: Expression, log_s: Expression
) -> Node:
    """Its derivative in log s: s (r − log(1 + r)) with r = (y − m)/(s + m)."""
    near, tail, square, logarithm = _negative_binomial_split(y, m, s)
    far = (y - m) * (1.0 / (1.0 + m / s)) - s * logarithm
    return where(near, s * (square - tail), far)


def negative_binomial_deviance_size_2(y: Expression, m: Expression, s: Expression) -> Node:
    """Its second derivative in log s.

    s (r − log(1 + r)) − s²r²/(s + y), where far from r = 0 the two rational terms are taken together.
    """
    near, tail, square, logarithm = _negative_binomial_split(y, m, s)
    to_s, to_m = 1.0 / (1.0 + m / s), 1.0 / (1.0 + s / m)
    to_s_of_y = 1.0 / (1.0 + y / s)
    d = (y - m) * to_s
    close = s * (square - tail) - d * (d / (s + y))
    far = d * (to_s_of_y * to_s + to_m * (1.0 + to_s_of_y)) - s * logarithm
    return where(near, close, far)


def linear_variance_deviance(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """NegativeBinomial's deviance at size m/d, where the variance is m (1 + d)."""
    return negative_binomial_deviance(y, m, m / d, log_m, log_m - log_d)


def linear_variance_slope(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """s log(1 + r) with s = m/d and r = (y − m)/(s + m): less its derivative in log m."""
    s = m / d
    near, tail, _, logarithm = _negative_binomial_split(y, m, s)
    r = (y - m) / (s + m)
    return s * where(near, 2.0 * (r / (2.0 + r)) + tail, logarithm)


def linear_variance_excess(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """s (r − log(1 + r)), less the deviance's derivative in log d."""
    return negative_binomial_deviance_size(y, m, m / d, log_m, log_m - log_d)


def linear_variance_cross(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """s (s r/(s + y) − log(1 + r)), their other derivative: for s → ∞ both terms are s r."""
    s = m / d
    near, tail, square, logarithm = _negative_binomial_split(y, m, s)
    to_s_of_y = 1.0 / (1.0 + y / s)
    close = s * (square - tail) - (y - m) / (s + m) * (y * to_s_of_y)
    return where(near, close, (y - m) / (1.0 + d) * to_s_of_y - s * logarithm)


def linear_variance_zeros(
    m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """(m/d) log(1 + d), which tends to m for d → 0."""
    return m / d * log1p(d)


def generalised_poisson_deviance(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """y log(y/u) + u − y with u = (m + d y)/(1 + d), between m and y; y ≥ 1."""
    to_m = 1.0 / (1.0 + d)
    u = m * to_m + y * (1.0 / (1.0 + 1.0 / d))
    return special.relative_entropy_term(y, u, (y - m) * to_m)


def generalised_poisson_log_rate(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """log u = log((m + d y)/(1 + d))"""
    return log(m * (1.0 / (1.0 + d)) + y * (1.0 / (1.0 + 1.0 / d)))


def generalised_poisson_slope(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """(m − y)/(1 + d) · m/(m + d y), its derivative in log m."""
    return (m - y) / (1.0 + d) * (1.0 / (1.0 + d * (y / m)))


def generalised_poisson_spread(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """((y − m)/(1 + d))² d/(m + d y), less its derivative in log d."""
    z = (y - m) / (1.0 + d)
    return z * (z / (m / d + y))


def generalised_poisson_few(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """(m + d y)/(1 + d) + y log(1 + d) − y log m: all of the loss for the counts 0 and 1."""
    growth = where(d < 1.0, log1p(d), special.softplus(log_d))
    return m * (1.0 / (1.0 + d)) + y * ((1.0 / (1.0 + 1.0 / d)) + (growth - log_m))


def generalised_poisson_few_spread(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """d/(1 + d)·(y + (y − m)/(1 + d)), its derivative in log d."""
    return (1.0 / (1.0 + 1.0 / d)) * (y + (y - m) * (1.0 / (1.0 + d)))


def negative_binomial_few(
    y: Expression, m: Expression, s: Expression, log_m: Expression, log_s: Expression
) -> Node:
    """(s + y) log(1 + m/s) − y log m: all of the loss for the counts 0 and 1."""
    return (s + y) * log1p(m / s) - y * log_m


def negative_binomial_factorial(y: Expression, s: Expression, log_s: Expression) -> Node:
    """lgamma(y + 1) − y log y + y + ½ log(1 + y/s), y ≥ 1: one logarithm for two."""
    spread = 0.5 * log(y * (1.0 + y / s)) + special.HALF_LOG_2PI
    return special.stirling_above(y) + spread


def negative_binomial_information(
    m: Expression, s: Expression, log_m: Expression, log_s: Expression
) -> Node:
    r"""The expected information on log s, for a mean m.

    The series :math:`s^2 \sum_{k \ge 2} \frac{p^k}{k} B(k, s)` with p = m/(s + m), whose terms are all
    positive, is the integral

    .. math:: s p \int_0^{\log(1 + m/s)} \Bigl(1 - \frac{1 - e^{-d}}{p}\Bigr)^s
              \frac{1 - (1 + d) e^{-d}}{(1 - e^{-d})^2} \, \mathrm{d}d.

    The second factor rises from ½ to 1. The first is cut where it is e⁻²⁴, and the nodes crowd at both
    ends, where it falls like e⁻ˢ and ends in a power s. Relative error 4e-9 for m/s up to e³⁰⁰.
    """
    ratio = log_m - log_s
    p = 1.0 / (1.0 + s / m)
    cut = -24.0 / s
    left = special.softplus(ratio + cut)
    lost = p * expm1(cut)
    width = where(lost > -0.5, -log1p(lost), special.softplus(ratio) - left)
    total = as_node(0.0)
    for at, from_end, weight in _crowded_nodes(48):
        d = width * at
        small = d < 0.5
        exponential, complement = exp(-d), -expm1(-d)
        v = complement / p
        # log(1 − v), where 1 − v = (e^(log(1 + m/s) − d) − 1) s/m keeps its digits at the far end.
        power = where(v < 0.5, log1p(-v), log(expm1(left + width * from_end)) - ratio)
        rise = (complement - d * exponential) / (complement * complement)
        series = 0.5 + d * polynomial(d * d, (1 / 6, -1 / 180, 1 / 5040, -1 / 151200, 1 / 4790016))
        total = total + weight * (exp(s * power) * where(small, series, rise))
    return s * p * width * total


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
    return (m - y) * (1.0 / (1.0 + m / s))


def _scaled_exponential(
    t: Expression, k: Expression, function: Callable[[Expression], Node]
) -> Node:
    """k times eᵗ less something small: k may bring back into range what eᵗ overflows."""
    over = t > 700.0
    return (k * function(where(over, t - 600.0, t))) * where(over, math.exp(600.0), 1.0)


def gamma_deviance(t: Expression, k: Expression, log_k: Expression) -> Node:
    """k (eᵗ − 1 − t): half the unit deviance of Gamma at shape k."""
    return _scaled_exponential(t, k, special.expm1mx)


def gamma_slope(t: Expression, k: Expression, log_k: Expression) -> Node:
    """k (eᵗ − 1)"""
    return _scaled_exponential(t, k, expm1)


def gamma_exponential(t: Expression, k: Expression) -> Node:
    """k eᵗ"""
    return _scaled_exponential(t, k, exp)


def _student_ratio(d: Expression, s: Expression, n: Expression) -> Node:
    """q/n, in the order that overflows last."""
    z = d / s
    return z * (z / n)


def _student_log(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> tuple[Node, Node, Node]:
    """q/n, whether it overflows, and its logarithm for that case."""
    x = _student_ratio(d, s, n)
    return x, x > 1e300, 2.0 * (log(abs_(d)) - log_s) - log_n


def student_near(d: Expression, s: Expression, n: Expression) -> Node:
    """n/(n + q)"""
    return 1.0 / (1.0 + _student_ratio(d, s, n))


def student_far(d: Expression, s: Expression, n: Expression) -> Node:
    """q/(n + q)"""
    x = _student_ratio(d, s, n)
    over = x > 1e300
    x = where(over, 1.0, x)
    return where(over, 1.0, x / (1.0 + x))


def student_kernel(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> Node:
    """log s + ½ (n + 1) log(1 + z²/n) with z = d/s."""
    x, over, _ = _student_log(d, s, n, log_s, log_n)
    near = log_s + 0.5 * (n + 1.0) * log1p(x)
    # Taken together: for small n the two log s nearly cancel.
    return where(over, (n + 1.0) * (log(abs_(d)) - 0.5 * log_n) - n * log_s, near)


def student_pull(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> Node:
    """z/(n + q)/s, the slope of ½ log(n + q) in d."""
    z = d / s
    close = (z / n) * student_near(d, s, n) / s
    return where(abs_(z) > 1e50, student_far(d, s, n) / d, close)


def student_pull_in_log(
    x: Expression, m: Expression, d: Expression, s: Expression, n: Expression
) -> Node:
    """m times the pull less m times its slope in d, where d = x − m: of far d, −m, and its square the x is left."""
    near, far = student_near(d, s, n), student_far(d, s, n)
    apart = far * (near * ((d - m) / d * (m / d)) + far * (x / d * (m / d)))
    close = near * (near * ((d - m) / n / s * (m / s)) + far * (x / n / s * (m / s)))
    return where(abs_(d / s) > 1e50, apart, close)


def student_pull_slope(d: Expression, s: Expression, n: Expression) -> Node:
    """(n − q)/(n + q)²/s², its derivative in d."""
    near, far = student_near(d, s, n), student_far(d, s, n)
    weight = where(abs_(d / s) > 1e50, far / d / d, near / n / s / s)
    return (near - far) * weight


def student_scale(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> Node:
    """n (1 − q)/(n + q), its derivative in log s: 1 − (n + 1) q/(n + q) cancels for small n."""
    z = d / s
    near = student_near(d, s, n)
    return where(abs_(z) > 1e50, near - n * student_far(d, s, n), (1.0 - z * z) * near)


def student_df(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> Node:
    """n log(1 + q/n) − (n + 1) q/(n + q), twice the derivative of the kernel in log n."""
    x, over, log_x = _student_log(d, s, n, log_s, log_n)
    residual = where(over, log_x - 1.0, special.log1p_residual(x))
    return n * residual - student_far(d, s, n)


def student_df_2(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> Node:
    """Its derivative in log n."""
    x, over, log_x = _student_log(d, s, n, log_s, log_n)
    residual = where(over, log_x - 1.0, special.log1p_residual(x))
    far = student_far(d, s, n)
    return n * (residual - far * far) + far * student_near(d, s, n)


def student_df_bend(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> Node:
    """n (2 log(1 + q/n) − 2v − v²) − v² with v = q/(n + q): two terms of order q²/n² for large n."""
    x, over, log_x = _student_log(d, s, n, log_s, log_n)
    residual = where(over, 2.0 * log_x - 3.0, special.log1p_residual_2(x))
    far = student_far(d, s, n)
    return n * residual - far * far


def _stirling_parts(x: Expression, log_x: Expression) -> tuple[Node, Node, Node]:
    """Whether x < 1, 1/z with z = x or x + 1, and log(1 + 1/x): −log x where x underflows."""
    step = where(x > TINY, log1p(1.0 / x), -log_x)
    return x < 1.0, special._shifted_reciprocal(x), step


def stirling(x: Expression, log_x: Expression) -> Node:
    """S(x) = lgamma(x) − (x − ½) log x + x − ½ log 2π; −½ log 2πx near 0."""
    small, u, step = _stirling_parts(x, log_x)
    shift = where(small, x * step + (0.5 * step - 1.0), 0.0)
    return u * special._powers(u, special.STIRLING) + shift


def stirling_slope(x: Expression, log_x: Expression) -> Node:
    """x S′(x): −½ at 0, −1/(12x) far out."""
    small, u, step = _stirling_parts(x, log_x)
    p1 = u * special._powers(u, special.STIRLING_1)
    return where(small, x * (step - u * p1) - (x + 0.5) * u, -p1)


def stirling_curve(x: Expression, log_x: Expression) -> Node:
    """x (x S′(x))′: −x log x near 0, 1/(12x) far out."""
    small, _, step = _stirling_parts(x, log_x)
    near, far = _stirling_curves(x, step)
    return where(small, near, far)


def _stirling_curves(x: Expression, step: Node) -> tuple[Node, Node]:
    """The curve for x < 1, with step = log(1 + 1/x), and for x ≥ 1."""
    u = special._shifted_reciprocal(x)
    p1 = special._powers(u, special.STIRLING_1)
    p2 = special._powers(u, special.STIRLING_2)
    return x * (step - u * (1.0 + u * (0.5 + p1 - (x * u) * p2))), u * (p2 - p1)


def stirling_bend(x: Expression, log_x: Expression) -> Node:
    """2x S′(x) + x² S″(x): −½ at 0, −1/(60x³) far out, where the two terms cancel."""
    small = x < 1.0
    u = special._shifted_reciprocal(x)
    direct = stirling_curve(x, log_x) + stirling_slope(x, log_x)
    return where(small, direct, -(u * u * u * special._powers(u, special.STIRLING_BEND)))


def stirling_above_half(a: Expression, log_a: Expression) -> Node:
    """S(a + ½)"""
    return stirling(a + 0.5, log(a + 0.5))


def stirling_above_half_slope(a: Expression, log_a: Expression) -> Node:
    """a S′(a + ½), its derivative in log a."""
    x = a + 0.5
    return a / x * stirling_slope(x, log(x))


def stirling_above_half_curve(a: Expression, log_a: Expression) -> Node:
    """a S′(a + ½) + a² S″(a + ½), its second derivative in log a."""
    x = a + 0.5
    share = a / x
    return share * (share * stirling_curve(x, log(x)) + (1.0 - share) * stirling_slope(x, log(x)))


def stirling_of_sum(y: Expression, s: Expression, log_s: Expression) -> Node:
    """S(s + y), y ≥ 1: as its argument is above 1, it needs no logarithm."""
    return special.stirling_above(s + y)


def stirling_of_sum_slope(y: Expression, s: Expression, log_s: Expression) -> Node:
    """s S′(s + y), its derivative in log s."""
    u = 1.0 / (s + y)
    return -((s * u) * (u * special._powers(u, special.STIRLING_1)))


def stirling_of_sum_curve(y: Expression, s: Expression) -> Node:
    """s S′(s + y) + s² S″(s + y), its second derivative in log s."""
    u = 1.0 / (s + y)
    p1 = special._powers(u, special.STIRLING_1)
    p2 = special._powers(u, special.STIRLING_2)
    share = s * u
    return (share * u) * (share * p2 - p1)


def _stirling_bend(x: Expression, log_x: Expression) -> Node:
    """x times the derivative of stirling_curve."""
    small, u, step = _stirling_parts(x, log_x)
    p1 = special._powers(u, special.STIRLING_1)
    p2 = special._powers(u, special.STIRLING_2)
    p3 = special._powers(u, special.STIRLING_3)
    v = x * u
    curve = x * (step - u * (1.0 + u * (0.5 + p1 - v * p2)))
    rest = u * (v * (1.0 + u + 2.0 * u * p2 - u * v * p3) - 1.0)
    return where(small, curve + x * rest, u * (3.0 * p2 - p1 - p3))


def beta_stirling(
    p: Expression,
    q: Expression,
    n: Expression,
    log_p: Expression,
    log_q: Expression,
    log_n: Expression,
) -> Node:
    """S(n) − S(pn) − S(qn), where p + q = 1."""
    a, b = stirling(p * n, log_p + log_n), stirling(q * n, log_q + log_n)
    return stirling(n, log_n) - a - b


def beta_stirling_slope(
    p: Expression,
    q: Expression,
    n: Expression,
    log_p: Expression,
    log_q: Expression,
    log_n: Expression,
) -> Node:
    """Its derivative in log n."""
    a, b = stirling_slope(p * n, log_p + log_n), stirling_slope(q * n, log_q + log_n)
    return stirling_slope(n, log_n) - a - b


def beta_stirling_cross(p: Expression, n: Expression, log_p: Expression, log_n: Expression) -> Node:
    """The curve at pn, of which pn log(1/n) is left out where log(1 + 1/pn) is log(1/p) + log(1/n)."""
    near, _ = _stirling_curves(p * n, -log_p)
    return where(n < FEW, near, stirling_curve(p * n, log_p + log_n))


def beta_stirling_curve(
    p: Expression,
    q: Expression,
    n: Expression,
    log_p: Expression,
    log_q: Expression,
    log_n: Expression,
) -> Node:
    """Its second derivative in log n.

    Where pn is nearly n, their difference is a derivative times log p (and likewise for q).
    """
    a, b = stirling_curve(p * n, log_p + log_n), stirling_curve(q * n, log_q + log_n)
    direct = stirling_curve(n, log_n) - a - b
    left = p < q
    smaller, log_larger = where(left, p, q), where(left, log_q, log_p)
    middle = n * (1.0 - 0.5 * smaller)
    close = -log_larger * _stirling_bend(middle, log_n + 0.5 * log_larger) - where(left, a, b)
    return where(smaller < 1e-5, close, direct)


def lgamma(x: Expression) -> Node:
    """log Γ(x), x > 0: Stirling's formula and its error (absolute accuracy near the zeros 1, 2)."""
    return special.stirling_error(x) + (x - 0.5) * log(x) - x + 0.5 * log(2.0 * PI)


def digamma(x: Expression) -> Node:
    """ψ(x) = d log Γ(x)/dx, x > 0."""
    return special.stirling_error_1(x) + log(x) - 0.5 / x


def trigamma(x: Expression) -> Node:
    """ψ′(x), x > 0."""
    return special.stirling_error_2(x) + 1.0 / x + 0.5 / (x * x)


def tetragamma(x: Expression) -> Node:
    """ψ″(x), x > 0."""
    return special.stirling_error_3(x) - 1.0 / (x * x) - 1.0 / (x * x * x)


def whole_before(x: Expression, scale: Expression) -> Node:
    """The largest whole number below x > 0, which is known to a few ulps of ``scale``.

    An x that rounding may have moved off a whole number counts as that number.
    """
    near = floor(x + 0.5)
    whole = abs_(x - near) <= 4e-15 * scale
    return where(whole, where(near >= 1.0, near - 1.0, 0.0), floor(x))


def _rising_parts(y: Expression, x: Expression) -> tuple[Node, Node, Node]:
    """1/(1 + x), 1/(x + y) and z = (y − 1)/(1 + x), for the sums over i from 1 to y − 1."""
    a = 1.0 / (1.0 + x)
    return a, 1.0 / (x + y), (y - 1.0) * a


def rising_excess(y: Expression, x: Expression, log_x: Expression) -> Node:
    """Σ log(1 + x/i) = log Γ(x + y) − log Γ(y) − log Γ(1 + x) for y ≥ 1; to a few 1e-16 where that is below 1."""
    _, _, z = _rising_parts(y, x)
    errors = special.stirling_above(x + y) - special.stirling_above(y)
    ends = 1.0 - special.HALF_LOG_2PI - special.stirling_above(1.0 + x)
    return x * log1p(z) + (y - 0.5) * log1p(x / y) - 0.5 * log1p(x) + (errors + ends)


def _rising_error(u: Expression) -> tuple[Node, Node, Node]:
    """The derivatives of Stirling's error at 1/u ≥ 1, the first three."""
    square = u * u
    return (
        -square * special._powers(u, special.STIRLING_1),
        square * u * special._powers(u, special.STIRLING_2),
        -square * square * special._powers(u, special.STIRLING_3),
    )


def rising_slope(y: Expression, x: Expression, log_x: Expression) -> Node:
    """Σ x/(x + i) = x (ψ(x + y) − ψ(1 + x)), its derivative in log x; nothing is summed for y = 1."""
    a, b, z = _rising_parts(y, x)
    found = x * (log1p(z) + 0.5 * z * b + (_rising_error(b)[0] - _rising_error(a)[0]))
    return where(y > 1.0, found, 0.0)


def rising_curve(y: Expression, x: Expression, log_x: Expression) -> Node:
    """Σ x i/(x + i)², the derivative of that; the terms that cancel for large x are taken together."""
    a, b, z = _rising_parts(y, x)
    (a1, a2, _), (b1, b2, _) = _rising_error(a), _rising_error(b)
    steps = 0.5 * (a * a - (y * b) * b)
    found = x * (special.log1p_residual(z) + z * b + steps + ((b1 - a1) + x * (b2 - a2)))
    return where(y > 1.0, found, 0.0)


def rising_bend(y: Expression, x: Expression) -> Node:
    """Σ x i (i − x)/(x + i)³, the derivative of that."""
    a, b, z = _rising_parts(y, x)
    (a1, a2, a3), (b1, b2, b3) = _rising_error(a), _rising_error(b)
    share, of_y, w = x * a, y * b, (y - 1.0) * b
    logarithm = special.log1p_residual(z) + z * b - share * (w * w) - z * b * (share + x * b)
    steps = 0.5 * (a * a) * (1.0 - 2.0 * share) - 0.5 * (of_y * b) * (1.0 - 2.0 * (x * b))
    errors = (b1 - a1) + x * (3.0 * (b2 - a2) + x * (b3 - a3))
    return where(y > 1.0, x * (logarithm + steps + errors), 0.0)


def urn_error(y: Expression, s: Expression, log_s: Expression) -> Node:
    """What Stirling's formula leaves of log(y! Γ(s)/Γ(s + y)), y ≥ 1."""
    factorial = negative_binomial_factorial(y, s, log_s)
    return factorial + stirling(s, log_s) - stirling_of_sum(y, s, log_s)


def urn_error_slope(y: Expression, s: Expression, log_s: Expression) -> Node:
    """Its derivative in log s: −1 at 0, where the rest is of order s log s."""
    near = s * (log(s + y) - log_s) - rising_slope(y, s, log_s) - 1.0
    errors = stirling_slope(s, log_s) - stirling_of_sum_slope(y, s, log_s)
    return where(s < 1.0, near, errors - 0.5 * (y / (s + y)))


def urn_error_curve(y: Expression, s: Expression, log_s: Expression) -> Node:
    """Its second derivative in log s."""
    u = y / (s + y)
    near = s * (log(s + y) - log_s - u) - rising_curve(y, s, log_s)
    errors = stirling_curve(s, log_s) - stirling_of_sum_curve(y, s)
    return where(s < 1.0, near, errors + 0.5 * (u * (s / (s + y))))


def urn_deviance(
    y: Expression,
    p: Expression,
    n: Expression,
    k: Expression,
    log_p: Expression,
    log_n: Expression,
    log_k: Expression,
) -> Node:
    """NegativeBinomial's deviance at mean np and size kp: all parts of a composition have one ratio of the two."""
    return negative_binomial_deviance(y, n * p, k * p, log_n + log_p, log_k + log_p)


def urn_deviance_size(
    y: Expression,
    p: Expression,
    n: Expression,
    k: Expression,
    log_p: Expression,
    log_n: Expression,
    log_k: Expression,
) -> Node:
    """Its derivative in log k: s (r − log(1 + r)) with s = kp, m = np and r = (y − m)/(s + m)."""
    return negative_binomial_deviance_size(y, n * p, k * p, log_n + log_p, log_k + log_p)


def urn_deviance_share(
    y: Expression,
    p: Expression,
    n: Expression,
    k: Expression,
    log_p: Expression,
    log_n: Expression,
    log_k: Expression,
) -> Node:
    """Its derivative in log p: −s log(1 + r)."""
    s, m = k * p, n * p
    near, tail, _, logarithm = _negative_binomial_split(y, m, s)
    r = (y - m) / (s + m)
    return -s * where(near, 2.0 * (r / (2.0 + r)) + tail, logarithm)


def urn_deviance_cross(
    y: Expression,
    p: Expression,
    n: Expression,
    k: Expression,
    log_p: Expression,
    log_n: Expression,
    log_k: Expression,
) -> Node:
    """Its derivative in both: s (r − log(1 + r)) − s y/(s + y) r, in which s r cancels far from r = 0."""
    s, m = k * p, n * p
    near, tail, square, logarithm = _negative_binomial_split(y, m, s)
    d, to_k = y - m, 1.0 / (1.0 + n / k)
    close = s * (square - tail) - (s / (s + y)) * (y * (d / (s + m)))
    return where(near, close, s * (d / (s + y) * to_k - logarithm))
