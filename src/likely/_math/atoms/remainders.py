"""What is left of logarithm and exponential when their first terms are taken off."""

from __future__ import annotations

from likely._math.atoms.registry import register, register_named
from likely._math.connection import Connection, Moving, still
from likely._math.graph import Node, exp, expm1, log, log1p

# Kernels have a shorter way where x is known to be between 0 and 1.
log1p_fraction = register(
    "log1p_fraction",
    lambda x, out: (1.0 / (1.0 + x),),
    lambda x: log(1.0 + x),
    log1p,
)


def _residual_covariant(atom: Moving, gamma: Connection) -> Node | None:
    # Of x whose slope is qx: qv² − Γf, which is of order x² unless Γ = 2q.
    (x,), (slope,) = atom.args, atom.slopes
    q = 1.0 if slope is x else -1.0 if slope is -x else None
    if q is None or gamma.known != 2.0 * q:
        return None
    return -q * log1p_residual_2(x)


log1pmx = register_named("log1pmx", lambda x, out: (-x / (1.0 + x),), lambda x: log(1.0 + x) - x)
log1p_residual = register_named(
    "log1p_residual",
    lambda x, out: (x / (1.0 + x) / (1.0 + x),),
    lambda x: log(1.0 + x) - x / (1.0 + x),
    _residual_covariant,
)
log1p_residual_2 = register_named(
    "log1p_residual_2",
    None,
    lambda x: 2.0 * log(1.0 + x) - 2.0 * x / (1.0 + x) - x / (1.0 + x) * (x / (1.0 + x)),
)
expm1mx = register_named("expm1mx", lambda x, out: (expm1(x),), lambda x: exp(x) - 1.0 - x)
scaled_log1p = register_named(
    "scaled_log1p",
    lambda x, n, out: (1.0 / (1.0 + x / n), scaled_log1p_residual(x / n, n, x) / n),
    lambda x, n: n * log(1.0 + x / n),
)
log_ratio = register_named(
    # d = x − m is a hint that carries the digits; the derivative goes through x and m.
    "log_ratio",
    lambda x, m, d, out: (1.0 / x, -1.0 / m, 0.0),
    lambda x, m, d: log(x / m),
)
relative_entropy_term = register_named(
    "relative_entropy_term",
    lambda x, m, d, out: (log_ratio(x, m, d), -d / m, 0.0),
    lambda x, m, d: x * log(x / m) + m - x,
)
log_ratio_of = register_named(
    "log_ratio_of",
    lambda x, m, d, log_x, log_m, out: (0.0, 0.0, 0.0, 1.0, -1.0),
    lambda x, m, d, log_x, log_m: log(x / m),
)
relative_entropy_of = register_named(
    "relative_entropy_of",
    # m − x log m: in two parts, so that a link which makes one of them linear leaves it so.
    lambda x, m, d, log_x, log_m, out: (
        0.0,
        1.0,
        0.0,
        x * log_ratio_of(x, m, d, log_x, log_m),
        -x,
    ),
    lambda x, m, d, log_x, log_m: x * log(x / m) + m - x,
)

binomial_divergence = register_named(
    # Sent through the logarithms the derivatives are those of −y log p − w log q: no term of them cancels.
    "binomial_divergence",
    lambda y, w, p, q, log_p, log_q, out: (
        log(y / (y + w)) - log_p,
        log(w / (y + w)) - log_q,
        0.0,
        0.0,
        -y,
        -w,
    ),
    lambda y, w, p, q, log_p, log_q: y * log(y / ((y + w) * p)) + w * log(w / ((y + w) * q)),
)

log1p_excess = register_named(
    "log1p_excess",
    lambda x, log_x, out: (0.0, -log1pmx(x) / x),
    lambda x, log_x: (1.0 + x) * log(1.0 + x) / x - 1.0,
)
log1p_residual_over = register_named(
    "log1p_residual_over",
    lambda x, out: (1.0 / (1.0 + x) / (1.0 + x) - out / x,),
    lambda x: (log(1.0 + x) - x / (1.0 + x)) / x,
)


def _scaled_residual_covariant(atom: Moving, gamma: Connection) -> Node | None:
    # Of an x that falls as n grows: (1 − Γ)f − nv², which is of order nx² unless Γ = −1.
    (x, n, nx), (of_x, of_n, of_nx) = atom.args, atom.slopes
    if of_x is not -x or of_n is not n or not still(of_nx):
        return None
    if gamma.known == -1.0:
        return n * log1p_residual_2(x)
    share = x / (1.0 + x)
    return gamma.plus(-1.0).over(-1.0).node * atom.node - nx * (share / (1.0 + x))


scaled_log1p_residual = register_named(
    # nx is a hint, for an x whose square is below all numbers; the derivative goes through x and n.
    "scaled_log1p_residual",
    lambda x, n, nx, out: (n * (x / (1.0 + x) / (1.0 + x)), out / n, 0.0),
    lambda x, n, nx: n * (log(1.0 + x) - x / (1.0 + x)),
    _scaled_residual_covariant,
)
