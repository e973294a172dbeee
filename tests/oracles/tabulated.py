"""Counts that SciPy has no distribution of: their probabilities summed one by one."""

import numpy as np
from scipy.special import gammaln

#: Beyond this many standard deviations no probability is left that float64 could add.
FAR = 120


class GeneralisedPoisson:
    """Rows of (mean, dispersion), with the methods of a frozen SciPy distribution."""

    def __init__(self, mean, dispersion):
        self._mean, self._dispersion = np.ravel(mean), np.ravel(dispersion)
        self._var = self._mean * (1.0 + self._dispersion) ** 2
        spread = np.sqrt(self._var) + self._dispersion**2 + 1.0
        self._k = np.arange(float(np.max(self._mean + FAR * spread)))
        self._log_p = self.logpmf(self._k[None, :])
        self._p = np.exp(self._log_p)
        self._cdf = np.cumsum(self._p, axis=1)
        self._sf = np.cumsum(self._p[:, ::-1], axis=1)[:, ::-1] - self._p

    def logpmf(self, y):
        m, d = self._mean[:, None], self._dispersion[:, None]
        rate, branch = m / (1.0 + d), d / (1.0 + d)
        total = rate + branch * y
        return np.log(rate) + (y - 1.0) * np.log(total) - total - gammaln(y + 1.0)

    def cdf(self, y):
        return np.take_along_axis(self._cdf, y.astype(int), axis=1)

    def sf(self, y):
        return np.take_along_axis(self._sf, y.astype(int), axis=1)

    def ppf(self, levels):
        rows = zip(self._cdf, self._sf, strict=True)
        return np.array([[self._quantile(c, s, q) for q in levels] for c, s in rows])

    @staticmethod
    def _quantile(cdf, sf, q):
        # from the smaller tail
        return float(np.argmax(cdf >= q if q < 0.5 else sf <= 1.0 - q))

    def mean(self):
        return self._mean

    def var(self):
        return self._var

    def entropy(self):
        return -np.sum(self._p * self._log_p, axis=1)
