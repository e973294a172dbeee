"""DirichletMultinomial: counts of K kinds whose shares vary from row to row."""

from functools import cache

from likely._math.atoms import (
    negative_binomial_factorial,
    relative_entropy_of,
    stirling,
    stirling_of_sum,
)
from likely._math.domains import composition_of
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
        lambda names: composition_of(names, whole=True),
        log_density,
        lambda y, weight: precision(y / y.sum(axis=1, keepdims=True), weight),
        PRECISION,
    )


def log_density(ys, shares, precision):
    """log p(y), in the counts of a row, the shares expected and the precision."""
    # n·KL(y/n ‖ m) + κ·KL(μ ‖ m) with m = (y + κμ)/(n + κ): nothing cancels as κ → ∞, where m is μ.
    n = sum(ys[1:], ys[0])
    whole = n + precision
    weight_of_precision, weight_of_n = precision / whole, n / whole
    log_n, log_whole = log(n), log(whole)
    total = _stirling(n, precision, precision.log)
    for y, share, log_share in zip(ys, shares.shares, shares.logs, strict=True):
        prior = share * precision
        log_prior = log_share + precision.log
        log_sum = where(y > 0.0, log(y + prior), log_prior)
        d = (y - n * share) * weight_of_precision
        among = relative_entropy_of(
            y, (y + prior) * weight_of_n, d, y.log, log_sum + (log_n - log_whole)
        )
        between = relative_entropy_of(
            prior,
            (y + prior) * weight_of_precision,
            -d,
            log_prior,
            log_sum + (precision.log - log_whole),
        )
        total = total - among - between - where(y > 0.0, _stirling(y, prior, log_prior), 0.0)
    return total


def _stirling(y, s, log_s):
    """What Stirling's formula leaves of log(y! Γ(s)/Γ(s + y)), y ≥ 1."""
    return (
        negative_binomial_factorial(y, s, log_s) + stirling(s, log_s) - stirling_of_sum(y, s, log_s)
    )
