"""Conway and Maxwell's Poisson by its mean."""
