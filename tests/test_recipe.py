"""The recipe's page: families as values, roles and links, the loss on arrays, and density estimation."""

import copy
import pickle

import numpy as np
import pytest
from scipy import stats

import likely
from likely import (
    Bernoulli,
    Beta,
    Categorical,
    ConvergenceWarning,
    Exponential,
    Family,
    Gamma,
    Laplace,
    LogNormal,
    NegativeBinomial,
    Normal,
    Ordinal,
    Parameter,
    Poisson,
    StudentT,
    predicted,
    real,
    shared,
)
from likely.catalogue import as_family, family_class
from likely.families.registry import public_names, specification
from likely.recipe import Role

VALUES = [
    *(family_class(name)() for name in public_names()),
    Normal(scale=shared),
    Normal(scale=2.0),
    Normal(scale=predicted("softplus")),
    Normal(variance=predicted("square")),
    Normal(loc=shared, scale=shared("softplus")),
    StudentT(df=4.0, scale=shared),
    Bernoulli(probs=predicted("cloglog")),
    Gamma(mean=predicted("inverse"), shape=predicted),
    Categorical(3),
    Ordinal(["low", "mid", "high"]),
    Ordinal(4, loc=predicted("cloglog")),
    Poisson(mean=1.5e-7),
    Normal(scale=np.float32(0.1)),
    Normal(loc=np.array(3.0)),
]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# --- A value ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", VALUES, ids=repr)
def test_a_family_is_a_value(family):
    twin = eval(repr(family), vars(likely) | {n: getattr(likely, n) for n in public_names()})
    assert twin == family
    assert hash(twin) == hash(family)
    assert copy.copy(family) is family
    assert copy.deepcopy(family) is family
    assert copy.deepcopy([family])[0] is family
    assert pickle.loads(pickle.dumps(family)) == family
    assert family in {twin}
    assert family != "normal"


def test_families_differ_where_they_mean_something_else():
    assert len(set(VALUES)) == len(VALUES)
    assert Normal(loc=shared, scale=2.0) == Normal(scale=2.0, loc=shared)
    assert Normal(scale=2) == Normal(scale=2.0)
    assert hash(Normal(scale=2)) == hash(Normal(scale=2.0))
    assert Categorical(3) != Categorical(4)
    assert repr(Categorical(np.int64(3))) == "Categorical(3)"
    assert Normal() != Laplace()
    assert Normal(scale=shared) != Normal(scale=shared("softplus"))


def test_what_is_said_twice_means_the_same():
    """A default spelled out is the default: the values are equal."""
    assert Normal(scale=predicted) == Normal()
    assert Normal(scale=predicted("log")) == Normal()
    assert Gamma(shape=shared) == Gamma()
    assert hash(Gamma(shape=shared)) == hash(Gamma())
    assert repr(Gamma(shape=shared)) == "Gamma(shape=shared)"


def test_roles_are_values():
    assert predicted == Role("predicted")
    assert predicted("log") == predicted("log") != shared("log")
    assert repr(predicted) == "predicted"
    assert repr(shared("softplus")) == "shared('softplus')"
    for role in (predicted, shared, predicted("log")):
        assert copy.deepcopy(role) == pickle.loads(pickle.dumps(role)) == role
        assert hash(copy.copy(role)) == hash(role)


def test_equal_families_share_one_loss():
    assert Normal().loss() is Normal().loss()
    assert Normal().loss() is not Normal(scale=shared).loss()


def test_names():
    assert Normal().parameters == Normal().raw_columns == ("loc", "scale")
    assert Normal(scale=2.0).parameters == ("loc",)
    assert Normal(variance=shared).parameters == ("loc", "variance")
    assert Normal(loc=0.0, scale=1.0).parameters == ()
    assert StudentT().parameters == ("loc", "scale", "df")
    assert NegativeBinomial().parameters == ("mean", "size")
    assert Categorical(3).parameters == ("probs",)
    assert Categorical(3).raw_columns == ("probs[0]", "probs[1]", "probs[2]")
    assert Categorical().parameters == ("probs",)
    with pytest.raises(
        ValueError, match=r"classes is not known yet: give it, Categorical\(3\), or fit"
    ):
        _ = Categorical().raw_columns


DEFAULTS = {
    "Normal": "pp", "Laplace": "pp", "LogNormal": "pp", "StudentT": "pps", "Gamma": "ps", "Exponential": "p",
    "Beta": "ps", "Bernoulli": "p", "Categorical": "p", "Ordinal": "ps", "MultivariateNormal": "pp",
    "PlackettLuce": "p", "Poisson": "p", "NegativeBinomial": "ps",
}  # fmt: skip


@pytest.mark.parametrize("name", DEFAULTS)
def test_default_roles(name):
    slots = family_class(name)().loss().slots
    assert "".join(slot.role[0] for slot in slots) == DEFAULTS[name]


def test_every_family_has_its_documentation():
    for name, module in public_names().items():
        cls = getattr(likely, name)
        assert cls.__name__ == name
        assert cls.__doc__
        assert cls.specification is specification(module)
        assert name in dir(likely)


# --- What is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["BetaBinomial", "beta_binomial", "beta-binomial", "Beta Binomial"]
)
def test_names_are_read_as_people_write_them(text):
    assert as_family(text) == likely.BetaBinomial()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Normal(sigma=1.0), TypeError,
         r"Normal has no parameter 'sigma'; its parameters are loc, scale, variance"),
        (lambda: Normal(scale=1.0, variance=1.0), TypeError,
         r"Normal: scale and variance fill the same slot; give one of them"),
        (lambda: Normal(scale=-1.0), ValueError, r"Normal's scale must be a number > 0, got -1.0"),
        (lambda: Normal(scale=0.0), ValueError, r"Normal's scale must be a number > 0, got 0.0"),
        (lambda: Normal(loc=float("nan")), ValueError, r"Normal's loc must be a finite real number"),
        (lambda: Normal(scale=float("inf")), ValueError, r"Normal's scale must be .*got inf"),
        (lambda: Bernoulli(probs=1.0), ValueError, r"Bernoulli's probs must be .*between 0 and 1"),
        (lambda: Normal(scale="softplus"), TypeError,
         r"Normal's scale must be predicted, shared or a number, got 'softplus'; choose a link with "
         r'predicted\("softplus"\)'),
        (lambda: Normal(scale=None), TypeError, r"must be predicted, shared or a number, got None"),
        (lambda: Normal(scale=predicted("logit")), ValueError,
         r"the logit link does not fit Normal's scale, which lies in \(0, ∞\); use one of: log, ident"),
        (lambda: Normal(loc=predicted("square")), ValueError,
         r"the square link does not fit Normal's loc, which lies in ℝ; use one of: identity, log"),
        (lambda: Bernoulli(probs=predicted("logitt")), ValueError,
         r"unknown link 'logitt' for Bernoulli's probs \(did you mean 'logit'\?\); use one of: logit"),
        (lambda: Poisson(mean=predicted("probit")), ValueError,
         r"use one of: log, identity, softplus, square, inverse, inverse_squared$"),
        (lambda: Normal(1.0), TypeError, r"positional"),
        (lambda: Categorical(1), ValueError, r"classes must be a whole number of at least 2, got 1"),
        (lambda: Categorical(2.5), ValueError, r"classes must be a whole number of at least 2, got 2.5"),
        (lambda: Categorical(True), ValueError, r"classes must be a whole number"),
        (lambda: Family(), TypeError, r"Family is a base class"),
        (lambda: as_family("nrmal"), ValueError, r"unknown family 'nrmal'; did you mean 'Normal'\?"),
        (lambda: as_family("Normal(scale=shared)"), ValueError, r"is text: .* from likely import Normal"),
        (lambda: as_family("ZeroInflated(Poisson())"), ValueError, r"as an object, likely\.ZeroInflated\(Poisson"),
        (lambda: Gamma(2.0), TypeError, r"Gamma takes no positional arguments: .* such as Gamma\(mean=2.0\)"),
        (lambda: setattr(Normal(), "scale", 2.0), AttributeError, r"make another, such as Normal\(scale=2.0\)"),
        (lambda: as_family(3), TypeError, r"family must be a family such as Normal\(\)"),
        (lambda: likely.Norml, AttributeError, r"has no attribute 'Norml'"),
    ],
)  # fmt: skip
def test_mistakes(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_families_cannot_be_changed():
    family = Normal(scale=shared)
    roles = {"scale": shared}
    other = Normal(**roles)
    roles["scale"] = 2.0
    assert other == family
    key = hash(family)
    family.loss()
    assert hash(family) == key


# --- The loss on arrays ----------------------------------------------------------------------------

LOSSES = [
    (Normal(), "real"), (Laplace(), "real"), (StudentT(), "real"), (LogNormal(), "positive"),
    (Gamma(), "positive"), (Exponential(), "positive"), (Beta(), "unit"), (Bernoulli(), "binary"),
    (Poisson(), "counts"), (NegativeBinomial(), "counts"), (Categorical(3), "classes"),
    (Ordinal(3), "ordered_classes"), (Ordinal(4, loc=predicted("probit")), "ordered_classes"),
]  # fmt: skip


def draw(rng, kind, n):
    return {
        "real": lambda: rng.normal(size=n),
        "positive": lambda: rng.gamma(2.0, size=n),
        "unit": lambda: rng.beta(2.0, 3.0, size=n),
        "circular": lambda: rng.vonmises(2.5, 1.5, n),
        "binary": lambda: rng.integers(0, 2, n).astype(float),
        "counts": lambda: rng.poisson(3.0, n).astype(float),
        "positive_counts": lambda: rng.geometric(0.4, n).astype(float),
        "classes": lambda: rng.integers(0, 3, n).astype(float),
        "rankings": lambda: np.argsort(rng.normal(size=(n, 3)), axis=1) + 1.0,
        "vectors": lambda: rng.normal(size=(n, 2)) @ [[1.0, 0.7], [0.0, 1.0]],
        "ordered_classes": lambda: rng.integers(0, 3, n).astype(float),
    }[kind]()


each_loss = pytest.mark.parametrize(("family", "kind"), LOSSES, ids=[repr(f) for f, _ in LOSSES])


@each_loss
def test_large_arrays_agree_with_small_ones(family, kind, rng):
    """Many rows run in a kernel, few in NumPy: the same numbers."""
    n = 40_000
    y, raw = draw(rng, kind, n), rng.normal(scale=0.7, size=(n, len(family.raw_columns)))
    nll, gradient = family.nll_and_gradient(y, raw)
    np.testing.assert_allclose(family.nll(y, raw), nll, rtol=1e-12, atol=1e-13)
    for first in (0, 17_000, n - 1000):
        rows = slice(first, first + 1000)
        few, slope = family.nll_and_gradient(y[rows], raw[rows])
        np.testing.assert_allclose(nll[rows], few, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(gradient[rows], slope, rtol=1e-11, atol=1e-12)


@each_loss
def test_kinds_of_arrays(family, kind, rng):
    n = 50
    y, raw = draw(rng, kind, n), rng.normal(size=(n, len(family.raw_columns)))
    nll, gradient = family.nll_and_gradient(y, raw)
    assert nll.shape == (n,)
    assert gradient.shape == raw.shape
    curvature = family.curvature(y, raw, kind="observed")
    assert curvature.shape == (n, raw.shape[1], raw.shape[1])
    frozen_y, frozen = y.copy(), raw.copy()
    frozen_y.flags.writeable = frozen.flags.writeable = False
    variants = [
        (y.tolist(), raw.tolist()),
        (frozen_y, frozen),
        (y, np.asfortranarray(raw)),
        (np.repeat(y, 3)[::3], np.repeat(raw, 2, axis=0)[::2]),
        (y[::-1][::-1], np.repeat(raw, 2, axis=1)[:, ::2]),
        (y.astype(object), raw),
        (y.astype(">f8"), raw.astype(">f8")),
    ]
    for one, other in variants:
        value, slope = family.nll_and_gradient(one, other)
        np.testing.assert_array_equal(value, nll)
        np.testing.assert_array_equal(slope, gradient)
        np.testing.assert_array_equal(family.curvature(one, other, kind="observed"), curvature)
    np.testing.assert_array_equal(y, frozen_y)  # nothing is written to


@each_loss
def test_float32_in_float32_out(family, kind, rng):
    n = 50
    y, raw = draw(rng, kind, n), rng.normal(size=(n, len(family.raw_columns))).astype(np.float32)
    exact, slope = family.nll_and_gradient(y, raw.astype(np.float64))
    assert exact.dtype == slope.dtype == np.float64
    value, gradient = family.nll_and_gradient(y, raw)
    assert value.dtype == gradient.dtype == np.float32
    assert family.curvature(y, raw, kind="observed").dtype == np.float32
    np.testing.assert_array_equal(value, exact.astype(np.float32))  # sums are in float64
    np.testing.assert_array_equal(gradient, slope.astype(np.float32))


@each_loss
def test_zero_rows(family, kind):
    k = len(family.raw_columns)
    for dtype in (np.float64, np.float32):
        value, gradient = family.nll_and_gradient(np.empty(0), np.empty((0, k), dtype))
        assert value.shape == (0,)
        assert gradient.shape == (0, k)
        assert value.dtype == gradient.dtype == dtype
    assert family.nll([], np.empty((0, k))).shape == (0,)
    assert family.curvature([], np.empty((0, k)), kind="observed").shape == (0, k, k)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int64, np.float32])
def test_y_of_any_number_type(dtype, rng):
    y = rng.integers(0, 2, 20).astype(dtype)
    raw = rng.normal(size=20)
    for family in (Poisson(), Bernoulli(), Normal(scale=1.0)):
        np.testing.assert_array_equal(family.nll(y, raw), family.nll(y.astype(float), raw))


def test_raw_of_one_column_may_be_flat(rng):
    y, raw = np.arange(5.0), rng.normal(size=5)
    np.testing.assert_array_equal(Poisson().nll(y, raw), Poisson().nll(y, raw[:, None]))
    value, gradient = Poisson().nll_and_gradient(y, raw)
    assert value.shape == (5,)
    assert gradient.shape == (5, 1)


@pytest.mark.parametrize(
    ("family", "y", "raw", "message"),
    [
        (Normal(), np.ones(4), np.ones(4),
         r"raw has shape \(4,\), but Normal\(\) needs \(4, 2\): a row per y and a column for each of loc, "),
        (Normal(), np.ones(4), np.ones((4, 3)), r"raw has shape \(4, 3\), but Normal\(\) needs \(4, 2\)"),
        (Normal(), np.ones(4), np.ones((3, 2)), r"raw has shape \(3, 2\), but Normal\(\) needs \(4, 2\)"),
        (Normal(), np.ones(4), np.ones((2, 4)), r"raw has shape \(2, 4\)"),
        (Normal(), np.ones(4), np.ones((4, 2, 1)), r"raw has shape \(4, 2, 1\)"),
        (Normal(), np.ones(4), 1.0, r"raw has shape \(\)"),
        (Normal(), np.ones((4, 1)), np.ones((4, 2)), r"y must have one value a row.*\(4, 1\)"),
        (Normal(), np.ones(0), np.ones((4, 2)), r"raw has shape \(4, 2\), but Normal\(\) needs \(0, 2\)"),
        (Normal(), np.ones(4), np.ones((0, 2)), r"raw has shape \(0, 2\)"),
        (Poisson(), [1, 2], [0.0, np.nan], r"raw must be finite; it is not in row 1"),
        (Normal(), [1.0, 2.0], [[0.0, 1.0], [np.inf, 1.0]], r"raw must be finite; it is not in row 1"),
        (Poisson(), [1, 2], ["a", "b"], r"raw must be numbers, got 'a'"),
        (Poisson(), [1, -2], [0.0, 0.0], r"outside the support .* of Poisson in row 1 \(value -2.0\)"),
        (Bernoulli(), [0, 2], [0.0, 0.0], r"of Bernoulli in row 1 \(value 2.0\); each must be 0 or 1"),
        (Categorical(3), [0, 3], np.zeros((2, 3)), r"in row 1 \(value 3.0\); each must be a class 0, …, 2"),
        (Categorical(3), [0, 1], np.zeros((2, 4)), r"raw has shape \(2, 4\), but Categorical\(3\) needs"),
        (Categorical(), [0, 1], np.zeros(2), r"the number of classes is not known yet"),
        (Categorical(2), None, np.zeros((2, 2)), "y must be numbers, got None"),
        (Categorical(2), [0, 1], [[0.0, 1.0], [np.inf, 1.0]], r"raw must be finite; it is not in row 1"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit(family, y, raw, message):
    for method in (
        family.nll,
        family.nll_and_gradient,
        lambda y, r: family.curvature(y, r, "observed"),
    ):
        with pytest.raises(ValueError, match=message):
            method(y, raw)


def test_a_large_array_is_checked_too(rng):
    y = rng.gamma(2.0, size=70_000)
    raw = np.zeros((70_000, 2))
    y[69_999] = -3.0
    with pytest.raises(ValueError, match=r"of Gamma in row 69999 \(value -3.0\)"):
        Gamma().nll(y, raw)
    y[69_999] = np.nan
    with pytest.raises(ValueError, match=r"y is NaN in row 69999"):
        Gamma().nll(y, raw)
    y[69_999], raw[69_998, 1] = 1.0, np.inf
    with pytest.raises(ValueError, match=r"raw must be finite; it is not in row 69998"):
        Gamma().nll(y, raw)


def test_kind_of_curvature():
    y, raw = [1.0], [[0.5, 0.2]]
    np.testing.assert_allclose(
        Normal().curvature(y, raw)[0], [[np.exp(-0.4), 0.0], [0.0, 2.0]], rtol=1e-14
    )
    with pytest.raises(
        ValueError, match=r'kind must be "observed", "expected" or "complete", got \'fisher\''
    ):
        Normal().curvature(y, raw, kind="fisher")


def test_fixed_parameters_have_no_column():
    y = np.array([0.3, -1.0])
    raw = np.array([0.1, 0.2])
    both = np.column_stack([raw, np.full(2, np.log(2.0))])
    np.testing.assert_allclose(
        Normal(scale=2.0).nll(y, raw), Normal().nll(y, both), rtol=1e-15
    )  # fmt: skip
    np.testing.assert_allclose(
        Normal(loc=0.0, scale=1.0).nll(y, np.empty((2, 0))), -stats.norm.logpdf(y), rtol=1e-14
    )


def test_partial_link_outside_its_domain_is_infinite():
    family = Poisson(mean=predicted("identity"))
    np.testing.assert_array_equal(np.isinf(family.nll([1, 1], [2.0, -2.0])), [False, True])


# --- at --------------------------------------------------------------------------------------------


def test_at():
    one = Normal().at(loc=1.0, scale=2.0)
    assert one.shape == ()
    assert float(one.prob(1.0)) == pytest.approx(1 / (2 * np.sqrt(2 * np.pi)))
    assert one.parameters == {"loc": pytest.approx(1.0), "scale": pytest.approx(2.0)}
    many = Normal().at(loc=[0.0, 1.0, 2.0], scale=2.0)
    assert many.shape == (3,)
    np.testing.assert_array_equal(many.mean(), [0.0, 1.0, 2.0])
    assert Normal(scale=2.0).at(loc=1.0).std() == pytest.approx(2.0)
    assert Normal(variance=predicted).at(loc=0.0, variance=4.0).std() == pytest.approx(2.0)
    np.testing.assert_allclose(
        Categorical(3).at(probs=[0.2, 0.3, 0.5]).probabilities(), [0.2, 0.3, 0.5]
    )


PEERS = {
    "Normal": ({"loc": 0.7, "scale": 1.3}, stats.norm(0.7, 1.3)),
    "Laplace": ({"loc": 0.7, "scale": 1.3}, stats.laplace(0.7, 1.3)),
    "StudentT": ({"loc": 0.7, "scale": 1.3, "df": 5.0}, stats.t(5.0, 0.7, 1.3)),
    "LogNormal": ({"loc": 0.7, "scale": 1.3}, stats.lognorm(1.3, scale=np.exp(0.7))),
    "Gamma": ({"mean": 2.5, "shape": 1.7}, stats.gamma(1.7, scale=2.5 / 1.7)),
    "Exponential": ({"mean": 2.5}, stats.expon(scale=2.5)),
    "Beta": ({"mean": 0.4, "precision": 5.0}, stats.beta(2.0, 3.0)),
    "Bernoulli": ({"probs": 0.3}, stats.bernoulli(0.3)),
    "Poisson": ({"mean": 2.5}, stats.poisson(2.5)),
    "NegativeBinomial": ({"mean": 2.5, "size": 2.2}, stats.nbinom(2.2, 2.2 / 4.7)),
}


@pytest.mark.parametrize("name", PEERS)
def test_at_is_scipys_distribution(name):
    theta, frozen = PEERS[name]
    found = family_class(name)().at(**theta)
    for parameter, value in theta.items():
        assert found.parameters[parameter] == pytest.approx(value, rel=1e-14)
    for y in frozen.rvs(5, random_state=0).astype(float):
        log_density = frozen.logpmf if hasattr(frozen.dist, "logpmf") else frozen.logpdf
        assert float(found.log_prob(y)) == pytest.approx(log_density(y), rel=1e-9)
    assert found.mean() == pytest.approx(frozen.mean(), rel=1e-12)
    assert found.std() == pytest.approx(frozen.std(), rel=1e-12)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: Normal().at(loc=0.0),
            TypeError,
            r"Normal\(\)\.at\(\) takes loc, scale: missing scale",
        ),
        (lambda: Normal().at(loc=0.0, scale=1.0, df=1.0), TypeError, r"unknown df"),
        (
            lambda: Normal().at(loc=0.0, scale=-1.0),
            ValueError,
            r"scale must be a number > 0: got -1\.0",
        ),
        (
            lambda: Normal().at(loc=0.0, variance=[1.0, 0.0]),
            ValueError,
            r"variance must be .*row 1",
        ),
        (lambda: Normal().at(loc=0.0), TypeError, r"missing scale \(or variance\)"),
        (
            lambda: Normal().at(loc=0.0, scale=2.0, variance=4.0),
            TypeError,
            r"scale and variance say the same; give one of them",
        ),
        (
            lambda: Normal().at(loc=0.0, sclae=1.0),
            TypeError,
            r"unknown sclae; did you mean 'scale'",
        ),
        (
            lambda: Normal().at(loc=[1.0, 2.0, 3.0], scale=[1.0, 2.0]),
            ValueError,
            r"arrays of one length: loc has 3 values, scale has 2 values$",
        ),
        (lambda: Normal().at(loc=[0.0, np.nan], scale=1.0), ValueError, r"loc must be .*row 1"),
        (lambda: Normal().at(loc=np.zeros((2, 2)), scale=1.0), ValueError, r"shape \(2, 2\)"),
        (lambda: Normal(scale=1.0).at(loc=0.0, scale=1.0), TypeError, r"unknown scale"),
        (lambda: Categorical().at(probs=[0.5, 0.6]), ValueError, r"probs must be ≥ 0 and sum to 1"),
        (lambda: Categorical().at(loc=1.0), TypeError, r"takes probs"),
    ],
)
def test_at_refuses(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_at_takes_any_parametrisation_of_a_slot():
    assert Normal().at(loc=1.0, variance=4.0).parameters == {"loc": 1.0, "scale": 2.0}
    square = Normal(variance=predicted("square"))
    assert square.at(loc=1.0, scale=3.0).parameters == {"loc": 1.0, "variance": 9.0}
    assert square.at(loc=1.0, variance=9.0).parameters == {"loc": 1.0, "variance": 9.0}
    assert Normal().at(loc=[1.0], variance=[1.0, 4.0]).std().tolist() == [1.0, 2.0]


# --- fit -------------------------------------------------------------------------------------------


def test_closed_forms(rng):
    y = rng.normal(3.0, 2.0, 500)
    theta = Normal().fit(y).parameters
    assert theta["loc"] == pytest.approx(y.mean(), rel=1e-14)
    assert theta["scale"] == pytest.approx(np.sqrt(np.mean((y - y.mean()) ** 2)), rel=1e-13)  # 1/N
    variance = Normal(variance=predicted).fit(y).parameters["variance"]
    assert variance == pytest.approx(y.var(), rel=1e-13)
    assert Normal(variance=predicted("square")).fit(y).var() == pytest.approx(y.var(), rel=1e-13)
    assert Normal(loc=1.0).fit(y).parameters["scale"] == pytest.approx(
        np.sqrt(np.mean((y - 1.0) ** 2)), rel=1e-9
    )
    assert Normal(scale=7.0).fit(y).parameters["loc"] == pytest.approx(y.mean(), rel=1e-9)
    laplace = Laplace().fit(y).parameters
    assert np.sum(y < laplace["loc"]) <= 250 <= np.sum(y <= laplace["loc"])
    assert laplace["scale"] == pytest.approx(np.mean(np.abs(y - np.median(y))), rel=1e-9)
    amounts = np.exp(y / 4)
    log_normal = LogNormal().fit(amounts)
    np.testing.assert_allclose(
        list(log_normal.parameters.values()), [(y / 4).mean(), (y / 4).std()], rtol=1e-12
    )
    assert Exponential().fit(amounts).mean() == pytest.approx(amounts.mean(), rel=1e-13)
    counts = rng.poisson(2.0, 300)
    assert Poisson().fit(counts).mean() == pytest.approx(counts.mean(), rel=1e-13)
    hits = rng.integers(0, 2, 300)
    assert Bernoulli().fit(hits).mean() == pytest.approx(hits.mean(), rel=1e-13)
    classes = rng.integers(0, 3, 300)
    np.testing.assert_allclose(
        Categorical().fit(classes).probabilities(), np.bincount(classes) / 300, rtol=1e-13
    )


@pytest.mark.parametrize(
    ("name", "sample"),
    [("Gamma", stats.gamma(2.5, scale=1.4)), ("Beta", stats.beta(2.0, 3.5)), ("StudentT", stats.t(4.0)),
     ("NegativeBinomial", stats.nbinom(2.0, 0.4))],
)  # fmt: skip
def test_fit_is_an_optimum(name, sample, rng):
    y = sample.rvs(800, random_state=1).astype(float)
    family = family_class(name)()
    best = family.fit(y)
    raw = np.array([
        slot.link.link(best.parameters[slot.parameter]) for slot in family.loss().free
    ], dtype=float)  # fmt: skip
    gradient = family.nll_and_gradient(y, np.tile(raw, (800, 1)))[1]
    np.testing.assert_allclose(gradient.mean(axis=0), 0.0, atol=1e-8)
    for _ in range(10):
        nearby = raw + 0.01 * rng.normal(size=raw.size)
        assert family.nll(y, np.tile(nearby, (800, 1))).sum() > -best.log_prob(y).sum()


@pytest.mark.parametrize("scale", [1e-3, 1e-6, 1e-9, 1e-12, 1e-15, 1e-30])
def test_fit_of_proportions_near_an_end_is_that_of_amounts(scale):
    """Beta(a, b) of y/b tends to Gamma with shape a, so the fits agree to the order of y."""
    y = stats.beta(2.0, 5.0).rvs(500, random_state=2) * scale
    small, amount = Beta().fit(y), Gamma().fit(y)
    shape = small.parameters["mean"] * small.parameters["precision"]
    assert shape == pytest.approx(amount.parameters["shape"], rel=max(5 * scale, 1e-8))
    assert small.mean() == pytest.approx(amount.mean(), rel=max(5 * scale, 1e-8))


@pytest.mark.parametrize("family", [Gamma(), Beta()])
@pytest.mark.parametrize("spread", [1e-3, 1e-4, 1e-6])
def test_fit_of_nearly_constant_values_is_that_of_a_normal(family, spread):
    y = 0.3 * (1.0 + spread * np.random.default_rng(4).normal(size=400))
    fitted, normal = family.fit(y), Normal().fit(y)
    assert fitted.std() == pytest.approx(normal.std(), rel=5 * spread)
    assert fitted.log_prob(y).sum() == pytest.approx(normal.log_prob(y).sum(), abs=400 * spread)


@pytest.mark.parametrize("name", [n for n in public_names() if n != "Laplace"])
def test_fit_weights_are_frequencies(name, rng):
    support = specification(public_names()[name]).support.name
    kind = {"unit_interval": "unit", "nonnegative": "positive"}.get(support, support)
    y = rng.standard_t(2, 200) if kind == "real" else draw(rng, kind, 200)
    if kind == "counts":
        y = rng.negative_binomial(2, 0.4, 200)
    if specification(public_names()[name]).point is not None:
        y[::4] = 0.0  # without any the fit ends at the edge where the family is another
    weight = rng.integers(0, 4, 200)
    family = family_class(name)()
    one, repeated = family.fit(y, sample_weight=weight), family.fit(np.repeat(y, weight, axis=0))
    for parameter, value in repeated.parameters.items():
        np.testing.assert_allclose(one.parameters[parameter], value, rtol=1e-7)


def test_fit_names_labels():
    found = Categorical().fit(["red", "blue", "red", "green"])
    np.testing.assert_allclose(found.probabilities(), [0.25, 0.25, 0.5])
    assert found.mode() == "red"
    assert found.prob("red") == pytest.approx(0.5)


def test_fit_without_a_maximum():
    with pytest.raises(
        ValueError, match=r"Normal\(\) has no maximum-likelihood fit to this y: unbound"
    ):
        Normal().fit([2.0, 2.0, 2.0])
    with pytest.raises(ValueError, match=r"has no maximum-likelihood fit to this y: unbounded"):
        Gamma().fit([2.0, 2.0, 2.0])
    with pytest.warns(ConvergenceWarning, match=r"^boundary: .*a rate of 0"):
        assert Poisson().fit([0, 0, 0]).mean() < 1e-3
    with pytest.warns(ConvergenceWarning, match="^boundary"):
        assert Bernoulli().fit([1, 1, 1]).mean() > 0.99
    with pytest.warns(ConvergenceWarning, match="^boundary"):
        NegativeBinomial().fit([2, 2, 2, 3])
    assert Normal(scale=1.0).fit([2.0]).mean() == pytest.approx(2.0)


def test_names_work_where_families_do():
    for spelling in (
        "negativebinomial",
        "NegativeBinomial",
        "negative_binomial",
        "negative binomial",
    ):
        assert as_family(spelling) == NegativeBinomial()
    assert as_family(NegativeBinomial) == NegativeBinomial()
    family = Normal(scale=shared)
    assert as_family(family) is family


def test_a_family_of_ones_own_is_shown_in_the_docstring():
    class Mine(Family):
        support = real
        loc = Parameter(real)

        def log_density(y, loc):
            return -0.5 * (y - loc) ** 2

    assert repr(Mine(loc=1.0)) == "Mine(loc=1.0)"
    np.testing.assert_allclose(Mine().nll([3.0], [1.0]), 2.0)
