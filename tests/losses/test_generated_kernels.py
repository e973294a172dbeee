"""The committed kernels are what the formulas generate today."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from likely.losses.kernels.build import GENERATED

ROOT = Path(__file__).parents[2]


def _tool():
    path = ROOT / "tools" / "generate_kernels.py"
    spec = importlib.util.spec_from_file_location("generate_kernels", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_regenerating_changes_nothing():
    wanted = _tool().expected_files()
    present = {p.name: p.read_text(encoding="utf-8") for p in GENERATED.glob("*.py")}
    assert present == wanted, "run: make kernels"


def test_tables_are_those_of_any_processor():
    """Kernels hold their digits: where they differed, no kernel of a file would be found."""
    code = (
        "from likely._math.tables import TABLES; import hashlib;"
        "print([(n, hashlib.sha256(t.tobytes()).hexdigest()) for n, t in TABLES.items()])"
    )
    extensions = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **more},
            capture_output=True,
            check=True,
        ).stdout
        for more in ({}, {"NPY_DISABLE_CPU_FEATURES": " ".join(extensions)})
    ]
    assert told[0] == told[1]
