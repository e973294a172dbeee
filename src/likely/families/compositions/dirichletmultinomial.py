"""DirichletMultinomial: counts of K kinds whose shares vary from row to row."""

from likely._math.atoms import (
    digamma_rise,
    rising_curve,
    rising_excess,
    rising_slope,
    trigamma,
    urn_deviance,
    urn_error,
)
from likely._math.graph import exp, log, log1p, where
from likely.families.base import Specification
from likely.families.compositions.base import PRECISION, Terms, composition, precision
from likely.families.made import made_once

#: Nodes and weights of Gauss and Legendre's rule on [0, 1], and the width up to which it keeps 12 digits.
_RULE = ((0.1127016653792583, 5 / 18), (0.5, 8 / 18), (0.8872983346207417, 5 / 18))
_NARROW = 0.1
#: Precisions below which nothing is lost where a kind is rare: there all terms are of the order of κ and 1.
_SMALL = 8.0


@made_once
def specification(parts: tuple[str, ...], doc: str) -> Specification:
    """DirichletMultinomial of these parts."""
    return composition(
        "DirichletMultinomial",
        doc,
        parts,
        Terms(part, whole, apart=apart),
        _start,
        PRECISION,
        whole=True,
    )


def _start(y, weight):
    """By the shares of the rows that have trials; at most their number, far beyond which the loss is flat."""
    total = y.sum(axis=1)
    rows = total > 0.0
    found = precision(y[rows] / total[rows, None], weight[rows])
    return {name: min(value, float(total.max())) for name, value in found.items()}


def part(y, total, share, precision):
    """Its term, whether the kind was seen, and the logarithm of its share if so."""
    size, log_size = share * precision, share.log + precision.log
    # Where κ is large, that of negative binomials with sizes κμ and means nμ, given that they sum to n; their deviances
    # cannot be negative, and nothing cancels as κ → ∞. A single count says nothing about κ, so that of a kind seen once
    # what deviance and error have in common is left out.
    few, log_total = y < 2.0, log(total)
    again = where(few, 0.0, y)
    deviance = urn_deviance(again, share, total, precision, share.log, log_total, precision.log)
    once = y * (log1p(total / precision) - share.log - log_total)
    large = deviance + where(few, once, urn_error(y, size, log_size))
    seen = y > 0.0
    # Where it is small, y! Γ(x)/Γ(x + y) is y/x but for a factor that tends to 1.
    small = where(seen, log(y) - share.log - rising_excess(y, size, log_size), 0.0)
    return (
        where(_small(total, precision), small, large),
        where(seen, 1.0, 0.0),
        where(seen, share.log, 0.0),
    )


def apart(y, other, total, share, other_share, precision):
    """Where κ is small, or the other count at most 1, and there ∂²/∂log μ ∂log κ of the terms over μ, less the other's.

    They are −κ times sums h(y, κμ) of i/(κμ + i)² over i < y. Of equal counts these are nearly equal, and what is left
    of the second derivatives is of order κ²: where κ is small harmonic numbers are taken off each other before κ
    multiplies them. Of a count of at most 1 nothing is summed.
    """
    small = _small(total, precision)
    drawn, also = (where(v > 1.0, v, 1.0) for v in (y, other))
    gap = digamma_rise(also, drawn - also)
    gap = gap - (_short(drawn, share * precision) - _short(also, other_share * precision))
    size, log_size = share * precision, share.log + precision.log
    alone = -rising_curve(y, size, log_size) / share
    close = where(small, small, other < 2.0)
    return close, where(small, -precision * gap, alone)


def _short(y, x):
    # Σ 1/i − i/(x + i)² over i < y: what h is less than the harmonic number
    found = digamma_rise(1.0, x) - digamma_rise(y, x) + x * (trigamma(1.0 + x) - trigamma(x + y))
    return where(y > 1.0, found, 0.0)


def whole(sums, total, k, precision):
    """−log p."""
    terms, kinds, log_shares = sums
    n, log_size = total, precision.log
    large = terms - urn_error(n, precision, log_size)
    small = terms - log(n) - (kinds - 1.0) * log_size + rising_excess(n, precision, log_size)
    # A kind that was alone, and nearly certain to be: the loss Σ log((κ + i)/(κμ + i)) is a mean over sizes
    # from κμ to κ, of which none cancels.
    width = -log_shares
    rise = 0.0
    for at, weight in _RULE:
        log_x = log_size - at * width
        rise = rise + weight * rising_slope(n, exp(log_x), log_x)
    alone = where(kinds == 1.0, width < _NARROW, kinds == 1.0)
    near = width + width * rise
    some = where(alone, near, where(_small(n, precision), small, large))
    # No trials have one outcome.
    return where(n > 0.0, some, 0.0)


def _small(n, precision):
    """Where κ is, and where it does not matter."""
    return where(n <= 1.0, n <= 1.0, precision < _SMALL)
