"""Bernoulli: yes or no."""

from likely._math.domains import binary, unit_interval
from likely._math.graph import where
from likely.families.base import Distribution, Parameter


class Bernoulli(Distribution):
    r"""Yes or no: binary classification by binary cross-entropy.

    .. math:: p(y) = \lambda^y (1-\lambda)^{1-y}

    probs λ is the probability of 1. The mode is 1 where λ > 0.5 and 0 otherwise (0.5 is a tie, which
    goes to 0). With perfectly separated classes the likelihood has no maximum, and the fit says so.

    Source: Prince, Understanding Deep Learning (2023), section 5.4.
    """

    support = binary
    probs = Parameter(unit_interval, r"\lambda")
    means_suffice = True
    scipy = ("bernoulli", lambda probs: {"p": probs})

    def log_density(y, probs):
        return y * probs.log + (1.0 - y) * probs.log1m

    def mean(probs):
        return probs

    def var(probs):
        return probs * probs.complement

    def mode(probs):
        return where(probs > 0.5, 1.0, 0.0)

    def entropy(probs):
        miss = probs.complement
        return where(miss == 0.0, 0.0, -miss * probs.log1m) - where(
            probs == 0.0, 0.0, probs * probs.log
        )

    def cdf(y, probs):
        return where(y < 0.0, 0.0, where(y < 1.0, probs.complement, 1.0))

    def sf(y, probs):
        return where(y < 0.0, 1.0, where(y < 1.0, probs, 0.0))

    def quantile(q, probs):
        return where(q <= probs.complement, 0.0, 1.0)

    def isf(q, probs):
        return where(q >= probs, 0.0, 1.0)

    def expected_information(probs):
        # dλ²/(λ(1 − λ)) = −d log λ · d log(1 − λ); the two orders of a pair each count.
        return {("log probs", "log1m probs"): -0.5}

    def sample(rng, size, probs):
        return rng.binomial(1, probs, size).astype(float)

    def sufficient(y):
        return (y,)

    def maximum_likelihood(moments):
        return {"probs": moments.mean[0]}
