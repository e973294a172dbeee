"""``likely check-family``: a family that comes along, and one in a file of the user's."""

import json

import pytest

GUMBEL = """
from likely import Family, Normal, Parameter, positive, real
from likely.math import exp

class Gumbel(Family):
    support = real
    loc = Parameter(real)
    scale = Parameter(positive)
    def log_density(y, loc, scale):
        z = (y - loc) / scale
        return -z - exp(-z) - scale.log

class Half(Family):
    support = real
    loc = Parameter(real)
    def log_density(y, loc):
        return -(y - loc) ** 2
"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(GUMBEL)
    return path


def test_a_family_of_one_s_own(run, own):
    result = run("check-family", f"{own}:Gumbel")
    assert result.exit_code == 0
    assert result.stdout.startswith("Gumbel(): passed")
    result = run("check-family", f"{own}:Half")
    assert result.exit_code == 1
    assert "1.77245 at loc" in result.stdout


def test_json(run):
    result = run("check-family", "exponential", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert found["passed"]
    assert {"question", "passed", "answer"} == set(found["checks"][0])


@pytest.mark.parametrize(("text", "message"), [
    ("{own}:Gumble", "defines no family 'Gumble'; did you mean 'Gumbel'? It defines: Gumbel, Half"),
    ("nowhere.py:Gumbel", "nowhere.py: no such file"),
    ("gama", "unknown family 'gama'; did you mean 'Gamma'?"),
    ("binomal", "unknown family 'binomal'; did you mean 'Binomial'? The families are: AsymmetricLaplace, "),
    ("dirichle", "did you mean 'Dirichlet'?"),
    ("categorical", "is over classes"),
])  # fmt: skip
def test_mistakes(mistake, own, text, message):
    assert message in mistake("check-family", text.format(own=own))


def test_a_file_with_a_fault(mistake, tmp_path):
    path = tmp_path / "own.py"
    path.write_text("x = = 1")
    assert "own.py, line 1: invalid syntax" in mistake("check-family", f"{path}:Gumbel")
    path.write_text("import nowhere_to_be_found")
    assert "own.py: No module named 'nowhere_to_be_found'" in mistake(
        "check-family", f"{path}:Gumbel"
    )
    path.write_text(GUMBEL.replace("(y - loc) ** 2", "(y - y) ** 2"))
    assert "Half.log_density" in mistake("check-family", f"{path}:Gumbel")
    path.write_text(GUMBEL.replace("exp(-z)", "(-z).log"))
    said = "Gumbel.log_density, line 11 (return -z - (-z).log - scale.log): log belongs to y or a parameter"
    assert said in mistake("check-family", f"{path}:Gumbel")


def test_a_family_without_a_formula(mistake, tmp_path):
    (tmp_path / "mine.py").write_text(
        "from likely import Family, Parameter, real\n"
        "class Mine(Family):\n    support = real\n    loc = Parameter(real)\n"
        "    def logdensity(y, loc):\n        return -(y - loc) ** 2\n"
    )
    said = mistake("check-family", "mine.py:Mine")
    assert said.startswith(
        "mine.py: Mine has no log_density: write its formula, def log_density(y, loc)"
    )
    assert said.endswith("Is logdensity meant to be it?")


def test_its_loss_is_explained(run, mistake, own):
    assert "Gumbel" in run("explain", f"{own}:Gumbel").stdout
    assert "softplus" in run("explain", f"{own}:Gumbel", "--link", "scale=softplus").stdout
    assert "did you mean 'Gumbel'?" in mistake("explain", f"{own}:Gumble")
    assert "does not fit Gumbel's scale" in mistake(
        "explain", f"{own}:Gumbel", "--link", "scale=logit"
    )
