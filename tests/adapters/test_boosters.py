"""The objectives for LightGBM, XGBoost and CatBoost: what they hand over, and that training with them works."""

import json
import os
import subprocess
import sys

import catboost
import lightgbm
import numpy as np
import pytest
import xgboost

import likely
from likely import (
    Bernoulli,
    Categorical,
    Constant,
    Gamma,
    Normal,
    Poisson,
    StudentT,
    VonMises,
    predicted,
    shared,
)

LIBRARIES = ("lightgbm", "xgboost", "catboost")
N = 300
RNG = np.random.default_rng(0)
X = RNG.uniform(-1.0, 1.0, size=(N, 3))
#: These libraries keep labels as float32.
Y = (np.where(X[:, 0] > 0, 2.0, 0.0) + np.exp(X[:, 1]) * RNG.normal(size=N)).astype(np.float32)
W = RNG.integers(1, 4, N).astype(float)


def objective(library, *args, **more):
    return getattr(likely, library).Objective(*args, **more)


def trained(library, loss, x, y, rounds=15, weight=None, begin=None):
    """What the trees of the library's own training call add for x."""
    begin = loss.init_score(len(y)) if begin is None else begin
    if library == "lightgbm":
        data = lightgbm.Dataset(x, y, weight=weight, init_score=begin)
        params = {**loss.params, "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
        return lightgbm.train(params, data, rounds).predict(x)
    if library == "xgboost":
        data = xgboost.DMatrix(x, y, weight=weight, base_margin=begin)
        params = {**loss.params, "nthread": 1, "max_depth": 3}
        booster = xgboost.train(params, data, rounds, obj=loss.objective)
        return booster.predict(xgboost.DMatrix(x), output_margin=True)
    data = catboost.Pool(x, loss.labels(y), weight=weight, baseline=begin)
    params = {**loss.params, "iterations": rounds, "depth": 3, "thread_count": 1, "verbose": False}
    return catboost.CatBoost({**params, "allow_writing_files": False}).fit(data).predict(x)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("family", [Normal(), Poisson(), Bernoulli(), Gamma(shape=3.0)], ids=repr)
def test_training_beats_the_start(library, family):
    y = {
        "real": Y,
        "counts": RNG.poisson(np.exp(X[:, 0])),
        "binary": (X[:, 0] > 0.1 * RNG.normal(size=N)).astype(int),
        "positive": np.exp(X[:, 0]) * RNG.gamma(3.0, size=N),
    }[family.specification.support.name]
    loss = objective(library, family, y)
    added = trained(library, loss, X, y)
    better = -loss.predict_dist(added).log_prob(y).mean()
    start = -loss.predict_dist(np.zeros_like(added)).log_prob(y).mean()
    assert better < start - 0.05


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_classes(library):
    y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
    loss = objective(library, Categorical(), y)
    assert loss.columns == ("probs[0]", "probs[1]", "probs[2]")
    found = loss.predict_dist(trained(library, loss, X, y))
    assert (found.mode() == y).mean() > 0.9


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
@pytest.mark.parametrize("scale", [1.0, 2.0**30])
def test_units_of_y_make_no_difference(library, scale):
    plain, scaled = objective(library, Normal(), Y), objective(library, Normal(), Y * scale)
    one = plain.predict_dist(trained(library, plain, X, Y)).parameters
    other = scaled.predict_dist(trained(library, scaled, X, Y * scale)).parameters
    for name in one:
        np.testing.assert_allclose(other[name], scale * one[name], rtol=2e-4, atol=2e-4 * scale)


@pytest.mark.parametrize("library", LIBRARIES)
def test_shared_parameters_are_learned_between_rounds(library):
    loss = objective(library, StudentT(scale=shared), Y)
    assert loss.columns == ("loc",)
    added = trained(library, loss, X, Y, rounds=30)
    assert len(loss.shared_path) == 30
    found = loss.predict_dist(added)
    family = StudentT(loc=0.0)  # scale and df of what is left
    best = family.fit(Y - found.parameters["loc"]).parameters
    assert found.parameters["scale"][0] == pytest.approx(best["scale"], rel=0.15)
    early = loss.predict_dist(added, iteration=0).parameters["scale"][0]
    assert early > found.parameters["scale"][0]
    with pytest.raises(ValueError, match=r"iteration=30, but scale, df was followed for 30 rounds"):
        loss.predict_dist(added, iteration=30)
    exact = loss.learn_shared(Y, added).predict_dist(added).parameters
    assert exact["scale"][0] == pytest.approx(best["scale"], rel=1e-4)
    assert exact["df"][0] == pytest.approx(best["df"], rel=1e-3)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("family", "y"),
    [
        (likely.Censored(likely.Weibull()), [[1.0, 1.0], [2.0, np.inf]]),
        (likely.Truncated(Normal()), [[1.0, 0.0, np.inf], [2.0, 1.0, 9.0]]),
        (likely.Binomial(), [[1.0, 3.0], [2.0, 5.0]]),
        (likely.MultivariateNormal(2), [[1.0, 3.0], [2.0, 5.0]]),
        (likely.Dirichlet(2), [[0.1, 0.9], [0.4, 0.6]]),
    ],
    ids=lambda value: value.specification.name if hasattr(value, "specification") else "",
)
def test_rows_of_several_numbers_are_refused(library, family, y):
    with pytest.raises(TypeError, match=r"y is one number a row, and .* has several: use Linear"):
        objective(library, family, y)


@pytest.mark.parametrize(
    ("family", "y", "row"),
    [
        (likely.Beta(), [0.5, 0.2, 1.0 - 1e-9], 2),  # 1 in float32
        (Gamma(), [1.0, 1e-60, 2.0], 1),  # 0
        (Gamma(), [1e60, 1.0, 2.0], 0),  # infinite
        (Poisson(), [1.0, 2.0, 2.0**24 + 1.0], 2),  # another count
        (Normal(), [1e9, 1e9 + 1.0, 1e9 + 64.0], 1),  # the one before
    ],
    ids=repr,
)
def test_what_float32_cannot_hold(family, y, row):
    with pytest.raises(ValueError, match=rf"labels as float32, which cannot hold y in row {row} "):
        objective("lightgbm", family, y)


def test_a_limit_of_angles_that_float32_rounds_up():
    assert objective("lightgbm", VonMises(), [np.pi, -np.pi, 1.0]).columns == ("loc",)


def test_catboost_learns_shared_parameters_beside_several_outputs():
    x, y, w = X[:100], Y[:100], W[:100]
    loss = objective("catboost", StudentT(), y, sample_weight=w)
    assert loss.columns == ("loc", "scale")
    data = catboost.Pool(x, loss.labels(y), weight=w)
    params = {"iterations": 3, "depth": 2, "thread_count": 1, "verbose": False}
    params |= {"allow_writing_files": False}
    # Judged by the training rows as well: they are shown twice a round, and learned from once.
    model = catboost.CatBoost({**loss.params, **params}).fit(data, eval_set=data)
    assert len(loss.shared_path) == 3
    # What was reported, and the next round's gradients, are at the shared value as it was after the round.
    reported = next(iter(model.get_evals_result()["learn"].values()))
    for i, nll in enumerate(reported):
        found = loss.predict_dist(model.predict(x, ntree_end=i + 1), iteration=i)
        assert -np.average(found.log_prob(y), weights=w) == pytest.approx(nll, rel=1e-5)
    assert not np.array_equal(loss.shared_path[0], loss.shared_path[-1])


@pytest.mark.parametrize("family", [VonMises(), VonMises(concentration=3.0)], ids=repr)
def test_catboost_adds_the_start_of_one_output_itself(family):
    y = np.angle(np.exp(1j * (2.5 + X[:, 0] + 0.3 * RNG.normal(size=N))))
    loss = objective("catboost", family, y)
    params = {"iterations": 10, "depth": 3, "thread_count": 1, "verbose": False}
    params |= {"allow_writing_files": False, "learning_rate": 0.1}
    model = catboost.CatBoost({**loss.params, **params}).fit(X, loss.labels(y))
    found = loss.predict_dist(model.predict(X))
    assert found.log_prob(y).mean() > family.fit(y).log_prob(y).mean() + 0.1
    (reported,) = model.get_evals_result()["learn"].values()
    assert -found.log_prob(y).mean() == pytest.approx(reported[-1], rel=1e-6)


def test_catboost_takes_the_offset_of_one_output_as_baseline():
    exposure = np.exp(RNG.normal(size=N))
    y = RNG.poisson(exposure * np.exp(1.0 + X[:, 0]))
    loss = objective("catboost", Poisson(), y, exposure=exposure)
    baseline = loss.init_score(N, exposure=exposure)
    np.testing.assert_allclose(baseline, np.log(exposure), atol=1e-14)
    params = {"iterations": 30, "depth": 3, "thread_count": 1, "verbose": False}
    params |= {"allow_writing_files": False, "learning_rate": 0.1}
    data = catboost.Pool(X, loss.labels(y), baseline=baseline)
    model = catboost.CatBoost({**loss.params, **params}).fit(data)
    found = loss.predict_dist(model.predict(X), exposure=exposure)
    (reported,) = model.get_evals_result()["learn"].values()
    assert -found.log_prob(y).mean() == pytest.approx(reported[-1], rel=1e-6)
    constant = Constant(Poisson()).fit(X, y, exposure=exposure)
    assert found.log_prob(y).mean() > constant.score(X, y, exposure=exposure) + 0.1


def test_shared_parameters_where_they_cannot_be_learned():
    with pytest.raises(ValueError, match="empirical curvature is a mean over rows"):
        _ = objective("catboost", Normal(), Y, curvature="empirical").params
    for library in LIBRARIES:
        with pytest.raises(ValueError, match=r"never learned here.*learn_shared\(y, added\)"):
            objective(library, Normal(scale=shared), Y).predict_dist(np.zeros(3))
    with pytest.raises(ValueError, match="predicts nothing from x"):
        objective("xgboost", Normal(loc=shared, scale=shared), Y)


def test_learning_shared_parameters_afterwards():
    loss = objective("xgboost", Normal(scale=shared), Y, sample_weight=W)
    loss.learn_shared(Y, np.zeros(N), W)
    best = Normal().fit(Y, sample_weight=W).parameters["scale"]
    assert loss.predict_dist(np.zeros(N)).parameters["scale"][0] == pytest.approx(best, rel=1e-4)
    with pytest.raises(ValueError, match="y has 300 rows, but added has 3"):
        loss.learn_shared(Y, np.zeros(3))
    with pytest.raises(ValueError, match="no shared parameter"):
        objective("xgboost", Normal(), Y).learn_shared(Y, np.zeros((N, 2)))


@pytest.mark.parametrize("library", LIBRARIES)
def test_weights_and_exposure(library):
    exposure = RNG.uniform(0.5, 5.0, N)
    y = RNG.poisson(np.exp(X[:, 0]) * exposure).astype(float)
    loss = objective(library, Poisson(), y, sample_weight=W, exposure=exposure)
    rate = (W @ y) / (W @ exposure)
    assert np.exp(loss.start[0]) == pytest.approx(rate, rel=1e-6)
    baseline = loss.init_score(N, exposure=exposure)
    begin = baseline + (loss.start[0] if library == "catboost" else 0.0)  # which it adds itself
    np.testing.assert_allclose(begin, np.log(rate * exposure), rtol=1e-6)
    g, h = loss.steps(y, begin, W)
    assert abs(g.sum()) < 1e-6 * np.abs(g).sum()
    np.testing.assert_allclose(h / W, loss.steps(y, begin)[1])
    expected = np.average(Poisson().nll(y, begin), weights=W)
    assert loss.mean_nll(y, begin, W) == pytest.approx(expected, rel=1e-12)
    added = trained(library, loss, X, y, weight=W, begin=baseline)
    found = loss.predict_dist(added, exposure=np.ones(N)).mean()
    assert np.corrcoef(np.log(found), X[:, 0])[0, 1] > 0.8
    with pytest.raises(ValueError, match="made with an offset or exposure"):
        loss.predict_dist(added)


def test_scikit_learns_estimators():
    loss = objective("lightgbm", Normal(), Y)
    model = lightgbm.LGBMRegressor(
        objective=loss.sklearn_objective,
        n_estimators=15,
        verbosity=-1,
        n_jobs=1,
        **loss.sklearn_params,
    )
    begin = loss.init_score(N)
    model.fit(
        X, Y, init_score=begin, eval_X=(X,), eval_y=(Y,), eval_init_score=[begin], eval_metric=loss.sklearn_metric
    )  # fmt: skip
    found = loss.predict_dist(model.predict(X))
    (seen,) = (report["nll"] for report in model.evals_result_.values())
    assert -found.log_prob(Y).mean() == pytest.approx(seen[-1], rel=1e-9)
    assert seen[-1] < seen[0]

    loss = objective("xgboost", Normal(), Y)
    model = xgboost.XGBRegressor(
        objective=loss.sklearn_objective, eval_metric=loss.sklearn_metric, n_estimators=15, n_jobs=1, **loss.params
    )  # fmt: skip
    model.fit(X, Y, sample_weight=W, base_margin=begin)
    added = model.get_booster().predict(xgboost.DMatrix(X), output_margin=True)
    assert (
        loss.predict_dist(added).log_prob(Y).mean()
        > loss.predict_dist(0 * added).log_prob(Y).mean()
    )


def test_metrics_in_the_libraries_own_reports():
    loss = objective("lightgbm", Normal(), Y)
    data = lightgbm.Dataset(X, Y, weight=W, init_score=loss.init_score(N))
    seen = {}
    booster = lightgbm.train(
        {**loss.params, "verbosity": -1, "num_threads": 1},
        data,
        5,
        valid_sets=[data],
        feval=loss.metric,
        callbacks=[lightgbm.record_evaluation(seen)],
    )
    expected = -np.average(loss.predict_dist(booster.predict(X)).log_prob(Y), weights=W)
    assert seen["training"]["nll"][-1] == pytest.approx(expected, rel=1e-9)

    loss = objective("xgboost", Normal(), Y)
    data = xgboost.DMatrix(X, Y, weight=W, base_margin=loss.init_score(N))
    seen = {}
    booster = xgboost.train(
        {**loss.params, "nthread": 1}, data, 5, obj=loss.objective, custom_metric=loss.metric,
        evals=[(data, "training")], evals_result=seen, verbose_eval=False,
    )  # fmt: skip
    added = booster.predict(xgboost.DMatrix(X), output_margin=True)
    expected = -np.average(loss.predict_dist(added).log_prob(Y), weights=W)
    assert seen["training"]["nll"][-1] == pytest.approx(expected, rel=1e-5)  # printed digits

    loss = objective("catboost", Normal(), Y)
    data = catboost.Pool(X, loss.labels(Y), weight=W, baseline=loss.init_score(N))
    params = {
        **loss.params,
        "iterations": 3,
        "depth": 3,
        "verbose": False,
        "allow_writing_files": False,
    }
    model = catboost.CatBoost(params).fit(data)
    (seen,) = model.get_evals_result()["learn"].values()
    expected = -np.average(loss.predict_dist(model.predict(X)).log_prob(Y), weights=W)
    assert seen[-1] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("library", LIBRARIES)
def test_errors(library):
    with pytest.raises(ValueError, match="y is NaN"):
        objective(library, Normal(), [1.0, np.nan])
    with pytest.raises(ValueError, match="identity link of scale is not valid"):
        objective(library, Normal(scale=predicted("identity")), Y)
    with pytest.raises(ValueError, match="y has class 2"):
        objective(library, Categorical(2), [0, 1, 2])


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_the_trees_cannot_have_added_is_refused(library):
    two, one = objective(library, Normal(), Y), objective(library, Normal(scale=2.0), Y)
    for wrong in (3.0, np.zeros(5), np.zeros((5, 3)), np.zeros((2, 2, 2))):
        with pytest.raises(
            ValueError, match=r"added has shape .* \(n, 2\), a column each of loc, scale"
        ):
            two.predict_dist(wrong)
    with pytest.raises(ValueError, match=r"added has shape \(5, 2\), but the trees add \(n,\)"):
        one.predict_dist(np.zeros((5, 2)))
    np.testing.assert_array_equal(
        one.predict_dist(np.zeros((5, 1))).mean(), one.predict_dist(np.zeros(5)).mean()
    )
    with pytest.raises(ValueError, match=r"added must be numbers, got 'a'"):
        one.predict_dist(["a", "b"])
    with pytest.raises(ValueError, match=r"n must be a whole number ≥ 0, got 2\.5"):
        two.init_score(2.5)


def test_rounds_that_never_were_are_refused():
    loss = objective("lightgbm", Normal(scale=shared), Y)
    loss.steps(Y, np.zeros(Y.size))
    for wrong in (-1, 0.5, "first"):
        with pytest.raises(ValueError, match=r"iteration must be a whole number ≥ 0, got "):
            loss.predict_dist(np.zeros(3), iteration=wrong)


def test_without_catboost_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "catboost", None)
    monkeypatch.delitem(sys.modules, "likely.catboost", raising=False)
    with pytest.raises(ImportError, match=r"pip install 'likely\[catboost\]'"):
        import likely.catboost  # noqa: F401


DASK = """
import json, os
import numpy as np, dask.array as da, lightgbm, xgboost, xgboost.dask
from dask.distributed import Client, LocalCluster
import likely.lightgbm, likely.xgboost
from likely import Normal, shared

class Noted(likely.xgboost.Objective):
    \"\"\"It writes down what each worker has learned.\"\"\"
    def _share(self, *rows):
        super()._share(*rows)
        with open(f"worker-{os.getpid()}.txt", "a") as file:
            print(float(self.start[1]), file=file)

def main():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(400, 2))
    y = (np.where(X[:, 0] > 0, 2.0, 0.0) + np.exp(X[:, 1]) * rng.normal(size=400)).astype("f4")
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        client.wait_for_workers(2)
        parts = lambda a: da.from_array(a, chunks=(200, *a.shape[1:]))
        def on_lightgbm(loss, y):
            model = lightgbm.DaskLGBMRegressor(
                client=client, objective=loss.sklearn_objective, n_estimators=10, verbosity=-1, **loss.sklearn_params)
            return model.fit(parts(X), parts(y), init_score=parts(loss.init_score(400)))
        def on_xgboost(loss, y):
            data = xgboost.dask.DaskDMatrix(client, parts(X), parts(y), base_margin=parts(loss.init_score(400)))
            done = xgboost.dask.train(client, {**loss.params, "max_depth": 3}, data, 10, obj=loss.objective)
            return done["booster"].predict(xgboost.DMatrix(X), output_margin=True)

        loss = likely.lightgbm.Objective(Normal(), y)
        likelihoods = [loss.predict_dist(on_lightgbm(loss, y).to_local().predict(X)).log_prob(y).mean()]
        loss = likely.xgboost.Objective(Normal(), y)
        likelihoods.append(loss.predict_dist(on_xgboost(loss, y)).log_prob(y).mean())

        # One scale for all, though the second worker's rows are ten times as noisy.
        y[200:] += (10 * rng.normal(size=200)).astype("f4")
        loss = Noted(Normal(scale=shared), y)
        added = on_xgboost(loss, y)
        learned = float(loss.learn_shared(y, added).start[1])
        try:
            on_lightgbm(likely.lightgbm.Objective(Normal(scale=shared), y), y)
        except ValueError as error:
            refused = str(error)
        with open("found.json", "w") as file:
            json.dump([likelihoods, learned, refused], file)

if __name__ == "__main__":
    main()
"""


def test_dask_with_two_workers(tmp_path):
    """Two processes, each with half of the rows; in a process of its own, which they may copy."""
    script = tmp_path / "cluster.py"
    script.write_text(DASK)
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    likelihoods, learned, refused = json.loads((tmp_path / "found.json").read_text())
    marginal = -0.5 * np.log(2 * np.pi * np.e * 1.9)
    for value in likelihoods:
        assert value > marginal + 0.1
    one, other = (file.read_text().split() for file in tmp_path.glob("worker-*.txt"))
    assert one == other  # to the last digit, round by round
    assert len(one) == 10
    # Half a step behind the maximum, and far from what either worker has of its own (0.1 and 2.2).
    assert float(one[-1]) == pytest.approx(learned, abs=0.05)
    assert "scale is shared, and a worker of Dask" in refused
    assert "Normal(scale=2.0)" in refused
