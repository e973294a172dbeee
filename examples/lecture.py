# %% [markdown]
# # The lecture in pictures
#
# Where losses come from: choose a distribution for y, predict its parameters with a model, and
# minimise the negative logarithm of the likelihood. Least squares, heteroscedastic regression and
# cross-entropy are three choices of the distribution.
#
# Run this file cell by cell in an editor that knows `# %%`, or as a script:
# `python examples/lecture.py [FOLDER]` writes the pictures to FOLDER (here by default). The text
# that goes with them is `docs/lecture.md`.

# %%
import csv
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_iris, load_wine

from likely import Bernoulli, Categorical, Linear, Normal, shared

IMAGES = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
TABLES = Path(__file__).resolve().parents[1] / "tests" / "data" / "fits"

INK, BLUE, RED, GOLD, GREY = "#22303c", "#2f6690", "#b5483a", "#c9972c", "#9aa5ad"
mpl.rcParams |= {
    "figure.dpi": 150,
    "figure.constrained_layout.use": True,
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


def table(name):
    """A table with its numeric columns as arrays."""
    with (TABLES / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}


def save(figure, name):
    """Write one picture."""
    figure.savefig(IMAGES / f"{name}.png")
    plt.close(figure)


# %% [markdown]
# ## The likelihood of independent data
#
# Michelson measured the speed of light a hundred times in 1879. For any μ and σ the Normal gives
# every measurement a density; their product is the likelihood. It is largest at the sample mean and
# the 1/N sample standard deviation.

# %%
speed = 1000 * (table("dens_normal_michelson")["y"] - 299)
fitted = Normal().fit(speed)
best = (float(fitted.parameters["loc"]), float(fitted.parameters["scale"]))
guesses = [(best, BLUE, "maximum likelihood"), ((915.0, 79.0), GOLD, "too fast"),
           ((852.4, 140.0), RED, "too wide")]  # fmt: skip


def mean_nll(loc, scale):
    """Nats per measurement."""
    raw = np.column_stack([np.full(len(speed), loc), np.full(len(speed), np.log(scale))])
    return Normal().nll(speed, raw).mean()


LEVELS = np.arange(5.7, 6.81, 0.1)
locs, scales = np.linspace(790, 930, 71), np.linspace(50, 160, 56)
surface = np.array([[mean_nll(m, s) for m in locs] for s in scales])

figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.7))
left.hist(speed, bins=np.arange(600, 1101, 25), density=True, color="#dfe5ea", edgecolor="white")
grid = np.linspace(600, 1100, 400)
for (loc, scale), colour, label in guesses:
    left.plot(grid, Normal().at(loc=loc, scale=scale).prob(grid), color=colour, label=label)
left.set(
    xlabel="speed of light − 299,000 (km/s)", ylabel="density (per km/s)", yticks=[0, 0.003, 0.006]
)
left.set_title("One hundred measurements, three Normals")
left.set_ylim(0, 0.0095)
left.legend(loc="upper left", handlelength=1.2)
shades = right.contourf(locs, scales, surface, levels=LEVELS, cmap="Blues_r", extend="max")
right.contour(locs, scales, surface, levels=LEVELS, colors="white", linewidths=0.5)
for (loc, scale), colour, _ in guesses:
    right.plot(loc, scale, "o", color=colour, markeredgecolor="white", markersize=8)
right.annotate(
    f"μ = {best[0]:.1f}\nσ = {best[1]:.1f}",
    best,
    (0, 24),
    textcoords="offset points",
    ha="center",
    color="white",
)
right.set(xlabel="location μ (km/s)", ylabel="scale σ (km/s)")
right.set_title("The surface they stand on")
figure.colorbar(shades, ax=right, label="negative log-likelihood (nats a row)")
save(figure, "lecture_surface")

# %% [markdown]
# ## Why the logarithm
#
# The product of a few hundred densities is smaller than the smallest float; its logarithm is a
# number like any other.

# %%
counts = np.arange(1, 1001)
draws = np.random.default_rng(0).normal(size=1000)
nll = Normal().nll(draws, np.zeros((1000, 2)))
product, total = np.cumprod(np.exp(-nll)), np.cumsum(nll)
lost = int(counts[product == 0.0][0])

figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.0))
alive = product > 0
left.semilogy(counts[alive], product[alive], color=RED)
left.axvspan(lost, 1000, color=RED, alpha=0.08, linewidth=0)
left.text(lost + 12, 1e-160, f"exactly 0\nfrom n = {lost} on", color=RED)
left.set(xlabel="number of rows n", ylabel="product of densities", xlim=(0, 1000))
left.set_yticks([1, 1e-100, 1e-200, 1e-300], ["1", "10⁻¹⁰⁰", "10⁻²⁰⁰", "10⁻³⁰⁰"])
left.minorticks_off()
left.set_title("The likelihood underflows …")
right.plot(counts, total, color=BLUE)
right.set(xlabel="number of rows n", ylabel="−Σ log p (nats)", xlim=(0, 1000), ylim=(0, None))
right.set_title("… its logarithm does not")
save(figure, "lecture_underflow")

# %% [markdown]
# ## Least squares, and a spread that changes
#
# Engel's budgets of 235 Belgian households: what they spend on food grows with income, and so does
# its spread. With one shared scale the recipe is least squares; with both parameters predicted, the
# band follows the data. (One household, at 4,957 francs, lies beyond the frame.)

# %%
engel = table("reg_normal_het_engel")
income, food = 1000 * engel["income"], 1000 * engel["y"]
x = income[:, None] / 1000
models = {
    "One scale for all rows: least squares": Linear(Normal(scale=shared)).fit(x, food),
    "Both parameters predicted": Linear(Normal()).fit(x, food),
}

figure, axes = plt.subplots(1, 2, figsize=(9.2, 3.9), sharey=True)
for ax, (title, model), colour in zip(axes, models.items(), (GREY, BLUE), strict=True):
    grid = np.linspace(income.min(), 3000, 200)
    d = model.predict_dist(grid[:, None] / 1000)
    for coverage, alpha in ((0.95, 0.18), (0.5, 0.34)):
        low, high = d.interval(coverage)
        ax.fill_between(
            grid,
            low,
            high,
            color=colour,
            alpha=alpha,
            linewidth=0,
            label=f"{coverage:.0%} interval",
        )
    ax.plot(grid, d.mode(), color=INK, linewidth=1.4, label="mode ŷ = μ")
    ax.plot(income, food, "o", color=INK, markersize=2.6, alpha=0.55, markeredgewidth=0)
    ax.set(xlabel="household income (Belgian francs)", xlim=(300, 3000), ylim=(0, 2300))
    ax.set_title(f"{title}\n{-model.score(x, food):.2f} nats a row")
axes[0].set_ylabel("food expenditure (Belgian francs)")
axes[0].legend(loc="upper left")
save(figure, "lecture_band")

# %% [markdown]
# ## Classification
#
# Two species of iris by the length of their petals: a Bernoulli whose logit is a line. Three
# cultivars of wine by their flavanoids: a Categorical whose three raw outputs are lines. A class is
# predicted where its probability is largest.

# %%
iris = load_iris()
keep = iris.target > 0
length, virginica = iris.data[keep, 2], (iris.target[keep] == 2).astype(int)
two = Linear(Bernoulli()).fit(length[:, None], virginica)
wine = load_wine()
flavanoids = wine.data[:, wine.feature_names.index("flavanoids")]
three = Linear(Categorical()).fit(flavanoids[:, None], wine.target)

figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.5), sharey=True)
grid = np.linspace(2.8, 7.1, 300)
p = two.predict_proba(grid[:, None])[:, 1]
jitter = np.random.default_rng(1).uniform(-0.025, 0.025, len(length))
left.plot(length, virginica + jitter, "o", color=GREY, markersize=3.5, alpha=0.7, markeredgewidth=0)
left.plot(grid, p, color=BLUE)
half = grid[np.argmax(p > 0.5)]
left.plot([half, half], [0, 0.5], ":", color=INK, linewidth=1)
left.plot([grid[0], half], [0.5, 0.5], ":", color=INK, linewidth=1)
left.annotate(f"threshold ½ at {half:.1f} cm", (half, 0.5), (8, -4), textcoords="offset points")
left.set(
    xlabel="petal length (cm)", ylabel="probability", xlim=(grid[0], grid[-1]), yticks=[0, 0.5, 1]
)
left.set_title("Bernoulli: is it Iris virginica?")
grid = np.linspace(0.2, 4.2, 300)
for k, (p, colour) in enumerate(
    zip(three.predict_proba(grid[:, None]).T, (BLUE, GOLD, RED), strict=True)
):
    right.plot(grid, p, color=colour)
    top = np.argmax(p)
    right.text(np.clip(grid[top], 0.28, 4.15), p[top] + 0.02, f"cultivar {k + 1}", color=colour,
               ha={0: "left"}.get(top, "right" if top == len(grid) - 1 else "center"))  # fmt: skip
    mine = flavanoids[wine.target == k]
    right.plot(mine, np.full(len(mine), -0.06 - 0.03 * k), "|", color=colour, markersize=5)
right.set(xlabel="flavanoids (mg/g)", xlim=(0.2, 4.2), ylim=(-0.15, 1.1))
right.set_title("Categorical: which cultivar of wine?")
save(figure, "lecture_classes")

# %% [markdown]
# ## The recipe, derived
#
# Every family tells where its loss comes from.

# %%
print(Normal(scale=shared).explain())
