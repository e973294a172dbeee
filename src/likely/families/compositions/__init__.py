"""Families of compositions: the shares of K parts, or counts of them."""
