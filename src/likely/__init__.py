"""Likely: choose a distribution; get its loss, a trained model and a predictive distribution.

The four steps of the recipe, on one page, are in ``likely/recipe.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from likely._math.domains import (
    binary as binary,
)
from likely._math.domains import (
    counts as counts,
)
from likely._math.domains import (
    nonnegative as nonnegative,
)
from likely._math.domains import (
    positive as positive,
)
from likely._math.domains import (
    real as real,
)
from likely._math.domains import (
    unit_interval as unit_interval,
)
from likely.families.base import Alternative as Alternative
from likely.families.base import Parameter as Parameter
from likely.recipe import Family as Family
from likely.recipe import predicted as predicted
from likely.recipe import shared as shared

if TYPE_CHECKING:
    from likely.bounds import censored as censored
    from likely.bounds import truncated as truncated
    from likely.compositions import Dirichlet as Dirichlet
    from likely.compositions import DirichletMultinomial as DirichletMultinomial
    from likely.compositions import Multinomial as Multinomial
    from likely.inference.predictive import Predictive as Predictive
    from likely.modifiers import Censored as Censored
    from likely.modifiers import Discretised as Discretised
    from likely.modifiers import Hurdle as Hurdle
    from likely.modifiers import Independent as Independent
    from likely.modifiers import Inflated as Inflated
    from likely.modifiers import Mixture as Mixture
    from likely.modifiers import Transformed as Transformed
    from likely.modifiers import Truncated as Truncated
    from likely.modifiers import ZeroInflated as ZeroInflated
    from likely.predictors.constant import Constant as Constant
    from likely.predictors.linear import Linear as Linear
    from likely.predictors.network import Network as Network
    from likely.predictors.saving import load as load
    from likely.predictors.trees import Trees as Trees
    from likely.report.family_check import check_family as check_family
    from likely.trials import BetaBinomial as BetaBinomial
    from likely.trials import Binomial as Binomial

__version__ = "0.1.0"

# What is heavy loads on first use.
_LAZY = {
    "Constant": "likely.predictors.constant",
    "Linear": "likely.predictors.linear",
    "Network": "likely.predictors.network",
    "Trees": "likely.predictors.trees",
    "load": "likely.predictors.saving",
    "Predictive": "likely.inference.predictive",
    "ConvergenceWarning": "likely.fitting.result",
    "check_family": "likely.report.family_check",
    "BetaBinomial": "likely.trials",
    "Binomial": "likely.trials",
    "Dirichlet": "likely.compositions",
    "DirichletMultinomial": "likely.compositions",
    "Multinomial": "likely.compositions",
    "ZeroInflated": "likely.modifiers",
    "Discretised": "likely.modifiers",
    "Hurdle": "likely.modifiers",
    "Independent": "likely.modifiers",
    "Transformed": "likely.modifiers",
    "Truncated": "likely.modifiers",
    "Censored": "likely.modifiers",
    "Mixture": "likely.modifiers",
    "Inflated": "likely.modifiers",
    "censored": "likely.bounds",
    "truncated": "likely.bounds",
}
# Modules for other libraries, which need those.
_MODULES = ("catboost", "jax", "lightgbm", "torch", "xgboost")


def _families() -> dict[str, str]:
    """Public family names → module names; reads the families' own small files."""
    from likely.families.registry import public_names

    return public_names()


def __getattr__(name: str) -> Any:
    if name == "__all__":  # `from likely import *` asks for it
        return __dir__()
    value: Any
    if name in _MODULES:
        from importlib import import_module

        value = import_module(f"likely.{name}")
    elif name in _LAZY:
        from importlib import import_module

        value = getattr(import_module(_LAZY[name]), name)
    elif name[:1].isupper() and name in _families():
        from likely.catalogue import family_class

        value = family_class(name)
    else:
        raise AttributeError(f"module 'likely' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    # Submodules appear among the globals once they are imported; they are not for the outside.
    public = [
        name
        for name, value in globals().items()
        if name[0] != "_" and getattr(value, "__module__", "").startswith("likely")
    ]
    return sorted({*public, *_LAZY, *_families()})
