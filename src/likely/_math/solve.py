"""Likelihood equations in one or two unknowns, solved from sufficient statistics."""

from __future__ import annotations

import math


def gamma_shape(s: float) -> float:
    """The k with log k − ψ(k) = s, for s = log(mean y) − mean(log y) > 0.

    Newton's method on log k, from k ≈ (3 − s + √((s − 3)² + 24s))/(12s) (Minka, Estimating a
    Gamma distribution, 2002); s ≤ 0, which rounding makes of equal values, has no solution: ∞.
    """
    from scipy.special import polygamma, psi

    if s <= 0.0:
        return math.inf
    k = (3.0 - s + math.sqrt((s - 3.0) ** 2 + 24.0 * s)) / (12.0 * s)
    for _ in range(50):
        slope = 1.0 - k * float(polygamma(1, k))
        step = (math.log(k) - float(psi(k)) - s) / slope
        k *= math.exp(-step)
        if abs(step) < 1e-14:
            break
    return k


def beta_shapes(log_y: float, log_1m: float) -> tuple[float, float]:
    """The (a, b) with ψ(a) − ψ(a + b) = mean log y and ψ(b) − ψ(a + b) = mean log(1 − y).

    Newton's method on (log a, log b) from a = ½ + G/2(1 − G − H), b likewise, with the geometric means
    G = exp(mean log y) and H = exp(mean log(1 − y)) (Johnson, Kotz and Balakrishnan, Continuous Univariate
    Distributions 2, 1995, section 25.4). The log-likelihood is concave in (a, b), and steps are cut so that
    no shape changes by more than a factor e².
    """
    from scipy.special import polygamma, psi

    # 1 − G − H > 0; rounding makes it 0 where all y are equal, and the shapes then run to ∞.
    rest = -math.expm1(log_y) - math.exp(log_1m)
    if rest <= 0.0:
        return math.inf, math.inf
    a = 0.5 + math.exp(log_y) / (2.0 * rest)
    b = 0.5 + math.exp(log_1m) / (2.0 * rest)
    for _ in range(100):
        f = a * (float(psi(a) - psi(a + b)) - log_y)
        g = b * (float(psi(b) - psi(a + b)) - log_1m)
        t = float(polygamma(1, a + b))
        faa = a * a * (float(polygamma(1, a)) - t) + f
        gbb = b * b * (float(polygamma(1, b)) - t) + g
        fab = -a * b * t
        det = faa * gbb - fab * fab
        if det <= 0.0 or faa <= 0.0:  # far from the solution: leave out the part that f and g add
            faa, gbb = faa - f, gbb - g
            det = faa * gbb - fab * fab
        da, db = (gbb * f - fab * g) / det, (faa * g - fab * f) / det
        cut = min(1.0, 2.0 / max(abs(da), abs(db), 1e-300))
        a, b = a * math.exp(-cut * da), b * math.exp(-cut * db)
        if max(abs(da), abs(db)) < 1e-13:
            break
    return a, b
