"""Families over a known number of trials, such as ``Binomial()``.

Each is a :class:`~likely.recipe.Family` whose number of trials comes with y, in a second column, or is
given once, ``Binomial(trials=10)``. The formulas come from ``likely.families.trials``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from likely.families.base import Specification
from likely.recipe import Family, Role, rebuild

if TYPE_CHECKING:
    from likely.report.explanation import Explanation

#: As many as float64 counts one by one.
MOST = 2**53


class TrialsFamily(Family):
    """A family of successes: ``trials`` is their known number, or None where y brings it along."""

    def __init__(self, trials: Any = None, **roles: Role | float) -> None:
        from likely.families.trials.base import with_column, with_constant

        if trials is None:
            self.specification = with_column(type(self)._plain())
        else:
            try:
                whole = 1 <= trials <= MOST and int(trials) == trials
            except (TypeError, ValueError):
                whole = False
            if not whole or isinstance(trials, bool):
                from likely.losses.check import said

                raise ValueError(
                    f"trials must be a whole number ≥ 1, the same for all rows, got {said(trials)}; where it "
                    "differs by row leave it out and give y as two columns, successes and trials"
                )
            trials = int(trials)
            self.specification = with_constant(type(self)._plain(), trials)
        self.trials: int | None = trials
        super().__init__(**roles)

    @classmethod
    @cache
    def _plain(cls) -> Specification:
        module = import_module(f"likely.families.trials.{cls.__name__.lower()}")
        found: Specification = getattr(module, cls.__name__).specification
        return found

    def __repr__(self) -> str:
        given = [] if self.trials is None else [f"trials={self.trials}"]
        given += [f"{name}={role!r}" for name, role in self._roles.items()]
        return f"{type(self).__name__}({', '.join(given)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild, (type(self), self.trials, self._roles)


class Binomial(TrialsFamily):
    r"""Successes among a known number of trials: conversions of visits, deaths of those exposed.

    .. math:: p(y) = \binom{n}{y} \lambda^y (1-\lambda)^{n-y}

    y has two columns, (n, 2): successes and trials, whole numbers with 0 ≤ successes ≤ trials. So whatever splits the
    rows of y takes the trials along. A new row brings no number of trials: its prediction is the distribution of a
    single trial, whose mean is the probability λ; ``predict_dist(X, trials=...)`` gives that of so many. With
    ``Binomial(trials=10)``, the same for all rows, y is the number of successes alone, (n,), and so is what is
    predicted.

    ValueError: trials that are not a whole number ≥ 1, or rows of y with more successes than trials.

    >>> import numpy as np
    >>> from likely import Binomial
    >>> y = np.array([[3, 10], [1, 4], [6, 6]])                # 10 successes of 20
    >>> fitted = Binomial().fit(y)
    >>> round(fitted.parameters["probs"], 6), float(fitted.mean())
    (0.5, 0.5)
    >>> d = Binomial(trials=10).at(probs=0.3)
    >>> round(float(d.prob(3)), 6), float(d.mode()), float(d.quantile(0.9))
    (0.266828, 3.0, 5.0)

    Source: McCullagh and Nelder, Generalized Linear Models (1989), chapter 4.
    """

    def explain(self) -> Explanation:
        """The recipe for this family step by step; where y brings the trials along, of one, and what n add."""
        from likely.report.explain import explain
        from likely.report.explanation import Line, Step

        told = explain(self.loss().distribution, repr(self))
        if self.trials is not None:
            return told
        left, right = "ℓ(y, n)", "y ℓ(1) + (n − y) ℓ(0) − log(n!/(y! (n − y)!))"
        line = Line(left, right, r"\ell(y, n)", r"y\,\ell(1) + (n-y)\,\ell(0) - \log\binom{n}{y}")
        note = "Its last term, the number of orders in which they may come, does not depend on φ."
        step = Step("A row of y successes among n trials, for which so far n = 1", (line,), note)
        return replace(told, steps=(*told.steps, step))


class BetaBinomial(TrialsFamily):
    r"""Successes among known trials whose probability varies from row to row: Binomial with overdispersion.

    .. math:: p(y) = \binom{n}{y} \frac{B(y + \kappa\lambda, n - y + \kappa(1 - \lambda))}
              {B(\kappa\lambda, \kappa(1 - \lambda))}

    y is as for ``Binomial``: successes and trials, (n, 2), or the successes alone with ``BetaBinomial(trials=10)``. The
    probability of a row is a draw from a Beta with mean λ, ``probs``, and precision κ. Variance
    nλ(1 − λ)(n + κ)/(1 + κ). As κ → ∞ it is the Binomial: a fit to counts without overdispersion has no maximum, and
    says so. A single trial a row says nothing about κ.

    ValueError: trials that are not a whole number ≥ 1, or rows of y with more successes than trials; a precision that
    is not fixed where no row has more than one trial.

    >>> from likely import BetaBinomial
    >>> d = BetaBinomial(trials=10).at(probs=0.3, precision=4.0)
    >>> round(float(d.prob(3)), 6), round(float(d.var()), 6), float(d.mode())
    (0.135053, 5.88, 1.0)

    Source: Skellam, Journal of the Royal Statistical Society B 10 (1948), 257-261.
    """

    def __init__(self, trials: Any = None, **roles: Role | float) -> None:
        super().__init__(trials, **roles)
        if self.trials == 1 and "precision" in self.parameters:
            raise ValueError(
                "BetaBinomial(trials=1) is a Bernoulli, and y says nothing about its precision: use Bernoulli(), "
                "or fix it, precision=…"
            )

    def explain(self) -> Explanation:
        """The recipe for this family step by step; where y brings the trials along, for a row of 10."""
        from likely.report.explain import explain
        from likely.report.explanation import Step

        if self.trials is not None:
            return explain(self.loss(), repr(self))
        told = explain(type(self)(10, **self._roles).loss(), repr(self))
        note = "So far a row of n = 10 trials. Every row has its own n in the place of 10, and n + 1 in that of 11."
        return replace(told, steps=(*told.steps, Step("Rows of any number of trials", (), note)))


#: The families over trials by name.
TRIALS: dict[str, type[TrialsFamily]] = {cls.__name__: cls for cls in (Binomial, BetaBinomial)}
