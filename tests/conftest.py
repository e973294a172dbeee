"""Lets every test import the oracles and the tools by name, and lets go of what a file's tests have made."""

import gc
import os
import sys
from pathlib import Path

import pytest

# gmpy2 is there for the oracles; users have no need of it, and SymPy has numbers of its own.
os.environ["SYMPY_GROUND_TYPES"] = "python"
# What LLVM makes faster of programs that XLA has rearranged changes no number, and takes a third of the time.
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_backend_optimization_level=0"

_TESTS = Path(__file__).parent
for folder in (_TESTS.parent / "tools", _TESTS):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """No cycles are looked for while tests are collected, nor in what that makes ever after."""
    from likely._math.collector import at_rest

    with at_rest():
        found = yield
    gc.freeze()
    return found


@pytest.fixture(scope="module", autouse=True)
def _let_go():
    """Long formulas and programs of JAX fill gigabytes, through which the collector would look in all other tests."""
    from likely.losses.nll import NegativeLogLikelihood

    yield
    NegativeLogLikelihood.of.cache_clear()
    if jax := sys.modules.get("jax"):
        jax.clear_caches()
    gc.collect()
    gc.freeze()
