"""Lets every test import the oracles and the tools by name."""

import os
import sys
from pathlib import Path

# gmpy2 is there for the oracles; users have no need of it, and SymPy has numbers of its own.
os.environ["SYMPY_GROUND_TYPES"] = "python"

_TESTS = Path(__file__).parent
for folder in (_TESTS.parent / "tools", _TESTS):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
