"""MultivariateNormal: several targets at once, with their covariance."""

from likely._math.domains import positive_definite, real, vectors
from likely.families.base import Distribution, Parameter


class MultivariateNormal(Distribution):
    r"""Several real targets at once, with errors that depend on each other: a full covariance matrix.

    .. math:: p(y) = \frac{1}{(2\pi)^{d/2} |\Sigma|^{1/2}} \exp(-(y - \mu)^T \Sigma^{-1} (y - \mu)/2)

    y (n, d), d ≥ 2. loc μ has d raw columns; covariance Σ = L·Lᵀ has d(d + 1)/2, the entries of its Cholesky factor L
    row by row, with the logarithms of those on the diagonal. Both are predicted from x by default;
    ``MultivariateNormal(covariance=shared)`` learns one matrix for all rows. The mode is μ.

    Source: Anderson, An Introduction to Multivariate Statistical Analysis (2003), chapters 2 and 3.
    """

    support = vectors
    vector = "dimensions"
    loc = Parameter(real, r"\mu")
    covariance = Parameter(positive_definite, r"\Sigma")

    def log_density(y, loc, covariance):
        raise NotImplementedError("all columns at once, in losses/multivariatenormal.py")
