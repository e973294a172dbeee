"""Losses written by hand in NumPy, independent of the library's formulas."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit, gammaln, log_expit, logsumexp, polygamma, psi, softmax

FITS = Path(__file__).parents[1] / "data" / "fits"


class Mock:
    smooth = True
    curvature_kinds = ("observed",)
    kernel_kinds = curvature_kinds

    @property
    def columns(self):
        return len(self.column_names)

    def evaluate(self, y, raw, order, kind="observed"):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            nll = self.nll(y, raw)
            gradient = self.gradient(y, raw) if order >= 1 else None
            curvature = None
            if order >= 2:
                curvature = (self.hessian if kind == "observed" else self.fisher)(y, raw)
        return nll, gradient, curvature


class Poisson(Mock):
    column_names = ("mean",)
    curvature_kinds = ("observed", "expected")
    kernel_kinds = curvature_kinds

    def nll(self, y, raw):
        return np.exp(raw[0]) - y * raw[0] + gammaln(y + 1.0)

    def gradient(self, y, raw):
        return (np.exp(raw[0]) - y)[None]

    def hessian(self, y, raw):
        return np.exp(raw[0])[None]

    fisher = hessian


class IdentityPoisson(Mock):
    """A partial link: the mean itself is linear, and must stay positive."""

    column_names = ("mean",)

    def nll(self, y, raw):
        return np.where(raw[0] > 0, raw[0] - y * np.log(raw[0]) + gammaln(y + 1.0), np.inf)

    def gradient(self, y, raw):
        return (1.0 - y / raw[0])[None]

    def hessian(self, y, raw):
        return (y / raw[0] ** 2)[None]


class Bernoulli(Mock):
    column_names = ("probs",)
    curvature_kinds = ("observed", "expected")
    kernel_kinds = curvature_kinds

    def nll(self, y, raw):
        return -(y * log_expit(raw[0]) + (1 - y) * log_expit(-raw[0]))

    def gradient(self, y, raw):
        return (expit(raw[0]) - y)[None]

    def hessian(self, y, raw):
        return (expit(raw[0]) * expit(-raw[0]))[None]

    fisher = hessian


class Normal(Mock):
    column_names = ("loc", "scale")
    curvature_kinds = ("observed", "expected")
    kernel_kinds = curvature_kinds

    def nll(self, y, raw):
        z = (y - raw[0]) * np.exp(-raw[1])
        return 0.5 * z * z + raw[1] + 0.5 * np.log(2 * np.pi)

    def gradient(self, y, raw):
        inverse = np.exp(-raw[1])
        z = (y - raw[0]) * inverse
        return np.stack([-z * inverse, 1.0 - z * z])

    def hessian(self, y, raw):
        inverse = np.exp(-raw[1])
        z = (y - raw[0]) * inverse
        return np.stack([inverse * inverse, 2 * z * inverse, 2 * z * z])

    def fisher(self, y, raw):
        inverse = np.exp(-raw[1])
        return np.stack([inverse * inverse, 0 * inverse, 0 * inverse + 2.0])


class NegativeBinomial(Mock):
    column_names = ("mean", "size")

    def nll(self, y, raw):
        m, r = np.exp(raw)
        choose = gammaln(y + r) - gammaln(r) - gammaln(y + 1)
        return -choose + r * np.log1p(m / r) + y * (np.log(r + m) - raw[0])

    def gradient(self, y, raw):
        m, r = np.exp(raw)
        first = r * (m - y) / (r + m)
        second = -(psi(y + r) - psi(r)) + np.log1p(m / r) + (y - m) / (r + m)
        return np.stack([first, r * second])

    def hessian(self, y, raw):
        m, r = np.exp(raw)
        mm = r * m * (r + y) / (r + m) ** 2
        mr = r * m * (m - y) / (r + m) ** 2
        d = -(psi(y + r) - psi(r)) + np.log1p(m / r) + (y - m) / (r + m)
        dd = -(polygamma(1, y + r) - polygamma(1, r)) - m / r / (r + m) - (y - m) / (r + m) ** 2
        return np.stack([mm, mr, r * d + r * r * dd])


class Laplace(Mock):
    column_names = ("loc", "scale")
    smooth = False

    def nll(self, y, raw):
        return np.abs(y - raw[0]) * np.exp(-raw[1]) + np.log(2.0) + raw[1]

    def gradient(self, y, raw):
        z = (y - raw[0]) * np.exp(-raw[1])
        return np.stack([-np.sign(z) * np.exp(-raw[1]), 1.0 - np.abs(z)])

    def hessian(self, y, raw):
        z = np.abs(y - raw[0]) * np.exp(-raw[1])
        return np.stack([0 * z, np.sign(y - raw[0]) * np.exp(-raw[1]), z])


class Categorical(Mock):
    shift_invariant = True

    def __init__(self, classes):
        self.column_names = tuple(f"probs[{j}]" for j in range(classes))

    def nll(self, y, raw):
        return logsumexp(raw, axis=0) - raw[y.astype(int), np.arange(y.size)]

    def gradient(self, y, raw):
        p = self.probs(raw)
        p[y.astype(int), np.arange(y.size)] -= 1.0
        return p

    def hessian(self, y, raw):
        p = self.probs(raw)
        k = self.columns
        return np.stack([(i == j) * p[i] - p[i] * p[j] for i in range(k) for j in range(i + 1)])

    def curvature_product(self, y, raw, v):
        p = self.probs(raw)
        return p * (v - (p * v).sum(axis=0))

    @staticmethod
    def probs(raw):
        return softmax(raw, axis=0)


@pytest.fixture(scope="session")
def losses():
    return SimpleNamespace(
        Poisson=Poisson,
        IdentityPoisson=IdentityPoisson,
        Bernoulli=Bernoulli,
        Normal=Normal,
        NegativeBinomial=NegativeBinomial,
        Laplace=Laplace,
        Categorical=Categorical,
    )


@pytest.fixture(scope="session")
def published():
    """A fit with known answer: its description and the columns of its data."""

    def read(case):
        info = json.loads((FITS / f"{case}.json").read_text())
        with (FITS / f"{case}.csv").open() as file:
            rows = list(csv.DictReader(file))
        return info, {name: np.array([float(r[name]) for r in rows]) for name in rows[0]}

    return read
