"""Mistakes that are known when a family is written are errors then, and say what to write instead."""

import numpy as np
import pytest

from likely import Alternative, Family, Linear, Parameter, counts, positive, real
from likely._math.graph import NoViewError, symbol
from likely.families.base import Distribution
from likely.families.definition import check_definition
from likely.families.registry import modules, specification
from likely.families.view import View
from likely.math import abs as absolute
from likely.math import exp, log, maximum, pi, where


def write(body, **members):
    """The class statement of a family called Mine."""
    return type("Mine", (Family,), {"support": real, "log_density": body, **members})


def normal(y, a):
    return -0.5 * (y - a) ** 2 - 0.5 * log(2.0 * pi)


@pytest.mark.parametrize("module", [m for m in modules() if specification(m).vector is None])
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
    with pytest.raises(TypeError, match=r"Mine has no log_density: write its formula") as caught:
        cls()
    assert str(caught.value).endswith(
        "def log_density(y, a): return .... Is logdensity meant to be it?"
    )


def test_a_base_class_may_leave_its_formula_to_others():
    base = type("Base", (Family,), {"support": real, "a": Parameter(real)})
    child = type("Child", (base,), {"log_density": normal})
    assert child().parameters == ("a",)
    for use in (base, lambda: Linear(base).fit([[1.0], [2.0]], [1.0, 2.0])):
        with pytest.raises(TypeError, match=r"Base has no log_density: .*\(y, a\): return \.\.\.$"):
            use()


def test_a_log_density_that_is_no_function():
    with pytest.raises(TypeError, match=r"Mine\.log_density must be a function, got 3\.0"):
        write(3.0, a=Parameter(real))


def misspelt(y, a):
    z = y - a
    return -z * z - a.logg


def with_array(y, a):
    return -0.5 * (y - a) ** 2 * np.array([1.0, 2.0])


def with_numpy(y, a):
    return -np.logaddexp(y, a)


def view_of_a_difference(y, a):
    return -(y - a).log


def joined(y, a):
    return -where((y > a) & (y < 2.0 * a), y, a)


def reversed_(y, a):
    return -where(~(y > a), y, a)


def summed(y, a):
    return -sum(a / k for k in range(1, y))


def power_of(y, a):
    return -(2.0**y) * a


def remainder(y, a):
    return -(y % 2) * a


#: What is written, the kind of error, and what it says behind the family, the line and the text.
FORMULAS = {
    misspelt: (
        AttributeError,
        "(return -z * z - a.logg): a has no view 'logg'; did you mean a.log? There are log, log1m, "
        "complement, excess",
    ),
    with_array: (TypeError, "an array of shape (2,) cannot be in a formula, which is of one row"),
    with_numpy: (
        TypeError,
        "numpy.logaddexp cannot take a formula, which is traced: likely.math has no",
    ),
    joined: (TypeError, "not joined by & or |: write where(a, where(b, x, z), z) for a and b"),
    reversed_: (TypeError, "write where(condition, b, a)"),
    summed: (TypeError, "no numbers that a loop could count to"),
    power_of: (TypeError, "write 2.0 to the power x as exp(x * log(2.0))"),
    remainder: (TypeError, "write floor(x / d), x - d * floor(x / d)"),
    view_of_a_difference: (AttributeError, "log belongs to y or a parameter"),
}


@pytest.mark.parametrize("body", FORMULAS, ids=lambda body: body.__name__)
def test_a_formula_that_cannot_be_traced(body):
    error, words = FORMULAS[body]
    with pytest.raises(error) as caught:
        write(body, a=Parameter(positive))
    said = str(caught.value)
    line = body.__code__.co_firstlineno
    assert said.startswith(f"Mine.{body.__name__}, line {line + 1 + (body is misspelt)} (return -")
    assert words in said


def test_an_array_before_the_formula_and_a_closed_form():
    with pytest.raises(TypeError, match=r"Mine.*array of shape \(2,\) cannot be in a formula"):
        write(lambda y, a: np.array([1.0, 2.0]) * normal(y, a), a=Parameter(real))

    def cdf(y, a):
        return exp(a.complementt)

    family = write(normal, a=Parameter(real), cdf=cdf)
    with pytest.raises(AttributeError, match=r"Mine\.cdf, line \d+ .*did you mean a\.complement\?"):
        family().at(a=0.0).cdf(0.0)


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


def test_a_fault_in_a_file_of_the_library_is_placed():
    class Adrift(Distribution):
        """Written as CONTRIBUTING says, with a view of what has none."""

        support = real
        loc = Parameter(real)

        def log_density(y, loc):
            return -(y - loc).log

    spec = Adrift.specification
    y, loc = (View(name, symbol(name), {}) for name in ("y", "loc"))
    with pytest.raises(NoViewError, match=r"Adrift\.log_density, line \d+ .*: log belongs to y"):
        spec.trace(spec.log_density, {"loc": loc}, y)
