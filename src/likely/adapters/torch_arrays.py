"""The loss on PyTorch tensors: autograd to any order, torch.func, torch.compile, any device.

float32 and half precisions are computed in float64 where the device has it (all but MPS): the loss
costs little beside the network, and its digits decide the gradient. The one exception is the mean of a
loss that is so simple that float32 costs no digits, see ``losses/kernels/run.py``. Nothing is checked but
shapes, because reading values would wait for the device.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from likely.adapters import torch_graph
from likely.adapters.graphs import check_by_hand, check_shapes
from likely.adapters.torch_vector import vector_function
from likely.losses.check import curvature_kind


def nll(family: Any, y: Any, raw: Tensor) -> Tensor:
    """See ``Family.nll``."""
    # With the gradient as an output the forward pass leaves nothing to do for backward.
    order = int(torch.is_grad_enabled() and raw.requires_grad)
    return _outputs(family, order, y, raw)[0]


def mean_nll(family: Any, y: Tensor, raw: Tensor) -> Tensor:
    """The mean of ``nll`` over all rows."""
    graph = family.specification.vector is None and family.loss().by_hand is None
    known = graph and isinstance(y, Tensor) and y.device == raw.device
    if torch.compiler.is_compiling() or not (known and raw.is_floating_point()):
        return nll(family, y, raw).mean()
    loss, columnar = _composed(family, y, raw)
    return torch_graph.mean(loss, _typed(loss, y, raw), raw, columnar)


def _typed(loss: Any, y: Tensor, raw: Tensor) -> Tensor:
    """y in the type of raw where it has a slope, or where no column of raw says which type is wanted."""
    if y.is_complex():
        raise TypeError(f"y must be real, got {y.dtype}")
    return y.to(raw.dtype) if y.requires_grad or not loss.columns else y


def nll_and_gradient(family: Any, y: Any, raw: Tensor) -> tuple[Tensor, Tensor]:
    """See ``Family.nll_and_gradient``."""
    value, gradient = _outputs(family, 1, y, raw)
    return value, gradient


def curvature(family: Any, y: Any, raw: Tensor, kind: str) -> Tensor:
    """See ``Family.curvature``."""
    return _outputs(family, kind, y, raw)[0]


def _outputs(family: Any, order: int | str, y: Any, raw: Tensor) -> tuple[Tensor, ...]:
    """nll and, with order 1, its gradient in the shape of raw; or the curvature of the kind ``order``."""
    if not raw.is_floating_point():
        raise TypeError(f"raw must be a floating-point tensor, got {raw.dtype}")
    if not (isinstance(y, Tensor) and y.device == raw.device):
        y = torch.as_tensor(y, device=raw.device)
    if y.requires_grad and len(family.specification.support.columns) > 1:
        raise TypeError(f"{family!r} has no derivative in the bounds of y: detach y first")
    if torch.compiler.is_compiling():
        return _by_number(_number(family), order, y, raw)
    return _evaluate(family, order, y, raw)


def _composed(family: Any, y: Tensor, raw: Tensor) -> tuple[Any, bool]:
    """The loss over the columns of raw, and whether raw has an axis for them."""
    loss = family.loss_of(raw.shape[-1]) if raw.ndim else family.loss()
    return loss, check_shapes(family, loss, tuple(y.shape), tuple(raw.shape))


def _evaluate(family: Any, order: int | str, y: Tensor, raw: Tensor) -> tuple[Tensor, ...]:
    loss, columnar = _composed(family, y, raw)
    y = _typed(loss, y, raw)
    if isinstance(order, str):
        return (_curvature(loss, y, raw, columnar, order),)
    if loss.by_hand is not None:
        return vector_function(loss.by_hand)(loss, y, raw, order)
    if order == 0:
        return torch_graph.value(loss, y, raw, columnar)
    return torch_graph.value_and_gradient(loss, y, raw, columnar)


def _curvature(loss: Any, y: Tensor, raw: Tensor, columnar: bool, kind: str) -> Tensor:
    """(…, k, k)."""
    curvature_kind(loss, kind)
    if loss.by_hand is None:
        return torch_graph.curvature(loss, y, raw, columnar, kind)
    check_by_hand(loss, kind)
    function = vector_function(loss.by_hand)
    wide = raw if columnar else raw.unsqueeze(-1)
    units = torch.eye(loss.columns, dtype=raw.dtype, device=raw.device)
    slopes = [
        torch.func.jvp(lambda r: function(loss, y, r, 1)[1], (wide,), (unit.expand_as(wide),))[1]
        for unit in units
    ]
    return torch.stack(slopes, dim=-1)


# torch.compile reads Python, and our graphs are more Python than it can read. It is handed a number
# for the family instead, and a function that it calls to see which operations come out.
_families: list[Any] = []
_numbers: dict[Any, int] = {}


@torch.compiler.assume_constant_result
def _number(family: Any) -> int:
    if family not in _numbers:
        _numbers[family] = len(_families)
        _families.append(family)
    return _numbers[family]


@torch.compiler.allow_in_graph
def _by_number(number: int, order: int | str, y: Tensor, raw: Tensor) -> tuple[Tensor, ...]:
    return _evaluate(_families[number], order, y, raw)
