"""Compiled kernels: the same numbers as the NumPy body, vectorised, cached safely."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from likely._math.backends.primitives import LANES
from likely.catalogue import family_class
from likely.families.registry import public_names, specification
from likely.inference.construct import predictive
from likely.losses.kernels import build
from likely.losses.kernels.build import CacheWarning, cache_folder
from likely.losses.kernels.emit import primitives_text
from likely.losses.kernels.run import kernel_for, run

FAMILIES = [n for n, m in public_names().items() if specification(m).vector is None]


def sample(name, n, seed=0):
    rng = np.random.default_rng(seed)
    loss = family_class(name)().loss()
    raw = rng.normal(scale=0.7, size=(loss.columns, n))
    spec = loss.specification
    y = predictive(loss, raw).sample(1, rng)[:, 0]
    if spec.support.name == "unit_interval":
        y = np.clip(y, 1e-9, 1 - 1e-9)
    return loss, np.asarray(y, dtype=np.float64), raw


@pytest.mark.parametrize("name", FAMILIES)
def test_kernel_equals_the_numpy_body(name):
    loss, y, raw = sample(name, 1000)
    for kind in loss.kernel_kinds:
        body = loss.evaluate(y, raw, 2, kind)
        kernel = loss.compiled.evaluate(y, raw, 2, kind)
        for a, b in zip(body, kernel, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-11, atol=1e-13)


def test_every_order_gives_the_same_loss_and_gradient():
    loss, y, raw = sample("NegativeBinomial", 257)
    first = loss.compiled.evaluate(y, raw, 0)[0]
    second, gradient, _ = loss.compiled.evaluate(y, raw, 1)
    third, again, _ = loss.compiled.evaluate(y, raw, 2)
    np.testing.assert_allclose(second, first, rtol=1e-14)
    np.testing.assert_allclose(third, first, rtol=1e-14)
    np.testing.assert_allclose(again, gradient, rtol=1e-12)


def test_strided_read_only_and_float32_input():
    loss, y, raw = sample("Gamma", 5000)
    plain = loss.compiled.evaluate(y, raw, 1)
    wide = np.repeat(y, 2)[::2]
    rows_first = np.ascontiguousarray(raw.T)
    rows_first.flags.writeable = False
    strided = loss.compiled.evaluate(wide, rows_first.T, 1)
    for a, b in zip(plain[:2], strided[:2], strict=True):
        np.testing.assert_array_equal(a, b)
    single = loss.compiled.evaluate(y.astype(np.float32), raw.astype(np.float32), 1)
    np.testing.assert_allclose(single[0], plain[0], rtol=1e-4, atol=1e-4)


def test_shared_columns_may_have_stride_zero():
    loss, y, raw = sample("Normal", 3000)
    constant = np.broadcast_to(raw[:, :1], raw.shape)
    a = loss.compiled.evaluate(y, constant, 1)[1]
    b = loss.compiled.evaluate(y, constant.copy(), 1)[1]
    np.testing.assert_array_equal(a, b)


def test_threads_do_not_change_a_bit(monkeypatch):
    loss, y, raw = sample("StudentT", 60_000)
    many = loss.compiled.evaluate(y, raw, 1)
    monkeypatch.setenv("LIKELY_NUM_THREADS", "1")
    one = loss.compiled.evaluate(y, raw, 1)
    for a, b in zip(many[:2], one[:2], strict=True):
        np.testing.assert_array_equal(a, b)


VECTOR = re.compile(r"\bv(?:mul|add|fmadd\w*|sub)pd\b[^\n]*%[yz]mm")
SCRIPT = """
import sys, numpy as np
from likely.catalogue import family_class
from likely.losses.kernels.run import kernel_for
loss = family_class(sys.argv[1])().loss()
kernel = kernel_for(loss, 1, "observed")
kernel(np.ones(8), np.zeros((loss.columns, 8)), np.empty(8), np.empty((loss.columns, 8)), 0, 8, 0)
print(next(iter(kernel.inspect_asm().values())))
"""


@pytest.mark.skipif(
    not hasattr(os, "uname") or os.uname().machine != "x86_64", reason="reads x86 instructions"
)
@pytest.mark.parametrize("cpu", ["", "haswell"])
@pytest.mark.parametrize("name", ["Bernoulli", "NegativeBinomial"])
def test_the_loop_is_vectorised(name, cpu, tmp_path):
    env = dict(os.environ, NUMBA_CACHE_DIR=str(tmp_path), LIKELY_CACHE_DIR=str(tmp_path))
    if cpu:
        env |= {"NUMBA_CPU_NAME": cpu, "NUMBA_CPU_FEATURES": "+avx2,+fma,+avx,+sse4.2,+bmi,+bmi2"}
    out = subprocess.run(
        [sys.executable, "-c", SCRIPT, name], env=env, capture_output=True, text=True, check=True
    )
    assert len(VECTOR.findall(out.stdout)) > 30
    # The frame, where constants wait, begins at a line of the cache.
    assert re.search(r"\bandq\t\$-64, %rsp", out.stdout)


def test_arrays_of_any_layout_give_the_same_numbers():
    n, rng = 700, np.random.default_rng(0)  # two blocks and a part of one
    y, *raw = rng.normal(size=(3, n)).astype(np.float32).astype(float)
    raw = np.array(raw)
    kernel = kernel_for(family_class("Normal")().loss(), 1, "observed")
    expected = np.empty((3, n))
    run(kernel, y, raw, expected[0], expected[1:])
    strided, rows = np.repeat(y, 2)[::2], np.ascontiguousarray(raw.T).T
    for some_y, some_raw, out in (
        (y, rows, np.empty((3, n))),
        (strided, raw, np.empty((3, n))),
        (y.astype(np.float32), raw.astype(np.float32), np.empty((n, 3)).T),
    ):
        assert run(kernel, some_y, some_raw, out[0], out[1:]) == 0
        np.testing.assert_array_equal(out, expected)


RACE = """
import numpy as np
from likely import Family, Parameter, positive, real
from likely.math import exp
class Racing(Family):
    support = real
    loc = Parameter(real)
    scale = Parameter(positive)
    def log_density(y, loc, scale):
        z = (y - loc) / scale
        return -z - exp(-z) - scale.log
y = np.linspace(-1, 1, 40_000)
print(Racing().nll(y, np.zeros((40_000, 2))).sum())
"""


def test_processes_that_start_together_share_the_cache(tmp_path):
    env = dict(os.environ, LIKELY_CACHE_DIR=str(tmp_path))
    runs = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", RACE],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    outputs = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], outputs
    assert len({out for out, _ in outputs}) == 1
    sources = [path.name for path in tmp_path.glob("racing_*.py")]
    # The kernel, and what brings it the two columns that lie side by side.
    assert sorted("_blocks_" in name for name in sources) == [False, True]
    assert not list(tmp_path.glob("*.tmp"))


SHARING = """
import sys
from likely import Laplace, predicted
from likely.losses.kernels.build import _inline, kernel
for scale in map(float, sys.argv[1:]):
    loss = Laplace(scale=scale).loss()
    kernel("sharing", "gradient", loss.outputs(1), loss.columns, loss.specification.support)
    kernel("sharing", "both", Laplace().loss().outputs(1), 2, loss.specification.support)
    print(len(_inline), sum(len(f.signatures) for f in _inline.values()))
"""


def test_what_is_inlined_is_compiled_once_and_read_back_with_any_kernel(tmp_path):
    """A kernel that was compiled after another is read from disk where the other never was."""

    def run(*scales):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", SHARING, *map(str, scales)],
            env=dict(os.environ, LIKELY_CACHE_DIR=str(tmp_path)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert not done.stderr
        return [tuple(map(int, line.split())) for line in done.stdout.splitlines()]

    first, second = run(0.5, 2.0)
    assert first == second
    assert first[0] == first[1] > 0
    ((functions, compiled),) = run(2.0)
    assert (functions, compiled) == (first[0], 0)


def test_an_unwritable_cache_is_said_once_and_works(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("LIKELY_CACHE_DIR", str(blocked / "cache"))
    monkeypatch.setattr(build, "_said", False)
    # A combination that no other test compiles, so that it is not in memory yet.
    loss = family_class("Normal")(scale=3.0625).loss()
    with pytest.warns(CacheWarning, match="LIKELY_CACHE_DIR"):
        kernel_for(loss, 0, "observed")
    y = np.linspace(-1, 1, 10)
    np.testing.assert_allclose(
        loss.compiled.evaluate(y, np.zeros((1, 10)), 0)[0],
        loss.evaluate(y, np.zeros((1, 10)), 0)[0],
        rtol=1e-14,
    )


def test_the_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("LIKELY_CACHE_DIR", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("LIKELY_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform.startswith("linux"):
        assert cache_folder() == tmp_path / "likely" / "kernels"


@pytest.mark.parametrize("end", [5, 8, 9, 21])
def test_vectors_do_what_they_do_in_python(end, tmp_path, monkeypatch):
    monkeypatch.setenv("LIKELY_CACHE_DIR", str(tmp_path))
    loop = f"""
def work(rows_all, order, lanes, result, end):
    for begin in range(2, end, {LANES}):
        x = gathered(rows_all, order, begin, end)
        put(lanes, 1, multiply_add(multiply_add(2.0, x, 0.5), x, x))
        scattered(result, order, begin, end, loaded(lanes, 1))
"""
    text = "import numpy as np\n\n" + primitives_text(
        frozenset({"gathered", "scattered", "loaded", "put", "multiply_add"})
    )
    rng = np.random.default_rng(end)
    rows, order = rng.normal(size=30), rng.permutation(30).astype(np.uint32)
    plain = {}
    exec(text + loop, plain)
    expected, found = np.zeros(30), np.zeros(30)
    plain["work"](rows, order, np.zeros(LANES + 2), expected, end)
    build.load("Vectors", "work", text + loop).work(rows, order, np.zeros(LANES + 2), found, end)
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    assert np.count_nonzero(found) == end - 2


def test_exponentials_of_vectors_are_never_subnormal(tmp_path, monkeypatch):
    monkeypatch.setenv("LIKELY_CACHE_DIR", str(tmp_path))
    loop = f"""
def work(rows_all, result):
    for begin in range(0, result.size, {LANES}):
        put(result, begin, exponential(loaded(rows_all, begin)))
"""
    names = frozenset({"loaded", "put", "exponential"})
    text = "import numpy as np\n\n" + primitives_text(names)
    x = np.concatenate([-np.linspace(0.0, 707.5, 4000), -np.logspace(-300, 2, 992)])
    x = np.concatenate([x, [-0.0, -708.5, -745.2, -1e4, -1e300, -np.inf, -0.5, -1.0]])
    plain = {}
    exec(text + loop, plain)
    expected, found = np.zeros(x.size), np.zeros(x.size)
    plain["work"](x, expected)
    build.load("Exponentials", "work", text + loop).work(x, found)
    np.testing.assert_allclose(found, expected, rtol=5e-16)
    normal = x > -1021.0 * np.log(2.0)
    np.testing.assert_allclose(found[normal], np.exp(x[normal]), rtol=5e-16)
    np.testing.assert_array_equal(found[~normal], 0.0)
