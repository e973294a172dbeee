"""Lets every test import the oracles and the tools by name."""

import os
import sys
from pathlib import Path

# gmpy2 is there for the oracles; users have no need of it, and SymPy has numbers of its own.
os.environ["SYMPY_GROUND_TYPES"] = "python"
# What LLVM makes faster of programs that XLA has rearranged changes no number, and takes a third of the time.
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_backend_optimization_level=0"

_TESTS = Path(__file__).parent
for folder in (_TESTS.parent / "tools", _TESTS):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
