"""What boosting leaves: the trees of every raw column, and how to turn their sums into raw predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from likely.fitting.problem import Array


@dataclass(frozen=True, eq=False)
class Ensembles:
    """Raw predictions: rawⱼ(x) = mean over parts of constantⱼ + unitⱼ · Σ trees(x).

    ``boosters`` (parts × columns) are LightGBM's, None for a column without trees; ``constants``
    (parts, k); ``units`` (k,), in which the trees of a column are grown; ``features`` the columns of X.
    """

    boosters: tuple[tuple[Any, ...], ...]
    constants: Array
    units: Array
    features: int

    def raw(self, X: Any, threads: int) -> Array:
        """(k, n), offsets not included."""
        total = np.zeros((self.units.size, X.shape[0]))
        total += self.constants.mean(axis=0)[:, None]
        for part in self.boosters:
            for j, booster in enumerate(part):
                if booster is not None and X.shape[0]:
                    found = booster.predict(X, num_threads=threads)
                    found *= self.units[j] / len(self.boosters)
                    total[j] += found
        return total

    def moved(self, factor: Array, move: Array) -> Ensembles:
        """Those of factorⱼ·rawⱼ + moveⱼ."""
        return replace(self, constants=factor * self.constants + move, units=factor * self.units)

    def contributions(self, X: Any, threads: int) -> Array:
        """SHAP values (k, n, p + 1): what each feature adds to rawⱼ, and last the expected rawⱼ.

        Source: Lundberg, Erion and Lee (2018), arXiv:1802.03888.
        """
        n, p = X.shape
        total = np.zeros((self.units.size, n, p + 1))
        total[:, :, p] = self.constants.mean(axis=0)[:, None]
        for part in self.boosters:
            for j, booster in enumerate(part):
                if booster is not None and n:
                    found = booster.predict(X, pred_contrib=True, num_threads=threads)
                    found = found.toarray() if hasattr(found, "toarray") else found
                    total[j] += found * (self.units[j] / len(self.boosters))
        return total

    def importance(self, kind: str) -> Array:
        """(k, p): how often (``split``) or with what gain a feature splits the trees of each column."""
        return np.sum(
            [
                [
                    np.zeros(self.features)
                    if b is None
                    else b.feature_importance(kind).astype(np.float64)
                    for b in part
                ]
                for part in self.boosters
            ],
            axis=0,
        )

    def texts(self) -> dict[tuple[int, int], str]:
        """LightGBM's own text models, by (part, column)."""
        return {
            (m, j): booster.model_to_string()
            for m, part in enumerate(self.boosters)
            for j, booster in enumerate(part)
            if booster is not None
        }

    @staticmethod
    def from_texts(
        texts: Mapping[tuple[int, int], str], constants: Array, units: Array, features: int
    ) -> Ensembles:
        """The ensembles that ``texts`` wrote down; ValueError where a text is no model of these features."""
        parts, columns = constants.shape
        if units.shape != (columns,):
            raise ValueError(f"{units.shape} units for {columns} columns")
        boosters = tuple(
            tuple(_read(texts.get((m, j))) for j in range(columns)) for m in range(parts)
        )
        for booster in (b for part in boosters for b in part if b is not None):
            if booster.num_feature() != features:
                raise ValueError(
                    f"a model of {booster.num_feature()} features, where X has {features}"
                )
        return Ensembles(boosters, constants, units, features)


def trimmed(booster: Any, trees: int, in_units: Callable[[str], str]) -> Any:
    """A booster with its first trees only, free of the training data; ``in_units`` gives its text the units of X."""
    return _read(in_units(booster.model_to_string(num_iteration=trees)))


def _read(text: str | None) -> Any:
    from lightgbm import Booster
    from lightgbm.basic import LightGBMError

    if text is None:
        return None
    try:
        return Booster(model_str=text)
    except LightGBMError as error:
        raise ValueError(f"LightGBM cannot read the model's trees: {error}") from error
