"""Training that was interrupted goes on where it stood: a folder of arrays, as for models."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from likely.storage import read_folder, write_folder


@dataclass(frozen=True)
class Checkpoint:
    """Where the state of training is kept, and whose it is: ``fingerprint`` of the data and settings."""

    path: Path
    fingerprint: str
    writes: bool  #: in a group of processes one writes and all read

    def write(self, state: Any) -> None:
        """Replace what is there, atomically."""
        if not self.writes:
            return
        found = state.trained
        manifest = {"checkpoint": self.fingerprint, "steps": state.steps}
        arrays = {name: tensor.detach().cpu().numpy() for name, tensor in state.tensors().items()}
        arrays |= {
            "losses": np.array(found.losses),
            "best_epoch": found.best_epoch,
            "best_loss": state.best_loss,
        }
        write_folder(self.path, manifest, arrays)

    def remove(self) -> None:
        """Training is complete: there is nothing left to resume."""
        if self.writes and self.path.exists():
            read_folder(self.path)  # only what was written here is removed
            shutil.rmtree(self.path)

    @torch.no_grad()
    def restore(self, state: Any) -> None:
        """Bring the state to where it was written; ValueError where that was another fit."""
        if not self.path.exists():
            return
        manifest, arrays = read_folder(self.path)
        if manifest.get("checkpoint") != self.fingerprint:
            raise ValueError(
                f"the checkpoint {self.path} is of a fit to other data or with other settings: give "
                "another path, or delete it"
            )
        for name, tensor in state.tensors().items():
            tensor.copy_(torch.as_tensor(arrays[name]))
        state.trained.losses[:] = arrays["losses"].tolist()
        state.trained.best_epoch[:] = arrays["best_epoch"]
        state.best_loss[:] = arrays["best_loss"]
        state.steps = int(manifest["steps"])
