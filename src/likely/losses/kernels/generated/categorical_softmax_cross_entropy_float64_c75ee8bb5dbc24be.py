"""Categorical softmax

Generated from softmax_body.py: do not edit."""

import math

import numpy as np


from numpy import float64, int64

LOG2_HIGH = 0.6931471805598903

LOG2_LOW = 5.497923018708371e-14

ONE_OVER_LOG2 = 1.4426950408889634

ROUND = 1.5 * 2.0**52

ONE_BITS = 0x3FF0000000000000

SQRT_HALF_BITS = 0x3FE6A09E667F3BCD

MANTISSA_BITS = 0x000FFFFFFFFFFFFF

EXPONENT_BITS = 0x7FF0000000000000

LARGEST = 2**63 - 1

INTEGER = 2.0**52

INTEGER_BITS = 0x4330000000000000

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

LOG_0 = 0.6666666666666734

LOG_1 = 0.3999999999941602

LOG_2 = 0.2857142874210224

LOG_3 = 0.22222198601140697

LOG_4 = 0.18183562942765738

LOG_5 = 0.15314084191710733

LOG_6 = 0.14795630195750814

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

def log_sum(whole: float, f: float, low: float) -> float:
    """whole + log(1 + f) + low for sqrt(1/2) <= 1 + f <= sqrt(2), |whole| > |f| or 0, low small."""
    s = f / (2.0 + f)
    z = s * s
    z2 = z * z
    p = (LOG_0 + z * LOG_1) + z2 * ((LOG_2 + z * LOG_3) + z2 * ((LOG_4 + z * LOG_5) + z2 * LOG_6))
    # log(1 + f) = f - (f^2 / 2 - s (f^2 / 2 + z p)): f is exact, and what is taken off is smaller.
    half = 0.5 * f * f
    return whole + (f - (half - (s * (half + z * p) + low)))

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
