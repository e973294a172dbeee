"""Fair timing: warm-up first, contenders alternate, medians and ratios are what is reported."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

PAUSE = 0.5


def machine() -> str:
    """One line on the machine and the versions that matter."""
    names = ("numpy", "scipy", "numba", "scikit-learn", "torch", "jax", "glum", "statsmodels")
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    cpu = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            cpu = next(line.split(":")[1].strip() for line in file if "model name" in line)
    except (OSError, StopIteration):
        pass
    return f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(found)}"


def one_thread() -> None:
    """Ours and PyTorch's loops run in the calling thread from now on."""
    import torch

    os.environ["LIKELY_NUM_THREADS"] = "1"
    torch.set_num_threads(1)


def alternate(
    contenders: Mapping[str, Callable[[], object]],
    rounds: int = 7,
    *,
    clock: Callable[[], float] = time.perf_counter,
    pause: float = PAUSE,
) -> dict[str, float]:
    """Median seconds of each contender; one warm-up each, then A B C A B C …

    A pause before each run lets the OpenMP threads of the one before stop spinning on the cores. With one thread each
    there are none; then ``clock=time.process_time`` leaves out what others took of the machine meanwhile.
    """
    for run in contenders.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            time.sleep(pause)
            begin = clock()
            run()
            times[name].append(clock() - begin)
    return {name: statistics.median(values) for name, values in times.items()}
