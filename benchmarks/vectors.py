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


def contenders(family, y, theirs):
    """Ours on NumPy, ours on PyTorch, and PyTorch's own function of raw and y, on the same numbers."""
    import torch

    raw = np.random.default_rng(1).normal(scale=0.3, size=(len(y), len(family.raw_columns)))
    targets, rows = torch.tensor(y), torch.tensor(raw, requires_grad=True)

    def backward(loss):
        rows.grad = None
        loss().sum().backward()

    return {
        "NumPy": lambda: family.nll_and_gradient(y, raw),
        "PyTorch": lambda: backward(lambda: family.nll(targets, rows)),
        "torch.distributions": lambda: backward(lambda: -theirs(rows, targets)),
    }


def normal(d, n):
    """Vectors with their covariance predicted."""
    import torch

    below, across = torch.tril_indices(d, d)

    def theirs(rows, targets):
        entries = torch.zeros(n, d, d, dtype=rows.dtype)
        entries[:, below, across] = rows[:, d:]
        diagonal = torch.diagonal(entries, dim1=1, dim2=2).exp()
        factor = torch.tril(entries, -1) + torch.diag_embed(diagonal)
        peer = torch.distributions.MultivariateNormal(
            rows[:, :d], scale_tril=factor, validate_args=False
        )
        return peer.log_prob(targets)

    y = np.random.default_rng(0).normal(size=(n, d))
    return contenders(MultivariateNormal(d), y, theirs)


def shares(k, n):
    """Shares with their precision predicted."""
    import torch

    def theirs(rows, targets):
        logits = torch.nn.functional.pad(rows[:, :-1], (0, 1))
        sizes = logits.softmax(-1) * rows[:, -1:].exp()
        return torch.distributions.Dirichlet(sizes, validate_args=False).log_prob(targets)

    y = np.random.default_rng(0).dirichlet(np.full(k, 3.0), n)
    return contenders(Dirichlet(k, precision=predicted), y, theirs)


def tallies(k, n):
    """Counts of several kinds, 20 a row."""
    import torch

    def theirs(rows, targets):
        logits = torch.nn.functional.pad(rows, (0, 1))
        # torch.distributions takes one number of trials only, which here all rows have.
        peer = torch.distributions.Multinomial(20, logits=logits, validate_args=False)
        return peer.log_prob(targets)

    y = np.random.default_rng(0).multinomial(20, np.full(k, 1.0 / k), n).astype(float)
    return contenders(Multinomial(k), y, theirs)


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
