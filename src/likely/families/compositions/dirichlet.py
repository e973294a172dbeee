"""Dirichlet: shares of a whole, all above 0."""

from functools import cache

from likely._math.atoms import relative_entropy_of, stirling, stirling_curve, stirling_slope
from likely._math.graph import PI, log
from likely.families.base import Specification
from likely.families.compositions.base import PRECISION, RATIO, composition, precision


@cache
def specification(parts: tuple[str, ...], doc: str) -> Specification:
    """Dirichlet of these parts."""
    return composition(
        "Dirichlet",
        doc,
        parts,
        log_density,
        precision,
        PRECISION,
        information,
        entropy,
        whole=False,
    )


def log_density(ys, shares, precision):
    """log p(y), in the numbers of a row, the shares expected and the precision."""
    # κ·KL(μ ‖ y), in terms that cannot be negative, and Stirling's formula for the rest.
    k = len(ys)
    divergence = rest = 0.0
    for y, share, log_share in zip(ys, shares.shares, shares.logs, strict=True):
        divergence = divergence + relative_entropy_of(share, y, share - y, log_share, y.log)
        error = stirling(share * precision, log_share + precision.log)
        rest = rest + (y.log - 0.5 * log_share + error)
    constant = 0.5 * (k - 1.0) * (log(2.0 * PI) - precision.log)
    return stirling(precision, precision.log) - precision * divergence - rest - constant


def information(ratios, shares, precision):
    """Fisher's, from x² ψ′(x) = x + ½ + q(x) at x = κμ and κ."""

    def q(x, log_x):
        return stirling_curve(x, log_x) - stirling_slope(x, log_x)

    k = len(ratios) + 1
    sizes = [share * precision for share in shares.shares]
    errors = [q(size, one + precision.log) for size, one in zip(sizes, shares.logs, strict=True)]
    squares = [size + 0.5 + error for size, error in zip(sizes, errors, strict=True)]
    found = {}
    for i, name in enumerate(ratios):
        slopes = [shares.slope(j, i) for j in range(k)]
        for m, other in enumerate(ratios[: i + 1]):
            found[RATIO + name, RATIO + other] = sum(
                squares[j] * slopes[j] * shares.slope(j, m) for j in range(k)
            )
        found[RATIO + name, "log precision"] = sum(squares[j] * slopes[j] for j in range(k))
    own = sum(errors) - q(precision, precision.log) + 0.5 * (k - 1.0)
    found["log precision", "log precision"] = own
    return found


def entropy(shares, precision):
    """Σ ψ and Σ log Γ with Stirling's leading terms cancelled."""
    k = len(shares.shares)
    slope = stirling_slope(precision, precision.log)
    total = 0.5 * (k - 1.0) * (1.0 + log(2.0 * PI) - precision.log) + slope
    total = total - stirling(precision, precision.log)
    for share, log_share in zip(shares.shares, shares.logs, strict=True):
        size, log_size = share * precision, log_share + precision.log
        own = stirling_slope(size, log_size)
        gap = (own - 0.5) / size - (slope - 0.5) / precision
        total = total + 0.5 * log_share - own + gap + stirling(size, log_size)
    return total
