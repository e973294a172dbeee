"""Loss + gradient of every family with one number a row: beside NegativeBinomial, and beside torch.distributions.

Every parameter is predicted, float64. The kernel is `evaluate` on columns; what PyTorch is compared with is
`nll_and_gradient` on rows. Processor time, one thread each, everybody in turn in one process, so that other work on the
machine takes little part. Families are found through the registry; PyTorch's are those of `torch_peers.py`.
"""

from __future__ import annotations

import argparse
from time import process_time

import numpy as np

from benchmarks import torch_peers
from benchmarks.losses import data
from benchmarks.timing import alternate, machine, one_thread
from likely.catalogue import family_class
from likely.families.registry import public_names
from likely.trials import TRIALS

REFERENCE = "NegativeBinomial"


def univariate():
    """The names of all families of which y is one number, or successes among trials."""
    found = (*public_names(), *TRIALS)
    return sorted(name for name in found if family_class(name)().specification.vector is None)


def kernel(family, y, raw):
    """The compiled loss and gradient alone, of arrays as kernels take them."""
    loss, columns = family.loss().compiled, np.ascontiguousarray(raw.T)
    # A kernel takes y of two columns by column.
    y = y if y.ndim == 1 else np.ascontiguousarray(y.T).T
    return lambda: loss.evaluate(y, columns, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--families", nargs="*", default=univariate())
    arguments = parser.parse_args()
    one_thread()
    n = arguments.rows
    print(f"loss + gradient, {n:,} rows, float64, 1 thread; {machine()}")
    print(
        f"{'':24} {'kernel':>8} {'× ' + REFERENCE:>18} {'likely':>8} {'torch':>8} {'torch ÷ likely':>15}"
    )
    rng = np.random.default_rng(0)
    reference = kernel(*data(REFERENCE, n, rng))
    for name in arguments.families:
        family, y, raw = data(name, n, rng)
        runs = {
            REFERENCE: reference,
            "kernel": kernel(family, y, raw),
            "likely": lambda family=family, y=y, raw=raw: family.nll_and_gradient(y, raw),
        }
        if name in torch_peers.PEERS:
            runs["torch"] = torch_peers.runner(name, y, raw, threads=1)
        took = alternate(runs, arguments.rounds, clock=process_time, pause=0.0)
        ns = {who: seconds / n * 1e9 for who, seconds in took.items()}
        line = f"{name:24} {ns['kernel']:8.1f} {ns['kernel'] / ns[REFERENCE]:18.2f} {ns['likely']:8.1f}"
        if "torch" in ns:
            line += f" {ns['torch']:8.1f} {ns['torch'] / ns['likely']:15.1f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
