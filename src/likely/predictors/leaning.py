"""Where the fit of a family that leans to one side begins: at the fit of the symmetric one inside it.

At skewness 0 the slope in the skewness vanishes, so that a fit that comes near does not learn to which side it should
go, and either side may have a maximum. The residuals of the symmetric family tell: from there one fit goes to the
side of their third moment, and one to the other. Inside a modifier rows need not have a residual: there the third
moment is taken to be of ordinary size.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.families.base import Specification
from likely.fitting import ConvergenceWarning, Design, FitResult, Response, Status, fit_linear
from likely.losses.nll import NegativeLogLikelihood
from likely.predictors.standard import mean_and_std, third_moment

Array = NDArray[np.float64]

#: Rows that these fits look at, or so many for each coefficient.
ROWS, EACH = 5000, 20


#: The third moment of residuals that are not known.
ORDINARY = 0.5


def leaning(specification: Specification) -> Specification | None:
    """The family that leans to one side: the specification, or the only one inside it."""
    while specification.leans_by is None:
        structure = specification.structure
        if structure is None or len(structure.parts) != 1:
            return None
        specification = structure.parts[0].specification
    return specification


def leaning_start(
    loss: Any,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    start: Array,
    alpha: Array | None,
) -> Array:
    """Coefficients (P,) to start from; ``start`` (k,) where the family or its links do not ask for them."""
    leans = leaning(loss.specification)
    assert leans is not None
    held, modified = leans.leans_by, leans is not loss.specification
    order = [slot.of for slot in loss.free]
    links = {slot.of: slot.link.name for slot in loss.free}
    if held not in order or (links.get("loc"), links.get("scale")) != ("identity", "log"):
        return start
    width = sum(_columns(X, design).size for design in designs)
    every = max(1, X.shape[0] // max(ROWS, EACH * width))
    X, response = X[::every], response.take(slice(None, None, every))
    if response.weight is not None and not response.weight.any():
        return start
    at = order.index(held)
    kept = [j for j in range(loss.columns) if j != at]
    begin = start[kept]
    if not modified:
        mean, std = mean_and_std(response.y, response.weight)
        if std == 0:
            return start
        begin = np.array([mean if order[j] == "loc" else np.log(std) for j in kept])
    symmetric: Any = NegativeLogLikelihood(
        loss.specification,
        [replace(s, role="fixed", link=None, value=0.0) if s.of == held else s for s in loss.slots],
    )
    offset = response.offset
    inner = Response(response.y, response.weight, None if offset is None else offset[kept])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        first = fit_linear(
            symmetric,
            X,
            [designs[j] for j in kept],
            inner,
            start=begin,
            alpha=None if alpha is None else alpha[kept],
            covariances=(),
        )
        if first.status is not Status.converged:
            return start
        begun = _both_sides(loss, leans, X, designs, inner, first, at)
        fits = [
            fit_linear(loss, X, designs, response, start=one, alpha=alpha, covariances=())
            for one in begun
        ]
    ended = (Status.converged, Status.boundary)
    pairs = [(one, b) for one, b in zip(fits, begun, strict=True) if one.status in ended]
    if not pairs:
        return start
    best, begun_at = min(pairs, key=lambda pair: pair[0].objective)
    return best.parameters if best.status is Status.converged else begun_at


def _both_sides(
    loss: Any,
    leans: Specification,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    first: FitResult,
    at: int,
) -> list[Array]:
    """The coefficients of the symmetric fit, moved to the moments of what leans to either side."""
    names = [slot.of for slot in loss.free]
    blocks = [np.r_[i, s] for i, s in zip(first.intercepts, first.slopes, strict=True)]
    blocks.insert(at, np.zeros(1 + _columns(X, designs[at]).size))
    raw = np.array(
        [
            block[0] + np.asarray(X[:, _columns(X, design)] @ block[1:], dtype=np.float64)
            for block, design in zip(blocks, designs, strict=True)
        ]
    )
    if response.offset is not None:
        raw = raw + np.insert(response.offset, at, 0.0, axis=0)
    loc, scale = raw[names.index("loc")], np.exp(raw[names.index("scale")])
    third = ORDINARY
    if leans is loss.specification:
        residual = (response.y - loc) / scale
        third = third_moment(residual, response.weight, *mean_and_std(residual, response.weight))
    found = []
    for side in (third, -third):
        moved = leans.formulas["start"](0.0, 1.0, side)
        skewness = float(loss.free[at].link.link(moved[names[at]]))
        if np.isfinite(skewness):  # a link may know one side only
            steps = {"loc": moved["loc"] * float(scale.mean()), "scale": np.log(moved["scale"])}
            steps[names[at]] = skewness
            begin = [np.r_[b[0] + steps[n], b[1:]] for n, b in zip(names, blocks, strict=True)]
            found.append(np.concatenate(begin))
    return found


def _columns(X: Any, design: Design) -> NDArray[np.intp]:
    return np.arange(X.shape[1])[slice(None) if design.columns is None else list(design.columns)]
