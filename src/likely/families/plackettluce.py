"""PlackettLuce: rankings of items, whole or only their beginning."""

from likely._math.domains import rankings, simplex
from likely.families.base import Distribution, Parameter


class PlackettLuce(Distribution):
    r"""Rankings of m items: elections, races, preferences. Each place goes to one of those left, by their worth.

    .. math:: p(y) = \prod_{s} \frac{\lambda_{(s)}}{\sum_{t \ge s} \lambda_{(t)}}

    where λ₍ₛ₎ is the worth of the item in place s. y (n, m) holds the rank of each item, 1 for the first. NaN is an
    item that was not ranked: it came after all that were (a top-k ranking). Ties are refused. worth λ, a
    probability an item, is that of coming first; its m raw columns are their logarithms, which the model does not
    change when a constant is added to all. The mode is the order of the worths. Two items are Bradley and Terry's.

    Source: Plackett, The analysis of permutations, Applied Statistics 24 (1975), 193-202.
    """

    support = rankings
    vector = "items"
    worth = Parameter(simplex, r"\lambda")

    def log_density(y, worth):
        raise NotImplementedError("all columns at once, in losses/plackettluce.py")
