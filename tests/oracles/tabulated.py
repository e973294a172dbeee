"""What SciPy has no distribution of, or not this one: probabilities summed or integrated one by one."""

import numpy as np
import scipy.stats
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


class VonMises:
    """Angles as numbers in (−π, π]: SciPy's distribution function begins half a turn before loc.

    Integrals of its density over panels shorter than its peak. ``kappa`` ≤ 1e4.
    """

    _NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)

    def __init__(self, kappa, loc):
        self._kappa, self._loc = np.broadcast_arrays(np.asarray(kappa), np.asarray(loc))

    def logpdf(self, y):
        return scipy.stats.vonmises(self._kappa, self._loc).logpdf(y)

    def _integral(self, low, high, kappa, loc, values=lambda p, d: p):
        edges = np.linspace(low, high, 401)
        half = 0.5 * np.diff(edges)[:, None]
        y = edges[:-1, None] + half * (1.0 + self._NODES)
        log_p = scipy.stats.vonmises(kappa, loc).logpdf(y)
        away = np.angle(np.exp(1j * (y - loc)))
        return np.sum(values(np.exp(log_p), away) * self._WEIGHTS * half)

    def _each(self, function, *first):
        return np.vectorize(function)(*first, self._kappa, self._loc)

    def cdf(self, y):
        return self._each(lambda y, k, m: self._integral(-np.pi, y, k, m), y)

    def sf(self, y):
        return self._each(lambda y, k, m: self._integral(y, np.pi, k, m), y)

    def ppf(self, levels):
        return self._each(self._quantile, levels)

    def isf(self, levels):
        return self._each(lambda q, k, m: -self._quantile(q, k, -m), levels)

    def _quantile(self, q, kappa, loc):
        low, high = -np.pi, np.pi
        for _ in range(48):
            middle = 0.5 * (low + high)
            if q < 0.5:  # from the smaller tail
                below = self._integral(-np.pi, middle, kappa, loc) < q
            else:
                below = self._integral(middle, np.pi, kappa, loc) > 1.0 - q
            low, high = (middle, high) if below else (low, middle)
        return middle

    def mean(self):
        return self._loc + 0.0

    def var(self):
        return self._over_the_circle(lambda p, d: p * d * d)

    def entropy(self):
        return self._over_the_circle(lambda p, d: -p * np.log(np.where(p > 0.0, p, 1.0)))

    def _over_the_circle(self, values):
        return self._each(lambda k, m: self._integral(m - np.pi, m + np.pi, k, m, values))


class SkewNormal:
    """SciPy's distribution but for its tails, which keep eight digits: integrals outwards over growing panels."""

    def __init__(self, a, loc, scale):
        self._a, self._loc, self._scale = a, loc, scale
        self._scipy = scipy.stats.skewnorm(a, loc, scale)

    def __getattr__(self, name):
        return getattr(self._scipy, name)

    def cdf(self, y):
        z = (y - self._loc) / self._scale
        return np.where(z > 0, 1.0 - self._tail(z, -self._a), self._tail(z, self._a))

    def sf(self, y):
        z = (y - self._loc) / self._scale
        return np.where(z > 0, self._tail(z, -self._a), 1.0 - self._tail(z, self._a))

    @staticmethod
    def _tail(z, a):
        """P(Z ≤ −|z|)"""
        z, a = (np.asarray(v)[..., None, None] for v in np.broadcast_arrays(z, a))
        nodes, weights = np.polynomial.legendre.leggauss(20)
        ends = (2.0 ** np.arange(25.0) - 1.0)[:, None]
        unit = 1.0 / (1.0 + a * a) / (1.0 + np.abs(z))
        size = unit * np.diff(ends, axis=0)
        t = -np.abs(z) - unit * ends[:-1] - size * (0.5 + 0.5 * nodes)
        return (scipy.stats.skewnorm.pdf(t, a) * (0.5 * weights) * size).sum(axis=(-2, -1))
