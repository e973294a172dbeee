"""Checks of y and raw before any work: errors name the rows, the values, and what would be valid."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from likely._math.domains import (
    LABELLED,
    Bounded,
    BoundedIntervals,
    Composition,
    Domain,
    Intervals,
    Product,
    Trials,
    circular,
)
from likely._math.pool import all_blocks
from likely.losses.reading import as_array as as_array
from likely.losses.reading import numeric as numeric

_SHOWN = 5


def shown(value: Any) -> str:
    """A value as its user wrote it: 'a', 3 and [1.0, 2.0], not np.str_('a'), np.int64(3) and array([1., 2.])."""
    return repr(value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value)


def said(value: Any) -> str:
    """A value as its user wrote it, of several their shape alone."""
    shape = np.shape(value)
    return f"{type(value).__name__} of shape {shape}" if shape else shown(value)


def missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which values of any type are None or NaN, (n,)."""
    if values.dtype.kind in "fc":
        return np.isnan(values)
    if values.dtype.kind == "O":
        return np.array([_is_missing(v) for v in values], dtype=bool)
    return np.zeros(values.shape, dtype=bool)


def _is_missing(value: Any) -> bool:
    # NaN is not equal to itself, and whether pandas' NA is, it declines to say.
    same = value is not None and value == value
    return not (isinstance(same, (bool, np.bool_)) and bool(same))


def rows_and_values(bad: Any, values: NDArray[Any]) -> str:
    """``rows 3, 7 (values -1.0, nan)``, at most five of them, and how many there are."""
    rows = np.flatnonzero(bad)
    of = ", ".join(shown(values[r]) for r in rows[:_SHOWN])
    return f"{rows_of(bad)} (value{'s' * (rows.size != 1)} {of})"


def rows_of(bad: Any) -> str:
    """``row 3``, or ``rows 3, 7``: at most five of them, and how many there are."""
    rows = np.flatnonzero(bad)
    more = f", … {rows.size} in all" if rows.size > _SHOWN else ""
    return f"row{'s' * (rows.size != 1)} {', '.join(map(str, rows[:_SHOWN]))}{more}"


def curvature_kind(loss: Any, kind: str) -> None:
    """ValueError where the loss does not have this kind of curvature."""
    if kind not in loss.curvature_kinds:
        raise ValueError(
            f"{loss.specification.name} declares no {kind}_information, so its {kind} curvature "
            f'is not known: use kind="{loss.curvature_kinds[-1]}", or declare it'
        )


def numbers_of(y: Any, support: Domain) -> NDArray[np.float64]:
    """y as float64 of any shape; ValueError says what to do about labels."""
    advice = (
        f"; here y is {support.words}: labels are for family.fit and estimators such as Linear or Trees, "
        "and np.unique(y, return_inverse=True)[1] makes codes of them"
        if support.name in LABELLED
        else "; for labels use a family for classes (Bernoulli, Categorical)"
    )
    array = numeric(y, "y", advice)
    refuse_order(y, names_of(support))
    if getattr(y, "dtype", None) == np.float32:
        if support is circular:  # float32 rounds π up
            array = np.where(np.abs(array) == np.float32(np.pi), np.copysign(np.pi, array), array)
        elif isinstance(support, Composition) and not support.whole and array.ndim == 2:
            # Shares that sum to 1 do so in float32 up to its rounding.
            total = array.sum(axis=1, keepdims=True)
            rounded = np.abs(total - 1.0) <= array.shape[1] * 2.0**-23
            array = np.where(rounded, array / np.where(rounded, total, 1.0), array)
    return array


def names_of(support: Domain) -> list[str]:
    """What the columns of y are called, where a table has names for them."""
    return list(support.names if isinstance(support, Product) else support.columns)


def column_names(y: Any) -> list[Any]:
    """Those of a table with several; none of an array."""
    return [*getattr(y, "column_names", getattr(y, "columns", ()))]  # Arrow's columns are the data


def refuse_order(
    values: Any, known: list[str], who: str = "the family takes", what: str = "y"
) -> None:
    """ValueError where a table names one of the known columns at the place of another: numbers go by place."""
    given = column_names(values)
    if len(given) == len(known) > 1 and any(
        name in known and name != there for name, there in zip(given, known, strict=True)
    ):
        raise ValueError(
            f"the columns of {what} are {', '.join(map(repr, given))}, but {who} {', '.join(map(repr, known))}, "
            f"in this order: give {what}[{known!r}], or rename them"
        )


def refuse_shuffled(values: Any, what: str, rows: Any, of: str) -> None:
    """ValueError where two pandas tables label the same rows in another order: numbers go by place."""
    given, known = _index(values), _index(rows)
    if given is None or known is None or len(given) != len(known) or given.equals(known):
        return
    if given.isin(known).all() and known.isin(given).all():
        row = int(np.argmax(np.asarray(given != known)))
        fix = (
            f"give {what}.loc[{of}.index]"
            if known.is_unique
            else "bring both into one order (labels that repeat, as some do here, cannot say which row is meant)"
        )
        raise ValueError(
            f"the rows of {what} and {of} have the same labels in different orders: row {row} is "
            f"{shown(given[row])} in {what}, but {shown(known[row])} in {of}. Rows go together by their place, not "
            f"by their label: {fix}, or {what}.to_numpy() where the order is meant"
        )


def _index(values: Any) -> Any:
    """The labels of the rows of pandas; None of what has none."""
    index = getattr(values, "index", None)
    return index if hasattr(index, "equals") else None


def response(y: Any, support: Domain, family: str) -> NDArray[np.float64]:
    """y as float64 (n,), every value in the support; (n, 2) for a family of intervals.

    ValueError names the rows that are missing, infinite or outside the support.
    """
    array = np.ascontiguousarray(numbers_of(y, support))
    check_shape(array.shape, support)
    if array.size == 0:
        raise ValueError("y is empty: there is nothing to learn from")
    if not all_blocks(lambda start, stop: support.covers(array[start:stop]), array.shape[0]):
        refuse(array, support, family)
    return array


#: By how much of its standard deviation y may move where it is rounded: what is learned from it moves less.
_MOVED = 0.01


def single_precision(y: NDArray[np.float64], support: Domain, family: str) -> None:
    """ValueError where float32, in which boosters keep labels, takes y (n,) to other values than were meant."""
    with np.errstate(over="ignore"):
        rounded = y.astype(np.float32).astype(np.float64)
        spread = y.std()
    moved = np.abs(rounded - y)
    # Angles a little beyond π are the same angles.
    bad = ~np.isfinite(rounded) if support is circular else ~support.contains(rounded)
    if support.integer:
        bad |= moved > 0.0
    else:
        bad |= ~np.isfinite(rounded) | (moved > _MOVED * spread) & (spread > 0.0)
    if bad.any():
        raise ValueError(
            f"boosters keep labels as float32, which cannot hold y in {rows_and_values(bad, y)} for {family}: move or "
            "rescale y, or use Trees, which keeps it as it is"
        )


def refuse_no_trials(y: NDArray[np.float64], weight: NDArray[np.float64] | None, loss: Any) -> None:
    """ValueError where y is counts among trials, of which no row that counts has any."""
    support = loss.specification.support
    if isinstance(support, Trials):
        trials, columns = y[:, 1], ": its columns are successes, then trials"
    elif isinstance(support, Composition) and support.whole:
        trials, columns = y.sum(axis=1), ""
    else:
        return
    if not (trials if weight is None else trials[weight > 0]).any():
        which = "every row" if weight is None else "every row with a weight above 0"
        raise ValueError(
            f"y has 0 trials in {which}, of which {loss.specification.name} learns nothing{columns}"
        )


def refuse_few_rows(y: NDArray[Any], weight: NDArray[np.float64] | None, loss: Any) -> None:
    """ValueError where a mixture has more components to be learned than there are rows that count."""
    structure = loss.specification.structure
    if structure is None:
        return
    if structure.kind != "Mixture":
        for inside, _ in loss.parts:
            refuse_few_rows(y, weight, inside)
        return
    # A weight may be how often a row was seen.
    rows = y.shape[0] if weight is None else max(int(np.count_nonzero(weight)), int(weight.sum()))
    learned = sum(bool(columns) for _, columns in loss.parts)
    if learned > rows:
        raise ValueError(
            f"{loss.specification.name} has {learned} components to be learned from {rows} row{'s' * (rows != 1)}: "
            "no rows tell more components apart than there are rows; take fewer components"
        )


def refuse_one_side(y: NDArray[np.float64], weight: NDArray[np.float64] | None, loss: Any) -> None:
    """ValueError where all that is known of y are bounds on one and the same side, and no parameter is fixed.

    The likelihood then has no maximum: it grows to 1 as the distribution is moved ever farther away from the bounds.
    """
    support = loss.specification.support
    if not isinstance(support, (Intervals, BoundedIntervals)):
        return
    if any(slot.role == "fixed" for slot in loss.slots):
        return
    rows = y if weight is None else y[weight > 0]
    # Up to a bound by row, where there is one, nothing could have been seen to be higher.
    last = rows[:, 3] if isinstance(support, BoundedIntervals) else support.high
    first = rows[:, 2] if isinstance(support, BoundedIntervals) else support.low
    beyond = rows[:, 0] < rows[:, 1]
    above, below = rows[:, 1] >= last, rows[:, 0] <= np.maximum(first, support.low)
    name = loss.specification.name
    for side, open_end in (("above", above), ("below", below)):
        if (beyond & open_end).all():
            raise ValueError(
                f"every row of y is only known to lie {side} some bound, so the likelihood of {name} has no "
                "maximum: it needs rows where y was seen, or known to lie between bounds or on the other side"
            )


def rows_of_numbers(y: Any, columns: int, specification: Any) -> NDArray[np.float64]:
    """y as float64 (n, columns), every entry finite; ValueError names the rows."""
    array = numeric(y, "y")
    if array.ndim != 2 or array.shape[1] != columns:
        raise ValueError(
            f"y must have shape (n, {columns}) for {specification.name}, one column each; "
            f"got shape {array.shape}"
        )
    if array.shape[0] == 0:
        raise ValueError("y is empty: there is nothing to learn from")
    _refuse_unless_finite(array, "Drop or impute those rows first")
    return array


def _refuse_unless_finite(y: NDArray[np.float64], advice: str) -> None:
    """ValueError with the advice where a row of y (n, m) has an entry that is NaN or infinite."""
    bad = ~np.isfinite(y).all(axis=1)
    if bad.any():
        word = "NaN" if np.isnan(y).any() else "infinity"
        raise ValueError(
            f"y is not finite in {rows_and_values(bad, y)}; Input y contains {word}. {advice}"
        )


def check_shape(shape: tuple[int, ...], support: Domain) -> None:
    """ValueError where y has not one value a row, or not the columns of the support."""
    m = len(support.columns)
    if m == 1:
        refuse_columns(shape)
    if m == 1 and len(shape) != 1:
        raise ValueError(f"y must have one value a row, shape (n,); got shape {shape}")
    if isinstance(support, Product) and (len(shape) != 2 or shape[1] != m):
        raise ValueError(f"y must have {m} columns, {', '.join(support.names)}; got shape {shape}")
    if m > 1 and (len(shape) != 2 or shape[1] != m):
        if isinstance(support, Trials):
            raise ValueError(
                f"y must have 2 columns, successes and trials; got shape {shape}. Where the number of "
                "trials is the same in all rows, give it to the family instead, as in Binomial(trials=10)"
            )
        if isinstance(support, Bounded):
            raise ValueError(
                f"y must have {m} columns, {_BOUNDED[m]}; got shape {shape}. {_MAKES[m]} makes them; bounds that "
                "are the same in all rows go to the family instead, as in Truncated(Normal(), low=0.0)"
            )
        raise ValueError(
            f"y must have {m} columns, low and high, which are equal where y was seen exactly; got shape "
            f"{shape}. likely.censored(time, event) makes them from times and an event indicator"
        )


def refuse_columns(shape: tuple[int, ...]) -> None:
    """ValueError where y, which must be one value a row, has several columns: which families take them."""
    if len(shape) == 2 and shape[1] > 1:
        raise ValueError(
            f"y must have one value a row, shape (n,); got shape {shape}. Families of several columns are "
            "Independent(...) and MultivariateNormal() for numbers, Multinomial() and DirichletMultinomial() for "
            "counts of a total, Dirichlet() for shares, PlackettLuce() for rankings, Binomial() for successes and "
            "trials, Censored(...) and Truncated(...) for bounds; or fit one column at a time"
        )


#: What the columns of y are where rows bring their bounds along, by their number, and what makes them.
_BOUNDED = {
    3: "y, low and high",
    4: "low and high of y, equal where it was seen, then low and high of where it could be seen",
}
_MAKES = {
    3: "likely.truncated(y, low=..., high=...)",
    4: "likely.censored(time, event, entry=...)",
}


def refuse(
    y: NDArray[np.float64], support: Domain, family: str, hint: str | None = None
) -> NoReturn:
    """The ValueError for y of which some value is not in the support; ``hint``: the fix, where it is known."""
    if isinstance(support, Trials):
        _refuse_trials(y, support, family)
    if isinstance(support, Composition):
        _refuse_composition(y, support, family)
    if isinstance(support, Product):
        j = next(j for j, part in enumerate(support.parts) if not part.covers(y[:, j]))
        fix = composition_hint(y, support) if isinstance(support, Composition) else None
        refuse(y[:, j], support.parts[j], f"{support.names[j]}, column {j} of {family}", fix)
    if isinstance(support, Bounded):
        _refuse_bounded(y, support, family)
    if len(support.columns) > 1:
        _refuse_intervals(y, support, family)
    missing = np.isnan(y)
    if missing.any():
        raise ValueError(
            f"y is NaN in {rows_and_values(missing, y)}; Input y contains NaN. "
            "Drop or impute those rows first"
        )
    infinite = np.isinf(y)
    if infinite.any():
        raise ValueError(
            f"y is infinite in {rows_and_values(infinite, y)}; Input y contains infinity. "
            f"{family} needs {support.words}"
        )
    outside = ~support.contains(y)
    raise ValueError(
        f"y is outside the support {support.symbol} of {family} in "
        f"{rows_and_values(outside, y)}; each must be {support.words}"
        f"{way_out(support, y) if hint is None else hint}"
    )


def _refuse_intervals(y: NDArray[np.float64], support: Domain, family: str) -> NoReturn:
    missing = np.isnan(y).any(axis=1)
    if missing.any():
        raise ValueError(
            f"y is NaN in {rows_and_values(missing, y)}; an end that is not known is -inf or inf"
        )
    inverted = y[:, 0] > y[:, 1]
    if inverted.any():
        raise ValueError(
            f"low is above high in {rows_and_values(inverted, y)}: the columns of y are low, then high"
        )
    outside = ~support.contains(y)
    raise ValueError(
        f"y is impossible under {family}, which lies in {support.symbol}, in "
        f"{rows_and_values(outside, y)}; each row must be {support.words}"
    )


def _refuse_bounded(y: NDArray[np.float64], support: Bounded, family: str) -> NoReturn:
    missing = np.isnan(y).any(axis=1)
    if missing.any():
        raise ValueError(
            f"y is NaN in {rows_and_values(missing, y)}; where there is no bound it is -inf or inf"
        )
    m = y.shape[1]
    low, high, first, last = y[:, 0], y[:, m - 3], y[:, -2], y[:, -1]
    inverted = first >= last
    if inverted.any():
        raise ValueError(
            f"the lower bound is not below the upper one in {rows_and_values(inverted, y)}: the columns of y are "
            f"{_BOUNDED[m]}"
        )
    if m == 4:
        inverted = low > high
        if inverted.any():
            raise ValueError(
                f"low is above high in {rows_and_values(inverted, y)}: the columns of y are {_BOUNDED[m]}"
            )
    if support.integer:
        outside, order = (high <= first) | (low > last), ", low < y ≤ high,"
    else:
        outside = (high < first) | (low > last) | ((low < high) & ((high <= first) | (low >= last)))
        order = ""
    if outside.any():
        raise ValueError(
            f"y lies outside its own bounds{order} in {rows_and_values(outside, y)}, so that it could not have been "
            "seen: correct the bounds, or drop what is not in the data for this reason. Where y is known to lie beyond "
            "a limit, the row is censored, not truncated"
        )
    outside = ~support.contains(y)
    raise ValueError(
        f"y is impossible under {family}, which lies in {support.symbol}, in "
        f"{rows_and_values(outside, y)}; each row must be {support.words}"
    )


def _refuse_composition(y: NDArray[np.float64], support: Composition, family: str) -> None:
    """ValueError where rows have the wrong sum; what is wrong with single numbers is for others to say."""
    _refuse_unless_finite(y, "Drop or impute those rows first")
    amounts = not support.whole and (y > 0.0).all()
    if not amounts and not all(part.covers(y[:, j]) for j, part in enumerate(support.parts)):
        return
    raise ValueError(
        f"y does not sum to 1 in {rows_and_values(~support.contains(y), y)}: {family} needs shares; "
        "y / y.sum(axis=1, keepdims=True) makes them of amounts"
    )


def composition_hint(y: NDArray[np.float64], support: Composition) -> str:
    """What to do about shares of 0, or about counts that are none."""
    if (y < 0.0).any():
        return ""
    if support.whole:
        return ". For shares of a whole use Dirichlet"
    return (
        ". Merge a part that may be 0 with another one; numbers of several kinds, of which some are 0, "
        "go to Multinomial or DirichletMultinomial"
    )


def _refuse_trials(y: NDArray[np.float64], support: Domain, family: str) -> NoReturn:
    _refuse_unless_finite(y, "Drop those rows first")
    more = y[:, 0] > y[:, 1]
    if more.any():
        raise ValueError(
            f"there are more successes than trials in {rows_and_values(more, y)}: the columns of y are "
            "successes, then trials"
        )
    outside = ~support.contains(y)
    raise ValueError(
        f"y is outside the support {support.symbol} of {family} in "
        f"{rows_and_values(outside, y)}; each row must be {support.words}"
    )


def way_out(support: Domain, y: NDArray[np.float64]) -> str:
    """What to do about y outside of a support, ". …": nothing where it is neither rounded nor on an edge."""
    if support.integer and support.name == "counts" and (y >= 0).all():
        return ". For non-negative amounts use Gamma; for rates, counts with exposure"
    if support.name == "positive_counts" and (y >= 0).all() and (y == np.floor(y)).all():
        return ". Counts from 0 go to a family such as Poisson() or NegativeBinomial()"
    if support.name == "positive" and (y >= 0).all():
        return ". Exact zeros need a family that allows them: Tweedie(), or ZeroInflated(family)"
    if support.name == "unit_interval" and ((y >= 0) & (y <= 1)).all():
        points = [v for v in (0, 1) if (y == v).any()]
        at = points[0] if len(points) == 1 else tuple(points)
        return f". Inflated(family, at={at}) allows exact {' and '.join(map(str, points))}"
    proportions = (support.low, support.high) == (0.0, 1.0) and not support.integer
    if proportions and ((y >= 0) & (y <= 100)).all() and np.median(y) > 1:
        return ". Percentages are proportions after y / 100"
    return ""


#: Weights that sum to more, or to less than its inverse, leave no numbers for the losses they multiply.
_HEAVY = 1e290


def weights(sample_weight: Any, n: int) -> NDArray[np.float64] | None:
    """Frequencies (n,), finite and ≥ 0, not all 0; None stays None."""
    if sample_weight is None:
        return None
    w = numeric(sample_weight, "sample_weight")
    if w.ndim == 0:
        w = np.full(n, float(w))
    if w.shape != (n,):
        raise ValueError(f"sample_weight has shape {w.shape}, but y has {n} rows: it needs ({n},)")
    bad = ~np.isfinite(w) | (w < 0)
    if bad.any():
        raise ValueError(
            f"sample_weight must be finite and ≥ 0; it is not in {rows_and_values(bad, w)}"
        )
    if not w.any():
        raise ValueError("sample_weight is zero in every row: there is nothing to learn from")
    with np.errstate(over="ignore"):
        total = w.sum()
    if not 1.0 / _HEAVY < total < _HEAVY:
        raise ValueError(
            f"sample_weight sums to {total:g}, with which sums over the rows leave float64: divide it by its mean"
        )
    return w
