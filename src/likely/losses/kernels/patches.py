"""The loops of kernels over polynomials by patches: rows of the same patch together, which share coefficients."""

from __future__ import annotations

import math
from collections.abc import Sequence

from likely._math.backends.primitives import LANES
from likely._math.patches import ARGUMENTS, DERIVATIVES, Order, Patches, highest, places
from likely._math.tables import COEFFICIENTS
from likely.losses.kernels.statements import indented

#: Bytes of an array beyond which Numba would not keep the machine code of a function that has it.
_LARGEST = 10**6


def table_parts(name: str) -> list[tuple[str, int, int]]:
    """The arrays of a table as a kernel has them: names, first patches, and ends."""
    table = COEFFICIENTS[name]()
    rows = _LARGEST // table[0].nbytes
    if len(table) <= rows:
        return [(name, 0, len(table))]
    firsts = range(0, len(table), rows)
    return [(f"{name}_{k}", i, min(i + rows, len(table))) for k, i in enumerate(firsts)]


def _coefficients_of_patch(name: str) -> str:
    *others, last = (
        (f"{part}[patch - {first}]" if first else f"{part}[patch]", end)
        for part, first, end in table_parts(name)
    )
    text = last[0]
    for row, end in reversed(others):
        text = f"{row} if patch < {end} else {text}"
    return text


def patch_function(function: str, names: Sequence[str], rows: int, used: set[str]) -> str:
    """A function that writes derivatives over the same patches, of ``size`` rows, ``rows`` at most."""
    several = [DERIVATIVES[name] for name in names]
    patches, wanted = several[0].patches, [one.order for one in several]
    used |= {patches.name, "int64", "gathered", "scattered", "multiply_add"}
    arrays = [f"{name}_rows" for name in (*ARGUMENTS, *(f"result{k}" for k in range(len(names))))]
    head = f"def {function}({', '.join(arrays)}, size):"
    lines = ["aligned_frame()", *_lines(patches, wanted, rows)]
    return "\n".join([head, *indented(lines, 1)]) + "\n"


def _lines(patches: Patches, wanted: Sequence[Order], rows: int) -> list[str]:
    count, powers = len(COEFFICIENTS[patches.name]()), patches.powers
    beside, where = highest(wanted), places(powers)
    group = [f"{name} = gathered({name}_rows, order, begin, end)" for name in ("u", "t")]
    sums: dict[Order, str] = {}
    for a in range(len(powers) - 1, -1, -1):
        group += [f"c{a}_{b} = coefficients[{where[a, b]}]" for b in range(powers[a])]
        group += _add(sums, a, beside, [f"c{a}_{b}" for b in range(powers[a])])
    for k, (i, j) in enumerate(wanted):
        factor = float(math.factorial(i) * math.factorial(j))
        value = sums[i, j] if factor == 1.0 else f"multiply_add({sums[i, j]}, {factor!r}, 0.0)"
        group += [f"scattered(result{k}_rows, order, begin, end, {value})"]
    # Rows that need nothing come last; NaN, of a row that is NaN, has no place.
    place = f"(place_rows[i] >= 0.0) & (place_rows[i] <= {float(count - 1)!r})"
    needed = f"{ARGUMENTS[0]}_rows[i] > 0.0"
    return [
        f"starts = np.zeros({count + 2}, np.int64)",
        f"patch_of, rank = np.empty({rows}, np.uint32), np.empty({rows}, np.uint32)",
        "for i in range(size):",
        f"    known = int(place_rows[i]) if {place} else 0",
        f"    patch_of[i] = known if {needed} else {count}",
        "for i in range(size):",
        "    rank[i] = starts[patch_of[i] + 1]",
        "    starts[patch_of[i] + 1] += 1",
        f"for patch in range({count}):",
        "    starts[patch + 1] += starts[patch]",
        f"order = np.empty({rows}, np.uint32)",
        "for i in range(size):",
        "    order[starts[patch_of[i]] + rank[i]] = i",
        # In one loop: in another within that over patches, all coefficients would be held at once, on the stack.
        f"patches = np.empty({rows // LANES + count + 1}, np.int64)",
        f"begins = np.empty({rows // LANES + count + 1}, np.int64)",
        "groups = int64(0)",
        f"for patch in range({count}):",
        f"    for begin in range(starts[patch], starts[patch + 1], {LANES}):",
        "        patches[groups], begins[groups] = patch, begin",
        "        groups += 1",
        "for group in range(groups):",
        "    patch, begin = patches[group], begins[group]",
        "    end = starts[patch + 1]",
        f"    coefficients = {_coefficients_of_patch(patches.name)}",
        *indented(group, 1),
    ]


def _add(
    sums: dict[Order, str], a: int, beside: Sequence[int], coefficients: Sequence[str]
) -> list[str]:
    """One step of Horner's rule in u: the sums so far, times u, and the polynomials in t that come to them.

    ``sums`` names those that are not 0 yet; every name is assigned once.
    """
    *lower, highest_power = coefficients
    lines = []
    inner = [highest_power]
    for c in reversed(lower):
        # A derivative begins with what it first adds.
        new = [f"multiply_add({inner[0]}, t, {c})"]
        for j in range(1, min(len(beside), len(inner) + 1)):
            new += [
                f"multiply_add({inner[j]}, t, {inner[j - 1]})" if j < len(inner) else inner[j - 1]
            ]
        inner = [f"p{j}{c}" for j in range(len(new))]
        lines += [f"{name} = {text}" for name, text in zip(inner, new, strict=True)]
    for j, most in enumerate(beside):
        for i in range(most, -1, -1):
            added = sums.get((i - 1, j)) if i else (inner[j] if j < len(inner) else None)
            if (i, j) in sums:
                lines += [f"sum_{i}{j}_{a} = multiply_add({sums[i, j]}, u, {added or '0.0'})"]
            elif added:
                lines += [f"sum_{i}{j}_{a} = {added}"]
            else:
                continue
            sums[i, j] = f"sum_{i}{j}_{a}"
    return lines
