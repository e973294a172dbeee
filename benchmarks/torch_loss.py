"""``likely.torch.NLLLoss`` beside PyTorch's own losses: forward and backward, CPU, float32.

Where PyTorch has no module of its own, its peer is ``torch.distributions``.
"""

from __future__ import annotations

import argparse

import torch
from torch import distributions as d
from torch import nn

import likely
from benchmarks.timing import alternate, machine
from likely.torch import NLLLoss

SIZES = (1_000, 100_000, 1_000_000)


def gaussian(raw, y):
    return nn.functional.gaussian_nll_loss(raw[:, 0], y, raw[:, 1].exp(), full=True)


def cases(n, generator):
    """Name → family, raw (n, k) or (n,), y, PyTorch's function of both."""
    raw = torch.randn(n, 3, generator=generator)
    positive = torch.rand(n, generator=generator) * 3 + 0.1
    counts = torch.randint(0, 9, (n,), generator=generator).float()
    unit = torch.rand(n, generator=generator) * 0.9 + 0.05
    predicted = likely.predicted
    return {
        "Bernoulli / BCEWithLogitsLoss": (
            likely.Bernoulli(), raw[:, 0], (counts > 4).float(), nn.BCEWithLogitsLoss()),
        "Normal / GaussianNLLLoss": (
            likely.Normal(variance=predicted("log")), raw[:, :2], raw[:, 2].clone(), gaussian),
        "Normal(scale=1) / MSELoss": (
            likely.Normal(scale=1.0), raw[:, 0], raw[:, 2].clone(), nn.MSELoss()),
        "Laplace(scale=1) / L1Loss": (
            likely.Laplace(scale=1.0), raw[:, 0], raw[:, 2].clone(), nn.L1Loss()),
        "Poisson / PoissonNLLLoss": (
            likely.Poisson(), raw[:, 0], counts, nn.PoissonNLLLoss()),
        "Categorical(10) / CrossEntropyLoss": (
            likely.Categorical(), torch.randn(n, 10, generator=generator),
            torch.randint(0, 10, (n,), generator=generator), nn.CrossEntropyLoss()),
        "NegativeBinomial / distributions": (
            likely.NegativeBinomial(size=predicted), raw[:, :2], counts,
            lambda r, y: -d.NegativeBinomial(
                r[:, 1].exp(), logits=r[:, 0] - r[:, 1], validate_args=False).log_prob(y).mean()),
        "Gamma / distributions": (
            likely.Gamma(shape=predicted), raw[:, :2], positive,
            lambda r, y: -d.Gamma(
                r[:, 1].exp(), (r[:, 1] - r[:, 0]).exp(), validate_args=False).log_prob(y).mean()),
        "Beta / distributions": (
            likely.Beta(precision=predicted), raw[:, :2], unit,
            lambda r, y: -d.Beta(
                r[:, 0].sigmoid() * r[:, 1].exp(), (-r[:, 0]).sigmoid() * r[:, 1].exp(),
                validate_args=False).log_prob(y).mean()),
        "StudentT / distributions": (
            likely.StudentT(df=predicted), raw, counts,
            lambda r, y: -d.StudentT(
                r[:, 2].exp(), r[:, 0], r[:, 1].exp(), validate_args=False).log_prob(y).mean()),
    }  # fmt: skip


def runner(function, raw, y):
    """Steps back to back, as in training: what the first ones spend on waking threads does not count much."""
    leaf = raw.clone().requires_grad_()
    repeat = min(1000, max(20, 20_000_000 // y.shape[0]))

    def run():
        for _ in range(repeat):
            leaf.grad = None
            function(leaf, y).backward()

    return run, repeat


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    torch.set_num_threads(2)
    print(f"forward + backward, float32, 2 threads; {machine()}")
    for n in given.sizes:
        for name, (family, raw, y, theirs) in cases(n, torch.Generator().manual_seed(0)).items():
            ours, repeat = runner(NLLLoss(family), raw, y)
            other, _ = runner(theirs, raw, y)
            times = alternate({"likely": ours, "PyTorch": other}, given.rounds)
            times = {who: seconds / repeat for who, seconds in times.items()}
            ratio = times["PyTorch"] / times["likely"]
            print(
                f"{n:>9,}  {name:36s} likely {times['likely'] * 1e6:10.0f} µs   "
                f"PyTorch {times['PyTorch'] * 1e6:10.0f} µs   {ratio:6.2f} × ours",
                flush=True,
            )


if __name__ == "__main__":
    main()
