"""The primitives on PyTorch tensors. Constants stay Python numbers, so nothing changes its type.

Only what appears with a constant where PyTorch wants two tensors needs a function of its own.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from likely._math.backends import patches_on_arrays
from likely._math.backends.series_on_arrays import on_arrays
from likely._math.sums import SUMS
from likely._math.tables import look_up


def _tensor(value: Any, like: Tensor) -> Tensor:
    if isinstance(value, Tensor):
        return value
    return torch.full((), value, dtype=like.dtype, device=like.device)


def _where(dtype: torch.dtype, condition: Any, a: Any, b: Any) -> Any:
    if not isinstance(condition, Tensor):  # a condition on constants alone
        return a if condition else b
    if not (isinstance(a, Tensor) or isinstance(b, Tensor)):
        # Two numbers would become torch's default type.
        a = torch.full((), a, dtype=dtype, device=condition.device)
    if condition.dtype != torch.bool:  # of conditions, some of which are constants
        condition = condition != 0.0
    return torch.where(condition, a, b)


def _maximum(a: Any, b: Any) -> Tensor:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return torch.maximum(a, b)
    return torch.clamp(a, min=b) if isinstance(a, Tensor) else torch.clamp(b, min=a)


def _minimum(a: Any, b: Any) -> Tensor:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return torch.minimum(a, b)
    return torch.clamp(a, max=b) if isinstance(a, Tensor) else torch.clamp(b, max=a)


def _arctan2(a: Any, b: Any) -> Tensor:
    like = a if isinstance(a, Tensor) else b
    return torch.atan2(_tensor(a, like), _tensor(b, like))


def _table(dtype: torch.dtype) -> dict[str, Callable[..., Any]]:
    table: dict[str, Callable[..., Any]] = {
        "pi": lambda: torch.pi,
        "add": operator.add,
        "subtract": operator.sub,
        "multiply": operator.mul,
        "divide": operator.truediv,
        "negative": operator.neg,
        "where": partial(_where, dtype),
        "exp": torch.exp,
        "expm1": torch.expm1,
        "log": torch.log,
        "log1p": torch.log1p,
        "sqrt": torch.sqrt,
        "abs": torch.abs,
        "sign": torch.sign,
        "floor": torch.floor,
        "maximum": _maximum,
        "minimum": _minimum,
        "arctan2": _arctan2,
        "tan": torch.tan,
        "sin": torch.sin,
        "cos": torch.cos,
        "less": operator.lt,
        "less_equal": operator.le,
        "equal": operator.eq,
        # Fused in PyTorch, and as accurate as our expansions.
        "sigmoid": torch.sigmoid,
        "softplus": lambda x: -logsigmoid(-x),
    }

    def indices(n: int, like: Tensor) -> Tensor:
        return torch.arange(n, dtype=dtype, device=like.device)

    table |= look_up(
        lambda values, j: torch.as_tensor(values, dtype=j.dtype, device=j.device),
        torch.where,
        lambda j: j.long(),
    )
    return table | on_arrays(SUMS, table, indices) | patches_on_arrays.on_arrays(table)


TABLES = {dtype: _table(dtype) for dtype in (torch.float64, torch.float32)}
