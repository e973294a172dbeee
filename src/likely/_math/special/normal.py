"""The normal distribution function and the ratio of its density to it."""

from __future__ import annotations

from itertools import product as itertools_product
from itertools import zip_longest
from typing import Any

from likely._math.graph import (
    Node,
    abs_,
    equal,
    exp,
    log,
    log1p,
    maximum,
    minimum,
    polynomial,
    where,
)
from likely._math.special.coefficients import ERFCX
from likely._math.special.constants import (
    ABOVE_MINUS_1,
    HALF_LOG_2PI,
    ONE_OVER_SQRT_2PI,
    SPLIT,
    SQRT_HALF,
)

ERFCX_K = 3.0
#: Below it 1 is taken apart from the rest, which is not yet so large that their sum would lose digits.
ERFCX_NEAR = 0.5


def erfcx(x: Any) -> Node:
    """exp(x^2) erfc(x) for x >= 0; 1/(x sqrt(pi)) far out. Max relative error 1.7e-15, and 9e-17 up to x = 0.1.

    (x + k) erfcx(x) = k + t p(t) is smooth in t = x/(x + k), which maps x >= 0 to [0, 1]. Near 0 the same sum as
    1 + t (p(t)/(x + k) - 1), whose roundings vanish with t.
    """
    reciprocal = 1.0 / (x + ERFCX_K)
    p = polynomial(0.5 - ERFCX_K * reciprocal, ERFCX)  # in t - 1/2
    near = 1.0 + (x * reciprocal) * (reciprocal * p - 1.0)
    t = 1.0 - ERFCX_K * reciprocal  # not x/(x + k), which is none of infinity
    return where(x < ERFCX_NEAR, near, reciprocal * (ERFCX_K + t * p))


def _tail_ratio(x: Any) -> Node:
    """Phi(-|x|)/exp(-x^2/2)."""
    return 0.5 * erfcx(SQRT_HALF * abs_(x))


def _exp_minus_half_square(x: Any) -> Node:
    """exp(-x^2/2) with a small relative error as long as it is a normal number.

    The rounding of x^2 would cost up to 700 ulp. So x = high + low, high with 27 bits, and
    x^2/2 = high^2/2 + (x - high)(x + high)/2, where the first is exact and the second at most 1e-5.
    """
    a = minimum(abs_(x), 40.0)  # exp(-800) is 0 already
    high = (a + SPLIT) - SPLIT
    rest = 0.5 * ((a - high) * (a + high))
    e = exp(-0.5 * (high * high))
    return e - e * (rest - 0.5 * (rest * rest))


def ndtr(x: Any) -> Node:
    """The normal distribution function Phi(x), relative accuracy in the left tail.

    Max relative error 1.9e-15, and 2.7e-16 within 0.1 of 0, where it is a half to the last bit.
    """
    tail = _tail_ratio(x) * _exp_minus_half_square(x)
    return where(x < 0.0, tail, 1.0 - tail)


def log_ndtr(x: Any) -> Node:
    """log Phi(x) for all x, relative accuracy in both tails. Max relative error 1.5e-15.

    On the left log(Phi(x) exp(x^2/2)) - x^2/2, on the right log(1 - Phi(-x)): one log1p for both.
    What ratio - 1 loses for large |x| is far below x^2/2, as long as the logarithm is finite.
    """
    left = x < 0.0
    ratio = _tail_ratio(x)
    tail = ratio * _exp_minus_half_square(x)
    complement = maximum(where(left, ratio - 1.0, -tail), ABOVE_MINUS_1)
    return log1p(complement) - where(left, 0.5 * x * x, 0.0)


def inverse_mills(x: Any) -> Node:
    """phi(x)/Phi(x), the derivative of log Phi; about -x far left. Max relative error 1.8e-15."""
    left = x < 0.0
    ratio = _tail_ratio(x)
    e = _exp_minus_half_square(x)
    return where(left, ONE_OVER_SQRT_2PI, ONE_OVER_SQRT_2PI * e) / where(
        left, ratio, 1.0 - ratio * e
    )


# Beyond the bound, with a = -x: x + phi(x)/Phi(x) = 1/(a + 2/(a + 3/(a + ...))), Laplace's continued
# fraction. Cut after its 20th term it is a ratio of polynomials in v = 1/a^2 with exact coefficients, all
# positive, and so is 1 - (phi/Phi)(x + phi/Phi), in which the leading terms cancel exactly.
MILLS_FAR = -6.0


def _slope_of(a: list[int]) -> list[int]:
    return [k * c for k, c in enumerate(a)][1:]


def _mills_polynomials(terms: int) -> tuple[tuple[float, ...], ...]:
    above, below = [1], [1]
    for k in range(terms, 1, -1):
        above, below = _plus(above, [0, *(k * c for c in below)]), above
    rest = _plus(_times(above, above), [-c for c in _times(below, above)])
    variance = _plus(rest, [0, *(-c for c in _times(below, below))])
    # 1 − ag and 1 − a²(variance) vanish at v = 0, so that their numerators begin with v.
    straight = _plus(_plus(_times(above, above), rest), [-c for c in variance[1:]])
    fall = _times([-2 * c for c in variance], _slope_of(above))
    third = _plus(_times(_slope_of(variance), above), fall)
    found = (below, above, variance, straight, third)
    return tuple(tuple(float(c) for c in p) for p in found)


def _plus(a: list[int], b: list[int]) -> list[int]:
    return [sum(pair) for pair in zip_longest(a, b, fillvalue=0)]


def _times(a: list[int], b: list[int]) -> list[int]:
    product = [0] * (len(a) + len(b) - 1)
    for (i, x), (j, y) in itertools_product(enumerate(a), enumerate(b)):
        product[i + j] += x * y
    return product


MILLS_BELOW, MILLS_ABOVE, MILLS_VARIANCE, MILLS_STRAIGHT, MILLS_THIRD = _mills_polynomials(20)


def mills_gap(x: Any) -> Node:
    """x + phi(x)/Phi(x): the mean of a standard normal above -x, less -x; -1/x far left."""
    a = -minimum(x, MILLS_FAR)
    v = 1.0 / a / a
    far = polynomial(v, MILLS_BELOW) / polynomial(v, MILLS_ABOVE) / a
    return where(x < MILLS_FAR, far, x + inverse_mills(maximum(x, MILLS_FAR)))


def mills_variance(x: Any) -> Node:
    """1 - (phi/Phi)(x + phi/Phi), the variance of a standard normal above -x; 1/x^2 far left."""
    a = -minimum(x, MILLS_FAR)
    v = 1.0 / a / a
    above = polynomial(v, MILLS_ABOVE)
    far = polynomial(v, MILLS_VARIANCE) / above / above
    near = maximum(x, MILLS_FAR)
    ratio = inverse_mills(near)
    return where(x < MILLS_FAR, far, 1.0 - ratio * (near + ratio))


def mills_straight(x: Any) -> Node:
    """2 + x (x p + m) with m = phi(x)/Phi(x), p = m (x + m); 8/x^2 far left.

    There it is (1 + x (x + m)) + (1 - x^2 (1 - p)), and both numerators have lost their leading terms on paper.
    """
    a = -minimum(x, MILLS_FAR)
    v = 1.0 / a / a
    above = polynomial(v, MILLS_ABOVE)
    far = polynomial(v, MILLS_STRAIGHT) / above / above
    near = maximum(x, MILLS_FAR)
    ratio = inverse_mills(near)
    w = where(equal(ratio, 0.0), 0.0, near)  # far right the ratio vanishes, though x be infinite
    return where(x < MILLS_FAR, far, 2.0 + w * (w * (ratio * (w + ratio)) + ratio))


def mills_third(x: Any) -> Node:
    """The derivative of the variance, the third moment about the mean; 2/(-x)^3 far left."""
    a = -minimum(x, MILLS_FAR)
    v = 1.0 / a / a
    above = polynomial(v, MILLS_ABOVE)
    far = 2.0 * v / a * (polynomial(v, MILLS_THIRD) / above / above / above)
    near = maximum(x, MILLS_FAR)
    ratio = inverse_mills(near)
    gap = near + ratio
    return where(x < MILLS_FAR, far, ratio * (gap * gap - (1.0 - ratio * gap)))


def log_mills(x: Any) -> Node:
    """log(Phi(x)/phi(x)); -log(-x) far left."""
    right = log_ndtr(x) + 0.5 * x * x
    return where(x < 0.0, log(_tail_ratio(x)), right) + HALF_LOG_2PI
