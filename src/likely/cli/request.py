"""What the user asked of ``likely fit``, checked before any work."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.cli.errors import UserError
from likely.cli.family_text import parse_family
from likely.cli.model import number_column, response_columns
from likely.data.errors import listing, nearest, spoken
from likely.data.table import Table
from likely.data.target import Target
from likely.storage import refuse_foreign

PREDICTORS = ("linear", "trees", "network", "constant")


@dataclass(frozen=True)
class Request:
    """What the user asked for; see the options of ``likely fit``."""

    data: Path
    target: str
    trials: str | None = None
    event: str | None = None
    #: The columns that ``target`` names, once the table is known.
    targets: tuple[str, ...] = ()
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


@dataclass(frozen=True)
class Response:
    """What belongs to the rows of y."""

    y: NDArray[Any]
    weight: NDArray[np.float64] | None
    given: dict[str, Any]

    def take(self, rows: NDArray[np.intp]) -> Response:
        """These rows."""
        weight = None if self.weight is None else self.weight[rows]
        return Response(self.y[rows], weight, {k: v[rows] for k, v in self.given.items()})


def check_request(request: Request) -> None:
    """Whatever can be wrong before a file is opened."""
    if request.predictor not in PREDICTORS:
        hint = nearest(request.predictor, PREDICTORS)
        known = ", ".join(PREDICTORS)
        raise UserError(
            f"unknown predictor {request.predictor!r}{hint} The predictors are: {known}"
        )
    if request.alpha and request.predictor != "linear":
        raise UserError(
            f"--alpha is the penalty of --predictor linear; {request.predictor} has none of that kind"
        )
    if request.group is not None and request.time is not None:
        raise UserError("--group and --time are two ways to hold rows out; give one of them")
    if request.trials is not None and request.event is not None:
        raise UserError("--trials is for successes, --event for times; give one of them")
    if request.family != "auto":
        parse_family(request.family)
    refuse_foreign(request.folder)
    parent = request.folder.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not os.access(parent, os.W_OK):
        raise UserError(f"no permission to write in {parent}; choose another folder with --out")


def with_columns(request: Request, table: Table) -> Request:
    """The request with its lists of columns resolved; the columns that it names must be there."""
    request = replace(
        request,
        targets=targets_named(request.target, table),
        numeric=columns_named(request.numeric, table),
        drop=columns_named(request.drop, table),
    )
    for role in ("trials", "event", "weight", "offset", "exposure", "group", "time"):
        name = getattr(request, role)
        if name is not None:
            table.column(name, f"the {role} column")
            if name in request.targets:
                raise UserError(f"--{role} {name}: that is {_the_target(request)}")
    for name in request.targets:
        if name in request.drop:
            raise UserError(f"--drop {name}: that is {_the_target(request)}")
    for role in ("trials", "event"):
        if getattr(request, role) is not None and len(request.targets) > 1:
            raise UserError(
                f"--{role} goes with a target of one column; --target {request.target} names "
                f"{len(request.targets)}"
            )
    return request


def _the_target(request: Request) -> str:
    return "the target" if len(request.targets) == 1 else "one of the targets"


def targets_named(text: str, table: Table) -> tuple[str, ...]:
    """The columns that ``--target`` names: one, or several with commas; DataError suggests the nearest."""
    names = [text] if text in table.columns else _parts(text, table)
    found = tuple(table.column(name, "target").name for name in names or [text])
    if len(set(found)) < len(found):
        raise UserError(f"--target {text}: a column is named twice")
    return found


def columns_named(items: Iterable[str], table: Table) -> tuple[str, ...]:
    """The columns that a repeated option names: each item is one name, or several with commas."""
    names = []
    for item in items:
        found = [item] if item in table.columns else _parts(item, table)
        names += [table.column(name).name for name in found]
    return tuple(dict.fromkeys(names))


def _parts(item: str, table: Table) -> list[str]:
    """The names in a list with commas, each as long as it can be: a name may hold a comma itself."""
    pieces = item.split(",")
    names = []
    while pieces:
        lengths = range(len(pieces), 0, -1)
        joined = [(n, ",".join(pieces[:n]).strip()) for n in lengths]
        length, name = next(((n, j) for n, j in joined if j in table.columns), joined[-1])
        names += [name] if name else []
        pieces = pieces[length:]
    return names


def not_features(request: Request) -> list[str]:
    """Columns with another role: they split, weigh or shift, and the model does not see them."""
    roles = (
        *request.targets,
        request.trials,
        request.event,
        request.weight,
        request.offset,
        request.exposure,
        request.group,
        request.time,
    )
    return list(dict.fromkeys([*(name for name in roles if name is not None), *request.drop]))


def role_notes(request: Request) -> list[str]:
    """What becomes of those columns, in words."""
    notes = []
    if request.drop:
        notes.append(f"left out as asked: {listing(map(spoken, request.drop), 20)}")
    for name, what in (
        (request.trials, "the number of trials"),
        (request.event, "whether the event was seen"),
        (request.weight, "the weight of each row"),
        (request.offset, "the offset"),
        (request.exposure, "the exposure"),
        (request.group, "used to hold out whole groups"),
        (request.time, "used to hold out the last rows"),
    ):
        if name is not None:
            notes.append(f"{spoken(name)}: {what}, not a predictor")
    return notes


def read_response(request: Request, table: Table, target: Target) -> Response:
    """y with the weights, offset and exposure of its rows."""
    weight = None if request.weight is None else _weights(table, request.weight)
    given = response_columns(table, request.offset, request.exposure)
    return Response(target.values, weight, given)


def _weights(table: Table, name: str) -> NDArray[np.float64]:
    weight = number_column(table, name, "weight", positive=False)
    negative = np.flatnonzero(weight < 0)
    if len(negative):
        row = negative[0]
        raise UserError(
            f"--weight {name}: the column is negative in row {row + 1} ({weight[row]:g}): a weight says how often a "
            "row counts, 0 or more"
        )
    return weight
