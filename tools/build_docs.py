"""Build the documentation into site/: README, guides, the families with their pictures, the API from docstrings."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import build_families

ROOT = Path(__file__).parents[1]


def main() -> int:
    build_families.build()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    # Links into docs/ are relative to it there; other files of the repository are not on the site.
    page = re.sub(r"\]\(docs/", "](", readme)
    page = re.sub(
        r"\[([^]]+)\]\((?!http|images|lecture|numerics|fitting|trees|families|modifiers|networks|own)[^)]*\)",
        r"\1",
        page,
    )
    (ROOT / "docs" / "index.md").write_text(page, encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", "site"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
