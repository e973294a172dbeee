"""What belongs to the rows of y and travels with them: weights, offsets, exposure, and class labels."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.domains import LABELLED
from likely.losses import check

Array = NDArray[np.float64]


def by_parameter(loss: Any, rows: Array) -> dict[str, Any]:
    """Rows, one a raw column, by parameter: several where it owns several raw columns."""
    names = [slot.parameter for slot in loss.free]
    indexed = getattr(loss, "indexed", (None,) * len(names))
    slots = np.array(loss.column_slots, dtype=np.intp)
    return {
        name: rows[slots == i][0] if indexed[i] is None else rows[slots == i]
        for i, name in enumerate(names)
    }


@dataclass(frozen=True)
class Observed:
    """y as a loss takes it, (n,) or (n, d); the size that a vector family learned; labels of classes."""

    y: Array
    size: int | None = None
    labels: NDArray[Any] | None = None


def observe(family: Any, y: Any, labels: NDArray[Any] | None = None) -> Observed:
    """Read y for a family; ValueError names the rows that are not in its support.

    ``labels`` are those of an earlier fit: then y must hold no others.
    """
    specification = family.specification
    name = specification.name
    if labels is not None:
        return Observed(known_codes(y, labels), labels.size, labels)
    if specification.support.name in LABELLED:
        if specification.support.name == "ordered_classes":
            found, codes = encode_ordered(y, family)
        else:
            found, codes = encode_labels(y, name, getattr(family, "size", None))
        return Observed(codes, found.size, found)
    if specification.vector is None:
        known, table = check.names_of(specification.support), y
        y = check.as_array(y, "y")
        check.refuse_order(table, known)
        if len(specification.support.columns) == 1:
            y = _one_column(y)
        return Observed(check.response(y, specification.support, name))
    from likely.losses.vector import vector_loss

    given, size = check.as_array(y, "y"), family.size
    if size is None:
        if given.ndim != 2 or given.shape[1] < 2:
            raise ValueError(
                f"y must have shape (n, {specification.vector}) for {name}, with at least 2 columns; got "
                f"shape {given.shape}"
            )
        size = vector_loss(specification).size_of_y(given.shape[1])
    values: Array = family.loss(size).response(given)
    return Observed(values, size)


def _one_column(y: NDArray[Any]) -> NDArray[Any]:
    """y (n,), also of one column, about which scikit-learn warns; ValueError where it has another shape."""
    from sklearn.utils.validation import column_or_1d

    check.refuse_columns(y.shape)
    if y.ndim != 1 and y.shape[1:] != (1,):
        raise ValueError(f"y must have one value a row, shape (n,); got shape {y.shape}")
    found: NDArray[Any] = column_or_1d(y, warn=True) if y.ndim == 2 else y
    return found


def offsets(loss: Any, n: int, offset: Any, exposure: Any) -> Array | None:
    """Offsets on the raw scale, (k, n); None where nothing was given.

    ``offset`` is (n,) for the first parameter, (n, k), a data frame with a column per parameter, or a
    dict of arrays by parameter; ``exposure`` adds log(exposure) to the raw mean and needs its log link.
    """
    if offset is None and exposure is None:
        return None
    if loss.columns == 0:
        raise ValueError(
            "offset and exposure move raw predictions, but every parameter of this family is fixed"
        )
    total = np.zeros((loss.columns, n))
    if offset is not None:
        for column, values in _named(loss, offset):
            total[column] += _rows(values, n, "offset")
    if exposure is not None:
        total[_exposed(loss)] += np.log(_positive(_rows(exposure, n, "exposure")))
    return total


def _named(loss: Any, offset: Any) -> list[tuple[int, Any]]:
    names = list(loss.column_names)
    if isinstance(offset, dict) or (hasattr(offset, "columns") and hasattr(offset, "__getitem__")):
        keys = list(offset) if isinstance(offset, dict) else list(offset.columns)
        unknown = [key for key in keys if key not in names]
        if unknown:
            raise ValueError(
                f"offset names {unknown[0]!r}, but the raw columns are {', '.join(names)}"
            )
        return [(names.index(key), np.asarray(offset[key])) for key in keys]
    array = np.asarray(offset)
    if array.ndim == 2:
        if array.shape[1] != len(names):
            raise ValueError(
                f"offset has {array.shape[1]} columns, but there are {len(names)} raw columns: "
                f"{', '.join(names)}"
            )
        return list(enumerate(array.T))
    return [(0, array)]


def _rows(values: Any, n: int, what: str) -> Array:
    array = check.numeric(values, what)
    if array.ndim == 0:
        array = np.full(n, float(array))
    if array.shape != (n,):
        raise ValueError(f"{what} has shape {array.shape}, but there are {n} rows")
    bad = ~np.isfinite(array)
    if bad.any():
        raise ValueError(f"{what} must be finite; it is not in {check.rows_and_values(bad, array)}")
    return array


def _positive(exposure: Array) -> Array:
    bad = exposure <= 0
    if bad.any():
        raise ValueError(
            f"exposure must be > 0; it is not in {check.rows_and_values(bad, exposure)}"
        )
    return exposure


def _exposed(loss: Any) -> int:
    for j, slot in enumerate(loss.free):
        if slot.parameter == "mean":
            if slot.link.name == "log":
                return j
            raise ValueError(
                f"exposure multiplies the mean, so it needs the log link; {loss.specification.name}'s "
                f"mean has the {slot.link.name} link"
            )
    raise ValueError(
        f"exposure multiplies the mean of a family such as Poisson; {loss.specification.name} has "
        "no predicted mean. Use offset instead"
    )


def are_codes(y: Any) -> bool:
    """Whether y are numbers that can only be meant as 0 and 1 themselves, not as labels."""
    values = check.as_array(y, "y")
    if values.dtype.kind not in "biuf":
        return False
    return bool(np.isin(values, (0, 1)).all() or (values != np.floor(values)).any())


def encode_labels(y: Any, name: str, given: int | None) -> tuple[NDArray[Any], Array]:
    """Sorted classes and the code of each row; ValueError where y cannot be classes.

    ``given`` is the family's own K: then y must be 0, …, K − 1, and classes unseen in y exist too.
    """
    y = _one_column(check.as_array(y, "y"))
    if y.size == 0:
        raise ValueError("y is empty: there is nothing to learn from")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        bad = ~np.isfinite(y)
        word = "NaN" if np.isnan(y).any() else "infinity"
        raise ValueError(
            f"Input y contains {word}: {check.rows_and_values(bad, y)}. Drop those rows first"
        )
    missing = check.missing(y)
    if missing.any():
        raise ValueError(
            f"y has missing labels in {check.rows_and_values(missing, y)}. Drop those rows first"
        )
    if y.dtype.kind in "Oc":
        _refuse_mixed(y)
        y = _numbers_if_all(y)
    if y.dtype.kind not in "biufUOmM" or (y.dtype.kind == "O" and not isinstance(y[0], str)):
        raise ValueError(
            f"y has labels of type {type(y[0]).__name__}, such as {check.shown(y[0])} in row 0, but labels are "
            "numbers, booleans or text: write them as text, for instance with y.astype(str)"
        )
    if y.dtype.kind == "f":
        _refuse_measured(y, name)
    classes, codes = np.unique(y, return_inverse=True)
    if given is not None:
        outside = ~np.isin(y, np.arange(given))
        if outside.any():
            raise ValueError(
                f"y must be a class 0, …, {given - 1} of {name}({given}); it is not in "
                f"{check.rows_and_values(outside, y)}. {name}() without a number learns the labels from y"
            )
        return np.arange(given), y.astype(np.float64)
    if classes.size < 2:
        raise ValueError(
            f"y has only one class, {check.shown(classes[0])}: {name} needs at least 2 classes to learn from"
        )
    if name == "Bernoulli" and classes.size > 2:
        raise ValueError(
            f"y has {classes.size} classes, but Bernoulli is for two. Only binary classification is "
            "supported. Use Categorical() for more"
        )
    return classes, codes.astype(np.float64)


def _refuse_measured(y: NDArray[Any], name: str) -> None:
    """ValueError where labels that are floating-point numbers are not whole ones."""
    fractions, large = y != np.floor(y), np.abs(y) > 2.0**53
    if fractions.any() or large.any():
        what, bad = ("no whole number", fractions) if fractions.any() else ("beyond 2⁵³", large)
        raise ValueError(
            f"Unknown label type: continuous: y is {what} in {check.rows_and_values(bad, y)}. {name} is "
            "for labels; numbers that are measured go to a family such as Normal, proportions to Beta"
        )


def _refuse_mixed(y: NDArray[Any]) -> None:
    """ValueError where some labels are text and others are not: they have no order in common."""
    text = np.array([isinstance(label, str) for label in y.tolist()])
    if text.any() and not text.all():
        some, other = int(np.argmax(text)), int(np.argmin(text))
        raise ValueError(
            f"y mixes text and other labels, such as {y[some]!r} in row {some} and {y[other]!r} in row {other}: "
            "write all of them as text, for instance with y.astype(str)"
        )


def _numbers_if_all(y: NDArray[Any]) -> NDArray[Any]:
    """Labels of any type as numbers where all of them are: of decimals, fractions and Python's own."""
    if not all(isinstance(label, (Number, np.bool_)) for label in y):
        return y
    found = np.array(y.tolist())
    return found if found.dtype.kind in "biuf" else check.numeric(y, "y")


def encode_ordered(y: Any, family: Any) -> tuple[NDArray[Any], Array]:
    """Classes in their order and the code of each row; ValueError where y does not say the order."""
    name, given = family.specification.name, family.labels
    if given is not None:
        labels = np.array(given)
        return labels, known_codes(y, labels)
    dtype = getattr(y, "dtype", None)
    categories = getattr(dtype, "categories", None)
    # Of Polars' two, the categories of an Enum are in the order given.
    in_order = getattr(dtype, "ordered", type(dtype).__name__ == "Enum")
    classes, codes = encode_labels(y, name, family.size)
    if family.size is None and categories is not None and in_order:
        order = np.array([c for c in categories if c in set(classes.tolist())], dtype=classes.dtype)
        return order, known_codes(y, order)
    if classes.dtype.kind in "biuf" or classes.size == 2:  # of two, either may come first
        return classes, codes
    shown = ", ".join(check.shown(label) for label in classes[:5].tolist())
    raise ValueError(
        f"y holds the labels {shown}, which do not say their order: give it, lowest first, as in "
        f'{name}(["low", "mid", "high"]), or make y an ordered pandas Categorical, a Polars Enum or numbers'
    )


def known_codes(y: Any, classes: NDArray[Any]) -> Array:
    """The codes of labels that ``fit`` has seen; ValueError names those that it has not."""
    y = check.as_array(y, "y")
    unknown = ~np.isin(y, classes)
    if unknown.any():
        raise ValueError(
            f"y has labels that are not among the classes {', '.join(map(str, classes))}: "
            f"{check.rows_and_values(unknown, y)}"
        )
    order = np.argsort(classes, kind="stable")
    codes: Array = order[np.searchsorted(classes, y, sorter=order)].astype(np.float64)
    return codes
