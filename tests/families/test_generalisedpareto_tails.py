"""Intervals of GeneralisedPareto that hold next to nothing, against mpmath: curvatures as small as their ends."""

import numpy as np
import pytest
from mpmath import mp, mpf

from likely import Censored, GeneralisedPareto


def exact(low, high, raw):
    """The packed curvature of −log(S(low) − S(high))."""

    def loss(log_scale, shape):
        ends = (mp.log1p(shape * y / mp.exp(log_scale)) / shape for y in (mpf(low), mpf(high)))
        return -mp.log(mp.fsum(sign * mp.exp(-t) for sign, t in zip((1, -1), ends, strict=True)))

    return [float(mp.diff(loss, tuple(map(mpf, raw)), n)) for n in ((2, 0), (1, 1), (0, 2))]


@pytest.mark.parametrize("shape", [-0.5, 1e-3, 0.7, 3.0])
@pytest.mark.parametrize("log_scale", [-60.0, 0.0, 3.0])
@pytest.mark.parametrize("low", [0.0, 1e-31])
def test_curvature_of_intervals_near_0(low, log_scale, shape):
    """The logarithm of a short interval is that of its length less log scale, whose curvature is 0."""
    y, raw = (low, 1.5e-31), (log_scale, shape)
    loss = Censored(GeneralisedPareto()).loss()
    _, _, found = loss.evaluate(np.array([y]), np.array(raw)[:, np.newaxis], 2)
    with mp.workdps(150):
        np.testing.assert_allclose(found[:, 0], exact(*y, raw), rtol=1e-8)
