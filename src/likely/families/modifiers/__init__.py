"""Modifiers: functions from families to a family, one file each, in the same formulas as the families."""
