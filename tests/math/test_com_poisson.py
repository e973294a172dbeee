"""The sums of Conway and Maxwell's Poisson in each of their ways, and the three families that it meets."""

import math

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy import stats

import derive_com_poisson
from likely import ConwayMaxwellPoisson, predicted
from likely._math.backends import numpy_backend
from likely._math.com_poisson import atoms as com_poisson
from likely._math.com_poisson import layout as com_poisson_patches
from likely._math.com_poisson.growth import FLOORS
from likely._math.com_poisson.moments import SHARED
from likely._math.com_poisson.places import PLACES
from likely._math.com_poisson.rungs import RUNGS
from likely._math.com_poisson.smooth import Smooth
from likely._math.evaluate import compile_program
from likely._math.graph import symbol
from oracles.com_poisson import state

INF = math.inf
_M, _N, _LOG_M, _LOG_N = map(symbol, ("m", "n", "log_m", "log_n"))
_OF_ROW = ("loss", "slope", "shape", "curve", "cross", "bend")
_OF_SUM = ("variance", "of_mean", "of_nu", "peak")
_PROGRAM = compile_program(
    [
        *(
            getattr(com_poisson, f"com_poisson_{w}")(
                symbol("y"), _M, _N, _LOG_M, _LOG_N, *([0.0, -1.0] if w == "curve" else [])
            )
            for w in _OF_ROW
        ),
        *(getattr(com_poisson, f"com_poisson_{w}")(_M, _N, _LOG_M, _LOG_N) for w in _OF_SUM),
    ],
    numpy_backend.TABLE,
)  # fmt: skip


def computed(y, m, n):
    """What the atoms say, by their names, of numbers or arrays."""
    y, m, n = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (y, m, n)))
    with np.errstate(all="ignore"):
        inputs = {"y": y, "m": m, "n": n, "log_m": np.log(m), "log_n": np.log(n)}
        found = _PROGRAM(inputs)
    named = dict(zip((*_OF_ROW, *_OF_SUM), found, strict=True))
    # In log ν rather than ν.
    bend = n * (n * named["bend"]) + n * named["shape"]
    return {**named, "shape": n * named["shape"], "cross": n * named["cross"], "bend": bend}


def served_by_patches(m, n):
    """Whether there is a patch for each of these means and ν."""
    inputs = {"m": m, "n": n, "log_m": np.log(m), "log_n": np.log(n)}
    serves = Smooth(_M, _N, _LOG_M, _LOG_N).serves
    with np.errstate(all="ignore"):
        return compile_program([serves], numpy_backend.TABLE)(inputs)[0]


def test_the_rows_that_sums_are_made_for_stay_within_their_terms():
    """Between the ways to sum, none of them may need more places than there are."""
    log_m, log_n = (
        v.ravel() for v in np.meshgrid(np.linspace(-40, 300, 700), np.linspace(-300, 300, 700))
    )
    inputs = {"m": np.exp(log_m), "n": np.exp(log_n), "log_m": log_m, "log_n": log_n}
    terms = PLACES["tau"].terms
    serves = Smooth(_M, _N, _LOG_M, _LOG_N).serves
    with np.errstate(all="ignore"):
        count, smooth = compile_program([terms.rules[0], serves], numpy_backend.TABLE)(inputs)
    count = np.broadcast_to(count, log_m.shape)[~smooth]
    assert count.min() >= 2.0
    assert count.max() < terms.longest


def test_where_patches_serve_they_say_what_the_sums_say():
    rng = np.random.default_rng(0)
    n = np.exp(rng.uniform(np.log(1e-5), np.log(7.5), 6000))
    m = np.exp(rng.uniform(np.log(1e-4), np.log(120.0), n.size))
    # Those of whole means: means on whole numbers, halves and quarters, and the ends of the region.
    k = rng.integers(10, 51, 6000) + 0.0
    ratio = rng.choice([1.15, 1.6, 0.0], k.size) * (1.0 + rng.choice([-1e-15, 0.0, 1e-15], k.size))
    ratio = np.where(ratio > 0.0, ratio, rng.uniform(0.4, 1.6, k.size))
    m = np.append(
        m,
        k
        + np.where(rng.random(k.size) < 0.3, rng.integers(0, 4, k.size) / 4.0, rng.random(k.size)),
    )
    n = np.append(n, ratio * (k + 1.0))
    inputs = {"m": m, "n": n, "log_m": np.log(m), "log_n": np.log(n)}
    of = (_M, _N, _LOG_M, _LOG_N)
    smooth, summed = Smooth(*of), com_poisson.Summed(*of)
    names = ("rate", "variance", "spread", "skewed", "mixed", "lean")
    nodes = [getattr(which, name) for which in (smooth, summed) for name in names]
    with np.errstate(all="ignore"):
        outputs = [smooth.serves, smooth.is_far, smooth.is_own, summed.is_whole, *nodes]
        serves, far, own, whole, *found = compile_program(outputs, numpy_backend.TABLE)(inputs)
    both = serves & whole
    assert (both & far).sum() > 100
    assert (both & own).sum() > 2500
    assert (both & ~far & ~own).sum() > 1500
    for name, one, other in zip(names, found[: len(names)], found[len(names) :], strict=True):
        # Some change sign: beside what they are parts of.
        size = np.abs(other) + {"skewed": 1.0, "mixed": 1.0, "lean": 1.0}.get(name, 0.0)
        bound = 1e-11 if name in ("precision", "variance") else 1e-9
        worst = np.max((np.abs(one - other) / size)[both])
        assert worst < bound, (name, worst)


@pytest.mark.parametrize(
    "patch", [0, 1, 45, 300, 538, 728, 878, 1078, 1339, 1600, 1900, com_poisson_patches.PATCHES - 1]
)
def test_patches_are_what_the_tool_derives(patch):
    derived = derive_com_poisson.derived(patch)[0]
    np.testing.assert_allclose(
        com_poisson_patches.coefficients()[patch], derived, rtol=1e-9, atol=1e-18
    )


def test_where_few_counts_matter_they_say_what_all_places_say():
    rng = np.random.default_rng(1)
    n = np.exp(rng.uniform(np.log(7.4), np.log(999.0), 6000))
    top = np.minimum(2.0 * n + 40.0 / n, FLOORS)
    # Whole means and those beside them, halves, and the ends of the region.
    m = np.where(rng.random(n.size) < 0.5, np.exp(rng.uniform(np.log(1e-6), np.log(top))), top)
    m = np.where(rng.random(n.size) < 0.5, m, rng.uniform(0.0, top))
    beside = rng.choice([0.0, 1e-9, 1e-3, 0.49999, 0.5, 0.999], n.size)
    m = np.where(rng.random(n.size) < 0.3, np.floor(m) + beside, m)
    m = np.clip(m, 1e-6, FLOORS - 1e-6)
    # Of those with a patch nobody asks.
    patch = served_by_patches(m, n)
    assert 0.1 < patch.mean() < 0.5
    m, n = m[~patch], n[~patch]
    inputs = {"m": m, "n": n, "log_m": np.log(m), "log_n": np.log(n)}
    few, summed = (which(_M, _N, _LOG_M, _LOG_N) for which in (com_poisson.Few, com_poisson.Summed))
    nodes = [getattr(which, name) for which in (few, summed) for name in ("at_c", "after", *SHARED)]
    with np.errstate(all="ignore"):
        serves, *found = compile_program([few.serves, *nodes], numpy_backend.TABLE)(inputs)
    assert serves.all()
    half = len(found) // 2
    for name, one, other in zip(
        ("at_c", "after", *SHARED), found[:half], found[half:], strict=True
    ):
        # Some are of means below 1 alone, and some change sign: beside what they are parts of.
        rows = m < 1.0 if name in ("excess", "at_one") else np.isfinite(other) & (other != 0.0)
        parts = {"tau": 1.0, "third": 1.0 + m[rows], "mixed": 1.0, "slope": 1.0, "skewed": 1.0}
        size = np.abs(other[rows]) + parts.get(name, 0.0)
        bound = 1e-10 if name in ("third", "spread", "mixed", "slope", "skewed") else 1e-11
        worst = np.max(np.abs(one[rows] - other[rows]) / size)
        assert worst < bound, (name, worst)


def test_a_row_of_few_counts_takes_as_many_steps_as_it_has_terms_or_three():
    """Kernels look no further: a step more changes ξ by no more than rounding."""
    rng = np.random.default_rng(2)
    n = np.exp(rng.uniform(np.log(7.4), np.log(1000.0), 20000))
    m = np.exp(rng.uniform(np.log(1e-3), np.log(np.minimum(2.0 * n + 40.0 / n, FLOORS - 1e-9))))
    beside = rng.choice([1e-12, 1e-3, 0.2, 0.49999, 0.5, 0.50001, 0.999], n.size)
    m = np.where(rng.random(n.size) < 0.5, m, np.minimum(np.floor(m), FLOORS - 1.0) + beside)
    patch = served_by_patches(m, n)
    m, n = m[~patch], n[~patch]
    terms = RUNGS["tau"].terms
    equation = terms.equation
    fields = compile_program(terms.rules, numpy_backend.TABLE)
    kept = compile_program([terms.inside(what) for what in equation.kept], numpy_backend.TABLE)
    sums = compile_program([terms.inside(what) for what in equation.wanted], numpy_backend.TABLE)
    step = compile_program(
        equation.step(terms.symbols, *(symbol(f"sum_{what}") for what in equation.wanted)),
        numpy_backend.TABLE,
    )
    given = dict(zip(terms.fields, fields({"m": m, "n": n}), strict=True))
    given = {name: np.broadcast_to(value, m.shape) + 0.0 for name, value in given.items()}
    count = given["terms"]

    def off():
        found = {f"sum_{what}": np.zeros(m.shape) for what in equation.wanted}
        powers = [given["odds"] ** 2, given["other"] ** 2]
        for index in range(int(count.max())):
            there = count > index
            row = {**given, "index": np.full(m.shape, float(index))}
            row |= dict(zip(equation.kept, kept(row), strict=True))
            row |= dict(zip(terms.powers.names, powers, strict=True))
            for what, value in zip(equation.wanted, sums(row), strict=True):
                found[f"sum_{what}"] += np.where(there, value, 0.0)
            powers = [powers[0] * given["odds"], powers[1] * given["other"]]
        return step({**given, **found})

    with np.errstate(all="ignore"):
        for taken in range(terms.alike.steps):
            *changes, _ = off()
            for name, change in zip(equation.unknown, changes, strict=True):
                given[name] = given[name] + np.where(count > taken, change, 0.0)
        assert np.max(np.abs(off()[-1])) < 5e-15


def test_no_row_has_more_of_few_counts_than_there_are_tables_for():
    n = np.exp(np.linspace(np.log(7.3), np.log(1000.0), 900))[:, None]
    m = np.linspace(1e-3, 1.0, 700) * np.minimum(2.0 * n + 40.0 / n, FLOORS)
    inputs = {"m": m, "n": n, "log_m": np.log(m), "log_n": np.log(n)}
    smooth, few = (which(_M, _N, _LOG_M, _LOG_N) for which in (Smooth, com_poisson.Few))
    terms = RUNGS["tau"].terms
    outputs = [terms.rules[0], few.serves, smooth.serves]
    count, serves, patch = compile_program(outputs, numpy_backend.TABLE)(inputs)
    rows = serves & ~patch
    assert rows.sum() > 100_000
    assert count[rows].min() >= 1.0
    assert terms.longest - 2.0 <= count[rows].max() <= terms.longest


@pytest.mark.parametrize("n", [1e-9, 0.02, 0.3, 1.5, 3.7, 7.2, 7.6, 9.5, 40.0, 170.0, 999.0])
@pytest.mark.parametrize("m", [2e-4, 0.3, 1.0, 2.75, 7.0, 120.4, 3e4, 1e12])
def test_against_many_digits(m, n):
    """Log-probability, the scores and the variance: patches, whole counts and places that grow."""
    with mp.workdps(40):
        true = state(mpf(m), mpf(n), 40)
        variance, cross = (mp.fsum(p * a * b for p, a, b in rows) for rows in (
            [(p, a, a) for p, a, _ in true.terms], [(p, a, b) for p, a, b in true.terms],
        ))  # fmt: skip
        for y in (0.0, math.floor(m), math.floor(m + 2.0 * math.sqrt(float(variance))) + 1.0):
            found = computed(y, m, n)
            log_factorial = mp.loggamma(mpf(y) + 1)
            loss = true.log_total + n * log_factorial - y * true.log_rate
            shape = log_factorial - true.mean_log - (y - mpf(m)) * cross / variance
            assert float(found["loss"]) == pytest.approx(float(loss), rel=1e-12)
            assert float(found["variance"]) == pytest.approx(float(variance), rel=1e-13)
            assert float(found["slope"]) == pytest.approx(
                float(-(y - mpf(m)) * m / variance), rel=1e-12
            )
            # of the size of its terms
            size = (
                float(abs(log_factorial - true.mean_log)) if m < 1e3 else math.sqrt(float(variance))
            )
            assert float(found["shape"]) == pytest.approx(
                float(n * shape), rel=1e-9, abs=1e-13 * n * size
            )


@pytest.mark.parametrize("m", [1e-10, 0.4, 3.0, 33.5, 1e3, 12345.6, 1e7, 1e15])
def test_poisson_is_a_nu_of_1(m):
    ys = np.array([0.0, math.floor(m), math.floor(1.01 * m) + 1.0, math.floor(3.0 * m) + 4.0])
    found = computed(ys, m, 1.0)
    assert found["variance"] == pytest.approx(m, rel=1e-14)
    assert found["peak"] == pytest.approx(m, rel=1e-14)
    assert found["slope"] == pytest.approx(m - ys, rel=1e-13)
    if m < 1e5:
        assert found["loss"] == pytest.approx(-stats.poisson(m).logpmf(ys), rel=1e-10)


@pytest.mark.parametrize("m", [1e-9, 0.5, 30.0, 1e4, 1e9, 1e15])
def test_geometric_is_a_nu_of_0(m):
    ys = np.array([0.0, 1.0, math.floor(m), math.floor(5.0 * m) + 1.0])
    found = computed(ys, m, 1e-300)
    assert found["variance"] == pytest.approx(m * (1.0 + m), rel=1e-14)
    assert found["loss"] == pytest.approx(math.log1p(m) + ys * math.log1p(1.0 / m), rel=1e-13)


@pytest.mark.parametrize("m", [1e-12, 0.3, 7.75, 1e6 + 0.5])
def test_bernoulli_is_an_infinite_nu(m):
    k, share = math.floor(m), m - math.floor(m)
    found = computed([k, k + 1.0], m, 1e18)
    assert found["variance"] == pytest.approx(share * (1.0 - share), rel=1e-13)
    assert found["loss"] == pytest.approx([-math.log1p(-share), -math.log(share)], rel=1e-13)
    assert found["shape"] == pytest.approx(0.0)


def test_of_a_whole_mean_and_an_infinite_nu_nothing_varies():
    found = computed([4.0, 5.0, 6.0], 5.0, 1e9)
    # Both counts beside it are as rare: e^−½ν log 6/5.
    beside = 0.5e9 * math.log1p(0.2)
    assert found["loss"] == pytest.approx([beside, 0.0, beside], rel=1e-13)
    assert found["slope"].tolist() == [math.inf, 0.0, -math.inf]
    assert not any(np.isnan(values).any() for values in found.values())


@pytest.mark.parametrize("link", ["identity", "softplus", "inverse"])
def test_curvature_where_both_of_its_parts_are_infinite(link):
    """Of a mean of 1 and a ν beyond 2,000, V is e^−709 or less: (m/V) (m + (y − m)(m κ₃/V² − 1 + Γ)) is infinite."""
    family = ConwayMaxwellPoisson(mean=predicted(link), nu=predicted)
    raw = np.array([np.log(math.expm1(1.0)) if link == "softplus" else 1.0, 9.0])
    y = np.array([0.0, 1.0, 2.0, 4.0])
    loss = family.loss()
    _, slope, curvature = loss.evaluate(y, raw[:, None].repeat(4, axis=1), 2)
    assert np.exp(-9.0) * 2.0 * 709.0 / math.log(2.0) < 1.0
    if link == "softplus":  # which rounds the mean
        assert not np.isnan(curvature).any()
        return
    falls = -1.0 if link == "inverse" else 1.0
    np.testing.assert_array_equal(slope[0], falls * np.array([INF, 0.0, -INF, -INF]))
    gamma = {"identity": 1.0, "inverse": -1.0}[link]
    np.testing.assert_array_equal(curvature[0], np.sign(1.0 + (y - 1.0) * (gamma - 1.0)) * INF)


@pytest.mark.parametrize(("m", "n"), [(4.2, 1.7), (0.6, 0.2), (3.0, 9.0), (25.0, 0.4), (60.0, 1.2)])
def test_scores_have_mean_0_and_the_information_is_theirs(m, n):
    y = np.arange(600.0)
    found = computed(y, m, n)
    p = np.exp(-found["loss"])
    assert p.sum() == pytest.approx(1.0, rel=1e-13)
    assert p @ y == pytest.approx(m, rel=1e-13)
    scores = np.array([found["slope"], found["shape"]])
    np.testing.assert_allclose(scores @ p, 0.0, atol=1e-12)
    information = (scores * p) @ scores.T
    declared = np.diag([found["of_mean"][0], found["of_nu"][0]])
    np.testing.assert_allclose(information, declared, rtol=1e-11, atol=1e-11)
    curvature = [found[name] @ p for name in ("curve", "cross", "bend")]
    np.testing.assert_allclose(
        curvature, [declared[0, 0], 0.0, declared[1, 1]], rtol=1e-10, atol=1e-11
    )


@pytest.mark.parametrize("n", [1e-9, 1e-4, 0.016, 0.3, 2.5, 3.5, 4.05, 7.3])
@pytest.mark.parametrize("m", [1e-12, 1e-5, 1.01e-4, 0.99e-3, 1.01e-3])
def test_slopes_in_nu_of_counts_that_are_hardly_ever_1(m, n):
    """Of a y of 0 as small as m², of 1 as m, beside parts of the size of m and 1."""
    with mp.workdps(40):
        true = state(mpf(m), mpf(n), 40)
        variance, cross = (mp.fsum(p * a * b for p, a, b in rows) for rows in (
            [(p, a, a) for p, a, _ in true.terms], [(p, a, b) for p, a, b in true.terms],
        ))  # fmt: skip
        for y in (0.0, 1.0):
            shape = -true.mean_log - (y - mpf(m)) * cross / variance
            assert float(computed(y, m, n)["shape"]) == pytest.approx(
                float(n * shape), rel=1e-10, abs=0.0
            )
