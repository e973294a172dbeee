"""The loops of kernels over polynomials by patches: rows of the same patch together, which share coefficients.

Where all rows of a patch have the same t, too, as those of a family of which a shared parameter alone makes t, the
polynomials in t beside the powers of u are numbers, computed once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from likely._math.backends.primitives import LANES
from likely._math.patches import ARGUMENTS, DERIVATIVES, Order, Patches, highest, places
from likely._math.tables import COEFFICIENTS
from likely.losses.kernels.kinds import counted
from likely.losses.kernels.statements import indented

#: Bytes of an array beyond which Numba would not keep the machine code of a function that has it.
_LARGEST = 10**6
#: Rows that need nothing are counted as of so many patches in turn: to count one up again takes its time.
_SPREAD = 8


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
    every: list[str] = []
    alike: list[str] = []
    sums: dict[Order, str] = {}
    of_one_t: dict[Order, str] = {}
    for a in range(len(powers) - 1, -1, -1):
        coefficients = [f"c{a}_{b}" for b in range(powers[a])]
        every += [f"{c} = coefficients[{where[a, b]}]" for b, c in enumerate(coefficients)]
        lines, inner = _in_t(coefficients, len(beside))
        every += [*lines, *_add(sums, a, beside, inner)]
        inner = [f"of_t[{j}, {a}]" for j in range(min(len(beside), powers[a]))]
        alike += _add(of_one_t, a, beside, inner)
    # Rows that need nothing come last; NaN, of a row that is NaN, has no place.
    place = f"(place_rows[i] >= 0.0) & (place_rows[i] <= {float(count - 1)!r})"
    needed = f"{ARGUMENTS[0]}_rows[i] > 0.0"
    return [
        *counted(f"1 if {needed} else 0"),
        "if active == 0:",
        "    return",
        f"starts = np.zeros({count + _SPREAD + 1}, np.int64)",
        f"patch_of, rank = np.empty({rows}, np.uint32), np.empty({rows}, np.uint32)",
        "for i in range(size):",
        f"    known = int(place_rows[i]) if {place} else 0",
        f"    patch_of[i] = known if {needed} else {count} + i % {_SPREAD}",
        f"lowest, highest = np.uint32({count}), np.uint32(0)",
        "for i in range(size):",
        "    lowest = min(lowest, patch_of[i])",
        f"    highest = max(highest, patch_of[i] if patch_of[i] < np.uint32({count}) else np.uint32(0))",
        "used = range(int64(lowest), int64(highest) + 1)",
        "for i in range(size):",
        "    rank[i] = starts[patch_of[i] + 1]",
        "    starts[patch_of[i] + 1] += 1",
        "for patch in used:",
        "    starts[patch + 1] += starts[patch]",
        f"starts[{count}] = active",
        f"for patch in range({count}, {count + _SPREAD}):",
        "    starts[patch + 1] += starts[patch]",
        f"order = np.empty({rows}, np.uint32)",
        "for i in range(size):",
        "    order[starts[patch_of[i]] + rank[i]] = i",
        f"patches = np.empty({rows // LANES + count + 1}, np.int64)",
        f"begins = np.empty({rows // LANES + count + 1}, np.int64)",
        f"of_t = np.empty(({len(beside)}, {len(powers)}))",
        "groups = int64(0)",
        "for patch in used:",
        "    first, end = starts[patch], starts[patch + 1]",
        "    t = t_rows[order[first]] if end > first else 0.0",
        # Most often the ends tell.
        f"    apart = (end < first + {2 * LANES}) or t_rows[order[end - 1]] != t",
        "    if not apart:",
        "        equal = int64(0)",
        "        for i in range(first, end):",
        "            equal += 1 if t_rows[order[i]] == t else 0",
        "        apart = equal < end - first",
        "    if apart:",
        f"        for begin in range(first, end, {LANES}):",
        "            patches[groups], begins[groups] = patch, begin",
        "            groups += 1",
        "    else:",
        f"        coefficients = {_coefficients_of_patch(patches.name)}",
        *indented(_at_one_t(powers, len(beside)), 2),
        f"        for begin in range(first, end, {LANES}):",
        "            u = gathered(u_rows, order, begin, end)",
        *indented([*alike, *_scattered(wanted, of_one_t)], 3),
        # In one loop: in another within that over patches, all coefficients would be held at once, on the stack.
        "for group in range(groups):",
        "    patch, begin = patches[group], begins[group]",
        "    end = starts[patch + 1]",
        f"    coefficients = {_coefficients_of_patch(patches.name)}",
        *(f"    {name} = gathered({name}_rows, order, begin, end)" for name in ("u", "t")),
        *indented([*every, *_scattered(wanted, sums)], 1),
    ]


def _at_one_t(powers: Sequence[int], orders: int) -> list[str]:
    """The lines that write, for each power of u, the polynomial in t beside it and its derivatives over factorials."""
    step = [f"t{j} = t{j} * t + t{j - 1}" for j in range(orders - 1, 0, -1)]
    return [
        "stop = 0",
        f"for a in range({len(powers)}):",
        f"    count = {tuple(reversed(powers))}[a]",
        "    stop += count",
        f"    {' = '.join(f't{j}' for j in range(orders))} = 0.0",
        "    for k in range(stop - 1, stop - count - 1, -1):",
        *indented([*step, "t0 = t0 * t + coefficients[k]"], 2),
        *(f"    of_t[{j}, {len(powers) - 1} - a] = t{j}" for j in range(orders)),
    ]


def _scattered(wanted: Sequence[Order], sums: dict[Order, str]) -> list[str]:
    lines = []
    for k, (i, j) in enumerate(wanted):
        factor = float(math.factorial(i) * math.factorial(j))
        value = sums[i, j] if factor == 1.0 else f"multiply_add({sums[i, j]}, {factor!r}, 0.0)"
        lines += [f"scattered(result{k}_rows, order, begin, end, {value})"]
    return lines


def _in_t(coefficients: Sequence[str], orders: int) -> tuple[list[str], list[str]]:
    """The lines of a polynomial in t and its derivatives over factorials, and their names; each is assigned once."""
    *lower, highest_power = coefficients
    lines = []
    inner = [highest_power]
    for c in reversed(lower):
        # A derivative begins with what it first adds.
        new = [f"multiply_add({inner[0]}, t, {c})"]
        for j in range(1, min(orders, len(inner) + 1)):
            new += [
                f"multiply_add({inner[j]}, t, {inner[j - 1]})" if j < len(inner) else inner[j - 1]
            ]
        inner = [f"p{j}{c}" for j in range(len(new))]
        lines += [f"{name} = {text}" for name, text in zip(inner, new, strict=True)]
    return lines, inner


def _add(sums: dict[Order, str], a: int, beside: Sequence[int], inner: Sequence[str]) -> list[str]:
    """One step of Horner's rule in u: the sums so far, times u, and the polynomials in t that come to them.

    ``sums`` names those that are not 0 yet.
    """
    lines = []
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
