"""GeneralisedGamma: positive values, from Gamma and Weibull through LogNormal to their reciprocals."""

from likely._math.atoms import lgamma
from likely._math.domains import positive, real
from likely._math.generalised_gamma import gengamma_kernel, square_error
from likely._math.graph import PI, abs_, exp, log
from likely.families.base import Distribution, Parameter


class GeneralisedGamma(Distribution):
    r"""Positive values of any right tail: durations, costs, survival times.

    .. math:: p(y) = \frac{|q|\, n^n}{\sigma y\, \Gamma(n)} \exp\left(n (q w - e^{q w})\right),
              \quad w = \frac{\log y-\mu}{\sigma}, \ n = \frac{1}{q^2}

    Source: Prentice (1974), doi:10.1093/biomet/61.3.539.
    """

    support = positive
    loc = Parameter(real, r"\mu")
    scale = Parameter(positive, r"\sigma")
    shape = Parameter(real, "q", shared=True)

    def log_density(y, loc, scale, shape):
        kernel = gengamma_kernel(y.log - loc, scale, shape, scale.log)
        return -kernel - y.log - 0.5 * log(2.0 * PI) - square_error(shape)

    def printed(y, loc, scale, shape):
        n, x = 1.0 / shape**2, shape * ((y.log - loc) / scale)
        rest = n * log(n) - lgamma(n) + n * (x - exp(x))
        return log(abs_(shape)) - scale.log - y.log + rest
