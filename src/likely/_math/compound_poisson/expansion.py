r"""ρ of ``waves.py``: a series in u = 1/V whose coefficients are polynomials of c = ν/(1 + ν)²."""

from __future__ import annotations

from likely._math.graph import Expression, Node, polynomial

#: Of u, u², … the polynomials of c, as ``tools/derive_compound_poisson_waves.py`` prints them.
COEFFICIENTS: tuple[tuple[float, ...], ...] = (
    (-0.08333333333333333, -0.041666666666666664),
    (0.0, -0.041666666666666664, -0.020833333333333332),
    (0.002777777777777778, -0.004861111111111111, -0.059027777777777776, -0.02795138888888889),
    (0.0, 0.0125, -0.02361111111111111, -0.1423611111111111, -0.06371527777777777),
    (
        -0.0007936507936507937,
        0.003273809523809524,
        0.057007826278659614,
        -0.11808449074074075,
        -0.4870804398148148,
        -0.20712253361992947,
    ),
    (
        0.0,
        -0.00992063492063492,
        0.04196428571428571,
        0.2945326278659612,
        -0.6728587962962963,
        -2.158738425925926,
        -0.8772707231040564,
    ),
    (
        0.0005952380952380953,
        -0.003801256613756614,
        -0.09335896164021164,
        0.428155668999853,
        1.7402230305702528,
        -4.398092327353395,
        -11.744964617550337,
        -4.585044500047077,
    ),
)
#: From this V on, what is left out is 1e−16 at most.
LEAST = 40.0


def terms(
    u: Expression, c: Expression, of_v: int, of_c: int, last: int = len(COEFFICIENTS)
) -> list[Node]:
    """Of ρ, differentiated so often in log V and in c, what goes with each power of 1/V up to the last."""
    found, power = [], u
    for m, coefficients in enumerate(COEFFICIENTS[:last], 1):
        for _ in range(of_c):
            coefficients = tuple(k * value for k, value in enumerate(coefficients))[1:]
        if coefficients:
            found.append((-1.0 * m) ** of_v * power * polynomial(c, coefficients))
        power = power * u
    return found
