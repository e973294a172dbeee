"""exp, log, log1p and log1p_fraction in single precision, for the float32 copies of kernels; see ``primitives.py``.

The same rules hold: one straight block of arithmetic, bit casts and selects, compiled with ``contract`` and no other
freedom. Every constant is a float32, because one that is not would make the whole loop double. Errors are the largest
measured, in ulp of the result. ``tools/derive_primitives.py`` derives the coefficients;
``tests/math/test_primitives_single.py`` holds the errors against double precision.
"""

from __future__ import annotations

from numpy import float32, int32

ZERO = float32(0.0)
HALF = float32(0.5)
ONE = float32(1.0)
TWO = float32(2.0)
INFINITY = float32("inf")
UNDEFINED = float32("nan")

# log(2) in two parts: the high one has 15 bits, so an exponent times it is exact.
LOG2_HIGH = float32(0.693145751953125)
LOG2_LOW = float32(1.4286068203094173e-06)
ONE_OVER_LOG2 = float32(1.4426950408889634)

# A number below 2^22 added to this is rounded to an integer, which its low bits then hold.
ROUND = float32(1.5 * 2.0**23)

ONE_BITS = int32(0x3F800000)
SQRT_HALF_BITS = int32(0x3F3504F3)
MANTISSA_BITS = int32(0x007FFFFF)
EXPONENT_BITS = int32(0x7F800000)
MANTISSA = int32(23)
BIAS = int32(127)
SIGN = int32(31)
LARGEST = int32(0x7FFFFFFF)

SMALLEST_NORMAL = float32(2.0**-126)
EPSILON = float32(2.0**-25)
# The shift of a subnormal number into the normal ones, and its exponent.
RAISE = float32(2.0**24)
RAISED = int32(24)

# Beyond these e^x is 0 or infinity.
EXP_UNDER = float32(-104.0)
EXP_OVER = float32(89.0)

# (e^r - 1 - r - r^2 / 2) / r^3 for |r| <= log(2) / 2; relative error of e^r - 1: 3.9e-10
EXP_0 = float32(0.16666666299106805)
EXP_1 = float32(0.041666482639004576)
EXP_2 = float32(0.00833341964568441)
EXP_3 = float32(0.0013933253206339692)
EXP_4 = float32(0.00019824125819765958)

# (2 atanh(s) - 2 s) / s^3 in z = s^2, for s = (m - 1) / (m + 1), sqrt(1/2) <= m <= sqrt(2);
# relative error of log(m): 8.0e-10
LOG_0 = float32(0.6666677611888862)
LOG_1 = float32(0.3997756942770777)
LOG_2 = float32(0.2987107164165721)

# (2 atanh(s) - 2 s) / s^3 in z = s^2, for s = x / (2 + x), 0 <= x <= 1; relative error of log(1 + x): 4.5e-9
FRACTION_0 = float32(0.6666641617890873)
FRACTION_1 = float32(0.40021534243510176)
FRACTION_2 = float32(0.2800167840961116)
FRACTION_3 = float32(0.28012665889112953)


def float_bits(x: float32) -> int32:
    """The bits of x as an integer."""
    return float32(x).view(int32)


def bits_float(i: int32) -> float32:
    """The number with these bits."""
    return int32(i).view(float32)


def rank(x: float32) -> int32:
    """An integer for every number, in their order; see ``at_rank``. NaN is above all or below all."""
    bits = float_bits(x)
    return int32(bits ^ int32(int32(bits >> SIGN) & LARGEST))


def at_rank(i: int32) -> float32:
    """The number of this rank."""
    return bits_float(int32(i ^ int32(int32(i >> SIGN) & LARGEST)))


def exp(x: float32) -> float32:
    """e^x = 2^n e^r, n = round(x / log 2)."""
    # NaN fails both comparisons and stays.
    under, over = x < EXP_UNDER, x > EXP_OVER
    x = EXP_UNDER if under else x
    x = EXP_OVER if over else x
    shifted = x * ONE_OVER_LOG2 + ROUND
    n = shifted - ROUND
    r = (x - n * LOG2_HIGH) - n * LOG2_LOW
    r2 = r * r
    rest = (EXP_0 + r * EXP_1) + r2 * ((EXP_2 + r * EXP_3) + r2 * EXP_4)
    value = ONE + (r + r2 * (HALF + r * rest))
    # 2^n in two factors: neither leaves the normal range, so only the second product rounds.
    bits = int32(
        float_bits(shifted) - float_bits(ROUND)
    )  # in 64 bits only half as many fit a vector
    half = int32(bits >> int32(1))
    scaled = value * bits_float(int32(half << MANTISSA) + ONE_BITS)
    return scaled * bits_float(int32(int32(bits - half) << MANTISSA) + ONE_BITS)


def log_sum(k: float32, f: float32, low: float32) -> float32:
    """k log 2 + log(1 + f) + low for sqrt(1/2) <= 1 + f <= sqrt(2), low small."""
    s = f / (TWO + f)
    z = s * s
    half = HALF * f * f
    tail = s * (half + z * (LOG_0 + z * (LOG_1 + z * LOG_2)))
    return k * LOG2_HIGH + (f - (half - (tail + (k * LOG2_LOW + low))))


def log(x: float32) -> float32:
    """log(x) = k log 2 + log(m), x = 2^k m, sqrt(1/2) <= m < sqrt(2)."""
    small = x < SMALLEST_NORMAL
    raised = x * RAISE
    bits = int32(float_bits(raised if small else x) + (ONE_BITS - SQRT_HALF_BITS))
    f = bits_float(int32(bits & MANTISSA_BITS) + SQRT_HALF_BITS) - ONE
    bias = int32(BIAS + RAISED) if small else BIAS
    value = log_sum(float32(int32(bits >> MANTISSA) - bias), f, ZERO)
    value = value if x < INFINITY else x
    edge = -INFINITY if x == ZERO else UNDEFINED
    return value if x > ZERO else edge


def log1p(x: float32) -> float32:
    """log(1 + x) = log(u) + what u = 1 + x lost, over u."""
    u = ONE + x
    added = u - ONE
    lost = (ONE - (u - added)) + (x - added)
    bits = int32(float_bits(u) + (ONE_BITS - SQRT_HALF_BITS))
    f = bits_float(int32(bits & MANTISSA_BITS) + SQRT_HALF_BITS) - ONE
    k = float32(int32(bits >> MANTISSA) - BIAS)
    # lost / u to 3%, as lost 2^(1 - k) (1 - f) (1 + f^2) / 2; for the largest x, 2^-k has no bits.
    scale = bits_float(int32(EXPONENT_BITS - int32(bits & EXPONENT_BITS)))
    value = log_sum(k, f, lost * scale * ((HALF - HALF * f) * (ONE + f * f)))
    value = value if x < INFINITY else x
    edge = -INFINITY if x == -ONE else UNDEFINED
    value = value if x > -ONE else edge
    # To half an ulp, and -0.0 stays.
    return x if abs(x) < EPSILON else value


def log1p_fraction(x: float32) -> float32:
    """log(1 + x) = x - s (x - z p), s = x / (2 + x), z = s^2, for 0 <= x <= 1."""
    s = x / (TWO + x)
    z = s * s
    p = (FRACTION_0 + z * FRACTION_1) + (z * z) * (FRACTION_2 + z * FRACTION_3)
    return x - s * (x - z * p)
