"""Labels of classes: what the user calls them, and their codes 0, …, K − 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def codes_of(y: Any, labels: NDArray[Any]) -> NDArray[np.float64]:
    """The position of each value of y in ``labels``; −1 for one that is not among them.

    ValueError names the rows that are missing, or says that y is of another kind than the labels.
    """
    values = np.asarray(y)
    missing = np.array([v is None or v != v for v in values.ravel()]) if values.dtype.kind in "fcO" \
        else np.zeros(values.size, dtype=bool)  # fmt: skip
    if missing.any():
        rows = ", ".join(map(str, np.flatnonzero(missing)[:5]))
        raise ValueError(f"y is NaN or missing in row {rows}: drop those rows first")
    text = (values.dtype.kind in "US", labels.dtype.kind in "US")
    if values.size and text[0] != text[1] and "O" not in (values.dtype.kind, labels.dtype.kind):
        raise ValueError(
            f"y must hold labels such as {labels[0]!r}, got {values.ravel()[0]!r}: the model was fitted to "
            f"the labels {labels.tolist()}"
        )
    code = {label: k for k, label in enumerate(labels.tolist())}
    found = [code.get(v, -1) for v in values.ravel().tolist()]
    return np.array(found, dtype=np.float64).reshape(values.shape)
