"""Long polynomials in kernels: four chains in place of one."""

import numpy as np
import pytest

from likely._math.backends.numpy_backend import TABLE
from likely._math.evaluate import compile_program
from likely._math.graph import exp, polynomial, symbol, topological
from likely._math.special import divided_powers
from likely.losses.kernels.polynomials import side_by_side


def depth(node):
    """The most operations one after another."""
    found = {}
    for n in topological([node]):
        found[id(n)] = 1 + max((found[id(arg)] for arg in n.args), default=-1)
    return found[id(node)]


@pytest.mark.parametrize("degree", [7, 10, 20, 21])
def test_a_long_polynomial_is_the_same_number_in_fewer_steps(degree):
    coefficients = np.random.default_rng(degree).normal(size=degree + 1).tolist()
    x = symbol("x") - 0.5
    plain = polynomial(x, coefficients)
    (apart,) = side_by_side([plain])
    assert depth(apart) <= 0.8 * depth(plain)
    at = np.linspace(0.0, 1.0, 101)
    a, b = (compile_program([node], TABLE)({"x": at})[0] for node in (plain, apart))
    np.testing.assert_allclose(b, a, rtol=0, atol=1e-14)


def test_of_a_polynomial_of_a_polynomial_both_are_taken_apart():
    inner = polynomial(symbol("x"), [0.5**k for k in range(12)])
    plain = polynomial(inner, [(-0.5) ** k for k in range(12)])
    (apart,) = side_by_side([plain])
    assert depth(apart) <= 0.6 * depth(plain)
    at = np.linspace(-0.5, 0.5, 101)
    a, b = (compile_program([node], TABLE)({"x": at})[0] for node in (plain, apart))
    np.testing.assert_allclose(b, a, rtol=1e-13)


def test_what_is_short_or_no_polynomial_stays_as_it_is():
    x, y = symbol("x"), symbol("y")
    nodes = [polynomial(x, [1.0, 2.0, 3.0, 4.0]), exp(x * y + 1.0) * x + y, x + 1.0]
    assert side_by_side(nodes) == nodes


def test_a_chain_whose_sums_on_the_way_are_used_stays_one():
    # Of a divided difference every sum on the way has a use: in four parts each would be computed anew.
    nodes = divided_powers(symbol("x"), symbol("y"), tuple(0.5**k for k in range(12)))
    assert side_by_side(nodes) == list(nodes)
