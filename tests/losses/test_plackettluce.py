"""PlackettLuce's loss: the numerics contract, sums over all rankings, and wrong rankings."""

from itertools import permutations

import numpy as np
import pytest

from likely import Categorical, PlackettLuce
from oracles.rankings import RANKINGS, points, textbook
from oracles.vectors import worst


@pytest.mark.parametrize("ranks", RANKINGS, ids=str)
def test_contract(ranks):
    y, raw = points(ranks)
    found = worst(textbook(ranks), PlackettLuce(len(ranks)).loss(), y, raw)
    for part, (ratio, row) in found.items():
        assert ratio <= 1.0, (part, ratio, raw[row])


def test_probabilities_sum_to_one():
    raw = np.random.default_rng(0).normal(size=4)
    everyone = np.array([np.argsort(p) + 1.0 for p in permutations(range(4))])
    nll = PlackettLuce(4).nll(everyone, np.tile(raw, (24, 1)))
    assert np.exp(-nll).sum() == pytest.approx(1.0, rel=1e-12)
    # A ranking that breaks off is all that begin like it.
    top = np.array([[np.nan, 1.0, np.nan, 2.0]])
    begin = (everyone[:, 1] == 1.0) & (everyone[:, 3] == 2.0)
    part = np.exp(-PlackettLuce(4).nll(top, raw[None]))[0]
    assert part == pytest.approx(np.exp(-nll[begin]).sum(), rel=1e-12)


def test_the_first_place_alone_is_categorical():
    rng = np.random.default_rng(1)
    raw, codes = rng.normal(size=(20, 3)), rng.integers(0, 3, 20)
    y = np.where(codes[:, None] == np.arange(3), 1.0, np.nan)
    for mine, known in zip(
        PlackettLuce(3).nll_and_gradient(y, raw),
        Categorical(3).nll_and_gradient(codes, raw),
        strict=True,
    ):
        np.testing.assert_allclose(mine, known, rtol=1e-12)


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_other_libraries(library):
    rng = np.random.default_rng(2)
    family, raw = PlackettLuce(4), rng.normal(size=(9, 4))
    y = np.argsort(rng.normal(size=(9, 4)), axis=1) + 1.0
    y[::2] = np.where(y[::2] > 2.0, np.nan, y[::2])
    value, slope = family.nll_and_gradient(y, raw)
    curvature = family.curvature(y, raw, "observed")
    if library == "torch":
        torch = pytest.importorskip("torch")
        rows, targets = torch.tensor(raw), torch.tensor(y)
        found = [v.numpy() for v in family.nll_and_gradient(targets, rows)]
        second = torch.stack(
            [
                torch.autograd.functional.hessian(lambda r, t=t: family.nll(t, r), one)
                for one, t in zip(rows, targets, strict=True)
            ]
        ).numpy()
    else:
        jax = pytest.importorskip("jax")
        with jax.enable_x64(True):
            rows, targets = jax.numpy.asarray(raw), jax.numpy.asarray(y)
            found = [np.asarray(v) for v in family.nll_and_gradient(targets, rows)]
            second = np.asarray(jax.vmap(jax.hessian(lambda r, t: family.nll(t, r)))(rows, targets))
    np.testing.assert_allclose(found[0], value, rtol=1e-12)
    np.testing.assert_allclose(found[1], slope, rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(second, curvature, rtol=1e-9, atol=1e-14)


def test_curvature_product_is_the_curvature():
    rng = np.random.default_rng(3)
    y = np.argsort(rng.normal(size=(6, 5)), axis=1) + 1.0
    raw, v = rng.normal(size=(6, 5)), rng.normal(size=(5, 6))
    full = PlackettLuce(5).curvature(y, raw, "observed")
    np.testing.assert_allclose(
        PlackettLuce(5).loss().curvature_product(y, raw.T, v),
        np.einsum("nij,jn->in", full, v),
        rtol=1e-10,
        atol=1e-14,
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            [1.0, 1.0, 2.0],
            r"y has ties, two items of one rank, in row 1 \(value \[1.0, 1.0, 2.0\]\)",
        ),
        (
            [0.0, 1.0, 2.0],
            r"y is no ranking in row 1 \(value \[0.0, 1.0, 2.0\]\): .* must be 1, 2, 3, …",
        ),
        ([1.0, 3.0, np.nan], r"y is no ranking in row 1"),
        ([np.nan] * 3, r"y is no ranking in row 1"),
        ([1.5, 2.0, 3.0], r"y is no ranking in row 1"),
        ([1.0, np.inf, 2.0], r"y is no ranking in row 1"),
    ],
)
def test_wrong_rankings(row, message):
    y = np.array([[1.0, 2.0, 3.0], row])
    with pytest.raises(ValueError, match=message):
        PlackettLuce(3).nll(y, np.zeros((2, 3)))
    with pytest.raises(ValueError, match=message):
        PlackettLuce().fit(y)


def test_wrong_shapes():
    with pytest.raises(ValueError, match=r"y must have shape \(n, 3\)"):
        PlackettLuce(3).nll(np.ones((2, 2)), np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"declares no expected_information"):
        PlackettLuce(2).curvature([[1.0, 2.0]], np.zeros((1, 2)), "expected")
