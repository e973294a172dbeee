"""``check_family`` finds what was broken on purpose, and nothing wrong with what comes along."""

import pytest

from likely import (
    Binomial,
    Categorical,
    Censored,
    Family,
    Gamma,
    Parameter,
    Weibull,
    ZeroInflated,
    check_family,
    counts,
    positive,
    positive_counts,
    real,
)
from likely.catalogue import family_class
from likely.families.registry import modules, specification
from likely.losses.nll import NegativeLogLikelihood
from likely.math import abs, exp, lbeta, lgamma, log, log1mexp, log_ndtr, ndtr, pi


class Right(Family):
    support = real
    loc = Parameter(real)
    scale = Parameter(positive)

    def log_density(y, loc, scale):
        z = (y - loc) / scale
        return -0.5 * z * z - log(scale) - 0.5 * log(2.0 * pi)


def broken(**members):
    return type("Broken", (Right,), members)


def failed(family):
    return [check.question for check in check_family(family).checks if check.passed is False]


@pytest.mark.parametrize("module", [m for m in modules() if specification(m).vector is None])
def test_the_families_that_come_along_pass(module):
    report = check_family(family_class(module)())
    assert report.passed, report
    asked = {check.question.split()[0] for check in report.checks}
    assert (
        set(report.family.specification.formulas)
        & {"mean", "var", "cdf", "log_cdf", "quantile", "sample"}
        <= asked
    )
    assert all("100 %" in c.answer for c in report.checks if c.question.startswith("digits")), (
        report
    )


def test_a_right_family_passes():
    report = check_family(Right)
    assert report.passed
    assert str(report).splitlines()[0] == "Right(): passed"


def test_the_mass_is_measured_wherever_the_parameters_are():
    def log_density(y, loc, scale):
        return -0.5 * ((y - loc) / scale) ** 2 - 0.5 * log(2.0 * pi)

    (mass,) = (c for c in check_family(broken(log_density=log_density)).checks if c.passed is False)
    assert mass.question == "the density integrates to 1"
    assert mass.answer.startswith("4.48169 at loc = -2, scale = 4.48")


@pytest.mark.parametrize(("member", "formula"), [
    ("mean", lambda loc, scale: loc + 1e-5 * scale),
    ("var", lambda loc, scale: scale),
    ("entropy", lambda loc, scale: scale.log),
    ("mode", lambda loc, scale: loc + 0.01 * scale),
    ("cdf", lambda y, loc, scale: ndtr((loc - y) / scale)),
    ("sf", lambda y, loc, scale: ndtr((y - loc) / scale)),
    ("log_cdf", lambda y, loc, scale: log_ndtr((loc - y) / scale)),
    ("log_sf", lambda y, loc, scale: log_ndtr((y - loc) / scale)),
    ("sample", lambda rng, size, loc, scale: rng.normal(loc, scale**2, size)),
    ("quantile", lambda q, loc, scale: loc + scale * q),
    ("isf", lambda q, loc, scale: loc - scale * q),
    ("expected_information", lambda loc, scale: {("loc", "loc"): 1.0 / scale / scale,
                                                 ("scale", "scale"): 1.0 / scale / scale}),
])  # fmt: skip
def test_each_closed_form_is_compared(member, formula):
    (question,) = failed(broken(**{member: formula}))
    assert question.startswith(member)


def test_digits_that_a_textbook_formula_loses_are_said():
    class Textbook(Family):
        support = counts
        mean = Parameter(positive)
        size = Parameter(positive)

        def log_density(y, mean, size):
            few = lgamma(y + size) - lgamma(size) - lgamma(y + 1.0)
            return few + size * log(size / (size + mean)) + y * log(mean / (size + mean))

    report = check_family(Textbook())
    assert report.passed  # it is right, and inaccurate
    (digits,) = (c for c in report.checks if c.question == "digits of the gradient")
    assert digits.passed is None
    assert "times its tolerance, at mean = " in digits.answer


def test_a_gradient_that_is_not_that_of_the_density(monkeypatch):
    right = NegativeLogLikelihood.evaluate

    def evaluate(self, *arguments, **options):
        nll, gradient, curvature = right(self, *arguments, **options)
        return nll, None if gradient is None else 1.001 * gradient, curvature

    monkeypatch.setattr(NegativeLogLikelihood, "evaluate", evaluate)
    assert failed(Right()) == ["the gradient agrees with differences"]


def test_classes_have_nothing_to_check():
    with pytest.raises(TypeError, match=r"Categorical\(\) is over classes"):
        check_family(Categorical())
    with pytest.raises(ValueError, match=r"unknown family 'gama'; did you mean 'Gamma'"):
        check_family("gama")


@pytest.mark.parametrize(("family", "message"), [
    (Censored(Weibull()), r"rows of y are several numbers; check_family\(Weibull\(\)\) checks what is inside"),
    (Binomial(), r"rows of y are several numbers$"),
    (ZeroInflated(Gamma()), r"a probability of their own beside the density; check_family\(Gamma\(\)\)"),
], ids=repr)  # fmt: skip
def test_what_is_no_density_over_one_number_is_refused(family, message):
    with pytest.raises(TypeError, match=message):
        check_family(family)


def test_fixed_parameters_are_not_moved():
    assert check_family(Right(scale=2.0)).passed


def test_a_tail_that_is_too_long_for_a_sum_is_not_held_against_a_family():
    """With ρ = e⁻² counts beyond 2⁵³ have 0.7 % of the probability, and more of the score."""

    class YuleSimon(Family):
        support = positive_counts
        rho = Parameter(positive)

        def log_density(y, rho):
            return rho.log + lbeta(y, rho + 1.0)

    report = check_family(YuleSimon())
    assert report.passed
    assert all("100 %" in c.answer for c in report.checks if c.question.startswith("digits"))


def test_what_is_beyond_the_numbers_is_no_error():
    class GeneralisedNormal(Family):
        support = real
        loc = Parameter(real)
        scale = Parameter(positive)
        shape = Parameter(positive)

        def log_density(y, loc, scale, shape):
            power = exp(shape * log(abs((y - loc) / scale)))
            return -log(2.0 * scale) - lgamma(1.0 + 1.0 / shape) - power

    report = check_family(GeneralisedNormal())
    assert report.passed
    assert all("100 %" in c.answer for c in report.checks if c.question.startswith("digits"))


def test_a_sum_that_cancellation_spoils_says_so():
    class Waring(Family):
        support = counts
        b = Parameter(positive)
        n = Parameter(positive)

        def log_density(y, b, n):
            return b.log + lgamma(b + n) - lgamma(n) + lgamma(n + y) - lgamma(n + y + b + 1.0)

    class BetterWaring(Waring):
        def log_density(y, b, n):
            return lbeta(n + y, b + 1.0) - lbeta(n, b)

    (mass,) = (c for c in check_family(Waring()).checks if c.passed is False)
    assert "log_density loses all digits, at y = 1e+15 for one" in mass.answer
    assert check_family(BetterWaring()).passed


@pytest.mark.parametrize("log_of", [log1mexp, lambda u: log(1.0 - exp(-u))], ids=["atom", "plain"])
def test_a_power_that_is_below_all_numbers(log_of):
    """log(1 − e⁻ᵘ) is the logarithm of u = (y/scale)ᶜ, also where that u is 0."""

    class ExponentiatedWeibull(Family):
        support = positive
        a = Parameter(positive)
        c = Parameter(positive)
        scale = Parameter(positive)

        def log_density(y, a, c, scale):
            t = y.log - scale.log
            u = exp(c * t)
            return a.log + c.log - scale.log + (c - 1.0) * t - u + (a - 1.0) * log_of(u)

    report = check_family(ExponentiatedWeibull())
    assert report.passed, report
    assert all("100 %" in c.answer for c in report.checks if c.question.startswith("digits"))
