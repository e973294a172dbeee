"""The numerics contract as a table: families × links, and modifiers, against many-digit truth.

    python tools/accuracy.py --quick                    # everything, default links, few points
    python tools/accuracy.py --family Gamma --links all
    python tools/accuracy.py --engine kernel            # also torch, jax
    python tools/accuracy.py --torch-peer               # PyTorch's distributions beside ours

A point passes where |computed − truth| ≤ 1e-10 |truth| + 64 u K (curvature: 1e-8); the columns
give the share of points that pass and the largest error over tolerance. Modified families, and those of
which a row of y is several numbers, are a sample, by the default links on NumPy and in kernels.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from oracles import engines, grid, modified, vector_cases  # noqa: E402
from oracles.contract import FLOAT32, FLOAT64, PARTS, Report, check  # noqa: E402
from oracles.vectors import ratios, ratios_of  # noqa: E402

#: What PyTorch computes, as the table calls it.
PEER = "    torch.distributions"


def line(name: str, report: Report) -> str:
    cells = []
    for part in PARTS:
        if part not in report.parts:
            cells.append(f"{'–':>17}")
            continue
        share, worst = report.share(part), report.worst(part)[0]
        cells.append(f"{100 * share:7.2f} % {worst:7.1e}")
    return f"{name:54}{len(report.points):7} " + " ".join(cells)


def numbers(options: Any) -> Iterator[tuple[str, Report]]:
    """Families of which y is one number, and modified ones: what a line is called, and what it reports."""
    given = "all" if options.link else options.links
    combinations = [
        *(grid.defaults() if given in ("default", "all") else []),
        *(grid.others() if given in ("others", "all") else []),
        *(grid.modified() if whole(options) else []),
    ]
    most = 100 if options.quick else options.points
    engine = engines.float32_engine if options.float32 else engines.ENGINES[options.engine]
    precision = FLOAT32 if options.float32 else FLOAT64
    for c in combinations:
        if not wanted(c.family, options):
            continue
        if options.link and options.link not in {link for _, link in c.slots}:
            continue
        if modified.is_modified(c.family):
            points = modified.points(c.family, min(most, modified.tried(c.family)))
        else:
            points = grid.points(c, most, float32=options.float32)
        yield f"{c}" + (f" K={c.classes}" if c.classes else ""), check(c, points, engine, precision)
        if options.torch_peer and engines.has_torch_peer(c):
            yield PEER, check(c, points, engines.torch_peer)


def rows_of_numbers(options: Any) -> Iterator[tuple[str, Report]]:
    """The same of families of which y is several numbers."""
    for case in vector_cases.cases() if whole(options) else ():
        if not wanted(str(case), options):
            continue
        loss, points = (
            case.family.loss(),
            list(zip(case.y.tolist(), case.raw.tolist(), strict=True)),
        )
        by = loss.compiled if options.engine == "kernel" else loss
        yield str(case), Report(case, points, ratios(case.truth, by, case.y, case.raw))
        if options.torch_peer:
            found = engines.torch_rows(type(case.family).__name__, case.y, case.raw)
            if found is not None:
                value, gradient = found
                computed = {"value": value[np.newaxis], "gradient": gradient}
                yield PEER, Report(case, points, ratios_of(case.truth, computed, case.y, case.raw))


def whole(options: Any) -> bool:
    """Whether the table holds the samples that are not combinations of a family and links."""
    plain = options.engine in ("numpy", "kernel") and not (options.float32 or options.link)
    return plain and options.links in ("default", "all")


def wanted(name: str, options: Any) -> bool:
    return not options.family or options.family.lower() in name.lower()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--family", help="only families whose name contains this")
    parser.add_argument("--links", choices=("default", "others", "all"), default="default")
    parser.add_argument("--link", help="only combinations that use this link")
    parser.add_argument("--engine", choices=tuple(engines.ENGINES), default="numpy")
    parser.add_argument("--float32", action="store_true", help="float32 in and out, |raw| ≤ 30")
    parser.add_argument("--torch-peer", action="store_true", help="torch.distributions beside ours")
    parser.add_argument("--points", type=int, default=1000, help="at most so many a combination")
    parser.add_argument("--quick", action="store_true", help="100 points a combination")
    parser.add_argument("--worst", action="store_true", help="print where the largest errors are")
    options = parser.parse_args(arguments)

    print(f"{'':54}{'points':>7} " + " ".join(f"{part:>17}" for part in PARTS))
    passed = True
    for lines in (numbers, rows_of_numbers):
        for name, report in lines(options):
            print(line(name, report), flush=True)
            if name == PEER:
                continue
            passed &= report.passed
            if options.worst or not report.passed:
                for part in report.parts:
                    print(f"    {part}: {report.worst(part)}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
