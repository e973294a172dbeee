"""The recipe for families whose loss is written by hand: their formulas as they stand, in both spellings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from likely.report.explanation import Explanation, Line, Step


@dataclass(frozen=True)
class Story:
    """What differs from family to family; each formula is (text, LaTeX)."""

    density: tuple[Line, ...]
    where: str
    parameters: tuple[Line, ...]
    predicted: str
    #: −log p of one row, in the raw predictions.
    loss: tuple[str, str]
    gradient: tuple[Line, ...]
    infer: tuple[Line, ...]
    name: str
    remark: str


def explain_vector(loss: Any, title: str) -> Explanation:
    """The derivation of a hand-written loss as an explanation."""
    return told(_STORIES[loss.specification.name](loss), loss, title)


def told(story: Story, loss: Any, title: str) -> Explanation:
    """A story, step by step."""
    doc = loss.specification.doc.strip().split("\n", 1)[0]
    text, code = story.loss
    summary = Line("L(φ)", f"Σᵢ [ {text} ]", r"L(\varphi)", rf"\sum_i \left[ {code} \right]")
    steps = (
        Step(
            f"Choose a distribution for y: {loss.specification.name}",
            story.density,
            f"{doc}\n{story.where}",
        ),
        Step(
            "Predict its parameters with the model, through the links",
            story.parameters,
            story.predicted,
        ),
        Step(
            "Take the logarithm, sum over the rows and change the sign",
            (
                Line("L(φ)", "−Σᵢ log p(yᵢ | f(xᵢ, φ))", r"L(\varphi)",
                     r"-\sum_i \log p(y_i \mid f(x_i, \varphi))"),
                Line("", summary.right, "", summary.latex_right),
            ),
            "Rows are independent given x, so their probabilities multiply; minus, to minimise.",
        ),
        Step("Its gradient in the raw predictions, for one row", story.gradient,
             "ℓ is the whole loss of one row."),
        Step("Infer: the most probable y", story.infer,
             "Or return the whole distribution p(y | f(x, φ̂))."),
        Step("What it is called", (), story.remark),
    )  # fmt: skip
    return Explanation(title, steps, story.name, summary)


def _ordinal(loss: Any) -> Story:
    link = loss.link.name
    cumulative = {
        "logit": ("1/(1 + exp(−t))", r"\frac{1}{1 + e^{-t}}"),
        "probit": ("Φ(t)", r"\Phi(t)"),
        "cloglog": ("1 − exp(−exp(t))", r"1 - e^{-e^t}"),
        "loglog": ("exp(−exp(−t))", r"e^{-e^{-t}}"),
    }[link]
    names = {
        "logit": "the proportional-odds model, or ordered logit",
        "probit": "the ordered probit model",
        "cloglog": "the proportional-hazards model for grouped times",
        "loglog": "the cumulative log-log model",
    }
    return Story(
        density=(
            Line("P(y ≤ k)", "F(θₖ − μ)", r"P(y \le k)", r"F(\theta_k - \mu)"),
            Line("p(y = k)", "F(θₖ − μ) − F(θₖ₋₁ − μ)", "p(y = k)",
                 r"F(\theta_k - \mu) - F(\theta_{k-1} - \mu)"),
            Line("F(t)", cumulative[0], "F(t)", cumulative[1], f"the inverse of the {link} link"),
        ),
        where="y in {0, …, K−1}, θ₀ < θ₁ < … < θ with K − 1 thresholds; below the first F is 0 and above "
        "the last it is 1.",
        parameters=(
            Line("μ", "f(xᵢ, φ)", r"\mu", r"f(x_i, \varphi)", "loc: predicted from x, no intercept"),
            Line("θ₀", "r₀", r"\theta_0", "r_0", "thresholds: one learned value each"),
            Line("θₖ", "θₖ₋₁ + exp(rₖ)", r"\theta_k", r"\theta_{k-1} + e^{r_k}", "so they increase"),
        ),
        predicted="A constant in f would do what θ₀ does, so f has none.",
        loss=("−log [F(θ_y − f(xᵢ, φ)) − F(θ_y₋₁ − f(xᵢ, φ))]",
              r"-\log\left[ F(\theta_{y_i} - f(x_i, \varphi)) - F(\theta_{y_i-1} - f(x_i, \varphi)) \right]"),
        gradient=(
            Line("∂ℓ/∂f", "[F′(θ_y − f) − F′(θ_y₋₁ − f)] / p(y)", r"\frac{\partial \ell}{\partial f}",
                 r"\frac{F'(\theta_y - f) - F'(\theta_{y-1} - f)}{p(y)}"),
        ),
        infer=(Line("ŷ", "argmaxₖ [F(θₖ − f) − F(θₖ₋₁ − f)]", r"\hat y",
                    r"\arg\max_k \left[ F(\theta_k - f) - F(\theta_{k-1} - f) \right]",
                    "of ties, the first"),),
        name=f"the negative log-likelihood of {names[link]}",
        remark=f"The cumulative {link} loss: {names[link]}. With two classes it is the loss of Bernoulli "
        "under the same link, whose intercept is −θ₀.",
    )  # fmt: skip


def _multivariate_normal(loss: Any) -> Story:
    roles = {slot.parameter: slot.role for slot in loss.slots}
    how = {
        "predicted": ("f(xᵢ, φ)", r"f(x_i, \varphi)", "predicted from x"),
        "shared": ("one learned value for all rows", r"\text{one for all rows}", "shared"),
    }
    loc, covariance = (how[roles[name]] for name in ("loc", "covariance"))
    square = ("½ |zᵢ|²", r"\tfrac12 |z_i|^2")
    return Story(
        density=(
            Line("p(y | μ, Σ)", "exp(−½ (y − μ)ᵀ Σ⁻¹ (y − μ)) / √((2π)ᵈ |Σ|)", r"p(y \mid \mu, \Sigma)",
                 r"\frac{\exp(-\tfrac12 (y - \mu)^T \Sigma^{-1} (y - \mu))}{\sqrt{(2\pi)^d |\Sigma|}}"),
        ),
        where="y is a row of d real numbers.",
        parameters=(
            Line("μ", loc[0], r"\mu", loc[1], f"loc: {loc[2]}, d raw columns"),
            Line("Σ", "L Lᵀ", r"\Sigma", "L L^T", f"covariance: {covariance[2]}, d(d + 1)/2 raw columns"),
            Line("Lᵢᵢ", "exp(rᵢᵢ)", "L_{ii}", "e^{r_{ii}}", "so that Σ is positive definite"),
            Line("Lᵢⱼ", "rᵢⱼ", "L_{ij}", "r_{ij}", "below the diagonal"),
        ),
        predicted="L is lower triangular: the Cholesky factor of Σ.",
        loss=(f"{square[0]} + Σⱼ log Lⱼⱼ + ½ d log(2π)",
              rf"{square[1]} + \sum_j \log L_{{jj}} + \tfrac{{d}}{{2}} \log(2\pi)"),
        gradient=(
            Line("z", "L⁻¹ (y − μ)", "z", r"L^{-1} (y - \mu)", "residuals without correlation"),
            Line("q", "L⁻ᵀ z", "q", "L^{-T} z"),
            Line("∂ℓ/∂μᵢ", "−qᵢ", r"\frac{\partial \ell}{\partial \mu_i}", "-q_i"),
            Line("∂ℓ/∂rᵢⱼ", "−qᵢ zⱼ", r"\frac{\partial \ell}{\partial r_{ij}}", "-q_i z_j", "i > j"),
            Line("∂ℓ/∂rᵢᵢ", "1 − Lᵢᵢ qᵢ zᵢ", r"\frac{\partial \ell}{\partial r_{ii}}", "1 - L_{ii} q_i z_i"),
        ),
        infer=(Line("ŷ", "μ", r"\hat y", r"\mu"),),
        name="the multivariate Gaussian negative log-likelihood",
        remark="The multivariate Gaussian negative log-likelihood. With Σ shared and every column of y on the "
        "same x it is least squares for each column: the covariance changes the uncertainty, not the "
        "prediction.",
    )  # fmt: skip


def _plackett_luce(_: Any) -> Story:
    return Story(
        density=(
            Line("p(y | λ)", "∏ₛ λ₍ₛ₎ / Σ_{t≥s} λ₍ₜ₎", r"p(y \mid \lambda)",
                 r"\prod_s \frac{\lambda_{(s)}}{\sum_{t \ge s} \lambda_{(t)}}",
                 "λ₍ₛ₎: the item in place s"),
        ),
        where="y holds the rank of each of m items. A ranking that breaks off has fewer factors: the items "
        "that were not ranked stay in the sums.",
        parameters=(
            Line("λₖ", "exp(fₖ) / Σⱼ exp(fⱼ)", r"\lambda_k", r"\frac{e^{f_k}}{\sum_j e^{f_j}}",
                 "worth: predicted from x, softmax link"),
        ),
        predicted="fₖ = fₖ(xᵢ, φ) is one raw prediction an item. Adding one number to all of them changes "
        "nothing.",
        loss=("Σₛ (log Σ_{t≥s} exp(f₍ₜ₎) − f₍ₛ₎)", r"\sum_s \left( \log \sum_{t \ge s} e^{f_{(t)}} - f_{(s)} \right)"),
        gradient=(
            Line("∂ℓ/∂f₍ₜ₎", "Σ_{s≤t} exp(f₍ₜ₎) / Σ_{u≥s} exp(f₍ᵤ₎) − 1", r"\frac{\partial \ell}{\partial f_{(t)}}",
                 r"\sum_{s \le t} \frac{e^{f_{(t)}}}{\sum_{u \ge s} e^{f_{(u)}}} - 1",
                 "without the 1 for items that were not ranked"),
        ),
        infer=(Line("ŷ", "the items in the order of their λ", r"\hat y",
                    r"\text{the items in the order of their } \lambda", "of ties, the first"),),
        name="the negative log-likelihood of Plackett and Luce's model",
        remark="The listwise ranking loss (ListMLE): softmax cross-entropy for the first place, then for the "
        "second among those left, and so on. With two items it is Bradley and Terry's model: binary "
        "cross-entropy of f₂ − f₁.",
    )  # fmt: skip


_STORIES: dict[str, Callable[[Any], Story]] = {
    "Ordinal": _ordinal,
    "MultivariateNormal": _multivariate_normal,
    "PlackettLuce": _plackett_luce,
}
