"""The networks: M members side by side, (M, n, width) → (M, n, outputs), so that one multiplication serves all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn


class Dense(nn.Module):
    """M linear layers, xₘ Wₘ + bₘ; ``zero`` starts them at 0, else so that sizes are kept."""

    def __init__(self, members: int, inputs: int, outputs: int, *, zero: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(members, inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(members, 1, outputs))
        if not zero:
            # Var w = 1/inputs keeps the size of what goes through.
            bound = 1.0 / math.sqrt(max(inputs, 1))
            nn.init.uniform_(self.weight, -math.sqrt(3.0) * bound, math.sqrt(3.0) * bound)
            nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        """(M, n, inputs) → (M, n, outputs)."""
        return torch.baddbmm(self.bias, x, self.weight)


class Dropout(nn.Module):
    """Dropout whose mask is drawn for the whole batch, of which each process of a group keeps its rows.

    So many processes train on the same masks as one. Source: Srivastava et al. (2014), JMLR 15.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.rows: tuple[int, slice] | None = None  #: rows of the whole batch, and which are here

    def forward(self, x: Tensor) -> Tensor:
        """x with a share of its entries set to 0 and the others made larger, while training."""
        if not self.training or self.rate == 0.0:
            return x
        whole, here = self.rows or (x.shape[1], slice(None))
        drawn = torch.rand((x.shape[0], whole, x.shape[2]), device=x.device)
        return x * (drawn[:, here] >= self.rate) / (1.0 - self.rate)


class TableNetwork(nn.Module):
    """The default network for tables: embeddings of the codes, hidden layers with SiLU and dropout.

    x (M, n, numbers + codes): numbers first, then codes 0, 1, …, ``levels``. The last layer starts at 0.
    """

    def __init__(
        self,
        members: int,
        numbers: int,
        levels: Sequence[int],
        outputs: int,
        *,
        hidden: Sequence[int],
        dropout: float,
    ) -> None:
        super().__init__()
        self.numbers = numbers
        self.embeddings = nn.ParameterList(
            torch.randn(members, count + 1, _embedding_width(count)) for count in levels
        )
        width = numbers + sum(_embedding_width(count) for count in levels)
        layers: list[nn.Module] = []
        for size in hidden:
            layers += [Dense(members, width, size), nn.SiLU(), Dropout(dropout)]
            width = size
        self.layers = nn.Sequential(*layers, Dense(members, width, outputs, zero=True))

    def forward(self, x: Tensor) -> Tensor:
        """(M, n, numbers + codes) → (M, n, outputs)."""
        if len(self.embeddings):
            member = torch.arange(x.shape[0], device=x.device)[:, None]
            codes = x[..., self.numbers :].long()
            parts = [table[member, codes[..., j]] for j, table in enumerate(self.embeddings)]
            x = torch.cat([x[..., : self.numbers], *parts], dim=-1)
        out: Tensor = self.layers(x)
        return out

    def of_member(self, m: int) -> list[Tensor]:
        """The tensors of one member, sharing memory with the network's."""
        return [p.detach()[m] for p in self.parameters()]


def _embedding_width(levels: int) -> int:
    """Grows slowly with the number of levels, up to 32."""
    return min(32, math.ceil(1.6 * levels**0.56)) if levels else 1


class Copies(nn.Module):
    """The user's modules, one a member; each maps (n, width) to (n, outputs)."""

    def __init__(
        self,
        members: int,
        make: nn.Module | Callable[[int, int], nn.Module],
        width: int,
        outputs: int,
    ) -> None:
        super().__init__()
        if not callable(make):
            raise TypeError(
                "module must be a torch.nn.Module, or a function (width, outputs) that makes one; got "
                f"{make!r} of type {type(make).__name__}"
            )
        made = [deepcopy(make) if isinstance(make, nn.Module) else make(width, outputs)
                for _ in range(members)]  # fmt: skip
        for one in made:
            if not isinstance(one, nn.Module):
                raise TypeError(
                    "module must be a torch.nn.Module, or a function (width, outputs) that makes one; it "
                    f"made {one!r} of type {type(one).__name__}"
                )
            if not any(parameter.requires_grad for parameter in one.parameters()):
                raise ValueError(f"module has no parameters to learn, got {one!r}")
        self.width, self.outputs = width, outputs
        self.each = nn.ModuleList(made)

    def forward(self, x: Tensor) -> Tensor:
        """(M, n, width) → (M, n, outputs); ValueError where a module fails or gives another shape."""
        found = []
        for one, rows in zip(self.each, x, strict=True):
            try:
                out = one(rows)
            except RuntimeError as error:
                raise ValueError(
                    f"module does not take X as the network reads it, {rows.dtype} of shape {tuple(rows.shape)}: "
                    f"{error}"
                ) from error
            if out.ndim == 1 and self.outputs == 1:
                out = out[:, None]
            if out.shape != (rows.shape[0], self.outputs):
                raise ValueError(
                    f"module maps X of shape {tuple(rows.shape)} to {tuple(out.shape)}, but the family "
                    f"needs {(rows.shape[0], self.outputs)}: make its last layer {self.outputs} wide"
                )
            found.append(out)
        return torch.stack(found)

    def of_member(self, m: int) -> list[Tensor]:
        """The parameters and buffers of one member, sharing memory with the module's."""
        return [t.detach() for t in self.each[m].state_dict(keep_vars=True).values()]


class RawPredictions(nn.Module):
    """Outputs of a network and shared parameters as raw columns of y′: startⱼ + stepⱼ·output, (M, n, k).

    A shared parameter is one number a member, learned with the weights.
    """

    start: Tensor
    step: Tensor

    def __init__(
        self,
        network: TableNetwork | Copies,
        members: int,
        start: Tensor,
        step: Tensor,
        shared: Sequence[bool],
    ) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("start", start)
        self.register_buffer("step", step)
        self.alone = [j for j, one in enumerate(shared) if one]
        self.predicted = [j for j, one in enumerate(shared) if not one]
        self.shared = nn.Parameter(torch.zeros(members, 1, len(self.alone)))

    def forward(self, x: Tensor) -> Tensor:
        """Raw columns, in float64 where the device has it: the loss needs digits that the network does not."""
        out = self.network(x).to(self.start.dtype)
        if self.alone:
            column = dict(zip(self.predicted, out.unbind(-1), strict=True))
            each = self.shared.to(self.start.dtype).expand(-1, x.shape[1], -1).unbind(-1)
            column |= dict(zip(self.alone, each, strict=True))
            out = torch.stack([column[j] for j in range(len(column))], dim=-1)
        return self.start + self.step * out

    def of_member(self, m: int) -> list[Tensor]:
        """What one member has learned, sharing memory with the module."""
        return [*self.network.of_member(m), self.shared.detach()[m]]

    def gradients_of_member(self, m: int) -> list[Tensor]:
        """The gradients of one member, sharing memory with the module's."""
        if isinstance(self.network, Copies):
            of_network = [p.grad for p in self.network.each[m].parameters() if p.grad is not None]
        else:
            of_network = [p.grad[m] for p in self.network.parameters() if p.grad is not None]
        return of_network if self.shared.grad is None else [*of_network, self.shared.grad[m]]
