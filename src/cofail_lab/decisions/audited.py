"""A matrix after its audit: queries dropped or graded anew, and limits from those that were read in random order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool

from cofail_lab.bounds.without_replacement import ReadingLimits, reading_limits
from cofail_lab.data.alike import alike
from cofail_lab.data.regrading import Variant, graded
from cofail_lab.data.sheet import Reading, State
from cofail_lab.decisions.adjudication import ORDERS, Order, state_of, tally
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades
from cofail_lab.numerics.streams import READING_ORDER, generator

_CORRECTABLE = ("reference_error", "grader_defect")
Treatment = Literal["before", "after", "after_unread_removed", "after_ambiguous_first", "corrected"]


def reading_order(all_wrong: Sequence[str], seed: int) -> dict[str, int]:
    """Place 1..K of each all-wrong query in a random order that depends on their names and the seed alone."""
    names = sorted(all_wrong)
    place = generator(seed, READING_ORDER).permutation(len(names)) + 1
    return {name: int(place[i]) for i, name in enumerate(names)}


class InOrder(NamedTuple):
    """The all-wrong queries that were read in the random order, without a gap, and limits after each.

    Attributes:
        genuine: whether each is, in that order.
        limits: of the number of genuine ones among all K.
    """

    genuine: np.ndarray
    limits: ReadingLimits


@dataclass(frozen=True)
class Audited:
    """The verdicts on a matrix.

    Attributes:
        grades: the matrix.
        all_wrong: names of its complete queries that every model fails.
        readings: what readers wrote, by query; those that are not named are unread.
        draws: place of each all-wrong query in the random order.
        delta: error probability of certificates and of the limits along the reading.
    """

    grades: Grades
    all_wrong: tuple[str, ...]
    readings: Mapping[str, Reading]
    draws: Mapping[str, int]
    delta: float

    @property
    def n_queries(self) -> int:
        """Queries that every model answered, n."""
        return int((self.grades.cells <= Cell.WRONG).all(axis=1).sum())

    def state(self, query: str, order: Order = ORDERS[0]) -> State:
        """The state of a query under one order."""
        return state_of(self.readings.get(query, Reading()), self._key(query), order)

    def counts(self, order: Order = ORDERS[0]) -> dict[State, int]:
        """All-wrong queries by state."""
        return tally(self.state(query, order) for query in self.all_wrong)

    @property
    def others(self) -> dict[State, int]:
        """Other queries with a verdict, by state."""
        rest = set(self.readings) - set(self.all_wrong)
        return tally(state for query in rest if (state := self.state(query)) != "unread")

    @cached_property
    def in_order(self) -> InOrder:
        """The limits after each query that was read in the random order, up to the first that was not."""
        by_place = sorted(self.all_wrong, key=lambda query: self.draws[query])
        states = [self.state(query) for query in by_place]
        n_read = next((i for i, state in enumerate(states) if state == "unread"), len(states))
        genuine = np.array([state == "genuine" for state in states[:n_read]], bool)
        return InOrder(genuine, reading_limits(genuine, len(states), self.delta))

    def genuine_limits(self, *, fixed: bool = False) -> tuple[int, int] | None:
        """Limits of the number of genuine queries: those of the reading order, and what all verdicts leave possible.

        None where nothing was read in the random order and something is unread. Where verdicts out of that order
        refute the limits, as happens with probability delta at most, the verdicts alone are left.

        Args:
            fixed: the hypergeometric limits of this stop in place of those at every stop.
        """
        order, counts = self.in_order, self.counts()
        genuine, unread = counts["genuine"], counts["unread"]
        if unread and not len(order.genuine):
            return None
        limits = order.limits
        ends = (limits.fixed_lower, limits.fixed_upper) if fixed else (limits.lower, limits.upper)
        low, high = max(int(ends[0][-1]), genuine), min(int(ends[1][-1]), genuine + unread)
        return (low, high) if low <= high else (genuine, genuine + unread)

    def variants(self) -> tuple[Variant, ...]:
        """β, G and certificates before and after, and where queries are graded anew instead of dropped."""
        return tuple(graded(name, grades, self.delta) for name, grades in self.matrices().items())

    def matrices(self) -> dict[Treatment, Grades]:
        """The matrix before and after; only those that differ."""
        made: dict[Treatment, Grades] = {"before": self.grades, "after": self._without(ORDERS[0], unread=False)}
        if self.counts()["unread"]:
            made["after_unread_removed"] = self._without(ORDERS[0], unread=True)
        if self.counts(ORDERS[0]) != self.counts(ORDERS[1]):
            made["after_ambiguous_first"] = self._without(ORDERS[1], unread=False)
        if self.n_corrected:
            made["corrected"] = self.corrected()
        return made

    @property
    def n_corrected(self) -> int:
        """Queries that can be graded anew."""
        return len(self._graded_anew)

    def corrected(self) -> Grades:
        """The matrix with the queries graded anew whose right answer is known, and without the others at fault."""
        cells = self.grades.cells.copy()
        for query, right in self._graded_anew.items():
            i = self._row[query]
            cells[i] = np.where(cells[i] <= Cell.WRONG, np.where(right, Cell.RIGHT, Cell.WRONG), cells[i])
        keep = [query in self._graded_anew or self._stays(query, ORDERS[0]) for query in self.grades.queries]
        return replace(self.grades, cells=cells).take(rows=np.array(keep))

    def _without(self, order: Order, *, unread: bool) -> Grades:
        """The matrix without the queries that are not genuine; without unread all-wrong ones too where told."""
        keep = [self._stays(query, order, drop_unread=unread) for query in self.grades.queries]
        return self.grades.take(rows=np.array(keep))

    def _stays(self, query: str, order: Order, *, drop_unread: bool = False) -> bool:
        state = self.state(query, order)
        if state == "unread":
            return not (drop_unread and query in self._failed)
        return state == "genuine"

    @cached_property
    def _failed(self) -> frozenset[str]:
        return frozenset(self.all_wrong)

    @cached_property
    def _row(self) -> dict[str, int]:
        return {query: i for i, query in enumerate(self.grades.queries)}

    @cached_property
    def _graded_anew(self) -> dict[str, Bool[np.ndarray, " m"]]:
        """Who is right by the answer that a reader holds for right; by the key, where the grader missed some answer."""
        answers = self.grades.per_cell.get("answer")
        found: dict[str, np.ndarray] = {}
        if answers is None:
            return found
        for query, reading in self.readings.items():
            state, key = self.state(query), self._key(query)
            known = reading.answers or ((key,) if state == "grader_defect" else ())
            if state in _CORRECTABLE and known:
                right = np.array(
                    [any(alike(str(one), two) for two in known) for one in answers[self._row[query]]], bool
                )
                # A grader who missed an answer that nobody gave: what was given is not known.
                if reading.answers or bool(right.any()):
                    found[query] = right
        return found

    def _key(self, query: str) -> str:
        key = self.grades.per_query.get("key")
        return "" if key is None else str(key[self._row[query]])


def check_draws(readings: Mapping[str, Reading], draws: Mapping[str, int]) -> None:
    """Raise InputError if a sheet was written with another random order than this run has."""
    for query, reading in readings.items():
        if reading.draw is not None and draws.get(query) != reading.draw:
            raise InputError(
                f"experiment.verdicts: {query!r} is number {reading.draw} of the sheet's random order and "
                f"{draws.get(query, 'none')} of this one; the same data and run.seed are needed"
            )
