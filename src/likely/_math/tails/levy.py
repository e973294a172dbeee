r"""Intervals over which InverseGaussian hardly differs from Lévy's distribution, which has no mean.

With c = k/m and x = √(k/y), so that c/x = √(ky)/m, the probability between two y at which x is q < p is

.. math:: \sqrt{2/\pi}\; e^{c}\, (p - q)\, Z, \qquad
          Z = \frac{1}{p - q} \int_q^p e^{-\beta/2 - \alpha/2}\, dx, \quad \beta = x^2, \; \alpha = c^2/x^2

Where α and β are small the tails at both ends have nearly the same derivatives, and what is left of them is as small
as α, β and c. Here it is the derivative of a power series in α and β, with αβ = c² (the generating function of the
modified Bessel functions, Abramowitz and Stegun, 9.6.33):

.. math:: e^{-\beta/2 - \alpha/2} = G_0 + \sum_{n \ge 1} G_n
          \left(\left(-\tfrac{\beta}{2}\right)^n + \left(-\tfrac{\alpha}{2}\right)^n\right),
          \qquad G_n = \sum_{j \ge 0} \frac{1}{j!\, (n + j)!} \left(\frac{c}{2}\right)^{2j}

whose terms have means in closed form.
"""

from __future__ import annotations

from functools import cached_property
from math import factorial
from typing import Any

from likely._math.atoms import log1mexp
from likely._math.graph import PI, Node, as_node, exp, log, log1p, maximum, polynomial

#: The largest x and c/x for which the series is used.
SMALL = 0.5
#: Of powers of α or β, and of c²: the next are below rounding.
TERMS, FEW = 10, 6


class Levy:
    """The interval from low to high, of which ``width`` is the logarithm of high over low."""

    def __init__(self, low: Any, high: Any, width: Node, mean: Any, shape: Any) -> None:
        self.low, self.width, self.shape, self.mean = low, width, shape, mean
        #: p and c/q
        self.first = exp(0.5 * (shape.log - low.log))
        self.last = exp(0.5 * (shape.log + high.log) - mean.log)

    @property
    def holds(self) -> Node:
        """Whether α and β are small in all of the interval."""
        return maximum(self.first, self.last) < SMALL

    @cached_property
    def _rest(self) -> Node:
        """log Z"""
        r = exp(-0.5 * self.width)
        a, b = -0.5 * (self.last * self.last), -0.5 * (self.first * self.first)
        quarter = (a * r) * (b * r)
        # (1 + r + … + r²ⁿ)/(2n + 1): the mean of βⁿ over p²ⁿ, and with one more factor r that of αⁿ⁺¹.
        means: list[Any] = [1.0]
        total, power = as_node(1.0), r * (1.0 + r)
        for n in range(1, TERMS):
            total = total + power
            power = power * (r * r)
            means.append(total / (2.0 * n + 1.0))
        shares = [
            polynomial(quarter, [1.0 / factorial(j) / factorial(n + j) for j in range(FEW)])
            for n in range(1, TERMS)
        ]
        of_b = b * polynomial(b, [g * m for g, m in zip(shares, means[1:], strict=True)])
        of_a = (a * r) * polynomial(a, [g * m for g, m in zip(shares, means[:-1], strict=True)])
        both = quarter * polynomial(quarter, [1.0 / factorial(j) ** 2 for j in range(1, FEW + 1)])
        return log1p(of_a + of_b + both)

    @property
    def log_size(self) -> Node:
        """log P(low < Y ≤ high) − c: what a part of it is compared with has the same c."""
        size = 0.5 * (self.shape.log - self.low.log) + log1mexp(0.5 * self.width)
        return 0.5 * log(2.0 / PI) + size + self._rest

    @property
    def log_probability(self) -> Node:
        """log P(low < Y ≤ high)"""
        return self.log_size + self.shape / self.mean

    def log_density(self, y: Any, step: Node) -> Node:
        """log p(y | low < Y ≤ high), given log(y/low)."""
        size = -log(2.0) - 0.5 * step - y.log - log1mexp(0.5 * self.width)
        return size - self.half_square(y) - self._rest

    def half_square(self, y: Any) -> Node:
        """½ (α + β), which is ½ a² + c."""
        return 0.5 * (self.shape / y + (self.shape / self.mean) * (y / self.mean))
