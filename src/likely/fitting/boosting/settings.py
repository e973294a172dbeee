"""What the trees of each raw column may do, and how long training goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: A leaf must hold this share of an average row's curvature. Curvatures are scaled to a mean of 1, so it
#: only keeps apart what is curvature and what is rounding in LightGBM's differences of histograms.
LEAST_CURVATURE = 1e-3


@dataclass(frozen=True)
class ColumnSettings:
    """The trees of one raw column; the names are scikit-learn's.

    ``monotonic`` is −1, 0 or 1 per feature, or empty; ``l2`` counts rows of average curvature that say
    "no change" in every leaf.
    """

    learning_rate: float
    max_leaf_nodes: int
    max_depth: int | None
    min_samples_leaf: int
    l2: float
    monotonic: Sequence[int] = ()
    #: The parameter it belongs to: columns of one parameter are never crossed.
    group: int = 0
    #: One value for all rows, found by Newton's method instead of trees.
    shared: bool = False

    def parameters(self, common: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """LightGBM's parameters."""
        own: dict[str, Any] = {
            "objective": "none",
            "learning_rate": self.learning_rate,
            "num_leaves": self.max_leaf_nodes,
            "max_depth": -1 if self.max_depth is None else self.max_depth,
            "min_data_in_leaf": self.min_samples_leaf,
            "min_data_per_group": self.min_samples_leaf,
            "min_sum_hessian_in_leaf": LEAST_CURVATURE,
            "lambda_l2": self.l2,
            "seed": seed,
        }
        if any(self.monotonic):
            own["monotone_constraints"] = list(self.monotonic)
        return {**own, **common}


@dataclass(frozen=True)
class Settings:
    """Training as a whole.

    ``rounds`` is the most there may be; ``patience`` how many may pass without a better held-out loss (None
    without early stopping). ``curvature``: "expected", "complete", "observed" or "empirical". ``natural``: solve
    with the whole curvature matrix of a row. ``common`` are LightGBM parameters for every column; ``workers`` is how
    many trees may grow at once.
    """

    columns: tuple[ColumnSettings, ...]
    rounds: int
    patience: int | None
    curvature: str = "expected"
    natural: bool = False
    seed: int = 0
    common: Mapping[str, Any] = field(default_factory=dict)
    workers: int = 1
