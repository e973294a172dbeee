"""A sparse X of many rows is never made dense but for a block of it, whatever the family asks of it."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

from likely import (
    ConvergenceWarning,
    Linear,
    Mixture,
    MultivariateNormal,
    NegativeBinomial,
    Normal,
    Poisson,
    StudentT,
)
from likely.fitting import Design, Response, Status
from likely.predictors import least_squares as module
from likely.predictors.least_squares import least_squares
from likely.predictors.maxima import groups, heavy
from likely.predictors.maxima.model import LinearModel

ROWS, COLUMNS = 30_000, 300
RNG = np.random.default_rng(8)
X = sparse.csr_array(sparse.random(ROWS, COLUMNS, density=0.01, format="csr", random_state=RNG))
ETA = 1.0 + X @ RNG.normal(size=COLUMNS)
COUNTS = RNG.poisson(np.exp(np.minimum(ETA, 5.0)))
NOISY = ETA + RNG.normal(size=ROWS)


@pytest.fixture
def dense_entries(monkeypatch):
    """The numbers of entries of what was made dense."""
    sizes, toarray = [], sparse.csr_array.toarray

    def counted(self, *args, **kwargs):
        sizes.append(self.shape[0] * self.shape[1])
        return toarray(self, *args, **kwargs)

    monkeypatch.setattr(sparse.csr_array, "toarray", counted)
    return sizes


@pytest.mark.parametrize(
    ("family", "y"),
    [
        (Poisson(), COUNTS),
        (NegativeBinomial(), COUNTS),
        (Normal(), NOISY),
        (MultivariateNormal(), np.c_[ETA, -ETA] + RNG.normal(size=(ROWS, 2))),
        (MultivariateNormal(), np.c_[NOISY, 2.0 * NOISY + 1.0]),
    ],
    ids=lambda one: getattr(getattr(one, "specification", None), "name", ""),
)
def test_no_more_than_a_block_is_dense(family, y, dense_entries):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        Linear(family, max_iter=2).fit(X, y)
    assert max(dense_entries, default=0) <= module.ENTRIES < ROWS * COLUMNS / 8


@pytest.mark.parametrize(
    ("search", "family"), [(groups, Mixture(Poisson(), 2)), (heavy, StudentT())]
)
def test_other_starts_are_not_looked_for_among_too_many_coefficients(search, family, monkeypatch):
    x, y = sparse.csr_array(X[:900, :]), COUNTS[:900].astype(float)
    loss = family.loss()
    never = lambda *given: pytest.fail("other starts are looked for")
    monkeypatch.setattr(search, "_Search" if search is groups else "_starts", never)
    look = groups.inner_maximum if search is groups else heavy.heavy_maximum
    designs = [Design(None if slot.role == "predicted" else ()) for slot in loss.free]
    model = LinearModel(loss, x, designs, Response(y), None)
    size = sum(map(model.size, range(loss.columns)))
    found = SimpleNamespace(status=Status.converged, parameters=np.zeros(size), objective=0.0)
    assert look(model, found) is None


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("entries", [40, 1 << 20])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
def test_least_squares_block_by_block(kind, entries, intercept, monkeypatch):
    monkeypatch.setattr(module, "ENTRIES", entries)
    rng = np.random.default_rng(2)
    x = rng.normal([1e4, 0.0, -3.0], [1.0, 1e-9, 1e9], size=(70, 3))
    y, weight = rng.normal(size=(70, 2)), rng.uniform(0.5, 2.0, 70)
    found = least_squares(kind(x), Design((0, 2, 1), intercept), y, weight)
    assert found is not None
    columns, root = x[:, [0, 2, 1]], np.sqrt(weight)[:, None]
    columns = np.c_[np.ones(70), columns] if intercept else columns
    np.testing.assert_allclose(found[1], y - columns @ found[0], rtol=0.0, atol=1e-10)
    # At the minimum what is left is orthogonal to every column.
    left = root * found[1]
    across = np.abs((root * columns).T @ left)
    assert (across <= 1e-10 * np.linalg.norm(root * columns, axis=0)[:, None]).all()
