"""Categorical softmax

Generated from softmax_body.py: do not edit."""

import math

import numpy as np


from numpy import float32, int32

HALF = float32(0.5)

ONE = float32(1.0)

TWO = float32(2.0)

INFINITY = float32("inf")

UNDEFINED = float32("nan")

LOG2_HIGH = float32(0.693145751953125)

LOG2_LOW = float32(1.4286068203094173e-06)

ONE_OVER_LOG2 = float32(1.4426950408889634)

ROUND = float32(1.5 * 2.0**23)

ONE_BITS = int32(0x3F800000)

SQRT_HALF_BITS = int32(0x3F3504F3)

MANTISSA_BITS = int32(0x007FFFFF)

EXPONENT_BITS = int32(0x7F800000)

MANTISSA = int32(23)

BIAS = int32(127)

SIGN = int32(31)

LARGEST = int32(0x7FFFFFFF)

EPSILON = float32(2.0**-25)

EXP_UNDER = float32(-104.0)

EXP_OVER = float32(89.0)

EXP_0 = float32(0.16666666299106805)

EXP_1 = float32(0.041666482639004576)

EXP_2 = float32(0.00833341964568441)

EXP_3 = float32(0.0013933253206339692)

EXP_4 = float32(0.00019824125819765958)

LOG_0 = float32(0.6666677611888862)

LOG_1 = float32(0.3997756942770777)

LOG_2 = float32(0.2987107164165721)

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

def few_classes(codes_all, raw_all, first, rest, start, stop, rows):
    """Blocks of rows, transposed: the loops over rows vectorise."""
    k = raw_all.shape[1]
    zero, one = raw_all.dtype.type(0.0), raw_all.dtype.type(1.0)
    buffer = np.empty((k, rows), raw_all.dtype)
    work = np.empty((3, rows), raw_all.dtype)
    invalid = 0
    for begin in range(start, stop, rows):
        n = min(rows, stop - begin)
        top, total, mine = work[0, :n], work[1, :n], work[2, :n]
        for i in range(n):
            for j in range(k):
                buffer[j, i] = raw_all[begin + i, j]
        for i in range(n):
            top[i], total[i] = buffer[0, i], zero
        for j in range(k):
            column = buffer[j, :n]
            for i in range(n):
                top[i] = column[i] if column[i] > top[i] else top[i]
                total[i] += column[i]
        for i in range(n):
            invalid += 0 if abs(total[i]) < math.inf else 1
            total[i] = zero
        for j in range(k):
            column = buffer[j, :n]
            for i in range(n):
                column[i] = exp(column[i] - top[i])
        for i in range(n):
            seen = int(codes_all[begin + i])
            mine[i], buffer[seen, i] = buffer[seen, i], zero
            top[i] -= raw_all[begin + i, seen]
        for j in range(k):
            column = buffer[j, :n]
            for i in range(n):
                total[i] += column[i]
        for i in range(n):
            excess = total[i] if mine[i] == one else (total[i] + mine[i]) - one
            top[i] += log1p(excess)
            mine[i] = one / (one + excess)
        for i in range(n):
            first[begin + i] = top[i]
            buffer[int(codes_all[begin + i]), i] = -total[i]
        for i in range(n):
            for j in range(k):
                rest[begin + i, j] = buffer[j, i] * mine[i]
    return invalid


def plus(a, b):
    """a + b, and a loop of them in whatever order vectorises, which ``build.py`` allows here and nowhere else.

    For terms ≥ 0, of which no order recovers the rounding errors, and to see whether numbers are finite.
    """
    return a + b


def many_classes(codes_all, raw_all, first, rest, start, stop, rows):
    """Blocks of rows: the loops over classes vectorise, and over the rows of a block what is left."""
    k = raw_all.shape[1]
    zero, one = raw_all.dtype.type(0.0), raw_all.dtype.type(1.0)
    work = np.empty((3, rows), raw_all.dtype)
    invalid = 0
    for begin in range(start, stop, rows):
        n = min(rows, stop - begin)
        loss, total, mine = work[0, :n], work[1, :n], work[2, :n]
        for i in range(n):
            raw, out = raw_all[begin + i], rest[begin + i]
            # Integers have a maximum without NaN, and so one that vectorises.
            highest, whole = rank(raw[0]), zero
            for j in range(k):
                this = rank(raw[j])
                highest = this if this > highest else highest
                whole = plus(whole, raw[j])
            invalid += 0 if abs(whole) < math.inf else 1
            top = at_rank(highest)
            for j in range(k):
                out[j] = exp(raw[j] - top)
            seen = int(codes_all[begin + i])
            loss[i], mine[i], out[seen] = top - raw[seen], out[seen], zero
            others = zero
            for j in range(k):
                others = plus(others, out[j])
            total[i] = others
        for i in range(n):
            excess = total[i] if mine[i] == one else (total[i] + mine[i]) - one
            loss[i] += log1p(excess)
            mine[i] = one / (one + excess)
        for i in range(n):
            out, scale = rest[begin + i], mine[i]
            first[begin + i] = loss[i]
            out[int(codes_all[begin + i])] = -total[i]
            for j in range(k):
                out[j] *= scale
    return invalid
