"""Softmax cross-entropy on PyTorch tensors; see ``losses/categorical.py`` for the formula.

Each derivative has its own function, because the difference 1 − p that autograd would form is 0
for a class that is nearly certain.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def cross_entropy(y: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
    """−log softmax(raw)_y over the last axis, and its gradient in raw; y holds class codes."""
    work = raw if raw.dtype in (torch.float32, torch.float64) else raw.float()
    nll, gradient = _Value.apply(y.long(), work)
    return nll.to(raw.dtype), gradient.to(raw.dtype)


class _Value(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(y: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
        y = y.unsqueeze(-1)
        r = raw - raw.gather(-1, y)
        chosen = torch.arange(raw.shape[-1], device=raw.device) == y
        rest = torch.logsumexp(r.masked_fill(chosen, -torch.inf), dim=-1)
        e = torch.exp(-rest.abs())
        nll = rest.clamp(min=0.0) + torch.log1p(e)
        missed = torch.sigmoid(rest).unsqueeze(-1)
        return nll, torch.where(chosen, -missed, torch.exp(r - nll.unsqueeze(-1)))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(inputs[1], output[1])
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, of_nll: Tensor | None, of_gradient: Tensor | None) -> Any:
        raw, gradient = ctx.saved_tensors
        total = None if of_nll is None else of_nll.unsqueeze(-1) * gradient
        if of_gradient is not None:
            part = _curvature_product(raw, of_gradient)
            total = part if total is None else total + part
        return None, total

    @staticmethod
    def jvp(ctx: Any, _y: None, moved: Tensor) -> tuple[Tensor, Tensor]:
        y, raw = ctx.saved_tensors
        gradient = _Value.apply(y, raw)[1]
        return (gradient * moved).sum(dim=-1), _curvature_product(raw, moved)


def _curvature_product(raw: Tensor, v: Tensor) -> Tensor:
    """p ∘ (v − pᵀv), with v measured from the likeliest class: there 1 − p never appears."""
    p = torch.softmax(raw, dim=-1)
    v = v - v.gather(-1, raw.argmax(dim=-1, keepdim=True))
    return p * (v - (p * v).sum(dim=-1, keepdim=True))
