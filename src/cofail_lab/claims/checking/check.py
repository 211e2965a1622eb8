"""From a proposition to an answer: a design, controls, an adversary, and a second look at what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from cofail_lab.claims.checking import search
from cofail_lab.claims.checking.box import Box
from cofail_lab.claims.checking.confirm import Second, second_look
from cofail_lab.claims.checking.controls import Controls, controls
from cofail_lab.claims.checking.minimise import Case, case_of, minimise, stacked
from cofail_lab.claims.checking.proposition import Judged, Proposition
from cofail_lab.language.tree import COMPARISONS, Operation
from cofail_lab.verdict import Answer

# A law that is built point by point takes about this many times as long.
_SLOWER = 64
# Points at which float64 does not decide are looked at with more digits, up to this many; of arithmetic alone, which
# is quick, up to the second number.
_RESOLVED, _RESOLVED_NUMBERS = 8, 4096
_SEEN_AGAIN = 4

LookedAt = Sequence[tuple[dict[str, np.ndarray], Judged]]
"""Points, and what a proposition is there: those of the design, and those that the adversary ended at."""


class Sides(NamedTuple):
    """Both sides of a comparison at a case, with their errors."""

    left: float
    left_error: float
    symbol: str
    right: float
    right_error: float


class Counterexample(NamedTuple):
    """A point that violates a proposition.

    Attributes:
        case: parameters as plain numbers; with them it replays.
        sides: of the statement, where it is one comparison.
        margin: how far it is violated.
        second: what more digits, or another path, say.
    """

    case: Case
    sides: Sides | None
    margin: float
    second: Second


@dataclass(frozen=True)
class Outcome:
    """What was found out about a proposition.

    Attributes:
        answer: see `Answer`.
        points: of the design.
        judged: the proposition at them.
        n_searched: points that the adversary tried besides.
        worst_margin: the smallest seen where the hypothesis holds; None where it never does.
        worst: where that was.
        counterexample: where it is refuted.
        n_undecided: points where both sides are closer than their errors, and more digits did not decide.
        n_resolved: those that more digits did decide.
        controls: see `Controls`.
    """

    answer: Answer
    points: Mapping[str, np.ndarray]
    judged: Judged
    n_searched: int
    worst_margin: float | None
    worst: Case | None
    counterexample: Counterexample | None
    n_undecided: int
    n_resolved: int
    controls: Controls

    @property
    def n_points(self) -> int:
        """Points of the design."""
        return len(self.judged.says.true)

    @property
    def left_out(self) -> float:
        """Share of the design that the hypothesis leaves out."""
        return float(1 - self.judged.when.true.mean())

    @property
    def not_defined(self) -> float:
        """Share of the design where the hypothesis holds and a quantity does not exist."""
        return float((self.judged.when.true & ~self.judged.says.defined).mean())


def check(
    proposition: Proposition, n_points: int, seed: int, advance: Callable[[int], None] = lambda _: None
) -> Outcome:
    """Look for a counterexample.

    Args:
        proposition: what is claimed.
        n_points: of the net; a law that is built point by point gets one in 64.
        seed: of the net and the adversary.
        advance: called with 1 after each of three parts: design, adversary, second look.
    """
    slow = proposition.laws.slow
    box = proposition.box
    shares = _no_two_alike(box, box.design(max(32, n_points // _SLOWER) if slow else n_points, seed))
    points = box.points(shares)
    judged = proposition.judged(points)
    beside = controls(judged, points)
    advance(1)
    n_searched, ends = 0, shares[np.flatnonzero(judged.violated)]
    counterexample = _first_violation(proposition, ends)
    # Violations that no second look confirms are none: the search goes on. A hypothesis that holds in a corner that
    # the design misses is found by it as well.
    if counterexample is None:

        def slack(positions: np.ndarray) -> np.ndarray:
            return proposition.judged(box.points(positions)).slack

        found = search.worst(box, slack, shares, judged.slack, seed, 1 / _SLOWER if slow else 1.0)
        n_searched, ends = found.n_tried, found.shares
        counterexample = _first_violation(proposition, ends)
        if beside.emptiness in ("hypothesis_never", "never_defined"):
            beside = controls(proposition.judged(box.points(ends)), box.points(ends))
    advance(1)
    found_at = box.points(ends)
    looked_at = ((points, judged), (found_at, proposition.judged(found_at)))
    undecided, resolved, second_found = _resolve(proposition, looked_at, known=counterexample is not None)
    counterexample = counterexample or second_found
    advance(1)
    worst_margin, worst = _worst(looked_at)
    if counterexample is not None:
        answer: Answer = "refuted"
    elif beside.emptiness in ("hypothesis_never", "never_defined"):
        answer = "vacuous"
    elif beside.emptiness == "hypothesis_undecided":
        answer, undecided = "undecided", max(undecided, int(judged.when.defined.sum()))
    else:
        answer = "undecided" if undecided else "survived"
    return Outcome(answer, points, judged, n_searched, worst_margin, worst, counterexample, undecided, resolved, beside)


def _no_two_alike(box: Box, shares: np.ndarray) -> np.ndarray:
    """Positions of different points: whole numbers are hit by many."""
    columns = [column.reshape(len(shares), -1) for column in box.points(shares).values()]
    _, first = np.unique(np.hstack(columns), axis=0, return_index=True)
    return shares[np.sort(first)]


def _first_violation(proposition: Proposition, ends: np.ndarray) -> Counterexample | None:
    """The simplest form of the worst violation that a second look confirms."""
    if not len(ends):
        return None
    points = proposition.box.points(ends)
    judged = proposition.judged(points)
    chosen = np.flatnonzero(judged.violated)
    order = chosen[np.argsort(judged.says.margin[chosen], kind="stable")][:_SEEN_AGAIN]
    for index in order:
        case = minimise(proposition.box, case_of(points, int(index)), lambda p: proposition.judged(p).violated)
        for tried in (case, case_of(points, int(index))):
            second = second_look(proposition, tried)
            if second.violated:
                return describe(proposition, tried, second)
    return None


def describe(proposition: Proposition, case: Case, second: Second) -> Counterexample:
    """A counterexample with its sides and margin."""
    points = stacked([case])
    judged = proposition.judged(points)
    return Counterexample(case, sides(proposition, points), float(judged.says.margin[0]), second)


def sides(proposition: Proposition, points: dict[str, np.ndarray]) -> Sides | None:
    """Both sides of the statement at the first of some points; None where it is no single comparison."""
    says = proposition.says
    if not (isinstance(says, Operation) and says.symbol in COMPARISONS):
        return None
    with np.errstate(all="ignore"):
        evaluator = proposition.at(points)
        ends = [evaluator.number(part).floats() for part in says.parts]
    (left, left_error), (right, right_error) = (
        (float((low[0] + high[0]) / 2), float((high[0] - low[0]) / 2)) for low, high in ends
    )
    return Sides(left, left_error, says.symbol, right, right_error)


def _resolve(proposition: Proposition, looked_at: LookedAt, *, known: bool) -> tuple[int, int, Counterexample | None]:
    """Points that stay undecided, those that more digits decide, and a violation among them.

    A violation that no second look has confirmed is undecided as well.
    """
    cases = []
    for where, how in looked_at:
        cases += [case_of(where, int(i)) for i in np.flatnonzero(how.undecided | (how.violated & (not known)))]
    cases = list({repr(case): case for case in cases}.values())
    if known or len(cases) > (_RESOLVED_NUMBERS if proposition.numbers_alone else _RESOLVED):
        return len(cases), 0, None
    resolved = 0
    for case in cases:
        second = second_look(proposition, case)
        if second.violated:
            return len(cases) - resolved, resolved, describe(proposition, case, second)
        resolved += second.when is False or second.says is True
    return len(cases) - resolved, resolved, None


def _worst(looked_at: LookedAt) -> tuple[float | None, Case | None]:
    """The smallest margin of all that was looked at where the hypothesis holds."""
    best: tuple[float | None, Case | None] = None, None
    for where, how in looked_at:
        margin = np.where(how.inside & np.isfinite(how.says.margin), how.says.margin, np.inf)
        index = int(np.argmin(margin))
        if np.isfinite(margin[index]) and (best[0] is None or margin[index] < best[0]):
            best = float(margin[index]), case_of(where, index)
    return best


def replay(proposition: Proposition, case: Mapping[str, Any]) -> Counterexample:
    """A stored counterexample measured again, from nothing but itself."""
    plain: Case = {name: x if isinstance(x, list) else float(x) for name, x in case.items()}
    return describe(proposition, plain, second_look(proposition, plain))
