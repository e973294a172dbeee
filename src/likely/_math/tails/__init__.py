"""Logarithms of distribution functions, of intervals and of densities beyond bounds, with their derivatives."""
