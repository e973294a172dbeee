"""The lecture, equation by equation: from the likelihood to least squares and cross-entropy.

The slides follow Prince, Understanding Deep Learning (2023), chapter 5. Not all of their printed
signs are right; each misprint has a test that ours minimises and the printed form does not.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize, minimize_scalar
from scipy.special import logsumexp

from likely import Bernoulli, Categorical, Constant, Linear, Normal, predicted, shared

DATA = Path(__file__).parent / "data" / "lecture"


def numbers(name):
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def network(case):
    """The notebook's shallow network: three ReLU units, inputs as stated."""
    n = {k: np.array(v) for k, v in case["network"].items() if k != "architecture"}
    x = np.array(case["x_train"])
    hidden = np.maximum(0.0, n["beta_0"][:, None] + np.outer(n["omega_0"], x))
    return (n["beta_1"] + n["omega_1"] @ hidden.reshape(3, -1).squeeze()).squeeze()


def slope(function, x, h=1e-6):
    """The derivative by central differences."""
    return (function(x + h) - function(x - h)) / (2 * h)


@pytest.fixture
def sample():
    return np.random.default_rng(5).normal(1.5, 2.0, 200)


def normal_raw(y, mu, sigma):
    return np.column_stack([np.full(len(y), mu), np.full(len(y), math.log(sigma))])


# --- The likelihood of independent, identically distributed data ---------------------------------


def test_likelihood_is_the_product_of_densities(sample):
    few = sample[:8]
    density = np.exp(-((few - 1.0) ** 2) / (2 * 1.7**2)) / np.sqrt(2 * np.pi * 1.7**2)
    assert Normal().at(loc=1.0, scale=1.7).prob(few) == pytest.approx(density, rel=1e-13)
    nll = Normal().nll(few, normal_raw(few, 1.0, 1.7)).sum()
    assert math.exp(-nll) == pytest.approx(density.prod(), rel=1e-12)


def test_the_product_underflows_where_the_sum_of_logs_does_not():
    y = np.random.default_rng(0).normal(size=2000)
    nll = Normal().nll(y, normal_raw(y, 0.0, 1.0))
    assert np.exp(-nll).prod() == 0.0
    assert np.isfinite(nll.sum())
    assert nll.sum() / 2000 == pytest.approx(1.42, abs=0.05)


def test_densities_can_overflow_as_well():
    y = np.full(200, 0.5)
    nll = Normal().nll(y, normal_raw(y, 0.5, 1e-3))
    with np.errstate(over="ignore"):
        assert np.exp(-nll).prod() == np.inf
    assert nll.sum() == pytest.approx(-200 * (math.log(1e3) - 0.5 * math.log(2 * math.pi)))


def test_argmax_of_the_likelihood_is_argmin_of_the_nll(sample):
    few = sample[:10]
    grid = np.linspace(-2, 4, 301)
    nll = np.array([Normal().nll(few, normal_raw(few, m, 2.0)).sum() for m in grid])
    assert np.exp(-nll).argmax() == nll.argmin()
    assert grid[nll.argmin()] == pytest.approx(few.mean(), abs=0.01)


def test_closed_form_of_the_gaussian(sample):
    """μ̂ is the mean, σ̂² the mean squared deviation: 1/N, not 1/(N − 1)."""
    fitted = Normal().fit(sample).parameters
    assert fitted["loc"] == pytest.approx(sample.mean(), rel=1e-12)
    assert fitted["scale"] ** 2 == pytest.approx(np.mean((sample - sample.mean()) ** 2), rel=1e-12)
    raw = normal_raw(sample, fitted["loc"], fitted["scale"])
    _, gradient = Normal().nll_and_gradient(sample, raw)
    assert np.abs(gradient.sum(axis=0)).max() < 1e-9
    unbiased = Normal().nll(sample, normal_raw(sample, sample.mean(), sample.std(ddof=1))).sum()
    assert Normal().nll(sample, raw).sum() < unbiased


def test_constant_model_of_the_notebook():
    case = numbers("udl_5_1_gaussian")
    y, known = np.array(case["y_train"]), case["derived_not_stated"]["constant_model"]
    fitted = Constant(Normal()).fit(np.zeros((len(y), 1)), y)
    d = fitted.predict_dist(np.zeros((len(y), 1)))
    assert d.mean() == pytest.approx(np.full(20, known["mu"]), rel=1e-10)
    assert d.std() == pytest.approx(np.full(20, known["sigma"]), rel=1e-10)
    assert -d.log_prob(y).sum() == pytest.approx(known["nll"], rel=1e-10)


# --- Regression: least squares -------------------------------------------------------------------


def test_univariate_regression_notebook():
    case = numbers("udl_5_1_gaussian")
    y, mu, stated = np.array(case["y_train"]), network(case), case["stated"]
    family = Normal(scale=case["sigma"])
    nll = family.nll(y, mu)
    pdf = stated["pdf"]
    shown = Normal().at(loc=float(pdf["mu"]), scale=pdf["sigma"]).prob(float(pdf["y"]))
    assert round(float(shown), pdf["decimals"]) == pdf["value"]
    assert round(math.exp(-nll.sum()), 9) == stated["likelihood"]["value"]
    assert round(nll.sum(), 9) == stated["nll_sum"]["value"]
    assert round(((y - mu) ** 2).sum(), 9) == stated["sum_of_squares"]["value"]
    _, gradient = family.nll_and_gradient(y, mu)
    start = case["derived_not_stated"]["gradient_at_start"]
    assert gradient.ravel() == pytest.approx(start["dnll_dmu"], rel=1e-9)
    assert gradient.sum() == pytest.approx(start["dnll_dbeta_1"], rel=1e-10)


def test_the_notebooks_minimisers():
    case = numbers("udl_5_1_gaussian")
    known = case["derived_not_stated"]
    y = np.array(case["y_train"])
    rest = network(case) - case["network"]["beta_1"][0]
    family = Normal(scale=0.2)
    grid = np.arange(0, 1, 0.01)
    losses = np.array([family.nll(y, rest + b).sum() for b in grid])
    assert grid[losses.argmin()] == pytest.approx(known["beta_1_grid"]["argmin_beta_1"])
    assert losses.min() == pytest.approx(known["beta_1_grid"]["min_nll"], rel=1e-12)
    squares = np.array([((y - rest - b) ** 2).sum() for b in grid])
    assert squares.argmin() == losses.argmin()
    # Both parameters: an offset and a shared scale.
    raw = lambda p: np.column_stack([rest + p[0], np.full(20, p[1])])
    best = minimize(lambda p: Normal().nll(y, raw(p)).sum(), [0.0, 0.0], tol=1e-12)
    exact = known["exact"]
    assert best.x[0] == pytest.approx(exact["beta_1_mle"], abs=1e-6)
    assert math.exp(best.x[1]) == pytest.approx(exact["sigma_mle_given_beta_1_mle"], abs=1e-6)
    assert best.fun == pytest.approx(exact["nll_at_mle"], abs=1e-9)


def test_line_has_the_minimiser_of_least_squares():
    case = numbers("udl_line_sum_of_squares")
    x, y, known = np.array(case["x"]), np.array(case["y"]), case["derived_not_stated"]
    for stated in case["stated"]:
        squares = ((y - stated["phi0"] - stated["phi1"] * x) ** 2).sum()
        assert round(squares, stated["decimals"]) == stated["sum_of_squares"]
        # At σ² = ½ the loss is the sum of squares and a constant.
        family = Normal(variance=0.5)
        line = stated["phi0"] + stated["phi1"] * x
        nll = family.nll(y, line).sum() - 12 * 0.5 * math.log(math.pi)
        assert nll == pytest.approx(squares, rel=1e-12)
    model = Linear(Normal(scale=shared)).fit(x[:, None], y)
    phi = [model.intercept_["loc"], model.coef_["loc"][0]]
    assert phi == pytest.approx(np.polyfit(x, y, 1)[::-1], rel=1e-9)
    assert phi == pytest.approx(known["phi_mle"], rel=1e-9)
    d = model.predict_dist(x[:, None])
    assert d.std() == pytest.approx(np.full(12, known["sigma_mle"]), rel=1e-8)
    assert d.log_prob(y).sum() == pytest.approx(known["loglik_at_mle"], rel=1e-9)


def test_inference_is_at_the_mean():
    d = Normal().at(loc=np.array([-1.0, 2.0]), scale=np.array([0.5, 3.0]))
    assert d.mode() == pytest.approx([-1.0, 2.0])
    grid = np.linspace(-10, 12, 22001)
    first = Normal().at(loc=-1.0, scale=0.5)
    assert grid[first.log_prob(grid).argmax()] == pytest.approx(-1.0, abs=1e-3)


# --- Heteroscedastic regression ------------------------------------------------------------------


def test_heteroscedastic_loss_with_the_variance_as_a_square():
    """L = −Σ [log 1/√(2π f₂²) − (y − f₁)²/(2 f₂²)]: right as printed (vi)."""
    rng = np.random.default_rng(1)
    y, f = rng.normal(size=50), np.column_stack([rng.normal(size=50), rng.uniform(0.3, 2.0, 50)])
    f1, f2 = f.T
    printed = -(np.log(1 / np.sqrt(2 * np.pi * f2**2)) - (y - f1) ** 2 / (2 * f2**2))
    family = Normal(variance=predicted("square"))
    assert family.nll(y, f) == pytest.approx(printed, rel=1e-12)
    _, gradient = family.nll_and_gradient(y, f)
    for j in (0, 1):
        step = np.zeros(2)
        step[j] = 1e-6
        numeric = (family.nll(y, f + step) - family.nll(y, f - step)) / 2e-6
        assert gradient[:, j] == pytest.approx(numeric, rel=1e-5, abs=1e-6)


def test_the_default_log_link_is_the_same_loss_in_other_coordinates():
    rng = np.random.default_rng(2)
    y, f1, f2 = rng.normal(size=20), rng.normal(size=20), rng.uniform(0.3, 2.0, 20)
    square = Normal(variance=predicted("square")).nll(y, np.column_stack([f1, f2]))
    log = Normal().nll(y, np.column_stack([f1, np.log(f2)]))
    assert square == pytest.approx(log, rel=1e-12)


def test_the_heteroscedastic_model_finds_a_changing_spread():
    rng = np.random.default_rng(3)
    x = rng.uniform(0, 2, 3000)
    y = 1 + 2 * x + np.exp(-1 + 0.8 * x) * rng.normal(size=3000)
    model = Linear(Normal()).fit(x[:, None], y)
    assert model.intercept_["scale"] == pytest.approx(-1, abs=0.1)
    assert model.coef_["scale"][0] == pytest.approx(0.8, abs=0.1)
    constant = Linear(Normal(scale=shared)).fit(x[:, None], y)
    assert model.score(x[:, None], y) > constant.score(x[:, None], y)


# --- Binary classification -----------------------------------------------------------------------


def test_bernoulli_notebook():
    case = numbers("udl_5_2_bernoulli")
    y, logit, stated = np.array(case["y_train"], float), network(case), case["stated"]
    for pmf in stated["pmf"]:
        shown = float(Bernoulli().at(probs=pmf["lam"]).prob(float(pmf["y"])))
        assert round(shown, pmf["decimals"]) == pmf["value"]
    nll, gradient = Bernoulli().nll_and_gradient(y, logit)
    assert round(math.exp(-nll.sum()), 9) == stated["likelihood"]["value"]
    assert round(nll.sum(), 9) == stated["nll_sum"]["value"]
    start = case["derived_not_stated"]["gradient_at_start"]
    assert gradient.ravel() == pytest.approx(start["dnll_dlogit"], rel=1e-9)
    sigmoid = 1 / (1 + np.exp(-logit))
    assert sigmoid == pytest.approx(case["recomputed"]["lam"], rel=1e-12)
    assert gradient.ravel() == pytest.approx(sigmoid - y, rel=1e-9)


def test_bernoulli_minimiser_of_the_notebook():
    case = numbers("udl_5_2_bernoulli")
    y, exact = np.array(case["y_train"], float), case["derived_not_stated"]["exact"]
    rest = network(case) - case["network"]["beta_1"][0]
    best = minimize_scalar(lambda b: Bernoulli().nll(y, rest + b).sum(), (0, 3), tol=1e-12)
    assert best.x == pytest.approx(exact["beta_1_mle"], abs=1e-6)
    assert best.fun == pytest.approx(exact["nll_at_mle"], abs=1e-10)
    constant = case["derived_not_stated"]["constant_model"]
    assert Bernoulli().fit(y).parameters["probs"] == pytest.approx(constant["lam"])


def test_binary_cross_entropy_is_the_nll():
    y, f = np.array([0.0, 1.0, 1.0, 0.0]), np.array([-2.0, 0.3, 4.0, 1.0])
    sigmoid = 1 / (1 + np.exp(-f))
    cross_entropy = -(1 - y) * np.log(1 - sigmoid) - y * np.log(sigmoid)
    assert Bernoulli().nll(y, f) == pytest.approx(cross_entropy, rel=1e-12)


def test_threshold_is_one_half_and_a_tie_goes_to_zero():
    d = Bernoulli().at(probs=np.array([0.2, 0.5, 0.500001, 0.9]))
    assert d.mode().tolist() == [0.0, 0.0, 1.0, 1.0]


# --- Multiclass classification -------------------------------------------------------------------


@pytest.fixture
def logits():
    return np.random.default_rng(4).normal(0, 2, (30, 3)), np.random.default_rng(6).integers(
        0, 3, 30
    )


def test_categorical_nll_in_its_log_sum_exp_form(logits):
    """L = −Σ [f_y − log Σ exp f_k]: right as printed (vi)."""
    f, y = logits
    printed = -(f[np.arange(30), y] - logsumexp(f, axis=1))
    assert Categorical(3).nll(y, f) == pytest.approx(printed, rel=1e-12)
    softmax = np.exp(f) / np.exp(f).sum(axis=1, keepdims=True)
    _, gradient = Categorical(3).nll_and_gradient(y, f)
    assert gradient == pytest.approx(softmax - np.eye(3)[y], rel=1e-9, abs=1e-12)


def test_softmax_does_not_see_a_shift(logits):
    f, y = logits
    assert Categorical(3).nll(y, f + 7.5) == pytest.approx(Categorical(3).nll(y, f), rel=1e-9)


def test_two_classes_are_a_bernoulli_of_the_difference(logits):
    f, y = logits[0][:, :2], (logits[1] > 0).astype(int)
    binary = Bernoulli().nll(y.astype(float), f[:, 1] - f[:, 0])
    assert Categorical(2).nll(y, f) == pytest.approx(binary, rel=1e-12)


def test_classification_predicts_the_most_probable_class():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(300, 2))
    y = np.array(["ash", "birch", "cedar"])[(x + rng.normal(0, 0.3, x.shape)).argmax(axis=1)]
    model = Linear(Categorical()).fit(x, y)
    p = model.predict_proba(x)
    assert p.sum(axis=1) == pytest.approx(np.ones(300))
    assert (model.predict(x) == model.classes_[p.argmax(axis=1)]).all()


def test_cross_entropy_is_the_kl_divergence_to_the_empirical_distribution():
    """KL(q ‖ p) = Σ q log q − Σ q log p: only the second term, the mean NLL, depends on φ."""
    y = np.array([0, 0, 1, 2, 2, 2])
    q = np.bincount(y) / 6
    f = np.array([0.3, -1.0, 0.8])
    p = np.exp(f) / np.exp(f).sum()
    kl = (q * np.log(q / p)).sum()
    nll = Categorical(3).nll(y, np.tile(f, (6, 1))).mean()
    assert kl == pytest.approx(nll + (q * np.log(q)).sum(), rel=1e-12)


# --- "The full distribution or its maximum" ------------------------------------------------------


def test_a_fitted_model_returns_the_full_distribution_or_its_maximum():
    case = numbers("udl_line_sum_of_squares")
    x, y = np.array(case["x"])[:, None], np.array(case["y"])
    model = Linear(Normal(scale=shared)).fit(x, y)
    d = model.predict_dist(x)
    assert model.predict(x) == pytest.approx(d.mode())
    assert np.all(d.log_prob(d.mode()) >= d.log_prob(y))
    low, high = d.interval(0.9)
    assert d.cdf(high) - d.cdf(low) == pytest.approx(np.full(12, 0.9))


# --- What the slides misprint --------------------------------------------------------------------


def test_misprint_1_regression_loss_without_its_minus():
    """(i) Σ [ln 1 − ln √2π − ln σ − (y − f)²/2σ²] is the log-likelihood: it has no minimum."""
    case = numbers("udl_line_sum_of_squares")
    x, y, best = np.array(case["x"]), np.array(case["y"]), case["derived_not_stated"]["phi_mle"]

    def printed(intercept):
        f = intercept + best[1] * x
        return (-math.log(math.sqrt(2 * math.pi)) - (y - f) ** 2 / 2).sum()

    def ours(intercept):
        return Normal(scale=1.0).nll(y, intercept + best[1] * x).sum()

    assert slope(ours, best[0]) == pytest.approx(0, abs=1e-7)
    assert ours(best[0]) < min(ours(best[0] - 0.1), ours(best[0] + 0.1))
    assert printed(best[0]) > max(printed(best[0] - 0.1), printed(best[0] + 0.1))
    assert slope(printed, 0.0) == pytest.approx(-slope(ours, 0.0), rel=1e-6)
    assert printed(1e3) < printed(10.0) < printed(best[0])


def test_misprint_2_binary_cross_entropy_without_its_first_minus():
    """(ii) Σ (1 − y) log(1 − sig) − y log sig falls for ever as f grows."""
    y = np.array(numbers("udl_5_2_bernoulli")["y_train"], float)

    def printed(f):
        log_sig, log_not = -np.logaddexp(0, -f), -np.logaddexp(0, f)
        return ((1 - y) * log_not - y * log_sig).sum()

    def ours(f):
        return Bernoulli().nll(y, np.full(20, f)).sum()

    best = math.log(0.55 / 0.45)
    assert slope(ours, best) == pytest.approx(0, abs=1e-7)
    assert abs(slope(printed, best)) > 1
    assert printed(1e3) < printed(10.0) < printed(best)
    assert slope(ours, 0.7) == pytest.approx((1 / (1 + math.exp(-0.7)) - y).sum(), rel=1e-6)


def test_misprint_3_prefactor_without_its_root_over_the_variance():
    """(iii) 1/(√(2π) σ · 2) is no density: it integrates to ½."""
    sigma = 1.7
    printed = lambda y: math.exp(-(y**2) / (2 * sigma**2)) / (math.sqrt(2 * math.pi) * sigma * 2)
    ours = Normal().at(loc=0.0, scale=sigma)
    assert quad(printed, -30, 30)[0] == pytest.approx(0.5)
    assert quad(lambda y: float(ours.prob(y)), -30, 30)[0] == pytest.approx(1.0)
    assert float(ours.prob(0.4)) == pytest.approx(
        math.exp(-(0.4**2) / (2 * sigma**2)) / math.sqrt(2 * math.pi * sigma**2)
    )


def test_misprint_4_the_sample_variance_of_the_fit_has_one_over_n(sample):
    """(iv) With 1/(N − 1) the derivative in σ is not zero."""

    def loss(sigma):
        return Normal().nll(sample, normal_raw(sample, sample.mean(), sigma)).sum()

    assert slope(loss, sample.std()) == pytest.approx(0, abs=1e-5)
    assert abs(slope(loss, sample.std(ddof=1))) > 0.1


def test_misprint_5_indices_and_the_missing_bar():
    """(v) Each yᵢ goes with its own xᵢ, and p(yᵢ | xᵢ) is a distribution over y for every xᵢ."""
    case = numbers("udl_line_sum_of_squares")
    x, y, best = np.array(case["x"]), np.array(case["y"]), case["derived_not_stated"]["phi_mle"]
    design = np.column_stack([np.ones(12), x])

    def gradient(phi, x_index):
        _, g = Normal(scale=1.0).nll_and_gradient(y, (design @ phi)[x_index])
        return design[x_index].T @ g.ravel()

    own = np.arange(12)
    assert gradient(best, own) == pytest.approx([0, 0], abs=1e-12)
    assert np.abs(gradient(best, np.roll(own, 1))).max() > 0.1
    assert np.abs(gradient(best, np.zeros(12, int))).max() > 0.1
    for mu in (design @ best)[:3]:
        area = quad(lambda t, m=mu: float(Normal().at(loc=float(m), scale=0.3).prob(t)), -4, 6)
        assert area[0] == pytest.approx(1.0)
