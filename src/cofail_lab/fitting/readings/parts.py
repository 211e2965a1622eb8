"""Does the reading of a matrix survive another choice of models? Parts of the pool, and what makes pairs correlate."""

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

# A column of names is a filter where it has so many values at most; each gives a part of the pool.
_MOST_VALUES = 8
LEAST_FAMILY = 3
"""Models of a family that is read by itself; of more than eight such families the largest are."""


@dataclass(frozen=True)
class Part:
    """Some of the models, chosen by a rule.

    Attributes:
        key: short name for metrics and columns.
        title: what was kept, in words.
        members: indices, ascending, at least two.
    """

    key: str
    title: str
    members: Int[np.ndarray, " s"]


class PartRead(NamedTuple):
    """A part of the pool read as the whole is."""

    part: Part
    n_all_wrong: int
    single_best: float
    tetrachoric: float
    log_predicted: float


def parts(outcomes: Outcomes) -> tuple[Part, ...]:
    """Every part that the matrix and its companion columns offer, each different from the whole pool."""
    found: list[Part] = []
    errors = outcomes.error_counts

    def add(key: str, title: str, members: np.ndarray) -> None:
        if 2 <= len(members) < outcomes.n_models:
            found.append(Part(key, title, np.sort(members)))

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
                large = [level for level in levels if values.count(level) >= LEAST_FAMILY]
                levels = sorted(large, key=lambda level: (-values.count(level), level))[:_MOST_VALUES]
            if (name == "family" or len(levels) >= 2) and len(levels) <= _MOST_VALUES:
                for level in levels:
                    chosen = np.flatnonzero([value == level for value in values])
                    add(f"{name}={level}", f"{name} {level}", chosen)
    return tuple(found)


def _distinct(outcomes: Outcomes, order: np.ndarray) -> np.ndarray:
    """Models in the order of accuracy that are no near-duplicate of one kept before; constant ones stay."""
    n, joint = outcomes.n_queries, outcomes.joint_wrong_counts.astype(float)
    counts = outcomes.error_counts.astype(float)
    spread = np.sqrt(np.where(outcomes.constant, np.inf, counts * (n - counts)))
    kept = np.zeros(outcomes.n_models, dtype=bool)
    for j in order:
        correlation = (n * joint[j] - counts[j] * counts) / (spread[j] * spread)
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


def read_parts(
    outcomes: Outcomes, tetrachoric: Float[np.ndarray, " pairs"], chosen: tuple[Part, ...]
) -> list[PartRead]:
    """The one-factor read of each part, from the correlations of all pairs."""
    reads = []
    for part in chosen:
        index = subpools.pair_index(part.members, outcomes.n_models)
        found = subpools.read(outcomes.error_rates[part.members][None], tetrachoric[index][None])
        reads.append(
            PartRead(
                part,
                n_all_wrong=int(outcomes.wrong[:, part.members].all(axis=1).sum()),
                single_best=1 - float(outcomes.error_rates[part.members].min()),
                tetrachoric=float(found.tetrachoric[0]),
                log_predicted=float(found.log_predicted[0]),
            )
        )
    return reads


def resampled_parts(wrong: np.ndarray, chosen: tuple[Part, ...], batch: Batch) -> Float[np.ndarray, "batch parts"]:
    """Observed over predicted β of each part in resampled matrices."""
    weights = batch.resampled_weights
    n = weights.sum(axis=1)
    ratios = np.empty((len(n), len(chosen)))
    for column, part in enumerate(chosen):
        index = subpools.pair_index(part.members, wrong.shape[1])
        found = subpools.read(batch.error_counts[:, part.members] / n[:, None], batch.values.tetrachoric[:, index])
        all_wrong = weights @ wrong[:, part.members].all(axis=1) / n
        ratios[:, column] = all_wrong / np.exp(found.log_predicted)
    return ratios
