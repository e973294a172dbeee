"""Every sum over an index that a formula may have, by the name of its operation."""

from collections.abc import Mapping

# Imported for the series that they make.
from likely._math import com_poisson, compound_poisson, generalised_poisson_tails  # noqa: F401
from likely._math.series import SERIES, Series

SUMS: Mapping[str, Series] = SERIES
