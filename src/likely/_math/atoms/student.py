"""StudentT, in the residual d, log scale and log df; q = (d/scale)²."""

from __future__ import annotations

from likely._math.atoms.registry import Formula, register_named
from likely._math.connection import Connection, Covariant, Moving, along, at, first_of, residual
from likely._math.graph import Node, log

#
# Every slope is a product of the shares n/(n + q) and q/(n + q), which stay in range where q does not.
student_kernel = register_named(
    "student_kernel",
    lambda d, s, n, log_s, log_n, out: (
        (n + 1.0) * student_pull(d, s, n, log_s, log_n),
        0.0,
        0.0,
        student_scale(d, s, n, log_s, log_n),
        0.5 * student_df(d, s, n, log_s, log_n),
    ),
    lambda d, s, n, log_s, log_n: log(s) + 0.5 * (n + 1.0) * log(1.0 + d * d / (n * s * s)),
)


def _moving_residual(form: Formula) -> Covariant:
    """The rule of an atom of d = y − m that moves with m: m times the pull, the smaller of which underflows, is one."""

    def covariant(atom: Moving, gamma: Connection) -> Node | None:
        if not atom.alone(0):
            return None
        pull = student_pull(*atom.args) * atom.slopes[0]
        return form(pull, *atom.args) - gamma.node * atom.node

    return covariant


student_pull = register_named(
    "student_pull",
    lambda d, s, n, log_s, log_n, out: (
        student_pull_slope(d, s, n),
        0.0,
        0.0,
        -2.0 * out * student_near(d, s, n),
        -out * student_near(d, s, n),
    ),
    lambda d, s, n, log_s, log_n: d / (n * s * s + d * d),
    # Far from y the loss is linear in log m, of d = y − m, and near it in m.
    residual(lambda y, m, d, s, n, log_s, log_n: student_pull_in_log(y, m, d, s, n) / m),
)


def _student_scale_in_square(d: Node, s: Node, n: Node, log_s: Node, log_n: Node) -> Node:
    # With many df the loss is linear in 1/s², but for its logarithm.
    near, far = student_near(d, s, n), student_far(d, s, n)
    return 2.0 * (near + far * (near - n * far))


student_scale = register_named(
    "student_scale",
    lambda d, s, n, log_s, log_n, out: (
        -2.0 * ((n + 1.0) * student_near(d, s, n)) * student_pull(d, s, n, log_s, log_n),
        0.0,
        0.0,
        2.0 * ((n + 1.0) * student_near(d, s, n)) * student_far(d, s, n),
        out * student_far(d, s, n),
    ),
    lambda d, s, n, log_s, log_n: n * (s * s - d * d) / (n * s * s + d * d),
    first_of(
        along(3, at({-2.0: _student_scale_in_square}), (1,)),
        _moving_residual(
            lambda pull, d, s, n, log_s, log_n: -2.0 * ((n + 1.0) * student_near(d, s, n)) * pull
        ),
    ),
)
student_df = register_named(
    "student_df",
    lambda d, s, n, log_s, log_n, out: (
        -2.0 * student_scale(d, s, n, log_s, log_n) * student_pull(d, s, n, log_s, log_n),
        0.0,
        0.0,
        2.0 * student_scale(d, s, n, log_s, log_n) * student_far(d, s, n),
        student_df_2(d, s, n, log_s, log_n),
    ),
    lambda d, s, n, log_s, log_n: (
        n * log(1.0 + d * d / (n * s * s)) - (n + 1.0) * d * d / (n * s * s + d * d)
    ),
    first_of(
        along(
            4,
            at({-1.0: lambda d, s, n, log_s, log_n: student_df_bend(d, s, n, log_s, log_n)}),
            (2,),
        ),
        _moving_residual(
            lambda pull, d, s, n, log_s, log_n: -2.0 * student_scale(d, s, n, log_s, log_n) * pull
        ),
    ),
)
student_df_bend = register_named(
    # The second derivative of the kernel in 1/n, over n².
    "student_df_bend",
    None,
    lambda d, s, n, log_s, log_n: (
        2.0 * n * log(1.0 + d * d / (n * s * s))
        - 2.0 * n * student_far(d, s, n)
        - (n + 1.0) * student_far(d, s, n) * student_far(d, s, n)
    ),
)
student_pull_in_log = register_named(
    "student_pull_in_log",
    None,
    lambda x, m, d, s, n: (
        m * (n * s * s * (d - m) + d * d * x) / ((n * s * s + d * d) * (n * s * s + d * d))
    ),
)
student_near = register_named("student_near", None, lambda d, s, n: n * s * s / (n * s * s + d * d))
student_far = register_named("student_far", None, lambda d, s, n: d * d / (n * s * s + d * d))
student_pull_slope = register_named(
    "student_pull_slope",
    None,
    lambda d, s, n: (n * s * s - d * d) / ((n * s * s + d * d) * (n * s * s + d * d)),
)
student_df_2 = register_named(
    "student_df_2",
    None,
    lambda d, s, n, log_s, log_n: (
        n * log(1.0 + d * d / (n * s * s))
        - n * student_far(d, s, n) * (1.0 + student_far(d, s, n))
        + student_near(d, s, n) * student_far(d, s, n)
    ),
)
