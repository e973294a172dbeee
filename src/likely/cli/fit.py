"""``likely fit``: from a table to a judged and saved model."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.cli.errors import UserError, library_errors
from likely.cli.family_text import parse_family
from likely.cli.judge import Judgement, judge
from likely.cli.model import TableModel, number_column, response_columns
from likely.cli.say import Voice
from likely.cli.split import Split, by_group, by_time, shuffled
from likely.data.encoder import TableEncoder
from likely.data.errors import count, listing, nearest
from likely.data.read import read_table
from likely.data.table import Table
from likely.data.target import Proposal, Target, prepare_target, propose
from likely.storage import refuse_foreign

PREDICTORS = ("linear", "constant")


@dataclass(frozen=True)
class Request:
    """What the user asked for; see the options of ``likely fit``."""

    data: Path
    target: str
    family: str = "auto"
    predictor: str = "linear"
    out: Path | None = None
    numeric: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    weight: str | None = None
    offset: str | None = None
    exposure: str | None = None
    group: str | None = None
    time: str | None = None
    test_fraction: float = 0.2
    seed: int = 0
    alpha: float = 0.0
    min_rows: int = 10

    @property
    def folder(self) -> Path:
        """Where the model goes."""
        name = self.data.name.removesuffix(".gz")
        return self.out if self.out is not None else Path(Path(name).stem + ".likely")


@dataclass
class Report:
    """Everything that a fit has to say."""

    request: Request
    rows: int
    family: Any
    proposal: Proposal | None
    target: Target
    encoder: TableEncoder
    model: TableModel
    split: Split | None = None
    judgement: Judgement | None = None
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    replaced: bool = False


@dataclass(frozen=True)
class _Response:
    """What belongs to the rows of y."""

    y: NDArray[Any]
    weight: NDArray[np.float64] | None
    given: dict[str, Any]

    def take(self, rows: NDArray[np.intp]) -> _Response:
        weight = None if self.weight is None else self.weight[rows]
        return _Response(self.y[rows], weight, {k: v[rows] for k, v in self.given.items()})


def run(request: Request, *, json: bool, quiet: bool) -> None:
    """Fit, judge, save and report."""
    voice = Voice(json=json, quiet=quiet)
    report = fit_table(request, voice)
    from likely.cli.show import as_document, show

    voice.document(as_document(report))
    if voice.speaks:
        show(report)


def fit_table(request: Request, voice: Voice) -> Report:
    """The whole job; errors come before the work wherever they can."""
    _check_request(request)
    with voice.step(f"read {request.data}"):
        table = read_table(request.data)
    column = table.column(request.target, "target")
    _check_columns(request, table)
    proposal = propose(column) if request.family == "auto" else None
    family = parse_family(proposal.family if proposal else request.family)
    target = prepare_target(column, family.specification.support, family.specification.name)
    split = _split(request, table, target)
    weight = None
    if request.weight is not None:
        weight = _weights(table, request.weight)
    response = _Response(
        target.values, weight, response_columns(table, request.offset, request.exposure)
    )
    features = table.without(_not_features(request))
    report_warnings: list[str] = []
    judgement = None
    if split is not None:
        judgement = _judge(request, voice, family, features, response, split, report_warnings)
    with voice.step("encode all rows"):
        encoder = TableEncoder(request.numeric, request.min_rows).fit(features)
        matrix = encoder.transform(features).matrix
    with voice.step(f"fit on all {table.rows:,} rows"), _collect(report_warnings):
        predictor = _fit(request, family, matrix, response, encoder.column_names)
    model = TableModel(
        predictor,
        encoder,
        request.target,
        request.offset,
        request.exposure,
        tuple(_not_features(request)),
        {
            "data": request.data.name,
            "rows": table.rows,
            "judgement": None if judgement is None else judgement.to_dict(),
            "held_out": None if split is None else split.words,
        },
    )
    replaced = request.folder.exists()
    with voice.step(f"save {request.folder}"):
        model.save(request.folder)
    notes = [*table.notes, *_role_notes(request), *encoder.notes]
    return Report(
        request, table.rows, family, proposal, target, encoder, model, split, judgement, notes,
        list(dict.fromkeys(report_warnings)), replaced,
    )  # fmt: skip


def _check_request(request: Request) -> None:
    if request.predictor not in PREDICTORS:
        hint = nearest(request.predictor, PREDICTORS)
        known = ", ".join(PREDICTORS)
        raise UserError(
            f"unknown predictor {request.predictor!r}{hint} The predictors are: {known}"
        )
    if request.group is not None and request.time is not None:
        raise UserError("--group and --time are two ways to hold rows out; give one of them")
    if request.family != "auto":
        parse_family(request.family)
    refuse_foreign(request.folder)
    parent = request.folder.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not os.access(parent, os.W_OK):
        raise UserError(f"no permission to write in {parent}; choose another folder with --out")


def _check_columns(request: Request, table: Table) -> None:
    for role in ("weight", "offset", "exposure", "group", "time"):
        name = getattr(request, role)
        if name is not None:
            table.column(name, f"the {role} column")
            if name == request.target:
                raise UserError(f"--{role} {name}: that is the target")
    for name in (*request.drop, *request.numeric):
        table.column(name)
    if request.target in request.drop:
        raise UserError(f"--drop {request.target}: that is the target")


def _not_features(request: Request) -> list[str]:
    """Columns with another role: they split, weigh or shift, and the model does not see them."""
    roles = (
        request.target,
        request.weight,
        request.offset,
        request.exposure,
        request.group,
        request.time,
    )
    return list(dict.fromkeys([*(name for name in roles if name is not None), *request.drop]))


def _role_notes(request: Request) -> list[str]:
    notes = []
    if request.drop:
        notes.append(f"left out as asked: {listing(request.drop, 20)}")
    for name, what in (
        (request.weight, "the weight of each row"),
        (request.offset, "the offset"),
        (request.exposure, "the exposure"),
        (request.group, "used to hold out whole groups"),
        (request.time, "used to hold out the last rows"),
    ):
        if name is not None:
            notes.append(f"{name}: {what}, not a predictor")
    return notes


def _weights(table: Table, name: str) -> NDArray[np.float64]:
    weight = number_column(table, name, "weight", positive=False)
    negative = np.flatnonzero(weight < 0)
    if len(negative):
        raise UserError(f"--weight {name}: the column is negative in row {negative[0] + 1}")
    return weight


def _split(request: Request, table: Table, target: Target) -> Split | None:
    if request.test_fraction == 0:
        return None
    if request.group is not None:
        split = by_group(table.columns[request.group], request.test_fraction, request.seed)
    elif request.time is not None:
        split = by_time(table.columns[request.time], request.test_fraction)
    else:
        split = shuffled(target, request.test_fraction, request.seed)
    if target.is_classes:
        new = np.setdiff1d(target.values[split.test], target.values[split.train])
        if len(new):
            raise UserError(
                f"the classes {listing(new.tolist())} are only among the held-out rows; hold "
                f"out other "
                "rows, or use --test-fraction 0"
            )
    return split


def _judge(
    request: Request,
    voice: Voice,
    family: Any,
    features: Table,
    response: _Response,
    split: Split,
    said: list[str],
) -> Judgement:
    """Fit on the training rows alone, encoder included, and judge on the others."""
    from likely.predictors.constant import Constant

    train, test = response.take(split.train), response.take(split.test)
    doing = f"encode and fit on {count(len(split.train), 'row')}"
    with voice.step(doing), _collect(said, "held-out fit: "):
        part = features.take(split.train)
        encoder = TableEncoder(request.numeric, request.min_rows).fit(part)
        matrix = encoder.transform(part).matrix
        model = _fit(request, family, matrix, train, encoder.column_names)
        with library_errors():
            baseline = Constant(family).fit(
                matrix, train.y, sample_weight=train.weight, **train.given
            )
    with voice.step(f"judge on {count(len(split.test), 'row')}"), library_errors():
        held = encoder.transform(features.take(split.test), unseen="nearest")
        said += [f"held-out rows: {note}" for note in held.notes]
        return judge(
            model.predict_dist(held.matrix, **test.given),
            baseline.predict_dist(held.matrix, **test.given),
            test.y,
            test.weight,
            split.groups,
            getattr(model, "classes_", None),
        )


def _fit(
    request: Request,
    family: Any,
    matrix: NDArray[np.float64],
    response: _Response,
    names: tuple[str, ...],
) -> Any:
    if request.predictor == "constant":
        from likely.predictors.constant import Constant

        estimator: Any = Constant(family)
    else:
        from likely.predictors.linear import Linear

        if not names:
            raise UserError(
                "no column is left to predict from; --predictor constant fits the target alone"
            )
        estimator = Linear(family, alpha=request.alpha)
    # Terms and warnings should name our columns. A data frame would carry the names, but costs
    # the import of pandas, and prediction has no use for them: the encoder checks the columns.
    estimator._feature_names = lambda _: list(names)
    with library_errors():
        estimator.fit(matrix, response.y, sample_weight=response.weight, **response.given)
    del estimator._feature_names
    return estimator


@contextmanager
def _collect(said: list[str], prefix: str = "") -> Iterator[None]:
    """Warnings become lines of the report."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    # Only what the library says to its users; a deprecation somewhere below is not theirs to mend.
    said += [
        f"{prefix}{w.message}"
        for w in caught
        if issubclass(w.category, (UserWarning, RuntimeWarning))
    ]
