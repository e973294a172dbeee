"""Moments of densities that fall off as a power, of which the formula alone is known."""

import numpy as np
import pytest
from scipy import special

from likely import (
    Discretised,
    Family,
    Parameter,
    StudentT,
    Transformed,
    nonnegative,
    positive,
    real,
)
from likely.inference.summation import DiscreteSums
from likely.math import exp, lgamma, log, log1p, pi


class HalfCauchy(Family):
    support = nonnegative
    scale = Parameter(positive)

    def log_density(y, scale):
        z = y / scale  # its square overflows long before the tail has come to an end
        return log(2.0 / pi) - scale.log - log1p(z * z)


class Cauchy(Family):
    support = real
    loc = Parameter(real)
    scale = Parameter(positive)

    def log_density(y, loc, scale):
        z = (y - loc) / scale
        return -log(pi) - scale.log - log1p(z * z)


class Student(Family):
    support = real
    df = Parameter(positive)

    def log_density(y, df):
        norm = lgamma((df + 1.0) / 2.0) - lgamma(df / 2.0) - 0.5 * log(pi * df)
        return norm - (df + 1.0) / 2.0 * log1p(y * y / df)


class Lomax(Family):
    support = nonnegative
    scale = Parameter(positive)
    shape = Parameter(positive)

    def log_density(y, scale, shape):
        return shape.log - scale.log - (shape + 1.0) * log1p(y / scale)


class Frechet(Family):
    support = positive
    shape = Parameter(positive)

    def log_density(y, shape):
        return shape.log - (1.0 + shape) * y.log - exp(-shape * y.log)


@pytest.mark.parametrize("scale", [1e-100, 1.0, 1e100])
def test_a_half_cauchy_has_no_mean(scale):
    assert HalfCauchy().at(scale=scale).mean() == np.inf
    assert HalfCauchy().at(scale=scale).var() == np.inf


@pytest.mark.parametrize(("loc", "scale"), [(0.0, 1.0), (1e3, 1e-5)])
def test_a_cauchy_has_no_mean_and_no_variance(loc, scale):
    found = Cauchy().at(loc=loc, scale=scale)
    assert np.isnan(found.mean())
    assert np.isnan(found.var())
    np.testing.assert_allclose(found.median(), loc, atol=1e-12)


def test_moments_exist_up_to_the_power_of_the_tail():
    shapes = np.array([0.5, 1.0, 1.01, 1.05, 1.5, 2.0, 2.01, 2.1, 3.0, 30.0])
    found = Lomax().at(scale=np.full(shapes.shape, 2.0), shape=shapes)
    rest = np.where(shapes > 1.0, shapes - 1.0, 1.0)
    mean = np.where(shapes > 1.0, 2.0 / rest, np.inf)
    np.testing.assert_allclose(found.mean(), mean, rtol=1e-12)
    again = np.where(shapes > 2.0, shapes - 2.0, 1.0)
    var = np.where(shapes > 2.0, 4.0 * shapes / rest**2 / again, np.inf)
    np.testing.assert_allclose(found.var(), var, rtol=1e-10)


def test_both_tails_of_student():
    dfs = np.array([1.01, 1.5, 2.0, 2.05, 2.5, 5.0])
    found = Student().at(df=dfs)
    np.testing.assert_allclose(found.mean(), 0.0, atol=1e-12)
    expected = np.where(dfs > 2.0, dfs / np.where(dfs > 2.0, dfs - 2.0, 1.0), np.inf)
    np.testing.assert_allclose(found.var(), expected, rtol=1e-11)


def test_a_formula_in_log_y_has_digits_where_y_has_none():
    shapes = np.array([1.0, 1.02, 2.0, 2.02])
    found = Frechet().at(shape=shapes)
    means = [np.inf, *special.gamma(1.0 - 1.0 / shapes[1:])]
    np.testing.assert_allclose(found.mean(), means, rtol=1e-12)
    assert found.var()[2] == np.inf
    exact = special.gamma(1.0 - 2.0 / 2.02) - special.gamma(1.0 - 1.0 / 2.02) ** 2
    np.testing.assert_allclose(found.var()[3], exact, rtol=1e-10)


def test_no_rows_have_no_moments():
    model = Transformed(StudentT(), "log").at(loc=np.zeros(0), scale=np.ones(0), df=np.ones(0))
    assert model.mean().shape == model.var().shape == (0,)


def rounded_mean(loc, scale, df):
    """loc and what rounding moves: Fourier's series, with Student's characteristic function."""
    n = np.arange(1.0, 60.0)
    z = np.sqrt(df) * scale * 2.0 * np.pi * n
    wave = (
        special.kv(df / 2.0, z)
        * z ** (df / 2.0)
        / special.gamma(df / 2.0)
        / 2.0 ** (df / 2.0 - 1.0)
    )
    return loc + ((-1.0) ** n * np.sin(2.0 * np.pi * n * loc) * wave / (np.pi * n)).sum()


@pytest.mark.parametrize("df", [1.05, 1.2, 1.5, 1.57, 1.6, 3.0])
def test_means_of_whole_numbers_by_student(df):
    for loc, scale in ((0.3, 1.7), (-41.2, 0.2)):
        found = Discretised(StudentT()).at(loc=loc, scale=scale, df=df).mean()
        assert found == pytest.approx(rounded_mean(loc, scale, df), rel=1e-12)


def test_moments_of_whole_numbers_that_exist_or_not():
    for df in (2.1, 2.6):
        law = Discretised(StudentT()).at(loc=0.0, scale=30.0, df=df)
        assert law.var() == pytest.approx(900.0 * df / (df - 2.0) + 1.0 / 12.0, rel=1e-12)
    assert np.isnan(Discretised(StudentT()).at(loc=0.0, scale=30.0, df=1.0).mean())
    assert Discretised(StudentT()).at(loc=0.0, scale=30.0, df=2.0).var() == np.inf


def test_sums_end_where_units_have_no_ends(monkeypatch):
    """Beyond 2⁵¹ float64 has no halves: panels there would be noise, and halved without end."""
    places = []
    plain = DiscreteSums.log_probability

    def counted(self, k, rows):
        places.append(k.size)
        return plain(self, k, rows)

    monkeypatch.setattr(DiscreteSums, "log_probability", counted)
    Discretised(StudentT()).at(loc=0.3, scale=1.7, df=1.5).mean()
    assert sum(places) < 10_000
