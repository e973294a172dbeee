"""The score that the fit itself minimises."""

from __future__ import annotations

from typing import Any

from likely.scoring.average import average


def mean_nll(predictive: Any, y: Any, sample_weight: Any = None) -> float:
    """Mean negative log-likelihood, −Σ wᵢ log pᵢ(yᵢ) / Σ wᵢ, in nats per row: lower is better.

    Normalised, so that it compares across families for the same y. +∞ if a y is impossible.
    """
    return average(-predictive.log_prob(y), sample_weight)
