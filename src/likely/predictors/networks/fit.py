"""From arrays to a trained network: what Network does with PyTorch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likely.fitting import Response
from likely.predictors.networks.checkpoint import Checkpoint
from likely.predictors.networks.group import Group, join
from likely.predictors.networks.inputs import Inputs
from likely.predictors.networks.modules import Copies, RawPredictions, TableNetwork
from likely.predictors.networks.target import Target
from likely.predictors.networks.train import Data, Objective, Plan, Settings, Trained, train

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: Multiplications of a step below which one thread is faster than many.
_SERIAL = 50_000_000
#: Rows predicted at a time.
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Blueprint:
    """What to build: the default network's sizes, or the user's own module."""

    hidden: tuple[int, ...]
    dropout: float
    own: Any = None

    def build(
        self, members: int, inputs: Inputs, loss: Any, target: Target, device: torch.device
    ) -> RawPredictions:
        """Untrained members; their first prediction is the best constant, with the default network."""
        shared = [loss.free[i].role == "shared" for i in loss.column_slots]
        outputs = shared.count(False)
        network: TableNetwork | Copies
        if self.own is not None:
            network = Copies(members, self.own, inputs.width, outputs)
        else:
            network = TableNetwork(
                members,
                inputs.width - inputs.codes.size,
                inputs.levels.tolist(),
                outputs,
                hidden=self.hidden,
                dropout=self.dropout,
            )
        exact = exact_type(device)
        start, step = (torch.as_tensor(a, dtype=exact) for a in (target.start, target.step))
        return RawPredictions(network, members, start, step, shared).to(device)


@dataclass(frozen=True)
class Task:
    """A fit: the rows, how they are held out, and everything that is the same in all its phases."""

    family: Any
    loss: Any
    inputs: Inputs
    target: Target
    x: NDArray[np.float32]
    response: Response
    blueprint: Blueprint
    settings: Settings
    members: int
    device: torch.device
    checkpoint: Path | None
    report: Callable[[str], Any]


@dataclass(frozen=True)
class Found:
    """The trained members, and how training went; ``folds`` where it was first done on parts."""

    model: RawPredictions
    trained: Trained
    folds: Trained | None


def exact_type(device: torch.device) -> torch.dtype:
    """The precision of the loss: float64 on all devices that have it."""
    return torch.float32 if device.type == "mps" else torch.float64


def find_device(name: Any) -> torch.device:
    """The device asked for, or a GPU where there is one."""
    import os

    if name is None:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(
            f"device must be one that PyTorch has, such as 'cpu' or 'cuda', got {name!r}"
        ) from error
    if device.type == "cuda" and device.index is None and "LOCAL_RANK" in os.environ:
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    return device


def fit(
    task: Task,
    train_rows: Sequence[Rows | None],
    judge_rows: Sequence[Rows],
    judge: tuple[NDArray[np.float32], Response] | None,
) -> Found:
    """Train the members. With folds a network for each says after how many epochs to stop, and then all rows train."""
    n = task.response.y.shape[0]
    every = np.arange(n)
    data = _data(task, task.x, task.response)
    group = join(task.device)
    with _randomness_apart(task.device):
        group.check_same(int(_fingerprint(task, judge)[:12], 16))
        folds, written = None, []
        settings = task.settings
        if len(train_rows) > 1:
            plan = Plan(
                [every if r is None else r for r in train_rows], judge_rows, data, crossed=True
            )
            _, folds, checkpoint = _phase("folds", task, data, plan, settings, group, judge)
            written.append(checkpoint)
            settings = replace(settings, epochs=int(folds.best_epoch.max()), patience=None)
            plan = Plan([every] * task.members)
        else:
            rows = every if train_rows[0] is None else train_rows[0]
            plan = Plan([rows] * task.members)
            if judge is not None:
                theirs = np.arange(judge[1].y.shape[0])
                plan = Plan(plan.train, [theirs] * task.members, _data(task, *judge))
            elif judge_rows:
                plan = Plan(plan.train, [judge_rows[0]] * task.members, data)
        model, trained, checkpoint = _phase("fit", task, data, plan, settings, group, judge)
        if not trained.interrupted:
            for one in (*written, checkpoint):
                if one is not None:
                    one.remove()
            if group.rank == 0 and _is_empty(task.checkpoint):
                task.checkpoint.rmdir()  # type: ignore[union-attr]
    return Found(model, trained, folds)


def _is_empty(folder: Path | None) -> bool:
    return folder is not None and folder.is_dir() and not any(folder.iterdir())


def _phase(
    name: str, task: Task, data: Data, plan: Plan, settings: Settings, group: Group, judge: Any
) -> tuple[RawPredictions, Trained, Checkpoint | None]:
    """Build members for the plan and train them."""
    torch.manual_seed(settings.seed)
    model = task.blueprint.build(len(plan.train), task.inputs, task.loss, task.target, task.device)
    objective = Objective(
        model, _nll(task.family), _emphasis(task.loss, settings.beta), settings.mixed
    )
    checkpoint = None
    if task.checkpoint is not None:
        shape = f"{len(plan.train)} {settings.epochs}"
        mark = hashlib.sha256(f"{_fingerprint(task, judge)} {shape}".encode()).hexdigest()
        checkpoint = Checkpoint(task.checkpoint / name, mark, writes=group.rank == 0)
    with task.report(name if group.rank == 0 else "") as report:
        found = train(
            objective, data, plan, settings, group=group, report=report, checkpoint=checkpoint
        )
    return model, found, checkpoint


def _nll(family: Any) -> Callable[[Tensor, Tensor], Tensor]:
    """−log p of y (M, n) given raw (M, n, k): the one place where Network asks for the loss."""

    def nll(y: Tensor, raw: Tensor) -> Tensor:
        rows = raw.reshape(-1, raw.shape[-1])
        flat: Tensor = family.nll(y.reshape(rows.shape[0], *y.shape[raw.ndim - 1 :]), rows)
        return flat.reshape(raw.shape[:-1])

    return nll


def _emphasis(loss: Any, beta: float) -> Callable[[Tensor, Tensor], Tensor] | None:
    r"""The weights of the β-NLL, (σ²)^β: the inverse information about the location, which is 1/σ² for the Normal.

    Source: Seitzer et al. (2022), arXiv:2203.09168.
    """
    if beta == 0.0:
        return None
    if loss.specification.vector is not None:
        raise ValueError(
            f"beta weights rows by the scale of one number; {loss.specification.name} has no such scale"
        )

    def emphasis(y: Tensor, raw: Tensor) -> Tensor:
        columns = raw.reshape(-1, raw.shape[-1]).T.double().cpu().numpy()
        flat = y.reshape(-1).double().cpu().numpy()
        information = loss.evaluate(flat, np.ascontiguousarray(columns), 2, "expected")[2][0]
        return torch.as_tensor(information**-beta, dtype=raw.dtype, device=raw.device).reshape(
            y.shape
        )

    return emphasis


def _data(task: Task, x: NDArray[np.float32], response: Response) -> Data:
    exact, motion = exact_type(task.device), task.target.motion

    def tensor(values: Array) -> Tensor:
        return torch.as_tensor(values, dtype=exact, device=task.device)

    weight = np.ones(response.y.shape[0]) if response.weight is None else response.weight
    offset = motion.offset(response.offset)
    return Data(
        torch.as_tensor(x, device=task.device),
        tensor(motion.y(response.y)),
        # On average 1, so that a step does not grow with the unit of the weights.
        tensor(weight / weight.mean()),
        None if offset is None else tensor(np.ascontiguousarray(offset.T)),
    )


def predict(model: RawPredictions, target: Target, x: NDArray[np.float32], mixed: bool) -> Array:
    """Raw predictions of y, (M, k, n), without offsets."""
    if isinstance(model.network, TableNetwork) and model.start.device.type == "cpu" and not mixed:
        # In float32 a row's prediction would depend, in its last digits, on the rows beside it.
        model = deepcopy(model).double()
    model.eval()
    members = model.shared.shape[0]
    out = np.empty((members, target.start.size, x.shape[0]))
    device = model.start.device
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=mixed):
        for first in range(0, x.shape[0], _CHUNK):
            part = slice(first, first + _CHUNK)
            rows = torch.as_tensor(x[part], dtype=model.shared.dtype, device=device)
            rows = rows.expand(members, -1, -1)
            out[:, :, part] = model(rows).double().cpu().numpy().transpose(0, 2, 1)
    return np.stack([target.motion.raw(raw) for raw in out])


@contextmanager
def threads(
    count: int | None, inputs: Inputs, task_rows: int, blueprint: Blueprint
) -> Iterator[None]:
    """PyTorch with as many threads as the work is worth, and as before afterwards."""
    before = torch.get_num_threads()
    if count is None and blueprint.own is None:
        widths = (inputs.width, *blueprint.hidden)
        work = task_rows * sum(a * b for a, b in pairwise(widths))
        count = 1 if work < _SERIAL else None
    if count is not None:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _randomness_apart(device: torch.device) -> Iterator[None]:
    """The user's random numbers go on as if nothing had been drawn here."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        yield


def _fingerprint(task: Task, judge: Any) -> str:
    """Of everything that a fit depends on."""
    settings = {**vars(task.settings), "schedule": task.settings.schedule(0.3)}
    plain = (task.family, task.members, settings, task.blueprint.hidden, task.blueprint.dropout)
    digest = hashlib.sha256(repr(plain).encode())
    for x, response in [(task.x, task.response), *([judge] if judge is not None else [])]:
        for array in (x, response.y, response.weight, response.offset):
            digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
