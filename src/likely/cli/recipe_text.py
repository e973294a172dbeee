"""The four steps of the recipe for one fit, in words and formulas."""

from __future__ import annotations

from typing import Any

from likely.cli.families import first_sentence
from likely.cli.formula import density
from likely.data.errors import count, spoken

#: What each predictor makes of x, and the name of what it learns.
_FORMS = {
    "linear": ("β₀ + β·x", "β"),
    "trees": ("Σ trees(x)", "the trees"),
    "network": ("f(x, φ)", "φ"),
    "constant": ("β₀", "β"),
}


def recipe_lines(
    family: Any, target: str, terms: int, rows: int, classes: tuple[str, ...], predictor: str
) -> list[str]:
    """One or more lines for each step; ``terms`` is the number of columns, 0 for a constant."""
    form, learned = _FORMS[predictor]
    spec = family.specification
    loss = family.loss()
    name = family_name(spec)
    names = ", ".join(slot.parameter for slot in loss.slots)
    over = f"{count(terms, 'column')} x"
    lines = [f"1 choose   {target} ~ {name}({names}): {_use(spec)}"]
    formula = density(spec)
    if formula is not None:
        lines.append(f"           {formula}")
    ordered = getattr(family, "labels", None)
    classes = classes if ordered is None else tuple(map(str, ordered))
    if classes:
        lines.append(f"           classes: {', '.join(classes)}{_told(family, classes)}")
    head = "2 predict  "
    for slot in loss.slots:
        if spec.parameters[slot.of].domain.name == "latent":
            what = f"{slot.parameter} = β·x  ({over})" if terms else f"{slot.parameter} = 0"
            lines.append(f"{head}{what}, {slot.link.name} of P({target} ≤ k) = thresholdₖ − loc")
        else:
            lines.append(head + _slot(slot, form, over, bool(terms)))
        head = " " * len(head)
    lines.append(
        f"3 train    {learned} = argmin −Σ log {name}({target} | {names}) over "
        f"{count(rows, 'row')}, in nats"
    )
    top = "the most probable class" if classes else "the mode"
    lines.append(
        f"4 infer    the whole distribution of {target} for each row; {top} as a single value"
    )
    return lines


def target_words(names: tuple[str, ...]) -> str:
    """The target in a sentence: its column, or its columns in brackets."""
    return spoken(names[0]) if len(names) == 1 else f"({', '.join(map(spoken, names))})"


def family_name(spec: Any) -> str:
    """What a family is called where its parts are not told: Dirichlet, of any number of them."""
    composed = spec.structure is not None and spec.structure.terms is not None
    name: str = spec.structure.kind if composed else spec.name
    return name


def _slot(slot: Any, raw: str, over: str, has_columns: bool) -> str:
    """How one parameter gets its value."""
    if slot.link is None:
        return f"{slot.parameter} = {slot.value:g}, fixed"
    if slot.role == "shared" or not has_columns:
        raw, over = "β₀", "one learned value for all rows"
    if slot.link.name == "identity":
        return f"{slot.parameter} = {raw}  ({over})"
    formula = slot.link.words.replace("θ", slot.parameter).replace("raw", "η")
    return f"{formula}, η = {raw}  ({over})"


def _told(family: Any, classes: tuple[str, ...]) -> str:
    """What belongs to one of the classes."""
    reference = getattr(family, "reference", None)
    if reference is not None:
        return f"; η is the log odds against {reference!r}, whose own is 0"
    if family.specification.support.name != "binary":
        return ""
    return f"; probs is the probability of {classes[1]!r}"


def _use(spec: Any) -> str:
    """What the family is for, to end a line with a colon before it; names of families inside keep their capital."""
    text = first_sentence(spec.doc).rstrip(".")
    inside = () if spec.structure is None else spec.structure.parts
    if any(text.startswith(part.specification.name) for part in inside):
        return text
    return text[:1].lower() + text[1:]
