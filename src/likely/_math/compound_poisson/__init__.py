"""A Poisson number of Gamma amounts: Tweedie's density."""
