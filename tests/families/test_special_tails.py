"""Families whose distribution function is an incomplete gamma or beta function, cut off or seen in part."""

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy import optimize, stats

from likely import (
    Censored,
    Discretised,
    Gamma,
    Linear,
    Normal,
    StudentT,
    Truncated,
    censored,
    shared,
)
from likely._math.atoms import ATOMS
from likely._math.backends import numpy_backend
from likely._math.evaluate import compile_program
from likely._math.graph import symbol
from oracles import numeric


def gamma_masses(y, m, k):
    """P(Y ≤ y) and P(Y > y)"""
    x = y * k / m
    return tuple(mp.gammainc(k, *ends, regularized=True) for ends in ((0, x), (x, mp.inf)))


def gamma_loss(side, width):
    """−log of the probability of a row, by raw mean, raw shape and the bound."""

    def loss(log_mean, log_shape, low):
        m, k = mp.exp(log_mean), mp.exp(log_shape)
        if side == "interval":
            below, above = (gamma_masses(v, m, k) for v in (low, low + width))
            return -mp.log(above[0] - below[0])
        return -mp.log(gamma_masses(low, m, k)[side == "right"])

    return loss


def gamma_points(side):
    """Both tails, the middle, shapes from 1e-6 to 2000."""
    found = []
    for log_shape in (-13.8, -0.7, 0.4, 3.0, 7.6):
        spread = np.exp(-0.5 * log_shape)
        for z in (-8.0, -1e-3, 0.0, 0.5, 3.0, 12.0):
            log_ratio = z * spread if log_shape > 0.0 or z < 0.0 else z
            # Beyond e^-1e4 mpmath gets slow, and the difference of two such tails has no digits.
            if np.exp(log_shape) * np.expm1(log_ratio) < (1e4 if side == "right" else 60.0):
                found.append((0.3, log_shape, float(np.exp(0.3 + max(log_ratio, -90.0)))))
    return found


def rows(side, low, width):
    """(low, high) of censored rows."""
    ends = {"left": (-np.inf, low), "right": (low, np.inf), "interval": (low, low + width)}[side]
    return np.stack(np.broadcast_arrays(*ends), axis=1)


def contract(family, true, y, points):
    """Error over tolerance of nll, gradient and curvature of the censored family at points (raw…, bound)."""
    loss = Censored(family).loss()
    raw = np.ascontiguousarray(np.array(points)[:, : loss.columns].T)
    return numeric.ratios(loss.evaluate(y, raw, 2), true, points)


@pytest.mark.parametrize(
    ("side", "width"), [("left", 0.0), ("right", 0.0), ("interval", 0.5), ("interval", 2.0**-20)]
)
def test_numerics_contract_of_gamma(side, width):
    points = [p for p in gamma_points(side) if width == 0.0 or 1e-9 < width / p[2] < 1e9]
    assert len(points) > 15
    array = np.array(points)
    worst = contract(Gamma(), gamma_loss(side, width), rows(side, array[:, 2], width), points)
    for part in worst:
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


def student_above(z, n):
    """P(Z > z)"""
    if z < 0:
        return 1 - student_above(-z, n)
    x = n / (n + z * z)
    if z < 1:
        return 0.5 - mp.betainc(0.5, n / 2, 0, 1 - x, regularized=True) / 2
    series = mp.hyp2f1(n / 2, 0.5, n / 2 + 1, x) * x ** (n / 2) / (n / 2)
    return series / mp.beta(n / 2, 0.5) / 2


def student_loss(side, width):
    def loss(loc, log_scale, log_df, low):
        scale, n = mp.exp(log_scale), mp.exp(log_df)
        z = (low - loc) / scale
        if side == "interval":
            ends = (z, z + width / scale) if z > 0 else (-z - width / scale, -z)
            return -mp.log(student_above(ends[0], n) - student_above(ends[1], n))
        return -mp.log(student_above(z if side == "right" else -z, n))

    return loss


@pytest.mark.parametrize(
    ("side", "width"), [("left", 0.0), ("right", 0.0), ("interval", 0.5), ("interval", 2.0**-20)]
)
def test_numerics_contract_of_student(side, width):
    """Both tails, the middle, degrees of freedom from Cauchy's third to a thousand, around where methods change."""
    points = [
        (0.25, -0.3, float(np.log(n)), 0.25 + z)
        for n in (1e-3, 0.3, 1.0, 4.9, 5.1, 40.0, 1e3)
        for z in (-1e8, -20.0, -0.7, 0.0, 1e-3, 0.6, 3.0, 30.0, 1e5)
        if not width or (0.25 + z) + width - (0.25 + z) == width
    ]
    if side == "interval":  # of so few, an interval so far out has a probability near 0/0
        points = [p for p in points if abs(p[3]) < 1e3]
    y = rows(side, np.array(points)[:, 3], width)
    worst = contract(StudentT(), student_loss(side, width), y, points)
    for part in worst:
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


def test_an_interval_of_many_orders_of_magnitude():
    """A shape near 0 makes log y uniform over forty orders: the mean moves what is between by less than a millionth."""
    low, width = 1.1e-39, 2.0**-20

    def below(y, m, k):
        """P(Y ≤ y) by Kummer's function (DLMF 8.5.1)."""
        x = y * k / m
        return x**k / mp.gamma(1 + k) * mp.hyp1f1(k, 1 + k, -x)

    def loss(log_mean, log_shape, at):
        of = mp.exp(log_mean), mp.exp(log_shape)
        return -mp.log(below(at + width, *of) - below(at, *of))

    points = [(0.3, -13.8, low), (-8.0, -3.0, low), (-13.0, -1.0, low), (20.0, -0.1, low)]
    row = np.tile([low, low + width], (len(points), 1))
    for part in contract(Gamma(), loss, row, points):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


@pytest.mark.parametrize("shape", [1e5, 1e8])
@pytest.mark.parametrize("z", [-40.0, -3.0, -0.1, 0.2, 5.0, 40.0])
def test_gamma_of_large_shapes(shape, z):
    """By quadrature of the density about its largest value, times its logarithm's slope in the shape."""
    t = z / np.sqrt(shape)
    inputs = {"t": np.array(t), "k": np.array(shape), "log_k": np.array(np.log(shape))}
    side = "lower" if z < 0 else "upper"
    atoms = [ATOMS[f"log_gamma_{side}"], ATOMS[f"gamma_{side}_shape"]]
    program = compile_program([a(*map(symbol, inputs)) for a in atoms], numpy_backend.TABLE)
    with np.errstate(all="ignore"):  # of the branches not taken
        value, slope = program(inputs)
    with mp.workdps(40):
        k = mpf(shape)
        start, spread = mpf(float(t)), 1 / mp.sqrt(k)

        def height(v):
            """Minus the logarithm of the density of log(x/k), but for its factor √(k/2π)."""
            return k * (mp.expm1(v) - v) + error

        def density(v):
            """Over its value at the start, so that mpmath's tolerance is a relative one."""
            return mp.exp(height(start) - height(v))

        error = mp.loggamma(k) - (k - 0.5) * mp.log(k) + k - mp.log(2 * mp.pi) / 2
        moves = mpf(0.5) + error - k * (mp.psi(0, k) - mp.log(k) + 1 / (2 * k))
        step = mp.sign(z) * spread / max(abs(z), 1) * 8
        ends = [start + j * step for j in range(13)]
        mass = abs(mp.quad(density, ends))
        moved = abs(mp.quad(lambda v: density(v) * (moves - height(v)), ends)) / mass
        true = mp.log(mass) - height(start) + mp.log(k / (2 * mp.pi)) / 2
        assert abs(value - true) < 1e-11 * abs(true)
        # Near the middle the slope is small against its parts.
        assert abs(abs(slope) - moved) < 1e-8 * moved + 4e-15


@pytest.mark.parametrize("z", [-3.0, 0.5, 6.0, 30.0])
def test_student_tends_to_normal(z):
    """With 1e9 degrees of freedom: Φ, and 1/df times a polynomial for the slope in df (Fisher's expansion)."""
    df = 1e9
    row = rows("right", np.array([z]), 0.0)
    value, gradient, _ = (
        Censored(StudentT()).loss().evaluate(row, np.array([[0.0], [0.0], [np.log(df)]]), 2)
    )
    normal, slopes, _ = Censored(Normal()).loss().evaluate(row, np.zeros((2, 1)), 2)
    np.testing.assert_allclose(value, normal, rtol=1e-6)
    np.testing.assert_allclose(gradient[:2], slopes, rtol=1e-6)
    hazard = -slopes[0, 0]
    np.testing.assert_allclose(gradient[2], abs(hazard) * (z**3 + z) / (4.0 * df), rtol=1e-5)


# --- Fits, against the maximum of SciPy's likelihood. ---------------------------------------------


def maximum(loss, start):
    """The largest log-likelihood that SciPy's minimiser finds."""
    found = optimize.minimize(
        loss, start, method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-7, "fatol": 1e-9}
    )
    return -found.fun, found.x


def test_censored_gamma_regression():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 1))
    t = rng.gamma(2.5, np.exp(1.0 + 0.5 * X[:, 0]) / 2.5)
    end = rng.exponential(5.0, 400)
    seen, time = t <= end, np.minimum(t, end)
    model = Linear(Censored(Gamma())).fit(X, censored(time, seen))

    def loss(p):
        d = stats.gamma(np.exp(p[2]), scale=np.exp(p[0] + p[1] * X[:, 0] - p[2]))
        return -np.where(seen, d.logpdf(time), d.logsf(time)).sum()

    best, at = maximum(loss, [1.0, 0.5, 1.0])
    assert model.log_likelihood_ == pytest.approx(best, abs=1e-6)
    assert model.log_likelihood_ >= best - 1e-9
    assert model.coef_["mean"][0] == pytest.approx(at[1], abs=1e-4)


def test_truncated_and_discretised_gamma():
    rng = np.random.default_rng(1)
    t = rng.gamma(2.5, 1.2, 400)
    low, high = 1.5, 6.0
    inside = t[(t > low) & (t < high)]

    def cut(p):
        d = stats.gamma(np.exp(p[1]), scale=np.exp(p[0] - p[1]))
        return -(d.logpdf(inside) - np.log(d.cdf(high) - d.cdf(low))).sum()

    found = Truncated(Gamma(), low=low, high=high).fit(inside)
    best, _ = maximum(cut, [1.0, 1.0])
    assert found.log_prob(inside).sum() == pytest.approx(best, abs=1e-6)
    days = np.floor(t)

    def whole(p):
        d = stats.gamma(np.exp(p[1]), scale=np.exp(p[0] - p[1]))
        return -np.log(d.cdf(days + 1.0) - d.cdf(days)).sum()

    found = Discretised(Gamma()).fit(days)
    best, _ = maximum(whole, [1.0, 1.0])
    assert found.log_prob(days).sum() == pytest.approx(best, abs=1e-6)


def test_censored_student_regression():
    """A robust Tobit model: costs that are paid up to 3."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(400, 1))
    y = 1.0 + 0.8 * X[:, 0] + 0.7 * rng.standard_t(3, 400)
    seen, top = y < 2.0, np.minimum(y, 2.0)
    model = Linear(Censored(StudentT(scale=shared))).fit(X, censored(top, seen))

    def loss(p):
        d = stats.t(np.exp(p[3]), loc=p[0] + p[1] * X[:, 0], scale=np.exp(p[2]))
        return -np.where(seen, d.logpdf(top), d.logsf(top)).sum()

    best, at = maximum(loss, [1.0, 0.8, -0.3, 1.0])
    assert model.log_likelihood_ == pytest.approx(best, abs=1e-6)
    assert model.coef_["loc"][0] == pytest.approx(at[1], abs=1e-4)


def test_truncated_student():
    rng = np.random.default_rng(3)
    y = 1.0 + rng.standard_t(4, 1500)
    y = y[(y > 0.0) & (y < 4.0)]

    def cut(p):
        d = stats.t(5.0, loc=p[0], scale=np.exp(p[1]))
        return -(d.logpdf(y) - np.log(d.cdf(4.0) - d.cdf(0.0))).sum()

    found = Truncated(StudentT(df=5.0), low=0.0, high=4.0).fit(y)
    best, _ = maximum(cut, [1.0, 0.0])
    assert found.log_prob(y).sum() == pytest.approx(best, abs=1e-6)


def test_the_functions_are_printed_by_their_names():
    assert "Q(k, k/m)" in str(Truncated(Gamma(), low=1.0).explain())
    assert "(P(k, 3k/m) − P(k, k/m))" in str(Truncated(Gamma(), low=1.0, high=3.0).explain())
    text = str(Truncated(StudentT(), low=1.0, high=3.0).explain())
    assert "T(ν, (3 − μ)/σ) − T(ν, (1 − μ)/σ)" in text
