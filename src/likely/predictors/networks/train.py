"""The training loop: minibatches, a schedule, an average of the weights, and held-out rows that say when to stop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from likely.predictors.networks.checkpoint import Checkpoint
from likely.predictors.networks.group import Group
from likely.predictors.networks.modules import Dropout, RawPredictions

Rows = NDArray[np.intp]
Report = Callable[[int, float, int], None]

#: Rows of held-out data at a time, over all members.
_JUDGED = 1 << 17
#: Seconds between checkpoints.
SECONDS = 30.0


@dataclass(frozen=True)
class Settings:
    """How to train; see ``Network`` for each."""

    epochs: int
    patience: int | None
    batch: int
    learning_rate: float
    schedule: Callable[[float], float]
    weight_decay: float
    averaging: float
    location_first: int
    beta: float
    clip: float | None
    mixed: bool
    seed: int


@dataclass(frozen=True)
class Data:
    """Rows as tensors: x (n, width), y′ (n,), weight (n,), offset of raw′ (n, k) or None."""

    x: Tensor
    y: Tensor
    weight: Tensor
    offset: Tensor | None

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Rows (M, B) of each."""
        offset = None if self.offset is None else self.offset[rows]
        return self.x[rows], self.y[rows], self.weight[rows], offset


@dataclass(frozen=True)
class Plan:
    """The rows that train each member, and the data and rows that judge it; no judge: every epoch counts."""

    train: Sequence[Rows]
    judge: Sequence[Rows] = ()
    judged: Data | None = None
    #: Whether the judges are the folds, whose losses are one, and say after which epoch all members are best.
    crossed: bool = False


@dataclass
class Trained:
    """What training found: held-out losses by epoch, and the best epoch of each member."""

    losses: list[float] = field(default_factory=list)
    best_epoch: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    interrupted: bool = False


class Objective(nn.Module):
    """Σ weight · nll over the rows given, the sum over the members: what is differentiated."""

    def __init__(
        self, raw: RawPredictions, nll: Callable[[Tensor, Tensor], Tensor],
        emphasis: Callable[[Tensor, Tensor], Tensor] | None, mixed: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        self.raw, self.nll, self.emphasis, self.mixed = raw, nll, emphasis, mixed

    def forward(
        self, x: Tensor, y: Tensor, weight: Tensor, offset: Tensor | None, first_only: bool
    ) -> Tensor:
        """One number; with ``first_only`` all raw columns but the first stay where they started."""
        raw = self.predict(x, offset)
        if first_only:
            column = torch.arange(raw.shape[-1], device=raw.device)
            raw = torch.where(column == 0, raw, raw.detach() * 0.0 + self.raw.start)
        loss = weight * self.nll(y, raw)
        if self.emphasis is not None:
            loss = loss * self.emphasis(y, raw.detach())
        return loss.sum()

    def predict(self, x: Tensor, offset: Tensor | None) -> Tensor:
        """Raw columns of y′ with offsets, (M, n, k)."""
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.mixed):
            raw = self.raw(x)
        return raw if offset is None else raw + offset

    @torch.no_grad()
    def judge(self, plan: Plan) -> Tensor:
        """Weighted sum and weight of the held-out nll by member, (2, M)."""
        assert plan.judged is not None
        self.eval()
        rows, present = _padded(plan.judge, self.raw.start.device)
        total = torch.zeros(2, rows.shape[0], dtype=torch.float64, device=rows.device)
        step = max(1, _JUDGED // rows.shape[0])
        for first in range(0, rows.shape[1], step):
            part = slice(first, first + step)
            x, y, weight, offset = plan.judged.take(rows[:, part])
            weight = weight * present[:, part]
            nll = self.nll(y, self.predict(x, offset))
            total += torch.stack([(weight * nll).sum(1), weight.sum(1)])
        return total


def _padded(parts: Sequence[Rows], device: torch.device) -> tuple[Tensor, Tensor]:
    """Row numbers (M, longest) and which of them are there."""
    longest = max(part.size for part in parts)
    rows = np.zeros((len(parts), longest), dtype=np.intp)
    present = np.zeros((len(parts), longest), dtype=bool)
    for m, part in enumerate(parts):
        rows[m, : part.size], present[m, : part.size] = part, True
    return torch.as_tensor(rows, device=device), torch.as_tensor(present, device=device)


def train(
    objective: Objective,
    data: Data,
    plan: Plan,
    settings: Settings,
    *,
    group: Group,
    report: Report | None,
    checkpoint: Checkpoint | None,
) -> Trained:
    """Train the members of ``objective.raw`` together; it is left with the weights that were best.

    Ctrl-C ends training after the epochs that are complete, and says so in the result; before the first it is
    passed on, and so it is where the folds are not at their end. FloatingPointError where the weights to be kept are
    no finite numbers.
    """
    state = _State(objective, plan, settings, group)
    if checkpoint is not None:
        checkpoint.restore(state)
    saved = time.monotonic()
    found = state.trained
    try:
        while len(found.losses) < settings.epochs and not state.finished:
            state.epoch(data)
            if report is not None:
                report(len(found.losses), found.losses[-1], int(found.best_epoch.max()))
            if checkpoint is not None and time.monotonic() - saved >= SECONDS:
                checkpoint.write(state)
                saved = time.monotonic()
    except KeyboardInterrupt:
        if plan.crossed or not found.losses:
            raise
        found.interrupted = True
    if checkpoint is not None and not found.interrupted:
        checkpoint.write(state)
    state.keep_best()
    if not plan.crossed:  # of folds, the epoch alone is kept
        _refuse_runaways(objective, len(found.losses))
    return found


def _refuse_runaways(objective: Objective, epochs: int) -> None:
    """FloatingPointError where a weight has become infinite or NaN, as where the loss has no lower end."""
    if not all(bool(torch.isfinite(one).all()) for one in objective.parameters()):
        raise FloatingPointError(
            f"the weights are no longer finite numbers after {epochs} epochs: the raw predictions have run away. Lower "
            "learning_rate or max_epochs, set max_norm, fix the scale, or check y for values far from all others or "
            "the same in every row"
        )


class _State:
    """Everything that changes from epoch to epoch."""

    def __init__(self, objective: Objective, plan: Plan, settings: Settings, group: Group) -> None:
        self.objective, self.plan, self.settings, self.group = objective, plan, settings, group
        members = len(plan.train)
        self.parameters: list[Tensor] = list(objective.parameters())
        self.optimizer = torch.optim.AdamW(
            self.parameters,
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=self.parameters[0].device.type in ("cpu", "cuda"),
        )
        self.parallel: Any = objective
        if group.size > 1:
            self.parallel = nn.parallel.DistributedDataParallel(objective)
        #: The weights that are judged and kept: the average, or those of training.
        self.kept = deepcopy(objective) if settings.averaging else objective
        self.average: list[Tensor] = list(self.kept.parameters())
        self.copied = [
            pair
            for pair in zip(self.kept.buffers(), objective.buffers(), strict=True)
            if pair[0] is not pair[1]
        ]
        self.dropouts = [one for one in objective.modules() if isinstance(one, Dropout)]
        self.best = [
            [tensor.clone() for tensor in self.kept.raw.of_member(m)] for m in range(members)
        ]
        self.best_loss = np.full(1 if plan.crossed else members, np.inf)
        self.trained = Trained(best_epoch=np.zeros(members, dtype=np.intp))
        self.steps = 0
        if plan.judge:  # the start may be the best there is
            self.best_loss = self._judged()[0]

    @property
    def finished(self) -> bool:
        """Whether no member has become better for long enough."""
        found = self.trained
        patience = self.settings.patience
        return patience is not None and len(found.losses) - int(found.best_epoch.max()) >= patience

    # --- One epoch --------------------------------------------------------------------------------

    def epoch(self, data: Data) -> None:
        """Every training row of each member once, and then the judgement."""
        settings, number = self.settings, len(self.trained.losses)
        # From the seed and the number alone, so that what is resumed goes on as if never interrupted.
        stream = np.random.SeedSequence([settings.seed, number])
        torch.manual_seed(int(stream.generate_state(1)[0]))
        rng = np.random.default_rng(stream)
        shortest = min(part.size for part in self.plan.train)
        order = np.stack([rng.permutation(part)[:shortest] for part in self.plan.train])
        rows = torch.as_tensor(order, device=data.x.device)
        batches = max(1, math.ceil(shortest / settings.batch))
        self.objective.train()
        total = 0.0
        for batch in rows.tensor_split(batches, dim=1):
            progress = (number + self.steps % batches / batches) / settings.epochs
            total += self._step(data, batch, settings.schedule(progress))
        if self.plan.judge:
            self._judge()
        else:
            self.trained.losses.append(total / (order.size))
            self.trained.best_epoch[:] = len(self.trained.losses)

    def _step(self, data: Data, batch: Tensor, factor: float) -> float:
        settings, group = self.settings, self.group
        size = batch.shape[1]
        here = slice(group.rank, None, group.size)
        for module in self.dropouts:
            module.rows = (size, here)
        first_only = len(self.trained.losses) < settings.location_first
        total = self.parallel(*data.take(group.share(batch)), first_only)
        self.optimizer.zero_grad()
        # Gradients of several processes are averaged, and their shares are to be added.
        (total * (group.size / size)).backward()
        if settings.clip is not None:
            self._clip(settings.clip)
        for one in self.optimizer.param_groups:
            one["lr"] = settings.learning_rate * factor
        self.optimizer.step()
        self.steps += 1
        if settings.averaging:
            self._average()
        return 0.0 if self.plan.judge else float(total.detach())

    def _clip(self, largest: float) -> None:
        """Shorten the gradient of each member that is longer than ``largest``."""
        for m in range(len(self.plan.train)):
            slopes = self.objective.raw.gradients_of_member(m)
            norm = torch.linalg.vector_norm(
                torch.stack([torch.linalg.vector_norm(s) for s in slopes])
            )
            if norm > largest:
                for slope in slopes:
                    slope *= largest / norm

    @torch.no_grad()
    def _average(self) -> None:
        """An exponential average of the weights, over all steps as long as there are few."""
        decay = min(self.settings.averaging, (self.steps + 1) / (self.steps + 10))
        torch._foreach_lerp_(self.average, self.parameters, 1.0 - decay)
        for mine, theirs in self.copied:
            mine.copy_(theirs)

    # --- Judging ----------------------------------------------------------------------------------

    def _judge(self) -> None:
        loss, mean = self._judged()
        found = self.trained
        found.losses.append(mean)
        better = loss < self.best_loss
        self.best_loss = np.where(better, loss, self.best_loss)
        for m in np.flatnonzero(np.broadcast_to(better, found.best_epoch.shape)).tolist():
            found.best_epoch[m] = len(found.losses)
            if not self.plan.crossed:
                for best, now in zip(self.best[m], self.kept.raw.of_member(m), strict=True):
                    best.copy_(now)

    def _judged(self) -> tuple[NDArray[np.float64], float]:
        """Held-out nll of each member, or of all folds as one, and its mean."""
        summed, weight = self.group.agree(self.kept.judge(self.plan)).numpy()
        mean = float(summed.sum() / weight.sum())
        return (np.array([mean]) if self.plan.crossed else summed / weight), mean

    @torch.no_grad()
    def keep_best(self) -> None:
        """Put what was best into the objective."""
        for m, best in enumerate(self.best):
            judged = bool(self.plan.judge) and not self.plan.crossed
            kept = best if judged else self.kept.raw.of_member(m)
            for tensor, value in zip(self.objective.raw.of_member(m), kept, strict=True):
                tensor.copy_(value)
        self.objective.eval()

    # --- For checkpoints --------------------------------------------------------------------------

    def tensors(self) -> dict[str, Tensor]:
        """All tensors of the state by name; what is copied into them is in the state."""
        found = {f"model.{name}": t for name, t in self.objective.state_dict().items()}
        if self.kept is not self.objective:
            found |= {f"kept.{name}": t for name, t in self.kept.state_dict().items()}
        for m, best in enumerate(self.best):
            found |= {f"best.{m}.{i}": tensor for i, tensor in enumerate(best)}
        for i, parameter in enumerate(self.parameters):
            moments = self.optimizer.state[parameter]
            if not moments:
                moments |= {
                    "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
                    "exp_avg": torch.zeros_like(parameter),
                    "exp_avg_sq": torch.zeros_like(parameter),
                }
            found |= {f"adam.{i}.{name}": t for name, t in moments.items()}
        return found
