"""The verdict on a claim, and the one rule that turns a measured interval into a status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from cofail_lab.shown import Shown

Release = Literal["june", "sept", "lab"]
Status = Literal["confirmed", "refuted", "undecided", "reported"]
Answer = Literal["survived", "refuted", "undecided", "vacuous"]
"""Of a proposition that `experiment=check` has looked for counterexamples to: nothing there is a proof, so that none is
confirmed. It is vacuous where its hypothesis never holds."""


@dataclass(frozen=True, repr=False)
class Verdict(Shown):
    """What the evidence says about one claim of one release.

    Attributes:
        id: claim id of the theory file, ``P2.ii``.
        release: which statement of it.
        statement, hypothesis: in plain words.
        expected: the status the evidence must give.
        status: the status it gave.
        claimed, measured: the two sides of the check, from different code paths; None where the claim is not one
            number.
        tolerance: half-width around ``claimed`` inside which the claim holds.
        evidence: how it was checked, and for a refutation the stored counterexample, replayable from this alone.
    """

    id: str
    release: Release
    statement: str
    hypothesis: str
    expected: Status | Answer
    status: Status | Answer
    claimed: float | None
    measured: float | None
    tolerance: float | None
    evidence: Mapping[str, Any] = field(default_factory=dict)


def judge(
    low: float | Fraction,
    high: float | Fraction,
    *,
    allowed: tuple[float | Fraction, float | Fraction],
    counterexample: Mapping[str, Any] | None = None,
) -> Status:
    """Status of a claim whose quantity was measured to lie in [low, high] and must lie in ``allowed``.

    ``confirmed`` only if the whole interval is inside; ``refuted`` only if it is wholly outside and a counterexample is
    stored; otherwise ``undecided``, also for an interval that is not a number.
    """
    if low > high:
        raise ValueError(f"an interval runs from its lower to its upper end, not from {low} to {high}")
    least, most = allowed
    if least <= low and high <= most:
        return "confirmed"
    if (high < least or low > most) and counterexample:
        return "refuted"
    return "undecided"


def unexpected(verdicts: Sequence[tuple[str, str, str, str]]) -> str | None:
    """One line that names the verdicts, as (id, release, status, expected), that are not the expected ones, or None."""
    wrong = [f"{name} ({release}) {status}" for name, release, status, expected in verdicts if status != expected]
    if not wrong:
        return None
    return f"{len(wrong)} of {len(verdicts)} verdicts are not the expected ones: {', '.join(wrong)}"
