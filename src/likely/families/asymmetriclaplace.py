"""AsymmetricLaplace: quantile regression as a likelihood."""

from likely._math.atoms import log_ratio_of
from likely._math.atoms.check import check_loss
from likely._math.domains import positive, real, unit_interval
from likely._math.graph import exp, expm1, log, log1p, where
from likely.families.base import Distribution, Parameter


def _left(q, level):
    # 1 − q − level: each sum is exact where it cancels.
    both = where(level < 0.5, (0.5 - q) + (0.5 - level), level.complement - q)
    return where(q < 0.5, both, (1.0 - q) - level)


def _place(below, above, excess, level):
    # The standard quantile, given the probabilities below and above it with their logarithms, and what the former
    # exceeds the level by: next to the level the logarithms cancel.
    lower = log_ratio_of(below[0], level, excess, below[1], level.log)
    higher = log_ratio_of(level.complement, above[0], excess, level.log1m, above[1])
    return where(excess < 0.0, lower / level.complement, higher / level)


class AsymmetricLaplace(Distribution):
    r"""Quantile regression: loc is the quantile of y at a level that you choose.

    .. math:: p(y) = \frac{\tau(1-\tau)}{\sigma} \exp\left(-\rho_\tau\left(\frac{y-\mu}{\sigma}\right)\right),
              \quad \rho_\tau(z) = \tfrac12 \left(|z| + (2\tau-1) z\right)

    P(Y ≤ loc) = level, which is fixed: ``AsymmetricLaplace(level=0.9)`` predicts the 90 % quantile;
    0.5, the default, is least absolute deviations. Maximum likelihood for loc minimises the check (pinball)
    loss whatever the distribution of y is, so the predicted quantile can be trusted, the density around it
    less so. The loss has a kink at every residual 0: loc is fitted by a linear programme.

    Source: Koenker and Machado (1999), doi:10.1080/01621459.1999.10473882.
    """

    support = real
    smooth = False
    loc = Parameter(real, r"\mu")
    scale = Parameter(positive, r"\sigma")
    level = Parameter(unit_interval, r"\tau", fixed=0.5)
    scipy = (
        "laplace_asymmetric",
        lambda loc, scale, level: {
            "kappa": (level / (1.0 - level)) ** 0.5,
            "loc": loc,
            "scale": scale / (level * (1.0 - level)) ** 0.5,
        },
    )

    def log_density(y, loc, scale, level):
        loss = check_loss(y - loc, level, level.complement) / scale
        return level.log + level.log1m - scale.log - loss

    def mean(loc, scale, level):
        return loc + scale * ((1.0 - 2.0 * level) / level / level.complement)

    def var(loc, scale, level):
        above, below = scale / level, scale / level.complement
        return above * above + below * below

    def mode(loc, scale, level):
        return loc

    def entropy(loc, scale, level):
        return 1.0 + scale.log - level.log - level.log1m

    def cdf(y, loc, scale, level):
        z = (y - loc) / scale
        loss = check_loss(z, level, level.complement)
        # Of a low level little more than nothing is below what is just above loc.
        return where(z < 0.0, level * exp(-loss), -expm1(level.log1m - loss))

    def sf(y, loc, scale, level):
        z = (y - loc) / scale
        loss = check_loss(z, level, level.complement)
        return where(z < 0.0, -expm1(level.log - loss), level.complement * exp(-loss))

    def quantile(q, loc, scale, level):
        return loc + scale * _place((q, log(q)), (1.0 - q, log1p(-q)), q - level, level)

    def isf(q, loc, scale, level):
        return loc + scale * _place((1.0 - q, log1p(-q)), (q, log(q)), _left(q, level), level)

    def expected_information(loc, scale, level):
        return {
            ("loc", "loc"): level * level.complement / scale / scale,
            ("loc", "log level"): -level / scale,
            ("log scale", "log scale"): 1.0,
            ("log scale", "log level"): -1.0,
            ("log scale", "log1m level"): -1.0,
            ("log level", "log level"): 1.0,
            ("log1m level", "log1m level"): 1.0,
        }

    def sample(rng, size, loc, scale, level):
        above, below = rng.standard_exponential(size), rng.standard_exponential(size)
        return loc + scale * (above / level - below / (1.0 - level))

    def start(mean, std):
        return {"loc": mean, "scale": 0.35 * std, "level": 0.5}
