"""``likely explain``: the derivation of a family's loss."""

from __future__ import annotations

from collections.abc import Iterable

from likely.cli.family_text import parse_family


def run(family: str, links: Iterable[str], *, latex: bool) -> None:
    """Print the derivation as text or LaTeX."""
    explanation = parse_family(family, links).explain()
    print(explanation.latex if latex else explanation)
