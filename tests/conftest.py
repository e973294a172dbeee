"""Lets every test import the oracles and the tools by name."""

import sys
from pathlib import Path

_TESTS = Path(__file__).parent
for folder in (_TESTS.parent / "tools", _TESTS):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
