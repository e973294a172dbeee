"""The processes that train together, as started by ``torchrun``: one, where nothing was started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True)
class Group:
    """This process is number ``rank`` of ``size``."""

    rank: int = 0
    size: int = 1

    def share(self, rows: Tensor) -> Tensor:
        """This process's part of a batch (M, B)."""
        return rows[:, self.rank :: self.size]

    def agree(self, values: Tensor) -> Tensor:
        """What process 0 says, on the CPU: decisions must not differ by a rounding."""
        if self.size > 1:
            device = "cuda" if dist.get_backend() == "nccl" else "cpu"
            values = values.to(device)
            dist.broadcast(values, 0)
        return values.cpu()

    def check_same(self, number: int) -> None:
        """ValueError where the processes were not given the same rows and settings."""
        first = int(self.agree(torch.tensor([number]))[0])
        wrong = self.agree_sum(int(first != number))
        if wrong:
            raise ValueError(
                f"{wrong} of {self.size} processes were given other rows or settings than process 0: "
                "call fit with the same data in each, which are then divided batch by batch"
            )

    def agree_sum(self, count: int) -> int:
        """The sum over the processes."""
        if self.size == 1:
            return count
        total = torch.tensor([count], device="cuda" if dist.get_backend() == "nccl" else "cpu")
        dist.all_reduce(total)
        return int(total[0])


@contextmanager
def joined(device: torch.device) -> Iterator[Group]:
    """The group that this process belongs to, joined for the time of a fit unless it was already."""
    if dist.is_available() and dist.is_initialized():
        yield Group(dist.get_rank(), dist.get_world_size())
    elif int(os.environ.get("WORLD_SIZE", "1")) > 1:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        try:
            yield Group(dist.get_rank(), dist.get_world_size())
        finally:
            dist.destroy_process_group()
    else:
        yield Group()
