"""Seconds and peak memory of a Linear Poisson fit, from 1e4 to 1e7 rows; the largest from a memory map."""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.timing import machine
from likely import Linear, Poisson


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=10_000_000)
    parser.add_argument("--columns", type=int, default=10)
    arguments = parser.parse_args()
    print(f"Linear(Poisson()), {arguments.columns} columns; {machine()}")
    rng = np.random.default_rng(0)
    beta = rng.normal(scale=0.15, size=arguments.columns)
    n = 10_000
    # Kernels are compiled, or read from the cache, before the clock starts.
    Linear(Poisson()).fit(rng.normal(size=(40_000, 2)), rng.poisson(1.0, 40_000))
    with tempfile.TemporaryDirectory() as folder:
        while n <= arguments.largest:
            path = Path(folder) / "X.npy"
            X = np.lib.format.open_memmap(
                path, mode="w+", dtype=np.float64, shape=(n, arguments.columns)
            )
            y = np.empty(n)
            for first in range(0, n, 100_000):
                rows = slice(first, min(first + 100_000, n))
                X[rows] = rng.normal(size=(rows.stop - rows.start, arguments.columns))
                y[rows] = rng.poisson(np.exp(0.5 + X[rows] @ beta))
            X.flush()
            mapped = np.load(path, mmap_mode="r")
            begin = time.perf_counter()
            Linear(Poisson()).fit(mapped, y)
            seconds = time.perf_counter() - begin
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{n:>12,} rows {seconds:9.3f} s {seconds / n * 1e9:8.1f} ns/row "
                f"peak resident {peak:8.0f} MB (pages of the map count too)"
            )
            n *= 10


if __name__ == "__main__":
    main()
