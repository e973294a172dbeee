"""Fits agree with published, independently confirmed maximum-likelihood results."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import likely
from likely import (
    Censored,
    Constant,
    ConwayMaxwellPoisson,
    GeneralisedExtremeValue,
    GeneralisedPoisson,
    Geometric,
    Hurdle,
    Linear,
    LogLogistic,
    LogNormal,
    Mixture,
    NegativeBinomial,
    NegativeBinomial1,
    Normal,
    Poisson,
    SkewNormal,
    StudentT,
    Truncated,
    Weibull,
    ZeroInflated,
    censored,
    predicted,
    shared,
)

DATA = Path(__file__).parent / "data" / "fits"
#: Of several columns of y there is one, with a test of its own.
VECTOR = "dens_mvn_iris"
CASES = sorted(path.stem for path in DATA.glob("*.json") if path.stem != VECTOR)

#: Case family → our family; case parameter → ours (the links of the cases are on the raw scale).
FAMILIES = {
    "normal": ("Normal", {"mu": "loc", "sigma": "scale"}),
    "lognormal": ("LogNormal", {"meanlog": "loc", "sdlog": "scale"}),
    "gamma": ("Gamma", {"mean": "mean", "mu": "mean", "shape": "shape", "k": "shape"}),
    "weibull": ("Weibull", {"scale": "scale", "shape": "shape"}),
    "inverse_gaussian": ("InverseGaussian", {"mu": "mean", "lambda": "shape"}),
    "bernoulli": ("Bernoulli", {"p": "probs"}),
    "binomial": ("Binomial", {"p": "probs"}),
    "beta_binomial": ("BetaBinomial", {"p": "probs", "phi": "precision"}),
    "poisson": ("Poisson", {"mu": "mean", "lambda": "mean"}),
    "negbin2": ("NegativeBinomial", {"mu": "mean", "theta": "size"}),
    "beta": ("Beta", {"mu": "mean", "phi": "precision"}),
    "laplace": ("Laplace", {"mu": "loc", "b": "scale"}),
    "asymmetric_laplace": ("AsymmetricLaplace", {"mu": "loc", "sigma": "scale"}),
    "vonmises": ("VonMises", {"mu": "loc", "kappa": "concentration"}),
    "student_t": ("StudentT", {"mu": "loc", "sigma": "scale", "nu": "df"}),
    "categorical": ("Categorical", {"logits": "probs"}),
    "ordinal_cumulative": ("Ordinal", {"eta": "loc", "thresholds": "thresholds"}),
    "tweedie": ("Tweedie", {"mu": "mean", "phi": "dispersion", "p": "power"}),
    "gev": ("GeneralisedExtremeValue", {"mu": "loc", "sigma": "scale", "xi": "shape"}),
}


def accelerated(family, modifier, roles):
    """log T = loc + scale · W: loc is the logarithm of our scale, and scale one over our shape."""
    return modifier(family(shape=predicted if roles["shape"].kind == "predicted" else shared))


#: Case family → our modified family from its roles.
MODIFIED = {
    "zero_inflated_poisson": (
        lambda roles: ZeroInflated(Poisson(mean=roles["mean"]), inflation=roles["inflation"]),
        {"mu": "mean", "zi": "inflation"},
    ),
    "zero_inflated_negbin2": (
        lambda roles: ZeroInflated(
            NegativeBinomial(mean=roles["mean"], size=roles["size"]), inflation=roles["inflation"]
        ),
        {"mu": "mean", "theta": "size", "zi": "inflation"},
    ),
    "normal_mixture_2": (lambda roles: Mixture(Normal(), 2), {"mu": "loc", "sigma": "scale"}),
    "zero_truncated_poisson": (lambda roles: Truncated(Poisson(**roles), low=0), {"mu": "mean"}),
    "zero_truncated_negbin2": (
        lambda roles: Truncated(NegativeBinomial(**roles), low=0),
        {"mu": "mean", "theta": "size"},
    ),
    "weibull_aft": (
        lambda roles: accelerated(Weibull, Censored, roles),
        {"loc": "scale", "scale": "shape"},
    ),
    "loglogistic_entry": (
        lambda roles: accelerated(LogLogistic, lambda f: Censored(Truncated(f)), roles),
        {"loc": "scale", "scale": "shape"},
    ),
    "lognormal_aft": (
        lambda roles: Censored(LogNormal(**roles)),
        {"loc": "loc", "scale": "scale"},
    ),
    "normal_left_censored": (
        lambda roles: Censored(Normal(**roles)),
        {"loc": "loc", "scale": "scale"},
    ),
    "lognormal_interval": (
        lambda roles: Censored(LogNormal(**roles)),
        {"loc": "loc", "scale": "scale"},
    ),
    "normal_interval": (lambda roles: Censored(Normal(**roles)), {"loc": "loc", "scale": "scale"}),
    "student_t4_right_censored": (
        lambda roles: Censored(StudentT(df=4.0, **roles)),
        {"loc": "loc", "scale": "scale"},
    ),
    "zero_inflated_geometric": (
        lambda roles: ZeroInflated(Geometric(mean=roles["mean"]), inflation=roles["inflation"]),
        {"mu": "mean", "zi": "inflation"},
    ),
    "hurdle_negbin2": (
        lambda roles: Hurdle(
            NegativeBinomial(mean=roles["mean"], size=roles["size"]), zero=roles["zero"]
        ),
        {"mu": "mean", "theta": "size", "zero": "zero"},
    ),
}
#: The scale of log T is one over Weibull's shape.
NEGATED = {("weibull_aft", "scale"), ("loglogistic_entry", "scale")}
NOT_FEATURES = (
    *("y", "offset", "weight", "Intercept", "successes", "trials"),
    *("time", "event", "entry", "low", "high"),
)
#: A case's name of a link → ours.
LINKS = {"1/mu^2": "inverse_squared"}


def load(case):
    info = json.loads((DATA / f"{case}.json").read_text())
    with (DATA / Path(info["data"]).name).open() as file:
        rows = list(csv.DictReader(file))
    columns = {name: np.array([float(r[name]) for r in rows]) for name in rows[0]}
    return info, columns


def fit(info, columns):
    name, names = (FAMILIES | MODIFIED)[info["family"]]
    design, roles, has = {}, {}, {}
    features = [c for c in columns if c not in NOT_FEATURES]
    for theirs, spec in info["params"].items():
        if info["family"] == "normal_mixture_2":
            continue
        terms = [t for t in spec["terms"] if t != "Intercept"]
        ours = names[theirs]
        design[ours] = [features.index(t) for t in terms]
        if "Intercept" not in spec["terms"]:
            has[ours] = False  # ordinal classes have thresholds in its place
        role = predicted if terms else shared
        link = spec["link"].split(":")[0].removeprefix("cumulative ")
        if (name, theirs) == ("VonMises", "mu"):
            link = "wrap"
        if name == "Categorical":
            link = "softmax"
        roles[ours] = role(LINKS.get(link, link))
    if "tau" in info:
        roles["level"] = info["tau"]
    family = name(roles) if callable(name) else getattr(likely, name)(**roles)
    n = len(next(iter(columns.values())))
    X = np.column_stack([columns[f] for f in features]) if features else np.zeros((n, 1))
    y, weight = columns.get("y"), columns.get("weight")
    if name == "VonMises":
        y = np.angle(np.exp(1j * y))
    if "event" in columns:
        side = "left" if "left" in info["family"] else "right"
        y = censored(columns["time"], columns["event"], side, columns.get("entry"))
    if "low" in columns:
        y = np.column_stack([columns["low"], columns["high"]])
    if "trials" in columns:
        y = np.column_stack([columns["successes"], columns["trials"]])
    estimator = Linear(family, columns=design, fit_intercept=has) if design else Constant(family)
    model = estimator.fit(X, y, sample_weight=weight, offset=columns.get("offset"))
    return model, names


@pytest.mark.parametrize("case", CASES)
def test_fit_agrees_with_the_published_optimum(case):
    info, columns = load(case)
    model, names = fit(info, columns)
    assert model.log_likelihood_ == pytest.approx(info["loglik"], abs=1e-6)
    assert model.result_.status.name == "converged"
    if info["family"] == "normal_mixture_2":
        check_components(model, info)
        return
    if info["family"] == "categorical":
        check_contrasts(model, info)
        return
    table = {(row.parameter, row.term): row for row in model.summary().rows}
    table |= {
        (row.parameter.split("[")[0], row.parameter.rstrip("]").split("[")[1]): row
        for row in table.values()
        if row.parameter.startswith("thresholds")
    }
    features = [c for c in columns if c not in NOT_FEATURES]
    for theirs, terms in info["mle"].items():
        for term, known in terms.items():
            where = f"x{features.index(term)}" if term in features else term.lower()
            if "trials" in columns and term == "dose":
                where = "x0"
            row = table[names[theirs], where]
            value = -known["value"] if (info["family"], theirs) in NEGATED else known["value"]
            if known["se"] is None:
                assert row.estimate == pytest.approx(value, rel=1e-6)
            else:
                assert row.estimate == pytest.approx(value, abs=1e-4 * known["se"])
                assert row.std_error == pytest.approx(known["se"], rel=1e-5)


def test_covariance_of_iris():
    info, columns = load(VECTOR)
    y = np.column_stack([columns[name] for name in info["responses"]])
    fitted = likely.MultivariateNormal().fit(y)
    learned = Constant(likely.MultivariateNormal()).fit(np.zeros((len(y), 1)), y)
    assert learned.result_.status.name == "converged"
    assert learned.log_likelihood_ == pytest.approx(info["loglik"], rel=1e-13)
    natural = info["natural"]
    for found in (fitted, learned.predict_dist(np.zeros((1, 1)))[0]):
        assert found.log_prob(y).sum() == pytest.approx(info["loglik"], rel=1e-13)
        np.testing.assert_allclose(found.mean(), natural["mean"], rtol=1e-12)
        np.testing.assert_allclose(found.cov(), natural["Sigma"], rtol=1e-10)
        factor = found.loss.factor(found.raw[:, None])[0]
        np.testing.assert_allclose(factor, natural["cholesky_lower"], rtol=1e-10, atol=1e-15)


def check_components(model, info):
    """Parameters by component; the weights by the logarithm of their odds."""
    table = {r.parameter: r for r in model.summary().rows}
    known = {f"loc{int(j) + 1}": v for j, v in info["mle"]["mu"].items()}
    known |= {f"scale{int(j) + 1}": v for j, v in info["mle"]["sigma"].items()}
    known["odds2"] = info["mle"]["weights"]["logit1"]
    for name, value in known.items():
        assert table[name].estimate == pytest.approx(value["value"], abs=1e-4 * value["se"])
        assert table[name].std_error == pytest.approx(value["se"], rel=1e-5)


def check_contrasts(model, info):
    """The case has class 0 as its reference; ours are symmetric, so compare differences."""
    table = {(r.parameter, r.term): r for r in model.summary(reference=0).rows}
    for k in range(1, info["classes"]):
        for i, (term, known) in enumerate(info["mle"][f"logits_class{k}"].items()):
            row = table[
                f"probs[{model.classes_[k]}]", "intercept" if term == "Intercept" else f"x{i - 1}"
            ]
            assert row.estimate == pytest.approx(known["value"], abs=1e-4 * known["se"])
            assert row.std_error == pytest.approx(known["se"], rel=1e-5)


def check_absences(family, loglik, estimates, errors):
    """The school absences again, as R's glmmTMB 1.1.5 fits them with other families."""
    _, columns = load("reg_negbin2_quine")
    X = np.column_stack([v for name, v in columns.items() if name not in NOT_FEATURES])
    model = Linear(family).fit(X, columns["y"])
    assert model.log_likelihood_ == pytest.approx(loglik, abs=1e-6)
    rows = model.summary().rows
    assert [r.estimate for r in rows[:7]] == pytest.approx(estimates, abs=1e-5)
    assert [r.std_error for r in rows[:7]] == pytest.approx(errors, rel=1e-4)
    return np.exp(rows[7].estimate)


def test_variance_linear_in_the_mean():
    estimates = [2.769123, -0.545728, 0.143771, -0.0716801, 0.283717, 0.320573, 0.164752]
    errors = [0.212900, 0.133160, 0.137578, 0.211210, 0.201552, 0.223563, 0.158866]
    dispersion = check_absences(NegativeBinomial1(), -547.961223422, estimates, errors)
    assert dispersion == pytest.approx(12.70904, rel=1e-5)


def test_generalised_poisson():
    estimates = [2.784121, -0.560099, 0.152447, -0.0184668, 0.277242, 0.294647, 0.121875]
    errors = [0.212951, 0.130214, 0.135449, 0.202296, 0.198261, 0.221075, 0.153511]
    dispersion = check_absences(GeneralisedPoisson(), -550.292181693, estimates, errors)
    assert (1.0 + dispersion) ** 2 == pytest.approx(
        17.29322, rel=1e-5
    )  # its variance over the mean


def test_conway_and_maxwells_poisson():
    estimates = [2.8520817, -0.5552190, 0.0984709, -0.4198613, 0.1332474, 0.3661806, 0.3029751]
    errors = [0.217689, 0.149229, 0.155500, 0.231084, 0.228140, 0.233680, 0.178090]
    nu = check_absences(ConwayMaxwellPoisson(), -546.03954654041, estimates, errors)
    assert 1.0 / nu == pytest.approx(43.6951, rel=1e-4)  # their dispersion


#: Yearly maxima of the sea level at Port Pirie in metres, 1923-1987: Coles, An Introduction to Statistical Modeling
#: of Extreme Values (2001), table of section 1.3.
PORT_PIRIE = """
    4.03 3.83 3.65 3.88 4.01 4.08 4.18 3.80 4.36 3.96 3.98 4.69 3.85 3.96 3.85 3.93 3.75 3.63 3.57 4.25 3.97 4.05
    4.24 4.22 3.73 4.37 4.06 3.71 3.96 4.06 4.55 3.79 3.89 4.11 3.85 3.86 3.86 4.21 4.01 4.11 4.24 3.96 4.21 3.74
    3.85 3.88 3.66 4.11 3.71 4.18 3.90 3.78 3.91 3.72 4.00 3.66 3.62 4.33 4.55 3.75 4.08 3.90 3.88 3.94 4.33
"""


def test_yearly_maxima():
    """Section 3.4.1 of the same book: estimates, standard errors, and levels that return in 10 and 100 years."""
    y = np.array(PORT_PIRIE.split(), dtype=float)
    model = Constant(GeneralisedExtremeValue()).fit(np.zeros((y.size, 1)), y)
    assert model.log_likelihood_ == pytest.approx(4.34, abs=5e-3)
    rows = model.summary().rows
    scale = np.exp(rows[1].estimate)
    assert [rows[0].estimate, scale, rows[2].estimate] == pytest.approx(
        [3.87, 0.198, -0.050], abs=5e-3
    )
    errors = [rows[0].std_error, scale * rows[1].std_error, rows[2].std_error]
    assert errors == pytest.approx([0.028, 0.020, 0.098], abs=5e-4)
    levels = GeneralisedExtremeValue().fit(y).quantile([0.9, 0.99])
    assert levels == pytest.approx([4.30, 4.69], abs=5e-3)


#: Body mass index of 202 athletes of the Australian Institute of Sport: Telford and Cunningham (1991), Medicine and
#: Science in Sports and Exercise 23, 788-794; also in Cook and Weisberg, An Introduction to Regression Graphics (1994).
ATHLETES = """
    20.56 20.67 21.86 21.88 18.96 21.04 21.69 20.62 22.64 19.44 25.75 21.2 22.03 25.44 22.63 21.86 22.27 21.27
    23.47 23.19 23.17 24.54 22.96 19.76 23.36 22.67 24.24 24.21 20.46 20.81 20.17 23.06 24.4 23.97 22.62 19.16
    21.15 21.4 21.03 21.77 21.38 21.47 24.45 22.63 22.8 23.58 20.06 23.01 24.64 18.26 24.47 23.99 26.24 20.04
    25.72 25.64 19.87 23.35 22.42 20.42 22.13 25.17 23.72 21.28 20.87 19 22.04 20.12 21.35 28.57 26.95 28.13
    26.85 25.27 31.93 16.75 19.54 20.42 22.76 20.12 22.35 19.16 20.77 19.37 22.37 17.54 19.06 20.3 20.15 25.36
    22.12 21.25 20.53 17.06 18.29 18.37 18.93 17.79 17.05 20.31 22.46 23.88 23.68 23.15 22.32 24.02 23.29 25.11
    22.81 26.25 21.38 22.52 26.73 23.57 25.84 24.06 23.85 25.09 23.84 25.31 19.69 26.07 25.5 23.69 26.79 25.61
    25.06 24.93 22.96 20.69 23.97 24.64 25.93 23.69 25.38 22.68 23.36 22.44 22.57 19.81 21.19 20.39 21.12 21.89
    29.97 27.39 23.11 21.75 20.89 22.83 22.02 20.07 20.15 21.24 19.63 23.58 21.65 25.17 23.25 32.52 22.59 30.18
    34.42 21.86 23.99 24.81 21.68 21.04 23.12 20.76 23.13 22.35 22.28 23.55 19.85 26.51 24.78 33.73 30.18 23.31
    24.51 25.37 23.67 24.28 25.82 21.93 23.38 23.07 25.21 23.25 22.93 26.86 21.26 25.43 24.54 27.79 23.58 27.56
    23.76 22.01 22.34 21.07
"""


def test_skew_normal_body_mass():
    """What R's sn 2.1.0 gives for the same numbers, to all the digits that it prints."""
    y = np.array(ATHLETES.split(), dtype=float)
    model = Constant(SkewNormal()).fit(np.zeros((y.size, 1)), y)
    loc, scale, skewness = (float(model.intercept_[p]) for p in ("loc", "scale", "skewness"))
    assert [loc, np.exp(scale), skewness] == pytest.approx([19.96965, 4.132689, 2.312603], rel=1e-6)
    assert model.log_likelihood_ == pytest.approx(-490.0994, abs=1e-4)


def test_skew_normal_body_mass_that_is_known_up_to_25():
    """The maximum that R's ``optim`` finds with sn 2.1.0's ``dsn`` and ``psn`` for the same numbers."""
    y = np.array(ATHLETES.split(), dtype=float)
    fitted = Censored(SkewNormal()).fit(censored(np.minimum(y, 25.0), event=y < 25.0))
    found = [fitted.parameters[p] for p in ("loc", "scale", "skewness")]
    assert found == pytest.approx([20.394412, 3.6228653, 1.7162596], rel=1e-6)
    rows = np.where(y < 25.0, fitted.log_prob(y), np.log(fitted.sf(25.0)))
    assert rows.sum() == pytest.approx(-414.791968, abs=1e-6)


#: Record times in minutes of 35 Scottish hill races, and their distances in miles: Atkinson (1986), Statistical Science
#: 1, 397-402; also MASS::hills.
HILLS = """
    16.083 2.5 48.35 6 33.65 6 45.6 7.5 62.267 8 73.217 8 204.617 16 36.367 6 29.75 5 39.75 6 192.667 28 43.05 5
    65 9.5 44.133 6 26.933 4.5 72.25 10 98.417 14 78.65 3 17.417 4.5 32.567 5.5 15.95 3 27.9 3.5 47.633 6 17.933 2
    18.683 3 26.217 4 34.433 6 28.567 5 50.5 6.5 20.95 5 85.583 10 32.383 6 170.25 18 28.1 4.5 159.833 20
"""


def test_heavy_tails_about_a_parabola():
    """The maximum that Newton's method finds in R; far away from it the likelihood falls, but for spikes."""
    time, miles = np.array(HILLS.split(), dtype=float).reshape(-1, 2).T
    model = Linear(StudentT(scale=shared)).fit(np.column_stack([miles, miles**2]), time)
    assert model.result_.status.name == "converged"
    assert model.log_likelihood_ == pytest.approx(-138.030945038, abs=1e-8)
    rows = model.summary().rows
    known = [-7.2608631565, 8.2439412469, -0.0372163967, 1.7972863798, 0.4096878832]
    errors = [4.57949022689, 1.01068809312, 0.0317778846900, 0.266971473282, 0.381608264514]
    assert [r.estimate for r in rows] == pytest.approx(known, rel=1e-7)
    assert [r.std_error for r in rows] == pytest.approx(errors, rel=1e-6)
