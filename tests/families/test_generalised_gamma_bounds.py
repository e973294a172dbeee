"""GeneralisedGamma given bounds: many digits, and scales on which slopes of the density alone are beyond float64."""

import numpy as np
import pytest
from mpmath import mp

from likely import Censored, GeneralisedGamma, Truncated
from oracles import numeric

INF = np.inf
LOC, LOG_SCALE = 0.3, float(np.log(0.5))


def masses(w, q):
    """P(W ≤ w) and P(W > w)"""
    n = 1 / q**2
    at = n * mp.exp(q * w)
    found = [mp.gammainc(n, *ends, regularized=True) for ends in ((0, at), (at, mp.inf))]
    return found if q > 0 else found[::-1]


def log_density(y, loc, log_scale, q):
    n, w = 1 / q**2, (mp.log(y) - loc) / mp.exp(log_scale)
    constant = mp.log(abs(q)) + n * mp.log(n) - mp.loggamma(n) - log_scale - mp.log(y)
    return constant + n * (q * w - mp.exp(q * w))


def true_loss(kind):
    """−log of the density of y, or of a tail at y, given bounds; by loc, raw scale, shape, y and the bounds."""

    def loss(loc, log_scale, q, y, *bounds):
        at = [(mp.log(v) - loc) / mp.exp(log_scale) for v in (y, *bounds)]
        (f, s), *ends = (masses(w, q) for w in at)
        if kind == "within":
            (f_low, s_low), (f_high, s_high) = ends
            seen = f_high - f_low if f_high < s_low else s_low - s_high
        else:
            seen = ends[0][kind in ("above", "later")]
        tails = {"later": s, "earlier": f}
        own = mp.log(tails[kind]) if kind in tails else log_density(y, loc, log_scale, q)
        return mp.log(seen) - own

    return loss


def rows(kind, y, *bounds):
    """The rows of data of y and its bounds."""
    none = np.full(y.shape, INF)
    columns = {
        "above": (y, *bounds, none),
        "below": (y, -none, *bounds),
        "within": (y, *bounds),
        "later": (y, none, *bounds, none),
        "earlier": (-none, y, -none, *bounds),
    }
    return np.column_stack(columns[kind])


def points(kind):
    """Bounds by their w, and y and another bound a step further in."""
    places = [(-3.0, -2.0), (-0.5, 3.0), (0.2, -1.0), (0.99, 2.5), (2.0, 5.5)]
    if kind in ("above", "later"):
        places += [(30.0, 1.9), (300.0, 0.2)]
    found = []
    for q, w in places:
        # Mirrored for what is below a bound.
        side = -1.0 if kind in ("below", "earlier") else 1.0
        for step in (1e-6, 0.8):
            if abs(q * (w + step)) < 60.0:
                ends = (w + 0.4 * step, w, w + step) if kind == "within" else (w + step, w)
                y = (float(np.exp(LOC + 0.5 * side * end)) for end in ends)
                found.append((LOC, LOG_SCALE, side * q, *y))
    return found


@pytest.mark.parametrize("kind", ["above", "below", "within", "later", "earlier"])
def test_numerics_contract(kind, monkeypatch):
    monkeypatch.setattr(numeric, "DIGITS", 60)
    at = points(kind)
    array = np.array(at).T
    family = Truncated(GeneralisedGamma())
    loss = (Censored(family) if kind in ("later", "earlier") else family).loss()
    found = loss.evaluate(rows(kind, *array[3:]), np.ascontiguousarray(array[:3]), 2)
    value, gradient, _ = numeric.ratios(found, true_loss(kind), at)
    assert value.max() <= 1.0, (value.max(), at[value.argmax()])
    assert gradient.max() <= 1.0, (gradient.max(), at[gradient.argmax()])


@pytest.mark.parametrize("log_scale", [-20.0, -300.0])
def test_at_a_bound_far_out_next_to_the_normal(log_scale):
    """Of slopes in the shape whose difference is w/2, as of log M, each is w³/6: beyond all numbers from e^−300 on."""
    raw, scale = np.array([[0.0], [log_scale], [0.0]]), np.exp(log_scale)
    for low in (2.0, 1e8):
        w = np.log(low) / scale
        value, gradient, _ = (
            Truncated(GeneralisedGamma()).loss().evaluate(np.array([[low, low, INF]]), raw, 1)
        )
        # Mills's ratio is 1/w.
        assert value[0] == pytest.approx(-np.log(w) + log_scale + np.log(low), rel=1e-12)
        assert gradient[0, 0] == pytest.approx(1.0 / (w * scale), rel=1e-10)
        assert gradient[1, 0] == pytest.approx(2.0, rel=1e-10)
        assert gradient[2, 0] == pytest.approx(-0.5 * w, rel=1e-10)


@pytest.mark.parametrize("kind", ["above", "below", "within", "later", "earlier"])
def test_slopes_beyond_float64_have_a_sign(kind):
    """Beyond the bound that is nearer to loc the loss grows in a shape that makes this tail lighter."""
    below = kind in ("below", "earlier")
    y, bounds = (0.25, (0.5,)) if below else (3.0, (2.0, 5.0) if kind == "within" else (2.0,))
    family = Truncated(GeneralisedGamma())
    loss = (Censored(family) if kind in ("later", "earlier") else family).loss()
    row = rows(kind, np.array([y]), *(np.array([b]) for b in bounds))
    value, gradient, _ = loss.evaluate(row, np.array([[0.0], [-300.0], [0.0]]), 1)
    squares = 0.5 * (np.log(y) ** 2 - np.log(bounds[0]) ** 2)
    assert value[0] == pytest.approx(squares * np.exp(600.0), rel=1e-11)
    assert gradient[1, 0] == pytest.approx(-2.0 * value[0], rel=1e-11)
    assert gradient[2, 0] == (-INF if below else INF)
