"""Families of which a row of y is several numbers: losses and rows that are held against their textbooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import likely
from likely.compositions import COMPOSITIONS
from oracles import compositions, multivariatenormal, rankings
from oracles.vectors import VectorTruth

COUNTS = {"Dirichlet": 2, "Multinomial": 3, "DirichletMultinomial": 2}


@dataclass(frozen=True)
class Case:
    """One family at rows y (n, m) and raw (n, k)."""

    family: Any
    truth: VectorTruth
    y: np.ndarray
    raw: np.ndarray
    of: str = ""

    def __str__(self) -> str:
        return f"{self.family!r}{self.of}"


def cases() -> Iterator[Case]:
    """One of every family and a few sizes."""
    for d, count in ((2, 10), (3, 3)):
        truth = multivariatenormal.textbook(d)
        yield Case(likely.MultivariateNormal(d), truth, *multivariatenormal.points(d, count))
    for name, k in COUNTS.items():
        given = {} if name == "Multinomial" else {"precision": likely.predicted}
        rows = compositions.points(name, k, 2)
        yield Case(COMPOSITIONS[name](k, **given), compositions.textbook(name, k), *rows)
    for ranks in rankings.RANKINGS:
        rows = rankings.points(ranks)
        shown = " ".join("–" if np.isnan(rank) else f"{rank:.0f}" for rank in ranks)
        yield Case(
            likely.PlackettLuce(len(ranks)), rankings.textbook(ranks), *rows, f" ranks {shown}"
        )
