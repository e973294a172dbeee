"""Fused kernels: the same graph as the NumPy body, compiled to one vectorised pass over the rows."""
