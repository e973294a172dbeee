"""Fit one peer with its defaults, in an interpreter that has it: NAME SEED GIVEN.npz FOUND.npz."""

import sys
import time

import numpy as np


def ngboost(X, y, new, seed):
    """Its defaults: 500 rounds, no early stopping."""
    from ngboost import NGBRegressor

    found = NGBRegressor(verbose=False, random_state=seed).fit(X, y).pred_dist(new)
    return found.params["loc"], found.params["scale"]


def ngboost_stopped(X, y, new, seed):
    """The protocol of its paper: rounds from 20 % held out, then all rows; up to 2,000 rounds."""
    from ngboost import NGBRegressor

    order = np.random.default_rng(seed).permutation(len(y))
    cut = int(0.2 * len(y))
    held, rest = order[:cut], order[cut:]
    look = NGBRegressor(verbose=False, random_state=seed, n_estimators=2000)
    look.fit(X[rest], y[rest], X_val=X[held], Y_val=y[held], early_stopping_rounds=50)
    rounds = 1 + (1999 if look.best_val_loss_itr is None else look.best_val_loss_itr)
    found = NGBRegressor(verbose=False, random_state=seed, n_estimators=rounds)
    found = found.fit(X, y).pred_dist(new)
    return found.params["loc"], found.params["scale"]


def lightgbmlss(X, y, new, seed):
    """Its defaults, 100 rounds."""
    import lightgbm
    from lightgbmlss.distributions.Gaussian import Gaussian
    from lightgbmlss.model import LightGBMLSS

    model = LightGBMLSS(Gaussian(stabilization="None", response_fn="exp", loss_fn="nll"))
    params = {"verbosity": -1, "seed": seed, "feature_pre_filter": False}
    model.train(params, lightgbm.Dataset(X, label=y), num_boost_round=100)
    found = model.predict(new, pred_type="parameters")
    return found["loc"].to_numpy(), found["scale"].to_numpy()


def xgboostlss(X, y, new, seed):
    """Its defaults, 100 rounds."""
    import xgboost
    from xgboostlss.distributions.Gaussian import Gaussian
    from xgboostlss.model import XGBoostLSS

    model = XGBoostLSS(Gaussian(stabilization="None", response_fn="exp", loss_fn="nll"))
    model.train({"seed": seed}, xgboost.DMatrix(X, label=y), num_boost_round=100)
    found = model.predict(xgboost.DMatrix(new), pred_type="parameters")
    return found["loc"].to_numpy(), found["scale"].to_numpy()


if __name__ == "__main__":
    name, seed, given, output = sys.argv[1:]
    with np.load(given) as arrays:
        X, y, new = arrays["X"], arrays["y"], arrays["new"]
    # Not all of them take missing values: everybody gets the medians, and 0 for what is always missing.
    empty = np.isnan(X).all(axis=0)
    medians = np.nanmedian(np.where(empty, 0.0, X), axis=0)
    X, new = np.where(np.isnan(X), medians, X), np.where(np.isnan(new), medians, new)
    begin = time.perf_counter()
    loc, scale = globals()[name.replace("-", "_")](X, y, new, int(seed))
    np.savez(output, loc=loc, scale=scale, seconds=time.perf_counter() - begin)
