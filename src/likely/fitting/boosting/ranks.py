"""Columns of X as ranks while trees grow, and the trees back in the units of X.

LightGBM keeps no histogram bin of the value 0: it is what the other bins leave of a leaf's sum, and is worked out for
every column and leaf, unless it is the column's first. For a few thousand rows that takes a quarter of a tree's time.
Bins are made of the order of the values alone, apart from those beside 0, so ranks 1, 2, … get the bins that the column
would get if it were positive.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

import numpy as np

from likely.fitting.problem import Array

_TREE, _END = "\nTree=", "\nend of trees"
#: With more rows than these, the bin of the value 0 takes no time worth the copy of X.
RANKED_ROWS = 20_000
#: LightGBM takes what is no further from 0 for 0.
_ZERO = float(np.float32(1e-35))
_LEAST = repr(-sys.float_info.max)


class Ranks:
    """The ranks of the columns of X (n, p) that have values below 0, except those that are ``left`` as they are."""

    def __init__(self, X: Array, left: Iterable[int] = ()) -> None:
        self.edges: dict[int, Array] = {}
        self.ends: dict[int, tuple[float, float]] = {}
        #: Those without missing values: LightGBM takes any that come later for 0.
        self.whole: set[int] = set()
        for j in set(range(X.shape[1])) - set(left):
            values = np.unique(_seen(X[:, j]))  # a missing one is the last
            known = values[~np.isnan(values)]
            if known.size and known[0] < 0.0:
                self.edges[j] = _between(known[:-1], known[1:])
                self.ends[j] = float(known[0]), float(known[-1])
                if known.size == values.size:
                    self.whole.add(j)

    def of(self, X: Array) -> Array:
        """X with ranks in the place of values: the edges below each, and one more."""
        if not self.edges:
            return X
        found = X.astype(np.float64)
        for j, edges in self.edges.items():
            values = _seen(found[:, j])
            missing = np.isnan(values)
            ranks = 1.0 + np.searchsorted(edges, np.where(missing, 0.0, values))
            found[:, j] = ranks if j in self.whole else np.where(missing, np.nan, ranks)
        return found

    def in_units(self, text: str) -> str:
        """LightGBM's text of a model of ranks, as one of X that sends each row the same way."""
        if not self.edges:
            return text
        # By plain words, not patterns, which take ten times as long.
        trees, end, tail = text.partition(_END)
        head, *grown = trees.split(_TREE)
        known: dict[tuple[str, str], str] = {}
        grown = [self._tree(tree, known) for tree in grown]
        head = re.sub("(?<=^feature_infos=).*", self._ranges, head, flags=re.MULTILINE)
        # LightGBM finds its trees by their lengths.
        lengths = " ".join([str(len(_TREE) + len(tree)) for tree in grown])
        head = re.sub("(?<=^tree_sizes=).*", lengths, head, flags=re.MULTILINE)
        return _TREE.join([head, *grown]) + end + tail

    def _tree(self, tree: str, known: dict[tuple[str, str], str]) -> str:
        before, name, rest = tree.partition("\nthreshold=")
        thresholds, line_end, after = rest.partition("\n")
        features = before.partition("\nsplit_feature=")[2].partition("\n")[0]
        if not name:
            raise ValueError(
                f"this text of LightGBM's has a tree without thresholds: {tree[:300]!r}"
            )
        pairs = list(zip(features.split(), thresholds.split(), strict=True))
        for pair in pairs:
            if pair not in known:
                known[pair] = self._threshold(*pair)
        return "".join([before, name, " ".join([known[p] for p in pairs]), line_end, after])

    def _threshold(self, feature: str, threshold: str) -> str:
        """The edge above the last rank that goes left; where only missing values do, below all numbers.

        Where all but missing values go left, LightGBM's threshold is beyond all numbers and stays.
        """
        edges, rank = self.edges.get(int(feature)), float(threshold)
        if edges is None or rank >= edges.size + 1:
            return threshold
        return repr(float(edges[int(rank) - 1])) if rank >= 1.0 else _LEAST

    def _ranges(self, found: re.Match[str]) -> str:
        ranges = found[0].split(" ")
        for j, (least, most) in self.ends.items():
            if ranges[j] != "none":
                ranges[j] = f"[{least!r}:{most!r}]"
        return " ".join(ranges)


def _seen(values: Array) -> Array:
    """Values as LightGBM's trees see them."""
    return np.where(np.abs(values) <= _ZERO, 0.0, values).astype(np.float64)


def _between(low: Array, high: Array) -> Array:
    """Halfway from low to high, and less than high where they are neighbours."""
    middle = 0.5 * low + 0.5 * high
    return np.where(middle < high, middle, low)
