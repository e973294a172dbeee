"""A family in ten lines gets all that a built-in one has: loss, kernels, fits and predictions."""

import math

import mpmath
import numpy as np
import pytest
from scipy import stats

from likely import (
    Constant,
    Family,
    Linear,
    Parameter,
    ZeroInflated,
    check_family,
    counts,
    positive,
    positive_counts,
    predicted,
    real,
    shared,
    unit_interval,
)
from likely.math import exp, expm1, lbeta, lgamma, log, log_ndtr, pi, sqrt, where
from likely.report.explanation import Explanation


class Gumbel(Family):
    """Largest values of many: floods, gusts."""

    support = real
    loc = Parameter(real)
    scale = Parameter(positive)

    def log_density(y, loc, scale):
        z = (y - loc) / scale
        return -z - exp(-z) - scale.log


class Weibull(Family):
    """Times to failure."""

    support = positive
    scale = Parameter(positive)
    shape = Parameter(positive, shared=True)

    def log_density(y, scale, shape):
        t = y.log - scale.log
        return shape.log - scale.log + (shape - 1.0) * t - exp(shape * t)


class Geometric(Family):
    """Failures before the first success."""

    support = counts
    probs = Parameter(unit_interval)

    def log_density(y, probs):
        return y * probs.log1m + probs.log


#: Each family, SciPy's distribution of the same parameters, and parameters to try.
PEERS = [
    (Gumbel(), lambda loc, scale: stats.gumbel_r(loc, scale), {"loc": 1.5, "scale": 0.7}),
    (Weibull(), lambda scale, shape: stats.weibull_min(shape, scale=scale), {"scale": 2.0, "shape": 1.7}),
    (Geometric(), lambda probs: stats.geom(probs, loc=-1), {"probs": 0.3}),
]  # fmt: skip
IDS = ["Gumbel", "Weibull", "Geometric"]
N = 2000


@pytest.fixture(params=PEERS, ids=IDS)
def case(request):
    family, peer, parameters = request.param
    frozen = peer(**parameters)
    return family, frozen, parameters, frozen.rvs(N, random_state=1).astype(float)


def raws(family, parameters):
    """The raw predictions (k,) of these parameters under the default links."""
    link = {"loc": lambda v: v, "probs": lambda v: math.log(v / (1 - v))}
    return np.array([link.get(name, math.log)(v) for name, v in parameters.items()])


# --- Loss and derivatives --------------------------------------------------------------------------


def test_names(case):
    family, _, parameters, _ = case
    assert family.parameters == family.raw_columns == tuple(parameters)
    assert repr(family) == f"{type(family).__name__}()"


def test_loss_is_scipys(case):
    family, frozen, parameters, y = case
    raw = np.tile(raws(family, parameters), (N, 1))
    log_density = getattr(frozen, "logpmf", None) or frozen.logpdf
    expected = -(frozen.logpmf(y) if isinstance(family, Geometric) else log_density(y))
    np.testing.assert_allclose(family.nll(y, raw), expected, rtol=1e-11)


def test_derivatives_are_those_of_the_loss(case):
    family, _, parameters, y = case
    y, raw = y[:50], np.tile(raws(family, parameters), (50, 1))
    raw += np.random.default_rng(0).normal(scale=0.1, size=raw.shape)
    _, gradient = family.nll_and_gradient(y, raw)
    curvature = family.curvature(y, raw, kind="observed")
    np.testing.assert_allclose(curvature, curvature.transpose(0, 2, 1))
    h = 1e-6
    for j in range(raw.shape[1]):
        step = h * np.eye(raw.shape[1])[j]
        slope = (family.nll(y, raw + step) - family.nll(y, raw - step)) / (2 * h)
        np.testing.assert_allclose(gradient[:, j], slope, rtol=1e-6, atol=1e-7)
        up, down = (family.nll_and_gradient(y, raw + s)[1] for s in (step, -step))
        np.testing.assert_allclose(curvature[:, j], (up - down) / (2 * h), rtol=1e-6, atol=1e-7)


def test_expected_curvature_must_be_declared(case):
    family, _, parameters, y = case
    raw = np.tile(raws(family, parameters), (N, 1))
    message = rf"{type(family).__name__} declares no expected_information.*kind=\"observed\""
    with pytest.raises(ValueError, match=message):
        family.curvature(y, raw, kind="expected")


@pytest.mark.parametrize("family", [Gumbel(), Weibull()], ids=repr)
def test_kernels_agree_with_the_numpy_body(family):
    rng = np.random.default_rng(0)
    n = 100_000
    y = rng.gamma(2.0, 1.0, n)
    raw = rng.normal(scale=0.5, size=(n, 2))
    loss = family.loss()
    nll, gradient = family.nll_and_gradient(y, raw)
    assert "kernel" in vars(loss._computations[1, "observed"])  # so many rows run compiled
    body = [np.asarray(v) for v in loss.program(1)({"y": y, "raw0": raw[:, 0], "raw1": raw[:, 1]})]
    np.testing.assert_allclose(nll, body[0], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(gradient, np.stack(body[1:], axis=1), rtol=1e-11, atol=1e-12)
    some = slice(0, 1000)
    np.testing.assert_allclose(
        family.nll_and_gradient(y[some], raw[some])[0], nll[some], rtol=1e-12, atol=1e-13
    )


def test_other_links_and_fixed_parameters():
    y = np.random.default_rng(0).gumbel(1.0, 2.0, 300)
    best = Gumbel().fit(y)
    softplus = Gumbel(scale=predicted("softplus")).fit(y)
    assert softplus.parameters["scale"] == pytest.approx(best.parameters["scale"], rel=1e-7)
    fixed = Gumbel(scale=2.0)
    assert fixed.parameters == ("loc",)
    # With the scale known, exp(-loc/s) is the mean of exp(-y/s).
    assert fixed.fit(y).parameters["loc"] == pytest.approx(-2.0 * np.log(np.mean(np.exp(-y / 2.0))))
    with pytest.raises(
        ValueError, match=r"logit link does not fit Gumbel's scale.*use one of: log"
    ):
        Gumbel(scale=predicted("logit"))
    with pytest.raises(
        TypeError, match=r"Gumbel has no parameter 'shape'; its parameters are loc, sc"
    ):
        Gumbel(shape=1.0)


def test_values_like_any_family():
    assert Gumbel() == Gumbel()
    assert Gumbel() != Gumbel(scale=shared)
    assert len({Gumbel(), Gumbel(), Weibull()}) == 2
    assert Weibull(shape=2.0).parameters == ("scale",)


# --- Density estimation ----------------------------------------------------------------------------


def test_fit_is_scipys(case):
    family, _, parameters, y = case
    fitted = family.fit(y)
    if isinstance(family, Geometric):
        assert fitted.parameters["probs"] == pytest.approx(1.0 / (1.0 + y.mean()), rel=1e-9)
        return
    if isinstance(family, Gumbel):
        expected = dict(zip(("loc", "scale"), stats.gumbel_r.fit(y), strict=True))
    else:
        shape, _, scale = stats.weibull_min.fit(y, floc=0.0)
        expected = {"scale": scale, "shape": shape}
    for name, value in expected.items():
        assert fitted.parameters[name] == pytest.approx(value, rel=1e-3)
        assert fitted.parameters[name] == pytest.approx(parameters[name], rel=0.1)
    theirs = family.at(**expected).log_prob(y).sum()
    assert fitted.log_prob(y).sum() >= theirs - 1e-9 * abs(theirs)


@pytest.mark.parametrize("scale", [1e-6, 1e9])
def test_fit_at_any_scale(scale):
    y = np.random.default_rng(3).weibull(1.7, N)
    one, other = Weibull().fit(y).parameters, Weibull().fit(scale * y).parameters
    assert other["scale"] == pytest.approx(scale * one["scale"], rel=1e-8)
    assert other["shape"] == pytest.approx(one["shape"], rel=1e-8)
    y = np.random.default_rng(3).gumbel(1.0, 2.0, N)
    one, other = Gumbel().fit(y).parameters, Gumbel().fit(scale * y).parameters
    for name in one:
        assert other[name] == pytest.approx(scale * one[name], rel=1e-7)


# --- Estimators ------------------------------------------------------------------------------------


def test_constant(case):
    family, _, _, y = case
    model = Constant(family).fit(np.zeros((N, 1)), y)
    fitted = family.fit(y)
    found = model.predict_params(np.zeros((1, 1)))
    for name, value in fitted.parameters.items():
        assert found[name][0] == pytest.approx(value, rel=1e-8)
    assert model.log_likelihood_ == pytest.approx(fitted.log_prob(y).sum(), rel=1e-10)


def test_linear_recovers_what_made_the_data():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(5000, 2))
    truths = {
        Gumbel(): [1.0, 0.5, -0.3, np.log(0.7), 0.2, 0.0],
        Weibull(): [0.5, 0.4, -0.2, np.log(1.7)],
        Geometric(): [-0.5, 0.6, 0.0],
    }
    for family, truth in truths.items():
        eta = truth[0] + X @ truth[1:3]
        if isinstance(family, Gumbel):
            y = eta + np.exp(truth[3] + X @ truth[4:]) * rng.gumbel(size=5000)
        elif isinstance(family, Weibull):
            y = np.exp(eta) * rng.weibull(1.7, 5000)
        else:
            y = rng.geometric(1 / (1 + np.exp(-eta))) - 1.0
        model = Linear(family).fit(X, y)
        assert model.result_.status.name == "converged"
        z = (model.result_.parameters - truth) / model.result_.std_errors
        assert (np.abs(z) < 4.0).all()
        assert model.result_.gradient_norm < 1e-7
        assert model.score(X, y) > Constant(family).fit(X, y).score(X, y)


def test_linear_fit_is_an_optimum():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(300, 2))
    y = np.exp(0.5 * X[:, 0]) * rng.weibull(1.5, 300)
    model = Linear(Weibull()).fit(X, y)
    found = model.result_.parameters

    def total(b):
        t = np.log(y) - (b[0] + X @ b[1:3])
        k = np.exp(b[3])
        return np.sum(-b[3] + b[0] + X @ b[1:3] - (k - 1) * t + np.exp(k * t))

    assert -model.log_likelihood_ == pytest.approx(total(found), rel=1e-12)
    for _ in range(20):
        assert total(found + 1e-3 * rng.normal(size=4)) > total(found)


def test_in_the_predictors_that_users_meet():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(200, 2))
    y = X[:, 0] + rng.gumbel(size=200)
    model = Linear(Gumbel(scale=shared), alpha=1.0).fit(X, y, sample_weight=rng.integers(0, 3, 200))
    np.testing.assert_allclose(
        model.predict(X), model.intercept_["loc"] + X @ model.coef_["loc"], rtol=1e-6, atol=1e-6
    )  # the mode of a Gumbel is its loc, found by maximisation
    assert "Gumbel(scale=shared)" in str(model.summary())


# --- Predictive distributions ----------------------------------------------------------------------


def test_predictive_without_closed_forms(case):
    family, frozen, parameters, _ = case
    found = family.at(**parameters)
    assert found.mean() == pytest.approx(frozen.mean(), rel=1e-8)
    assert found.var() == pytest.approx(frozen.var(), rel=1e-7)
    assert found.std() == pytest.approx(frozen.std(), rel=1e-7)
    assert found.entropy() == pytest.approx(float(frozen.entropy()), rel=1e-7)
    levels = np.array([0.01, 0.25, 0.5, 0.9, 0.999])
    np.testing.assert_allclose(found.quantile(levels), frozen.ppf(levels), rtol=1e-7)
    assert found.median() == pytest.approx(frozen.median(), rel=1e-7)
    at = frozen.ppf(levels)
    for point in at:
        assert found.cdf(point) == pytest.approx(frozen.cdf(point), rel=1e-8)
        assert found.sf(point) == pytest.approx(frozen.sf(point), rel=1e-8)


def test_modes_by_maximisation():
    assert Gumbel().at(loc=1.5, scale=0.7).mode() == pytest.approx(1.5, abs=1e-7)
    assert Gumbel().at(loc=1.5e9, scale=7e8).mode() == pytest.approx(1.5e9, rel=1e-7)
    k = 1.7
    expected = 2.0 * ((k - 1) / k) ** (1 / k)
    assert Weibull().at(scale=2.0, shape=k).mode() == pytest.approx(expected, rel=1e-7)
    assert Weibull().at(scale=2.0, shape=0.5).mode() == 0.0  # infinite there
    assert Geometric().at(probs=0.3).mode() == 0.0
    many = Gumbel().at(loc=np.array([0.0, 5.0, -2.0]), scale=1.0)
    np.testing.assert_allclose(many.mode(), [0.0, 5.0, -2.0], atol=1e-7)


def test_samples(case):
    family, frozen, parameters, _ = case
    drawn = family.at(**parameters).sample(4000, rng=np.random.default_rng(0))
    assert drawn.shape == (4000,)
    assert abs(drawn.mean() - frozen.mean()) < 5 * frozen.std() / np.sqrt(4000)
    again = family.at(**parameters).sample(4000, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, again)
    if not isinstance(family, Geometric):
        assert stats.kstest(drawn, frozen.cdf).pvalue > 1e-4


def test_explain_derives_the_users_loss():
    explained = Gumbel().explain()
    assert isinstance(explained, Explanation)
    assert "Gumbel" in str(explained)
    assert "exp" in explained.latex or "e^" in explained.latex


# --- What a body must not do -----------------------------------------------------------------------


def make(body, **members):
    """A family with one parameter ``loc`` and this log_density."""
    return type(
        "Mine", (Family,), {"support": real, "loc": Parameter(real), "log_density": body, **members}
    )


def test_if_is_refused():
    def log_density(y, loc):
        if y > loc:
            return -(y - loc)
        return -2.0 * (loc - y)

    with pytest.raises(
        TypeError, match=r"no truth value here: write where\(condition, a, b\) instead"
    ):
        make(log_density)


def test_where_is_what_to_write():
    def log_density(y, loc):
        return where(y > loc, loc - y, 2.0 * (y - loc)) - log(1.5)

    family = make(log_density, smooth=False)()
    expected = np.log(1.5) + np.array([1.0, 2.0])
    np.testing.assert_allclose(family.nll([1.0, -1.0], [0.0, 0.0]), expected)


class Gompertz(Family):
    """Lifetimes whose hazard grows exponentially."""

    support = positive
    rate = Parameter(positive)
    growth = Parameter(positive)

    def log_density(y, rate, growth):
        return rate.log + growth * y - rate / growth * expm1(growth * y)


LIVES = stats.gompertz.rvs(0.2, size=200, random_state=4)


@pytest.mark.parametrize("unit", [1e-200, 0.01, 1.0, 10.0, 1e3, 1e200])
def test_rates_are_found_in_any_unit(unit):
    """Both parameters are one over a time; SciPy's shape is their ratio."""
    shape, _, scale = stats.gompertz.fit(LIVES, floc=0)
    found = Gompertz().fit(unit * LIVES).parameters
    assert unit * found["growth"] == pytest.approx(1.0 / scale, rel=1e-3)
    assert unit * found["rate"] == pytest.approx(shape / scale, rel=1e-3)


class ExGaussian(Family):
    """A normal time and an exponential one after it; beside a large rate the likelihood is level."""

    support = real
    loc = Parameter(real)
    scale = Parameter(positive)
    rate = Parameter(positive)

    def log_density(y, loc, scale, rate):
        u = rate * scale
        z = (y - loc) / scale
        return rate.log - u * z + 0.5 * u * u + log_ndtr(z - u)


class BirnbaumSaunders(Family):
    """Cycles until a crack; at both ends of the numbers its formula has none."""

    support = positive
    shape = Parameter(positive)
    scale = Parameter(positive)

    def log_density(y, shape, scale):
        root = sqrt(y / scale)
        z = (root - 1.0 / root) / shape
        return log(root + 1.0 / root) - log(2.0 * shape) - y.log - 0.5 * z * z - 0.5 * log(2.0 * pi)


PEERS = {
    ExGaussian: (
        stats.exponnorm.rvs(3.0, 1.0, 0.4, size=300, random_state=1),
        lambda p: stats.exponnorm(1.0 / (p["scale"] * p["rate"]), p["loc"], p["scale"]),
        stats.exponnorm.fit,
        {"loc": 1.0, "scale": 1.0, "rate": -1.0},
    ),
    BirnbaumSaunders: (
        stats.fatiguelife.rvs(0.5, 0.0, 2.0, size=300, random_state=1),
        lambda p: stats.fatiguelife(p["shape"], 0.0, p["scale"]),
        lambda y: stats.fatiguelife.fit(y, floc=0.0),
        {"shape": 0.0, "scale": 1.0},
    ),
}


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e4, 1e6])
@pytest.mark.parametrize("family", PEERS, ids=lambda f: f.__name__)
def test_the_maximum_is_found_in_any_unit(family, unit):
    """No lower than SciPy's, and the same in every unit."""
    y, peer, fit, powers = PEERS[family]
    found = family().fit(unit * y).parameters
    of_y = {name: value / unit ** powers[name] for name, value in found.items()}
    theirs = type(peer(of_y).dist)().logpdf(y, *fit(y)).sum()
    assert peer(of_y).logpdf(y).sum() >= theirs - 1e-6
    for name, value in family().fit(y).parameters.items():
        assert of_y[name] == pytest.approx(value, rel=1e-5)


def test_quotients_of_gamma_functions_in_two_spellings():
    """As docs/own.md writes them; for large a and b the plain ones have no digits."""
    a, b, n, m = 1e15, 3e15, 7.0, 2.0

    class Pair(Family):
        support = positive
        a = Parameter(positive)
        b = Parameter(positive)

        def log_density(y, a, b):
            return (
                lgamma(y)
                - lbeta(a, y)
                + lbeta(y, m)
                + lbeta(a + b, y + m)
                - lbeta(a, y)
                - lbeta(b, m)
            )

    found = -Pair().nll([n], [[math.log(a), math.log(b)]])
    with mpmath.workdps(60):
        a, b = (mpmath.exp(mpmath.mpf(math.log(x))) for x in (a, b))
        rising = mpmath.loggamma(a + n) - mpmath.loggamma(a)
        ratio = mpmath.log(mpmath.beta(a + n, b + m)) - mpmath.log(mpmath.beta(a, b))
        np.testing.assert_allclose(found, float(rising + ratio), rtol=1e-13)


@pytest.mark.parametrize("told", [{"rat": 1.0}, 1.0], ids=["misspelt", "number"])
def test_a_start_of_no_parameter_is_refused(told):
    class Misspelt(Gompertz):
        def start(mean, std):
            return told

    with pytest.raises(
        TypeError, match=r"Misspelt\.start must return .* some of rate, growth, got"
    ):
        Misspelt().fit(LIVES)


@pytest.mark.parametrize("height", [15.0, 25.0, 40.0, 60.0])
def test_a_wall_of_exponentials_is_no_way_to_infinity(height):
    """It begins where a row loses up to e¹⁰⁰ nats, and all ways lead down, past the valley."""

    class SteepGompertz(Gompertz):
        def start(mean, std):
            return {"rate": height / mean, "growth": height / mean}

    found, plain = SteepGompertz().fit(LIVES), Gompertz().fit(LIVES)
    for name, value in plain.parameters.items():
        assert found.parameters[name] == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    "body",
    [
        lambda y, loc: -np.exp(y - loc),
        lambda y, loc: -math.exp(y - loc),
        lambda y, loc: -np.square(y - loc),
        lambda y, loc: -np.logaddexp(y, loc),
        lambda y, loc: -np.array([1.0, 2.0]) * (y - loc),
        lambda y, loc: -float(y) * loc,
    ],
    ids=["np.exp", "math.exp", "np.square", "np.logaddexp", "array", "float"],
)
def test_numpy_and_math_are_refused(body):
    with pytest.raises(TypeError, match=r"(?i)traced|likely\.math|unsupported operand|array"):
        make(body)


def test_the_refusal_names_what_to_use():
    with pytest.raises(TypeError, match=r"use the functions of likely\.math"):
        make(lambda y, loc: -math.exp(y - loc))


def test_numbers_of_numpy_are_numbers():
    family = make(lambda y, loc: -np.float64(0.5) * (y - loc) ** 2 - 0.5 * np.log(2.0 * np.pi))()
    np.testing.assert_allclose(family.nll([1.0], [0.0]), 0.5 + 0.5 * np.log(2.0 * np.pi))


def test_power_by_a_parameter_is_refused_with_advice():
    with pytest.raises(TypeError, match=r"exponent of \*\* must be a number.*exp\(p \* log\(x\)\)"):
        make(lambda y, loc: -(y**loc))


@pytest.mark.parametrize(
    ("body", "got"),
    [
        (lambda y, mu: -((y - mu) ** 2), r"takes \(y, mu\), but must take \(y, loc\)"),
        (lambda loc, y: -((y - loc) ** 2), r"takes \(loc, y\), but must take \(y, loc\)"),
        (lambda y: -(y**2), r"takes \(y\), but must take \(y, loc\)"),
        (lambda y, loc, scale: -y, r"takes \(y, loc, scale\), but must take \(y, loc\)"),
    ],
    ids=["renamed", "swapped", "missing", "extra"],
)  # fmt: skip
def test_arguments_must_be_the_parameters(body, got):
    with pytest.raises(TypeError, match=rf"Mine\.log_density {got}: y and then every Parameter"):
        make(body)


def test_support_must_be_a_domain():
    with pytest.raises(TypeError, match=r"Mine\.support must be a domain such as real or positive"):
        make(lambda y, loc: -y, support=(0, 1))


def test_a_family_needs_a_density():
    with pytest.raises(TypeError, match="Family is a base class: subclass it with a log_density"):
        Family()
    with pytest.raises(TypeError, match="log_density"):
        type("Empty", (Family,), {"support": real, "loc": Parameter(real)})()


def test_y_outside_the_users_support():
    with pytest.raises(ValueError, match=r"support \(0, ∞\) of Weibull in row 1 \(value -1.0\)"):
        Weibull().fit([1.0, -1.0])
    with pytest.raises(ValueError, match=r"of Geometric in row 0 \(value 0.5\).*whole number"):
        Geometric().fit([0.5, 1.0])


def test_a_class_of_a_family_is_a_family_too():
    y = np.random.default_rng(0).gumbel(size=100)
    one = Constant(Gumbel).fit(np.zeros((100, 1)), y)
    other = Constant(Gumbel()).fit(np.zeros((100, 1)), y)
    assert one.log_likelihood_ == other.log_likelihood_


def test_closed_forms_are_used_where_given():
    class Known(Family):
        support = real
        loc = Parameter(real)
        scale = Parameter(positive)

        def log_density(y, loc, scale):
            z = (y - loc) / scale
            return -z - exp(-z) - scale.log

        def mode(loc, scale):
            return loc

        def cdf(y, loc, scale):
            return exp(-exp(-(y - loc) / scale))

        def quantile(q, loc, scale):
            return loc - scale * log(-log(q))

    frozen = stats.gumbel_r([1.0, 2.0], 0.5)
    found = Known().at(loc=np.array([1.0, 2.0]), scale=0.5)
    np.testing.assert_array_equal(found.mode(), [1.0, 2.0])
    np.testing.assert_allclose(found.cdf(1.3), frozen.cdf(1.3), rtol=1e-13)
    np.testing.assert_allclose(found.quantile(0.9), frozen.ppf(0.9), rtol=1e-13)
    assert Known() != Gumbel()


# --- Counts from 1 -----------------------------------------------------------------------------------


class Species(Family):
    """Numbers of individuals of a species: Fisher's logarithmic series."""

    support = positive_counts
    probs = Parameter(unit_interval)

    def log_density(y, probs):
        return y * probs.log - log(y) - log(-probs.log1m)


def test_counts_that_begin_at_1():
    peer = stats.logser(0.8)
    found = Species().at(probs=0.8)
    assert check_family(Species()).passed
    assert found.mean() == pytest.approx(peer.mean(), rel=1e-10)
    assert found.var() == pytest.approx(peer.var(), rel=1e-10)
    assert (found.mode(), found.quantile(0.0), found.log_prob(0.0)) == (1.0, 1.0, -np.inf)
    levels = np.linspace(0.05, 0.95, 19)
    np.testing.assert_array_equal(found.quantile(levels), peer.ppf(levels))
    np.testing.assert_allclose(found.cdf(np.arange(5.0)), peer.cdf(np.arange(5)), rtol=1e-10)
    y = found.sample(4000, 0)
    assert y.min() == 1.0
    assert Species().fit(y).parameters["probs"] == pytest.approx(0.8, abs=0.03)
    with pytest.raises(
        ValueError, match=r"row 0 \(value 0.0\); each must be a whole number ≥ 1\. Counts from 0"
    ):
        Species().fit([0.0, 1.0, 2.0])
    with pytest.raises(TypeError, match=r"Species, whose y lies in \{1, 2, …\} without 0$"):
        ZeroInflated(Species())
