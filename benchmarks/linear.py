"""Linear, standard errors included, against scikit-learn, glum, mgcv and glmmTMB at the same optimum.

The R peers run where Rscript and the packages are installed, and are left out, with a word, elsewhere.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")

import numpy as np

from benchmarks.timing import alternate, machine
from likely import Linear, Normal, Poisson


def poisson_designs(n, p, rng):
    """Dense, nearly collinear and sparse-count designs."""
    X = rng.normal(size=(n, p))
    beta = rng.normal(scale=0.15, size=p)
    yield "dense", X, rng.poisson(np.exp(0.5 + X @ beta)).astype(float)
    mixed = 0.95 * X[:, [0]] + 0.31 * X
    yield "collinear", mixed, rng.poisson(np.exp(0.3 + mixed @ (beta / 3))).astype(float)
    yield "sparse counts", X, rng.poisson(np.exp(-3.0 + X @ beta)).astype(float)


def gradient_in_se(X, y, coefficients, intercept):
    """max |g|·se of a Poisson log-linear fit: how far a peer is from the optimum."""
    mean = np.exp(X @ coefficients + intercept)
    A = np.column_stack([X, np.ones(len(y))])
    g = A.T @ (mean - y)
    information = A.T @ (A * mean[:, None])
    return float(np.abs(g * np.sqrt(np.diag(np.linalg.inv(information)))).max())


def loosest(X, y, make):
    """The estimator with the loosest tolerance at which |g|·se ≤ 1e-6: all go to the same optimum.

    The gradient reached is printed, so a peer's complaints on the way there are not.
    """
    warnings.simplefilter("ignore", UserWarning)
    for exponent in range(3, 11):
        model = make(10.0**-exponent).fit(X, y)
        if gradient_in_se(X, y, model.coef_, model.intercept_) <= 1e-6:
            break
    return model


def poisson(rows, columns, rounds):
    from sklearn.linear_model import PoissonRegressor

    rng = np.random.default_rng(0)
    for name, X, y in poisson_designs(rows, columns, rng):
        ours = {}

        def likely_fit(X=X, y=y, ours=ours):
            ours["model"] = Linear(Poisson()).fit(X, y)  # standard errors are part of the fit

        sk = loosest(
            X,
            y,
            lambda tol: PoissonRegressor(alpha=0.0, solver="newton-cholesky", tol=tol, max_iter=50),
        )
        runs = {
            "likely": likely_fit,
            "sklearn newton-cholesky": lambda X=X, y=y, sk=sk: sk.fit(X, y),
        }
        try:
            from glum import GeneralizedLinearRegressor

            gl = loosest(
                X,
                y,
                lambda tol: GeneralizedLinearRegressor(
                    family="poisson", alpha=0.0, solver="irls-ls", gradient_tol=tol, max_iter=50
                ),
            )
            runs["glum"] = lambda X=X, y=y, gl=gl: gl.fit(X, y)
        except ImportError:
            print("glum is not installed: left out")
        seconds = alternate(runs, rounds)
        model = ours["model"]
        print(
            f"Poisson {name}: |g|·se  likely "
            f"{gradient_in_se(X, y, model.coef_['mean'], model.intercept_['mean']):.1e}, "
            f"sklearn {gradient_in_se(X, y, sk.coef_, sk.intercept_):.1e}"
            + (
                f", glum {gradient_in_se(X, y, gl.coef_, gl.intercept_):.1e}"
                if "glum" in runs
                else ""
            )
        )
        for peer, value in seconds.items():
            print(f"  {peer:26} {value:8.3f} s {value / seconds['likely']:7.2f} × ours")


R_SCRIPT = """
d <- read.csv("{data}"); p <- {p}; x <- paste0("x", 1:p, collapse = "+")
f <- as.formula(paste("y ~", x)); s <- as.formula(paste("~", x))
if (suppressWarnings(require(mgcv, quietly = TRUE))) {{
  t <- system.time(m <- gam(list(f, s), family = gaulss(b = 0), data = d, control = list(nthreads = 2)))
  cat("mgcv gaulss", t[3], format(as.numeric(logLik(m)), digits = 15), "\\n") }}
if (suppressWarnings(require(glmmTMB, quietly = TRUE))) {{
  t <- system.time(m <- glmmTMB(f, dispformula = s, data = d,
    control = glmmTMBControl(parallel = 2)))
  cat("glmmTMB", t[3], format(as.numeric(logLik(m)), digits = 15), "\\n") }}
"""


def normal(rows, columns, rounds):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(rows, columns))
    loc = X @ rng.normal(size=columns)
    scale = np.exp(0.2 + X @ rng.normal(scale=0.1, size=columns))
    y = rng.normal(loc, scale)
    model = Linear(Normal())
    seconds = alternate({"likely": lambda: model.fit(X, y)}, rounds)["likely"]
    print(f"Normal, both predicted, {rows:,} × {columns}")
    print(f"  {'likely':26} {seconds:8.3f} s  log-likelihood {model.log_likelihood_:.6f}")
    if shutil.which("Rscript") is None:
        print("  Rscript is not installed: mgcv and glmmTMB left out")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        header = ",".join(["y", *(f"x{i + 1}" for i in range(columns))])
        np.savetxt(
            path, np.column_stack([y, X]), delimiter=",", header=header, comments="", fmt="%.17g"
        )
        script = R_SCRIPT.format(data=path, p=columns)
        out = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
        for line in out.stdout.splitlines():
            *words, elapsed, loglik = line.split()
            print(
                f"  {' '.join(words):26} {float(elapsed):8.3f} s  log-likelihood {float(loglik):.6f} "
                f"{float(elapsed) / seconds:7.2f} × ours"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["poisson", "normal"])
    arguments = parser.parse_args()
    print(f"Linear; {machine()}")
    if arguments.only != "normal":
        poisson(arguments.rows, arguments.columns, arguments.rounds)
    if arguments.only != "poisson":
        normal(arguments.rows // 5, arguments.columns, arguments.rounds)


if __name__ == "__main__":
    main()
