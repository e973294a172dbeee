"""The command line: ``likely fit``, ``predict``, ``explain`` and ``families``."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends the process with its exit code.

    0: done. 1: something in the user's input or on the disk was wrong, one message says what. 2:
    the command was written wrongly. 130: interrupted.
    """
    from likely.cli.app import app

    app(args=None if arguments is None else list(arguments), prog_name="likely")
