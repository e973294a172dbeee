"""Gradients and curvatures of every row, as trees want them: one pair of numbers per row and column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting.problem import Array, Loss

#: A step that promises less than this many nats per unit of weight is not taken: towards an optimum at
#: infinity, such as the degrees of freedom of normal data, it would never end.
WORTHWHILE = 1e-10
#: A shared raw parameter moves by at most this much in one step: by a factor e where the link is log.
TRUST = 1.0
_SINGLE = float(np.finfo(np.float32).max)

#: What ``curvature`` may be, for whoever asks for trees.
CURVATURES = ("auto", "expected", "complete", "observed", "empirical")
#: Those that a family declares, the best first.
_DECLARED = ("expected", "complete")


def chosen_curvature(loss: Any, given: str, name: str) -> str:
    """The curvature to use of the family called ``name``: "auto" is "expected", else "complete", else "empirical".

    ValueError where the family does not have what is asked for.
    """
    if given not in CURVATURES:
        raise ValueError(f"curvature must be one of {', '.join(CURVATURES)}, got {given!r}")
    best = next((k for k in _DECLARED if k in loss.curvature_kinds), "empirical")
    if given == "auto":
        return best
    if given in _DECLARED and given not in loss.curvature_kinds:
        raise ValueError(
            f"{name} declares no {given}_information, so its {given} curvature is not known: "
            f'use curvature="{best}"'
        )
    return given


def row_steps(
    loss: Loss, y: Array, raw: Array, weight: Array | None, curvature: str, natural: bool
) -> tuple[Array, Array, list[Array]]:
    """nll (n,), gradient (k, n) and curvature (k times (n,)) of every row; raw is (k, n).

    ``curvature``: "expected" is the Fisher information, "complete" that of the data had nothing been unseen, and
    "observed" the second derivative, each its diagonal; "empirical" is the rows' mean square of the gradient, one
    number per column, the same in expectation at the maximum. With ``natural`` the gradient is F⁻¹g for the whole
    matrix F of a row, and the curvature 1/(F⁻¹)ⱼⱼ, what is known of column j when the others are not; a diagonal F
    changes nothing.

    ValueError where an observed curvature is negative; FloatingPointError where numbers are not finite.
    """
    k = loss.columns
    if curvature == "empirical":
        nll, gradient, _ = loss.evaluate(y, raw, 1)
        assert gradient is not None
        matrix = _mean_square(gradient, weight)
        packed = np.stack([matrix[i, j] for i in range(k) for j in range(i + 1)])[:, None]
    else:
        nll, gradient, full = loss.evaluate(y, raw, 2, curvature)
        assert gradient is not None
        assert full is not None
        packed = full
    # A view: the entries (j, j) of the packed triangle are rows 0, 2, 5, …
    diagonal: Any = [packed[_at(i, i)] for i in range(k)]
    if curvature == "observed":
        _refuse_negative(diagonal, loss)
    if natural:
        gradient, diagonal = _natural(gradient, packed)
    if getattr(loss, "shift_invariant", False):
        # All k columns move at once, and only their differences count.
        diagonal = [h * (k / (k - 1.0)) for h in diagonal]
    return nll, gradient, [np.broadcast_to(h, nll.shape) for h in diagonal]


def tree_target(
    gradient: Array, curvature: Array, weight: Array | None, unit: float, what: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What LightGBM gets for one column: in its unit, with curvatures that average 1 over the rows.

    FloatingPointError where the mean curvature is not a positive number.
    """
    if weight is not None:
        gradient, curvature = gradient * weight, curvature * weight
    mean = mean_of(curvature)
    # A gradient that is not a number is the largest and the smallest one.
    largest = max(float(gradient.max(initial=0.0)), -float(gradient.min(initial=0.0)))
    if not (np.isfinite(mean) and mean > 0.0 and largest < _SINGLE * (mean * unit)):
        raise FloatingPointError(
            f"the gradient or curvature of {what} is no longer a finite positive number: the raw "
            "predictions have run away. Lower learning_rate or max_iter, raise l2_regularization, or check y "
            "for values far from all others or the same in every row"
        )
    return _single(gradient, mean * unit), _single(curvature, mean)


def mean_of(values: Array, weight: Array | None = None) -> float:
    """The mean over the rows; ``np.mean`` and ``np.average`` take five times as long for a few thousand."""
    if weight is None:
        return float(np.add.reduce(values)) / values.shape[0]
    return float(np.add.reduce(values * weight)) / float(np.add.reduce(weight))


def _single(values: Array, divisor: float) -> NDArray[np.float32]:
    """values / divisor, in float32."""
    found = np.empty(values.shape, np.float32)
    return np.divide(values, divisor, out=found, casting="same_kind")


def leaf_step(target: tuple[Any, Any], l2: float) -> float:
    """The step of a tree that found no split: one leaf for all rows."""
    gradient, curvature = target
    return -float(gradient.sum(dtype=np.float64)) / (float(curvature.sum(dtype=np.float64)) + l2)


def shared_step(
    loss: Loss,
    y: Array,
    raw: Array,
    weight: Array | None,
    columns: list[int],
    curvature: str,
    total: Callable[[Array], Array] = lambda sums: sums,
) -> tuple[Array, float]:
    """One Newton step of the constants of ``columns``, (k,), and how much it lowers the mean nll.

    The step is halved until the loss does not rise; where nothing helps it is 0. ``total`` adds the sums of these rows
    to those of others that are elsewhere; where it does, it is called there just as often, and the step is the same.
    """
    kind = "observed" if "observed" in loss.curvature_kinds else curvature
    nll, gradient, packed = loss.evaluate(y, raw, 2, kind)
    assert gradient is not None
    assert packed is not None
    w = np.ones(y.shape[0]) if weight is None else weight
    m = len(columns)
    entries = [packed[_at(i, j)] @ w for i in columns for j in columns]
    sums = total(np.array([*(gradient[columns] @ w), *entries, w.sum(), nll @ w]))
    slope, matrix = sums[:m], sums[m:-2].reshape(m, m)
    least, before = WORTHWHILE * sums[-2], sums[-1]
    step = _descent(matrix, slope)
    step *= min(1.0, TRUST / max(float(np.abs(step).max()), TRUST))
    full = np.zeros(loss.columns)
    while -float(step @ slope) > 2.0 * least:
        full[columns] = step
        (after,) = total(np.array([loss.evaluate(y, raw + full[:, None], 0)[0] @ w]))
        if after <= before:
            gain = before - after if np.isfinite(before) else np.inf
            return full, float(gain / sums[-2])
        step = 0.5 * step
    return np.zeros(loss.columns), 0.0


def _at(i: int, j: int) -> int:
    i, j = max(i, j), min(i, j)
    return i * (i + 1) // 2 + j


def _descent(matrix: Array, slope: Array) -> Array:
    """−|H|⁻¹ g: Newton's step where H is positive, and downhill where it is not."""
    values, vectors = np.linalg.eigh(matrix)
    sizes = np.abs(values)
    used = sizes > 1e-12 * sizes.max()
    step: Array = -vectors[:, used] @ ((vectors[:, used].T @ slope) / sizes[used])
    return step


def _mean_square(gradient: Array, weight: Array | None) -> Array:
    weighted = gradient if weight is None else gradient * weight
    total = gradient.shape[1] if weight is None else weight.sum()
    found: Array = weighted @ gradient.T / total
    return found


def _natural(gradient: Array, packed: Array) -> tuple[Array, Array]:
    k = gradient.shape[0]
    matrix = np.empty((packed.shape[1], k, k))
    for i in range(k):
        for j in range(i + 1):
            matrix[:, i, j] = matrix[:, j, i] = packed[_at(i, j)]
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        raise FloatingPointError(
            "the curvature matrix of a row is singular, so it has no natural gradient: "
            "use natural_gradient=False"
        ) from None
    curvature = 1.0 / np.einsum("nii->in", inverse)
    step = np.einsum("nij,jn->in", np.broadcast_to(inverse, (gradient.shape[1], k, k)), gradient)
    return step * curvature, curvature


def _refuse_negative(diagonal: list[Array], loss: Loss) -> None:
    for j, curvature in enumerate(diagonal):
        rows = np.flatnonzero(curvature < 0.0)
        if not rows.size:
            continue
        raise ValueError(
            f"the observed curvature of {loss.column_names[j]} is negative in {rows.size} rows (first: "
            f"training row {rows[0]}), so it is not safe for trees: use "
            'curvature="expected" or "empirical"'
        )
