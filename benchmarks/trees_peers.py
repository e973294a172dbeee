"""Time a peer's training, in an interpreter that has it: NAME GIVEN.npz ROUNDS LEAVES RATE REPEATS → JSON seconds."""

import json
import sys
import time

import numpy as np


def ngboost(X, y, rounds, leaves, rate):
    from ngboost import NGBRegressor
    from sklearn.tree import DecisionTreeRegressor

    base = DecisionTreeRegressor(criterion="friedman_mse", max_leaf_nodes=leaves)
    NGBRegressor(Base=base, n_estimators=rounds, learning_rate=rate, verbose=False).fit(X, y)


def lightgbmlss(X, y, rounds, leaves, rate):
    import lightgbm
    from lightgbmlss.distributions.Gaussian import Gaussian
    from lightgbmlss.model import LightGBMLSS

    model = LightGBMLSS(Gaussian(stabilization="None", response_fn="exp", loss_fn="nll"))
    params = {"learning_rate": rate, "num_leaves": leaves, "verbosity": -1}
    params |= {"min_data_in_leaf": 20, "feature_pre_filter": False}
    model.train(params, lightgbm.Dataset(X, label=y), num_boost_round=rounds)


def xgboostlss(X, y, rounds, leaves, rate):
    import xgboost
    from xgboostlss.distributions.Gaussian import Gaussian
    from xgboostlss.model import XGBoostLSS

    model = XGBoostLSS(Gaussian(stabilization="None", response_fn="exp", loss_fn="nll"))
    params = {"eta": rate, "grow_policy": "lossguide", "max_leaves": leaves, "max_depth": 0}
    model.train(params, xgboost.DMatrix(X, label=y), num_boost_round=rounds)


if __name__ == "__main__":
    name, given, rounds, leaves, rate, repeats = sys.argv[1:]
    with np.load(given) as arrays:
        X, y = arrays["X"], arrays["y"]
    globals()[name](X[:500], y[:500], 3, int(leaves), float(rate))
    seconds = []
    for _ in range(int(repeats)):
        begin = time.perf_counter()
        globals()[name](X, y, int(rounds), int(leaves), float(rate))
        seconds.append(time.perf_counter() - begin)
    print(json.dumps(seconds))
