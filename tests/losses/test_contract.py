"""The numerics contract (DESIGN, section 6) over the registry: every family and every link.

The grid is thinned by a fixed draw to run in a minute; ``tools/accuracy.py`` runs all of it.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from mpmath import mp, mpf

from likely.families.registry import modules
from likely.losses.kernels.run import single_outputs
from oracles import engines, grid
from oracles.contract import FLOAT32, check
from oracles.truth import Combination, truth

DEFAULTS = grid.defaults()
OTHERS = grid.others()
FAR_FROM_SINGULAR = 0.3
#: Combination → a point (y, raw…) at which second derivatives in the parameter's logarithm, or in the parameter,
#: cancel to all their digits, or are ∞ − ∞: the loss is nearly linear in the raw prediction.
NEARLY_LINEAR = {
    "Beta(mean: logit, precision: log)": (0.5, -1.0, -300.0),
    "Gamma(mean: inverse, shape: log)": (1e300, 37.5, 0.0),
    "Gamma(mean: log, shape: identity)": (1e300, -37.5, 1.0),
    "Gamma(mean: log, shape: square)": (1e300, -19.94624720810325, 14.145351428941574),
    "GeneralisedExtremeValue(loc: identity, scale: inverse, shape: identity)": (
        -1e300,
        -37.5,
        1.0,
        0.0,
    ),
    "GeneralisedExtremeValue(loc: identity, scale: inverse_squared, shape: identity)": (
        -1e300,
        -37.5,
        1.0,
        0.0,
    ),
    "GeneralisedExtremeValue(loc: identity, scale: log, shape: log)": (1e300, 1.0, 0.0, 300.0),
    "GeneralisedExtremeValue(loc: identity, scale: log, shape: softplus)": (
        1e300,
        -1.0,
        1.0,
        -300.0,
    ),
    "GeneralisedGamma(loc: identity, scale: inverse, shape: identity)": (1e300, 1.0, 300.0, 1.0),
    "GeneralisedGamma(loc: identity, scale: inverse_squared, shape: identity)": (
        1.0,
        29.29438698866859,
        27.520099500664692,
        -7.622659318812719,
    ),
    "GeneralisedGamma(loc: identity, scale: log, shape: inverse)": (1e-300, 1.0, -37.5, 1.0),
    "GeneralisedGamma(loc: identity, scale: log, shape: log)": (1.0, 0.0, -3.0, 30.0),
    "GeneralisedGamma(loc: identity, scale: log, shape: softplus)": (0.024, -1.0, 1.0, 300.0),
    "GeneralisedPareto(scale: inverse, shape: identity)": (1e300, 300.0, 0.0),
    "GeneralisedPareto(scale: log, shape: log)": (1.0, -1.0, 300.0),
    "GeneralisedPareto(scale: log, shape: softplus)": (1e300, -1.0, -300.0),
    "GeneralisedPoisson(mean: log, dispersion: identity)": (22.0, -0.6568474248129432, 1e-30),
    "GeneralisedPoisson(mean: log, dispersion: inverse)": (0.0, 0.4939320790307585, 1e-30),
    "GeneralisedPoisson(mean: log, dispersion: square)": (0.0, -0.6568474248129432, 1e-15),
    "GeneralisedPoisson(mean: log, dispersion: inverse_squared)": (2.0, -37.5, 1.0),
    "GeneralisedPoisson(mean: softplus, dispersion: log)": (
        1.0,
        -29.848593919195835,
        24.72392393202825,
    ),
    "Gumbel(loc: identity, scale: inverse)": (-1e300, -1.7558207606785, 7.121294099154063e-06),
    "Gumbel(loc: identity, scale: inverse_squared)": (
        -1e300,
        -11.63090592169506,
        1.4686102608941773,
    ),
    "JohnsonSU(loc: log, scale: log, skewness: identity, tail: log)": (
        0.0,
        30.0,
        -3.0,
        -30.0,
        -30.0,
    ),
    "InverseGaussian(mean: inverse, shape: log)": (1e300, 1.0, 30.0),
    "InverseGaussian(mean: inverse_squared, shape: log)": (1e300, 1e-30, 0.4783397390169099),
    "InverseGaussian(mean: log, shape: identity)": (1e300, -1.0, 300.0),
    "InverseGaussian(mean: log, shape: softplus)": (1e300, -30.0, 30.0),
    "InverseGaussian(mean: log, shape: square)": (1e300, -22.0410771649251, 4.073317944009702),
    "Logistic(loc: identity, scale: inverse)": (-1e300, 0.0, 10.0),
    "NegativeBinomial(mean: identity, size: log)": (0.0, 1.0, 300.0),
    "NegativeBinomial(mean: inverse, size: log)": (1000000000000000.0, 1.0, -37.5),
    "NegativeBinomial(mean: log, size: inverse)": (1.0, -300.0, 1.0),
    "NegativeBinomial1(mean: log, dispersion: identity)": (22.0, -0.6568474248129432, 1e-30),
    "NegativeBinomial1(mean: log, dispersion: log)": (1e15, -1.0, -300.0),
    "Normal(loc: identity, scale: inverse_squared)": (-1e300, 0.0, 1.0),
    "Normal(loc: identity, variance: inverse)": (-1e300, -30.0, 30.0),
    "Normal(loc: identity, variance: inverse_squared)": (-1e300, -30.0, 30.0),
    "SkewNormal(loc: identity, scale: inverse, skewness: identity)": (
        -1e300,
        -1.333875208694576,
        0.8781020149125471,
        0.8158023491717362,
    ),
    "ConwayMaxwellPoisson(mean: log, dispersion: inverse)": (159398553.0, -30.0, 30.0),
    "ConwayMaxwellPoisson(mean: log, nu: identity)": (159398553.0, -30.0, 30.0),
    "SkewNormal(loc: identity, scale: inverse_squared, skewness: identity)": (
        1e300,
        0.14960684515769748,
        1.1388003179099437,
        -0.4672690976464447,
    ),
    "StudentT(loc: identity, scale: log, df: inverse)": (
        1.1467334224013963,
        0.31636407247859977,
        -0.6265714707773757,
        1e-30,
    ),
    "StudentT(loc: softplus, scale: log, df: log)": (-320594237445703.9, 30.0, 30.0, -30.0),
    "StudentT(loc: log, scale: log, df: log)": (-19.9295840403999, 300.0, 0.0, 0.0),
    "Weibull(scale: inverse, shape: log)": (1e300, 0.3170822288317796, 0.29679567426182973),
    "Weibull(scale: inverse_squared, shape: log)": (1e300, 0.3170822288317796, 0.29679567426182973),
    "Weibull(scale: log, shape: identity)": (1.0, -30.0, 30.0),
    "Weibull(scale: log, shape: softplus)": (1e300, -0.0003457644017981132, 0.9509764482524969),
    "Weibull(scale: log, shape: square)": (1e300, -300.0, 1.0),
}


#: Combination → points (y, raw…) next to a pole or a zero of a link, or on a scale whose square is below all numbers:
#: dθ/draw, its square, or that of a slope leaves the range of numbers, and what it is multiplied by may be 0.
NEXT_TO_A_POLE = {
    "Bernoulli(probs: identity)": [(0.0, 1e-160), (0.0, 1e-300), (1.0, 1e-160), (0.0, 5e-324)],
    "Poisson(mean: inverse)": [(1e15, 1e-300), (0.0, 1e-160)],
    "Poisson(mean: inverse_squared)": [(1e15, 1e-300), (0.0, 1e-160)],
    "Beta(mean: identity, precision: log)": [(1e-160, 1e-160, 0.0), (0.5, 1e-160, 1.0)],
    "Beta(mean: logit, precision: inverse)": [(0.5, 0.0, 1e-160)],
    "Gamma(mean: log, shape: inverse)": [(1.0, 0.0, 1e-160)],
    "Normal(loc: inverse, scale: log)": [(1e160, 1e-160, 0.0)],
    "Normal(loc: identity, variance: inverse)": [(-1.0, -1.0, 1e-160)],
    "SkewNormal(loc: identity, scale: log, skewness: inverse)": [(-1.0, 0.0, 0.0, 1e-160)],
    "StudentT(loc: log, scale: log, df: log)": [(1.0, 0.0, -700.0, -1.0)],
    "StudentT(loc: identity, scale: identity, df: log)": [(1e-300, 0.0, 1e-300, 0.0)],
    "GeneralisedExtremeValue(loc: identity, scale: log, shape: identity)": [
        (-1.0, -1.0, -500.0, -1.0),
        (1.0, 1.0, -500.0, 1.0),
        (-1e-160, 0.0, -700.0, -1.0),
        (1e-300, 0.0, -700.0, 1.0),
    ],
    "GeneralisedPareto(scale: log, shape: inverse)": [(1.0, 0.0, 1e-160)],
    "NegativeBinomial1(mean: log, dispersion: log)": [
        (1e6, -1.0, 700.0),
        (1e15, 0.0, 700.0),
        (9007199254740992.0, -700.0, 1.0),
        (1e6, -700.0, 0.0),
        (1e6, -700.0, 700.0),
    ],
    "NegativeBinomial(mean: identity, size: log)": [
        (0.0, 1e-230, 1.0),
        (0.0, 1e-160, 0.0),
        (5.0, 1e-300, 30.0),
    ],
    "ConwayMaxwellPoisson(mean: log, dispersion: identity)": [
        (0.0, -1.0, 1e-160),
        (1.0, -1.0, 1e-160),
    ],
    "VonMises(loc: wrap, concentration: inverse)": [(0.0, 0.0, 1e-160), (1.0, 0.0, 1e-160)],
}
#: Combination → points (y, raw…) at which a factor of a slope leaves the range of numbers, or is lost beside one.
FAR_OUT = {
    "Bernoulli(probs: cloglog)": [(1.0, -400.0), (1.0, -562.0)],
    "GeneralisedExtremeValue(loc: identity, scale: log, shape: identity)": [
        (1e200, 0.0, -300.0, 1.0),
        (3.7e-128, 0.0, -300.0, 0.0),
    ],
    "GeneralisedExtremeValue(loc: identity, scale: log, shape: log)": [
        (4.027010543684624e213, 963768096.4767363, -1.0, 286.5957590253034)
    ],
    "GeneralisedExtremeValue(loc: identity, scale: square, shape: identity)": [
        (-1e300, -2.163055343898737, 1e-30, -0.16822611545896143),
        (-1e300, -2.163055343898737, 1e-30, 0.0),
    ],
    "Gumbel(loc: identity, scale: log)": [(4e-128, 0.0, -300.0)],
    "Logistic(loc: identity, scale: log)": [(4e-128, 0.0, -300.0)],
    "Ordinal(loc: loglog, thresholds: increments)": [
        (3.0, 4.057783930173976, 4.870775610609684, 5.633255881004985, 5.646619994884539),
        (0.0, 9.475724538537818, -13.896001455631517, -20.198420370298372, 4.794413238673187),
        (2.0, 30.0, 3.0, 0.0, 3.0),
    ],
    "Ordinal(loc: probit, thresholds: increments)": [
        (1.0, 30.0, -3.0, 30.0, 30.0),
        (2.0, -3.0, -30.0, 30.0, -30.0),
        (2.0, -3.0, 0.0, 30.0, -30.0),
        (3.0, 0.0, 1.0, 500.0, 0.0),
        (2.0, 0.0, 0.0, 500.0, 1.0),
    ],
}


def named(c: Combination) -> str:
    return f"{c}".replace(" ", "") + (f"K{c.classes}" if c.classes else "")


@pytest.mark.parametrize("c", DEFAULTS, ids=named)
def test_default_links(c: Combination) -> None:
    report = check(c, grid.points(c, 60), engines.numpy_engine)
    assert report.passed, report.failures()


def test_tweedie_all_but_gamma() -> None:
    """Of p within e⁻³⁷ of 2 slopes and curvature in raw p are as small, and keep their digits."""
    c = next(c for c in DEFAULTS if c.family == "Tweedie")
    point = (1.6427280835284297, 1.0, -1.0, 37.5)
    report = check(c, [point], engines.numpy_engine)
    assert report.passed, report.failures()


def test_tweedie_where_a_slope_vanishes() -> None:
    """There nothing but K is allowed, and polynomials that stand for a sum have slopes of their own error."""
    c = next(c for c in DEFAULTS if c.family == "Tweedie")
    raw = np.random.default_rng(0).normal(scale=[1.0, 1.0, 1.5], size=(4, 3))
    roots = grid.stationary(grid.loss(c), raw)
    points = [
        (float(y), *map(float, row)) for row, found in zip(raw, roots, strict=True) for y in found
    ]
    points.append((4.290981953813106, 0.6148211867587937, 0.46866605185868865, -0.8664195743996006))
    report = check(c, points, engines.numpy_engine)
    assert report.passed, report.failures()


def test_tweedie_where_a_slope_vanishes_next_to_p_1() -> None:
    c = next(c for c in DEFAULTS if c.family == "Tweedie")
    y, *raw = (0.3360770417337354, 1.218377745842876, -0.9021144048993373, -3.30513908593604)
    points = [(y * (1.0 + 1e-9 * k), *raw) for k in range(-10, 11)]
    report = check(c, points, engines.numpy_engine)
    assert report.passed, report.failures()


@pytest.mark.parametrize(
    ("links", "points"),
    [
        (
            {},
            [
                (400.14016172221545, 5.991464547107982, -1.2772697147451817, -7.0),
                (407.8818265196874, 6.006617131776061, -4.859577119311911, -10.566296871955434),
                (32487.263865731078, 10.38862156724842, 2.3663293909418552, -7.664725077562602),
                (1698.6481408877912, 7.4375880024702425, -5.365433800224176, -12.118615920573818),
                (367.0374271277484, 5.9054638241293524, -8.780724846173008, -14.073923665361846),
                (999728.0452404076, 13.81524668368708, 4.185724781492036, -8.81646318196094),
                (9683019513.6684, 22.993738519024607, 2.7182774771176526, -19.205950708558277),
            ],
        ),
        (
            {"dispersion": "square"},
            [
                (7540548779.153478, 22.743560788698865, 27.73376573718788, -15.556746639946596),
                (7540548703.747991, 22.743560788698865, 27.73376573718788, -15.556746639946596),
            ],
        ),
    ],
    ids=["log", "square"],
)
def test_tweedie_in_waves(links: dict[str, str], points: list[tuple[float, ...]]) -> None:
    """Next to p = 1, of 1e3 to 1e9 amounts: the slope in φ of a sum over them is (1 + ν) E (j − J)."""
    c = grid.combination("Tweedie", links)
    for engine in (engines.numpy_engine, engines.kernel_engine)[: 2 - bool(links)]:
        report = check(c, points, engine)
        assert report.passed, report.failures()


@pytest.mark.parametrize("c", OTHERS, ids=named)
def test_other_links(c: Combination) -> None:
    report = check(c, grid.points(c, 10), engines.numpy_engine)
    assert report.passed, report.failures()


@pytest.mark.parametrize("name", NEARLY_LINEAR)
def test_curvature_where_the_loss_is_nearly_linear(name: str) -> None:
    c = next(c for c in [*DEFAULTS, *OTHERS] if str(c) == name)
    report = check(c, [NEARLY_LINEAR[name]], engines.numpy_engine, parts=("observed",))
    assert report.passed, report.failures()


@pytest.mark.parametrize("name", FAR_OUT)
def test_far_out(name: str) -> None:
    c = next(c for c in [*OTHERS, *DEFAULTS] if str(c) == name)
    report = check(c, FAR_OUT[name], engines.numpy_engine)
    assert report.passed, report.failures()


@pytest.mark.parametrize("name", NEXT_TO_A_POLE)
def test_next_to_a_pole(name: str) -> None:
    c = next(c for c in [*OTHERS, *DEFAULTS] if str(c) == name)
    report = check(c, NEXT_TO_A_POLE[name], engines.numpy_engine)
    assert report.passed, report.failures()


@pytest.mark.parametrize(
    "parts",
    [
        ("value", "gradient"),
        pytest.param(
            ("observed",),
            marks=pytest.mark.xfail(
                strict=True,
                reason="1/shape², by which shape is then multiplied, is below all numbers",
            ),
        ),
    ],
    ids=lambda parts: parts[0],
)
def test_shape_whose_square_is_beyond_float64(parts: tuple[str, ...]) -> None:
    c = grid.combination("GeneralisedGamma", {"shape": "log"})
    points = [(1e-160, 0.0, 0.0, 500.0), (2.0, 0.0, 0.0, 360.0), (0.5, 0.0, 0.0, 700.0)]
    report = check(c, points, engines.numpy_engine, parts=parts)
    assert report.passed, report.failures()


#: Family → points (y, raw…) far out in all raw predictions, at which the loss was infinite or a slope lost, where the
#: truth is a number.
ALL_FAR_OUT = {
    "NegativeBinomial": [
        (17752949.0, -519.8575027559627, 300.0),
        (1e6, -700.0, 300.0),
        (3.0, -700.0, 37.5),
        (2.0, -700.0, 700.0),
        (9007199254740992.0, -700.0, -700.0),
        (36.0, 1.0, 387.3563600792172),
    ],
    "NegativeBinomial1": [(381311.0, -37.5, -700.0), (1e6, -700.0, -700.0)],
    "GeneralisedPoisson": [(35.0, 300.0, -700.0), (1e6, -700.0, -700.0), (36.0, 1.0, 387.0)],
    "GeneralisedPareto": [(1e300, -1.0, 700.0), (1e20, -1.0, 700.0)],
}


@pytest.mark.parametrize("family", ALL_FAR_OUT)
def test_all_far_out(family: str) -> None:
    links = {"shape": "log"} if family == "GeneralisedPareto" else {}
    c = grid.combination(family, links)
    report = check(c, ALL_FAR_OUT[family], engines.numpy_engine, parts=("value", "gradient"))
    assert report.passed, report.failures()


def test_odds_of_counts_are_beyond_float64() -> None:
    """Of a size next to 0 under a large mean, log(1 + m/s) is a number where m/s is none, and so is m·s/(s + m)."""
    c = grid.combination("NegativeBinomial")
    points = [(y, 700.0, -197.0) for y in (0.0, 1.0, 2.0, 36.0, 1e6)]
    report = check(c, points, engines.numpy_engine, parts=("value", "gradient"))
    assert report.passed, report.failures()


def test_size_beyond_float64() -> None:
    """Of mean/dispersion Poisson is left, and slopes in the dispersion that are not 0."""
    c = grid.combination("NegativeBinomial1")
    points = [(y, 300.0, -700.0) for y in (0.0, 1.0, 2.0, 35.0, 1e6, 1e15)]
    points += [(2.0, 30.0, -700.0), (35.0, 700.0, -30.0), (35.0, 700.0, -700.0)]
    for engine in (engines.numpy_engine, engines.kernel_engine):
        report = check(c, points, engine, parts=("value", "gradient"))
        assert report.passed, report.failures()


def test_degrees_of_freedom_whose_square_is_beyond_float64() -> None:
    """(q/df)², left over of a logarithm, is below all numbers where q/df is not."""
    c = grid.combination("StudentT", {"df": "inverse"})
    points = [(1.0, 1.0, -1.0, 1e-160), (30.0, 0.0, 0.0, 1e-160), (1.0, 0.0, 0.0, 1e-300)]
    report = check(c, points, engines.numpy_engine, parts=("gradient",))
    assert report.passed, report.failures()
    points = [(1.0, 1.0, -1.0, 368.0), (3.0, 1.0, -1.0, 700.0)]
    report = check(grid.combination("StudentT"), points, engines.kernel_engine, parts=("gradient",))
    assert report.passed, report.failures()


@pytest.mark.parametrize("family", ["NegativeBinomial", "NegativeBinomial1", "GeneralisedPoisson"])
@pytest.mark.parametrize("links", [{}, {"mean": "identity"}], ids=str)
def test_counts_next_to_the_largest_number(family: str, links: dict[str, str]) -> None:
    """The sum of such a count and what is compared with it is no number."""
    c, raw = grid.combination(family, links), (1.0, -30.0 if not links else 1e-13, 30.0)
    points = [
        (y, m, d)
        for y in (1e300, 1e308, 1.7e308)
        for m in raw
        for d in (0.0, 30.0, -30.0)
        if m > 0 or not links
    ]
    y, rows = np.array([p[0] for p in points]), np.array([p[1:] for p in points]).T
    for engine in (engines.numpy_engine, engines.kernel_engine):
        value, gradient, _ = engine(c, y, np.ascontiguousarray(rows), "observed")
        assert not np.isnan(value).any()
        assert not np.isnan(gradient).any()


def test_opposite_to_an_angle_next_to_its_seam() -> None:
    """y next to 0 has digits that an angle next to ±π has not."""
    c = grid.combination("VonMises", {"loc": "half_tangent"})
    points = [(0.0066666419754735085, -300.0, -1.0), (-2e-8, 1e8, 0.0), (2e-8, -1e8, 30.0)]
    points += [(2e-30, -1e30, 1.0), (1e-300, 1e160, 0.0), (0.5, -1.0, 300.0), (0.0, 0.0, 30.0)]
    report = check(c, points, engines.numpy_engine)
    assert report.passed, report.failures()


def test_mean_near_0_through_softplus() -> None:
    """1 + Γ and Γ are both needed, where Γ is half the mean."""
    c = grid.combination("ConwayMaxwellPoisson", {"mean": "softplus"})
    points = [(1.0, -30.0, -1.0), (1e15, -29.848593919195835, 24.72392393202825)]
    report = check(c, points, engines.numpy_engine, parts=("observed",))
    assert report.passed, report.failures()


@pytest.mark.xfail(
    strict=True,
    reason="of a 2 among nearly certain zeros and ones the curvature is m², left of terms of the size of m, half of "
    "them the link's",
)
def test_two_through_softplus_where_nu_is_infinite() -> None:
    c = grid.combination("ConwayMaxwellPoisson", {"mean": "softplus"})
    point = (2.0, -16.061996038271026, 19.686343194705763)
    report = check(c, [point], engines.numpy_engine, parts=("observed",))
    assert report.passed, report.failures()


def test_curvature_in_steps_whose_squares_are_beyond_float64() -> None:
    c = grid.combination("Ordinal", classes=4)
    points = [(3.0, -1.0, -1.0, 500.0, -1.0), (2.0, -1.0, -1.0, 500.0, 1.0)]
    report = check(c, points, engines.numpy_engine, parts=("observed",))
    assert report.passed, report.failures()


def test_curvature_in_the_inverse_of_a_shape_where_w_cubed_is_beyond_float64() -> None:
    """Far left the loss is linear in 1/q, but for what does not depend on w."""
    c = grid.combination("GeneralisedGamma", {"shape": "inverse"})
    points = [(0.3678794411714423, -1.0, -290.0, 1.0), (0.9999999999999999, 0.0, -300.0, 1.0)]
    report = check(c, points, engines.numpy_engine)
    assert report.passed, report.failures()


def test_exponential_beyond_float64_by_halves() -> None:
    """e^(qw) is 1e313 there, and e^(qw)/q² 1e287."""
    c = grid.combination("GeneralisedGamma", {"shape": "log"})
    points = [(1e300, -30.0, 30.0, 30.0), (1e300, -30.0, 29.98, 30.0)]
    for engine in (engines.numpy_engine, engines.kernel_engine):
        report = check(c, points, engine, parts=("value", "gradient"))
        assert report.passed, report.failures()


def test_curvature_of_a_count_next_to_the_mean_where_hardly_any_other_comes() -> None:
    """1/V, as large as 1 over the distance, is no part of it."""
    points = [
        (k, math.log(k) + sign * 10.0**-apart, log_nu)
        for k in (1.0, 2.0, 3.0, 40.0, 300.0, 1000.0)
        for apart in (3, 8, 12)
        for sign in (1.0, -1.0)
        for log_nu in (5.5, 6.4, 6.9)
    ]
    c = grid.combination("ConwayMaxwellPoisson")
    for engine in (engines.numpy_engine, engines.kernel_engine):
        report = check(c, points, engine)
        assert report.passed, report.failures()


def test_one_above_a_whole_mean_where_nu_is_infinite() -> None:
    """p(m)/p(m + 1) is beyond all numbers there, and the loss is not."""
    for links, point in (
        ({}, (2.0, 0.0, 10.0)),
        ({}, (2.0, 0.0, 300.0)),
        ({"mean": "identity"}, (11.0, 10.0, 10.0)),
        ({"mean": "square"}, (901.0, -30.0, 30.0)),
        ({"dispersion": "softplus"}, (2.0, 0.0, -30.0)),
    ):
        c = grid.combination("ConwayMaxwellPoisson", links)
        for engine in (engines.numpy_engine, engines.kernel_engine)[: 2 - bool(links)]:
            report = check(c, [point], engine, parts=("value", "gradient"))
            assert report.passed, report.failures()


@pytest.mark.parametrize(
    ("name", "links", "part", "points"),
    [
        pytest.param(
            "Truncated(Normal, low=0)",
            {},
            "observed",
            [(0.0, -30.0, -10.0), (0.0, -30.0, -13.0)],
            marks=pytest.mark.xfail(
                strict=True,
                reason="a bound 1e6 scales above loc leaves an Exponential of mean scale²/|loc|, whose logarithm "
                "has no curvature between log scale and loc",
            ),
            id="curvature far in a tail",
        ),
        pytest.param(
            "GeneralisedGamma",
            {"shape": "log"},
            "observed",
            [(1e300, -30.0, 30.0, 30.0)],
            marks=pytest.mark.xfail(
                strict=True, reason="e^(qw), 1e313, is beyond all numbers, and e^(qw)/scale² is not"
            ),
            id="exponential beyond float64",
        ),
        pytest.param(
            "NegativeBinomial1",
            {},
            "observed",
            [(35.0, 300.0, -700.0)],
            marks=pytest.mark.xfail(
                strict=True, reason="the size, mean/dispersion, is beyond all numbers: ∞ times 0"
            ),
            id="curvature of a size beyond float64",
        ),
    ],
)
def test_what_is_left(
    name: str, links: dict[str, str], part: str, points: list[tuple[float, ...]]
) -> None:
    report = check(grid.combination(name, links), points, engines.numpy_engine, parts=(part,))
    assert report.passed, report.failures()


@pytest.mark.parametrize("shape", ["log", "softplus"])
def test_curvature_of_a_loss_beyond_float64_is_infinite(shape: str) -> None:
    c = grid.combination("GeneralisedGamma", {"shape": shape})
    points = [(1.0, -30.0, -30.0, -3.0), (3769776069.6813307, -30.0, -30.0, -3.0)]
    report = check(c, points, engines.numpy_engine, parts=("observed",))
    assert report.passed, report.failures()


@pytest.mark.parametrize(
    ("name", "point"),
    [
        (
            "GeneralisedGamma(loc: identity, scale: log, shape: softplus)",
            (2.718281828459045, 1.0, -300.0, 0.0),
        ),
        (
            "JohnsonSU(loc: log, scale: log, skewness: identity, tail: log)",
            (2.718281828459045, 1.0, -255.4994652669155, -1.0, -1.0),
        ),
        ("Logistic(loc: softplus, scale: log)", (1.3132616875182228, 1.0, -212.0)),
        # At the location itself, where an entry is as small as the cube of what was rounded, of any scale.
        (
            "GeneralisedGamma(loc: softplus, scale: log, shape: identity)",
            (2.719242594150082, 0.541883841603518, 0.781443053885405, 0.8311844526649818),
        ),
    ],
)
def test_within_an_ulp_of_a_location_that_is_rounded(name: str, point: tuple[float, ...]) -> None:
    c = next(c for c in [*DEFAULTS, *OTHERS] if str(c) == name)
    report = check(c, [point], engines.numpy_engine)
    assert report.passed, report.failures()


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("Geometric(mean: identity)", (0.0, 1e-230)),
        ("NegativeBinomial(mean: identity, size: log)", (0.0, 1e-230, 1.0)),
    ],
)
def test_curvature_in_a_mean_whose_square_is_below_all_numbers(
    name: str, point: tuple[float, ...]
) -> None:
    c = next(c for c in OTHERS if str(c) == name)
    report = check(c, [point], engines.numpy_engine, parts=("observed",))
    assert report.passed, report.failures()


def test_beta_at_its_mean_through_probit() -> None:
    """Mean and y, both a half, are the same number: K has the slope of the second derivative, which is 0 there."""
    c = next(c for c in OTHERS if str(c) == "Beta(mean: probit, precision: log)")
    points = [(0.5, 0.0, 30.0), (0.5, 1e-16, 30.0), (0.5, -1e-16, 300.0), (0.5, 1e-9, 30.0)]
    report = check(c, points, engines.numpy_engine)
    assert report.passed, report.failures()


@pytest.mark.parametrize("c", DEFAULTS, ids=named)
def test_float32(c: Combination) -> None:
    report = check(c, grid.points(c, 24, float32=True), engines.float32_engine, FLOAT32)
    assert report.passed, report.failures()


SINGLE = [c for c in [*DEFAULTS, *OTHERS] if not c.classes and single_outputs(grid.loss(c))]


@pytest.mark.parametrize("c", SINGLE, ids=named)
def test_kernels_in_float32(c: Combination) -> None:
    points = grid.points(c, 24, float32=True)
    report = check(c, points, engines.single_engine, FLOAT32, parts=("value", "gradient"))
    assert report.passed, report.failures()


@pytest.mark.parametrize("c", [c for c in OTHERS if "identity" in str(c)], ids=named)
def test_outside_a_partial_link_the_loss_is_infinite(c: Combination) -> None:
    loss = grid.loss(c)
    raw = np.full((c.columns, 1), 0.5)
    # Several y, for supports that the parameters decide.
    y = np.array([0.125, 0.5, 0.75, 0.95, 2.0] if c.continuous else [1.0])
    for j in range(c.columns):
        outside = raw.copy()
        outside[j] = -1.0
        infinite = (loss.evaluate(y, np.repeat(outside, y.size, 1), 0)[0] == np.inf).all()
        assert infinite == loss.outside(outside)[0]


@pytest.mark.parametrize("c", DEFAULTS, ids=named)
def test_truth_is_what_differences_of_the_textbook_say(c: Combination) -> None:
    """The derivatives of the oracle against mpmath's own numerical differentiation."""
    y = 0.37 if c.continuous else 1.0
    point = (y, *(FAR_FROM_SINGULAR * (j + 1) for j in range(c.columns)))
    here = truth(c, point)
    h = 2.0**-40  # a power of two: the points stay exact
    with mp.workdps(30):
        for j in range(c.columns):
            ahead, behind = (
                truth(c, tuple(v + s * h * (i == j + 1) for i, v in enumerate(point)))
                for s in (1.0, -1.0)
            )

            def slope(a: mpf, b: mpf) -> mpf:
                return (a - b) / (2 * mpf(h))

            value = slope(ahead.value.value, behind.value.value)
            assert abs(value - here.gradient[j].value) < mpf(10) ** -15
            for i in range(j, c.columns):
                second = slope(ahead.gradient[i].value, behind.gradient[i].value)
                packed = here.observed[i * (i + 1) // 2 + j].value
                assert abs(second - packed) < mpf(10) ** -15


@pytest.mark.parametrize("module", sorted({*modules()} - {s.name.lower() for s in grid.scalar()}))
def test_families_of_several_numbers_a_row_have_a_contract_of_their_own(module: str) -> None:
    assert "def test_contract" in (Path(__file__).parent / f"test_{module}.py").read_text()
