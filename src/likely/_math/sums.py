"""Every sum over an index that a formula may have, by the name of its operation."""

from collections.abc import Mapping

# Imported for the series that they make.
from likely._math.com_poisson import atoms as com_poisson  # noqa: F401
from likely._math.com_poisson import tails as com_poisson_tails  # noqa: F401
from likely._math.compound_poisson import density as compound_poisson  # noqa: F401
from likely._math.series import SERIES, Series
from likely._math.tails import count_steps  # noqa: F401
from likely._math.tails import generalised_poisson as generalised_poisson_tails  # noqa: F401

SUMS: Mapping[str, Series] = SERIES
