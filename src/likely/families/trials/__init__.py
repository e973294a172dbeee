"""Families of successes among a known number of trials, which comes with y or is given once."""
