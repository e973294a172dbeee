"""The mixture of predictive distributions, against sums and integrals by hand."""

import numpy as np
import pytest
from scipy import integrate, stats

from likely import Gamma, Normal, Poisson, StudentT
from likely.catalogue import family_class
from likely.families.registry import public_names, specification
from likely.inference.mixture import Mixture

LOC = np.array([[-2.0, 0.0, 1.0], [2.0, 0.5, 1.0], [2.5, -4.0, 1.0]])
SCALE = np.array([[1.0, 0.1, 2.0], [0.5, 3.0, 2.0], [0.2, 1.0, 2.0]])
NORMALS = Mixture([Normal().at(loc=a, scale=b) for a, b in zip(LOC, SCALE, strict=True)])
COUNTS = Mixture([Poisson().at(mean=np.array([1.0, 30.0])), Poisson().at(mean=[4.0, 1000.0])])
LEVELS = np.array([1e-12, 0.03, 0.5, 0.77, 1.0 - 1e-9])
NUMBERS = [
    name
    for name, module in public_names().items()
    if specification(module).vector is None and specification(module).support.name != "binary"
]


def two_of(name):
    """Two different distributions of a family."""
    loss = family_class(name)().loss()
    rng = np.random.default_rng(0)
    from likely.inference.predictive import Predictive

    return [Predictive(loss, rng.uniform(-0.7, 0.7, (loss.columns, 4))) for _ in range(2)]


def test_probability_is_the_mean_of_the_members():
    y = np.array([0.3, -1.0, 60.0])
    each = stats.norm(LOC, SCALE)
    np.testing.assert_allclose(NORMALS.prob(y), each.pdf(y).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(NORMALS.cdf(y), each.cdf(y).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(NORMALS.sf(y), each.sf(y).mean(axis=0), rtol=1e-12)
    top = each.logpdf(y)[:, 2].max()  # beyond the smallest float
    assert NORMALS.log_prob(y)[2] == pytest.approx(top, abs=np.log(3.0))
    assert NORMALS.log_prob(1e5)[0] < -1e8


def test_moments():
    np.testing.assert_allclose(NORMALS.mean(), LOC.mean(axis=0))
    second = (SCALE**2 + LOC**2).mean(axis=0)
    np.testing.assert_allclose(NORMALS.var(), second - LOC.mean(axis=0) ** 2)
    np.testing.assert_allclose(NORMALS.std() ** 2, NORMALS.var())
    heavy = Mixture([StudentT().at(loc=0.0, scale=1.0, df=df) for df in (0.5, 3.0)])
    assert np.isnan(heavy.mean())
    assert np.isnan(heavy.var())


@pytest.mark.parametrize("name", NUMBERS)
def test_every_family(name):
    """Quantiles invert the cdf, the mode is the highest point, and the total probability is 1."""
    members = two_of(name)
    mixture = Mixture(members)
    q = mixture.quantile(LEVELS)
    whole = mixture.loss.specification.support.integer
    if whole:
        assert (mixture.cdf(q) >= LEVELS).all()
        assert (mixture.cdf(q - 1.0) < LEVELS).all()
    else:
        # To the last digits of y, which a Beta near 1 has few of.
        before, after = q - 4e-16 * abs(q), q + 4e-16 * abs(q)
        point = mixture.loss.specification.point  # the cdf jumps there
        assert ((mixture.cdf(before) <= LEVELS * (1.0 + 1e-9)) | (q == point)).all()
        assert (mixture.cdf(after) >= LEVELS * (1.0 - 1e-9)).all()
        far = mixture.isf(LEVELS)
        below = mixture.sf(far - 4e-16 * abs(far))
        assert ((below >= LEVELS * (1.0 - 1e-9)) | (far == point)).all()
        assert (mixture.sf(far + 4e-16 * abs(far)) <= LEVELS * (1.0 + 1e-9)).all()
    low, high = mixture.interval(0.9)
    jumps = whole | (low == mixture.loss.specification.point)
    assert (mixture.cdf(high) - mixture.cdf(low) >= 0.9 - 1e-9 - jumps * mixture.prob(low)).all()
    mode = mixture.mode()
    if mixture.loss.specification.point is not None:
        assert (mode == mixture.loss.specification.point).all()  # no density outweighs it
        return
    inside = np.linspace(0.05, 0.95, 40)
    places = np.floor(mixture.quantile(inside)) if whole else mixture.quantile(inside)
    highest = mixture._heights(mode[:, None])
    assert (highest >= mixture.log_prob(places) - 1e-12).all()


def test_levels_at_the_edges():
    np.testing.assert_array_equal(NORMALS.quantile([0.0, 1.0])[0], [-np.inf, np.inf])
    np.testing.assert_array_equal(COUNTS.quantile(0.0), [0.0, 0.0])
    np.testing.assert_array_equal(COUNTS.quantile(1.0), [np.inf, np.inf])
    with pytest.raises(ValueError, match="q must lie in"):
        NORMALS.quantile(1.5)
    with pytest.raises(ValueError, match="coverage must lie"):
        NORMALS.interval(2.0)


def test_mode_of_peaks_far_apart():
    mode = NORMALS.mode()
    assert mode[0] == pytest.approx(2.5, abs=0.1)  # the sharpest
    assert mode[1] == pytest.approx(0.0, abs=0.01)
    assert mode[2] == pytest.approx(1.0)  # all members alike
    by_hand = [np.argmax([COUNTS.log_prob(float(k))[i] for k in range(1100)]) for i in range(2)]
    np.testing.assert_array_equal(COUNTS.mode(), by_hand)
    # A density that is infinite at an edge is largest there.
    edge = Mixture([Gamma().at(mean=2.0, shape=0.5), Gamma().at(mean=1.0, shape=30.0)])
    assert edge.mode() == 0.0


def test_sample_has_the_moments():
    draws = NORMALS.sample(20_000, rng=0)
    assert draws.shape == (3, 20_000)
    np.testing.assert_allclose(draws.mean(axis=1), NORMALS.mean(), atol=0.1)
    np.testing.assert_allclose(draws.std(axis=1), NORMALS.std(), rtol=0.03)
    # Each draw is of one member: the two are never mixed.
    apart = Mixture([Normal().at(loc=m, scale=0.01) for m in (-5.0, 5.0)])
    assert apart.sample(1000, rng=1).shape == (1000,)
    assert (abs(abs(apart.sample(1000, rng=1)) - 5.0) < 0.1).all()


def test_a_single_mixture_and_rows():
    one = NORMALS[1]
    assert one.shape == ()
    assert one.log_prob(0.3) == pytest.approx(NORMALS.log_prob(0.3)[1])
    assert one.log_prob([0.3, 0.4]).shape == (2,)
    assert one.quantile(0.3) == pytest.approx(NORMALS.quantile(0.3)[1], rel=1e-12)
    assert one.mode() == pytest.approx(NORMALS.mode()[1])
    assert len(NORMALS) == 3
    assert [float(m.mean()) for m in NORMALS] == pytest.approx(NORMALS.mean())
    assert NORMALS.parameters["loc"].shape == (3, 3)
    np.testing.assert_allclose(NORMALS.parameters["loc"], LOC.T)
    assert "3 mixtures of 3 Normal" in repr(NORMALS)
    total = integrate.quad(one.prob, -40.0, 40.0, points=[-4.0, 0.0, 0.5])[0]
    assert total == pytest.approx(1.0, abs=1e-8)


def test_members_must_fit_together():
    with pytest.raises(ValueError, match="at least one"):
        Mixture([])
    with pytest.raises(ValueError, match="one family and one shape"):
        Mixture([Normal().at(loc=0.0, scale=1.0), Gamma().at(mean=1.0, shape=1.0)])
    with pytest.raises(ValueError, match="one family and one shape"):
        Mixture([Normal().at(loc=0.0, scale=1.0), NORMALS.members[0]])
