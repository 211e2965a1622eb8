"""Several policies on one matrix: scores, what reading adds to a table, and the ceilings beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from cofail_lab.policies.base import AbstractPolicy
from cofail_lab.policies.baselines import REFERENCE, with_baselines
from cofail_lab.policies.evaluation import AnyPolicy, Trials, evaluate
from cofail_lab.policies.folds import Split
from cofail_lab.policies.graded import Graded
from cofail_lab.policies.router import AbstractRouter
from cofail_lab.policies.score import Score, mean_intervals, scores, won_lost

TABLE = "domain_table"


@dataclass(frozen=True)
class OverTable:
    """What a router that reads gains over the table by dataset.

    Attributes:
        name: of the router.
        gain, lower, upper: difference of accuracies with its interval; limits None where nothing differs.
    """

    name: str
    gain: float
    lower: float | None
    upper: float | None

    @property
    def verdict(self) -> Literal["adds", "nothing", "loses"]:
        """Whether the interval is above 0, around it or below it."""
        if self.lower is None or self.upper is None or self.lower <= 0 <= self.upper:
            return "nothing"
        return "adds" if self.lower > 0 else "loses"


@dataclass(frozen=True)
class Contest:
    """The evaluated policies.

    Attributes:
        trials: all decisions.
        scores: of all policies, ceilings included, in order.
        over_table: of the routers that read prompts or features, where there is a table by dataset.
        level: of all intervals.
        shared_lower: lower limits of the gains that have no exact test, at the level shared by all contestants; None
            without intervals.
        remarks: what else must be known of some policies, by name.
    """

    trials: Trials
    scores: tuple[Score, ...]
    over_table: tuple[OverTable, ...]
    level: float
    shared_lower: Mapping[str, float | None]
    remarks: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> Mapping[str, Score]:
        """The scores by the policies' names."""
        return {score.name: score for score in self.scores}

    @property
    def reference(self) -> Score:
        """The train-chosen single best."""
        return self.by_name[REFERENCE]

    @property
    def contestants(self) -> list[Score]:
        """Policies that could be used: neither ceilings nor baselines that read nothing."""
        return _contestants(self.scores)

    @property
    def winners(self) -> list[Score]:
        """Contestants that gain, at the level shared by all of them (Bonferroni), the largest gain first."""
        alpha = (1 - self.level) / max(len(self.contestants), 1)

        def sure(score: Score) -> bool:
            if score.p_value is not None:
                return score.gain > 0 and score.p_value < alpha
            return (self.shared_lower[score.name] or 0.0) > 0

        # A test may call what its interval does not.
        good = [s for s in self.contestants if sure(s) and (s.gain_lower is None or s.gain_lower > 0)]
        return sorted(good, key=lambda s: -s.gain)

    @property
    def splits(self) -> list[tuple[int, str, int, float, int | None, int | None, float | None]]:
        """For each split and policy: split, policy, test queries, accuracy, won, lost, captured."""
        rows = []
        for s, trial in enumerate(self.trials.trials):
            possible = trial.oracle - trial.reference.mean()
            for name in self.trials.names:
                right = trial.decisions[name].right_low
                gain = right - trial.reference
                won, lost, _ = won_lost(gain)
                share = float(gain.mean() / possible) if possible > 0 else None
                rows.append((s, name, len(trial.rows), float(right.mean()), won, lost, share))
        return rows


def hold(
    policies: Mapping[str, AnyPolicy],
    graded: Graded,
    splits: Sequence[Split],
    *,
    replicates: int,
    level: float,
    seed: int,
    advance: Callable[[int], None] = lambda _: None,
) -> Contest:
    """Evaluate policies and the baselines.

    Args:
        policies: by name, without the baselines.
        graded: the queries.
        splits: from `folds`.
        replicates, level: of the bootstrap intervals.
        seed: of everything that is drawn.
        advance: called with 1 after each policy of each split.
    """
    trials = evaluate(with_baselines(policies), graded, splits, seed, advance)
    readers = [
        name
        for name in trials.names
        if isinstance(policy := policies.get(name), AbstractRouter) and policy.reads and TABLE in trials.names
    ]
    over = []
    if readers:
        table = trials.decisions(TABLE).right_low
        columns = [trials.decisions(name).right_low - table for name in readers]
        limits = mean_intervals(trials, columns, replicates, level, seed)
        for name, column, limit in zip(readers, columns, limits, strict=True):
            low, high = limit or (None, None)
            over.append(OverTable(name, float(np.mean(column)), low, high))
    scored = tuple(scores(trials, replicates=replicates, level=level, seed=seed))
    entered = _contestants(scored)
    untested = [score.name for score in entered if score.p_value is None]
    gains = [trials.decisions(name).right_low - trials.reference for name in untested]
    shared = 1 - (1 - level) / max(len(entered), 1)
    limits = mean_intervals(trials, gains, replicates, shared, seed) if untested else []
    lower = {name: None if limit is None else limit[0] for name, limit in zip(untested, limits, strict=True)}
    remarks = {
        name: remark
        for name, policy in policies.items()
        if isinstance(policy, AbstractPolicy) and (remark := policy.remark(graded))
    }
    return Contest(trials, scored, tuple(over), level, lower, remarks)


def _contestants(scored: Sequence[Score]) -> list[Score]:
    baselines = set(with_baselines({}))
    return [score for score in scored if score.name not in baselines and not score.ceiling]
