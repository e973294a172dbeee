"""The loops of kernels over polynomials by patches: rows of the same patch together, which share coefficients."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from likely._math.patches import ARGUMENTS, DERIVATIVES, Order, Patches, highest, places
from likely._math.tables import COEFFICIENTS
from likely.losses.kernels.statements import indented

#: Rows at a time at most, and of these those that are a vector: the last rows of a patch fill one.
_LANES, _VECTOR = 64, 8
#: Of a portion of a patch, at most: with fewer, as with fewer rows.
_COEFFICIENTS = 60


def patch_function(function: str, names: Sequence[str], rows: int, used: set[str]) -> str:
    """A function that writes derivatives over the same patches, of ``size`` rows, ``rows`` at most."""
    several = [DERIVATIVES[name] for name in names]
    patches, wanted = several[0].patches, [one.order for one in several]
    used |= {patches.name, "int64"}
    arrays = [f"{name}_rows" for name in (*ARGUMENTS, *(f"result{k}" for k in range(len(names))))]
    head = f"def {function}({', '.join(arrays)}, size):"
    lines = ["aligned_frame()", *_lines(patches, wanted, rows)]
    return "\n".join([head, *indented(lines, 1)]) + "\n"


def _lines(patches: Patches, wanted: Sequence[Order], rows: int) -> list[str]:
    count, powers = len(COEFFICIENTS[patches.name]()), patches.powers
    beside, where = highest(wanted), places(powers)
    # Of each order in t, and of each in u beside it, a row of lanes; u and t are the first two.
    names = [f"sum_{i}{j}" for j, most in enumerate(beside) for i in range(most + 1)]
    lane = {name: f"lanes[{_LANES * k} + i]" for k, name in enumerate(["u", "t", *names])}
    read = ["row = order[min(begin + i, end - 1)]"]
    read += [f"{lane[name]} = {name}_rows[row]" for name in ("u", "t")]
    read += [f"{lane[name]} = 0.0" for name in names]
    write = ["row = order[min(begin + i, end - 1)]"]
    for k, (i, j) in enumerate(wanted):
        factor = float(math.factorial(i) * math.factorial(j))
        times = "" if factor == 1.0 else f"{factor!r} * "
        write += [f"result{k}_rows[row] = {times}{lane[f'sum_{i}{j}']}"]
    group = ["for i in range(width):", *indented(read, 1)]
    for together in _portions(powers):
        for a in together:
            group += [f"c{a}_{b} = {patches.name}[patch, {where[a, b]}]" for b in range(powers[a])]
        group += ["for i in range(width):", f"    u = {lane['u']}", f"    t = {lane['t']}"]
        for a in together:
            group += indented(_add(lane, beside, [f"c{a}_{b}" for b in range(powers[a])]), 1)
    group += ["for i in range(width):", *indented(write, 1)]
    # Rows that need nothing come last; NaN, of a row that is NaN, has no place.
    place = f"(place_rows[i] >= 0.0) & (place_rows[i] <= {float(count - 1)!r})"
    needed = f"{ARGUMENTS[0]}_rows[i] > 0.0"
    vectors = f"(min(end - begin, {_LANES}) + {_VECTOR - 1}) // {_VECTOR}"
    group.insert(0, f"width = {_VECTOR} * ({vectors})")
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


def _portions(powers: Sequence[int]) -> list[list[int]]:
    """The powers of u, highest first, in portions whose coefficients have registers, and loops enough to do."""
    found: list[list[int]] = [[]]
    for a in range(len(powers) - 1, -1, -1):
        if sum(powers[other] for other in [*found[-1], a]) > _COEFFICIENTS:
            found.append([])
        found[-1].append(a)
    return found


def _add(lane: Mapping[str, str], beside: Sequence[int], coefficients: Sequence[str]) -> list[str]:
    """One step of Horner's rule in u: the sums so far, times u, and the polynomials in t that come to them."""
    *lower, highest_power = coefficients
    lines = []
    inner = [highest_power]
    for c in reversed(lower):
        # A derivative begins with what it first adds; every name is assigned once.
        new = [f"{inner[0]} * t + {c}"]
        for j in range(1, min(len(beside), len(inner) + 1)):
            new += [f"{inner[j]} * t + {inner[j - 1]}" if j < len(inner) else inner[j - 1]]
        inner = [f"p{j}{c}" for j in range(len(new))]
        lines += [f"{name} = {text}" for name, text in zip(inner, new, strict=True)]
    for j, most in enumerate(beside):
        added = [inner[j] if j < len(inner) else "0.0"]
        added += [lane[f"sum_{i}{j}"] for i in range(most)]
        for i in range(most, -1, -1):
            total = lane[f"sum_{i}{j}"]
            lines += [f"{total} = {total} * u + {added[i]}"]
    return lines
