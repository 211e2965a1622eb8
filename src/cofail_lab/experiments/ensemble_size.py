"""`experiment=ensemble_size`: how many members of a majority vote pay, predicted and cast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cofail_lab import checks
from cofail_lab.decisions import ensemble_size as sizes
from cofail_lab.decisions.diversification import majority_floor, optimal_cardinality, rule_cardinality
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.fitting.estimators.tetrachoric import tetrachoric
from cofail_lab.numerics.streams import VOTE_SIZES, generator
from cofail_lab.report import ensemble_size as words
from cofail_lab.result import Result


@dataclass(frozen=True)
class EnsembleSize:
    """Where adding members stops paying, by error rates and tetrachoric correlation, and by votes (theory P5 to P7).

    Attributes:
        cost: what one more member must bring, in accuracy.
        at_most: largest vote looked at.
        splits: halves of the queries, in both directions.
        min_queries: datasets with fewer are left out.
    """

    cost: float = 0.005
    at_most: int = 99
    splits: int = 5
    min_queries: int = 100

    def __post_init__(self) -> None:
        checks.probability("experiment.cost", self.cost)
        checks.within("experiment.at_most", self.at_most, 3, 1001)
        checks.within("experiment.splits", self.splits, 1, 1000)
        checks.within("experiment.min_queries", self.min_queries, 4, 10**9)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """The whole matrix, then each of its datasets."""
        outcomes = inputs.outcomes()
        if outcomes.n_models < 3:
            raise InputError(f"experiment=ensemble_size: {outcomes.n_models} models; at least 3 are needed for a vote")
        parts = [(None, outcomes.wrong)]
        if outcomes.dataset is not None:
            names, place, counts = np.unique(outcomes.dataset.astype(str), return_inverse=True, return_counts=True)
            kept = np.flatnonzero(counts >= self.min_queries)
            if len(names) > 1:
                parts += [(str(names[i]), outcomes.wrong[place == i]) for i in kept]
        judged = []
        with progress("Votes by size", total=len(parts)) as advance:
            for i, (name, wrong) in enumerate(parts):
                if (one := self._part(name, wrong, generator(inputs.options.seed, VOTE_SIZES, i))) is not None:
                    judged.append(one)
                advance(1)
        if not judged or judged[0].name is not None:
            raise InputError(
                f"experiment=ensemble_size: no two models of {outcomes.source} have a correlation on all of the "
                f"{outcomes.n_queries:,} queries and on a half of them: there they are always right, always wrong, "
                "or nested"
            )
        sized = words.Sized(outcomes, self.cost, judged[0], tuple(judged[1:]))
        return Result(
            headline=sized.headline(),
            metrics=sized.metrics(),
            labels={"decision": sized.headline(), "reading": sized.reading},
            tables={"sizes": sized.sizes_table(), "datasets": sized.datasets_table()},
            csv=("sizes",),
            figures={"ensemble_size": sized.figure},
            sections=sized.sections(),
        )

    def _part(self, name: str | None, wrong: np.ndarray, rng: np.random.Generator) -> words.Part | None:
        """All queries of a part, and predictions for one half of them from the other; None without a correlation."""
        rho = _mean_correlation(wrong)
        if rho is None:
            return None
        n, m = wrong.shape
        grid = sizes.odd_sizes(m, self.at_most)
        alpha, order, any_set, in_order = _predicted(wrong, rho, grid)
        trials = []
        for _ in range(self.splits):
            queries = rng.permutation(n)
            halves = wrong[queries[: n // 2]], wrong[queries[n // 2 :]]
            for known, other in (halves, halves[::-1]):
                if (half_rho := _mean_correlation(known)) is not None:
                    _, half_order, half_any, half_in_order = _predicted(known, half_rho, grid)
                    trials.append(
                        (
                            sizes.judge(grid, half_any, sizes.cast_any(~other, grid), self.cost),
                            sizes.judge(grid, half_in_order, sizes.cast_in_order(~other, half_order, grid), self.cost),
                        )
                    )
        if not trials:
            return None
        inside = 0 < alpha < 1
        return words.Part(
            name=name,
            n_queries=n,
            error_rate=alpha,
            correlation=rho,
            sizes=grid,
            predicted_any=any_set,
            predicted_in_order=in_order,
            cast_any=sizes.cast_any(~wrong, grid),
            cast_in_order=sizes.cast_in_order(~wrong, order, grid),
            trials_any=tuple(one for one, _ in trials),
            trials_in_order=tuple(one for _, one in trials),
            linearized=rule_cardinality(alpha, _share(rho), self.cost, "single") if inside else 1,
            repriced=rule_cardinality(alpha, _share(rho), self.cost, "current") if inside else 1,
            mean_score=optimal_cardinality(alpha, _share(rho), self.cost) if inside else 1,
            # Members that are wrong more often than not lose by every vote: one of them is the most there is.
            limit=max(1 - majority_floor(alpha, _share(rho)), 1 - alpha) if inside else 1 - alpha,
        )


def _predicted(wrong: np.ndarray, rho: float, grid: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Mean error rate, models from the best on, and both curves."""
    rates = wrong.mean(axis=0)
    order = np.argsort(rates, kind="stable")
    alpha = float(rates.mean())
    return (
        alpha,
        order,
        sizes.predicted_any(alpha, _share(rho), grid),
        sizes.predicted_in_order(rates[order], _share(rho), grid),
    )


def _share(rho: float) -> float:
    """The formulas of P5 to P7 have no negative correlation; with one, votes gain more than they say."""
    return max(rho, 0.0)


def _mean_correlation(wrong: np.ndarray) -> float | None:
    """Mean tetrachoric correlation of the interior pairs; None where there are none."""
    estimate = tetrachoric(wrong)
    pairs = np.triu_indices(wrong.shape[1], 1)
    values = estimate.correlation[pairs][estimate.boundary[pairs] == 0]
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else None
