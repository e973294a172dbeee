"""ConwayMaxwellPoisson: fits of another program, the families that it meets, and maxima that are at an edge."""

import numpy as np
import pytest

from likely import Constant, ConwayMaxwellPoisson, Geometric, Linear, Poisson, Trees, shared
from likely.fitting.result import ConvergenceWarning, Status

#: Forward gears and weight (1000 lb) of 32 cars: Henderson and Velleman (1981), Biometrics 37, 391–411; R's mtcars.
GEARS = "4 4 4 3 3 3 3 4 4 4 4 3 3 3 3 3 3 4 4 4 3 3 3 3 3 4 5 5 5 5 5 4"
WEIGHT = """
    2.620 2.875 2.320 3.215 3.440 3.460 3.570 3.190 3.150 3.440 3.440 4.070 3.730 3.780 5.250 5.424 5.345 2.200 1.615
    1.835 2.465 3.520 3.435 3.840 3.845 1.935 2.140 1.513 3.170 2.770 3.570 2.780
"""


def test_underdispersed_counts_as_glmmtmb_fits_them():
    """glmmTMB 1.1.5, gear ~ wt, family = compois(), by BFGS until nothing changes."""
    y, x = (np.array(text.split(), dtype=float) for text in (GEARS, WEIGHT))
    model = Linear(ConwayMaxwellPoisson()).fit(x[:, None], y)
    assert model.result_.status is Status.converged
    assert model.log_likelihood_ == pytest.approx(-27.694797319601, abs=1e-9)
    intercept, slope, nu = model.summary().rows
    known = ((1.691720004283, 0.0988951169580), (-0.122340456195, 0.0309636871825))
    for row, (estimate, error) in zip((intercept, slope), known, strict=True):
        assert row.estimate == pytest.approx(estimate, abs=1e-5 * error)
        # Theirs are from differences of gradients.
        assert row.std_error == pytest.approx(error, rel=2e-4)
    assert np.exp(-nu.estimate) == pytest.approx(0.0816014313573, rel=1e-6)  # their dispersion
    assert nu.std_error == pytest.approx(0.2425030648, rel=2e-4)


def test_the_dispersion_is_one_over_nu():
    y, x = (np.array(text.split(), dtype=float) for text in (GEARS, WEIGHT))
    a = Linear(ConwayMaxwellPoisson()).fit(x[:, None], y)
    b = Linear(ConwayMaxwellPoisson(dispersion=shared)).fit(x[:, None], y)
    assert a.log_likelihood_ == pytest.approx(b.log_likelihood_, rel=1e-12)
    assert a.intercept_["nu"] == pytest.approx(-b.intercept_["dispersion"], rel=1e-9)


def test_a_fixed_nu_of_1_is_the_poisson():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(200, 1))
    y = rng.poisson(np.exp(1.0 + 0.4 * x[:, 0])).astype(float)
    a, b = (Linear(family).fit(x, y) for family in (ConwayMaxwellPoisson(nu=1.0), Poisson()))
    assert a.log_likelihood_ == pytest.approx(b.log_likelihood_, rel=1e-13)
    np.testing.assert_allclose(a.coef_["mean"], b.coef_["mean"], rtol=1e-9)
    family = ConwayMaxwellPoisson()
    assert family.nll(y, np.c_[1.0 + 0.4 * x, 0.0 * x]) == pytest.approx(
        Poisson().nll(y, 1.0 + 0.4 * x), rel=1e-13
    )


@pytest.mark.parametrize("fixed", [{"mean": 2.5}, {"nu": 1.7}])
def test_what_a_fixed_parameter_decides_is_known_to_every_backend(fixed):
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    family, y, raw = ConwayMaxwellPoisson(**fixed), [0.0, 1.0, 5.0], [[0.3], [0.2], [0.7]]
    known = family.nll(np.array(y), np.array(raw))
    wide = {"dtype": torch.float64}
    assert family.nll(torch.tensor(y, **wide), torch.tensor(raw, **wide)).numpy() == pytest.approx(
        known, rel=1e-13
    )
    found = family.nll(jax.numpy.array(y), jax.numpy.array(raw))
    assert np.asarray(found) == pytest.approx(known, rel=1e-5)  # float32, unless told otherwise


def test_draws_of_any_spread_have_their_mean_and_variance():
    rng = np.random.default_rng(11)
    for mean, nu in ((0.3, 0.2), (5.0, 0.1), (100.0, 3.0), (7.5, 1e9), (1e9, 2.0)):
        found = ConwayMaxwellPoisson().at(mean=mean, nu=nu)
        y, var = found.sample(20_000, rng), float(np.ravel(found.var())[0])
        assert abs(y.mean() - mean) < 5.0 * np.sqrt(var / y.size)
        assert y.var() == pytest.approx(var, rel=0.08)


def test_the_mean_is_learned_by_trees():
    rng = np.random.default_rng(7)
    x = rng.integers(0, 2, size=(600, 1)).astype(float)
    y = rng.binomial(12, 0.25 + 0.5 * x[:, 0]).astype(float)
    model = Trees(ConwayMaxwellPoisson(), max_iter=60, learning_rate=0.2, random_state=0).fit(x, y)
    found = model.predict_params(np.array([[0.0], [1.0]]))
    assert found["mean"] == pytest.approx(
        [y[x[:, 0] == 0].mean(), y[x[:, 0] == 1].mean()], rel=0.02
    )
    assert found["nu"][0] > 1.5  # less spread than Poisson


def test_two_counts_next_to_each_other_have_no_finite_nu():
    """ν → ∞: the Bernoulli, here of 3 and 4."""
    y = 3.0 + (np.random.default_rng(2).random(200) < 0.3)
    with pytest.warns(ConvergenceWarning, match="Without a finite estimate: .*nu"):
        model = Constant(ConwayMaxwellPoisson()).fit(np.zeros((200, 1)), y)
    assert model.result_.status is Status.boundary
    share = np.mean(y == 4.0)
    entropy = -share * np.log(share) - (1.0 - share) * np.log(1.0 - share)
    assert model.log_likelihood_ == pytest.approx(-200 * entropy, rel=1e-8)
    assert model.predict_params(np.zeros((1, 1)))["mean"][0] == pytest.approx(y.mean(), rel=1e-6)


def test_counts_more_spread_than_geometric_have_no_nu():
    """ν → 0: the Geometric."""
    rng = np.random.default_rng(3)
    y = rng.poisson(rng.gamma(0.4, 10.0, 300)).astype(float)
    with pytest.warns(ConvergenceWarning, match="Without a finite estimate: .*nu"):
        model = Constant(ConwayMaxwellPoisson()).fit(np.zeros((300, 1)), y)
    assert model.result_.status is Status.boundary
    limit = Constant(Geometric()).fit(np.zeros((300, 1)), y)
    assert model.log_likelihood_ == pytest.approx(limit.log_likelihood_, rel=1e-8)
