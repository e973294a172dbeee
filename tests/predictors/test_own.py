"""A user's family is looked at before it is fitted: normalised, and of a shape that can be fitted."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from likely import (
    Constant,
    Family,
    Laplace,
    Linear,
    Mixture,
    Parameter,
    check_family,
    counts,
    positive,
    real,
)
from likely.fitting import Status
from likely.math import exp, lgamma, log, maximum, pi, sqrt, where
from likely.predictors.marginal import _refuse
from likely.predictors.own import total_mass

RNG = np.random.default_rng(1)
Y = RNG.normal(2.0, 1.0, 60)
X = RNG.normal(size=(60, 2))


class NoConstant(Family):
    support = real
    loc = Parameter(real)

    def log_density(y, loc):
        return -0.5 * (y - loc) ** 2


class NoScale(Family):
    """Its integral is 1 at scale 1, and only there."""

    support = real
    loc = Parameter(real)
    scale = Parameter(positive)

    def log_density(y, loc, scale):
        return -0.5 * ((y - loc) / scale) ** 2 - 0.5 * log(2.0 * pi)


class NoFactorial(Family):
    support = counts
    rate = Parameter(positive)

    def log_density(y, rate):
        return y * rate.log - rate - 0.5 * lgamma(y + 1.0)


class TwoPeaks(Family):
    """Normalised, though most of it is far from where one would look first."""

    support = real
    gap = Parameter(positive)

    def log_density(y, gap):
        a, b = -0.5 * (y - gap) ** 2, -0.5 * (y + gap) ** 2
        m = maximum(a, b)
        return m + log(exp(a - m) + exp(b - m)) - log(2.0) - 0.5 * log(2.0 * pi)


class OwnLaplace(Family):
    support = real
    smooth = False
    loc = Parameter(real)
    scale = Parameter(positive)

    def log_density(y, loc, scale):
        return -abs(y - loc) / scale - log(2.0 * scale)


class Tilted(Family):
    """The quantile at the level 2/3: its log-density is straight on either side."""

    support = real
    smooth = False
    loc = Parameter(real)

    def log_density(y, loc):
        return where(y > loc, 2.0 * (loc - y), y - loc) - log(1.5)


class Elsewhere(Family):
    support = real
    smooth = False
    centre = Parameter(real)

    def log_density(y, centre):
        return -abs(y - centre) - log(2.0)


class Bent(Family):
    support = real
    smooth = False
    loc = Parameter(real)

    def log_density(y, loc):
        return -sqrt(abs(y - loc)) - log(4.0)


@pytest.mark.parametrize(("family", "y", "message"), [
    (NoConstant, Y, r"density integrates to 2\.50663, not 1, for NoConstant at loc = "),
    (NoScale, (Y - Y.mean()) / Y.std(), r"density integrates to .*, not 1, for NoScale at loc = .*, scale = "),
    (NoFactorial, RNG.poisson(3.0, 60), r"probabilities sum to .*, not 1, for NoFactorial at rate = "),
], ids=lambda v: getattr(v, "__name__", ""))  # fmt: skip
def test_an_unnormalised_density_is_not_fitted(family, y, message):
    for fit in (
        lambda: family().fit(y),
        lambda: Linear(family()).fit(X, y),
        lambda: Constant(family()).fit(X, y),
    ):
        with pytest.raises(ValueError, match=message + r".*check_family\("):
            fit()


def exponential(log_density, of=positive):
    """A family of one rate with this log_density."""
    return type(
        "Wrong", (Family,), {"support": of, "rate": Parameter(positive), "log_density": log_density}
    )


@pytest.mark.parametrize(("family", "advice"), [
    (exponential(lambda y, rate: rate.log + rate * y), r"does not fall off far out: is a sign wrong"),
    (exponential(lambda y, rate: rate.log - rate * y, of=real), r"or the support too wide"),
    (exponential(lambda y, rate: 2.0 * rate.log + y.log - rate * y, of=real), r"is NaN at y = -1e-15, .*support"),
    (exponential(lambda y, rate: -rate * y), r"subtract the logarithm of that integral"),
], ids=["sign", "support", "logarithm", "constant"])  # fmt: skip
def test_what_to_do_about_it_is_said(family, advice):
    with pytest.raises(ValueError, match=advice):
        family().fit(np.abs(Y))
    assert re.search(advice, check_family(family()).checks[0].answer)


class Waring(Family):
    """Its formula has no digits left where b and n are large, where counts that vary little would have them."""

    support = counts
    b = Parameter(positive)
    n = Parameter(positive)

    def log_density(y, b, n):
        return b.log + lgamma(b + n) - lgamma(n) + lgamma(n + y) - lgamma(n + y + b + 1.0)


@pytest.mark.filterwarnings("ignore::likely.ConvergenceWarning")
def test_probabilities_that_rounding_alone_made_are_no_fit():
    rng = np.random.default_rng(0)
    y = rng.poisson(4.0, 300).astype(float)
    for fit in (
        lambda: Linear(Waring()).fit(rng.normal(size=(300, 1)), y),
        lambda: Mixture(Waring(), 2).fit(y),
    ):
        with pytest.raises(
            ValueError, match=r"came to .*b.* = .*log_density loses its digits there"
        ):
            fit()


@pytest.mark.parametrize(("family", "hint"), [
    (Waring(), r"simpler family; check_family\(Waring\(\)\) says where its formula loses digits$"),
    (Laplace(), r"simpler family$"),
], ids=["own", "library"])  # fmt: skip
def test_a_fit_without_end_names_what_finds_lost_digits(family, hint):
    stopped = SimpleNamespace(status=Status.max_iter, iterations=3, gradient_norm=1e-3)
    with pytest.raises(ValueError, match=hint):
        _refuse(family, stopped)


@pytest.mark.parametrize("gap", [1.0, 10.0, 100.0])
def test_two_peaks_far_apart_are_both_found(gap):
    np.testing.assert_allclose(total_mass(TwoPeaks().loss(), np.log([[gap]])), 1.0, atol=1e-9)


def test_two_peaks_are_fitted():
    y = np.where(RNG.random(400) < 0.5, 5.0, -5.0) + RNG.normal(size=400)
    assert TwoPeaks().fit(y).parameters["gap"] == pytest.approx(5.0, abs=0.2)


def test_a_kink_like_laplace_s_is_fitted():
    own, theirs = OwnLaplace().fit(Y), Laplace().fit(Y)
    np.testing.assert_allclose(list(own.parameters.values()), list(theirs.parameters.values()))
    assert Linear(OwnLaplace()).fit(X, Y).log_likelihood_ == pytest.approx(
        Linear(Laplace()).fit(X, Y).log_likelihood_
    )


def test_sides_of_different_slopes_are_quantile_regression():
    assert Tilted().fit(Y).parameters["loc"] == pytest.approx(np.quantile(Y, 2 / 3), abs=0.1)


@pytest.mark.parametrize("family", [Elsewhere(), Bent()])
def test_another_kink_is_refused_and_still_has_a_loss(family):
    for fit in (lambda: family.fit(Y), lambda: Linear(family).fit(X, Y)):
        with pytest.raises(ValueError, match=r"has smooth = False, and .* a parameter called loc"):
            fit()
    assert np.isfinite(family.nll([1.0], [0.0])).all()
