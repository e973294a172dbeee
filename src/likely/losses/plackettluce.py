"""The negative log-likelihood of PlackettLuce: a softmax over the items left, place by place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.losses import check
from likely.losses.categorical import probabilities
from likely.losses.vector import Array, VectorLoss, last_length, symmetric_index

#: Rows at a time: their columns stay in a core's second-level cache.
BLOCK = 2048


class PlackettLuceLoss(VectorLoss):
    r"""−Σ_s log(λ₍ₛ₎ / Σ_{t≥s} λ₍ₜ₎) per row, in nats; raw (m, n) are log worths, y (n, m) the ranks of the items.

    With the raw in the order of the ranking and L_s = log Σ_{t≥s} exp(raw₍ₜ₎), a place costs
    log(1 + exp(L_{s+1} − raw₍ₛ₎)): the item that took it is left out of the sum, so that a loss near 0 keeps its
    digits. Items that were not ranked come last, and their places cost nothing.
    """

    #: Adding a constant to all raw columns changes nothing: only their differences are determined.
    shift_invariant = True
    closed_form = False
    # The mean over all rankings has no closed form.
    curvature_kinds = ("observed",)
    kernel_kinds = ("observed",)

    @staticmethod
    def size_of(columns: int) -> int:
        """m columns, one an item."""
        return columns

    @staticmethod
    def size_of_y(columns: int) -> int:
        """m: y has a column an item."""
        return columns

    def widths(self) -> tuple[int, ...]:
        """One column an item."""
        return (self.size,)

    @property
    def y_columns(self) -> int | None:
        """m."""
        return self.size

    # --- y ----------------------------------------------------------------------------------------

    def response(self, y: Any) -> Array:
        """Ranks as float64 (n, m); ValueError names the rows that are no rankings, and why."""
        ranks = check.numeric(
            y, "y", ": a column for each item, with its rank in that row, 1 for the first"
        )
        m, name = self.size, self.specification.name
        if ranks.ndim != 2 or ranks.shape[1] != m:
            raise ValueError(
                f"y must have shape (n, {m}) for {name}, the rank of each item; got shape {ranks.shape}"
            )
        if ranks.shape[0] == 0:
            raise ValueError("y is empty: there is nothing to learn from")
        bad, what, fix = fault_of(ranks)
        if bad.any():
            where = check.rows_and_values(bad, ranks)
            raise ValueError(f"y {what} in {where}: {fix.format(family=name, missing='NaN')}")
        return ranks

    def inside(self, y: Array) -> NDArray[np.bool_]:
        """Which rows are rankings: 1, 2, …, r once each, and at least one of them."""
        return are_rankings(y)

    # --- The loss ---------------------------------------------------------------------------------

    def evaluate(
        self, y: Array, raw: Array, order: int, kind: str = "observed"
    ) -> tuple[Array, Array | None, Array | None]:
        """nll (n,), gradient (m, n), packed observed curvature (m(m + 1)/2, n), up to ``order``."""
        m, n = raw.shape
        nll = np.empty(n)
        gradient = np.empty((m, n)) if order >= 1 else None
        curvature = np.empty((m * (m + 1) // 2, n)) if order >= 2 else None
        for first in range(0, n, BLOCK):
            part = slice(first, min(first + BLOCK, n))
            rows = _Rows(y[part], raw[:, part])
            nll[part] = rows.nll()
            if gradient is not None:
                gradient[:, part] = rows.in_items(rows.gradient())
            if curvature is not None:
                rows.curvature(curvature[:, part])
        return nll, gradient, curvature

    def curvature_product(self, y: Array, raw: Array, v: Array) -> Array:
        """Observed curvature times v, (m, n), without forming m × m matrices."""
        rows = _Rows(y, raw)
        moved = np.take_along_axis(v, rows.order, axis=0)
        product = np.zeros_like(moved)
        for s in range(rows.places):
            p = rows.shares(s)
            inner = (p * moved[s:]).sum(axis=0)
            product[s:] += np.where(rows.counts(s), p * (moved[s:] - inner), 0.0)
        return rows.in_items(product)

    # --- Parameters -------------------------------------------------------------------------------

    def natural(self, raw: Array) -> dict[str, Array]:
        """worth (m, n)."""
        return {"worth": probabilities(raw)}

    @staticmethod
    def size_of_parameters(parameters: Mapping[str, Any]) -> int:
        """m, from the length of worth."""
        return last_length(parameters, "worth")

    def raw_of(self, parameters: Mapping[str, Any]) -> Array:
        """raw (m,) or (m, n) of worth (m,) or (n, m): above 0, and summing to 1."""
        worth = check.numeric(parameters["worth"], "worth")
        if worth.ndim not in (1, 2) or worth.shape[-1] != self.size:
            raise ValueError(f"worth must have shape (m,) or (n, m), got {worth.shape}")
        whole = np.isclose(worth.sum(axis=-1), 1.0, rtol=0, atol=1e-9)
        bad = ~np.atleast_1d((worth > 0).all(axis=-1) & whole)
        if bad.any():
            raise ValueError(
                "worth must be > 0 and sum to 1, as worth / worth.sum(axis=-1, keepdims=True) does; it does not in "
                f"{check.rows_and_values(bad, np.atleast_2d(worth))}"
            )
        return np.log(worth).T

    # --- Fits -------------------------------------------------------------------------------------

    def start(self, y: Array, weight: Array | None) -> Array:
        """About the logarithm of how many others an item beats, for one that beats it."""
        ranked = np.isfinite(y)
        count = ranked.sum(axis=1, keepdims=True)
        place = np.where(ranked, y, 0.5 * (count + 1.0 + self.size))
        w = np.ones(y.shape[0]) if weight is None else weight
        beaten = w @ (self.size - place) + 0.5
        beating = w @ (place - 1.0) + 0.5
        raw: Array = np.log(beaten / beating)
        return raw - raw.mean()

    def maximum(self, y: Array, weight: Array | None) -> None:
        """No closed form."""


class _Rows:
    """Rankings with their raw in the order of the ranking, the first item first: (m, n)."""

    def __init__(self, y: Array, raw: Array) -> None:
        m, n = raw.shape
        ranks = np.where(np.isnan(y), np.inf, y).T
        self.order = np.argsort(ranks, axis=0, kind="stable")
        self.raw = np.take_along_axis(raw, self.order, axis=0)
        # Of m items the last has no rival: m − 1 places decide.
        self.places = m - 1
        self.ranked = np.minimum(np.isfinite(ranks).sum(axis=0), self.places)
        self.left = np.empty((m, n))  # L_s
        self.left[-1] = self.raw[-1]
        for s in reversed(range(m - 1)):
            self.left[s] = np.logaddexp(self.raw[s], self.left[s + 1])

    def counts(self, s: int) -> NDArray[np.bool_]:
        """Where place s was given."""
        return self.ranked > s

    def shares(self, s: int) -> Array:
        """Who might have taken place s: probabilities of the items left, (m − s, n)."""
        return np.exp(self.raw[s:] - self.left[s])

    def nll(self) -> Array:
        """−log p."""
        total = np.zeros(self.raw.shape[1])
        for s in range(self.places):
            total += np.where(
                self.counts(s), np.logaddexp(0.0, self.left[s + 1] - self.raw[s]), 0.0
            )
        return total

    def gradient(self) -> Array:
        """∂nll/∂raw in the order of the ranking."""
        found = np.zeros_like(self.raw)
        for s in range(self.places):
            counts = self.counts(s)
            # 1 − p of the item that took the place is the share of the others.
            missed = np.exp(self.left[s + 1] - self.left[s])
            found[s] -= np.where(counts, missed, 0.0)
            found[s + 1 :] += np.where(counts, self.shares(s)[1:], 0.0)
        return found

    def in_items(self, columns: Array) -> Array:
        """Columns in the order of the ranking as columns by item."""
        found = np.empty_like(columns)
        np.put_along_axis(found, self.order, columns, axis=0)
        return found

    def curvature(self, out: Array) -> None:
        """Σ_s of diag(p) − p pᵀ over the items left, packed by item."""
        m, n = self.raw.shape
        full = np.zeros((m, m, n))
        for s in range(self.places):
            p = np.where(self.counts(s), self.shares(s), 0.0)
            products = p[:, None] * p[None]
            places = np.arange(m - s)
            products[places, places] = 0.0
            full[s:, s:] -= products
            # p(1 − p) is p times the sum of the others', which keeps its digits where p is near 1.
            full[s + places, s + places] += products.sum(axis=1)
        every = np.arange(n)
        back = np.empty_like(self.order)
        np.put_along_axis(back, self.order, np.arange(m)[:, None], axis=0)
        for i in range(m):
            for j in range(i + 1):
                out[symmetric_index(i, j)] = full[back[i], back[j], every]


def are_rankings(y: Array) -> NDArray[np.bool_]:
    """Which rows of y (n, m) are rankings: 1, 2, …, r once each, at least one of them, and NaN."""
    ranked = np.isfinite(y)
    expected = np.arange(1.0, y.shape[1] + 1.0)
    given = np.sort(np.where(np.isnan(y), np.inf, y), axis=1)
    count = ranked.sum(axis=1)
    right = (given == expected) | (np.arange(y.shape[1]) >= count[:, None])
    whole = (np.isnan(y) | ranked).all(axis=1)
    return np.asarray(right.all(axis=1) & (count > 0) & whole)


def fault_of(y: Array) -> tuple[NDArray[np.bool_], str, str]:
    """Which rows of y (n, m) are no rankings, what they are, and what to do about it, by {family} and {missing}."""
    tied = _tied(y)
    if tied.any():
        fix = "{family} has none; break them or leave the items unranked ({missing})"
        return tied, "has ties, two items of one rank,", fix
    fix = (
        "the ranks of the items must be 1, 2, 3, … without gaps, 1 for the first, and {missing} for items that were "
        "not ranked"
    )
    if are_rankings(y + 1.0).all():
        fix += "; ranks that begin at 0 become such by y + 1"
    return ~are_rankings(y), "is no ranking", fix


def _tied(ranks: Array) -> NDArray[np.bool_]:
    """Rows in which two items have the same rank."""
    given = np.sort(np.where(np.isnan(ranks), np.inf, ranks), axis=1)
    return np.asarray(((given[:, 1:] == given[:, :-1]) & np.isfinite(given[:, 1:])).any(axis=1))
