"""Pólya's urn: counts whose shares are drawn from a Dirichlet distribution, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from likely._math.atoms import (
    negative_binomial_deviance,
    negative_binomial_factorial,
    stirling,
    stirling_of_sum,
)
from likely._math.graph import log, where


def log_urn(
    n: Any, counts: Sequence[Any], shares: Sequence[Any], logs: Sequence[Any], precision: Any
) -> Any:
    """log p of the counts of n > 0 trials, with expected shares, their logarithms, and a precision κ.

    It is that of negative binomials with sizes κμ and means nμ, given that they sum to n. Their deviances cannot be
    negative, and nothing cancels as κ → ∞.
    """
    log_n = log(n)
    total = _stirling(n, precision, precision.log)
    for y, share, log_share in zip(counts, shares, logs, strict=True):
        size, log_size = share * precision, log_share + precision.log
        deviance = negative_binomial_deviance(y, n * share, size, log_n + log_share, log_size)
        total = total - deviance - where(y > 0.0, _stirling(y, size, log_size), 0.0)
    return total


def _stirling(y: Any, s: Any, log_s: Any) -> Any:
    """What Stirling's formula leaves of log(y! Γ(s)/Γ(s + y)), y ≥ 1."""
    rising = stirling(s, log_s) - stirling_of_sum(y, s, log_s)
    return negative_binomial_factorial(y, s, log_s) + rising
