"""The examples in docstrings run as printed."""

import doctest
import importlib
import pkgutil

import pytest

import likely

MODULES = sorted(
    m.name for m in pkgutil.walk_packages(likely.__path__, "likely.") if "__main__" not in m.name
)


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    module = importlib.import_module(name)
    failures, _ = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failures == 0
