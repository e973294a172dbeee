"""Floor 4: how good predictive distributions were, on rows that were seen.

Every score takes a predictive distribution of n rows, y (n,), and ``sample_weight`` (n,): frequencies,
so that weight 2 is the row twice and weight 0 its absence.
"""

from likely.scoring.classes import accuracy, brier, log_loss
from likely.scoring.intervals import coverage
from likely.scoring.likelihood import mean_nll

__all__ = ["accuracy", "brier", "coverage", "log_loss", "mean_nll"]
