"""A model of a table: a fitted predictor with the encoder of its columns, saved as one folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.cli.errors import UserError, library_errors
from likely.data.codes import CodeEncoder, read_encoder
from likely.data.encoder import TableEncoder
from likely.data.errors import listing, rows_words
from likely.data.table import Table
from likely.storage import ModelFileError, read_folder, write_folder

TABLE_KEY = "table"


@dataclass
class TableModel:
    """What ``likely fit`` saves: it predicts from tables, and knows which columns it needs.

    ``likely.load`` reads the same folder as a plain estimator of the encoded columns.
    """

    predictor: Any
    encoder: TableEncoder
    targets: tuple[str, ...]
    offset: str | None = None
    exposure: str | None = None
    trials: str | None = None
    ignored: tuple[str, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)

    def predict(self, table: Table, trials: str | None = None) -> tuple[Any, tuple[str, ...]]:
        """The predictive distribution of each row, and notes on what was decided for them.

        ``trials`` is a column or a whole number; without it the column of the fit is used where it is there.
        """
        notes = []
        known = {
            trials,
            self.trials,
            *self.targets,
            *self.ignored,
            *filter(None, (self.offset, self.exposure)),
        }
        extra = [name for name in self.encoder.extra_columns(table) if name not in known]
        if extra:
            notes.append(f"not used, since the model was fitted without: {', '.join(extra)}")
        encoded = self.encoder.transform(table)
        given = response_columns(table, self.offset, self.exposure)
        if trials is not None:
            given["trials"] = _trials(table, trials)
        elif self.trials is not None and self.trials in table.columns:
            given["trials"] = _trials(table, self.trials)
        elif self.trials is not None:
            notes.append(
                f"there is no column {self.trials!r}: predicted is a single trial, whose mean is the probability"
            )
        with library_errors():
            distribution = self.predictor.predict_dist(as_design(encoded.matrix), **given)
        return distribution, (*notes, *encoded.notes)

    @property
    def classes(self) -> NDArray[Any] | None:
        """The class labels, in the order of the probabilities; None for numbers."""
        return getattr(self.predictor, "classes_", None)

    def save(self, path: Path, *, overwrite: bool = True) -> None:
        """Write the folder atomically."""
        from likely.predictors.saving import state_of

        manifest, arrays = state_of(self.predictor)
        manifest["feature_names_in"] = list(self.encoder.column_names)
        manifest[TABLE_KEY] = {
            "encoder": self.encoder.to_dict(),
            "target": self.targets[0] if len(self.targets) == 1 else list(self.targets),
            "offset": self.offset,
            "exposure": self.exposure,
            "trials": self.trials,
            "ignored": list(self.ignored),
            "about": self.about,
        }
        write_folder(path, manifest, arrays, overwrite=overwrite)

    @classmethod
    def load(cls, path: Path) -> TableModel:
        """Read the folder; ModelFileError where it is none, or a model without a table."""
        manifest, arrays = read_folder(path)
        state = manifest.pop(TABLE_KEY, None)
        if not isinstance(state, dict):
            raise ModelFileError(
                f"{path} was saved from Python and knows no table; use likely.load(path).predict(X)"
            )
        # The encoder checks the columns by name; the predictor gets a matrix.
        manifest.pop("feature_names_in", None)
        from likely.predictors.saving import from_state

        predictor = from_state(manifest, arrays)
        try:
            return cls(
                predictor,
                read_encoder(state["encoder"]),
                _names(state["target"]),
                state["offset"],
                state["exposure"],
                state["trials"],
                tuple(state["ignored"]),
                state["about"],
            )
        except KeyError as error:
            raise ModelFileError(f"{path} lacks {error} in its description of the table") from None


def encoder_for(predictor: str, numeric: tuple[str, ...], min_rows: int) -> TableEncoder:
    """Trees and networks take categories as codes and gaps as they are; the others numbers only."""
    encoder = CodeEncoder if predictor in ("trees", "network") else TableEncoder
    return encoder(numeric, min_rows)


def as_design(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix itself; without columns a column of zeros, because estimators insist on one."""
    return matrix if matrix.shape[1] else np.zeros((len(matrix), 1))


def response_columns(table: Table, offset: str | None, exposure: str | None) -> dict[str, Any]:
    """The keyword arguments ``offset`` and ``exposure`` of fit and predict, checked."""
    given = {}
    for role, name in (("offset", offset), ("exposure", exposure)):
        if name is not None:
            given[role] = number_column(table, name, role, positive=role == "exposure")
    return given


def _names(target: str | list[str]) -> tuple[str, ...]:
    return (target,) if isinstance(target, str) else tuple(target)


def _trials(table: Table, text: str) -> Any:
    """A number of trials, or a column of them."""
    if text not in table.columns and text.isdigit():
        return float(text)
    values = number_column(table, text, "trials", positive=True)
    parts = np.flatnonzero(values != np.floor(values))
    if len(parts):
        raise UserError(
            f"--trials {text}: the column holds no whole number in {rows_words(parts.tolist())}"
        )
    return values


def number_column(table: Table, name: str, role: str, *, positive: bool) -> NDArray[np.float64]:
    """A column of numbers; UserError names the rows where it is missing or, ``positive``, where it is not above 0."""
    column = table.column(name, f"the {role} column")
    if column.is_labels:
        raise UserError(f"--{role} {name}: the column holds text, but must hold numbers")
    values = np.asarray(column.values, dtype=np.float64)
    missing = np.flatnonzero(np.isnan(values))
    if len(missing):
        raise UserError(f"--{role} {name}: the column is missing in {rows_words(missing.tolist())}")
    low = np.flatnonzero(values <= 0)
    if positive and len(low):
        shown = listing(f"{value:g}" for value in values[low])
        raise UserError(
            f"--{role} {name}: the column is not > 0 in {rows_words(low.tolist())}: it has {shown}"
        )
    return values
