"""SkewNormal cut off or seen in part: both tails far out, against mpmath's quadrature and closed derivatives."""

from functools import cache

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy import optimize, stats

from likely import Censored, Discretised, Linear, SkewNormal, Truncated, censored, shared

LOC, LOG_SCALE = 0.25, -0.3
SKEWNESSES = (-50.0, -0.3, 0.0, 1.0, 8.0)
DEVIATES = (-140.0, -17.0, -3.0, -1.001, -0.2, 0.9, 6.0)


@cache
def lower(z, a):
    """P(Z ≤ z), by quadrature of the density over its value at z."""
    if z > 0:
        return 1 - lower(-z, -a)

    def log_density(x):
        return (
            mp.log(2) - x * x / 2 - mp.log(2 * mp.pi) / 2 + mp.log(mp.erfc(-a * x / mp.sqrt(2)) / 2)
        )

    first, step = log_density(z), 1 / (-z * (1 + max(a, 0) ** 2) + 1 + abs(a))
    ends = [0, *(step * 4**k for k in range(-1, 12) if step * 4**k < 30), 30]
    return mp.exp(first) * mp.quad(lambda t: mp.exp(log_density(z - t) - first), ends)


def slopes(z, a):
    """The derivatives of F by z, a, twice z, z and a, twice a."""
    density = mp.npdf(z) * mp.erfc(-a * z / mp.sqrt(2))
    lean = -mp.exp(-z * z * (1 + a * a) / 2) / (mp.pi * (1 + a * a))
    return (
        density,
        lean,
        -z * density + 2 * a * mp.npdf(z) * mp.npdf(a * z),
        -z * (1 + a * a) * lean,
        lean * (-z * z * a - 2 * a / (1 + a * a)),
    )


def truth(skewness, y, side, width=0.0):
    """nll, its gradient and packed curvature in (loc, log scale, skewness)."""
    with mp.workdps(30):
        s, a = mp.exp(mpf(LOG_SCALE)), mpf(skewness)
        ends = {"left": [(1, y)], "right": [(-1, y)], "interval": [(1, y + width), (-1, y)]}[side]
        mass, first, second = mpf(0), mp.zeros(3, 1), mp.zeros(3, 3)
        u = mp.matrix([0, 0, 1])
        for sign, at in ends:
            z = (mpf(at) - mpf(LOC)) / s
            f, q, zz, za, aa = slopes(z, a)
            d, bend = (
                mp.matrix([-1 / s, -z, 0]),
                mp.matrix([[0, 1 / s, 0], [1 / s, z, 0], [0, 0, 0]]),
            )
            # P(Z > z) of skewness a is P(Z < −z) of −a, and the smaller of both has the digits.
            upper = side == "right" or (side == "interval" and y > LOC)
            mass += lower(-z, -a) * -sign if upper else lower(z, a) * sign
            first += sign * (f * d + q * u)
            second += sign * (f * bend + zz * d * d.T + za * (d * u.T + u * d.T) + aa * u * u.T)
        other = lower(-z, -a) if side == "left" else lower(z, a)
        value = -mp.log1p(-other) if len(ends) == 1 and other < 0.1 else -mp.log(mass)
        g = first / mass
        h = second / mass - g * g.T
        packed = [-h[i, j] for i in range(3) for j in range(i + 1)]
        return [float(v) for v in (value, *(-v for v in g), *packed)]


def found(family, rows, skewnesses):
    loss = family.loss()
    raw = np.stack([np.full(len(rows), LOC), np.full(len(rows), LOG_SCALE), skewnesses])
    value, gradient, packed = loss.evaluate(np.array(rows), raw, 2)
    return np.column_stack([value, gradient.T, packed.T])


def compare(rows, points, side, width=0.0, tolerances=(1e-10, 1e-8)):
    """Relative errors of nll and gradient, and of the curvature."""
    ours = found(Censored(SkewNormal()), rows, np.array([a for a, _ in points]))
    true = np.array([truth(a, y, side, width) for a, y in points])
    error = np.abs(ours - true) / np.maximum(np.abs(true), 1e-200)
    for part, tolerance in zip((error[:, :4], error[:, 4:]), tolerances, strict=True):
        worst = part.max(axis=1)
        assert worst.max() <= tolerance, (worst.max(), points[worst.argmax()])


@pytest.mark.parametrize("side", ["left", "right"])
def test_both_tails(side):
    """|log F| to 1e4: value and gradient to 10 digits, curvature to 8."""
    points = [
        (a, LOC + z * np.exp(LOG_SCALE)) for a in SKEWNESSES for z in DEVIATES
        if z * z * (1.0 + (a * a if (a > 0.0) == (z < 0.0) else 0.0)) < 2e4
    ]  # fmt: skip
    rows = [(-np.inf, y) if side == "left" else (y, np.inf) for _, y in points]
    compare(rows, points, side)


@pytest.mark.parametrize("width", [0.75, 2.0**-20])
def test_intervals(width):
    points = [(a, LOC + z) for a in SKEWNESSES for z in (-4.0, -0.75, 0.125, 4.0) if a * z > -20.0]
    rows = [(y, y + width) for _, y in points]
    compare(rows, points, "interval", width)


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_other_libraries(library):
    xp = pytest.importorskip(library)
    # JAX runs operation by operation here: the shorter formula is enough.
    family = Censored(SkewNormal()) if library == "torch" else Truncated(SkewNormal(), low=-9.0)
    rng = np.random.default_rng(3)
    y, raw = np.add(rng.normal(size=(40, 1)), [0.0, 0.5]), rng.normal(size=(40, 3))
    y[::3, 0], y[1::3, 1], y[2::9, 0] = -np.inf, np.inf, y[2::9, 1]
    y = y if library == "torch" else rng.normal(size=40)
    value, gradient = family.nll_and_gradient(y, raw)
    if library == "torch":
        tensor = xp.tensor(raw, requires_grad=True)
        loss = family.nll(xp.tensor(y), tensor)
        loss.sum().backward()
        ours = loss.detach().numpy(), tensor.grad.numpy()
    else:
        with xp.enable_x64(True):
            ours = family.nll_and_gradient(xp.numpy.array(y), xp.numpy.array(raw))
    np.testing.assert_allclose(ours[0], value, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(ours[1], gradient, rtol=1e-9, atol=1e-12)


def test_the_function_is_printed_by_its_name():
    assert "F(−α, (μ − 1)/σ)" in str(Truncated(SkewNormal(), low=1.0).explain())


def test_beyond_the_normal_range_of_the_logarithm():
    """Where F is below e^−1e6, by its leading term; nothing is left of the opposite tail."""
    d = SkewNormal().at(loc=0.0, scale=1.0, skewness=2.0)
    value = Censored(SkewNormal()).nll([[-np.inf, -5e3], [5e3, np.inf]], [[0.0, 0.0, 2.0]] * 2)
    with mp.workdps(30):
        left = 5 * mpf(5e3) ** 2 / 2 + mp.log(10 * mp.pi * mpf(5e3) ** 2)
        right = mpf(5e3) ** 2 / 2 + mp.log(mpf(5e3)) + mp.log(mp.pi / 2) / 2
    np.testing.assert_allclose(value, [float(left), float(right)], rtol=1e-12)
    assert d.cdf(-5e3) == 0.0
    assert d.cdf(5e3) == 1.0


# --- Fits, against the maximum of SciPy's likelihood. ---------------------------------------------


def maximum(loss, start):
    found = optimize.minimize(
        loss, start, method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-8, "fatol": 1e-10}
    )
    return -found.fun, found.x


def law(loc, log_scale, skewness):
    return stats.skewnorm(skewness, loc=loc, scale=np.exp(log_scale))


def test_censored_regression():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 1))
    y = 1.0 + 0.8 * X[:, 0] + stats.skewnorm(4.0).rvs(500, random_state=rng)
    seen, top = y < 2.5, np.minimum(y, 2.5)
    model = Linear(Censored(SkewNormal(scale=shared))).fit(X, censored(top, seen))

    def loss(p):
        d = law(p[0] + p[1] * X[:, 0], p[2], p[3])
        return -np.where(seen, d.logpdf(top), d.logsf(top)).sum()

    best, at = maximum(loss, [1.0, 0.8, 0.0, 3.0])
    assert model.log_likelihood_ == pytest.approx(best, abs=1e-5)
    assert model.coef_["loc"][0] == pytest.approx(at[1], abs=1e-3)


def test_truncated_and_discretised():
    y = stats.skewnorm(3.0, loc=1.0, scale=2.0).rvs(1500, random_state=1)
    inside = y[(y > 0.5) & (y < 4.0)]

    def cut(p):
        d = law(p[0], p[1], 3.0)
        return -(d.logpdf(inside) - np.log(d.cdf(4.0) - d.cdf(0.5))).sum()

    fitted = Truncated(SkewNormal(skewness=3.0), low=0.5, high=4.0).fit(inside)
    best, at = maximum(cut, [1.0, 0.7])
    assert fitted.log_prob(inside).sum() == pytest.approx(best, abs=1e-6)
    assert fitted.parameters["loc"] == pytest.approx(at[0], abs=1e-4)
    whole = np.round(y)

    def rounded(p):
        d = law(*p)
        return -np.log(d.cdf(whole + 0.5) - d.cdf(whole - 0.5)).sum()

    fitted = Discretised(SkewNormal()).fit(whole)
    best, _ = maximum(rounded, [1.0, 0.7, 3.0])
    assert fitted.log_prob(whole).sum() == pytest.approx(best, abs=1e-6)


def far_left(h, a):
    """−log P(Z ≤ −h) for a ≥ 0, and its slopes in loc, log scale and a: by Owen's integral, of e^−(h² + k²)/2."""
    k = a * h
    unit, square = 1 / (1 + k), h * h + k * k

    def integral(weight):
        ends = [0, 1, 5, 25, 120]
        return mp.quad(
            lambda x: mp.exp(-(k + x * unit / 2) * x * unit) * weight(k + x * unit), ends
        )

    over = unit * h / square * integral(lambda v: square / (h * h + v * v))
    pull = unit * integral(lambda v: 1) / over
    return [square / 2 - mp.log(over / mp.pi), pull, -h * pull, 1 / (1 + a * a) / over]


@pytest.mark.parametrize("skewness", [0.0, 1e-3, 0.7, 300.0, 1e150])
@pytest.mark.parametrize("h", [40.0, 1.3e150, 9e153, 1e155, 1e200, 1e300])
def test_a_bound_whose_square_is_beyond_float64(h, skewness):
    """Where the loss is no number its slope in loc still is one: h + a² h."""
    raw = np.array([[0.0], [0.0], [skewness]])
    with np.errstate(over="ignore"):
        value, gradient, _ = (
            Censored(SkewNormal()).loss().evaluate(np.array([[-np.inf, -h]]), raw, 1)
        )
    with mp.workdps(30):
        true = far_left(mp.mpf(h), mp.mpf(skewness))
        for found, expected in zip([value[0], *gradient[:, 0]], true, strict=True):
            if abs(expected) > 1.79e308:
                assert found == np.sign(float(mp.sign(expected))) * np.inf
            else:
                assert abs(mp.mpf(found) / expected - 1) < 1e-10


def test_a_scale_next_to_zero_leaves_an_infinite_loss_and_slopes():
    """Where (y − loc)/scale is no number either."""
    for skewness, row, sign in ((1.0, [-np.inf, -1e300], 1.0), (-1.0, [1e300, np.inf], -1.0)):
        raw = np.array([[0.0], [-300.0], [skewness]])
        with np.errstate(over="ignore"):
            value, gradient, _ = Censored(SkewNormal()).loss().evaluate(np.array([row]), raw, 1)
        assert value[0] == np.inf
        assert gradient[:, 0].tolist() == [sign * np.inf, -np.inf, sign * np.inf]
