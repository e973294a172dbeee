"""Atoms of a weighted sum: their textbooks, their slopes, and how the graph grows with the components."""

import numpy as np
import pytest
from mpmath import mp, mpf

from likely import Mixture, Normal
from likely._math.atoms import mixing
from likely._math.backends import mpmath_backend, numpy_backend
from likely._math.derive import tangent
from likely._math.evaluate import compile_program
from likely._math.graph import as_node, symbol, topological

K = 4
LEVELS = [as_node(0.0), *(symbol(f"k{j}") for j in range(1, K))]
LOGS = [symbol(f"t{j}") for j in range(K)]
SHARES = (*LEVELS, *LOGS)
ARGUMENTS = mixing.with_differences(SHARES)
SYMBOLS = [node.value for node in SHARES if node.op == "symbol"]
NODES = {
    "log_mixture": mixing.log_mixture(*ARGUMENTS),
    "log_mixture_of_counts": mixing.log_mixture_of_counts(*ARGUMENTS),
    **{
        f"{atom.name} {j}": atom(j, *arguments)
        for atoms, arguments in (
            ((mixing.share, mixing.rest), SHARES),
            ((mixing.gain, mixing.gain_of_counts), ARGUMENTS),
        )
        for atom in atoms
        for j in (0, 2)
    },
}


def exact(node, at):
    return compile_program([node], mpmath_backend.TABLE, textbook=True)(at)[0]


def values(rng, spread):
    """Log odds of any sign, and logarithms of probabilities."""
    return {
        name: rng.normal(0.0, spread) * (1.0 if name[0] == "k" else 0.0)
        - (rng.exponential(spread) if name[0] == "t" else 0.0)
        for name in SYMBOLS
    }


@pytest.mark.parametrize("name", NODES)
@pytest.mark.parametrize("spread", [1e-9, 1.0, 30.0])
def test_expansion_is_the_definition(name, spread):
    node = NODES[name]
    program = compile_program([node], numpy_backend.TABLE)
    rng = np.random.default_rng(5)
    for _ in range(10):
        at = values(rng, spread)
        with np.errstate(all="ignore"):  # of the branch that is not taken
            found = program(at)[0]
        with mp.workdps(60):
            exactly = {k: mpf(v) for k, v in at.items()}
            true = exact(node, exactly)
            step = mpf(10) ** -30
            slack = mp.fsum(
                abs(exact(node, exactly | {k: v + step}) - true) / step * max(1, abs(v))
                for k, v in exactly.items()
            )
            # Known of probabilities beside 1 alone: in densities what is nearly 0 is a coincidence.
            counts = "counts" in name or name.split()[0] in ("mixture_share", "mixture_rest")
            allowed = mpf(10) ** -12 * abs(true) + 64 * mpf(2) ** -53 * (slack if counts else 1)
            assert abs(mpf(float(found)) - true) <= allowed, at


@pytest.mark.parametrize("name", NODES)
def test_slopes_are_those_of_the_definition(name):
    node = NODES[name]
    at = {k: mpf(v) for k, v in values(np.random.default_rng(6), 1.0).items()}
    with mp.workdps(50):
        for variable in SYMBOLS:
            slope = tangent([node], symbol(variable))[0]
            true = mp.diff(lambda x, v=variable: exact(node, at | {v: x}), at[variable])
            assert abs(exact(slope, at) - true) < mpf(10) ** -20, variable


def test_an_impossible_component_takes_nothing_and_a_sum_of_none_is_none():
    at = {f"k{j}": 0.3 for j in range(1, K)} | {f"t{j}": -1.0 for j in range(K)}
    with np.errstate(all="ignore"):
        for gone in ({"t1": -np.inf}, {f"t{j}": -np.inf for j in range(K)}):
            for node in NODES.values():
                for out in (node, *tangent([node], symbol("k2"))):
                    found = compile_program([out], numpy_backend.TABLE)(at | gone)[0]
                    assert not np.isnan(found)


def test_a_gradient_grows_like_the_components_and_a_curvature_like_their_square():
    def sizes(n):
        loss = Mixture(Normal(), n).loss()
        return [len(topological(loss.outputs(order))) for order in (0, 1, 2)]

    few, many = sizes(5), sizes(17)  # four times the differences to the first
    assert many[0] < 4 * few[0]
    assert many[1] < 4.5 * few[1]
    assert many[2] < 16 * few[2]  # 4² times
