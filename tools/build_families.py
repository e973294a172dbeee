"""Write docs/families.md: every family by output domain, with its formula, parameters, links and a picture.

``python tools/build_families.py`` writes the page and its pictures; ``--check`` says whether the page is
the one the families would give. All of it is found through the registry.
"""

from __future__ import annotations

import re
import sys
from itertools import groupby, permutations
from pathlib import Path
from typing import Any

import numpy as np

from likely.catalogue import family_class
from likely.cli.families import family_rows, specifications
from likely.report.typical import at_values, typical_parameters

PAGE = Path(__file__).parents[1] / "docs" / "families.md"
PICTURES = PAGE.parent / "images" / "families"
INK, COLOURS = "#22303c", ("#9fc3dc", "#2f6690", "#12273a")

#: Values of parameters that part a family in two: counts that vary more than Poisson's, and less.
PARTED = {"nu": (0.25, 1.0, 4.0)}

INTRODUCTION = """\
# The families

Choose by what y is; then by what the pictures show. Every family is one formula: its loss, derivatives, fits and
predictive distribution follow from it. `likely families` prints this list, `likely explain FAMILY` derives a loss.
Any of them can be truncated, censored, mixed or given more zeros: see [modifiers](modifiers.md).

Each panel moves one parameter, of which the darkest curve has the largest value; the others stay. A stem beside a
density is a probability, that of y = 0.
"""


def main() -> int:
    if "--check" not in sys.argv:
        build()
        return 0
    current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == written()
    drawn = {path.stem for path in PICTURES.glob("*.png")} == {
        row["name"].lower() for row in family_rows()
    }
    if not (current and drawn):
        print("docs/families.md is not up to date: python tools/build_families.py", file=sys.stderr)
    return int(not (current and drawn))


def build() -> None:
    """Write the page and draw the pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for path in PICTURES.glob("*.png"):
        path.unlink()
    for row in family_rows():
        draw(row["name"], PICTURES / f"{row['name'].lower()}.png")
    PAGE.write_text(written(), encoding="utf-8")


# --- The page -------------------------------------------------------------------------------------


def written() -> str:
    """The page, from what the families say about themselves."""
    rows = family_rows()
    parts = [INTRODUCTION]
    for words, members in groupby(rows, key=lambda row: row["y"]):
        parts.append(f"## {words[0].upper()}{words[1:]}\n")
        parts.extend(_entry(row) for row in members)
    return "\n".join(parts)


def _entry(row: dict[str, Any]) -> str:
    spec = specifications()[row["name"]]
    lines = [f"### {row['name']}", "", row["use"], ""]
    formula = re.search(r"\.\. math::(.*?)(?=\n\s*\n)", spec.doc, re.S)
    if formula:
        lines += ["```math", " ".join(formula[1].split()), "```", ""]
    lines += ["| parameter | domain | role | links, the default first |", "|---|---|---|---|"]
    for one in row["parameters"]:
        symbol = spec.parameters[one["name"]].symbol
        name = f"{one['name']} ${symbol}$" if symbol else one["name"]
        links = ", ".join(one["links"]) or "–"
        lines.append(f"| {name} | {one['domain']} | {one['role']} | {links} |")
    picture = f"images/families/{row['name'].lower()}.png"
    source = re.search(r"Sources?: (.*?)(?=\n\s*\n|$)", spec.doc, re.S)
    said = " ".join(source[1].split()) if source else ""
    lines += ["", f"y in {row['support']}." + (f" Source: {said}" if said else ""), ""]
    lines += [f"![Densities of {row['name']}]({picture})", ""]
    return "\n".join(lines)


# --- The pictures ---------------------------------------------------------------------------------


def draw(name: str, path: Path) -> None:
    """Draw what the family called ``name`` can look like."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    mpl.use("agg")
    mpl.rcParams |= {
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": INK,
        "axes.titlesize": 10,
        "legend.frameon": False,
        "legend.fontsize": 8,
        "xtick.labelsize": 8,
    }
    spec = specifications()[name]
    panels = SPECIAL.get(spec.support.name, _panels)
    drawn = panels(name)
    figure, axes = plt.subplots(
        1, len(drawn), figsize=(2.9 * len(drawn), 2.3), dpi=120, squeeze=False, layout="constrained"
    )
    for ax, panel in zip(axes[0], drawn, strict=True):
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        panel(ax)
    figure.savefig(path)
    plt.close(figure)


def _panels(name: str) -> list[Any]:
    """A panel for each parameter."""
    return [
        lambda ax, moved=moved: _panel(ax, name, moved)
        for moved in family_class(name)().specification.parameters
    ]


def _panel(ax: Any, name: str, moved: str) -> None:
    spec = family_class(name)().specification
    centre = typical_parameters(name)
    values = _moved(name, moved, centre[moved])
    dists = [at_values(name, {**centre, moved: value}) for value in values]
    if spec.support.name == "circular":
        y = np.linspace(-np.pi, np.pi, 401)
    elif spec.support.integer:
        last = max(float(d.quantile(0.99)) for d in dists)
        y = np.arange(0.0, min(last, 40.0) + 1.0)
    else:
        low = min(float(d.quantile(0.01)) for d in dists)
        high = max(float(d.quantile(0.96)) for d in dists)
        y = np.linspace(low, high, 401)
        y = y if spec.point is None else y[y > spec.point]
    for k, (colour, value, dist) in enumerate(zip(COLOURS, values, dists, strict=True)):
        style = {"marker": "o", "markersize": 3, "linewidth": 1} if spec.support.integer else {}
        ax.plot(y, dist.prob(y), color=colour, label=f"{value:g}", **style)
        if spec.point is not None:  # a probability, beside the densities
            at, height = spec.point - 0.02 * (3 - k) * y[-1], dist.prob(spec.point)
            ax.plot([at, at], [0.0, height], color=colour, linewidth=1)
            ax.plot(at, height, "o", color=colour, markersize=3.5)
    # A density that is sharp, or infinite at an edge, must not flatten the others.
    tops = [float(np.max(dist.prob(y))) for dist in dists]
    ax.set_ylim(0.0, 1.05 * min(max(tops), 2.5 * tops[1]))
    ax.set_title(moved, color=INK)
    ax.legend(handlelength=1.0)


def _moved(name: str, moved: str, centre: float) -> tuple[float, ...]:
    domain = family_class(name)().specification.parameters[moved].domain
    if moved in PARTED:
        return PARTED[moved]
    if domain.name == "unit_interval":
        return (0.2, 0.5, 0.8)
    if domain.name == "between_1_and_2":
        return (1.2, 1.5, 1.8)
    if domain.low == 0.0:
        return (centre / 2.0, centre, centre * 2.0)
    if family_class(name)().specification.leans_by == moved:
        return (-4.0, 0.0, 4.0)
    step = 1.0 if moved == "loc" else 0.5
    return (centre - step, centre, centre + step)


def _bars(ax: Any, probs: Any, names: list[str], title: str) -> None:
    ax.bar(range(len(names)), probs, color=COLOURS[1], width=0.7)
    ax.set_xticks(range(len(names)), names)
    ax.set_title(title, color=INK)


def _trials(name: str) -> list[Any]:
    y = np.arange(11.0)
    usual = {"probs": 0.3, "precision": 8.0}
    tried = {"probs": (0.2, 0.5, 0.8), "precision": (1.0, 8.0, 100.0)}
    names = list(specifications()[name].parameters)

    def panel(ax: Any, moved: str) -> None:
        for colour, value in zip(COLOURS, tried[moved], strict=True):
            given = {one: value if one == moved else usual[one] for one in names}
            dist = family_class(name)(trials=10).at(**given)
            ax.plot(
                y, dist.prob(y), "o-", color=colour, markersize=3, linewidth=1, label=f"{value:g}"
            )
        ax.set_title(f"{moved}, of 10 trials", color=INK)
        ax.legend(handlelength=1.0)

    return [lambda ax, moved=moved: panel(ax, moved) for moved in names]


def _classes(name: str) -> list[Any]:
    names = ["a", "b", "c"]
    chances = ([0.2, 0.3, 0.5], [0.1, 0.8, 0.1])
    return [lambda ax, p=p: _bars(ax, p, names, f"probs {p}") for p in chances]


def _binary(name: str) -> list[Any]:
    family = family_class(name)()
    return [
        lambda ax, p=p: _bars(ax, family.at(probs=p).prob([0, 1]), ["0", "1"], f"probs {p}")
        for p in (0.2, 0.7)
    ]


def _ordered(name: str) -> list[Any]:
    names = ["low", "mid", "high"]
    family = family_class(name)(names)

    def panel(ax: Any, loc: float) -> None:
        _bars(ax, family.at(loc=loc, thresholds=[-1.0, 1.0]).probabilities(), names, f"loc {loc:g}")

    return [lambda ax, loc=loc: panel(ax, loc) for loc in (-1.0, 0.0, 1.5)]


def _plane(name: str) -> list[Any]:
    family = family_class(name)(2)
    grid = np.stack(np.meshgrid(*[np.linspace(-3.0, 3.0, 121)] * 2), axis=-1)

    def panel(ax: Any, correlation: float) -> None:
        dist = family.at(loc=[0.0, 0.0], covariance=[[1.0, correlation], [correlation, 1.0]])
        ax.contour(*np.moveaxis(grid, -1, 0), dist.prob(grid), levels=6, colors=COLOURS[1])
        ax.set_aspect("equal")
        ax.set_title(f"correlation {correlation:g}", color=INK)

    return [lambda ax, c=c: panel(ax, c) for c in (-0.6, 0.0, 0.9)]


def _triangle(ax: Any) -> None:
    corners = _place(np.eye(3))
    ax.fill(*corners.T, facecolor="none", edgecolor=INK, linewidth=0.8)
    for corner, part, where in zip(corners, "abc", ("right", "left", "center"), strict=True):
        ax.annotate(
            f" {part} ", corner, ha=where, va="bottom" if part == "c" else "top", fontsize=8
        )
    ax.set_aspect("equal")
    ax.axis("off")


def _place(shares: Any) -> Any:
    """Where rows of three shares lie in a triangle."""
    return shares @ np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]])


def _shares(name: str) -> list[Any]:
    inner = (np.arange(120) + 0.5) / 120.0
    grid = np.array([[a, b, 1.0 - a - b] for a in inner for b in inner if a + b < 1.0])

    def panel(ax: Any, mean: list[float], precision: float) -> None:
        density = family_class(name)(3).at(mean=mean, precision=precision).prob(grid)
        ax.tricontour(*_place(grid).T, density, levels=7, colors=COLOURS[1], linewidths=0.9)
        _triangle(ax)
        ax.set_title(f"mean {mean}\nprecision {precision:g}", color=INK)

    given = (([0.3, 0.3, 0.4], 8.0), ([0.6, 0.3, 0.1], 15.0), ([0.3, 0.3, 0.4], 60.0))
    return [lambda ax, m=m, p=p: panel(ax, m, p) for m, p in given]


def _tallies(name: str) -> list[Any]:
    n = 12
    grid = np.array(
        [[a, b, n - a - b] for a in range(n + 1) for b in range(n + 1 - a)], dtype=float
    )
    own = {"precision": 5.0} if "precision" in specifications()[name].parameters else {}
    told = "".join(f"{k} {v:g}, " for k, v in own.items())

    def panel(ax: Any, mean: list[float]) -> None:
        probs = family_class(name)(3).at(mean=mean, **own).prob(grid)
        ax.scatter(
            *_place(grid / n).T, s=60.0 * probs / probs.max(), color=COLOURS[1], linewidths=0
        )
        _triangle(ax)
        ax.set_title(f"mean {mean}\n{told}{n} trials", color=INK)

    return [lambda ax, m=m: panel(ax, m) for m in ([0.3, 0.3, 0.4], [0.6, 0.3, 0.1])]


def _rankings(name: str) -> list[Any]:
    orders = [np.argsort(order) + 1.0 for order in permutations(range(3))]
    names = ["".join("abc"[i] for i in np.argsort(ranks)) for ranks in orders]

    def panel(ax: Any, worth: list[float]) -> None:
        dist = family_class(name)(3).at(worth=worth)
        _bars(ax, [float(dist.prob(ranks)) for ranks in orders], names, f"worth {worth}")

    return [lambda ax, w=w: panel(ax, w) for w in ([0.5, 0.3, 0.2], [0.8, 0.1, 0.1])]


#: How families are drawn whose y is not a number on a line, by their support.
SPECIAL = {
    "binary": _binary,
    "classes": _classes,
    "ordered_classes": _ordered,
    "successes_of_trials": _trials,
    "compositions": _shares,
    "tallies": _tallies,
    "vectors": _plane,
    "rankings": _rankings,
}


if __name__ == "__main__":
    sys.exit(main())
