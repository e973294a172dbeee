"""Sines and Bessel functions against mpmath, as in ``test_special.py``; bounds are what was measured, rounded up."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from likely._math.atoms import ATOMS, bessel, circle
from likely._math.backends import numpy_backend
from likely._math.evaluate import compile_program
from likely._math.graph import log, symbol
from likely._math.tails import von_mises

RNG = np.random.default_rng(3)
#: Without NumPy's own functions, as a kernel computes.
KERNEL = {k: v for k, v in numpy_backend.TABLE.items() if k not in ("sin", "cos")}
POSITIVE = np.r_[
    np.exp(RNG.uniform(-690.0, 690.0, 200)),
    RNG.uniform(0.0, 40.0, 200),
    16.0 * (1.0 + np.array([-1e-3, -1e-15, 0.0, 1e-15, 1e-3])),
    1e-300,
    1e300,
]
ANGLES = np.r_[
    RNG.uniform(-10.0, 10.0, 300),
    RNG.uniform(-1e6, 1e6, 100),
    np.pi * np.arange(-8.0, 9.0) / 2.0,
    np.exp(RNG.uniform(-690.0, 0.0, 50)),
    0.0,
]


def values(node, x):
    with np.errstate(all="ignore"):
        return compile_program([node], KERNEL)({"x": x})[0]


def i(order, x):
    return mp.besseli(order, x)


TRUTHS = {
    "log_bessel_i0e": (lambda x: mp.log(i(0, x)) - x, 1e-15),
    "bessel_ratio": (lambda x: i(1, x) / i(0, x), 1e-15),
    "bessel_gap": (lambda x: 1 - i(1, x) / i(0, x), 2e-14),
    "bessel_gap_scaled": (lambda x: x * (1 - i(1, x) / i(0, x)), 2e-14),
    "bessel_slope": (lambda x: 1 - i(1, x) / i(0, x) / x - (i(1, x) / i(0, x)) ** 2, 1e-12),
}


@pytest.mark.parametrize("name", TRUTHS)
def test_bessel_functions(name):
    truth, bound = TRUTHS[name]
    atom, x = ATOMS[name], symbol("x")
    node = atom(x, log(x)) if name in ("log_bessel_i0e", "bessel_gap_scaled") else atom(x)
    found = values(node, POSITIVE)
    for at, value in zip(POSITIVE, found, strict=True):
        with mp.workdps(60 if at < 1e15 else 700):
            true = truth(mp.mpf(at)) if at > 1e-20 or "slope" not in name else mp.mpf(0.5)
            if abs(true) > 1e-300:
                assert abs(value / true - 1) <= bound, at


@pytest.mark.parametrize(("atom", "truth"), [(circle.sin, mp.sin), (circle.cos, mp.cos)])
def test_sine_and_cosine(atom, truth):
    found = values(atom(symbol("x")), ANGLES)
    for at, value in zip(ANGLES, found, strict=True):
        # One unit of the last place of x, where that is large, or of the result.
        unit = max(abs(at), 1.0) if truth is mp.cos or abs(at) > 1.5 else 1.5 * abs(at)
        assert abs(value - truth(mp.mpf(at))) <= 2.0**-52 * unit


def test_wrapped_angles_are_the_same_and_in_the_circle():
    found = values(circle.wrap(symbol("x")), np.r_[ANGLES, 2.0**53, -1e300])
    assert (np.abs(found) <= np.pi).all()
    for at, value in zip(ANGLES, found, strict=False):
        with mp.workdps(40):
            assert abs(mp.sin((mp.mpf(at) - value) / 2)) <= 2.0**-53 * max(abs(at), np.pi)
    inside = ANGLES[np.abs(ANGLES) < np.pi]
    np.testing.assert_array_equal(values(circle.wrap(symbol("x")), inside), inside)


@pytest.mark.parametrize("kappa", [1e-12, 1e-3, 1.0, 15.9, 16.1, 1e3, 1e13])
def test_concentration_inverts_the_ratio(kappa):
    x = np.array([kappa])
    atoms = (bessel.bessel_ratio, bessel.bessel_gap)
    ratio, gap = (float(values(atom(symbol("x")), x)[0]) for atom in atoms)
    assert von_mises.concentration(ratio, gap) == pytest.approx(kappa, rel=1e-12)


def test_variance_of_a_wide_and_a_narrow_arc():
    found = von_mises.variance(np.array([1e-12, 1e10]))
    np.testing.assert_allclose(found, [np.pi**2 / 3.0, 1e-10], rtol=1e-9)
