"""Rows that say nothing of a mean lie where they like in X."""

import numpy as np
import pytest

from likely import Gamma, Linear, ZeroInflated
from likely.fitting import Status

#: Rural road mileage in 1,000, population density, drivers and fuel of 25 states of the USA, and of the District of
#: Columbia, whose density is 12,524 and whose rural mileage is 0: Venables and Ripley's ``road`` (R package MASS).
ROAD = """
66 64 158 119 5.9 0.4 11 6.2 33 12 91 65 73 34 92 74 118 100 952 105 73 17 109 78 5.1 518 167 95 3.4 226 30 20
0 12524 35 23 57 91 298 216 83 68 203 162 40 8.1 41 29 102 180 544 350 89 129 254 196 100 49 150 109 124 27 136 94
65 76 147 104 40 72 146 109 19 31 46 37 29 314 157 113 17 655 255 166 95 137 403 306 110 43 189 132 59 46 85 77
100 63 234 180 72 4.6 38 31
"""


def test_a_zero_far_out_in_x_has_no_part_in_the_amounts():
    rural, *columns = np.array(ROAD.split(), dtype=float).reshape(-1, 4).T
    X, some = np.column_stack(columns), rural > 0.0
    model = Linear(ZeroInflated(Gamma())).fit(X, rural)
    assert model.result_.status is Status.converged
    amounts = Linear(Gamma()).fit(X[some], rural[some])
    share = np.mean(some)
    zeros = 26 * (share * np.log(share) + (1.0 - share) * np.log(1.0 - share))
    assert model.log_likelihood_ == pytest.approx(amounts.log_likelihood_ + zeros, abs=1e-9)
    np.testing.assert_allclose(model.coef_["mean"], amounts.coef_["mean"], rtol=1e-6)
