"""Which columns of a design follow exactly from the others, so that they are left out by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

#: A combination of columns of unit length whose own length is below this is exactly zero. Rounding
#: of decimal numbers leaves 1e-16; a polynomial of degree 6 in a raw variable still has 1e-9.
TOLERANCE = 1e-11
#: Eigenvalues of the correlations above this are far from zero whatever the rounding.
_CLEAR = 1e-6
#: Entries of a null vector (of length 1) below this are zero.
_ENTRY = 1e-6
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
    null = _null_space(matrix)
    of = np.array(sources)
    left = np.arange(matrix.shape[1])
    found = []
    while len(null):
        candidates = [
            (int((of[left] == name).sum()), -int(np.flatnonzero(of == name)[0]), name)
            for name in dict.fromkeys(of[left].tolist())
            if _follows(null, left[of[left] == name])
        ]
        if not candidates:
            break
        name = min(candidates)[2]
        gone, left = left[of[left] == name], left[of[left] != name]
        others = _explained_by(null, gone, left, of)
        found.append(Dependence(name, tuple(gone.tolist()), True, others))
        null = _within(null, left)
    if len(null):
        for j, before in _dependent_on_earlier(null, left):
            others = _explained_by(null, np.array([j]), before, of)
            found.append(Dependence(sources[j], (j,), False, others))
    return found


def _null_space(matrix: Array) -> Array:
    """Orthonormal rows v with Σⱼ vⱼ xⱼ = 0, for the centred columns xⱼ scaled to unit length.

    The correlations settle the matter for most tables. Squaring costs half the digits, though, so
    directions with an eigenvalue near zero are looked at again: cleaned of what rounding mixed in
    from the clear ones, and measured by the length of the combination itself.
    """
    if not matrix.shape[1]:
        return np.empty((0, 0))
    mean = matrix.mean(axis=0)
    squares = sum((((block - mean) ** 2).sum(axis=0) for block in _blocks(matrix)), np.zeros(1))
    length = np.sqrt(squares)
    scale = np.where(length > 0, length, 1.0)

    def columns() -> Iterator[Array]:
        for block in _blocks(matrix):
            yield (block - mean) / scale

    correlation = sum((x.T @ x for x in columns()), np.zeros((1, 1)))
    values, vectors = np.linalg.eigh(correlation)
    clear, doubtful = vectors[:, values > _CLEAR], vectors[:, values <= _CLEAR]
    if not doubtful.shape[1]:
        return np.empty((0, matrix.shape[1]))
    mixed = sum((x.T @ (x @ doubtful) for x in columns()), np.zeros((1, 1)))
    doubtful = doubtful - clear @ ((clear.T @ mixed) / values[values > _CLEAR][:, None])
    combined = np.vstack([x @ doubtful for x in columns()])
    _, lengths, right = np.linalg.svd(np.linalg.qr(combined, mode="r"))
    rank = int((lengths > TOLERANCE * np.sqrt(values[-1])).sum())
    # Householder's Q spans the same space with orthonormal rows.
    return np.asarray(np.linalg.qr(doubtful @ right[rank:].T)[0].T)


def _blocks(matrix: Array) -> Iterator[Array]:
    for start in range(0, len(matrix), _BLOCK):
        yield matrix[start : start + _BLOCK]


def _within(null: Array, columns: Indices) -> Array:
    """The null vectors that involve no other than these columns."""
    outside = np.ones(null.shape[1], dtype=bool)
    outside[columns] = False
    if not outside.any():
        return null
    left, values, _ = np.linalg.svd(null[:, outside])
    rank = int((values > _ENTRY).sum())
    return np.asarray(left[:, rank:].T @ null)


def _follows(null: Array, columns: Indices) -> bool:
    """Whether all of these columns follow from the rest: the null space has full rank on them."""
    if len(null) < len(columns):
        return False
    return bool(np.linalg.svd(null[:, columns], compute_uv=False).min(initial=1.0) > _ENTRY)


def _dependent_on_earlier(null: Array, columns: Indices) -> Iterator[tuple[int, Indices]]:
    """Columns that follow from the ones kept before them, with those."""
    kept: list[int] = []
    for j in columns.tolist():
        if len(_within(null, np.array([*kept, j]))):
            yield j, np.array(kept, dtype=np.intp)
        else:
            kept.append(j)


def _explained_by(
    null: Array, gone: Indices, rest: Indices, of: NDArray[np.str_]
) -> tuple[str, ...]:
    """The sources whose columns give the lost ones, found by dropping each that is not needed."""
    needed = rest
    for name in dict.fromkeys(of[rest].tolist()):
        fewer = needed[of[needed] != name]
        if _follows(_within(null, np.concatenate([gone, fewer])), gone):
            needed = fewer
    return tuple(dict.fromkeys(of[needed].tolist()))
