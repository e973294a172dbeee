"""A progress bar for training in rounds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def rounds_bar(
    what: str, rounds: int, show: bool | None
) -> Iterator[Callable[[int, float, int], None] | None]:
    """A bar to call with (round, loss, best round); None where ``show`` is off.

    ``show`` None means: where the error stream is a terminal.
    """
    if not (sys.stderr.isatty() if show is None else show):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=rounds, said="")

        def report(number: int, loss: float, best: int) -> None:
            progress.update(
                task, completed=number, said=f"nll {loss:.4f}, best at {best}", refresh=False
            )

        yield report
