"""``likely families``: the families by output domain."""

from __future__ import annotations

from typing import Any

from likely.cli.say import Voice, console
from likely.compositions import COMPOSITIONS
from likely.families.base import Specification
from likely.families.registry import modules, specification
from likely.links import default_link, links_for
from likely.trials import TRIALS

_ORDER = ("real", "positive", "nonnegative", "unit_interval", "compositions", "circular", "binary",
          "classes", "ordered_classes", "counts", "positive_counts", "successes_of_trials", "tallies", "vectors",
          "rankings")  # fmt: skip
_WORDS = {
    "real": "real numbers",
    "positive": "positive amounts",
    "nonnegative": "amounts ≥ 0",
    "unit_interval": "proportions",
    "compositions": "shares of a whole",
    "circular": "directions, in radians",
    "binary": "yes or no",
    "classes": "one of K classes",
    "ordered_classes": "one of K classes in order",
    "counts": "counts",
    "positive_counts": "counts from 1",
    "successes_of_trials": "successes among known trials",
    "tallies": "counts of several kinds",
    "vectors": "several real numbers",
    "rankings": "rankings",
}


def run(*, json: bool) -> None:
    """Print the table, or its rows as JSON."""
    rows = family_rows()
    voice = Voice(json=json)
    voice.document({"families": rows})
    if voice.speaks:
        _show(rows)


def specifications() -> dict[str, Specification]:
    """The specification of every family by name; families of compositions are shown with three parts."""
    found = {spec.name: spec for spec in map(specification, modules())}
    found |= {name: family().specification for name, family in TRIALS.items()}
    return found | {name: family(3).specification for name, family in COMPOSITIONS.items()}


def family_rows() -> list[dict[str, Any]]:
    """What each family says about itself."""
    rows = []
    for family, spec in specifications().items():
        rows.append(
            {
                "name": family,
                "y": _WORDS.get(spec.support.name, spec.support.words),
                "support": spec.support.symbol,
                "use": first_sentence(spec.doc),
                "parameters": [
                    {
                        "name": name,
                        "domain": parameter.domain.symbol,
                        "role": parameter.role,
                        "link": default_link(parameter.domain).name,
                        "links": [link.name for link in links_for(parameter.domain)],
                    }
                    for name, parameter in spec.parameters.items()
                ],
            }
        )
    known = {_WORDS[name]: i for i, name in enumerate(_ORDER)}
    return sorted(rows, key=lambda row: (known.get(row["y"], len(known)), row["name"]))


def first_sentence(doc: str) -> str:
    """What a family is for, as its docstring opens."""
    return doc.strip().split("\n\n")[0].replace("\n", " ").strip()


def _show(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("y", "family", "support", "parameters (role, link)", "when to use it"):
        table.add_column(name, overflow="fold", no_wrap=name in ("family", "support"))
    before = None
    for row in rows:
        parameters = "\n".join(f"{p['name']} ({p['role']}, {p['link']})" for p in row["parameters"])
        y = row["y"] if row["y"] != before else ""
        table.add_row(y, row["name"], row["support"], parameters, row["use"], end_section=True)
        before = row["y"]
    out = console()
    out.print(table)
    links = {p["domain"]: p["links"] for row in rows for p in row["parameters"]}
    out.print("\nLinks by parameter domain, the default first:")
    width = max(map(len, links))
    for domain, names in links.items():
        out.print(f"  {domain:{width}}  {', '.join(names)}")
    out.print("\nlikely explain FAMILY derives the loss; roles and links: --link scale=shared")
