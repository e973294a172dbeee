"""Where output goes: reports and JSON to stdout, progress and remarks to stderr."""

from __future__ import annotations

import json as json_module
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_PIPED_WIDTH = 110


class Voice:
    """Speaks to a person, or in JSON to a machine, or not at all."""

    def __init__(self, *, json: bool = False, quiet: bool = False) -> None:
        self.json = json
        self.quiet = quiet

    @property
    def speaks(self) -> bool:
        """Whether there is a person to report to on stdout."""
        return not (self.json or self.quiet)

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Show on stderr what is being done, and afterwards how long it took."""
        if self.quiet:
            yield
            return
        start = time.perf_counter()
        if sys.stderr.isatty():
            with console(stderr=True).status(f"{doing} …"):
                yield
        else:
            yield
        print(f"· {doing}: {time.perf_counter() - start:.2f} s", file=sys.stderr)

    def remark(self, text: str) -> None:
        """A line that must not be missed: on stderr, unless quiet."""
        if not self.quiet:
            print(f"! {text}", file=sys.stderr)

    def warn(self, text: str) -> None:
        """A line that is said even to those who asked for quiet."""
        print(f"! {text}", file=sys.stderr)

    def document(self, content: dict[str, Any]) -> None:
        """The JSON document; numbers that are not finite become null."""
        if self.json:
            print(json_module.dumps(_finite(content), ensure_ascii=False, indent=2))


def console(*, stderr: bool = False) -> Console:
    """A Rich console that adds no colours of its own and takes a pipe for a wide terminal."""
    from rich.console import Console

    file = sys.stderr if stderr else sys.stdout
    width = None if file.isatty() else _PIPED_WIDTH
    return Console(file=file, width=width, highlight=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
