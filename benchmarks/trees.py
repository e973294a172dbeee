"""Trees(Normal()) against NGBoost, LightGBMLSS, XGBoostLSS and LightGBM's own L2, and its memory on many rows.

    python -m benchmarks.trees --python ~/peers/bin/python      # an interpreter that has the peers

Same rounds, leaves and learning rate, no validation, two threads. L2 is trained once per parameter.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.timing import alternate, machine

ROUNDS, LEAVES, RATE = 500, 8, 0.05


def rows(n: int, p: int, seed: int = 0):
    """X (n, p) and a heteroscedastic y."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    noise = np.exp(0.5 * X[:, 2]) * rng.normal(size=n)
    return X, 2.0 * X[:, 0] + np.sin(2.0 * X[:, 1]) + noise


def ours(X, y, rounds=ROUNDS, leaves=LEAVES):
    from likely import Normal, Trees

    return Trees(
        Normal(),
        max_iter=rounds,
        max_leaf_nodes=leaves,
        learning_rate=RATE,
        min_samples_leaf=20,
        early_stopping=False,
    ).fit(X, y)


def squared_errors(X, y, rounds=ROUNDS, leaves=LEAVES, threads=0):
    """LightGBM's own L2 objective, once per parameter; with 0 threads, all of them share a tree."""
    import lightgbm

    params = {"objective": "l2", "num_leaves": leaves, "learning_rate": RATE, "verbosity": -1}
    params["num_threads"] = threads
    return [lightgbm.train(params, lightgbm.Dataset(X, y), rounds) for _ in range(2)]


def speed(n: int, p: int, rounds: int, leaves: int, repeats: int) -> dict[str, float]:
    """Median seconds of Trees and of L2, alternating."""
    X, y = rows(n, p)
    return alternate(
        {
            "likely": lambda: ours(X, y, rounds, leaves),
            "LightGBM L2 × 2": lambda: squared_errors(X, y, rounds, leaves),
            "LightGBM L2 × 2, one thread": lambda: squared_errors(X, y, rounds, leaves, 1),
        },
        repeats,
    )


def peer(
    name: str, python: str, n: int, p: int, rounds: int, leaves: int, repeats: int
) -> float | None:
    """Median seconds of a peer's training in its own interpreter; None where it is not installed."""
    X, y = rows(n, p)
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "given.npz"
        np.savez(given, X=X, y=y)
        command = [python, str(Path(__file__).parent / "trees_peers.py"), name, str(given)]
        settings = [str(v) for v in (rounds, leaves, RATE, repeats)]
        done = subprocess.run([*command, *settings], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{name}: not run ({done.stderr.strip().splitlines()[-1]})")
        return None
    return statistics.median(json.loads(done.stdout.strip().splitlines()[-1]))


#: Rows, features, rounds, leaves, and the peers that are trained on them.
SIZES: tuple[tuple[int, int, int, int, tuple[str, ...]], ...] = (
    (6_400, 8, ROUNDS, LEAVES, ("ngboost", "lightgbmlss", "xgboostlss")),
    (100_000, 20, 40, 31, ("lightgbmlss",)),
    (200_000, 20, 100, 31, ()),
)

MEMORY = """
import resource, sys, time
import numpy as np
from benchmarks.trees import ours, rows
ours(*rows(1000, 20), rounds=3)                      # what imports and first calls take
X, y = rows(int(sys.argv[1]), 20)
data = (X.nbytes + y.nbytes) / 2**20
import gc; gc.collect()
now = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 2**20
open("/proc/self/clear_refs", "w").write("5")        # the peak counts from here
begin, used = time.perf_counter(), time.process_time()
ours(X, y, rounds=200, leaves=31)
seconds, used = time.perf_counter() - begin, time.process_time() - used
peak = next(float(l.split()[1]) / 1024 for l in open("/proc/self/status") if l.startswith("VmHWM"))
print(f"{X.shape[0]:,} × 20, 200 rounds: {seconds:.1f} s, {used:.1f} s of processors; "
      f"data {data:.0f} MB, peak of the process {peak:.0f} MB, "
      f"of which there before training {now:.0f} MB; training and data {(peak - now + data) / data:.2f} × data")
"""


def memory(n: int) -> None:
    """Peak resident memory, in a process of its own."""
    subprocess.run([sys.executable, "-c", MEMORY, str(n)], check=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="an interpreter with the peers")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1_000_000, help="for the memory")
    given = parser.parse_args()
    print(machine())
    begin = time.perf_counter()
    for n, p, rounds, leaves, peers in SIZES:
        found = speed(n, p, rounds, leaves, given.repeats)
        print(f"\n{n:,} × {p}, {rounds} rounds, {leaves} leaves")
        mine = found.pop("likely")
        print(f"  likely           {mine:8.2f} s  {1e6 * mine / rounds:.0f} µs a round")
        for name, l2 in found.items():
            print(f"  {name}  {l2:8.2f} s  likely takes {mine / l2:.2f} × that")
        for name in peers:
            repeats = max(1, given.repeats // 2)
            seconds = peer(name, given.python, n, p, rounds, leaves, repeats)
            if seconds is not None:
                print(f"  {name:<15}  {seconds:8.2f} s  {seconds / mine:.1f} × likely")
    print()
    memory(given.rows)
    print(f"\n{time.perf_counter() - begin:.0f} s in all")


if __name__ == "__main__":
    main()
