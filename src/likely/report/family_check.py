"""``check_family``: is a family what it says it is, and how many digits does its formula keep?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.domains import circular
from likely.inference.numerical import ContinuousIntegrals
from likely.inference.predictive import Predictive
from likely.inference.rows import parameters_at
from likely.inference.summation import DiscreteSums
from likely.losses.nll import NegativeLogLikelihood
from likely.predictors.own import advice, some_of, total_mass
from likely.report.many_digits import Accuracy, accuracy

Array = NDArray[np.float64]

#: What quadrature, sums and differences have to agree to.
TOLERANCE = 1e-6
#: Raw predictions to look at: every combination of these, or so many drawn between them. Formulas that
#: cancel do so further out.
_NEAR = (-2.0, 0.0, 1.5)
_FAR = (-12.0, -1.0, 0.5, 2.0, 12.0)
_MOST_POINTS = 27
#: The loss of a y that is improbable enough not to matter to an integral.
_IMPROBABLE = 100.0
#: Values of y that are computed with many digits, which takes long.
_MOST_VALUES = 60
#: Draws of each point, and how far chance takes their distribution function from the density's once in 1e9 times.
_DRAWS = 200
_FARTHEST_DRAWS = math.sqrt(math.log(2e9) / (2.0 * _DRAWS))
_LEVELS = (0.001, 0.1, 0.5, 0.9, 0.999)


@dataclass(frozen=True)
class Check:
    """One question with its answer; ``passed`` is None for what is measured and falls short."""

    question: str
    passed: bool | None
    answer: str


@dataclass(frozen=True)
class FamilyReport:
    """What ``check_family`` found: print it, or ask ``passed``."""

    family: Any
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(check.passed is not False for check in self.checks)

    def __str__(self) -> str:
        wide = max(len(check.question) for check in self.checks)
        words = {True: "ok  ", False: "FAIL", None: "–   "}
        lines = [f"{self.family!r}: {'passed' if self.passed else 'FAILED'}"]
        for check in self.checks:
            lines.append(f"  {words[check.passed]}  {check.question:{wide}}  {check.answer}")
        return "\n".join(lines)

    __repr__ = __str__


def check_family(family: Any) -> FamilyReport:
    """Check a family of your own, or any other, against quadrature, differences and many digits.

    Asks whether the density integrates (the probabilities sum) to 1, whether the score, the gradient of
    log p in the raw predictions, has mean 0, whether the gradient agrees with differences, whether each
    closed form that the family declares agrees with the density, and which share of values and
    gradients meet the accuracy |error| ≤ 1e-10 |truth| + 64 u K, where K is what rounding the inputs
    alone would do. Parameters run over raw predictions between −2 and 1.5, for the digits between −12
    and 12, where formulas that cancel do so. Digits are measured, and do not fail. TypeError where
    ``family`` is not a family, one over classes, which has no formula in y, or one whose y are more than
    one number each or have a probability beside the density.

    >>> from likely import Gamma, check_family
    >>> check_family(Gamma()).passed
    True
    """
    from likely.catalogue import as_family

    family = as_family(family)
    if family.specification.vector is not None:
        raise TypeError(
            f"{family!r} is over {family.specification.vector}: its loss is written for all of them at "
            "once, and there is no formula in one y to check"
        )
    _refuse_other_y(family)
    loss = family.loss()
    near = _Study(loss, _without_poles(loss, _points(loss, _NEAR)))
    checks = [near.mass()]
    if checks[0].passed:
        checks += [near.score(), *near.closed_forms()]
    try:
        checks += [*near.measured(), *_Study(loss, _points(loss, _FAR)).digits()]
    except NotImplementedError as reason:
        checks.append(Check("digits", None, f"not measured: {reason}"))
    return FamilyReport(family, tuple(checks))


def _refuse_other_y(family: Any) -> None:
    """TypeError where a y is more than one number, or some y have a probability in the midst of a density."""
    specification = family.specification
    structure = specification.structure
    if specification.tabular:
        why = "rows of y are several numbers"
    elif structure is not None and structure.points and not specification.support.integer:
        why = "some y have a probability of their own beside the density"
    else:
        return
    inside = getattr(family, "families", ())
    advice = "".join(f"; check_family({part!r}) checks what is inside" for part in inside[:1])
    raise TypeError(f"{family!r} has no density over one number to check: {why}{advice}")


def _points(loss: Any, choices: tuple[float, ...]) -> Array:
    """Raw predictions (k, n) in the domains of the links."""
    k = loss.columns
    if len(choices) ** k <= _MOST_POINTS:
        raw = np.array(list(product(choices, repeat=k))).reshape(-1, k).T
    else:
        raw = np.random.default_rng(0).uniform(min(choices), max(choices), (k, _MOST_POINTS))
    return np.ascontiguousarray(raw[:, ~loss.outside(raw)])


def _without_poles(loss: Any, raw: Array) -> Array:
    """The points whose density has no pole inside the support, where no quadrature could find it."""
    if "mode" not in loss.specification.formulas:
        return raw
    mode = np.array(loss.formula("mode", raw))
    inside = loss.specification.support.contains(mode)
    nll = loss.evaluate(mode, raw, 0)[0]
    return np.ascontiguousarray(raw[:, ~inside | np.isfinite(nll)])


class _Study:
    """The questions about one loss at raw (k, n)."""

    def __init__(self, loss: Any, raw: Array) -> None:
        self.loss = loss
        self.raw = raw
        self.specification = loss.specification
        self.discrete = self.specification.support.integer

    def _at(self, point: int) -> str:
        return "at " + parameters_at(self.loss, self.raw[:, point])

    def _verdict(self, question: str, error: Array, unit: str = "") -> Check:
        """A check of errors (n,), one a point, against the tolerance."""
        worst = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
        passed = bool(error[worst] <= TOLERANCE)
        where = "" if passed else f" {self._at(worst)}"
        return Check(question, passed, f"off by {error[worst]:.1e}{unit} at most{where}")

    # --- One, and zero ----------------------------------------------------------------------------

    def mass(self) -> Check:
        """Σ or ∫ p = 1."""
        total = total_mass(self.loss, self.raw)
        question = "the probabilities sum to 1" if self.discrete else "the density integrates to 1"
        found = self._verdict(question, np.abs(total - 1.0))
        if found.passed:
            return found
        worst = int(np.argmax(np.abs(np.nan_to_num(total, nan=np.inf) - 1.0)))
        why = self._lost_digits(worst) or advice(self.loss, self.raw[:, worst], float(total[worst]))
        return replace(found, answer=f"{total[worst]:.6g} {self._at(worst)}: {why}")

    def _lost_digits(self, point: int) -> str:
        """Where a formula has no digits left of a y that is not too improbable to matter; else nothing."""
        y = some_of(self.specification.support)
        raw = np.repeat(self.raw[:, [point]], y.size, 1)
        nll, gradient, _ = self.loss.evaluate(y, raw, 1)
        probable = np.isfinite(nll) & (np.abs(nll) < _IMPROBABLE)
        y, raw = y[probable], np.ascontiguousarray(raw[:, probable])
        try:
            found = accuracy(self.loss, y, raw, nll[probable], gradient[:, probable])
        except NotImplementedError:
            return ""
        lost = found.value * 1e-10 * np.abs(nll[probable]) > 1.0
        if not lost.any():
            return ""
        return (
            f"log_density loses all digits, at y = {y[lost][0]:g} for one, where large terms cancel: write it with "
            "functions that keep them, such as lbeta for three lgamma"
        )

    def score(self) -> Check:
        """E ∂log p/∂raw = 0, in units of the score's own spread."""
        columns = range(self.loss.columns)
        question = "the score has mean 0"
        error = np.zeros(self.raw.shape[1])
        for j in columns:
            mean = self._expectation(lambda gradient, j=j: gradient[j])
            square = self._expectation(lambda gradient, j=j: gradient[j] ** 2)
            spread = np.sqrt(square)
            error = np.maximum(error, np.abs(mean) / np.where(spread > 0.0, spread, 1.0))
        return self._verdict_of_known(question, error, " of its spread")

    def _verdict_of_known(self, question: str, error: Array, unit: str = "") -> Check:
        """A check of errors (n,) that are NaN where a tail is too long for expectations."""
        known = ~np.isnan(error)
        if not known.any():
            return Check(question, None, f"not measured: the tails are too long, as {self._at(0)}")
        return self._verdict(question, np.where(known, error, 0.0), unit)

    def _expectation(self, function: Any) -> Array:
        """E function(∂nll/∂raw) at every point; NaN where what lies beyond the numbers matters."""
        rows = np.arange(self.raw.shape[1])
        ones = np.ones(rows.size)
        study: Any
        if self.discrete:
            study, start, weight = self._sums, self._sums.mode(), self._weigh_counts(function)
        else:
            study, start, weight = (
                self._integrals,
                self._integrals.line.centre,
                self._weigh(function),
            )
        below, open_below = study.outwards(start, -ones, rows, weight)
        above, open_above = study.outwards(start + float(self.discrete), ones, rows, weight)
        total: Array = np.where(open_below | open_above, np.nan, below + above)
        if self.specification.point is not None:
            y = np.full(self.raw.shape[1], self.specification.point)
            total += self._integrals.point * function(self.loss.evaluate(y, self.raw, 1)[1])
        return total

    @cached_property
    def _integrals(self) -> ContinuousIntegrals:
        return ContinuousIntegrals(self.loss, self.raw)

    @cached_property
    def _sums(self) -> DiscreteSums:
        return DiscreteSums(self.loss, self.raw)

    def _weigh(self, function: Any) -> Any:
        def weight(exponent: Array, log_f: Array, t: Array, y: Array, rows: Any) -> Array:
            gradient = self._integrals.line.score(t, rows[:, 0])
            # What is left out has less than e⁻⁸⁰ of the mass.
            return np.where(exponent > -80.0, np.exp(exponent) * function(gradient), 0.0)

        return weight

    def _weigh_counts(self, function: Any) -> Any:
        def weight(log_p: Array, y: Array, rows: Any) -> Array:
            inside = log_p > -80.0
            out = np.zeros(y.shape)
            of = np.broadcast_to(rows, y.shape)[inside]
            gradient = self.loss.evaluate(y[inside], self.raw[:, of], 1)[1]
            out[inside] = np.exp(log_p[inside]) * function(gradient)
            return out

        return weight

    # --- What the family declares -----------------------------------------------------------------

    def closed_forms(self) -> Iterator[Check]:
        """Each declared closed form against the density alone."""
        bare = replace(self.specification, formulas={})
        told = Predictive(self.loss, self.raw)
        found = Predictive(NegativeLogLikelihood(bare, self.loss.slots), self.raw)
        levels = np.array(_LEVELS)
        declared = set(self.specification.formulas)
        if "mean" in self.specification.parameters:
            declared.add("mean")
        on_circle = self._on_circle() if self.specification.support is circular else {}
        for name in ("mean", "var", "entropy"):
            if name in declared:
                value = on_circle[name] if name in on_circle else getattr(found, name)()
                yield self._compare(name, getattr(told, name)(), value)
        if "mode" in declared:
            lower = np.maximum(self._height(found.mode()) - self._height(told.mode()), 0.0)
            # At an edge the density may be infinite: there the places are compared, not the heights.
            lower = np.where(told.mode() == found.mode(), 0.0, lower)
            yield self._verdict("mode: the density is largest there", lower)
        y = np.asarray(found.quantile(levels))
        for name in ("cdf", "sf"):
            if name in declared:
                yield self._compare(name, getattr(told, name)(y), getattr(found, name)(y))
        for name in ("log_cdf", "log_sf"):
            if name in declared:
                log_told = np.stack([self.loss.formula(name, self.raw, at) for at in y.T], axis=1)
                with np.errstate(over="ignore"):
                    value = np.exp(log_told)
                yield self._compare(name, value, getattr(found, name.removeprefix("log_"))(y))
        for name in ("quantile", "isf"):
            if name in declared:
                yield self._compare(name, getattr(told, name)(levels), getattr(found, name)(levels))
        if "sample" in declared:
            yield self._draws(told, found)
        if "expected_information" in declared:
            yield self._information()

    def _draws(self, told: Predictive, found: Predictive) -> Check:
        """Kolmogorov's distance between the shares of the density below draws and those of a uniform number."""
        rng = np.random.default_rng(0)
        largest = np.finfo(np.float64).max
        y = np.clip(told.sample(_DRAWS, rng), -largest, largest)  # some are beyond the numbers
        # A draw stands for all that rounds to it, which beside an edge of the support may be much.
        below = y - 1.0 if self.discrete else np.nextafter(y, -largest)
        above = y if self.discrete else np.nextafter(y, largest)
        low, high = (np.asarray(found.cdf(end)) for end in (below, above))
        share = low + rng.random(y.shape) * (high - low)
        share = np.sort(np.where(self.specification.support.contains(y), share, np.nan), axis=1)
        steps = np.arange(_DRAWS + 1.0) / _DRAWS
        distance = np.maximum(share - steps[:-1], steps[1:] - share).max(axis=1)
        worst = int(np.argmax(np.where(np.isnan(distance), np.inf, distance)))
        passed = bool(distance[worst] <= _FARTHEST_DRAWS)
        where = "" if passed else f" {self._at(worst)}"
        chance = f"of {_FARTHEST_DRAWS:.2f} that chance explains{where}"
        answer = f"{distance[worst]:.2f} from the density's at most, {chance}"
        return Check("sample as declared", passed, answer)

    def _on_circle(self) -> dict[str, Array]:
        """The mean direction, and the variance of the angle from it the shorter way."""
        nodes, weights = np.polynomial.legendre.leggauss(400)

        def moment(centre: Any, function: Any) -> Array:
            y = centre + np.pi * nodes[:, None] + np.zeros(self.raw.shape[1])
            rows = np.tile(self.raw, len(nodes))
            p = np.exp(-self.loss.evaluate(y.ravel(), rows, 0)[0]).reshape(y.shape)
            total: Array = np.pi * (weights @ (p * function(y - centre)))
            return total

        mean = np.angle(moment(0.0, lambda angle: np.exp(1j * angle)))
        return {"mean": mean, "var": moment(mean, np.square)}

    def _height(self, y: Any) -> Array:
        """log p(y), also at an edge that is not in the support."""
        height: Array = -self.loss.evaluate(np.array(y, dtype=np.float64), self.raw, 0)[0]
        return height

    def _compare(self, name: str, told: Any, found: Any) -> Check:
        told, found = np.asarray(told), np.asarray(found)
        with np.errstate(invalid="ignore"):
            away = np.abs(told - found) / np.maximum(np.abs(found), 1e-3)
        # That a moment does not exist, quadrature cannot see for certain.
        away = np.where((told == found) | ~np.isfinite(told), 0.0, away)
        return self._verdict(f"{name} as declared", away.reshape(away.shape[0], -1).max(axis=1))

    def _information(self) -> Check:
        """E ∂nll/∂rawᵢ ∂nll/∂rawⱼ is the expected information."""
        k = self.loss.columns
        packed = self.loss.evaluate(self._some_y(), self.raw, 2, "expected")[2]
        error = np.zeros(self.raw.shape[1])
        pairs = [(i, j) for i in range(k) for j in range(i + 1)]
        truth = [self._expectation(lambda g, i=i, j=j: g[i] * g[j]) for i, j in pairs]
        size = {i: np.sqrt(t) for (i, j), t in zip(pairs, truth, strict=True) if i == j}
        for (i, j), told, found in zip(pairs, packed, truth, strict=True):
            error = np.maximum(error, np.abs(told - found) / (size[i] * size[j]))
        return self._verdict_of_known("expected_information as declared", error)

    # --- Digits -----------------------------------------------------------------------------------

    def _some_y(self) -> Array:
        """One y of each point, in the bulk: (n,)."""
        return self._values()[:, 0]

    def _values(self) -> Array:
        """Values of y around the peak of each point, (n, m)."""
        n = self.raw.shape[1]
        rows = np.arange(n)
        if self.discrete:
            low, high = self.specification.support.low, self.specification.support.high
            return np.clip(self._sums.mode()[:, None] + np.array([0.0, 1.0, -1.0, 20.0]), low, high)
        line = self._integrals.line
        centre = line.centre
        up, down = (line.width(centre, np.full(n, s), rows) for s in (1.0, -1.0))
        steps = [0.05 * up, -down, 3.0 * up, -3.0 * down]
        return np.column_stack([line.y_of(centre + step) for step in steps])

    def measured(self) -> list[Check]:
        """The gradient against differences, where no formula has to cancel."""
        rows, _, found = self._accuracy
        difference = np.zeros(self.raw.shape[1])
        np.maximum.at(difference, rows, found.difference)
        return [self._verdict("the gradient agrees with differences", difference)]

    def digits(self) -> list[Check]:
        """Loss and gradient against the accuracy that is asked for."""
        rows, y, found = self._accuracy
        checks = []
        for what, ratio in (("loss", found.value), ("gradient", found.gradient)):
            share = 100.0 * float((ratio <= 1.0).mean())
            answer = f"{share:.0f} % of {ratio.size} within the contract"
            if share < 100.0:
                worst = int(np.argmax(ratio))
                answer += (
                    f"; at worst {ratio[worst]:.1e} times its tolerance, {self._at(rows[worst])}, "
                    f"y = {y[worst]:.4g}"
                )
            checks.append(Check(f"digits of the {what}", True if share == 100.0 else None, answer))
        return checks

    @cached_property
    def _accuracy(self) -> tuple[Any, Array, Accuracy]:
        """The point and the y of each value that was compared, and how it came out."""
        values = self._values()
        inside = self.specification.support.contains(values) & np.isfinite(values)
        rows, columns = np.nonzero(inside)
        some = np.linspace(0, rows.size - 1, min(rows.size, _MOST_VALUES)).astype(np.intp)
        rows, columns = rows[some], columns[some]
        y, raw = values[rows, columns], np.ascontiguousarray(self.raw[:, rows])
        nll, gradient, _ = self.loss.evaluate(y, raw, 1)
        return rows, y, accuracy(self.loss, y, raw, nll, gradient)
