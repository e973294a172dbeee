"""Constants, and the places from which a term is below the last digit."""

from __future__ import annotations

import math

LOG_2 = math.log(2.0)
HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
SQRT_HALF = math.sqrt(0.5)
EULER = 0.5772156649015329  # −digamma(1)
ONE_OVER_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)
ABOVE_MINUS_1 = -1.0 + 2.0**-53
SMALLEST_NORMAL = 2.2250738585072014e-308

# Adding and subtracting 1.5 * 2^31 rounds a number below 2^30 to a multiple of 2^-21.
SPLIT = 1.5 * 2.0**31

#: Below this, x itself may be without digits, and only log x can be relied on.
TINY = 1e-300
#: Below this 1 + n is 1.
FEW = 2.0**-58
#: From here on x/(eˣ − 1) is 0.
OVER = 800.0
