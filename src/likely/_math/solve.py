"""Likelihood equations in one or two unknowns, solved from sufficient statistics.

Each solver answers None where the statistics no longer carry the digits of the answer; the rows do.
"""

from __future__ import annotations

import math

#: The relative error of an equation that is taken as solved.
TRUSTED = 1e-9
ULP = 2.0**-52


def gamma_shape(log_mean: float, mean_log: float) -> float | None:
    """The k with log k − ψ(k) = s, for s = log(mean y) − mean(log y) > 0.

    Newton's method on log k, from k ≈ (3 − s + √((s − 3)² + 24s))/(12s) (Minka, Estimating a
    Gamma distribution, 2002). s is the difference of two logarithms: None where little of it is left.
    """
    from scipy.special import polygamma, psi

    s = log_mean - mean_log
    if s <= ULP / TRUSTED * max(1.0, abs(log_mean)):
        return None
    k = (3.0 - s + math.sqrt((s - 3.0) ** 2 + 24.0 * s)) / (12.0 * s)
    for _ in range(50):
        slope = 1.0 - k * float(polygamma(1, k))
        step = (math.log(k) - float(psi(k)) - s) / slope
        k *= math.exp(-step)
        if abs(step) < 1e-14:
            break
    return k


def beta_shapes(log_y: float, log_1m: float) -> tuple[float, float] | None:
    """The (a, b) with ψ(a) − ψ(a + b) = mean log y and ψ(b) − ψ(a + b) = mean log(1 − y).

    Newton's method on (log a, log b) from a = ½ + G/2(1 − G − H), b likewise, with the geometric means
    G = exp(mean log y) and H = exp(mean log(1 − y)) (Johnson, Kotz and Balakrishnan, Continuous Univariate
    Distributions 2, 1995, section 25.4). The log-likelihood is concave in (a, b), and steps are cut so that
    no shape changes by more than a factor e². None where G + H is nearly 1 (all y nearly equal) or nearly
    all of y is at one end: there the differences of ψ cancel.
    """
    from scipy.special import polygamma, psi

    # 1 − G − H, from the end that is nearer.
    g, h = math.exp(log_y), math.exp(log_1m)
    rest = -math.expm1(log_1m) - g if log_1m > log_y else -math.expm1(log_y) - h
    if rest <= ULP / TRUSTED * min(1.0 - g, 1.0 - h):
        return None
    a, b = 0.5 + g / (2.0 * rest), 0.5 + h / (2.0 * rest)
    for _ in range(100):
        psi_a, psi_b, psi_n = float(psi(a)), float(psi(b)), float(psi(a + b))
        f, g = a * (psi_a - psi_n - log_y), b * (psi_b - psi_n - log_1m)
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
    lost = ULP * max(abs(psi_a), abs(psi_b), abs(psi_n)) / min(-log_y, -log_1m)
    # Newton's last step is as large as rounding leaves it, and no larger where all is well.
    solved = max(abs(da), abs(db)) < TRUSTED and lost < TRUSTED
    return (a, b) if solved else None
