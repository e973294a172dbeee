"""The sum over amounts of Tweedie's density."""

from __future__ import annotations

import sympy
from mpmath import mp
from sympy import Expr


class AmountSum(sympy.Function):
    """W(z, ν) = Σ z^j/(j! Γ(jν)) over j ≥ 1; with two more arguments, jᵃ ψ(jν)ᵇ is in the sum too."""

    nargs = (2, 4)

    def fdiff(self, argindex: int = 1) -> Expr:
        """Both derivatives are such sums."""
        z, shape = self.args[:2]
        a, b = self.args[2:] or (0, 0)
        if argindex == 1:
            return AmountSum(z, shape, a + 1, b) / z
        if argindex == 2 and b == 0:
            return -AmountSum(z, shape, a + 1, 1)
        raise sympy.core.function.ArgumentIndexError(self, argindex)

    def _eval_evalf(self, prec: int) -> Expr:
        with mp.workprec(prec + 40):
            z, shape, *powers = (arg._to_mpmath(prec + 40) for arg in self.args)
            a, b = (int(v) for v in powers) if powers else (0, 0)
            total, positive, j = mp.mpf(0), mp.mpf(0), 0
            while True:
                j += 1
                term = z**j * mp.rgamma(j + 1) * mp.rgamma(j * shape) * mp.mpf(j) ** a
                positive += term
                total += term * mp.psi(0, j * shape) ** b
                # Past its largest term the sum falls faster than any geometric one.
                if j > 2 * z ** (1 / (1 + shape)) + 10 and term < positive * mp.eps:
                    break
        return Expr._from_mpmath(total, prec)
