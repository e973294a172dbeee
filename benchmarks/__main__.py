"""Run every benchmark in turn: `python -m benchmarks`."""

import subprocess
import sys

for name in (
    "losses",
    "families",
    "regions",
    "modifiers",
    "classes",
    "vectors",
    "density",
    "inference",
    "linear",
    "scaling",
    "latency",
    "trees",
    "objectives",
    "uci",
):
    print(f"\n== {name} ==", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
