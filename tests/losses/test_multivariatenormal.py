"""MultivariateNormal's loss: the numerics contract, SciPy, and both libraries."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from likely import MultivariateNormal
from likely._math.graph import PI, constant, exp, log
from oracles.vectors import VectorTruth, worst


def matrices(raw, d):
    """L and Σ⁻¹ (by cofactors, d ≤ 3) as nested lists of nodes."""
    places = [(i, j) for i in range(d) for j in range(i + 1)]
    zero = constant(0.0)
    factor = [[zero] * d for _ in range(d)]
    for (i, j), r in zip(places, raw[d:], strict=True):
        factor[i][j] = exp(r) if i == j else r
    sigma = [
        [sum((factor[i][m] * factor[k][m] for m in range(d)), zero) for k in range(d)]
        for i in range(d)
    ]
    determinant = constant(1.0)
    for i in range(d):
        determinant = determinant * factor[i][i] * factor[i][i]

    def minor(i, k):
        left = [r for r in range(d) if r != i]
        right = [c for c in range(d) if c != k]
        if d == 2:
            return sigma[left[0]][right[0]]
        (a, b), (c, e) = left, right
        return sigma[a][c] * sigma[b][e] - sigma[a][e] * sigma[b][c]

    inverse = [
        [minor(k, i) * (1.0 if (i + k) % 2 == 0 else -1.0) / determinant for k in range(d)]
        for i in range(d)
    ]
    return places, factor, inverse, determinant


def textbook(d):
    def nll(y, raw):
        _, _, inverse, determinant = matrices(raw, d)
        r = [y[i] - raw[i] for i in range(d)]
        square = sum(
            (r[i] * inverse[i][k] * r[k] for i in range(d) for k in range(d)), constant(0.0)
        )
        return 0.5 * (square + log(determinant) + d * log(2.0 * PI))

    def expected(raw):
        """½·tr(Σ⁻¹ ∂Σ Σ⁻¹ ∂Σ) for the covariance, Σ⁻¹ for the location."""
        places, factor, inverse, _ = matrices(raw, d)
        k = d + len(places)
        zero = constant(0.0)

        def moved(place):
            i, j = place
            step = factor[i][i] if i == j else constant(1.0)
            change = [[zero] * d for _ in range(d)]  # dL Lᵀ + L dLᵀ
            for m in range(d):
                change[i][m] = change[i][m] + step * factor[m][j]
                change[m][i] = change[m][i] + step * factor[m][j]
            return [
                [sum((inverse[a][b] * change[b][c] for b in range(d)), zero) for c in range(d)]
                for a in range(d)
            ]

        shapes = [moved(place) for place in places]
        out = []
        for a in range(k):
            for b in range(a + 1):
                if a < d:
                    out.append(inverse[a][b])
                elif b < d:
                    out.append(zero)
                else:
                    one, other = shapes[a - d], shapes[b - d]
                    out.append(
                        0.5
                        * sum((one[i][m] * other[m][i] for i in range(d) for m in range(d)), zero)
                    )
        return out

    identity = (True,) * d + tuple(i != j for i in range(d) for j in range(i + 1))
    return VectorTruth(nll, d, identity, expected)


def grid(d, rng, count):
    """y (n, d) and raw (n, k): jointly to ±30, one logarithm at a time far out, y at and about loc."""
    k = d * (d + 3) // 2
    diagonal = [d + i * (i + 3) // 2 for i in range(d)]
    groups = [rng.uniform(-30, 30, (count, k)), rng.normal(0, 1, (count, k))]
    for j, far in product(diagonal, (37.5, -37.5, 300.0, -300.0)):
        rows = rng.choice([-1.0, 0.0, 1.0], (2, k))
        rows[:, j] = far
        groups.append(rows)
    raw = np.concatenate(groups)
    y = raw[:, :d] + rng.normal(0, 1, (len(raw), d)) * rng.choice([0.0, 1.0, 30.0], (len(raw), 1))
    y[::3] = raw[::3, :d] * (1.0 + rng.choice([0.0, 2.0**-52, 1e-8, 1e-3], (len(raw[::3]), 1)))
    return y, raw


@pytest.mark.parametrize(("d", "count"), [(2, 10), (3, 3)])
def test_contract(d, count):
    y, raw = grid(d, np.random.default_rng(d), count)
    found = worst(textbook(d), MultivariateNormal(d).loss(), y, raw)
    for part, (ratio, row) in found.items():
        assert ratio <= 1.0, (part, ratio, y[row], raw[row])


@pytest.mark.parametrize("d", [2, 5, 10])
def test_against_scipy(d):
    rng = np.random.default_rng(d)
    family = MultivariateNormal(d)
    raw = rng.normal(scale=0.3, size=(7, d * (d + 3) // 2))
    y = rng.normal(size=(7, d))
    distribution = family.at(**family_parameters(family, raw))
    for i in range(7):
        loc, covariance = distribution.mean()[i], distribution.cov()[i]
        peer = stats.multivariate_normal(loc, covariance)
        assert family.nll(y, raw)[i] == pytest.approx(-peer.logpdf(y[i]), rel=1e-9)
        assert distribution.entropy()[i] == pytest.approx(peer.entropy(), rel=1e-9)


def family_parameters(family, raw):
    natural = family.loss().natural(raw.T)
    return {name: np.moveaxis(value, -1, 0) for name, value in natural.items()}


def test_curvature_product_is_the_curvature():
    rng = np.random.default_rng(0)
    loss = MultivariateNormal(3).loss()
    y, raw, v = rng.normal(size=(5, 3)), rng.normal(size=(9, 5)), rng.normal(size=(9, 5))
    packed = loss.evaluate(y, raw, 2)[2]
    full = np.empty((5, 9, 9))
    for i in range(9):
        for j in range(i + 1):
            full[:, i, j] = full[:, j, i] = packed[i * (i + 1) // 2 + j]
    np.testing.assert_allclose(
        loss.curvature_product(y, raw, v), np.einsum("nij,jn->in", full, v), rtol=1e-10
    )


def test_many_rows_are_blocks_of_the_same():
    rng = np.random.default_rng(0)
    family = MultivariateNormal(2)
    y, raw = rng.normal(size=(5000, 2)), rng.normal(size=(5000, 5))
    nll, gradient = family.nll_and_gradient(y, raw)
    few = family.nll_and_gradient(y[2040:2060], raw[2040:2060])
    np.testing.assert_array_equal(nll[2040:2060], few[0])
    np.testing.assert_array_equal(gradient[2040:2060], few[1])


@pytest.mark.parametrize(
    ("y", "raw", "message"),
    [
        (np.zeros(3), np.zeros((3, 5)), r"y must have shape \(n, 2\)"),
        (np.zeros((3, 3)), np.zeros((3, 5)), r"y must have shape \(n, 2\)"),
        (np.zeros((3, 2)), np.zeros((3, 6)), r"raw has shape \(3, 6\)"),
        (np.zeros((3, 2)), np.full((3, 5), np.nan), r"raw must be finite"),
        (np.full((3, 2), np.inf), np.zeros((3, 5)), r"y is not finite in rows 0, 1, 2"),
    ],
)
def test_wrong_shapes(y, raw, message):
    with pytest.raises(ValueError, match=message):
        MultivariateNormal(2).nll(y, raw)


def test_dimensions_follow_from_the_raw_columns():
    assert MultivariateNormal().nll(np.zeros((1, 3)), np.zeros((1, 9))).shape == (1,)
    with pytest.raises(ValueError, match=r"raw has 6 columns, but MultivariateNormal has"):
        MultivariateNormal().nll(np.zeros((1, 3)), np.zeros((1, 6)))
