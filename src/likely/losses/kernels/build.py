"""Compile kernel modules: committed ones for the built-in families, generated ones for the rest.

Every combination of family, links and outputs goes through the same emitter. The text decides the file's
name, so an edited atom, formula or emitter never meets machine code of its older self; two processes
that race write the same bytes and rename them into place. Numba keeps the machine code beside the source;
without a writable folder the kernel is compiled in memory, and that is said once.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import RLock, Timer
from typing import Any

import numpy as np

from likely._math import collector
from likely._math.domains import Domain
from likely.losses.kernels.emit import module_source
from likely.losses.kernels.machine import MACHINE

GENERATED = Path(__file__).parent / "generated"

Kernel = Callable[[Any, Any, Any, Any, int, int, int], int]
#: Seconds after which it is said what is being done.
_PATIENCE = 1.0
_lock = RLock()
_loaded: dict[str, types.ModuleType] = {}
_inline: dict[Any, Any] = {}


class CacheWarning(UserWarning):
    """Kernels cannot be cached, so each process compiles them again."""


def kernel(
    title: str, name: str, outputs: Any, columns: int, support: Domain, single: bool = False
) -> Kernel:
    """The compiled kernel ``name(y, raw, first, rest, start, stop, shift)`` for these outputs."""
    return compiled(title, name, module_source(title, name, outputs, columns, support, single))


def compiled(title: str, name: str, source: str) -> Kernel:
    """The kernel of a source text."""
    found: Kernel = getattr(load(title, name, source), name)
    return found


def load(title: str, name: str, source: str, **given: Any) -> types.ModuleType:
    """The compiled module of a source text, which may use the compiled functions that are given."""
    with _lock, _announced(title):
        return _load(file_name(title, name, source), source, given)


def kept(title: str, name: str, source: str) -> bool:
    """Whether the machine code of a source text lies beside it."""
    path = _path(file_name(title, name, source))
    return any((path.parent / "__pycache__").glob(f"{path.stem}.*.nbi"))


@contextmanager
def _announced(title: str) -> Iterator[None]:
    """On a terminal, what takes so long where it takes more than a second."""
    if not sys.stderr.isatty():
        yield
        return
    text = f"· compiling {title} for this processor, kept for the next time …"
    timer = Timer(_PATIENCE, print, (text,), {"file": sys.stderr})
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def file_name(title: str, name: str, source: str) -> str:
    """``normal_log_gradient_1a2b3c….py``: readable, and decided by the whole text."""
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    # The names of modified families hold brackets and commas, which not every system likes in files.
    plain = re.sub(r"[^a-z0-9.+-]+", "_", title.lower())
    return f"{plain}_{name}_{digest}.py"


def cache_folder() -> Path:
    """Where generated kernels live: ``LIKELY_CACHE_DIR``, or the user's cache folder."""
    if given := os.environ.get("LIKELY_CACHE_DIR"):
        return Path(given)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home()))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "likely" / "kernels"


def _load(file: str, source: str, given: dict[str, Any]) -> types.ModuleType:
    if file in _loaded:
        return _loaded[file]
    path = _path(file)
    if not path.exists():
        path = _write(path, source)
    spec = spec_from_file_location(f"likely_kernel_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    # Numba looks the module up by name when it reads machine code back from its cache.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    vars(module).update(given)
    _compile(module)
    _loaded[file] = module
    return module


def _path(file: str) -> Path:
    """Where a kernel is, or is to be: in the package, or in the cache folder."""
    own = GENERATED / file
    return own if own.exists() else cache_folder() / file


def _write(path: Path, source: str) -> Path:
    """The source in the cache folder, or in a temporary one where that cannot be written."""
    if path.exists() and path.read_text(encoding="utf-8") == source:
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    except OSError as error:
        _say_uncached(path.parent, error)
        path = Path(tempfile.mkdtemp(prefix="likely-kernels-")) / path.name
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(source)
    os.replace(temporary, path)
    return path


_said = False


def _say_uncached(folder: Path, error: Exception) -> None:
    global _said
    if not _said:
        _said = True
        warnings.warn(
            f"compiled kernels cannot be kept in {folder} ({error}); every process will compile "
            "them again. Set LIKELY_CACHE_DIR to a folder that can be written",
            CacheWarning,
            stacklevel=2,
        )


@collector.at_rest()
def _compile(module: types.ModuleType) -> None:
    """Replace the module's functions by compiled ones, callees first as they stand in the file."""
    import numba

    # Only contract: reassoc and arcp would undo argument reductions and two-sums, nnan hides faults.
    fast = {"fastmath": {"contract"}, "nogil": True, "error_model": "numpy"}
    # The one addition of which a loop may change the order; the permission stays with it where it is inlined.
    free = {**fast, "fastmath": {"contract", "reassoc"}}
    for name, function in list(vars(module).items()):
        if not isinstance(function, types.FunctionType) or function.__module__ != module.__name__:
            continue
        if name in MACHINE:
            setattr(module, name, MACHINE[name]())
            continue
        # LLVM vectorises a loop only if everything that it calls is inlined. The one signature of a
        # kernel takes read-only arrays too, so that nothing is ever compiled twice.
        head = function.__code__.co_varnames[0]
        if head in ("y_all", "ys_all", "y32_all", "ys32_all"):
            decorate = partial(numba.njit, _signature(numba, head), **fast)
        elif head == "table_all":
            decorate = partial(numba.njit, _table_signature(numba), **fast)
        elif head in ("codes_all", "rows_all", "needed_rows"):
            # compiled for each type and layout that it meets; a sum's loops are its own
            decorate = partial(numba.njit, **fast)
        else:
            setattr(module, name, _inlined(function, free if name == "plus" else fast))
            continue
        try:
            compiled = decorate(cache=True)(function)
        except RuntimeError as error:  # Numba found no folder that it can write
            _say_uncached(Path(str(module.__file__)).parent, error)
            compiled = decorate()(function)
        setattr(module, name, compiled)


def _inlined(function: types.FunctionType, options: dict[str, Any]) -> Any:
    """The compiled function that kernels inline, once for all modules in which it stands.

    It is not kept on disk: a kernel that is kept there holds what it inlines.
    """
    import numba

    code = function.__code__
    values = (function.__globals__.get(name) for name in code.co_names)
    # Numbers of one value may be of several types, and all else is there once.
    named = tuple(repr(v) if isinstance(v, (int, float, np.generic)) else id(v) for v in values)
    key = (code.co_code, repr(code.co_consts), code.co_names, named, repr(options))
    if key not in _inline:
        # The machine code of a kernel names the modules of what it inlines, and asks for them when it is read back.
        function.__module__ = __name__
        _inline[key] = numba.njit(**options, forceinline=True)(function)
    return _inline[key]


def _signature(numba: Any, head: str) -> Any:
    """Of a kernel's arguments: contiguous arrays of one float type, of which y and raw are only read."""
    types_ = numba.types
    real = types_.float32 if "32" in head else types_.float64
    y = types_.Array(real, 2 if head.startswith("ys") else 1, "C", readonly=True)
    raw = types_.Array(real, 2, "C", readonly=True)
    first, rest = real[::1], real[:, ::1]
    return types_.intp(y, raw, first, rest, types_.intp, types_.intp, types_.intp)


def _table_signature(numba: Any) -> Any:
    """Of ``gradient`` in ``compositions_body.py``: arrays of any layout, so that it is compiled once."""
    types_ = numba.types
    real, index = types_.float64, types_.intp
    read = types_.Array(real, 2, "A", readonly=True)
    first, rest = real[:], real[:, :]
    return index(read, read, index[::1], real[::1], index, first, rest, index, index, index)
