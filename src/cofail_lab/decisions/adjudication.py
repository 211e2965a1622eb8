"""What a reading of all-wrong queries makes of them, and of β and G (theory P16.ii and P16.iii)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from cofail_lab.data.alike import alike
from cofail_lab.data.sheet import STATES, Reading, State

Order = Literal["genuine_first", "ambiguous_first"]
"""What is asked first of a query: can a reader reach the key, or is there only one right answer?"""

ORDERS: tuple[Order, ...] = ("genuine_first", "ambiguous_first")


def state_of(reading: Reading, key: str, order: Order) -> State:
    """The verdict under one of the two orders; both ask the same questions, in the other sequence.

    A written verdict stands, unless the question that is asked first was answered and says otherwise. Without a verdict
    the state follows from the answers: a reader who reaches the key finds the query genuine. Without a key nothing
    follows from an answer, and the query is unread.

    Args:
        reading: what was written.
        key: the right answer as the data have it, empty where it is not known.
        order: which question comes first.
    """
    if reading.verdict not in ("unread", "genuine", "ambiguous"):
        return reading.verdict
    genuine = reading.verdict == "genuine" or any(alike(answer, key) for answer in reading.answers)
    ambiguous = reading.verdict == "ambiguous" or reading.well_posed is False
    if genuine and ambiguous:
        return "genuine" if order == "genuine_first" else "ambiguous"
    if genuine or ambiguous:
        return "genuine" if genuine else "ambiguous"
    return "reference_error" if reading.answers and key.strip() else "unread"


def tally(states: Iterable[State]) -> dict[State, int]:
    """How many there are of each state, all of them named."""
    counts = Counter(states)
    return {state: counts[state] for state in STATES}


class AllWrongAfter(NamedTuple):
    """β after a reading: (unread as removed, unread as genuine); one number twice where all are read.

    Attributes:
        kept: queries that are found not to defeat everyone stay among the n, as others with a corrected grade do.
        removed: they are dropped from the n.
    """

    kept: tuple[float, float]
    removed: tuple[float | None, float | None]


def all_wrong_after(counts: Mapping[State, int], n_queries: int) -> AllWrongAfter:
    """β from the states of the K all-wrong queries among n (P16.ii); None where no query is left.

    Args:
        counts: number of all-wrong queries in each state.
        n_queries: n, before.
    """
    genuine, unread = counts["genuine"], counts["unread"]
    others = sum(counts.values()) - genuine - unread
    kept = genuine / n_queries, (genuine + unread) / n_queries
    without, within = n_queries - others - unread, n_queries - others
    return AllWrongAfter(
        kept, (genuine / without if without else None, (genuine + unread) / within if within else None)
    )


def gain_if_removed(resolvable: Int[np.ndarray, " m"], n_queries: int, n_removed: int) -> float:
    """G when all-wrong queries are dropped (P16.iii): nobody was right on them, so only the n of the shares changes.

    Args:
        resolvable: queries that each model fails and some other model does not.
        n_queries: n, before.
        n_removed: all-wrong queries dropped, fewer than n.
    """
    return float(np.min(resolvable)) / (n_queries - n_removed)


def gain_if_corrected(resolvable: Int[np.ndarray, " m"], n_queries: int, right: Bool[np.ndarray, "c m"]) -> float:
    """G when the grades of all-wrong queries are corrected: every model that is wrong on one can now be helped there.

    Args:
        resolvable: as in `gain_if_removed`.
        n_queries: n, which stays.
        right: who is right on each corrected query; somebody is.
    """
    return float(np.min(resolvable + (~right).sum(axis=0))) / n_queries


def gain_range_if_corrected(resolvable: Int[np.ndarray, " m"], n_queries: int, n_corrected: int) -> tuple[float, float]:
    """The least and the greatest G when it is not known who is right on the corrected queries; both are attained.

    Least if all are right on all of them. Greatest if one model alone is right on each, and these solves are spread
    over the models so that the one with the fewest resolvable failures has as many as possible.
    """
    least = int(np.min(resolvable))
    # Each corrected query is solved by one model at least. A model can take solves down to the level that is aimed at.
    level = least + n_corrected
    while level > least and np.minimum(n_corrected, resolvable + n_corrected - level).sum() < n_corrected:
        level -= 1
    return least / n_queries, level / n_queries


def classes(readings: Sequence[Reading], keys: Sequence[str], order: Order) -> dict[State, int]:
    """How many queries are in each state under one order."""
    return tally(state_of(reading, key, order) for reading, key in zip(readings, keys, strict=True))
