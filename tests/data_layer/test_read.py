"""Reading tables: what comes in, and what is said about files that cannot."""

import gzip

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from likely.data.errors import DataError
from likely.data.read import from_frame, read_table


@pytest.fixture
def write(tmp_path):
    def _write(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


def test_kinds_of_columns(write):
    table = read_table(write("i,x,t,b,d,e\n1,1.5,a,true,2020-01-01,\n2,,NA,false,2020-01-02,\n"))
    kinds = {name: column.kind for name, column in table.columns.items()}
    assert kinds == {
        "i": "integer",
        "x": "number",
        "t": "text",
        "b": "boolean",
        "d": "date",
        "e": "number",
    }
    assert table.column("x").missing.tolist() == [False, True]
    assert table.column("t").missing.tolist() == [False, True]
    assert np.diff(table.column("d").values) == pytest.approx([1.0])
    assert table.column("b").as_labels()[1] == ("false", "true")
    assert table.column("e").missing.all()


def test_integers_and_equal_floats_have_one_label(write):
    whole = read_table(write("x\n1\n2\n")).column("x").as_labels()[1]
    mixed = read_table(write("x\n1.0\n2.5\n")).column("x").as_labels()[1]
    assert whole == ("1", "2")
    assert mixed == ("1", "2.5")


def test_text_columns_are_not_parsed_when_told(write):
    path = write("code\n0123\n0456\n")
    assert read_table(path).column("code").kind == "integer"
    assert read_table(path, text=["code"]).column("code").levels == ("0123", "0456")


@pytest.mark.parametrize(("mark", "word"), [(";", "semicolons"), ("\t", "tabs")])
def test_other_separators_are_found_and_said(write, mark, word):
    table = read_table(write(f"a{mark}b\n1{mark}2\n"))
    assert table.names == ("a", "b")
    assert word in table.notes[0]


def test_gzip_bom_and_quoted_newlines(write):
    text = '\ufeffa,b\n1,"two\nlines"\n2,c\n'
    assert read_table(write(text)).column("b").levels == ("two\nlines", "c")
    assert read_table(write(gzip.compress(text.encode()), "d.csv.gz")).names == ("a", "b")


def test_row_numbers_of_pandas_are_left_out_and_said(write):
    table = read_table(write(pd.DataFrame({"y": [5, 6, 7]}).to_csv()))
    assert table.names == ("y",)
    assert "only numbers the rows" in table.notes[0]


@pytest.mark.parametrize(("header", "said"), [("-0.8,2.5", True), ("2019,2020", False)])
def test_a_first_line_of_numbers_is_said(write, header, said):
    notes = read_table(write(f"{header}\n1,2\n3,4\n")).notes
    assert any("the first line is taken for the names" in note for note in notes) is said


BAD = {
    "no such file": (None, "no such file"),
    "empty": ("", "is empty"),
    "only a header": ("a,b\n", "has a header but no rows"),
    "no header": ("\n1,2\n", "line 1: there must be a header"),
    "duplicate": ("a,b,a\n1,2,3\n", "more than one column called 'a'"),
    "unnamed": ("a,,c\n1,2,3\n", "column 2 has no name"),
    "long row": ("a,b\n1,2\n3,4,5\n", "line 3: 3 cells, but the header has 2"),
    "short row": ("a,b,c\n1,2,3\n1,2,3\n4\n", "line 4: 1 cell, but the header has 3"),
    "ragged after a quoted newline": ('a,b\n"x\ny",1\n1,2,3\n', "line 4: 3 cells"),
    "open quote": ('a,b\n1,2\n3,"4\n5,6\n', "line 3: a quotation mark is opened here"),
    "latin-1": ("a,b\n1,2\n3,Zürich\n".encode("latin-1"), "line 3: not UTF-8"),
    "utf-16": ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
    "zero byte within": (b"a,b\n1,2\nx\0,3\n", "line 3: holds a zero byte"),
    "old Mac": ("a,b\r1,2\r3,4\r", "carriage returns alone"),
    "binary": (b"\x00\x01\x02\x03\n\x00", "zero byte"),
    "infinite": ("a,b\n1,2\n3,inf\n", "column 'b' is infinite in row 2"),
    "identifier": ("a\n9007199254740995\n1\n", "beyond 2⁵³ in row 1"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_csv_is_one_clear_line(write, tmp_path, case):
    content, words = BAD[case]
    path = tmp_path / "nowhere.csv" if content is None else write(content)
    with pytest.raises(DataError) as caught:
        read_table(path)
    message = str(caught.value)
    assert words in message
    assert path.name in message
    assert "\n" not in message


def test_types_that_change_late_in_the_file(write, monkeypatch):
    monkeypatch.setattr("likely.data.read._ONE_BLOCK", 64)
    table = read_table(write("x,y\n" + "1,2\n" * 100 + "1.5,a\n"))
    assert table.column("x").kind == "number"
    assert table.column("y").kind == "text"
    with pytest.raises(DataError, match="line 102: 3 cells"):
        read_table(write("x,y\n" + "1,2\n" * 100 + "1,2,3\n"))


def test_parquet_and_what_is_not(write, tmp_path):
    path = tmp_path / "a.parquet"
    categories = pa.array(["u", "v", None]).dictionary_encode()
    pq.write_table(pa.table({"x": [1, 2, None], "c": categories, "t": ["a", "b", "a"]}), path)
    table = read_table(path)
    assert table.column("x").kind == "integer"
    assert table.column("c").as_labels()[0].tolist() == [0, 1, -1]
    with pytest.raises(DataError, match="not a readable Parquet file"):
        read_table(write("x\n1\n", "b.parquet"))
    nested = tmp_path / "n.parquet"
    pq.write_table(pa.table({"x": [[1], [2]]}), nested)
    with pytest.raises(DataError, match="leave it out with --drop x"):
        read_table(nested)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table, pl.LazyFrame])
def test_frames(make):
    table = from_frame(make({"x": [1.0, 2.0], "t": ["a", "b"], "b": [True, False]}))
    assert [c.kind for c in table.columns.values()] == ["number", "text", "boolean"]


def test_frames_that_are_none():
    with pytest.raises(DataError, match="cannot be read as a table"):
        from_frame([1, 2])
    with pytest.raises(DataError, match="nique column names"):
        from_frame(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]))


def test_an_unknown_column_suggests_the_nearest(write):
    with pytest.raises(DataError, match=r"did you mean 'bikers'\? Its columns are: hr, bikers"):
        read_table(write("hr,bikers\n1,2\n")).column("bikes")


def test_a_decimal_comma_is_recognised_and_said(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x;y;z\n1,5;2;a\n;3;b\n-2e1;4;1,x\n")
    table = read_table(path)
    np.testing.assert_array_equal(table.columns["x"].values, [1.5, np.nan, -20.0])
    assert table.columns["y"].kind == "integer"
    assert table.columns["z"].kind == "text"
    assert "numbers have a decimal comma" in table.notes
    path.write_text("x;y\n1.5;2\n2.5;3\n")
    assert "numbers have a decimal comma" not in read_table(path).notes


def test_decimal_commas_beside_decimal_points_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x;y\n1,5;2.5\n2,5;3.5\n")
    with pytest.raises(
        DataError, match=r"column 'x' has a decimal comma and column 'y' a decimal point"
    ):
        read_table(path)
