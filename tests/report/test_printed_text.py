"""What is printed means what was derived: the Unicode formulas are read back as numbers.

The reader knows the few rules of the printer: a space multiplies, and binds as tightly as a
division; superscripts are powers; ``log m`` takes the next factor.
"""

import math
import re

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy.special import digamma, expit, gamma, gammaln, i0, i1, ndtr

from likely import Family, Parameter, positive, positive_counts, unit_interval
from likely.families.registry import modules, specification
from likely.links.catalogue import LINKS, default_link, links_for
from likely.losses.composed import Slot
from likely.losses.nll import NegativeLogLikelihood
from likely.math import log
from likely.report.explain import explain
from oracles.com_poisson import state

SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ʸᵏˢᵐⁿˣᶠᶜ", "0123456789-yksmnxfc", strict=True))
FRACTIONS = {"½": 1 / 2, "¼": 1 / 4, "¾": 3 / 4, "⅓": 1 / 3, "⅔": 2 / 3, "⅛": 1 / 8}
FUNCTIONS = {
    "log Γ": gammaln, "log": np.log, "exp": np.exp, "sigmoid": expit, "Γ": gamma, "ψ": digamma,
    "softplus": lambda x: np.log1p(np.exp(x)), "Φ": ndtr, "sign": np.sign, "arctan": np.arctan,
    "arsinh": np.arcsinh, "sin": np.sin, "cos": np.cos, "I₀": i0, "I₁": i1,
    "√": np.sqrt,
}  # fmt: skip


#: Functions of a mean and ν, by their name in print: what the logarithm of is known.
OF_MEAN = {"λ": "log_rate", "Z": "log_total"}


def moments(mean, nu):
    """Moments of Conway and Maxwell's Poisson as they are printed."""
    with mp.workdps(20):
        found = state(mpf(mean), mpf(nu), 20)
        return {
            "var[y]": float(mp.fsum(p * a * a for p, a, _ in found.terms)),
            "cov[y, log y!]": float(mp.fsum(p * a * b for p, a, b in found.terms)),
            "E[log y!]": float(found.mean_log),
        }


class Reader:
    """Recursive descent over one line of text; ``names`` gives the symbols' values."""

    def __init__(self, text, names):
        self.text, self.at = text, 0
        self.names = sorted(names.items(), key=lambda item: -len(item[0]))

    def eat(self, token):
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def sum(self):
        value = -self.product() if self.eat("− ") or self.eat("−") else self.product()
        while True:
            if self.eat(" + "):
                value += self.product()
            elif self.eat(" − "):
                value -= self.product()
            else:
                return value

    def product(self):
        value = self.power()
        while True:
            if self.eat(" · "):
                value *= self.power()
            elif self.eat("/"):
                value /= self.power()
            elif re.match(r" ?[^ )|+−/·=,\]]| \|", self.text[self.at :]):
                self.eat(" ")
                value *= self.power()
            else:
                return value

    def power(self):
        value = self.atom()
        while True:
            if self.eat("!"):
                value = gamma(value + 1)
            elif self.eat("^("):
                value **= self.sum()
                assert self.eat(")")
            elif self.eat("^"):
                value **= self.atom()
            elif match := re.match(f"[{''.join(SUPERSCRIPTS)}]+", self.text[self.at :]):
                self.at += match.end()
                inner = "".join(SUPERSCRIPTS[c] for c in match[0])
                value **= Reader(
                    inner.replace("-", " − ").removeprefix(" "), dict(self.names)
                ).sum()
            else:
                return value

    def atom(self):
        for name, function in FUNCTIONS.items():
            if self.eat(name):
                self.eat(" ")
                if name in ("√", "log"):  # also of a bare factor
                    return function(self.atom_with_factorial())
                return function(self.atom())
        if self.eat("(Σⱼ "):
            start, value = self.at, 0.0
            for j in range(1, 100):
                term = Reader(self.text, dict(self.names) | {"j": float(j)})
                term.at = start
                value += term.product()
            self.at = term.at
            assert self.eat(")")
            return value
        for name, part in OF_MEAN.items():
            if self.eat(f"{name}("):
                mean, _, nu = self.sum(), self.eat(", "), self.sum()
                assert self.eat(")"), self.text[self.at :]
                return math.exp(getattr(state(mpf(mean), mpf(nu), 20), part))
        if self.eat("("):
            value = self.sum()
            assert self.eat(")"), self.text[self.at :]
            return value
        if self.eat("|"):
            value = abs(self.sum())
            assert self.eat("|")
            return value
        if match := re.match(r"\d+(\.\d+)?", self.text[self.at :]):
            self.at += match.end()
            return float(match[0])
        for name, value in [*FRACTIONS.items(), ("π", math.pi), *self.names]:
            if self.eat(name):
                return value
        raise AssertionError(f"cannot read {self.text[self.at :]!r} in {self.text!r}")

    def atom_with_factorial(self):
        value = self.atom()
        return gamma(value + 1) if self.eat("!") else value


def read(text, names):
    reader = Reader(text, names)
    value = reader.sum()
    assert reader.at == len(text), text[reader.at :]
    return value


def combinations():
    for module in modules():
        spec = specification(module)
        if spec.vector is not None:
            continue
        first = next(iter(spec.parameters))
        for link in links_for(spec.parameters[first].domain):
            for role in ("predicted", "shared"):
                slots = [
                    Slot(n, n, role if p.shared or n == "scale" else "predicted",
                         link if n == first else default_link(p.domain))
                    for n, p in spec.parameters.items()
                ]  # fmt: skip
                usual = link is default_link(spec.parameters[first].domain)
                if role == "predicted" or (usual and any(s.role == "shared" for s in slots)):
                    yield pytest.param(
                        NegativeLogLikelihood(spec, slots), id=f"{module}-{link.name}-{role}"
                    )


@pytest.mark.parametrize("loss", list(combinations()))
def test_printed_formulas_have_the_values_of_the_loss(loss):
    explanation = explain(loss)
    d = explanation.derivation
    y, raw = 0.4, 0.7 + 0.3 * np.arange(loss.columns)
    if loss.specification.support.integer:
        y = 1.0
    theta = {s.of: float(s.link.inverse(r)) for s, r in zip(loss.free, raw, strict=True)}
    if loss.outside(raw[:, None]).any():
        pytest.skip("a partial link, outside its domain at this point")
    nll, gradient, _ = loss.evaluate(np.array([y]), raw[:, None], 1)
    names = {"y": y} | {d.theta[n].name: v for n, v in theta.items()}
    if loss.specification.name == "ConwayMaxwellPoisson":
        names |= moments(**theta)
    names |= {d.raw[s.of].name: r for s, r in zip(loss.free, raw, strict=True)}

    by_title = {step.title.split()[0]: step for step in explanation.steps}
    density = by_title["Choose"].lines[0].right
    assert read(density, names) == pytest.approx(math.exp(-nll[0]), rel=1e-9)
    log_density = by_title["Take"].lines[0].right
    assert read(log_density, names) == pytest.approx(-nll[0], rel=1e-9, abs=1e-12)
    for j, line in enumerate(by_title["Its"].lines):
        for shown in line.right.split(" = "):
            assert read(shown, names) == pytest.approx(gradient[j, 0], rel=1e-8, abs=1e-10)

    rows = {f"{n}ᵢ": v for n, v in names.items()} | names
    rows |= {f"{d.raw[s.of].name}(xᵢ, φ)": r for s, r in zip(loss.free, raw, strict=True)}
    values = []
    for line in by_title["What"].lines:
        body = line.right.removeprefix("Σᵢ ")
        body = body[2:-2] if body.startswith("[ ") else body
        values.append(read(body, rows))
    for value in values:
        assert value == pytest.approx(values[0], rel=1e-9, abs=1e-12)


def test_reader_itself():
    assert read("−½ (a + 1)²/(2 b) · exp(−c)", {"a": 1.0, "b": 2.0, "c": 0.5}) == pytest.approx(
        -0.5 * 4 / 4 * math.exp(-0.5)
    )
    assert read("log m − y log(1 + m)", {"m": 2.0, "y": 3.0}) == pytest.approx(
        math.log(2) - 3 * math.log(3)
    )
    assert len(LINKS) > 10


def test_numbers_of_many_digits_are_printed_with_six():
    class Speeds(Family):
        """Speeds."""

        support = positive
        scale = Parameter(positive)

        def log_density(y, scale):
            z = y / scale
            return -0.225791352644727 + 2.0 * y.log - 0.123456789012345 * (z * z) - 3.0 * scale.log

    explained = Speeds().explain()
    for shown in (str(explained), explained.latex):
        assert "0.123457" in shown
        assert not re.search(r"\d{9}", shown)


def test_a_factor_that_begins_with_a_minus_is_in_brackets():
    class Species(Family):
        """Numbers of individuals of a species."""

        support = positive_counts
        probs = Parameter(unit_interval)

        def log_density(y, probs):
            return y * probs.log - log(y) - log(-probs.log1m)

    explained = Species().explain()
    assert "λʸ/(y (−log(1 − λ)))" in str(explained)
    assert r"y \, \left(-\log\left(1 - \lambda\right)\right)" in explained.latex
