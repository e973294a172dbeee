"""Categorical, whose coefficients are symmetric or relative to a reference class.

The formula comes from ``likely.families.categorical``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from likely.families.registry import lookup
from likely.recipe import Role, VectorFamily

if TYPE_CHECKING:
    from likely.report.explanation import Explanation


class Categorical(VectorFamily):
    """K classes; ``reference`` is the label of one of them, or its position where labels are not numbers."""

    specification = lookup("Categorical")
    __doc__ = specification.doc

    def __init__(self, size: Any = None, *, reference: Any = None, **roles: Role | float) -> None:
        self.reference = getattr(reference, "item", lambda: reference)()
        super().__init__(size, **roles)

    def _key(self) -> tuple[Any, ...]:
        return (*super()._key(), self.reference)

    def _more(self) -> dict[str, Any]:
        return {} if self.reference is None else {"reference": self.reference}

    def loss(self, size: int | None = None, labels: Any = None) -> Any:
        """The loss over all raw columns; ``labels`` say which code the reference class has."""
        if self.reference is None:
            return super().loss(size)
        from likely.losses.reference import ReferenceLoss

        known = self.size if self.size is not None else size
        return ReferenceLoss(self.specification, known, self._slots, self.reference, labels)

    def explain(self) -> Explanation:
        """The recipe for this family step by step."""
        from likely.report.explain import explain

        return explain(self.loss(), repr(self))

    def loss_of(self, columns: int) -> Any:
        """The loss over so many raw columns."""
        known = self.size is not None or self.reference is None
        return super().loss_of(columns) if known else self.loss(columns + 1)

    def sized(self, loss: Any) -> VectorFamily:
        """The family with the number of classes, and the code of the reference, of a fit's loss."""
        if self.reference is None or self.size is not None:
            return super().sized(loss)
        return type(self)(loss.size, reference=loss.reference, **self._roles)


#: The families over classes that are more than their formula.
CLASSES: dict[str, type[VectorFamily]] = {"Categorical": Categorical}
