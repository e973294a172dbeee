"""The steps of the recipe in words and formulas, for families of scalar parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sympy import Expr, Piecewise, Symbol, ceiling

from likely._math.domains import Domain
from likely._math.graph import symbol
from likely.links.base import Link
from likely.losses.nll import NegativeLogLikelihood
from likely.report.derivation import Derivation, Profile
from likely.report.explanation import Explanation, Line, Step
from likely.report.names import Notation
from likely.report.printing.latex import latex, product_latex, sum_latex
from likely.report.printing.text import product_text, sum_text, text


def tell(loss: NegativeLogLikelihood, title: str) -> Explanation:
    """The derivation of a loss as an explanation."""
    story = _Story(Derivation(loss))
    training = [
        story.drop(),
        story.divide(),
        story.remains(),
        *story.profile(),
        story.gradient(),
    ]
    steps = [
        story.choose(),
        story.predict(),
        story.logarithm(),
        story.sum(),
        *(training if story.learns else ()),
        story.infer(),
        story.name(),
    ]
    return Explanation(
        title, tuple(s for s in steps if s), story.derivation.name, story.summary, story.derivation
    )


class _Story:
    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        notation = derivation.notation
        d = derivation
        self.rows: dict[Symbol, Symbol] = {d.y: _indexed(notation, d.y)}
        self.rows |= {s: _indexed(notation, s) for s in d.role("predicted")}
        for slot in d.slots:
            if slot.role == "predicted":
                raw = d.raw[slot.of]
                self.rows[raw] = notation.symbol(
                    rf"{notation.latex[raw]}(x_i, \varphi)", text=f"{raw.name}(xᵢ, φ)"
                )
        self.names = notation.latex
        learned = [("φ", r"\varphi")] if d.role("predicted") else []
        everything = learned + [(s.name, self.names[s]) for s in d.role("shared")]
        self.all_learned = _function(everything)
        self.minimised = _function(learned if d.separated else everything)

    @property
    def learns(self) -> bool:
        """Whether any parameter is free."""
        return bool(self.derivation.role("predicted") or self.derivation.role("shared"))

    # --- Spelling ---------------------------------------------------------------------------------

    def _latex(self, e: Expr, *, y_last: bool = False) -> str:
        return latex(e, self.names, y_last=y_last)

    def _in_rows(self, terms: Sequence[Expr]) -> list[Expr]:
        return [t.subs(self.rows) for t in terms]

    def _row_sum(self, terms: Sequence[Expr]) -> tuple[str, str]:
        """Σᵢ of the terms, in both spellings."""
        rows = self._in_rows(terms)
        if len(rows) == 1 and not rows[0].is_Add:
            sign = "-" if text(rows[0]).startswith("−") else ""
            first = -rows[0] if sign else rows[0]
            dash = "−" if sign else ""
            return f"{dash}Σᵢ {text(first)}", rf"{sign}\sum_i {self._latex(first)}"
        body, code = sum_text(rows), sum_latex(rows, self.names)
        return f"Σᵢ [ {body} ]", rf"\sum_i \left[ {code} \right]"

    def _conditional(self, names: Sequence[Symbol]) -> tuple[str, str]:
        if not names:
            return "p(y)", "p(y)"
        return (
            f"p(y | {', '.join(s.name for s in names)})",
            rf"p(y \mid {', '.join(self.names[s] for s in names)})",
        )

    # --- The steps --------------------------------------------------------------------------------

    def choose(self) -> Step:
        d = self.derivation
        left, code = self._conditional(list(d.theta.values()))
        line = Line(
            left, product_text(d.density), code, product_latex(d.density, self.names),
            f"y in {d.specification.support.symbol}",
        )  # fmt: skip
        return Step(f"Choose a distribution for y: {d.specification.name}", (line,), _about(d))

    def predict(self) -> Step:
        d, lines, notes = self.derivation, [], []
        for slot in d.slots:
            own, held = d.theta[slot.of], d.held(slot)
            if slot.role == "fixed":
                value = d.fixed[own]
                lines.append(self._equation(own, value, f"{slot.parameter}: fixed"))
                continue
            value = d.link_value(slot)
            assert slot.link is not None
            kind = (
                "predicted from x"
                if slot.role == "predicted"
                else "one learned number for all rows"
            )
            why = f"{slot.parameter}: {kind}, {slot.link.name} link"
            shown = held if slot.role == "shared" or held is not own else self.rows[own]
            lines.append(self._equation(shown, value.subs(self.rows), why))
            if held is not own:
                lines.append(self._equation(own, d.in_raw[own].subs(self.rows), "that is"))
            if _is_partial(slot.link, d.loss.domain(slot)):
                notes.append(
                    f"The {slot.link.name} link leaves the domain of {slot.parameter} for some raw "
                    "predictions; there the loss is +∞."
                )
            if slot.link.name == "square":
                notes.append(
                    "The square is even: f and −f give the same distribution, and the loss has a "
                    "pole at 0. Fits start on the positive side."
                )
        title = "Predict its parameters with the model, through the links"
        if not self.learns:
            title = "Fix its parameters"
        return Step(title, tuple(lines), "\n".join(notes))

    def _equation(self, left: Expr, right: Expr, why: str = "", y_last: bool = False) -> Line:
        return Line(
            text(left), text(right, y_last=y_last), self._latex(left),
            self._latex(right, y_last=y_last), why,
        )  # fmt: skip

    def logarithm(self) -> Step:
        d = self.derivation
        left, code = self._conditional(list(d.theta.values()))
        terms = d.log_density.terms
        line = Line(f"log {left}", sum_text(terms), rf"\log {code}", sum_latex(terms, self.names))
        return Step(
            "Take the logarithm, which turns products into sums and does not underflow", (line,)
        )

    def sum(self) -> Step:
        d = self.derivation
        body, code = self._row_sum(d.nll.terms)
        first = Line(
            self.all_learned[0], "−Σᵢ log p(yᵢ | f(xᵢ, φ))",
            self.all_learned[1], r"-\sum_i \log p(y_i \mid f(x_i, \varphi))",
        )  # fmt: skip
        if not d.role("predicted"):
            names, code_names = self._conditional(d.role("shared"))
            right = f"−Σᵢ log {names.replace('y', 'yᵢ', 1)}"
            first = replace(
                first, right=right, latex_right=rf"-\sum_i \log {code_names.replace('y', 'y_i', 1)}"
            )
        note = "Rows are independent given x, so their probabilities multiply; minus, to minimise."
        if not self.learns:
            note = "Every parameter is fixed, so nothing is left to learn: L is the loss of the rows as it is."
        return Step(
            "Sum over the rows and change the sign",
            (first, Line("", body, "", code, "", "=")),
            note,
        )

    def drop(self) -> Step | None:
        d = self.derivation
        if not d.dropped:
            return None
        lines = tuple(Line("", text(t.term), "", self._latex(t.term), t.why) for t in d.dropped)
        return Step(f"Drop what does not depend on {self._variables}", lines, self._together())

    @property
    def _variables(self) -> str:
        d = self.derivation
        if d.separated or not d.role("shared"):
            return "φ"
        return " or ".join(["φ"] * bool(d.role("predicted")) + [s.name for s in d.role("shared")])

    def _together(self) -> str:
        d = self.derivation
        shared = [s.name for s in d.role("shared")]
        if d.separated or not shared or not d.role("predicted"):
            return ""
        return (
            f"The best φ depends on {' and '.join(shared)}, so they are learned together and every "
            f"term with {' or '.join(shared)} stays."
        )

    def divide(self) -> Step | None:
        d = self.derivation
        if d.factor == 1:
            return None
        line = Line(
            "", text(d.factor), "", self._latex(d.factor), "positive and the same for all rows"
        )
        return Step("Remove the positive factor, which does not move the minimum", (line,))

    def remains(self) -> Step:
        d = self.derivation
        left, code = self.minimised
        lines = [self._equal(left, code, d.remaining)]
        seen = {lines[0].right}
        for ordered in (d.remaining_in_raw, d.remaining_plain):
            if ordered is None:
                continue
            body, tex = self._row_sum(ordered.terms)
            if body not in seen and len(body) <= 160:
                seen.add(body)
                lines.append(Line("", body, "", tex))
        return Step("What remains", tuple(lines))

    def _equal(self, left: str, code: str, terms: Sequence[Expr]) -> Line:
        body, tex = self._row_sum(terms)
        return Line(left, body, code, tex)

    @property
    def summary(self) -> Line:
        """The remaining loss in one line, in raw predictions where they are the parameters."""
        d = self.derivation
        left, code = self.minimised
        if not self.learns:
            return self._equal(left, code, d.nll.terms)
        used = {s for t in d.remaining for s in t.free_symbols} & set(d.role("predicted"))
        same = self._identities() if used <= set(self._identities()) else {}
        return self._equal(left, code, [t.subs(same) for t in d.remaining])

    def profile(self) -> list[Step]:
        d = self.derivation
        if not d.profiles:
            return []
        lines = tuple(line for p in d.profiles for line in self._profile_lines(p))
        if not d.role("predicted"):
            note = "Where another parameter stands in an equation, it has its best value too."
            many = len(d.profiles) > 1
            title = f"Then set the derivative{'s' if many else ''} to zero"
            return [Step(title, lines, note if len(d.role("shared")) > 1 else "")]
        names = " and ".join(p.parameter.name for p in d.profiles)
        note = (
            f"For every {names} the same φ is best, so φ̂ is found first. An L2 penalty on φ ends "
            f"this separation: then φ and {names} are learned together."
        )
        return [Step(f"Then set the derivative in {names} to zero, at the best φ", lines, note)]

    def _profile_lines(self, profile: Profile) -> list[Line]:
        sums: dict[Expr, Symbol] = {}
        for dummy, inside in profile.sums.items():
            row = inside.subs(self.rows)
            sums[dummy] = self.derivation.notation.symbol(
                rf"\left(\sum_i {self._latex(row)}\right)", text=f"(Σᵢ {text(row)})"
            )
        symbol, code = profile.parameter.name, self.names[profile.parameter]
        condition = profile.condition.subs(sums)
        derivative = rf"\frac{{\partial L}}{{\partial {code}}}"
        equation = text(condition) + " = 0", self._latex(condition) + " = 0"
        lines = [Line(f"∂L/∂{symbol}", equation[0], derivative, equation[1])]
        if profile.solution is not None:
            power = "²" if profile.power == 2 else ""
            tex = r"\hat{" + code + "}" + ("^2" if profile.power == 2 else "")
            solution = profile.solution.subs(sums)
            lines.append(Line(f"{symbol}̂{power}", text(solution), tex, self._latex(solution)))
        else:
            lines[0] = replace(lines[0], why="no closed form: solved numerically")
        return lines

    def gradient(self) -> Step:
        d, lines = self.derivation, []
        for name, (in_theta, in_raw) in d.gradient.items():
            raw = d.raw[name]
            shown = in_theta.subs(self._identities())
            right, tex = text(shown, y_last=True), self._latex(shown, y_last=True)
            alternative = d.slot(name).parameter != name
            short = text(in_raw, y_last=True)
            if alternative:
                right, tex = short, self._latex(in_raw, y_last=True)
            elif short != right and len(right) + len(short) < WIDTH_OF_TWO:
                right, tex = f"{right} = {short}", f"{tex} = {self._latex(in_raw, y_last=True)}"
            lines.append(
                Line(
                    f"∂ℓ/∂{raw.name}", right,
                    rf"\frac{{\partial \ell}}{{\partial {self.names[raw]}}}", tex,
                )
            )  # fmt: skip
        note = "ℓ is the whole loss of one row, nothing dropped."
        return Step("Its gradient in the raw predictions, for one row", tuple(lines), note)

    def _identities(self) -> dict[Expr, Expr]:
        """Identity-linked parameters are written as the raw prediction that they are."""
        d = self.derivation
        return {
            d.theta[s.of]: d.raw[s.of]
            for s in d.slots
            if s.role == "predicted"
            and s.link is not None
            and s.link.name == "identity"
            and s.parameter == s.of
        }

    def infer(self) -> Step:
        d = self.derivation
        fitted, code = self._fitted()
        given = " p(y | f(x, φ̂))" if d.role("predicted") else ""
        note = f"Or return the whole distribution{given}."
        if d.mode is None:
            argmax = f"argmax_y {fitted}", rf"\arg\max_y \, {code}"
            lines = [Line("ŷ", argmax[0], r"\hat y", argmax[1], "maximised numerically")]
        else:
            lines = self._mode_lines(d.mode)
        return Step("Infer: the most probable y", tuple(lines), note)

    def _fitted(self) -> tuple[str, str]:
        """p(y | what was learned), in both spellings."""
        d = self.derivation
        if d.role("predicted"):
            return "p(y | f(x, φ̂))", r"p(y \mid f(x, \hat\varphi))"
        shared = d.role("shared")
        if not shared:
            return "p(y)", "p(y)"
        names = ", ".join(f"{s.name}̂" for s in shared)
        code = ", ".join(rf"\hat{{{self.names[s]}}}" for s in shared)
        return f"p(y | {names})", rf"p(y \mid {code})"

    def _mode_lines(self, mode: Expr) -> list[Line]:
        """The mode, one line a case."""
        mode, also = self._abbreviated(mode)
        argmax, code = (
            f"{before}{p}"
            for before, p in zip(("argmax_y ", r"\arg\max_y \, "), self._fitted(), strict=True)
        )
        if not isinstance(mode, Piecewise):
            return [
                Line("ŷ", f"{argmax} = {text(mode)}", r"\hat y", f"{code} = {self._latex(mode)}")
            ]
        lines = [Line("ŷ", argmax, r"\hat y", code)]
        for value, condition in mode.args:
            why = "otherwise" if condition == True else f"if {text(condition)}"  # noqa: E712
            lines.append(Line("", text(value), "", self._latex(value), why))
        return lines + also

    def _abbreviated(self, mode: Expr) -> tuple[Expr, list[Line]]:
        """What is rounded gets a letter, if it is more than a symbol."""
        rounded = sorted((e.args[0] for e in mode.atoms(ceiling)), key=str)
        if not rounded or rounded[0].is_Symbol:
            return mode, []
        a = self.derivation.notation.symbol("a")
        line = Line("a", text(rounded[0]), "a", self._latex(rounded[0]))
        return mode.subs(rounded[0], a), [line]

    def name(self) -> Step:
        d = self.derivation
        note = f"{d.name[0].upper()}{d.name[1:]}"
        if d.known is not None:
            note += f" ({d.known.note})" if d.known.note else ""
            note += ", recognised by comparing what remains with the formulas of known losses."
        else:
            note += ": it has no other name here."
        return Step("What it is called", (), note)


WIDTH_OF_TWO = 80


def _function(arguments: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """L of what is learned, in both spellings."""
    if not arguments:
        return "L", "L"
    return (
        f"L({', '.join(a for a, _ in arguments)})",
        f"L({', '.join(code for _, code in arguments)})",
    )


def _indexed(notation: Notation, s: Symbol) -> Symbol:
    """The symbol of one row, with the assumptions of the plain one."""
    made = Symbol(f"{s.name}ᵢ", **s.assumptions0)
    notation.latex[made] = f"{notation.latex[s]}_i"
    return made


def _is_partial(link: Link, domain: Domain) -> bool:
    return link.valid is not None and link.valid(symbol("raw"), domain) is not None


def _about(d: Derivation) -> str:
    return d.specification.doc.strip().split("\n", 1)[0]
