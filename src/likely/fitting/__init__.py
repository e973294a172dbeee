"""Floor 3b: minimise a loss. Fitting sees a loss per row, never a family.

- ``fit_linear(loss, X, designs, response, start=…)`` → ``FitResult``: linear predictors of k raw
  columns.
- ``fit_constant(loss, response, start=…)`` → ``FitResult``: k numbers shared by all rows.
- ``approaching(loss, X, designs, response, coefficients, steps=…)``: a way of some steps, no certificate;
  ``together(ways)`` → ``Reached`` of each.
- ``Design(columns, intercept)`` per raw column; ``Response(y, weight, offset)``; ``Loss``, the
  protocol.
- ``moments(y, weight, statistics)`` → ``Moments``: mergeable statistics for closed-form fits.
- ``coefficient_table(terms, estimates, covariance)`` → rows of estimate, standard error, z, p,
  interval.
- ``Status`` and ``ConvergenceWarning``: why a fit stopped.
"""

from likely.fitting.approach import Reached, approaching
from likely.fitting.closed_form import Moments, moments
from likely.fitting.constant import fit_constant
from likely.fitting.linear import fit_linear
from likely.fitting.problem import Design, Loss, Response
from likely.fitting.result import ConvergenceWarning, FitResult, Status
from likely.fitting.table import TableRow, coefficient_table
from likely.fitting.ways import together

__all__ = [
    "ConvergenceWarning",
    "Design",
    "FitResult",
    "Loss",
    "Moments",
    "Reached",
    "Response",
    "Status",
    "TableRow",
    "approaching",
    "coefficient_table",
    "fit_constant",
    "fit_linear",
    "moments",
    "together",
]
