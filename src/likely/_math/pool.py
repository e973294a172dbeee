"""Threads of our own for folds over rows, and for trees that grow at the same time.

Made on first use and forgotten in a forked child. ``LIKELY_NUM_THREADS`` bounds how many work at once; by default as
many as the process may use cores. Work is handed over and waited for with bare locks: a future takes twice as long,
which is felt where a piece of work is a small tree.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from numbers import Integral
from queue import SimpleQueue
from threading import Lock, Thread

#: Below this many rows one thread is as fast as many.
SERIAL_ROWS = 50_000
_CHECK_ROWS = 32_768
#: Slices a thread, where there are rows enough.
_PARTS = 8


class _Job:
    """Work for another thread; whoever claims it first has it."""

    def __init__(self, work: Callable[[int], None], worker: int) -> None:
        self.work, self.worker = work, worker
        self.claim, self.end = Lock(), Lock()
        self.end.acquire()
        self.error: BaseException | None = None

    def run(self) -> None:
        """Do it, unless it was taken back."""
        if not self.claim.acquire(blocking=False):
            return
        try:
            self.work(self.worker)
        except BaseException as error:
            self.error = error
        finally:
            self.end.release()

    def finish(self) -> BaseException | None:
        """Take it back if nobody has begun, else wait for the end; the error it ended with."""
        if not self.claim.acquire(blocking=False):
            self.end.acquire()
        return self.error


class _Helpers:
    """Threads that wait for jobs."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[_Job] = SimpleQueue()
        self.count = 0
        self.lock = Lock()

    def lend(self, jobs: Sequence[_Job]) -> None:
        """Have each job done by a thread of its own."""
        with self.lock:
            for _ in range(self.count, len(jobs)):
                Thread(target=self._serve, name="likely", daemon=True).start()
                self.count += 1
        for job in jobs:
            self.jobs.put(job)

    def _serve(self) -> None:
        while True:
            self.jobs.get().run()


_helpers = _Helpers()


def _forget() -> None:
    global _helpers
    _helpers = _Helpers()


os.register_at_fork(after_in_child=_forget)


def threads(n_jobs: int | None = None) -> int:
    """How many threads a fold may use: ``n_jobs``, else LIKELY_NUM_THREADS, else the cores allowed.

    ValueError where ``n_jobs`` is 0 or no whole number, or the variable is not a whole number ≥ 1.
    """
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    if n_jobs is not None:
        if not isinstance(n_jobs, Integral) or isinstance(n_jobs, bool) or n_jobs == 0:
            raise ValueError(
                f"n_jobs must be a number of threads, -1 for all, or None, got {n_jobs!r}"
            )
        return max(1, cores + 1 + int(n_jobs)) if n_jobs < 0 else int(n_jobs)
    given = os.environ.get("LIKELY_NUM_THREADS")
    if given is None:
        return cores
    if not given.isdigit() or int(given) < 1:
        raise ValueError(f"LIKELY_NUM_THREADS must be a whole number ≥ 1, got {given!r}")
    return int(given)


def all_blocks(holds: Callable[[int, int], bool], rows: int) -> bool:
    """Whether ``holds(start, stop)`` for every block of rows; blocks are small enough for the cache."""
    found: list[bool] = []

    def work(start: int, stop: int) -> None:
        edges = [*range(start, stop, _CHECK_ROWS), stop]
        found.append(all(holds(a, b) for a, b in pairwise(edges)))

    fold_slices(work, rows)
    return all(found)


def fold_slices(work: Callable[[int, int], None], rows: int, n_jobs: int | None = None) -> None:
    """Call ``work(start, stop)`` on slices that make up all rows, in as many threads as are worth it.

    Several slices a thread: one that shares its core, with the spinning threads of another library say, takes fewer.
    """
    count = threads(n_jobs) if rows >= SERIAL_ROWS else 1
    if count == 1:
        work(0, rows)
        return
    parts = max(count, min(_PARTS * count, rows // SERIAL_ROWS))
    edges = [rows * i // parts for i in range(parts + 1)]
    deal(lambda part, _: work(edges[part], edges[part + 1]), parts, count)


def deal(work: Callable[[int, int], None], units: int, count: int) -> None:
    """Call ``work(unit, worker)`` for the units 0 … units − 1, each by whichever of ``count`` threads is free.

    ``worker`` is 0 … count − 1. An exception in ``work`` is raised here, after all threads have stopped.
    """
    waiting = deque(range(units))

    def run(worker: int) -> None:
        while waiting:
            try:
                unit = waiting.popleft()
            except IndexError:  # another thread took the last one
                return
            try:
                work(unit, worker)
            except BaseException:
                waiting.clear()
                raise

    # The calling thread works too, and does not wait for others that have not begun.
    others = [_Job(run, worker) for worker in range(1, min(count, units))]
    _helpers.lend(others)
    try:
        run(0)
    finally:
        errors = [job.finish() for job in others]
    for error in errors:
        if error is not None:
            raise error
