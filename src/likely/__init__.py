"""Likely."""
