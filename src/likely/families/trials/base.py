"""The three forms of a family over trials: the number n beside each y, one n for all rows, or n as a parameter.

A family's file writes its formulas with ``trials`` as the last parameter. It is never learned: here it becomes
a second column of y, or a constant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from likely._math.domains import successes_of, successes_of_trials
from likely._math.graph import as_node, where
from likely.families.base import Array, Body, Part, Rows, Specification, Structure
from likely.families.compositions.base import precision
from likely.families.made import made_once

TRIALS = "trials"
#: Why y may say nothing about how much a probability varies.
SINGLE = "no row has more than one trial"


@made_once
def with_column(plain: Specification) -> Specification:
    """y is (successes, trials) in every row; what is predicted is the distribution of one trial."""

    def log_density(successes, trials, *theta):
        return plain.log_density(successes, *theta, trials)

    def information(trials, *theta):
        return plain.formulas["expected_information"](*theta, trials)

    formulas = (
        {"expected_information": information} if "expected_information" in plain.formulas else {}
    )
    own = _precision if "precision" in plain.parameters else lambda y, weight: {}
    single = with_constant(plain, 1)
    return Specification(
        name=plain.name,
        doc=plain.doc,
        support=successes_of_trials,
        parameters=single.parameters,
        alternatives={},
        log_density=log_density,
        formulas=formulas,
        structure=Structure("Trials", (Part(single),), _rows, own, bounded(plain), silent=SINGLE),
    )


@made_once
def with_constant(plain: Specification, trials: int) -> Specification:
    """y is the number of successes among so many trials, the same number in all rows."""
    n = float(trials)
    formulas: dict[str, Body] = {}
    for name, body in plain.formulas.items():
        if name == "sample":
            formulas[name] = lambda rng, size, *theta, body=body: body(rng, size, *theta, n)
        elif name in ("sufficient", "start"):
            formulas[name] = body
        elif name == "maximum_likelihood":
            formulas[name] = lambda moments, body=body: body(moments, n)
        else:
            formulas[name] = _closed(body, n)
    return Specification(
        name=f"{plain.name}(trials={trials})",
        doc=plain.doc,
        support=successes_of(trials),
        parameters={k: p for k, p in plain.parameters.items() if k != TRIALS},
        alternatives={},
        log_density=_closed(plain.log_density, n),
        formulas=formulas,
        means_suffice=plain.means_suffice,
        printed=None if plain.printed is None else _closed(plain.printed, n),
    )


@made_once
def bounded(plain: Specification) -> Specification:
    """With the number of trials as a parameter, which may differ by row: beyond it the probability is 0."""

    def log_density(y, *theta):
        return where(theta[-1] < y, -float("inf"), plain.log_density(y, *theta))

    formulas = {**plain.formulas, "upper": lambda *theta: theta[-1]}
    return replace(plain, log_density=log_density, formulas=formulas)


def _closed(body: Body, n: float) -> Callable[..., Any]:
    return lambda *given: body(*given, as_node(n))


def _rows(part: int, y: Array, weight: Array | None) -> Rows:
    """Every trial as a row of its own, those of one outcome counted by the weight."""
    w = np.ones(y.shape[0]) if weight is None else weight
    hits, misses = (w * y[:, 0]).sum(), (w * (y[:, 1] - y[:, 0])).sum()
    return np.array([0.0, 1.0]), np.array([misses, hits])


def _precision(y: Array, weight: Array | None) -> dict[str, float]:
    """A start from the shares of successes; single trials know nothing of it."""
    w = np.ones(y.shape[0]) if weight is None else weight
    rows = (y[:, 1] > 1.0) & (w > 0.0)
    if not rows.any():
        return {"precision": np.nan}
    share = y[rows, 0] / y[rows, 1]
    return precision(np.column_stack([share, 1.0 - share]), w[rows])
