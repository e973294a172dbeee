"""What a modified family's distribution follows from: the distributions of the families inside."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.inference.predictive import Predictive

Array = NDArray[np.float64]
Rows = NDArray[np.intp]


def inference_of(loss: Any, raw: Array) -> Any:
    """Tails, quantiles, moments, mode and entropy of the rows of raw (k, n)."""
    from likely.inference import (
        bounds_by_row,
        discretised,
        ends,
        mixed,
        transformed,
        zeros,
    )

    kind = loss.specification.structure.kind
    counts = loss.specification.support.integer
    kinds = {
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
    return kinds[kind, counts](loss, raw)


def insides(loss: Any, raw: Array) -> list[Predictive]:
    """The distributions of the families inside, a row each."""
    return [Predictive(inside, raw[columns]) for inside, columns in loss.parts]


def xlogx(x: Array) -> Array:
    """x log x, 0 at 0."""
    return np.where(x > 0.0, x * np.log(np.where(x > 0.0, x, 1.0)), 0.0)


def quantile_of_counts(law: Any, p: Array, rows: Rows, *, upper: bool) -> Array:
    """The smallest count with cdf ≥ p, or sf ≤ p where ``upper``, by the tails of the law."""
    from scipy.special import ndtri

    from likely.inference.discrete import cornish_fisher, smallest

    def reached(k: Array, at: Rows) -> NDArray[np.bool_]:
        cdf, sf = law.tails(k, rows[at])
        return sf <= p[at] if upper else cdf >= p[at]

    guess = cornish_fisher(-ndtri(p) if upper else ndtri(p), law.mean()[rows], law.var()[rows])
    support = law.loss.specification.support
    return smallest(reached, guess, support.low, support.high)


def highest(law: Any, candidates: Array) -> Array:
    """Of candidates (c, n), ascending, each row's with the largest density; of ties the first."""
    logs = [Predictive(law.loss, law.raw).log_prob(y) for y in candidates]
    best = np.argmax(np.array(logs), axis=0)
    return candidates[best, np.arange(candidates.shape[1])]
