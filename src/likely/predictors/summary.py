"""The coefficient table of a fit, as rows and as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Summary:
    """Estimates with their uncertainty, and what the fit says about itself.

    ``rows`` hold parameter, term, estimate, std_error, z, p, low, high; ``str`` prints the table.
    """

    title: str
    rows: tuple[Any, ...]
    level: float
    covariance: str
    facts: tuple[str, ...]

    def __str__(self) -> str:
        names = [(row.parameter, row.term) for row in self.rows]
        wide = max((len(p) for p, _ in names), default=9)
        wider = max((len(t) for _, t in names), default=4)
        wide, wider = max(wide, 9), max(wider, 4)
        percent = f"{100 * self.level:g} %"
        head = (
            f"{'parameter':{wide}}  {'term':{wider}}  {'estimate':>11}  {'std.err.':>10}  "
            f"{'z':>8}  {'p':>8}  {percent + ' interval':>24}"
        )
        lines = [self.title, "", head, "─" * len(head)]
        for row in self.rows:
            lines.append(
                f"{row.parameter:{wide}}  {row.term:{wider}}  {row.estimate:>11.5g}  "
                f"{_cell(row.std_error, '10.4g')}  {_cell(row.z, '8.2f')}  {_p(row.p)}  "
                f"{_cell(row.low, '11.5g')}, {_cell(row.high, '11.5g')}"
            )
        return "\n".join([*lines, "", *self.facts])

    def __repr__(self) -> str:
        return str(self)


def class_names(estimator: Any) -> dict[str, str]:
    """``probs[0]`` → ``probs[red]`` for a family over classes; nothing for others."""
    if estimator.family_.specification.support.name != "classes":
        return {}
    return {f"probs[{k}]": f"probs[{label}]" for k, label in enumerate(estimator.classes_)}


def _cell(value: float, form: str) -> str:
    if value != value:
        return "–".rjust(int(form.split(".")[0]))
    return format(value, ">" + form)


def _p(value: float) -> str:
    if value != value:
        return "–".rjust(8)
    return "  <1e-16" if value < 1e-16 else f"{value:>8.2g}"
