"""What a family is: parameters, support, one ``log_density`` body, and known closed forms.

A family file is a class body that inherits :class:`Distribution`; nothing in it is ever
instantiated. The body is traced once with views (``view.py``).
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from traceback import walk_tb
from types import FunctionType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from likely._math.domains import LABELLED, Domain, Product
from likely._math.graph import Expression, FormulaError, NoViewError, exp
from likely.families.view import View, recognise
from likely.math import __all__ as VOCABULARY  # noqa: N812

Body = Callable[..., Any]
Array = NDArray[np.float64]
#: y and sample weights.
Rows = tuple[Array, Array | None]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a family.

    ``shared`` is the default role: one learned value for all rows, instead of one predicted from x;
    ``fixed`` is a value that is kept unless another, or a role, is given. ``symbol`` is its LaTeX name.
    """

    domain: Domain
    symbol: str = ""
    shared: bool = False
    fixed: float | None = None

    @property
    def role(self) -> str:
        """The role it has when none is given: predicted, shared or fixed."""
        return "fixed" if self.fixed is not None else "shared" if self.shared else "predicted"

    def __post_init__(self) -> None:
        if not isinstance(self.domain, Domain):
            raise TypeError(
                "Parameter takes a domain such as real, positive or unit_interval, "
                f"got {self.domain!r}"
            )


@dataclass(frozen=True)
class Alternative:
    """Another parametrisation of one slot: ``parameter = alternative ** power``."""

    of: str
    domain: Domain
    power: float
    symbol: str = ""

    def view(self, name: str, given: View) -> View:
        """The view of the family's own parameter, from the view of the alternative."""
        node = given.node
        # Of e^raw the power is e^(power·raw), whose slopes are multiples of itself.
        value = exp(self.power * node.args[0]) if node.op == "exp" else given**self.power
        return View(name, value, {"log": lambda: self.power * given.log})


@dataclass(frozen=True)
class Specification:
    """A family as data, read off its class body.

    ``formulas`` holds what the file knows beside the density, by name; all but ``sample`` and
    ``maximum_likelihood`` are traced bodies like ``log_density``:

    ============================  =========================================================
    mean, var, mode, entropy      ``(*parameters)``; a parameter called mean is the mean
    median                        ``(*parameters)``, where it is not the quantile of ½
    lower, upper                  ``(*parameters)``: the ends of y, where they depend on them
    interval_low, interval_high   ``(coverage, *parameters)``, where they are not two quantiles
    cdf, sf, quantile, isf        ``(y or probability, *parameters)``
    log_cdf, log_sf               ``(y, *parameters)``: accurate in both tails, differentiable
    log_density_slope             ``(y, *parameters)``: ∂ log p/∂y, where the rules of the density's
                                  atoms end with the second derivative
    log_interval                  ``(low, high, *parameters)``: log P(low < Y ≤ high), where the
                                  difference of two tails would cancel
    log_above, log_below          ``(y, bound, *parameters)``: log p(y | y > bound), log p(y |
                                  y ≤ bound), where the difference to log p(y) would cancel
    log_within                    ``(y, low, high, *parameters)``, the same between two bounds
    log_share                     ``(low, high, first, last, *parameters)``: log P(low < Y ≤ high |
                                  first < Y ≤ last) of counts, where a formula keeps all digits
    log_share_by_steps            ``(low, high, first, last, plain, *parameters)``: the same, summed
                                  where the counts are few; ``plain`` is what tails say
    log_sf_above                  ``(y, low, *parameters)``: log P(Y > y | Y > low), where the
                                  difference to log P(Y > low) would cancel
    log_cdf_below                 ``(y, high, *parameters)``: log P(Y ≤ y | Y ≤ high), likewise
    log_step                      ``(k, *parameters)``: log p(k + 1) − log p(k) of counts
    step_down                     ``(k, *parameters)``: p(k)/p(k + 1) as a sum of positive terms,
                                  where the slopes of its logarithm would cancel
    log_positive                  ``(y, *parameters)``: log p(y | y > 0) of counts, where the
                                  difference log p(y) − log(1 − p(0)) would cancel
    expected_information          ``(*parameters)`` → {(name, name): entry}, zeros left out;
                                  "log name" and "log1m name" are coordinates too, for what
                                  moves by ratios
    complete_information          ``(y, *parameters)`` → entries likewise: the expected information
                                  given y, had what is unseen been seen
    sufficient                    ``(y)`` → statistics whose weighted means are sufficient
    maximum_likelihood            ``(moments)`` → {name: value} (NumPy), or None where the moments
                                  do not carry the digits of the answer
    start                         ``(mean, std)`` of y → {name: value}, a rough start (NumPy); where
                                  it ``leans_by``, ``(mean, std, third moment)``
    limits                        ``(mean, std)`` of y → [{name: value}], beside each of the families that
                                  are its limits (NumPy), towards which fits bend
    sample                        ``(rng, size, *parameters)`` (NumPy)
    ============================  =========================================================

    ``structure`` says what a modified family is made of; None for a plain one.
    """

    name: str
    doc: str
    support: Domain
    parameters: Mapping[str, Parameter]
    alternatives: Mapping[str, Alternative]
    log_density: Body
    formulas: Mapping[str, Body]
    smooth: bool = True
    scipy: tuple[str, Body] | None = None
    common_names: Mapping[str, str] = field(default_factory=dict)
    #: What the family is over where one number a row is not all of y or of a parameter: "classes",
    #: "dimensions", …: learned from y or given. Its loss is written by hand, for all columns at once.
    vector: str | None = None
    #: Written by a user: fits look at what the tests look at in a family that comes with the library.
    own: bool = False
    structure: Structure | None = None
    #: The parameter at whose 0 the density is symmetric and its own slope vanishes, whatever y; with it
    #: ``start`` takes a third moment.
    leans_by: str | None = None
    #: ``maximum_likelihood`` asks for means and no variances, which take another pass over the statistics.
    means_suffice: bool = False
    #: A y of a continuous support that has a probability of its own, which is what log_density gives there.
    point: float | None = None
    #: The density's logarithm as a textbook prints it, where what is computed is too long to read, or
    #: says where the density is 0.
    printed: Body | None = None
    #: The call that made it, which is how it pickles: formulas are functions inside functions, which do not.
    made: tuple[Any, ...] | None = field(default=None, init=False, compare=False, repr=False)

    def __hash__(self) -> int:
        return hash((self.name, id(self.log_density)))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.made or super().__reduce_ex__(protocol)

    @property
    def multivariate(self) -> bool:
        """Whether a row of y is several numbers, as a vector or a ranking is and a label is not."""
        vector = self.vector is not None and self.support.name not in LABELLED
        return vector or isinstance(self.support, Product)

    @property
    def tabular(self) -> bool:
        """Whether y is (n, columns): several numbers a row, bounds of one number, or a count and its trials."""
        return self.multivariate or len(self.support.columns) > 1

    def trace(self, body: Body, views: Mapping[str, View], *first: Any) -> Any:
        """Run a body on views, in the order of the parameters."""
        given = [*first, *[views[name] for name in self.parameters]]
        try:
            found = body(*given)
        except (FormulaError, NoViewError) as error:
            where = f"{self.name}.{body.__name__}{_line(error, body)}"
            raise type(error)(f"{where}: {error}{_instead(error)}") from None
        if isinstance(found, Expression):
            return recognise(found.node, [v for v in given if isinstance(v, View)])
        return found


@dataclass(frozen=True)
class Part:
    """A family inside a modified one; ``prefix`` and ``suffix`` are put about its parameters' names."""

    specification: Specification
    suffix: str = ""
    prefix: str = ""

    def outer(self, name: str) -> str:
        """What the modified family calls this parameter."""
        return self.prefix + name + self.suffix

    def inner(self, name: str) -> str:
        """What the family inside calls it."""
        return name.removeprefix(self.prefix).removesuffix(self.suffix)


@dataclass(frozen=True)
class Structure:
    """What a modified family is made of, for whoever looks inside: start values, inference, files.

    ``rows(part, y, weight)`` are the rows that this part of the family is fitted to for a start, on the
    part's own scale; ``own(y, weight)`` gives a start of the modifier's own parameters (NumPy), NaN for one that
    y says nothing about, because of what ``silent`` says.
    """

    kind: str
    parts: tuple[Part, ...]
    rows: Callable[[int, Array, Array | None], Rows]
    own: Callable[[Array, Array | None], dict[str, float]]
    #: Of a family whose y brings numbers along, trials or bounds: the form with those as its last parameters.
    plain: Specification | None = None
    #: Of an inflated family, the y that have a probability of their own.
    points: tuple[float, ...] = ()
    #: Of a transformed family, the function of y that follows the family inside.
    transform: Any = None
    silent: str = ""
    #: Of a composition, the formulas of a part and of a row.
    terms: Any = None


def _line(error: BaseException, body: Body) -> str:
    """Where in the body the error comes from, with what is written there."""
    frames = walk_tb(error.__traceback__)
    numbers = [number for frame, number in frames if frame.f_code is body.__code__]
    if not numbers:
        return ""
    text = linecache.getline(body.__code__.co_filename, numbers[-1]).strip()
    return f", line {numbers[-1]}" + (f" ({text})" if text else "")


def _instead(error: FormulaError | NoViewError) -> str:
    """What to write for a function of another library: the same, the nearest, or the list."""
    name = getattr(error, "foreign", "")
    if not name:
        return ""
    if name in VOCABULARY:
        return f": write likely.math.{name}"
    near = get_close_matches(name, VOCABULARY, n=1, cutoff=0.5)
    hint = f", did you mean {near[0]}?" if near else "."
    return f": likely.math has no {name}{hint} There are {', '.join(VOCABULARY)}"


FORMULAS = (
    "log_density_slope",
    "mean",
    "var",
    "mode",
    "median",
    "lower",
    "upper",
    "entropy",
    "cdf",
    "sf",
    "quantile",
    "isf",
    "interval_low",
    "interval_high",
    "log_cdf",
    "log_sf",
    "log_interval",
    "log_above",
    "log_below",
    "log_within",
    "log_share",
    "log_share_by_steps",
    "log_sf_above",
    "log_cdf_below",
    "log_step",
    "step_down",
    "log_positive",
    "expected_information",
    "complete_information",
    "sufficient",
    "maximum_likelihood",
    "start",
    "limits",
    "sample",
)


def specify(cls: type) -> Specification:
    """Read a class body as a specification; TypeError or ValueError says what is missing."""
    # A subclass of a user's family inherits its parameters and closed forms.
    body = {k: v for base in reversed(cls.__mro__) for k, v in vars(base).items()}
    log_density = _function(body.get("log_density"))
    if log_density is None:
        raise TypeError(
            f"{cls.__name__} needs a log_density: def log_density(y, loc, scale): return ..."
        )
    if not isinstance(log_density, FunctionType):
        raise TypeError(f"{cls.__name__}.log_density must be a function, got {log_density!r}")
    parameters = {k: v for k, v in body.items() if isinstance(v, Parameter)}
    code = log_density.__code__
    names = code.co_varnames[: code.co_argcount]
    if list(names[1:]) != list(parameters):
        raise TypeError(
            f"{cls.__name__}.log_density takes ({', '.join(names)}), but must take "
            f"({', '.join(['y', *parameters])}): y and then every Parameter in the order it is "
            f"declared{_signature_hint(names, body)}"
        )
    formulas = {k: f for k in FORMULAS if (f := _function(body.get(k))) is not None}
    _check_arguments(cls.__name__, formulas, parameters)
    support = body.get("support")
    if not isinstance(support, Domain):
        got = "it has none" if support is None else f"got {support!r}"
        raise TypeError(
            f"{cls.__name__}.support must be a domain such as real or positive, the values that y "
            f"can take: {got}"
        )
    if "mean" in parameters:
        place = list(parameters).index("mean")
        formulas["mean"] = lambda *theta: theta[place]
    return Specification(
        name=cls.__name__,
        doc=cls.__doc__ or "",
        support=support,
        parameters=parameters,
        alternatives={k: v for k, v in body.items() if isinstance(v, Alternative)},
        log_density=log_density,
        formulas=formulas,
        smooth=body.get("smooth", True),
        scipy=body.get("scipy"),
        common_names=body.get("common_names", {}),
        vector=body.get("vector"),
        leans_by=body.get("leans_by"),
        means_suffice=body.get("means_suffice", False),
        point=body.get("point"),
        printed=_function(body.get("printed")),
    )


def remember(specification: Specification, make: Callable[..., Any], *given: Any) -> Specification:
    """The specification, which pickles as this call from now on."""
    object.__setattr__(specification, "made", (make, given))
    return specification


def _function(member: Any) -> Any:
    if isinstance(member, Parameter):  # a parameter called mean is the mean
        return None
    return member.__func__ if isinstance(member, staticmethod) else member


def _signature_hint(names: Sequence[str], body: Mapping[str, Any]) -> str:
    if names[:1] == ("self",):
        return ". It is a formula, not a method: leave out self"
    for name in names[1:]:
        if isinstance(body.get(name), Domain) or body.get(name) is Parameter:
            return f". Declare {name} = Parameter(...) with its domain in brackets"
    return ""


#: What closed forms take before the parameters.
_LEADING = {
    **dict.fromkeys(
        (
            "log_density_slope",
            "cdf",
            "sf",
            "log_cdf",
            "log_sf",
            "log_positive",
            "complete_information",
        ),
        ("y",),
    ),
    **dict.fromkeys(("quantile", "isf"), ("q",)),
    **dict.fromkeys(("interval_low", "interval_high"), ("coverage",)),
    "log_interval": ("low", "high"),
    "log_above": ("y", "low"),
    "log_below": ("y", "high"),
    "log_within": ("y", "low", "high"),
    "log_share": ("low", "high", "first", "last"),
    "log_share_by_steps": ("low", "high", "first", "last", "plain"),
    "log_sf_above": ("y", "low"),
    "log_cdf_below": ("y", "high"),
    "log_step": ("k",),
    "step_down": ("k",),
}


def _check_arguments(
    name: str, formulas: Mapping[str, Body], parameters: Mapping[str, Parameter]
) -> None:
    """The closed forms take all parameters, after y or a probability where they need one."""
    for formula, body in formulas.items():
        if formula in ("sufficient", "maximum_likelihood", "start", "limits", "sample"):
            continue
        leading = len(_LEADING.get(formula, ()))
        got = body.__code__.co_varnames[: body.__code__.co_argcount]
        if list(got[leading:]) != list(parameters) or len(got) != leading + len(parameters):
            raise TypeError(
                f"{name}.{formula} takes ({', '.join(got)}), but must take "
                f"({', '.join([*_LEADING.get(formula, ()), *parameters])})"
            )


class Distribution:
    """Base of the built-in families' files; reading one gives its ``specification``."""

    specification: ClassVar[Specification]

    def __init_subclass__(cls) -> None:
        cls.specification = remember(specify(cls), getattr, cls, "specification")
