"""Does the ratio of a matrix depend on the choice of models? The one-factor ratio in parts of the pool."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.fitting.readings import subpools
from cofail_lab.fitting.replicates.stages import Batch
from cofail_lab.outcomes import Outcomes

NEAR_DUPLICATE = 0.9
"""Models whose errors have a larger Pearson correlation with those of a better one are near-duplicates."""

# A column of names gives a part of the pool for each of its values, if it has at most this many.
_MAX_VALUES = 8
MIN_FAMILY = 3
"""Families with at least this many models are parts of the pool; if there are more than eight, the largest eight."""


@dataclass(frozen=True)
class Part:
    """Some of the models, chosen by a rule.

    Attributes:
        key: short name for metrics and columns.
        title: the rule in words, for tables.
        members: indices of the models, ascending, at least two.
    """

    key: str
    title: str
    members: Int[np.ndarray, " s"]


class PartFit(NamedTuple):
    """The one-factor fit of a part of the pool.

    Attributes:
        part: which models.
        n_all_wrong: number of queries that all of these models get wrong.
        single_best: in-sample accuracy of the best of them.
        tetrachoric: mean correlation of their pairs, boundary pairs at ±1; nan without a pair of varying models.
        log_predicted: log β under the one-factor law at this mean; nan where the law does not exist.
    """

    part: Part
    n_all_wrong: int
    single_best: float
    tetrachoric: float
    log_predicted: float


def parts(outcomes: Outcomes) -> tuple[Part, ...]:
    """Every part that the matrix and its companion columns offer, each different from the whole pool."""
    chosen: list[Part] = []
    errors = outcomes.error_counts

    def add(key: str, title: str, members: np.ndarray) -> None:
        if 2 <= len(members) < outcomes.n_models:
            chosen.append(Part(key, title, np.sort(members)))

    order = np.lexsort((np.arange(len(errors)), errors))
    if outcomes.family is not None:
        _, first = np.unique([str(outcomes.family[j]) for j in order], return_index=True)
        known = [order[i] for i in first if str(outcomes.family[order[i]])]
        add("one_per_family", "best model of each family", np.array(known, dtype=int))
    add("no_near_duplicates", f"no two with a correlation above {NEAR_DUPLICATE:g}", _distinct(outcomes, order))
    add("best_quarter", "best quarter by accuracy", order[: max(2, len(order) // 4)])
    for name, column in outcomes.per_model.items():
        days = _days(column)
        if days is not None:
            dated = np.flatnonzero(~np.isnan(days))
            newest = dated[np.argsort(-days[dated], kind="stable")]
            for share, label in ((2, "half"), (4, "quarter")):
                add(f"newest_{label}_by_{name}", f"newest {label} by {name}", newest[: max(2, len(newest) // share)])
        elif column.dtype == object:
            values = [str(value) for value in column]
            levels = sorted(set(values) - {""})
            if name == "family":
                large = [level for level in levels if values.count(level) >= MIN_FAMILY]
                levels = sorted(large, key=lambda level: (-values.count(level), level))[:_MAX_VALUES]
            if (name == "family" or len(levels) >= 2) and len(levels) <= _MAX_VALUES:
                for level in levels:
                    add(f"{name}={level}", f"{name} {level}", np.flatnonzero([value == level for value in values]))
    return tuple(chosen)


def _distinct(outcomes: Outcomes, order: np.ndarray) -> np.ndarray:
    """Indices of the models that are kept when near-duplicates of a better model are dropped; constant ones stay."""
    n, joint = outcomes.n_queries, outcomes.joint_wrong_counts
    counts = outcomes.error_counts.astype(float)
    spread = np.sqrt(np.where(outcomes.constant, np.inf, counts * (n - counts)))
    kept = np.zeros(outcomes.n_models, dtype=bool)
    for j in order:
        correlation = (n * joint[j].astype(float) - counts[j] * counts) / (spread[j] * spread)
        kept[j] = not (kept & (correlation > NEAR_DUPLICATE)).any()
    return np.flatnonzero(kept)


def _days(column: np.ndarray) -> np.ndarray | None:
    """Dates as days, nan where a cell is empty; None where the column does not hold dates."""
    texts = [str(value).strip() for value in column]
    if column.dtype != object or not any(texts):
        return None
    try:
        return np.array([date.fromisoformat(text[:10]).toordinal() if text else np.nan for text in texts])
    except ValueError:
        return None


def fit_parts(outcomes: Outcomes, tetrachoric: Float[np.ndarray, " pairs"], chosen: tuple[Part, ...]) -> list[PartFit]:
    """The one-factor fit of each part, from the correlations of all pairs of the pool."""
    fits = []
    for part in chosen:
        index = subpools.pair_index(part.members, outcomes.n_models)
        prediction = subpools.predict(outcomes.error_rates[part.members][None], tetrachoric[index][None])
        fits.append(
            PartFit(
                part,
                n_all_wrong=int(outcomes.wrong[:, part.members].all(axis=1).sum()),
                single_best=1 - float(outcomes.error_rates[part.members].min()),
                tetrachoric=float(prediction.tetrachoric[0]),
                log_predicted=float(prediction.log_predicted[0]),
            )
        )
    return fits


def resampled_parts(wrong: np.ndarray, chosen: tuple[Part, ...], batch: Batch) -> Float[np.ndarray, "batch parts"]:
    """Observed over predicted β of each part, in each matrix of resampled queries."""
    weights = batch.resampled_weights
    n = weights.sum(axis=1)
    ratios = np.empty((len(n), len(chosen)))
    for column, part in enumerate(chosen):
        index = subpools.pair_index(part.members, wrong.shape[1])
        rates = batch.error_counts[:, part.members] / n[:, None]
        prediction = subpools.predict(rates, batch.values.tetrachoric[:, index])
        all_wrong = weights @ wrong[:, part.members].all(axis=1) / n
        # Without an all-wrong query the ratio is 0, whether or not the replicate has the law.
        ratios[:, column] = np.where(all_wrong == 0, 0.0, all_wrong / np.exp(prediction.log_predicted))
    return ratios
