"""log Γ(a + y) − log Γ(a) of counts y: the rising factorial."""

from __future__ import annotations

from likely._math.graph import Expression, Node, log1p, where
from likely._math.special.coefficients import STIRLING_1, STIRLING_2, STIRLING_3
from likely._math.special.constants import HALF_LOG_2PI
from likely._math.special.gamma_function import powers, stirling_above
from likely._math.special.remainders import log1p_residual


def _rising_parts(y: Expression, x: Expression) -> tuple[Node, Node, Node]:
    """1/(1 + x), 1/(x + y) and z = (y − 1)/(1 + x), for the sums over i from 1 to y − 1."""
    a = 1.0 / (1.0 + x)
    return a, 1.0 / (x + y), (y - 1.0) * a


def rising_excess(y: Expression, x: Expression, log_x: Expression) -> Node:
    """Σ log(1 + x/i) = log Γ(x + y) − log Γ(y) − log Γ(1 + x) for y ≥ 1; to a few 1e-16 where that is below 1."""
    _, _, z = _rising_parts(y, x)
    errors = stirling_above(x + y) - stirling_above(y)
    ends = 1.0 - HALF_LOG_2PI - stirling_above(1.0 + x)
    return x * log1p(z) + (y - 0.5) * log1p(x / y) - 0.5 * log1p(x) + (errors + ends)


def _rising_error(u: Expression) -> tuple[Node, Node, Node]:
    """The derivatives of Stirling's error at 1/u ≥ 1, the first three."""
    square = u * u
    return (
        -square * powers(u, STIRLING_1),
        square * u * powers(u, STIRLING_2),
        -square * square * powers(u, STIRLING_3),
    )


def rising_slope(y: Expression, x: Expression, log_x: Expression) -> Node:
    """Σ x/(x + i) = x (ψ(x + y) − ψ(1 + x)), its derivative in log x; nothing is summed for y = 1."""
    a, b, z = _rising_parts(y, x)
    found = x * (log1p(z) + 0.5 * z * b + (_rising_error(b)[0] - _rising_error(a)[0]))
    return where(y > 1.0, found, 0.0)


def rising_curve(y: Expression, x: Expression, log_x: Expression) -> Node:
    """Σ x i/(x + i)², the derivative of that; the terms that cancel for large x are taken together."""
    a, b, z = _rising_parts(y, x)
    (a1, a2, _), (b1, b2, _) = _rising_error(a), _rising_error(b)
    steps = 0.5 * (a * a - (y * b) * b)
    found = x * (log1p_residual(z) + z * b + steps + ((b1 - a1) + x * (b2 - a2)))
    return where(y > 1.0, found, 0.0)


def rising_bend(y: Expression, x: Expression) -> Node:
    """Σ x i (i − x)/(x + i)³, the derivative of that."""
    a, b, z = _rising_parts(y, x)
    (a1, a2, a3), (b1, b2, b3) = _rising_error(a), _rising_error(b)
    share, of_y, w = x * a, y * b, (y - 1.0) * b
    logarithm = log1p_residual(z) + z * b - share * (w * w) - z * b * (share + x * b)
    steps = 0.5 * (a * a) * (1.0 - 2.0 * share) - 0.5 * (of_y * b) * (1.0 - 2.0 * (x * b))
    errors = (b1 - a1) + x * (3.0 * (b2 - a2) + x * (b3 - a3))
    return where(y > 1.0, x * (logarithm + steps + errors), 0.0)
