"""The whole recipe on one page; read this first.

1. Choose a distribution p(y | θ):       ``family = Normal()``              (families/)
2. Predict its parameters, θ = f(x, φ):  raw columns through links          (links/)
3. Train: φ̂ = argmin −Σ log p:           ``family.nll(y, raw)``             (losses/, fitting/)
4. Infer: the distribution, or its top:  ``family.at(...)``, ``.mode()``    (inference/)

A :class:`Family` is a specification (one formula) with a role and a link for each parameter. This is the one
module that composes all floors; its methods load a floor when they are called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Any

from likely._math.domains import LABELLED
from likely.families.base import Parameter, Specification, remember, specify
from likely.families.definition import check_definition
from likely.links import default_link, find_link

if TYPE_CHECKING:
    from likely.inference.predictive import Predictive
    from likely.report.explanation import Explanation


@dataclass(frozen=True)
class Role:
    """Where a parameter's value comes from: ``predicted`` from x, or ``shared`` by all rows.

    Calling one chooses the link: ``predicted("softplus")``.
    """

    kind: str
    link: str | None = None

    def __call__(self, link: str) -> Role:
        """The same role with another link."""
        return Role(self.kind, link)

    def __repr__(self) -> str:
        return self.kind if self.link is None else f"{self.kind}({self.link!r})"


#: The parameter has its own prediction for every row.
predicted = Role("predicted")
#: The parameter is one learned value, the same for all rows.
shared = Role("shared")


class Family:
    """A distribution for y, with a role and a link for each of its parameters.

    Subclass it to write your own: parameters, support, and one ``log_density`` in the functions of
    ``likely.math``.

    >>> from likely import Family, Parameter, positive, real
    >>> from likely.math import exp
    >>> class Gumbel(Family):
    ...     support = real
    ...     loc = Parameter(real)
    ...     scale = Parameter(positive)
    ...     def log_density(y, loc, scale):
    ...         z = (y - loc) / scale
    ...         return -z - exp(-z) - scale.log
    >>> Gumbel().parameters
    ('loc', 'scale')

    Families are immutable values: equal if they mean the same, hashable, and their ``repr`` evaluates
    back. Keyword arguments give a parameter's role: ``predicted`` or ``shared``, either with another link
    in brackets, or a number that fixes it.
    """

    #: Of the class, but for families that are made of others: those have one each.
    specification: Specification

    def __init_subclass__(cls) -> None:
        if hasattr(cls, "log_density"):
            found = replace(specify(cls), own=True)
            cls.specification = remember(found, getattr, cls, "specification")
            check_definition(cls.specification, dir(Family))

    def __init__(self, *unnamed: Any, **roles: Role | float) -> None:
        if not hasattr(self, "specification"):
            raise TypeError(
                "Family is a base class: subclass it with a log_density"
                if type(self) is Family
                else _without_formula(type(self))
            )
        if unnamed:
            first = next(iter(self.specification.parameters))
            raise TypeError(
                f"{self.specification.name} takes no positional arguments: give parameters by name, such as "
                f"{self.specification.name}({first}={unnamed[0]!r})"
            )
        # An unknown name or link is an error here, not later.
        slots = tuple(_slots(self.specification, dict(roles)))
        # NumPy's numbers are kept as Python's, as which they are written.
        self._roles = {n: r.item() if hasattr(r, "item") else r for n, r in roles.items()}
        self._slots = slots

    # --- A value: equality, hash, repr, copies ----------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if "_slots" in vars(self):  # set last of all
            raise AttributeError(
                f"{self!r} is a value and does not change: make another, such as "
                f"{type(self).__name__}({name}={value!r})"
            )
        super().__setattr__(name, value)

    def _key(self) -> tuple[Any, ...]:
        return (self.specification, self._slots)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Family) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={role!r}" for name, role in self._roles.items())
        return f"{self.specification.name}({given})"

    def __copy__(self) -> Family:
        return self

    def __deepcopy__(self, memo: Any) -> Family:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self._roles)

    # --- Steps 1 and 2: the distribution and its parameters ---------------------------------------

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that are not fixed, in raw-column order."""
        return tuple(dict.fromkeys(slot.parameter for slot in self.loss().free))

    @property
    def raw_columns(self) -> tuple[str, ...]:
        """The name of each raw column."""
        return self.loss().column_names

    @cached_property
    def _loss(self) -> Any:
        from likely.losses.nll import NegativeLogLikelihood

        return NegativeLogLikelihood.of(self.specification, self._slots)

    def loss(self, size: int | None = None, labels: Any = None) -> Any:
        """The composed loss that kernels, fits and predictions share.

        ``size`` is for families over classes or several dimensions, which learn it from y, and ``labels`` are what
        y calls those classes.
        """
        return self._loss

    def loss_of(self, columns: int) -> Any:
        """The loss over so many raw columns, for families that do not know their number."""
        return self.loss()

    def learned(self, y: Any) -> Family:
        """The family with what y alone says of its form, such as the parts of a composition: as a rule, itself."""
        return self

    # --- Step 3: the loss -------------------------------------------------------------------------

    def nll(self, y: Any, raw: Any) -> Any:
        """−log p(y | raw) per row, in nats; normalised, no constant dropped.

        y has shape (n,), raw (n, k) with one column per entry of ``raw_columns``; (n,) will do for one.
        NumPy, PyTorch or JAX arrays in, the same kind out, differentiable there. NumPy input is checked:
        ValueError names the rows where y is outside the support. PyTorch and JAX input is not (that would
        stop a compiled graph); outside the support the loss is then undefined.
        """
        from likely.adapters.arrays import nll

        return nll(self, y, raw)

    def nll_and_gradient(self, y: Any, raw: Any) -> tuple[Any, Any]:
        """Per-row nll (n,) and its gradient in raw (n, k), in one pass."""
        from likely.adapters.arrays import nll_and_gradient

        return nll_and_gradient(self, y, raw)

    def curvature(self, y: Any, raw: Any, kind: str = "expected") -> Any:
        """The second derivatives of nll in raw, (n, k, k); NumPy, PyTorch or JAX arrays, as for ``nll``.

        ``kind="observed"`` is the Hessian at y, ``"expected"`` the Fisher information, its mean over
        y ~ p(y | raw): positive semi-definite. Where part of the data is unseen, as the component of a
        ``Mixture``, that mean has no closed form; ``"complete"`` is the Fisher information of what would be seen
        without it, as expected given y: positive semi-definite, and on average at least the expected one.
        ValueError where the family does not have the kind; NotImplementedError where a family that is a loss of
        its own, such as ``Ordinal``, has the expected one for NumPy arrays only.
        """
        from likely.adapters.arrays import curvature

        return curvature(self, y, raw, kind)

    def fit(self, y: Any, sample_weight: Any = None) -> Predictive:
        """Density estimation: the maximum-likelihood distribution of y, without any x.

        Returns a ``Predictive`` of shape () with ``.parameters``. ValueError where the likelihood is
        unbounded, such as the Normal's for a constant y.
        """
        from likely.predictors.marginal import fit_density

        return fit_density(self, y, sample_weight)

    # --- Step 4: inference ------------------------------------------------------------------------

    def at(self, *unnamed: Any, **parameters: Any) -> Predictive:
        """The distribution at given parameters: numbers, or arrays (n,) for n distributions.

        >>> from likely import Normal
        >>> round(float(Normal().at(loc=0.0, scale=1.0).prob(0.0)), 4)
        0.3989
        """
        from likely.inference.construct import at

        if unnamed:
            names = ", ".join(f"{name}=…" for name in self.parameters)
            raise TypeError(
                f"parameters are given by name, {self!r}.at({names}); got {unnamed[0]!r} without one"
            )
        return at(self, parameters)

    def explain(self) -> Explanation:
        """The recipe for this family step by step, derived from its formula.

        ``print`` it for text; ``.latex`` for documents.
        """
        from likely.report.explain import explain

        return explain(self.loss())


def _without_formula(cls: type[Family]) -> str:
    """What to say of a family whose class has no log_density."""
    members = {k: v for base in reversed(cls.__mro__[:-2]) for k, v in vars(base).items()}
    declared = [k for k, v in members.items() if isinstance(v, Parameter)] or ["loc", "scale"]
    near = get_close_matches("log_density", [k for k, v in members.items() if callable(v)], n=1)
    hint = f". Is {near[0]} meant to be it?" if near else ""
    return (
        f"{cls.__name__} has no log_density: write its formula, "
        f"def log_density({', '.join(['y', *declared])}): return ...{hint}"
    )


def _rebuild(cls: type[Family], roles: Mapping[str, Any]) -> Family:
    return cls(**roles)


def _slots(specification: Specification, roles: Mapping[str, Role | float]) -> list[Any]:
    """One slot per parameter of the specification; errors name what does not fit."""
    from likely.losses.composed import Slot

    name = specification.name
    known = [*specification.parameters, *specification.alternatives]
    filled: dict[str, str] = {}
    for given in roles:
        if given not in known:
            raise TypeError(
                f"{name} has no parameter {given!r}; its parameters are {', '.join(known)}"
            )
        of = specification.alternatives[given].of if given in specification.alternatives else given
        if of in filled:
            raise TypeError(
                f"{name}: {filled[of]} and {given} fill the same slot; give one of them"
            )
        filled[of] = given
    slots = []
    for of, parameter in specification.parameters.items():
        public = filled.get(of, of)
        domain = (specification.alternatives.get(public) or parameter).domain
        usual = shared if parameter.shared else predicted
        role = roles.get(public, usual if parameter.fixed is None else parameter.fixed)
        if isinstance(role, Role):
            link = (
                default_link(domain)
                if role.link is None
                else find_link(role.link, domain, f"{name}'s {public}")
            )
            slots.append(Slot(public, of, role.kind, link))
        else:
            slots.append(
                Slot(public, of, "fixed", value=_fixed(role, domain, f"{name}'s {public}"))
            )
    return slots


def _fixed(value: Any, domain: Any, what: str) -> float:
    import numpy as np

    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(
            f"{what} must be predicted, shared or a number, got {value!r}; "
            'choose a link with predicted("softplus")'
        ) from None
    if not (np.isfinite(number) and domain.contains(np.asarray(number))):
        raise ValueError(f"{what} must be {domain.words}, got {value!r}")
    return number


class VectorFamily(Family):
    """A family over K classes, d dimensions …: it learns the number from y, or is given it.

    Classes in order may be given as their labels, ``Ordinal(["low", "mid", "high"])``.
    """

    def __init__(self, size: Any = None, **roles: Role | float) -> None:
        word = self.specification.vector
        assert word is not None
        if size is None:
            size = roles.pop(word, None)
        self.labels = _labels(self.specification, size)
        size = len(self.labels) if self.labels is not None else size
        if size is not None and (
            not isinstance(size, Integral) or isinstance(size, bool) or size < 2
        ):
            raise ValueError(f"{word} must be a whole number of at least 2, got {size!r}")
        self.size = None if size is None else int(size)
        for name, role in roles.items():
            if name in self.specification.parameters and not isinstance(role, Role):
                raise TypeError(
                    f"{self.specification.name}'s {name} must be predicted or shared, got {role!r}"
                )
        super().__init__(**roles)
        self.loss()  # a role that the loss cannot have is an error here

    def _key(self) -> tuple[Any, ...]:
        return (*super()._key(), self.size, self.labels)

    @property
    def _first(self) -> Any:
        return self.size if self.labels is None else list(self.labels)

    def __repr__(self) -> str:
        given = [] if self._first is None else [repr(self._first)]
        given += [f"{name}={value!r}" for name, value in {**self._more(), **self._roles}.items()]
        return f"{self.specification.name}({', '.join(given)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild, (type(self), self._first, {**self._more(), **self._roles})

    def _more(self) -> dict[str, Any]:
        """Keyword arguments that are not the role of a parameter."""
        return {}

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that are not fixed."""
        return tuple(self.specification.parameters)

    def loss(self, size: int | None = None, labels: Any = None) -> Any:
        """The loss over all raw columns; the family's own size counts where it was given."""
        from likely.losses.vector import vector_loss

        known = self.size if self.size is not None else size
        return vector_loss(self.specification)(self.specification, known, self._slots)

    def loss_of(self, columns: int) -> Any:
        """The loss over so many raw columns."""
        if self.size is not None:
            return self.loss()
        from likely.losses.vector import vector_loss

        return self.loss(vector_loss(self.specification).size_of(columns))

    def sized(self, loss: Any) -> VectorFamily:
        """The family with the number of classes or dimensions that a fit's loss has."""
        return self if self.size is not None else type(self)(loss.size, **self._roles)


def rebuild(cls: Any, first: Any, roles: Mapping[str, Any]) -> Family:
    """A family from its first argument and its roles, for pickle."""
    made: Family = cls(first, **roles)
    return made


def _labels(specification: Specification, size: Any) -> tuple[Any, ...] | None:
    """The labels of classes in order, where they were given instead of a number."""
    if size is None or isinstance(size, (Integral, float, str)):
        return None
    if specification.support.name != "ordered_classes":
        learned = "; labels are learned from y" if specification.support.name in LABELLED else ""
        raise TypeError(
            f"{specification.name} takes a number of {specification.vector}, got {size!r}{learned}"
        )
    labels = tuple(getattr(label, "item", lambda label=label: label)() for label in size)
    if len(set(labels)) != len(labels):
        raise ValueError(f"the classes of {specification.name} must differ, got {list(labels)}")
    return labels
