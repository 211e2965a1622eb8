"""What a reader of a pile in random order risks, in rationals: the measured side of P16.ii.

The limits under test sum hypergeometric probabilities and logs of gamma functions; here the orders of the pile are
counted.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import comb

Misses = Callable[[int, int], bool]
"""(of the kind so far, read so far) -> whether a limit then excludes the truth."""


@cache
def chance(k: int, read: int, number: int, total: int) -> Fraction:
    """P(k of the kind among those read), with ``number`` among all ``total``."""
    return Fraction(comb(number, k) * comb(total - number, read - k), comb(total, read))


def misses_at(stop: int, number: int, total: int, misses: Misses) -> Fraction:
    """Probability of a miss at one stop that was fixed beforehand."""
    possible = range(max(0, stop - total + number), min(stop, number) + 1)
    return sum((chance(k, stop, number, total) for k in possible if misses(k, stop)), Fraction(0))


def ever_misses(number: int, total: int, misses: Misses) -> Fraction:
    """Probability of a miss at some stop: one less the share of the orders that meet none."""
    alive = {0: 0 if misses(0, 0) else 1}
    for read in range(1, total + 1):
        after: dict[int, int] = {}
        for k, orders in alive.items():
            for step in (0, 1):
                if k + step <= number and read - k - step <= total - number:
                    after[k + step] = after.get(k + step, 0) + orders
        alive = {k: orders for k, orders in after.items() if not misses(k, read)}
    return 1 - Fraction(alive.get(number, 0), comb(total, number))
