"""Graphs are made without collections of cycles, and the collector is left as it was found."""

import gc

import pytest

from likely._math import collector
from likely._math.backends import numpy_backend
from likely._math.evaluate import compile_program
from likely._math.graph import exp, symbol


def test_off_inside_on_again_after():
    with collector.at_rest():
        with collector.at_rest():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_on_again_after_an_error():
    with pytest.raises(KeyError), collector.at_rest():
        raise KeyError
    assert gc.isenabled()


def test_who_turned_it_off_finds_it_off():
    gc.disable()
    try:
        with collector.at_rest():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_formula_sets_off_no_collection():
    x = symbol("x")
    for k in range(3000):
        x = exp(x) - float(k)
    begun = []
    watch = begun.append
    gc.callbacks.append(lambda phase, info: watch(phase))
    try:
        compile_program([x], numpy_backend.TABLE)
        inside = len(begun)
    finally:
        gc.callbacks.pop()
    # What had waited may be looked at as soon as it is made.
    assert inside <= 2
