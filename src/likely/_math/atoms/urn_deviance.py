"""Pólya's urn: BetaBinomial and DirichletMultinomial."""

from __future__ import annotations

from likely._math.atoms.gamma_function import (
    digamma,
    lgamma,
    log_factorial_error_1,
    stirling_error_1,
    trigamma,
)
from likely._math.atoms.negative_binomial import negative_binomial_deviance_size_2, share_of
from likely._math.atoms.registry import register_named
from likely._math.graph import log

urn_error = register_named(
    "urn_error",
    lambda y, s, log_s, out: (
        log_factorial_error_1(y) + 0.5 / (s + y) - stirling_error_1(s + y),
        0.0,
        urn_error_slope(y, s, log_s),
    ),
    lambda y, s, log_s: (
        lgamma(y + 1.0) + lgamma(s) - lgamma(s + y)
        + (s + y) * log(s + y) - s * log(s) - y * log(y)
    ),
)  # fmt: skip
urn_error_slope = register_named(
    "urn_error_slope",
    lambda y, s, log_s, out: (
        s / (s + y) - s * trigamma(s + y),
        0.0,
        urn_error_curve(y, s, log_s),
    ),
    lambda y, s, log_s: s * (digamma(s) - digamma(s + y) + log(s + y) - log(s)),
)
urn_error_curve = register_named(
    "urn_error_curve",
    None,
    lambda y, s, log_s: (
        s * (digamma(s) - digamma(s + y) + log(s + y) - log(s))
        + s * s * (trigamma(s) - trigamma(s + y) + 1.0 / (s + y) - 1.0 / s)
    ),
)

# NegativeBinomial's deviance at mean m = np and size s = kp, in log p and log k: a part of a composition.
urn_deviance = register_named(
    "urn_deviance",
    lambda y, p, n, k, log_p, log_n, log_k, out: (
        log(y / (n * p)) - log((k * p + y) / (k * p + n * p)),
        0.0,
        0.0,
        0.0,
        urn_deviance_share(y, p, n, k, log_p, log_n, log_k),
        (n * p - y) * share_of(k, n),
        urn_deviance_size(y, p, n, k, log_p, log_n, log_k),
    ),
    lambda y, p, n, k, log_p, log_n, log_k: (
        y * log(y / (n * p)) - (k * p + y) * log((k * p + y) / (k * p + n * p))
    ),
)
urn_deviance_size = register_named(
    "urn_deviance_size",
    lambda y, p, n, k, log_p, log_n, log_k, out: (
        (y - n * p) / (k + n) * (k / (k * p + y)),
        0.0,
        0.0,
        0.0,
        urn_deviance_cross(y, p, n, k, log_p, log_n, log_k),
        -share_of(k, n) * share_of(n, k) * (y - n * p),
        negative_binomial_deviance_size_2(y, n * p, k * p),
    ),
    lambda y, p, n, k, log_p, log_n, log_k: (
        k * ((y - n * p) / (k + n)) - k * p * log((k * p + y) / (k * p + n * p))
    ),
)
urn_deviance_share = register_named(
    "urn_deviance_share",
    lambda y, p, n, k, log_p, log_n, log_k, out: (
        -k * p / (k * p + y),
        0.0,
        0.0,
        0.0,
        out + k * p * share_of(y, k * p),
        k * p * share_of(n, k),
        urn_deviance_cross(y, p, n, k, log_p, log_n, log_k),
    ),
    lambda y, p, n, k, log_p, log_n, log_k: -k * p * log((k * p + y) / (k * p + n * p)),
)
urn_deviance_cross = register_named(
    "urn_deviance_cross",
    None,
    lambda y, p, n, k, log_p, log_n, log_k: (
        k * p * (k * (y - n * p) / ((k * p + y) * (k + n)) - log((k * p + y) / (k * p + n * p)))
    ),
)
