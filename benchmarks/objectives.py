"""Trees of Poisson, Gamma, Tweedie, Bernoulli and Categorical against LightGBM's own objectives for them.

    python -m benchmarks.objectives [--splits 3] [--sets counts digits]

Held-out negative log-likelihood of the same family, a tenth of the rows held out; then processor seconds of a single
thread for the same rounds, leaves and learning rate without stopping. Both learn with their own defaults. LightGBM
stops early on a fifth of the rows and is trained again on all of them, as usual; the dispersion that its predictions
lack is the best one for that fifth.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn import datasets

from benchmarks.timing import machine

ROUNDS, LEAVES, RATE = 200, 16, 0.05
#: LightGBM's default power, which it does not learn.
POWER = 1.5


def _rows(rng, n=4000):
    X = rng.uniform(-1, 1, (n, 6))
    return X, np.exp(0.5 + X[:, 0] + 0.7 * np.sin(3 * X[:, 1]) + 0.5 * X[:, 2] * X[:, 3])


def counts(rng):
    X, mean = _rows(rng)
    return X, rng.poisson(mean).astype(float)


def amounts(rng):
    X, mean = _rows(rng)
    return X, mean * rng.gamma(2.0, 0.5, mean.size)


def claims(rng):
    """Sums of gamma amounts, as many as a Poisson number says: Tweedie of power 1.5."""
    X, mean = _rows(rng)
    number = rng.poisson(2 * np.sqrt(mean))
    return X, rng.gamma(np.maximum(number, 1.0), np.sqrt(mean) / 2) * (number > 0)


def answers(rng):
    X, mean = _rows(rng)
    return X, (rng.uniform(size=mean.size) < mean / (1 + mean)).astype(float)


def kinds(rng):
    X, mean = _rows(rng)
    chance = np.stack([np.ones(mean.size), mean, np.exp(2 * X[:, 4])], axis=1)
    chance /= chance.sum(axis=1, keepdims=True)
    return X, (rng.uniform(size=(mean.size, 1)) > chance.cumsum(axis=1)).sum(axis=1).astype(float)


def cancer(rng):
    return datasets.load_breast_cancer(return_X_y=True)


def digits(rng):
    return datasets.load_digits(return_X_y=True)


def diabetes(rng):
    """Positive whole numbers from 25 to 346."""
    return datasets.load_diabetes(return_X_y=True)


#: Name → (the rows, our family, LightGBM's objective).
SETS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "counts": (counts, "poisson", "poisson"),
    "amounts": (amounts, "gamma", "gamma"),
    "diabetes": (diabetes, "gamma", "gamma"),
    "claims": (claims, "tweedie", "tweedie"),
    "answers": (answers, "bernoulli", "binary"),
    "cancer": (cancer, "bernoulli", "binary"),
    "kinds": (kinds, "categorical", "multiclass"),
    "digits": (digits, "categorical", "multiclass"),
}


def nll(family: str, y, predicted, dispersion=None):
    """Mean nll of y where LightGBM predicts the mean, or the chances of classes."""
    import likely

    if family == "categorical":
        return -float(np.log(predicted[np.arange(y.size), y.astype(int)]).mean())
    if family == "bernoulli":
        return -float(np.log(np.where(y == 1.0, predicted, 1.0 - predicted)).mean())
    if family == "poisson":
        given = likely.Poisson().at(mean=predicted)
    elif family == "gamma":
        given = likely.Gamma().at(mean=predicted, shape=dispersion)
    else:
        given = likely.Tweedie().at(mean=predicted, dispersion=dispersion, power=POWER)
    return -float(given.log_prob(y).mean())


def dispersion(family: str, y, predicted) -> float | None:
    """The best one for these rows."""
    if family not in ("gamma", "tweedie"):
        return None
    found = minimize_scalar(lambda log: nll(family, y, predicted, np.exp(log)), bounds=(-6, 6))
    return float(np.exp(found.x))


def lightgbm(family: str, objective: str, X, y, new, known, seed: int) -> float:
    """The held-out nll of LightGBM's own objective."""
    import lightgbm as lgb

    params: dict[str, Any] = {"objective": objective, "verbosity": -1, "seed": seed}
    if objective == "multiclass":
        params["num_class"] = int(y.max()) + 1
    order = np.random.default_rng(seed).permutation(y.size)
    judge, train = order[: y.size // 5], order[y.size // 5 :]
    data = lgb.Dataset(X[train], y[train])
    stop = lgb.early_stopping(50, verbose=False)
    held = lgb.Dataset(X[judge], y[judge], reference=data)
    first = lgb.train(params, data, 1000, valid_sets=[held], callbacks=[stop])
    best = max(1, first.best_iteration)
    spread = dispersion(family, y[judge], first.predict(X[judge]))
    return nll(family, known, lgb.train(params, lgb.Dataset(X, y), best).predict(new), spread)


def ours(family: str, X, y, new, known, seed: int) -> float:
    """The held-out nll of Trees."""
    from likely import Trees

    labels = family in ("bernoulli", "categorical")
    y, known = (v.astype(int) if labels else v for v in (y, known))
    return -float(Trees(family, random_state=seed).fit(X, y).score(new, known))


def seconds(family: str, objective: str, X, y, repeats: int) -> tuple[float, float]:
    """Processor seconds of the same trees: ours and LightGBM's, alternating."""
    import lightgbm as lgb

    from likely import Trees

    params = {"objective": objective, "verbosity": -1, "num_leaves": LEAVES, "num_threads": 1}
    params |= {"learning_rate": RATE, "min_data_in_leaf": 10}
    if objective == "multiclass":
        params["num_class"] = int(y.max()) + 1
    own = y.astype(int) if family in ("bernoulli", "categorical") else y
    settings = {"max_leaf_nodes": LEAVES, "learning_rate": RATE, "min_samples_leaf": 10}

    def mine() -> None:
        Trees(family, max_iter=ROUNDS, early_stopping=False, n_jobs=1, **settings).fit(X, own)

    def its() -> None:
        lgb.train(params, lgb.Dataset(X, y), ROUNDS)

    found: tuple[list[float], list[float]] = ([], [])
    for again in range(repeats + 1):
        for run, taken in zip((mine, its), found, strict=True):
            begin = time.process_time()
            run()
            if again:
                taken.append(time.process_time() - begin)
    return statistics.median(found[0]), statistics.median(found[1])


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["LIKELY_NUM_THREADS"] = "1"
    print(machine())
    for name in given.sets:
        make, family, objective = SETS[name]
        X, y = make(np.random.default_rng(0))
        mine, its = [], []
        for split in range(given.splits):
            test = np.random.default_rng([5, split]).choice(y.size, y.size // 10, replace=False)
            rest = np.setdiff1d(np.arange(y.size), test)
            rows = X[rest], y[rest], X[test], y[test], split
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                mine.append(ours(family, *rows))
            its.append(lightgbm(family, objective, *rows))
        gap = np.subtract(mine, its)
        error = gap.std(ddof=1) / np.sqrt(gap.size) if gap.size > 1 else np.nan
        a, b = seconds(family, objective, X, y, given.repeats)
        print(
            f"{name:9} {family:11} nll {np.mean(mine):8.4f}, LightGBM {np.mean(its):8.4f}, difference "
            f"{gap.mean():+.4f} ± {error:.4f}; {ROUNDS} rounds {a:.3f} s, LightGBM {b:.3f} s ({a / b:.2f}×)",
            flush=True,
        )


if __name__ == "__main__":
    main()
