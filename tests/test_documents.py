"""The Python of README and docs runs as printed."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from likely.families.registry import public_names
from likely.math import __all__ as VOCABULARY  # noqa: N812

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    *(ROOT / "docs" / f"{name}.md" for name in ("own", "modifiers", "trees", "networks")),
]


def blocks(path):
    return re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.S | re.M)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_python_blocks_run_in_order(path, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some save a model
    namespace = {"__name__": "document"}
    for number, block in enumerate(blocks(path)):
        exec(compile(block, f"{path.name}, block {number}", "exec"), namespace)


@pytest.mark.parametrize(
    "path",
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))],
    ids=lambda p: p.name,
)
def test_links_lead_somewhere(path):
    if path.name == "index.md":  # made from the README when the site is built
        return
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_the_page_on_own_families_has_all_that_a_formula_is_made_of():
    text = (ROOT / "docs" / "own.md").read_text(encoding="utf-8")
    table = text[text.index("| function | |") : text.index("## Keep the digits")]
    told = {name for cell in re.findall(r"`([^`]+)`", table) for name in re.findall(r"^\w+", cell)}
    assert told - {"x"} == set(VOCABULARY)


def test_the_family_of_contributing_takes_one_file(tmp_path):
    """Its code, as printed and as completed, in a copy of the package: found, checked, explained, fitted."""
    package = tmp_path / "likely"
    shutil.copytree(ROOT / "src" / "likely", package, ignore=shutil.ignore_patterns("__pycache__"))
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    formula, more, _ = re.findall(r"^ +```python\n(.*?)^ +```", text, re.S | re.M)
    code = textwrap.dedent(formula) + "\n" + textwrap.indent(textwrap.dedent(more), "    ")
    (package / "families" / "rayleigh.py").write_text(code, encoding="utf-8")
    fit = "from likely import Linear, Rayleigh; Linear(Rayleigh()).fit([[0], [1], [2]], [1, 3, 2])"
    for words in (
        ["-m", "likely", "check-family", "rayleigh"],
        ["-m", "likely", "explain", "rayleigh"],
        ["-c", fit],
    ):
        done = subprocess.run(
            [sys.executable, *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", public_names())
def test_readme_names_every_family(name):
    assert re.search(rf"\b{name}\b", (ROOT / "README.md").read_text(encoding="utf-8"))


def test_readme_names_commands_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", readme, re.M):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_every_family_is_on_the_page_with_its_picture():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "build_families.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
