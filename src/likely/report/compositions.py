"""The recipe for families of compositions, as the stories that ``vectors.py`` tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from likely.report.explanation import Line
from likely.report.vectors import Story

_SHARES = (
    Line("μⱼ", "exp(fⱼ) / Σₖ exp(fₖ), the last f being 0", r"\mu_j", r"\frac{e^{f_j}}{\sum_k e^{f_k}}, \quad f_K = 0",
         "expected shares: a log ratio to the last part is predicted from x for each other part"),
)  # fmt: skip
_PRECISION = {
    "predicted": Line("κ", "exp(f(xᵢ, φ))", r"\kappa", r"e^{f(x_i, \varphi)}", "precision: predicted from x, log link"),
    "shared": Line("κ", "exp(r)", r"\kappa", "e^{r}", "precision: one learned value for all rows, log link"),
    "fixed": Line("κ", "a known number", r"\kappa", r"\text{known}", "precision: fixed"),
}  # fmt: skip
_PREDICTED = "fⱼ = fⱼ(xᵢ, φ) is log(μⱼ/μ_K), one raw prediction for each part but the last."


def _precision(loss: Any) -> Line:
    (slot,) = (slot for slot in loss.slots if slot.of == "precision")
    return _PRECISION[slot.role]


def dirichlet(loss: Any) -> Story:
    """Shares of a whole."""
    return Story(
        density=(
            Line("p(y | μ, κ)", "Γ(κ) ∏ⱼ yⱼ^(κ μⱼ − 1) / Γ(κ μⱼ)", r"p(y \mid \mu, \kappa)",
                 r"\Gamma(\kappa) \prod_j \frac{y_j^{\kappa \mu_j - 1}}{\Gamma(\kappa \mu_j)}"),
        ),
        where="y is a row of K shares above 0 that sum to 1.",
        parameters=(*_SHARES, _precision(loss)),
        predicted=_PREDICTED,
        loss=("Σⱼ [log Γ(κ μⱼ) − (κ μⱼ − 1) log yⱼ] − log Γ(κ)",
              r"\sum_j \left[ \log \Gamma(\kappa \mu_j) - (\kappa \mu_j - 1) \log y_j \right] - \log \Gamma(\kappa)"),
        gradient=(
            Line("gⱼ", "ψ(κ μⱼ) − log yⱼ", "g_j", r"\psi(\kappa \mu_j) - \log y_j", "ψ is the slope of log Γ"),
            Line("∂ℓ/∂fⱼ", "κ μⱼ (gⱼ − Σₖ μₖ gₖ)", r"\frac{\partial \ell}{\partial f_j}",
                 r"\kappa \mu_j \left( g_j - \sum_k \mu_k g_k \right)"),
            Line("∂ℓ/∂log κ", "κ (Σⱼ μⱼ gⱼ − ψ(κ))", r"\frac{\partial \ell}{\partial \log \kappa}",
                 r"\kappa \left( \sum_j \mu_j g_j - \psi(\kappa) \right)"),
        ),
        infer=(Line("ŷⱼ", "(κ μⱼ − 1) / (κ − K)", r"\hat y_j", r"\frac{\kappa \mu_j - 1}{\kappa - K}",
                    "where every κ μⱼ > 1; else on the edge"),),
        name="the Dirichlet negative log-likelihood",
        remark="The Dirichlet negative log-likelihood; with two parts it is that of Beta.",
    )  # fmt: skip


def multinomial(_: Any) -> Story:
    """Counts of several kinds."""
    return Story(
        density=(
            Line("p(y | μ)", "n! ∏ⱼ μⱼ^yⱼ / yⱼ!", r"p(y \mid \mu)", r"n! \prod_j \frac{\mu_j^{y_j}}{y_j!}"),
        ),
        where="y is a row of K counts; their sum n is known.",
        parameters=_SHARES,
        predicted=_PREDICTED,
        loss=("−Σⱼ yⱼ log μⱼ − log(n! / ∏ⱼ yⱼ!)",
              r"-\sum_j y_j \log \mu_j - \log \frac{n!}{\prod_j y_j!}"),
        gradient=(
            Line("∂ℓ/∂fⱼ", "n μⱼ − yⱼ", r"\frac{\partial \ell}{\partial f_j}", r"n \mu_j - y_j"),
        ),
        infer=(Line("ŷ", "the kind with the largest μⱼ", r"\hat y", r"\arg\max_j \mu_j", "of a single trial"),),
        name="the cross-entropy of the shares seen and predicted",
        remark="n times the cross-entropy between the shares seen, yⱼ/n, and those predicted, but for a constant: "
        "softmax cross-entropy with soft targets. With one trial a row it is Categorical's.",
    )  # fmt: skip


def dirichlet_multinomial(loss: Any) -> Story:
    """Counts of several kinds whose shares vary."""
    return Story(
        density=(
            Line("p(y | μ, κ)", "n! Γ(κ)/Γ(κ + n) ∏ⱼ Γ(κ μⱼ + yⱼ) / (Γ(κ μⱼ) yⱼ!)", r"p(y \mid \mu, \kappa)",
                 r"\frac{n!\, \Gamma(\kappa)}{\Gamma(\kappa + n)}"
                 r"\prod_j \frac{\Gamma(\kappa \mu_j + y_j)}{\Gamma(\kappa \mu_j)\, y_j!}"),
        ),
        where="y is a row of K counts; their sum n is known. It is the Multinomial of shares that are themselves "
        "drawn, row by row, from a Dirichlet with mean μ and precision κ.",
        parameters=(*_SHARES, _precision(loss)),
        predicted=_PREDICTED,
        loss=("Σⱼ log(Γ(κ μⱼ) / Γ(κ μⱼ + yⱼ)) − log(Γ(κ) / Γ(κ + n)) − log(n! / ∏ⱼ yⱼ!)",
              r"\sum_j \log \frac{\Gamma(\kappa \mu_j)}{\Gamma(\kappa \mu_j + y_j)}"
              r"- \log \frac{\Gamma(\kappa)}{\Gamma(\kappa + n)} - \log \frac{n!}{\prod_j y_j!}"),
        gradient=(
            Line("gⱼ", "ψ(κ μⱼ) − ψ(κ μⱼ + yⱼ)", "g_j", r"\psi(\kappa \mu_j) - \psi(\kappa \mu_j + y_j)",
                 "ψ is the slope of log Γ"),
            Line("∂ℓ/∂fⱼ", "κ μⱼ (gⱼ − Σₖ μₖ gₖ)", r"\frac{\partial \ell}{\partial f_j}",
                 r"\kappa \mu_j \left( g_j - \sum_k \mu_k g_k \right)"),
            Line("∂ℓ/∂log κ", "κ (Σⱼ μⱼ gⱼ − ψ(κ) + ψ(κ + n))", r"\frac{\partial \ell}{\partial \log \kappa}",
                 r"\kappa \left( \sum_j \mu_j g_j - \psi(\kappa) + \psi(\kappa + n) \right)"),
        ),
        infer=(Line("ŷ", "the kind with the largest μⱼ", r"\hat y", r"\arg\max_j \mu_j", "of a single trial"),),
        name="the Dirichlet-multinomial negative log-likelihood",
        remark="The Dirichlet-multinomial negative log-likelihood (Pólya's urn): cross-entropy that allows for shares "
        "which vary more than the model knows. As κ → ∞ it is the Multinomial's.",
    )  # fmt: skip


STORIES: dict[str, Callable[[Any], Story]] = {
    "Dirichlet": dirichlet,
    "Multinomial": multinomial,
    "DirichletMultinomial": dirichlet_multinomial,
}
