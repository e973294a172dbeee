"""``explain`` against the loss that it explains, by numbers, and against textbook formulas."""

import math
import re
import subprocess
import sys

import numpy as np
import pytest
import sympy

from likely import Normal, Poisson, Truncated, shared
from likely._math.domains import positive, real
from likely._math.graph import exp, log, where
from likely.catalogue import family_class
from likely.families.base import Parameter
from likely.families.registry import modules, specification
from likely.links.catalogue import default_link, find_link, softmax
from likely.losses.categorical import CategoricalLoss
from likely.losses.composed import Slot
from likely.losses.nll import NegativeLogLikelihood
from likely.recipe import Family
from likely.report.derivation import Derivation
from likely.report.explain import explain

SCALAR = tuple(m for m in modules() if specification(m).vector is None)


class Gumbel(Family):
    """Largest of many draws."""

    support = real
    loc = Parameter(real)
    scale = Parameter(positive)

    def log_density(y, loc, scale):
        z = (y - loc) / scale
        return -z - exp(-z) - scale.log


def compose(spec, **roles):
    """A loss with roles by parameter name: "shared", "predicted:softplus", or a number."""
    slots = []
    for name, parameter in spec.parameters.items():
        given = next((a for a, v in spec.alternatives.items() if v.of == name and a in roles), name)
        domain = spec.alternatives[given].domain if given in spec.alternatives else parameter.domain
        role = roles.get(given, "shared" if parameter.shared else "predicted")
        if isinstance(role, float):
            slots.append(Slot(given, name, "fixed", value=role))
            continue
        kind, _, link = role.partition(":")
        chosen = find_link(link, domain, given) if link else default_link(domain)
        slots.append(Slot(given, name, kind, chosen))
    return NegativeLogLikelihood(spec, slots)


def categorical():
    return CategoricalLoss(
        specification("categorical"), None, [Slot("probs", "probs", "predicted", softmax)]
    )


def named(module, **roles):
    return compose(specification(module), **roles)


VARIANTS = {
    **{m: named(m) for m in SCALAR},
    "gumbel of a user": compose(Gumbel.specification),
    "normal, scale shared": named("normal", scale="shared"),
    "normal, scale 2": named("normal", scale=2.0),
    "normal, variance 0.3": named("normal", variance=0.3),
    "normal, variance square": named("normal", variance="predicted:square"),
    "normal, scale softplus": named("normal", scale="predicted:softplus"),
    "normal, all shared": named("normal", loc="shared", scale="shared"),
    "laplace, scale shared": named("laplace", scale="shared"),
    "bernoulli, probit": named("bernoulli", probs="predicted:probit"),
    "bernoulli, cloglog": named("bernoulli", probs="predicted:cloglog"),
    "bernoulli, cauchit": named("bernoulli", probs="predicted:cauchit"),
    "poisson, softplus": named("poisson", mean="predicted:softplus"),
    "poisson, identity": named("poisson", mean="predicted:identity"),
    "gamma, inverse": named("gamma", mean="predicted:inverse"),
    "gamma, both predicted": named("gamma", shape="predicted"),
    "gamma, shape 1": named("gamma", shape=1.0),
    "negative binomial, size 3": named("negativebinomial", size=3.0),
    "student, df 4": named("studentt", df=4.0, scale="shared"),
    "exponential, rate": named("exponential", rate="predicted"),
}
variants = pytest.mark.parametrize("name", VARIANTS)


@pytest.fixture(scope="module")
def told():
    """Explanations by variant, made once."""
    made = {}

    def get(name):
        if name not in made:
            made[name] = explain(VARIANTS[name])
            assert str(made[name])
        return made[name]

    return get


def points(loss, n=5):
    """y in the support and raw predictions inside every link's domain."""
    rng = np.random.default_rng(1)
    support = loss.specification.support
    if support.high == 1.0:
        y = rng.uniform(0.1, 0.9, n)
        y = np.round(y) if support.integer else y
    elif support.integer:
        y = max(support.low, 0.0) + rng.integers(0, 9, n)
    else:
        y = rng.uniform(0.2, 3.0, n) * (1 if support.low == 0 else rng.choice([-1, 1], n))
    raw = rng.uniform(0.2, 1.5, (loss.columns, n))
    return y, raw


def value(expression, substitution):
    """The expression as a number, with SymPy's own functions in 30 digits."""
    from likely.report.symbols.named import plain

    number = plain(sympy.sympify(expression)).subs(substitution)
    return float(sympy.re(sympy.N(number, 30)))


def substitutions(explanation, loss):
    """For each point: y, raw, and the parameters as the links make them."""
    from likely.report.symbols.named import plain

    d = explanation.derivation
    ys, raws = points(loss)
    free = [s.of for s in loss.free]
    for i, y in enumerate(ys):
        number = {d.y: sympy.Integer(int(y)) if y == int(y) else sympy.Float(y, 30)}
        raw = {d.raw[of]: sympy.Float(r, 30) for of, r in zip(free, raws[:, i], strict=True)}
        theta = {s: sympy.N(plain(e).subs(raw), 30) for s, e in d.in_raw.items()}
        yield i, number | raw | theta | d.fixed


@variants
def test_density_equals_exp_of_minus_nll(name, told):
    loss, d = VARIANTS[name], told(name).derivation
    nll, _, _ = loss.evaluate(*points(loss), 0)
    for i, at in substitutions(told(name), loss):
        assert value(d.density.expression, at) == pytest.approx(math.exp(-nll[i]), rel=1e-12)
        assert value(d.log_density.expression, at) == pytest.approx(-nll[i], rel=1e-12, abs=1e-13)


@variants
def test_remaining_and_dropped_terms_add_up_to_the_loss(name, told):
    loss, d = VARIANTS[name], told(name).derivation
    nll, _, _ = loss.evaluate(*points(loss), 0)
    remaining = sympy.Add(*d.remaining)
    dropped = sympy.Add(*[t.term for t in d.dropped])
    learned = set(d.learned)
    assert not any(t.term.free_symbols & learned for t in d.dropped)
    assert not d.factor.free_symbols & learned
    for i, at in substitutions(told(name), loss):
        factor = value(d.factor, at)
        assert factor > 0
        total = factor * value(remaining, at) + value(dropped, at)
        assert total == pytest.approx(nll[i], rel=1e-12, abs=1e-13)
        in_raw = value(d.remaining_in_raw.expression, at)
        assert in_raw == pytest.approx(value(remaining, at), rel=1e-12, abs=1e-13)
        if d.remaining_plain is not None:
            assert value(d.remaining_plain.expression, at) == pytest.approx(in_raw, rel=1e-12)


@variants
def test_gradient_shown_is_the_gradient_of_the_loss(name, told):
    loss, d = VARIANTS[name], told(name).derivation
    _, gradient, _ = loss.evaluate(*points(loss), 1)
    for i, at in substitutions(told(name), loss):
        for j, slot in enumerate(loss.free):
            held = {d.held(slot): value(d.link_value(slot), at)}
            for shown in d.gradient[slot.of]:
                got = value(shown, at | held)
                assert got == pytest.approx(gradient[j, i], rel=1e-11, abs=1e-12)


@variants
def test_text_fits_a_terminal_and_latex_is_balanced(name, told):
    explanation = told(name)
    assert max(len(line) for line in str(explanation).splitlines()) <= 118
    check_latex(explanation.latex)


def check_latex(source):
    assert source.startswith("\\begin{align*}\n")
    assert source.endswith("\\end{align*}")
    assert source.count(r"\left") == source.count(r"\right")
    depth = 0
    for before, ch in zip(" " + source, source, strict=False):
        if before != "\\":
            depth += (ch == "{") - (ch == "}")
        assert depth >= 0
    assert depth == 0
    assert all(ord(c) < 128 for c in source), sorted({c for c in source if ord(c) > 127})


FORMULAS_IN_MATHTEXT = [n for n in VARIANTS if n in (*SCALAR, "gumbel", "normal, scale shared")]


@pytest.mark.parametrize("name", FORMULAS_IN_MATHTEXT)
def test_formulas_parse_as_mathtext(name, told):
    from matplotlib.mathtext import MathTextParser

    parser = MathTextParser("path")
    for step in told(name).steps:
        for line in step.lines:
            formula = f"{line.latex_left} = {line.latex_right}".strip()
            parser.parse(f"${formula}$".replace(r"\arg\max", r"\mathrm{argmax}"))


# --- The textbook's formulas, written independently ---------------------------------------------


def textbook(module, y, *theta):
    """Densities as the textbooks print them, in SymPy."""
    from sympy import Abs, gamma, log, pi, sqrt

    a, *others = theta
    b = others[0] if others else None
    return {
        "bernoulli": lambda: a**y * (1 - a) ** (1 - y),
        "beta": lambda: (
            gamma(b) / gamma(a * b) / gamma((1 - a) * b)
            * y ** (a * b - 1) * (1 - y) ** ((1 - a) * b - 1)
        ),
        "exponential": lambda: sympy.exp(-y / a) / a,
        "gamma": lambda: (b / a) ** b * y ** (b - 1) * sympy.exp(-b * y / a) / gamma(b),
        "laplace": lambda: sympy.exp(-Abs(y - a) / b) / (2 * b),
        "lognormal": lambda: (
            sympy.exp(-((log(y) - a) ** 2) / (2 * b**2)) / (y * b * sqrt(2 * pi))
        ),
        "negativebinomial": lambda: (
            gamma(y + b) / gamma(b) / sympy.factorial(y)
            * (b / (b + a)) ** b * (a / (b + a)) ** y
        ),
        "normal": lambda: sympy.exp(-((y - a) ** 2) / (2 * b**2)) / sqrt(2 * pi * b**2),
        "poisson": lambda: a**y * sympy.exp(-a) / sympy.factorial(y),
        "studentt": lambda: (
            gamma((others[1] + 1) / 2) / gamma(others[1] / 2) / sqrt(others[1] * pi) / b
            * (1 + ((y - a) / b) ** 2 / others[1]) ** (-(others[1] + 1) / 2)
        ),
    }[module]()  # fmt: skip


@pytest.mark.parametrize("module", SCALAR)
def test_density_collapses_to_the_textbook_formula(module, told):
    """Symbolically: the ratio of the two densities is 1, whatever the stable body looks like."""
    from likely.report.algebra import same

    d = told(module).derivation
    try:
        expected = textbook(module, d.y, *d.theta.values())
    except KeyError:
        pytest.skip(f"no textbook formula for {module} here; the numbers are tested above")
    loggamma = lambda e: e.replace(sympy.gamma, lambda x: sympy.exp(sympy.loggamma(x)))
    assert same(d.log_density.expression, sympy.log(loggamma(expected)))


def test_displayed_density_of_the_normal_is_the_printed_one(told):
    text = str(told("normal"))
    assert "p(y | μ, σ) = 1/(√(2π) σ) · exp(−(y − μ)²/(2σ²))" in text


# --- Names ---------------------------------------------------------------------------------------

NAMES = {
    "normal, scale shared": "sum of squares",
    "normal, scale 2": "sum of squares",
    "normal": "heteroscedastic Gaussian loss",
    "normal, variance square": "heteroscedastic Gaussian loss",
    "normal, scale softplus": "heteroscedastic Gaussian loss",
    "bernoulli": "binary cross-entropy",
    "bernoulli, cloglog": "binary cross-entropy",
    "poisson": "Poisson log loss",
    "laplace, scale shared": "sum of absolute errors",
    "gamma": "Gamma log loss",
    "exponential": "Gamma log loss",
    "inversegaussian": "inverse Gaussian deviance",
    "gumbel of a user": "the negative log-likelihood of Gumbel",
    "negativebinomial": "the negative log-likelihood of NegativeBinomial",
    "normal, all shared": "the negative log-likelihood of Normal",
}


@pytest.mark.parametrize("name", NAMES)
def test_loss_is_recognised(name, told):
    explanation = told(name)
    assert explanation.name == NAMES[name]
    last = str(explanation).splitlines()[-1]
    assert NAMES[name].lower() in last.lower()


def test_a_users_own_gaussian_is_recognised_by_its_formula():
    class Mine(Family):
        support = real
        centre = Parameter(real)
        spread = Parameter(positive)

        def log_density(y, centre, spread):
            return -((y - centre) ** 2) / (2.0 * spread**2) - spread.log - 0.9189385332046727

    explanation = explain(compose(Mine.specification, spread="shared"))
    assert explanation.name == "sum of squares"
    assert "½ log(2π)" in str(explanation)  # the float is recognised for what it is


def test_powers_and_pieces_of_a_users_density_are_kept():
    class Weibull(Family):
        support = positive
        scale = Parameter(positive)
        shape = Parameter(positive)

        def log_density(y, scale, shape):
            t = shape * (y.log - scale.log)
            return t - exp(t) + shape.log - y.log

    class Tilted(Family):
        support = real
        smooth = False
        loc = Parameter(real)

        def log_density(y, loc):
            return -where(y < loc, 0.25 * (loc - y), 0.75 * (y - loc)) + log(3.0 / 16.0)

    assert "exp(−(y/σ)ᵏ)" in str(explain(compose(Weibull.specification)))
    assert "if y < μ" in str(explain(compose(Tilted.specification)))


def test_least_squares_tells_its_profile_step_and_where_it_ends(told):
    text = str(told("normal, scale shared"))
    assert "σ̂² = (Σᵢ (yᵢ − μᵢ)²)/N" in text
    assert "L2 penalty" in text
    assert text.splitlines()[-1] == "Sum of squares:  L(φ) = Σᵢ (yᵢ − f(xᵢ, φ))²"
    (profile,) = told("normal, scale shared").derivation.profiles
    assert profile.power == 2


def test_shared_parameters_that_do_not_separate_stay(told):
    text = str(told("negativebinomial"))
    assert "learned together" in text
    assert "L(φ, s)" in text


def test_without_x_the_closed_form_of_the_gaussian_is_derived():
    text = str(Normal(loc=shared, scale=shared).explain())
    for line in ("μ̂ = (Σᵢ yᵢ)/N", "σ̂² = (Σᵢ (yᵢ − μ)²)/N", "argmax_y p(y | μ̂, σ̂) = μ"):
        assert line in text
    assert "f(x" not in text


@pytest.mark.parametrize(
    "name",
    ["bernoulli", "beta", "gamma", "laplace", "lognormal", "negativebinomial", "normal", "poisson"],
)
def test_without_x_what_is_set_to_zero_is_zero_at_the_fit(name):
    spec, rng = specification(name), np.random.default_rng(0)
    y = (
        rng.poisson(rng.gamma(1.5, 2.0, 40)).astype(float)
        if spec.support.integer
        else rng.beta(2, 3, 41)
    )
    y = np.minimum(y, 1.0) if name == "bernoulli" else y
    family = family_class(name)(**dict.fromkeys(spec.parameters, shared))
    told = Derivation(family.loss())
    at = {told.theta[k]: float(v) for k, v in family.fit(y).parameters.items()}
    assert told.profiles
    for profile in told.profiles:
        sums = {
            s: sum(float(e.subs({**at, told.y: v})) for v in y) for s, e in profile.sums.items()
        }
        terms = profile.condition.subs(
            {**sums, sympy.Symbol("N", positive=True): y.size}
        ).as_ordered_terms()
        values = [float(term.subs(at)) for term in terms]
        assert abs(sum(values)) <= 1e-7 * max(map(abs, values))


def test_gradients_read_as_in_the_lecture(told):
    assert "sigmoid(f) − y" in str(told("bernoulli"))
    assert "∂ℓ/∂f = (f − y)/σ²" in str(told("normal, scale shared"))
    assert "s (m − y)/(m + s)" in str(told("negativebinomial"))


def test_mode_is_shown_or_said_to_be_numerical(told):
    assert "maximised numerically" in str(told("gumbel of a user"))
    assert "if λ > ½" in str(told("bernoulli"))


@pytest.mark.parametrize("module", modules())
def test_no_step_prints_the_tolerances_of_floating_point(module):
    explained = explain(family_class(module)().loss())
    assert not re.search(r"\d{6}|\de-\d", str(explained))


def test_modes_of_counts_are_mathematics():
    assert "= ⌈m⌉ − 1" in str(explain(named("poisson")))
    text = str(explain(named("negativebinomial")))
    assert "a = m (1 − 1/s)" in text
    assert "= ⌈a⌉ − 1 " in text


# --- Classes -------------------------------------------------------------------------------------


def test_categorical_is_softmax_cross_entropy():
    explanation = explain(categorical())
    text = str(explanation)
    assert explanation.name == "softmax cross-entropy"
    assert "log Σⱼ exp(fⱼ(xᵢ, φ)) − f_yᵢ(xᵢ, φ)" in text.splitlines()[-1]
    assert "Σₖ [y = k] log λₖ" in text
    # The same numbers of classes as Categorical's own messages and raw columns.
    assert f"y in {categorical().specification.support.symbol}" in text
    assert "{0, …, K−1}" in text
    assert "f₁ − f₀" in text
    assert "λₖ − [y = k]" in text
    check_latex(explanation.latex)


def test_categorical_numbers_agree_with_its_loss():
    d = explain(categorical()).derivation
    rng = np.random.default_rng(3)
    raw, y = rng.normal(size=(3, 4)), np.array([0, 2, 1, 1])
    nll, gradient, _ = CategoricalLoss(
        specification("categorical"), 3, [Slot("probs", "probs", "predicted", softmax)]
    ).evaluate(y.astype(float), raw, 1)
    for i in range(4):

        def number(e, k=1, i=i):
            e = e.subs({d.classes: 3, d.y: int(y[i]), d.k: k}).doit()
            return float(e.subs({d.raw[j]: raw[j, i] for j in range(3)}))

        assert number(d.remaining) == pytest.approx(nll[i], rel=1e-12)
        for k in range(3):
            assert number(d.gradient, k) == pytest.approx(gradient[k, i], rel=1e-12)


# --- Manners -------------------------------------------------------------------------------------


def test_importing_the_library_does_not_import_sympy():
    code = "import likely, likely.recipe, likely.report.explain, sys; print('sympy' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


def test_steps_can_be_walked(told):
    steps = told("normal, scale shared").steps
    assert [bool(s.title) for s in steps] == [True] * len(steps)
    assert any("Drop" in s.title for s in steps)
    assert all(s.text and s.latex for s in steps)


def test_heading_is_what_a_user_writes():
    assert explain(named("normal", variance="predicted:square")).title == (
        'Normal(variance=predicted("square"))'
    )
    assert explain(named("normal", scale=2.0)).title == "Normal(scale=2.0)"
    assert explain(named("gamma")).title == "Gamma()"


def test_a_hazard_that_overflows_is_told():
    """e to the e of most parameters is beyond any number: its formulas are compared elsewhere."""
    text = str(Truncated("gumbel", low=1.0).explain())
    assert "log(exp(exp((μ − 1)/σ)) − 1)" in text


def test_the_letters_of_the_derivation_are_not_taken_by_parameters():
    class Odd(Family):
        support = positive
        f = Parameter(positive)
        phi = Parameter(positive)

        def log_density(y, f, phi):
            return f.log - phi.log - (f / phi) * y

    text = str(explain(compose(Odd.specification)))
    assert "p(y | κ, τ)" in text


def test_nothing_free_is_a_loss_without_training():
    explained = Poisson(mean=2.0).explain()
    assert [step.title.split()[0] for step in explained.steps] == [
        "Choose", "Fix", "Take", "Sum", "Infer:", "What",
    ]  # fmt: skip
    assert explained.summary.left == "L"
    assert explained.summary.right == "Σᵢ [ 2 + log yᵢ! − yᵢ log 2 ]"
    for shown in (str(explained), explained.latex):
        assert not re.search(r"L\(\)|\[ 0 \]|\| \)", shown)
