"""The loss as a PyTorch module, and the layer in front of it.

>>> import torch
>>> from likely import Normal, shared
>>> from likely.torch import Head, NLLLoss
>>> loss = NLLLoss(Normal())
>>> net = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.ReLU(), Head(16, loss))
>>> raw = net(torch.zeros(5, 3))
>>> raw.shape                      # a column for loc and one for log scale
torch.Size([5, 2])
>>> loss(raw, torch.ones(5)).backward()

Which of PyTorch's losses is which, and the constants that those leave out:

===============================  ===============================================================
``torch.nn``                     ``NLLLoss(...)``
===============================  ===============================================================
``MSELoss``                      ``Normal(scale=1.0)``: ½ of it, and ½ log 2π
``L1Loss``                       ``Laplace(scale=1.0)``: and log 2
``GaussianNLLLoss``              ``Normal(variance=predicted("log"))``: and ½ log 2π; variance, not log
``BCEWithLogitsLoss``            ``Bernoulli()``: equal
``CrossEntropyLoss``             ``Categorical()``: equal
``PoissonNLLLoss(full=False)``   ``Poisson()``: and log y!
===============================  ===============================================================
"""

from __future__ import annotations

from typing import Any

try:
    import torch
    from torch import Tensor, nn
except ImportError as error:
    raise ImportError("likely.torch needs PyTorch: pip install 'likely[torch]'") from error

from likely.adapters.torch_arrays import mean_nll
from likely.catalogue import as_family
from likely.recipe import Family, VectorFamily

__all__ = ["Head", "NLLLoss"]

_REDUCTIONS = ("mean", "sum", "none")


class NLLLoss(nn.Module):
    r"""Negative log-likelihood of a family, in nats: :math:`-\log p(y \mid \theta(\mathrm{raw}))`.

    ``loss(raw, target)`` takes raw predictions (…, columns), a column for each entry of ``predicted``; where
    there is one, (…,) will do. ``target`` has shape (…,): numbers, or class codes. ``weight`` (…,) multiplies
    rows; with ``reduction="mean"`` it is a weighted mean, Σwᵢ·nllᵢ/Σwᵢ. ``reduction="sum"`` gives the sum and
    ``"none"`` the rows. The loss is normalised: no constant is dropped, so values compare across families.

    Shared parameters are ``torch.nn.Parameter`` entries of ``shared``, by name, on the raw scale: give
    ``loss.parameters()`` to the optimiser as well. ``start(y)`` sets them to the maximum-likelihood values of
    a model without x, and returns those of the predicted columns, which ``Head`` takes as its bias.

    Values are not checked, because reading them would wait for the device: outside the support the loss is
    undefined. ``validate=True`` checks every target on the host and raises ValueError naming the rows.

    TypeError for what is not a family; ValueError for shapes that do not fit, another reduction, and a
    Categorical without its number of classes where that is needed (``columns``, ``Head``).
    """

    def __init__(
        self,
        family: Family | type[Family] | str,
        reduction: str = "mean",
        *,
        validate: bool = False,
    ) -> None:
        super().__init__()
        if reduction not in _REDUCTIONS:
            raise ValueError(
                f"reduction must be one of {', '.join(_REDUCTIONS)}, got {reduction!r}"
            )
        self.family = as_family(family)
        self.reduction = reduction
        self.validate = validate
        loss = self.family.loss()
        roles = [slot.role for slot in loss.free]
        # Classes without shared parameters may be counted later, in the raw predictions.
        open_ended = isinstance(self.family, VectorFamily) and self.family.size is None
        later = open_ended and "shared" not in roles
        self._roles = () if later else tuple(roles[i] for i in loss.column_slots)
        self.shared = nn.ParameterDict(
            {
                name: nn.Parameter(torch.zeros(()))
                for name, role in zip(() if later else loss.column_names, self._roles, strict=True)
                if role == "shared"
            }
        )
        self._shares = len(self.shared) > 0

    @property
    def predicted(self) -> tuple[str, ...]:
        """The name of each raw column that the network predicts."""
        return tuple(name for name in self._columns() if name not in self.shared)

    def forward(self, raw: Tensor, target: Any, weight: Tensor | None = None) -> Tensor:
        """The loss of raw predictions (…, columns) for targets (…,)."""
        if not isinstance(raw, Tensor):
            raise TypeError(
                f"raw must be a tensor, got {type(raw).__name__}: the order is loss(raw, target)"
            )
        shape = target.shape if isinstance(target, Tensor) else torch.as_tensor(target).shape
        if self.family.specification.tabular:
            support = self.family.specification.support
            if len(support.columns) > 1 and shape[-1:] != (len(support.columns),):
                from likely.losses import check

                check.check_shape(tuple(shape), support)
            shape = shape[:-1]  # a row of y has several columns
        raw = self._complete(raw, shape)
        if self.validate:
            self._validate(target, raw.shape[-1] if raw.ndim > len(shape) else 1)
        if self.reduction == "mean" and weight is None:
            return mean_nll(self.family, target, raw)
        nll: Tensor = self.family.nll(target, raw)
        if weight is not None and weight.shape not in ((), nll.shape):
            raise ValueError(
                f"weight has shape {tuple(weight.shape)}, but the rows have {tuple(nll.shape)}: give one number a row"
            )
        if self.reduction == "mean" and weight is not None:
            return (nll * weight).sum() / weight.expand_as(nll).sum()
        if weight is not None:
            nll = nll * weight
        return nll.sum() if self.reduction == "sum" else nll

    def _complete(self, raw: Tensor, rows: torch.Size) -> Tensor:
        """All raw columns in the family's order: those predicted, and the shared values beside them."""
        if not self._shares:
            return raw
        wanted = len(self._roles) - len(self.shared)
        if raw.shape == rows and wanted == 1:
            raw = raw.unsqueeze(-1)
        if raw.shape != (*rows, wanted):
            raise ValueError(
                f"raw has shape {tuple(raw.shape)}, but the targets {tuple(rows)} need {(*rows, wanted)}: "
                f"a column for each of {', '.join(self.predicted)}; {', '.join(self.shared)} is shared"
            )
        given = iter(raw.unbind(-1))
        columns = [
            self.shared[name].to(raw.dtype).expand(rows) if role == "shared" else next(given)
            for name, role in zip(self._columns(), self._roles, strict=True)
        ]
        return torch.stack(columns, dim=-1)

    @torch.no_grad()
    def start(self, y: Any, sample_weight: Any = None) -> Tensor:
        """Set the shared parameters to the best values without x; return the raw start (columns,) of the others.

        ValueError names the rows of y that are outside the support.
        """
        from likely.losses import check
        from likely.predictors.marginal import start_values

        loss, values = self._read(_on_host(y))
        weights = check.weights(_on_host(sample_weight), values.shape[0])
        rest = []
        for name, value in zip(
            loss.column_names, start_values(loss, values, weights, None, warn=True), strict=True
        ):
            if name in self.shared:
                self.shared[name].fill_(float(value))
            else:
                rest.append(float(value))
        return torch.tensor(rest)

    @torch.no_grad()
    def predict_dist(self, raw: Tensor) -> Any:
        """The ``Predictive`` of raw predictions (n, columns), on the host; classes are 0 … K − 1."""
        import numpy as np

        from likely.inference.construct import predictive

        complete = _on_host(self._complete(raw, raw.shape[:1])).astype(np.float64)
        columns = complete.reshape(complete.shape[0], -1).T
        return predictive(self.family.loss_of(columns.shape[0]), columns)

    def extra_repr(self) -> str:
        """The family and the reduction."""
        return f"{self.family!r}, reduction={self.reduction!r}"

    def _columns(self) -> tuple[str, ...]:
        return tuple(self.family.loss().column_names)

    def _validate(self, target: Any, columns: int) -> None:
        values = _on_host(target)
        self._read(
            values.reshape(-1, values.shape[-1])
            if self.family.specification.tabular
            else values.reshape(-1),
            columns,
        )

    def _read(self, values: Any, columns: int | None = None) -> tuple[Any, Any]:
        """The loss and y; ValueError names rows outside the support.

        The loss has as many classes as so many raw ``columns`` stand for, or as y has; as many dimensions as y has.
        """
        from likely.losses import check

        specification = self.family.specification
        if not isinstance(self.family, VectorFamily):
            name = specification.name
            return self.family.loss(), check.response(values, specification.support, name)
        if self.family.specification.multivariate:
            from likely.predictors.response import observe

            seen = observe(self.family, values)
            return self.family.loss(seen.size), seen.y
        loss = (
            self.family.loss(int(values.max()) + 1)
            if columns is None
            else self.family.loss_of(columns)
        )
        return loss, loss.response(values)


def _on_host(values: Any) -> Any:
    """A NumPy array of a tensor's values; anything else as it is given."""
    import numpy as np

    if isinstance(values, Tensor):
        return values.detach().cpu().numpy()
    return values if values is None else np.asarray(values)


class Head(nn.Linear):
    """The last layer: features (…, in_features) to a raw column for each predicted parameter.

    ``start(y)`` sets its bias, and the loss's shared parameters, to the maximum-likelihood fit without x, and
    its weights to zero: training begins at the best constant, on the scale of y.
    """

    def __init__(self, in_features: int, loss: NLLLoss, bias: bool = True, **factory: Any) -> None:
        if not isinstance(loss, NLLLoss):
            raise TypeError(f"loss must be an NLLLoss, such as NLLLoss(Normal()), got {loss!r}")
        super().__init__(in_features, len(loss.predicted), bias, **factory)
        self._loss = (loss,)  # in a tuple, so that its parameters stay its own

    @torch.no_grad()
    def start(self, y: Any, sample_weight: Any = None) -> None:
        """Begin at the best constant for y; ValueError for a head without bias."""
        if self.bias is None:
            raise ValueError("a head without bias cannot start from the best constant")
        self.bias.copy_(self._loss[0].start(y, sample_weight))
        self.weight.zero_()
