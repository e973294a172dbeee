"""Fold a sum over blocks of rows: in parallel, and with the same bits for any number of threads.

The blocks and the tree in which their results are merged depend on the number of blocks alone:
threads only decide who computes which part of the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

from likely._math.pool import SERIAL_ROWS, deal, threads

T = TypeVar("T")

#: Rows per block where the design has few columns.
BLOCK = 8192
#: Elements of one block of the design: it and its weighted copy stay in a core's second-level
#: cache.
BLOCK_ELEMENTS = 1 << 17
#: Subtrees that threads pick from. A power of two, so that the tree does not depend on it.
UNITS = 64


def block_rows(columns: int, most: int = BLOCK) -> int:
    """Rows per block for a design of so many columns: a power of two, at most ``most``."""
    rows = most
    while rows > 512 and rows * columns > BLOCK_ELEMENTS:
        rows //= 2
    return rows


def fold_threads(rows: int, n_jobs: int | None) -> int:
    """How many threads a fold over so many rows is worth."""
    return threads(n_jobs) if rows >= SERIAL_ROWS else 1


def single_threaded_blas() -> AbstractContextManager[Any]:
    """BLAS with one thread: threads of ours run over blocks. Process-wide."""
    limited: AbstractContextManager[Any] = _blas().limit(limits=1, user_api="blas")
    return limited


@cache
def _blas() -> ThreadpoolController:
    """The BLAS of NumPy and that of SciPy. Looking for them takes as long as many a small fit, so it is done once."""
    import_module("scipy.linalg")  # loads its BLAS
    return ThreadpoolController()


def fold(work: Callable[[int, int], T], blocks: int, merge: Callable[[T, T], T], count: int) -> T:
    """The merge of ``work(block, worker)`` over blocks 0 … blocks − 1, with ``count`` threads.

    ``worker`` is 0 … count − 1: a place for buffers that are used again. ``merge`` may overwrite
    its first argument. An exception in ``work`` is raised here, after all threads have stopped.
    """
    size = 1
    while blocks > UNITS * size:
        size *= 2
    units = -(-blocks // size)
    results: list[Any] = [None] * units

    def run(unit: int, worker: int) -> None:
        part = range(unit * size, min((unit + 1) * size, blocks))
        results[unit] = _merge_tree((work(block, worker) for block in part), merge)

    deal(run, units, count)
    return _merge_tree(results, merge)


def _merge_tree(values: Iterable[T], merge: Callable[[T, T], T]) -> T:
    """Merge neighbours, then neighbours of neighbours …, holding one value per level."""
    stack: list[tuple[int, T]] = []
    for value in values:
        level = 0
        while stack and stack[-1][0] == level:
            value = merge(stack.pop()[1], value)
            level += 1
        stack.append((level, value))
    total = stack.pop()[1]
    while stack:
        total = merge(stack.pop()[1], total)
    return total
