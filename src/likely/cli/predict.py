"""``likely predict``: the predictive distribution of new rows, as a table."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from likely.cli.errors import UserError, library_errors
from likely.cli.model import TableModel
from likely.cli.request import columns_named
from likely.cli.say import Voice
from likely.data.errors import DataError, count
from likely.data.read import PARQUET, read_table
from likely.data.table import Column
from likely.storage import write_file

if TYPE_CHECKING:
    import pyarrow as pa


_USUAL = "5,25,75,95"


def run(
    model_path: Path,
    data: Path,
    out: Path | None,
    quantiles: str | None,
    keep: tuple[str, ...],
    trials: str | None,
    *,
    json: bool,
    quiet: bool,
) -> None:
    """Predict, and write a file or print CSV."""
    voice = Voice(json=json, quiet=quiet)
    levels = parse_quantiles(_USUAL if quantiles is None else quantiles)
    _check_out(out)
    with voice.step(f"read {model_path}"):
        model = TableModel.load(model_path)
    if quantiles is not None and model.classes is not None:
        family = model.predictor.family_.specification.name
        raise UserError(
            f"--quantiles: {model_path} predicts classes ({family}), which have probabilities and no "
            "quantiles; leave the option out"
        )
    with voice.step(f"read {data}"):
        table = read_table(data, text=model.encoder.text_columns, empty=True)
    kept = [table.columns[name] for name in columns_named(keep, table)]
    with voice.step(f"predict {count(table.rows, 'row')}"):
        try:
            distribution, notes = model.predict(table, trials)
        except DataError as error:
            # The encoder knows columns and rows; only here is the file's name known.
            prefix = "" if str(error).startswith(str(data)) else f"{data}: "
            raise DataError(f"{prefix}{error}") from None
        result = _columns(model, distribution, levels)
    if not table.rows:
        notes = (*notes, f"{data} has a header but no rows, and so have the predictions")
    notes = (*table.notes, *notes, *_edge_note(model, result))
    for note in notes:
        voice.remark(note)
    clash = [column.name for column in kept if column.name in result]
    if clash:
        raise UserError(f"--keep {clash[0]}: that is the name of a predicted column as well")
    frame = _arrow(kept, result)
    if out is not None:
        with voice.step(f"write {out}"):
            write_file(out, _bytes(frame, out))
    elif not json:
        print(_csv(frame).decode(), end="")
    voice.document(
        {
            "model": str(model_path),
            "data": str(data),
            "rows": table.rows,
            "columns": frame.column_names,
            "out": None if out is None else str(out),
            "notes": list(notes),
            **({} if out is not None or not json else {"predictions": frame.to_pylist()}),
        }
    )
    if voice.speaks and out is not None:
        print(f"{count(table.rows, 'row')} with {', '.join(frame.column_names)} written to {out}")


def parse_quantiles(text: str) -> tuple[float, ...]:
    """Levels in (0, 1) from percentages with commas."""
    try:
        percentages = [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        percentages = [-1.0]
    if not all(0 < p < 100 for p in percentages):
        raise UserError(
            f"--quantiles {text!r}: write percentages between 0 and 100, such as 5,50,95"
        )
    return tuple(dict.fromkeys(p / 100 for p in percentages))


def _check_out(out: Path | None) -> None:
    if out is None:
        return
    if out.suffix.lower() not in (".csv", *PARQUET):
        raise UserError(f"--out {out}: the file must end in .csv or .parquet")
    if out.is_dir():
        raise UserError(f"--out {out}: that is a folder")
    if not out.absolute().parent.is_dir():
        raise UserError(f"--out {out}: the folder {out.parent} does not exist")


def _columns(model: TableModel, distribution: Any, levels: tuple[float, ...]) -> dict[str, Any]:
    """The predicted columns by name."""
    if model.classes is not None:
        probabilities = np.asarray(distribution.probabilities())
        result: dict[str, Any] = {"class": model.classes[np.argmax(probabilities, axis=1)]}
        for k, label in enumerate(model.classes):
            result[f"probability[{_label(label)}]"] = probabilities[:, k]
        return result
    if model.predictor.family_.specification.multivariate:
        return _several(model.targets, distribution, levels)
    with library_errors():
        result = {
            "mode": np.asarray(distribution.mode()),
            "mean": np.asarray(distribution.mean()),
            "median": np.asarray(distribution.median()),
        }
        for level in levels:
            result[f"q{100 * level:.6g}"] = np.asarray(distribution.quantile(level))
    return result


def _several(
    targets: tuple[str, ...], distribution: Any, levels: tuple[float, ...]
) -> dict[str, Any]:
    """The predicted columns of a target of several: ``mode[sand]``, ``mean[sand]``, and quantiles of each alone."""
    result: dict[str, Any] = {}
    with library_errors():
        points = {point: np.asarray(getattr(distribution, point)()) for point in ("mode", "mean")}
        for j, target in enumerate(targets):
            result |= {f"{point}[{target}]": values[:, j] for point, values in points.items()}
            if hasattr(distribution, "marginal"):
                alone = distribution.marginal(j)
                result[f"median[{target}]"] = np.asarray(alone.median())
                for level in levels:
                    result[f"q{100 * level:.6g}[{target}]"] = np.asarray(alone.quantile(level))
    return result


def _edge_note(model: TableModel, result: dict[str, Any]) -> list[str]:
    """Modes at an edge of the support are right, and say little."""
    if "mode" not in result:
        return []
    support = model.predictor.family_.specification.support
    edge = int(np.isin(result["mode"], (support.low, support.high)).sum())
    if edge <= len(result["mode"]) / 2:
        return []
    return [f"{edge:,} of the modes lie on the edge of {support.symbol}: the mean says more"]


def _label(label: Any) -> str:
    if isinstance(label, (bool, np.bool_)):
        return "true" if label else "false"
    return str(label)


def _arrow(kept: list[Column], result: dict[str, Any]) -> pa.Table:
    import pyarrow as pa

    columns: dict[str, Any] = {column.name: _original(column) for column in kept}
    for name, values in result.items():
        columns[name] = pa.array(values.tolist() if values.dtype == object else values)
    return pa.table(columns)


def _original(column: Column) -> Any:
    """A column of the input as it was."""
    import pyarrow as pa

    missing = column.missing
    if column.is_labels:
        cells = [
            None if gone else column.levels[code]
            for code, gone in zip(column.values, missing, strict=True)
        ]
        return pa.array(cells, type=pa.string())
    if column.kind == "integer":
        return pa.array(np.where(missing, 0, column.values).astype(np.int64), mask=missing)
    if column.kind == "date":
        micro = np.round(np.where(missing, 0, column.values) * 86_400e6).astype("datetime64[us]")
        return pa.array(micro, mask=missing)
    return pa.array(column.values, mask=missing)


def _bytes(frame: pa.Table, out: Path) -> bytes:
    return _csv(frame) if out.suffix.lower() == ".csv" else _parquet(frame)


def _csv(frame: pa.Table) -> bytes:
    from pyarrow import csv

    # Arrow quotes every name in the header; a comma or a quotation mark is the only reason to.
    names = [_quoted(name) for name in frame.column_names]
    buffer = io.BytesIO()
    buffer.write(f"{','.join(names)}\n".encode())
    csv.write_csv(frame, buffer, csv.WriteOptions(include_header=False, quoting_style="needed"))
    return buffer.getvalue()


def _quoted(name: str) -> str:
    if any(mark in name for mark in ',"\r\n'):
        doubled = name.replace('"', '""')
        return f'"{doubled}"'
    return name


def _parquet(frame: pa.Table) -> bytes:
    import pyarrow.parquet as parquet

    buffer = io.BytesIO()
    parquet.write_table(frame, buffer)
    return buffer.getvalue()
