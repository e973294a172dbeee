"""The processes that train together, as started by ``torchrun``: one, where nothing was started."""

from __future__ import annotations

import atexit
import importlib
import os
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


def join(device: torch.device) -> Group:
    """The group that this process belongs to; one that ``torchrun`` started is joined until the process ends.

    To leave and join again is not safe: the second time, processes may find the addresses of the first.
    """
    started = int(os.environ.get("WORLD_SIZE", "1")) > 1
    if dist.is_available() and started and not dist.is_initialized():
        # Its functions take the group of the moment of import as a default and keep it, and with it
        # threads that may abort the process as it ends. DistributedDataParallel imports it too late.
        importlib.import_module("torch.distributed.nn.functional")
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        atexit.register(_leave)
    if dist.is_available() and dist.is_initialized():
        return Group(dist.get_rank(), dist.get_world_size())
    return Group()


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()
