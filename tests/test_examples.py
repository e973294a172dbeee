"""The examples run without a warning, and the documents show the pictures that they write."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))
#: Where the documents have the pictures of an example, and how many there are.
SHOWN = {
    "bikes": ("README.md", "docs/images/", 1),
    "lecture": ("docs/lecture.md", "images/", 4),
    "modifiers": ("docs/modifiers.md", "images/", 1),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_and_writes_its_pictures(name, tmp_path):
    run = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / f"{name}.py"), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"MPLBACKEND": "Agg"},
    )
    assert run.returncode == 0, run.stderr
    page, folder, count = SHOWN[name]
    written = sorted(path.name for path in tmp_path.glob("*.png"))
    assert len(written) == count
    for picture in written:
        assert f"({folder}{picture})" in (ROOT / page).read_text(encoding="utf-8")
        assert (ROOT / "docs" / "images" / picture).is_file()
    if name == "lecture":
        assert run.stdout.rstrip().splitlines()[-1].startswith("Sum of squares:")
