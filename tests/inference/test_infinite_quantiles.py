"""Quantiles of mixtures of which a component's own are no numbers, and modes far from where they are begun."""

import mpmath as mp
import numpy as np
import pytest

from likely import (
    Discretised,
    Gamma,
    GeneralisedPareto,
    Gumbel,
    LogNormal,
    Mixture,
    Normal,
    Poisson,
    StudentT,
)
from likely.inference.kinds import inference_of
from likely.inference.mixture import Mixture as Ensemble


def test_a_component_that_has_left_the_numbers_takes_the_mixture_along():
    # Half of it is a Student's t of which that quantile is about −10³³².
    d = Mixture(Normal(), StudentT()).at(
        loc1=0.0, scale1=1.0, loc2=0.0, scale2=1.0, df2=0.3, odds2=1.0
    )
    assert d.quantile(1e-100) == -np.inf
    assert d.isf(1e-100) == np.inf
    q = d.quantile([1e-60, 1e-10, 0.3])
    np.testing.assert_allclose(d.cdf(q), [1e-60, 1e-10, 0.3], rtol=1e-9)


@pytest.mark.parametrize("odds", [1e-3, 1.0, 1e3])
def test_or_is_too_rare_to(odds):
    # Of df = 10⁻⁴ half lies below −10³⁰⁰, and as much above.
    theta = {"loc1": -50.0, "scale1": 2.0, "loc2": 3.0, "scale2": 1e-3, "df2": 1e-4}
    d = Mixture(Normal(), StudentT()).at(**theta, odds2=odds)
    weight = float(d.parameters["odds2"]) / (1.0 + float(d.parameters["odds2"]))
    beyond = 0.45 * weight  # of the second component on either side
    assert d.quantile(beyond) == -np.inf
    assert d.isf(beyond) == np.inf
    levels = 0.5 * weight + (1.0 - weight) * np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(d.cdf(d.quantile(levels)), levels, rtol=1e-9)
    np.testing.assert_allclose(d.sf(d.isf(levels)), levels, rtol=1e-9)


def test_logarithms_of_amounts_that_are_no_numbers():
    d = Mixture(LogNormal(), 2).at(loc1=1.0, scale1=0.5, loc2=600.0, scale2=200.0, odds2=1e-3)
    weight = float(d.parameters["odds2"]) / (1.0 + float(d.parameters["odds2"]))
    y = d.isf([2.0 * weight, 0.8 * weight, 1e-5])
    assert y[-1] == np.inf
    np.testing.assert_allclose(d.sf(y[:2]), [2.0 * weight, 0.8 * weight], rtol=1e-9)
    with mp.workdps(40):
        loc = [mp.mpf(float(d.parameters[f"loc{j}"])) for j in (1, 2)]
        scale = [mp.mpf(float(d.parameters[f"scale{j}"])) for j in (1, 2)]
        tails = [mp.ncdf((m - mp.log(float(y[1]))) / s) for m, s in zip(loc, scale, strict=True)]
        truth = (1 - mp.mpf(weight)) * tails[0] + mp.mpf(weight) * tails[1]
        assert float(truth) == pytest.approx(0.8 * weight, rel=1e-9)


def test_the_mode_of_whole_numbers_beside_which_there_is_no_probability():
    # P(9074) is exp(−e³³⁰⁰⁰) and less, so that no slope leads up from there.
    d = Discretised(Gumbel()).at(loc=[9074.9148, -2567.4865], scale=[2.7e-6, 1.1e-5])
    np.testing.assert_array_equal(d.mode(), [9075.0, -2567.0])
    np.testing.assert_allclose(d.mean(), [9075.0, -2567.0], rtol=1e-12)
    np.testing.assert_allclose(d.entropy(), 0.0, atol=1e-12)
    np.testing.assert_allclose(inference_of(d.loss, d.raw).mass(), 1.0, rtol=1e-12)


def test_a_member_that_has_left_the_numbers_leaves_the_others_theirs():
    theta = [{"loc": -50.0, "scale": 2.0, "df": 300.0}, {"loc": 3.0, "scale": 1e-3, "df": 1e-4}]
    each = [StudentT().at(**one) for one in theta]
    ensemble = Ensemble(each)
    # Of the second member 0.45 lies below −10³⁰⁰, and as much above.
    assert ensemble.quantile(0.2) == -np.inf
    assert ensemble.isf(0.2) == np.inf
    levels = np.array([0.26, 0.5, 0.74])
    y = ensemble.quantile(levels)
    assert (y < 0.0).all()
    np.testing.assert_allclose(ensemble.cdf(y), levels, rtol=1e-9)
    np.testing.assert_allclose(ensemble.isf(levels), y[::-1], rtol=1e-9)


def test_ensembles_of_amounts_and_counts_beyond_the_numbers():
    amounts = [LogNormal().at(loc=[1.0, 600.0], scale=[0.5, 200.0])[j] for j in (0, 1)]
    y = Ensemble(amounts).isf([0.7, 0.5, 0.3, 0.1])
    assert y[-1] == np.inf
    np.testing.assert_allclose(Ensemble(amounts).sf(y[:3]), [0.7, 0.5, 0.3], rtol=1e-9)
    counts = Ensemble([Poisson().at(mean=3.0), Poisson().at(mean=1e30)])
    np.testing.assert_array_equal(counts.quantile([0.2, 0.9]), [2.0, np.inf])


def test_levels_0_and_1_are_the_ends_of_all_members():
    short = [GeneralisedPareto().at(scale=1.0, shape=shape) for shape in (-0.5, -0.25)]
    np.testing.assert_allclose(Ensemble(short).quantile([0.0, 1.0]), [0.0, 4.0])
    np.testing.assert_allclose(Ensemble(short).isf([0.0, 1.0]), [4.0, 0.0])


@pytest.mark.parametrize(
    ("law", "peak"),
    [
        (Discretised(Normal()).at(loc=1.23456789e12, scale=1e11), 1.23456789e12),
        (Discretised(Gumbel()).at(loc=-1.23456789e12, scale=1e11), -1.23456789e12),
        (Discretised(Gamma()).at(mean=1e12, shape=3.0), 2e12 / 3.0),
        (Discretised(LogNormal()).at(loc=27.0, scale=0.3), np.exp(27.0 - 0.09)),
    ],
    ids=["Normal", "Gumbel", "Gamma", "LogNormal"],
)
def test_the_mode_of_numbers_so_large_that_a_step_changes_nothing(law, peak):
    assert law.mode() == pytest.approx(peak, abs=2.0)


def test_whole_numbers_that_float64_does_not_tell_apart_are_a_line():
    """Of a mixture, too: its components' quantiles are numbers there."""
    law = Mixture(Discretised(StudentT()), 2).at(
        loc1=0.4, scale1=1.1, df1=3.4, loc2=0.0, scale2=2.2, df2=0.5, odds2=0.9
    )
    levels = np.array([1e-12, 1e-9, 1e-6])
    for y, tail in ((law.quantile(levels), law.cdf), (law.isf(levels), law.sf)):
        assert (np.abs(y[:2]) > 2.0**53).all()
        np.testing.assert_allclose(tail(y), levels, rtol=1e-9)
    assert np.isfinite(law.sample(20_000, 0)).all()
