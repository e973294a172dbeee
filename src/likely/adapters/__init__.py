"""Losses for other libraries' arrays and learners; each loads on use."""
