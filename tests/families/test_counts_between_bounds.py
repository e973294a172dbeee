"""Counts between bounds of every row's own: against sums of probabilities with many digits, near and far out."""

import numpy as np
import pytest
from mpmath import mp

from likely import Censored, GeneralisedPoisson, Geometric, NegativeBinomial, Poisson, Truncated
from oracles import numeric
from oracles.count_sums import above, first_probabilities

INF = np.inf
FAR = (-30.0, -3.0, 1.2, 8.0, 16.0, 30.0)
SHAPES = (-30.0, -12.0, -1.0, 1.3, 9.0, 30.0)
#: Raw predictions of both parameters, from far below all bounds to far above.
POINTS = {
    "poisson": [(r,) for r in (*FAR, 37.5)],
    "geometric": [(r,) for r in (*FAR, 37.5)],
    "negativebinomial": [(r, s) for r in FAR for s in (-30.0, -3.0, 0.7, 5.0, 20.0, 30.0)],
    "negativebinomial1": [(r, d) for r in FAR for d in SHAPES],
    "generalisedpoisson": [(r, d) for r in FAR for d in SHAPES],
}  # fmt: skip
#: Of counts that are seen: y, low and high.
SEEN = [
    (0.0, -INF, 6.0), (6.0, -INF, 6.0), (1.0, 0.0, 2.0), (2.0, 0.0, 6.0), (4.0, 2.0, 5.0), (5.0, 4.0, 30.0),
    (30.0, 4.0, 30.0), (3.0, 2.0, INF), (51.0, 50.0, 60.0), (20.0, 0.0, 180.0), (1.0, 0.0, 180.0),
]  # fmt: skip
#: Of counts that are known by bounds: both of them, and low and high.
HIDDEN = [
    (-INF, 3.0, -INF, 6.0), (3.0, INF, 0.0, 6.0), (5.0, 6.0, 0.0, 6.0), (2.0, 4.0, -INF, 6.0), (1.0, 5.0, -INF, 6.0),
    (2.0, 4.0, 0.0, 5.0), (32.0, 40.0, 30.0, 50.0), (52.0, INF, 50.0, 60.0), (-INF, 3.0, 0.0, INF),
    (3.0, INF, 0.0, INF), (31.0, 33.0, 30.0, INF), (33.0, INF, 30.0, INF), (-INF, 100.0, 0.0, 180.0),
]  # fmt: skip


def between(name, theta, low, high):
    """log P(low < Y ≤ high)"""
    first = int(max(low, -1.0)) + 1
    if np.isinf(high):
        return mp.log(above(name, theta, first - 1)) if first else mp.mpf(0)
    return mp.log(mp.fsum(first_probabilities(name, theta, int(high))[first:]))


def truth(name, row):
    """The loss of a row as a function of the raw predictions."""

    def loss(*raw):
        theta = [mp.exp(r) for r in raw]
        *part, low, high = row
        if len(part) == 1:
            a, b = part[0] - 1.0, part[0]
        else:
            a, b = max(part[0] - 1.0, low), min(part[1], high)
        return between(name, theta, low, high) - between(name, theta, a, b)

    return loss


def losses(name):
    """The losses of rows that are seen, and of those that are known by bounds."""
    return (SEEN, Truncated(name)), (HIDDEN, Censored(Truncated(name)))


#: Where p(k + 1)/p(k) is nearly a sum of what either parameter moves alone: of second derivatives that cancel the one
#: between both is left. Of NegativeBinomial1 where there is no bound above.
CANCELS = {(name, (-30.0, -30.0)) for name in ("negativebinomial1", "generalisedpoisson")}


@pytest.mark.parametrize("name", POINTS)
def test_numerics_contract(name):
    points = POINTS[name]
    raw = np.ascontiguousarray(np.array(points).T)
    for rows, family in losses(name):
        loss = family.loss()
        for row in rows:
            found = loss.evaluate(np.tile(row, (len(points), 1)), raw, 2)
            for part, ratios in enumerate(numeric.ratios(found, truth(name, row), points)):
                for point, ratio in zip(points, ratios, strict=True):
                    left = part == 2 and (name, point) in CANCELS
                    assert ratio <= 1.0 or left, (row, part, ratio, point)


def test_contract_of_counts_that_vary_less_or_more():
    """Of ν = 1 it is the Poisson: the value, and slopes in the mean."""
    points = POINTS["poisson"]
    raw = np.array([[r for (r,) in points], [0.0] * len(points)])
    for rows, family in losses("conwaymaxwellpoisson"):
        loss = family.loss()
        for row in rows:
            value, gradient, packed = loss.evaluate(np.tile(row, (len(points), 1)), raw, 2)
            found = value, gradient[:1], packed[:1]
            for ratios in numeric.ratios(found, truth("poisson", row), points):
                assert ratios.max() <= 1.0, (row, ratios.max(), points[ratios.argmax()])


#: More counts than are added up: those that are seen, and those that are known by bounds.
WIDE = [
    (1.0, 0.0, 300.0), (150.0, 0.0, 300.0), (299.0, 0.0, 300.0), (0.0, -INF, 250.0), (100.0, -INF, 250.0),
    (101.0, 100.0, 500.0), (450.0, 100.0, 500.0), (2.0, 5.0, 0.0, 300.0), (120.0, 200.0, 0.0, 300.0),
    (-INF, 150.0, 0.0, 300.0), (150.0, INF, 0.0, 300.0), (300.0, 400.0, 100.0, 500.0),
]  # fmt: skip
#: Means far below and above such bounds, and among them.
APART = [(r,) for r in (-30.0, -3.0, 3.0, 5.0, 6.5, 9.0, 16.0, 30.0, 37.5)]


#: The same of two parameters, where one end of the bounds is far likelier than what is beyond it.
APART_OF_TWO = {
    "negativebinomial": [(-30.0, -3.0), (-3.0, 5.0), (3.0, 30.0), (9.0, 6.0), (9.0, 9.0), (16.0, 20.0), (30.0, 9.0)],
    **dict.fromkeys(
        ("negativebinomial1", "generalisedpoisson"),
        ((-30.0, -12.0), (-3.0, -3.0), (5.0, -3.0), (16.0, -12.0), (16.0, 0.7), (30.0, -30.0), (30.0, 9.0)),
    ),
}  # fmt: skip


#: Where counts are nearly alike up to far beyond the bounds: of a size next to 0, and of one of about these counts.
ALIKE = [
    (-3.0, -30.0),
    (6.5, -12.0),
    (9.0, -30.0),
    (16.0, -3.0),
    (16.0, 0.7),
    (16.0, 3.0),
    (16.0, 5.0),
    (30.0, 5.0),
]


def misses(name, loss, row, truth, points):
    """The parts and points at which a row's loss misses the contract."""
    raw = np.ascontiguousarray(np.array(points).T)
    y = np.repeat([row], len(points), axis=0)
    found = loss.evaluate(y, raw, 2)
    return [
        (part, point, ratio)
        for part, ratios in enumerate(numeric.ratios(found, truth, points))
        for point, ratio in zip(points, ratios, strict=True)
        if not ratio <= 1.0
    ]


@pytest.mark.parametrize("row", WIDE, ids=str)
@pytest.mark.parametrize("name", ["poisson", *APART_OF_TWO])
def test_many_counts_far_from_the_mean(name, row):
    seen, hidden = Truncated(name), Censored(Truncated(name))
    loss = (seen if len(row) == 3 else hidden).loss()
    assert not misses(name, loss, row, truth(name, row), APART_OF_TWO.get(name, APART))


@pytest.mark.parametrize("row", WIDE, ids=str)
def test_many_counts_that_are_nearly_alike(row):
    name = "negativebinomial"
    loss = (Truncated(name) if len(row) == 3 else Censored(Truncated(name))).loss()
    assert not misses(name, loss, row, truth(name, row), ALIKE)


@pytest.mark.parametrize("y", [1.0, 150.0, 299.0])
@pytest.mark.parametrize("name", ["poisson", *APART_OF_TWO])
def test_many_counts_between_fixed_bounds(name, y):
    loss = Truncated(name, low=0, high=300).loss()
    of = truth(name, (y, 0.0, 300.0))
    assert not misses(name, loss, y, of, APART_OF_TWO.get(name, APART))


@pytest.mark.parametrize("nu", [100.0, 300.0])
@pytest.mark.parametrize(
    "row", [(2.0, 4.0, -INF, 6.0), (2.0, 4.0, 0.0, 6.0), (0.0, 4.0, -INF, 6.0)]
)
def test_slopes_beyond_all_numbers(row, nu):
    """From one count to the next the chance rises by more than any number as the mean does."""
    loss = Censored(Truncated("conwaymaxwellpoisson")).loss()
    value, gradient, curvature = loss.evaluate(np.array([row]), np.array([[37.5], [nu]]), 2)
    assert value > 1e40
    assert gradient[0] == INF
    assert gradient[1] == pytest.approx(1.9 * value / 2.0, rel=0.01)
    assert not np.isnan(curvature).any()


@pytest.mark.parametrize("raw", [20.0, 25.0, 30.0, 37.5])
@pytest.mark.parametrize("row", [(2.0, 4.0), (1.0, 5.0), (0.0, 6.0), (2.0, 5.0)])
def test_where_a_slope_vanishes_by_symmetry(row, raw):
    """Of counts that are nearly alike between fixed bounds: the slope is as small as their differences' squares."""
    loss = Censored(Truncated(Geometric(), low=-1, high=6)).loss()
    found = loss.evaluate(np.array([row]), np.array([[raw]]), 2)
    if row == (0.0, 6.0):
        assert all((part == 0.0).all() for part in found)
        return
    for part in numeric.ratios(found, truth("geometric", (*row, -1.0, 6.0)), [(raw,)]):
        assert part.max() <= 1.0, part.max()


@pytest.mark.parametrize("raw", [-30.0, 1.2, 20.0, 30.0, 37.5])
@pytest.mark.parametrize("y", [0.0, 3.0, 4.0, 6.0])
def test_the_middle_of_counts_that_are_nearly_alike(y, raw):
    loss = Truncated(Geometric(), low=-1, high=6).loss()
    found = loss.evaluate(np.array([y]), np.array([[raw]]), 2)
    for part in numeric.ratios(found, truth("geometric", (y, -1.0, 6.0)), [(raw,)]):
        assert part.max() <= 1.0, part.max()


@pytest.mark.parametrize("name", [*POINTS, "conwaymaxwellpoisson"])
def test_what_can_be_seen_of_one_count_alone(name):
    """It is certain, and moves with nothing."""
    loss = Truncated(name).loss()
    raw = np.ascontiguousarray(np.array(POINTS.get(name, POINTS["negativebinomial"])).T)
    for row in ((0.0, -INF, 0.0), (1.0, 0.0, 1.0), (40.0, 39.0, 40.0)):
        for part in loss.evaluate(np.tile(row, (raw.shape[1], 1)), raw, 2):
            assert (part == 0.0).all(), row


@pytest.mark.parametrize("family", [Poisson(), NegativeBinomial(), GeneralisedPoisson()], ids=repr)
def test_other_libraries(family):
    import jax
    import torch

    for modified in (Truncated(family), Censored(Truncated(family))):
        rows = SEEN if modified == Truncated(family) else HIDDEN
        points = POINTS[family.specification.name.lower()]
        y, raw = (np.array(v) for v in zip(*((r, p) for r in rows for p in points), strict=True))
        value, gradient = modified.nll_and_gradient(y, raw)
        found = [modified.nll_and_gradient(torch.as_tensor(y), torch.as_tensor(raw))]
        if family == Poisson():  # others take long to compile
            jax.config.update("jax_enable_x64", True)
            found.append(modified.nll_and_gradient(jax.numpy.array(y), jax.numpy.array(raw)))
        for nll, slope in found:
            np.testing.assert_allclose(np.asarray(nll), value, rtol=1e-10, atol=1e-13)
            np.testing.assert_allclose(np.asarray(slope), gradient, rtol=1e-9, atol=1e-13)


def test_kernels():
    """A kernel carries sums from one count to the next."""
    rng = np.random.default_rng(5)
    loss = Truncated(GeneralisedPoisson()).loss()
    low = rng.integers(-1, 5, 300).astype(float)
    high = low + rng.integers(1, 250, 300)
    y = low + 1.0 + np.floor(rng.uniform(0.0, 1.0, 300) * np.minimum(high - low, 40.0))
    rows, raw = np.column_stack([y, low, high]), rng.normal(0.0, 3.0, (2, 300))
    assert loss._computation_of(0, "observed").short
    compiled, plain = (v.evaluate(rows, raw, 0)[0] for v in (loss.compiled, loss))
    np.testing.assert_allclose(compiled, plain, rtol=1e-12, atol=1e-14)


def test_kernels_of_many_counts_far_from_the_mean():
    """The formula of one count over another is for these rows alone."""
    rng = np.random.default_rng(6)
    loss = Truncated(GeneralisedPoisson()).loss()
    low = rng.integers(-1, 5, 300).astype(float)
    high = low + rng.integers(201, 2000, 300)
    y = low + 1.0 + np.floor(rng.uniform(0.0, 1.0, 300) * (high - low))
    rows, raw = np.column_stack([y, low, high]), rng.uniform((-20.0,), (25.0, 3.0), (300, 2)).T
    assert loss._computation_of(0, "observed").short
    compiled, plain = (v.evaluate(rows, raw, 0)[0] for v in (loss.compiled, loss))
    np.testing.assert_allclose(compiled, plain, rtol=1e-11, atol=1e-14)
