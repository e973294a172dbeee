"""Losses of several numbers a row with their gradients: ours against torch.distributions.

MultivariateNormal with d = 2 and 10, Dirichlet and Multinomial with 3, 10 and 100 parts. NumPy arrays through
`nll_and_gradient`, and PyTorch tensors through `nll(...).sum().backward()`, against `log_prob` with autograd, both from
the same raw columns; float64. Processor time, one thread each.
"""

from __future__ import annotations

from time import process_time

import numpy as np

from benchmarks.timing import alternate, machine, one_thread
from likely import Dirichlet, Multinomial, MultivariateNormal, predicted


def contenders(family, y):
    """Ours on NumPy, ours on PyTorch, and PyTorch's own function of raw and y, on the same numbers."""
    import torch

    from benchmarks.torch_peers import OF_ROWS

    theirs = OF_ROWS[type(family).__name__]
    raw = np.random.default_rng(1).normal(scale=0.3, size=(len(y), len(family.raw_columns)))
    targets, rows = torch.tensor(y), torch.tensor(raw, requires_grad=True)

    def backward(loss):
        rows.grad = None
        loss(targets, rows).sum().backward()

    return {
        "NumPy": lambda: family.nll_and_gradient(y, raw),
        "PyTorch": lambda: backward(family.nll),
        "torch.distributions": lambda: backward(theirs),
    }


def normal(d, n):
    """Vectors with their covariance predicted."""
    return contenders(MultivariateNormal(d), np.random.default_rng(0).normal(size=(n, d)))


def shares(k, n):
    """Shares with their precision predicted."""
    y = np.random.default_rng(0).dirichlet(np.full(k, 3.0), n)
    return contenders(Dirichlet(k, precision=predicted), y)


def tallies(k, n):
    """Counts of several kinds, 20 a row."""
    y = np.random.default_rng(0).multinomial(20, np.full(k, 1.0 / k), n).astype(float)
    return contenders(Multinomial(k), y)


CASES = {
    **{f"MultivariateNormal({d})": (normal, d) for d in (2, 10)},
    **{f"Dirichlet({k})": (shares, k) for k in (3, 10, 100)},
    **{f"Multinomial({k})": (tallies, k) for k in (3, 10, 100)},
}
#: Numbers of y in each case.
NUMBERS = 500_000


def main():
    one_thread()
    print(machine())
    print(f"{'family':24} {'ns per row':>11}  times as fast as torch.distributions")
    for name, (make, size) in CASES.items():
        n = NUMBERS // size
        times = alternate(make(size, n), clock=process_time, pause=0.0)
        ratios = ", ".join(
            f"{times['torch.distributions'] / times[who]:.1f} ({who})"
            for who in ("NumPy", "PyTorch")
        )
        print(f"{name:24} {times['NumPy'] / n * 1e9:11.0f}  {ratios}", flush=True)


if __name__ == "__main__":
    main()
