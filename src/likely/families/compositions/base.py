"""What families of compositions have in common: K shares that sum to 1, by K − 1 logarithms of ratios.

The last part is what the others are compared with: ``log_ratio_a`` is log(μ_a/μ_last), and K families of one
composition are told apart by their parts. The loss of a row is a sum of one term a part, and what the row adds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from likely._math.atoms import logaddexp, softplus
from likely._math.domains import composition_of, positive, real
from likely._math.graph import as_node, exp
from likely.families.base import Array, Body, Parameter, Specification, Structure
from likely.families.view import View

RATIO = "log_ratio_"
#: Entries of a start are drawn this far towards equal shares, so that none is 0.
_DRAWN = 0.5


@dataclass(frozen=True)
class Terms:
    """−log p of a row as a function of sums over its parts.

    ``part(y, total, share, *own)`` gives what is summed: the part's term first, and what else the row needs; y is
    the part's number, ``total`` the sum of the row's. ``whole(sums, total, k, *own)`` is −log p: the first of the sums
    and what the row of k parts adds. Where it has another formula of the same value, which keeps more digits, the
    slopes in the shares are still those of the part's term.

    The Fisher information of the log ratios is Σⱼ cⱼ (δᵢⱼ − μᵢ)(δₘⱼ − μₘ) + w μᵢ (δᵢₘ − μₘ), that of a log ratio
    and log κ Σⱼ cⱼ (δᵢⱼ − μᵢ): ``curve(total, share, *own)`` is cⱼ, and ``information(sum, total, k, *own)``, with the
    sum of the cⱼ, gives w and the entry of log κ.

    Of ∂²/∂ℓ ∂log κ of the parts' terms, over their shares, only differences between parts matter. Where these are lost
    to rounding, ``apart(y, other y, total, share, other share, *own)`` gives a condition and, where it holds, one.
    """

    part: Callable[..., tuple[Any, ...]]
    whole: Callable[..., Any]
    curve: Callable[..., Any] | None = None
    information: Callable[..., tuple[Any, ...]] | None = None
    apart: Callable[..., tuple[Any, Any]] | None = None


def shares_of(ratios: Sequence[Any]) -> list[View]:
    """The shares μ of the parts at their log ratios, with logarithms that keep their digits."""
    nodes = [*(as_node(ratio) for ratio in ratios), as_node(0.0)]
    # log Σ exp over all others, from both ends: a share near 1 is not subtracted from 1.
    before, after = _running(nodes), _running(nodes[::-1])[::-1]
    k = len(nodes)
    others = [
        after[1] if j == 0 else before[k - 2] if j == k - 1 else logaddexp(before[j - 1], after[j + 1])
        for j in range(k)
    ]  # fmt: skip
    return [share_of(-softplus(other - node)) for other, node in zip(others, nodes, strict=True)]


def share_of(log_share: Any) -> View:
    """A share, by its logarithm."""
    return View("share", exp(log_share), {"log": lambda: log_share})


def _running(nodes: Sequence[Any]) -> list[Any]:
    found = [nodes[0]]
    for node in nodes[1:]:
        found.append(logaddexp(found[-1], node))
    return found


def composition(
    kind: str,
    doc: str,
    parts: tuple[str, ...],
    terms: Terms,
    start: Callable[[Array, Array], Mapping[str, float]],
    own: Mapping[str, Parameter],
    entropy: Callable[..., Any] | None = None,
    *,
    whole: bool,
) -> Specification:
    """The family ``kind`` of shares of these parts, or, where ``whole`` is true, of counts of them.

    ``entropy(shares, *own)`` is a formula; ``start(y, weight)`` gives values of its own parameters.
    """
    ratios = parts[:-1]
    k = len(parts)

    def density(*given: Any) -> Any:
        ys, own = given[:k], given[2 * k - 1 :]
        total = sum(ys[1:], ys[0])
        found = [
            terms.part(y, total, share, *own)
            for y, share in zip(ys, shares_of(given[k : 2 * k - 1]), strict=True)
        ]
        sums = [sum(column[1:], column[0]) for column in zip(*found, strict=True)]
        return -terms.whole(sums, total, as_node(float(k)), *own)

    def guess(y: Array, weight: Array | None) -> dict[str, float]:
        w = np.ones(y.shape[0]) if weight is None else weight
        total = w @ y + _DRAWN * w.sum() / y.shape[0] * y.sum(axis=1).mean() / k
        logs = np.log(total)
        found = {
            RATIO + name: float(v) for name, v in zip(ratios, logs[:-1] - logs[-1], strict=True)
        }
        return found | dict(start(y, w))

    formulas: dict[str, Body] = {}
    if entropy is not None:
        formulas["entropy"] = lambda *given: entropy(shares_of(given[: k - 1]), *given[k - 1 :])
    symbols = {RATIO + name: Parameter(real, rf"\eta_{{{j + 1}}}") for j, name in enumerate(ratios)}
    return Specification(
        name=f"{kind}({k})",
        doc=doc,
        support=composition_of(parts, whole=whole),
        parameters={**symbols, **own},
        alternatives={},
        log_density=density,
        formulas=formulas,
        structure=Structure(kind, (), _no_rows, guess, terms=terms),
    )


def _no_rows(part: int, y: Array, weight: Array | None) -> Any:
    raise AssertionError("a composition has no families inside")


PRECISION = {"precision": Parameter(positive, r"\kappa", shared=True)}


def precision(y: Array, weight: Array) -> dict[str, float]:
    """That of the variances of shares y (n, K): μ(1 − μ)/(1 + κ), summed over the parts."""
    mean = np.average(y, axis=0, weights=weight)
    variance = float(np.average((y - mean) ** 2, axis=0, weights=weight).sum())
    spread = float((mean * (1.0 - mean)).sum())
    return {"precision": spread / variance - 1.0 if 0.0 < 2.0 * variance < spread else 1.0}
