"""Predictive distributions, losses and specifications pickle as the calls that made them, for other processes."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

from likely import (
    Bernoulli,
    Binomial,
    Categorical,
    Censored,
    Dirichlet,
    DirichletMultinomial,
    Family,
    Independent,
    Mixture,
    Multinomial,
    MultivariateNormal,
    Normal,
    Ordinal,
    Parameter,
    PlackettLuce,
    Poisson,
    Truncated,
    Weibull,
    positive,
    predicted,
)
from likely.catalogue import family_class
from likely.families import registry
from likely.inference import mixture
from likely.inference.construct import among, between, predictive
from oracles.modified import SAMPLE


class Rayleigh(Family):
    """A user's family, at module level."""

    support = positive
    scale = Parameter(positive)

    def log_density(y, scale):
        z = y / scale
        return y.log - 2.0 * scale.log - 0.5 * z * z


class Half(Rayleigh):
    """One that inherits its formula."""


OF_NUMBERS = [
    family_class(name)()
    for name, module in registry.public_names().items()
    if registry.specification(module).vector is None
]
FAMILIES = [
    *OF_NUMBERS,
    *SAMPLE.values(),
    Categorical(3),
    Categorical(3, reference=1),
    Ordinal(3, loc=predicted("probit")),
    MultivariateNormal(2),
    PlackettLuce(3),
    Dirichlet(3),
    Multinomial(3),
    DirichletMultinomial(["a", "b", "c"]),
    Independent(count=Poisson(), size=Normal()),
    Censored(Weibull()),
    Truncated(Weibull()),
    Binomial(),
    Normal(variance=predicted("square"), loc=2.0),
    Rayleigh(),
    Half(),
    Mixture(Rayleigh(), 2),
]


def distributions(family):
    loss = family.loss()
    raw = np.random.default_rng(0).normal(0.3, 0.1, (loss.columns, 4))
    return predictive(loss, raw)


def sent(thing):
    return pickle.loads(pickle.dumps(thing))


@pytest.mark.parametrize("family", FAMILIES, ids=repr)
def test_predictions_pickle(family):
    d = distributions(family)
    y = d.sample(1, 0)[:, 0]
    d.log_prob(y)  # what is computed on the way is not sent
    twin = sent(d)
    assert type(twin) is type(d)
    np.testing.assert_array_equal(twin.raw, d.raw)
    assert twin.loss.specification is d.loss.specification
    np.testing.assert_array_equal(twin.log_prob(y), d.log_prob(y))
    np.testing.assert_array_equal(twin[1].sample(3, 1), d[1].sample(3, 1))
    assert len(pickle.dumps(d)) < 6000


@pytest.mark.parametrize("family", FAMILIES, ids=repr)
def test_losses_and_specifications_pickle(family):
    loss = family.loss()
    assert sent(family.specification) is family.specification
    twin = sent(loss)
    assert (type(twin), twin.slots, twin.columns) == (type(loss), loss.slots, loss.columns)


def test_a_loss_keeps_how_it_computes():
    loss = family_class("NegativeBinomial")().loss()
    part = loss.without([1])
    for made in (loss.compiled, part, part.compiled):
        twin = sent(made)
        assert (twin.engine, twin.unasked) == (made.engine, made.unasked)
    assert loss.engine == "numpy"


def test_what_rows_bring_along_pickles():
    wide = Truncated(Weibull()).loss()
    raw = np.zeros((wide.columns, 2))
    for d in (
        between(wide, raw, [0.5, 1.0], None),
        among(Binomial().loss(), np.zeros((1, 2)), [3, 9]),
        distributions(DirichletMultinomial(3)).marginal(1),
        distributions(Independent(Poisson(), Normal())).marginal(0),
    ):
        np.testing.assert_array_equal(sent(d).mean(), d.mean())  # that of integrals, too
        d.quantile(0.3)
        np.testing.assert_array_equal(sent(d).cdf(2.0), d.cdf(2.0))


def test_labels_and_ensembles_pickle():
    bets = type(distributions(Bernoulli()))(Bernoulli().loss(), np.zeros((1, 2)), ["no", "yes"])
    assert sent(bets).mode().tolist() == bets.mode().tolist()
    both = mixture.Mixture([Normal().at(loc=m, scale=1.0) for m in (-2.0, 2.0)])
    assert sent(both).cdf(0.3) == both.cdf(0.3)


def test_another_process_reads_them(tmp_path):
    """Nothing there has made these specifications before."""
    ours = [
        distributions(f)
        for f in FAMILIES
        if type(f).__module__ != __name__ and "Rayleigh" not in repr(f)
    ]
    y = [d.sample(1, 0)[:, 0] for d in ours]
    (tmp_path / "sent").write_bytes(pickle.dumps((ours, y)))
    code = (
        "import pickle, sys; d, y = pickle.load(open(sys.argv[1], 'rb')); "
        "pickle.dump([a.log_prob(b) for a, b in zip(d, y)], open(sys.argv[1], 'wb'))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "sent")], check=True, timeout=120)
    for d, values, theirs in zip(
        ours, y, pickle.loads((tmp_path / "sent").read_bytes()), strict=True
    ):
        np.testing.assert_array_equal(d.log_prob(values), theirs)


def test_a_family_of_a_function_says_which():
    class Local(Rayleigh):
        pass

    with pytest.raises((AttributeError, pickle.PicklingError), match="Local"):
        pickle.dumps(distributions(Local()))
