"""Dirichlet, Multinomial and DirichletMultinomial: against 60 digits, SciPy and the families that they contain."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import stats

import likely
from likely import (
    Beta,
    Binomial,
    Categorical,
    Constant,
    Dirichlet,
    DirichletMultinomial,
    Linear,
    Mixture,
    Multinomial,
    Network,
    Trees,
    predicted,
)
from likely._math.backends import numpy_backend
from likely._math.evaluate import compile_program
from likely.compositions import COMPOSITIONS
from likely.fitting import Status
from oracles.compositions import points, textbook
from oracles.vectors import worst

RNG = np.random.default_rng(7)
N = 300
X = RNG.uniform(-1.0, 1.0, size=(N, 2))
LOGS = np.column_stack([0.5 + X[:, 0], -0.3 * X[:, 1], np.zeros(N)])
SHARES = np.exp(LOGS) / np.exp(LOGS).sum(axis=1, keepdims=True)
TRIALS = RNG.integers(1, 60, N)
ROWS = np.array([RNG.dirichlet(20.0 * share) for share in SHARES])
Y = {
    "Dirichlet": ROWS,
    "Multinomial": np.array([RNG.multinomial(n, p) for n, p in zip(TRIALS, SHARES, strict=True)]),
    "DirichletMultinomial": np.array(
        [RNG.multinomial(n, p) for n, p in zip(TRIALS, ROWS, strict=True)]
    ),
}


def own(name):
    """The values of its own parameters that are tried."""
    return {} if name == "Multinomial" else {"precision": 4.0}


# --- The loss --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "k"), [("Dirichlet", 2), ("Multinomial", 3), ("DirichletMultinomial", 2)]
)
def test_contract(name, k):
    loss = COMPOSITIONS[name](k, **({"precision": predicted} if own(name) else {})).loss()
    y, raw = points(name, k, 2)
    for engine in (loss, loss.compiled):
        for part, (ratio, row) in worst(textbook(name, k), engine, y, raw).items():
            assert ratio <= 1.0, (part, ratio, y[row], raw[row])


@pytest.mark.parametrize(
    ("y", "raw"),
    [
        ([2.0, 2.0], [-18.0, -27.0]),
        ([1e6, 1e6], [-5.0, -27.0]),
        ([1e6, 1e6 - 1.0], [-5.0, -27.0]),
        ([4.0, 4.0], [0.3, 1.9]),
        ([1.0, 0.0], [3.0, 300.0]),
        ([2.0, 2.0, 2.0], [-18.0, 3.0, -27.0]),
        ([2.0, 2.0, 7.0], [-18.0, 3.0, -27.0]),
    ],
)
def test_curvature_between_shares_and_precision_of_equal_counts(y, raw):
    """Of order κ², where the terms are of order κ."""
    loss = DirichletMultinomial(len(y), precision=predicted).loss()
    book = textbook("DirichletMultinomial", len(y))
    found = worst(book, loss, np.array([y]), np.array([raw]))
    assert found["observed"][0] <= 1.0


@pytest.mark.parametrize(
    ("y", "raw"),
    [
        ([1.0, 2.0], [-17.88555314823298, 23.066980421297615]),
        ([1.0, 1.0], [-1.0, 37.5]),
        ([1.0, 1.0, 3.0], [-12.0, 2.0, 25.0]),
        ([3.0, 1.0, 0.0], [-12.0, 2.0, 25.0]),
    ],
)
def test_a_single_count_of_a_kind_says_nothing_about_the_precision(y, raw):
    """Slopes in κ are of order 1/κ, and those between shares and κ may be 0."""
    loss = DirichletMultinomial(len(y), precision=predicted).loss()
    book = textbook("DirichletMultinomial", len(y))
    for part, (ratio, _) in worst(book, loss, np.array([y]), np.array([raw])).items():
        assert ratio <= 1.0, part


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_many_parts(name):
    """Against the graph of the whole density, and PyTorch's own derivatives of its gradient."""
    import torch

    k = 12
    family = COMPOSITIONS[name](k, **({"precision": predicted} if own(name) else {}))
    loss = family.loss()
    rng = np.random.default_rng(0)
    y = (
        rng.dirichlet(np.ones(k), 40)
        if name == "Dirichlet"
        else rng.multinomial(30, np.ones(k) / k, 40)
    )
    y, raw = y.astype(float), rng.normal(size=(len(family.raw_columns), 40))
    value, gradient, curvature = loss.evaluate(y, raw, 2)
    names = {f"raw{j}": row for j, row in enumerate(raw)} | {
        f"y{j}": row for j, row in enumerate(y.T)
    }
    with np.errstate(all="ignore"):
        (expected,) = compile_program([loss.loss], numpy_backend.TABLE)(names)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    rows = torch.tensor(raw.T, requires_grad=True)
    (slopes,) = torch.autograd.grad(
        family.nll(torch.tensor(y), rows).sum(), rows, create_graph=True
    )
    np.testing.assert_allclose(slopes.detach().numpy().T, gradient, rtol=1e-12)
    v = torch.tensor(rng.normal(size=rows.shape))
    (product_,) = torch.autograd.grad((slopes * v).sum(), rows)
    full = family.curvature(y, raw.T, "observed")
    np.testing.assert_allclose(
        product_.numpy(), np.einsum("nij,nj->ni", full, v.numpy()), rtol=1e-9, atol=1e-11
    )
    np.testing.assert_allclose(
        loss.curvature_product(y, raw, v.numpy().T).T, product_.numpy(), rtol=1e-12
    )
    compiled = loss.compiled.evaluate(y, raw, 2)
    for ours, theirs in zip((value, gradient, curvature), compiled, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-13)
    step = 1e-6
    for j in (0, k - 2, len(raw) - 1):
        along = step * np.eye(len(raw))[j][:, None]
        ends = [loss.evaluate(y, raw + s * along, 1) for s in (1.0, -1.0)]
        np.testing.assert_allclose(
            (ends[0][0] - ends[1][0]) / (2 * step), gradient[j], rtol=1e-6, atol=1e-7
        )
        np.testing.assert_allclose(
            (ends[0][1] - ends[1][1]) / (2 * step), full[:, :, j].T, rtol=1e-5, atol=1e-7
        )


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_values_of_scipy(name):
    family = COMPOSITIONS[name](3)
    mean, kappa = np.array([0.2, 0.3, 0.5]), 4.0
    d = family.at(mean=mean, **own(name))
    y = Y[name][:50]
    expected = {
        "Dirichlet": lambda row: stats.dirichlet(mean * kappa).logpdf(row / row.sum()),
        "Multinomial": lambda row: stats.multinomial(row.sum(), mean).logpmf(row),
        "DirichletMultinomial": lambda row: stats.dirichlet_multinomial(
            mean * kappa, row.sum()
        ).logpmf(row),
    }[name]
    np.testing.assert_allclose(d.log_prob(y), [expected(row) for row in y], rtol=1e-11)
    np.testing.assert_allclose(d.prob(y), np.exp(d.log_prob(y)))
    if name == "Dirichlet":
        peer = stats.dirichlet(mean * kappa)
        assert d.entropy() == pytest.approx(peer.entropy(), rel=1e-12)
        np.testing.assert_allclose(d.mean(), peer.mean(), rtol=1e-14)
        np.testing.assert_allclose(d.var(), peer.var(), rtol=1e-13)
        np.testing.assert_allclose(d.cov(), peer.cov(), rtol=1e-13)
        np.testing.assert_allclose(
            d.marginal("y2").cdf([0.1, 0.5]), stats.beta(2.0, 2.0).cdf([0.1, 0.5]), rtol=1e-13
        )
        return
    rows = likely.Linear(family).fit(X[:60], Y[name][:60]).predict_dist(X[:2], trials=[6, 9])
    ours = rows._of(np.stack([d.raw, d.raw], axis=1))
    ours.trials = np.array([6.0, 9.0])
    for i, n in enumerate((6, 9)):
        peer = (
            stats.multinomial(n, mean)
            if name == "Multinomial"
            else stats.dirichlet_multinomial(mean * kappa, n)
        )
        np.testing.assert_allclose(ours.mean()[i], n * mean, rtol=1e-13)
        np.testing.assert_allclose(ours.cov()[i], peer.cov(), rtol=1e-12)
        grid = np.array([[a, b, n - a - b] for a in range(n + 1) for b in range(n + 1 - a)])
        best = ours[i].mode()
        assert best.sum() == n
        assert peer.logpmf(best.astype(int)) == pytest.approx(peer.logpmf(grid).max(), rel=1e-12)


def test_the_mode_of_counts_where_kinds_draw_more_of_their_own():
    d = DirichletMultinomial(3).at(mean=[0.2, 0.3, 0.5], precision=1.5)._among(8)
    assert d.mode().tolist() == [0.0, 0.0, 8.0]
    assert Multinomial(3).at(mean=[0.2, 0.3, 0.5])._among(10**9).mode().tolist() == [2e8, 3e8, 5e8]


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_two_parts_are_a_family_of_one_number(name):
    two = COMPOSITIONS[name](2)
    y = Y[name][:, :2].astype(float)
    y = y / y.sum(axis=1, keepdims=True) if name == "Dirichlet" else y[y.sum(axis=1) > 0]
    raw = RNG.normal(size=(len(y), len(two.raw_columns)))
    value = two.nll(y, raw)
    if name == "Dirichlet":
        np.testing.assert_allclose(value, Beta(precision=predicted).nll(y[:, 0], raw), rtol=1e-10)
    elif name == "Multinomial":
        pairs = np.column_stack([y[:, 0], y.sum(axis=1)])
        np.testing.assert_allclose(value, Binomial().nll(pairs, raw), rtol=1e-10)
    else:
        a, b = np.exp(raw[:, 1]) / (1.0 + np.exp(-raw[:, 0])), np.exp(raw[:, 1])
        peer = stats.betabinom(y.sum(axis=1).astype(int), a, b - a)
        np.testing.assert_allclose(value, -peer.logpmf(y[:, 0]), rtol=1e-9)


def test_one_trial_a_row_is_categorical():
    codes = Y["Multinomial"].argmax(axis=1)
    ours = Linear(Multinomial(3)).fit(X, np.eye(3)[codes])
    theirs = Linear(Categorical()).fit(X, codes)
    assert ours.log_likelihood_ == pytest.approx(theirs.log_likelihood_, rel=1e-12)


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_kernels_and_other_libraries(name):
    import jax
    import torch

    family, y = COMPOSITIONS[name](3), Y[name].astype(float)
    raw = RNG.normal(size=(N, len(family.raw_columns)))
    value, gradient = family.nll_and_gradient(y, raw)
    kernel, columns, _ = family.loss().compiled.evaluate(y, np.ascontiguousarray(raw.T), 1)
    np.testing.assert_allclose(kernel, value, rtol=1e-11)
    np.testing.assert_allclose(columns.T, gradient, rtol=1e-10, atol=1e-12)
    found = family.nll_and_gradient(torch.from_numpy(y), torch.from_numpy(raw))
    np.testing.assert_allclose(found[0].numpy(), value, rtol=1e-11)
    np.testing.assert_allclose(found[1].numpy(), gradient, rtol=1e-10, atol=1e-12)
    with jax.enable_x64(True):
        rows = jax.numpy.asarray(y), jax.numpy.asarray(raw)
        np.testing.assert_allclose(np.asarray(family.nll(*rows)), value, rtol=1e-11)
    outside = y.copy()
    outside[3] += 0.5
    invalid: list[int] = []
    family.loss().compiled.evaluate(outside, np.ascontiguousarray(raw.T), 0, invalid=invalid)
    assert invalid == [1]


@pytest.mark.parametrize("name", ["Multinomial", "DirichletMultinomial"])
def test_rows_of_no_trials_say_nothing(name):
    # One outcome is possible, and it is certain, as with 0 trials of Binomial() and BetaBinomial().
    cls, y = COMPOSITIONS[name], Y[name].astype(float)
    family, none = cls(3), np.arange(N) % 3 == 0
    loss = family.loss()
    with_none = np.where(none[:, None], 0.0, y)
    for log_precision in (-20.0, 0.3, 5.0, 30.0):
        raw = np.vstack([LOGS[:, :2].T, np.full((loss.columns - 2, N), log_precision)])
        for kind in loss.curvature_kinds:
            for rows in (slice(None), slice(0, 3)):  # a kernel, and NumPy
                found = loss.evaluate(with_none[rows], raw[:, rows], 2, kind)
                for value in found:
                    assert (value[..., none[rows]] == 0.0).all()
        found = loss.evaluate(with_none, raw, 1)
        assert (found[0][none] == 0.0).all()
        assert (found[1][:, none] == 0.0).all()
    all_rows, some = Linear(family).fit(X, with_none), Linear(family).fit(X[~none], y[~none])
    for parameter, value in some.coef_.items():
        np.testing.assert_allclose(all_rows.coef_[parameter], value, rtol=1e-6)
    np.testing.assert_allclose(
        list(family.fit(with_none).parameters.values()),
        list(family.fit(y[~none]).parameters.values()),
        rtol=1e-5,
    )


def test_the_information_is_the_mean_of_the_curvature():
    family = Dirichlet(3, precision=predicted)
    raw = np.array([0.4, -0.7, 1.2])
    y = family.loss() and likely.compositions.Dirichlet(3).at(
        log_ratio_y0=0.4, log_ratio_y1=-0.7, precision=np.exp(1.2)
    ).sample(40_000, 0)
    rows = np.broadcast_to(raw, (len(y), 3))
    observed = family.curvature(y, rows, "observed")
    expected = family.curvature(y[:1], raw[None], "expected")[0]
    errors = observed.std(axis=0) / np.sqrt(len(y))
    assert (np.abs(observed.mean(axis=0) - expected) <= 5.0 * errors + 1e-12).all()
    gradient = family.nll_and_gradient(y, rows)[1]
    assert (np.abs(gradient.mean(axis=0)) < 5.0 * gradient.std(axis=0) / np.sqrt(len(y))).all()


# --- Fits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_fits(name):
    family, y = COMPOSITIONS[name](["a", "b", "c"]), Y[name]
    model = Linear(family).fit(X, y)
    assert model.result_.status is Status.converged
    for part, slope in (("a", [1.0, 0.0]), ("b", [0.0, -0.3])):
        errors = [r.std_error for r in model.summary().rows if r.parameter == f"log_ratio_{part}"]
        assert (np.abs(model.coef_[f"log_ratio_{part}"] - slope) < 4.0 * np.array(errors[1:])).all()
    assert model.score(X, y) == pytest.approx(model.log_likelihood_ / N, rel=1e-12)
    order = RNG.permutation(N)
    again = Linear(family).fit(X[order], y[order])
    assert again.log_likelihood_ == pytest.approx(model.log_likelihood_, rel=1e-10)
    # Which part comes last changes how the fit is written, not the fit.
    turned = Linear(family).fit(X, y[:, ::-1])
    assert turned.log_likelihood_ == pytest.approx(model.log_likelihood_, rel=1e-9)
    np.testing.assert_allclose(
        turned.predict(X, point="mean")[:, ::-1], model.predict(X, point="mean"), atol=1e-5
    )
    weight = RNG.integers(0, 3, N)
    one = family.fit(y, sample_weight=weight)
    many = family.fit(np.repeat(y, weight, axis=0))
    np.testing.assert_allclose(one.mean(), many.mean(), rtol=1e-6)


def test_shares_in_float32_sum_to_1_as_far_as_they_can():
    rough = ROWS.astype(np.float32)
    assert (np.abs(rough.astype(float).sum(axis=1) - 1.0) > 1e-9).any()
    np.testing.assert_allclose(
        Dirichlet(3).fit(rough).mean(), Dirichlet(3).fit(ROWS).mean(), rtol=1e-6
    )
    with pytest.raises(ValueError, match="does not sum to 1 in row 0 "):
        Dirichlet(3).fit(np.vstack([rough[:1] * np.float32(1.0001), rough[1:]]))


def test_counts_without_overdispersion_say_so():
    model = Linear(DirichletMultinomial(3))
    with pytest.warns(likely.ConvergenceWarning, match="boundary"):
        model.fit(X, np.round(30.0 * SHARES))  # closer to the shares than draws are
    assert model.result_.status is Status.boundary


@pytest.mark.parametrize("learner", [Constant, Linear, Trees, Network])
@pytest.mark.parametrize("name", COMPOSITIONS)
def test_learners(learner, name, tmp_path):
    family, y = COMPOSITIONS[name](3), Y[name]
    settings = {Trees: {"max_iter": 20}, Network: {"max_epochs": 4, "hidden": (8,)}}
    model = learner(family, **settings.get(learner, {})).fit(X, y)
    d = model.predict_dist(X)
    assert -model.score(X, y) == pytest.approx(family.nll(y, d.raw.T).mean(), rel=1e-10)
    np.testing.assert_allclose(d.mean().sum(axis=1), 1.0, rtol=1e-12)
    model.save(tmp_path / "model")
    loaded = likely.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert loaded.family == family


@pytest.mark.parametrize("learner", [Constant, Linear, Trees, Network])
def test_the_parts_are_learned_from_y(learner):
    pandas = pytest.importorskip("pandas")
    settings = {Trees: {"max_iter": 5}, Network: {"max_epochs": 2, "hidden": (4,)}}
    y = pandas.DataFrame(ROWS, columns=["sand", "silt", "clay"])
    model = learner(Dirichlet(), **settings.get(learner, {})).fit(X, y)
    assert model.family == Dirichlet()
    assert model.family_ == Dirichlet(["sand", "silt", "clay"])
    assert model.predict_dist(X[:2]).marginal("silt").mean().shape == (2,)
    assert Multinomial().fit(Y["Multinomial"]).names == ("y0", "y1", "y2")
    raw = RNG.normal(size=(N, 3))
    np.testing.assert_array_equal(Dirichlet().nll(ROWS, raw), Dirichlet(3).nll(ROWS, raw))
    d = Dirichlet().at(mean=[0.2, 0.3, 0.5], precision=2.0)
    np.testing.assert_allclose(d.mean(), [0.2, 0.3, 0.5])


def test_a_log_ratio_may_be_known():
    family = Dirichlet(3, log_ratio_y1=-0.3, precision=2.0)
    assert family.parameters == ("log_ratio_y0",)
    raw = RNG.normal(size=(N, 1))
    whole = np.column_stack([raw, np.full(N, -0.3), np.full(N, np.log(2.0))])
    value, gradient = family.nll_and_gradient(ROWS, raw)
    expected, slopes = Dirichlet(3).nll_and_gradient(ROWS, whole)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    np.testing.assert_allclose(gradient, slopes[:, :1], rtol=1e-10, atol=1e-12)
    kernel = family.loss().compiled.evaluate(ROWS, np.ascontiguousarray(raw.T), 1)
    np.testing.assert_allclose(kernel[1].T, gradient, rtol=1e-10, atol=1e-12)


# --- The distribution ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMPOSITIONS)
@pytest.mark.parametrize("precision", [0.05, 3.0])
def test_draws(name, precision):
    given = {"precision": precision} if own(name) else {}
    d = COMPOSITIONS[name](3).at(mean=[[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]], **given)
    if name != "Dirichlet":
        d = d._among(np.array([5, 9]))
    y = d.sample(20_000, 1)
    assert y.shape == (2, 20_000, 3)
    np.testing.assert_allclose(y.sum(axis=-1)[:, 0], d.mean().sum(axis=-1))
    errors = d.std() / np.sqrt(20_000)
    assert (np.abs(y.mean(axis=1) - d.mean()) < 5.0 * errors).all()
    np.testing.assert_allclose(y.var(axis=1), d.var(), rtol=0.06)
    assert d[0].sample(3, 0).shape == (3, 3)
    with pytest.raises(AttributeError, match="quantile is not defined"):
        d.quantile(0.5)


def test_the_mode_of_shares_may_lie_on_the_edge():
    d = Dirichlet(3).at(mean=[[0.2, 0.3, 0.5]] * 3, precision=np.array([10.0, 4.0, 1.0]))
    expected = [[1 / 7, 2 / 7, 4 / 7], [0.0, 1 / 6, 5 / 6], [0.0, 0.0, 1.0]]
    np.testing.assert_allclose(d.mode(), expected, atol=1e-14)


# --- People ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_a_family_is_a_value(name):
    cls = COMPOSITIONS[name]
    for family in (cls(3), cls(["a", "b"]), cls(4, **own(name))):
        assert eval(repr(family), {name: cls}) == family
        assert pickle.loads(pickle.dumps(family)) == family
        assert "fⱼ" in str(family.explain())
        assert r"\mu_j" in family.explain().latex
    assert cls(3) != cls(4)


@pytest.mark.parametrize(
    ("family", "y", "message"),
    [
        (Dirichlet(3), [[0.2, 0.3, 0.6]] * 3, r"does not sum to 1 in rows 0, 1, 2 .*keepdims"),
        (Dirichlet(3), [[0.5, 0.5, 0.0]], r"outside the support .* of y2, column 2 of Dirichlet"),
        (Dirichlet(3), [[0.5, 0.5]], r"y must have 3 columns, y0, y1, y2; got shape \(1, 2\)"),
        (Dirichlet(2), [0.5, 0.5], r"y must have 2 columns"),
        (Dirichlet(2), [[0.5, np.nan]], r"y is not finite in row 0"),
        (
            Multinomial(2),
            [[0.0, 0.0], [0.0, 0.0]],
            r"y has 0 trials in every row, of which Multinomial",
        ),
        (Multinomial(2), [[1.5, 2.0]], r"outside the support .* of y0, column 0 of Multinomial"),
        (DirichletMultinomial(2), [[-1.0, 2.0]], r"outside the support .* of y0"),
    ],
)
def test_wrong_y(family, y, message):
    for fit in (family.fit, lambda y: Linear(family).fit(np.ones((len(y), 1)), y)):
        with pytest.raises(ValueError, match=message):
            fit(np.array(y))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Dirichlet().parameters, ValueError, r"not known yet: give it, Dirichlet\(3\), or their names"),
        (lambda: Dirichlet().fit(ROWS[:, 0]), ValueError, r"shape \(n, parts\) for Dirichlet, with at least 2"),
        (lambda: Dirichlet(2.5), TypeError, r"takes the number of parts"),
        (lambda: Dirichlet(3, log_ratio_y0=predicted("log")), ValueError, "log_ratio_y0 has the identity link"),
        (lambda: Dirichlet(1), ValueError, "at least two parts, got 1"),
        (lambda: Dirichlet(["a", "a"]), ValueError, "at least two, different"),
        (lambda: Dirichlet(["a b", "c"]), ValueError, "fit to end a parameter's name"),
        (lambda: Dirichlet(3).at(mean=[0.5, 0.6, 0.1], precision=1.0), ValueError, "sum to 1"),
        (lambda: Dirichlet(3).at(mean=[0.5, 0.5], precision=1.0), ValueError, r"shape \(3,\)"),
        (lambda: Mixture(Dirichlet(3), 2), TypeError, "several columns"),
        (lambda: Network(Dirichlet(3), members=2).fit(X, ROWS), ValueError, "for one member"),
        (lambda: Dirichlet(3).at(mean=[0.2, 0.3, 0.5], precision=1.0).marginal("z"), ValueError, "'z' of y; .* y2, or"),
        (lambda: Linear(Dirichlet(3)).fit(X, ROWS).predict_dist(X, trials=3), TypeError, "trials= is for"),
    ],
)  # fmt: skip
def test_what_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("predictor", [Constant, Linear])
def test_counts_of_the_same_shares_in_all_rows_have_no_precision(predictor):
    """Less spread than the Multinomial's: at the edge, where a start by the variance of the shares would be already."""
    y = np.tile([2.0, 3.0, 5.0], (100, 1))
    X = np.linspace(-1.0, 1.0, 100)[:, None]
    with pytest.warns(UserWarning, match="precision goes to ∞"):
        model = predictor(DirichletMultinomial()).fit(X, y)
    assert model.result_.status.name == "boundary"
    assert model.log_likelihood_ == pytest.approx(
        100 * stats.multinomial.logpmf([2, 3, 5], 10, [0.2, 0.3, 0.5])
    )
