"""Mistakes that are known when a family is written are errors then, and say what to write instead."""

import pytest

from likely import Alternative, Family, Parameter, counts, positive, real
from likely.families.definition import check_definition
from likely.families.registry import modules, specification
from likely.math import abs as absolute
from likely.math import exp, log, maximum, pi, where


def write(body, **members):
    """The class statement of a family called Mine."""
    return type("Mine", (Family,), {"support": real, "log_density": body, **members})


def normal(y, a):
    return -0.5 * (y - a) ** 2 - 0.5 * log(2.0 * pi)


@pytest.mark.parametrize("module", [m for m in modules() if m != "categorical"])
def test_the_families_that_come_along_pass(module):
    check_definition(specification(module), dir(Family))


def test_a_parameter_that_is_not_used():
    with pytest.raises(TypeError, match=r"Mine\.log_density does not use the parameter b, which"):
        write(lambda y, a, b: normal(y, a), a=Parameter(real), b=Parameter(positive))


@pytest.mark.parametrize("body", [lambda y, a: 0.0, lambda y, a: log(2.0 * pi) + 1])
def test_a_constant(body):
    with pytest.raises(TypeError, match=r"Mine\.log_density is a constant: it uses neither y nor"):
        write(body, a=Parameter(real))


def test_a_density_without_y():
    with pytest.raises(TypeError, match=r"Mine\.log_density does not use y"):
        write(lambda y, a: -a.log, a=Parameter(positive))


def test_a_forgotten_return():
    def body(y, a):
        normal(y, a)

    with pytest.raises(TypeError, match=r"Mine\.log_density returns nothing: end it with return"):
        write(body, a=Parameter(real))
    with pytest.raises(TypeError, match=r"must return one expression .*, got \("):
        write(lambda y, a: (normal(y, a), a), a=Parameter(real))


@pytest.mark.parametrize("body", [
    lambda y, a: -absolute(y - a) - log(2.0),
    lambda y, a: -abs(y - a) - log(2.0),
    lambda y, a: -where(y > a, y - a, 2.0 * (a - y)) - log(1.5),
    lambda y, a: -maximum(y - a, 2.0 * (a - y)) - log(1.5),
], ids=["abs", "builtin abs", "where", "maximum"])  # fmt: skip
def test_a_kink_must_be_said(body):
    with pytest.raises(TypeError, match=r"has a kink in a .*: say smooth = False in the class"):
        write(body, a=Parameter(real))
    write(body, a=Parameter(real), smooth=False)


def test_a_where_that_only_keeps_digits_is_no_kink():
    def body(y, a):
        z = y - a
        return -(where(z > 0.0, z, -z) ** 3) - log(2.0) - log(0.8929795115692493)

    write(body, a=Parameter(real))


@pytest.mark.parametrize(
    "name", ["fit", "at", "nll", "loss", "explain", "parameters", "raw_columns", "mode", "cdf", "var",
             "start", "raw", "_slots"],
)  # fmt: skip
def test_names_that_mean_something_else(name):
    namespace = {"log": log, "pi": pi}
    exec(f"def body(y, {name}): return -0.5 * (y - {name}) ** 2 - 0.5 * log(2 * pi)", namespace)
    with pytest.raises(TypeError, match=rf"Mine: a parameter cannot be called '{name}'"):
        write(namespace["body"], **{name: Parameter(real)})


def test_mean_is_a_good_name():
    family = write(lambda y, mean: -y / mean - mean.log, mean=Parameter(positive), support=positive)
    assert family().at(mean=2.0).mean() == 2.0


def test_a_support_must_be_said():
    with pytest.raises(TypeError, match=r"Forgot\.support must be a domain .*: it has none"):
        type("Forgot", (Family,), {"a": Parameter(real), "log_density": normal})


def test_parameters_must_be_parameters():
    with pytest.raises(TypeError, match=r"Declare a = Parameter\(\.\.\.\)"):
        write(normal, a=real)
    with pytest.raises(TypeError, match=r"Declare a = Parameter\(\.\.\.\)"):
        write(normal, a=Parameter)
    with pytest.raises(TypeError, match=r"takes a domain such as real, .* got 'real'"):
        Parameter("real")
    with pytest.raises(TypeError, match=r"Mine declares no Parameter"):
        write(lambda y: -0.5 * y**2)
    with pytest.raises(
        TypeError, match=r"an Alternative of 'b', which is not among the parameters a"
    ):
        write(normal, a=Parameter(real), other=Alternative("b", positive, 2.0))


def test_a_formula_has_no_self():
    with pytest.raises(TypeError, match=r"takes \(self, y, a\), .* leave out self"):
        write(lambda self, y, a: normal(y, a), a=Parameter(real))


def test_a_misspelt_log_density():
    cls = type("Mine", (Family,), {"support": real, "a": Parameter(real), "logdensity": normal})
    with pytest.raises(TypeError, match=r"Mine has no log_density: write its formula"):
        cls()


def test_closed_forms_take_the_parameters():
    with pytest.raises(TypeError, match=r"Mine\.mode takes \(\), but must take \(a\)"):
        write(normal, a=Parameter(real), mode=lambda: 0.0)
    with pytest.raises(TypeError, match=r"Mine\.cdf takes \(a\), but must take \(y, a\)"):
        write(normal, a=Parameter(real), cdf=lambda a: a)


def test_a_subclass_inherits_and_is_looked_at_too():
    base = write(normal, a=Parameter(real))
    with pytest.raises(
        TypeError, match=r"Child\.log_density takes \(y, a\), but must take \(y, a, b\)"
    ):
        type("Child", (base,), {"b": Parameter(real)})


def test_counts_are_looked_at_too():
    with pytest.raises(TypeError, match=r"does not use the parameter b"):
        write(lambda y, a, b: y * exp(a), a=Parameter(real), b=Parameter(real), support=counts)
