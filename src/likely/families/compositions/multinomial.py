"""Multinomial: counts of K kinds among independent trials."""

from likely._math.atoms import count_error, relative_entropy_of
from likely._math.graph import log
from likely.families.base import Specification
from likely.families.compositions.base import Terms, composition
from likely.families.made import made_once


@made_once
def specification(parts: tuple[str, ...], doc: str) -> Specification:
    """Multinomial of these parts."""
    return composition(
        "Multinomial",
        doc,
        parts,
        Terms(part, whole, lambda total, share: 0.0, lambda curves, total, k: (total,)),
        lambda y, weight: {},
        {},
        whole=True,
    )


def part(y, total, share):
    """Its term of n·KL(y/n ‖ μ), the sum of which cannot be negative, and Stirling's formula for the rest."""
    expected = total * share
    divergence = relative_entropy_of(y, expected, y - expected, y.log, log(total) + share.log)
    return divergence, count_error(y)


def whole(sums, total, k):
    """−log p."""
    # The rest is 0 where one kind was seen alone, and the divergence may be tiny.
    divergence, errors = sums
    return divergence + (errors - count_error(total))
