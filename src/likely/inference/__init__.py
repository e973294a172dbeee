"""Floor 4: the predictive distribution, its maximum, and its integrals."""
