"""``likely explain``: the derivation of a family's loss."""

from __future__ import annotations

from collections.abc import Iterable

from likely.cli.errors import library_errors
from likely.cli.own_family import family_of


def run(family: str, links: Iterable[str], *, latex: bool) -> None:
    """Print the derivation as text or LaTeX."""
    found = family_of(family, links)
    with library_errors():
        explanation = found.explain()
        text = explanation.latex if latex else str(explanation)
    print(text)
