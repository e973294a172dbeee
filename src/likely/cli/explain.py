"""``likely explain``: the derivation of a family's loss."""

from __future__ import annotations

from collections.abc import Iterable

from likely.cli.errors import library_errors
from likely.cli.family_text import parse_family


def run(family: str, links: Iterable[str], *, latex: bool) -> None:
    """Print the derivation as text or LaTeX."""
    found = parse_family(family, links)
    with library_errors():
        explanation = found.explain()
        text = explanation.latex if latex else str(explanation)
    print(text)
