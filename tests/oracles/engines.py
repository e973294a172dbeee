"""The ways in which the library computes a loss, and PyTorch's own distributions, as engines."""

from __future__ import annotations

from typing import Any

import numpy as np

from likely.losses.kernels.emit import module_source
from likely.losses.kernels.run import single_outputs
from oracles import grid
from oracles.contract import Engine
from oracles.truth import Combination

Output = tuple[np.ndarray, np.ndarray, "np.ndarray | None"]


def numpy_engine(c: Combination, y: np.ndarray, raw: np.ndarray, kind: str) -> Output:
    return grid.loss(c).evaluate(y, raw, 2, kind)


def kernel_engine(c: Combination, y: np.ndarray, raw: np.ndarray, kind: str) -> Output:
    loss = grid.loss(c)
    return (loss if c.classes else loss.compiled).evaluate(y, raw, 2, kind)


def float32_engine(c: Combination, y: np.ndarray, raw: np.ndarray, kind: str) -> Output:
    """float32 in, float32 out, through the public methods."""
    family, columns = _family(c), raw.T.astype(np.float32)
    with np.errstate(all="ignore"):
        value, gradient = family.nll_and_gradient(y.astype(np.float32), columns)
        full = family.curvature(y.astype(np.float32), columns, kind)
    k = columns.shape[1]
    assert value.dtype == gradient.dtype == full.dtype == np.float32
    return value, gradient.T, np.array([full[:, i, j] for i in range(k) for j in range(i + 1)])


def single_engine(c: Combination, y: np.ndarray, raw: np.ndarray, kind: str) -> Output:
    """The kernels that compute in float32, as the plain Python that they are written in."""
    loss, name, n = grid.loss(c), "gradient_single", len(y)
    outputs, support = single_outputs(loss)[name], loss.specification.support
    space: dict[str, Any] = {}
    exec(module_source("", name, outputs, loss.columns, support, single=True), space)
    first, rest = np.empty(n, np.float32), np.empty((loss.columns, n), np.float32)
    with np.errstate(all="ignore"):
        space[name](y.astype(np.float32), raw.astype(np.float32), first, rest, 0, n, 0)
    return first, rest, None


def torch_engine(c: Combination, y: np.ndarray, raw: np.ndarray, kind: str) -> Output:
    import torch

    value, gradient = _family(c).nll_and_gradient(
        torch.as_tensor(y), torch.as_tensor(np.ascontiguousarray(raw.T))
    )
    return value.detach().numpy(), gradient.detach().numpy().T, None


def jax_engine(c: Combination, y: np.ndarray, raw: np.ndarray, kind: str) -> Output:
    import jax

    jax.config.update("jax_enable_x64", True)
    value, gradient = _family(c).nll_and_gradient(jax.numpy.array(y), jax.numpy.array(raw.T))
    return np.asarray(value), np.asarray(gradient).T, None


def _family(c: Combination) -> Any:
    from likely.catalogue import family_class
    from likely.recipe import predicted

    family = family_class(c.family)
    if c.classes:
        shared_ = {n for n, q in family.specification.parameters.items() if q.shared}
        return family(c.classes, **{n: predicted(k) for n, k in c.slots if n not in shared_})
    return family(**{name: predicted(link) for name, link in c.slots})


ENGINES: dict[str, Engine] = {
    "numpy": numpy_engine,
    "kernel": kernel_engine,
    "torch": torch_engine,
    "jax": jax_engine,
}


# --- PyTorch's own distributions, written as its users write them. -------------------------------


def torch_peer(c: Combination, y: np.ndarray, raw: np.ndarray, kind: str) -> Output:
    """PyTorch's own loss in float64, with autograd; default links only."""
    import torch

    columns = [torch.tensor(column, requires_grad=True) for column in raw]
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # of the constants that distributions make
    try:
        loss = _peer(c)(torch.as_tensor(y), columns)
    finally:
        torch.set_default_dtype(usual)
    gradient = torch.autograd.grad(loss.sum(), columns)
    return loss.detach().numpy(), np.array([g.numpy() for g in gradient]), None


def has_torch_peer(c: Combination) -> bool:
    """Whether PyTorch has the family, with these links."""
    if c != grid.combination(c.family, classes=c.classes):
        return False
    return c.family == "Categorical" or _peer_name(c) in _peers()


def _peers() -> dict[str, Any]:
    from benchmarks.torch_peers import PEERS

    return PEERS


def _peer_name(c: Combination) -> str:
    return "Binomial" if c.family.startswith("Binomial(trials=") else c.family


def _peer(c: Combination) -> Any:
    """The function of y and raw columns."""
    import torch

    if c.family == "Categorical":
        of = torch.distributions.Categorical
        return lambda y, r: -of(logits=torch.stack(r, dim=-1), validate_args=False).log_prob(y)
    peer = _peers()[_peer_name(c)]
    if _peer_name(c) == c.family:
        return peer
    trials = float(c.family.split("=")[1].rstrip(")"))
    return lambda y, r: peer(torch.stack([y, torch.full_like(y, trials)], dim=1), r)


def torch_rows(name: str, y: np.ndarray, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """PyTorch's loss and gradient (k, n) of rows of numbers y (n, m), raw (n, k); None of what it does not have."""
    import torch
    from benchmarks.torch_peers import OF_ROWS

    if name not in OF_ROWS:
        return None
    rows = torch.tensor(raw, requires_grad=True)
    loss = OF_ROWS[name](torch.as_tensor(y), rows)
    (gradient,) = torch.autograd.grad(loss.sum(), rows)
    return loss.detach().numpy(), gradient.numpy().T
