"""What a family typically looks like: parameters for a picture of its density."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.catalogue import family_class
from likely.families.base import Specification

Array = NDArray[np.float64]

#: A mean and a standard deviation of y that show what a family of this domain can be.
_MOMENTS = {
    "real": (0.0, 1.0),
    "positive": (2.0, 1.2),
    "nonnegative": (2.0, 1.2),
    "unit_interval": (0.4, 0.2),
    "counts": (4.0, 3.0),
    "positive_counts": (4.0, 3.0),
}


def typical_parameters(name: str) -> dict[str, float]:
    """Values of the parameters that are typical for the y of the family called ``name``."""
    spec: Specification = family_class(name)().specification
    mean, std = _MOMENTS.get(spec.support.name, (0.0, 1.0))
    if spec.point is not None:
        std *= 2.0  # for a probability that can be seen
    if "start" in spec.formulas:
        found = spec.formulas["start"](mean, std)
    else:
        plain = {"real": 0.0, "positive": 0.5, "unit_interval": 0.5}
        found = {
            one: mean if one == "mean" else plain[parameter.domain.name]
            for one, parameter in spec.parameters.items()
        }
    ends = {one: parameter.domain.high for one, parameter in spec.parameters.items()}
    return {
        one: float(f"{value:.{1 if ends[one] in (1.0, np.inf) else 2}g}")
        for one, value in found.items()
    }


def at_values(name: str, values: dict[str, float]) -> Any:
    """The distribution with these values, also of the parameters that are fixed by default."""
    cls = family_class(name)
    roles = {one: parameter.role for one, parameter in cls().specification.parameters.items()}
    fixed = {one: value for one, value in values.items() if roles[one] == "fixed"}
    return cls(**fixed).at(**{one: value for one, value in values.items() if one not in fixed})


def heights(name: str, places: int) -> Array | None:
    """The density, or the probabilities, at evenly spaced y; None where y is not one number of a line or circle."""
    spec = family_class(name)().specification
    if spec.support.name not in (*_MOMENTS, "circular"):
        return None
    dist = at_values(name, typical_parameters(name))
    if spec.support.integer:
        y = np.arange(spec.support.low, spec.support.low + places)
    elif spec.support.name == "circular":
        y = np.linspace(-np.pi, np.pi, places)
    else:
        y = np.linspace(float(dist.quantile(0.01)), float(dist.quantile(0.97)), places)
        y = y if spec.point is None else y + (y[1] - y[0])  # the point itself has a probability
    found: Array = dist.prob(y)
    return found
