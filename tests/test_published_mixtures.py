"""Mixtures of regressions in the literature: the likelihood has many maxima, and the published one is meant."""

from pathlib import Path

import numpy as np
import pytest

from likely import Linear, Mixture, Poisson

DATA = Path(__file__).parent / "data" / "fits"


def columns(name):
    """The columns of a CSV file."""
    return np.loadtxt(DATA / f"{name}.csv", delimiter=",", skiprows=1).T


def check(model, loglik, known, digits):
    assert model.result_.status.name == "converged"
    assert model.log_likelihood_ == pytest.approx(loglik, abs=1e-6)
    components = {}
    for row in model.summary().rows:
        components.setdefault(row.parameter, []).append((row.estimate, row.std_error))
    found = sorted(
        np.array([components[f"mean{i + 1}"] for i in range(len(known))]), key=lambda c: c[0][0]
    )
    np.testing.assert_allclose(found, known, rtol=digits)


def test_seizures_under_treatment():
    """Counts of 140 days of one child, at home for some hours of each: Wang, Puterman, Cockburn and Le (1996).

    Mixed Poisson regression models with covariate dependent rates, Biometrics 52, 381-400. R's flexmix 2.3-18 has
    -376.1762 for this model, as its manual prints; digits and errors by Newton's method on the likelihood in R 4.2.2.
    One component starts at the mean of all days, and from there another maximum is near, of -583.
    """
    y, treated, day, hours = columns("mix_seizures")
    X = np.column_stack([treated, np.log(day), treated * np.log(day)])
    offset = np.column_stack([np.log(hours), np.log(hours), np.zeros(y.size)])
    model = Linear(Mixture(Poisson(), 2)).fit(X, y, offset=offset)
    one = [2.0704007664, 7.4319626019, -0.2706455682, -2.2762057015]
    other = [2.8448989831, 1.3022554928, -0.4062462113, -0.4310453235]
    errors = [0.0922491787, 0.548842475, 0.0423252029, 0.1478519085]
    others = [0.2588624199, 0.5444118714, 0.1000858864, 0.1526094881]
    known = [np.column_stack([one, errors]), np.column_stack([other, others])]
    check(model, -376.176205123, known, 1e-6)
    last = model.summary().rows[-1]
    assert abs(last.estimate) == pytest.approx(0.9638149542, rel=1e-6)
    assert last.std_error == pytest.approx(0.2035026286, rel=1e-6)


def test_patents_by_research():
    """Patents of 70 firms by the logarithm of what they spent: Wang, Cockburn and Puterman (1998).

    Analysis of patent data, a mixed-Poisson-regression-model approach, Journal of Business & Economic Statistics 16,
    27-41. Log-likelihood of R's flexmix 2.3-18, the best of 30 starts; errors by numerical derivatives.
    """
    y, log_rd = columns("mix_patents")
    model = Linear(Mixture(Poisson(), 3)).fit(log_rd[:, None], y)
    known = np.array(
        [
            [[-2.32995, 0.559102], [1.523431, 0.122400]],
            [[0.582932, 0.190293], [0.865559, 0.0460716]],
            [[1.977801, 0.228352], [0.668630, 0.0574638]],
        ]
    )
    check(model, -203.533207797, known, 1e-5)
