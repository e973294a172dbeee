"""The check (pinball) loss: a kink at 0, and a slope of its own on either side."""

from __future__ import annotations

from likely._math.atoms import register
from likely._math.graph import Expression, Node, abs_, where


def _check_loss(z: Expression, p: Expression, q: Expression) -> Node:
    """p·z above 0 and −q·z below, with q = 1 − p given with its digits."""
    return where(z < 0.0, -q * z, p * z)


check_loss = register(
    "check_loss",
    lambda z, p, q, out: (where(z < 0.0, -q, p), where(z < 0.0, 0.0, z), where(z < 0.0, -z, 0.0)),
    lambda z, p, q: 0.5 * (abs_(z) + (p - q) * z),
    _check_loss,
)
