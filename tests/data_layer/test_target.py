"""What the target is, which family fits it, and which targets no family fits."""

import numpy as np
import pandas as pd
import pytest

from likely._math import domains
from likely.data.errors import DataError
from likely.data.read import from_frame
from likely.data.target import prepare_target, propose


def column(values):
    return from_frame(pd.DataFrame({"y": values})).column("y")


RNG = np.random.default_rng(1)

PROPOSALS = {
    "yes and no": (["yes", "no"] * 20, "Bernoulli", "what is predicted is the chance of 'yes'"),
    "booleans": ([True, False] * 20, "Bernoulli", "two distinct values"),
    "0 and 1": ([0, 1] * 20, "Bernoulli", "two distinct values, '0' and '1'"),
    "three words": (["a", "b", "c"] * 10, "Categorical", "text with 3 distinct values"),
    "grades": (
        ["low", "mid", "high"] * 10,
        "Categorical",
        """where they have an order, lowest first: --family "Ordinal(['high', 'low', 'mid'])\"""",
    ),
    "Poisson counts": (RNG.poisson(4.0, 500), "Poisson", "not overdispersed"),
    "overdispersed": (
        RNG.negative_binomial(1, 0.05, 500),
        "NegativeBinomial",
        "overdispersed (var",
    ),
    "underdispersed": (
        RNG.binomial(10, 0.9, 500),
        "Poisson",
        "compare --family conwaymaxwellpoisson; if they are class labels, use --family categorical, or ordinal",
    ),
    "proportions": (RNG.uniform(0.01, 0.99, 300), "Beta", "strictly between 0 and 1"),
    "amounts": (RNG.gamma(1.0, 10.0, 300), "Gamma", "skewed to the right"),
    "real": (RNG.normal(size=300), "Normal", "real numbers"),
    "per cent": (
        np.r_[0.0, 100.0, 100.0, np.linspace(0.3, 99.1, 300)],
        "Tweedie",
        "if these are percentages, divide them by 100",
    ),
    "rain": (np.maximum(RNG.normal(size=300), 0.0) * 9, "Tweedie", "which Gamma cannot hold"),
    "share with ones": (
        np.minimum(RNG.uniform(0.1, 1.2, 300), 1.0),
        "Inflated(Beta(), at=1)",
        "lies between 0 and 1, 60 exactly 1",
    ),
    "share with both": (
        np.clip(RNG.uniform(-0.2, 1.2, 300), 0.0, 1.0),
        "Inflated(Beta(), at=(0, 1))",
        "41 exactly 0 and 40 exactly 1",
    ),
    "scaled to its range": (
        np.r_[0.0, RNG.uniform(0.1, 0.9, 300), 1.0],
        "Normal",
        "exact 0, which Beta",
    ),
    "heavy tails": (RNG.standard_t(2, 2000), "Normal", "compare --family studentt"),
    "directions": (
        RNG.uniform(-3.14, 3.14, 300),
        "Normal",
        "if they are directions, --family vonmises",
    ),
    "bearings": (
        RNG.integers(0, 360, 300),
        "NegativeBinomial",
        "directions in degrees: as radians (times π/180), --family vonmises",
    ),
    "negative whole": (RNG.integers(-50, 50, 300), "Normal", "real numbers"),
}


@pytest.mark.parametrize("case", PROPOSALS)
def test_proposals(case):
    values, family, words = PROPOSALS[case]
    found = propose(column(values))
    assert found.family == family
    assert words in found.reason


REFUSED = {
    "missing": ([1.0, np.nan, 2.0, np.nan], "is missing in 2 rows: rows 2, 4"),
    "constant": ([3.0] * 5, "is always '3': a constant"),
    "one class": (["a"] * 5, "there is only one class"),
    "identifier": ([f"u{i}" for i in range(99)], "99 distinct values; up to 50 can be classes"),
    "a word among numbers": (
        [*map(str, range(99)), "n.a. "],
        "read as text because of 'n.a. ' in row 100",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_targets_that_cannot_be(case):
    values, words = REFUSED[case]
    with pytest.raises(DataError, match=words.replace(".", r"\.")):
        propose(column(values))


def test_a_family_refuses_what_its_support_does_not_hold():
    cases = [
        (["a", "b", "c"], domains.real, "holds text ('a' in row 1, 'b' in row 2, 'c' in row 3)"),
        ([1.0, -2.0, 3.0], domains.positive, "has -2 in row 2, but Some needs a number > 0"),
        ([1.0, 2.5, 3.5], domains.counts, "has 2.5 in row 2, 3.5 in row 3, but Some needs"),
        (["a", "b", "c"], domains.binary, "has 3 classes (a, b, c), but Some needs two"),
        (["a", "a"], domains.classes, "there is only one class"),
        ([2.0, 2.0], domains.real, "a constant"),
        (np.arange(99), domains.classes, "hardly classes"),
    ]
    for values, support, words in cases:
        with pytest.raises(DataError) as caught:
            prepare_target(column(values), support, "Some")
        assert words in str(caught.value)


def test_classes_keep_their_labels():
    text = prepare_target(column(["no", "yes", "no"]), domains.binary, "Bernoulli")
    assert text.classes == ("no", "yes")
    assert text.values.tolist() == ["no", "yes", "no"]
    truth = prepare_target(column([True, False]), domains.binary, "Bernoulli")
    assert truth.classes == ("false", "true")
    assert truth.values.dtype == bool
    whole = prepare_target(column([3, 5, 7]), domains.classes, "Categorical")
    assert whole.values.dtype == np.int64
    assert not prepare_target(column([3, 5, 7]), domains.counts, "Poisson").is_classes
