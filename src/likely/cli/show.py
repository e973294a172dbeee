"""The report of a fit, for people and as JSON."""

from __future__ import annotations

from itertools import product
from shlex import quote
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from likely.cli.recipe_text import recipe_lines, target_words
from likely.cli.say import console
from likely.data.errors import count
from likely.predictors.summary import class_names

if TYPE_CHECKING:
    from rich.console import Console

    from likely.cli.judge import Judgement
    from likely.cli.report import Report


#: Columns of a terminal that has room for intervals beside the names of the terms.
_WIDE = 100


def show(report: Report) -> None:
    """Print the report to stdout."""
    out = console()
    request = report.request
    columns = report.encoder.column_names
    _title(out, "Data")
    _line(
        out, f"{request.data}: {count(report.rows, 'row')}; target {target_words(request.targets)}"
    )
    if report.proposal is not None:
        _line(out, f"{report.proposal.reason}")
        _line(out, f"→ {report.proposal.family} ({report.proposal.domain}); --family overrides")
        for note in report.family_notes:
            _line(out, f"{note} → {report.family.specification.name}")
    else:
        _line(out, f"family {report.family!r}, as asked")
    if request.predictor != "constant":
        for note in report.notes:
            _line(out, f"- {note}")
    _title(out, "Recipe")
    terms = 0 if request.predictor == "constant" else len(columns)
    for line in recipe_lines(
        report.family,
        target_words(request.targets),
        terms,
        report.rows,
        report.target.classes,
        request.predictor,
    ):
        _line(out, line)
    _learned(out, report)
    _held_out(out, report)
    for warning in report.warnings:
        _line(out, f"! {warning}", style="yellow")
    _title(out, "Saved")
    verb = "replaced the model in" if report.replaced else "saved to"
    _line(out, f"{verb} {request.folder}, refitted on all {count(report.rows, 'row')}")
    _line(
        out, f"next: likely predict {quote(str(request.folder))} NEW_ROWS.csv --out predictions.csv"
    )


def as_document(report: Report) -> dict[str, Any]:
    """The report as plain JSON."""
    predictor = report.model.predictor
    return {
        "data": str(report.request.data),
        "rows": report.rows,
        "target": report.request.target,
        "family": repr(report.family),
        "proposal": None
        if report.proposal is None
        else {
            "domain": report.proposal.domain,
            "reason": "; ".join([report.proposal.reason, *report.family_notes]),
        },
        "classes": list(report.target.classes) or None,
        "columns": list(report.encoder.column_names),
        "left_out": list(report.encoder.left_out),
        "notes": report.notes,
        "warnings": report.warnings,
        "status": report.status,
        "held_out": None
        if report.judgement is None or report.split is None
        else {"how": report.split.words, **report.judgement.to_dict()},
        "coefficients": _rows(report),
        "feature_importances": importances(predictor, report.encoder.column_names),
        "model": str(report.request.folder),
        "refitted_on_all_rows": True,
    }


def importances(predictor: Any, columns: tuple[str, ...]) -> dict[str, dict[str, float]] | None:
    """Raw column → column of X → share of what its trees have gained; None for what is no ensemble of trees."""
    found = getattr(predictor, "feature_importances_", None)
    if not isinstance(found, dict):
        return None
    named = class_names(predictor)
    names = [named.get(name, name) for name in predictor.loss_.column_names]
    shares = np.vstack(list(found.values()))  # a parameter may own several raw columns
    return {
        name: dict(zip(columns, row, strict=True))
        for name, row in zip(names, shares.tolist(), strict=True)
    }


def _learned(out: Console, report: Report) -> None:
    """What the predictor has learned, in the form that suits it."""
    predictor = report.model.predictor
    if hasattr(predictor, "summary"):
        _title(out, f"Coefficients (fit on all {count(report.rows, 'row')})")
        _coefficients(out, report)
        return
    shares = importances(predictor, report.encoder.column_names)
    if shares is None:
        return
    _title(out, f"Trees (grown on all {count(report.rows, 'row')})")
    _line(
        out, f"{predictor.best_iteration_:,} rounds; what each parameter's trees gained by column:"
    )
    for parameter, gains in shares.items():
        top = sorted(gains.items(), key=lambda item: -item[1])[:_MOST]
        most = max(gains.values(), default=0.0)
        _line(out, f"{parameter}" + ("" if most else ": the same for all rows"))
        for name, share in top:
            if share > 0.0:
                bar = "█" * max(1, round(24 * share / most))
                _line(out, f"  {name:24.24s} {100 * share:5.1f} %  {bar}")
    for value in shared_values(predictor):
        _line(out, value)


#: Columns shown for each parameter.
_MOST = 10


_FIELDS = ("parameter", "term", "estimate", "std_error", "z", "p", "low", "high")


def _rows(report: Report) -> list[dict[str, Any]] | None:
    predictor = report.model.predictor
    if not hasattr(predictor, "summary"):
        return None
    named = parameter_names(predictor, report.request.targets)
    return [_row(row, named) for row in predictor.summary().rows]


def _row(row: Any, named: dict[str, str]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _FIELDS}
    return {**values, "parameter": named.get(row.parameter, row.parameter)}


def _coefficients(out: Console, report: Report) -> None:
    from rich.table import Table
    from rich.text import Text

    predictor = report.model.predictor
    summary = predictor.summary()
    table = Table(box=None, pad_edge=False, header_style="bold")
    percent = f"{100 * summary.level:g} %"
    table.add_column("parameter", no_wrap=True)
    table.add_column("term", overflow="fold")
    # A narrow terminal would fold the names of the terms to make room for the intervals.
    narrow = out.width < _WIDE
    figures = ["estimate", "std. error", "z", "p", *([] if narrow else [f"{percent} from", "to"])]
    for name in figures:
        table.add_column(name, justify="right", no_wrap=True)
    before = None
    named = parameter_names(predictor, report.request.targets)
    for row in summary.rows:
        parameter = named.get(row.parameter, row.parameter)
        table.add_row(
            Text(parameter if row.parameter != before else ""),
            Text(row.term),  # a plain string would be read as markup, and hr[17] has brackets
            _number(row.estimate),
            _number(row.std_error, 3),
            "–" if row.z != row.z else f"{row.z:.2f}",
            _p(row.p),
            *([] if narrow else [_number(row.low), _number(row.high)]),
        )
        before = row.parameter
    out.print(table)
    if narrow:
        _line(out, f"intervals are shown from {_WIDE} columns of the terminal on, and in --json")
    on_eta = "estimates are on the scale of η (see the recipe)"
    if getattr(predictor.loss_, "shift_invariant", False):
        ranked = predictor.family_.specification.support.name == "rankings"
        on_eta += f"; they sum to zero over the {'items' if ranked else 'classes'}"
    _line(out, on_eta)
    for value in shared_values(predictor):
        _line(out, value)
    for fact in summary.facts:
        if fact != predictor.result_.message:  # it comes with the warnings
            _line(out, fact)


def parameter_names(predictor: Any, targets: tuple[str, ...]) -> dict[str, str]:
    """``loc[0]`` → ``loc[u]`` of vectors, ``worth[0]`` → ``worth[tea]`` of rankings; nothing for other families."""
    support = predictor.family_.specification.support.name
    if support == "rankings":
        return {f"worth[{i}]": f"worth[{item}]" for i, item in enumerate(targets)}
    if support != "vectors":
        return {}
    named = {f"loc[{i}]": f"loc[{a}]" for i, a in enumerate(targets)}
    pairs = product(enumerate(targets), repeat=2)
    return named | {f"covariance[{i},{j}]": f"covariance[{a},{b}]" for (i, a), (j, b) in pairs}


def shared_values(predictor: Any) -> list[str]:
    """What each parameter is that all rows share, on its own scale."""
    if predictor.loss_.specification.vector is not None:
        return []  # the table tells them on their own scale
    names = [slot.parameter for slot in predictor.loss_.slots if slot.role == "shared"]
    if not names:
        return []
    given = {"offset": 0.0} if predictor._has_offset else {}
    values = predictor.predict_params(np.zeros((1, predictor.n_features_in_)), **given)
    return [f"{name} = {float(values[name][0]):.4g} for all rows" for name in names]


def _held_out(out: Console, report: Report) -> None:
    if report.judgement is None or report.split is None:
        _title(out, "Held-out judgement")
        _line(
            out, "none were held out (--test-fraction 0): nothing is known of how good the model is"
        )
        return
    found: Judgement = report.judgement
    trained = len(report.split.train)
    _title(
        out, f"Held-out judgement ({count(found.rows, 'row')}, by a fit on the other {trained:,})"
    )
    _line(out, f"{report.split.words}; the saved model is refitted on all rows")
    same = report.request.predictor == "constant"
    name = report.request.predictor.capitalize()
    other = found.baseline_family != report.family.specification.name
    of = f" ({found.baseline_family})" if other else ""
    against = "" if same else f", Constant baseline{of} {found.baseline_nll:.4f}"
    _line(out, f"mean NLL    {name} {found.nll:.4f} nats{against}")
    if not same:
        _line(out, f"difference  {_difference(found)}")
    if found.coverage is not None:
        shares = found.coverage.items()
        parts = [f"{100 * share:.1f} % in the {level} % interval" for level, share in shares]
        _line(out, f"coverage    {', '.join(parts)}")
        if report.family.specification.support.integer:
            _line(
                out,
                "            (intervals of whole numbers are made to hold at least their level)",
            )
    if found.accuracy is not None and found.baseline_accuracy is not None:
        hits, base = 100 * found.accuracy, 100 * found.baseline_accuracy
        _line(out, f"accuracy    {hits:.2f} %, baseline {base:.2f} %")
        _line(out, f"log-loss    {found.nll:.4f} (for classes, the mean NLL is the log-loss)")


def _difference(found: Judgement) -> str:
    """The gain over the baseline with its standard error and a verdict, where there are such."""
    if found.status in ("unbounded", "max_iter"):
        return (
            f"{found.gain:+.4f} nats a row; no verdict, because the fit has no maximum (see below)"
        )
    if found.gain_standard_error != found.gain_standard_error:
        return (
            f"{found.gain:+.4f} nats a row; no verdict, because so few rows have no standard error"
        )
    return (
        f"{found.gain:+.4f} ± {found.gain_standard_error:.4f} nats a row "
        f"({_verdict(found)}; ± is one standard error)"
    )


def _verdict(found: Judgement) -> str:
    if found.gain > 2 * found.gain_standard_error:
        return "better than the baseline"
    if found.gain < -2 * found.gain_standard_error:
        return "worse than the baseline"
    return "no clear difference from the baseline"


def _title(out: Console, text: str) -> None:
    out.print()
    out.print(text, style="bold", markup=False)


def _line(out: Console, text: str, style: str | None = None) -> None:
    """A line without markup, wrapped at words on a terminal and not at all in a file."""
    lines = [f"  {text}"]
    if out.is_terminal:
        lines = wrap(text, out.width, initial_indent="  ", subsequent_indent="      ")
    for line in lines:
        out.print(line, style=style, markup=False, soft_wrap=True)


def _number(value: float, digits: int = 4) -> str:
    return "–" if value != value else f"{value:.{digits}g}"


def _p(value: float) -> str:
    if value != value:
        return "–"
    return "<1e-16" if value < 1e-16 else f"{value:.2g}"
