"""Every sum over an index that a formula may have, by the name of its operation."""

from likely._math import com_poisson, compound_poisson
from likely._math.series import Series

SUMS: dict[str, Series] = {**compound_poisson.SUMS, **com_poisson.SUMS}
