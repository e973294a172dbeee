"""Which function computes the hand-written loss of a family on PyTorch tensors.

Each takes the loss, y, raw (rows first) and an order, and gives nll and, with order 1, its gradient in raw;
both can be differentiated. With order 0 what it gives beside nll is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

Function = Callable[[Any, Any, Any, int], tuple[Any, ...]]

#: What is written by hand → the module and function.
_FUNCTIONS = {
    "Categorical": ("likely.adapters.torch_categorical", "cross_entropy"),
    "Ordinal": ("likely.adapters.torch_ordinal", "ordinal"),
    "PlackettLuce": ("likely.adapters.torch_rankings", "plackett_luce"),
    "MultivariateNormal": ("likely.adapters.torch_columns", "by_columns"),
    "compositions": ("likely.adapters.torch_columns", "by_columns"),
}


def vector_function(name: str) -> Function:
    """The function of that name, imported on use."""
    module, function = _FUNCTIONS[name]
    found: Function = getattr(import_module(module), function)
    return found
