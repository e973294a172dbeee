"""Known optima, reached with losses written by hand."""

import numpy as np
import pytest

from likely.fitting import Design, Response, Status, fit_linear


def design_of(info, columns):
    features = sorted({t for p in info["params"].values() for t in p["terms"]} - {"Intercept"})
    X = np.column_stack([columns[f] for f in features])
    designs = [
        Design(tuple(features.index(t) for t in p["terms"] if t != "Intercept"))
        for p in info["params"].values()
    ]
    return X, features, designs


CASES = [
    ("glm_poisson_dobson", "Poisson", lambda y: [np.log(y.mean())]),
    ("glm_poisson_offset_insurance", "Poisson", lambda y: [0.0]),
    ("glm_bernoulli_logit_spector", "Bernoulli", lambda y: [0.0]),
    ("reg_normal_het_engel", "Normal", lambda y: [y.mean(), np.log(y.std())]),
    ("reg_negbin2_quine", "NegativeBinomial", lambda y: [np.log(y.mean()), 0.0]),
    ("reg_laplace_stackloss", "Laplace", lambda y: [np.median(y), np.log(y.std())]),
]


@pytest.mark.parametrize(("case", "name", "start"), CASES, ids=[c[0] for c in CASES])
def test_optimum_and_standard_errors(case, name, start, losses, published):
    info, columns = published(case)
    X, features, designs = design_of(info, columns)
    loss = getattr(losses, name)()
    offset = None
    if "offset" in columns:
        offset = np.zeros((loss.columns, X.shape[0]))
        offset[0] = columns["offset"]
    y, weight = columns["y"], columns.get("weight")
    result = fit_linear(
        loss, X, designs, Response(y, weight, offset), start=start(y), names=features
    )
    assert result.status is Status.converged
    assert -result.loss == pytest.approx(info["loglik"], abs=1e-6)
    found = dict(
        zip(result.terms, zip(result.parameters, result.std_errors, strict=True), strict=True)
    )
    for theirs, ours in zip(info["mle"], loss.column_names, strict=True):
        for term, known in info["mle"][theirs].items():
            value, error = found[ours, "intercept" if term == "Intercept" else term]
            if known["se"] is None:
                assert value == pytest.approx(known["value"], rel=1e-8)
            else:
                assert value == pytest.approx(known["value"], abs=1e-6 * known["se"])
                assert error == pytest.approx(known["se"], rel=1e-6)
