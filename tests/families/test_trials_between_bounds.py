"""Successes among known trials between bounds of every row's own, or fixed ones: against sums with many digits."""

import numpy as np
import pytest
from mpmath import mp

from likely import BetaBinomial, Binomial, Censored, Truncated
from oracles import numeric

INF = np.inf
FAR = (-37.5, -30.0, -12.0, -3.0, -0.4, 0.0, 1.2, 8.0, 20.0, 30.0, 37.5)
POINTS = {
    Binomial: [(r,) for r in FAR],
    BetaBinomial: [(r, s) for r in FAR for s in (-30.0, -12.0, -1.0, 1.3, 9.0, 30.0)]
    + [(r, s) for r in (0.0, 1.2) for s in (-37.5, 37.5)],
}  # fmt: skip
#: Of 10 trials that are seen: y, low and high.
SEEN = [
    (0.0, -INF, 6.0), (6.0, -INF, 6.0), (1.0, 0.0, 2.0), (2.0, 0.0, 6.0), (4.0, 2.0, 5.0), (3.0, 2.0, INF),
    (9.0, 2.0, INF), (10.0, 2.0, 40.0), (0.0, -INF, INF), (5.0, -INF, 10.0), (9.0, 8.0, 10.0), (5.0, 4.0, 6.0),
]  # fmt: skip
#: Of 10 trials that are known by bounds: both of them, and low and high.
HIDDEN = [
    (-INF, 3.0, -INF, 6.0), (3.0, INF, 0.0, 6.0), (5.0, 6.0, 0.0, 6.0), (2.0, 4.0, -INF, 6.0), (1.0, 5.0, 0.0, 6.0),
    (-INF, 3.0, 0.0, INF), (3.0, INF, 0.0, INF), (9.0, INF, 7.0, INF), (-INF, 3.0, -INF, INF), (3.0, INF, -INF, 12.0),
    (3.0, 5.0, -INF, INF),
]  # fmt: skip


def probabilities(n, probs, precision=None):
    """p(0), …, p(n), of probs on the scale of logits and the logarithm of a precision."""
    p, q = (1 / (1 + mp.exp(r)) for r in (-probs, probs))
    if precision is None:
        return [mp.binomial(n, k) * p**k * q ** (n - k) for k in range(n + 1)]
    kappa = mp.exp(precision)

    def rising(x, k):
        return mp.fprod(x + i for i in range(k))

    return [
        mp.binomial(n, k) * rising(kappa * p, k) * rising(kappa * q, n - k) / rising(kappa, n)
        for k in range(n + 1)
    ]


def truth(n, row):
    """The loss of a row as a function of the raw predictions."""
    *part, low, high = row
    a, b = (part[0] - 1.0, part[-1]) if len(part) == 1 else (max(part[0] - 1.0, low), part[1])

    def loss(*raw):
        p = probabilities(n, *raw)
        whole, chosen = (
            mp.fsum(p[int(max(first, -1.0)) + 1 : int(min(last, n)) + 1])
            for first, last in ((low, high), (a, min(b, high)))
        )
        return mp.log(whole) - mp.log(chosen)

    return loss


@pytest.mark.parametrize("kind", POINTS)
def test_numerics_contract(kind):
    points = POINTS[kind]
    raw = np.ascontiguousarray(np.array(points).T)
    family = kind(trials=10)
    for rows, modified in ((SEEN, Truncated(family)), (HIDDEN, Censored(Truncated(family)))):
        loss = modified.loss()
        for row in rows:
            found = loss.evaluate(np.tile(row, (len(points), 1)), raw, 2)
            every = row[-2] < 0.0 and row[-1] >= 10.0
            for part, ratios in enumerate(numeric.ratios(found, truth(10, row), points)):
                for point, ratio in zip(points, ratios, strict=True):
                    # With little in the urn draws are alike: second derivatives are what is left of 1 − 1.
                    left = part == 2 and kind is BetaBinomial and (every or point[1] < 2.0)
                    assert ratio <= 1.0 or left, (row, part, ratio, point)


@pytest.mark.parametrize("bounds", [(0, 6), (2, 5), (-1, 9), (3, 10)])
@pytest.mark.parametrize("kind", POINTS)
def test_fixed_bounds(kind, bounds):
    points = POINTS[kind]
    raw = np.ascontiguousarray(np.array(points).T)
    loss = Truncated(kind(trials=10), *bounds).loss()
    for y in range(bounds[0] + 1, bounds[1] + 1):
        row = (float(y), *map(float, bounds))
        found = loss.evaluate(np.full(len(points), float(y)), raw, 2)
        for part, ratios in enumerate(numeric.ratios(found, truth(10, row), points)):
            for point, ratio in zip(points, ratios, strict=True):
                left = part == 2 and kind is BetaBinomial
                assert ratio <= 1.0 or left, (row, part, ratio, point)


@pytest.mark.parametrize("trials", [2, 40, 199])
def test_few_and_many_trials(trials):
    family, raws = Binomial(trials=trials), (-20.0, -1.0, 0.3, 15.0)
    middle = float(trials // 2)
    rows = [(1.0, 0.0, INF), (middle, -INF, middle), (middle, middle - 1.0, INF), (1.0, -INF, INF)]
    loss = Truncated(family).loss()
    for row in rows:
        found = loss.evaluate(np.tile(row, (len(raws), 1)), np.array([raws]), 2)
        for part in numeric.ratios(found, truth(trials, row), [(r,) for r in raws]):
            assert part.max() <= 1.0, (row, part)


@pytest.mark.parametrize("family", [Binomial(trials=10), BetaBinomial(trials=10)], ids=repr)
def test_kernels_and_other_libraries(family):
    import torch

    for modified, rows in ((Truncated(family), SEEN), (Censored(Truncated(family)), HIDDEN)):
        points = POINTS[type(family)]
        y, raw = (np.array(v) for v in zip(*((r, p) for r in rows for p in points), strict=True))
        loss = modified.loss()
        value, gradient, _ = loss.evaluate(y, np.ascontiguousarray(raw.T), 1)
        compiled = loss.compiled.evaluate(y, np.ascontiguousarray(raw.T), 1)
        nll, slope = modified.nll_and_gradient(torch.as_tensor(y), torch.as_tensor(raw))
        for found in ((nll, slope.T), compiled[:2]):
            np.testing.assert_allclose(np.asarray(found[0]), value, rtol=1e-10, atol=1e-13)
            np.testing.assert_allclose(np.asarray(found[1]), gradient, rtol=1e-9, atol=1e-13)
