"""The predictive distribution: p(y | θ) of every row, and everything one asks of it.

Kept as raw predictions and the composed loss, never as θ alone: Bernoulli's θ at raw 40 is 1.0, and
log(1 − θ) would be lost.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, Self, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likely._math.rows import distinct
from likely.inference.asked import generator_for, in_order, levels_of
from likely.inference.distributions import Distributions
from likely.inference.labels import codes_of
from likely.inference.rows import once
from likely.losses import check

Array = NDArray[np.float64]
Rows = NDArray[np.intp]
M = TypeVar("M", bound=Callable[..., Any])

#: A tail beyond this is taken from one minus the other tail, at a loss of two digits at most.
PLAIN = 0.01
#: A tail below this is taken from its logarithm, where the family declares that.
LEAST = 1e-200
#: From here on a logarithm that grows like y log y is none of the numbers.
FURTHEST = 1e300


class numeric_only(Generic[M]):  # noqa: N801, a decorator
    """A method that exists only where y is a number: not for labels other than 0 and 1."""

    def __init__(self, method: M) -> None:
        self.method = method
        self.__doc__ = method.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> M: ...
    @overload
    def __get__(self, instance: Any, owner: type) -> Callable[..., Any]: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self.method
        if not instance._numeric:
            raise AttributeError(
                f"{self.name} is not defined for the labels {instance.labels.tolist()}, which have no order "
                "and no arithmetic: use probabilities(), mode(), log_prob(y) or entropy()"
            )
        return self.method.__get__(instance, owner)


class Predictive(Distributions):
    """n distributions of one family, one a row; or a single one, of shape ().

    Methods return one value a row: shape (n,), or a number for a single distribution. Where y is asked for, give
    (n,), a number for all rows, or (n, m) for m values a row; a single distribution takes any shape.
    ``distribution[3]`` is the single distribution of row 3; slices, masks and index arrays select rows.

    Made by ``family.at(...)``, ``family.fit(y)`` and ``model.predict_dist(X)``. ``raw`` has shape (k, n),
    or (k,) for a single one; ``labels`` are the two labels of Bernoulli, the second of which is y = 1.
    """

    def __init__(
        self,
        loss: Any,
        raw: ArrayLike,
        labels: ArrayLike | None = None,
        columns: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(loss.distribution, raw)
        #: Those of the rows that the family is fitted to, such as successes and trials.
        self.columns = loss.specification.support.columns if columns is None else columns
        bad = np.isnan(self._raw2).any(axis=0)
        if bad.any():
            raise ValueError(f"raw is NaN in {check.rows_of(bad)}")
        self.labels = None if labels is None else np.asarray(labels)
        if self.labels is not None and (
            loss.specification.support.name != "binary" or self.labels.shape != (2,)
        ):
            raise ValueError("labels are for Bernoulli, and there are two of them")
        self._numeric = self.labels is None or (
            self.labels.dtype.kind in "biuf" and bool((self.labels == np.array([0, 1])).all())
        )

    # --- A row of distributions -------------------------------------------------------------------

    def _of(self, raw: Array) -> Self:
        return type(self)(self.loss, raw, self.labels, self.columns)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters on their natural scale by public name, (n,) each; fixed ones included."""
        found = {}
        columns = iter(self._raw2)
        for slot in self.loss.slots:
            fixed = slot.link is None
            value = (
                np.full(self._raw2.shape[1], slot.value)
                if fixed
                else slot.link.inverse(next(columns))
            )
            shaped = self._shaped(value)
            found[slot.parameter] = shaped if self.shape else float(shaped)
        return found

    def __repr__(self) -> str:
        name = self.loss.specification.name
        n = self._raw2.shape[1]
        values = (
            {k: np.atleast_1d(v) for k, v in self[:3].parameters.items()}
            if self.shape
            else {k: np.atleast_1d(v) for k, v in self.parameters.items()}
        )
        shown = []
        for key, value in values.items():
            listed = ", ".join(f"{v:.6g}" for v in value) + (", …" if n > 3 else "")
            shown.append(f"{key}={f'[{listed}]' if self.shape else listed}")
        what = f"{n} distributions" if self.shape else "distribution"
        return f"<{name} {what}: {', '.join(shown)}>"

    # --- Probability ------------------------------------------------------------------------------

    def log_prob(self, y: ArrayLike) -> Any:
        """log p(y), the density or probability, in nats; −∞ outside the support.

        ValueError names the rows where y is NaN. For labels, y holds labels, and one that is not known
        is an error; so are the rows of several columns, such as [low, high], to which some families are fitted.
        """
        self._refuse_rows(np.shape(y))
        y, rows, shape = self._aligned(y if self.labels is None else codes_of(y, self.labels))
        support = self.loss.specification.support
        inside = support.contains(y) & np.isfinite(y)
        out = np.full(y.shape, -np.inf)
        if inside.all():
            raw = self._raw2 if rows.size == self._raw2.shape[1] else self._raw2[:, rows]
            out = -self.loss.evaluate(y, raw, 0)[0]
        elif inside.any():
            raw = np.ascontiguousarray(self._raw2[:, rows[inside]])
            out[inside] = -self.loss.evaluate(y[inside], raw, 0)[0]
        return out.reshape(shape)[()]

    def prob(self, y: ArrayLike) -> Any:
        """p(y), the density or probability; 0 outside the support, ∞ where it is larger than any number."""
        with np.errstate(over="ignore"):
            return np.exp(self.log_prob(y))

    def _refuse_rows(self, shape: tuple[int, ...]) -> None:
        """ValueError where y has the columns of the rows that the family is fitted to, not numbers of y itself."""
        m = len(self.columns)
        if m > 1 and shape == (*(self.shape or shape[:1]), m):
            raise ValueError(
                f"y has shape {shape}, as rows of {', '.join(self.columns)} have; here y is a number that "
                f"{self.loss.specification.name} gives a probability. The log-likelihood of such rows is "
                f"model.row_scores(X, y); for {m} numbers a row, "
                "give one column at a time"
            )

    @numeric_only
    def cdf(self, y: ArrayLike) -> Any:
        """P(Y ≤ y), with its relative accuracy kept where it is small.

        ValueError names the rows where y is NaN, and rows of several columns, such as [low, high].
        """
        return self._distribution("cdf", y)

    @numeric_only
    def sf(self, y: ArrayLike) -> Any:
        """P(Y > y) = 1 − cdf(y), with its relative accuracy kept where it is small."""
        return self._distribution("sf", y)

    @numeric_only
    def quantile(self, q: ArrayLike) -> Any:
        """The smallest y with cdf(y) ≥ q: (n,) for a level, (n, m) for m levels."""
        return self._levels(q, "q", "quantile")

    @numeric_only
    def isf(self, p: ArrayLike) -> Any:
        """The smallest y with sf(y) ≤ p: quantile(1 − p) that stays exact for tiny p."""
        return self._levels(p, "p", "isf")

    @numeric_only
    def interval(self, coverage: ArrayLike) -> tuple[Any, Any]:
        """The central interval (low, high): (1 − coverage)/2 of the probability is left on either side.

        Shapes as for ``quantile``. Of counts it covers at least what is asked for; of directions it is the
        arc from low counter-clockwise to high.
        """
        levels = levels_of(coverage, "coverage")
        if self._declared("interval_low"):
            return self._arc(levels)
        outside = 0.5 * (1.0 - levels)
        low, high = self.quantile(outside), self.isf(outside)
        return in_order(low, high) if self.labels is None else (low, high)

    def sample(self, m: int, rng: np.random.Generator | int | None = None) -> Any:
        """m draws a row, (n, m), or (m,) from a single distribution; ``rng`` a Generator or a seed."""
        generator = generator_for(m, rng)
        n = self._raw2.shape[1]
        if "sample" in self.loss.specification.formulas:
            body = self.loss.specification.formulas["sample"]
            values = [
                np.asarray(self.loss.parameter(name, self._raw2))[:, None]
                for name in self.loss.specification.parameters
            ]
            with np.errstate(over="ignore"):  # y may be larger than any number, as a quantile may
                draws = np.asarray(body(generator, (n, m), *values), dtype=np.float64)
        else:
            # Never exactly 0 or 1, where the quantile may be infinite.
            uniform = (generator.integers(0, 2**53, (n, m)) + 0.5) / 2**53
            rows = np.repeat(np.arange(n), m)
            draws = self._inverse(uniform.ravel(), rows, upper=False).reshape(n, m)
        support = self.loss.specification.support
        if not support.integer:
            # A draw may round to an edge that is not in the support.
            low, high = (np.nextafter(edge, 0.5) for edge in (support.low, support.high))
            if np.isfinite(support.low) and not support.closed_low:
                draws = np.maximum(draws, low)
            if np.isfinite(support.high) and not support.closed_high:
                draws = np.minimum(draws, high)
        if self.labels is not None:
            draws = self.labels[draws.astype(np.intp)]
        return draws if self.shape else draws[0]

    # --- Summaries --------------------------------------------------------------------------------

    @numeric_only
    def mean(self) -> Any:
        """E[Y]; NaN where it does not exist."""
        return self._summary("mean")

    @numeric_only
    def median(self) -> Any:
        """The smallest y with cdf(y) ≥ ½; of directions the mean direction."""
        if self._declared("median"):
            return self._summary("median")
        return self.quantile(0.5)

    def mode(self) -> Any:
        """Where the density or probability is largest: an edge if it grows towards it; of ties the smallest.

        For Bernoulli with labels, the label.
        """
        value = self._summary("mode")
        return value if self.labels is None else self.labels[np.asarray(value).astype(np.intp)]

    @numeric_only
    def var(self) -> Any:
        """E[(Y − mean)²]; ∞ or NaN where it does not exist."""
        return self._summary("var")

    @numeric_only
    def std(self) -> Any:
        """The square root of the variance."""
        return np.sqrt(self.var())

    def entropy(self) -> Any:
        """−E[log p(Y)], in nats."""
        return self._summary("entropy")

    def probabilities(self) -> Array:
        """The probabilities of the two classes, (n, 2) or (2,): Bernoulli only."""
        if self.loss.specification.support.name != "binary":
            raise AttributeError(
                f"probabilities() is for classes; {self.loss.specification.name} has prob(y) and cdf(y)"
            )
        both = np.array([[0.0], [1.0]])
        return np.exp(self._code_log_prob(both)).T.reshape(*self.shape, 2)

    # --- How each is computed ---------------------------------------------------------------------

    def _declared(self, name: str) -> bool:
        return name in self.loss.specification.formulas

    def _summary(self, name: str) -> Any:
        if self._declared(name):
            return self._shaped(self.loss.formula(name, self._raw2).copy())
        integrals, inverse = self._integrals
        value = getattr(integrals, name)()
        return self._shaped(value if inverse is None else value[inverse])

    @cached_property
    def _integrals(self) -> tuple[Any, Rows | None]:
        """Integrals or sums over the distinct rows, and the index of each row in them."""
        few, inverse = distinct(self._raw2)
        if self.loss.specification.structure is not None:
            from likely.inference.kinds import inference_of

            return inference_of(self.loss, few), inverse
        if self.loss.specification.support.integer:
            from likely.inference.bounded import sums_of

            return sums_of(self.loss, few), inverse
        from likely.inference.numerical import ContinuousIntegrals

        return ContinuousIntegrals(self.loss, few), inverse

    def _distribution(self, name: str, y: ArrayLike) -> Any:
        self._refuse_rows(np.shape(y))
        y, rows, shape = self._aligned(y)
        return self._beside(y, rows, upper=name == "sf").reshape(shape)[()]

    def _beside(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """cdf, or sf where ``upper``, at y (m,) of the rows (m,)."""
        support = self.loss.specification.support
        name, lower = ("sf", False) if upper else ("cdf", True)
        out = np.empty(y.shape)
        if support.integer:
            y = np.floor(y)
            before, after = y < support.low, y >= support.high
        else:
            # A support that contains its lower edge may have a point mass there.
            before = y < support.low if support.closed_low else y <= support.low
            after = y >= support.high
        out[before], out[after] = (0.0, 1.0) if lower else (1.0, 0.0)
        inside = ~(before | after)
        if inside.all():
            out = self._tail(name, y, rows)
        elif inside.any():
            out[inside] = self._tail(name, y[inside], rows[inside])
        return out

    def _tail(self, name: str, y: Array, rows: Rows) -> Array:
        """cdf or sf at y inside the support: declared, from the other one, or by integration."""
        lower = name == "cdf"
        other = "sf" if lower else "cdf"
        if self._declared(name):
            return self._small(name, np.clip(self._at(name, y, rows), 0.0, 1.0), y, rows)
        if not self._declared(other):
            return self._integrated(y, rows, upper=not lower)
        value = 1.0 - np.clip(self._at(other, y, rows), 0.0, 1.0)
        small = value < PLAIN
        if small.any():
            value[small] = self._integrated(y[small], rows[small], upper=not lower)
        return value

    def _small(self, name: str, value: Array, y: Array, rows: Rows) -> Array:
        """The same, of next to nothing by its logarithm: some factor of it may have left the numbers on the way."""
        least = np.flatnonzero((value < LEAST) & (np.abs(y) < FURTHEST))
        if least.size and self._declared(f"log_{name}"):
            value[least] = np.exp(self._at(f"log_{name}", y[least], rows[least]))
        return value

    def _at(self, name: str, first: Array, rows: Rows) -> Array:
        every = rows.size == self._raw2.shape[1] and bool((rows[1:] > rows[:-1]).all())
        raw = self._raw2 if every else self._raw2[:, rows]
        return np.asarray(self.loss.formula(name, raw, first))

    def _integrated(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        integrals, inverse = self._integrals
        tail = integrals.tail(y, rows if inverse is None else inverse[rows], upper=upper)
        found: Array = np.clip(tail, 0.0, 1.0)
        return found

    def _arc(self, levels: Array) -> tuple[Any, Any]:
        """Both ends of the family's own interval."""
        raw = self._raw2.reshape(*self._raw2.shape, *(1,) * levels.ndim)
        ends = self.loss.formulas(("interval_low", "interval_high"), raw, levels)
        low, high = (np.array(end) if self.shape else end[0][()] for end in ends)
        return low, high

    def _levels(self, levels: ArrayLike, what: str, name: str) -> Any:
        p = levels_of(levels, what)

        def solve(raw: Array) -> Array:
            part = Predictive(self.loss, raw) if raw is not self._raw2 else self
            n = raw.shape[1]
            rows = np.repeat(np.arange(n), p.size)
            value = part._inverse(np.tile(p.ravel(), n), rows, upper=name == "isf")
            return value.reshape(n, *p.shape)

        # Solving is what takes long: rows with the same parameters are solved once.
        quick = self._declared(name)
        value = solve(self._raw2) if quick else once(solve, self._raw2)
        return value if self.shape else value[0][()]

    def _inverse(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """quantile(p), or isf(p) where ``upper``, of the rows."""
        support = self.loss.specification.support
        name, other = ("isf", "quantile") if upper else ("quantile", "isf")
        if self._declared(name):
            out = self._at(name, p, rows).copy()
        elif support.integer:
            out = self._search(p, rows, upper=upper)
        else:
            out = np.empty(p.shape)
            # The other one serves wherever 1 − p keeps its digits.
            plain = (p > PLAIN) if self._declared(other) else np.zeros(p.shape, dtype=bool)
            if plain.any():
                out[plain] = self._at(other, 1.0 - p[plain], rows[plain])
            rest = ~plain & (p > 0.0) & (p < 1.0)
            if rest.any():
                integrals, inverse = self._integrals
                index = rows[rest] if inverse is None else inverse[rows[rest]]
                out[rest] = integrals.quantile(p[rest], index, upper=upper)
        ends = (("lower", float(upper), support.low), ("upper", float(not upper), support.high))
        for end, level, edge in ends:
            there = p == level
            out[there] = edge
            if there.any() and self._declared(end):
                out[there] = self.loss.formula(end, self._raw2[:, rows[there]])
        return out

    def _search(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """The smallest count far enough up, by its cdf or sf."""
        from likely.inference.discrete import cornish_fisher, quantile_of

        support = self.loss.specification.support
        name = "sf" if upper else "cdf"
        if not (self._declared("cdf") or self._declared("sf")):
            integrals, inverse = self._integrals
            index = rows if inverse is None else inverse[rows]
            found: Array = integrals.quantile(p, index, upper=upper)
            return found

        def tail(k: Array, at: Rows) -> Array:
            return self._tail(name, k, rows[at])

        def probability(k: Array, at: Rows) -> Array:
            found: Array = Predictive(self.loss, self._raw2[:, rows[at]]).prob(k)
            return found

        mean, var = (np.broadcast_to(np.asarray(v), self._raw2.shape[1:])[rows] for v in
                     (self._summary("mean"), self._summary("var")))  # fmt: skip
        guess = cornish_fisher(p, mean, var, upper=upper)
        return quantile_of(tail, probability, p, guess, support.low, support.high, upper=upper)

    # --- y and shapes -----------------------------------------------------------------------------

    def _shaped(self, value: Array) -> Any:
        return value if self.shape else value[0]

    def _aligned(self, y: Any) -> tuple[Array, Rows, tuple[int, ...]]:
        """y flat, the row of each value, and the shape of the answer."""
        values = check.numbers_of(y, self.loss.specification.support)
        n = self._raw2.shape[1]
        if self.shape:
            if values.ndim == 0:
                values = np.full(n, values)
            if values.ndim > 2 or values.shape[0] != n:
                raise ValueError(
                    f"y has shape {values.shape}, but there are {n} distributions: give a number, "
                    f"({n},) or ({n}, m)"
                )
        missing = np.isnan(values)
        if missing.any():
            where = missing.reshape(len(values), -1).any(axis=1) if values.ndim else missing
            raise ValueError(f"y is NaN in {check.rows_of(where)}: drop or impute those rows first")
        width = values.size // max(n, 1)
        rows = np.repeat(np.arange(n), width) if self.shape else np.zeros(values.size, np.intp)
        return np.ascontiguousarray(values.ravel()), rows, values.shape

    def _code_log_prob(self, codes: Array) -> Array:
        """log p at the codes (c, 1) of every row, (c, n)."""
        n = self._raw2.shape[1]
        return np.array([-self.loss.evaluate(np.full(n, c[0]), self._raw2, 0)[0] for c in codes])
