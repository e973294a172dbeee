"""``likely families``: the families by output domain."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from likely.cli.errors import library_errors
from likely.cli.say import Voice, console
from likely.compositions import COMPOSITIONS
from likely.families.base import Specification
from likely.families.registry import modules, specification
from likely.links import default_link, links_for
from likely.trials import TRIALS

_BARS = "▁▂▃▄▅▆▇█"
#: How many of them a sketch has.
_PLACES = 16

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

    out = console()
    out.print("Each family with a sketch of its density, its parameters (role, link), and its use:")
    told = {
        row["name"]: [f"{p['name']} ({p['role']}, {p['link']})" for p in row["parameters"]]
        for row in rows
    }
    widths = max(map(len, told)), max(len(line) for lines in told.values() for line in lines)
    for words, members in groupby(rows, key=lambda row: row["y"]):
        alike = list(members)
        supports = " or ".join(dict.fromkeys(row["support"] for row in alike))
        out.print(f"\n{words[0].upper()}{words[1:]}: {supports}", style="bold")
        table = Table(box=None, pad_edge=False, show_header=False)
        for width in widths:
            table.add_column(width=width, no_wrap=True)
        table.add_column(overflow="fold")
        for row in alike:
            name = row["name"]
            table.add_row(f"{name}\n{_sketch(name)}".rstrip(), "\n".join(told[name]), row["use"])
        out.print(table)
    links: dict[str, list[str]] = {}
    for row in rows:
        for one in row["parameters"]:
            if links.setdefault(one["domain"], one["links"]) != one["links"]:
                links[f"{one['name']} of {row['name']}"] = one["links"]
    out.print("\nLinks by parameter domain, the default first:")
    width = max(map(len, links))
    for domain, names in links.items():
        out.print(f"  {domain:{width}}  {', '.join(names)}")
    out.print("\nlikely explain FAMILY derives the loss; roles and links: --link scale=shared")


def _sketch(name: str) -> str:
    """The shape of a family's density in a line of bars; nothing where y is not one number."""
    from likely.report.typical import heights

    with library_errors():
        found = heights(name, _PLACES)
    if found is None:
        return ""
    share = found / found.max()
    return "".join(_BARS[min(int(len(_BARS) * x), len(_BARS) - 1)] for x in share)
