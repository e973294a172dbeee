"""The target of a fit: one column or several, with trials or events beside it, and the family for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from likely.bounds import censored
from likely.cli.errors import UserError, library_errors
from likely.cli.family_text import parse_family
from likely.cli.request import Request
from likely.data.errors import spoken
from likely.data.looks import nearly_equal
from likely.data.table import Column, Table
from likely.data.target import Proposal, Target, prepare_target, propose
from likely.data.targets import (
    events,
    numbers,
    prepare_targets,
    propose_censored,
    propose_several,
    propose_trials,
)
from likely.modifiers import Censored
from likely.recipe import Family
from likely.trials import TrialsFamily


def propose_family(request: Request, table: Table) -> Proposal:
    """The family that the target suggests."""
    columns = _columns(request, table)
    if request.trials is not None:
        return propose_trials(columns)
    if request.event is not None:
        return propose_censored(columns[0], table.column(request.event))
    return propose(columns[0]) if len(columns) == 1 else propose_several(columns)


def chosen_family(request: Request, text: str) -> Family:
    """The family that was asked for; with events beside the target it is one of censored times."""
    family = parse_family(text)
    if request.event is not None and not isinstance(family, Censored):
        with library_errors(f"--event {request.event}: "):
            family = Censored(family)
    if request.trials is not None and not isinstance(family, TrialsFamily):
        raise UserError(
            f"--trials {request.trials}: {family.specification.name} has no trials; use --family binomial"
        )
    return family


def target_for(request: Request, table: Table, family: Family) -> tuple[Family, Target]:
    """The family with what it learns from the target's columns, and the target."""
    columns = _columns(request, table)
    specification = family.specification
    name, support = specification.name, specification.support
    if request.event is not None:
        seen = events(table.column(request.event))
        values = numbers(columns)[:, 0]
        ends = [Column(columns[0].name, "number", end) for end in censored(values, seen).T]
        # A row without an event has no upper end, which an empty cell stands for.
        ends[1].values[np.isinf(ends[1].values)] = np.nan
        return family, prepare_targets(ends, support, name)
    if len(columns) == 1:
        if specification.tabular:
            raise UserError(_needs_more(family, request.target))
        return family, prepare_target(columns[0], support, name)
    if not specification.tabular:
        raise UserError(
            f"--target {request.target} names {len(columns)} columns, but {name} is over one; for several "
            "use multivariatenormal, dirichlet, multinomial or 'Independent(a, b)'"
        )
    frame = _Named(tuple(column.name for column in columns), len(columns[0].values))
    with library_errors():
        family = family.learned(frame)
    wanted = len(family.specification.support.columns)
    if specification.vector is None and wanted != len(columns):
        raise UserError(
            f"--target {request.target} names {len(columns)} columns, but {family!r} has {wanted}"
        )
    known = getattr(family.specification.support, "names", ())
    if set(frame.columns) == set(known) and frame.columns != tuple(known):
        raise UserError(
            f"--target {request.target}: {name} takes the columns in the order {', '.join(known)}"
        )
    return family, prepare_targets(columns, family.specification.support, name)


class _Named:
    """The shape and the column names of y, from which a family of compositions learns its parts."""

    def __init__(self, columns: tuple[str, ...], rows: int) -> None:
        self.columns, self.shape = columns, (rows, len(columns))


def _columns(request: Request, table: Table) -> list[Column]:
    """The columns of the target; the trials are one of them."""
    names = request.targets if request.trials is None else (*request.targets, request.trials)
    return [table.column(name, "target") for name in names]


def target_notes(target: Target) -> list[str]:
    """What may be wrong with the labels of the target's classes, in words."""
    close = nearly_equal(target.classes)
    return [f"{spoken(target.name)}: {close}"] if close else []


def _needs_more(family: Any, target: str) -> str:
    if isinstance(family, TrialsFamily):
        return (
            f"{family!r} needs the number of trials of each row: name its column with --trials, or give the "
            f"number, --family 'Binomial(trials=10)'"
        )
    if isinstance(family, Censored):
        return (
            f"{family!r} needs to know which rows were seen: name a column of 1 and 0 with --event, or give "
            f"the bounds, --target low,high"
        )
    if family.specification.support.known:
        return (
            f"{family!r} needs the bounds of each row: name their columns too, --target {target},low,high. Bounds that "
            "are the same in all rows go to the family, as in 'Truncated(Normal(), low=0)'"
        )
    return f"{family.specification.name} is over several columns: name them with commas, --target {target},…"
