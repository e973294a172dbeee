"""What a row comes to does not depend on the rows beside it: those of one kind, patch or power are taken together."""

import numpy as np
import pytest

from likely import ConwayMaxwellPoisson, Tweedie, predicted

#: More than a block, and no whole number of vectors.
ROWS = 4096 + 4096 + 37


def _tweedie(y, power, rng):
    family = Tweedie(mean=predicted, dispersion=predicted, power=predicted)
    raw = np.array([rng.normal(size=ROWS), rng.normal(size=ROWS), power])
    return family.loss(), y, raw


def _conway_maxwell_poisson(sums, rng):
    family = ConwayMaxwellPoisson(mean=predicted, nu=predicted)
    raw = np.array([rng.normal(size=ROWS), rng.normal(0.0, 0.5, ROWS)])
    raw[1, sums] = 2.5
    return family.loss(), rng.poisson(2.0, ROWS).astype(float), raw


def _rows(kind):
    rng = np.random.default_rng(0)
    y, power = rng.gamma(1.0, 2.0, ROWS), rng.normal(size=ROWS)
    first, half = np.arange(ROWS) < 4096, rng.random(ROWS) < 0.5
    return {
        "positive": lambda: _tweedie(y, power, rng),
        "zero": lambda: _tweedie(0.0 * y, power, rng),
        "some zeros": lambda: _tweedie(np.where(half, 0.0, y), power, rng),
        "zeros first": lambda: _tweedie(np.where(first, 0.0, y), power, rng),
        "one power": lambda: _tweedie(y, np.full(ROWS, 0.3), rng),
        "one power for many": lambda: _tweedie(y, np.where(half, 0.3, power), rng),
        "sums": lambda: _tweedie(y, power - 5.0, rng),
        "some sums, some zeros": lambda: _tweedie(
            np.where(rng.random(ROWS) < 0.3, 0.0, y), power - 2.5 * half, rng
        ),
        "sums first": lambda: _tweedie(y, np.where(first, power - 6.0, power), rng),
        "counts": lambda: _conway_maxwell_poisson(half & False, rng),
        "counts, some sums": lambda: _conway_maxwell_poisson(half, rng),
        "counts, sums first": lambda: _conway_maxwell_poisson(first, rng),
    }[kind]()


@pytest.mark.parametrize(
    "kind",
    [
        *("positive", "zero", "some zeros", "zeros first", "one power", "one power for many"),
        *("sums", "some sums, some zeros", "sums first"),
        *("counts", "counts, some sums", "counts, sums first"),
    ],
)
def test_rows_are_what_they_are_one_by_one(kind):
    loss, y, raw = _rows(kind)
    value, gradient = loss.compiled.evaluate(y, raw, 1)[:2]
    chosen = np.random.default_rng(1).choice(ROWS, 60, replace=False)
    for i in (*chosen, 0, 4095, 4096, ROWS - 1):
        alone = loss.compiled.evaluate(y[[i]], np.ascontiguousarray(raw[:, [i]]), 1)
        np.testing.assert_allclose(value[i], alone[0][0], rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(gradient[:, i], alone[1][:, 0], rtol=1e-11, atol=1e-12)


def test_sums_of_every_kind_are_numpys():
    """Of one block the rows of patches, of few amounts and of many, and of waves."""
    rng = np.random.default_rng(2)
    log_v, log_nu = rng.uniform(-2.0, 10.0, ROWS), rng.uniform(3.0, 13.0, ROWS)
    y, off = np.exp(rng.normal(size=ROWS)), rng.normal(0.0, 0.01, ROWS)
    # V = y²⁻ᵖ/φ and ν = (2 − p)/(p − 1)
    dispersion = np.log(y) / (1.0 + np.exp(-log_nu)) - log_v
    loss = Tweedie(mean=predicted, dispersion=predicted, power=predicted).loss()
    raw = np.array([np.log(y) + off, dispersion, -log_nu])
    compiled, known = loss.compiled.evaluate(y, raw, 1), loss.evaluate(y, raw, 1)
    # A slope is (1 + ν) times one that moves with J's last digits: by up to a number where two are equally near.
    more = 1.0 + np.exp(log_nu)
    rounding = 2e-15 * more * (more + np.exp(log_v))
    for found, want in zip(compiled[:2], known[:2], strict=True):
        assert (np.abs(found - want) <= rounding + 1e-11 * np.abs(want)).all()
