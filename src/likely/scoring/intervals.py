"""Whether intervals hold what they promise."""

from __future__ import annotations

from typing import Any

import numpy as np

from likely.scoring.average import average


def coverage(predictive: Any, y: Any, level: float, sample_weight: Any = None) -> float:
    """The share of rows inside their central interval, Σ wᵢ [lowᵢ ≤ yᵢ ≤ highᵢ] / Σ wᵢ.

    Near ``level`` for a calibrated continuous family; of counts at or above it, because their intervals
    end on whole numbers.
    """
    low, high = predictive.interval(level)
    y = np.asarray(y, dtype=np.float64)
    # An arc over the end of the circle has low > high.
    inside = np.where(low <= high, (low <= y) & (y <= high), (low <= y) | (y <= high))
    return average(inside, sample_weight)
