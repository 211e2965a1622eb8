"""What a policy got: accuracy, gain over the train-chosen single best, what it cost, and whether it chose at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cofail_lab.numerics.streams import POLICY_BOOTSTRAP, generator
from cofail_lab.policies.evaluation import Trials
from cofail_lab.policies.exam import Decisions
from cofail_lab.policies.graded import Graded

CONSTANT = 0.99
"""A policy that gives at least this share of queries to one model, or to the train-best one, is called a constant."""
# Cells of a block of replicates: a few megabytes.
_BLOCK = 4_000_000


@dataclass(frozen=True)
class Score:
    """One policy, over all decided queries.

    Attributes:
        name: of the policy.
        ceiling: whether it chose after grading.
        accuracy, accuracy_high: share right; they differ where votes were taken and answers are unknown, and then every
            other number is that of the lower one.
        gain: accuracy less that of the train-chosen single best.
        gain_lower, gain_upper: interval of the gain over resampled queries; None where nothing varies.
        won, lost: queries that it gets right and the single best wrong, and the reverse; None where it mixes at random.
        p_value: of McNemar's exact test of won against lost; None where decisions are clustered or repeated.
        captured: share of the oracle gain; None where no query shows one, so that its exact lower limit is 0.
        cost: dollars per query; None where unknown.
        hull_gap: accuracy less that of the best random mixture of constants, all models, at the same dollars.
        pair_hull_gap: the same for mixtures of a cascade's own two models; None for anything else, and where the model
            that is called first is not the cheaper one.
        shares: probability that each model is called (m,).
        best_share: share of the queries on which the train-best model is called, and no other.
        constant: whether nearly all queries go to one model, or to the train-best one of their split.
    """

    name: str
    ceiling: bool
    accuracy: float
    accuracy_high: float
    gain: float
    gain_lower: float | None
    gain_upper: float | None
    won: int | None
    lost: int | None
    p_value: float | None
    captured: float | None
    cost: float | None
    hull_gap: float | None
    pair_hull_gap: float | None
    shares: Float[np.ndarray, " m"]
    best_share: float
    constant: bool

    @property
    def cost_per_correct(self) -> float | None:
        """Dollars per right answer."""
        return None if self.cost is None or not self.accuracy else self.cost / self.accuracy


def mean_intervals(
    trials: Trials, columns: list[np.ndarray], replicates: int, level: float, seed: int
) -> list[tuple[float, float] | None]:
    """Percentile intervals of means over resampled queries or clusters, the same replicates for all columns.

    Args:
        trials: say which decided queries are resampled together.
        columns: numbers of the decided queries (decided,).
        replicates: 0 for no intervals.
        level: confidence.
        seed: of the draws.

    Returns:
        None for a column that does not vary, or without replicates.
    """
    size = np.bincount(trials.unit)
    sums = np.stack([np.bincount(trials.unit, column) for column in columns], axis=1)
    rng, drawn, left = generator(seed, POLICY_BOOTSTRAP), [], replicates
    while left > 0:
        block = min(left, max(1, _BLOCK // len(size)))
        times = rng.multinomial(len(size), np.full(len(size), 1 / len(size)), size=block).astype(float)
        drawn.append((times @ sums) / (times @ size)[:, None])
        left -= block
    if not drawn:
        return [None] * len(columns)
    low, high = np.quantile(np.concatenate(drawn), [(1 - level) / 2, (1 + level) / 2], axis=0)
    varies = [bool((column != column[0]).any()) for column in columns]
    return [(float(a), float(b)) if v else None for a, b, v in zip(low, high, varies, strict=True)]


def scores(trials: Trials, *, replicates: int, level: float, seed: int) -> list[Score]:
    """Scores of all policies of the trials.

    Args:
        trials: from `evaluation.evaluate`.
        replicates: of the bootstrap of queries.
        level: confidence of its intervals.
        seed: of its draws.
    """
    decided = {name: trials.decisions(name) for name in trials.names}
    gains = [d.right_low - trials.reference for d in decided.values()]
    limits = mean_intervals(trials, gains, replicates, level, seed)
    return [
        _score(trials, name, d, gain, limit)
        for (name, d), gain, limit in zip(decided.items(), gains, limits, strict=True)
    ]


def _score(
    trials: Trials,
    name: str,
    decisions: Decisions,
    gain: np.ndarray,
    limit: tuple[float, float] | None,
) -> Score:
    won, lost, p_value = won_lost(gain)
    if len(np.unique(trials.unit)) < len(gain):
        p_value = None  # the test takes every decision as independent
    cost = None if decisions.cost is None else float(decisions.cost.mean())
    accuracy = float(decisions.right_low.mean())
    shares = decisions.calls.mean(axis=0)
    best = np.concatenate([np.full(len(trial.rows), trial.best) for trial in trials.trials])
    alone = abs(decisions.calls.sum(axis=1) - 1) < 1e-9
    best_share = float((decisions.calls[np.arange(len(best)), best] * alone).mean())
    return Score(
        name=name,
        ceiling=name in trials.ceilings,
        accuracy=accuracy,
        accuracy_high=float(decisions.right_high.mean()),
        gain=float(gain.mean()),
        gain_lower=None if limit is None else limit[0],
        gain_upper=None if limit is None else limit[1],
        won=won,
        lost=lost,
        p_value=p_value,
        captured=captured(trials, name),
        cost=cost,
        hull_gap=hull_gap(trials.graded, trials.rows, decisions),
        pair_hull_gap=_pair_hull_gap(trials, name),
        shares=shares,
        best_share=best_share,
        constant=bool(alone.all() and max(shares.max(), best_share) >= CONSTANT),
    )


def won_lost(gain: Float[np.ndarray, " n"]) -> tuple[int | None, int | None, float | None]:
    """Queries won and lost, and the p-value of McNemar's exact two-sided test; None where a gain is a fraction."""
    from scipy.stats import binomtest

    if not np.isin(gain, (-1.0, 0.0, 1.0)).all():
        return None, None, None
    won, lost = int((gain > 0).sum()), int((gain < 0).sum())
    return won, lost, float(binomtest(won, won + lost).pvalue) if won + lost else 1.0


def captured(trials: Trials, name: str) -> float | None:
    """Share of the oracle gain over the train-chosen single best.

    Repeated splits: the mean of their shares. Parts of a cross-fitting are one sample: their gains are added first.
    """
    gains = [float((t.decisions[name].right_low - t.reference).sum()) for t in trials.trials]
    possible = [float(t.oracle * len(t.rows) - t.reference.sum()) for t in trials.trials]
    if len(trials.rows) == len(np.unique(trials.rows)):
        gains, possible = [sum(gains)], [sum(possible)]
    quotients = [gain / most for gain, most in zip(gains, possible, strict=True) if most > 0]
    return float(np.mean(quotients)) if quotients else None


def hull_gap(
    graded: Graded, rows: np.ndarray, decisions: Decisions, models: tuple[int, ...] | None = None
) -> float | None:
    """Accuracy less that of the best random mixture of constants at the same dollars, on the same queries.

    Args:
        graded: the whole set, with costs.
        rows: the decided queries.
        decisions: of the policy about them.
        models: the constants that may be mixed; None for all.

    Returns:
        None where costs are unknown or no mixture is that cheap. From the best constant's cost on, more dollars buy
        nothing.
    """
    from cofail_lab.decisions import budget_frontier

    if graded.cost is None or decisions.cost is None:
        return None
    chosen = np.arange(graded.n_models) if models is None else np.array(models)
    right, prices = (array[rows][:, chosen].mean(axis=0) for array in (graded.right, graded.cost))
    frontier = budget_frontier(right[None], prices, np.ones(1))
    cost = float(decisions.cost.mean())
    if cost < frontier.least_cost * (1 - 1e-12):
        return None
    return float(decisions.right_low.mean()) - float(frontier.value(cost))


def _pair_hull_gap(trials: Trials, name: str) -> float | None:
    """Mean over the queries; the two models may differ between splits."""
    total = 0.0
    for trial in trials.trials:
        pair, cost = trial.pairs.get(name), trial.test.cost
        if pair is None or cost is None or cost[:, pair[0]].mean() >= cost[:, pair[1]].mean():
            return None
        gap = hull_gap(trial.test, np.arange(len(trial.rows)), trial.decisions[name], pair)
        if gap is None:
            return None
        total += gap * len(trial.rows)
    return total / len(trials.rows)
