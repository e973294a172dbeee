"""Gradient boosting of k raw columns at once, on LightGBM's trees. It sees a loss per row, never a family.

- ``boost(loss, data, response, plan, settings)`` → ``Boosted``: the ensembles of the best round.
- ``Data``: X in bins, once, with the rows of each part taken from it; from ranks where that is faster.
- ``Plan``: which rows are trained on and which judge: all, one part held out, folds, or other data.
- ``ColumnSettings``, ``Settings``: what the trees of each column may do, and for how long.
- ``steps``: gradients and curvatures as LightGBM wants them; ``chosen_curvature``: of which kind.
"""

from likely.fitting.boosting.data import Data
from likely.fitting.boosting.ensembles import Ensembles
from likely.fitting.boosting.plan import Plan, folds, held_out
from likely.fitting.boosting.ranks import RANKED_ROWS
from likely.fitting.boosting.settings import ColumnSettings, Settings
from likely.fitting.boosting.steps import chosen_curvature
from likely.fitting.boosting.train import Boosted, boost

__all__ = [
    "RANKED_ROWS",
    "Boosted",
    "ColumnSettings",
    "Data",
    "Ensembles",
    "Plan",
    "Settings",
    "boost",
    "chosen_curvature",
    "folds",
    "held_out",
]
