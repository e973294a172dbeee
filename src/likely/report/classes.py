"""The recipe for classes: one-hot sums, softmax and log-sum-exp, for any number of classes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import sympy
from sympy import Expr, IndexedBase, KroneckerDelta, Product, Sum, Symbol

from likely._math.graph import as_node, symbol
from likely.families.view import plain_view
from likely.report import algebra
from likely.report.explanation import Explanation, Line, Step
from likely.report.printing.latex import latex
from likely.report.printing.text import text
from likely.report.sympy_backend import convert


class ClassDerivation:
    """Every step for a family over K classes whose probabilities are softmax(f)."""

    def __init__(self, loss: Any) -> None:
        self.specification = loss.specification
        (self.slot,) = loss.slots
        self.classes = Symbol("K", integer=True, positive=True)
        self.k, self.j = (Symbol(n, integer=True, nonnegative=True) for n in "kj")
        self.y = Symbol("y", integer=True, nonnegative=True)
        self.probabilities = IndexedBase("λ", positive=True)
        self.raw = IndexedBase("f", real=True)

    def over(self, index: Symbol) -> tuple[Symbol, int, Symbol]:
        """The range of a class index."""
        return (index, 0, self.classes - 1)

    @cached_property
    def log_density(self) -> Expr:
        """log p(y | λ): the family's body on the k-th class, `pick` as a sum over a one-hot y."""
        body = self.specification.log_density
        node = as_node(body(plain_view("y", symbol("y")), plain_view("λ", symbol("λ"))))
        pick = lambda y, v: Sum(KroneckerDelta(y, self.k) * v, self.over(self.k))
        symbols = {"y": self.y, "λ": self.probabilities[self.k]}
        return convert([node], symbols, {"pick": pick})[0]

    @cached_property
    def density(self) -> Expr:
        """p(y | λ): exp of a sum is a product of powers."""
        inside = self.log_density.function
        weight, rest = inside.as_independent(sympy.log, as_Add=False)
        return Product(sympy.exp(rest) ** weight, self.over(self.k))

    def softmax(self, index: Symbol) -> Expr:
        """λₖ = exp(fₖ)/Σⱼ exp(fⱼ)"""
        total = Sum(sympy.exp(self.raw[self.j]), self.over(self.j))
        return sympy.exp(self.raw[index]) / total

    @cached_property
    def remaining(self) -> Expr:
        """−log p with the softmax in place: the one-hot sum picks fᵧ and leaves log Σ exp."""
        log_k = algebra.order(sympy.log(self.softmax(self.k))).terms
        picked = [self._picked(term) for term in log_k]
        return -sum(picked)

    def _picked(self, term: Expr) -> Expr:
        """Σₖ [y = k] · term, for 0 ≤ y ≤ K − 1."""
        inside, outside = (term, 1) if term.has(self.raw[self.k]) else (1, term)
        value = Sum(KroneckerDelta(self.y, self.k) * inside, self.over(self.k)).doit()
        return outside * _first_case(value)

    @cached_property
    def gradient(self) -> Expr:
        """∂ℓ/∂fₖ"""
        derivative = sympy.diff(self.remaining, self.raw[self.k])
        return derivative.replace(
            lambda e: isinstance(e, Sum) and e.has(KroneckerDelta), lambda e: _first_case(e.doit())
        )

    @cached_property
    def gradient_in_theta(self) -> Expr:
        """The same with λₖ for the softmax that it contains."""
        return self.gradient.subs(self.softmax(self.k), self.probabilities[self.k])

    @cached_property
    def name(self) -> str:
        """Softmax cross-entropy, if that is what remains."""
        f, j = self.raw, self.j
        known = sympy.log(Sum(sympy.exp(f[j]), self.over(j))) - f[self.y]
        if self.remaining == known:
            return "softmax cross-entropy"
        return f"the negative log-likelihood of {self.specification.name}"


def _first_case(value: Expr) -> Expr:
    return value.args[0][0] if isinstance(value, sympy.Piecewise) else value


def _pinned(loss: Any) -> tuple[Line, ...]:
    """Which raw prediction is 0, where there is a reference class."""
    if not hasattr(loss, "reference_name"):
        return ()
    return (Line("fᵣ", "0", "f_r", "0", f"r is the reference class, {loss.reference_name!r}"),)


def explain_classes(loss: Any, title: str) -> Explanation:
    """The derivation of a loss over classes as an explanation."""
    d = ClassDerivation(loss)
    names = {d.y: "y", d.classes: "K", d.k: "k", d.j: "j"}
    in_rows = {d.y: Symbol("yᵢ", integer=True, nonnegative=True)}
    names[in_rows[d.y]] = "y_i"
    model = IndexedBase("f(xᵢ, φ)", real=True)

    def line(left: str, e: Expr, code: str, why: str = "", rows: bool = False) -> Line:
        if rows:
            e = e.subs(in_rows)
            e = e.replace(lambda q: isinstance(q, sympy.Indexed) and q.base == d.raw,
                          lambda q: model[q.indices])  # fmt: skip
            return Line(left, f"Σᵢ [ {text(e)} ]", code,
                        rf"\sum_i \left[ {latex(e, names)} \right]", why)  # fmt: skip
        return Line(left, text(e), code, latex(e, names), why)

    summary = line("L(φ)", d.remaining, r"L(\varphi)", rows=True)
    doc = d.specification.doc.strip().split("\n", 1)[0]
    steps = (
        Step(
            f"Choose a distribution for y: {d.specification.name}",
            (line("p(y | λ)", d.density, r"p(y \mid \lambda)", f"y in {d.specification.support.symbol}, Σₖ λₖ = 1"),),
            f"{doc}\n[y = k] is 1 where y is class k and 0 elsewhere: a one-hot y.",
        ),
        Step(
            "Predict its parameters with the model, through the links",
            (line("λₖ", d.softmax(d.k), r"\lambda_k",
                  f"{d.slot.parameter}: predicted from x, softmax link"), *_pinned(loss)),
            "fₖ = fₖ(xᵢ, φ) is one raw prediction a class. Adding one number to all of them "
            "changes nothing."
            if not hasattr(loss, "reference_name")
            else "fₖ = fₖ(xᵢ, φ) is one raw prediction for each of the other classes: its log odds against the "
            "reference, log(λₖ/λᵣ).",
        ),
        Step(
            "Take the logarithm, which turns products into sums and does not underflow",
            (line("log p(y | λ)", d.log_density, r"\log p(y \mid \lambda)"),),
        ),
        Step(
            "Sum over the rows and change the sign",
            (
                Line("L(φ)", "−Σᵢ log p(yᵢ | f(xᵢ, φ))", r"L(\varphi)",
                     r"-\sum_i \log p(y_i \mid f(x_i, \varphi))"),
                Line("", f"Σᵢ [ {text(-d.log_density.subs(in_rows))} ]", "",
                     rf"\sum_i \left[ {latex(-d.log_density.subs(in_rows), names)} \right]"),
            ),
            "Rows are independent given x, so their probabilities multiply; minus, to minimise. "
            "Every term depends on φ: nothing is dropped.",
        ),
        Step("What remains: the one-hot sum picks the class that was seen", (summary,)),
        Step(
            "Its gradient in the raw predictions, for one row",
            (
                line("∂ℓ/∂fₖ", d.gradient_in_theta, r"\frac{\partial \ell}{\partial f_k}",
                     "λₖ = softmax(f)ₖ"),
            ),
            "ℓ is the whole loss of one row.",
        ),
        Step(
            "Infer: the most probable y",
            (Line("ŷ", "argmaxₖ λₖ = argmaxₖ fₖ", r"\hat y",
                  r"\arg\max_k \lambda_k = \arg\max_k f_k", "of ties, the first"),),
            "Or return the whole distribution p(y | f(x, φ̂)): all the λₖ.",
        ),
        Step(
            "What it is called",
            (),
            "Softmax cross-entropy, or multiclass cross-entropy, in its log-sum-exp form. With two "
            "classes it is binary cross-entropy of f₁ − f₀."
            if d.name == "softmax cross-entropy"
            else f"{d.name[0].upper()}{d.name[1:]}.",
        ),
    )  # fmt: skip
    return Explanation(title, steps, d.name, summary, d)
