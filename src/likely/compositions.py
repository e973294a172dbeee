"""Families of compositions: shares of a whole, or counts of several kinds.

Each is a :class:`~likely.recipe.Family` of K parts, given by their number or their names. The formulas come from
``likely.families.compositions``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, cached_property
from importlib import import_module
from numbers import Integral
from typing import TYPE_CHECKING, Any

from likely.families.base import Specification, remember
from likely.recipe import Family, Role, rebuild

if TYPE_CHECKING:
    from likely.report.explanation import Explanation


class CompositionFamily(Family):
    """A family over rows of K numbers, one a part, whose expected shares are predicted by K − 1 log ratios."""

    def __init__(self, parts: int | Sequence[str] | None = None, **roles: Role | float) -> None:
        #: What the parts are called; None while they are to be learned from y.
        self.parts = None if parts is None else _names(parts, type(self).__name__)
        self.specification = type(self)._specification(self.parts)
        super().__init__(**roles)
        if self.parts is not None:
            self.loss()  # a role that the loss cannot have is an error here

    @classmethod
    @cache
    def _specification(cls, parts: tuple[str, ...] | None) -> Specification:
        module = import_module(f"likely.families.compositions.{cls.__name__.lower()}")
        found: Specification = module.specification(parts or _numbered(2), cls.__doc__ or "")
        # Whatever the parts, there are several, and they have this family's own parameters.
        if parts is not None:
            return found
        return remember(replace(found, name=cls.__name__), cls._specification, None)

    @property
    def _given(self) -> int | list[str] | None:
        """The parts as they were given: their number, their names, or None."""
        if self.parts is None:
            return None
        k = len(self.parts)
        return k if self.parts == _numbered(k) else list(self.parts)

    def of(self, parts: int | Sequence[str]) -> CompositionFamily:
        """The family of these parts with the same roles."""
        return type(self)(parts, **self._roles)

    def learned(self, y: Any) -> Family:
        """The family of the parts that the columns of y are, named by a table that names them."""
        if self.parts is not None:
            return self
        from likely.losses.check import as_array

        shape = y.shape if hasattr(y, "shape") else as_array(y, "y").shape
        if len(shape) != 2 or shape[1] < 2:
            raise ValueError(
                f"y must have shape (n, parts) for {type(self).__name__}, with at least 2 columns; got "
                f"shape {shape}"
            )
        names = [str(name) for name in getattr(y, "columns", ())]
        fit = len(set(names)) == shape[1] and all(name.isidentifier() for name in names)
        return self.of(names if fit else shape[1])

    @cached_property
    def _loss(self) -> Any:
        from likely.losses.compositions import CompositionLoss

        return CompositionLoss.of(self.specification, self._slots)

    def loss(self, size: int | None = None, labels: Any = None) -> Any:
        """The composed loss; ValueError while the parts are not known."""
        if self.parts is None:
            name = type(self).__name__
            raise ValueError(
                f"the number of parts is not known yet: give it, {name}(3), or their names, or fit to y first"
            )
        return super().loss()

    def loss_of(self, columns: int) -> Any:
        """The loss over so many raw columns."""
        if self.parts is not None:
            return self.loss()
        # As many as there are ratios, beside the precision where that is free.
        own = sum(slot.role != "fixed" for slot in self._slots[1:])
        return self.of(columns - own + 1).loss()

    def at(self, **parameters: Any) -> Any:
        """The distribution at these parameters; ``mean``, the K shares or (n, K), may take the place of log ratios.

        ValueError where the shares are not above 0 with sum 1.
        """
        if "mean" not in parameters:
            return super().at(**parameters)
        import numpy as np

        from likely.losses import check

        mean = check.numeric(parameters.pop("mean"), "mean")
        if self.parts is None:
            return self.of(mean.shape[-1] if mean.ndim else 0).at(mean=mean, **parameters)
        k = len(self.parts)
        if mean.ndim not in (1, 2) or mean.shape[-1] != k:
            raise ValueError(f"mean must have shape ({k},) or (n, {k}), got {mean.shape}")
        if not ((mean > 0.0).all() and np.allclose(mean.sum(axis=-1), 1.0, rtol=0.0, atol=1e-9)):
            raise ValueError(f"mean must be {k} shares above 0 that sum to 1, got {mean.tolist()}")
        logs = np.log(mean)
        ratios = np.moveaxis(logs[..., :-1] - logs[..., -1:], -1, 0)
        return super().at(**dict(zip(self.ratios, ratios, strict=True)), **parameters)

    @property
    def ratios(self) -> tuple[str, ...]:
        """The names of the log ratios: of every part but the last, to the last."""
        from likely.families.compositions.base import RATIO

        return tuple(RATIO + name for name in (self.parts or ())[:-1])

    def explain(self) -> Explanation:
        """The recipe for this family step by step."""
        from likely.report.compositions import STORIES
        from likely.report.vectors import told

        loss = (self if self.parts is not None else self.of(2)).loss()
        return told(STORIES[type(self).__name__](loss), loss, repr(self))

    def __repr__(self) -> str:
        given = [] if self.parts is None else [repr(self._given)]
        given += [f"{name}={role!r}" for name, role in self._roles.items()]
        return f"{type(self).__name__}({', '.join(given)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild, (type(self), self._given, self._roles)


def _numbered(k: int) -> tuple[str, ...]:
    return tuple(f"y{j}" for j in range(k))


def _names(parts: Any, family: str) -> tuple[str, ...]:
    """What the parts are called; ValueError or TypeError where they are no number and no names."""
    if isinstance(parts, Integral) and not isinstance(parts, bool):
        if parts < 2:
            raise ValueError(f"{family} takes at least two parts, got {parts}")
        return _numbered(int(parts))
    if isinstance(parts, str) or not isinstance(parts, Sequence):
        raise TypeError(
            f"{family} takes the number of parts, {family}(3), or their names, "
            f'{family}(["sand", "silt", "clay"]); got {parts!r}'
        )
    names = tuple(parts)
    fit = all(isinstance(name, str) and name.isidentifier() for name in names)
    if len(names) < 2 or len(set(names)) != len(names) or not fit:
        raise ValueError(
            "the names of the parts must be at least two, different, and fit to end a parameter's name; "
            f"got {list(names)}"
        )
    return names


class Dirichlet(CompositionFamily):
    r"""Shares of a whole, all above 0: time budgets, soil textures, vote shares.

    .. math:: p(y) = \frac{\Gamma(\kappa)}{\prod_j \Gamma(\kappa \mu_j)} \prod_j y_j^{\kappa \mu_j - 1}

    y (n, K) has the shares of K parts, which sum to 1. ``Dirichlet()`` learns the parts from the columns of y;
    ``Dirichlet(3)`` and ``Dirichlet(["sand", "silt", "clay"])`` are given them.
    The expected shares μ are predicted by the logarithms of their ratios to the last part, ``log_ratio_sand`` and so
    on; precision κ is one number for all rows, or ``precision=predicted``. Variance μⱼ(1 − μⱼ)/(1 + κ); ``marginal``
    of a part is Beta. The mode is on the edge where a κμⱼ ≤ 1. Exact zeros are outside the support. With two parts it
    is Beta.

    ValueError: rows that do not sum to 1 (within 1e-9, for rounding), or with a share that is not above 0.

    >>> from likely import Dirichlet
    >>> soil = Dirichlet(["sand", "silt", "clay"])
    >>> soil.parameters
    ('log_ratio_sand', 'log_ratio_silt', 'precision')
    >>> d = soil.at(mean=[0.5, 0.3, 0.2], precision=10.0)
    >>> d.mean().round(6), d.mode().round(6)
    (array([0.5, 0.3, 0.2]), array([0.571429, 0.285714, 0.142857]))
    >>> round(float(d.marginal("clay").quantile(0.9)), 4)
    0.3684

    Source: Maier, DirichletReg: Dirichlet regression for compositional data in R (2014).
    """


class Multinomial(CompositionFamily):
    r"""Counts of several kinds among independent trials: votes, species, answers.

    .. math:: p(y) = \frac{n!}{\prod_j y_j!} \prod_j \mu_j^{y_j}

    y (n, K) has the counts of K kinds; their sum, the number of trials, is known and may differ from row to row.
    ``Multinomial()`` learns the kinds from the columns of y; ``Multinomial(3)`` and
    ``Multinomial(["red", "green", "blue"])`` are given them. The shares μ are predicted by the logarithms of
    their ratios to the last kind. A new row brings no number of trials: its prediction is the distribution of a single
    one, whose mean is μ; ``predict_dist(X, trials=...)`` gives that of so many. With two kinds it is Binomial, with
    one trial a row Categorical. Rows of zeros alone, of no trials, are certain and say nothing: their loss is 0.

    ValueError: counts that are not whole numbers ≥ 0, and y of zeros alone.

    >>> from likely import Multinomial
    >>> d = Multinomial(3).at(mean=[0.5, 0.3, 0.2])
    >>> round(float(d.prob([2, 1, 1])), 6)
    0.18
    >>> fitted = Multinomial(["red", "blue"]).fit([[3, 1], [2, 2], [1, 3]])
    >>> fitted.mean().round(6)
    array([0.5, 0.5])

    Source: Agresti, Categorical Data Analysis (2013), chapter 1.
    """


class DirichletMultinomial(CompositionFamily):
    r"""Counts of several kinds whose shares vary from row to row: Multinomial with overdispersion.

    .. math:: p(y) = \frac{n!\, \Gamma(\kappa)}{\Gamma(\kappa + n)}
              \prod_j \frac{\Gamma(\kappa \mu_j + y_j)}{\Gamma(\kappa \mu_j)\, y_j!}

    y (n, K) as for ``Multinomial``; of each row the shares are a draw from a Dirichlet with mean μ and precision κ.
    Variance nμⱼ(1 − μⱼ)(n + κ)/(1 + κ). As κ → ∞ it is the Multinomial: a fit to counts without overdispersion
    has no maximum, and says so. A prediction is the distribution of a single trial; ``predict_dist(X, trials=...)``
    gives that of so many.

    ValueError: counts that are not whole numbers ≥ 0, and y of zeros alone.

    >>> from likely import DirichletMultinomial
    >>> d = DirichletMultinomial(3).at(mean=[0.5, 0.3, 0.2], precision=4.0)
    >>> round(float(d.prob([2, 1, 1])), 6)
    0.082286

    Source: Mosimann, On the compound multinomial distribution, Biometrika 49 (1962), 65-82.
    """


#: The families of compositions by name.
COMPOSITIONS: dict[str, type[CompositionFamily]] = {
    cls.__name__: cls for cls in (Dirichlet, Multinomial, DirichletMultinomial)
}
