"""``likely explain``, ``likely families``, and the program as a process."""

import json
import re
import subprocess
import sys

import pytest

from likely import (
    Beta,
    Categorical,
    Hurdle,
    Inflated,
    Mixture,
    Normal,
    Poisson,
    Truncated,
    ZeroInflated,
    predicted,
    shared,
)
from likely.cli.errors import UserError
from likely.cli.family_text import parse_family
from likely.cli.formula import density
from likely.compositions import COMPOSITIONS
from likely.families.registry import modules, specification
from likely.trials import TRIALS


def test_families_as_text_and_json(run):
    text = run("families").stdout
    rows = json.loads(run("families", "--json").stdout)["families"]
    known = {*(specification(m).name for m in modules()), *TRIALS, *COMPOSITIONS}
    assert {row["name"] for row in rows} == known
    assert all(row["name"] in text for row in rows)
    assert re.search(r"d×d, positive definite +cholesky\n", text)
    assert re.search(r"\(0, 1\) +logit, identity, log", text)
    assert re.search(r"ℝ +identity, log, softplus", text)
    assert re.search(r"loc of Ordinal +logit, probit, cloglog, loglog\n", text)  # not those of ℝ
    normal = next(row for row in rows if row["name"] == "Normal")
    assert normal["parameters"][1]["links"][0] == "log"


def test_densities_are_sketched(run):
    lines = run("families").stdout.split("\n")

    def below(name):
        (row,) = (i for i, line in enumerate(lines) if line.startswith(f"{name} "))
        return re.match(r"[▁-█]*", lines[row + 1])[0]

    symmetric, counts = below("Laplace"), below("Geometric")
    assert len(symmetric) == len(counts) == 16
    assert "█" in symmetric[6:12]
    assert symmetric[0] == symmetric[-1] == "▁"
    assert counts[0] == "█"
    assert list(counts) == sorted(counts, reverse=True)  # it falls from 0 on
    assert below("MultivariateNormal") == ""  # several numbers have no line of bars


def test_explain(run, mistake):
    assert "Normal" in run("explain", "normal").stdout
    assert "softplus" in run("explain", "normal", "--link", "scale=softplus").stdout
    assert "\\" in run("explain", "bernoulli", "--latex").stdout
    assert "did you mean 'Bernoulli'?" in mistake("explain", "bernouli")
    assert "the logit link does not fit Normal's scale" in mistake(
        "explain", "normal", "--link", "scale=logit"
    )
    assert "write PARAMETER=LINK" in mistake("explain", "normal", "--link", "scale")


PARSED = {
    "normal": Normal(),
    "Normal(scale=shared)": Normal(scale=shared),
    "Normal(scale=2)": Normal(scale=2.0),
    "Normal(scale=predicted('softplus'))": Normal(scale=predicted("softplus")),
    "Categorical(3)": Categorical(3),
    "ZeroInflated(Poisson(), inflation=predicted)": ZeroInflated(Poisson(), inflation=predicted),
    "Mixture(Normal(scale=shared), 2)": Mixture(Normal(scale=shared), 2),
    "Truncated(Normal(), low=-1.0)": Truncated(Normal(), low=-1.0),
    "hurdle(poisson)": Hurdle(Poisson()),
    "Inflated(Beta(), at=(0, 1))": Inflated(Beta(), at=(0, 1)),
}


@pytest.mark.parametrize("text", PARSED)
def test_families_are_parsed(text):
    assert parse_family(text) == PARSED[text]
    assert parse_family(repr(PARSED[text])) == PARSED[text]


@pytest.mark.parametrize(
    "text",
    [
        "Normal(",
        "Normal(scale=open('x'))",
        "__import__('os').system('x')",
        "Normal(**{})",
        "Normal('a')",
    ],
)
def test_nothing_is_evaluated(text):
    with pytest.raises(UserError, match="cannot read the family"):
        parse_family(text)


def test_links_beside_a_family():
    assert parse_family("normal", ["scale=shared"]) == Normal(scale=shared)
    assert parse_family("normal", ["scale=0.5"]) == Normal(scale=0.5)
    # A parameter that is shared by default stays so with another link.
    assert repr(parse_family("gamma", ["shape=softplus"])) == "Gamma(shape=shared('softplus'))"


@pytest.mark.parametrize("module", modules())
def test_densities_read_as_text(module):
    formula = density(specification(module))
    assert formula is not None
    assert formula.startswith("p(y")
    assert not set("\\{}$") & set(formula)
    assert formula.count("(") == formula.count(")")
    names = {name for p in specification(module).parameters for name in re.findall("[a-z]+", p)}
    words = set(re.findall("[A-Za-z]{2,}", formula))
    assert words <= {"exp", "log", "cos", "arsinh"} | names  # no name of a letter or a command


def test_the_density_of_the_normal():
    assert density(Normal().specification) == (
        "p(y) = 1/(√(2π) σ) exp(−(y − μ)²/(2σ²)), μ = loc, σ = scale"
    )


def process(*arguments, **options):
    command = [sys.executable, "-c", "from likely.cli import main; main()", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, **options
    )


def test_as_a_process(data, tmp_path):
    fit = process(
        "fit", data, "--target", "count", "--drop=bought,colour,amount,unit", cwd=tmp_path
    )
    assert fit.returncode == 0, fit.stderr
    assert "saved to data.likely" in fit.stdout
    predict = process("predict", "data.likely", data, cwd=tmp_path)
    assert predict.returncode == 0
    assert predict.stdout.startswith("mode,mean")
    bad = process("fit", data, "--target", "nothing", cwd=tmp_path)
    assert bad.returncode == 1
    assert "Traceback" not in bad.stderr
    assert process("fit", cwd=tmp_path).returncode == 2


def test_help_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from likely.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "heavy = 'numba sklearn scipy sympy pandas pyarrow narwhals torch jax'.split()\n"
        "print('loaded:', [m for m in heavy if m in sys.modules])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "Examples:" in result.stdout
    assert "likely fit bikes.csv --target rentals" in result.stdout
    assert result.stdout.endswith("loaded: []\n")
