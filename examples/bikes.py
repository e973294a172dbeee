# %% [markdown]
# # A week of bikes
#
# The main job in Python: counts of rented bikes by hour, two distributions and models for them, and a week that
# neither model has seen. `python examples/bikes.py [FOLDER]` writes the picture to FOLDER (here by default);
# it reads the table with pandas, which is no part of Likely.

# %%
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from likely import Linear, NegativeBinomial, Poisson, Trees, predicted
from likely.scoring import coverage, mean_nll

IMAGES = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
INK, BLUE, RED = "#22303c", "#2f6690", "#b5483a"

# %% [markdown]
# Month, weather, weekday and hour are categories: demand peaks twice on a working day, and no line through 24 numbers
# does that. A linear model takes a column for each of their values, trees take them as they are.

# %%
table = pd.read_csv(Path(__file__).parent / "data" / "bikeshare.csv")
week = table["day"].between(256, 262)
y = table["bikers"].to_numpy()
names = ["mnth", "weathersit", "weekday", "hr"]
X = table.drop(columns=["bikers", "day", "season", "workingday"])
X = X.astype(dict.fromkeys(names, "category"))
columns = pd.get_dummies(X, columns=names, drop_first=True, dtype=float)

# %% [markdown]
# ## Two choices
#
# Counts of a Poisson have a variance as large as their mean, and these have more. A NegativeBinomial learns by how
# much, here for every hour of its own, and trees find what depends on what.

# %%
models = {
    "Linear(Poisson())": (Linear(Poisson()), columns),
    "Trees(NegativeBinomial(size=predicted))": (
        Trees(NegativeBinomial(size=predicted), random_state=0),
        X,
    ),
}
found = {
    name: model.fit(given[~week], y[~week]).predict_dist(given[week])
    for name, (model, given) in models.items()
}

# %% [markdown]
# ## What came

# %%
time = np.arange(week.sum()) / 24.0
figure, axes = plt.subplots(2, 1, figsize=(9.0, 5.4), dpi=150, sharex=True, layout="constrained")
for ax, colour, (name, distribution) in zip(axes, (RED, BLUE), found.items(), strict=True):
    for level, strength in ((0.9, 0.2), (0.5, 0.35)):
        low, high = distribution.interval(level)
        label = f"{level:.0%} interval"
        ax.fill_between(time, low, high, color=colour, alpha=strength, linewidth=0, label=label)
    ax.plot(time, y[week], ".", color=INK, markersize=3.5, label="rented")
    said = f"{mean_nll(distribution, y[week]):.2f} nats an hour"
    held = f"{coverage(distribution, y[week], 0.9):.0%} of the hours in 90 % intervals"
    ax.set_title(f"{name}: {said}, {held}", loc="left", fontsize=10, color=INK)
    ax.set_ylabel("bikes", color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_ylim(0.0, 750.0)
    ax.margins(x=0.0)
axes[0].legend(frameon=False, ncols=3, fontsize=8.5)
days = ["Tue 13 Sep", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon"]
axes[1].set_xticks(np.arange(7.0) + 0.5, days)
axes[1].tick_params(axis="x", length=0)
axes[1].set_xlabel("a week of 2011 that neither has seen", color=INK)
figure.savefig(IMAGES / "bikes.png")
