"""Modes of parts and mixtures of families whose density is unbounded at an end that depends on the parameters."""

import numpy as np
import pytest

from likely import (
    Beta,
    Gamma,
    GeneralisedExtremeValue,
    GeneralisedPareto,
    Gumbel,
    Logistic,
    LogLogistic,
    LogNormal,
    Mixture,
    Normal,
    Transformed,
    Truncated,
)
from likely.inference.mixture import Mixture as Ensemble

#: Families, what loc they take, and where y ends: at loc − scale/shape.
FAMILIES = [(GeneralisedPareto, {}), (GeneralisedExtremeValue, {"loc": 1.0})]
SHAPES = [-1.25, -1.5, -3.0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("cls", "loc"), FAMILIES)
def test_a_part_with_the_pole_has_its_mode_there(cls, loc, shape):
    end = loc.get("loc", 0.0) - 1.0 / shape
    for bounds, mode in (
        ({"low": 0.1}, end),
        ({"high": 5.0}, end),
        ({"low": 0.1, "high": 5.0}, end),
        ({"low": 0.1, "high": 0.3}, 0.3),  # it rises all the way
    ):
        part = Truncated(cls(), **bounds).at(**loc, scale=1.0, shape=shape)
        assert part.mode() == pytest.approx(mode, rel=1e-15)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("cls", "loc"), FAMILIES)
def test_a_mixture_has_its_mode_at_the_pole_of_a_component(cls, loc, shape):
    end = loc.get("loc", 0.0) - 1.0 / shape
    one, other = ({**loc, "scale": s, "shape": k} for s, k in ((1.0, shape), (2.0, 0.2)))
    both = {f"{n}{j}": v for j, theta in ((1, one), (2, other)) for n, v in theta.items()}
    assert Mixture(cls(), 2).at(**both, odds2=1.0).mode() == pytest.approx(end, rel=1e-15)
    ensemble = Ensemble([cls().at(**one), cls().at(**other)])
    assert ensemble.mode() == pytest.approx(end, rel=1e-14)
    part = Truncated(Mixture(cls(), 2), low=0.1, high=4.0).at(**both, odds2=1.0)
    assert part.mode() == pytest.approx(end, rel=1e-14)


def test_without_a_pole_the_mode_is_the_highest_place():
    d = Mixture(GeneralisedExtremeValue(), 2).at(
        loc1=1.0, scale1=1.0, shape1=-0.5, loc2=1.0, scale2=2.0, shape2=0.2, odds2=1.0
    )
    y = np.linspace(-3.0, 3.0, 6001)
    assert d.log_prob(d.mode()) >= d.log_prob(y).max()


@pytest.mark.parametrize(
    "theta",
    [
        (-0.187, 0.1837, -0.4538, 1.361, 0.7328),
        (
            -0.1732,
            0.48,
            0.4558,
            0.8726,
            0.5575,
        ),  # up to the other peak from a place that is higher than the first
    ],
)
def test_a_step_over_a_valley_leads_to_no_lower_peak(theta):
    names = ("loc1", "scale1", "loc2", "scale2", "odds2")
    d = Mixture(Logistic(), LogNormal()).at(**dict(zip(names, theta, strict=True)))
    assert d.log_prob(d.mode()) >= d.log_prob(np.linspace(-2.0, 3.0, 50001)).max()


@pytest.mark.parametrize(
    ("inside", "theta", "mode"),
    [
        (LogLogistic(), {"scale1": 0.2, "shape1": 0.5}, 0.0),
        (LogLogistic(), {"scale1": 0.2, "shape1": 1.0}, 0.0),  # a finite density, the highest there
        (Gamma(), {"mean1": 1.0, "shape1": 0.5}, 0.0),
        (Beta(), {"mean1": 0.9, "precision1": 1.5}, 1.0),
        (Transformed(Gamma(), "affine", factor=-2), {"mean1": 1.0, "shape1": 0.1}, 0.0),
    ],
    ids=repr,
)
def test_a_component_may_be_highest_at_an_edge_inside_the_support_of_the_mixture(
    inside, theta, mode
):
    for other, of in (
        (Normal(), {"loc2": -3.0, "scale2": 1.0}),
        (Gumbel(), {"loc2": -1.0, "scale2": 1.0}),
    ):
        found = Mixture(inside, other).at(**theta, **of, odds2=0.5).mode()
        assert found == pytest.approx(mode, abs=1e-300, rel=0.0)


def test_a_mixture_may_be_highest_where_a_component_is_cut_off():
    law = Mixture(Truncated(Normal(), high=0.8), Normal()).at(
        loc1=0.75, scale1=0.5, loc2=1.2, scale2=0.4, odds2=1.0
    )
    places = np.linspace(-3.0, 3.0, 6001)
    assert law.log_prob(law.mode()) >= law.log_prob(places).max()
    assert law.mode() == 0.8


def test_a_rise_that_comes_to_rest_next_to_an_edge_has_its_mode_there():
    """y = e^x next to x = 0 is 1 before x is: with an upper bound, too, the lower edge has the pole."""
    theta = {"scale": 0.8, "shape": 0.75}
    assert Transformed(LogLogistic(), "log").at(**theta).mode() == 1.0
    assert Transformed(Truncated(LogLogistic(), high=2.0), "log").at(**theta).mode() == 1.0
