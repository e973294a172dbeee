"""Models as folders of JSON and arrays: readable, without pickle, executing nothing when read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from likely.catalogue import family_class
from likely.compositions import CompositionFamily
from likely.modifiers import MODIFIERS, ModifiedFamily
from likely.recipe import Family, Role, VectorFamily, predicted, shared
from likely.storage import ModelFileError, read_folder, write_folder
from likely.trials import TrialsFamily

_ESTIMATORS = {
    "Constant": "likely.predictors.constant",
    "Linear": "likely.predictors.linear",
    "Network": "likely.predictors.network",
    "Trees": "likely.predictors.trees",
}


def save(estimator: Any, path: str | Path) -> None:
    """See ``DistributionEstimator.save``."""
    manifest, arrays = state_of(estimator)
    write_folder(path, manifest, arrays)


def load(path: str | Path, families: Sequence[type[Family]] = (), module: Any = None) -> Any:
    """Read a model that ``save`` wrote.

    A family of your own is not stored as code: give its class in ``families``; and so with the ``module`` of a
    Network, of which the numbers alone are stored. ModelFileError (a ValueError)
    says what is wrong with a file that is truncated, altered, foreign, or from a newer version.
    """
    manifest, arrays = read_folder(path)
    return from_state(manifest, arrays, families, module)


def state_of(estimator: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A fitted estimator as JSON-able data and arrays."""
    arrays = {f"fit.{name}": value for name, value in estimator._arrays().items()}
    manifest: dict[str, Any] = {
        "estimator": type(estimator).__name__,
        "family": family_state(estimator._family),
        "parameters": {
            name: _plain(value)
            for name, value in estimator.get_params(deep=False).items()
            if name not in ("family", *estimator._not_saved)
        },
        "n_features_in": estimator.n_features_in_,
        "has_offset": estimator._has_offset,
        "size": estimator._size,
        "fit": estimator._state(),
    }
    if hasattr(estimator, "feature_names_in_"):
        manifest["feature_names_in"] = [str(name) for name in estimator.feature_names_in_]
    if estimator._given_names is not None:
        manifest["given_names"] = estimator._given_names
    if estimator._target_names:
        manifest["target_names"] = estimator._target_names
    if hasattr(estimator, "classes_"):
        manifest["classes"] = labels_state(estimator.classes_)
    return manifest, arrays


def from_state(
    manifest: dict[str, Any],
    arrays: dict[str, Any],
    families: Sequence[type[Family]] = (),
    module: Any = None,
) -> Any:
    """The estimator that ``state_of`` took apart."""
    from importlib import import_module

    try:
        kind = manifest["estimator"]
        if kind not in _ESTIMATORS:
            raise ModelFileError(
                f"the model is a {kind!r}, which this version does not know; it reads "
                f"{', '.join(_ESTIMATORS)}"
            )
        estimator = getattr(import_module(_ESTIMATORS[kind]), kind)(**manifest["parameters"])
        if module is not None:
            estimator.set_params(module=module)
        family = family_from_state(manifest["family"], families)
        estimator.family = family
        estimator._family = family
        estimator.n_features_in_ = int(manifest["n_features_in"])
        estimator._has_offset = bool(manifest["has_offset"])
        if "feature_names_in" in manifest:
            estimator.feature_names_in_ = np.array(manifest["feature_names_in"], dtype=object)
        estimator._size = manifest["size"]
        if "given_names" in manifest:
            estimator._given_names = [str(name) for name in manifest["given_names"]]
        estimator._target_names = tuple(manifest.get("target_names", ()))
        if "classes" in manifest:
            estimator.classes_ = labels_from_state(manifest["classes"])
            estimator.n_classes_ = estimator.classes_.size
        fitted = {k.removeprefix("fit."): v for k, v in arrays.items() if k.startswith("fit.")}
        estimator._restore(manifest["fit"], fitted)
    except ModelFileError:
        raise
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise ModelFileError(f"the model file lacks or garbles something: {error}") from error
    return estimator


def family_state(family: Family) -> dict[str, Any]:
    """A family as JSON-able data: its name and the role of each parameter that was given one.

    Of a modified family, the families inside and the arguments of the modifier beside them.
    """
    given = family._own if isinstance(family, ModifiedFamily) else family._roles
    roles = {
        name: {"kind": role.kind, "link": role.link} if isinstance(role, Role) else float(role)
        for name, role in given.items()
    }
    state: dict[str, Any] = {"name": type(family).__name__, "roles": roles}
    if family.specification.own:  # a family that comes with the library may have the same name
        state["own"] = True
    if isinstance(family, TrialsFamily):
        state["trials"] = family.trials
    if isinstance(family, CompositionFamily):
        state["parts"] = family._given
    if isinstance(family, ModifiedFamily):
        state["families"] = [family_state(inside) for inside in family.families]
        state["arguments"] = dict(family._arguments)
    if isinstance(family, VectorFamily):
        labels = family.labels
        state["size"] = family.size if labels is None else labels_state(np.array(labels))
        state["more"] = family._more()
    return state


def family_from_state(state: dict[str, Any], families: Sequence[type[Family]] = ()) -> Family:
    """The family that ``family_state`` described; ValueError where its class is not known here."""
    name = state["name"]
    if "families" in state:
        return _modified_from_state(state, families)
    own = {cls.__name__: cls for cls in families}
    if name in own:
        cls: Any = own[name]
    elif state.get("own"):
        raise ModelFileError(
            f"the model's family {name!r} does not come with the library, it is your own: "
            f"load it with load(path, families=[{name}])"
        )
    else:
        try:
            cls = family_class(name)
        except ValueError as error:
            raise ModelFileError(
                f"the model's family {name!r} does not come with the library; if it is your own, "
                f"load it with load(path, families=[{name}])"
            ) from error
    roles = _roles(state["roles"])
    if "trials" in state:
        return cls(state["trials"], **roles)
    if "parts" in state:
        return cls(state["parts"], **roles)
    if "size" in state:
        size = state["size"]
        if isinstance(size, dict):
            size = labels_from_state(size).tolist()
        return cls(size, **state.get("more", {}), **roles)
    return cls(**roles)


def _modified_from_state(state: dict[str, Any], families: Sequence[type[Family]]) -> Family:
    if state["name"] not in MODIFIERS:
        raise ModelFileError(
            f"the model's family is modified by {state['name']!r}, which this version does not know; "
            f"it reads {', '.join(MODIFIERS)}"
        )
    cls: Any = MODIFIERS[state["name"]]
    inside = [family_from_state(part, families) for part in state["families"]]
    made: Family = cls(*inside, **state["arguments"], **_roles(state["roles"]))
    return made


def _roles(state: dict[str, Any]) -> dict[str, Role | float]:
    return {
        key: _role(role["kind"], role["link"]) if isinstance(role, dict) else float(role)
        for key, role in state.items()
    }


def _role(kind: str, link: str | None) -> Role:
    if kind not in (predicted.kind, shared.kind):
        raise ModelFileError(f"a parameter is predicted or shared, not {kind!r}")
    return Role(kind, link)


def _plain(value: Any) -> Any:
    """A constructor's argument as JSON knows it: NumPy's numbers and arrays, tuples and indexes too."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (np.random.RandomState, np.random.Generator)):
        return None  # where a stream of random numbers stands cannot be said in JSON
    return [_plain(part) for part in value]


def labels_state(labels: Any) -> dict[str, Any]:
    """Class labels as JSON, with what it takes to give their type back."""
    return {"dtype": labels.dtype.str, "values": labels.tolist()}


def labels_from_state(state: dict[str, Any]) -> Any:
    """The labels that ``labels_state`` described."""
    dtype = np.dtype(state["dtype"])
    if dtype.kind not in "biufUO":
        raise ModelFileError(f"class labels of type {dtype} cannot be read")
    return np.array(state["values"], dtype=dtype)
