"""Regression sets that are made from seeds, each hard in a way of its own, with scikit-learn's diabetes beside them.

The first four imitate what is said of UCI sets: kin8nm (a smooth function with little noise), naval (no noise, few
distinct y), yacht (308 rows, y over three orders of magnitude), protein (two kinds of rows).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import datasets


def arm(rng):
    """Where the hand of an arm with four joints of two angles each is: smooth, with little noise."""
    angles = rng.uniform(-np.pi / 2, np.pi / 2, (8192, 8))
    yaw, pitch = np.cumsum(angles[:, ::2], axis=1), np.cumsum(angles[:, 1::2], axis=1) / 2
    links = [np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), np.sin(pitch)]
    hand = np.stack([link.sum(axis=1) for link in links], axis=1)
    distance = np.linalg.norm(hand - [1.0, 0.5, 0.5], axis=1) / 3
    return angles, distance + 0.02 * rng.normal(size=8192)


def turbine(rng):
    """11,934 states of a ship without noise: y, one of 51 numbers, moves 14 readings."""
    speed, compressor, wear = (
        v.ravel()
        for v in np.meshgrid(np.arange(1, 10), np.linspace(0.95, 1, 51), np.linspace(0.975, 1, 26))
    )
    columns = [speed, 3.0 * speed]
    for j in range(12):
        a, b, c, d = rng.uniform(0.5, 2.0, 4)
        fouled = compressor ** (-b * (1 + 0.3 * np.sin(speed + j)))
        worn = wear ** (-c * np.cos(speed * d + j))
        columns.append(np.round(100 * (j + 1) * (speed / 9) ** a * fouled * worn, 2))
    return np.stack(columns, axis=1), compressor


def hulls(rng):
    """22 hulls at 14 speeds, drag growing a hundredfold with speed, 2 % of noise."""
    shapes, speeds = rng.uniform(-1, 1, (22, 5)), np.linspace(0.125, 0.45, 14)
    X = np.column_stack([np.repeat(shapes, 14, axis=0), np.tile(speeds, 22)])
    size = np.exp(0.3 * X[:, 0] - 0.4 * X[:, 1] + 0.3 * X[:, 2] * X[:, 3])
    drag = 0.05 * size * np.exp(15 * X[:, 5] + 2 * X[:, 3] * (X[:, 5] - 0.3) ** 2)
    return X, np.round(drag * (1 + 0.02 * rng.normal(size=308)), 2)


def folded(rng):
    """45,730 rows of two kinds, near 2 and around 12, that X does not tell apart for sure."""
    X = rng.gamma(2.0, 1.0, (45_730, 9))
    X[:, 1:] += 0.5 * X[:, :1]
    near = rng.uniform(size=X.shape[0]) < _logistic(X[:, 0] - X[:, 3] + 0.5 * np.sin(2 * X[:, 4]))
    close = 1.5 + 0.3 * X[:, 1] * rng.gamma(2.0, 0.5, X.shape[0])
    return X, np.where(near, close, 12 + 2 * np.sin(X[:, 2]) + 3 * rng.normal(size=X.shape[0]))


def spread(rng, rows=1000):
    """Noise that X multiplies by up to 20."""
    X = rng.uniform(-1, 1, (rows, 5))
    noise = np.exp(-1 + 1.5 * X[:, 2]) * rng.normal(size=rows)
    return X, np.sin(3 * X[:, 0]) + X[:, 1] ** 2 + noise


def micro(rng):
    """The same in another unit."""
    X, y = spread(rng)
    return X, 1e-6 * y


def giga(rng):
    """And in another."""
    X, y = spread(rng)
    return X, 1e9 * y


def missing(rng):
    """The same with three in ten cells missing, an empty column and a constant one."""
    X, y = spread(rng)
    X[rng.uniform(size=X.shape) < 0.3] = np.nan
    return np.column_stack([X, np.full(y.size, np.nan), np.zeros(y.size)]), y


def capped(rng):
    """The same with y cut off at 1."""
    X, y = spread(rng, 1500)
    return X, np.minimum(y, 1.0)


def heavy(rng):
    """Student's noise with 2 degrees of freedom."""
    X = rng.uniform(-1, 1, (2000, 5))
    return X, 2 * np.sin(3 * X[:, 0]) + X[:, 1] + 0.3 * rng.standard_t(2, 2000)


def strays(rng):
    """One row in a hundred is a thousand away."""
    X, y = spread(rng)
    rows = rng.choice(y.size, 10, replace=False)
    y[rows] += rng.choice([-1000.0, 1000.0], 10)
    return X, y


def ties(rng):
    """Small counts as if they were measurements."""
    X = rng.uniform(-1, 1, (1500, 6))
    return X, rng.poisson(np.exp(1.5 * X[:, 0] + X[:, 1] - 1)).astype(float)


def zeros(rng):
    """Half of y is 0, the rest lognormal."""
    X = rng.uniform(-1, 1, (2000, 6))
    none = rng.uniform(size=2000) < _logistic(3 * X[:, 0])
    return X, np.where(none, 0.0, np.exp(1 + X[:, 1] + 0.5 * rng.normal(size=2000)))


def costs(rng):
    """Lognormal y over three orders of magnitude."""
    X = rng.uniform(-1, 1, (3000, 5))
    return X, np.exp(2 * X[:, 0] + X[:, 1] + rng.normal(size=3000))


def exact(rng):
    """A smooth function without noise."""
    X = rng.uniform(-1, 1, (2000, 3))
    return X, np.sin(3 * X[:, 0]) + X[:, 1] * X[:, 2]


def steps(rng):
    """Whole numbers without noise, from whole numbers."""
    X = rng.integers(0, 5, (1500, 5)).astype(float)
    return X, 10 * X[:, 0] + X[:, 1] * X[:, 2]


def line(rng):
    """A straight line without noise, which trees must climb in steps."""
    X = rng.normal(size=(400, 5))
    return X, X @ [1.0, 2.0, 3.0, 4.0, 5.0]


def tiny(rng):
    """50 rows."""
    X = rng.normal(size=(50, 4))
    return X, X[:, 0] + 0.5 * X[:, 1] + 0.5 * rng.normal(size=50)


def nothing(rng):
    """500 rows of which X says nothing."""
    return rng.normal(size=(500, 10)), rng.normal(size=500)


def wide(rng):
    """200 rows, 500 columns."""
    X = rng.normal(size=(200, 500))
    return X, X[:, 0] + 0.5 * X[:, 1] + 0.5 * rng.normal(size=200)


def codes(rng):
    """300 levels as numbers, ten rows each."""
    level, effect, x = rng.integers(0, 300, 3000), rng.normal(size=300), rng.normal(size=3000)
    return np.column_stack([level, x]), effect[level] + x + 0.5 * rng.normal(size=3000)


def large(rng):
    """200,000 rows."""
    X = rng.uniform(-1, 1, (200_000, 10))
    noise = np.exp(-1 + X[:, 3] + 0.5 * np.cos(3 * X[:, 4])) * rng.normal(size=200_000)
    return X, np.sin(4 * X[:, 0]) * X[:, 1] + np.abs(X[:, 2]) + noise


def _logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def friedman(number: int, noise: float) -> Callable[[Any], Any]:
    """Friedman's (1991) functions with 1,000 rows."""
    make = getattr(datasets, f"make_friedman{number}")
    return lambda rng: make(1000, noise=noise, random_state=int(rng.integers(2**31)))


MADE: dict[str, Callable[[Any], Any]] = {
    **{
        make.__name__: make
        for make in (
            arm,
            turbine,
            hulls,
            folded,
            spread,
            micro,
            giga,
            missing,
            capped,
            heavy,
            strays,
            ties,
            zeros,
            costs,
            exact,
            steps,
            line,
            tiny,
            nothing,
            wide,
            codes,
            large,
        )
    },
    "friedman1": friedman(1, 1.0),
    "friedman2": friedman(2, 125.0),
    "friedman3": friedman(3, 0.1),
    "diabetes": lambda rng: datasets.load_diabetes(return_X_y=True),
}


def load(name: str) -> tuple[Any, Any, list[Any]]:
    """X, y and the test rows, a tenth, of 20 random splits."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    X, y = MADE[name](rng)
    return X, y, [np.sort(rng.choice(y.size, y.size // 10, replace=False)) for _ in range(20)]
