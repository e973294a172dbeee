"""Every family of the registry, and some with other links, with y and raw to evaluate them at."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import likely
from likely import Family, Parameter, positive, predicted, real
from likely._math.domains import LABELLED
from likely.catalogue import family_class
from likely.families import registry
from likely.math import exp


class Gumbel(Family):
    """What a user would write."""

    support = real
    loc = Parameter(real)
    scale = Parameter(positive)

    def log_density(y, loc, scale):
        z = (y - loc) / scale
        return -z - exp(-z) - scale.log


@dataclass(frozen=True)
class Case:
    family: Any
    y: np.ndarray
    raw: np.ndarray


def _case(family: Any, seed: int = 0) -> Case:
    rng = np.random.default_rng(seed)
    support = family.specification.support
    raw = rng.uniform(-2.0, 2.0, size=(12, len(family.raw_columns)))
    loss = family.loss()
    if getattr(loss, "valid", None) is not None:
        raw = np.abs(raw)  # inside the domain of the partial links that are tested here
    if support.name in LABELLED:
        y = np.arange(12) % (2 if support.name == "binary" else raw.shape[1])
    elif support.name == "vectors":
        y = rng.normal(size=(12, 3))
    elif support.name == "rankings":
        y = np.argsort(rng.normal(size=(12, 3)), axis=1) + 1.0
        y[::3] = np.where(y[::3] > 2.0, np.nan, y[::3])
    elif support.integer:
        y = np.arange(12) % 5
    elif support.low == 0.0:
        y = rng.uniform(0.05, 0.95, 12) if support.high == 1.0 else np.exp(rng.normal(size=12))
    else:
        y = rng.normal(size=12)
    return Case(family, y.astype(float), raw)


def _families() -> list[Any]:
    classes = [family_class(module) for module in registry.modules()]
    found = [f(3) if f.specification.vector else f() for f in classes]
    return [
        *found,
        likely.Normal(scale=2.0),
        likely.Normal(variance=predicted("square")),
        likely.Normal(scale=predicted("softplus")),
        likely.Gamma(mean=predicted("inverse")),
        likely.Beta(mean=predicted("cauchit")),
        *(likely.Bernoulli(probs=predicted(k)) for k in ("probit", "cloglog", "loglog")),
        Gumbel(),
        likely.ZeroInflated(likely.Poisson()),
        likely.ZeroInflated(likely.Gamma()),
        likely.Inflated(likely.Beta(), at=(0, 1)),
        likely.Hurdle(likely.NegativeBinomial()),
        likely.Truncated(likely.Normal(), low=-1.5),
        likely.Mixture(likely.Poisson(), 2),
        likely.Mixture(likely.Poisson(), 2, odds2=1.5),
    ]


@pytest.fixture(params=_families(), ids=repr)
def case(request: pytest.FixtureRequest) -> Case:
    return _case(request.param)


def _extreme() -> list[tuple[Any, float]]:
    defaults = ["Normal", "Laplace", "LogNormal", "Gamma", "Exponential", "Poisson", "StudentT"]
    found = [(family_class(name.lower())(), r) for name in defaults for r in (-300.0, 300.0)]
    found += [(likely.NegativeBinomial(), r) for r in (-300.0, 300.0)]
    return found + [(likely.Bernoulli(), r) for r in (-700.0, -300.0, 300.0, 700.0)]


@pytest.fixture(params=_extreme(), ids=repr)
def extreme(request: pytest.FixtureRequest) -> Case:
    """One raw column at a time at ±300 (±700 for the logit)."""
    family, value = request.param
    k = len(family.raw_columns)
    raw = np.concatenate([np.where(np.arange(k) == j, value, [[0.0], [1.0]]) for j in range(k)])
    return Case(family, np.arange(len(raw)) % 2 + 0.0 * value + (k > 1) * 1.0, raw)


@pytest.fixture
def gumbel() -> Case:
    return _case(Gumbel())
