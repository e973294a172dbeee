"""Weights of several kinds by their odds against the first: Mixture's components, and Inflated's points."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from likely._math.atoms import logaddexp, softplus
from likely._math.graph import Node
from likely.families.base import View


def log_weights(odds: Sequence[View]) -> list[Node]:
    """log w_j of every kind, the first with odds 1: each against all the others, none is one minus the rest."""
    logs = [0.0, *(o.log for o in odds)]
    return [
        -softplus(reduce(logaddexp, [k - level for i, k in enumerate(logs) if i != j]))
        if len(logs) > 2
        else -softplus(logs[1 - j] - level)
        for j, level in enumerate(logs)
    ]
