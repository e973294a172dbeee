"""Dirichlet: shares of a whole, all above 0."""

from likely._math.atoms import relative_entropy_of, stirling, stirling_curve, stirling_slope
from likely._math.graph import PI, log
from likely.families.base import Specification
from likely.families.compositions.base import PRECISION, Terms, composition, precision
from likely.families.made import made_once


@made_once
def specification(parts: tuple[str, ...], doc: str) -> Specification:
    """Dirichlet of these parts."""
    return composition(
        "Dirichlet",
        doc,
        parts,
        Terms(part, whole, curve, information),
        precision,
        PRECISION,
        entropy,
        whole=False,
    )


def part(y, total, share, precision):
    """Its term of κ·KL(μ ‖ y), the sum of which cannot be negative, and Stirling's formula for the rest."""
    divergence = relative_entropy_of(share, y, share - y, share.log, y.log)
    error = stirling(share * precision, share.log + precision.log)
    return (precision * divergence + (y.log - 0.5 * share.log + error),)


def whole(sums, total, k, precision):
    """−log p."""
    constant = 0.5 * (k - 1.0) * (log(2.0 * PI) - precision.log)
    return sums[0] + constant - stirling(precision, precision.log)


def curve(total, share, precision):
    """½ + q(x) at x = κμ, from x² ψ′(x) = x + ½ + q(x)."""
    return 0.5 + _q(share * precision, share.log + precision.log)


def information(curves, total, k, precision):
    """κ, and Σ (½ + q(κμⱼ)) − ½ − q(κ)."""
    return precision, curves - 0.5 - _q(precision, precision.log)


def _q(x, log_x):
    return stirling_curve(x, log_x) - stirling_slope(x, log_x)


def entropy(shares, precision):
    """Σ ψ and Σ log Γ with Stirling's leading terms cancelled."""
    k = len(shares)
    slope = stirling_slope(precision, precision.log)
    total = 0.5 * (k - 1.0) * (1.0 + log(2.0 * PI) - precision.log) + slope
    total = total - stirling(precision, precision.log)
    for share in shares:
        size, log_size = share * precision, share.log + precision.log
        own = stirling_slope(size, log_size)
        gap = (own - 0.5) / size - (slope - 0.5) / precision
        total = total + 0.5 * share.log - own + gap + stirling(size, log_size)
    return total
