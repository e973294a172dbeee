"""What ``Trees(lightgbm=…)`` hands on: parameters that LightGBM knows and that no argument of Trees sets."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

#: LightGBM's parameters that belong to the estimator's own arguments.
OWN = {
    "objective": "family",
    "metric": "family",
    "num_class": "family",
    "learning_rate": "learning_rate",
    "num_leaves": "max_leaf_nodes",
    "max_depth": "max_depth",
    "min_data_in_leaf": "min_samples_leaf",
    "lambda_l2": "l2_regularization",
    "monotone_constraints": "monotonic_cst",
    "categorical_feature": "categorical_features",
    "num_iterations": "max_iter",
    "num_threads": "n_jobs",
    "seed": "random_state",
    "boosting": "family",
}


def lightgbm_options(given: Any) -> dict[str, Any]:
    """The parameters by LightGBM's own names, whichever alias was used; it ignores what it does not know.

    TypeError for what is no dict; ValueError for a name that LightGBM does not know or Trees sets.
    """
    from lightgbm.basic import _ConfigAliases

    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(
            f'lightgbm must be a dict such as {{"feature_fraction": 0.8}}, got {given!r}'
        )
    aliases = _ConfigAliases._get_all_param_aliases()
    names = {alias: name for name, known in aliases.items() for alias in (name, *known)}
    for name in given:
        if name not in names:
            near = get_close_matches(str(name), names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"lightgbm={{{name!r}: …}} is no parameter of LightGBM{hint}")
        if names[name] in OWN:
            raise ValueError(f"lightgbm={{{name!r}: …}} is set by Trees({OWN[names[name]]}=…)")
    return {names[name]: value for name, value in given.items()}
