"""Formulas as one line of Unicode for a terminal, and as LaTeX, in the order people write them."""
