"""Rows far out in X that have a scale of their own, and a curvature beside which that of the others is rounding."""

import numpy as np
import pytest

from likely import GeneralisedGamma, Gumbel, Linear, Logistic, Normal
from likely.fitting import ConvergenceWarning


@pytest.mark.parametrize(
    ("family", "case"),
    [
        (Normal(), (15, 1, 2)),
        (Normal(), (20, 2, 2)),
        (Gumbel(), (15, 1, 2)),
        (Gumbel(), (20, 2, 2)),
        (Logistic(), (8, 1, 1)),
    ],
    ids=str,
)
def test_a_row_far_out_in_x_that_is_far_sharper_than_the_others(family, case):
    """A location through one row, whose scale is e⁻¹⁰ to e⁻²⁵: its curvature is 10⁸ to 10²⁰ times theirs."""
    rows, columns, seed = case
    rng = np.random.default_rng([seed, rows, columns, 9020])
    X, y = rng.standard_t(0.8, size=(rows, columns)), rng.standard_t(1.0, size=rows)
    if seed % 2:
        y[0] = -1e6
    model = Linear(family).fit(X, y)
    assert model.result_.status.name == "converged"
    loss, best = model.loss_, model.result_.loss
    raw = model.intercept_["loc"] + X @ model.coef_["loc"]
    scale = model.intercept_["scale"] + X @ model.coef_["scale"]
    assert loss.evaluate(y, np.stack([raw, scale]), 0)[0].sum() == pytest.approx(best, abs=1e-6)
    for moved in 1e-3 * np.vstack([np.eye(columns + 1), -np.eye(columns + 1)]):
        beside = scale + moved[0] + X @ moved[1:]
        assert loss.evaluate(y, np.stack([raw, beside]), 0)[0].sum() > best


def test_other_coordinates_lead_across_the_end_of_a_support():
    """Of nearly collinear columns: where one has rounded the point of the other, there is no likelihood."""
    rng = np.random.default_rng(4)
    a = rng.normal(size=25)
    X = np.c_[
        rng.integers(0, 2, 25),
        rng.standard_t(2, size=25),
        1e4 * a + 3e5,
        1e-5 * (a + 0.05 * rng.normal(size=25)),
    ]
    y = np.exp(1.0 + 0.5 * np.log(rng.gamma(2.0, size=25)))
    with pytest.warns(ConvergenceWarning):
        model = Linear(GeneralisedGamma()).fit(X, y)
    assert np.isfinite(model.log_likelihood_)
