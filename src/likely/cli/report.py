"""What a fit at the command line has found, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from likely.cli.judge import Judgement
from likely.cli.model import TableModel
from likely.cli.request import Request
from likely.cli.split import Split
from likely.data.encoder import TableEncoder
from likely.data.target import Proposal, Target


@dataclass
class Report:
    """Everything that a fit has to say."""

    request: Request
    rows: int
    family: Any
    proposal: Proposal | None
    target: Target
    encoder: TableEncoder
    model: TableModel
    split: Split | None = None
    judgement: Judgement | None = None
    notes: list[str] = field(default_factory=list)
    family_notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    replaced: bool = False
    status: str | None = None
