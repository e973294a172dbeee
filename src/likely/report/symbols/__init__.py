"""Functions that formulas keep under a name, for SymPy: what they are, their derivatives, their definitions."""
