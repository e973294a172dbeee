"""Ordinal: one of K classes that have an order."""

from likely._math.domains import latent, ordered, ordered_classes
from likely.families.base import Distribution, Parameter


class Ordinal(Distribution):
    r"""One of K classes in order, such as grades or stages: a latent variable cut at K − 1 thresholds.

    .. math:: p(y = k) = F(\theta_k - \mu) - F(\theta_j - \mu), \qquad j = k - 1

    That is, P(y ≤ k) = F(θₖ − μ). loc μ is where the latent variable lies (larger: higher classes), predicted
    from x without an intercept; thresholds θ increase and are shared by all rows. F is the inverse of loc's link:
    logit (proportional odds), probit, cloglog (proportional hazards) or loglog (the same from above),
    ``Ordinal(loc=predicted("probit"))``.
    Classes are learned from y, in the order of its numbers, of an ordered pandas Categorical or of a Polars Enum,
    or given in order: ``Ordinal(["low", "mid", "high"])``. The mode is the most probable class (of ties, the
    first), the median the first at which P(y ≤ k) is ½ or more. With two classes it is Bernoulli.

    Source: McCullagh, Regression models for ordinal data, JRSS B 42 (1980), 109-142.
    """

    support = ordered_classes
    vector = "classes"
    loc = Parameter(latent, r"\mu")
    thresholds = Parameter(ordered, r"\theta", shared=True)

    def log_density(y, loc, thresholds):
        raise NotImplementedError("all columns at once, in losses/ordinal.py")
