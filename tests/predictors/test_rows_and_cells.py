"""Rows that go by place, columns that go by name, and cells that are no numbers: what is wrong is named."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from likely import (
    Bernoulli,
    Categorical,
    Constant,
    Linear,
    Network,
    Normal,
    Ordinal,
    Poisson,
    Trees,
    censored,
    shared,
    truncated,
)
from likely.fitting.result import Status

N = 12
X = np.random.default_rng(0).normal(size=(N, 2))
Y = np.random.default_rng(1).normal(size=N)
HOMOSCEDASTIC = Normal(scale=shared)
TURNED = np.arange(N)[::-1]


def refused(message, error=ValueError):
    return pytest.raises(error, match=message)


# --- Rows by place --------------------------------------------------------------------------------

SHUFFLED = (
    r"the rows of {} and X have the same labels in different orders: row 0 is 11 in {}, but 0 in X\. Rows go "
    r"together by their place, not by their label: give {}\.loc\[X\.index\], or {}\.to_numpy\(\) where"
)


@pytest.mark.parametrize(
    "estimator", [Linear(HOMOSCEDASTIC), Constant(HOMOSCEDASTIC)], ids=["Linear", "Constant"]
)
@pytest.mark.parametrize("what", ["y", "sample_weight", "offset"])
def test_labels_of_rows_in_another_order_are_refused(estimator, what):
    frame, values = pd.DataFrame(X), {"y": Y, "sample_weight": np.ones(N), "offset": np.zeros(N)}
    values[what] = pd.Series(values[what], index=TURNED)
    with refused(SHUFFLED.format(*[what] * 4)):
        estimator.fit(frame, **values)
    values[what] = values[what].loc[frame.index]
    assert estimator.fit(frame, **values).result_.status is Status.converged


def test_labels_that_repeat_cannot_be_asked_for():
    frame, y = pd.DataFrame(X, index=np.arange(N) // 2), pd.Series(Y, index=TURNED // 2)
    with refused(r"bring both into one order \(labels that repeat, .*\), or y\.to_numpy\(\) where"):
        Linear(HOMOSCEDASTIC).fit(frame, y)


def test_so_they_are_at_score_and_predict():
    frame = pd.DataFrame(X)
    model = Linear(Poisson()).fit(frame, np.arange(N), exposure=pd.Series(np.ones(N)))
    with refused(SHUFFLED.format(*["y"] * 4)):
        model.score(frame, pd.Series(np.arange(N), index=TURNED), exposure=1.0)
    with refused(SHUFFLED.format(*["exposure"] * 4)):
        model.predict(frame, exposure=pd.Series(np.ones(N), index=TURNED))


def test_other_labels_say_nothing_about_the_order():
    plain = Linear(HOMOSCEDASTIC).fit(X, Y).coef_["loc"]
    for index in (np.arange(N) + 100, np.arange(N).astype(str), np.zeros(N)):
        other = Linear(HOMOSCEDASTIC).fit(pd.DataFrame(X), pd.Series(Y, index=index))
        np.testing.assert_array_equal(other.coef_["loc"], plain)
    picked = TURNED[:6]  # the same rows of both, as cross-validation takes them
    Linear(HOMOSCEDASTIC).fit(pd.DataFrame(X).iloc[picked], pd.Series(Y).iloc[picked])


def test_bounds_and_events_in_another_order_are_refused():
    time = pd.Series([3.0, 5.0], index=[7, 8])
    with refused(
        r"the rows of event and time have the same labels in different orders: row 0 is 8 in event"
    ):
        censored(time, event=pd.Series([1, 0], index=[8, 7]))
    with refused(r"the rows of entry and time have the same labels in different orders"):
        censored(time, event=[1, 0], entry=pd.Series([0.0, 1.0], index=[8, 7]))
    with refused(r"the rows of low and y have the same labels in different orders"):
        truncated(time, low=pd.Series([0.0, 1.0], index=[8, 7]))


# --- Columns by name ------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [pd.DataFrame, pl.DataFrame])
def test_raw_predictions_whose_columns_are_in_another_order_are_refused(table):
    raw = {"scale": np.zeros(N), "loc": Y}
    message = r"the columns of raw are 'scale', 'loc', but Normal\(\) takes 'loc', 'scale', in this order: give raw\["
    for ask in (Normal().nll, Normal().nll_and_gradient, Normal().curvature):
        with refused(message):
            ask(Y, table(raw))
        ask(Y, table(raw)[["loc", "scale"]])


def test_raw_predictions_of_different_lengths():
    with refused(r"the rows of raw differ in length"):
        Normal().nll([0.0, 1.0], [[0.0, 0.0], [0.0]])


# --- y --------------------------------------------------------------------------------------------

ROWLESS = [
    ({1.0, 2.0}, r"y is a set, whose rows are not there yet: give a list or an array of them"),
    ({"a": [1.0]}, r"y is a dict, whose rows are not there yet"),
    ((v for v in Y), r"y is a generator, whose rows are not there yet"),
    (sparse.csr_matrix(Y[:, None]), r"y is a csr_matrix, whose rows are not there yet: give y\.toarray\(\)"),
    (pl.DataFrame({"y": Y}).lazy(), r"y is a LazyFrame, whose rows are not there yet: give y\.collect\(\)"),
]  # fmt: skip


@pytest.mark.parametrize(("y", "message"), ROWLESS, ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("family", [Normal(), Categorical(), Ordinal()], ids=str)
def test_y_without_rows(family, y, message):
    for use in (lambda: Linear(family).fit(X, y), lambda: family.fit(y)):
        with refused(message, TypeError):
            use()


@pytest.mark.parametrize("family", [Normal(), Bernoulli()], ids=str)
@pytest.mark.parametrize("y", [1.0, np.zeros((N, 2, 2))], ids=["number", "cube"])
def test_y_of_another_shape(family, y):
    with refused(r"y must have one value a row, shape \(n,\); got shape \("):
        Linear(family).fit(X, y)


def test_y_of_records():
    y = np.zeros(N, dtype=[("a", float), ("b", float)])
    with refused(
        r"y is a structured array with the fields 'a', 'b': give one of them, as in y\['a'\]",
        TypeError,
    ):
        Linear().fit(X, y)


def test_integers_beyond_every_float():
    for use in (
        lambda y: Linear().fit(X, y),
        lambda y: Poisson().nll(y, np.zeros(N)),
        Normal().fit,
    ):
        with refused(r"y has integers beyond 2⁵³, which float64 cannot hold exactly"):
            use([10**400] * N)
    with refused(r"y is beyond 2⁵³ in rows 0, 2, .* \(values 1e\+30"):
        Linear(Bernoulli()).fit(X, [10**30, 1] * 6)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            [b"no", b"yes"],
            r"labels of type bytes_?, such as b'no' in row 0, but labels are numbers, booleans or text",
        ),
        (
            pd.period_range("2024", periods=2, freq="Y"),
            r"labels of type Period, such as Period\('2024'",
        ),
        ([0.0j, 1.0j], r"y is complex; Complex data not supported"),
        ([Fraction(1, 2), 1], r"y is no whole number in rows 0, 2, .* \(values 0\.5"),
    ],
    ids=["bytes", "periods", "complex", "fractions"],
)
@pytest.mark.parametrize("family", [Bernoulli(), Categorical(), Ordinal()], ids=str)
def test_labels_of_other_types(family, labels, message):
    y = np.array(list(labels) * 6) if isinstance(labels[0], bytes) else list(labels) * 6
    with refused(message):
        Linear(family).fit(X, y)


def test_labels_in_columns_of_any_objects():
    for labels in ([1, 2], [True, False], [Decimal(1), 2.0]):
        model = Linear(Categorical()).fit(X, np.array(labels * 6, dtype=object))
        assert sorted(map(float, labels)) == model.classes_.tolist()
    assert model.classes_.dtype == np.float64


@pytest.mark.parametrize(
    ("y", "order"),
    [
        (pd.Series(pd.Categorical(["lo", "hi"] * 6, ["lo", "hi"], ordered=True)), ["lo", "hi"]),
        (pd.Series(pd.Categorical([1, 2, 3] * 4, [3, 2, 1], ordered=True)), [3, 2, 1]),
        (pl.Series(["a", "b"] * 6, dtype=pl.Enum(["b", "a"])), ["b", "a"]),
    ],
    ids=["two", "numbers", "polars"],
)
def test_an_order_that_y_says_is_kept(y, order):
    model = Linear(Ordinal()).fit(X, y)
    assert model.classes_.tolist() == order
    # The chance of the first class, which its threshold is, falls where loc rises.
    assert model.predict_dist(X).cdf(order[0]) == pytest.approx(model.predict_proba(X)[:, 0])


# --- X --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "estimator", [Linear(), Trees(), Network()], ids=lambda e: type(e).__name__
)
def test_cells_that_are_no_numbers(estimator):
    lists = {"a": X[:, 0], "b": [[1, 2]] * N}
    for table in (pd.DataFrame, pl.DataFrame):
        message = r"column 'b' holds lists, such as \[1, 2\] in row 0, .*: make one or more columns"
        with refused(message, TypeError):
            estimator.fit(table(lists), Y)
    periods = pd.DataFrame({"a": pd.period_range("2024", periods=N)})
    with refused(r"column 'a' holds times .*: write them as numbers in a unit of your choice"):
        estimator.fit(periods, Y)


def test_x_that_is_no_table():
    with refused(r"X is None: .*; without any x there is family\.fit\(y\)", TypeError):
        Linear().fit(None, Y)
    with refused(
        r"X is a structured array with the fields 'a', 'b'.*pass pandas\.DataFrame\(X\)", TypeError
    ):
        Linear().fit(np.zeros(N, dtype=[("a", float), ("b", float)]), Y)
