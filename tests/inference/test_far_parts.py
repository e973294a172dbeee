"""Parts of a distribution that are so far out in its tail that only differences of huge logarithms are left of them."""

import mpmath as mp
import numpy as np
import pytest

import likely
from likely.inference.far_out import Excess
from likely.inference.truncated import TruncatedAmounts

#: Family, bounds, parameters, and the logarithm of its density up to a constant at y = bound + excess.
PARTS = {
    "Normal": (
        likely.Normal(),
        (0.5, None),
        {"loc": -3.0, "scale": 1e-9},
        lambda y: -((y + 3) ** 2) / (2 * mp.mpf(1e-9) ** 2),
    ),
    "Normal below": (
        likely.Normal(),
        (None, -0.5),
        {"loc": 3.0, "scale": 1e-3},
        lambda y: -((y - 3) ** 2) / (2 * mp.mpf(1e-3) ** 2),
    ),
    "LogNormal": (
        likely.LogNormal(),
        (0.5, None),
        {"loc": -16.5, "scale": 4e-7},
        lambda y: -mp.log(y) - (mp.log(y) + mp.mpf(16.5)) ** 2 / (2 * mp.mpf(4e-7) ** 2),
    ),
    "Gamma": (
        likely.Gamma(),
        (0.5, None),
        {"mean": 5e-5, "shape": 2.5e6},
        lambda y: mp.mpf(2.5e6 - 1) * mp.log(y) - mp.mpf(2.5e6) * y / mp.mpf(5e-5),
    ),
    "Gamma below": (
        likely.Gamma(),
        (None, 0.5),
        {"mean": 300.0, "shape": 1e9},
        lambda y: mp.mpf(1e9 - 1) * mp.log(y) - mp.mpf(1e9) * y / 300,
    ),
    "Beta": (
        likely.Beta(),
        (0.5, 0.6),
        {"mean": 0.25, "precision": 1e9},
        lambda y: mp.mpf(0.25e9 - 1) * mp.log(y) + mp.mpf(0.75e9 - 1) * mp.log1p(-y),
    ),
    "between close bounds": (
        likely.Normal(),
        (0.5, 0.5 + 2.0**-40),
        {"loc": -3.0, "scale": 1e-6},
        lambda y: -((y + 3) ** 2) / (2 * mp.mpf(1e-6) ** 2),
    ),
}


def truth(case):
    """The mean excess, variance, entropy and three quantiles of the excess, by quadrature with 50 digits."""
    _, (low, high), _, log_f = PARTS[case]
    with mp.workdps(50):
        sign = 1 if low is not None else -1
        edge = mp.mpf(low if low is not None else high)
        rate = abs(mp.diff(log_f, edge))
        end = mp.mpf(80)
        if low is not None and high is not None:
            end = min(end, (mp.mpf(high) - edge) * rate)
        top = log_f(edge)

        def density(z):
            return mp.exp(log_f(edge + sign * z / rate) - top)

        def integral(f, end=end):
            with mp.workdps(50):
                return mp.quad(f, [end * j / 4 for j in range(5)], maxdegree=4)

        whole = integral(density)
        first, second = (integral(lambda z, k=k: z**k * density(z)) / whole for k in (1, 2))
        entropy = mp.log(whole / rate) - integral(lambda z: density(z) * mp.log(density(z))) / whole
        share = integral(density, end=mp.mpf(end) / 16) / whole
        return tuple(
            float(v)
            for v in (
                edge,
                sign * first / rate,
                (second - first**2) / rate**2,
                entropy,
                share,
                sign * end / 16 / rate,
            )
        )


@pytest.mark.parametrize("case", PARTS)
def test_a_part_of_which_a_logarithm_has_no_digits_left(case):
    family, (low, high), parameters, _ = PARTS[case]
    edge, mean, var, entropy, share, excess = truth(case)
    law = likely.Truncated(family, low=low, high=high).at(**parameters)
    assert law.mean() - edge == pytest.approx(mean, rel=1e-9, abs=np.spacing(abs(edge)))
    assert law.var() == pytest.approx(var, rel=1e-11)
    assert law.entropy() == pytest.approx(entropy, rel=1e-12)
    # Between floating-point numbers: what y cannot say the share does not.
    upper = low is None
    y = law.isf(share) if upper else law.quantile(share)
    assert y - edge == pytest.approx(excess, rel=1e-9, abs=np.spacing(abs(edge)))


def test_a_part_of_a_far_part_and_its_quantiles_agree():
    scale = np.array([1e-2, 1e-3, 1e-6])
    law = likely.Truncated(likely.Normal(), low=0.5).at(loc=-3.0, scale=scale)
    rounding = 3.5 / scale**2 * np.spacing(0.5) + 1e-11  # of y, in e-foldings of the density
    for q in (1e-9, 0.02, 0.5, 0.99):
        assert (np.abs(law.cdf(law.quantile(q)) - q) < rounding + 1e-11 * q).all()
        assert (np.abs(law.sf(law.isf(q)) / q - 1.0) < rounding).all()


@pytest.mark.parametrize("bounds", [{"high": 4.0}, {"low": 5.6}], ids=str)
def test_quantiles_of_a_far_part_take_few_steps(monkeypatch, bounds):
    """Newton's method stops for each row where it has arrived, and not where all of them have."""
    asked = []
    between = Excess._between

    def counted(self, low, high, at):
        asked.append(low.size)
        return between(self, low, high, at)

    law = likely.Truncated(likely.Normal(), **bounds).at(loc=4.8, scale=1e-3)
    monkeypatch.setattr(Excess, "_between", counted)
    draws = law.sample(2000, 0)
    assert sum(asked) < 5 * draws.size
    levels = np.sort(law.cdf(draws))
    assert np.abs(levels - np.arange(0.5, 2000) / 2000).max() < 0.05


def test_bounds_without_any_density_are_named():
    law = likely.Truncated(likely.Weibull(), low=0.5).at(scale=2e-5, shape=1e7)
    with pytest.raises(
        ValueError,
        match=r"nothing of Weibull lies between 0\.5 and inf in the rows with scale=2e-05, shape=1e\+07.*widen",
    ):
        law.mean()


ENDED = [  # y ends at −scale/shape = 2, or at loc + 2
    (likely.GeneralisedPareto, {}),
    (likely.GeneralisedExtremeValue, {"loc": 0.0}),
]
ASKED = [
    lambda law: law.mean(),
    lambda law: law.var(),
    lambda law: law.entropy(),
    lambda law: law.mode(),
    lambda law: law.cdf(55.0),
    lambda law: law.quantile(0.5),
    lambda law: law.sample(2, 0),
]


@pytest.mark.parametrize("ask", ASKED)
@pytest.mark.parametrize(("cls", "loc"), ENDED)
def test_bounds_beyond_the_end_are_named_and_other_rows_answered(cls, loc, ask):
    shape = np.repeat([0.5, -0.5], 20)
    law = likely.Truncated(cls(), low=50.0, high=60.0).at(**loc, scale=1.0, shape=shape)
    with pytest.raises(
        ValueError, match=r"between 50 and 60 in the rows with .*shape=-0\.5, where"
    ):
        ask(law)
    assert np.isfinite(ask(law[shape > 0.0])).all()


def test_far_parts_are_told_from_others_by_their_fall():
    """A power law that is far out has no edge to which it clings."""
    loss = likely.Truncated(likely.StudentT(), low=1e20).loss()
    raw = np.array([[0.0, 0.0], [0.0, 0.0], [np.log(20.0), np.log(3.0)]])
    far, _ = TruncatedAmounts(loss, raw).excess
    assert far.size == 0


@pytest.mark.parametrize("log_shape", [-5.0, -8.0, -16.0])
def test_entropy_where_the_median_is_no_number(log_shape):
    """y overflows long before its logarithm does; with u = shape·log(y/scale) the mass is that of Gumbel's minimum."""
    with mp.workdps(30):
        shape = mp.exp(log_shape)
        start = shape * mp.log(mp.mpf(0.5))
        seen = mp.exp(-mp.exp(start))

        def surprise(u):
            return -(mp.log(shape) - u / shape + u - mp.exp(u) - mp.log(seen))

        truth = mp.quad(
            lambda u: surprise(u) * mp.exp(u - mp.exp(u)) / seen, [start, 0.5, 1, 2, 3, 4, 5, 6]
        )
    law = likely.Truncated(likely.Weibull(), low=0.5).at(scale=1.0, shape=float(shape))
    assert law.entropy() == pytest.approx(float(truth), rel=1e-9)
    assert law.mean() == np.inf or log_shape == -5.0


def test_quantiles_next_to_the_bound_of_a_far_part_warn_of_nothing():
    """Of levels whose complement is 1 a logarithm that is not asked for would be that of 0."""
    inside = likely.Truncated(likely.Transformed(likely.Normal(), "log"), high=0.8)
    part = likely.Transformed(inside, "box-cox", power=0.5).at(loc=0.63, scale=0.015)
    # log p rises as e^(rate·y) towards the bound, at which y is 1.96.
    assert part.mean() == pytest.approx(1.96 - part.std(), rel=1e-5)
    assert part.entropy() == pytest.approx(1.0 + np.log(part.std()), abs=1e-2)


def test_quantiles_beyond_the_last_number_inside_warn_of_nothing():
    """1 − 2w of a w below an ulp is 1, the end of all x: y is not less than what is left of 1/w there."""
    inside = likely.Transformed(likely.Weibull(), "affine", shift=1, factor=-2)
    law = likely.Transformed(inside, "box-cox", power=-1).at(scale=0.555, shape=0.328)
    assert law.isf(1e-12) > 1e15
