"""How raw moves with the unit of y: found from the formula, and then exact at any point."""

import numpy as np
import pytest

from likely import Bernoulli, Beta, Exponential, Gamma, LogNormal, Normal, Poisson, StudentT
from likely.catalogue import family_class
from likely.families import registry
from likely.losses.symmetry import symmetry
from likely.recipe import predicted

NAMES = [
    name
    for name in registry.modules()
    if not (spec := registry.specification(name)).support.integer and spec.vector is None
]


@pytest.mark.parametrize(
    ("family", "shift", "unit"),
    [
        (Normal(), [1, 0], ([0, 1], [1, 0])),
        (Normal(variance=predicted), [1, 0], ([0, 2], [1, 0])),
        (Normal(variance=predicted("square")), [1, 0], ([0, 0], [1, 1])),
        (Normal(scale=predicted("square")), [1, 0], ([0, 0], [1, 0.5])),
        (Normal(scale=predicted("softplus")), [1, 0], None),
        (Normal(scale=2.0), [1], None),
        (Normal(loc=0.0), None, ([1], [0])),
        (Normal(loc=1.0), None, None),
        (StudentT(), [1, 0, 0], ([0, 1, 0], [1, 0, 0])),
        (Gamma(), None, ([1, 0], [0, 0])),
        (Gamma(mean=predicted("inverse")), None, ([0, 0], [-1, 0])),
        (Exponential(mean=predicted("inverse_squared")), None, ([0], [-2])),
        (LogNormal(), None, ([1, 0], [0, 0])),
        (Beta(), None, None),
        (Poisson(), None, None),
        (Bernoulli(), None, None),
    ],
    ids=str,
)
def test_known_motions(family, shift, unit):
    found = symmetry(family.loss())
    assert (found.shift is None) == (shift is None)
    assert (found.unit is None) == (unit is None)
    if shift is not None:
        np.testing.assert_array_equal(found.shift, shift)
    if unit is not None:
        np.testing.assert_array_equal(found.unit, unit)


@pytest.mark.parametrize("name", NAMES)
def test_every_motion_that_is_found_holds_far_away(name):
    loss = family_class(name)().loss()
    found = symmetry(loss)
    rng = np.random.default_rng(5)
    y = (
        np.exp(rng.normal(size=50))
        if loss.specification.support.low == 0.0
        else rng.normal(size=50)
    )
    raw = rng.normal(size=(loss.columns, 50))
    nll = loss.evaluate(y, raw, 0)[0] if found.shift is not None or found.unit else None
    if found.unit is not None:
        c, d = found.unit
        moved = 1e6 ** d[:, None] * raw + c[:, None] * np.log(1e6)
        there = loss.evaluate(1e6 * y, moved, 0)[0] - np.log(1e6)
        np.testing.assert_allclose(there, nll, rtol=1e-8, atol=1e-8)
    if found.shift is not None:
        there = loss.evaluate(y + 64.0, raw + 64.0 * found.shift[:, None], 0)[0]
        np.testing.assert_allclose(there, nll, rtol=1e-8, atol=1e-8)
