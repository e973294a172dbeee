"""The vectorisable exp, log, log1p and log1p_fraction in single precision against double precision, as compiled.

LIMITS are in ulp: the largest error over all 2³² arguments, rounded up.
"""

from __future__ import annotations

import importlib.util
import math
import re
import types

import numba
import numpy as np
import pytest

from likely._math.backends import primitives, primitives_single

LIMITS = {"exp": 0.99, "log": 0.84, "log1p": 0.88, "log1p_fraction": 1.06}
TRUTH = {"exp": np.exp, "log": np.log, "log1p": np.log1p, "log1p_fraction": np.log1p}
POINTS = 200_000
INF, NAN = math.inf, math.nan


@pytest.fixture(scope="module")
def compiled():
    """A compiled loop over rows for every function, compiled the way a kernel module is."""
    spec = importlib.util.spec_from_file_location("single_compiled", primitives_single.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    options = {"fastmath": {"contract"}, "nogil": True, "error_model": "numpy"}
    for name, function in list(vars(module).items()):
        if isinstance(function, types.FunctionType):
            setattr(module, name, numba.njit(**options, forceinline=True)(function))

    def over_rows(f):
        @numba.njit(**options)
        def loop(x, out):
            for i in range(x.shape[0]):
                out[i] = f(x[i])

        return loop

    return {name: over_rows(getattr(module, name)) for name in LIMITS}


def run(compiled, name, x):
    out = np.empty_like(x)
    compiled[name](x, out)
    return out


@pytest.mark.parametrize("name", LIMITS)
def test_accuracy(name, compiled):
    rng = np.random.default_rng(20)
    # Every bit pattern is as likely: all magnitudes, subnormal numbers, infinities and NaN.
    bits = rng.integers(0, 2**32, POINTS, dtype=np.uint32).view(np.float32)
    usual = rng.uniform(-4.0, 4.0, POINTS).astype(np.float32)
    x = np.concatenate([bits, usual, usual * 25.0])
    if name == "log1p_fraction":
        x = np.abs(x)[np.abs(x) <= 1.0]
    with np.errstate(all="ignore"):
        truth = TRUTH[name](x.astype(np.float64))
        rounded = truth.astype(np.float32)
        ulp = np.spacing(np.abs(rounded)).astype(np.float64)
    found = run(compiled, name, x)
    assert found.dtype == np.float32
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(found[~finite], rounded[~finite])
    error = np.abs(found[finite] - truth[finite]) / ulp[finite]
    worst = np.argmax(error)
    assert error[worst] <= LIMITS[name], x[finite][worst]


SPECIAL = {
    "exp": [(NAN, NAN), (INF, INF), (-INF, 0.0), (0.0, 1.0), (-0.0, 1.0), (88.8, INF), (-104.5, 0.0)],
    "log": [(NAN, NAN), (INF, INF), (-1.0, NAN), (0.0, -INF), (-0.0, -INF), (1.0, 0.0)],
    "log1p": [(NAN, NAN), (INF, INF), (-1.0, -INF), (-2.0, NAN), (0.0, 0.0), (-0.0, -0.0)],
    "log1p_fraction": [(NAN, NAN), (0.0, 0.0)],
}  # fmt: skip


@pytest.mark.parametrize("name", SPECIAL)
def test_special_values(name, compiled):
    x, expected = np.array(SPECIAL[name], dtype=np.float32).T.copy()
    found = run(compiled, name, x)
    np.testing.assert_array_equal(found, expected)
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found)[known], np.signbit(expected)[known])


@pytest.mark.parametrize("name", LIMITS)
def test_the_loop_is_vectorised_and_nowhere_double(name, compiled):
    run(compiled, name, np.ones(4, np.float32))
    (text,) = compiled[name].inspect_asm().values()
    packed = r"\bv?mulps\b|\bvfn?m(add|sub)\d+ps\b|\bfml[as]\s+v\d+\.4s|\bfmul\s+v\d+\.4s"
    double = r"\bv?mul[ps]d\b|\bvcvt[ps]s2[ps]d\b|\bfmul\s+v\d+\.2d|\bfcvtl"
    assert re.search(packed, text)
    assert not re.search(double, text)


@pytest.mark.parametrize("module", [primitives, primitives_single])
def test_ranks_are_in_the_order_of_the_numbers(module):
    real = np.float32 if module is primitives_single else np.float64
    tiny = np.nextafter(real(0.0), real(1.0))
    numbers = [real(x) for x in (-INF, -3.0, -1.0, -tiny, -0.0, 0.0, tiny, 1.0, 3.0, INF)]
    ranks = [module.rank(x) for x in numbers]
    assert ranks == sorted(set(ranks))
    assert [module.at_rank(rank) for rank in ranks] == numbers
