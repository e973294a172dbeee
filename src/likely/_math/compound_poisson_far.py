r"""The sum of ``compound_poisson.py`` where it is nearly an integral: a polynomial in 1/V and c = s (1 − s).

With V = Jν/(1 + ν) and s = ν/(1 + ν) the saddle-point expansion of the integral over real j is

.. math:: r \sim \sum_{m \ge 1} P_m(c) V^{-m},

the same for ν and 1/ν, and the sum over whole j is that integral to e^(−M (1 − cos 2π/(1 + ν))), M = (1 + ν) J,
where the next saddle-points are. Where V ≥ 5 and V ≥ 2 (1 + ν), which is e^−37 at most, one polynomial in u = 5/V and
4c has all digits of r, and no difference of its derivatives cancels.

Source: Wright (1935), doi:10.1112/jlms/s1-10.40.286, for the expansion.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from likely._math.graph import Node, constant, exp, polynomial
from likely._math.series import Series, Terms

#: The least V.
NEAR = 5.0
#: r/u in powers of u − ½ and of 4c − ½, from ``tools/derive_compound_poisson.py``: what it leaves out is 2e-16, of
#: its derivatives 7e-14, and of second ones 3e-11.
_FAR = (
    (
        -0.017816441475579526,
        -0.002328158434470538,
        -3.580693890705861e-05,
        -1.553194467081314e-06,
        -1.1855276974145036e-07,
        -1.3276486067012691e-08,
        -1.9787318105207717e-09,
        -4.5969597923454475e-10,
        -2.1269910668121233e-10,
        1.1260971031907936e-09,
        9.739445410959167e-10,
        -8.907957537019693e-09,
        -4.22774868070001e-09,
        3.91786959157819e-08,
        9.552612486022357e-09,
        -9.113684478019632e-08,
        -8.860082645378721e-09,
        8.699628760506334e-08,
    ),
    (
        -0.00021070970096782378,
        -0.0005104310536386071,
        -9.336033936991573e-05,
        -7.864660865045889e-06,
        -8.962443575585936e-07,
        -1.3391781799168748e-07,
        -2.5203145231557934e-08,
        -5.838697167732161e-09,
        -2.2726374722771336e-10,
        -2.441241325857692e-10,
        -1.0487965231649672e-08,
        6.700285530430684e-09,
        4.791781053040951e-08,
        -5.625455954899234e-08,
        -1.203218413828169e-07,
        1.7514484216153245e-07,
        1.2516874094810736e-07,
        -1.9848460127637558e-07,
    ),
    (
        1.1755556500850828e-05,
        -4.11295793669102e-05,
        -4.801276709195804e-05,
        -1.3442254735195864e-05,
        -2.6381648383946082e-06,
        -5.620383208372038e-07,
        -1.3780960216360677e-07,
        -3.8699237493674374e-08,
        -2.4036619794023865e-09,
        -3.2095943282279235e-09,
        -7.395983240634731e-08,
        1.548075186963066e-08,
        2.892979800334869e-07,
        -1.7183756852452357e-07,
        -6.078975420362118e-07,
        5.866580582005071e-07,
        5.252959853598605e-07,
        -6.959703008405067e-07,
    ),
    (
        1.4892723018730706e-06,
        1.2708437580422327e-06,
        -9.130519093097707e-06,
        -9.15188635930035e-06,
        -3.8220996702041935e-06,
        -1.2705503065250701e-06,
        -4.2137280152869993e-07,
        -1.3864166665405868e-07,
        -7.402552599862319e-08,
        -1.2433285543278178e-07,
        7.894791560313108e-08,
        4.4307052404162887e-07,
        -3.824533844821335e-07,
        -1.0407990938427813e-06,
        1.0439160349093278e-06,
        9.708451688688468e-07,
        -1.2896904133227326e-06,
    ),
    (
        -2.687894965855073e-09,
        8.479101375964322e-07,
        8.047532692004603e-09,
        -2.671240894804226e-06,
        -2.8524144110926894e-06,
        -1.6662039578714187e-06,
        -7.989516371468864e-07,
        -3.615617853617849e-07,
        -3.0484182940434747e-07,
        -2.9641827569333045e-07,
        7.767440790730617e-07,
        1.0592301694079385e-06,
        -2.929311646818593e-06,
        -2.7593986197188226e-06,
        5.16621564591342e-06,
        2.6365105244796757e-06,
        -3.7264268347739032e-06,
    ),
    (
        -2.466291750927851e-08,
        5.820930898812979e-08,
        4.150304674459975e-07,
        -3.939685885703008e-08,
        -1.0004460695419085e-06,
        -1.248229230978745e-06,
        -9.868968068186987e-07,
        -7.45126922113119e-07,
        -3.430103855457146e-07,
        5.985263242738057e-07,
        6.909961553342798e-08,
        -3.482535819933043e-06,
        -1.8847401314214575e-06,
        6.810958343531956e-06,
        3.0813688554339723e-06,
        -5.565458978092049e-06,
    ),
    (
        -2.3471767043519043e-09,
        -2.5627075102861033e-08,
        6.299135495142457e-08,
        2.3170627955949232e-07,
        1.4789097639493431e-08,
        -4.477730853376819e-07,
        -7.264469884402248e-07,
        -7.698158718604007e-07,
        -1.0997247725774562e-07,
        6.480824201367677e-07,
        -3.243045329274063e-06,
        -6.3144816569341696e-06,
        7.492632164649473e-06,
        1.4469870453853074e-05,
        -7.4675052649810095e-06,
        -1.2832324732273061e-05,
    ),
    (
        6.57776663396312e-10,
        -5.991909183067371e-09,
        -2.084627835946328e-08,
        5.085317379823164e-08,
        1.488761213032302e-07,
        3.42906105019034e-08,
        -1.2195381567328126e-07,
        -7.208903204483743e-08,
        -9.022096401739392e-07,
        -2.951490324984576e-06,
        -1.258816128111543e-06,
        6.566658967926108e-06,
        7.4372879580599366e-06,
        -8.690501960343787e-06,
        -1.4746641163711915e-05,
    ),
    (
        1.909268014426017e-10,
        1.0654939364615354e-09,
        -8.746492265487612e-09,
        -2.1951651902346844e-08,
        4.1690447592814085e-08,
        1.520972094002198e-07,
        8.74947374992808e-08,
        -1.239645876285828e-07,
        -7.987941947938796e-07,
        -1.5826750436588475e-06,
        3.067340847602539e-06,
        6.580368436696127e-06,
        -8.21319655301209e-06,
        -1.4207445275232454e-05,
    ),
    (
        -2.1018805174393727e-11,
        5.712623665699498e-10,
        8.729091081500189e-10,
        -9.996916332431988e-09,
        -7.314527261587639e-09,
        5.1153635543646196e-08,
        -9.618283159369244e-08,
        -3.2969608419480453e-07,
        1.2037403190044417e-06,
        2.36490923125478e-06,
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


def _derivative(coefficients: Sequence[float]) -> tuple[float, ...]:
    return tuple(k * c for k, c in enumerate(coefficients) if k) or (0.0,)


#: The same rows, differentiated in 4c once and twice.
_FAR_1 = tuple(_derivative(row) for row in _FAR)
_FAR_2 = tuple(_derivative(row) for row in _FAR_1)


class _Far:
    """r and its derivatives in v = log V and n = log ν: a series of one term, so that other rows do without it."""

    def __init__(self, u: Node, of_x: Node, of_j: Node) -> None:
        self.u = u
        self.c = of_x * of_j
        self.turn = of_j - of_x  # of log c the slope in n

    def _in_u(self, rows: Sequence[Sequence[float]], order: int) -> Node:
        """The order-th derivative in −v of u times the polynomial of these rows."""
        # Of u f(u) the derivatives in log u are u f + u² f′, and u f + 3u² f′ + u³ f″.
        inner = [polynomial(4.0 * self.c - 0.5, row) for row in rows]
        at, u = self.u - 0.5, self.u
        total = polynomial(at, inner)
        if order:
            first = [float(k) * p for k, p in enumerate(inner) if k]
            slope = polynomial(at, first)
            if order == 2:
                second = [float(k) * p for k, p in enumerate(first) if k]
                total = total + u * (3.0 * slope + u * polynomial(at, second))
            else:
                total = total + u * slope
        return u * total

    @property
    def value(self) -> Node:
        return self._in_u(_FAR, 0)

    @property
    def by_v(self) -> Node:
        return -self._in_u(_FAR, 1)

    @property
    def by_n(self) -> Node:
        return 4.0 * (self.c * self.turn) * self._in_u(_FAR_1, 0)

    @property
    def v_v(self) -> Node:
        return self._in_u(_FAR, 2)

    @property
    def v_n(self) -> Node:
        return -(4.0 * (self.c * self.turn) * self._in_u(_FAR_1, 1))

    @property
    def n_n(self) -> Node:
        # The slope of c (of_j − of_x) in n is c ((of_j − of_x)² − 2c).
        slope = 4.0 * (self.c * self.turn)
        bend = 4.0 * (self.c * (self.turn * self.turn - 2.0 * self.c))
        return slope * (slope * self._in_u(_FAR_2, 0)) + bend * self._in_u(_FAR_1, 0)


def far(arguments: tuple[str, ...]) -> dict[str, Series]:
    """Of r and its derivatives the series, of arguments that begin with what is needed and log V."""

    def rule(*given: Node) -> tuple[Node, ...]:
        named = dict(zip(arguments, given, strict=True))
        return constant(1.0), exp(math.log(NEAR) - named["log_v"]), named["of_x"], named["of_j"]

    def value(what: str, index: Node, count: Node, u: Node, of_x: Node, of_j: Node) -> Node:
        found: Node = getattr(_Far(u, of_x, of_j), what)
        return found

    terms = Terms(arguments, ("terms", "u", "of_x", "of_j"), 1, rule, value)
    return {
        what: Series(f"compound_poisson_far_{what}", terms, (what,), lambda fields, total: total)
        for what in ("value", "by_v", "by_n", "v_v", "v_n", "n_n")
    }
