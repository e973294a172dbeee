"""A function of y that follows a family."""

from __future__ import annotations

import math

from likely.catalogue import as_family
from likely.modifiers.base import ModifiedFamily, number
from likely.recipe import Family, Role

#: The functions of ``Transformed``, and the numbers that each takes.
TRANSFORMS: dict[str, tuple[str, ...]] = {
    "log": (),
    "box-cox": ("power",),
    "affine": ("shift", "factor"),
}


class Transformed(ModifiedFamily):
    r"""A function h of y follows the family: p(y) = p₀(h(y)) |h′(y)|.

    ======================================  ==================  ================================
    ``transform``                           h(y)                y
    ======================================  ==================  ================================
    ``"log"``                               log y               eˣ
    ``"box-cox"``, ``power=λ``, not 0       (y^λ − 1)/λ         (1 + λ x)^(1/λ), positive
    ``"affine"``, ``shift=a``, ``factor=b``  (y − a)/b           a + b x; b < 0 reflects
    ======================================  ==================  ================================

    The parameters keep their names and are those of x = h(y), while predictions, ``.mean()`` and the mode are those
    of y: ``Transformed(Normal(), "log")`` is LogNormal. Numbers of the function are given, not learned; powers
    are compared by the likelihood, which is that of y whatever the power.

    TypeError where it is not defined: for counts, classes, angles, losses with kinks, and ``"box-cox"`` of a family
    that reaches beyond −1/λ, where no y is. ValueError for numbers that cannot be.

    >>> from likely import Normal, Transformed, Truncated
    >>> d = Transformed(Normal(), "log").at(loc=0.0, scale=0.5)
    >>> round(float(d.mean()), 6), round(float(d.median()), 6), round(float(d.mode()), 6)
    (1.133148, 1.0, 0.778801)
    >>> family = Transformed(Truncated(Normal(), low=-2.0), "box-cox", power=0.5)
    >>> round(float(family.at(loc=1.0, scale=0.5).median()), 6)
    2.25
    """

    def __init__(
        self,
        family: Family | type[Family] | str,
        transform: str,
        *,
        power: float | None = None,
        shift: float | None = None,
        factor: float | None = None,
        **roles: Role | float,
    ) -> None:
        from likely.families.modifiers.transformed import Affine, BoxCox, Log, transformed

        inside = as_family(family)
        if transform not in TRANSFORMS:
            raise ValueError(f"transform must be one of {', '.join(TRANSFORMS)}; got {transform!r}")
        takes = TRANSFORMS[transform]
        numbers = {"power": power, "shift": shift, "factor": factor}
        given = {name: number(v, name) for name, v in numbers.items() if v is not None}
        other = [name for name in given if name not in takes]
        if other:
            known = " and ".join(takes) or "no numbers"
            raise TypeError(f"transform {transform!r} takes {known}, not {other[0]}")
        for name, value in given.items():
            if not math.isfinite(value) or (value == 0.0 and name != "shift"):
                also = '; "log" is the limit at 0' if name == "power" else ""
                other_than = "" if name == "shift" else " other than 0"
                raise ValueError(f"{name} must be a finite number{other_than}, got {value:g}{also}")
        h: Log | BoxCox | Affine = Log()
        if transform == "box-cox":
            if power is None:
                raise TypeError(
                    'transform "box-cox" needs its power, as in Transformed(family, "box-cox", power=0.5)'
                )
            h = BoxCox(given["power"])
        if transform == "affine":
            h = Affine(given.get("shift", 0.0), given.get("factor", 1.0))
        specification = transformed(inside.specification, h)
        self._modify(specification, [inside], roles, transform=transform, **given)
