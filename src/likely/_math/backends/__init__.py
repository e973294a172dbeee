"""The primitives on every array library, and what kernels inline."""
