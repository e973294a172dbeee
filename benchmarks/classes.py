"""Softmax cross-entropy with its gradient, K = 3, 10, 100, 1000: ours against PyTorch's cross_entropy.

NumPy arrays through `nll_and_gradient`, and PyTorch tensors through `nll(...).sum().backward()`, against
`torch.nn.functional.cross_entropy(..., reduction="sum").backward()`; float32 and float64. Processor time, one thread
each.
"""

from __future__ import annotations

from time import process_time

import numpy as np

from benchmarks.timing import alternate, machine, one_thread
from likely import Categorical


def contenders(k, n, dtype):
    """Ours on NumPy, ours on PyTorch, and PyTorch's own, on the same numbers."""
    import torch

    rng = np.random.default_rng(0)
    raw = rng.normal(scale=3.0, size=(n, k)).astype(dtype)
    y = rng.integers(0, k, n)
    family, codes = Categorical(k), torch.tensor(y)
    rows = torch.tensor(raw, requires_grad=True)

    def ours():
        rows.grad = None
        family.nll(codes, rows).sum().backward()

    def theirs():
        rows.grad = None
        torch.nn.functional.cross_entropy(rows, codes, reduction="sum").backward()

    return {
        "NumPy": lambda: family.nll_and_gradient(y, raw),
        "PyTorch": ours,
        "cross_entropy": theirs,
    }


def main():
    one_thread()
    print(machine())
    print(f"{'type':8} {'K':>5} {'ns per entry':>14}  times as fast as cross_entropy")
    for dtype in ("float64", "float32"):
        for k, n in ((3, 1_000_000), (10, 400_000), (100, 40_000), (1000, 4_000)):
            times = alternate(contenders(k, n, dtype), clock=process_time, pause=0.0)
            ratios = ", ".join(
                f"{times['cross_entropy'] / times[name]:.1f} ({name})"
                for name in ("NumPy", "PyTorch")
            )
            print(f"{dtype:8} {k:5} {times['NumPy'] / n / k * 1e9:14.2f}  {ratios}", flush=True)


if __name__ == "__main__":
    main()
