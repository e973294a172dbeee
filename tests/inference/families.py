"""The families at ordinary and extreme parameters, with SciPy's distribution as the oracle."""

from dataclasses import replace

import numpy as np
import scipy.stats as st

from likely.families import registry
from likely.inference.predictive import Predictive
from likely.links import default_link
from likely.losses.composed import Slot
from likely.losses.nll import NegativeLogLikelihood
from oracles import tabulated

#: Parameters, one distribution a column of values.
GRID = {
    "normal": {"loc": [0, 1e9, -3, 1e-3], "scale": [1, 1e3, 1e-3, 1e-6]},
    "laplace": {"loc": [0, 1e9, -3, 1e-3], "scale": [1, 1e3, 1e-3, 1e-6]},
    "asymmetriclaplace": {
        "loc": [0, 1e9, -3, 1e-3],
        "scale": [1, 1e3, 1e-3, 1e-6],
        "level": [0.5, 0.1, 0.9, 0.99],
    },
    "studentt": {
        "loc": [0, 10, -3, 1e-3, 0],
        "scale": [1, 1e3, 1e-3, 1e-6, 1],
        "df": [1.1, 1.0, 2.5, 30, 1e6],
    },
    "lognormal": {"loc": [0, 10, -3, 1e-3], "scale": [1, 0.1, 5, 1e-2]},
    "gamma": {"mean": [1, 1e6, 1e-3, 5, 2], "shape": [0.05, 1, 3, 1e4, 0.7]},
    "exponential": {"mean": [1, 1e6, 1e-5]},
    "logistic": {"loc": [0, 1e9, -3, 1e-3], "scale": [1, 1e3, 1e-3, 1e-6]},
    "gumbel": {"loc": [0, 1e9, -3, 1e-3], "scale": [1, 1e3, 1e-3, 1e-6]},
    "vonmises": {
        "loc": [0, 3, -1.5, 3.14, 0.1, -3],
        "concentration": [1, 0.01, 30, 1e4, 1e-9, 1e3],
    },
    "johnsonsu": {
        "loc": [2, 10, -3],
        "scale": [1, 1e3, 1e-3],
        "skewness": [0, -2, 1],
        "tail": [1, 3, 0.8],
    },
    "skewnormal": {
        "loc": [0, 1e9, -3, 1e-3, 2],
        "scale": [1, 1e3, 1e-3, 1e-6, 1],
        "skewness": [1, -3, 20, 0, 0.01],
    },
    "weibull": {"scale": [1, 1e6, 1e-3, 5, 2], "shape": [0.3, 1, 3, 300, 0.7]},
    "loglogistic": {"scale": [1, 1e6, 1e-3, 5], "shape": [2.5, 30, 3, 300]},
    "inversegaussian": {"mean": [1, 1e6, 1e-3, 5], "shape": [0.2, 1e6, 3, 2]},
    "beta": {"mean": [0.5, 0.05, 0.999, 0.3, 0.2], "precision": [2, 2, 2e3, 1e4, 1.5]},
    "bernoulli": {"probs": [0.5, 0.01, 0.999]},
    "poisson": {"mean": [1e-3, 0.5, 3, 100, 1e5]},
    "conwaymaxwellpoisson": {"mean": [1e-3, 0.5, 3, 100, 1e3], "nu": [3, 0.2, 10, 0.3, 2]},
    "geometric": {"mean": [1e-3, 0.5, 3, 1e4]},
    "generalisedextremevalue": {
        "loc": [0, 1e9, -3, 1e-3],
        "scale": [1, 1e3, 1e-3, 1e-6],
        "shape": [0.1, 0, -0.2, 0.3],
    },
    "generalisedgamma": {
        "loc": [0, 10, -3, 1, 0.3, 0],
        "scale": [1, 0.1, 0.5, 1e-2, 0.3, 1],
        "shape": [1, -2, 0.5, 3, 1e-2, -0.3],
    },
    "generalisedpareto": {"scale": [1, 1e6, 1e-3, 5], "shape": [0.1, 0, -0.2, 0.3]},
    "generalisedpoisson": {"mean": [1e-3, 0.5, 3, 100, 1e4], "dispersion": [2, 1, 0.1, 0.3, 3]},
    "negativebinomial": {"mean": [1e-3, 0.5, 3, 100, 1e4], "size": [0.5, 1, 0.1, 1e3, 2]},
    "negativebinomial1": {"mean": [1e-3, 0.5, 3, 100, 1e4], "dispersion": [2, 1, 30, 0.1, 5]},
}
#: On a circle moments and central intervals are not those of numbers on a line.
ON_A_LINE = [n for n in sorted(GRID) if registry.specification(n).support.name != "circular"]
LEVELS = np.array([1e-200, 1e-12, 1e-3, 0.3, 0.5, 0.9, 0.99999])


def predictive(name, *, bare=False, **values):
    """A Predictive with default links; ``bare`` knows nothing but its density."""
    specification = registry.specification(name)
    if bare:
        specification = replace(specification, formulas={})
    slots = [
        Slot(p, p, "predicted", default_link(parameter.domain))
        for p, parameter in specification.parameters.items()
    ]
    loss = NegativeLogLikelihood(specification, slots)
    values = values or GRID[name]
    raw = [slot.link.link(np.asarray(values[slot.parameter], float)) for slot in slots]
    return Predictive(loss, np.array(raw))


def oracle(name, row=None, **values):
    """SciPy's frozen distributions, of all rows as a column, or of one row."""
    values = {k: np.asarray(v, float) for k, v in (values or GRID[name]).items()}
    v = {k: x[:, None] if row is None else x[row] for k, x in values.items()}
    match name:
        case "normal":
            return st.norm(v["loc"], v["scale"])
        case "laplace":
            return st.laplace(v["loc"], v["scale"])
        case "studentt":
            return st.t(v["df"], v["loc"], v["scale"])
        case "lognormal":
            return st.lognorm(v["scale"], scale=np.exp(v["loc"]))
        case "gamma":
            return st.gamma(v["shape"], scale=v["mean"] / v["shape"])
        case "exponential":
            return st.expon(scale=v["mean"])
        case "beta":
            return st.beta(v["mean"] * v["precision"], (1 - v["mean"]) * v["precision"])
        case "bernoulli":
            return st.bernoulli(v["probs"])
        case "poisson":
            return st.poisson(v["mean"])
        case "conwaymaxwellpoisson":
            return tabulated.ConwayMaxwellPoisson(**v)
        case "generalisedpoisson":
            return tabulated.GeneralisedPoisson(**v)
        case "generalisedgamma":
            power = np.exp(v["loc"] + v["scale"] * 2.0 * np.log(np.abs(v["shape"])) / v["shape"])
            return st.gengamma(v["shape"] ** -2.0, v["shape"] / v["scale"], scale=power)
        case "skewnormal":
            return tabulated.SkewNormal(v["skewness"], v["loc"], v["scale"])
        case "vonmises":
            return tabulated.VonMises(v["concentration"], v["loc"])
        case "negativebinomial":
            return st.nbinom(v["size"], v["size"] / (v["size"] + v["mean"]))
    module, arguments = registry.specification(name).scipy
    return getattr(st, module)(**arguments(**v))
