"""Arrays of numbers from what people pass: errors name what it is, where, and what to pass instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

#: What to do about times, which would count days or nanoseconds if taken as numbers.
TIMES = (
    "write them as numbers in a unit of your choice, for instance "
    "(t - t.min()) / np.timedelta64(1, 'D') for days, or as month, weekday and hour"
)

#: The last whole number up to which float64 holds all of them.
_WHOLE = 2**53


def as_array(values: Any, what: str) -> NDArray[Any]:
    """The values as an array in which masked ones are missing.

    ValueError where rows differ in length; TypeError where there are no rows yet, as in a set or a lazy table.
    """
    if np.ma.is_masked(values):
        found = values.data.astype(object)
        found[np.ma.getmaskarray(values)] = None
        return np.asarray(found)
    try:
        array = np.asarray(values)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError(
            f"the rows of {what} differ in length: give as many numbers in each, NaN for missing ones"
        ) from None
    if array.dtype.kind == "O" and array.ndim == 0:
        _refuse_rowless(values, what)
    if array.dtype.names is not None:
        fields = ", ".join(map(repr, array.dtype.names))
        raise TypeError(
            f"{what} is a structured array with the fields {fields}: give one of them, as in "
            f"{what}[{array.dtype.names[0]!r}], or several as columns"
        )
    return array


def _refuse_rowless(values: Any, what: str) -> None:
    """TypeError where the values have no rows in an order that NumPy sees."""
    for method in ("toarray", "collect", "compute"):  # of SciPy, Polars and Dask
        if hasattr(values, method):
            fix = f"{what}.{method}()"
            break
    else:
        if not isinstance(values, Iterable):  # a single number of any kind, or nothing
            return
        fix = "a list or an array of them"
    raise TypeError(
        f"{what} is a {type(values).__name__}, whose rows are not there yet: give {fix}"
    )


def numeric(values: Any, what: str, advice: str = "") -> NDArray[np.float64]:
    """A float64 array of any shape; ValueError, with the advice, where the values are not numbers."""
    if values is None:
        raise ValueError(f"{what} must be numbers, got None{advice}")
    array = as_array(values, what)
    if array.dtype.kind in "mM":
        raise ValueError(f"{what} holds times ({array.dtype}), which are no numbers yet: {TIMES}")
    if (
        array.dtype.kind in "iu"
        and array.size
        and max(-int(array.min()), int(array.max())) > _WHOLE
    ):
        _refuse_large(what)
    if array.dtype.kind in "biuf":
        return array.astype(np.float64, copy=False)
    if array.dtype.kind == "c":
        raise ValueError(f"{what} is complex; Complex data not supported, give real numbers")
    try:
        return array.astype(np.float64)
    except OverflowError:
        _refuse_large(what)
    except (TypeError, ValueError):
        cell = next((v for v in array.ravel().tolist() if not is_number(v)), None)
        raise ValueError(f"{what} must be numbers, got {cell!r}{advice}") from None


def _refuse_large(what: str) -> NoReturn:
    raise ValueError(
        f"{what} has integers beyond 2⁵³, which float64 cannot hold exactly; rescale it"
    ) from None


def is_number(value: Any) -> bool:
    """Whether the value of any type is a number, or text that is read as one."""
    try:
        float(value)
    except OverflowError:  # an integer beyond float64
        return True
    except (TypeError, ValueError):
        return False
    return True
