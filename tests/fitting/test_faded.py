"""A raw column so far out that nothing depends on it has no estimate, however it came there."""

import numpy as np
import pytest

from likely import Linear, Normal, StudentT
from likely.fitting import ConvergenceWarning, Status


@pytest.mark.parametrize("seed", [16, 33])
def test_degrees_of_freedom_beyond_all_digits(seed):
    """Three groups in a row: one step from a saddle leads to df = e⁵⁰ and more, where its slope is 0."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, 90)
    X = (np.array([0.0, 70.0, 40.0])[group] + 8.0 * rng.normal(size=90))[:, None]
    y = np.array([60.0, 0.0, 40.0])[group] + 8.0 * rng.normal(size=90)
    with pytest.warns(ConvergenceWarning, match="df goes to ∞"):
        model = Linear(StudentT()).fit(X, y)
    assert model.result_.status is Status.boundary
    normal = Linear(Normal()).fit(X, y)
    assert model.log_likelihood_ == pytest.approx(normal.log_likelihood_, abs=1e-9)
    assert np.isnan(model.result_.std_errors[-1])
    np.testing.assert_allclose(model.result_.std_errors[:-1], normal.result_.std_errors, rtol=1e-6)
