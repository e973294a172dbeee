"""When a loss is compiled: where there are many rows, and, if that takes long, where there have been very many."""

import io
import time

import numpy as np
import pytest

import likely
from likely.losses.kernels import build
from likely.losses.nll import KERNEL_ROWS, SUMMED_ROWS, NegativeLogLikelihood


def fresh(family):
    """The loss of a family, whose kernels nobody has asked for."""
    loss = family.loss()
    return NegativeLogLikelihood(loss.specification, loss.slots)


def test_few_rows_have_no_kernel_and_many_have():
    loss = fresh(likely.Gamma())
    assert loss.for_rows(KERNEL_ROWS - 1) is loss
    assert loss.for_rows(KERNEL_ROWS).engine == "kernel"


def test_sums_wait_until_very_many_rows_have_asked(monkeypatch):
    monkeypatch.setattr(build, "kept", lambda *_: False)
    loss = fresh(likely.Tweedie())
    third = SUMMED_ROWS // 3 + 1
    assert [loss.for_rows(third).engine for _ in range(4)] == ["numpy", "numpy", "kernel", "kernel"]


def test_sums_that_an_earlier_process_has_compiled_do_not_wait(monkeypatch):
    monkeypatch.setattr(build, "kept", lambda *_: True)
    assert fresh(likely.Tweedie()).for_rows(KERNEL_ROWS).engine == "kernel"


def test_numpy_serves_until_then(monkeypatch):
    monkeypatch.setattr(build, "kept", lambda *_: False)
    monkeypatch.setattr(build, "compiled", lambda *_: pytest.fail("compiled"))
    loss = fresh(likely.Tweedie())
    y, raw = np.full(KERNEL_ROWS, 1.5), np.zeros((loss.columns, KERNEL_ROWS))
    value = loss.evaluate(y, raw, 0)[0]
    assert (value == loss.evaluate(y[:1], raw[:, :1], 0)[0]).all()


def test_a_source_is_kept_once_it_is_compiled(tmp_path, monkeypatch):
    monkeypatch.setenv("LIKELY_CACHE_DIR", str(tmp_path))
    source = "def first(codes_all):\n    return codes_all + 1\n"
    assert not build.kept("Any", "first", source)
    assert build.load("Any", "first", source).first(1) == 2
    assert build.kept("Any", "first", source)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_is_told_what_takes_long(monkeypatch):
    monkeypatch.setattr(build.sys, "stderr", Terminal())
    monkeypatch.setattr(build, "_PATIENCE", 0.01)
    monkeypatch.setattr(build, "_load", lambda *_: time.sleep(0.2))
    build.load("Tweedie log log", "loss", "")
    assert "compiling Tweedie log log" in build.sys.stderr.getvalue()


def test_nothing_is_said_of_what_is_quick(monkeypatch):
    monkeypatch.setattr(build.sys, "stderr", Terminal())
    monkeypatch.setattr(build, "_load", lambda *_: None)
    build.load("Normal identity log", "loss", "")
    time.sleep(0.05)
    assert build.sys.stderr.getvalue() == ""
