"""Multinomial: counts of K kinds among independent trials."""

from functools import cache

from likely._math.atoms import log_factorial_error, relative_entropy_of
from likely._math.graph import log
from likely.families.base import Specification
from likely.families.compositions.base import composition


@cache
def specification(parts: tuple[str, ...], doc: str) -> Specification:
    """Multinomial of these parts."""
    return composition(
        "Multinomial",
        doc,
        parts,
        log_density,
        lambda y, weight: {},
        {},
        whole=True,
    )


def log_density(ys, shares):
    """log p(y), in the counts of a row and the shares expected."""
    # n·KL(y/n ‖ μ), in terms that cannot be negative, and Stirling's formula for the rest.
    n = sum(ys[1:], ys[0])
    log_n = log(n)
    total = log_factorial_error(n)
    for y, share, log_share in zip(ys, shares.shares, shares.logs, strict=True):
        expected = n * share
        divergence = relative_entropy_of(y, expected, y - expected, y.log, log_n + log_share)
        total = total - divergence - log_factorial_error(y)
    return total
