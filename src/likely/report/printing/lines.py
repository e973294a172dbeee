"""Long formulas broken into lines."""

from __future__ import annotations


def wrap(formula: str, width: int, indent: int = 4) -> list[str]:
    """A long line broken before a + or − that is nested as little as possible."""
    lines: list[str] = []
    indent = min(indent, width // 3)
    while len(formula) > width:
        cut = _last_break(formula, width)
        if cut <= 0:
            break
        lines.append(formula[:cut].rstrip())
        formula = " " * indent + formula[cut:].lstrip()
    return [*lines, formula]


def _last_break(formula: str, width: int) -> int:
    """The last break that fits, at the shallowest depth that has one past the first third."""
    depth, best = 0, {}
    start = len(formula) - len(formula.lstrip()) + 8
    for i, ch in enumerate(formula[: width + 1]):
        depth += ch in "([{"
        depth -= ch in ")]}"
        if i > start and formula[i : i + 3] in (" + ", " − ", " = ", " · "):
            best[depth] = i
    late = {d: i for d, i in best.items() if i > width // 3} or best
    return late[min(late)] if late else 0
