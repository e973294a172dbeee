"""Network: the recipe with a neural network, on PyTorch."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from likely._math.domains import Product, circular
from likely.fitting import Response
from likely.predictors.arguments import number, whole
from likely.predictors.interrupted import TrainingInterrupted
from likely.predictors.judged import JudgedEstimator, with_weight
from likely.predictors.network_settings import (
    batch_rows,
    check_beta,
    decay_rate,
    dropout_rate,
    hidden_sizes,
    schedule,
)
from likely.predictors.networks.inputs import Inputs, learn_inputs
from likely.predictors.networks.target import Target, learn_target
from likely.predictors.progress import rounds_bar
from likely.predictors.tree_settings import categorical_columns, refuse_partial_links
from likely.recipe import Family

Array = NDArray[np.float64]

#: Share of the steps that the average of the weights remembers, for the default network.
AVERAGING = 0.999


class Network(JudgedEstimator):
    r"""Maximum likelihood with a neural network: one output for every predicted raw column.

    The default network is for tables: standardised numbers, embeddings of categories, hidden layers with SiLU
    and dropout. It starts at the best constant, and learns y in units in which that constant is about 0 and 1.
    Text, category and boolean columns of a data frame are categories; missing values are allowed in X.

    family: a family such as ``Normal()``, or its name. module: instead of the default network a
    ``torch.nn.Module`` from (n, width) to (n, outputs), or a function (width, outputs) that makes one; outputs
    are the raw columns that are not shared. members: networks that differ by their random start and order of
    rows; the prediction is their equal-weight mixture. hidden, dropout: of the default network; None is 0.15 up to
    2,000 rows, and less in proportion as there are more. categorical_features: names or indices of columns of codes
    0, 1, …, beside the categories of a data frame.

    max_epochs: passes over the rows at most. batch_size: None is the power of two next above √n.
    learning_rate, weight_decay: of AdamW; None is a decay of 0.1 up to 2,000 rows, and less in proportion. schedule:
    "constant", "cosine" (to 0), or a function of the share of epochs done that gives a factor. averaging: how much
    of the averaged weights, which predict, a step keeps; 0 for those of the last step; None is 0.999, and 0 with a
    module. max_norm: of the gradient, unlimited by default.

    early_stopping: whether held-out likelihood says when to stop, after patience epochs without a better one.
    validation: a fraction of the rows held out, or a number of folds: those say after how many epochs to
    stop, and then all rows train. None is 5 folds below 10,000 rows and a tenth of the rows from there on, or with
    a module. ``fit(..., eval_set=(X, y))`` holds out nothing of X.

    location_first: epochs in which only the first parameter learns, the others staying constant. beta: weights
    each row by its variance to this power, in [0, 1], so that rows with a large one are not given up; 0 is maximum
    likelihood, 1 fits a location by least squares.

    device: None is a GPU where there is one. mixed_precision: bfloat16 inside the network; None is where
    the device is a GPU. checkpoint: a folder in which training that was interrupted goes on at the next ``fit``.
    Under ``torchrun`` the processes divide every batch, and each is given all rows.
    point, random_state, n_jobs, verbose: as for Trees.

    After ``fit``: ``best_epoch_`` by member, ``losses_`` (mean nll by epoch, held-out where rows are), and
    ``module_``, the trained module, whose output is raw in units of its own.

    >>> import numpy as np
    >>> from likely import Network, Normal
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1.0, 1.0, size=(400, 1))
    >>> y = 2.0 * X[:, 0] + rng.normal(size=400) * np.where(X[:, 0] < 0.0, 0.1, 1.0)
    >>> model = Network(Normal(), max_epochs=30, random_state=0).fit(X, y)
    >>> params = model.predict_params([[-0.5], [0.5]])
    >>> loc, scale = params["loc"], params["scale"]
    >>> bool(abs(loc[0] + 1.0) < 0.3), bool(scale[1] > 2 * scale[0])
    (True, True)

    Sources: Nix & Weigend (1994), doi:10.1109/ICNN.1994.374138 (the loss); Lakshminarayanan et al. (2017),
    arXiv:1612.01474 (members); Sluijterman, Cator & Heskes (2024), doi:10.1016/j.neucom.2024.127929 (location_first);
    Seitzer et al. (2022), arXiv:2203.09168 (beta); Loshchilov & Hutter (2019), arXiv:1711.05101 (AdamW);
    Polyak & Juditsky (1992), doi:10.1137/0330046 (averaging).
    """

    _takes_missing = True
    _not_saved = ("module", "schedule", "checkpoint", "device")

    def __init__(
        self,
        family: Family | str = "normal",
        *,
        module: Any = None,
        members: int = 1,
        hidden: Sequence[int] = (128, 128),
        dropout: float | None = None,
        categorical_features: Any = None,
        max_epochs: int = 300,
        batch_size: int | None = None,
        learning_rate: float = 3e-3,
        schedule: str | Callable[[float], float] = "constant",
        weight_decay: float | None = None,
        averaging: float | None = None,
        max_norm: float | None = None,
        early_stopping: bool = True,
        validation: float | None = None,
        patience: int = 30,
        location_first: int = 0,
        beta: float = 0.0,
        device: Any = None,
        mixed_precision: bool | None = None,
        checkpoint: str | Path | None = None,
        point: str | float = "mode",
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: bool | None = None,
    ) -> None:
        self.family = family
        self.module = module
        self.members = members
        self.hidden = hidden
        self.dropout = dropout
        self.categorical_features = categorical_features
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.weight_decay = weight_decay
        self.averaging = averaging
        self.max_norm = max_norm
        self.early_stopping = early_stopping
        self.validation = validation
        self.patience = patience
        self.location_first = location_first
        self.beta = beta
        self.device = device
        self.mixed_precision = mixed_precision
        self.checkpoint = checkpoint
        self.point = point
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    # --- Fitting ----------------------------------------------------------------------------------

    def _fit(self, X: Any, loss: Any, y: Array, weight: Array | None, offset: Array | None) -> None:
        require_torch()
        from likely.predictors.networks.fit import Task, find_device, fit, threads
        from likely.predictors.networks.train import Settings

        refuse_partial_links(loss, "a network")
        support = loss.specification.support
        if support.name == "rankings" and self._members() > 1:
            raise ValueError(
                f"members={self.members}: a mixture of rankings has no most probable one that could be "
                f"found; {loss.specification.name} is for one member"
            )
        if (isinstance(support, Product) or support is circular) and self._members() > 1:
            raise ValueError(
                f"members={self.members}: what directions, or several targets, of a mixture are at best is "
                f"not known to Likely; {loss.specification.name} is for one member"
            )
        X, response = with_weight(X, Response(y, weight, offset))
        rng = check_random_state(self.random_state)
        seed = int(rng.randint(2**31 - 1))
        device = find_device(self.device)
        judge = self._judge(loss)
        plan = self._plan(response.y, np.random.default_rng(seed), foldable=self.module is None)
        stops = judge is not None or bool(plan.judge)
        averaging = self.averaging
        if averaging is None:
            averaging = AVERAGING if self.module is None else 0.0
        settings = Settings(
            epochs=whole("max_epochs", self.max_epochs),
            patience=whole("patience", self.patience) if stops else None,
            batch=batch_rows(self.batch_size, X.shape[0]),
            learning_rate=number("learning_rate", self.learning_rate, 0.0, np.inf, "()"),
            schedule=schedule(self.schedule),
            weight_decay=decay_rate(self.weight_decay, X.shape[0]),
            averaging=number("averaging", averaging, 0.0, 1.0),
            location_first=whole("location_first", self.location_first, 0),
            beta=check_beta(self.beta, loss),
            clip=None
            if self.max_norm is None
            else number("max_norm", self.max_norm, 0.0, np.inf, "()"),
            mixed=self._mixed(device),
            seed=seed,
        )
        blueprint, members = self._blueprint(X.shape[0]), self._members()
        self.inputs_ = learn_inputs(X, response.weight, self._levels(X))
        self.target_ = learn_target(loss, response.y, response.weight, response.offset)
        if loss.columns == 0:
            self.losses_, self.best_epoch_ = np.zeros(0), np.zeros(members, dtype=np.intp)
            return
        if judge is not None:
            judge = self.inputs_(judge[0]), judge[1]
        x = self.inputs_(X)
        task = Task(
            family=self._composed(loss),
            loss=loss,
            inputs=self.inputs_,
            target=self.target_,
            x=x,
            response=response,
            blueprint=blueprint,
            settings=settings,
            members=members,
            device=device,
            checkpoint=None if self.checkpoint is None else Path(self.checkpoint),
            report=self._report(loss),
        )
        with threads(self.n_jobs, self.inputs_, settings.batch * members, blueprint):
            found = fit(task, plan.train, plan.judge, judge)
        self.module_ = found.model
        self.best_epoch_ = found.trained.best_epoch
        # In the units of y, so that they compare with any other mean nll.
        losses = (found.trained if found.folds is None else found.folds).losses
        self.losses_ = np.array(losses) + self._log_unit(loss)
        if found.trained.interrupted:
            warnings.warn(
                f"training was interrupted after {len(losses)} epochs; the model is that of epoch "
                f"{int(self.best_epoch_.max())}",
                TrainingInterrupted,
                stacklevel=4,
            )

    def _composed(self, loss: Any) -> Any:
        """The family as it is fitted here: with the number of classes, or the parts, learned from y."""
        from likely.catalogue import as_family
        from likely.compositions import CompositionFamily
        from likely.recipe import VectorFamily

        family = as_family(self.family)
        if isinstance(family, CompositionFamily) and family.parts is None:
            return family.of(loss.specification.support.names)
        return family.sized(loss) if isinstance(family, VectorFamily) else family

    def _log_unit(self, loss: Any) -> float:
        """What a row's nll of y is above that of y′: log of the unit."""
        return float(np.log(self.target_.unit))

    def _levels(self, X: Any) -> dict[int, int]:
        """Columns of codes and how many each has: those of a data frame, and those named."""
        names = self._feature_names()
        found = {}
        for column in categorical_columns(self.categorical_features, names, list(self.levels_)):
            known = self.levels_.get(names[column])
            if known is None:
                values = X[:, [column]]
                values = np.asarray(values.toarray() if hasattr(values, "toarray") else values)
                values = values[~np.isnan(values)]
                if (values < 0).any() or (values != np.floor(values)).any():
                    raise ValueError(
                        f"categorical_features: column {names[column]!r} must hold codes 0, 1, …, got "
                        f"{values[(values < 0) | (values != np.floor(values))][0]:g}"
                    )
            found[column] = len(known) if known is not None else int(values.max(initial=-1)) + 1
        return found

    def _blueprint(self, rows: int) -> Any:
        from likely.predictors.networks.fit import Blueprint

        return Blueprint(hidden_sizes(self.hidden), dropout_rate(self.dropout, rows), self.module)

    def _members(self) -> int:
        from torch import nn

        members = whole("members", self.members)
        if members > 1 and isinstance(self.module, nn.Module):
            raise ValueError(
                f"{members} members of one module would all start alike: give a function "
                "(width, outputs) that makes a new one"
            )
        return members

    def _mixed(self, device: Any) -> bool:
        return device.type == "cuda" if self.mixed_precision is None else bool(self.mixed_precision)

    def _report(self, loss: Any) -> Callable[[str], AbstractContextManager[Any]]:
        name = f"Network {loss.specification.name}"

        def bar(phase: str) -> AbstractContextManager[Any]:
            show = self.verbose if phase else False
            return rounds_bar(f"{name} ({phase})", self.max_epochs, show)

        return bar

    # --- Saving -----------------------------------------------------------------------------------

    def _arrays(self) -> dict[str, Array]:
        """The arrays of a saved model: weights by their names, inputs and target."""
        weights = {}
        if hasattr(self, "module_"):
            weights = {
                f"module.{name}": tensor.detach().cpu().numpy()
                for name, tensor in self.module_.state_dict().items()
            }
        return {
            "losses": self.losses_,
            "best_epoch": self.best_epoch_,
            **self.inputs_.arrays(),
            **self.target_.arrays(),
            **weights,
        }

    def _state(self) -> dict[str, Any]:
        """The rest of a saved model, as JSON-able data."""
        return {"levels": self.levels_, "own_module": self.module is not None}

    def _restore(self, state: dict[str, Any], arrays: dict[str, Any]) -> None:
        """Bring back what ``_state`` and ``_arrays`` gave."""
        require_torch()
        import torch

        from likely.predictors.networks.fit import find_device
        from likely.storage import ModelFileError

        self._restore_levels(state)
        self.losses_, self.best_epoch_ = arrays["losses"], arrays["best_epoch"]
        self.inputs_, self.target_ = Inputs.from_arrays(arrays), Target.from_arrays(arrays)
        if bool(state["own_module"]) != (self.module is not None):
            raise ModelFileError(
                "the model has a module of its own, of which only the numbers are stored: load it with "
                "load(path, module=...), the module or the function that makes it"
                if state["own_module"]
                else "the model has the default network: load it without module="
            )
        loss = self.loss_
        if loss.columns == 0:
            return
        # Nothing is left out any more, whatever the rows were.
        model = self._blueprint(1).build(
            self._members(), self.inputs_, loss, self.target_, find_device(self.device)
        )
        weights = {
            name.removeprefix("module."): torch.as_tensor(value)
            for name, value in arrays.items()
            if name.startswith("module.")
        }
        try:
            model.load_state_dict(weights)
        except RuntimeError as error:
            raise ModelFileError(f"the stored numbers do not fit the module: {error}") from error
        self.module_ = model.eval()

    # --- Predicting -------------------------------------------------------------------------------

    def _raws(self, X: Any) -> Sequence[Array]:
        from likely.predictors.networks.fit import predict

        x = self.inputs_(X)
        if self.loss_.columns == 0:
            return [np.zeros((0, x.shape[0]))]
        device = self.module_.start.device
        return list(predict(self.module_, self.target_, x, self._mixed(device)))


def require_torch() -> None:
    """ImportError says what to install where PyTorch is missing."""
    if find_spec("torch") is None:
        raise ImportError(
            "Network needs PyTorch, which is not installed: pip install likely[torch]"
        )
