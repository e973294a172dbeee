"""StudentT: symmetric errors with tails as heavy as the data say."""

from likely._math.atoms import (
    betaincinv,
    lgamma,
    log1mexp,
    ndtri,
    scaled_log1p,
    stdtr,
    stdtrit,
    stirling,
    stirling_curve,
    stirling_slope,
    student_kernel,
    student_pull,
)
from likely._math.atoms.johnson import hypot_reciprocal, hypot_sine
from likely._math.domains import positive, real
from likely._math.graph import PI, abs_, arctan2, exp, log, maximum, polynomial, sqrt, where
from likely._math.tails.intervals import log_between, narrow_between
from likely._math.tails.student import log_constant, log_student_tail
from likely._math.tails.student_bounds import (
    log_student_above,
    log_student_later,
    log_student_within,
)
from likely.families.base import Distribution, Parameter

#: Below this log x an incomplete beta function is its leading term.
LOG_TINY = -100.0
#: From so many degrees of freedom on, a quantile is the Normal's and three powers of 1/df.
NORMAL = 1e6


def _stirling_2(x, log_x):
    # x² S″(x) = x² ψ′(x) − x − ½
    return stirling_curve(x, log_x) - stirling_slope(x, log_x)


def _log_density(d, scale, df, log_scale, log_df):
    return log_constant(df, log_df) - student_kernel(d, scale, df, log_scale, log_df)


def _is_narrow(d, width, scale, df, log_scale, log_df):
    # The density changes by the factor e at most, and its singularities are far from the interval.
    change = (df + 1.0) * (abs_(student_pull(d, scale, df, log_scale, log_df)) * width)
    z, w = d / scale, width / scale
    share = (df + 1.0) * (w * w) / (df + z * z)
    return where(change < 1.0, share, 1.0) < 0.1


def _log_beta(a):
    # log(a B(a, ½)), of the leading term x^a / (a B(a, ½)) of the incomplete beta function
    return lgamma(a + 1.0) + 0.5 * log(PI) - lgamma(a + 0.5)


def _lower(z, df):
    # SciPy squares z, which overflows; beyond 1e100 one term of the tail is exact. df = 1 is Cauchy's,
    # of which SciPy loses digits near 0.
    a = 0.5 * df
    far = 0.5 * exp(a * (df.log - 2.0 * log(maximum(abs_(z), 1e100))) - _log_beta(a))
    middle = where(df == 1.0, arctan2(1.0, -z) / PI, stdtr(df, z))
    return where(z < -1e100, far, where(z > 1e100, 1.0 - far, middle))


def _nearly_normal(u, df):
    # The quantile where the Normal's is u, by the first powers of 1/df: Abramowitz and Stegun, 26.7.5.
    r, s = 1.0 / df, u * u
    third = polynomial(s, (-15.0, 17.0, 19.0, 3.0)) / 384.0
    second = polynomial(s, (3.0, 16.0, 5.0)) / 96.0
    return u * (1.0 + r * ((s + 1.0) / 4.0 + r * (second + r * third)))


def _lower_quantile(q, df):
    # From the smaller tail, in it through x = df/(df + z²), with 2q = I_x(df/2, ½), while 1 − x has its digits; one
    # term where x is tiny, as it is at any level of tails so heavy that z may be beyond all numbers.
    a = 0.5 * df
    upper = q > 0.5
    level = where(upper, 1.0 - q, q)
    log_x = (log(2.0 * level) + _log_beta(a)) / a
    far = log_x < LOG_TINY
    deep = level < 1e-10
    x = betaincinv(a, 0.5, 2.0 * where(far, 1e-10, where(deep, level, 1e-10)))
    tail = where(
        df > NORMAL,
        _nearly_normal(-ndtri(where(deep, level, 1e-10)), df),
        sqrt(df * ((1.0 - x) / x)),
    )
    inside = where(deep, tail, -stdtrit(df, where(far, 0.25, level)))
    z = where(far, exp(0.5 * (df.log - log_x)), inside)
    return where(upper, z, -z)


def _later(d, step, log_missing, views):
    # Of the tail beyond the second of two residuals what lies beyond the first, from the rest where that is less.
    _, df, log_scale, log_df = views
    plain = log_student_tail(d[0], *views) - log_student_tail(d[1], *views)
    far = log_student_later(d, step, (log_scale, df, log_df), plain)
    little = log_missing < -0.7
    return where(little, log1mexp(where(little, -log_missing, 1.0)), far)


class StudentT(Distribution):
    r"""Robust regression on the real line, with learned tails.

    .. math:: p(y) = \frac{\Gamma(\frac{\nu+1}{2})}{\Gamma(\frac{\nu}{2})\sqrt{\nu\pi}\,\sigma}
              \left(1 + \frac{(y-\mu)^2}{\nu\sigma^2}\right)^{-\frac{\nu+1}{2}}

    Location loc, scale, df degrees of freedom; the mean exists for df > 1, the variance for df > 2, and
    df → ∞ is the Normal. Use it for measurements with outliers: unlike Laplace it is smooth, and df tells
    how heavy the tails are.

    Source: Lange, Little and Taylor (1989), doi:10.1080/01621459.1989.10478852.
    """

    support = real
    loc = Parameter(real, r"\mu")
    scale = Parameter(positive, r"\sigma")
    df = Parameter(positive, r"\nu", shared=True)
    scipy = ("t", lambda loc, scale, df: {"df": df, "loc": loc, "scale": scale})

    def log_density(y, loc, scale, df):
        return _log_density(y - loc, scale, df, scale.log, df.log)

    def log_density_slope(y, loc, scale, df):
        d = y - loc, scale * sqrt(df), scale.log + 0.5 * df.log
        return -(df + 1.0) * (hypot_sine(*d) * hypot_reciprocal(*d))

    def log_cdf(y, loc, scale, df):
        return log_student_tail(loc - y, scale, df, scale.log, df.log)

    def log_sf(y, loc, scale, df):
        return log_student_tail(y - loc, scale, df, scale.log, df.log)

    def log_interval(low, high, loc, scale, df):
        views = (scale, df, scale.log, df.log)
        width = high - low
        between = narrow_between(lambda y: _log_density(y - loc, *views), low, width)
        (f_low, s_low), (f_high, s_high) = (
            tuple(log_student_tail(v, *views) for v in (loc - y, y - loc)) for y in (low, high)
        )
        wide = log_between((f_low, f_high), (s_low, s_high))
        return where(_is_narrow(low - loc, width, *views), between, wide)

    def log_above(y, low, loc, scale, df):
        views = (scale, df, scale.log, df.log)
        plain = _log_density(y - loc, *views) - log_student_tail(low - loc, *views)
        of = (scale.log, df, df.log)
        return log_student_above((y - loc, low - loc), y - low, of, plain)

    def log_below(y, high, loc, scale, df):
        views = (scale, df, scale.log, df.log)
        plain = _log_density(y - loc, *views) - log_student_tail(loc - high, *views)
        of = (scale.log, df, df.log)
        return log_student_above((loc - y, loc - high), high - y, of, plain)

    def log_within(y, low, high, loc, scale, df):
        views, of = (scale, df, scale.log, df.log), (scale.log, df, df.log)
        density = _log_density(y - loc, *views)
        plain = density - StudentT.log_interval(low, high, loc, scale, df)
        # Seen from the bound that is nearer to the location.
        right, width = low > loc, high - low
        narrow = _is_narrow(low - loc, width, *views)
        ends = ((y, y), (low, high), (high, low))
        d = tuple(where(right, u - loc, loc - v) for u, v in ends)
        return log_student_within(d, where(right, y - low, high - y), width, of, narrow, plain)

    def log_sf_above(y, low, loc, scale, df):
        before = StudentT.log_above(low, low, loc, scale, df)
        before = before - StudentT.log_within(low, low, y, loc, scale, df)
        views = (scale, df, scale.log, df.log)
        return _later((y - loc, low - loc), y - low, before, views)

    def log_cdf_below(y, high, loc, scale, df):
        after = StudentT.log_below(high, high, loc, scale, df)
        after = after - StudentT.log_within(high, y, high, loc, scale, df)
        views = (scale, df, scale.log, df.log)
        return _later((loc - y, loc - high), high - y, after, views)

    def mean(loc, scale, df):
        return where(df > 1.0, loc + 0.0 * df, float("nan"))

    def var(loc, scale, df):
        heavy = where(df > 1.0, float("inf"), float("nan"))
        return where(df > 2.0, scale * scale * (1.0 + 2.0 / (df - 2.0)), heavy)

    def mode(loc, scale, df):
        return loc

    def entropy(loc, scale, df):
        # (a + ½) [ψ(a + ½) − ψ(a)] + log(√ν B(a, ½)) with a = df/2, Stirling's leading terms cancelled.
        a = 0.5 * df
        log_a = df.log - log(2.0)
        slope = stirling_slope(a, log_a)
        return (
            scale.log
            + 0.5 * log(2.0 * PI)
            + (stirling(a, log_a) - stirling(a + 0.5, log(a + 0.5)))
            + stirling_slope(a + 0.5, log(a + 0.5))
            - slope
            + (0.5 - slope) * (0.5 / a)
            + 0.5 * scaled_log1p(0.5, a) / a
            + 0.5
        )

    def cdf(y, loc, scale, df):
        return _lower((y - loc) / scale, df)

    def sf(y, loc, scale, df):
        return _lower((loc - y) / scale, df)

    def quantile(q, loc, scale, df):
        return loc + scale * _lower_quantile(q, df)

    def isf(q, loc, scale, df):
        return loc - scale * _lower_quantile(q, df)

    def expected_information(loc, scale, df):
        # ¼ν²[ψ′(ν/2) − ψ′((ν+1)/2)] less its rational part, with the parts that cancel taken out;
        # the difference of Stirling errors is a derivative once a is large.
        a = 0.5 * df
        b = a + 0.25
        share = a / (a + 0.5)
        errors = where(
            a > 1e6,
            0.25 * (a / b) * (a / b) / b / b,
            _stirling_2(a, df.log - log(2.0)) - share * share * _stirling_2(a + 0.5, log(a + 0.5)),
        )
        rational = 0.5 * (5.0 + 3.0 / df) / (1.0 + 1.0 / df) / (df + 1.0) / (df + 3.0)
        shrink = 1.0 + 3.0 / df
        return {
            ("loc", "loc"): (1.0 + 1.0 / df) / shrink / scale / scale,
            ("log scale", "log scale"): 2.0 / shrink,
            ("log scale", "log df"): -2.0 / (1.0 + 1.0 / df) / (df + 3.0),
            ("log df", "log df"): errors + rational,
        }

    def sample(rng, size, loc, scale, df):
        return loc + scale * rng.standard_t(df, size)

    def start(mean, std):
        return {"loc": mean, "scale": std * 0.7, "df": 4.0}
