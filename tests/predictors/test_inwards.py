"""From the edge of a shared parameter's domain back to a maximum inside that is larger."""

import numpy as np
import pytest
from scipy import stats

from likely import Constant, Linear, Normal, StudentT, shared
from likely.fitting import Status


@pytest.mark.parametrize(
    ("rows", "seed", "family"),
    [
        (40, 14, StudentT()),
        (300, 9, StudentT()),
        (3000, 0, StudentT()),
        (3000, 0, StudentT(scale=shared)),
    ],
    ids=str,
)
def test_a_third_of_the_rows_is_of_another_kind(rows, seed, family):
    """A location between both kinds leaves no heavy tails to see, and Newton's method goes to a Normal."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(10.0, 60.0, rows)
    y = np.where(rng.random(rows) < 0.3, 1.6 * x, x + 0.5 * rng.gamma(1.0, size=rows))
    X = x[:, None]
    model = Linear(family).fit(X, y)
    assert model.result_.status is Status.converged
    assert model.coef_["loc"][0] == pytest.approx(1.0, abs=0.01)
    known = model.predict_params(X)
    found = stats.t.logpdf(y, known["df"], known["loc"], known["scale"]).sum()
    assert model.log_likelihood_ == pytest.approx(found, abs=1e-9 * rows)
    assert found > Linear(Normal()).fit(X, y).log_likelihood_ + 0.5 * rows


@pytest.mark.parametrize(("rows", "seed"), [(60, 3), (300, 11), (3000, 0)])
def test_density_of_two_kinds_of_rows(rows, seed):
    """Seven rows of ten are near 0, the others beyond 8: tails of the former, not the middle of both."""
    rng = np.random.default_rng([rows, seed])
    far = rng.random(rows) < 0.3
    y = np.where(far, 8.0 + 2.0 * rng.random(rows), 0.5 * rng.gamma(1.0, size=rows))
    density = StudentT().fit(y)
    assert density.parameters["loc"] == pytest.approx(0.3, abs=0.2)
    assert density.parameters["df"] < 1.0
    found = density.log_prob(y).sum()
    model = Constant(StudentT()).fit(np.zeros((rows, 1)), y)
    assert model.result_.status is Status.converged
    assert model.log_likelihood_ == pytest.approx(found, abs=1e-9 * rows)
    assert found > stats.norm.logpdf(y, y.mean(), y.std()).sum() + 0.1 * rows
