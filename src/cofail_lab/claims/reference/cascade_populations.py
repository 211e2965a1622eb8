"""Finite populations in exact rationals, for the claims about cascades: blocks of queries in order of confidence.

This is the measured side of P8 and C1. It escalates, counts and prices query by query and shares no code with
`decisions.cascade`.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from cofail_lab.claims.claim import Case

HALF = Fraction(1, 2)


def rational(value: Any) -> Fraction:
    """The number as it is written: .1 is 1/10. Strings such as ``1/3`` stand for fractions."""
    return value if isinstance(value, Fraction) else Fraction(str(value))


class Separation(NamedTuple):
    """How well a score separates a model's right answers from its wrong ones.

    Attributes:
        accuracy: share of right answers.
        above: probability that a right answer scores above a wrong one.
        tied: that both score alike. Where all or none are right there is nothing to separate: 0 above, 1 tied.
    """

    accuracy: Any
    above: Any
    tied: Any

    @property
    def auc(self) -> Any:
        """With ties counted ½."""
        return self.above + self.tied / 2


class Population(NamedTuple):
    """Blocks of queries of equal confidence, lowest first, each with the rates at which L and H are right on it.

    Attributes:
        mass: of each block, of sum one.
        cheap, strong: P(L right), P(H right) in the block.
    """

    mass: Sequence[Fraction]
    cheap: Sequence[Fraction]
    strong: Sequence[Fraction]

    def mean(self, rates: Sequence[Fraction]) -> Fraction:
        """Of a rate over all queries."""
        return sum((m * r for m, r in zip(self.mass, rates, strict=True)), Fraction(0))

    def ends(self) -> list[Fraction]:
        """γ at the ends of the blocks, from 0 to 1."""
        ends = [Fraction(0)]
        for m in self.mass:
            ends.append(ends[-1] + m)
        return ends

    def mass_among(self, fraction: Fraction) -> list[Fraction]:
        """Mass of each block among the γ least confident; the last block may be among them in part."""
        parts, left = [], fraction
        for m in self.mass:
            parts.append(min(m, left))
            left -= parts[-1]
        return parts

    def tail(self, rates: Sequence[Fraction], fraction: Fraction) -> Fraction:
        """Mean of a rate over the γ > 0 least confident."""
        return sum((t * r for t, r in zip(self.mass_among(fraction), rates, strict=True)), Fraction(0)) / fraction

    def quality(self, fraction: Fraction) -> Fraction:
        """Accuracy when those are escalated: H's rate where H answers, L's where L does."""
        parts = zip(self.mass_among(fraction), self.mass, self.cheap, self.strong, strict=True)
        return sum((t * h + (m - t) * low for t, m, low, h in parts), Fraction(0))

    def mixed_quality(self, fraction: Fraction) -> Fraction:
        """Accuracy when every query is escalated with probability γ."""
        parts = zip(self.mass, self.cheap, self.strong, strict=True)
        return sum((m * (fraction * h + (1 - fraction) * low) for m, low, h in parts), Fraction(0))

    def gap(self, fraction: Fraction) -> Fraction:
        """Q - Q_mix."""
        return self.quality(fraction) - self.mixed_quality(fraction)

    def gap_area(self) -> Fraction:
        """∫₀¹ (Q - Q_mix) dγ, block by block: the integrand is linear inside each."""
        ends = self.ends()
        gaps = [self.gap(end) for end in ends]
        pieces = zip(ends, ends[1:], gaps, gaps[1:], strict=False)
        return sum(((high - low) * (a + b) / 2 for low, high, a, b in pieces), Fraction(0))

    def separation(self, rates: Sequence[Fraction]) -> Separation:
        """Of the score for one model, pair by pair."""
        right = [m * r for m, r in zip(self.mass, rates, strict=True)]
        wrong = [m * (1 - r) for m, r in zip(self.mass, rates, strict=True)]
        pairs = sum(right, Fraction(0)) * sum(wrong, Fraction(0))
        if not pairs:
            return Separation(sum(right, Fraction(0)), Fraction(0), Fraction(1))
        above = sum((r * sum(wrong[:b], Fraction(0)) for b, r in enumerate(right)), Fraction(0))
        tied = sum((r * w for r, w in zip(right, wrong, strict=True)), Fraction(0))
        return Separation(sum(right, Fraction(0)), above / pairs, tied / pairs)

    def least_escalation(self, floor: Fraction) -> Fraction | None:
        """The smallest γ with Q(γ) >= floor; None where no γ reaches it."""
        ends = self.ends()
        levels = [self.quality(end) for end in ends]
        if levels[0] >= floor:
            return Fraction(0)
        for low, high, a, b in zip(ends, ends[1:], levels, levels[1:], strict=False):
            if b >= floor:
                return low + (high - low) * (floor - a) / (b - a)
        return None


def population(case: Case) -> Population:
    """From the case's ``mass``, ``cheap`` and ``strong``; one number for ``strong`` stands for all blocks."""
    mass = [rational(m) for m in case["mass"]]
    total = sum(mass)
    if not total:
        raise ZeroDivisionError("all blocks are empty")
    cheap = [rational(r) for r in case["cheap"]]
    strong = case["strong"]
    rates = [rational(r) for r in strong] if isinstance(strong, list) else [rational(strong)] * len(mass)
    kept = [b for b, m in enumerate(mass) if m]
    return Population([mass[b] / total for b in kept], [cheap[b] for b in kept], [rates[b] for b in kept])
