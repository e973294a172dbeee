"""InverseGaussian: positive values with a variance that grows as the cube of the mean."""

from likely._math.atoms.inverse_gaussian import exponential_integral, inverse_gaussian_deviance
from likely._math.domains import positive
from likely._math.graph import PI, exp, log, sqrt
from likely._math.tails.inverse_gaussian import (
    log_inverse_gaussian_lower,
    log_inverse_gaussian_upper,
)
from likely._math.tails.inverse_gaussian_bounds import (
    density_above,
    density_below,
    density_within,
    earlier,
    inverse_gaussian_between,
    later,
)
from likely.families.base import Distribution, Parameter


class InverseGaussian(Distribution):
    r"""Positive values with a long right tail: times until a drifting process reaches a level.

    .. math:: p(y) = \sqrt{\frac{k}{2\pi y^3}} \exp\left(-\frac{k\,(y-m)^2}{2 m^2 y}\right)

    Mean m, shape k, variance m³/k; mean and shape are orthogonal. Its tail is heavier than Gamma's
    and lighter than LogNormal's; use it where the variance grows faster than the square of the mean.

    Source: Tweedie (1957), doi:10.1214/aoms/1177706964.
    """

    support = positive
    mean = Parameter(positive, "m")
    shape = Parameter(positive, "k", shared=True)
    means_suffice = True
    scipy = ("invgauss", lambda mean, shape: {"mu": mean / shape, "scale": shape})

    def log_density(y, mean, shape):
        deviance = inverse_gaussian_deviance(y, mean, shape, mean.log, shape.log)
        return 0.5 * shape.log - 1.5 * y.log - 0.5 * log(2.0 * PI) - deviance

    def var(mean, shape):
        return mean * mean * (mean / shape)

    def mode(mean, shape):
        # m (√(1 + a²) − a) with a = 3m/2k
        a = 1.5 * (mean / shape)
        return mean / (a + sqrt(1.0 + a * a))

    def entropy(mean, shape):
        # E log Y = log m − eˣE₁(x) with x = 2k/m
        mean_log = mean.log - exponential_integral(
            2.0 * (shape / mean), (log(2.0) + shape.log) - mean.log
        )
        return 0.5 * (1.0 + log(2.0 * PI)) - 0.5 * shape.log + 1.5 * mean_log

    def cdf(y, mean, shape):
        return exp(log_inverse_gaussian_lower(mean.log - y.log, shape.log - y.log))

    def sf(y, mean, shape):
        return exp(log_inverse_gaussian_upper(mean.log - y.log, shape.log - y.log))

    def log_cdf(y, mean, shape):
        return log_inverse_gaussian_lower(mean.log - y.log, shape.log - y.log)

    def log_sf(y, mean, shape):
        return log_inverse_gaussian_upper(mean.log - y.log, shape.log - y.log)

    def log_interval(low, high, mean, shape):
        return inverse_gaussian_between(low, high, mean, shape)

    def log_above(y, low, mean, shape):
        return density_above(y, low, mean, shape)

    def log_below(y, high, mean, shape):
        return density_below(y, high, mean, shape)

    def log_within(y, low, high, mean, shape):
        return density_within(y, low, high, mean, shape)

    def log_sf_above(y, low, mean, shape):
        return later(y, low, mean, shape)

    def log_cdf_below(y, high, mean, shape):
        return earlier(y, high, mean, shape)

    def expected_information(mean, shape):
        return {
            ("log mean", "log mean"): shape / mean,
            ("log shape", "log shape"): 0.5,
        }

    def sample(rng, size, mean, shape):
        return rng.wald(mean, shape, size)

    def sufficient(y):
        return (y, 1.0 / y)

    def maximum_likelihood(moments):
        mean, inverse = moments.mean
        rest = inverse - 1.0 / mean
        # What is left of the two is 1/shape: rounding, where all y are nearly equal.
        return None if rest < 1e-7 * inverse else {"mean": mean, "shape": 1.0 / rest}

    def start(mean, std):
        return {"mean": mean, "shape": mean * (mean / std) ** 2}
