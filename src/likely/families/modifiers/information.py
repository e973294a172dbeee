"""What a row tells of the parameters of a modified family, gathered from the families inside.

Where nobody saw from which part a row comes, the Fisher information is an integral without a closed form. Had it
been seen, the row would tell of each part what that family's own information says: the *complete-data* information.
Its mean given y is positive semi-definite, and on average at least as large as the Fisher information.

Source: Dempster, Laird and Rubin (1977), doi:10.1111/j.2517-6161.1977.tb01600.x; Louis (1982),
doi:10.1111/j.2517-6161.1982.tb01203.x.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from likely.families.base import Part, Specification

#: Entries of an information matrix by the names of their two coordinates.
Entries = dict[tuple[str, str], Any]


def known(inside: Specification) -> bool:
    """Whether the family inside has an information matrix, expected or complete."""
    return not {"expected_information", "complete_information"}.isdisjoint(inside.formulas)


def of_part(part: Part, share: Any, y: Sequence[Any], theta: Sequence[Any]) -> Entries:
    """The information of the family inside under its outer names, times the share of the row that is its."""
    formulas = part.specification.formulas
    if "expected_information" in formulas:
        entries = formulas["expected_information"](*theta)
    else:
        entries = formulas["complete_information"](*y, *theta)
    return {(_outer(part, a), _outer(part, b)): share * v for (a, b), v in entries.items()}


def of_choice(name: str, share: Any = 1.0) -> Entries:
    """The information of seeing an event of the probability ``name``, in a share of the rows.

    dπ²/(π(1 − π)) = −d log π · d log(1 − π)
    """
    # The two orders of a pair each count.
    return {(f"log {name}", f"log1m {name}"): -0.5 * share}


def of_odds(names: Sequence[str], weights: Sequence[Any], rests: Sequence[Any]) -> Entries:
    """The information of seeing one of several kinds, of which the first has odds 1: w_i (δ_ij − w_j).

    ``rests`` are 1 − w_i.
    """
    found: Entries = {}
    for i, name in enumerate(names, 1):
        found[f"log {name}", f"log {name}"] = weights[i] * rests[i]
        for j, other in enumerate(names[: i - 1], 1):
            found[f"log {name}", f"log {other}"] = -(weights[i] * weights[j])
    return found


def of_unseen_number(inside: Specification) -> Mapping[str, Any]:
    """The body to declare where only bounds of the family's number are seen: all that the number would tell."""
    if "expected_information" not in inside.formulas:
        return {}
    parameters = len(inside.parameters)

    def complete_information(*given):
        return inside.formulas["expected_information"](*given[-parameters:])

    return {"complete_information": complete_information}


def formulas_of(
    insides: Sequence[Specification], *, expected: Any = None, complete: Any = None
) -> Mapping[str, Any]:
    """The bodies to declare: expected where every family inside has it, else complete where each has either."""
    if expected is not None and all("expected_information" in s.formulas for s in insides):
        return {"expected_information": expected}
    if complete is not None and all(map(known, insides)):
        return {"complete_information": complete}
    return {}


def _outer(part: Part, name: str) -> str:
    """The outer name of "loc", "log scale" and the like."""
    view, space, parameter = name.rpartition(" ")
    return f"{view}{space}{part.outer(parameter)}"
