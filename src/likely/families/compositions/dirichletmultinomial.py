"""DirichletMultinomial: counts of K kinds whose shares vary from row to row."""

from functools import cache

from likely._math.atoms import (
    negative_binomial_deviance,
    negative_binomial_factorial,
    stirling,
    stirling_of_sum,
)
from likely._math.graph import log, where
from likely.families.base import Specification
from likely.families.compositions.base import PRECISION, composition, precision


@cache
def specification(parts: tuple[str, ...], doc: str) -> Specification:
    """DirichletMultinomial of these parts."""
    return composition(
        "DirichletMultinomial",
        doc,
        parts,
        log_density,
        lambda y, weight: precision(y / y.sum(axis=1, keepdims=True), weight),
        PRECISION,
        whole=True,
    )


def log_density(ys, shares, precision):
    """log p(y), in the counts of a row, the shares expected and the precision."""
    # That of negative binomials with sizes κμ and means nμ, given that they sum to n; their deviances cannot be
    # negative, and nothing cancels as κ → ∞.
    n = sum(ys[1:], ys[0])
    log_n = log(n)
    total = _stirling(n, precision, precision.log)
    for y, share, log_share in zip(ys, shares.shares, shares.logs, strict=True):
        size, log_size = share * precision, log_share + precision.log
        deviance = negative_binomial_deviance(y, n * share, size, log_n + log_share, log_size)
        total = total - deviance - where(y > 0.0, _stirling(y, size, log_size), 0.0)
    return total


def _stirling(y, s, log_s):
    """What Stirling's formula leaves of log(y! Γ(s)/Γ(s + y)), y ≥ 1."""
    return (
        negative_binomial_factorial(y, s, log_s) + stirling(s, log_s) - stirling_of_sum(y, s, log_s)
    )
