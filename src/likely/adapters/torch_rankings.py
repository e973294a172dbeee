"""PlackettLuce's loss on PyTorch tensors; see ``losses/plackettluce.py`` for the formula.

Autograd differentiates it well: in log(1 + exp(L − raw)) and in the log-sum-exp of those left no 1 − p appears.
(PyTorch's own cumulative log-sum-exp has second derivatives that are NaN, so the sums are written out, m × m a row.)
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

#: A logarithm of 0 with derivatives.
_NOTHING = -1e300


def plackett_luce(_loss: Any, y: Tensor, raw: Tensor, _order: int) -> tuple[Tensor, Tensor]:
    """nll per row and its gradient in raw (…, m), for ranks y (…, m), NaN for what was not ranked."""
    work = raw if raw.device.type == "mps" else raw.double()
    ranked = ~torch.isnan(y)
    order = torch.argsort(torch.where(ranked, y.to(work.dtype), torch.inf), dim=-1, stable=True)
    count = ranked.sum(dim=-1, keepdim=True)
    r = work.gather(-1, order)
    items = raw.shape[-1]
    among = torch.ones(items, items, dtype=torch.bool, device=raw.device).triu()
    left = torch.where(among, r.unsqueeze(-2), _NOTHING).logsumexp(dim=-1)
    place = torch.arange(items - 1, device=raw.device)
    given = place < count
    rest = left[..., 1:] - r[..., :-1]
    # From the threshold on PyTorch's softplus is the identity, which is right to e⁻⁵⁰.
    nll = torch.where(given, softplus(rest, threshold=50.0), 0.0).sum(-1)
    # Item t misses the place it took, and was among those left for every place before.
    missed = torch.where(given, torch.exp(left[..., 1:] - left[..., :-1]), 0.0)
    after = among.triu(1)[:-1] & given.unsqueeze(-1)
    share = torch.exp(torch.where(after, r.unsqueeze(-2) - left[..., :-1, None], _NOTHING))
    shares = share.sum(dim=-2)[..., 1:]
    zero = torch.zeros_like(r[..., :1])
    sorted_ = torch.cat([zero, shares], dim=-1) - torch.cat([missed, zero], dim=-1)
    gradient = torch.zeros_like(r).scatter(-1, order, sorted_)
    return nll.to(raw.dtype), gradient.to(raw.dtype)
