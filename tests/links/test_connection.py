"""The connection of a link is −t″/t′² of t = log θ, and its complement 1 less that, far out too."""

import pytest
from mpmath import mp, mpf

from likely._math.backends import mpmath_backend, numpy_backend
from likely._math.derive import tangent
from likely._math.evaluate import compile_program
from likely._math.graph import log, symbol
from likely.links import LINKS
from likely.losses.composed import link_view

RAW = symbol("raw")


@pytest.mark.parametrize("link", [k for k in LINKS.values() if k.connection], ids=str)
@pytest.mark.parametrize("at", [1e-3, 0.7, 30.0, 300.0, -30.0, -300.0])
def test_connection(link, at):
    if at < 0.0 and link.name not in ("log", "softplus"):
        pytest.skip("its θ is not above 0 there, or the same as for −raw")
    t = log(link_view("", link, RAW).node)
    slope = tangent([t], RAW)[0]
    bend = tangent([slope], RAW)[0]
    connection = link.connection(RAW)
    found = compile_program([connection.value, connection.complement], numpy_backend.TABLE)
    with mp.workdps(320):
        first, second = compile_program([slope, bend], mpmath_backend.TABLE, textbook=True)(
            {"raw": mpf(at)}
        )
        true = -second / first**2
        for number, expected in zip(found({"raw": at}), (true, 1 - true), strict=True):
            assert (
                abs(mpf(float(number)) - expected)
                <= mpf(10) ** -14 * abs(expected) + mpf(10) ** -300
            )
