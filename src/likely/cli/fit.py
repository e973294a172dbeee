"""``likely fit``: from a table to a judged and saved model."""

from __future__ import annotations

import warnings
from typing import Any

from likely.cli.errors import library_errors
from likely.cli.judge import Judgement, judge
from likely.cli.model import TableModel, as_design, encoder_for
from likely.cli.report import Report
from likely.cli.request import (
    Request,
    Response,
    check_request,
    not_features,
    read_response,
    role_notes,
    with_columns,
)
from likely.cli.say import Voice
from likely.cli.split import Split, choose_split
from likely.cli.targets import chosen_family, propose_family, target_for, target_notes
from likely.cli.train import Trained, one_blas_thread, train
from likely.data.errors import count
from likely.data.looks import row_numbers
from likely.data.read import read_table
from likely.data.table import Table


def run(request: Request, *, json: bool, quiet: bool) -> None:
    """Fit, judge, save and report."""
    voice = Voice(json=json, quiet=quiet)
    report = fit_table(request, voice)
    from likely.cli.show import as_document, show

    voice.document(as_document(report))
    if voice.speaks:
        show(report)
    elif not json:
        for warning in report.warnings:
            voice.warn(warning)


def fit_table(request: Request, voice: Voice) -> Report:
    """The whole job; errors come before the work wherever they can."""
    check_request(request)
    with voice.step(f"read {request.data}"):
        table = read_table(request.data)
    request = with_columns(request, table)
    proposal = propose_family(request, table) if request.family == "auto" else None
    family = chosen_family(request, proposal.family if proposal else request.family)
    family, target = target_for(request, table, family)
    split = choose_split(request, table, target)
    response = read_response(request, table, target)
    features = table.without(not_features(request))
    judgement: Judgement | None = None
    family_notes: list[str] = []
    said: list[str] = []
    with one_blas_thread():
        if split is not None:
            judgement, tried, said = _judge(request, voice, family, features, response, split)
            family, family_notes = tried.family, tried.notes
        with voice.step(f"encode and fit on all {count(table.rows, 'row')}"):
            encoder = encoder_for(request.predictor, request.numeric, request.min_rows)
            matrix = encoder.fit(features).transform(features).matrix
            trained = train(request, family, matrix, response, encoder)
    about = {
        "data": request.data.name,
        "rows": table.rows,
        "judgement": None if judgement is None else judgement.to_dict(),
        "held_out": None if split is None else split.words,
    }
    ignored = tuple(not_features(request))
    model = TableModel(
        trained.estimator,
        encoder,
        request.targets,
        request.offset,
        request.exposure,
        request.trials,
        ignored,
        about,
    )
    replaced = request.folder.exists()
    with voice.step(f"save {request.folder}"):
        model.save(request.folder)
    return Report(
        request,
        table.rows,
        trained.family,
        proposal,
        target,
        encoder,
        model,
        split,
        judgement,
        notes=[
            *table.notes,
            *role_notes(request),
            *target_notes(target),
            *row_numbers(features.columns.values()),
            *encoder.notes,
        ],
        family_notes=list(dict.fromkeys([*family_notes, *trained.notes])),
        warnings=[*said, *trained.warnings],
        replaced=replaced,
        status=trained.status,
    )


def _judge(
    request: Request, voice: Voice, family: Any, features: Table, response: Response, split: Split
) -> tuple[Judgement, Trained, list[str]]:
    """Fit on the training rows alone, encoder included, and judge on the others."""
    from likely.fitting import ConvergenceWarning
    from likely.predictors.constant import Constant

    training, test = response.take(split.train), response.take(split.test)
    with voice.step(f"encode and fit on {count(len(split.train), 'row')}"), library_errors():
        part = features.take(split.train)
        encoder = encoder_for(request.predictor, request.numeric, request.min_rows)
        matrix = encoder.fit(part).transform(part).matrix
        model = train(request, family, matrix, training, encoder)
        # The family as proposed: where the model could do with a simpler one, the baseline may not.
        with warnings.catch_warnings():
            # A baseline at the edge of a domain is none the worse for it.
            warnings.simplefilter("ignore", ConvergenceWarning)
            baseline = Constant(family).fit(
                as_design(matrix[:, :0]),
                training.y,
                sample_weight=training.weight,
                **training.given,
            )
    with voice.step(f"judge on {count(len(split.test), 'row')}"), library_errors():
        held = encoder.transform(features.take(split.test), unseen="nearest")
        found = judge(
            (model.estimator, as_design(held.matrix)),
            (baseline, as_design(held.matrix[:, :0])),
            test.y,
            test.weight,
            test.given,
            split.groups,
            family.specification.name,
            model.status,
        )
    said = [f"held-out fit: {warning}" for warning in model.warnings]
    said += [f"held-out rows: {note}" for note in held.notes]
    return found, model, said
