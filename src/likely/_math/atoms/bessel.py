"""Atoms of the modified Bessel functions I₀ and I₁, and the distribution function on the circle.

Up to x = 16 both are polynomials of positive terms in x²; beyond, what is asked for is a polynomial in 1/x
times its leading power, so that 1 − I₁/I₀ ≈ 1/2x keeps its digits for any x. Coefficients come from
``tools/derive_special.py``; ``tests/math/test_circle.py`` holds the errors.
"""

from __future__ import annotations

from likely._math.atoms import Atom, register
from likely._math.graph import Expression, Node, exp, log, maximum, minimum, polynomial, where

#: Where the polynomials in x² end and those in 1/x begin.
BORDER = 16.0

# degree 19, relative error 3.2e-17, growth 1
I0 = (
    0.25,
    0.01562500000000002,
    0.0004340277777777608,
    6.781684027783146e-06,
    6.781684027691235e-08,
    4.709502797892654e-10,
    2.402807544445559e-12,
    9.385967204627102e-15,
    2.896902746933486e-17,
    7.242272739136614e-20,
    1.4963107933484687e-22,
    2.5980992882940977e-25,
    3.8400557182617776e-28,
    4.922609362899844e-31,
    5.328804551374675e-34,
    5.815210739850916e-37,
    3.054686722050893e-40,
    6.957159990043426e-43,
    -2.4676593752671413e-46,
    5.479486619164865e-49,
)
# degree 19, relative error 1.3e-16, growth 1
I1 = (
    0.49999999999999994,
    0.06250000000000025,
    0.002604166666666419,
    5.425347222231221e-05,
    6.781684027614182e-07,
    5.651403358212742e-09,
    3.363930557646354e-11,
    1.5017547719372533e-13,
    5.214424375355633e-16,
    1.4484557741688626e-18,
    3.291864169357782e-21,
    6.235672597825694e-24,
    9.98202987567354e-27,
    1.379769719949541e-29,
    1.5913164886700138e-32,
    1.888285224198414e-35,
    9.654389494740419e-39,
    2.636115918207698e-41,
    -1.0804447554336351e-44,
    2.2623575756092603e-47,
)
# degree 12, relative error 6.5e-17, growth 1
I0E = (
    0.40052897918718267,
    0.051712492812246415,
    0.031083533790747988,
    0.0358643862619163,
    0.0631905146626179,
    0.1533366653650488,
    0.48378912910830335,
    1.9167586411255086,
    9.316823257268691,
    52.11848677543809,
    352.03029026071926,
    5054.519070500482,
    56819.90254282127,
)
# degree 12, relative error 3.9e-16, growth 1
GAP = (
    0.504034702816416,
    0.13343995543646978,
    0.14606540667681964,
    0.2587729858226865,
    0.6335578003148938,
    2.003087369771032,
    7.88329048770736,
    37.82964473295385,
    217.75632243423195,
    1383.5802739111564,
    11044.660157145649,
    200047.3922232148,
    2363919.659548237,
)
# degree 13, relative error 1.9e-15, growth 1
SLOPE = (
    0.5082047014238076,
    0.2760089987902843,
    0.46245618729280025,
    1.1142866636798212,
    3.4807735694671202,
    13.496707169046312,
    63.44761309122619,
    356.7466609716912,
    2372.331470981255,
    18016.8541611693,
    166825.77581763978,
    2552450.179165413,
    39459215.818723746,
    274587756.8331077,
)


def _small(x: Expression) -> tuple[Node, Node, Node]:
    """x where it is at most 16, I₀ − 1 and I₁ there."""
    small = minimum(x, BORDER)
    square = small * small
    return small, square * polynomial(square, I0), small * polynomial(square, I1)


def _large(x: Expression) -> tuple[Node, Node]:
    """1/x where x is at least 16, and its distance from the middle of (0, 1/16]."""
    t = 1.0 / maximum(x, BORDER)
    return t, t - 0.5 / BORDER


def _log_i0e(x: Expression, log_x: Expression) -> Node:
    """log(e⁻ˣ I₀(x)): −x at 0, −½ log 2πx far out."""
    near = x < BORDER
    small, rest, _ = _small(x)
    _, u = _large(x)
    rounded = 1.0 + rest
    # What 1 + rest has lost, exactly: it is all of rest for the smallest x.
    lost = (rest - (rounded - 1.0)) / rounded
    logarithm = log(where(near, rounded, polynomial(u, I0E)))
    return where(near, logarithm + lost - small, logarithm - 0.5 * log_x)


def _gap(x: Expression) -> Node:
    """1 − I₁(x)/I₀(x): 1 at 0, 1/2x far out."""
    _, rest, one = _small(x)
    t, u = _large(x)
    return where(x < BORDER, 1.0 - one / (1.0 + rest), t * polynomial(u, GAP))


def _ratio(x: Expression) -> Node:
    """I₁(x)/I₀(x): x/2 at 0, 1 far out."""
    _, rest, one = _small(x)
    t, u = _large(x)
    return where(x < BORDER, one / (1.0 + rest), 1.0 - t * polynomial(u, GAP))


def _slope(x: Expression) -> Node:
    """The derivative of I₁/I₀: ½ at 0, 1/2x² far out."""
    small, rest, one = _small(x)
    t, u = _large(x)
    ratio = one / (1.0 + rest)
    over = polynomial(small * small, I1) / (1.0 + rest)
    return where(x < BORDER, 1.0 - over - ratio * ratio, t * t * polynomial(u, SLOPE))


def _gap_scaled(x: Expression, log_x: Expression) -> Node:
    """x(1 − I₁/I₀): x near 0, ½ far out."""
    _, u = _large(x)
    return where(x < BORDER, x * _gap(x), polynomial(u, GAP))


def _gap_bend(x: Expression) -> Node:
    """The derivative of x(1 − I₁/I₀) in log x: x near 0, −1/8x far out."""
    t, u = _large(x)
    bend = polynomial(u, [j * c for j, c in enumerate(GAP)][1:])
    return where(x < BORDER, x * _gap(x) - x * x * _slope(x), -t * bend)


# The textbook's own functions: known with many digits only.
bessel_i0: Atom = register("bessel_i0", lambda x, out: (bessel_i1(x),))
bessel_i1: Atom = register("bessel_i1", lambda x, out: (bessel_i0(x) - out / x,))


def _textbook_ratio(x: Expression) -> Node:
    return bessel_i1(x) / bessel_i0(x)


def _textbook_slope(x: Expression) -> Node:
    ratio = _textbook_ratio(x)
    return 1.0 - ratio / x - ratio * ratio


bessel_slope: Atom = register(
    "bessel_slope",
    None,
    _textbook_slope,
    _slope,
)
bessel_ratio: Atom = register(
    "bessel_ratio", lambda x, out: (bessel_slope(x),), _textbook_ratio, _ratio
)
bessel_gap: Atom = register(
    "bessel_gap", lambda x, out: (-bessel_slope(x),), lambda x: 1.0 - _textbook_ratio(x), _gap
)
bessel_gap_bend: Atom = register(
    "bessel_gap_bend",
    None,
    lambda x: x * (1.0 - _textbook_ratio(x)) - x * x * _textbook_slope(x),
    _gap_bend,
)
bessel_gap_scaled: Atom = register(
    "bessel_gap_scaled",
    lambda x, log_x, out: (0.0, bessel_gap_bend(x)),
    lambda x, log_x: x * (1.0 - _textbook_ratio(x)),
    _gap_scaled,
)
log_bessel_i0e: Atom = register(
    # Far out it moves by ratios, and its second derivative in log x would be a difference of halves.
    "log_bessel_i0e",
    lambda x, log_x, out: (
        where(x < BORDER, -bessel_gap(x), 0.0),
        where(x < BORDER, 0.0, -bessel_gap_scaled(x, log_x)),
    ),
    lambda x, log_x: log(exp(-x) * bessel_i0(x)),
    _log_i0e,
)

# The distribution function: values only, on NumPy (``_math/tails/von_mises.py``).
von_mises_mass: Atom = register("von_mises_mass")
von_mises_quantile: Atom = register("von_mises_quantile")
von_mises_variance: Atom = register("von_mises_variance")
