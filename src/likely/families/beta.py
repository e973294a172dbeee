"""Beta: proportions strictly between 0 and 1."""

from likely._math.atoms import (
    betainc,
    betaincc,
    betaincinv,
    digamma,
    lgamma,
    relative_entropy_term,
    stirling_error,
    stirling_error_2,
)
from likely._math.domains import positive, unit_interval
from likely._math.graph import PI, log, where
from likely.families.base import Distribution, Parameter


class Beta(Distribution):
    r"""Proportions strictly between 0 and 1: rates, shares, scores.

    .. math:: p(y) = \frac{\Gamma(\varphi)}{\Gamma(\mu\varphi)\,\Gamma((1-\mu)\varphi)}
              \, y^{\mu\varphi-1} (1-y)^{(1-\mu)\varphi-1}

    Mean μ, precision φ, variance μ(1 − μ)/(1 + φ). With μφ < 1 or (1 − μ)φ < 1 the density is largest at
    an edge, which is then the mode. Exact zeros and ones are outside the support.

    Source: Ferrari and Cribari-Neto (2004), doi:10.1080/0266476042000214501.
    """

    support = unit_interval
    mean = Parameter(unit_interval, r"\mu")
    precision = Parameter(positive, r"\varphi", shared=True)
    scipy = (
        "beta",
        lambda mean, precision: {"a": mean * precision, "b": mean.complement * precision},
    )

    def log_density(y, mean, precision):
        # φ·KL(μ ‖ y) as two terms that cannot be negative, and Stirling's formula for the rest. The
        # difference μ − y is taken between complements where μ is near 1.
        a, b = mean * precision, mean.complement * precision
        d = where(mean < 0.5, mean - y, y.complement - mean.complement)
        divergence = relative_entropy_term(mean, y, d) + relative_entropy_term(
            mean.complement, y.complement, -d
        )
        return (
            -precision * divergence
            - y.log
            - y.log1m
            + 0.5 * (mean.log + mean.log1m + precision.log)
            + (stirling_error(precision) - stirling_error(a) - stirling_error(b))
            - 0.5 * log(2.0 * PI)
        )

    def var(mean, precision):
        return mean * mean.complement / (1.0 + precision)

    def mode(mean, precision):
        a, b = mean * precision, mean.complement * precision
        edge = where(mean <= 0.5, 0.0, 1.0)
        peaked = where(a > 1.0, where(b > 1.0, (a - 1.0) / (a + b - 2.0), 1.0), 0.0)
        both = where(a <= 1.0, where(b <= 1.0, edge, peaked), peaked)
        # a = b = 1 is flat: ties go to the smallest value.
        return both

    def entropy(mean, precision):
        a, b = mean * precision, mean.complement * precision
        log_beta = lgamma(a) + lgamma(b) - lgamma(precision)
        return (
            log_beta
            - (a - 1.0) * digamma(a)
            - (b - 1.0) * digamma(b)
            + (precision - 2.0) * digamma(precision)
        )

    def cdf(y, mean, precision):
        return betainc(mean * precision, mean.complement * precision, y)

    def sf(y, mean, precision):
        return betaincc(mean * precision, mean.complement * precision, y)

    def quantile(q, mean, precision):
        return betaincinv(mean * precision, mean.complement * precision, q)

    def expected_information(mean, precision):
        # The 1/x parts of the trigamma functions cancel exactly; they are left out.
        a, b = mean * precision, mean.complement * precision
        sa, sb, s = stirling_error_2(a), stirling_error_2(b), stirling_error_2(precision)
        p, q = mean, mean.complement
        return {
            ("mean", "mean"): precision * precision * (sa + sb)
            + precision / p / q
            + 0.5 / p / p
            + 0.5 / q / q,
            ("mean", "precision"): precision * (p * sa - q * sb)
            + 0.5 * (q - p) / p / q / precision,
            ("precision", "precision"): p * p * sa + q * q * sb - s + 0.5 / precision / precision,
        }

    def sample(rng, size, mean, precision):
        return rng.beta(mean * precision, (1.0 - mean) * precision, size)

    def start(mean, std):
        return {"mean": mean, "precision": max(mean * (1 - mean) / std**2 - 1, 0.1)}
