r"""ConwayMaxwellPoisson where the mean is so large, and ν so small, that y/m is on a line.

With μ = νm and t = y/m the density of t is that of the exponential of a t − μ t log t, and nothing else of m is left.
"""

import numpy as np
import pytest
from mpmath import mp

from likely import ConwayMaxwellPoisson

#: Of log m and log ν: means of which the square, the cube or the variance is no number.
FAR = [
    (551.0, -548.0),
    (300.0, -302.0),
    (210.0, -206.0),
    (700.0, -699.0),
    (450.0, -458.0),
    (551.0, -545.0),
]
SHARES = (0.0, 0.1, 1.0, 3.0)


def on_the_line(mass, shares):
    """The loss less log m and its slopes in log m and log ν, for each t."""
    spread = 1 / mp.sqrt(mass + 1)
    ends = [0, *(e for k in (-8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 40) if (e := 1 + k * spread) > 0)]
    ends += [60] if mass < 1 else []

    def growth(t):
        return t * mp.log(t) if t > 0 else mp.mpf(0)

    def moment(of, a):
        # in units of the density at t = 1
        return mp.quad(lambda t: of(t) * mp.exp(a * (t - 1) - mass * growth(t)), ends)

    a = mp.findroot(lambda a: moment(lambda t: t - 1, a), mass - 1 / (1 + mass))
    total = moment(lambda t: 1, a)
    variance = moment(lambda t: (t - 1) ** 2, a) / total
    mean = moment(growth, a) / total
    slope = moment(lambda t: (t - 1) * growth(t), a) / total / variance
    return [
        (
            mp.log(total) - a * (t - 1) + mass * growth(t),
            (1 - t) / variance,
            mass * (growth(t) - mean - (t - 1) * slope),
        )
        for t in shares
    ]


@pytest.mark.parametrize(("log_m", "log_n"), FAR)
def test_a_mean_whose_square_is_beyond_float64(log_m, log_n):
    raw = np.array([[log_m], [log_n]])
    y = np.floor(np.exp(log_m) * np.array(SHARES))
    found = ConwayMaxwellPoisson().loss().evaluate(y, raw.repeat(y.size, axis=1), 2)
    with mp.workdps(25):
        true = on_the_line(mp.exp(mp.mpf(log_m) + log_n), [mp.mpf(v) / mp.exp(log_m) for v in y])
        for i, (value, in_m, in_n) in enumerate(true):
            assert abs(found[0][i] / (value + log_m) - 1) < 1e-12
            # Of what raw predictions of this size do not carry, e^log m · 64 u log m.
            assert abs(found[1][0, i] - in_m) <= 1e-10 * (1 + abs(in_m))
            assert abs(found[1][1, i] - in_n) <= 1e-10 * (1 + abs(in_n))


@pytest.mark.parametrize(("log_m", "log_n"), [(551.0, -500.0), (700.0, -600.0), (700.0, -300.0)])
def test_a_variance_beyond_float64(log_m, log_n):
    """m/ν is no number where m²/V, what a zero has of a slope, is νm."""
    raw = np.array([[log_m], [log_n]])
    value, gradient, _ = ConwayMaxwellPoisson().loss().evaluate(np.array([0.0]), raw, 1)
    assert gradient[:, 0] == pytest.approx(np.exp(log_m + log_n), rel=1e-10)
    assert value[0] == pytest.approx(np.exp(log_m + log_n), rel=1e-10)
