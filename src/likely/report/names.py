"""What parameters, predictions and data are called in a derivation: Unicode and LaTeX."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Symbol

from likely._math.domains import Domain

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "zeta": "ζ", "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ",
    "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ",
    "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Sigma": "Σ", "Lambda": "Λ",
    "Omega": "Ω", "Delta": "Δ", "Gamma": "Γ",
}  # fmt: skip

#: The symbol of a parameter that declares none.
_USUAL = {
    "loc": r"\mu", "scale": r"\sigma", "mean": "m", "rate": r"\lambda", "df": r"\nu",
    "shape": "k", "size": "s", "probs": r"\lambda", "concentration": r"\kappa",
    "variance": r"\sigma^2",
}  # fmt: skip

#: Letters that the derivation itself uses: φ are the model's parameters, Φ the normal cdf.
_RESERVED = {"φ", "y", "x", "f", "c", "L", "N", "i", "p", "π", "ψ", "e", "Γ", "Σ"}
_SPARE = (r"\kappa", r"\tau", r"\rho", r"\delta", r"\xi", r"\omega")

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
SUPERSCRIPTS = str.maketrans("0123456789-+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺")


def text_of(latex: str) -> str:
    r"""``\\sigma^2`` as σ²."""
    base, _, power = latex.partition("^")
    name = GREEK.get(base.strip("\\"), base.strip("\\"))
    return name + power.strip("{}").translate(SUPERSCRIPTS)


def choose(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A LaTeX symbol for each (parameter, declared symbol): distinct, none of the reserved."""
    chosen: dict[str, str] = {}
    taken = set(_RESERVED)
    for name, declared in names:
        usual = declared or _USUAL.get(name) or (f"\\{name}" if name in GREEK else _word(name))
        options = (usual, *_SPARE, _word(name))
        latex = next(o for o in options if text_of(o) not in taken)
        taken.add(text_of(latex))
        chosen[name] = latex
    return chosen


def _word(name: str) -> str:
    return name if len(name) == 1 else rf"\mathrm{{{name}}}".replace("_", r"\_")


class Notation:
    """Symbols with two spellings, so that one expression prints on a terminal and in LaTeX."""

    def __init__(self) -> None:
        self.latex: dict[Symbol, str] = {}

    def symbol(self, latex: str, domain: Domain | None = None, *, text: str = "") -> Symbol:
        """A symbol with what SymPy may know about it: its sign, and whether it is an integer."""
        assumptions: dict[str, bool] = {"real": True}
        if domain is not None and domain.low >= 0 and domain.integer:
            assumptions = {"integer": True, "nonnegative": True}
        elif domain is not None and domain.low == 0 and domain.closed_low:
            assumptions = {"nonnegative": True}
        elif domain is not None and domain.low >= 0:
            assumptions = {"positive": True}
        name = text or (latex[8:-1] if latex.startswith(r"\mathrm{") else text_of(latex))
        made = Symbol(name, **assumptions)
        self.latex[made] = latex
        return made
