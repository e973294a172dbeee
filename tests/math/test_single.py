"""Graphs for float32: polynomials are shortened to the digits that float32 has."""

import numpy as np
import pytest

from likely._math import special
from likely._math.backends.numpy_backend import TABLE
from likely._math.evaluate import compile_program
from likely._math.graph import polynomial, symbol, topological
from likely._math.single import in_single

#: Polynomials about ½ on [0, 1], by name. Those of what is known to be at least 2 are about ¼ on [0, ½].
TABLES = {
    name: value
    for name, value in vars(special).items()
    if name.startswith(("STIRLING", "LOG_FACTORIAL")) and isinstance(value, tuple)
}


@pytest.mark.parametrize("name", TABLES)
def test_a_shortened_polynomial_is_as_good_as_float32(name):
    u, half = symbol("u"), 0.25 if name.endswith("FROM_2") else 0.5
    full = polynomial(u - half, TABLES[name])
    (short,) = in_single([full])
    assert len(topological([short])) < 0.75 * len(topological([full]))
    at = np.linspace(0.0, 2.0 * half, 1001)
    exact, close = (compile_program([node], TABLE)({"u": at})[0] for node in (full, short))
    assert np.abs(close - exact).max() <= 2.0**-24 * np.abs(exact).max()


def test_other_sums_and_products_stay_as_they_are():
    x = symbol("x")
    node = (x * 2.0 + 3.0) * (x - 0.5)
    assert in_single([node]) == [node]
