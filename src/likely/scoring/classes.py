"""Scores of distributions over classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from likely.inference.labels import codes_of
from likely.scoring.average import average
from likely.scoring.likelihood import mean_nll


def accuracy(predictive: Any, y: Any, sample_weight: Any = None) -> float:
    """The share of rows whose most probable class is the one seen, Σ wᵢ [modeᵢ = yᵢ] / Σ wᵢ."""
    return average(predictive.mode() == np.asarray(y), sample_weight)


def log_loss(predictive: Any, y: Any, sample_weight: Any = None) -> float:
    """Cross-entropy, −Σ wᵢ log pᵢ(yᵢ) / Σ wᵢ in nats: the mean negative log-likelihood, unclipped."""
    return mean_nll(predictive, y, sample_weight)


def brier(predictive: Any, y: Any, sample_weight: Any = None) -> float:
    """Brier's score, Σ wᵢ Σₖ (pᵢₖ − [yᵢ = k])² / Σ wᵢ, from 0 (best) to 2.

    All K classes are summed, as Brier did: for two classes it is twice (p − y)².
    """
    p = predictive.probabilities()
    labels = predictive.labels if predictive.labels is not None else np.array([0, 1])
    codes = codes_of(y, np.asarray(labels))
    seen = codes[:, None] == np.arange(p.shape[1])
    return average(((p - seen) ** 2).sum(axis=1), sample_weight)
