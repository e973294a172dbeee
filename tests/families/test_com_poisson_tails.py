"""ConwayMaxwellPoisson cut off or known by bounds: sums with many digits, its own probabilities, fits."""

import numpy as np
import pytest
from mpmath import mp
from scipy import optimize
from scipy.special import gammaln, logsumexp

from likely import (
    Censored,
    ConwayMaxwellPoisson,
    Geometric,
    Hurdle,
    Linear,
    Poisson,
    Truncated,
    ZeroInflated,
    censored,
    predicted,
)
from likely._math.backends import numpy_backend
from likely._math.com_poisson import tails as com_poisson_tails
from likely._math.com_poisson.digits import sums
from likely._math.evaluate import compile_program
from likely._math.graph import symbol
from likely.inference.predictive import Predictive
from oracles import numeric

INF = np.inf
LAW = ConwayMaxwellPoisson()


def tail(c, above):
    """−log P(Y ≥ c) or −log P(Y < c) of log m and log ν: the terms of one side of the mean, added."""

    def loss(log_m, log_n):
        m, n = mp.exp(log_m), mp.exp(log_n)
        found = sums(m, n)
        rate = mp.exp(found.log_rate)
        up = c > m
        j = c if up else c - 1
        term = mp.exp(j * found.log_rate - n * mp.loggamma(j + 1) - found.log_total)
        total = mp.mpf(0)
        while j >= 0 and term > total * mp.eps:
            total += term
            term *= rate / mp.mpf(j + 1) ** n if up else mp.mpf(max(j, 1)) ** n / rate
            j += 1 if up else -1
        return -mp.log(total) if up == above else -mp.log1p(-total)

    return loss


@pytest.mark.parametrize(
    ("m", "n", "counts"),
    [
        (5e-4, 3.1, (1, 2, 7)),
        (0.05, 0.05, (1, 9)),
        (0.9, 20.0, (1, 2, 5)),
        (3.3, 1.0, (1, 3, 4, 40)),
        (3.3, 0.05, (2, 4, 60)),
        (30.0, 0.3, (1, 29, 31, 90)),
        (30.0, 20.0, (8, 30, 36)),
        (1e3, 1.0, (880, 1001, 1100)),
        (1e4, 20.0, (9800, 10001)),
    ],
)
def test_numerics_contract(m, n, counts, monkeypatch):
    """Loss, gradient and curvature of both tails, from far below the mean to far above it."""
    monkeypatch.setattr(numeric, "DIGITS", 45)
    point = (np.log(m), np.log(n))
    for c in counts:
        for row, above in (([float(c), INF], True), ([-INF, c - 1.0], False)):
            found = Censored(LAW).loss().evaluate(np.array([row]), np.array(point)[:, None], 2)
            for part in numeric.ratios(found, tail(c, above), [point]):
                assert part[0] <= 1.0, (c, above, part[0])


def seen_above_two(y):
    """−log p(y | Y > 2) of log m and log ν: the log of a sum in units of p(y)."""

    def loss(log_m, log_n):
        m, n = mp.exp(log_m), mp.exp(log_n)
        log_rate = sums(m, n).log_rate
        j, total = 3, mp.mpf(0)
        term = mp.exp((3 - y) * log_rate + n * (mp.loggamma(y + 1) - mp.log(6)))
        while j <= m or term > total * mp.eps:
            total += term
            j += 1
            term *= mp.exp(log_rate) / mp.mpf(j) ** n
        return mp.log(total)

    return loss


def seen_within(y, low, high):
    """−log p(y | low < Y ≤ high) of log m and log ν: the log of a sum in units of p(y)."""

    def loss(log_m, log_n):
        m, n = mp.exp(log_m), mp.exp(log_n)
        log_rate = sums(m, n).log_rate
        counts = range(int(low) + 1, int(high) + 1)
        return mp.log(
            mp.fsum(
                mp.exp((j - y) * log_rate + n * (mp.loggamma(y + 1) - mp.loggamma(j + 1)))
                for j in counts
            )
        )

    return loss


@pytest.mark.parametrize(
    ("y", "low", "high"),
    [(41, 40, 43), (60, 40, 900), (5, 2, 9), (9, 2, 9), (3, -1, 12), (31, 25, 40), (12, -1, 12)],
)
def test_counts_between_bounds_on_one_side_of_the_mean(y, low, high, monkeypatch):
    """What matters of a window is summed from its end that is nearer to the mean, and no further than its other end."""
    monkeypatch.setattr(numeric, "DIGITS", 45)
    points = [(3.4, log_n) for log_n in (-2.0, 0.3, 3.0)]
    raw = np.ascontiguousarray(np.array(points).T)
    row = [float(y), -INF if low < 0 else float(low), float(high)]
    found = Truncated(LAW).loss().evaluate(np.tile(row, (len(points), 1)), raw, 2)
    value, gradient, _ = numeric.ratios(found, seen_within(y, low, high), points)
    assert value.max() <= 1.0, points[value.argmax()]
    assert gradient.max() <= 1.0, points[gradient.argmax()]


def test_slopes_given_bounds_where_those_of_counts_are_infinite():
    """A mean of 30 and a large ν: of the counts seen only that next to the mean is left."""
    family = Truncated(ConwayMaxwellPoisson(mean=predicted("identity")))
    rows = [(3, -INF, 5, 5), (3, 1, 5, 5), (5, 1, 5, 5), (33, 31, 40, 32), (33, 31, 900, 32)]
    for y, low, high, nearest in rows:
        raw = np.array([[30.0], [20.67]])
        value, gradient, _ = family.loss().evaluate(np.array([[y, low, high]]), raw, 1)
        levels = -np.exp(20.67) * (gammaln(nearest + 1.0) - gammaln(y + 1.0))
        # λ is between 30^ν and 31^ν, and in the middle for ν → ∞.
        levels += 0.5 * np.exp(20.67) * (nearest - y) * np.log(30.0 * 31.0)
        assert value[0] == pytest.approx(levels, rel=1e-6)
        assert gradient[0, 0] == (0.0 if y == nearest else np.copysign(INF, nearest - y))
        assert gradient[1, 0] == pytest.approx(value[0], rel=1e-9)


@pytest.mark.parametrize("log_m", [-20.0, -0.5, 3.4])
def test_numbers_that_are_rarely_so_large(log_m, monkeypatch):
    """Above a bound far beyond the mean, where what is left of the loss is as small as the mean."""
    monkeypatch.setattr(numeric, "DIGITS", 60)
    points = [(log_m, log_n) for log_n in (-2.0, 0.3, 3.0)]
    raw = np.ascontiguousarray(np.array(points).T)
    for y in (3, 4, 30):
        found = Truncated(LAW, low=2).loss().evaluate(np.full(3, float(y)), raw, 2)
        for part in numeric.ratios(found, seen_above_two(y), points):
            assert part.max() <= 1.0, (y, points[part.argmax()], part.max())


def test_a_thousand_counts_on_the_way():
    """Places that grow add up to what all counts do, where 0 is in reach, too, and what is left out is nothing."""
    for m, n, counts in (
        (1000.0, 0.05, (300, 957, 1001, 1700)),
        (1e4, 1e-3, (513, 3000, 9051, 25811)),
        (2500.0, 1e-9, (700, 20000)),
    ):
        raw = np.log([[m, n]])
        k = np.arange(m + np.minimum(12.0 * np.sqrt(m / n), 40.0 * m))
        # in parts, of which none is large enough for a kernel
        rows = [(part, raw.repeat(part.size, axis=0)) for part in np.array_split(k, 8)]
        found = [LAW.nll_and_gradient(*part) for part in rows]
        p = np.exp(-np.concatenate([value for value, _ in found]))
        slopes = np.concatenate([slope for _, slope in found])
        moved = p[:, np.newaxis] * slopes
        for c in counts:
            for row, part in (([-INF, c - 1.0], slice(None, c)), ([c, INF], slice(c, None))):
                value, slope = Censored(LAW).nll_and_gradient(np.array([row]), raw)
                total = p[part].sum()
                assert value[0] == pytest.approx(-np.log(total), rel=1e-10, abs=1e-11)
                np.testing.assert_allclose(
                    slope[0], moved[part].sum(axis=0) / total, rtol=1e-9, atol=1e-9
                )


def test_no_tail_needs_more_places_than_there_are():
    rng = np.random.default_rng(0)
    log_m, log_n, log_c = rng.uniform(
        [[-30.0], [-30.0], [0.0]], [[30.0], [12.0], [31.0]], (3, 5000)
    )
    # Half of the counts are about the mean.
    about = log_m + np.exp(-0.5 * (log_m + log_n)) * rng.normal(0.0, 4.0, 5000)
    log_c = np.where(rng.random(5000) < 0.5, log_c, np.clip(about, 0.0, 31.0))
    names = ("c", "m", "n", "log_m", "log_n")
    terms = com_poisson_tails.tails(*map(symbol, names)).given.terms
    values = (np.floor(np.exp(log_c)), np.exp(log_m), np.exp(log_n), log_m, log_n)
    with np.errstate(all="ignore"):
        (count,) = compile_program([terms], numpy_backend.TABLE)(
            dict(zip(names, values, strict=True))
        )
    assert count.min() >= 1.0
    assert count.max() <= com_poisson_tails.LONGEST


@pytest.mark.parametrize("nu", [3e3, 2e4, 1e9])
def test_whole_means_of_counts_that_hardly_vary(nu):
    """The counts beyond c are c alone, so that slopes are those of log p(c), and 1/V is beyond all of float64."""
    raw = np.array(
        [[0.0], [np.log(nu)]]
    )  # of a mean of 1, (m/V)(c − m) and its derivative in log m, (m/V)(c − 2m)
    for c in (3.0, 4.0, 9.0):
        value, slope, curvature = Censored(LAW).loss().evaluate(np.array([[c, INF]]), raw, 2)
        own, _, of_nu = LAW.loss().evaluate(np.array([c]), raw, 2)
        assert value == pytest.approx(own, rel=1e-12)
        assert slope[0, 0] == -INF
        assert slope[1, 0] == pytest.approx(
            own[0], rel=1e-3
        )  # log p ≈ −ν (log c! − (c − 1) ½ log 2)
        assert curvature[0, 0] == -INF
        assert curvature[1, 0] == -INF
        assert curvature[2, 0] == pytest.approx(of_nu[2, 0], rel=1e-9)
    for y in (4.0, 9.0):  # above 2 there is only 3
        value, slope, curvature = Truncated(LAW, low=2).loss().evaluate(np.array([y]), raw, 2)
        of_y, of_3 = LAW.loss().evaluate(np.array([y, 3.0]), raw.repeat(2, axis=1), 0)[0]
        assert value[0] == pytest.approx(of_y - of_3, rel=1e-12)
        assert slope[0, 0] == -INF
        assert curvature[:2, 0].tolist() == [-INF, -INF]
        assert curvature[2, 0] == pytest.approx(slope[1, 0], rel=1e-12)


@pytest.mark.parametrize("low", [1, 5])
def test_counts_above_a_bound_are_a_distribution(low):
    d = Predictive(Truncated(LAW, low=low).loss(), np.array([1.3, 0.4]))
    k = np.arange(60.0)
    p = d.prob(k)
    assert p.sum() == pytest.approx(1.0, abs=1e-12)
    assert (p[: low + 1] == 0.0).all()
    np.testing.assert_allclose(d.cdf(k), np.cumsum(p), rtol=1e-10)
    assert d.mean() == pytest.approx((p * k).sum(), rel=1e-10)


@pytest.mark.parametrize(("nu", "other"), [(1.0, Poisson()), (1e-9, Geometric())])
def test_the_families_that_it_meets(nu, other):
    """ν = 1 is the Poisson, and ν → 0 the Geometric: above a bound, and between bounds."""
    raw = np.log([[0.02], [1.7], [40.0]])
    own = np.column_stack([raw, np.full(3, np.log(nu))])
    for modifier, y in (
        (lambda f: Truncated(f, low=2), np.array([3.0, 4.0, 60.0])),
        (Censored, np.array([[3.0, INF], [-INF, 1.0], [30.0, 33.0]])),
    ):
        value, slope = modifier(LAW).nll_and_gradient(y, own)
        true, true_slope = modifier(other).nll_and_gradient(y, raw)
        np.testing.assert_allclose(value, true, rtol=1e-7)
        np.testing.assert_allclose(slope[:, 0], true_slope[:, 0], rtol=1e-7)


def test_clutches_of_some_eggs():
    """Nests without eggs are not counted, and of five or more no more is written down."""
    rng = np.random.default_rng(6)
    x = rng.integers(0, 2, 1500)
    y = LAW.at(mean=np.exp(0.5 + 0.4 * x), nu=np.full(1500, 2.2)).sample(1, rng)[:, 0]
    x, y = x[y > 0.0], y[y > 0.0]
    rows = censored(np.minimum(y, 5.0), y < 5.0)
    model = Linear(Censored(Truncated(LAW, low=0))).fit(x[:, None], rows)
    k = np.arange(60.0)

    def log_p(p):
        """Of both groups, each with a λ of its own."""
        levels = k * np.array(p[:2])[:, np.newaxis] - np.exp(p[2]) * gammaln(k + 1.0)
        return levels - logsumexp(levels, axis=1, keepdims=True)

    def loss(p):
        levels = log_p(p)
        exact = levels[x, np.minimum(y, 4.0).astype(int)]
        seen = np.where(y < 5.0, exact, logsumexp(levels[:, 5:], axis=1)[x])
        return (logsumexp(levels[:, 1:], axis=1)[x] - seen).sum()

    options = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 5000}
    found = optimize.minimize(loss, [1.0, 1.5, 0.5], method="Nelder-Mead", options=options)
    assert model.log_likelihood_ == pytest.approx(-found.fun, abs=1e-6)
    assert model.intercept_["nu"] == pytest.approx(found.x[2], abs=1e-3)
    means = np.exp(log_p(found.x)) @ k
    assert model.coef_["mean"][0] == pytest.approx(np.log(means[1] / means[0]), abs=1e-4)


@pytest.mark.parametrize(
    "family", [Hurdle(LAW), ZeroInflated(LAW), Truncated(LAW, low=2)], ids=repr
)
def test_what_is_made_of_it_can_be_censored(family):
    loss = Censored(family).loss()
    raw = np.array([0.9, 0.3, -0.4])[: loss.columns]
    k = np.arange(60.0)
    p = Predictive(family.loss(), raw).prob(k)
    for low, high in ((4.0, INF), (-INF, 4.0), (3.0, 6.0)):
        value = loss.evaluate(np.array([[low, high]]), raw[:, np.newaxis], 0)[0]
        assert value[0] == pytest.approx(-np.log(p[(k >= low) & (k <= high)].sum()), rel=1e-10)


@pytest.mark.parametrize("family", [Truncated(LAW, low=2), Censored(LAW)], ids=repr)
def test_other_libraries_say_the_same(family):
    torch = pytest.importorskip("torch")
    y = np.array([3.0, 5.0, 9.0])
    y = y if family.loss().specification.name.startswith("Trunc") else np.stack([y, y + 2.0], 1)
    raw = np.array([[1.1, 0.3], [0.2, -1.0], [1.9, 1.5]])
    value, slope = family.nll_and_gradient(y, raw)
    at = torch.tensor(raw, requires_grad=True)
    other = family.nll(torch.tensor(y), at)
    other.sum().backward()
    np.testing.assert_allclose(other.detach().numpy(), value, rtol=1e-11)
    np.testing.assert_allclose(at.grad.numpy(), slope, rtol=1e-10)


def test_the_functions_are_printed_by_their_names():
    assert "1/(S(m, ν, 3) Z(m, ν)) · y!^(−ν) λ(m, ν)ʸ" in str(Truncated(LAW, low=2).explain())
    assert "log(κ + (1 − κ)/Z(m, ν)) if y = 0" in str(ZeroInflated(LAW).explain())
