"""LightGBM's own parameters that a user may pass on to it, by any of the names that LightGBM has for them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

#: LightGBM's parameters that belong to the estimator's own arguments.
_OWN = {
    "objective": "family",
    "metric": "family",
    "num_class": "family",
    "boosting": "family",
    "learning_rate": "learning_rate",
    "num_leaves": "max_leaf_nodes",
    "max_depth": "max_depth",
    "min_data_in_leaf": "min_samples_leaf",
    "lambda_l2": "l2_regularization",
    "monotone_constraints": "monotonic_cst",
    "categorical_feature": "categorical_features",
    "num_iterations": "max_iter",
    "early_stopping_round": "n_iter_no_change",
    "num_threads": "n_jobs",
    "seed": "random_state",
}


def lightgbm_options(given: Any) -> dict[str, Any]:
    """What is given, by LightGBM's first name for each; LightGBM itself passes over what it does not know.

    TypeError for what is no dict; ValueError for a name that LightGBM does not have, for two of the same parameter, and
    for one that is an argument of the estimator.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(
            f'lightgbm must be a dict such as {{"feature_fraction": 0.8}}, got {given!r}'
        )
    first = {name: names[0] for names in _names() for name in names}
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in first:
            near = get_close_matches(str(name), first, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"lightgbm={{{name!r}: …}} is no parameter of LightGBM{hint}")
        known = first[name]
        if known in _OWN:
            raise ValueError(f"lightgbm={{{name!r}: …}} is set by Trees({_OWN[known]}=…)")
        if known in found:
            raise ValueError(f"lightgbm sets {known} twice, also as {name!r}: leave one of them")
        found[known] = value
    return found


def _names() -> list[list[str]]:
    """All names of every parameter, as the LightGBM that is installed lists them.

    Its library has a public function for the list, and Python's way to it has a private name.
    """
    from lightgbm.basic import _ConfigAliases

    return list(_ConfigAliases._get_all_param_aliases().values())
