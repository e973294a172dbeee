"""Every sum over an index that a formula may have, by the name of its operation."""

from collections.abc import Mapping

# Imported for the series that they make.
from likely._math import (  # noqa: F401
    com_poisson,
    com_poisson_tails,
    compound_poisson,
    generalised_poisson_tails,
)
from likely._math.series import SERIES, Series

SUMS: Mapping[str, Series] = SERIES
