"""Laplace and AsymmetricLaplace whose scale depends on x: of many maxima the largest."""

import warnings

import numpy as np
import pytest

from likely import AsymmetricLaplace, Laplace, Linear
from likely.fitting import ConvergenceWarning, Response, Status, fit_linear


@pytest.mark.parametrize(
    ("family", "rows", "columns", "seed"),
    [
        (Laplace(), 20, 2, 0),
        (Laplace(), 40, 2, 1),
        (AsymmetricLaplace(level=0.9), 20, 2, 6),
        (AsymmetricLaplace(level=0.9), 60, 4, 3),
    ],
    ids=str,
)
def test_no_start_of_many_leads_to_a_larger_maximum(family, rows, columns, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, columns))
    y = 1.0 + X.sum(axis=1) + np.exp(0.4 * X[:, 0]) * rng.laplace(size=rows)
    model = Linear(family).fit(X, y)
    assert model.result_.status is Status.converged
    designs = model._designs(model.loss_, columns)
    for _ in range(40):
        start = np.zeros(model.result_.parameters.size)
        start[columns + 2 :] = rng.normal(size=columns)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            other = fit_linear(
                model.loss_, X, designs, Response(y), start=[0.0, 0.0], coefficients=start
            )
        if other.status is Status.converged:
            assert model.result_.loss < other.loss + 1e-9
