"""Multivariate Normal loss with its gradient, d = 2 and 10: ours against torch.distributions.

NumPy arrays through `nll_and_gradient`, and PyTorch tensors through `nll(...).sum().backward()`, against
`MultivariateNormal(loc, scale_tril=L).log_prob` with autograd, both from the same raw columns; float64.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "2")

import numpy as np

from benchmarks.timing import alternate, machine
from likely import MultivariateNormal


def contenders(d, n):
    """Ours on NumPy, ours on PyTorch, and PyTorch's own, on the same numbers."""
    import torch

    rng = np.random.default_rng(0)
    family = MultivariateNormal(d)
    raw = rng.normal(scale=0.3, size=(n, len(family.raw_columns)))
    y = rng.normal(size=(n, d))
    targets, rows = torch.tensor(y), torch.tensor(raw, requires_grad=True)
    below, across = torch.tril_indices(d, d)

    def ours():
        rows.grad = None
        family.nll(targets, rows).sum().backward()

    def theirs():
        rows.grad = None
        entries = torch.zeros(n, d, d, dtype=rows.dtype)
        entries[:, below, across] = rows[:, d:]
        diagonal = torch.diagonal(entries, dim1=1, dim2=2).exp()
        factor = torch.tril(entries, -1) + torch.diag_embed(diagonal)
        normal = torch.distributions.MultivariateNormal(
            rows[:, :d], scale_tril=factor, validate_args=False
        )
        (-normal.log_prob(targets)).sum().backward()

    return {
        "NumPy": lambda: family.nll_and_gradient(y, raw),
        "PyTorch": ours,
        "torch.distributions": theirs,
    }


def main():
    print(machine())
    print(f"{'d':>3} {'ns per row':>11}  times as fast as torch.distributions")
    for d, n in ((2, 200_000), (10, 50_000)):
        times = alternate(contenders(d, n))
        ratios = ", ".join(
            f"{times['torch.distributions'] / times[name]:.1f} ({name})"
            for name in ("NumPy", "PyTorch")
        )
        print(f"{d:3} {times['NumPy'] / n * 1e9:11.0f}  {ratios}", flush=True)


if __name__ == "__main__":
    main()
