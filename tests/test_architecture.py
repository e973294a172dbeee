"""Imports point down: a floor never imports a floor above it at module level."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "likely"

#: From the basement up; a package may import at module level only itself and what is before it.
FLOORS = (
    "_math",
    "families",
    "links",
    "losses",
    "fitting",
    "inference",
    "scoring",
    "data",
    "recipe",
    "bounds",
    "classes",
    "compositions",
    "trials",
    "catalogue",
    "modifiers",
    "predictors",
    "adapters",
    "torch",
    "jax",
    "catboost",
    "lightgbm",
    "xgboost",
    "report",
    "plots",
    "cli",
)
#: Families and links do not know each other; fitting knows neither, nor any formula.
STRANGERS = {
    "links": {"families"},
    "fitting": {"families", "links", "losses"},
}
FILES = sorted(p for p in SOURCE.rglob("*.py") if "generated" not in p.parts)


def floor_of(path: Path) -> str:
    part = path.relative_to(SOURCE).parts[0]
    return part.removesuffix(".py")


def module_level_imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("likely."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("likely.")}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_down(path):
    floor = floor_of(path)
    if floor in ("__init__", "__main__", "math", "storage"):
        return
    assert floor in FLOORS, f"{floor} has no place in the house; add it to FLOORS"
    for other in module_level_imports(path) - {floor, "storage", "math"}:
        assert FLOORS.index(other) < FLOORS.index(floor), f"{path} imports {other}, which is above"
        assert other not in STRANGERS.get(floor, set()), f"{floor} must not know {other}"


def test_fitting_and_links_know_no_stranger_even_late():
    for path in FILES:
        strangers = STRANGERS.get(floor_of(path), set())
        text = path.read_text(encoding="utf-8")
        for stranger in strangers:
            assert f"likely.{stranger}" not in text, f"{path} mentions {stranger}"


def every_import(path: Path, modules: dict[str, Path]) -> set[str]:
    """The modules of the house that a file imports, at its head or where it needs them."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in modules else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & set(modules)


def test_no_circle_of_imports_even_late():
    modules = {}
    for path in FILES:
        parts = ("likely", *path.relative_to(SOURCE).with_suffix("").parts)
        modules[".".join(part for part in parts if part != "__init__")] = path
    sorter = TopologicalSorter()
    for name, path in modules.items():
        others = every_import(path, modules) - {name}
        if name == "likely.inference.predictive":
            # A modified family's distribution is made of those of the families inside.
            others.discard("likely.inference.kinds")
        sorter.add(name, *others)
    sorter.prepare()  # CycleError names the circle


def test_importing_likely_loads_nothing_heavy():
    heavy = "scipy numba sklearn sympy matplotlib torch jax pandas polars pyarrow typer rich"
    code = f"import sys, likely; print(sorted(m for m in {heavy!r}.split() if m in sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
