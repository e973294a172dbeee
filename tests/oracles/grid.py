"""The stress grid of the numerics contract: raw predictions far out, and y where formulas cancel.

Jointly |raw| ≤ 30; one raw at a time at ±37.5 and ±300 (±700 for logit and softmax) with the
others in {−1, 0, 1}. Of the y at each, more than a third are adversarial: at the centre of the
distribution exactly, one ulp, 1e-8 and 1e-3 beside it, one and thirty standard deviations away, at
the edge of the support, and where the gradient of one raw vanishes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from likely._math.domains import Domain
from likely.families.registry import modules, specification
from likely.links import default_link, find_link, links_for
from likely.losses.composed import Slot
from likely.losses.nll import NegativeLogLikelihood
from likely.losses.vector import vector_loss
from oracles.modified import LATE, MET, SAMPLE, specification_of
from oracles.textbook_modified import FAMILIES
from oracles.truth import Combination, Point, digits_for

SEED = 20260101
LARGEST_COUNT = 2.0**53
JOINT = {
    1: (-30, -20, -10, -5, -2, -1, -0.1, -1e-9, 0, 1e-9, 0.3, 1, 2, 5, 10, 20, 30),
    2: (-30, -10, -1, 0, 1, 10, 30),
    3: (-30, -3, 0, 3, 30),
}
FAR = (37.5, 300.0)
#: Of families over classes, the numbers of classes.
SIZES = {"Categorical": (2, 3, 5), "Ordinal": (2, 3, 4)}
PARTIAL = {"identity", "inverse", "inverse_squared", "log"}


# --- Which combinations there are. ----------------------------------------------------------------


def combination(family: str, links: dict[str, str] | None = None, classes: int = 0) -> Combination:
    """A family's parameters with their default links, but for those named."""
    spec = specification_of(family)
    links = links or {}
    slots = []
    for of, parameter in spec.parameters.items():
        name = next(
            (a for a in links if a in spec.alternatives and spec.alternatives[a].of == of), of
        )
        domain = spec.alternatives[name].domain if name in spec.alternatives else parameter.domain
        slots.append((name, links.get(name) or default_link(domain).name))
    return Combination(family, tuple(slots), not spec.support.integer, classes)


def scalar() -> list[Any]:
    """The families of which a row of y is one number; the others have a contract test of their own."""
    return [s for s in map(specification, modules()) if s.vector in (None, "classes")]


def defaults() -> list[Combination]:
    """Every family of the registry with its default links; those over classes with a few numbers of them."""
    found = []
    for spec in scalar():
        if spec.name in SIZES:
            found += [combination(spec.name, classes=k) for k in SIZES[spec.name]]
        else:
            found.append(combination(spec.name))
    return found


def others() -> list[Combination]:
    """Every family with each other link or alternative, one slot at a time."""
    found = []
    for spec in scalar():
        sizes = SIZES.get(spec.name, (0,))
        for name, slot in {**spec.parameters, **spec.alternatives}.items():
            for link in links_for(slot.domain):
                if name in spec.alternatives or link is not default_link(slot.domain):
                    found.append(combination(spec.name, {name: link.name}, classes=sizes[-1]))
    return found


def modified() -> list[Combination]:
    """The sample of modified families, and of rows that are seen in part, with their default links."""
    return [combination(name) for name in (*SAMPLE, *MET, *LATE)]


def loss(c: Combination) -> Any:
    """The library's loss for a combination."""
    spec = specification_of(c.family)
    slots = []
    for (name, link), of in zip(c.slots, spec.parameters, strict=True):
        domain = (spec.alternatives.get(name) or spec.parameters[of]).domain
        slots.append(Slot(name, of, "predicted", find_link(link, domain, name)))
    if c.classes:
        slots = [replace(s, role="shared") if spec.parameters[s.of].shared else s for s in slots]
        return vector_loss(spec)(spec, c.classes, slots)
    return NegativeLogLikelihood(spec, slots)


# --- Raw predictions. -----------------------------------------------------------------------------


def _valid(nll: Any, raw: np.ndarray) -> np.ndarray:
    return ~np.asarray(nll.outside(raw.T))


def raws(c: Combination, rng: np.random.Generator, joint_only: bool = False) -> np.ndarray:
    """Raw predictions (n, k) at which every link is inside its domain."""
    k = c.columns
    joint = np.array(list(product(JOINT[min(k, 3)], repeat=min(k, 3))), dtype=float)
    if k > 3:
        joint = rng.choice(joint.ravel(), size=(120, k))
    drawn = rng.uniform(-30.0, 30.0, size=(20 + len(joint) // 4, k))
    near = rng.normal(0.0, 1.0, size=(20 + len(joint) // 4, k))
    groups = [joint, drawn, near]
    for j, link in enumerate(_grid_links(c)):
        # Raws in (0, 1), and very small ones, for links that need them or have a pole at 0.
        if link in PARTIAL | {"square"}:
            small = rng.normal(0.0, 1.0, size=(16, k))
            small[:, j] = np.r_[np.exp(rng.uniform(-20, 0, 8)), rng.uniform(0, 1, 6), 1e-8, 1e-30]
            groups.append(small)
            if link == "log":
                groups.append(np.where(np.arange(k) == j, -small, small))
        if joint_only:
            continue
        far = (*FAR, 700.0) if link in ("logit", "softmax") else FAR
        others = np.array(list(product((-1.0, 0.0, 1.0), repeat=min(k - 1, 2))), dtype=float)
        if k > 3:
            others = rng.choice([-1.0, 0.0, 1.0], size=(9, k - 1))
        for value in far:
            for sign in (1.0, -1.0):
                groups.append(np.insert(others, j, sign * value, axis=1))
    found = np.unique(np.concatenate(groups), axis=0) + 0.0  # no -0.0
    if {("loc", "cloglog"), ("loc", "loglog")} & set(c.slots):
        # The logarithm of exp(−exp(exp(raw))): its exponent alone would fill the memory.
        found = found[(found[:, 2:] <= 6.0).all(axis=1)]
    if c.family == "ConwayMaxwellPoisson":
        # V of a whole mean is e^−ν: m/V − y/V is 0 to as many digits, but for powers of 2, where it is 0.
        m, nu = (loss(c).parameter(name, found.T) for name in ("mean", "nu"))
        found = found[~((m > 2.0) & (m < 2.0**53) & (m == np.floor(m)) & (nu > 6e4))]
    for j, link in enumerate(_grid_links(c)):
        if link == "square":  # raw = 0 is a pole: no parameter is 0
            found = found[found[:, j] != 0.0]
    return found[_valid(loss(c), found)]


def _grid_links(c: Combination) -> list[str]:
    """The links as the grid treats them: no log of classes is partial."""
    return ["total" if c.classes and link == "log" else link for link in c.links]


# --- Responses. -----------------------------------------------------------------------------------


def responses(
    c: Combination, nll: Any, raw: np.ndarray, special: list[float], rng: np.random.Generator
) -> list[float]:
    """The y to try at one raw prediction."""
    if c.classes:
        return [float(v) for v in range(c.classes)]
    support = nll.specification.support
    if support.name == "binary":
        return [0.0, 1.0]
    middle, spread = _centre(nll, raw)
    with np.errstate(all="ignore"):
        steps = np.array([1.0, -1.0, 30.0, -30.0])
        beside = np.array([1.0, 1.0 + 2.0**-52, 1.0 - 2.0**-53, 1.0 + 1e-8, 1.0 + 1e-3])
        if c.family in ("LogNormal", "GeneralisedGamma"):
            y = np.r_[np.exp(middle) * beside, np.exp(middle + spread * steps)]
            y = np.r_[y, np.exp(middle + spread * rng.normal(size=2))]
        else:
            y = np.r_[middle * beside, middle + spread * steps]
            y = np.r_[y, middle + spread * rng.normal(size=2)]
        y = np.r_[y, _edges(support, rng), special]
        if support.integer:
            y = np.r_[np.round(y), np.floor(middle)]
            y = y[y <= LARGEST_COUNT]
    y = np.unique(y[np.isfinite(y)]) + 0.0
    y = y[(y == 0.0) | (np.abs(y) >= 1e-300)]
    return [float(v) for v in y[support.contains(y)]]


def _centre(nll: Any, raw: np.ndarray) -> tuple[float, float]:
    column = raw[:, np.newaxis]
    theta = [nll.parameter(name, column)[0] for name in nll.specification.parameters]
    with np.errstate(all="ignore"):
        middle, spread = FAMILIES[nll.specification.name].centre(*theta)
    return float(middle), float(spread)


def _edges(support: Domain, rng: np.random.Generator) -> np.ndarray:
    if support.integer:
        return np.array([0.0, 1.0, 2.0, np.floor(np.exp(rng.uniform(1.0, 20.0))), 1e15])
    if support.high == 1.0:
        edge = [1e-300, 2.0**-53, 1e-9, 1.0 - 2.0**-53, 1.0 - 1e-9, 0.5]
        return np.r_[edge, rng.uniform(0.0, 1.0, 2)]
    if support.name == "circular":
        return np.r_[
            0.0, 1e-300, np.pi, -np.pi, 0.5 * np.pi, 1e-9 - np.pi, rng.uniform(-np.pi, np.pi, 2)
        ]
    if support.low == 0.0:
        return np.r_[0.0, 1e-300, 1e300, 1.0, np.exp(rng.uniform(-30.0, 30.0, 2))]
    return np.r_[0.0, 1e300, -1e300, 1e8, rng.uniform(-30.0, 30.0, 2)]


def stationary(nll: Any, raw: np.ndarray) -> list[list[float]]:
    """For each raw (n, k), the y at which a ∂nll/∂raw changes sign: there K is smallest."""
    support = nll.specification.support
    if support.integer:
        return [[] for _ in raw]
    if support.high == 1.0:
        ladder = 1.0 / (1.0 + np.exp(-np.linspace(-36.0, 36.0, 73)))
        y = np.tile(ladder, (len(raw), 1))
    else:
        centres = np.array([_centre(nll, r) for r in raw])
        middle, spread = centres[:, :1], centres[:, 1:]
        if support.low == 0.0:
            with np.errstate(all="ignore"):
                y = np.where(np.isfinite(middle), middle, 1.0) * np.exp(np.linspace(-30, 30, 61))
        else:
            y = middle + spread * np.linspace(-3.0, 3.0, 25)
    y = np.where(np.isfinite(y) & support.contains(y), y, 0.5)

    def gradient(rows: np.ndarray, at: np.ndarray) -> np.ndarray:
        return nll.evaluate(at, np.ascontiguousarray(raw[rows].T), 1)[1]

    n, m = y.shape
    signs = np.sign(gradient(np.repeat(np.arange(n), m), y.ravel())).reshape(-1, n, m)
    j, rows, i = np.nonzero(signs[:, :, 1:] * signs[:, :, :-1] < 0.0)
    low, high, below = y[rows, i], y[rows, i + 1], signs[j, rows, i]
    for _ in range(60):
        at = 0.5 * (low + high)
        before = np.sign(gradient(rows, at)[j, np.arange(at.size)]) == below
        low, high = np.where(before, at, low), np.where(before, high, at)
    found: list[list[float]] = [[] for _ in raw]
    for row, value in zip(rows, low, strict=True):
        found[row].append(value)
    return found


def points(c: Combination, at_most: int, *, float32: bool = False) -> list[Point]:
    """The grid of one combination, thinned by a fixed draw to ``at_most`` points.

    With ``float32`` |raw| ≤ 30, and y and raw are float32 numbers.
    """
    rng = np.random.default_rng(SEED)
    nll = loss(c)
    found = [point for point in _all(c, nll, rng, float32) if _affordable(c, point)]
    if not c.classes and FAMILIES[c.family].reach is not None:
        at_most //= 3
    if len(found) <= at_most:
        return found
    kept = np.sort(rng.choice(len(found), size=at_most, replace=False))
    return [found[i] for i in kept]


def _affordable(c: Combination, point: Point) -> bool:
    """Whether the truth at the point is worth its time, and the parameters are where it is asked for."""
    book = None if c.classes else FAMILIES[c.family]
    if book is None or book.reach is None:
        return True
    near = all(abs(r) <= most for r, most in zip(point[1:], book.reach, strict=True))
    return near and digits_for(point) <= book.digits


def _all(c: Combination, nll: Any, rng: np.random.Generator, float32: bool) -> Iterator[Point]:
    seen: set[Point] = set()
    keep: Callable[[float], float] = (lambda v: float(np.float32(v))) if float32 else float
    grid = raws(c, rng, joint_only=float32)
    if len(grid) > 160:  # the search for y costs more than the thinning saves
        grid = grid[np.sort(rng.choice(len(grid), size=160, replace=False))]
    special = [[]] * len(grid) if c.classes else stationary(nll, grid)
    for raw, roots in zip(grid, special, strict=True):
        for y in responses(c, nll, raw, roots, rng):
            with np.errstate(all="ignore"):
                point = (keep(y), *map(keep, raw))
            inside = nll.specification.support.contains(np.array(point[:1]))[0]
            if _on_a_kink(c, nll, point):
                continue
            if point not in seen and inside and np.isfinite(point[0]):
                seen.add(point)
                yield point


def _on_a_kink(c: Combination, nll: Any, point: Point) -> bool:
    """Whether the rounding of loc decides the result: y lies on a kink, or on a spike as narrow.

    Laplace's gradient jumps from −1/scale to 1/scale at y = loc; StudentT's with few df or
    a small scale does so within scale·√df, Logistic's and Gumbel's within the scale. The link's raw,
    a float64 number, does not say on which side y is: loc = exp(raw) has no more digits than y.
    With the identity y − loc is exact, and decides. Where the support ends at a place that the
    parameters decide, its rounding decides on which side y is.
    """
    book = None if c.classes else FAMILIES[c.family]
    if book is not None and book.end is not None:
        column = np.array(point[1:])[:, np.newaxis]
        theta = [float(nll.parameter(n, column)[0]) for n in nll.specification.parameters]
        terms = np.array(book.end(*theta))
        slack = 64 * 2.0**-53 * max(1.0, *np.abs(point[1:])) * np.abs(terms).sum()
        return bool(np.isfinite(slack)) and bool(abs(point[0] - terms.sum()) <= slack)
    kink = None if book is None else book.kink
    if kink is None or c.slots[0][1] == "identity":
        return False
    column = np.array(point[1:])[:, np.newaxis]
    place, width = kink(*(float(nll.parameter(n, column)[0]) for n in nll.specification.parameters))
    slack = 64 * 2.0**-53 * max(1.0, abs(point[1])) * abs(place)
    return abs(point[0] - place) <= slack and width < 1e6 * slack
