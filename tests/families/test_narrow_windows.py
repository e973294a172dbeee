"""Bounds so near to each other that the density hardly changes between them: truth by Gauss's rule with 70 digits."""

from functools import cache, cached_property

import numpy as np
import pytest
from mpmath import mp

import likely
from likely import Censored, Mixture, Transformed, Truncated
from likely._math.backends import numpy_backend
from likely._math.derive import tangent
from likely._math.evaluate import compile_program
from likely._math.graph import make, substitute, symbol
from likely._math.usual import for_most
from likely.families.view import plain_view
from likely.losses.nll import NegativeLogLikelihood
from oracles import grid, numeric, textbook
from oracles.truth import TABLE

LINE = (
    "Normal", "LogNormal", "JohnsonSU", "Logistic", "LogLogistic", "Gumbel", "Exponential", "Weibull",
    "InverseGaussian", "Gamma", "GeneralisedGamma", "StudentT", "Beta", "SkewNormal", "GeneralisedExtremeValue",
    "GeneralisedPareto",
)  # fmt: skip
#: Those whose tails are long to differentiate.
LONG = (
    "JohnsonSU", "InverseGaussian", "Gamma", "GeneralisedGamma", "StudentT", "Beta", "SkewNormal",
)  # fmt: skip
#: Parameters, and a place of the window, as raws.
PLACES = {
    1: [(0.4,), (-3.0,)],
    2: [(0.4, -0.3), (-1.5, 1.2)],
    3: [(-0.7, 0.8, -0.15)],
    4: [(-0.7, 0.8, -0.6, -0.3)],
}


@cache
def rule(n=8):
    """Gauss and Legendre's nodes and weights on [0, 1]."""
    found = []
    for i in range(n):
        x = mp.cos(mp.pi * (i + 0.75) / (n + 0.5))
        for _ in range(12):
            slope = n * (x * mp.legendre(n, x) - mp.legendre(n - 1, x)) / (x * x - 1)
            x = x - mp.legendre(n, x) / slope
        found.append(((1 + x) / 2, 1 / ((1 - x * x) * slope * slope)))
    return found


@cache
def density(name):
    """The textbook's log density of mpmath numbers y, raw…"""
    c, book = grid.combination(name), textbook.FAMILIES[name]
    raw, y = [symbol(f"raw{j}") for j in range(c.columns)], symbol("y")
    theta = [
        (textbook.UNIT_LINKS if j in book.unit else textbook.LINKS)[link](raw[j])
        for j, (_, link) in enumerate(c.slots)
    ]
    program = compile_program([book.log_density(y, *theta)], TABLE, textbook=True)

    def log_density(y, *raw):
        return program({"y": y} | {f"raw{j}": r for j, r in enumerate(raw)})[0]

    return log_density


def log_mass(name, low, high, raw):
    at_low = density(name)(low, *raw)
    places = [(w, low + x * (high - low)) for x, w in rule()]
    mean = mp.fsum(w * mp.exp(density(name)(t, *raw) - at_low) for w, t in places)
    return at_low + mp.log((high - low) * mean)


def seen(name):
    """−log p(y | low < Y ≤ high) of raw, y, low, high."""
    return lambda *v: log_mass(name, *v[-2:], v[:-3]) - density(name)(v[-3], *v[:-3])


def censored(name):
    """−log P(low < Y ≤ high | first < Y ≤ last) of raw, low, high, first, last."""
    return lambda *v: log_mass(name, *v[-2:], v[:-4]) - log_mass(name, *v[-4:-2], v[:-4])


def windows(name, columns):
    """(raw…, low, high), from far narrower than y to a fiftieth of it."""
    found = []
    for i, raw in enumerate(PLACES[columns]):
        low = 0.37 if name == "Beta" else (2.7, 0.8)[i]
        found += [(*raw, low, low + width) for width in (1e-12, 0.02 * low, low * 1e-6)[i : i + 2]]
    return found


class Narrow(NegativeLogLikelihood):
    """What rows are computed by where everything that is seldom holds, without the long formulas for the others."""

    @cached_property
    def loss(self):
        def rebuild(node, args):
            if node.op == "where" and args[0].op == "seldom":
                return args[1]
            return make(node.op, *args) if node.args else node

        every = NegativeLogLikelihood.of(self.specification, self.slots)
        return substitute([every.loss], rebuild)[0]


def evaluated(family, columns, points):
    """Loss, gradient and curvature; of rows that are all in a narrow window without the formulas for the others."""
    rows = np.array(points)
    raw, y = np.ascontiguousarray(rows[:, :columns].T), np.ascontiguousarray(rows[:, columns:])
    loss = family.loss()
    _, unusual = for_most([loss.loss])
    inputs = loss.specification.support.split(y) | {f"raw{j}": r for j, r in enumerate(raw)}
    with np.errstate(all="ignore"):
        found = [] if unusual is None else compile_program([unusual], numpy_backend.TABLE)(inputs)
    if found and np.all(found[0] == 1.0):
        loss = Narrow(loss.specification, loss.slots)
    return loss.evaluate(y, raw, 2)


def worst(found, true, points):
    with mp.workdps(numeric.DIGITS):
        return max(part.max() for part in numeric.ratios(found, true, points))


@pytest.mark.parametrize("name", LINE)
def test_densities_and_shares_in_narrow_windows(name):
    inside = getattr(likely, name)()
    columns = inside.loss().columns
    rows = [(*w[:-2], w[-2] + 0.3 * (w[-1] - w[-2]), *w[-2:]) for w in windows(name, columns)]
    found = evaluated(Truncated(inside), columns, rows)
    assert worst(found, seen(name), rows) <= 1.0
    if name in LONG:
        return  # a share is of two such densities, for every family by the same lines
    parts = [
        (*w[:-2], w[-2], w[-2] + 0.4 * (w[-1] - w[-2]), *w[-2:])
        for w in windows(name, columns)[1::2]
    ]
    found = evaluated(Censored(Truncated(inside)), columns, parts)
    assert worst(found, censored(name), parts) <= 1.0


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        (Transformed(likely.StudentT(), "log"), likely.StudentT()),
        (Transformed(likely.Logistic(), "log"), likely.Logistic()),
        (Transformed(likely.SkewNormal(), "log"), likely.SkewNormal()),
    ],
    ids=repr,
)
def test_windows_of_a_function_of_y(outer, inner):
    """p(y | window) dy is p(log y | its logarithms) d log y; derivatives in the parameters are the same."""
    columns = inner.loss().columns
    y, raw = 3.0, np.array(PLACES[columns][0])
    name = inner.specification.name

    def true(*v):
        low, high = mp.log(v[-2]), mp.log(v[-1])
        return (
            log_mass(name, low, high, v[:-3])
            - density(name)(mp.log(v[-3]), *v[:-3])
            + mp.log(v[-3])
        )

    points = [(*raw, y, y, y * (1.0 + width)) for width in (1e-9, 1e-3)]
    found = evaluated(Truncated(outer), columns, points)
    assert worst(found, true, points) <= 1.0


@pytest.mark.parametrize(
    "family",
    [
        *(getattr(likely, name)() for name in LINE),
        Transformed(likely.Normal(), "log"),
        Transformed(likely.Gumbel(), "affine", shift=1, factor=-2),
        Mixture(likely.Normal(), likely.Logistic()),
        Transformed(Truncated(likely.Normal(), low=-2), "box-cox", power=0.5),
    ],
    ids=repr,
)
def test_the_slope_of_the_density_is_its_derivative(family):
    s = family.specification
    slope = s.formulas.get("log_density_slope")
    if slope is None:
        pytest.skip("derived")
    y = symbol("y")
    theta = [plain_view(name, symbol(name)) for name in s.parameters]
    of_y = plain_view("y", y)
    density = s.log_density(of_y, *theta)
    outputs = [density, tangent([density], y)[0], slope(of_y, *theta)]
    program = compile_program(outputs, numpy_backend.TABLE)
    rng = np.random.default_rng(0)
    given = {name: rng.uniform(0.3, 0.9, 50) for name in (*s.parameters, "y")}
    with np.errstate(all="ignore"):
        value, one, other = program(given)
    inside = np.isfinite(value)  # the others lie outside a support that the parameters decide
    assert inside.sum() > 20
    one, other = (np.broadcast_to(v, value.shape)[inside] for v in (one, other))
    np.testing.assert_allclose(other, one, rtol=1e-11, atol=1e-13)
