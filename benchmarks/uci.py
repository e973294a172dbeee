"""Five UCI regression sets, 20 splits each: NLL, CRPS, RMSE and coverage of 90 % intervals, beside published figures.

    python -m benchmarks.uci                                    # the models that come with the library
    python -m benchmarks.uci --model trees --sets energy --splits 5
    python -m benchmarks.uci --model trees ngboost --python ~/peers/bin/python
    python -m benchmarks.uci --sets spread heavy tiny --splits 5     # sets made from seeds, see made_sets.py

``--python`` is an interpreter that has the peers (ngboost, lightgbmlss, xgboostlss); they run there. A model is
one set of defaults for all sets. Results go to a JSON lines file, and runs that are in it are not repeated.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import made_sets
from likely import Normal

DATA = Path(__file__).parent / "data"
SETS = ("boston", "concrete", "energy", "power", "wine")
LEVELS = (np.arange(200) + 0.5) / 200.0


def load(name: str) -> tuple[Any, Any, list[Any]]:
    """X, y and the test rows of every split."""
    if name in made_sets.MADE:
        return made_sets.load(name)
    folder = DATA / "uci" / name
    with gzip.open(folder / "data.csv.gz", "rt") as file:
        table = np.genfromtxt(file, delimiter=",", skip_header=1)
    with gzip.open(folder / "splits.json.gz", "rt") as file:
        splits = json.load(file)["test"]
    return table[:, :-1], table[:, -1], [np.array(rows) for rows in splits]


# --- The models: (X, y, new X, seed, interpreter of the peers) → predictive distribution -------------


def trees(X, y, new, seed, _python):
    from likely import Trees

    return Trees(Normal(), random_state=seed).fit(X, y).predict_dist(new)


def network(X, y, new, seed, _python, members=1):
    from likely import Network

    more = {"members": members} if members > 1 else {}
    return Network(Normal(), random_state=seed, **more).fit(X, y).predict_dist(new)


def ensemble(X, y, new, seed, _python):
    return network(X, y, new, seed, _python, members=5)


def peer(name: str) -> Callable[..., Any]:
    """A model of another library, fitted by another interpreter."""

    def fit(X, y, new, seed, python):
        script = Path(__file__).parent / "uci_peers.py"
        with tempfile.TemporaryDirectory() as folder:
            given, found = Path(folder) / "given.npz", Path(folder) / "found.npz"
            np.savez(given, X=X, y=y, new=new)
            command = [python, str(script), name, str(seed), str(given), str(found)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{name} failed in {python}:\n{done.stderr[-2000:]}")
            with np.load(found) as arrays:
                distribution = Normal().at(loc=arrays["loc"], scale=arrays["scale"])
                distribution.seconds = float(arrays["seconds"])
        return distribution

    return fit


MODELS: dict[str, Callable[..., Any]] = {
    "trees": trees,
    "network": network,
    "ensemble": ensemble,
    **{name: peer(name) for name in ("ngboost", "ngboost-stopped", "lightgbmlss", "xgboostlss")},
}
#: What the tables of published figures call the same thing.
PUBLISHED = {
    "trees": ("NGBoost",),
    "network": ("MC-dropout",),
    "ensemble": ("Deep Ensembles",),
    "ngboost": ("NGBoost",),
}


# --- Running ---------------------------------------------------------------------------------------


def judge(distribution: Any, y: Any) -> dict[str, float]:
    """The scores of one split; CRPS as the mean pinball loss of 200 levels, twice."""
    low, high = distribution.interval(0.9)
    quantiles = distribution.quantile(LEVELS)
    error = y[:, None] - quantiles
    return {
        "nll": float(-distribution.log_prob(y).mean()),
        "crps": float(2.0 * np.maximum(LEVELS * error, (LEVELS - 1.0) * error).mean()),
        "rmse": float(np.sqrt(np.mean((distribution.mean() - y) ** 2))),
        "covered": int(((low <= y) & (y <= high)).sum()),
        "rows": int(y.size),
    }


def run(model: str, name: str, splits: int, python: str, record: Path) -> list[dict[str, Any]]:
    """The splits of one set, those in the record not again."""
    X, y, tests = load(name)
    known = {}
    if record.exists():
        for line in record.read_text().splitlines():
            row = json.loads(line)
            known[row["model"], row["set"], row["split"]] = row
    rows = []
    for split, test in enumerate(tests[:splits]):
        if (model, name, split) not in known:
            rest = np.setdiff1d(np.arange(y.size), test)
            begin = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = MODELS[model](X[rest], y[rest], X[test], split, python)
            seconds = getattr(found, "seconds", time.perf_counter() - begin)
            row = {"model": model, "set": name, "split": split, "seconds": seconds}
            row |= judge(found, y[test])
            with record.open("a") as file:
                file.write(json.dumps(row) + "\n")
            known[model, name, split] = row
            print(f"{model} {name} {split + 1}/{splits} nll {row['nll']:.3f}", end="\r", flush=True)
        rows.append(known[model, name, split])
    return rows


def published(name: str, methods: tuple[str, ...], metric: str = "NLL") -> str:
    """``0.60 ± 0.45`` of the tables, the first that has it."""
    with (DATA / "uci_published.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["dataset"] == name and row["metric"] == metric and row["method"] in methods:
                return f"{row['mean']} ± {row['spread']}"
    return ""


def line(model: str, name: str, rows: list[dict[str, Any]], against: list[dict[str, Any]]) -> str:
    """A row of the table."""
    nll = np.array([r["nll"] for r in rows])
    mean = {k: np.mean([r[k] for r in rows]) for k in ("crps", "rmse", "seconds")}
    covered = sum(r["covered"] for r in rows) / sum(r["rows"] for r in rows)
    paired = ""
    if against and model != against[0]["model"]:
        other = {r["split"]: r["nll"] for r in against}
        gap = np.array([r["nll"] - other[r["split"]] for r in rows if r["split"] in other])
        if gap.size > 1:
            paired = f"{gap.mean():+.3f} ± {gap.std(ddof=1) / np.sqrt(gap.size):.3f}"
    return (
        f"| {name} | {model} | {nll.mean():.3f} ± {nll.std():.3f} | {nll.max():.2f} | {paired} "
        f"| {published(name, PUBLISHED.get(model, ()))} | {mean['crps']:.3f} | {mean['rmse']:.3f} "
        f"| {100 * covered:.1f} % | {mean['seconds']:.1f} |"
    )


def main() -> None:
    """Run what was asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", nargs="+", default=["trees"], choices=list(MODELS))
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=[*SETS, *made_sets.MADE])
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--python", default=sys.executable, help="an interpreter with the peers")
    parser.add_argument("--record", type=Path, default=Path("uci.jsonl"))
    given = parser.parse_args()
    found = {
        (model, name): run(model, name, given.splits, given.python, given.record)
        for name in given.sets
        for model in given.model
    }
    print(" " * 60)
    print(
        "| set | model | NLL ± sd | worst | − first model, paired ± s.e. | published | CRPS", end=""
    )
    print(" | RMSE | 90 % covers | s |\n|---|---|---|---|---|---|---|---|---|---|")
    for name in given.sets:
        for model in given.model:
            print(line(model, name, found[model, name], found[given.model[0], name]))


if __name__ == "__main__":
    main()
