"""What SciPy has no distribution of, or not this one: probabilities summed or integrated one by one."""

import numpy as np
import scipy.optimize
import scipy.special
import scipy.stats
from scipy.special import gammaln

#: Beyond this many standard deviations no probability is left that float64 could add.
FAR = 120


class Counts:
    """Rows of counts of which ``logpmf`` is known, with the methods of a frozen SciPy distribution."""

    def _tabulate(self, mean, var, beyond):
        """All counts up to so far beyond the mean that nothing is left."""
        self._mean, self._var = mean, var
        self._k = np.arange(float(np.max(mean + beyond)))
        self._log_p = self.logpmf(self._k[None, :])
        self._p = np.exp(self._log_p)
        self._cdf = np.cumsum(self._p, axis=1)
        self._sf = np.cumsum(self._p[:, ::-1], axis=1)[:, ::-1] - self._p

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


class GeneralisedPoisson(Counts):
    """Rows of (mean, dispersion)."""

    def __init__(self, mean, dispersion):
        mean, self._dispersion = np.ravel(mean), np.ravel(dispersion)
        var = mean * (1.0 + self._dispersion) ** 2
        self._mean = mean
        self._tabulate(mean, var, FAR * (np.sqrt(var) + self._dispersion**2 + 1.0))

    def logpmf(self, y):
        m, d = self._mean[:, None], self._dispersion[:, None]
        rate, branch = m / (1.0 + d), d / (1.0 + d)
        total = rate + branch * y
        return np.log(rate) + (y - 1.0) * np.log(total) - total - gammaln(y + 1.0)


class ConwayMaxwellPoisson(Counts):
    """Rows of (mean, ν), of which λ is found by bisection; no mean above 2,000."""

    _ALL = np.arange(4_000.0)

    def __init__(self, mean, nu):
        mean, self._nu = np.ravel(mean), np.ravel(nu)
        rows = zip(mean, self._nu, strict=True)
        solved = np.array([self._solved(m, n) for m, n in rows])
        self._log_rate, self._log_total, var = solved.T
        self._tabulate(mean, var, 40.0 * np.sqrt(var) + 100.0)

    def _solved(self, mean, nu):
        def moments(log_rate):
            log_p = log_rate * self._ALL - nu * gammaln(self._ALL + 1.0)
            log_total = scipy.special.logsumexp(log_p)
            p = np.exp(log_p - log_total)
            return log_total, p @ self._ALL, p @ (self._ALL - mean) ** 2

        low, high = -2.0 * nu * 20.0 + np.log(mean) - 20.0, nu * np.log(mean + 2.0) + 20.0
        log_rate = scipy.optimize.brentq(
            lambda r: moments(r)[1] - mean, low, high, xtol=1e-15, rtol=1e-15
        )
        log_total, _, var = moments(log_rate)
        return log_rate, log_total, var

    def logpmf(self, y):
        rate, total, nu = self._log_rate[:, None], self._log_total[:, None], self._nu[:, None]
        return y * rate - nu * gammaln(y + 1.0) - total


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
