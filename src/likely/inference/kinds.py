"""Which law a modified family follows, by its kind."""

from __future__ import annotations

from typing import Any

from likely.inference import bounds_by_row, discretised, ends, mixed, transformed, zeros
from likely.inference.modified import Array

#: By the kind, and whether y are counts.
KINDS: dict[tuple[str, bool], Any] = {
    ("ZeroInflated", True): zeros.InflatedCounts,
    ("ZeroInflated", False): ends.Ends,
    ("Inflated", False): ends.Ends,
    ("Hurdle", True): zeros.HurdleCounts,
    ("Mixture", True): mixed.MixedCounts,
    ("Mixture", False): mixed.MixedAmounts,
    ("Truncated", True): bounds_by_row.counts,
    ("Truncated", False): bounds_by_row.amounts,
    ("Transformed", False): transformed.law,
    ("Discretised", True): discretised.DiscretisedCounts,
}


def inference_of(loss: Any, raw: Array) -> Any:
    """Tails, quantiles, moments, mode and entropy of the rows of raw (k, n)."""
    specification = loss.specification
    return KINDS[specification.structure.kind, specification.support.integer](loss, raw)
