r"""The sum of ``compound_poisson.py`` where it is nearly an integral: a polynomial in 1/V and c = s (1 − s).

With V = Jν/(1 + ν) and s = ν/(1 + ν) the saddle-point expansion of the integral over real j is

.. math:: r \sim \sum_{m \ge 1} P_m(c) V^{-m},

the same for ν and 1/ν, and the sum over whole j is that integral to e^(−M (1 − cos 2π/(1 + ν))), M = (1 + ν) J,
where the next saddle-points are. Where V ≥ 5 and V ≥ 2 (1 + ν), which is e^−37 at most, one polynomial in u = 5/V and
4c has all digits of r, and no difference of its derivatives cancels. It is summed over the powers of u.

Source: Wright (1935), doi:10.1112/jlms/s1-10.40.286, for the expansion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from likely._math.graph import Node, constant, exp, make, polynomial
from likely._math.series import Series, Terms

#: The least V.
NEAR = 5.0
#: r by powers of u from u¹ on, a row each, and of 4c − ½, from ``tools/derive_compound_poisson.py``: what it leaves out
#: is 2e-16 of u, of its derivatives 7e-14, and of second ones 3e-11.
_FAR = (
    (
        -0.017708333333333364,
        -0.002083333333333524,
        8.180601046630059e-15,
        -4.95618555586234e-15,
        -4.908809177063682e-13,
        7.838797295381123e-13,
        1.2344158714113462e-11,
        -2.2107168882943128e-11,
        -1.6346390940559855e-10,
        2.861950490416121e-10,
        1.2352724054939621e-09,
        -1.988428944636418e-09,
        -5.353568331406597e-09,
        7.630047621958125e-09,
        1.2373708768160047e-08,
        -1.5202970515851903e-08,
        -1.1810832287494629e-08,
        1.2246013033124454e-08,
    ),
    (
        -0.00022135416666227949,
        -0.0004687499999396886,
        -5.2083334287087556e-05,
        -2.8234911673886002e-12,
        4.735314252696602e-11,
        4.107431124281533e-11,
        -9.841629952038879e-10,
        -1.935928467853699e-10,
        1.0911313100463142e-08,
        -2.1971787586068956e-10,
        -7.062521623963596e-08,
        -1.7057622354389267e-09,
        2.693639485796987e-07,
        6.744844849856824e-08,
        -5.624239688952542e-07,
        -3.3477964497974413e-07,
        4.958183629831489e-07,
        4.97485699564131e-07,
    ),
    (
        9.545898315120958e-06,
        -4.185655588493237e-05,
        -3.47547514428001e-05,
        -3.493823795922936e-06,
        -9.9401133154145e-10,
        -1.591233676640069e-09,
        1.7628295644182975e-08,
        8.956137159859638e-09,
        -1.624700567884368e-07,
        2.3617958681523262e-08,
        8.557349435736439e-07,
        -4.7146516724347916e-07,
        -2.6247153092551233e-06,
        1.7894533672951375e-06,
        4.400537882943709e-06,
        -1.9883246222741814e-06,
        -3.129808646816895e-06,
        -6.959703008405067e-07,
    ),
    (
        1.4399563719699084e-06,
        -2.2946505256783024e-07,
        -8.297218225252004e-06,
        -4.3567954181163955e-06,
        -3.8891082652624996e-07,
        2.3225321859816548e-08,
        -1.4801251564170224e-07,
        -1.8876302036211786e-07,
        1.189579453793774e-06,
        5.822698788995355e-07,
        -5.243479571012058e-06,
        8.523891487773662e-07,
        1.2674900545004998e-05,
        -8.816725936803171e-06,
        -1.5174607501499871e-05,
        1.3864988505362022e-05,
        6.163163256225074e-06,
    ),
    (
        4.81361877283162e-08,
        6.344128927790573e-07,
        -7.383772296317901e-07,
        -1.9614177999609846e-06,
        -8.176665779276806e-07,
        -2.136426964628332e-07,
        6.846819903260276e-07,
        1.3008643829439832e-06,
        -4.960049932804077e-06,
        -5.557147109417387e-06,
        1.9152896605028912e-05,
        8.349264502820267e-06,
        -3.8590960436769545e-05,
        1.03385927207624e-05,
        3.397620385488933e-05,
        -3.1571059776314174e-05,
        -3.7264268347739032e-06,
    ),
    (
        -1.5498250205361793e-08,
        1.0187140576525611e-07,
        1.7167062866830643e-07,
        -4.4441825685702416e-07,
        -4.165925558796262e-07,
        3.401081672715614e-07,
        -1.886941529190574e-06,
        -4.419220730388479e-06,
        1.2272646439044057e-05,
        1.975284161452609e-05,
        -4.184870456408386e-05,
        -4.05327544668194e-05,
        7.217550102552943e-05,
        1.7228328616795022e-05,
        -5.1935981459110546e-05,
        3.293151521872713e-05,
    ),
    (
        -3.378577309937865e-09,
        -5.192125419444485e-09,
        8.729970041777391e-08,
        9.138884437438825e-08,
        -4.6440199931461906e-07,
        -1.2516196344970778e-06,
        3.104816250832545e-06,
        8.537334937587164e-06,
        -1.843528082977372e-05,
        -3.6417809101351484e-05,
        5.405655646784891e-05,
        7.597284986876806e-05,
        -7.603025155964494e-05,
        -5.456548961157084e-05,
        4.414573880801069e-05,
        -1.2832324732273061e-05,
    ),
    (
        3.2177180345749715e-11,
        -2.830312014280505e-09,
        -2.846827555267063e-09,
        -5.0012596938095967e-08,
        2.897239761938858e-07,
        1.2707378699321115e-06,
        -3.3741976673708356e-06,
        -9.927246784021195e-06,
        1.684344073006552e-05,
        3.779006198825485e-05,
        -4.0461630446105813e-05,
        -7.050457951306187e-05,
        4.02900741701083e-05,
        4.813927914058603e-05,
        -1.4746641163711915e-05,
    ),
    (
        4.005369776033245e-11,
        -3.2168454247308337e-09,
        5.957441921165604e-09,
        9.705957010896741e-08,
        -2.0547447269219204e-07,
        -1.1164341833998917e-06,
        2.047782042688796e-06,
        6.897481299801123e-06,
        -9.00323367033184e-06,
        -2.206976837728862e-05,
        1.6534066311394595e-05,
        3.1955250803797864e-05,
        -8.21319655301209e-06,
        -1.4207445275232454e-05,
    ),
    (
        8.807351792206894e-11,
        1.3319995717377699e-09,
        -7.407990968884781e-09,
        -4.289696011704102e-08,
        1.1716560294381258e-07,
        5.126380945897366e-07,
        -7.750559707127588e-07,
        -2.7909465324406202e-06,
        2.442677225679096e-06,
        6.740465583691786e-06,
        -2.992605658620457e-06,
        -5.63886274824483e-06,
    ),
    (
        -2.1818464619292535e-11,
        -1.5214744103356404e-10,
        1.65618001540696e-09,
        6.5800087569218055e-09,
        -2.4896026041080044e-08,
        -9.229689180921809e-08,
        1.357746278238133e-07,
        4.922500896491631e-07,
        -2.477873813349309e-07,
        -8.751112704874012e-07,
    ),
)
_COLUMNS = max(map(len, _FAR))
#: The coefficients of one power of 4c − ½, by the power of u.
TABLES = {
    f"compound_poisson_far_{k}": np.array([row[k] if k < len(row) else 0.0 for row in _FAR])
    for k in range(_COLUMNS)
}


class _Term:
    """One power of u."""

    def __init__(self, index: Node, log_u: Node, of_x: Node, of_j: Node) -> None:
        self.power = index + 1.0
        self.coefficients = [make(name, index) for name in TABLES]
        self.at = 4.0 * (of_x * of_j) - 0.5
        self.u = exp(self.power * log_u)

    def value(self, by_power: int, by_c: int) -> Node:
        """u^m times the polynomial in 4c, differentiated as often; times m as often."""
        row = self.coefficients
        for _ in range(by_c):
            row = [float(k) * c for k, c in enumerate(row) if k]
        total = self.u * polynomial(self.at, row)
        for _ in range(by_power):
            total = self.power * total
        return total


def _results() -> dict[str, tuple[tuple[str, ...], Any]]:
    """Of each derivative of r in log V and log ν the sums that it takes, and what it is."""

    def turned(of_x: Node, of_j: Node) -> Node:
        # 4 times the derivative of c in log ν
        return 4.0 * ((of_x * of_j) * (of_j - of_x))

    def bent(of_x: Node, of_j: Node) -> Node:
        # 4 times its second derivative
        c, turn = of_x * of_j, of_j - of_x
        return 4.0 * (c * (turn * turn - 2.0 * c))

    return {
        "value": (("0_0",), lambda s, total: total),
        "by_v": (("1_0",), lambda s, total: -total),
        "by_n": (("0_1",), lambda s, total: turned(*s) * total),
        "v_v": (("2_0",), lambda s, total: total),
        "v_n": (("1_1",), lambda s, total: -(turned(*s) * total)),
        "n_n": (
            ("0_1", "0_2"),
            lambda s, one, two: turned(*s) * (turned(*s) * two) + bent(*s) * one,
        ),
    }


def far(arguments: tuple[str, ...]) -> dict[str, Series]:
    """Of r and its derivatives the series, of arguments that have these names."""

    def rule(*given: Node) -> tuple[Node, ...]:
        named = dict(zip(arguments, given, strict=True))
        log_u = math.log(NEAR) - named["log_v"]
        return constant(float(len(_FAR))), log_u, named["of_x"], named["of_j"]

    def value(what: str, index: Node, count: Node, *fields: Node) -> Node:
        by_power, by_c = map(int, what.split("_"))
        return _Term(index, *fields).value(by_power, by_c)

    terms = Terms(arguments, ("terms", "log_u", "of_x", "of_j"), len(_FAR), rule, value)

    def series(what: str, wanted: tuple[str, ...], result: Callable[..., Node]) -> Series:
        def of(fields: Sequence[Node], *sums: Node) -> Node:
            return result(fields[2:], *sums)

        return Series(f"compound_poisson_far_{what}", terms, wanted, of)

    return {what: series(what, *parts) for what, parts in _results().items()}
