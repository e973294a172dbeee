"""How long a person waits: import, first fit in a fresh cache, a whole `likely fit` process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.timing import machine

FIT = """
import numpy as np, likely
rng = np.random.default_rng(0)
X = rng.normal(size=({n}, 5)); y = rng.poisson(np.exp(X[:, 0] * 0.3)).astype(float)
likely.Linear(likely.NegativeBinomial()).fit(X, y)
"""


def seconds(arguments, env=None):
    begin = time.perf_counter()
    subprocess.run(arguments, check=True, capture_output=True, env=env)
    return time.perf_counter() - begin


def median(arguments, runs=5, env=None):
    return statistics.median(seconds(arguments, env) for _ in range(runs))


def main():
    print(f"latency; {machine()}")
    python = [sys.executable, "-c"]
    bare = median([*python, "import numpy"])
    ours = median([*python, "import likely"])
    print(f"import likely beyond NumPy: {ours - bare:.3f} s ({ours:.3f} s in all)")
    with tempfile.TemporaryDirectory() as cache:
        env = {**os.environ, "LIKELY_CACHE_DIR": cache, "NUMBA_CACHE_DIR": cache}
        print(
            f"first fit, 100,000 rows, empty cache: {seconds([*python, FIT.format(n=100_000)], env):.2f} s"
        )
        print(f"same again, warm cache: {median([*python, FIT.format(n=100_000)], 3, env):.2f} s")
        print(f"fit, 1,000 rows: {median([*python, FIT.format(n=1_000)], 3, env):.2f} s")
    data = Path(__file__).parents[1] / "examples" / "data" / "bikeshare.csv"
    command = Path(sys.executable).with_name("likely")
    with tempfile.TemporaryDirectory() as out:
        fit = [
            str(command),
            "fit",
            str(data),
            "--target",
            "bikers",
            "--out",
            f"{out}/m.likely",
        ]
        print(f"likely fit on 8,645 rows, whole process: {median(fit, 3):.2f} s")
    print(f"likely --help: {median([str(command), '--help'], 3):.2f} s")


if __name__ == "__main__":
    main()
