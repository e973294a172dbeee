"""Families over trials: y of two columns against one number of trials, fits, predictions, files, mistakes."""

import copy
import pickle
import re
from itertools import product

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy import stats

import likely
from likely import (
    Bernoulli,
    BetaBinomial,
    Binomial,
    Censored,
    Constant,
    DirichletMultinomial,
    Hurdle,
    Linear,
    Mixture,
    Multinomial,
    Network,
    Poisson,
    Trees,
    Truncated,
    ZeroInflated,
    predicted,
)
from likely._math.atoms.urn import rising_gap_squares, rising_later_curve
from likely._math.backends import numpy_backend
from likely._math.domains import positive, unit_interval
from likely._math.evaluate import compile_program
from likely.families.trials.base import with_constant
from likely.inference.vectors import usual_loss
from likely.links import links_for
from likely.trials import TRIALS
from oracles import engines, grid
from oracles.contract import check

LINKS = [link.name for link in links_for(unit_interval)]


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("name", ["Binomial(trials=1000000000000)", "Binomial(trials=7)"])
def test_numerics_contract(name, link):
    c = grid.combination(name, {"probs": link})
    report = check(c, grid.points(c, 20), engines.numpy_engine)
    assert report.passed, report.failures()


@pytest.mark.parametrize(
    "links",
    [{"probs": link} for link in LINKS]
    + [{"precision": link.name} for link in links_for(positive) if link.name != "log"],
    ids=str,
)
def test_numerics_contract_of_beta_binomial(links):
    c = grid.combination("BetaBinomial(trials=7)", links)
    report = check(c, grid.points(c, 4), engines.numpy_engine)
    assert report.passed, report.failures()


def test_curvature_in_the_inverse_of_a_large_precision():
    """The loss is nearly linear in 1/precision."""
    c = grid.combination("BetaBinomial(trials=7)", {"precision": "inverse"})
    points = [
        (y, probs, raw)
        for y in (6.0, 4.0, 0.0)
        for probs in (1.0, -5.0)
        for raw in (1e-30, 1e-3, 3.0)
    ]
    report = check(c, points, engines.numpy_engine, parts=("observed",))
    assert report.passed, report.failures()


@pytest.mark.parametrize(
    ("link", "points"),
    [
        ("probit", [(2.0, -300.0, 1.0), (2.0, 300.0, -1.0), (3.0, 300.0, 30.0)]),
        ("cloglog", [(2.0, 18.9, 9.9), (5.0, 27.5, -7.6), (4.0, 6.56, 0.0)]),
        ("loglog", [(2.0, -18.9, 9.9), (5.0, -27.5, -7.6), (4.0, -6.56, 0.0)]),
    ],
)
def test_probabilities_below_all_numbers(link, points):
    """Their logarithms are known, and the losses are not infinite."""
    c = grid.combination("BetaBinomial(trials=7)", {"probs": link})
    report = check(c, points, engines.numpy_engine)
    assert report.passed, report.failures()


def test_curvature_in_a_small_precision_where_one_kind_was_not_drawn():
    """There the loss is nearly linear in the precision."""
    c = grid.combination("BetaBinomial(trials=7)", {"precision": "identity"})
    points = [(0.0, -1.3, 1e-30), (0.0, -1.3, 1e-8), (0.0, -30.0, 1e-3), (7.0, 20.0, 0.8)]
    report = check(c, points, engines.numpy_engine, parts=("observed",))
    assert report.passed, report.failures()


def test_numerics_contract_of_very_many_trials():
    c = grid.combination("BetaBinomial(trials=1000000000000)")
    # Of few successes the precision's curvature is 5e-12, of sums over the trials that are 70.
    few = [(2.0, -700.0, 1.0), (7.0, -3.0, 1.0), (7.0, -30.0, -2.0)]
    report = check(c, [*grid.points(c, 16), *few], engines.numpy_engine)
    assert report.passed, report.failures()


def test_curvature_in_a_precision_below_very_many_of_both_kinds():
    """Where both kinds were drawn as often as expected, it is 1e-9 and less of the sums over draws."""
    c = grid.combination("BetaBinomial(trials=1000000000000)", {"probs": "cloglog"})
    points = [(632120558828.0, 0.0, 10.0), (307799372445.0, -1.0, 10.0), (1e4, -18.0, 12.0)]
    report = check(c, points, engines.numpy_engine, parts=("observed",))
    assert report.passed, report.failures()


@pytest.mark.parametrize("c", [2.0, 1e3, 1e12])
def test_sums_over_the_last_draws(c):
    """Σ ni/(n + i)² over a few i from c on, where those before are many."""
    for k, n in product((1.0, 2.0, 40.0), (1e-10, 0.1, 1.9, 900.0, 1e11)):
        if n < c and k <= c:
            found = compile_program([rising_later_curve(k, c, n)], numpy_backend.TABLE)({})[0]
            with mp.workdps(60):
                terms = (mpf(n) * i / (mpf(n) + i) ** 2 for i in range(int(c), int(c + k)))
                assert found == pytest.approx(float(mp.fsum(terms)), rel=1e-13)


@pytest.mark.parametrize("m", [1.0, 6.0, 3000.0])
def test_squares_of_draws_from_a_small_urn(m):
    """Σ n²/(n + i)² − Σ (qn)²/(qn + i)² over i from 1 to m, for n < 1."""
    for n, p in product((1e-100, 1e-9, 0.02, 0.99), (1e-200, 1e-12, 9e-4, 2e-3, 0.3, 0.999)):
        terms = (m, p, 1.0 - p, n, float(np.log1p(-p)))
        found = compile_program([rising_gap_squares(*terms)], numpy_backend.TABLE)({})[0]
        with mp.workdps(230):
            a, b = mpf(n), mpf(n) * (1 - mpf(p))
            true = mp.fsum((a / (a + i)) ** 2 - (b / (b + i)) ** 2 for i in range(1, int(m) + 1))
            assert found == pytest.approx(float(true), rel=1e-12)


def test_one_trial_is_bernoulli_and_says_nothing_about_the_precision():
    raw = np.column_stack([np.linspace(-700.0, 700.0, 41), np.linspace(-30.0, 30.0, 41)])
    for y in (0.0, 1.0):
        seen = np.full(41, y)
        loss = grid.loss(grid.combination("BetaBinomial(trials=1)"))
        value, gradient, curvature = loss.evaluate(seen, np.ascontiguousarray(raw.T), 2)
        expected = Bernoulli().nll_and_gradient(seen, raw[:, :1])
        np.testing.assert_array_equal(value, expected[0])
        np.testing.assert_allclose(gradient[0], expected[1][:, 0], rtol=1e-14)
        assert (gradient[1] == 0.0).all()
        assert (curvature[1:] == 0.0).all()
    fixed = BetaBinomial(trials=1, precision=3.0).fit([0, 1, 1, 0, 1])
    assert fixed.parameters["probs"] == pytest.approx(0.6, rel=1e-12)
    y = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 1.0]])
    for fit in (BetaBinomial().fit, lambda y: Linear(BetaBinomial()).fit(np.zeros((3, 1)), y)):
        with pytest.raises(
            ValueError, match=r"nothing about the precision.*no row has more than one trial"
        ):
            fit(y)
    with pytest.raises(ValueError, match=r"BetaBinomial\(trials=1\) is a Bernoulli"):
        BetaBinomial(trials=1)


def rows(n=60, seed=0, columns=1):
    """y (n, 2) with every kind of row, and raw predictions (columns, n)."""
    rng = np.random.default_rng(seed)
    trials = rng.integers(1, 6, n).astype(float)
    trials[:3] = 0.0, 1.0, 1e9
    raw = rng.normal(0.2, 0.5, size=(columns, n))
    successes = rng.binomial(trials.astype(int), 1.0 / (1.0 + np.exp(-raw[0]))).astype(float)
    return np.column_stack([successes, trials]), raw


@pytest.mark.parametrize(
    ("family", "kind"),
    [(family, kind) for family in TRIALS.values() for kind in family().loss().curvature_kinds],
)
def test_two_columns_are_as_many_families_of_one(family, kind):
    loss = family().loss()
    y, raw = rows(columns=loss.columns)
    found = loss.evaluate(y, raw, 2, kind)
    for n in (1, 5, 10**9):
        mine = y[:, 1] == n
        assert mine.any()
        one = usual_loss(with_constant(family._plain(), n))
        one = one.evaluate(y[mine, 0], raw[:, mine], 2, kind)
        for ours, theirs in zip(found, one, strict=True):
            np.testing.assert_array_equal(ours[..., mine], theirs)


@pytest.mark.parametrize("family", TRIALS.values())
def test_kernels_compute_what_numpy_does_and_see_rows_that_cannot_be(family):
    loss = family().loss()
    y, raw = rows(columns=loss.columns)
    for computed, expected in zip(
        loss.compiled.evaluate(y, raw, 2), loss.evaluate(y, raw, 2), strict=True
    ):
        np.testing.assert_allclose(computed, expected, rtol=1e-12, atol=1e-14)
    bad = np.array([[2.0, 1.0], [0.5, 2.0], [-1.0, 2.0], [1.0, np.inf], [np.nan, 1.0], [1.0, 1.5]])
    invalid = []
    loss.compiled.evaluate(np.vstack([bad, y[:4]]), raw[:, :10].copy(), 0, invalid=invalid)
    assert invalid[0] == len(bad)


def test_against_scipy_and_no_trials_say_nothing():
    y, raw = rows()
    value, gradient = Binomial().nll_and_gradient(y, raw.T)
    p = 1.0 / (1.0 + np.exp(-raw[0]))
    log_p = stats.binom(y[3:, 1], p[3:]).logpmf(y[3:, 0])  # at 1e9 it has 6 digits
    np.testing.assert_allclose(-value[3:], log_p, rtol=1e-9)
    assert value[0] == gradient[0, 0] == 0.0
    np.testing.assert_allclose(gradient[3:, 0], (y[:, 1] * p - y[:, 0])[3:], rtol=1e-12, atol=1e-14)


def test_it_is_bernoulli_one_trial_at_a_time():
    rng = np.random.default_rng(1)
    x, trials = rng.normal(size=(50, 1)), rng.integers(1, 9, 50)
    y = np.column_stack([rng.binomial(trials, 1.0 / (1.0 + np.exp(-x[:, 0]))), trials])
    model = Linear(Binomial()).fit(x, y)
    each = np.repeat(np.arange(50), 2)
    labels = np.tile([1, 0], 50)
    weight = np.column_stack([y[:, 0], y[:, 1] - y[:, 0]]).ravel()
    other = Linear(Bernoulli()).fit(x[each], labels, sample_weight=weight)
    np.testing.assert_allclose(model.coef_["probs"], other.coef_["probs"], rtol=1e-9)
    assert model.summary().rows[1].std_error == pytest.approx(other.summary().rows[1].std_error)
    share = y[:, 0].sum() / trials.sum()
    assert Binomial().fit(y).parameters["probs"] == pytest.approx(share, rel=1e-12)
    assert Binomial(trials=9).fit(y[:, 0]).parameters["probs"] == y[:, 0].mean() / 9.0
    twice = Binomial().fit(y, sample_weight=np.where(np.arange(50) < 10, 2.0, 0.0))
    assert twice.parameters["probs"] == pytest.approx(y[:10, 0].sum() / trials[:10].sum())


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(2)
    x, trials = rng.normal(size=(300, 2)), rng.integers(1, 30, 300)
    p = 1.0 / (1.0 + np.exp(-x[:, 0] - 0.3))
    return x, np.column_stack([rng.binomial(trials, p), trials]), p


@pytest.fixture(scope="module")
def varied():
    rng = np.random.default_rng(4)
    x, trials = rng.normal(size=(800, 2)), rng.integers(1, 30, 800)
    p = 1.0 / (1.0 + np.exp(-x[:, 0] - 0.3))
    return (
        x,
        np.column_stack([rng.binomial(trials, rng.beta(12.0 * p, 12.0 * (1.0 - p))), trials]),
        p,
    )


LEARNERS = {
    "Constant": Constant,
    "Linear": Linear,
    "Trees": lambda family: Trees(family, max_iter=20, random_state=0),
    "Network": lambda family: Network(family, max_epochs=20, members=2, random_state=0),
}


@pytest.mark.parametrize("family", TRIALS.values())
@pytest.mark.parametrize("learner", LEARNERS)
def test_every_learner_predicts_one_trial_or_as_many_as_are_asked_for(
    learner, family, data, varied, tmp_path
):
    x, y, p = varied if family is BetaBinomial else data
    model = LEARNERS[learner](family()).fit(x, y)
    chance = model.predict(x, point="mean")
    if learner != "Constant":
        assert np.sqrt(np.mean((chance - p) ** 2)) < 0.12
    d = model.predict_dist(x, trials=y[:, 1])
    np.testing.assert_allclose(d.mean(), y[:, 1] * chance, rtol=1e-12)
    assert model.score(x, y) == pytest.approx(d.log_prob(y[:, 0]).mean(), rel=1e-10)
    ten = model.predict_dist(x[:4], trials=10)
    assert (ten.quantile(0.999) <= 10.0).all()
    np.testing.assert_allclose(ten.cdf(10.0), 1.0)
    assert (ten.log_prob(11.0) == -np.inf).all()
    assert ten.sample(50, 0).max() <= 10.0
    np.testing.assert_allclose(
        np.exp([ten.log_prob(float(k)) for k in range(11)]).sum(axis=0), 1.0, rtol=1e-12
    )
    model.save(tmp_path / "m")
    back = likely.load(tmp_path / "m")
    assert back.family_ == model.family_
    assert back.score(x, y) == model.score(x, y)


def test_what_is_predicted_against_scipy(data):
    x, y, _ = data
    model = Linear(Binomial()).fit(x, y)
    d = model.predict_dist(x[:40], trials=y[:40, 1])
    theirs = stats.binom(y[:40, 1], d.parameters["probs"])
    np.testing.assert_array_equal(d.parameters["trials"], y[:40, 1])
    for name in ("mean", "var", "std", "entropy"):
        np.testing.assert_allclose(getattr(d, name)(), getattr(theirs, name)(), rtol=1e-9)
    for k in (0.0, 3.0, 7.5, 29.0, 40.0):
        np.testing.assert_allclose(d.cdf(k), theirs.cdf(k), rtol=1e-10)
        np.testing.assert_allclose(d.sf(k), theirs.sf(k), rtol=1e-10, atol=1e-300)
    np.testing.assert_array_equal(d.median(), theirs.median())
    np.testing.assert_array_equal(d.mode(), [
        stats.binom(n, q).pmf(np.arange(30)).argmax()
        for n, q in zip(y[:40, 1], d.parameters["probs"], strict=True)
    ])  # fmt: skip


def test_overdispersed_successes_against_scipy(varied):
    x, y, _ = varied
    model = Linear(BetaBinomial()).fit(x, y)
    assert model.result_.status is likely.fitting.Status.converged
    assert abs(np.log(model.predict_params(x[:1])["precision"][0] / 12.0)) < 0.4
    d = model.predict_dist(x[:40], trials=y[:40, 1])
    p, kappa = d.parameters["probs"], d.parameters["precision"]
    theirs = stats.betabinom(y[:40, 1], p * kappa, (1.0 - p) * kappa)
    np.testing.assert_allclose(d.log_prob(y[:40, 0]), theirs.logpmf(y[:40, 0]), rtol=1e-10)
    for name in ("mean", "var", "std", "entropy"):
        np.testing.assert_allclose(getattr(d, name)(), getattr(theirs, name)(), rtol=1e-9)
    for k in (0.0, 3.0, 7.5, 29.0):
        np.testing.assert_allclose(d.cdf(k), theirs.cdf(k), rtol=1e-10)
        np.testing.assert_allclose(d.sf(k), theirs.sf(k), rtol=1e-9, atol=1e-14)
    np.testing.assert_array_equal(d.median(), theirs.median())
    draws = d.sample(4000, 0)
    errors = np.abs(draws.mean(axis=1) - d.mean()) / (d.std() / np.sqrt(4000.0))
    assert (errors < 5.0).all()


@pytest.mark.parametrize("precision", [0.5, 1.9, 3.0, 40.0])
@pytest.mark.parametrize("probs", [0.05, 0.4, 0.5, 0.8])
def test_the_mode_of_overdispersed_successes(probs, precision):
    d = BetaBinomial(trials=9).at(probs=probs, precision=precision)
    y = np.arange(10.0)
    assert d.log_prob(d.mode()) == pytest.approx(d.log_prob(y).max(), rel=1e-12)


@pytest.mark.parametrize("precision", [0.01, 0.7, 2.0, 1e6])
@pytest.mark.parametrize("probs", [1e-6, 0.3, 0.99])
def test_sums_over_probabilities_that_are_large_at_both_ends(probs, precision):
    n = 2000
    d = BetaBinomial(trials=n).at(probs=probs, precision=precision)
    y = np.arange(n + 1.0)
    p = np.exp(-BetaBinomial(trials=n).nll(y, np.tile(d.raw.reshape(1, -1), (n + 1, 1))))
    seen = np.unique(np.r_[0.0, 1.0, n // 3, n // 2, n - 1.0])
    np.testing.assert_allclose(d.cdf(seen), p.cumsum()[seen.astype(int)], rtol=1e-11)
    above = np.array([p[int(k) + 1 :][::-1].sum() for k in seen])
    np.testing.assert_allclose(d.sf(seen), above, rtol=1e-11, atol=1e-290)
    assert d.cdf(float(n)) == 1.0
    assert d.quantile(1.0) == n
    for level in (0.02, 0.4, 0.97):
        k = int(d.quantile(level))
        assert d.cdf(k) >= level
        assert k == 0 or d.cdf(k - 1.0) < level
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.where(p > 0.0, p * np.log(p), 0.0).sum()
    assert d.entropy() == pytest.approx(entropy, rel=1e-10)


def test_ends_that_tie_go_to_the_first():
    for precision in (0.5, 2.0):
        d = BetaBinomial(trials=2000).at(probs=0.5, precision=precision)
        assert d.mode() == 0.0
        assert BetaBinomial(trials=9, precision=precision).at(probs=0.5).mode() == 0.0


def test_the_maximum_is_that_of_a_search_from_many_starts():
    from scipy.optimize import minimize

    rng = np.random.default_rng(7)
    trials = rng.integers(1, 15, 120)
    y = np.column_stack([rng.binomial(trials, rng.beta(0.6, 1.8, 120)), trials])
    fitted = BetaBinomial().fit(y)

    def loss(raw):
        p, k = 1.0 / (1.0 + np.exp(-raw[0])), np.exp(raw[1])
        return -stats.betabinom(trials, p * k, (1.0 - p) * k).logpmf(y[:, 0]).sum()

    found = min(
        (minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
         for start in rng.normal(0.0, 2.0, (6, 2))), key=lambda r: r.fun,
    )  # fmt: skip
    ours = loss(
        [stats.logistic.ppf(fitted.parameters["probs"]), np.log(fitted.parameters["precision"])]
    )
    assert ours <= found.fun + 1e-9
    np.testing.assert_allclose(fitted.parameters["precision"], np.exp(found.x[1]), rtol=1e-5)


def test_successes_without_overdispersion_say_so():
    x, trials = np.linspace(-1.0, 1.0, 200)[:, None], np.full(200, 12.0)
    y = np.column_stack([np.round(12.0 / (1.0 + np.exp(-x[:, 0]))), trials])
    with pytest.warns(likely.ConvergenceWarning, match="boundary"):
        model = Linear(BetaBinomial()).fit(x, y)
    plain = Linear(Binomial()).fit(x, y)
    assert model.log_likelihood_ == pytest.approx(plain.log_likelihood_, rel=1e-6)
    with pytest.warns(likely.ConvergenceWarning, match="boundary"):
        fitted = BetaBinomial().fit(y)
    assert fitted.parameters["precision"] > 1e3


def test_one_part_of_counts_of_several_kinds():
    rng = np.random.default_rng(8)
    y = np.array([rng.multinomial(20, rng.dirichlet([2.0, 1.0, 1.5])) for _ in range(80)])
    x = rng.normal(size=(80, 1))
    d = Linear(DirichletMultinomial(3)).fit(x, y).predict_dist(x[:3], trials=[1, 5, 400])
    one = d.marginal("y1")
    share, kappa = d.mean()[:, 1] / np.array([1.0, 5.0, 400.0]), d.parameters["precision"]
    theirs = stats.betabinom([1, 5, 400], share * kappa, (1.0 - share) * kappa)
    np.testing.assert_allclose(one.mean(), d.mean()[:, 1], rtol=1e-13)
    np.testing.assert_allclose(one.var(), d.var()[:, 1], rtol=1e-13)
    np.testing.assert_allclose(one.cdf(1.0), theirs.cdf(1.0), rtol=1e-10)
    np.testing.assert_array_equal(one.quantile(1.0), [1.0, 5.0, 400.0])
    np.testing.assert_array_equal(
        Linear(Multinomial(3))
        .fit(x, y)
        .predict_dist(x[:2], trials=[3, 8])
        .marginal(0)
        .quantile(1.0),
        [3.0, 8.0],
    )


def test_it_travels_through_cross_validation(data):
    from sklearn.model_selection import cross_val_score

    x, y, _ = data
    assert np.isfinite(cross_val_score(Linear("binomial"), x, y, cv=3)).all()


@pytest.mark.parametrize(("first", "status"), [(0.0, "separated"), (3.0, "boundary")])
def test_trials_that_end_alike_have_no_maximum(first, status):
    x, trials = np.arange(6.0)[:, None], np.full(6, 3.0)
    with pytest.warns(likely.ConvergenceWarning):
        model = Linear(Binomial()).fit(
            x, np.column_stack([np.where(x[:, 0] < 3.0, first, 3.0), trials])
        )
    assert model.result_.status.name == status


@pytest.mark.parametrize("family", TRIALS.values())
def test_arrays_of_other_libraries(family):
    torch = pytest.importorskip("torch")
    jax = pytest.importorskip("jax")
    y, raw = rows(12, columns=family().loss().columns)
    value, gradient = family().nll_and_gradient(y, raw.T)
    tensor = torch.tensor(raw.T.copy(), requires_grad=True)
    loss = family().nll(torch.tensor(y), tensor)
    loss.sum().backward()
    np.testing.assert_allclose(loss.detach().numpy(), value, rtol=1e-11)
    np.testing.assert_allclose(tensor.grad.numpy(), gradient, rtol=1e-10, atol=1e-12)
    with jax.enable_x64(True):
        ours = family().nll_and_gradient(jax.numpy.array(y), jax.numpy.array(raw.T))
        np.testing.assert_allclose(ours[0], value, rtol=1e-11)
        np.testing.assert_allclose(ours[1], gradient, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("family", [Binomial(), Binomial(trials=4, probs=predicted("cloglog"))])
def test_a_family_over_trials_is_a_value(family):
    for twin in (copy.deepcopy(family), pickle.loads(pickle.dumps(family)), eval(repr(family))):
        assert twin == family
        assert hash(twin) == hash(family)
    assert Binomial() != Binomial(trials=4) != Binomial(trials=5)
    assert "sigmoid" in str(Binomial().explain())
    assert "(n − y) ℓ(0)" in str(Binomial().explain())


def test_one_number_of_trials_can_be_mixed_and_truncated():
    rng = np.random.default_rng(3)
    y = rng.binomial(10, np.where(np.arange(2000) % 4 == 0, 0.1, 0.6))
    mixed = Mixture(Binomial(trials=10), 2).fit(y)
    assert mixed.parameters["probs1"] == pytest.approx(0.1, abs=0.03)
    assert mixed.parameters["odds2"] == pytest.approx(3.0, abs=0.4)
    assert mixed.prob(np.arange(11.0)).sum() == pytest.approx(1.0, rel=1e-12)
    seen = Truncated(Binomial(trials=4), low=0).at(probs=0.1)
    whole = stats.binom(4, 0.1)
    np.testing.assert_allclose(
        seen.prob(np.arange(1.0, 5.0)), whole.pmf(np.arange(1, 5)) / whole.sf(0), rtol=1e-9
    )


# --- Mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1.0, 2.0], r"2 columns, successes and trials.*Binomial\(trials=10\)"),
        ([[1.0, 2.0, 3.0]], "2 columns"),
        ([[1.0, 2.0], [3.0, 2.0]], r"more successes than trials in row 1 \(value \[3.0, 2.0\]\)"),
        ([[1.0, 2.0], [np.nan, 2.0]], "not finite in row 1.*contains NaN"),
        ([[1.0, np.inf]], "not finite in row 0.*contains infinity"),
        ([[1.0, 2.0], [0.5, 2.0]], "outside the support .* in row 1 .*whole numbers"),
        ([[-1.0, 2.0]], "outside the support"),
    ],
)
def test_rows_that_cannot_be(y, message):
    with pytest.raises(ValueError, match=message):
        Binomial().fit(y)
    with pytest.raises(ValueError, match=message):
        Linear(Binomial()).fit(np.zeros((len(y), 1)), y)
    with pytest.raises(ValueError, match=message):
        Binomial().nll(y, np.zeros((len(y), 1)))


def test_more_successes_than_the_family_has_trials():
    with pytest.raises(ValueError, match=re.escape("whole number from 0 to 3")):
        Binomial(trials=3).fit([1, 4])


@pytest.mark.parametrize("trials", [0, -1, 2.5, "ten", True, np.nan, [3, 4], 1e17])
def test_numbers_of_trials_that_cannot_be(trials):
    with pytest.raises(ValueError, match=r"trials must be a whole number ≥ 1.*two columns"):
        Binomial(trials=trials)


def test_trials_of_a_prediction_that_cannot_be(data):
    x, y, _ = data
    model = Linear(Binomial()).fit(x, y)
    for trials, message in (
        ([1, 2], "shape"),
        (0, "got 0"),
        (np.r_[0.5, np.ones(299)], "not in row 0"),
    ):
        with pytest.raises(ValueError, match=message):
            model.predict_dist(x, trials=trials)
    for family in (Poisson(), Binomial(trials=30)):
        with pytest.raises(TypeError, match="is not one"):
            Linear(family).fit(x, y[:, 0]).predict_dist(x, trials=3)


@pytest.mark.parametrize("modifier", [ZeroInflated, Hurdle, Truncated, Censored, Mixture])
def test_modifiers_do_not_take_trials_along(modifier):
    arguments = {Truncated: {"low": 0}, Mixture: {"n": 2}}.get(modifier, {})
    with pytest.raises(TypeError, match="brings its trials along"):
        modifier(Binomial(), **arguments)
    if modifier in (ZeroInflated, Hurdle):
        with pytest.raises(TypeError, match=r"Binomial\(trials=4\)"):
            modifier(Binomial(trials=4))


def test_a_quantile_of_0_has_no_sign():
    found = Binomial(trials=1).at(probs=[0.1, 0.4]).quantile([0.05, 0.25, 0.5])
    assert not np.signbit(found).any()
