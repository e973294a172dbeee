"""y within some ulps of a location that is rounded: its difference from there is taken exactly."""

from decimal import Decimal

import numpy as np
import pytest
from mpmath import mp, mpf

from likely import GeneralisedGamma, Laplace, LogNormal, Normal, Poisson, Weibull, predicted
from likely._math.backends import decimal_backend, mpmath_backend
from likely._math.differences import apart, differences
from oracles import engines, grid
from oracles.contract import check

THETA = {
    "identity": lambda r: r,
    "log": mp.exp,
    "softplus": lambda r: mp.log1p(mp.exp(r)),
    "inverse": lambda r: 1 / r,
    "square": lambda r: r * r,
    "inverse_squared": lambda r: 1 / mp.sqrt(r),
}


def near(link, raw, of_log):
    """y at its location, as near as numbers are, and its neighbours."""
    with mp.workdps(60):
        theta = THETA[link](mpf(raw))
        y = float(mp.exp(theta) if of_log else theta)
    return [y, np.nextafter(y, np.inf), np.nextafter(y, -np.inf)]


@pytest.mark.parametrize(
    ("family", "link", "raw"),
    [
        ("AsymmetricLaplace", "inverse", 0.7),
        ("GeneralisedExtremeValue", "softplus", -31.0),
        ("GeneralisedGamma", "identity", -2.7),
        ("GeneralisedGamma", "softplus", 41.3),
        ("Gumbel", "softplus", 0.541883841603518),
        ("JohnsonSU", "log", 5.1),
        ("Laplace", "log", 1.0),
        ("LogLogistic", "square", 2.7),
        ("Logistic", "inverse", 0.3),
        ("SkewNormal", "log", 0.3),
        ("StudentT", "softplus", -2.7),
        ("Weibull", "inverse_squared", 2.7),
        ("Weibull", "log", 1.0),
    ],
)
def test_contract_where_an_ulp_is_many_scales(family, link, raw):
    location, narrow = ("scale", 1.0) if family in ("LogLogistic", "Weibull") else ("loc", -1.0)
    c = grid.combination(family, {location: link})
    rest = [0.83] * (c.columns - 2)
    ys = near(link, raw, of_log=family == "GeneralisedGamma")
    points = [(y, raw, narrow * far, *rest) for y in ys for far in (36.0, 100.0, 300.0)]
    report = check(c, points, engines.numpy_engine)
    assert report.passed, report.failures()


def test_kernels_hand_such_rows_on():
    loss = Weibull().loss()
    rng = np.random.default_rng(0)
    raw = np.array([rng.normal(size=500), rng.normal(size=500)])
    y = np.exp(raw[0])
    y[::2] = rng.exponential(size=250)
    invalid = []
    found = loss.compiled.evaluate(y, raw, 1, invalid=invalid)
    on_numpy = loss.evaluate(y, raw, 1)
    assert invalid == [0]
    for compiled, plain in zip(found[:2], on_numpy[:2], strict=True):
        np.testing.assert_array_equal(compiled[..., 1::2], plain[..., 1::2])
        np.testing.assert_allclose(compiled, plain, rtol=1e-11, atol=1e-13)
    y[0] = -1.0
    loss.compiled.evaluate(y, raw, 1, invalid=invalid)
    assert invalid[1] > 0


def test_exact_difference_is_the_loss_of_a_narrow_laplace():
    """(y − eʳ)/s, where y is the number next to eʳ and s far less than what is left."""
    r, s = 0.3, np.exp(-100.0)
    loss = Laplace(loc=predicted("log")).loss()
    y = near("log", r, of_log=False)[0]
    nll, gradient, _ = loss.evaluate(np.array([y]), np.array([[r], [-100.0]]), 1)
    with mp.workdps(60):
        d = mpf(y) - mp.exp(mpf(r))
    assert 0.0 < abs(d) < np.spacing(y)
    assert nll[0] == pytest.approx(float(abs(d)) / s, rel=1e-13)
    assert gradient[0, 0] == pytest.approx(-float(mp.sign(d)) * np.exp(r) / s, rel=1e-13)


def test_a_difference_that_is_0_is_0():
    """Of (y − 1)/−2 and a loc that are the same number, of more than forty decimals."""
    c = grid.combination("Transformed(Gumbel, affine, shift=1, factor=-2)")
    points = [
        (1.8817888594119514, -0.4408944297059757, 0.05263619946378498),
        (-0.17570076043272453, 0.5878503802163623, 1e-30),
    ]
    report = check(c, points, engines.numpy_engine)
    assert report.passed, report.failures()


def test_which_differences_may_have_to_be_exact():
    def of(family):
        return [repr(node) for node in differences(family.loss().outputs(1))]

    assert of(GeneralisedGamma()) == ["subtract(log(y), raw0)"]
    assert of(Laplace(loc=predicted("log"))) == ["subtract(y, exp(raw0))"]
    # Exact; squared, with one side exact, and with none.
    assert of(Laplace()) == of(LogNormal()) == of(Normal(loc=predicted("log"))) == []
    assert of(LogNormal(loc=predicted("log"))) == ["subtract(log(y), exp(raw0))"]
    counts = Poisson().loss()
    assert apart(counts.outputs(1), counts.specification.support) is None


@pytest.mark.parametrize("name", ["exp", "log", "softplus", "sqrt"])
def test_decimals(name):
    x = (
        np.exp(np.linspace(-300.0, 5.5, 60))
        if name in ("log", "sqrt")
        else np.linspace(-600.0, 600.0, 61)
    )
    for value in [*x, 1.0 + 1e-10, 1e-10, 23.0, 23.1]:
        with decimal_backend.digits():
            found = decimal_backend.TABLE[name](value)
        with mp.workdps(400):
            true = (
                mp.log1p(mp.exp(mpf(value)))
                if name == "softplus"
                else mpmath_backend.TABLE[name](mpf(value))
            )
            assert abs(mpf(str(found)) - true) < mpf("1e-29") * abs(true)
    assert isinstance(found, Decimal)
