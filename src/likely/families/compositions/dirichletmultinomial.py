"""DirichletMultinomial: counts of K kinds whose shares vary from row to row."""

from functools import cache

from likely._math.domains import composition_of
from likely._math.urn import log_urn
from likely.families.base import Specification
from likely.families.compositions.base import PRECISION, composition, precision


@cache
def specification(parts: tuple[str, ...], doc: str) -> Specification:
    """DirichletMultinomial of these parts."""
    return composition(
        "DirichletMultinomial",
        doc,
        parts,
        lambda names: composition_of(names, whole=True),
        log_density,
        lambda y, weight: precision(y / y.sum(axis=1, keepdims=True), weight),
        PRECISION,
    )


def log_density(ys, shares, precision):
    """log p(y), in the counts of a row, the shares expected and the precision."""
    return log_urn(sum(ys[1:], ys[0]), ys, shares.shares, shares.logs, precision)
