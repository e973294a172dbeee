r"""The density in a family's docstring, from LaTeX to a line of text.

``explain`` derives its formulas, with SymPy; a fit only cites one, and has no second to spare for
it. It knows what the docstrings use: fractions, roots, sub- and superscripts, Greek letters and
function names.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_WORDS = {
    "varphi": "φ", "sum": "Σ", "prod": "Π", "infty": "∞", "ge": "≥", "le": "≤", "cdot": "·",
    "qquad": " ", "quad": " ", ",": " ", "left": "", "right": "", "!": "", "mathrm": "",
}  # fmt: skip
_UP = str.maketrans("0123456789+-−kynmsabT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ᵏʸⁿᵐˢᵃᵇᵀ")
_POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵏʸⁿᵐˢᵃᵇᵀ"
_DOWN = str.maketrans("0123456789kijn", "₀₁₂₃₄₅₆₇₈₉ₖᵢⱼₙ")
_TOKEN = re.compile(r"\\([A-Za-z]+|.)|([{}^_])|(\s+)|([^\\{}^_\s])")


def density(specification: Any) -> str | None:
    """``p(y) = …, m = mean, s = size``; None where the docstring has no formula."""
    found = re.search(r"\.\. math::(.*?)\n\s*\n", specification.doc + "\n\n", re.DOTALL)
    if found is None:
        return None
    formula = text(" ".join(found.group(1).split()))
    symbols = [(text(p.symbol), name) for name, p in specification.parameters.items() if p.symbol]
    named = [f"{symbol} = {name}" for symbol, name in symbols if symbol != name]
    return ", ".join([formula, *named])


def text(latex: str) -> str:
    """One LaTeX formula as plain text."""
    tokens = [match.groups() for match in _TOKEN.finditer(latex)]
    out, rest = _sequence(tokens)
    while rest:  # an unmatched brace: what follows is still part of the formula
        more, rest = _sequence(rest[1:])
        out += more
    out = re.sub(r"\s+", " ", out).replace("( ", "(").replace(" )", ")")
    out = re.sub(r"(?<=[\w)!])([-+])(?=[\w(])", r" \1 ", out)
    return out.replace("-", "−").strip()


Tokens = list[tuple[Any, ...]]


def _sequence(tokens: Tokens) -> tuple[str, Tokens]:
    """Everything up to the closing brace of this group."""
    out = ""
    while tokens and tokens[0][1] != "}":
        piece, tokens = _piece(tokens)
        if piece in ("exp", "log", "arsinh") and out[-1:].isalnum():
            out += " "  # a function's name does not run into what is before it
        out += piece
    return out, tokens


def _piece(tokens: Tokens) -> tuple[str, Tokens]:
    word, mark, space, other = tokens[0]
    rest = tokens[1:]
    if word in ("frac", "tfrac"):
        top, rest = _group(rest)
        bottom, rest = _group(rest)
        return f"{_bracketed(top)}/{_bracketed(bottom)}", rest
    if word == "binom":
        top, rest = _group(rest)
        bottom, rest = _group(rest)
        return f"C({top}, {bottom}) ", rest
    if word == "sqrt":
        inside, rest = _group(rest)
        return f"√{inside if len(inside) == 1 else f'({inside})'}", rest
    if mark in ("^", "_"):
        inside, rest = _group(rest)
        return _script(inside, mark == "^"), rest
    if mark == "{":
        return _group(tokens)
    if word is not None:
        return _WORDS[word] if word in _WORDS else _letter(str(word)), rest
    return (" " if space else other or ""), rest


def _letter(word: str) -> str:
    """The Greek letter of this name; any other word, such as exp, stays."""
    size = "CAPITAL" if word[0].isupper() else "SMALL"
    name = {"lambda": "lamda"}.get(word.lower(), word)
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {name.upper()}")
    except KeyError:
        return word


def _group(tokens: Tokens) -> tuple[str, Tokens]:
    """``{…}``, or the single piece that stands in its place."""
    while tokens and tokens[0][2]:
        tokens = tokens[1:]
    if not tokens:
        return "", tokens
    if tokens[0][1] != "{":
        return _piece(tokens)
    inside, rest = _sequence(tokens[1:])
    return inside.strip(), rest[1:]


def _bracketed(part: str) -> str:
    """A numerator or denominator: bracketed unless it is one symbol, call or bracket."""
    single = rf"(\d+|\w|Γ\([^()]*\)|\([^()]*\)|\|[^|]*\|)[{_POWERS}]*!?"
    return part if re.fullmatch(single, part) else f"({part})"


def _script(inside: str, up: bool) -> str:
    table = _UP if up else _DOWN
    compact = inside.replace(" ", "")
    if all(ord(character) in table for character in compact):
        return compact.translate(table)
    if up:
        return f"^({inside})"
    return f"_{inside}" if len(inside) == 1 or inside[0] == "(" else f"_({inside})"
