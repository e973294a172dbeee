"""What an explanation is: steps of formulas, for a terminal and as LaTeX."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

WIDTH = 98


@dataclass(frozen=True)
class Line:
    """One formula ``left = right`` in both spellings; ``why`` is said beside it."""

    left: str
    right: str
    latex_left: str
    latex_right: str
    why: str = ""
    relation: str = "="


@dataclass(frozen=True)
class Step:
    """One step of the derivation: what is done, the formulas, and what to know about it."""

    title: str
    lines: tuple[Line, ...] = ()
    note: str = ""

    @property
    def text(self) -> str:
        """The step for a terminal."""
        return "\n".join(self._rows())

    def _rows(self) -> Iterator[str]:
        from likely.report.printing.lines import wrap

        wide = max((len(line.left) for line in self.lines), default=0)
        for line in self.lines:
            head = f"{line.left:>{wide}} {line.relation:1} " if wide else ""
            rows = wrap(head + line.right, WIDTH - 4, len(head) + 2)
            if line.why and len(rows[-1]) + len(line.why) + 4 <= WIDTH - 4:
                rows[-1] = f"{rows[-1]:<36}    {line.why}"
            elif line.why:
                rows.append(f"        {line.why}")
            yield from rows
        yield from _paragraph(self.note, WIDTH - 4)

    @property
    def latex(self) -> str:
        """The step as rows of an align environment."""
        rows = [rf"&\textbf{{{_escape(self.title)}}}"]
        for line in self.lines:
            relation = _RELATIONS[line.relation]
            why = rf" && \text{{{_escape(line.why)}}}" if line.why else ""
            left = f"{line.latex_left} &{relation} " if any(k.left for k in self.lines) else "&"
            rows.append(f"{left}{line.latex_right}{why}")
        rows += [rf"&\text{{{_escape(row)}}}" for row in _paragraph(self.note, 90)]
        return " \\\\\n".join(rows)


_RELATIONS = {"": "", "=": "=", "∝": r"\propto", "~": r"\sim"}


@dataclass(frozen=True)
class Explanation:
    """The recipe for one family: print it, take ``.latex``, or walk its ``.steps``."""

    title: str
    steps: tuple[Step, ...]
    name: str
    summary: Line
    #: The expressions behind the text, for those who want to calculate with them.
    derivation: Any = field(repr=False, compare=False, default=None)

    def __str__(self) -> str:
        parts = [self.title, "=" * len(self.title), ""]
        for number, step in enumerate(self.steps, 1):
            parts.append(f"{number}. {step.title}")
            parts += [f"    {row}" for row in step.text.splitlines()]
            parts.append("")
        name = self.name[0].upper() + self.name[1:]
        last = f"{name}:  {self.summary.left} = {self.summary.right}"
        return "\n".join([*parts, last if len(last) <= WIDTH + 20 else name])

    __repr__ = __str__

    @property
    def latex(self) -> str:
        """The derivation as an ``align*`` environment (package amsmath)."""
        name = _escape(self.name[0].upper() + self.name[1:])
        last = rf"&\textbf{{{name}}} \\" + "\n"
        last += f"{self.summary.latex_left} &= {self.summary.latex_right}"
        rows = [step.latex for step in self.steps]
        return "\\begin{align*}\n" + " \\\\[1ex]\n".join([*rows, last]) + "\n\\end{align*}"

    def _repr_latex_(self) -> str:
        return self.latex


def _paragraph(text: str, width: int) -> list[str]:
    import textwrap

    return [row for part in text.splitlines() for row in textwrap.wrap(part, width)]


def _escape(text: str) -> str:
    """Text inside \\text{…}: the characters that LaTeX reads itself, and Greek as formulas."""
    from likely.report.names import GREEK

    greek = {letter: rf"$\{name}$" for name, letter in GREEK.items()}
    special = {c: f"\\{c}" for c in "#$%&_{}"} | {"\\": r"\textbackslash{}", "^": r"\^{}"}
    marks = {"φ̂": r"$\hat\varphi$", "σ²": r"$\sigma^2$", "Σᵢ": r"$\sum_i$", "ℓ": r"$\ell$",
             "∂": r"$\partial$", "−": "$-$", "→": r"$\to$", "∞": r"$\infty$", "ŷ": r"$\hat y$",
             "½": r"$\tfrac12$", "≥": r"$\ge$", "≤": r"$\le$", "ᵢ": "$_i$", "²": "$^2$",
             "ₖ": "$_k$", "ⱼ": "$_j$", "ᵧ": "$_y$", "₀": "$_0$", "₁": "$_1$", "₂": "$_2$", "₃": "$_3$",
             "ψ": r"$\psi$", "Γ": r"$\Gamma$", "Φ": r"$\Phi$", "Σ": r"$\Sigma$", "⌊": r"$\lfloor$",
             "⌋": r"$\rfloor$", "√": r"$\sqrt{\,}$", "¹": "$^1$", "³": "$^3$", "Δᴷ": r"$\Delta^K$",
             "⌈": r"$\lceil$", "⌉": r"$\rceil$", "ℝ": r"$\mathbb{R}$", "…": r"\dots{}",
             "θ̂": r"$\hat\theta$"}  # fmt: skip
    out = ""
    i = 0
    table = special | greek | marks
    while i < len(text):
        two = text[i : i + 2]
        if two in marks:
            out, i = out + marks[two], i + 2
        else:
            out, i = out + table.get(text[i], text[i]), i + 1
    return out
