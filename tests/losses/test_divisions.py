"""Quotients in kernels: one division by each divisor, and none by an exponential."""

import numpy as np

from likely._math.backends.numpy_backend import TABLE
from likely._math.evaluate import compile_program
from likely._math.graph import exp, symbol, topological
from likely.losses.kernels.divisions import by_reciprocals

X, Y, Z = (symbol(name) for name in "xyz")


def count(nodes, op):
    return sum(node.op == op for node in topological(nodes))


def same_numbers(nodes, others):
    rng = np.random.default_rng(0)
    inputs = {name: rng.uniform(0.1, 3.0, 200) for name in "xyz"}
    for a, b in zip(*(compile_program(g, TABLE)(inputs) for g in (nodes, others)), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-15)


def test_several_quotients_of_one_divisor_share_its_reciprocal():
    by = Y + 1.0
    plain = [X / by, Z / by + 0.5 / by, X / Z]
    found = by_reciprocals(plain)
    assert count(plain, "divide") == 4
    assert count(found, "divide") == 2
    same_numbers(plain, found)


def test_an_exponential_that_only_divides_is_one_of_the_negative():
    plain = [X / exp(Y), Z / exp(-Z)]
    found = by_reciprocals(plain)
    assert count(found, "divide") == 0
    assert count(found, "exp") == 2
    same_numbers(plain, found)


def test_an_exponential_that_does_more_is_not_computed_twice():
    for plain in ([X / exp(Y) + exp(Y)], [X / exp(Y), Z / exp(Y), exp(Y)]):
        found = by_reciprocals(plain)
        assert count(found, "exp") == 1
        assert count(found, "divide") == 1
        same_numbers(plain, found)


def test_constants_and_single_quotients_stay_as_they_are():
    nodes = [X / 3.0, Y / 3.0, X / Z]
    assert by_reciprocals(nodes) == nodes


def test_shares_of_the_largest_and_the_smallest_divisors_keep_their_digits():
    found = by_reciprocals([X / Y, Z / Y])
    y = np.array([1.7e308, 2.0**1022, 2.0**-1022, 2.0**-1023])
    shares = compile_program(found, TABLE)({"x": 0.25 * y, "y": y, "z": 0.5 * y})
    np.testing.assert_allclose(shares[0], 0.25, rtol=2.0**-49)
    np.testing.assert_allclose(shares[1], 0.5, rtol=2.0**-49)
