"""One evaluation for all policies: every query is decided by policies that were fitted to others, then compared.

The reference is the single best model *of the training queries*: the in-sample best is chosen with the grades that
score it. Intervals resample queries (or clusters of them) with the fitted policies as they are, paired with the
reference: they say how far other queries would have differed, not how far another training set would have.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from threadpoolctl import threadpool_limits

from cofail_lab.policies.base import AbsentPolicyError, AbstractHindsight, AbstractPolicy
from cofail_lab.policies.exam import Decisions, hindsight, sit
from cofail_lab.policies.folds import Split
from cofail_lab.policies.graded import Graded

AnyPolicy = AbstractPolicy | AbstractHindsight


@dataclass(frozen=True)
class Trial:
    """All policies on the test queries of one split.

    Attributes:
        test: the queries, graded.
        rows: their positions in the whole set (n,).
        best: the single best model of the training queries.
        decisions: of every policy that exists in every split, by name.
        pairs: the two models of each cascade, by its name.
    """

    test: Graded
    rows: Int[np.ndarray, " n"]
    best: int
    decisions: Mapping[str, Decisions]
    pairs: Mapping[str, tuple[int, int]]

    @cached_property
    def reference(self) -> Float[np.ndarray, " n"]:
        """1 where the single best model is right (n,)."""
        return self.test.right[:, self.best].astype(float)

    @cached_property
    def oracle(self) -> float:
        """Share of the queries that some model gets right."""
        return float(self.test.right.any(axis=1).mean())


@dataclass(frozen=True)
class Trials:
    """All policies on all splits.

    Attributes:
        graded: the whole set.
        trials: one for each split.
        names: policies that exist, ceilings included, in the order given.
        ceilings: names of those that choose after grading.
        absent: why each of the others does not exist, by name.
    """

    graded: Graded
    trials: tuple[Trial, ...]
    names: tuple[str, ...]
    ceilings: frozenset[str]
    absent: Mapping[str, str]

    def decisions(self, name: str) -> Decisions:
        """Those of all splits, one after the other."""
        each = [trial.decisions[name] for trial in self.trials]
        costs = [d.cost for d in each if d.cost is not None]
        return Decisions(
            calls=np.concatenate([d.calls for d in each]),
            right_low=np.concatenate([d.right_low for d in each]),
            right_high=np.concatenate([d.right_high for d in each]),
            cost=np.concatenate(costs) if costs else None,
        )

    @cached_property
    def rows(self) -> Int[np.ndarray, " decided"]:
        """Positions in the whole set of all decided queries; a query of several splits is there several times."""
        return np.concatenate([trial.rows for trial in self.trials])

    @cached_property
    def reference(self) -> Float[np.ndarray, " decided"]:
        """1 where the train-best model of its split is right."""
        return np.concatenate([trial.reference for trial in self.trials])

    @property
    def best_models(self) -> list[str]:
        """Names of the train-best models, one for each split."""
        return [self.graded.models[trial.best] for trial in self.trials]

    @cached_property
    def unit(self) -> Int[np.ndarray, " decided"]:
        """What is resampled whole: the query, or its cluster."""
        units = np.arange(self.graded.n_queries) if self.graded.cluster is None else self.graded.cluster
        return np.unique(units[self.rows], return_inverse=True)[1]


def evaluate(
    policies: Mapping[str, AnyPolicy],
    graded: Graded,
    splits: Sequence[Split],
    seed: int,
    advance: Callable[[int], None] = lambda _: None,
) -> Trials:
    """Fit every policy to the training queries of every split, and let it decide about the others.

    Args:
        policies: by name.
        graded: the queries.
        splits: from `folds`.
        seed: of everything that a policy draws.
        advance: called with 1 after each policy of each split.
    """
    absent: dict[str, str] = {}
    trials = []
    for split in splits:
        train, test = graded.take(split.train), graded.take(split.test)
        decisions: dict[str, Decisions] = {}
        pairs: dict[str, tuple[int, int]] = {}
        # Waiting BLAS threads would make small matrices several times slower on a busy machine. Once a split: a limit
        # looks at all libraries of the process, and some are first loaded by a policy.
        with threadpool_limits(1, "blas"):
            for name, policy in policies.items():
                if name not in absent:
                    try:
                        decisions[name], pair = _decide(policy, train, test, seed)
                    except AbsentPolicyError as reason:
                        absent[name] = str(reason)
                    else:
                        pairs |= {} if pair is None else {name: pair}
                advance(1)
        trials.append(Trial(test, np.asarray(split.test), train.best, decisions, pairs))
    ceilings = frozenset(name for name, policy in policies.items() if isinstance(policy, AbstractHindsight))
    return Trials(graded, tuple(trials), tuple(name for name in policies if name not in absent), ceilings, absent)


def _decide(policy: AnyPolicy, train: Graded, test: Graded, seed: int) -> tuple[Decisions, tuple[int, int] | None]:
    if isinstance(policy, AbstractHindsight):
        return hindsight(policy, test), None
    # A copy: what it learned in one split, with grades that another split tests, must not stay with it.
    fitted = copy.deepcopy(policy).fit(train, seed)
    return sit(fitted, test, train.prices), fitted.pair
