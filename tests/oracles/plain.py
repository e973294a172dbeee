"""Families as a user writes them down: a density and nothing else."""

from likely import Family, Parameter, counts, positive
from likely.math import log


class Amounts(Family):
    """Lives without a memory."""

    support = positive
    mean = Parameter(positive)

    def log_density(y, mean):
        return -mean.log - y / mean


class Numbers(Family):
    """Failures without a memory."""

    support = counts
    mean = Parameter(positive)

    def log_density(y, mean):
        return y * mean.log - (y + 1.0) * log(1.0 + mean)
