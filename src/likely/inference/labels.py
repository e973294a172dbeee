"""Labels of classes: what the user calls them, and their codes 0, …, K − 1."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.losses import check

_SHOWN = 20


def codes_of(y: Any, labels: NDArray[Any]) -> NDArray[np.float64]:
    """The position of each value of y in ``labels``.

    ValueError names the rows that are missing, and the first value that is none of the labels.
    """
    values = np.asarray(y)
    missing = check.missing(values.ravel())
    if missing.any():
        rows = ", ".join(map(str, np.flatnonzero(missing)[:5]))
        raise ValueError(f"y is NaN or missing in row {rows}: drop those rows first")
    known = labels.tolist()
    code = {label: k for k, label in enumerate(known)}
    found = np.array([code.get(v, -1) for v in values.ravel().tolist()], dtype=np.float64)
    if (found < 0).any():
        row = int(np.flatnonzero(found < 0)[0])
        stranger = values.ravel()[row]
        where = f" in row {row}" if values.ndim else ""
        near = get_close_matches(str(stranger), [str(label) for label in known], n=1)
        hint = f"; did you mean {near[0]!r}?" if near and isinstance(stranger, str) else "."
        more = ", …" if len(known) > _SHOWN else ""
        raise ValueError(
            f"y is {check.shown(stranger)}{where}, which is none of the labels{hint} "
            f"They are {', '.join(map(check.shown, known[:_SHOWN]))}{more}"
        )
    return found.reshape(values.shape)
