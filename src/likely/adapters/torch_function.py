"""The base of our PyTorch functions: a call that costs little."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch._functorch.utils import unwrap_dead_wrappers
from torch.utils._python_dispatch import is_in_torch_dispatch_mode

_ORDINARY = (Tensor, torch.nn.Parameter)


def ordinary(*tensors: Tensor) -> bool:
    """Whether the tensors are plain memory: nothing traces, batches or fakes them."""
    for tensor in tensors:
        if not (tensor.is_cpu and type(tensor) in _ORDINARY):
            return False
    return (
        not torch._C._are_functorch_transforms_active()
        and not is_in_torch_dispatch_mode()
        and not torch.jit.is_tracing()
    )


class Function(torch.autograd.Function):
    """An autograd function that skips, without a transform, what only transforms need.

    PyTorch binds the arguments to the signature at every call, which takes longer than the loss of
    a thousand rows; it matters for defaults and keywords only, and there are none here.
    """

    generate_vmap_rule = True

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Call the function on positional arguments."""
        if torch._C._are_functorch_transforms_active():
            return super().apply(*args)
        return super(torch.autograd.Function, cls).apply(  # type: ignore[misc]
            *unwrap_dead_wrappers(args)
        )
