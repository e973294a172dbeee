"""The committed kernels are what the formulas generate today."""

import importlib.util
from pathlib import Path

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
