"""Weighted means over rows, in which a row of weight 0 is not there."""

from __future__ import annotations

from typing import Any

import numpy as np

from likely.losses import check


def average(values: Any, sample_weight: Any = None) -> float:
    """Σ wᵢ vᵢ / Σ wᵢ; a row of weight 0 does not count even if its value is infinite.

    ValueError: no rows, or weights that are negative, missing, all 0, or of another length.
    """
    v = np.asarray(values, dtype=np.float64)
    if v.ndim != 1 or not v.size:
        raise ValueError(
            f"a score needs a predictive of n ≥ 1 rows and y (n,), got shape {v.shape}"
        )
    w = check.weights(sample_weight, v.size)
    if w is None:
        return float(v.mean())
    there = w > 0.0
    return float(np.average(v[there], weights=w[there]))
