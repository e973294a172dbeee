"""Every atom of the registry: the rule differentiates the definition, the expansion equals it.

Arguments that are hints follow their base: ``log_x`` is log x, ``d`` is x − m, and q is 1 − p. A
rule may send the derivative through the hint, so rules are compared along consistent directions.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from mpmath import mp, mpf

from likely._math.atoms import ATOMS, Atom, power_divergence, urn
from likely._math.backends import mpmath_backend, numpy_backend
from likely._math.compound_poisson import density as compound_poisson
from likely._math.connection import Connection
from likely._math.derive import covariant, tangent
from likely._math.evaluate import compile_program
from likely._math.graph import FormulaError, Node, as_node, exp, log, make, symbol
from likely.families.registry import modules, specification

for _module in modules():  # a family's own atoms are registered when it is read
    specification(_module)
assert urn.urn_log_probability.name in ATOMS  # so are those of families over trials

MP = mpmath_backend.TABLE
DIGITS = 50
#: Conditions have no derivative, and ``pi`` no argument.
CONDITIONS = {"less", "less_equal", "equal", "where"}


def names_of(atom: Atom) -> tuple[str, ...]:
    """The arguments by name, as the definition or the rule calls them."""
    source: Callable[..., Any] = atom.definition or atom.derivative or MP[atom.name]
    return tuple(n for n in inspect.signature(source).parameters if n != "out")


def completed(names: tuple[str, ...], base: Mapping[str, Any], log: Callable[[Any], Any]) -> dict:
    """All arguments from those that are free."""
    values = dict(base)
    hints = {
        "q": lambda: 1 - values["p"],
        "d": lambda: values["x"] - values["m"],
        "nx": lambda: values["n"] * values["x"],
    }
    for name in names:
        if name not in values and not name.startswith("log_"):
            values[name] = hints[name]()
    for name in names:
        if name.startswith("log_"):
            values[name] = log(values[name.removeprefix("log_")])
    if "log_q" in values and isinstance(values["p"], np.ndarray):
        values["log_q"] = np.log1p(-values["p"])  # as a link gives it
    return {name: values[name] for name in names}


def free(names: tuple[str, ...]) -> list[str]:
    hinted = {n for n in names if n.startswith("log_")}
    if {"x", "m", "d"} <= set(names):
        hinted.add("d")
    if {"p", "q"} <= set(names):
        hinted.add("q")
    if "nx" in names:
        hinted.add("nx")
    return [n for n in names if n not in hinted]


def whole(base: dict[str, Any]) -> dict[str, Any]:
    """The same with two counts that are whole numbers, the smaller first, where they are called that."""
    if "rarer" in base:
        base["rarer"] = np.floor(base["rarer"])
        base["other"] = base["rarer"] + np.floor(base["other"])
        base["other"] += base["other"] == 0.0
    return base


def value(node: Node, arguments: Mapping[str, Any]) -> Any:
    return compile_program([node], MP, textbook=True)(arguments)[0]


def definition(atom: Atom, names: tuple[str, ...]) -> Node:
    return make(atom.name, *map(symbol, names))


#: Their definitions overflow, or need more digits than are worth waiting for.
EXPONENTIAL = {
    "bose", "cosh", "erfcx", "exp", "expm1", "expm1mx", "gamma_deviance", "gamma_exponential", "gumbel_hazard",
    "gamma_slope", "gumbel_hazard_bend", "inverse_mills", "log1mexp", "log1mexp_of", "log1mexp_slope", "log_ndtr",
    "sinh",
}  # fmt: skip
#: Their first argument is known to be at least 1.
ABOVE_ONE = {
    "negative_binomial_factorial", "stirling_of_sum", "stirling_of_sum_slope", "stirling_of_sum_curve",
    "urn_deviance", "rising_gap_curve", "rising_sum_slope",
    "rising_excess", "rising_slope", "rising_curve", "rising_bend", "urn_error", "urn_error_slope",
    "urn_error_curve", "count_error", "digamma_rise",
}  # fmt: skip
#: Known to rounding of 1 where they are below: they are added to what is of that size.
BESIDE_ONE = {"rising_excess", "urn_error", "urn_error_slope"}
#: The probability between two thresholds has tests of its own, in ``test_between.py``, and tails that
#: are integrals in ``families/test_special_tails.py`` and its kin; sums in ``test_com_poisson.py``,
#: ``families/test_trials.py`` and ``families/test_counts_between_bounds.py``; atoms of any number of arguments in
#: ``test_mixing.py``.
TAILS = (
    "_between", "gamma_lower", "gamma_upper", "gaussian_lower", "gaussian_upper", "student_tail", "count_",
    "gamma_rest", "clusters_",
    "com_poisson_", "skew_lower", "gengamma_below", "gengamma_above",
    "gengamma_mills", "mixture", "beta_below", "beta_above",
    "generalised_poisson_below", "generalised_poisson_above", "generalised_poisson_beyond",
    "rising_later_curve", "rising_gap_squares", "_share_", "_jump_",
)  # fmt: skip
ELSEWHERE = {
    name for name in ATOMS
    if any(word in name for word in TAILS)
}  # fmt: skip
#: Those of Tweedie have tests of their own, in ``test_compound_poisson.py``.
ELSEWHERE |= {
    a.name for module in (compound_poisson, power_divergence) for a in vars(module).values()
    if isinstance(a, Atom)
} | {"gamma_amounts"}  # fmt: skip
WITH_RULES = [
    a for a in ATOMS.values()
    if a.name not in ELSEWHERE and a.derivative and a.name not in CONDITIONS and (a.definition or a.name in MP)
]  # fmt: skip
WITH_EXPANSIONS = [
    a for a in ATOMS.values()
    if a.name not in ELSEWHERE and a.expansion and (a.definition or a.name in MP)
]  # fmt: skip


def test_registry_is_covered() -> None:
    left = {
        a.name for a in ATOMS.values()
        if a.derivative and a not in WITH_RULES and a.name not in CONDITIONS | ELSEWHERE
        and not any(word in a.name for word in TAILS)  # an oracle enters some, which may be read later than this
    }  # fmt: skip
    assert not left
    assert len(WITH_RULES) > 40


@pytest.mark.parametrize("atom", WITH_RULES, ids=lambda a: a.name)
def test_rule_is_the_derivative_of_the_definition(atom: Atom) -> None:
    names = names_of(atom)
    node = definition(atom, names)
    rng = np.random.default_rng(crc32(atom.name.encode()))
    partials = [as_node(p) for p in atom.derivative(*map(symbol, names), node)]
    with mp.workdps(DIGITS):
        for _ in range(4):
            base = {n: mpf(rng.uniform(0.05, 0.95) if n == "p" else rng.uniform(0.2, 2.5))
                    for n in free(names)}  # fmt: skip
            base = whole(base)
            for direction in base:

                def along(t: Any, base: Any = base, direction: str = direction) -> dict:
                    return completed(names, base | {direction: base[direction] + t}, mp.log)

                at = along(mpf(0))
                moved = [mp.diff(lambda t, n=n: along(t)[n], 0) for n in names]
                rule = mp.fsum(
                    value(p, at) * m for p, m in zip(partials, moved, strict=True) if m != 0
                )
                true = mp.diff(lambda t: value(node, along(t)), 0)
                assert abs(rule - true) <= mpf(10) ** -18 * (1 + abs(true)), (at, direction)


#: The ways in which an argument moves with t = log θ, with their logarithm as a link gives it if there is one.
MOVES: tuple[tuple[Callable[[Node], Node], Callable[[Node], Node] | None], ...] = (
    (exp, lambda t: t),
    (lambda t: 1.0 / exp(t), lambda t: -t),
    (lambda t: t, None),
    (lambda t: -t, None),
    (lambda t: symbol("y") - exp(t), None),
)
#: Γ and 1 − Γ: of links that are powers of θ, and two of softplus.
CONNECTIONS = (*((g, 1.0 - g) for g in (1.0, 0.0, 0.5, -1.0, -2.0)), ("0.2", "0.8"), ("0.9", "0.1"))


@pytest.mark.parametrize("gamma", CONNECTIONS, ids=str)
@pytest.mark.parametrize(
    "atom",
    [a for a in ATOMS.values() if a.name not in ELSEWHERE and (a.covariant or a.degrees)],
    ids=lambda a: a.name,
)
def test_covariant_rule_is_the_slope_less_the_connection(
    atom: Atom, gamma: tuple[float | str, float | str]
) -> None:
    names, t = names_of(atom), symbol("t")
    parts = [symbol(g) if isinstance(g, str) else as_node(g) for g in gamma]
    connection = Connection(*parts)
    rng = np.random.default_rng(crc32(atom.name.encode()))
    base = whole({n: mpf(rng.uniform(0.2, 0.9)) for n in names})
    base |= {"t": mpf("-0.3"), "y": mpf("2.5")}
    at = base | {str(p): mpf(str(p)) for p in parts if p.op == "symbol"}
    for moving in free(names):
        hint = f"log_{moving}"
        for move, logarithm in MOVES:
            if hint in names and logarithm is None:
                continue
            arguments = completed(
                names, {n: symbol(n) for n in free(names)} | {moving: move(t)}, log
            )
            if hint in names:
                arguments[hint] = logarithm(t)
            node = make(atom.name, *arguments.values())
            with mp.workdps(DIGITS):
                found, slope, itself = (
                    value(n, at)
                    for n in (covariant(node, t, connection), tangent([node], t)[0], node)
                )
                true = slope - value(connection.node, at) * itself
                assert abs(found - true) <= mpf(10) ** -14 * (abs(slope) + abs(itself)), moving


@pytest.mark.parametrize("gamma", CONNECTIONS, ids=str)
def test_covariant_of_products_and_quotients(gamma: tuple[float | str, float | str]) -> None:
    """Where the same factor is reached with more than one connection, and none of them is a power."""
    t, parts = symbol("t"), [symbol(g) if isinstance(g, str) else as_node(g) for g in gamma]
    connection, theta = Connection(*parts), exp(t)
    f, g = theta * make("log1p", theta), make("sqrt", 1.0 + theta * theta)
    residual = symbol("y") - theta, as_node(0.4), as_node(math.log(0.4))
    pull = make("hypot_reciprocal", *residual) * -theta  # a rule in either factor
    at = {"t": mpf("-0.3"), "y": mpf("2.5")} | {
        str(p): mpf(str(p)) for p in parts if p.op == "symbol"
    }
    for node in (
        f * f,
        f * g,
        f / g,
        g / f,
        f * (f + g) / (theta * g),
        -f * (g - f * (theta / g)),
        f + f * g,
        2.0 / (3.0 + f),
        pull * make("arsinh_ratio", *residual),
        make("arsinh_ratio", *residual) * pull,
    ):
        with mp.workdps(DIGITS):
            true = value(tangent([node], t)[0] - connection.node * node, at)
            assert abs(value(covariant(node, t, connection), at) - true) < mpf(10) ** -14


def test_rule_of_division_and_selection() -> None:
    a, b = symbol("a"), symbol("b")
    at = {"a": mpf("0.7"), "b": mpf("1.9")}
    assert value(tangent([a / b], a)[0], at) == pytest.approx(1 / 1.9)
    assert value(tangent([a / b], b)[0], at) == pytest.approx(-0.7 / 1.9**2)
    chosen = make("where", make("less", a, b), a * b, a)
    assert value(tangent([chosen], a)[0], at) == pytest.approx(1.9)


@pytest.mark.parametrize("atom", WITH_EXPANSIONS, ids=lambda a: a.name)
def test_expansion_is_the_definition(atom: Atom) -> None:
    """Over 16 orders of magnitude, but for digits that the arguments do not carry."""
    names = names_of(atom)
    node = definition(atom, names)
    rng = np.random.default_rng(crc32(atom.name.encode()))
    n = 40
    base = {
        name: 1.0 / (1.0 + np.exp(rng.uniform(-18, 18, n)))
        if name == "p"
        else np.exp(rng.uniform(-18, 18, n))
        for name in free(names)
    }
    if atom.name in EXPONENTIAL:
        base[names[0]] = np.exp(rng.uniform(-18, 3, n))
    if atom.name in ABOVE_ONE:
        base[names[0]] = 1.0 + base[names[0]]
    base = whole(base)
    arguments = completed(names, base, np.log)
    with np.errstate(all="ignore"):
        found = compile_program([node], numpy_backend.TABLE)(arguments)[0]
    with mp.workdps(260):
        for i in range(n):
            at = {name: mpf(float(v[i])) for name, v in base.items()}

            def truth(moved: Mapping[str, Any]) -> Any:
                return value(node, completed(names, moved, mp.log))

            true = truth(at)
            if abs(true) < mpf(10) ** -300:  # below the range of float64
                assert abs(found[i]) < 1e-290
                continue
            if abs(true) > mpf(10) ** 300:  # above it
                assert abs(found[i]) > 1e290
                assert np.sign(found[i]) == mp.sign(true)
                continue
            step = mpf(10) ** -30
            slack = mp.fsum(
                abs(truth(at | {k: x * (1 + step)}) - true) / step for k, x in at.items()
            )
            allowed = mpf(10) ** -11 * abs(true) + 64 * mpf(2) ** -53 * slack
            allowed += 8 * mpf(2) ** -53 * (atom.name in BESIDE_ONE)
            assert abs(mpf(float(found[i])) - true) <= allowed, (at, float(found[i]), true)


def test_the_number_of_arguments_is_checked_where_a_formula_is_written() -> None:
    message = r"log_expm1_ratio\(x, log_x\) was called with 1 arguments"
    with pytest.raises(FormulaError, match=message):
        ATOMS["log_expm1_ratio"](symbol("x"))
