"""The numerics contract as a table: families × links against many-digit truth.

    python tools/accuracy.py --quick                    # every family, default links, few points
    python tools/accuracy.py --family Gamma --links all
    python tools/accuracy.py --engine kernel            # also torch, jax
    python tools/accuracy.py --torch-peer               # PyTorch's distributions beside ours

A point passes where |computed − truth| ≤ 1e-10 |truth| + 64 u K (curvature: 1e-8); the columns
give the share of points that pass and the largest error over tolerance.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from oracles import engines, grid  # noqa: E402
from oracles.contract import FLOAT32, FLOAT64, PARTS, Report, check  # noqa: E402


def line(name: str, report: Report) -> str:
    cells = []
    for part in PARTS:
        if part not in report.parts:
            cells.append(f"{'–':>17}")
            continue
        share, worst = report.share(part), report.worst(part)[0]
        cells.append(f"{100 * share:7.2f} % {worst:7.1e}")
    return f"{name:54}{len(report.points):7} " + " ".join(cells)


def main() -> int:
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
    options = parser.parse_args()

    combinations = {
        "default": grid.defaults,
        "others": grid.others,
        "all": lambda: grid.defaults() + grid.others(),
    }[options.links if not options.link else "all"]()
    most = 100 if options.quick else options.points
    engine = engines.float32_engine if options.float32 else engines.ENGINES[options.engine]
    precision = FLOAT32 if options.float32 else FLOAT64
    print(f"{'':54}{'points':>7} " + " ".join(f"{part:>17}" for part in PARTS))
    passed = True
    for c in combinations:
        if options.family and options.family.lower() not in c.family.lower():
            continue
        if options.link and options.link not in {link for _, link in c.slots}:
            continue
        name = f"{c}" + (f" K={c.classes}" if c.classes else "")
        points = grid.points(c, most, float32=options.float32)
        report = check(c, points, engine, precision)
        print(line(name, report), flush=True)
        passed &= report.passed
        if options.worst or not report.passed:
            for part in report.parts:
                print(f"    {part}: {report.worst(part)}")
        if options.torch_peer and engines.has_torch_peer(c):
            print(line("    torch.distributions", check(c, points, engines.torch_peer)), flush=True)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
