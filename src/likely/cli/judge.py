"""How good a fitted model is on rows it has not seen, against the Constant baseline."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.domains import Trials
from likely.scoring import accuracy, coverage
from likely.scoring.average import average

Array = NDArray[np.float64]

COVERAGES = (0.5, 0.8, 0.95)


@dataclass(frozen=True)
class Judgement:
    """Held-out figures; nll in nats per row, ``gain`` the baseline's nll less the model's."""

    rows: int
    nll: float
    baseline_nll: float
    gain: float
    gain_standard_error: float
    baseline_family: str
    status: str | None  # of the fit that was judged; None for learners that know no maximum
    coverage: dict[str, float] | None = None
    accuracy: float | None = None
    baseline_accuracy: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def judge(
    model: tuple[Any, Array],
    baseline: tuple[Any, Array],
    y: NDArray[Any],
    weight: Array | None,
    given: dict[str, Any],
    groups: NDArray[Any] | None,
    baseline_family: str,
    status: str | None,
) -> Judgement:
    """Compare ``model`` and ``baseline``, each an estimator with its columns of the held-out rows.

    ``given`` is what belongs to these rows beside y: offset and exposure.
    """
    nll, base = (-estimator.row_scores(x, y, **given) for estimator, x in (model, baseline))
    gain, error = _mean_and_error(base - nll, np.ones(len(y)) if weight is None else weight, groups)
    figures: dict[str, Any] = {}
    support = model[0].family_.specification.support
    if isinstance(support, Trials):
        y, given = y[:, 0], {**given, "trials": y[:, 1]}
    if y.ndim == 1:  # several numbers have no interval, nor have those that were not seen
        found, other = (estimator.predict_dist(x, **given) for estimator, x in (model, baseline))
        if found.labels is not None:
            figures["accuracy"] = accuracy(found, y, weight)
            figures["baseline_accuracy"] = accuracy(other, y, weight)
        else:
            figures["coverage"] = {
                f"{100 * level:g}": coverage(found, y, level, weight) for level in COVERAGES
            }
    return Judgement(
        len(y),
        average(nll, weight),
        average(base, weight),
        gain,
        error,
        baseline_family,
        status,
        **figures,
    )


def _mean_and_error(
    values: Array, weight: Array, groups: NDArray[Any] | None
) -> tuple[float, float]:
    """The weighted mean and its standard error; rows of one group are not independent."""
    there = weight > 0
    values, weight = values[there], weight[there]
    total = weight.sum()
    mean = float(np.average(values, weights=weight))
    if groups is None:
        if total <= 1:
            return mean, float("nan")
        return mean, float(np.sqrt((weight * (values - mean) ** 2).sum() / (total - 1) / total))
    _, codes = np.unique(groups[there], return_inverse=True)
    sums = np.bincount(codes, weights=weight * (values - mean))
    if len(sums) < 2:
        return mean, float("nan")
    return mean, float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)) / total)
