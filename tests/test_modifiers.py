"""Modified families as values: roles, names, copies, files, explanations, and what is refused."""

import copy
import pickle

import numpy as np
import pytest

import likely
from likely import (
    Bernoulli,
    Categorical,
    Censored,
    Constant,
    Exponential,
    Family,
    Gamma,
    Hurdle,
    Independent,
    Inflated,
    Laplace,
    Linear,
    Mixture,
    NegativeBinomial,
    Network,
    Normal,
    Parameter,
    Poisson,
    Transformed,
    Trees,
    Truncated,
    VonMises,
    Weibull,
    ZeroInflated,
    censored,
    counts,
    load,
    positive,
    predicted,
    shared,
    unit_interval,
)
from likely.catalogue import as_family
from likely.math import log1p
from likely.modifiers import MODIFIERS
from likely.trials import TRIALS
from oracles.modified import SAMPLE
from oracles.plain import Amounts, Numbers

VALUES = [
    *SAMPLE.values(),
    ZeroInflated(Poisson(), inflation=predicted),
    ZeroInflated(Gamma(shape=2.0, mean=predicted("softplus")), inflation=0.25),
    Hurdle("poisson", zero=shared("probit")),
    Hurdle(NegativeBinomial(size=predicted)),
    Truncated(Normal(scale=shared), low=0.0),
    Censored(Weibull(shape=predicted)),
    Independent(count=Poisson(), size=Normal(scale=shared)),
]


class Rare(Family):
    """A user's counts: Geometric by its mean."""

    support = counts
    mean = Parameter(positive)

    def log_density(y, mean):
        return y * mean.log - (y + 1.0) * log1p(mean)


class Taken(Family):
    """A parameter that a modifier has, too."""

    support = counts
    inflation = Parameter(unit_interval)

    def log_density(y, inflation):
        return y * inflation.log + inflation.log1m


# --- Values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", VALUES, ids=repr)
def test_a_modified_family_is_a_value(family):
    twin = eval(repr(family), {name: getattr(likely, name) for name in dir(likely)})
    assert twin == family
    assert hash(twin) == hash(family)
    assert pickle.loads(pickle.dumps(family)) == family
    assert copy.deepcopy(family) is family
    assert as_family(family) is family
    assert family != Poisson()


def test_every_modifier_is_sampled():
    sampled = {type(family).__name__ for family in SAMPLE.values()}
    # The rows of these have several numbers; they have tests of their own.
    assert sampled | {"Censored", "Independent"} == {*MODIFIERS, *TRIALS}
    assert set(MODIFIERS) <= set(dir(likely))


def test_roles_of_the_family_inside_are_kept():
    family = ZeroInflated(Gamma(mean=shared, shape=predicted("softplus")), inflation=predicted)
    slots = {slot.parameter: slot for slot in family.loss().slots}
    assert [slots[n].role for n in ("mean", "shape", "inflation")] == [
        "shared",
        "predicted",
        "predicted",
    ]
    assert slots["shape"].link.name == "softplus"
    assert ZeroInflated(Gamma(shape=2.0)).parameters == ("mean", "inflation")


def test_default_roles():
    assert ZeroInflated(Poisson()) == ZeroInflated(Poisson(), inflation=shared)
    assert Hurdle(Poisson()) == Hurdle(Poisson(), zero=predicted)


# --- What is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ZeroInflated(Bernoulli()), "y are classes"),
        (lambda: ZeroInflated(Normal()), r"Normal lies in ℝ; choose a family such as Poisson\(\)"),
        (lambda: ZeroInflated(ZeroInflated(Poisson())), "zeros are modified already"),
        (lambda: ZeroInflated(Hurdle(Poisson())), "zeros are modified already"),
        (lambda: Hurdle(Gamma()), r"use ZeroInflated\(Gamma\(\)\), which is the same"),
        (lambda: Hurdle(Normal()), r"choose a family of counts such as Poisson\(\)"),
        (lambda: Hurdle(ZeroInflated(Poisson())), "zeros are modified already"),
        (lambda: ZeroInflated(Poisson(), mean=shared), r"ZeroInflated\(Poisson\(mean=shared\)\)"),
        (lambda: ZeroInflated(Poisson(), zero=shared), "no parameter 'zero'"),
        (lambda: ZeroInflated(3), "must be a family"),
        (
            lambda: Truncated(Amounts(), low=0.5),
            "Amounts has no formula for log_cdf and log_sf; families",
        ),
        (lambda: Truncated(Laplace(), low=0.0), "loss has kinks"),
        (lambda: Truncated(Numbers(), low=2), "needs low=0 or a finite high"),
        (lambda: Truncated(Bernoulli(), low=0), "y are classes"),
        (lambda: Truncated(ZeroInflated(Poisson()), high=9), r"ZeroInflated\(Truncated\(...\)\)"),
        (
            lambda: Truncated(Mixture(Truncated(Poisson(), high=4), 2), low=1),
            r"give its components all bounds, Mixture\(Truncated\(..., low, high\), ...\)",
        ),
        (
            lambda: Truncated(Mixture(Hurdle(Poisson()), 2), low=1),
            r"truncate the families inside, Mixture\(Hurdle\(Truncated\(...\)\), ...\)",
        ),
        (
            lambda: Hurdle(Mixture(Gamma(), 2)),
            r"use ZeroInflated\(Mixture\(Gamma, 2\)\), which is the same",
        ),
        (lambda: Hurdle(ZeroInflated(Gamma())), "zeros are modified already"),
        (lambda: Hurdle(Inflated(Gamma(), at=0)), "counts from 0.*choose a family of counts"),
        (
            lambda: Transformed(Truncated(Normal(), high=0.8), "box-cox", power=0.5),
            r"Cut it off: Transformed\(Truncated\(Normal\(\), low=-2.0, high=0.8\), 'box-cox', power=0.5\)",
        ),
        (
            lambda: Censored(ZeroInflated(Gamma())),
            r"points beside a density.*rows \[0, limit\] of Censored\(Gamma\(\)\)",
        ),
        (
            lambda: Truncated(Normal(), low="a"),
            "low must be a number, the same for all rows, got 'a'$",
        ),
        (
            lambda: Truncated(Normal(), low=np.zeros(400)),
            r"got ndarray of shape \(400,\): bounds of each row come with y.*likely.truncated\(y, low",
        ),
        (lambda: Mixture(Normal(), Poisson()), "cannot mix counts with amounts"),
        (lambda: Mixture(Bernoulli(), 2), "y are classes"),
        (lambda: Mixture(Laplace(), 2), "loss has kinks"),
        (lambda: Mixture(Censored(Normal()), 2), r"Censored\(Mixture\(...\)\)"),
        (lambda: Mixture(Mixture(Normal(), 2), Normal()), "is a mixture: name all"),
        (lambda: Mixture(ZeroInflated(Gamma()), 2), r"ZeroInflated\(Mixture\(...\)\)"),
        (lambda: Mixture(Truncated(Normal(), high=0), Gamma()), "one support that contains"),
        (
            lambda: Mixture(Normal(), 2, loc1=shared),
            r"loc1 is a parameter of Normal: give it there",
        ),
        (
            lambda: Censored(Numbers()),
            "Numbers has no formula for log_cdf and log_sf; families that have both: ConwayMaxwellPoisson, Gen",
        ),
        (
            lambda: Censored(Mixture(Normal(), Weibull())),
            r"one support, but they are Normal in ℝ, Weibull in \(0, ∞\).*components that share one",
        ),
        (lambda: Truncated(Mixture(Normal(), Weibull()), low=0.5), "that lie in one support"),
        (lambda: Censored(Categorical()), "y are classes"),
        (lambda: Censored(VonMises()), "VonMises: an angle has no first and no last value"),
        (lambda: Truncated(VonMises(), low=0.0), "where the circle is cut"),
        (lambda: Censored(Amounts()), "families that have both: Beta, Exponential, "),
        (lambda: Censored(Censored(Normal())), "censored already"),
    ],
)
def test_what_is_not_defined_is_refused_by_name(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"low": 2.0, "high": 1.0}, "needs low < high"),
        ({"low": -3.0}, "cuts off nothing of Exponential"),
        ({"high": -3.0}, "cuts off everything"),
        ({"low": float("nan")}, "low must be a number"),
    ],
)
def test_bounds_that_cannot_be(bounds, message):
    with pytest.raises(ValueError, match=message):
        Truncated(Exponential(), **bounds)


@pytest.mark.parametrize(
    ("family", "bounds", "message"),
    [
        (Poisson(), {"low": 0.5}, "whole numbers"),
        (Numbers(), {"high": 500}, "more than 200"),
        (Poisson(), {"low": 1, "high": 2}, "nothing but the count 2"),
    ],
)
def test_bounds_of_counts(family, bounds, message):
    with pytest.raises(ValueError, match=message):
        Truncated(family, **bounds)


@pytest.mark.parametrize(
    "make",
    [lambda: Mixture(Normal(), 1), lambda: Mixture(Normal()), lambda: Mixture(Normal(), n=2.5)],
)
def test_a_mixture_has_two_components(make):
    with pytest.raises(ValueError, match="at least"):
        make()


def test_components_are_in_order_and_the_seed_does_not_matter():
    rng = np.random.default_rng(5)
    y = np.r_[rng.normal(8.0, 1.0, 300), rng.normal(-3.0, 0.5, 200), rng.normal(2.0, 1.0, 400)]
    found = Mixture(Normal(), 3).fit(y).parameters
    again = Mixture(Normal(), 3).fit(rng.permutation(y)).parameters
    locations = [found[f"loc{j}"] for j in (1, 2, 3)]
    np.testing.assert_allclose(locations, [-3.0, 2.0, 8.0], atol=0.25)
    for name, value in found.items():
        assert again[name] == pytest.approx(value, rel=1e-6)


def test_a_collapse_onto_one_row_is_said_and_one_scale_prevents_it():
    y = np.r_[np.random.default_rng(6).normal(0.0, 1.0, 60), np.full(60, 9.0)]
    with pytest.raises(ValueError, match="unbounded"):
        Mixture(Normal(), 2).fit(y)
    found = Mixture(Normal(), Normal(scale=0.5)).fit(y)
    assert found.parameters["loc2"] == pytest.approx(9.0, abs=1e-6)


def test_components_may_have_different_supports():
    d = Mixture(Normal(), Gamma()).at(loc1=0.0, scale1=1.0, mean2=4.0, shape2=3.0, odds2=1.0)
    below = 0.5 * Normal().at(loc=0.0, scale=1.0).prob(-1.0)
    assert d.prob(-1.0) == pytest.approx(below, rel=1e-12)


def test_modifiers_compose():
    rng = np.random.default_rng(7)
    t = np.where(rng.random(1500) < 0.4, rng.weibull(3, 1500), 6.0 * rng.weibull(4, 1500))
    c = rng.exponential(10.0, 1500)
    y = censored(np.minimum(t, c), t <= c)
    found = Censored(Mixture(Weibull(), 2)).fit(y).parameters
    assert found["scale1"] == pytest.approx(1.0, abs=0.1)
    assert found["scale2"] == pytest.approx(6.0, abs=0.2)
    counts_ = ZeroInflated(Mixture(Poisson(), 2))
    assert counts_.parameters == ("mean1", "mean2", "odds2", "inflation")
    assert counts_.at(mean1=1.0, mean2=9.0, odds2=1.0, inflation=0.5).prob(0) > 0.5


def test_bounds_are_inside_or_not():
    assert Truncated(Poisson(), low=0).at(mean=1.0).prob(0) == 0.0
    assert Truncated(Poisson(), high=3).at(mean=1.0).prob([3.0, 4.0])[1] == 0.0
    seen = Truncated(Normal(), low=0.0, high=1.0).at(loc=0.0, scale=1.0)
    assert (seen.prob([0.0, 1.0]) > 0.0).all()
    assert (seen.prob([-1e-9, 1.0 + 1e-9]) == 0.0).all()
    with pytest.raises(ValueError, match=r"outside the support \[0, 1\]"):
        Truncated(Normal(), low=0.0, high=1.0).fit([0.5, 2.0])


def test_two_parameters_of_one_name_are_refused():
    with pytest.raises(
        ValueError, match="ZeroInflated has a parameter inflation, and so has Taken"
    ):
        ZeroInflated(Taken())


def test_a_probability_outside_its_domain():
    with pytest.raises(ValueError, match="inflation must be"):
        ZeroInflated(Poisson(), inflation=1.5)


# --- The rest of the recipe ------------------------------------------------------------------------


def test_a_users_family_can_be_modified():
    rng = np.random.default_rng(0)
    y = np.where(rng.random(4000) < 0.3, 0.0, rng.geometric(0.2, 4000) - 1.0)
    found = ZeroInflated(Rare()).fit(y)
    assert found.parameters["mean"] == pytest.approx(4.0, abs=0.4)
    assert found.parameters["inflation"] == pytest.approx(0.3, abs=0.04)
    above = Hurdle(Rare()).at(mean=2.0, zero=0.5)  # memoryless: above zero it starts again
    k = np.arange(1.0, 9.0)
    np.testing.assert_allclose(above.prob(k), 0.5 * Rare().at(mean=2.0).prob(k - 1.0), rtol=1e-12)


def test_a_hurdle_splits_in_two():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(2000, 2))
    y = rng.poisson(np.exp(0.3 * X[:, 0])) * (rng.random(2000) < 0.6)
    both = Linear(Hurdle(Poisson())).fit(X, y)
    zero = Linear(Bernoulli()).fit(X, (y == 0).astype(int))
    np.testing.assert_allclose(both.coef_["zero"], zero.coef_["probs"], atol=1e-8)


@pytest.mark.parametrize("family", VALUES[-6:-2], ids=repr)
def test_models_are_saved_and_loaded(family, tmp_path):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(200, 1))
    y = rng.poisson(1.5, 200).astype(float)
    model = Linear(family).fit(X, y)
    model.save(tmp_path / "m")
    back = load(tmp_path / "m")
    assert back.family_ == family
    np.testing.assert_array_equal(back.predict(X, point="mean"), model.predict(X, point="mean"))


def test_a_users_family_inside_is_named_at_load(tmp_path):
    model = Constant(ZeroInflated(Rare())).fit(np.zeros((50, 1)), np.r_[np.zeros(40), 1:11])
    model.save(tmp_path / "m")
    with pytest.raises(ValueError, match="Rare"):
        load(tmp_path / "m")
    assert load(tmp_path / "m", families=[Rare]).family_ == ZeroInflated(Rare())


#: SymPy takes seconds for most, and minutes for three components or two bounds of a Normal.
EXPLAINED = [
    ZeroInflated(Poisson()),
    ZeroInflated(Gamma()),
    Hurdle(NegativeBinomial()),
    Truncated(Poisson(), low=0),
    Truncated(Poisson(), low=0, high=5),
    Truncated(Normal(), low=0.0),
    Mixture(Normal(), 2),
    Mixture(Poisson(), 2),
]


@pytest.mark.parametrize("family", EXPLAINED, ids=repr)
def test_explained_by_its_own_formula(family):
    told = family.explain()
    assert str(told).startswith(repr(family))
    assert "\\begin{align*}" in told.latex


def test_both_branches_of_a_point_mass_are_explained():
    text = str(ZeroInflated(Gamma()).explain())
    assert "if y = 0" in text


@pytest.mark.parametrize(
    "family", [ZeroInflated(Poisson()), Hurdle(Poisson()), Censored(Weibull())], ids=repr
)
def test_trees_learn_them(family):
    pytest.importorskip("lightgbm")
    rng = np.random.default_rng(8)
    X = rng.normal(size=(200, 2))
    rate = np.exp(0.7 * X[:, 0])
    y = rng.poisson(rate) * (rng.random(200) < 0.7)
    if isinstance(family, Censored):
        t = rate * rng.weibull(1.5, 200)
        y = censored(np.minimum(t, 2.0), t <= 2.0)
    model = Trees(family, max_iter=30, random_state=0).fit(X, y)
    assert model.score(X, y) > Constant(family).fit(X, y).score(X, y)


def test_a_network_learns_censored_rows():
    pytest.importorskip("torch")
    rng = np.random.default_rng(9)
    X = rng.normal(size=(400, 2))
    t = np.exp(0.7 * X[:, 0]) * rng.weibull(1.5, 400)
    y = censored(np.minimum(t, 2.0), t <= 2.0)
    model = Network(Censored(Weibull()), max_epochs=20, random_state=0, verbose=False).fit(X, y)
    assert model.score(X, y) > Constant(Censored(Weibull())).fit(X, y).score(X, y) + 0.05


def test_censored_is_explained_with_its_bounds():
    assert "log(F(high) − F(low))" in str(Censored(Weibull()).explain())


def test_no_excess_of_zeros_is_on_the_boundary():
    rng = np.random.default_rng(3)
    y = rng.binomial(6, 0.5, 500)  # fewer zeros than Poisson has
    with pytest.warns(likely.ConvergenceWarning):
        model = Constant(ZeroInflated(Poisson())).fit(np.zeros((500, 1)), y)
    assert model.result_.status.name in ("boundary", "unbounded", "separated")
    assert model.predict_params(np.zeros((1, 1)))["inflation"][0] < 1e-6
