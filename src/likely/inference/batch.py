"""A row of distributions whose parameters or values have several entries: what all kinds of them share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from likely.inference.distributions import Distributions
from likely.losses import check


class Batch(Distributions):
    """n distributions with methods that some kinds of them lack; shapes and indexing as for ``Predictive``."""

    #: Methods that do not exist, and why.
    absent: ClassVar[Mapping[str, str]] = {}
    #: What there is instead.
    instead: ClassVar[str] = ""

    def __getattr__(self, name: str) -> Any:
        if name in self.absent:
            family = self.loss.specification.name
            raise AttributeError(
                f"{name} is not defined for {family}: {self.absent[name]}. {self.instead}"
            )
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def _refuse_unless_finite(self) -> None:
        bad = ~np.isfinite(self._raw2).all(axis=0)
        if bad.any():
            raise ValueError(f"raw must be finite; it is not in {check.rows_of(bad)}")

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name, rows first: (n, …), or without n for a single distribution."""
        found = self.loss.natural(self._raw2)
        rows = {name: np.moveaxis(value, -1, 0) for name, value in found.items()}
        return rows if self.shape else {name: value[0] for name, value in rows.items()}
