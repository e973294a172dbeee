"""exp, expm1, log, log1p and their like without branch or call, so that LLVM vectorises them.

Compiled loops would otherwise call libm once a row. The emitter copies this text into each kernel
module, so it imports no Numba and wears no decorators. Each function is one straight block of
float64 arithmetic, bit casts and selects: both sides of ``a if c else b`` are values already there.
That also keeps it cheap enough for LLVM to inline, without which no loop is vectorised.

They may be compiled with ``contract`` (a * b + c rounded once) or without; no other freedom is
allowed, because sums and differences here recover each other's rounding errors. Errors are the
largest measured, in ulp of the result. ``tools/derive_primitives.py`` derives the coefficients;
``tests/math/test_primitives.py`` holds the errors against mpmath.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import float64, int64

# log(2) in two parts: the high one has 42 bits, so an exponent times it is exact.
LOG2_HIGH = 0.6931471805598903
LOG2_LOW = 5.497923018708371e-14
ONE_OVER_LOG2 = 1.4426950408889634

# Rows in a vector.
LANES = 8

# A number below 2^51 added to this is rounded to an integer, which its low bits then hold.
ROUND = 1.5 * 2.0**52

ONE_BITS = 0x3FF0000000000000
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
MANTISSA_BITS = 0x000FFFFFFFFFFFFF
EXPONENT_BITS = 0x7FF0000000000000
SIGN_BIT = -(2**63)
LARGEST = 2**63 - 1
# An integer below 2^52 put into the low bits of 2^52 makes their sum.
INTEGER = 2.0**52
INTEGER_BITS = 0x4330000000000000

SMALLEST_NORMAL = 2.0**-1022

# (e^r - 1 - r - r^2 / 2) / r^3 for |r| <= log(2) / 2; relative error of e^r - 1: 1.5e-18
EXP_0 = 0.16666666666666677
EXP_1 = 0.04166666666666658
EXP_2 = 0.008333333333322158
EXP_3 = 0.0013888888888942668
EXP_4 = 0.0001984126988494482
EXP_5 = 2.480158719821887e-05
EXP_6 = 2.7557245291701766e-06
EXP_7 = 2.7557387046616975e-07
EXP_8 = 2.510868737887277e-08
EXP_9 = 2.087891140662711e-09

# (2 atanh(s) - 2 s) / s^3 in z = s^2, for s = (m - 1) / (m + 1), sqrt(1/2) <= m <= sqrt(2);
# relative error of log(m): 1.5e-18
LOG_0 = 0.6666666666666734
LOG_1 = 0.3999999999941602
LOG_2 = 0.2857142874210224
LOG_3 = 0.22222198601140697
LOG_4 = 0.18183562942765738
LOG_5 = 0.15314084191710733
LOG_6 = 0.14795630195750814

# (2 atanh(s) - 2 s) / s^3 in z = s^2, for s = x / (2 + x), 0 <= x <= 1; relative error of log(1 + x): 2.1e-18
FRACTION_0 = 0.6666666666666631
FRACTION_1 = 0.40000000000155267
FRACTION_2 = 0.2857142854809793
FRACTION_3 = 0.22222223954962816
FRACTION_4 = 0.1818174443048193
FRACTION_5 = 0.15386549471241417
FRACTION_6 = 0.13301106688334685
FRACTION_7 = 0.1210506505277288
FRACTION_8 = 0.08344430235728592
FRACTION_9 = 0.1701078859079677


def where(condition: bool, a: Any, b: Any) -> Any:
    """a where the condition holds, else b; in a compiled function, of values that are there already."""
    return a if condition else b


def aligned_frame() -> None:
    """Nothing; in a compiled function, vectors that registers do not hold lie in whole lines of the cache."""


def gathered(rows, order, begin, end):
    """A vector of the rows that ``order`` lists from ``begin`` on; of fewer before ``end``, the last again."""
    return rows[order[np.minimum(np.arange(begin, begin + LANES), end - 1)]]


def scattered(rows, order, begin, end, values) -> None:
    """Back to those rows."""
    rows[order[np.minimum(np.arange(begin, begin + LANES), end - 1)]] = values


def loaded(array, at):
    """The vector that is in an array from a place on."""
    return array[at : at + LANES]


def put(array, at, values) -> None:
    """A vector into an array, from a place on."""
    array[at : at + LANES] = values


def multiply_add(a, b, c):
    """a b + c of vectors, or of vectors and numbers."""
    return a * b + c


def exponential(x):
    """e^x of vectors x <= 0, but 0 where ``exp`` is below 2^-1021: such numbers are subnormal, and take long."""
    return np.where(x < -1021.0 / ONE_OVER_LOG2, 0.0, np.exp(x))


def float_bits(x: float) -> int64:
    """The bits of x as an integer."""
    return float64(x).view(int64)


def bits_float(i: int64) -> float:
    """The number with these bits."""
    return int64(i).view(float64)


def rank(x: float) -> int64:
    """An integer for every number, in their order; see ``at_rank``. NaN is above all or below all."""
    bits = float_bits(x)
    return bits ^ ((bits >> 63) & LARGEST)


def at_rank(i: int64) -> float:
    """The number of this rank."""
    return bits_float(i ^ ((i >> 63) & LARGEST))


def maximum(a: float, b: float) -> float:
    """The larger; NaN if either is."""
    return b if (a < b) | (b != b) else a


def minimum(a: float, b: float) -> float:
    """The smaller; NaN if either is."""
    return b if (b < a) | (b != b) else a


def exp_rest(r: float, r2: float) -> float:
    """(e^r - 1 - r - r^2 / 2) / r^3 for |r| <= log(2) / 2, r2 = r^2."""
    r4 = r2 * r2
    low = (EXP_0 + r * EXP_1) + r2 * (EXP_2 + r * EXP_3)
    high = (EXP_4 + r * EXP_5) + r2 * (EXP_6 + r * EXP_7) + r4 * (EXP_8 + r * EXP_9)
    return low + r4 * high


def exp(x: float) -> float:
    """e^x = 2^n e^r, n = round(x / log 2); 0.98 ulp, all x."""
    # Beyond these the result is 0 or infinity anyway. NaN fails both comparisons and stays. Both
    # come first: where the second depends on the first select, LLVM makes branches of them.
    under, over = x < -746.0, x > 710.0
    x = -746.0 if under else x
    x = 710.0 if over else x
    shifted = x * ONE_OVER_LOG2 + ROUND
    n = shifted - ROUND
    r = (x - n * LOG2_HIGH) - n * LOG2_LOW
    r2 = r * r
    value = 1.0 + (r + r2 * (0.5 + r * exp_rest(r, r2)))
    # 2^n in two factors: neither leaves the normal range, so only the second product rounds.
    bits = float_bits(shifted)
    half = bits >> 1
    scaled = value * bits_float((half << 52) + ONE_BITS)
    return scaled * bits_float(((bits - half) << 52) + ONE_BITS)


def expm1(x: float) -> float:
    """e^x - 1 = ((1 - 2^-n) + (e^r - 1)) 2^n, n = round(x / log 2); 1.90 ulp, all x."""
    # Below -40 the result is -1 to the last bit.
    under, over = x < -40.0, x > 710.0
    y = -40.0 if under else x
    y = 710.0 if over else y
    shifted = y * ONE_OVER_LOG2 + ROUND
    n = shifted - ROUND
    r = (y - n * LOG2_HIGH) - n * LOG2_LOW
    r2 = r * r
    step = r + r2 * (0.5 + r * exp_rest(r, r2))
    # 2^n = first / unit: the sum over unit cannot overflow before the result does.
    bits = float_bits(shifted)
    half = bits >> 1
    second = (bits - half) << 52
    first = bits_float((half << 52) + ONE_BITS)
    unit = bits_float(ONE_BITS - second)
    value = ((first - unit) + first * step) * bits_float(second + ONE_BITS)
    # The sign is that of x: -0.0 stays.
    return bits_float(float_bits(value) | (float_bits(x) & SIGN_BIT))


def log_sum(whole: float, f: float, low: float) -> float:
    """whole + log(1 + f) + low for sqrt(1/2) <= 1 + f <= sqrt(2), |whole| > |f| or 0, low small."""
    s = f / (2.0 + f)
    z = s * s
    z2 = z * z
    p = (LOG_0 + z * LOG_1) + z2 * ((LOG_2 + z * LOG_3) + z2 * ((LOG_4 + z * LOG_5) + z2 * LOG_6))
    # log(1 + f) = f - (f^2 / 2 - s (f^2 / 2 + z p)): f is exact, and what is taken off is smaller.
    half = 0.5 * f * f
    return whole + (f - (half - (s * (half + z * p) + low)))


def log(x: float) -> float:
    """log(x) = k log 2 + log(m), x = 2^k m, sqrt(1/2) <= m < sqrt(2); 0.87 ulp, all x > 0."""
    small = x < SMALLEST_NORMAL
    scaled = x * 2.0**54
    bits = float_bits(scaled if small else x) + (ONE_BITS - SQRT_HALF_BITS)
    f = bits_float((bits & MANTISSA_BITS) + SQRT_HALF_BITS) - 1.0
    bias = INTEGER + 1077.0 if small else INTEGER + 1023.0
    k = bits_float(((bits >> 52) & 0xFFF) + INTEGER_BITS) - bias
    value = log_sum(k * LOG2_HIGH, f, k * LOG2_LOW)
    value = value if x < math.inf else x
    edge = -math.inf if x == 0.0 else math.nan
    return value if x > 0.0 else edge


def log1p(x: float) -> float:
    """log(1 + x) = log(u) + what u = 1 + x lost, over u; 0.87 ulp, all x > -1."""
    u = 1.0 + x
    added = u - 1.0
    lost = (1.0 - (u - added)) + (x - added)
    bits = float_bits(u) + (ONE_BITS - SQRT_HALF_BITS)
    f = bits_float((bits & MANTISSA_BITS) + SQRT_HALF_BITS) - 1.0
    k = bits_float(((bits >> 52) & 0xFFF) + INTEGER_BITS) - (INTEGER + 1023.0)
    # lost / u to 3%, as lost 2^(1 - k) (1 - f) (1 + f^2) / 2; for the largest x, 2^-k has no bits.
    scale = bits_float(EXPONENT_BITS - (bits & EXPONENT_BITS))
    correction = lost * scale * ((0.5 - 0.5 * f) * (1.0 + f * f))
    value = log_sum(k * LOG2_HIGH, f, k * LOG2_LOW + correction)
    value = value if x < math.inf else x
    edge = -math.inf if x == -1.0 else math.nan
    value = value if x > -1.0 else edge
    # To half an ulp, and -0.0 stays.
    return x if abs(x) < 2.0**-53 else value


def log1p_fraction(x: float) -> float:
    """log(1 + x) = x - s (x - z p), s = x / (2 + x), z = s^2; 1.07 ulp, 0 <= x <= 1."""
    s = x / (2.0 + x)
    z = s * s
    z2 = z * z
    low = (FRACTION_0 + z * FRACTION_1) + z2 * (FRACTION_2 + z * FRACTION_3)
    high = (FRACTION_4 + z * FRACTION_5) + z2 * (FRACTION_6 + z * FRACTION_7)
    p = low + (z2 * z2) * (high + (z2 * z2) * (FRACTION_8 + z * FRACTION_9))
    return x - s * (x - z * p)
