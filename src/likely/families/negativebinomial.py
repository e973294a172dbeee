"""NegativeBinomial: counts that vary more than Poisson's."""

from likely._math.atoms import (
    betainc,
    betaincc,
    negative_binomial_deviance,
    negative_binomial_factorial,
    negative_binomial_few,
    negative_binomial_information,
    stirling,
    stirling_of_sum,
    whole_before,
)
from likely._math.domains import counts, positive
from likely._math.graph import floor, where
from likely.families.base import Distribution, Parameter


class NegativeBinomial(Distribution):
    r"""Counts that vary more than Poisson's: visits, claims, absences.

    .. math:: p(y) = \frac{\Gamma(y+s)}{\Gamma(s)\,y!}
              \left(\frac{s}{s+m}\right)^{s} \left(\frac{m}{s+m}\right)^{y}

    Mean m, size s, variance m + m²/s: a Poisson whose mean varies by a Gamma of shape s. Mean and size
    are orthogonal; size → ∞ is the Poisson. With size ≤ 1 the mode is 0.

    Source: Lawless (1987), doi:10.2307/3314912.
    """

    support = counts
    mean = Parameter(positive, "m")
    size = Parameter(positive, "s", shared=True)
    scipy = ("nbinom", lambda mean, size: {"n": size, "p": 1.0 / (1.0 + mean / size)})

    def log_density(y, mean, size):
        # The saddle-point form: half the unit deviance, and what Stirling's formula leaves of the
        # binomial coefficient. Everything that grows like size · log(size) has cancelled on paper.
        # At y = 1 the rest would cancel too, but nothing is left there of the coefficient.
        saddle = (
            stirling_of_sum(y, size, size.log)
            - stirling(size, size.log)
            - negative_binomial_factorial(y, size, size.log)
            - negative_binomial_deviance(y, mean, size, mean.log, size.log)
        )
        few = negative_binomial_few(y, mean, size, mean.log, size.log)
        return where(y < 2.0, -few, saddle)

    def var(mean, size):
        return mean + mean * (mean / size)

    def mode(mean, size):
        # A whole peak is a tie of two, which goes to the smaller; the links may have rounded it.
        peak = mean * (1.0 - 1.0 / size)
        return where(size <= 1.0, 0.0, whole_before(peak, mean + peak))

    def cdf(y, mean, size):
        # By the smaller of s/(s + m) and m/(s + m): the larger has lost the digits of the other.
        above = floor(y) + 1.0
        inside = where(
            mean < size,
            betaincc(above, size, 1.0 / (1.0 + size / mean)),
            betainc(size, above, 1.0 / (1.0 + mean / size)),
        )
        return where(y < 0.0, 0.0, inside)

    def sf(y, mean, size):
        above = floor(y) + 1.0
        inside = where(
            mean < size,
            betainc(above, size, 1.0 / (1.0 + size / mean)),
            betaincc(size, above, 1.0 / (1.0 + mean / size)),
        )
        return where(y < 0.0, 1.0, inside)

    def expected_information(mean, size):
        return {
            ("log mean", "log mean"): mean / (1.0 + mean / size),
            ("log size", "log size"): negative_binomial_information(mean, size, mean.log, size.log),
        }

    def sample(rng, size_, mean, size):
        return rng.poisson(rng.gamma(size, mean / size, size_)).astype(float)

    def start(mean, std):
        return {"mean": mean, "size": mean**2 / max(std**2 - mean, 0.05 * mean)}
