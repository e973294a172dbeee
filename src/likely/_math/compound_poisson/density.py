r"""The density of a Poisson number of Gamma amounts, as a sum over that number.

With :math:`y` at its mean, :math:`J` expected amounts and shape :math:`\nu` of each, :math:`y\,p(y)` is

.. math:: e^{h} = \sum_{j \ge 1} \frac{J^j e^{-J}}{j!} \frac{(\nu J)^{j\nu} e^{-\nu J}}{\Gamma(j\nu)}
          = \frac{\sqrt\nu}{2\pi} \sum_{j \ge 1} e^{-(1+\nu) D(j, J) - S(j) - S(j\nu)},

where :math:`D(j, J) = j \log(j/J) + J - j` and S is Stirling's error: everything that grows has cancelled on
paper, and all terms are positive. Their spread is :math:`\sigma = \sqrt{J/(1+\nu)}`. h is nearly ½ log(V/2π), where
1/V = 1/J + 1/x and x = νJ; that is a part of the density's formula, and r is the rest.

The arguments are v = log V and n = log ν. In a density V = y²⁻ᵖ/φ and ν = (2 − p)/(p − 1): y and φ move v alone, so
that no slope is a difference of others, and p → 1 and p → 2, which are n → ∞ and n → −∞, are each other's mirror image.

Of most V and ν r is smooth, and a polynomial (``smooth.py``). Where ν is large and V is not, h has a
wave for every whole j: of σ above 0.4 it is an integral and these waves (``waves.py``), and where σ or V are less the
sum runs over the few j that matter (``sums.py``).

Source: Dunn and Smyth (2005), doi:10.1007/s11222-005-4070-y, for the sum; what is done with it is our own.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from likely._math.atoms import Atom, register
from likely._math.compound_poisson.few import by_few
from likely._math.compound_poisson.many import by_many
from likely._math.compound_poisson.smooth import Smooth
from likely._math.compound_poisson.steps import NEAREST
from likely._math.compound_poisson.waves import by_waves, has_waves
from likely._math.graph import Expression, Node, where


def _chosen(what: str) -> Callable[..., Node]:
    """r, or a derivative of it, of v = log V and n = log ν; s = ν/(1 + ν), 1 − s and their logarithms carry digits."""

    def expansion(
        log_v: Expression,
        log_nu: Expression,
        s: Expression,
        rest: Expression,
        log_s: Expression,
        log_rest: Expression,
    ) -> Node:
        smooth = Smooth(log_v, s, rest, log_s, log_rest)
        given = (s, rest, smooth.log_j)
        few = where(smooth.log_j < math.log(NEAREST), by_few(what, *given), by_many(what, *given))
        several = by_waves(what, log_v, *given)
        rough = where(has_waves(log_v, log_nu), several, few)
        return where(smooth.is_rough, rough, getattr(smooth, what))

    return expansion


# Of the arguments the derivatives go through log V and log ν alone; the others carry digits.
compound_poisson_log_sum: Atom = register(
    # r, the logarithm of y p(y) at y = mean less that of (V/2π)^½: 0 for V → ∞
    "compound_poisson_log_sum",
    lambda *given: (
        compound_poisson_slope_v(*given[:-1]),
        compound_poisson_slope_n(*given[:-1]),
        *(0.0,) * 4,
    ),
    None,
    _chosen("value"),
)
compound_poisson_slope_v: Atom = register(
    "compound_poisson_slope_v",
    lambda *given: (
        compound_poisson_curve_v_v(*given[:-1]),
        compound_poisson_curve_v_n(*given[:-1]),
        *(0.0,) * 4,
    ),
    None,
    _chosen("by_v"),
)
compound_poisson_slope_n: Atom = register(
    "compound_poisson_slope_n",
    lambda *given: (
        compound_poisson_curve_v_n(*given[:-1]),
        compound_poisson_curve_n_n(*given[:-1]),
        *(0.0,) * 4,
    ),
    None,
    _chosen("by_n"),
)
compound_poisson_curve_v_v: Atom = register(
    "compound_poisson_curve_v_v", None, None, _chosen("v_v")
)
compound_poisson_curve_v_n: Atom = register(
    "compound_poisson_curve_v_n", None, None, _chosen("v_n")
)
compound_poisson_curve_n_n: Atom = register(
    "compound_poisson_curve_n_n", None, None, _chosen("n_n")
)

#: The sum over j as a textbook prints it, of z and ν: for print alone.
amount_sum: Atom = register("amount_sum")

# The distribution function: values only, on NumPy (``_math/compound_poisson/tails.py``).
compound_poisson_cdf: Atom = register("compound_poisson_cdf")
compound_poisson_sf: Atom = register("compound_poisson_sf")
compound_poisson_quantile: Atom = register("compound_poisson_quantile")
compound_poisson_isf: Atom = register("compound_poisson_isf")
