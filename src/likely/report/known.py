"""Losses that have a name, as formulas: a derived loss is compared with each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations

from sympy import Abs, Expr, Symbol, log

from likely.report.algebra import same

Formula = Callable[..., Expr]


@dataclass(frozen=True)
class KnownLoss:
    """One row's loss in y and the parameters that the model learns."""

    name: str
    parameters: int
    formula: Formula
    note: str = ""


KNOWN: tuple[KnownLoss, ...] = (
    KnownLoss("sum of squares", 1, lambda y, a: (y - a) ** 2, "least squares"),
    KnownLoss(
        "sum of squares of log y",
        1,
        lambda y, a: (log(y) - a) ** 2,
        "least squares on the logarithm",
    ),
    KnownLoss(
        "heteroscedastic Gaussian loss",
        2,
        lambda y, a, b: log(b) + (y - a) ** 2 / (2 * b**2),
        "heteroscedastic regression: the spread is predicted as well",
    ),
    KnownLoss("sum of absolute errors", 1, lambda y, a: Abs(y - a), "least absolute deviations"),
    KnownLoss(
        "heteroscedastic Laplace loss",
        2,
        lambda y, a, b: log(b) + Abs(y - a) / b,
        "absolute error with a predicted spread",
    ),
    KnownLoss(
        "binary cross-entropy",
        1,
        lambda y, a: -y * log(a) - (1 - y) * log(1 - a),
        "logistic regression where the link is logit",
    ),
    KnownLoss(
        "Poisson log loss",
        1,
        lambda y, a: a - y * log(a),
        "half the Poisson deviance, up to terms in y alone",
    ),
    KnownLoss(
        "Gamma log loss",
        1,
        lambda y, a: y / a + log(a),
        "half the Gamma deviance, up to terms in y alone",
    ),
    KnownLoss(
        "inverse Gaussian deviance", 1, lambda y, a: (y - a) ** 2 / (a**2 * y), "the unit deviance"
    ),
)


def recognise(remaining: Expr, y: Symbol, learned: Sequence[Symbol]) -> KnownLoss | None:
    """The known loss that ``remaining`` equals, with its parameters among the learned ones."""
    present = [s for s in learned if remaining.has(s)]
    for known in KNOWN:
        if known.parameters != len(present):
            continue
        for order in permutations(present):
            if same(remaining, known.formula(y, *order)):
                return known
    return None
