"""Rows that need what few rows need are computed apart: the same numbers, and none of the usual rows is among them."""

import numpy as np
import pytest

from likely import (
    Censored,
    Exponential,
    GeneralisedPareto,
    Gumbel,
    LogNormal,
    Normal,
    Truncated,
    Weibull,
)
from likely._math.backends import numpy_backend
from likely._math.evaluate import compile_program
from likely._math.usual import for_most


def unusual(loss, y, raw):
    """Of each row whether the loss computes it apart."""
    _, flag = for_most([loss.loss])
    inputs = loss.specification.support.split(np.asarray(y))
    inputs |= {f"raw{j}": r for j, r in enumerate(raw)}
    with np.errstate(all="ignore"):
        return compile_program([flag], numpy_backend.TABLE)(inputs)[0]


def test_usual_and_unusual_rows_mixed():
    loss = Truncated(GeneralisedPareto(), low=1.0, high=1.5).loss()
    rng = np.random.default_rng(0)
    y = rng.uniform(1.0, 1.5, 400)
    # In units of scales from e⁻² to e¹², the window is wide or narrow.
    raw = np.array([rng.uniform(-2.0, 12.0, 400), rng.uniform(-1.0, 1.0, 400)])
    apart = unusual(loss, y, raw)
    assert 100 < apart.sum() < 300
    inputs = {"y": y, "raw0": raw[0], "raw1": raw[1]}
    with np.errstate(all="ignore"):
        whole = compile_program(loss.outputs(2), numpy_backend.TABLE)(inputs)
    found = loss.evaluate(y, raw, 2)
    np.testing.assert_allclose(np.vstack(found), whole, rtol=1e-13)
    # A kernel hands the rows apart on to NumPy.
    compiled = loss.compiled.evaluate(y, raw, 0)[0]
    np.testing.assert_allclose(compiled[apart > 0.0], whole[0][apart > 0.0], rtol=1e-13)
    np.testing.assert_allclose(compiled, whole[0], rtol=1e-12, atol=1e-13)


def test_times_seen_and_censored_after_an_entry_are_usual():
    """Though no window is narrower than that of a time that is known, or one before an entry at that entry."""
    rows = [
        (2.0, 2.0, 1.0, np.inf),
        (2.0, np.inf, 1.0, np.inf),
        (1.0, 2.0, 1.0, np.inf),
        (2.0, 2.0, 1.0, 4.0),
        (1.0, 4.0, 1.0, 4.0),
        (0.5, 2.0, 0.0, np.inf),
    ]
    for family in (Gumbel(), Weibull()):
        loss = Censored(Truncated(family)).loss()
        assert not unusual(loss, rows, np.zeros((2, 1))).any()


def test_a_share_of_little_is_unusual():
    loss = Censored(Truncated(Gumbel())).loss()
    rows = [(5.0, 5.5, 4.5, 6.0), (5.0, 5.0, 4.5, 6.0), (1.0, 1.5, 0.5, 3.0)]
    np.testing.assert_array_equal(unusual(loss, rows, np.zeros((2, 1))), [1.0, 0.0, 0.0])


@pytest.mark.parametrize("family", [Exponential(), GeneralisedPareto(), LogNormal(), Normal()])
def test_one_fixed_bound_has_no_window(family):
    for bounds in ({"low": 0.5}, {"high": 4.0}):
        outputs = Truncated(family, **bounds).loss().outputs(1)
        assert for_most(outputs) == (list(outputs), None)
