"""The expected information that is a series, against its sum; it has no formula in other atoms."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp, mpf

from likely._math.atoms import negative_binomial_information
from likely._math.backends import numpy_backend
from likely._math.evaluate import compile_program
from likely._math.graph import symbol

NAMES = ("m", "s", "log_m", "log_s")
PROGRAM = compile_program([negative_binomial_information(*map(symbol, NAMES))], numpy_backend.TABLE)


def found(log_m: float, log_s: float) -> float:
    values = np.array([[np.exp(log_m)], [np.exp(log_s)], [log_m], [log_s]])
    with np.errstate(all="ignore"):
        return float(PROGRAM(dict(zip(NAMES, values, strict=True)))[0][0])


def summed(log_m: float, log_s: float) -> mpf:
    """s² Σ pᵏ B(k, s)/k over k ≥ 2: the terms by their ratio, until the rest is below 1e-14."""
    s = mp.exp(log_s)
    p = 1 / (1 + mp.exp(mpf(log_s) - log_m))
    term, total, k = p * p / 2 / (s * (s + 1)), mpf(0), 2
    while term * k > mpf(10) ** -14 * total:
        total += term
        term *= p * k * k / ((k + 1) * (k + s))
        k += 1
    return s * s * total


@pytest.mark.parametrize("log_s", [-3.0, -1.0, -1e-9, 0.0, 0.4, 1.0, 3.0, 3.7, 8.0, 30.0, 300.0])
@pytest.mark.parametrize("ratio", [-100.0, -5.0, 0.0, 3.0])
def test_sum(ratio: float, log_s: float) -> None:
    true = summed(ratio + log_s, log_s)
    assert abs(found(ratio + log_s, log_s) - true) < 5e-9 * true


@pytest.mark.parametrize("ratio", [1.0, 8.0, 30.0, 300.0])
@pytest.mark.parametrize("log_s", [-30.0, -300.0])
def test_small_size(ratio: float, log_s: float) -> None:
    """s (log(1 + m/s) − m/(s + m)) for s → 0."""
    s = mp.exp(log_s)
    true = s * (mp.log1p(mp.exp(ratio)) - 1 / (1 + mp.exp(-ratio)))
    assert abs(found(ratio + log_s, log_s) - true) < 5e-9 * true


@pytest.mark.parametrize("log_s", [-2.0, 0.0, 1.5, 4.0])
def test_mean_far_above_size(log_s: float) -> None:
    """s² ψ′(s) − s for m → ∞."""
    s = mp.exp(log_s)
    true = s * s * mp.psi(1, s) - s
    assert abs(found(300.0 + log_s, log_s) - true) < 1e-8 * true


@pytest.mark.parametrize("log_s", [-1e-12, -0.7, -3.0])
@pytest.mark.parametrize("ratio", [8.0, 9.999, 10.0])
def test_steep_sums(ratio: float, log_s: float) -> None:
    """The integral by mpmath, as the sum is long there."""
    with mp.workdps(40):
        s = mp.exp(log_s)
        p = 1 / (1 + mp.exp(-mpf(ratio)))

        def inside(d: mpf) -> mpf:
            v = -mp.expm1(-d) / p
            return (1 - v) ** s * (1 - (1 + d) * mp.exp(-d)) / mp.expm1(-d) ** 2

        end = mp.log1p(mp.exp(mpf(ratio)))
        true = s * p * mp.quad(inside, [mpf(10) ** -12, 1, end / 2, end - 1, end - mpf(10) ** -25])
    assert abs(found(ratio + log_s, log_s) - true) < 5e-9 * true
