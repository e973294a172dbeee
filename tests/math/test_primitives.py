"""The vectorisable exp, expm1, log, log1p and log1p_fraction against mpmath, as plain Python and as compiled.

LIMITS are in ulp: the largest error measured on 30 million points a function, rounded up.
"""

from __future__ import annotations

import importlib.util
import math
import re
import types

import mpmath as mp
import numba
import numpy as np
import pytest

from likely._math.backends import primitives

LIMITS = {"exp": 1.00, "expm1": 1.95, "log": 0.90, "log1p": 0.90, "log1p_fraction": 1.10}
TRUTH = {
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": mp.log1p,
    "log1p_fraction": mp.log1p,
}
POINTS = 150
INF, NAN = math.inf, math.nan
TINY, SMALLEST, LARGEST = 2.0**-1022, 5e-324, 1.7976931348623157e308


def compiled_copy() -> types.ModuleType:
    """A copy of the module, compiled the way a kernel module is."""
    spec = importlib.util.spec_from_file_location("primitives_compiled", primitives.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, function in list(vars(module).items()):
        if isinstance(function, types.FunctionType):
            options = {"fastmath": {"contract"}, "nogil": True, "error_model": "numpy"}
            setattr(module, name, numba.njit(**options)(function))
    return module


@pytest.fixture(scope="module")
def compiled() -> dict[str, object]:
    """A compiled loop over rows for every function of one argument."""
    module = compiled_copy()

    def over_rows(f):
        @numba.njit(fastmath={"contract"}, nogil=True, error_model="numpy")
        def loop(x, out):
            for i in range(x.shape[0]):
                out[i] = f(x[i])

        return loop

    return {name: over_rows(getattr(module, name)) for name in LIMITS}


def evaluate(name: str, x, compiled) -> dict[str, np.ndarray]:
    """The values in plain Python and compiled."""
    x = np.array(x, dtype=float)
    out = np.empty_like(x)
    compiled[name](x, out)
    with np.errstate(all="ignore"):
        plain = [getattr(primitives, name)(v) for v in x.tolist()]
    return {"plain": np.array(plain), "compiled": out}


def random(name: str) -> np.ndarray:
    """Every magnitude that the function takes, and where its error is largest."""
    rng = np.random.default_rng(20)

    def power(low: float, high: float) -> np.ndarray:
        return 2.0 ** rng.uniform(low, high, POINTS)

    def evenly(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, POINTS)

    near_0 = [power(-1074, 0), -power(-1074, 0), power(-56, -48), -power(-56, -48)]
    if name == "exp":
        parts = [evenly(-745, 709.78), evenly(-745, -708), evenly(-2, 2), *near_0]
        parts.append([709.782712893384])
    elif name == "expm1":
        parts = [evenly(-45, 709.78), evenly(-45, 45), evenly(-2, 2), evenly(0.34, 0.45), *near_0]
        parts.append([709.782712893384])
    elif name == "log":
        parts = [power(-1074, 1024), power(-1074, -1022), evenly(0.5, 3), 1 + power(-52, -1)]
        parts += [1 - power(-53, -1), evenly(0.7, 0.71), evenly(1.41, 1.42)]
    elif name == "log1p_fraction":
        parts = [power(-1074, 0), power(-56, -48), evenly(0, 1), 1 - power(-53, 0)]
    else:
        parts = [power(-1074, 1024), -1 + power(-53, 0), evenly(-0.3, 0.45), evenly(0, 9), *near_0]
    return np.concatenate(parts)


@pytest.mark.parametrize("name", LIMITS)
def test_accuracy(name, compiled):
    x = random(name)
    for how, values in evaluate(name, x, compiled).items():
        with mp.workdps(40):
            for at, value in zip(x.tolist(), values.tolist(), strict=True):
                truth = TRUTH[name](mp.mpf(at))
                ulp = mp.ldexp(1, max(mp.frexp(truth)[1] - 53, -1074))
                error = abs(mp.mpf(value) - truth) / ulp
                assert error <= LIMITS[name], (how, at, value, float(error))


SPECIAL = {
    "exp": [
        (NAN, NAN), (INF, INF), (-INF, 0.0), (0.0, 1.0), (-0.0, 1.0), (SMALLEST, 1.0),
        (709.7827128933841, INF), (710.5, INF), (LARGEST, INF), (-745.1332191019411, SMALLEST),
        (-745.1332191019412, 0.0), (-746.5, 0.0), (-LARGEST, 0.0),
    ],
    "expm1": [
        (NAN, NAN), (INF, INF), (-INF, -1.0), (0.0, 0.0), (-0.0, -0.0), (SMALLEST, SMALLEST),
        (-SMALLEST, -SMALLEST), (TINY, TINY), (-3e-310, -3e-310), (1e-300, 1e-300),
        (709.7827128933841, INF), (LARGEST, INF),
        (-40.5, -1.0), (-38.0, -1.0), (-LARGEST, -1.0),
    ],
    "log": [
        (NAN, NAN), (INF, INF), (-INF, NAN), (0.0, -INF), (-0.0, -INF), (1.0, 0.0), (-1.0, NAN),
        (-SMALLEST, NAN), (SMALLEST, -744.4400719213812), (TINY, -708.3964185322641),
        (LARGEST, 709.782712893384), (2.0, 0.6931471805599453), (0.5, -0.6931471805599453),
    ],
    "log1p": [
        (NAN, NAN), (INF, INF), (-INF, NAN), (-1.0, -INF), (-1.0 - 2.0**-52, NAN), (0.0, 0.0),
        (-0.0, -0.0), (SMALLEST, SMALLEST), (-SMALLEST, -SMALLEST), (3e-310, 3e-310),
        (-1e-300, -1e-300), (1.0, 0.6931471805599453), (LARGEST, 709.782712893384),
        (-1.0 + 2.0**-53, -36.7368005696771),
    ],
    "log1p_fraction": [
        (NAN, NAN), (0.0, 0.0), (SMALLEST, SMALLEST), (3e-310, 3e-310),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", SPECIAL)
def test_special_values(name, compiled):
    x, expected = zip(*SPECIAL[name], strict=True)
    for values in evaluate(name, x, compiled).values():
        np.testing.assert_array_equal(values, expected)
        known = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(values)[known], np.signbit(expected)[known])


@pytest.mark.parametrize("name", LIMITS)
def test_the_loop_is_vectorised(name, compiled):
    """Packed multiplications and no call to the mathematics library."""
    x = np.ones(4)
    compiled[name](x, x.copy())
    (text,) = compiled[name].inspect_asm().values()
    packed = r"\bv?mulpd\b|\bvfn?m(add|sub)\d+pd\b|\bfml[as]\s+v\d+\.2d|\bfmul\s+v\d+\.2d"
    assert re.search(packed, text)
    # Neither libm's function nor ours is called: every symbol that the loop may name is inlined.
    assert not re.search(rf"\b{name}\b", text)
    assert not re.search(r"_ZN19primitives_compiled", text)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_maximum_and_minimum_propagate_nan(name):
    values = [NAN, -INF, -1.0, 0.0, 2.0, INF]
    plain, module = getattr(primitives, name), compiled_copy()
    for a in values:
        for b in values:
            for f in (plain, getattr(module, name)):
                np.testing.assert_equal(float(f(a, b)), float(getattr(np, name)(a, b)))
