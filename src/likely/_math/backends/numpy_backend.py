"""The primitives on NumPy arrays; SciPy's special functions load on use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from likely._math.atoms import SCIPY_ONLY
from likely._math.backends import patches_on_arrays
from likely._math.backends.series_on_arrays import on_numpy
from likely._math.sums import SUMS
from likely._math.tables import look_up


def _scipy(name: str) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(*args)

    return call


def _on_use(module: str, name: str) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        return getattr(import_module(f"likely._math.{module}"), name)(*args)

    return call


TABLE: dict[str, Callable[..., Any]] = {
    "pi": lambda: np.pi,
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "negative": np.negative,
    "where": np.where,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "floor": np.floor,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "arctan2": np.arctan2,
    "tan": np.tan,
    "sin": np.sin,
    "cos": np.cos,
    "less": np.less,
    "less_equal": np.less_equal,
    "equal": np.equal,
    **{name: _scipy(name) for name in SCIPY_ONLY},
    **{f"beta_{name}": _on_use("incomplete_beta", name) for name in ("share", "upper")},
    "skew_normal_quantile": _on_use("tails.skew_quantile", "quantile"),
    **{
        name: _on_use("entropies", name)
        for name in ("exponential_integral", "mean_log_skew", "mean_log_cosh")
    },
    "von_mises_mass": _on_use("tails.von_mises", "mass"),
    "von_mises_quantile": _on_use("tails.von_mises", "quantile"),
    "von_mises_variance": _on_use("tails.von_mises", "variance"),
    **{
        f"compound_poisson_{name}": _on_use("compound_poisson.tails", name)
        for name in ("cdf", "sf", "quantile", "isf")
    },
}
TABLE |= look_up(lambda table, j: table, np.where, lambda j: j.astype(np.intp))
TABLE |= on_numpy(SUMS, TABLE)
TABLE |= patches_on_arrays.on_numpy(TABLE)
