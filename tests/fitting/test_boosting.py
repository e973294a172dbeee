"""The pieces of boosting, each against its definition."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from likely import Categorical, Gamma, Normal, StudentT, predicted, shared
from likely.fitting import Response
from likely.fitting.boosting import ColumnSettings, Data, Plan, Settings, boost, folds, held_out
from likely.fitting.boosting.pace import Pace
from likely.fitting.boosting.steps import leaf_step, row_steps, shared_step, tree_target

RNG = np.random.default_rng(0)
N = 200


@pytest.mark.parametrize("n", [4, 5, 23, 500])
@pytest.mark.parametrize("count", [2, 5])
def test_folds_are_a_partition_with_the_same_distribution(n, count):
    y = RNG.gamma(1.0, size=n)
    plan = folds(y, min(count, n // 2), np.random.default_rng(1))
    assert plan.crossed
    np.testing.assert_array_equal(np.sort(np.concatenate(plan.judge)), np.arange(n))
    for train, judge in zip(plan.train, plan.judge, strict=True):
        np.testing.assert_array_equal(np.sort(np.r_[train, judge]), np.arange(n))
    sizes = [judge.size for judge in plan.judge]
    assert max(sizes) - min(sizes) <= 1
    if n == 500:
        means = [y[judge].mean() for judge in plan.judge]
        assert np.std(means) < 0.3 * y.std() / np.sqrt(n / count)


def test_held_out_rows():
    plan = held_out(1000, 0.1, np.random.default_rng(0))
    assert plan.judge[0].size == 100
    np.testing.assert_array_equal(np.sort(np.r_[plan.train[0], plan.judge[0]]), np.arange(1000))
    assert held_out(4, 0.99, np.random.default_rng(0)).train[0].size == 1


def test_expected_and_empirical_curvature_agree_at_the_truth():
    loss = StudentT(df=predicted).loss()
    raw = np.tile([[1.0], [0.3], [1.5]], 100_000)
    y = 1.0 + np.exp(0.3) * np.random.default_rng(1).standard_t(np.exp(1.5), 100_000)
    _, gradient, expected = row_steps(loss, y, raw, None, "expected", False)
    _, _, empirical = row_steps(loss, y, raw, None, "empirical", False)
    empirical = np.array([h[0] for h in empirical])
    np.testing.assert_allclose(np.mean(expected, axis=1), empirical, rtol=0.05)
    assert np.abs(gradient.mean(axis=1) / np.sqrt(empirical)).max() < 0.02


def test_derivatives_by_columns_that_nobody_asks_for_are_left_out():
    loss = StudentT().loss()
    y, raw = RNG.normal(size=N), RNG.normal(size=(3, N))
    nll, gradient, whole = loss.evaluate(y, raw, 2, "expected")
    seldom = loss.without([2])
    for seen in (seldom, seldom.compiled):
        same_nll, same_gradient, part = seen.evaluate(y, raw, 2, "expected")
        np.testing.assert_allclose(same_nll, nll, rtol=1e-13)
        np.testing.assert_allclose(same_gradient[:2], gradient[:2], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(part[:3], whole[:3], rtol=1e-12, atol=1e-14)
        assert not same_gradient[2:].any()
        assert not part[3:].any()
        assert whole[4:].all()
        observed = seen.evaluate(y, raw, 2, "observed")[2]
        known = loss.evaluate(y, raw, 2, "observed")[2]
        np.testing.assert_allclose(observed[:3], known[:3], rtol=1e-12, atol=1e-12)
        assert not observed[3:].any()
    assert loss.without([]) is loss
    assert seldom.without([2]) is seldom is loss.without([2])
    assert seldom.without([0]).unasked == (0, 2)
    assert (loss.compiled.without([2]).engine, seldom.engine) == ("kernel", "numpy")


@pytest.mark.parametrize("curvature", ["expected", "empirical"])
def test_natural_gradient_solves_with_the_whole_matrix(curvature):
    family = StudentT(df=predicted)
    y, raw = RNG.normal(size=N), RNG.normal(size=(3, N))
    weight = RNG.uniform(size=N)
    _, plain, _ = row_steps(family.loss(), y, raw, weight, curvature, False)
    _, gradient, h = row_steps(family.loss(), y, raw, weight, curvature, True)
    if curvature == "expected":
        matrix = family.curvature(y, raw.T)
    else:
        matrix = np.broadcast_to((plain * weight) @ plain.T / weight.sum(), (N, 3, 3))
    step = np.linalg.solve(matrix, plain.T[:, :, None])[:, :, 0].T
    np.testing.assert_allclose(gradient / h, step, rtol=1e-8)
    inverse = np.linalg.inv(matrix)
    np.testing.assert_allclose(h, 1.0 / np.einsum("nii->in", inverse), rtol=1e-8)


def test_softmax_columns_share_the_step():
    loss = Categorical(3).loss()
    y, raw = np.array([0.0, 1.0, 2.0]), RNG.normal(size=(3, 3))
    _, _, h = row_steps(loss, y, raw, None, "expected", False)
    p = np.exp(raw) / np.exp(raw).sum(axis=0)
    np.testing.assert_allclose(h, 1.5 * p * (1.0 - p))


def test_tree_target_is_free_of_units():
    g, h, w = RNG.normal(size=N), RNG.uniform(size=N), RNG.uniform(size=N)
    gradient, curvature = tree_target(g, h, w, 0.5, "loc")
    assert curvature.mean() == pytest.approx(1.0, rel=1e-6)
    # A leaf of all rows moves by the Newton step, in units.
    assert leaf_step((gradient, curvature), 0.0) == pytest.approx(
        -(w @ g) / (w @ h) / 0.5, rel=1e-5
    )
    for bad in (np.nan, np.inf):
        with pytest.raises(FloatingPointError, match="curvature of loc is no longer"):
            tree_target(np.full(N, bad), h, None, 1.0, "loc")
    with pytest.raises(FloatingPointError, match="curvature of loc is no longer"):
        tree_target(g, np.zeros(N), None, 1.0, "loc")


def test_shared_steps_converge_to_the_maximum_and_never_rise():
    loss = Gamma(shape=predicted).loss()
    y = RNG.gamma(4.0, 0.5, N)
    w = RNG.uniform(size=N)
    raw = np.tile([[5.0], [-3.0]], N)  # far away
    before = np.inf
    for _ in range(50):
        step, gain = shared_step(loss, y, raw, w, [0, 1], "expected")
        assert gain >= 0.0
        raw = raw + step[:, None]
        nll = loss.evaluate(y, raw, 0)[0] @ w
        assert nll <= before
        before = nll
    fitted = Gamma().fit(y, sample_weight=w).parameters
    assert np.exp(raw[0, 0]) == pytest.approx(fitted["mean"], rel=1e-4)
    assert np.exp(raw[1, 0]) == pytest.approx(fitted["shape"], rel=1e-3)


def test_shared_parameters_follow_the_trees_closely_while_it_matters():
    """Trees learn less in every round; what a step gains goes with the square of what they did since the last."""
    pace, ahead, steps = Pace(), 0.0, []
    for number in range(300):
        ahead += 0.05 * 0.97**number
        if pace.due():
            steps.append((number, ahead))
            pace.stepped(0.5 * ahead**2)
            ahead = 0.0
    numbers, behind = np.array(steps).T
    assert numbers[0] == 0
    assert behind.max() < 0.08
    assert np.diff(numbers).min() == 1
    assert np.diff(numbers).max() == 16
    assert numbers.size < 70
    pace.stepped(1.0)  # the trees learn something new
    assert pace.gap == 8


def test_shared_steps_of_rows_in_several_places():
    """Two threads with half of the rows each take the step of all rows, halvings included."""
    loss = StudentT(scale=shared, df=shared).loss()
    y, w = RNG.standard_t(3.0, N), RNG.uniform(size=N)
    raw = np.tile([[0.3], [-6.0], [9.0]], N)
    columns = [1, 2]
    whole, gain = shared_step(loss, y, raw, w, columns, "expected")
    meeting, given = Barrier(2), [np.empty(0)] * 2

    def half(i):
        rows = slice(0, 40) if i == 0 else slice(40, None)

        def total(sums):
            given[i] = sums
            meeting.wait(timeout=10)
            found = given[0] + given[1]
            meeting.wait(timeout=10)
            return found

        return shared_step(loss, y[rows], raw[:, rows], w[rows], columns, "expected", total)

    with ThreadPoolExecutor(2) as pool:
        (one, of_one), (other, of_other) = pool.map(half, range(2))
    np.testing.assert_array_equal(one, other)
    assert of_one == of_other == pytest.approx(gain, rel=1e-9)
    np.testing.assert_allclose(one, whole, rtol=1e-12)
    assert whole.any()


def settings(**changes):
    plain = {
        "learning_rate": 0.1,
        "max_leaf_nodes": 8,
        "max_depth": None,
        "min_samples_leaf": 10,
        "l2": 1.0,
    }
    columns = tuple(ColumnSettings(**plain, group=j) for j in range(2))
    quiet = {"verbosity": -1, "num_threads": 1, "feature_pre_filter": False}
    return Settings(columns, rounds=20, patience=None, common=quiet, **changes)


def run(plan, y, x):
    start = np.array([y.mean(), np.log(y.std())])
    s = settings()
    data = Data(x, s.common)
    return boost(
        Normal().loss(), data, Response(y), plan, s, start=start, features=x.shape[1]
    ).ensembles


def test_raw_predictions_are_what_training_saw():
    """The sums that LightGBM keeps while it trains are those of the trees that are left."""
    x, y = RNG.normal(size=(N, 3)), RNG.normal(size=N)
    seen = []
    s = settings()
    found = boost(
        Normal().loss(),
        Data(x, s.common),
        Response(y),
        Plan(),
        s,
        start=np.zeros(2),
        features=3,
        judge=(x, Response(y)),
        report=lambda number, loss, best: seen.append(loss),
    )
    nll = Normal().nll(y, found.ensembles.raw(x, 1).T).mean()
    assert nll == pytest.approx(seen[-1], rel=1e-12)
    assert found.losses == seen


def test_each_fold_is_blind_to_its_own_rows():
    """Changing y in the rows of one fold does not reach the location trees of that fold's part in round 1."""
    x, y = RNG.normal(size=(N, 3)), RNG.normal(size=N)
    plan = folds(y, 4, np.random.default_rng(0))
    start = np.array([0.0, 0.0])
    one = settings()
    object.__setattr__(one, "rounds", 1)
    other = y.copy()
    other[plan.judge[2]] += 100.0

    def first_tree(y):
        found = boost(
            Normal().loss(), Data(x, one.common), Response(y), plan, one, start=start, features=3
        )
        return [part[0].predict(x) * found.ensembles.units[0] for part in found.ensembles.boosters]

    before, after = first_tree(y), first_tree(other)
    np.testing.assert_allclose(after[2], before[2], rtol=1e-5, atol=1e-7)
    assert np.abs(after[0] - before[0]).max() > 1.0


def test_a_part_of_the_rows_has_the_same_bins():
    x, y = RNG.normal(size=(N, 3)), RNG.normal(size=N)
    rows = np.arange(0, N, 2)
    judged = run(Plan((rows,), (np.arange(1, N, 2),)), y, x)
    assert judged.features == 3
    assert judged.raw(x[:0], 1).shape == (2, 0)
    assert judged.importance("split").shape == (2, 3)
