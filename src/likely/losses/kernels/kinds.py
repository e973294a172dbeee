"""Rows of two kinds in kernels: those that a flag marks are listed and copied together, computed, and copied back.

What is computed of rows that were taken apart has ``_kept`` at the end of the names of its arrays, and ``_part``
otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from likely.losses.kernels.statements import indented

#: Rows at a time, and of these how many a sum takes together: with fewer, LLVM would write their loops out.
ROWS, TOGETHER = 4096, 16
#: From one buffer to the next: a power of 2 would take all to the same few places of a core's cache.
APART = ROWS + 8


def buffers(arrays: int) -> list[str]:
    """The lines that make the buffers for rows of so many arrays, inputs and outputs."""
    rows = f"np.empty({ROWS}, np.uint32)"
    return [
        f"flags = np.empty({ROWS}, np.uint8)",
        f"active_rows, other_rows = {rows}, {rows}",
        f"packed = np.empty(({arrays}, {APART}))",
    ]


def listed(*, others: bool) -> list[str]:
    """The lines that count the ``active`` rows with flags, and list them and the ``others`` where both are ``mixed``.

    Rows of one kind stay where they are. The last block may not be full: its rows are listed in any case, so that loops
    are vectors throughout.
    """
    listing = ["other_rows[i - active] = i"] if others else []
    return [
        *counted("int64(flags[i])"),
        "others = size - active",
        f"mixed = (active % size > 0) | (size % {TOGETHER} > 0)",
        "if mixed:",
        *indented(counted("int64(flags[i])", [*listing, "active_rows[active] = i"]), 1),
        *indented(filled("active_rows"), 1),
    ]


def of_kind(
    number: str, order: str, lines: Sequence[str], inputs: Sequence[str], outputs: Sequence[str]
) -> list[str]:
    """The lines for so many rows of one kind, which ``order`` lists."""
    names = [*inputs, *outputs]
    pack = [f"{name}_kept[i] = {name}_part[{order}[i]]" for name in inputs]
    unpack = [f"{out}_part[{order}[i]] = {out}_kept[i]" for out in outputs]
    kept = [
        f"size = {number}",
        "if mixed:",
        *indented([f"{name}_kept = packed[{k}]" for k, name in enumerate(names)], 1),
        *indented(["for i in range(size):", *indented(pack, 1)], 1),
        "else:",
        *indented([f"{name}_kept = {name}_part" for name in names], 1),
        *(line.replace("_part[", "_kept[") for line in lines),
        "if mixed:",
        *indented(["for i in range(size):", *indented(unpack, 1)], 1),
    ]
    return [f"if {number} > 0:", *indented(kept, 1)]


def counted(number: str, listing: Sequence[str] = ()) -> list[str]:
    """The loop that counts ``active`` rows, of each so many, and lists them.

    A loop of its own: one that stores where its own count says is not vectorised. A plain 0 would be a type of its own,
    for which every function that takes it is compiled once more.
    """
    body = [*listing, f"active += {number}"]
    return ["active = int64(0)", "for i in range(size):", *indented(body, 1)]


def filled(order: str) -> list[str]:
    """The lines that list the last row again until the loops over ``active`` rows are vectors throughout."""
    return [
        f"full = (active + {TOGETHER - 1}) // {TOGETHER} * {TOGETHER}",
        "for i in range(active, full):",
        f"    {order}[i] = {order}[active - 1]",
        "active = full",
    ]
