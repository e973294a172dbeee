"""The encoder: each rule, said out loud, and the same after a round trip through JSON."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likely.data.codes import CodeEncoder
from likely.data.encoder import TableEncoder
from likely.data.errors import DataError
from likely.data.read import from_frame


def table(**columns):
    return from_frame(pd.DataFrame(columns))


def fitted(**columns):
    data = table(**columns)
    encoder = TableEncoder().fit(data)
    return encoder, encoder.transform(data).matrix


RNG = np.random.default_rng(0)
N = 200
X = RNG.normal(size=N)


def test_text_becomes_one_column_a_level_but_the_most_frequent():
    encoder, matrix = fitted(c=["a"] * 20 + ["b"] * 30 + ["c"] * 10)
    assert encoder.column_names == ("c[a]", "c[c]")
    assert matrix.sum(axis=0).tolist() == [20, 10]
    assert "c: 3 categories, reference 'b'" in encoder.notes


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([f"1.{i:03},50" for i in range(N)], "look like numbers with commas or signs in them"),
        ([f"€ {i}" for i in range(N)], "such as '€ 0'; write them with a decimal point"),
        ([f"{i % 28 + 1}.{i % 12 + 1}.{2000 + i}" for i in range(N)], "look like dates"),
    ],
)
def test_text_that_was_meant_as_numbers_or_dates_is_left_out_with_advice(cells, found):
    encoder, _ = fitted(c=cells, x=X)
    assert any("left out" in note and found in note for note in encoder.notes)
    codes = CodeEncoder().fit(table(c=cells, x=X))
    assert any(found in note for note in codes.notes)
    assert not any("look like" in note for note in fitted(c=["a", "b"] * (N // 2))[0].notes)


@pytest.mark.parametrize("numbers", [range(N), np.arange(N) % 5], ids=["many", "few"])
def test_a_word_among_numbers_is_named_with_its_row(numbers):
    cells = [f"{i}.5" for i in numbers]
    cells[6] = "oops"
    for encoder in (fitted(c=cells, x=X)[0], CodeEncoder().fit(table(c=cells, x=X))):
        assert any("read as text because of 'oops' in row 7" in note for note in encoder.notes)


def test_few_whole_numbers_are_categories_unless_named():
    hour = np.repeat(np.arange(5), 40)
    encoder, matrix = fitted(h=hour)
    assert matrix.shape[1] == 4
    assert "--numeric h: as a number" in encoder.notes[0]
    numeric = TableEncoder(numeric=("h",)).fit(table(h=hour))
    assert numeric.column_names == ("h",)
    many, _ = fitted(h=np.arange(N))
    assert many.column_names == ("h",)
    thin, _ = fitted(h=np.repeat(np.arange(30), 2))
    assert thin.column_names == ("h",)
    assert "under 10 rows each on average: taken as a number" in thin.notes[0]


def test_rare_levels_are_merged_into_other():
    values = ["a"] * 50 + ["b"] * 50 + ["r"] * 6 + ["s"] * 7
    encoder, matrix = fitted(c=values)
    assert encoder.column_names == ("c[b]", "c[other]")
    assert matrix[:, 1].sum() == 13
    assert any(
        "'r' (6 rows), 's' (7 rows), under 10 rows: merged into 'other'" in n for n in encoder.notes
    )
    new = encoder.transform(table(c=["zzz", "a"]))
    assert new.matrix[:, 1].tolist() == [1, 0]
    assert "'zzz' in 1 row not seen when fitted; counted as 'other'" in new.notes[0]


def test_one_rare_row_never_gets_a_column_of_its_own():
    encoder, matrix = fitted(w=["clear"] * 80 + ["rain"] * 20 + ["storm"])
    assert encoder.column_names == ("w[rain or other]",)
    assert matrix.sum() == 21
    assert any(
        "'storm' (1 row), under 10 rows: merged with the next rarest" in n for n in encoder.notes
    )


def test_a_column_of_identifiers_is_left_out():
    encoder, matrix = fitted(id=[f"u{i}" for i in range(N)], x=X)
    assert encoder.left_out == ["id"]
    assert matrix.shape[1] == 1
    assert any("200 distinct values, each in under 10 rows; left out" in n for n in encoder.notes)


def test_missing_numbers_get_the_mean_and_an_indicator():
    x = X.copy()
    x[:15] = np.nan
    encoder, matrix = fitted(x=x)
    assert encoder.column_names == ("x", "x is missing")
    assert matrix[:15, 0] == pytest.approx(np.full(15, x[15:].mean()))
    assert matrix[:, 1].sum() == 15
    assert "missing in 15 rows, filled with the mean" in encoder.notes[0]
    x[3:15] = 0.0
    few, matrix = fitted(x=x)
    assert few.column_names == ("x",)
    assert "too few (under 10) for an indicator" in few.notes[0]


def test_missing_numbers_in_new_rows_only_are_said():
    encoder, _ = fitted(x=X)
    new = encoder.transform(table(x=[1.0, np.nan]))
    assert new.matrix[1, 0] == pytest.approx(X.mean())
    assert "missing in 1 row; the training mean" in new.notes[0]


def test_missing_categories_are_a_level():
    encoder, matrix = fitted(c=["a"] * 30 + ["b"] * 20 + [None] * 12)
    assert encoder.column_names == ("c[b]", "c[missing]")
    assert matrix[:, 1].sum() == 12
    assert any("missing in 12 rows, which is a level of its own" in n for n in encoder.notes)


def test_a_missing_category_that_never_was_names_the_row():
    encoder, _ = fitted(c=["a"] * 30 + ["b"] * 20)
    with pytest.raises(DataError, match="column 'c' is missing in row 2"):
        encoder.transform(table(c=["a", None]))


def test_an_unseen_level_without_other_names_value_column_and_row():
    encoder, _ = fitted(c=["a"] * 30 + ["b"] * 20)
    with pytest.raises(DataError, match="column 'c': 'z' in row 2 was not there when the model"):
        encoder.transform(table(c=["a", "z", "z"]))
    lenient = encoder.transform(table(c=["a", "z", "z"]), unseen="nearest")
    assert "counted as the reference 'a'" in lenient.notes[0]
    assert lenient.matrix.sum() == 0


def test_constant_and_empty_columns_are_left_out():
    encoder, _ = fitted(x=X, k=[3.0] * N, t=["a"] * N, e=[np.nan] * N)
    assert encoder.column_names == ("x",)
    assert encoder.left_out == ["k", "t", "e"]
    assert {"k: always 3; left out", "t: always 'a'; left out"} <= set(encoder.notes)


def test_a_repeated_column_is_left_out():
    encoder, _ = fitted(x=X, fahrenheit=X * 1.8 + 32)
    assert encoder.column_names == ("x",)
    assert "fahrenheit: repeats x; left out" in encoder.notes


def test_a_column_determined_by_others_goes_as_a_whole():
    month = np.tile(np.arange(12), 40)
    weekday = RNG.integers(0, 7, 480)
    holiday = np.where(weekday < 5, RNG.integers(0, 2, 480), 0)
    work = ((weekday < 5) & (holiday == 0)).astype(int)
    encoder, matrix = fitted(
        season=month // 3, month=month, holiday=holiday, weekday=weekday, workingday=work
    )
    assert set(encoder.left_out) == {"season", "workingday"}
    assert "season: follows exactly from month; left out" in encoder.notes
    assert "workingday: follows exactly from holiday, weekday; left out" in encoder.notes
    full = np.column_stack([np.ones(480), matrix])
    assert np.linalg.matrix_rank(full) == full.shape[1]


def test_single_columns_go_where_no_source_does():
    # Both know whether it is 'a', yet neither follows from the other.
    left = np.repeat(["a", "b", "c"], 60)
    right = np.where(left == "a", "p", np.tile(["q", "r"], 90))
    encoder, matrix = fitted(l=left, r=right)
    full = np.column_stack([np.ones(180), matrix])
    assert np.linalg.matrix_rank(full) == full.shape[1] == 4
    assert any("follows exactly from" in note for note in encoder.notes)


def test_near_collinear_columns_stay():
    x = np.linspace(10, 20, N)
    encoder, _ = fitted(**{f"x{k}": x**k for k in range(1, 7)})
    assert len(encoder.column_names) == 6


def test_columns_at_predict_are_checked_by_name():
    encoder, _ = fitted(temp=X, hum=X**2)
    with pytest.raises(DataError, match=r"lacks the column 'temp', .* did you mean 'temperature'"):
        encoder.transform(table(temperature=X, hum=X))
    with pytest.raises(DataError, match="lacks the columns 'temp', 'hum'"):
        encoder.transform(table(x=X))
    with pytest.raises(DataError, match="should hold numbers, but holds 'cold' in row 2"):
        encoder.transform(table(temp=["1", "cold"], hum=["1", "2"]))
    assert encoder.extra_columns(table(temp=X, new=X)) == ("new",)


def test_a_text_column_cannot_be_numeric():
    with pytest.raises(DataError, match="column 'c' should hold numbers, but holds 'b' in row 2"):
        TableEncoder(numeric=("c",)).fit(table(c=["1", "b"]))


def test_a_foreign_state_is_refused():
    encoder, _ = fitted(x=X)
    for state in ({}, {"version": 99}, {**encoder.to_dict(), "plans": [{"type": "Evil"}]}):
        with pytest.raises(DataError):
            TableEncoder.from_dict(state)


LABELS = st.sampled_from(["a", "b", "c", "d", "missing", "other", "ä", "", " "])
CELLS = st.one_of(st.none(), LABELS)


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(CELLS, min_size=12, max_size=60),
    new=st.lists(st.one_of(LABELS, st.just("never seen")), min_size=1, max_size=8),
    numbers=st.lists(st.one_of(st.none(), st.integers(-5, 5), st.floats(-1e6, 1e6)), min_size=12),
    min_rows=st.integers(1, 12),
)
def test_round_trip_and_unseen_levels(texts, new, numbers, min_rows):
    n = min(len(texts), len(numbers))
    frame = pd.DataFrame(
        {
            "t": pd.Series(texts[:n], dtype="str"),
            "x": pd.Series(numbers[:n], dtype="float64"),
            "i": np.arange(n) % 3,
        }
    )
    data = from_frame(frame)
    encoder = TableEncoder(min_rows=min_rows).fit(data)
    again = TableEncoder.from_dict(json.loads(json.dumps(encoder.to_dict())))
    assert again == encoder
    matrix = encoder.transform(data).matrix
    assert np.isfinite(matrix).all()
    assert np.array_equal(again.transform(data).matrix, matrix)
    assert matrix.shape == (n, len(encoder.column_names))
    # Full rank beside the intercept, which is what leaving columns out is for.
    if matrix.shape[1]:
        centred = matrix - matrix.mean(axis=0)
        scaled = centred / np.abs(centred).max(axis=0)
        assert np.linalg.matrix_rank(scaled, tol=1e-9) == matrix.shape[1]
    fresh = from_frame(pd.DataFrame({"t": new, "x": 0.5, "i": 1}))
    try:
        encoded = encoder.transform(fresh).matrix
    except DataError as error:
        encoded, message = np.zeros(1), str(error)
    else:
        message = "'t'"
    assert np.isfinite(encoded).all()
    assert "'t'" in message
    assert np.isfinite(encoder.transform(fresh, unseen="nearest").matrix).all()
