"""Derive the polynomial of ``_math/com_poisson_near.py``: prints it as Python, and how far off it is.

log λ = log m + (ν − 1) log(1 + m) P(u, v), u = (m − 2)/(m + 2) and v = (1 − ν)/(1 + ν), P by least squares of what a
step makes of it: an error counts in standard deviations of the count, less where ν or m are large.

    python tools/derive_com_poisson.py
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial import chebyshev
from scipy.special import gammaln

MEANS, NUS = (0.01, 32.0), (0.05, 4.0)
ROWS, COLUMNS = 8, 8
J = np.arange(400.0)
LOG_FACTORIAL = gammaln(J + 1.0)


def between(low: float, high: float, count: int) -> np.ndarray:
    """Chebyshev's nodes of the logarithm."""
    at = np.cos(np.pi * (np.arange(count) + 0.5) / count)
    return np.exp((at * np.log(high / low) + np.log(high * low)) / 2.0)


def solved(m: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log λ and the variance: Newton's steps, halved where they overshoot."""
    low, high = np.log(m) - n - 9.0, np.log(m) + 4.0 * n + 9.0
    rate = np.log(m)
    for _ in range(100):
        exponent = rate[:, None] * J - n[:, None] * LOG_FACTORIAL
        p = np.exp(exponent - exponent.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        mean = p @ J
        v = (p * (J - mean[:, None]) ** 2).sum(1)
        low, high = np.where(mean < m, rate, low), np.where(mean < m, high, rate)
        step = rate + (m - mean) / v
        rate = np.where((step > low) & (step < high), step, (low + high) / 2.0)
    return rate, v


def points(count_m: int, count_n: int) -> tuple[np.ndarray, np.ndarray]:
    m, n = (v.ravel() for v in np.meshgrid(between(*MEANS, count_m), between(*NUS, count_n)))
    served = m <= np.maximum(2.5, 75.0 * n - 7.0)
    return m[served], n[served]


def basis(m: np.ndarray, n: np.ndarray) -> np.ndarray:
    found = chebyshev.chebvander2d(
        (m - 2.0) / (m + 2.0), (1.0 - n) / (1.0 + n), [ROWS - 1, COLUMNS - 1]
    )
    return found * ((n - 1.0) * np.log1p(m))[:, None]


def main() -> None:
    m, n = points(90, 50)
    log_rate, v = solved(m, n)
    weight = np.sqrt(v) / (1.0 + (n / 1.5) ** 4) / (1.0 + (m / 20.0) ** 2)
    target = (log_rate - np.log(m)) * weight
    found = np.linalg.lstsq(basis(m, n) * weight[:, None], target, rcond=None)[0]
    m, n = points(131, 77)
    log_rate, v = solved(m, n)
    off = np.abs(basis(m, n) @ found - (log_rate - np.log(m))) * np.sqrt(v)
    for most_m, most_n in ((5, 1.5), (12, 1.5), (32, 1.5), (12, 2.5), (32, 2.5), (32, 4)):
        inside = off[(m < most_m) & (n < most_n)]
        print(
            f"# m < {most_m}, ν < {most_n}: {inside.max():.0e}, nine in ten {np.quantile(inside, 0.9):.0e}"
        )
    rows = found.reshape(ROWS, COLUMNS)
    # From Chebyshev's polynomials to powers, in either variable.
    rows = np.array([chebyshev.cheb2poly(row) for row in rows])
    rows = np.array([chebyshev.cheb2poly(column) for column in rows.T]).T
    for row in rows:
        print("    (" + ", ".join(f"{c:.7g}" for c in row) + "),")


if __name__ == "__main__":
    main()
