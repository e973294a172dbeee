"""StudentT: symmetric errors with tails as heavy as the data say."""

from likely._math.atoms import (
    scaled_log1p,
    stdtr,
    stdtrit,
    stirling,
    stirling_curve,
    stirling_slope,
    student_kernel,
)
from likely._math.domains import positive, real
from likely._math.graph import PI, abs_, log, where
from likely.families.base import Distribution, Parameter


def _stirling_2(x, log_x):
    # x² S″(x) = x² ψ′(x) − x − ½
    return stirling_curve(x, log_x) - stirling_slope(x, log_x)


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
        # log Γ(a + ½) − log Γ(a) − ½ log(aπ·2) with a = df/2, where Stirling's leading terms
        # have been cancelled by hand: what is left tends to −½ log 2π for df → ∞.
        a = 0.5 * df
        constant = (
            stirling(a + 0.5, log(a + 0.5))
            - stirling(a, df.log - log(2.0))
            + (scaled_log1p(0.5, a) - 0.5)
        )
        # Where z² would overflow, df is nothing beside it.
        d = y - loc
        outer = (df + 1.0) * (log(abs_(d)) - 0.5 * df.log) - df * scale.log
        kernel = where(
            abs_(d / scale) > 1e75, outer, student_kernel(d, scale, df, scale.log, df.log)
        )
        return constant - 0.5 * log(2.0 * PI) - kernel

    def mean(loc, scale, df):
        return where(df > 1.0, loc + 0.0 * df, float("nan"))

    def var(loc, scale, df):
        heavy = where(df > 1.0, float("inf"), float("nan"))
        return where(df > 2.0, scale * scale * (1.0 + 2.0 / (df - 2.0)), heavy)

    def mode(loc, scale, df):
        return loc

    def cdf(y, loc, scale, df):
        return stdtr(df, (y - loc) / scale)

    def sf(y, loc, scale, df):
        return stdtr(df, (loc - y) / scale)

    def quantile(q, loc, scale, df):
        return loc + scale * stdtrit(df, q)

    def isf(q, loc, scale, df):
        return loc - scale * stdtrit(df, q)

    def expected_information(loc, scale, df):
        # ¼ν²[ψ′(ν/2) − ψ′((ν+1)/2)] less its rational part, with the parts that cancel taken out;
        # the difference of Stirling errors is a derivative once a is large.
        a = 0.5 * df
        b = a + 0.25
        share = a / (a + 0.5)
        errors = where(
            a > 1e6,
            0.25 * (a / b) * (a / b) / b / b,
            _stirling_2(a, df.log - log(2.0))
            - share * share * _stirling_2(a + 0.5, log(a + 0.5)),
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
