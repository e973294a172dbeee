# %% [markdown]
# # What modifiers do
#
# Each panel has a family, light, and what a modifier makes of it, dark. A stem beside a density is a probability.
# `python examples/modifiers.py [FOLDER]` writes the picture to FOLDER (here by default).

# %%
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from likely import (
    Beta,
    Discretised,
    Hurdle,
    Inflated,
    Mixture,
    Normal,
    Poisson,
    Transformed,
    Truncated,
    Weibull,
    ZeroInflated,
)

IMAGES = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
INK, LIGHT, DARK = "#22303c", "#9fc3dc", "#2f6690"

figure, axes = plt.subplots(3, 3, figsize=(9.0, 6.6), dpi=150, layout="constrained")
panels = iter(axes.flat)


def panel(title):
    """The next panel."""
    ax = next(panels)
    ax.set_title(title, loc="left", fontsize=9.5, color=INK)
    ax.set_yticks([])
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(labelsize=8)
    return ax


def bars(title, family, modified, y):
    """Probabilities of counts, side by side."""
    ax = panel(title)
    ax.bar(y - 0.2, family.prob(y), 0.4, color=LIGHT)
    ax.bar(y + 0.2, modified.prob(y), 0.4, color=DARK)


def lines(title, family, modified, y, points=()):
    """Densities, and the probabilities of single points."""
    ax = panel(title)
    ax.plot(y, family.prob(y), color=LIGHT)
    ax.plot(y, modified.prob(y), color=DARK)
    for point in points:
        height = modified.prob(point)
        ax.plot([point, point], [0.0, height], color=DARK)
        ax.plot(point, height, "o", color=DARK, markersize=4)
    ax.set_ylim(0.0, None)
    return ax


# %% [markdown]
# Counts: more zeros than a Poisson has, fewer of them, none.

# %%
y = np.arange(10.0)
poisson = Poisson().at(mean=3.0)
more = ZeroInflated(Poisson()).at(mean=3.0, inflation=0.3)
bars("ZeroInflated(Poisson())", poisson, more, y)
bars("Hurdle(Poisson()): few zeros", poisson, Hurdle(Poisson()).at(mean=3.0, zero=0.01), y)
bars("Truncated(Poisson(), low=0)", poisson, Truncated(Poisson(), low=0).at(mean=3.0), y)

# %% [markdown]
# Densities: cut off, of two kinds of rows, of the logarithm of y.

# %%
y = np.linspace(-2.5, 5.0, 601)
normal = Normal().at(loc=1.0, scale=1.0)
cut = Truncated(Normal(), low=0.0).at(loc=1.0, scale=1.0)
two = Mixture(Normal(), 2).at(loc1=-0.5, scale1=0.5, loc2=2.5, scale2=0.8, odds2=1.5)
log = Transformed(Normal(), "log").at(loc=0.5, scale=0.5)
lines("Truncated(Normal(), low=0)", normal, cut, y)
lines("Mixture(Normal(), 2)", normal, two, y)
lines('Transformed(Normal(), "log")', Normal().at(loc=0.5, scale=0.5), log, y)

# %% [markdown]
# Proportions with exact zeros and ones; times in whole days; and of times beyond the sixth day only that they are
# beyond it: the area is their likelihood.

# %%
shares = np.linspace(0.002, 0.998, 400)
beta = Beta().at(mean=0.4, precision=5.0)
ends = Inflated(Beta(), at=(0, 1)).at(mean=0.4, precision=5.0, inflation=0.3, upper_share=0.3)
lines("Inflated(Beta(), at=(0, 1))", beta, ends, shares, points=(0.0, 1.0))

days = np.linspace(0.01, 12.0, 401)
weibull = Weibull().at(scale=4.0, shape=2.0)
whole = Discretised(Weibull()).at(scale=4.0, shape=2.0)
ax = panel("Discretised(Weibull())")
ax.plot(days, weibull.prob(days), color=LIGHT)
ax.bar(np.arange(12.0) + 0.5, whole.prob(np.arange(12.0)), 0.8, color=DARK)

ax = panel("Censored(Weibull()): beyond 6")
ax.plot(days, weibull.prob(days), color=LIGHT)
beyond = days[days >= 6.0]
ax.fill_between(beyond, weibull.prob(beyond), color=DARK, linewidth=0)
ax.annotate(f"P(y > 6) = {weibull.sf(6.0):.3f}", (6.9, 0.07), fontsize=8.5, color=INK)
ax.set_ylim(0.0, None)

figure.savefig(IMAGES / "modifiers.png")
