"""Bad input: every message says what is wrong, where, and what would be valid."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

from likely import (
    Bernoulli,
    Beta,
    Binomial,
    Categorical,
    Censored,
    Constant,
    Dirichlet,
    Discretised,
    Exponential,
    Gamma,
    Independent,
    Linear,
    LogNormal,
    Multinomial,
    NegativeBinomial,
    Normal,
    Ordinal,
    PlackettLuce,
    Poisson,
    Trees,
    Truncated,
    Weibull,
    censored,
    load,
    predicted,
    shared,
)

N = 20


@pytest.fixture
def X():  # noqa: N802, the design matrix everywhere
    return np.random.default_rng(0).normal(size=(N, 2))


@pytest.fixture
def y():
    return np.random.default_rng(1).normal(size=N)


def refused(message, error=ValueError):
    return pytest.raises(error, match=message)


# --- y ---------------------------------------------------------------------------------------------

OUTSIDE = [
    (Poisson(), 2.5, r"the support \{0, 1, 2, …\} of Poisson in row 3 \(value 2.5\); each must be a "
     r"whole number ≥ 0\. For non-negative amounts use Gamma; for rates, counts with exposure"),
    (Poisson(), -1.0, r"row 3 \(value -1.0\); each must be a whole number ≥ 0$"),
    (NegativeBinomial(), -1.0, r"of NegativeBinomial in row 3 \(value -1.0\)"),
    (Gamma(), 0.0, r"the support \(0, ∞\) of Gamma in row 3 \(value 0.0\); each must be a number > 0\. "
     r"Exact zeros need a family that allows them: Tweedie\(\), or ZeroInflated\(family\)"),
    (Gamma(), -2.0, r"of Gamma in row 3 \(value -2.0\); each must be a number > 0$"),
    (LogNormal(), 0.0, r"of LogNormal in row 3 \(value 0.0\)"),
    (Exponential(), -0.5, r"\[0, ∞\) of Exponential in row 3 \(value -0.5\); each must be a number ≥ 0"),
    (Beta(), 1.0, r"\(0, 1\) of Beta in row 3 \(value 1.0\); each must be a number strictly between 0 "
     r"and 1\. Inflated\(family, at=1\) allows exact 1"),
    (Beta(), 40.0, r"of Beta in row 3 \(value 40.0\); each must be a number strictly between 0 and 1$"),
]  # fmt: skip


def valid(family):
    return np.full(N, 0.5) if isinstance(family, Beta) else np.arange(1.0, N + 1.0)


@pytest.mark.parametrize(("family", "value", "message"), OUTSIDE, ids=lambda v: str(v)[:20])
@pytest.mark.parametrize("way", ["Linear", "Constant", "family.fit", "nll"])
def test_y_outside_the_support(way, family, value, message, X):
    y = valid(family)
    y[3] = value
    with refused(message):
        if way == "family.fit":
            family.fit(y)
        elif way == "nll":
            family.nll(y, np.zeros((N, len(family.raw_columns))))
        else:
            {"Linear": Linear, "Constant": Constant}[way](family).fit(X, y)


def test_percentages(X):
    with refused(r"strictly between 0 and 1\. Percentages are proportions after y / 100$"):
        Linear(Beta()).fit(X, np.linspace(3.0, 97.0, N))


def test_score_outside_the_support_is_minus_infinity(X):
    model = Constant(Gamma()).fit(X, np.linspace(0.5, 3.0, N))
    assert model.score(X, np.r_[-1.0, np.ones(N - 1)]) == -np.inf


def test_many_rows_are_counted(X):
    with refused(r"rows 0, 1, 2, 3, 4, … 20 in all \(values -1.0, -1.0, -1.0, -1.0, -1.0\)"):
        Linear(Gamma()).fit(X, np.full(N, -1.0))
    with refused(r"in rows 4, 9 \(values -1.0, -2.0\)"):
        y = np.ones(N)
        y[[4, 9]] = -1.0, -2.0
        Linear(Gamma()).fit(X, y)


@pytest.mark.parametrize("family", [Normal(), Poisson(), Gamma()], ids=str)
def test_y_nan_or_infinite(family, X):
    for value, word in ((np.nan, "NaN"), (np.inf, "infinite"), (-np.inf, "infinite")):
        y = np.arange(1.0, N + 1.0)
        y[[2, 5]] = value
        with refused(rf"y is {word} in rows 2, 5 \(values {value}"):
            Linear(family).fit(X, y)
        with refused(rf"y is {word} in rows 2, 5"):
            family.fit(y)
    assert "Drop or impute" in message_of(Linear(), X, np.r_[np.nan, np.ones(N - 1)])


def message_of(model, X, y):
    with pytest.raises(ValueError) as caught:  # noqa: PT011, the message is what is asked for
        model.fit(X, y)
    return str(caught.value)


@pytest.mark.parametrize(
    "nothing", [pd.DataFrame(index=range(N)), np.zeros((N, 0)), sparse.csr_array((N, 0))]
)
def test_x_without_columns(nothing, y):
    with refused(rf"0 feature\(s\) \(shape=\({N}, 0\)\).* without any x there is family.fit\(y\)"):
        Linear(Normal()).fit(nothing, y)


def test_pandas_and_polars_nulls_in_y(X):
    values = [1.0, None, *[2.0] * (N - 2)]
    for y in (pd.Series(values), pl.Series(values)):
        assert "y is NaN in row 1 (value nan)" in message_of(Linear(), X, y)


@pytest.mark.parametrize("family", [Bernoulli(), Categorical()], ids=str)
def test_missing_labels(family, X):
    y = np.array(["a", "b"] * (N // 2), dtype=object)
    y[7] = None
    with refused(r"y has missing labels in row 7 \(value None\)"):
        Linear(family).fit(X, y)
    floats = np.array([0.0, 1.0] * (N // 2))
    floats[4] = np.nan
    with refused(r"Input y contains NaN: row 4 \(value nan\)"):
        Linear(family).fit(X, floats)


@pytest.mark.parametrize("family", [Normal(), Poisson(), Gamma()], ids=str)
def test_labels_for_a_family_of_numbers(family, X):
    y = np.array(["yes", "no"] * (N // 2))
    message = r"y must be numbers, got 'yes'; for labels use a family for classes \(Bernoulli, Categorical\)"
    with refused(message):
        Linear(family).fit(X, y)
    with refused(message):
        family.fit(list(y))
    with refused(message):
        family.nll(y, np.zeros((N, len(family.raw_columns))))


def test_numbers_written_as_text_are_numbers(X, y):
    text = np.array([str(v) for v in y], dtype=object)
    np.testing.assert_array_equal(Linear().fit(X, text).predict(X), Linear().fit(X, y).predict(X))


def test_integers_that_float64_cannot_hold(X):
    for y in (np.full(N, 2**60), np.full(N, -(2**63)), np.full(N, 2**63, dtype=np.uint64)):
        with refused("y has integers beyond 2⁵³"):
            Linear().fit(X, y)


def test_complex_y(X):
    with refused("Complex data not supported"):
        Linear().fit(X, np.ones(N) + 1j)


@pytest.mark.parametrize("family", [Bernoulli(), Categorical()], ids=str)
def test_one_class_only(family, X):
    with refused(
        rf"y has only one class, .*'a'.*: {type(family).__name__} needs at least 2 classes"
    ):
        Linear(family).fit(X, np.full(N, "a"))


def test_too_many_classes_for_bernoulli(X):
    with refused(r"y has 3 classes, but Bernoulli is for two\. .*Use Categorical\(\) for more"):
        Linear(Bernoulli()).fit(X, np.arange(N) % 3)


def test_measurements_are_no_labels(X, y):
    with refused("Unknown label type: continuous"):
        Linear(Categorical()).fit(X, y)


def test_labels_that_the_model_does_not_know(X):
    model = Linear(Categorical()).fit(X, np.array(["a", "b"] * (N // 2)))
    with refused(r"y is 0 in row 0, which is none of the labels\. They are 'a', 'b'"):
        model.score(X, np.arange(N) % 2)


@pytest.mark.parametrize("family", [Bernoulli(), Categorical(), Ordinal()], ids=str)
def test_measurements_for_a_family_of_labels_are_named(family, X):
    y = np.arange(N) % 2.0
    y[4] = 0.5
    with refused(r"y is no whole number in row 4 \(value 0.5\)\. \w+ is for labels"):
        Linear(family).fit(X, y)


def test_labels_for_a_number_of_classes(X):
    with refused(r"Categorical\(\) without a number learns the labels from y"):
        Linear(Categorical(2)).fit(X, np.array(["a", "b"] * (N // 2)))


@pytest.mark.parametrize("of", ["datetime64[D]", "timedelta64[h]"])
def test_times_are_no_numbers(of, X, y):
    times = np.arange(N).astype(of)
    words = r"holds times \(\w+64\[.\]\), which are no numbers yet: .*np\.timedelta64\(1, 'D'\) for days"
    for use in (
        lambda: Normal().fit(times),
        lambda: Linear().fit(X, times),
        lambda: Linear().fit(X, pd.Series(times)),
        lambda: Linear(Normal()).fit(X, y, sample_weight=times),
        lambda: censored(times, np.ones(N)),
    ):
        with pytest.raises(ValueError, match=words):
            use()
    labels = np.repeat(np.arange(2).astype("datetime64[D]"), N // 2)
    assert Linear(Bernoulli()).fit(X, labels).classes_.dtype.kind == "M"  # days may well be classes


def test_what_is_masked_is_missing(X, y):
    masked = np.ma.masked_array(y, mask=np.arange(N) == 3)
    for use in (lambda: Normal().fit(masked), lambda: Linear().fit(X, masked)):
        with refused(r"y is NaN in row 3 \(value nan\)"):
            use()
    with refused(r"sample_weight must be finite and ≥ 0; it is not in row 3"):
        Linear().fit(X, y, sample_weight=np.ma.masked_array(np.ones(N), mask=masked.mask))
    with refused(r"y has missing labels in row 3"):
        Linear(Categorical()).fit(X, np.ma.masked_array(np.arange(N) % 2, mask=masked.mask))
    with refused(r"Input X contains NaN: column 1 \(row 2\)"):
        Linear().fit(np.ma.masked_array(X, mask=np.arange(2 * N).reshape(N, 2) == 5), y)
    whole = np.ma.masked_array(y, mask=False)
    np.testing.assert_array_equal(Linear().fit(X, whole).predict(X), Linear().fit(X, y).predict(X))


def test_rows_of_different_lengths(X, y):
    with refused(r"the rows of y differ in length"):
        Dirichlet().fit([[0.5, 0.5], [0.2, 0.3, 0.5]])
    with refused(r"the rows of y differ in length"):
        Linear().fit(X[:2], [[1.0, 2.0], [3.0]])
    with refused(r"the rows of X differ in length"):
        Linear().fit([[1.0], [2.0, 3.0]], y[:2])


def test_nothing_at_all():
    with refused(r"y must be numbers, got None"):
        Normal().fit(None)


# --- Shapes ----------------------------------------------------------------------------------------


def test_lengths_that_do_not_match(X, y):
    with refused(rf"X has {N} rows and y has 7: .*must match row by row"):
        Linear().fit(X, y[:7])
    with refused(rf"sample_weight has shape \(3,\), but y has {N} rows: it needs \({N},\)"):
        Linear().fit(X, y, sample_weight=np.ones(3))
    with refused(rf"offset has shape \(3,\), but there are {N} rows"):
        Linear().fit(X, y, offset=np.ones(3))
    with refused(rf"exposure has shape \(3,\), but there are {N} rows"):
        Linear(Poisson()).fit(X, np.arange(N), exposure=np.ones(3))
    with refused(r"offset has 3 columns, but there are 2 raw columns: loc, scale"):
        Linear().fit(X, y, offset=np.ones((N, 3)))
    with refused(r"offset names 'size', but the raw columns are loc, scale"):
        Linear().fit(X, y, offset={"size": np.ones(N)})
    with refused(r"sample_weight has shape \(3,\)"):
        Normal().fit(y, sample_weight=np.ones(3))


@pytest.mark.parametrize("estimator", [Linear, Constant])
def test_empty_data(estimator, X, y):
    with refused(r"0 sample\(s\).*minimum of 1 is required"):
        estimator().fit(X[:0], y[:0])
    with refused(r"y is empty: there is nothing to learn from"):
        Normal().fit([])
    with refused(r"y is empty: there is nothing to learn from"):
        Categorical().fit([])
    with refused(r"y is empty"):
        estimator().fit(X, [])


@pytest.mark.parametrize("predictor", [Linear, Constant, Trees])
@pytest.mark.parametrize("family", ["normal", "bernoulli", "categorical"])
def test_several_columns_of_y(X, y, predictor, family):
    """The error says which families take them, since that is what must have been meant."""
    words = (
        r"got shape \(20, 2\)\. Families of several columns are Independent\(.*MultivariateNormal"
    )
    with refused(r"^y must have one value a row, shape \(n,\); " + words):
        predictor(family).fit(X, np.column_stack([y, y]))


def test_y_of_two_dimensions(X, y):
    with refused(r"y must have one value a row, shape \(n,\); got shape \(20, 1\)"):
        Normal().fit(y[:, None])


def test_one_dimension_of_x(y):
    with refused("Expected 2D array, got 1D array instead"):
        Linear().fit(y, y)


def test_a_score_is_of_one_value_a_row(X, y):
    model = Linear(Normal(scale=shared)).fit(X, y)
    with refused(r"y must have one value a row, shape \(n,\); got shape \(20, 2\)"):
        model.score(X, np.column_stack([y, y]))
    assert model.score(X, pd.DataFrame({"y": y})) == model.score(X, y)
    weight = np.arange(1.0, N + 1.0)
    assert model.score(X, y[:, None], weight) == model.score(X, y, weight)


# --- X ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", [Linear, Constant])
def test_missing_cells_are_named(estimator, X, y):
    X[3, 1] = X[[5, 7], 0] = np.nan
    name = estimator.__name__
    places = r"column {0!r} \(rows 5, 7\), column {1!r} \(row 3\)"
    advice = rf"{name} needs a number in every cell; impute .*make_pipeline\(SimpleImputer\("
    with refused(f"Input X contains NaN: {places.format(0, 1)}. {advice}"):
        estimator().fit(X, y)
    frames = (
        pd.DataFrame(X, columns=["age", "size"]),
        pl.DataFrame(X, schema=["age", "size"]),
        pa.table({"age": X[:, 0], "size": X[:, 1]}),
    )
    for frame in frames:
        with refused(f"Input X contains NaN: {places.format('age', 'size')}. {advice}"):
            estimator().fit(frame, y)


def test_missing_cells_at_predict(X, y):
    frame = pd.DataFrame(X, columns=["age", "size"])
    model = Linear().fit(frame, y)
    frame.loc[4, "size"] = np.nan
    with refused(r"Input X contains NaN: column 'size' \(row 4\)"):
        model.predict(frame)


def test_nulls_of_every_library(X, y):
    values = [None, *X[1:, 0]]
    for frame in (
        pd.DataFrame({"age": pd.array([None, *range(N - 1)], dtype="Int64")}),
        pl.DataFrame({"age": values}),
        pa.table({"age": values}),
    ):
        with refused(r"Input X contains NaN: column 'age' \(row 0\)"):
            Linear().fit(frame, y)


def test_missing_cells_of_a_sparse_matrix(X, y):
    X[3, 1] = X[6, 1] = np.nan
    with refused(r"Input X contains NaN: column 1 \(rows 3, 6\)"):
        Linear().fit(sparse.csr_array(X), y)


def test_infinite_cells(X, y):
    X[2, 0] = -np.inf
    with refused(r"Input X contains infinity .*: column 0 \(row 2\)\. Replace or rescale them"):
        Linear().fit(X, y)


def test_many_missing_cells(y):
    X = np.full((N, 8), np.nan)
    with refused(r"column 0 \(rows 0, 1, 2, 3, 4, … 20 in all\), .*column 4 .* and 3 more columns"):
        Linear().fit(X, y)


def test_imputing_is_what_helps(X, y):
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    X[3, 1] = np.nan
    model = make_pipeline(SimpleImputer(add_indicator=True), Linear(Normal(scale=shared)))
    assert model.fit(X, y).predict(X).shape == (N,)


def test_text_in_x(X, y):
    frame = pd.DataFrame(X, columns=["age", "size"]).assign(town="Rome")
    frame.loc[3, "size"] = np.nan
    for table in (
        frame,
        frame.astype({"town": "category"}),
        pl.from_pandas(frame),
        pa.table(frame),
    ):
        with refused(r"column 'town' holds text, such as 'Rome' in row 0: .*OneHotEncoder"):
            Linear().fit(table, y)
    mixed = frame.assign(town=["1.5", *["x"] * (N - 1)])
    with refused(r"column 'town' holds text, such as 'x' in row 1"):
        Linear().fit(mixed, y)


def test_text_beside_columns_that_know_missing_values(X, y):
    frame = pd.DataFrame({
        "age": pd.array(X[:, 0], dtype="Float64"), "town": pd.Categorical(["Rome", *["Ulm"] * (N - 1)])
    })  # fmt: skip
    with refused(r"column 'town' holds text, such as 'Rome' in row 0: .*OneHotEncoder"):
        Linear().fit(frame, y)


@pytest.mark.parametrize("estimator", [Linear, Trees])
def test_a_lazy_frame_has_no_rows_yet(estimator, X, y):
    lazy = pl.LazyFrame({"age": X[:, 0]})
    with pytest.raises(
        TypeError, match=r"X is a lazy table \(LazyFrame\), .*: pass X\.collect\(\)"
    ):
        estimator().fit(lazy, y)
    estimator().fit(lazy.collect(), y)


def test_columns_that_are_no_table(X, y):
    with refused(r"X is a dict, .*pass pandas\.DataFrame\(X\)", TypeError):
        Linear().fit({"age": X[:, 0], "size": X[:, 1]}, y)


def test_text_in_a_list(y):
    with refused(r"column 1 holds text, such as 'Ulm' in row 0"):
        Linear().fit([["1.0", "Ulm"], ["2.0", "Rome"]], y[:2])


def test_settings_of_linear(X, y):
    for value in (0, -1, 2.5, "many"):
        with refused(rf"max_iter must be a whole number ≥ 1, got {value!r}"):
            Linear(max_iter=value).fit(X, y)
    for value in (0, 1.5, True, "all"):
        with refused(rf"n_jobs must be a number of threads, -1 for all, or None, got {value!r}"):
            Linear(n_jobs=value).fit(X, y)
    with refused(
        r'columns must be a dict by parameter, such as \{"loc": \[0\]\}, got \[0\]', TypeError
    ):
        Linear(columns=[0]).fit(X, y)
    frame = pd.DataFrame(X, columns=["age", "size"])
    with refused(r"columns takes a list for each parameter, \['age'\], got 'age'", TypeError):
        Linear(columns={"scale": "age"}).fit(frame, y)
    with refused(r"columns asks for 'size' more than once"):
        Linear(columns={"scale": [1, "size"]}).fit(frame, y)
    with refused(r"feature_names has 'a' more than once"):
        Linear().fit(X, y, feature_names=["a", "a"])
    with refused(r"feature_names must be a list of names, got 'ab'", TypeError):
        Linear().fit(X, y, feature_names="ab")


def test_what_lightgbm_does_not_know(X, y):
    for name, words in (
        ("num_leavs", r"is no parameter of LightGBM; did you mean 'num_leaves'\?"),
        ("eta", r"is set by Trees\(learning_rate=…\)"),
        ("objective", r"is set by Trees\(family=…\)"),
    ):
        with refused(rf"lightgbm=\{{{name!r}: …\}} {words}"):
            Trees(lightgbm={name: 4}, max_iter=2).fit(X, y)
    with refused(r"lightgbm must be a dict such as .*, got 3", TypeError):
        Trees(lightgbm=3, max_iter=2).fit(X, y)
    Trees(lightgbm={"sub_feature": 0.5, "bagging_fraction": 0.5}, max_iter=2).fit(X, y)


def test_an_intercept_is_there_or_not(X, y):
    with refused(
        r"fit_intercept must be True, False, or a dict by parameter .*, got 'no'", TypeError
    ):
        Linear(fit_intercept="no").fit(X, y)


def test_settings_that_are_no_numbers(X, y):
    with refused("alpha must be finite and ≥ 0, got 'much'"):
        Linear(alpha="much").fit(X, y)
    frame = pd.DataFrame(X, columns=["age", "size"])
    with refused(r"columns asks for 'town', which X does not have. Its columns are 'age', 'size'"):
        Linear(columns={"scale": ["town"]}).fit(frame, y)


def test_times_in_x(X, y):
    day = pd.date_range("2026-01-01", periods=N)
    frame = pd.DataFrame(X, columns=["age", "size"]).assign(day=day)
    message = r"column 'day' holds times \(Datetime.*np\.timedelta64\(1, 'D'\) for days"
    for table in (frame, frame[["day"]], pl.from_pandas(frame), pa.table(frame)):
        for model in (
            Linear(),
            Trees(),
        ):  # Trees takes text as categories, of which a new day is none
            with refused(message):
                model.fit(table, y)
    for model in (Linear(), Trees()):
        with refused(r"column 'day' holds times \(Object"):
            model.fit(frame.assign(day=day.date), y)
    with refused(r"column 'day' holds times \(Duration"):
        Linear().fit(frame.assign(day=day - day[0]), y)
    with refused(r"X holds times \(datetime64"):
        Linear().fit(frame[["day"]].to_numpy(), y)


def test_columns_at_predict(X, y):
    frame = pd.DataFrame(X, columns=["age", "size"])
    model = Linear().fit(frame, y)
    with refused(r"Feature names seen at fit time, yet now missing:\n- size"):
        model.predict(frame[["age"]])
    with refused(r"Feature names unseen at fit time:\n- rate"):
        model.predict(frame.assign(rate=1.0))
    with refused(
        r"Feature names must be in the same order as they were in fit\.\n"
        r"The order is 'age', 'size': pass X\[model\.feature_names_in_\]"
    ):
        model.predict(frame[["size", "age"]])
    with refused(r"X has 3 features, but Linear is expecting 2 features"):
        Linear().fit(X, y).predict(np.ones((4, 3)))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(X)


def test_duplicate_columns(X, y):
    frame = pd.DataFrame(X, columns=["age", "size"])
    doubled = pd.DataFrame(np.hstack([X, X]), columns=["age", "size", "age", "size"])
    arrow = pa.table([X[:, 0], X[:, 1], X[:, 1]], names=["age", "size", "size"])
    for model in (Linear(), Trees()):
        with refused(r"X has more than one column called 'age', 'size': .*rename or drop one"):
            model.fit(doubled, y)
    model = Linear().fit(frame, y)
    for table, names in ((doubled, "'age', 'size'"), (arrow, "'size'")):
        with refused(rf"X has more than one column called {names}:"):
            model.predict(table)


def test_columns_of_y_in_another_order(X):
    rng = np.random.default_rng(2)
    shares = pd.DataFrame(rng.dirichlet([1.0, 2.0, 6.0], N), columns=["rent", "food", "other"])
    turned = shares[["other", "rent", "food"]]
    wind = pd.DataFrame({"speed": rng.gamma(2.0, size=N), "gust": rng.gamma(2.0, size=N)})
    of_wind = Independent(gust=Gamma(), speed=Gamma())
    seeds = pd.DataFrame({"trials": np.ones(N), "successes": np.ones(N)})
    learned = Constant(Dirichlet()).fit(X, shares)
    order = r"the family takes 'rent', 'food', 'other', in this order: give y\[\['rent', 'food', 'other'\]\]"
    for use in (
        lambda: Constant(Dirichlet(list(shares))).fit(X, turned),
        lambda: Dirichlet(list(shares)).fit(pl.from_pandas(turned)),
        lambda: Dirichlet(list(shares)).nll(turned, np.zeros((N, 3))),
        lambda: learned.score(X, pa.table(turned)),
    ):
        with refused(order):
            use()
    with refused(r"columns of y are 'speed', 'gust', but the family takes 'gust', 'speed'"):
        Linear(of_wind).fit(X, wind)
    with refused(r"columns of y are 'trials', 'successes', but"):
        Linear(Binomial()).fit(X, seeds)
    # Names of which the family knows nothing say nothing about the order.
    anonymous = turned.set_axis(["a", "b", "c"], axis=1)
    assert Dirichlet(list(shares)).fit(anonymous).mean()[0] > 0.5


# --- Weights, offsets, exposure --------------------------------------------------------------------


def test_weights(X, y):
    weight = np.ones(N)
    for value in (-1.0, np.nan, np.inf):
        weight[6] = value
        for fit in (lambda: Linear().fit(X, y, weight), lambda: Normal().fit(y, weight)):
            with refused(
                rf"sample_weight must be finite and ≥ 0; it is not in row 6 \(value {value}"
            ):
                fit()
    with refused(r"sample_weight is zero in every row"):
        Linear().fit(X, y, np.zeros(N))
    for value, sum_ in ((1e308, "inf"), (1e-320, "")):
        with refused(rf"sample_weight sums to {sum_}.*: divide it by its mean"):
            Linear().fit(X, y, np.full(N, value))
    with refused(r"sample_weight must be numbers, got 'a'$"):
        Linear().fit(X, y, ["a"] * N)


def test_offset_and_exposure(X):
    counts = np.arange(N)
    bad = np.ones(N)
    bad[2] = np.nan
    with refused(r"offset must be finite; it is not in row 2 \(value nan\)"):
        Linear(Poisson()).fit(X, counts, offset=bad)
    bad[2] = 0.0
    with refused(r"exposure must be > 0; it is not in row 2 \(value 0.0\)"):
        Linear(Poisson()).fit(X, counts, exposure=bad)


# --- Families and the estimator's parameters -------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        (
            "gama",
            r"unknown family 'gama'; did you mean 'Gamma'\? The families are: .*Bernoulli, Beta,",
        ),
        ("Possion", r"did you mean 'Poisson'\?"),
        ("negative binomal", r"did you mean 'NegativeBinomial'\?"),
        ("t", r"unknown family 't'.* The families are: .*Bernoulli"),
    ],
)
@pytest.mark.parametrize("estimator", [Linear, Constant])
def test_unknown_family(estimator, name, hint, X, y):
    model = estimator(name)  # a constructor checks nothing
    with refused(hint):
        model.fit(X, y)


def test_names_in_any_spelling(X):
    counts = (np.arange(N) % 5) ** 2
    fits = [
        Linear(name, point="mean").fit(X, counts).predict(X)
        for name in (
            "negativebinomial",
            "NegativeBinomial",
            "negative_binomial",
            "Negative-Binomial",
        )
    ]
    for fit in fits:
        np.testing.assert_array_equal(fit, fits[0])


@pytest.mark.parametrize("family", [3, None, ["normal"], np.float64])
def test_what_is_no_family(family, X, y):
    with refused(r"family must be a family such as Normal\(\), or its name, got", TypeError):
        Linear(family).fit(X, y)


def test_not_fitted_yet(X, y, tmp_path):
    model = Linear()
    for use in (
        lambda: model.predict(X),
        lambda: model.predict_dist(X),
        lambda: model.predict_params(X),
        lambda: model.score(X, y),
        lambda: model.save(tmp_path / "model"),
        lambda: model.summary(),
        lambda: Linear("bernoulli").predict_proba(X),
        lambda: model.family_,
        lambda: model.loss_,
        lambda: model.coef_,
        lambda: model.intercept_,
        lambda: model.log_likelihood_,
        lambda: model.aic_,
        lambda: model.bic_,
    ):
        with refused(
            r"this Linear instance is not fitted yet: call fit\(X, y\) first", NotFittedError
        ):
            use()


def test_y_is_required(X):
    with refused(r"requires y to be passed, but the target y is None"):
        Linear().fit(X, None)


def test_nothing_changes_when_the_input_is_refused(X, y):
    model = Linear(Normal(scale=shared)).fit(X, y)
    before = model.predict(X)
    with refused("y is NaN"):
        model.fit(X, np.full(N, np.nan))
    np.testing.assert_array_equal(model.predict(X), before)
    model.set_params(family="categorical")
    with refused("only one class"):
        model.fit(X, np.zeros(N))
    np.testing.assert_array_equal(model.predict(X), before)


def test_a_model_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such model"):
        load(tmp_path / "nothing")


def test_a_link_whose_domain_no_start_reaches(X):
    # Every prediction must be > 0 under identity; with negative offsets none is at the start.
    with refused(r"domain|infinite|start|outside"):
        Linear(Poisson(mean=predicted("identity"))).fit(X, np.arange(N), offset=-1e6)


@pytest.mark.parametrize(
    ("family", "row", "message"),
    [
        (Dirichlet(), [20.0, 30.0, 50.0], r"sum to 1 in row 3 .* makes them of amounts"),
        (Dirichlet(), [0.4, 0.6, 0.0], r"value 0.0\); each .* between 0 and 1\. Merge a part that may be 0"),
        (Multinomial(), [0.2, 0.3, 0.5], r"whole number ≥ 0\. For shares of a whole use Dirichlet"),
        (PlackettLuce(), [0.0, 1.0, 2.0], r"value \[0.0, 1.0, 2.0\]\).* NaN for items"),
    ],
)  # fmt: skip
def test_rows_of_several_numbers_say_what_to_do(family, row, message, X):
    good = {"Multinomial": [1.0, 2.0, 3.0], "PlackettLuce": [1.0, 2.0, 3.0]}
    y = np.tile(good.get(type(family).__name__, [0.2, 0.3, 0.5]), (N, 1))
    y[3] = row
    with refused(message):
        Linear(family).fit(X, y)


def test_rankings_that_begin_at_0(X):
    with refused(r"ranks that begin at 0 become such by y \+ 1"):
        Linear(PlackettLuce()).fit(X, np.tile([0.0, 1.0, 2.0], (N, 1)))


def test_labels_where_codes_are_needed():
    with refused(r"labels are for family.fit and estimators .* makes codes of them"):
        Categorical(3).nll(["a", "b"], np.zeros((2, 3)))


def test_families_that_cannot_be():
    with refused(
        r"Truncated\(Normal, low=0\), which is truncated already: give it both bounds", TypeError
    ):
        Truncated(Truncated(Normal(), low=0.0), high=1.0)
    with refused(r"PlackettLuce takes a number of items, got \['a', 'b'\]$", TypeError):
        PlackettLuce(["a", "b"])
    with refused(r"Ordinal has no parameter 'link'; its parameters are loc, thresholds", TypeError):
        Ordinal(3, link="probit")
    with refused(r"Normal's scale must be predicted, shared or a number, got True", TypeError):
        Normal(scale=True)


def test_parameters_that_cannot_be():
    with refused(r"probs must be ≥ 0 and sum to 1; they do not in row 1 \(value \[0.5, 0.6\]\)"):
        Categorical(2).at(probs=[[0.5, 0.5], [0.5, 0.6]])
    with refused(r"probs must have shape \(3,\) or \(n, 3\), got \(2,\)"):
        Categorical(3).at(probs=[0.5, 0.5])
    with refused(r"unknown trials; give them to the family, Binomial\(trials=5\)\.at", TypeError):
        Binomial().at(probs=0.3, trials=5)


def test_discretised_and_truncated_say_their_order():
    with refused(r"write Truncated\(Discretised\(...\)\)", TypeError):
        Discretised(Truncated(Gamma(), low=1.0))
    with refused("discretise the family alone", TypeError):
        Discretised(Truncated(Normal(), low=1.0))


@pytest.mark.parametrize(
    ("family", "rows", "trials"),
    [
        (Censored(Weibull()), np.array([[1.0, 2.0], [3.0, np.inf], [0.5, 0.5]]), None),
        (Binomial(), np.array([[1.0, 3.0], [2.0, 9.0], [0.0, 4.0]]), None),
        (Binomial(), np.array([[1.0, 3.0], [2.0, 9.0], [0.0, 4.0]]), 9),
    ],
    ids=["intervals", "successes and trials", "of so many trials"],
)
def test_rows_of_several_columns_are_not_two_numbers_of_y(family, rows, trials):
    x = np.array([[0.1], [0.7], [-0.4]])
    model = Constant(family).fit(x, rows)
    law = model.predict_dist(x, trials=trials)
    for of, mine in ((law, rows), (law[1:], rows[1:])):
        with pytest.raises(ValueError, match=r"y has shape \(\d, 2\).*model\.row_scores"):
            of.log_prob(mine)
    assert law.log_prob(rows[:, 0]).shape == model.row_scores(x, rows).shape == (3,)
    assert law.log_prob(np.ones((3, 3))).shape == (3, 3)
