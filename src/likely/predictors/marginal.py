"""The best constant: density estimation, start values, and what Constant predicts."""
