"""What the objectives for LightGBM, XGBoost and CatBoost share: start values, gradients, metric, predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.catalogue import as_family
from likely.fitting.boosting.steps import chosen_curvature, row_steps, shared_step
from likely.losses import check
from likely.predictors.arguments import whole
from likely.predictors.marginal import start_values
from likely.predictors.response import offsets
from likely.predictors.tree_settings import refuse_partial_links

Array = NDArray[np.float64]


class BoostingObjective:
    """The negative log-likelihood of a family as gradient, curvature and metric for a booster.

    family: a family, or its name. y (n,), sample_weight, offset and exposure are those of the training rows:
    start values come from them. curvature: "expected", "complete", "observed", "empirical" or "auto", as for Trees.

    The booster learns what is added to the start values: one output for every predicted raw column
    (``columns``). A shared parameter has no output; the objective moves it by a Newton step in every round, on the
    training rows (``shared_path``). Gradient and curvature are divided by the mean curvature at the start, so that a
    library's L2 penalties and smallest leaves count rows, in whatever units y is. Classes are 0, …, K − 1.
    """

    def __init__(
        self,
        family: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        offset: Any = None,
        exposure: Any = None,
        curvature: str = "auto",
    ) -> None:
        self.family = as_family(family)
        specification = self.family.specification
        if specification.tabular:
            raise TypeError(
                f"a booster's y is one number a row, and {specification.name} has several: "
                "use Linear, Trees or Network"
            )
        values = check.response(y, specification.support, specification.name)
        check.single_precision(values, specification.support, specification.name)
        classes = None if specification.vector is None else int(values.max()) + 1
        self.loss: Any = self.family.loss(classes)
        if classes is not None and classes > self.loss.size:
            raise ValueError(f"y has class {classes - 1}, but {self.family!r} ends before it")
        refuse_partial_links(self.loss, "boosted trees")
        weight = check.weights(sample_weight, values.shape[0])
        added = offsets(self.loss, values.shape[0], offset, exposure)
        self.has_offset = added is not None
        self.curvature = chosen_curvature(self.loss, curvature, specification.name)
        #: The raw values to begin with, one per raw column; those of shared parameters move.
        self.start = start_values(self.loss, values, weight, added, warn=True)
        roles = [self.loss.free[i].role for i in self.loss.column_slots]
        self._shared = [j for j, role in enumerate(roles) if role == "shared"]
        self._predicted = [j for j in range(self.loss.columns) if j not in self._shared]
        #: What trees look at, which have no use for the curvature of shared parameters.
        self._of_trees: Any = self.loss.without(self._shared)
        #: The names of the booster's outputs.
        self.columns = tuple(self.loss.column_names[j] for j in self._predicted)
        if not self.columns:
            raise ValueError(f"{self.family!r} predicts nothing from x: use family.fit(y)")
        #: The shared raw values after every round: (rounds, how many are shared).
        self.shared_path: list[Array] = []
        raw = np.repeat(self.start[:, None], values.shape[0], axis=1)
        raw = raw if added is None else raw + added
        _, _, h = row_steps(self._of_trees, values, raw, weight, self.curvature, natural=False)
        self._per_row = np.array([np.average(column, weights=weight) for column in h])

    def __deepcopy__(self, memo: Any) -> BoostingObjective:
        """Itself: LightGBM copies its parameters, and what is learned between rounds must arrive here."""
        return self

    def init_score(self, n: int, offset: Any = None, exposure: Any = None) -> Array:
        """Where the booster begins, (n, outputs), (n,) for one: start values with offsets."""
        raw = np.repeat(self.start[:, None], whole("n", n, 0), axis=1)
        added = offsets(self.loss, n, offset, exposure)
        if self.has_offset and added is None:
            raise ValueError(
                "the objective was made with an offset or exposure: these rows need one"
            )
        raw = raw if added is None else raw + added
        if added is not None and np.any(added[self._shared]):
            raise ValueError("an offset of a shared parameter cannot be handed to a booster")
        scores = np.ascontiguousarray(raw[self._predicted].T)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def steps(self, y: Any, scores: Any, weight: Any = None) -> tuple[Array, Array]:
        """Gradient and curvature (n, outputs), (n,) for one, at the booster's scores, which begin at ``init_score``."""
        if self._shared:
            self._share(y, scores, weight)
        return self._gradients(y, scores, weight)

    def _share(self, y: Any, scores: Any, weight: Any) -> None:
        """A round's step of the shared parameters, on the training rows."""
        step, _ = shared_step(
            self.loss, _floats(y), self._raw(scores), _weights(weight), self._shared, self.curvature, self._total
        )  # fmt: skip
        self.start = self.start + step
        self.shared_path.append(self.start[self._shared])

    def _total(self, sums: Array) -> Array:
        """Sums over all training rows, where a process sees a part of them."""
        return sums

    def _gradients(self, y: Any, scores: Any, weight: Any) -> tuple[Array, Array]:
        """``steps`` with the shared parameters as they are."""
        w = _weights(weight)
        _, g, curvature = row_steps(
            self._of_trees, _floats(y), self._raw(scores), w, self.curvature, natural=False
        )
        unit = self._per_row[self._predicted, None]
        g = g[self._predicted] / unit
        h = np.stack([curvature[j] for j in self._predicted]) / unit
        if w is not None:
            g, h = g * w, h * w
        shape = np.shape(scores)
        return g.T.reshape(shape), h.T.reshape(shape)

    def mean_nll(self, y: Any, scores: Any, weight: Any = None) -> float:
        """Mean negative log-likelihood per unit of weight."""
        nll = self.loss.evaluate(_floats(y), self._raw(scores), 0)[0]
        return float(np.average(nll, weights=_weights(weight)))

    def learn_shared(
        self,
        y: Any,
        added: Any,
        sample_weight: Any = None,
        offset: Any = None,
        exposure: Any = None,
    ) -> Any:
        """Set the shared parameters to their maximum of the likelihood of rows, given what the trees add for them.

        For a booster that was trained elsewhere, on the workers of a cluster or in another process, where what was
        learned does not come back to this objective. ``added`` is as in ``predict_dist``, of the rounds that are
        used, and may be of training or of held-out rows. Returns the objective.

        ValueError where no parameter is shared.
        """
        if not self._shared:
            raise ValueError(f"{self.family!r} has no shared parameter to learn")
        values = check.response(
            y, self.family.specification.support, self.family.specification.name
        )
        weight = check.weights(sample_weight, values.shape[0])
        raw = self._raw_with(added, offset, exposure)
        if raw.shape[1] != values.shape[0]:
            raise ValueError(
                f"y has {values.shape[0]} rows, but added has {raw.shape[1]}: they must match"
            )
        step = np.ones(1)
        while step.any():
            step, _ = shared_step(self.loss, values, raw, weight, self._shared, self.curvature)
            self.start, raw = self.start + step, raw + step[:, None]
        self.shared_path = [self.start[self._shared]]
        return self

    def predict_dist(
        self, added: Any, offset: Any = None, exposure: Any = None, iteration: int | None = None
    ) -> Any:
        """The predictive distributions of new rows, from what the booster's trees add to the start values.

        ``added`` (n, outputs) are raw predictions without ``init_score``. ``iteration`` (from 0) is the best one
        where early stopping chose it: shared parameters are then as they were after it.
        """
        from likely.inference.construct import predictive

        raw = self._raw_with(added, offset, exposure)
        if self._shared and not self.shared_path:
            raise ValueError(
                f"{self._shared_names} is shared and was never learned here: {self._unlearned}, or set it with "
                "learn_shared(y, added), from rows and what the trees add for them"
            )
        if self._shared and iteration is not None:
            if whole("iteration", iteration, 0) >= len(self.shared_path):
                raise ValueError(
                    f"iteration={iteration}, but {self._shared_names} was followed for {len(self.shared_path)} "
                    "rounds: leave iteration out for the last of them"
                )
            raw[self._shared] += (self.shared_path[iteration] - self.start[self._shared])[:, None]
        return predictive(self.loss, raw)

    #: What to do where a shared parameter was not learned.
    _unlearned = "train in this process"

    @property
    def _shared_names(self) -> str:
        return ", ".join(self.loss.column_names[j] for j in self._shared)

    def _raw_with(self, added: Any, offset: Any, exposure: Any) -> Array:
        """Raw values (k, n) from what the trees add."""
        scores, outputs = check.numeric(added, "added"), len(self.columns)
        if scores.ndim not in (1, 2) or scores.size != scores.shape[0] * outputs:
            wanted = (
                "(n,)"
                if outputs == 1
                else f"(n, {outputs}), a column each of {', '.join(self.columns)}"
            )
            raise ValueError(f"added has shape {scores.shape}, but the trees add {wanted}")
        begin = BoostingObjective.init_score(self, scores.shape[0], offset, exposure)
        return self._raw(scores + begin.reshape(scores.shape))

    def _raw(self, scores: Any) -> Array:
        scores = np.asarray(scores, dtype=np.float64).reshape(-1, len(self.columns))
        raw = np.repeat(self.start[:, None], scores.shape[0], axis=1)
        raw[self._predicted] = scores.T
        return raw


def _floats(y: Any) -> Array:
    return np.asarray(y, dtype=np.float64)


def _weights(given: Any) -> Array | None:
    """A library's weights; some hand over an empty array for none."""
    return None if given is None or np.size(given) == 0 else np.asarray(given, dtype=np.float64)
