"""Before a user's own family is fitted: is its density one, and of a shape that a fit can handle?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.inference.numerical import MASS_TOLERANCE, ContinuousIntegrals
from likely.inference.rows import parameters_at
from likely.inference.summation import DiscreteSums

Array = NDArray[np.float64]

#: A second point, so that a factor that happens to be 1 at the first does not go unnoticed.
_STEP = 0.5


def check_own(loss: Any, raw: Array) -> None:
    """ValueError where a user's density is not normalised near raw (k,), or bent as no fit can handle.

    Families that come with the library are not looked at.
    """
    specification = loss.specification
    if not specification.own:
        return
    both = np.stack([raw, raw + _STEP], axis=1)
    both = both[:, ~loss.outside(both)]
    if not specification.smooth:
        _check_straight(loss, both)
    mass = total_mass(loss, both)
    wrong = np.flatnonzero(~_is_normalised(mass))
    if not wrong.size:
        return
    at = parameters_at(loss, both[:, wrong[0]])
    verb = "probabilities sum" if specification.support.integer else "density integrates"
    raise ValueError(
        f"the {verb} to {mass[wrong[0]]:.6g}, not 1, for {specification.name} at {at}: "
        f"{advice(loss, both[:, wrong[0]], mass[wrong[0]])}. check_family({specification.name}) looks closer"
    )


def check_reached(loss: Any, y: Array, reached: Callable[[], Array]) -> None:
    """ValueError where a user's formula has lost its digits at raw (k, m), which a fit to counts y has ``reached``.

    What is likely there by rounding alone has probabilities of more than 1 together.
    """
    specification = loss.specification
    if y.ndim > 1 or not (_has_own(specification) and specification.support.integer):
        return
    each = np.unique(y)
    for point in reached().T:
        nll = loss.evaluate(each, np.repeat(point[:, None], each.size, 1), 0)[0]
        with np.errstate(over="ignore"):
            together = float(np.exp(-nll).sum())
        if together > 1.0 + MASS_TOLERANCE:
            raise ValueError(
                f"the fit of {specification.name} came to {parameters_at(loss, point)}, where the values in y alone "
                f"have probabilities that sum to {together:.6g}: log_density loses its digits there, where large terms "
                "cancel. Write it with functions that keep them, such as lbeta for three lgamma, fix a parameter, or "
                "choose a simpler family"
            )


def _has_own(specification: Any) -> bool:
    """Whether a user wrote the family, or one inside it."""
    structure = specification.structure
    inside = () if structure is None else structure.parts
    return specification.own or any(_has_own(part.specification) for part in inside)


def advice(loss: Any, raw: Array, mass: float) -> str:
    """What to do about a density whose integral at raw (k,) is not 1."""
    if np.isnan(mass):
        y = some_of(loss.specification.support)
        nll = loss.evaluate(y, np.repeat(raw[:, None], y.size, 1), 0)[0]
        at = "".join(f" at y = {value:g}" for value in y[np.isnan(nll)][:1])
        return (
            f"log_density is NaN{at}, as log and sqrt of a negative number are, or what overflows less what "
            "overflows; write where(condition, a, b), or another support"
        )
    if np.isinf(mass):
        return "log_density does not fall off far out: is a sign wrong, or the support too wide"
    return (
        "subtract the logarithm of that integral in log_density, whatever it depends on, so that losses and "
        "predictions mean what they say"
    )


def some_of(support: Any) -> Array:
    """Values of y of every size, the smallest first."""
    sizes = 10.0 ** np.arange(-15.0, 16.0)
    every = np.concatenate([[0.0], sizes, -sizes, 1.0 - sizes])
    if support.integer:
        every = np.unique(np.round(every))
    every = every[support.contains(every)]
    return np.asarray(every[np.argsort(np.abs(every), kind="stable")])


def credible(loss: Any, ranked: Array) -> Array | None:
    """Of raw values (m, k), the best first, the first at which a user's density integrates to 1; None where none does.

    A formula that cancels may lose its digits at some, and look as likely there as rounding will have it.
    """
    inside = np.ascontiguousarray(ranked[~loss.outside(ranked.T)].T)
    right = _is_normalised(total_mass(loss, inside)) if inside.size else np.zeros(0, dtype=bool)
    return inside[:, right.argmax()] if right.any() else None


def _is_normalised(mass: Array) -> NDArray[np.bool_]:
    return np.abs(mass - 1.0) <= MASS_TOLERANCE


def total_mass(loss: Any, raw: Array) -> Array:
    """The integral of the density, or the sum of the probabilities, at raw (k, n): (n,)."""
    if loss.specification.support.integer:
        return DiscreteSums(loss, raw).mass()
    return ContinuousIntegrals(loss, raw).mass()


def _check_straight(loss: Any, raw: Array) -> None:
    """ValueError unless −log p is straight on either side of its kink at y = loc."""
    if "loc" in loss.specification.parameters:
        away = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
        y = (loss.formula("loc", raw) + away[:, None]).ravel()
        nll = loss.evaluate(y, np.tile(raw, away.size), 0)[0].reshape(away.size, -1)
        below, above = nll[0] - 2.0 * nll[1] + nll[2], nll[2] - 2.0 * nll[3] + nll[4]
        if np.allclose([below, above], 0.0, atol=1e-9 * (1.0 + np.abs(nll).max())):
            return
    raise ValueError(
        f"{loss.specification.name} has smooth = False, and of densities with a kink only those whose "
        "logarithm is straight on either side of a parameter called loc, such as −abs(y − loc)/scale − "
        "log(2 scale), can be fitted here. Its nll, gradient and predictive distributions work all the "
        "same"
    )
