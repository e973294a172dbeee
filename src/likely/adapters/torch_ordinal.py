"""Ordinal's loss on PyTorch tensors: the graph of an edge and a gap, which are picked from raw here."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from likely.adapters import torch_graph


def ordinal(loss: Any, y: Tensor, raw: Tensor, order: int) -> tuple[Tensor, ...]:
    """nll per row and its gradient in raw (…, K); y holds class codes. See ``losses/ordinal.py``."""
    work = raw if raw.device.type == "mps" else raw.double()
    codes, last = y.long(), loss.size - 1
    steps = work[..., 2:].exp()
    thresholds = torch.cat([work[..., 1:2], steps], dim=-1).cumsum(dim=-1)
    which = (codes == last).to(work.dtype) - (codes == 0).to(work.dtype)
    middle = which == 0.0
    edge = _pick(thresholds, (codes - 1).clamp(min=0)) - work[..., 0]
    log_gap = _pick(work, torch.where(middle, codes + 1, 0))
    pair = torch.stack([edge, torch.where(middle, log_gap, 0.0)], dim=-1)
    if order == 0:
        return (torch_graph.value(loss.core, which, pair, True)[0].to(raw.dtype),)
    nll, slope = torch_graph.value_and_gradient(loss.core, which, pair, True)
    i = torch.arange(1, last, device=raw.device)
    along = torch.where(codes.unsqueeze(-1) > i, slope[..., :1] * steps, 0.0)
    inside = (codes.unsqueeze(-1) == i) & middle.unsqueeze(-1)
    gaps = torch.where(inside, slope[..., 1:], along)
    gradient = torch.cat([-slope[..., :1], slope[..., :1], gaps], dim=-1)
    return nll.to(raw.dtype), gradient.to(raw.dtype)


def _pick(values: Tensor, index: Tensor) -> Tensor:
    return values.gather(-1, index.unsqueeze(-1)).squeeze(-1)
