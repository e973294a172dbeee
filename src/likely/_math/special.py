"""Special functions written in the primitives of the expression language.

Every function here is an expansion: it is traced once and then runs on NumPy, PyTorch, JAX and in
the kernels. So it uses only arithmetic, comparisons inside ``where``, and ``exp``, ``log`` and
their relatives; both sides of a ``where`` are computed, and the side not taken may be
infinite or NaN. The functions of one family write the same sub-expressions the same way (a shifted
argument, its reciprocal), because the graph shares what is written twice.

Coefficients come from ``tools/derive_special.py``. The errors quoted are the largest relative
errors measured against mpmath on NumPy's exp and log; ``tests/math/test_special.py`` holds them.
Where a comment says that a difference is exact, an evaluator must not reassociate it.
"""

from __future__ import annotations

import math
from itertools import product as itertools_product
from itertools import zip_longest
from typing import Any

from likely._math.graph import (
    Node,
    abs_,
    equal,
    exp,
    expm1,
    log,
    log1p,
    make,
    maximum,
    minimum,
    polynomial,
    where,
)

LOG_2 = math.log(2.0)
HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
SQRT_HALF = math.sqrt(0.5)
EULER = 0.5772156649015329  # −digamma(1)
ONE_OVER_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)
ABOVE_MINUS_1 = -1.0 + 2.0**-53
SMALLEST_NORMAL = 2.2250738585072014e-308

ERFCX_K = 3.5

# Adding and subtracting 1.5 * 2^31 rounds a number below 2^30 to a multiple of 2^-21.
SPLIT = 1.5 * 2.0**31

# degree 20, relative error 1.2e-15, growth 1
STIRLING = (
    0.08268139191081861,
    -0.002460020129809047,
    -0.0019404175524264568,
    0.0008061463941779055,
    -2.0194625284163717e-05,
    -0.00020492928794594694,
    0.00016303121653947296,
    -5.471070656249409e-05,
    -2.998925382187875e-05,
    6.660463551083809e-05,
    -6.145110717211494e-05,
    3.0870079323545644e-05,
    6.477929103977536e-06,
    -2.9579004941086815e-05,
    3.827237389944621e-05,
    -6.71529575315947e-05,
    7.274030981548663e-05,
    5.4929563724602936e-05,
    -0.00015422756370112275,
    2.348689327303152e-05,
    6.31516792952476e-05,
)
# degree 22, relative error 1.5e-15, growth 1.1
STIRLING_1 = (
    0.08145138184591266,
    -0.006860457812032548,
    -0.004612033064731578,
    0.003184196323870733,
    -0.0006132965357593265,
    -0.0007404819894603695,
    0.0009497419058995155,
    -0.0005576419115854026,
    2.9500537958782025e-05,
    0.00035868148635427924,
    -0.0005008274777395196,
    0.0004119549854940915,
    -0.00016369770524446442,
    -0.00017788153396224322,
    0.0004370751973070738,
    -0.0002767540123896337,
    0.00017925646302348767,
    -0.0012486619156921864,
    0.0011345474115334144,
    0.0029026257590349215,
    -0.003965109549669307,
    -0.0015944737945041533,
    0.0029918167520089738,
)
# degree 14, relative error 6.4e-16, growth 1
STIRLING_FROM_2 = (
    0.08316268841506036,
    -0.0013424216224692104,
    -0.0025103042581196087,
    0.0006433477366882529,
    0.00039875278857747133,
    -0.0004450705580276765,
    6.235791437888867e-05,
    0.00027710626579815345,
    -0.00032539950045469275,
    6.374429842615443e-05,
    0.0003373082071647314,
    -0.0005973380396041934,
    0.000326464985382039,
    0.0007528283222928126,
    -0.0013344391099077636,
)
# degree 16, relative error 9.4e-16, growth 1
STIRLING_1_FROM_2 = (
    0.08282708300944235,
    -0.003939995374011482,
    -0.007048401970592325,
    0.0029721437469417892,
    0.001437425392071082,
    -0.002576889120881094,
    0.0009214780435755962,
    0.001566301185605049,
    -0.0027869398541431555,
    0.0014690331308030429,
    0.002109795714812767,
    -0.005904212588635412,
    0.006240749959644998,
    0.002410449246699809,
    -0.0189893309479401,
    0.01656780079424431,
    0.009499895423923365,
)
# degree 24, relative error 4.7e-16, growth 1.2
STIRLING_2 = (
    0.15947253478581147,
    -0.025193406500831184,
    -0.01367183777570408,
    0.014694388545889926,
    -0.005530983732708278,
    -0.0023341477324407872,
    0.005646157285609773,
    -0.004900811034086321,
    0.0019101736385919255,
    0.001442668328030939,
    -0.003766883597060276,
    0.004346201900241889,
    -0.0031542944979288325,
    0.0007336010238504992,
    0.0024482378703962553,
    -0.00602616388407662,
    0.0062396686182369,
    0.0006288814753477375,
    0.0016485361864525224,
    -0.023513480674730775,
    0.0028298464571143793,
    0.07613363121606168,
    -0.057280383095089725,
    -0.061275225374863636,
    0.06367131096502085,
)
# degree 23, relative error 2.4e-14, growth 1.4
STIRLING_3 = (
    0.4658209011070079,
    -0.11444546377900658,
    -0.04631760604702416,
    0.07710436379992748,
    -0.04455225789729455,
    -0.0017347087402880207,
    0.03366276068934001,
    -0.041367486996584234,
    0.027496761677382374,
    -0.001520217836863782,
    -0.02490095794019858,
    0.04188098316038121,
    -0.044940688939091415,
    0.029342033890590997,
    0.0193809295363123,
    -0.062078695273976026,
    -0.022904286008459212,
    0.04462012975270618,
    0.4312479841639688,
    -0.5413446482792681,
    -0.7959632853907868,
    1.2873432301034793,
    0.4177288025648039,
    -0.8963516401426649,
)
# degree 24, relative error 1.0e-13, growth 2.1
STIRLING_BEND = (
    0.013720915624055372,
    -0.008993698989045628,
    -0.0011177799548260485,
    0.007141932139102836,
    -0.0068790461789292635,
    0.0023611962961780893,
    0.0030847155826094243,
    -0.006641818005237509,
    0.006823172231523093,
    -0.0036180728750372553,
    -0.001742391930471332,
    0.007189737568784711,
    -0.010814161198323064,
    0.012171876332234991,
    -0.0074863256303643625,
    -0.013922855792007362,
    0.02564230730330765,
    0.03800166649418526,
    -0.03928513510325381,
    -0.24953138547618212,
    0.28147931837192663,
    0.4655379598016011,
    -0.6579956414125566,
    -0.2770790449425214,
    0.47903910486158985,
)
# (1 - log(pi))/2
COUNT_HALF_AT_0 = 0.5 - 0.5 * math.log(math.pi)
# degree 16, relative error 1.4e-15, growth 1
COUNT_HALF = (
    -0.041517627367171996,
    0.001170334131839801,
    0.0021721207933673953,
    -0.0006199157308942239,
    -0.0003779041483448388,
    0.00043933579795604706,
    -6.475522332127666e-05,
    -0.0002751470919160485,
    0.00032543476876585196,
    -6.319252786388795e-05,
    -0.0003367407281981759,
    0.000569911599791609,
    -0.00032417749465364057,
    -0.000460068457583364,
    0.001255823414579256,
    -0.0012419550769516663,
    0.0004890676345866676,
)
# degree 18, relative error 5.6e-16, growth 2.6
LOG_FACTORIAL = (
    0.7584355247295097,
    0.5561088984981442,
    -0.1774155964517042,
    0.07856564482262865,
    -0.039707036803412935,
    0.02150991002618147,
    -0.012148851957166548,
    0.007052489468198883,
    -0.004173518875849656,
    0.002505216067790348,
    -0.0015203481076729063,
    0.0009295928068891349,
    -0.0005722732871996088,
    0.0003612761855063833,
    -0.00022828698175998374,
    0.00011937934196807592,
    -6.835452165188745e-05,
    9.036649029395311e-05,
    -6.305916327680784e-05,
)
# (digamma(1 + y) - digamma(1))/y; degree 20, relative error 2.0e-16, growth 1.6
DIGAMMA_RISE = (
    1.2274112777602189,
    -0.5852181544310743,
    0.34163966462784123,
    -0.21358231792288157,
    0.13764381695416864,
    -0.0900618237509409,
    0.059407192693094,
    -0.039362729110283635,
    0.026147982674119243,
    -0.017395150321614147,
    0.011582305409957637,
    -0.007717127507800101,
    0.005142319174087545,
    -0.003416446941609082,
    0.00227815040918825,
    -0.0015749249636596784,
    0.001046895821179041,
    -0.0005189600484931391,
    0.0003516116983162487,
    -0.0005527015504280566,
    0.0003639432152487336,
)
# degree 6, relative error 4.1e-15, growth 1
ATANH = (
    0.33333333333333465,
    0.19999999999673568,
    0.14285714416121634,
    0.11111091613670165,
    0.09092293175141783,
    0.07642141402313762,
    0.07556631262062416,
)
# degree 8, relative error 1.1e-15, growth 1.2
EXPM1MX = (
    0.49999999999999994,
    0.1666666666666483,
    0.0416666666666842,
    0.00833333333695664,
    0.0013888888877803369,
    0.00019841250528880973,
    2.480160460455254e-05,
    2.7595428823253495e-06,
    2.7564368194813333e-07,
)
# degree 9, relative error 1.2e-15, growth 2
EXPM1 = (
    0.9999999999999988,
    -0.4999999999996739,
    0.16666666665163646,
    -0.04166666639644437,
    0.008333330854330212,
    -0.0013888757644196924,
    0.00019837016734415184,
    -2.471564046334236e-05,
    2.6494002154536683e-06,
    -2.0054189311826357e-07,
)
# degree 20, relative error 1.1e-15, growth 6.2
ERFCX = (
    1.0870555892622604,
    -0.9377997245671327,
    0.6941136466345794,
    -0.43525602671522523,
    0.22573862164896788,
    -0.09231870667758388,
    0.026518619872321698,
    -0.003177049923550767,
    -0.0013053547255257871,
    0.0007145292178947034,
    -4.206155700674838e-05,
    -7.476831610334845e-05,
    1.8644303117913273e-05,
    7.22439805631178e-06,
    -3.385017564754099e-06,
    -7.677320354716056e-07,
    5.410304824104306e-07,
    8.996594253726003e-08,
    -7.664748380524062e-08,
    -7.876386144059239e-09,
    6.96973140145706e-09,
)

# --- Remainders of logarithm and exponential. ----------------------------------------------------


def _atanh_tail(v: Any) -> Node:
    """atanh(v) - v for |v| < 0.2, by its odd series: log(a/b) = 2 atanh((a - b)/(a + b))."""
    square = v * v
    return v * square * polynomial(square, ATANH)


def log1pmx(x: Any) -> Node:
    """log(1 + x) - x for x > -1; -x^2/2 near 0. Max relative error 6.3e-16.

    Near 0, with v = x/(2 + x): log(1 + x) = 2 atanh(v) and 2v - x = -xv, so no digit cancels.
    """
    v = x / (2.0 + x)
    near = 2.0 * _atanh_tail(v) - x * v
    return where(abs_(v) < 0.2, near, log1p(x) - x)


def log1p_residual(x: Any) -> Node:
    """log(1 + x) - x/(1 + x) for x > -1; x^2/2 near 0. Max relative error 9.1e-16.

    Near 0, with v = x/(2 + x): log(1 + x) = 2 atanh(v) and 2v - x/(1 + x) = v x/(1 + x).
    """
    v = x / (2.0 + x)
    fraction = x / (1.0 + x)
    return where(abs_(v) < 0.2, log1p_residual_near(v, fraction), log1p(x) - fraction)


def log1p_residual_near(v: Any, fraction: Any) -> Node:
    """The same for |v| < 0.2 of v = x/(2 + x), given x/(1 + x)."""
    return 2.0 * _atanh_tail(v) + v * fraction


def _log1p_residual_2_near(half: Any) -> Node:
    """2 log(1 + x) - 2v - v^2 for v = x/(1 + x) and |half| < 0.2, half = x/(2 + x): 2x^3/3 near 0.

    v = 2 half/(1 + half) and log(1 + x) = 2 atanh(half), so that what is left is 4 (atanh(half) - half) and
    2 half - v - v^2/2 = 2 half^3/(1 + half)^2, twice.
    """
    return 4.0 * (_atanh_tail(half) + half * half * half / (1.0 + half) / (1.0 + half))


def log1p_residual_2(x: Any) -> Node:
    """2 log(1 + x) - 2v - v^2 with v = x/(1 + x), for x > -1; 2x^3/3 near 0."""
    half = x / (2.0 + x)
    v = x / (1.0 + x)
    far = (2.0 * log1p(x) - 2.0 * v) - v * v
    return where(abs_(half) < 0.2, _log1p_residual_2_near(half), far)


def expm1mx(x: Any) -> Node:
    """exp(x) - 1 - x for all x; x^2/2 near 0. Max relative error 1.3e-15."""
    return where(abs_(x) < 0.26, x * x * polynomial(x, EXPM1MX), expm1(x) - x)


def log_ratio(x: Any, m: Any, d: Any) -> Node:
    """log(x/m) for x >= 0, m > 0, given d = x - m. Max relative error 3.1e-16.

    d carries the digits that x and m have lost when they nearly agree: with v = d/(x + m),
    log(x/m) = 2 atanh(v). x/m must be representable.
    """
    v = d / (x + m)
    return where(abs_(v) < 0.2, 2.0 * (v + _atanh_tail(v)), log(x / m))


def relative_entropy_term(x: Any, m: Any, d: Any) -> Node:
    """x log(x/m) - d for x >= 0, m > 0, given d = x - m. Max relative error 1.8e-15.

    Equals d^2/(2m) near x = m, and m at x = 0. With v = d/(x + m): x log(x/m) = 2x atanh(v)
    and 2xv - d = dv. A ratio that underflows counts as 0, which is right to the last digit.
    """
    v = d / (x + m)
    ratio = x / m
    far = where(ratio > 0.0, x * log(ratio), 0.0) - d
    return where(abs_(v) < 0.2, d * v + 2.0 * x * _atanh_tail(v), far)


# --- The logistic function and its logarithms. ---------------------------------------------------


def log1p_fraction(x: Any) -> Node:
    """log(1 + x) for 0 <= x <= 1, which kernels compute in a third of the time of log1p."""
    return make("log1p_fraction", x)


def softplus(x: Any) -> Node:
    """log(1 + exp(x)) for all x. Max relative error 2.2e-16."""
    return maximum(x, 0.0) + log1p_fraction(exp(-abs_(x)))


def logaddexp(a: Any, b: Any) -> Node:
    """log(exp(a) + exp(b)), exactly the larger where the other is -infinite."""
    top = maximum(a, b)
    return top + log1p_fraction(exp(-abs_(where(top > -math.inf, a - b, 0.0))))


def sigmoid(x: Any) -> Node:
    """1/(1 + exp(-x)) for all x, digits kept in both tails. Max relative error 2.9e-16."""
    e = exp(-abs_(x))
    t = 1.0 / (1.0 + e)  # one division serves σ(x) and σ(−x)
    return where(x < 0.0, e * t, t)


def log_softplus(x: Any) -> Node:
    """log(log(1 + exp(x))) for all x. Max relative error 2.2e-16.

    For |value| < 1 (around the zero at x = 0.5413) that is the absolute error instead.
    """
    # softplus(x) = e^x (1 - e^x/2 + ...), and e^-37 is below rounding; e^x itself may underflow.
    return where(x < -37.0, x, log(softplus(x)))


def log1mexp(x: Any) -> Node:
    """log(1 - exp(-x)) for x > 0. Max relative error 1.8e-15.

    1 - e^-x for x < log 2 is a polynomial that keeps its digits at 0; beyond, its
    complement e^-x is what must keep them. One logarithm serves both.
    """
    near = x < LOG_2
    e = exp(-x)
    rounded = 1.0 - e
    # 1 - rounded is exact, so lost is the rounding error of 1 - e: log(1 - e) =
    # log(rounded) + lost/rounded, and where lost matters rounded is 1.
    lost = (1.0 - rounded) - e
    return log(where(near, x * polynomial(x, EXPM1), rounded)) + where(near, 0.0, lost)


# --- The gamma function, through the error of Stirling's formula. --------------------------------
#
# S(x) = lgamma(x) - (x - 1/2) log x + x - log(2 pi)/2. For z >= 1, z S(z) is a smooth function of
# u = 1/z in [0, 1]; likewise the derivatives. Below 1, S(x) = S(x + 1) + (x + 1/2) log(1 + 1/x) - 1
# moves the argument to z = x + 1 in [1, 2), so that one polynomial serves all x. The added
# terms have the sign of the result, and at x <= 1 have not cancelled much.


def _shifted_reciprocal(x: Any) -> Node:
    """1/z with z = x for x >= 1 and z = x + 1 below."""
    return 1.0 / where(x < 1.0, x + 1.0, x)


def _powers(x: Any, coefficients: tuple[float, ...]) -> Node:
    """A polynomial on [0, 1] in powers about the middle, where rounding does not grow."""
    return polynomial(x - 0.5, coefficients)


def stirling_error(x: Any) -> Node:
    """S(x) = lgamma(x) - (x - 1/2) log x + x - log(2 pi)/2 for x > 0.

    Positive, decreasing: 1/(12x) far out, -log(2 pi x)/2 at 0. Max relative error 3.1e-15.
    """
    u = _shifted_reciprocal(x)
    step = log1p(1.0 / x)
    # x step and step/2 - 1 round less than (x + 1/2) step, and their sum is almost exact.
    # Adding the smallest number changes nothing but 0 times infinity: S(0) is infinite.
    shift = where(x < 1.0, (x + SMALLEST_NORMAL) * step + (0.5 * step - 1.0), 0.0)
    return u * _powers(u, STIRLING) + shift


def stirling_error_1(x: Any) -> Node:
    """S'(x) = digamma(x) - log x + 1/(2x) for x > 0.

    Negative: -1/(12x^2) far out, -1/(2x) near 0 (NaN where 1/x overflows).
    Max relative error 2.0e-15.
    """
    reciprocal = 1.0 / x
    u = _shifted_reciprocal(x)
    shift = where(x < 1.0, log1p(reciprocal) - 0.5 * (reciprocal + u), 0.0)
    return shift - u * u * _powers(u, STIRLING_1)


def stirling_error_2(x: Any) -> Node:
    """S''(x) = trigamma(x) - 1/x - 1/(2x^2) for x > 0.

    Positive: 1/(6x^3) far out, 1/(2x^2) at 0. Max relative error 9.8e-16.
    """
    u = _shifted_reciprocal(x)
    product = (1.0 / x) * u
    shift = where(x < 1.0, (0.5 * product) * product, 0.0)
    return u * u * u * _powers(u, STIRLING_2) + shift


def stirling_error_3(x: Any) -> Node:
    """S'''(x) = tetragamma(x) + 1/x^2 + 1/x^3 for x > 0.

    Negative: -1/(2x^4) far out, -1/x^3 at 0. Max relative error 2.4e-14.
    """
    reciprocal = 1.0 / x
    u = _shifted_reciprocal(x)
    product = reciprocal * u
    shift = where(x < 1.0, (reciprocal + u) * (product * product), 0.0)
    square = u * u
    return -(square * square * _powers(u, STIRLING_3) + shift)


def stirling_above(x: Any) -> Node:
    """S(x) where x >= 1 is known: no shift, so no logarithm. Max relative error 1.2e-15."""
    u = 1.0 / x
    return u * _powers(u, STIRLING)


def stirling_from_2(x: Any, u: Any = None) -> Node:
    """S(x) where x >= 2 is known, given u = 1/x where that is at hand. Max relative error 9e-16."""
    u = 1.0 / x if u is None else u
    return u * polynomial(u - 0.25, STIRLING_FROM_2)


def stirling_slope_from_2(u: Any) -> Node:
    """-S'(x)/u^2 of u = 1/x, where x >= 2 is known. Max relative error 1.3e-15."""
    return polynomial(u - 0.25, STIRLING_1_FROM_2)


def log_factorial_error(y: Any) -> Node:
    """E(y) = lgamma(y + 1) - y log y + y for y >= 0; E(0) = 0.

    Increasing: -y log y at 0, log(2 pi y)/2 far out. Max relative error 5.4e-16.
    Below 1 it is y (lgamma(1 + y)/y + 1 - log y), above S(y) + log(2 pi y)/2; one log y.
    """
    u = _shifted_reciprocal(y)
    logarithm = log(y)  # densities of counts have it as well
    small = where(equal(y, 0.0), 0.0, y * (_powers(y, LOG_FACTORIAL) - logarithm))
    large = u * _powers(u, STIRLING) + (0.5 * logarithm + HALF_LOG_2PI)
    return where(y < 1.0, small, large)


def count_error(y: Any) -> Node:
    """E(y) of whole numbers y >= 0, which is y at 0 and 1: one polynomial. Max relative error 3.0e-16."""
    return where(y < 2.0, y, stirling_from_2(y) + (0.5 * log(y) + HALF_LOG_2PI))


def count_half_error(y: Any) -> Node:
    """log y! - x log x + x - log(2 pi)/2 with x = y + 1/2, of whole numbers y >= 0. Max relative error 1.7e-15.

    Negative, -1/(24x) far out: smaller than S, and with no log x beside it.
    """
    v = 1.0 / (y + 0.5)
    return where(y < 1.0, COUNT_HALF_AT_0, v * polynomial(v - 0.25, COUNT_HALF))


def log_factorial_error_1(y: Any) -> Node:
    """E'(y) = digamma(y + 1) - log y for y > 0; S'(y) + 1/(2y), shifted below 1.

    Positive: -log y at 0, 1/(2y) far out. Max relative error 4.2e-16.
    """
    u = _shifted_reciprocal(y)
    half = 0.5 * u
    leading = where(y < 1.0, log1p(1.0 / y) - half, half)
    return leading - u * u * _powers(u, STIRLING_1)


# --- The normal distribution function. -----------------------------------------------------------


def erfcx(x: Any) -> Node:
    """exp(x^2) erfc(x) for x >= 0; 1/(x sqrt(pi)) far out. Max relative error 1.9e-15.

    (x + k) erfcx(x) is smooth in s = (x - k)/(x + k), which maps x >= 0 to [-1, 1].
    """
    reciprocal = 1.0 / (x + ERFCX_K)
    return reciprocal * polynomial(1.0 - (2.0 * ERFCX_K) * reciprocal, ERFCX)


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

    Max relative error 2.0e-15.
    """
    tail = _tail_ratio(x) * _exp_minus_half_square(x)
    return where(x < 0.0, tail, 1.0 - tail)


def log_ndtr(x: Any) -> Node:
    """log Phi(x) for all x, relative accuracy in both tails. Max relative error 2.8e-15.

    On the left log(Phi(x) exp(x^2/2)) - x^2/2, on the right log(1 - Phi(-x)): one log1p for both.
    What ratio - 1 loses for large |x| is far below x^2/2, as long as the logarithm is finite.
    """
    left = x < 0.0
    ratio = _tail_ratio(x)
    tail = ratio * _exp_minus_half_square(x)
    complement = maximum(where(left, ratio - 1.0, -tail), ABOVE_MINUS_1)
    return log1p(complement) - where(left, 0.5 * x * x, 0.0)


def inverse_mills(x: Any) -> Node:
    """phi(x)/Phi(x), the derivative of log Phi; about -x far left. Max relative error 2.0e-15."""
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
