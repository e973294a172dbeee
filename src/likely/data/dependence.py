"""Which columns of a design follow exactly from the others, to be left out by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

#: A direction whose length is below this share of the longest is taken as exactly zero. Rounding of
#: decimal numbers leaves 1e-16; a polynomial of degree 6 in a raw variable still has 1e-9.
TOLERANCE = 1e-11
_BLOCK = 65_536


@dataclass(frozen=True)
class Dependence:
    """A source, or single columns of it, that follow from other sources."""

    source: str
    columns: tuple[int, ...]
    whole: bool
    others: tuple[str, ...]


def find_dependences(matrix: Array, sources: Sequence[str]) -> list[Dependence]:
    """What to leave out of ``matrix`` (beside an intercept) so that its columns are independent.

    ``sources[j]`` is the table's column that matrix column j encodes. A source that as a whole
    follows from the others goes first (the narrowest, and of two alike the later one): losing
    ``season`` where ``month`` says it all is easier to read than losing three of the months. What
    is then still dependent goes column by column, the later ones first.
    """
    if matrix.shape[1] == 0 or _clearly_independent(matrix):
        return []
    triangle = _triangle(matrix)
    left = np.arange(matrix.shape[1])
    of = np.array(sources)
    found = []
    while len(null := _null_space(triangle[:, left])):
        candidates = [
            (int((of[left] == name).sum()), -int(np.flatnonzero(of == name)[0]), name)
            for name in dict.fromkeys(of[left].tolist())
            if _spans(null[:, of[left] == name])
        ]
        if not candidates:
            break
        name = min(candidates)[2]
        gone, rest = left[of[left] == name], left[of[left] != name]
        others = _explained_by(triangle, gone, rest, of)
        found.append(Dependence(name, tuple(gone.tolist()), True, others))
        left = rest
    if len(null):
        for j, before in _dependent_on_earlier(triangle, left):
            others = _explained_by(triangle, np.array([j]), before, of)
            found.append(Dependence(sources[j], (j,), False, others))
    return found


def _clearly_independent(matrix: Array) -> bool:
    """A quick look at the correlations, which settles the matter for most tables.

    Squaring costs half the digits, so an eigenvalue near zero settles nothing.
    """
    centred = matrix - matrix.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    if not (length > 0).all():
        return False
    correlation = centred.T @ centred / np.outer(length, length)
    return bool(np.linalg.eigvalsh(correlation)[0] > 1e-6)


def _dependent_on_earlier(triangle: Array, columns: Indices) -> Iterator[tuple[int, Indices]]:
    """Columns that follow from the ones kept before them, by Gram–Schmidt, with those."""
    basis: Array = np.empty((triangle.shape[0], 0))
    kept: list[int] = []
    for j in columns.tolist():
        rest = triangle[:, j]
        for _ in range(2):  # the second pass removes what rounding left of the first
            rest = rest - basis @ (basis.T @ rest)
        length = np.linalg.norm(rest)
        if length <= TOLERANCE:
            yield j, np.array(kept, dtype=np.intp)
        else:
            kept.append(j)
            basis = np.column_stack([basis, rest / length])


def _triangle(matrix: Array) -> Array:
    """R of the centred and scaled columns, block by block: RᵀR is their Gram matrix."""
    mean = matrix.mean(axis=0)
    triangle: Array = np.empty((0, matrix.shape[1]))
    for start in range(0, len(matrix), _BLOCK):
        block = matrix[start : start + _BLOCK] - mean
        triangle = np.asarray(np.linalg.qr(np.vstack([triangle, block]), mode="r"))
    length = np.sqrt((triangle**2).sum(axis=0))
    return triangle / np.where(length > 0, length, 1.0)


def _null_space(triangle: Array) -> Array:
    """Rows that span {v : R v = 0}."""
    _, values, right = np.linalg.svd(triangle)
    rank = int((values > TOLERANCE * values.max(initial=0.0)).sum())
    return right[rank:]


def _spans(null: Array) -> bool:
    """Whether columns follow from the rest: the null space, seen on them alone, has full rank."""
    values = np.linalg.svd(null, compute_uv=False)
    return len(values) == null.shape[1] and bool(values.min(initial=1.0) > 1e-6)


def _explained_by(
    triangle: Array, gone: Indices, rest: Indices, of: NDArray[np.str_]
) -> tuple[str, ...]:
    """The sources whose columns give the lost ones, found by dropping each that is not needed."""
    needed = rest

    def follows(columns: Indices) -> bool:
        if not len(columns):
            return False
        fit, *_ = np.linalg.lstsq(triangle[:, columns], triangle[:, gone], rcond=TOLERANCE)
        return bool(np.abs(triangle[:, columns] @ fit - triangle[:, gone]).max() < 1e-8)

    for name in dict.fromkeys(of[rest].tolist()):
        fewer = needed[of[needed] != name]
        if follows(fewer):
            needed = fewer
    return tuple(dict.fromkeys(of[needed].tolist()))
