"""Python's collector of cycles, at rest while graphs are made.

A formula of ten thousands of nodes, all of which stay, sets it off hundreds of times, to look at every object of the
process and to find nothing: two fifths of the time that such a formula took before it was first computed.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_rest() -> Iterator[None]:
    """A context, or a decorator, without collections; whoever stopped them starts them again."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
