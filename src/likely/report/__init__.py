"""Words and formulas for people: derivations, tables and pages."""
