r"""Conway and Maxwell's Poisson by its mean: the natural parameter, the loss and its derivatives.

.. math:: p(y) \propto \lambda^y (y!)^{-\nu}, \quad \lambda \text{ such that } \mathrm{E} y = m

Everything is measured from the whole number k = ⌊m⌋. With τ = log p(k + 1)/p(k) and the growth
:math:`g(j) = \log(j!/k!) - (j - k)\log(k + 1)`, which is 0 at k and k + 1 and positive elsewhere,

.. math:: \log\frac{p(j)}{p(k)} = (j - k)\,\tau - \nu g(j),

so that nothing of the size of log λ is ever subtracted: for ν → ∞ two counts are left, and only τ decides between
them. Sums run over every whole number where these are few, over every s-th about a peak that is wide and far
from 0 (the sum of a smooth peak does not depend on where it is sampled), and over panels that double in
length from 0 in between.

With R = g − E g − (y − m) Cov(y, g)/V, the part of g that no line through the mean explains, the derivatives of the
loss ℓ at a fixed mean or dispersion are

.. math:: \ell_m = -\frac{y - m}{V}, \quad \ell_\nu = R, \quad
          \ell_{mm} = \frac1V + (y - m)\frac{\kappa_3}{V^3}, \quad
          \ell_{m\nu} = -(y - m) \frac{\mathrm{E}(y - m)^2 R}{V^2}, \quad
          \ell_{\nu\nu} = \mathrm{E} R^2 + (y - m) \frac{\mathrm{E} (y - m) R^2}{V}

whose means are 1/V, 0 and E R²: mean and dispersion are orthogonal.
Source: Huang (2017), doi:10.1177/1471082X17697749.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Whole numbers that are summed one by one.
FEW = 4096
#: Standard deviations to either side of the mean that a sum needs, where tails are Gaussian, and geometric.
SPREADS, LONG = 12.0, 60.0
#: Below this share of the mean a standard deviation is so small that the peak does not see 0.
NARROW = 1.0 / 40.0
#: Terms of a smooth peak a standard deviation.
DENSITY = 3.0
#: Terms a panel, and panels an octave.
TERMS, PANELS = 16, 8
STEPS = 100


@dataclass(frozen=True)
class State:
    """Of one mean and dispersion: what the loss of any y needs."""

    k: float
    tau: float
    #: log Σ p(j)/p(k), and the sum without p(k).
    log_total: float
    nodes: Array
    weights: Array
    exponents: Array
    variance: float
    excess: float  # m κ₃/V² − 1, 0 for the Poisson
    growth: float  # E g
    slope: float  # Cov(y, g)/V
    square: float  # E R²
    mixed: float  # E (y − m)² R
    skewed: float  # E (y − m) R²


def log_growth(j: Array, k: float) -> Array:
    """g(j) = log(j!/k!) − (j − k) log(k + 1), for whole numbers j ≥ 0."""
    j = np.asarray(j, dtype=np.float64)
    near = np.abs(j - k) <= FEW
    out = np.empty(j.shape)
    if near.any():
        out[near] = _growth_by_steps(j[near], k)
    if not near.all():
        out[~near] = _growth_by_stirling(j[~near], k)
    return out


def _growth_by_steps(j: Array, k: float) -> Array:
    low, high = min(float(j.min()), k), max(float(j.max()), k)
    up = np.arange(k + 1.0, high + 1.0)
    down = np.arange(k, low, -1.0)
    rise = np.concatenate([[0.0], np.cumsum(_log_ratio(up, k + 1.0))])
    fall = np.concatenate([[0.0], np.cumsum(-_log_ratio(down, k + 1.0))])
    place = (j - k).astype(np.intp)
    return np.where(place >= 0, rise[np.maximum(place, 0)], fall[np.maximum(-place, 0)])


def _log_ratio(x: Array, c: float) -> Array:
    """log(x/c), by x − c where it is small."""
    near = np.abs(x - c) < 0.5 * c
    with np.errstate(divide="ignore"):
        return np.where(near, np.log1p((x - c) / c), np.log(x / c))


def _growth_by_stirling(j: Array, k: float) -> Array:
    # log j! = j log j − j + E(j); the differences of E are ½ log(j/k) and those of Stirling's error
    from scipy.special import gammaln

    c = k + 1.0
    if k < 30.0:
        return gammaln(j + 1.0) - math.lgamma(c) - (j - k) * math.log(c)
    small = np.maximum(j, 1.0)
    error = 0.5 * _log_ratio(small, k) + _stirling(small) - _stirling(np.asarray(k))
    zero = -(0.5 * math.log(2.0 * math.pi * k) + float(_stirling(np.asarray(k))))
    error = np.where(j == 0.0, zero, error)
    return _relative_entropy(j, c) - float(_relative_entropy(np.asarray(k), c)) + error


def _stirling(x: Array) -> Array:
    """lgamma(x + 1) − (x + ½) log x + x − ½ log 2π, x ≥ 1"""
    from scipy.special import gammaln

    u = 1.0 / x
    far = u * (1 / 12 - u * u * (1 / 360 - u * u * (1 / 1260 - u * u * (1 / 1680 - u * u / 1188))))
    near = gammaln(x + 1.0) - (x + 0.5) * np.log(x) + x - 0.5 * math.log(2.0 * math.pi)
    return np.where(x > 15.0, far, near)


def _relative_entropy(x: Array, c: float) -> Array:
    """x log(x/c) + c − x"""
    d = x - c
    v = d / (x + c)
    near = np.abs(v) < 0.1
    s = np.where(near, v, 0.0)
    square = s * s
    # 2 x atanh(v) − d = d v + 2 x (atanh(v) − v)
    tail = sum(square ** (n - 1) / (2 * n + 1) for n in range(1, 10)) * s * square
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.where(x > 0.0, x * np.log(x / c), 0.0) - d
    return np.where(near, d * v + 2.0 * x * tail, far)


@cache
def _panel(size: int) -> tuple[Array, Array]:
    from likely.inference.panels import integer_rule

    nodes, weights, _ = integer_rule(int(math.log2(size)))
    return nodes, weights


def nodes_of(mean: float, dispersion: float) -> tuple[Array, Array, bool]:
    """Whole numbers and weights that sum smooth functions of y times p(y), and whether these are all numbers."""
    k = math.floor(mean)
    spread = math.sqrt(min(mean + mean * mean, (mean + 1.0) / dispersion + 0.25))
    narrow = spread < NARROW * mean
    reach = (SPREADS if narrow else LONG) * spread + 40.0
    low, high = max(0.0, k - SPREADS * spread - 40.0), k + reach
    if high - low <= FEW:
        nodes = np.arange(math.floor(low), math.ceil(high) + 1.0)
        return nodes, np.ones(nodes.size), True
    if narrow:
        stride = math.floor(spread / DENSITY)
        count = math.ceil(SPREADS * DENSITY) + 4
        return (
            k + stride * np.arange(-count, count + 1.0),
            np.full(2 * count + 1, float(stride)),
            False,
        )
    places, weights = [np.arange(float(TERMS * PANELS))], [np.ones(TERMS * PANELS)]
    start = TERMS * PANELS
    while start < high:
        size = start // PANELS
        at, weight = _panel(size)
        for i in range(PANELS):
            places.append(start + i * size + at)
            weights.append(weight)
        start *= 2
    return np.concatenate(places), np.concatenate(weights), False


def _log_sum(a: Array, b: Any = 1.0) -> float:
    top = float(a.max())
    return top + math.log(float((b * np.exp(a - top)).sum()))


def solve(mean: float, dispersion: float) -> State:
    """The τ whose distribution has this mean, and its moments."""
    k = float(math.floor(mean))
    nodes, weights, every = nodes_of(mean, dispersion)
    step, fall = nodes - k, dispersion * log_growth(nodes, k)
    away = nodes - mean
    tau = _balance(step, fall, away) if every else _newton(step, fall, away, weights)
    exponents = step * tau - fall
    log_total = _log_sum(exponents, weights)
    p = weights * np.exp(exponents - log_total)
    g = log_growth(nodes, k)
    variance = float((p * away * away).sum())
    growth = float((p * g).sum())
    slope = float((p * away * g).sum()) / variance
    rest = g - growth - away * slope
    return State(
        k, tau, log_total, nodes, weights, exponents, variance,
        _excess(mean, p, nodes, away, variance), growth, slope, float((p * rest * rest).sum()),
        float((p * away * away * rest).sum()), float((p * away * rest * rest).sum()),
    )  # fmt: skip


def _excess(mean: float, p: Array, nodes: Array, away: Array, variance: float) -> float:
    """m κ₃/V² − 1; below a mean of 1 by factorial moments, as V ≈ κ₃ ≈ m."""
    if mean >= 1.0:
        # Σ p (y − m) = 0 is taken away: next to a whole mean what is left of two large terms is none of them.
        third = float((p * (away * (away * away - 1.0))).sum())
        return mean * third / variance / variance - 1.0
    pairs = nodes * (nodes - 1.0)
    two, three = float((p * pairs).sum()), float((p * pairs * (nodes - 2.0)).sum())
    left = mean * (two + three) - mean**2 * (mean + two) + (mean**2 - two) * (mean**2 + two)
    return left / variance / variance


def _balance(step: Array, fall: Array, away: Array) -> float:
    """The τ at which Σ (j − m)⁺ p = Σ (j − m)⁻ p: Newton's method on the difference of their logarithms.

    It rises with τ at least as fast as τ itself, whatever underflows in p.
    """
    up, down = away > 0.0, away < 0.0
    logs = np.log(np.abs(np.where(away == 0.0, 1.0, away)))
    tau, low, high = 0.0, -math.inf, math.inf
    for _ in range(STEPS):
        a, b = (logs[side] + step[side] * tau - fall[side] for side in (up, down))
        value = _log_sum(a) - _log_sum(b)
        slope = _mean(a, step[up]) - _mean(b, step[down])
        low, high = (tau, high) if value < 0.0 else (low, tau)
        new = tau - value / slope
        if not low < new < high:
            new = (
                0.5 * (low + high) if math.isfinite(high - low) else tau - math.copysign(1.0, value)
            )
        if new == tau or abs(value) <= 4e-16 * max(1.0, abs(tau) * slope):
            return tau
        tau = new
    return tau


def _mean(logs: Array, values: Array) -> float:
    p = np.exp(logs - logs.max())
    return float((p * values).sum() / p.sum())


def _newton(step: Array, fall: Array, away: Array, weights: Array) -> float:
    """The τ at which the mean of a wide distribution is right."""
    tau, low, high = 0.0, -math.inf, math.inf
    for _ in range(STEPS):
        t = step * tau - fall
        p = weights * np.exp(t - t.max())
        p /= p.sum()
        value = float((p * away).sum())
        variance = float((p * (away - value) ** 2).sum())
        low, high = (tau, high) if value < 0.0 else (low, tau)
        new = tau - value / variance
        if not low < new < high:
            new = 0.5 * (low + high) if math.isfinite(high - low) else 2.0 * tau - value / variance
        if new == tau or abs(value) <= 1e-15 * math.sqrt(variance):
            return tau
        tau = new
    return tau


def loss(y: float, mean: float, dispersion: float, state: State) -> tuple[float, ...]:
    """−log p(y), its derivatives in log m and log ν, and the second ones: mm, mν, νν."""
    s = state
    there = np.flatnonzero(s.nodes == y)
    g = float(log_growth(np.array([y]), s.k)[0])
    own = (y - s.k) * s.tau - dispersion * g
    others = np.ones(s.nodes.size, dtype=bool)
    if there.size and s.weights[there[0]] == 1.0:
        others[there[0]] = False
        rest = float(
            (s.weights[others] * np.exp(np.minimum(s.exponents[others] - own, 700.0))).sum()
        )
        value = math.log1p(rest) if rest < 1.0 else s.log_total - own
    else:
        value = s.log_total - own
    away, v = y - mean, s.variance
    r = g - s.growth - away * s.slope
    by_mean = -away * mean / v
    by_dispersion = dispersion * r
    # m + (y − m) e, with e near −1 where one count has nearly all of p
    line = mean + away * s.excess if s.k == 0.0 else (mean - away) + away * (1.0 + s.excess)
    mm = mean / v * line
    cross = -away * mean * dispersion * s.mixed / v / v
    nn = dispersion * dispersion * (s.square + away * s.skewed / v) + by_dispersion
    return value, by_mean, by_dispersion, mm, cross, nn
