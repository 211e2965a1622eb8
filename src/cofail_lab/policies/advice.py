"""What to do with a pool, decided before it is worded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from cofail_lab.policies.contest import TABLE, Contest
from cofail_lab.policies.score import Score

Action = Literal["gain", "save", "stay"]

_NEARLY = 0.01
"""A policy whose gain is surely above minus this keeps the accuracy of the single best."""
_CHEAPER = 0.8
"""A policy saves where it costs less than this share of the single best."""


@dataclass(frozen=True)
class Advice:
    """The decision.

    Attributes:
        action: ``gain``: use a policy that is more often right than the single best model; ``save``: use one that is
            about as often right and cheaper; ``stay``: use the single best model alone.
        policy: the score of what to use.
        reading: whether reading the query adds to a table by dataset; None where there is no table or no reader.
    """

    action: Action
    policy: Score
    reading: bool | None


def advise(contest: Contest, flagged: Collection[str] = ()) -> Advice:
    """The largest sure gain, else a saving, else the single best model.

    Of a table and a router that reads the query but does not surely add to it, the table is taken. Of several that
    save, the one furthest above mixed constants of its cost is taken: to be cheaper alone is no merit.

    Args:
        contest: the evaluated policies.
        flagged: names of those that are never advised, because they seem to know the grades.
    """
    adds = {over.name: over.verdict == "adds" for over in contest.over_table}
    reading = any(adds.values()) if adds else None
    if won := [s for s in contest.winners if s.name not in flagged]:
        simple = [s for s in won if s.name == TABLE]
        best = simple[0] if simple and not adds.get(won[0].name, True) else won[0]
        return Advice("gain", best, reading)
    best = contest.reference
    saving = [
        s
        for s in contest.contestants
        if s.name not in flagged
        and s.cost is not None
        and best.cost is not None
        and s.cost < _CHEAPER * best.cost
        and s.gain_lower is not None
        and s.gain_lower > -_NEARLY
        and s.hull_gap is not None
        and s.hull_gap > 0
    ]
    if saving:
        return Advice("save", max(saving, key=lambda s: s.hull_gap or 0.0), reading)
    return Advice("stay", best, reading)
