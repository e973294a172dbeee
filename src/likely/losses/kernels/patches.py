"""The loops of kernels over polynomials by patches: rows of the same patch together, which share coefficients."""

from __future__ import annotations

import math
from collections.abc import Sequence

from likely._math.patches import ARGUMENTS, DERIVATIVES, Order, highest
from likely._math.tables import COEFFICIENTS
from likely.losses.kernels.statements import indented

#: Rows at a time: with fewer, LLVM writes a short loop out before it would vectorise it.
_LANES = 16


def patch_function(function: str, names: Sequence[str], rows: int, used: set[str]) -> str:
    """A function that writes derivatives over the same patches, of ``size`` rows, ``rows`` at most."""
    several = [DERIVATIVES[name] for name in names]
    coefficients, wanted = several[0].patches.name, [one.order for one in several]
    used |= {coefficients, "int64"}
    arrays = [f"{name}_rows" for name in (*ARGUMENTS, *(f"result{k}" for k in range(len(names))))]
    head = f"def {function}({', '.join(arrays)}, size):"
    lines = _lines(coefficients, wanted, rows)
    return "\n".join([head, *indented(lines, 1)]) + "\n"


def _lines(coefficients: str, wanted: Sequence[Order], rows: int) -> list[str]:
    count, powers_t, powers_u = COEFFICIENTS[coefficients]().shape
    beside = highest(wanted)
    # Of each order in t, and of each in u beside it, a row of lanes; u and t are the first two.
    names = [f"sum_{i}{j}" for j, most in enumerate(beside) for i in range(most + 1)]
    lane = {name: f"lanes[{_LANES * k} + i]" for k, name in enumerate(["u", "t", *names])}
    inner = [f"u = {lane['u']}", f"t = {lane['t']}"]
    inner_sums = [f"c{powers_t - 1}"]
    for b in range(powers_t - 2, -1, -1):
        # A derivative begins with what it first adds; every name is assigned once.
        new = [f"p0_{b} = {inner_sums[0]} * t + c{b}"]
        for j in range(1, min(len(beside), powers_t - b)):
            started = j < len(inner_sums)
            text = f"{inner_sums[j]} * t + {inner_sums[j - 1]}" if started else inner_sums[j - 1]
            new += [f"p{j}_{b} = {text}"]
        inner += new
        inner_sums = [f"p{j}_{b}" for j in range(len(new))]
    for j, most in enumerate(beside):
        inner += [
            f"{lane[f'sum_{i}{j}']} = {lane[f'sum_{i}{j}']} * u + {lane[f'sum_{i - 1}{j}']}"
            for i in range(most, 0, -1)
        ]
        inner += [f"{lane[f'sum_0{j}']} = {lane[f'sum_0{j}']} * u + {inner_sums[j]}"]
    read = ["row = order[min(begin + i, end - 1)]"]
    read += [f"{lane[name]} = {name}_rows[row]" for name in ("u", "t")]
    read += [f"{lane[name]} = 0.0" for name in names]
    write = ["row = order[min(begin + i, end - 1)]"]
    for k, (i, j) in enumerate(wanted):
        factor = float(math.factorial(i) * math.factorial(j))
        times = "" if factor == 1.0 else f"{factor!r} * "
        write += [f"result{k}_rows[row] = {times}{lane[f'sum_{i}{j}']}"]
    group = [f"for i in range({_LANES}):", *indented(read, 1)]
    group += [f"for k in range({powers_u - 1}, -1, -1):"]
    group += [f"    c{b} = {coefficients}[patch, {b}, k]" for b in range(powers_t)]
    group += [f"    for i in range({_LANES}):", *indented(inner, 2)]
    group += [f"for i in range({_LANES}):", *indented(write, 1)]
    # Rows that need nothing come last; NaN, of a row that is NaN, has no place.
    place = f"(place_rows[i] >= 0.0) & (place_rows[i] <= {float(count - 1)!r})"
    needed = f"{ARGUMENTS[0]}_rows[i] > 0.0"
    return [
        f"ends = np.zeros({count + 2}, np.int64)",
        f"patch_of = np.empty({rows}, np.int64)",
        "for i in range(size):",
        f"    known = int(place_rows[i]) if {place} else 0",
        f"    patch_of[i] = known if {needed} else {count}",
        "for i in range(size):",
        "    ends[patch_of[i] + 1] += 1",
        f"for patch in range({count}):",
        "    ends[patch + 1] += ends[patch]",
        f"order = np.empty({rows}, np.int64)",
        "for i in range(size):",
        "    order[ends[patch_of[i]]] = i",
        "    ends[patch_of[i]] += 1",
        f"lanes = np.empty({_LANES * len(lane)})",
        "start = int64(0)",
        f"for patch in range({count}):",
        "    end = ends[patch]",
        f"    for begin in range(start, end, {_LANES}):",
        *indented(group, 2),
        "    start = end",
    ]
