"""Floor 3a: the negative log-likelihood of a family under its links, and its derivatives."""
