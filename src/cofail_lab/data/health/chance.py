"""The health checks that are statistical tests: each has the false-alarm rate `FALSE_ALARM` per matrix."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool
from scipy.special import log_ndtr, logit, xlogy

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.data.names import counted, list_names, shorten
from cofail_lab.grades import Cell, Grades

FALSE_ALARM = 0.001
"""Probability that a check reports anything on a clean matrix; split over the pairs, blocks or queries it tests."""
MIN_ANSWERS = 10
"""Answers from which on a constant model, or a block of failures, is reported."""
MAX_NAMED = 4
"""Names in the sentence of a finding."""

# A pair is a near-duplicate if at least this share of the disagreements expected by chance did not occur.
_MIN_ABSENT_SHARE = 0.9
# Queries are compared within this many levels of difficulty, if the pool is large enough to estimate difficulty.
_MAX_STRATA = 10
_MIN_MODELS_FOR_STRATA = 8


@dataclass(frozen=True)
class Finding:
    """A property of the matrix that can distort a fit, for the user to examine.

    Attributes:
        check: name of the check (a key of `checks.CHECKS`, or ``published``).
        sentence: the property, and what it does to a fit.
        subjects: names of the models or queries that have it, the worst first.
        count: number of cells, pairs, models or queries that have it.
    """

    check: str
    sentence: str
    subjects: tuple[str, ...]
    count: int


class View(NamedTuple):
    """What a check is called with: the matrix and masks of its cells.

    Attributes:
        grades: the matrix.
        answered: cells that are right or wrong.
        wrong: cells that are wrong.
    """

    grades: Grades
    answered: Bool[np.ndarray, "n m"]
    wrong: Bool[np.ndarray, "n m"]


def duplicates(view: View) -> list[Finding]:
    """Pairs of models that disagree much less often than independent models would.

    Independent means: within each level of difficulty, one model's errors say nothing about the other's. The tail
    probability of the joint errors is bounded by Chernoff's inequality.
    """
    m = len(view.grades.models)
    n_pairs = m * (m - 1) // 2
    if not n_pairs:
        return []
    difficulty = share_of(view.wrong, view.answered, axis=1)
    known = ~np.isnan(difficulty)
    n_strata = min(_MAX_STRATA, max(1, int(known.sum()) // 20)) if m >= _MIN_MODELS_FOR_STRATA else 1
    edges = np.quantile(difficulty[known], np.linspace(0, 1, n_strata + 1)[1:-1]) if known.any() else []
    stratum = np.where(known, np.searchsorted(np.unique(edges), difficulty, side="left"), -1)
    together, expected, largest, differ = (np.zeros((m, m)) for _ in range(4))
    for s in range(int(stratum.max(initial=-1)) + 1):
        rows = stratum == s
        a, w = view.answered[rows].astype(np.float32), view.wrong[rows].astype(np.float32)
        both = (w.T @ w).astype(float)
        if a.all():  # what the products below would give, which take most of the time in a pool of thousands
            shared = np.full((m, m), float(len(a)))
            alone = np.repeat(w.sum(axis=0, dtype=float)[:, None], m, axis=1)
        else:
            shared = (a.T @ a).astype(float)
            alone = (w.T @ a).astype(float)  # [i, j]: queries that i gets wrong among those that j answered
        together += both
        expected += np.divide(alone * alone.T, shared, out=np.zeros((m, m)), where=shared > 0)
        largest += np.minimum(alone, alone.T)
        differ += alone + alone.T - 2 * both
    chance = differ + 2 * (together - expected)
    kappa = 1 - np.divide(differ, chance, out=np.ones((m, m)), where=chance > 0)
    # The tail of the few pairs that are near enough: that of all pairs takes longest in a pool of thousands.
    pairs = np.argwhere(np.triu(kappa >= _MIN_ABSENT_SHARE, 1))
    near = pairs[:, 0], pairs[:, 1]
    pairs = pairs[_log_tail(together[near], expected[near], largest[near]) < np.log(FALSE_ALARM / n_pairs)]
    if not len(pairs):
        return []
    order = np.argsort(differ[pairs[:, 0], pairs[:, 1]], kind="stable")
    pairs = pairs[order]
    i, j = pairs[0]
    names = view.grades.models
    same = int((differ[pairs[:, 0], pairs[:, 1]] == 0).sum())
    members = tuple(dict.fromkeys(names[k] for pair in pairs for k in pair))
    sentence = (
        f"{counted(len(pairs), 'pair')} of models (nearly) duplicate, {same:,} of them exactly: {shorten(names[i])} "
        f"and {shorten(names[j])} differ on {int(differ[i, j]):,} queries, where {chance[i, j]:,.0f} would be "
        "expected. Duplicates add nothing and raise every mean correlation."
    )
    return [Finding("duplicates", sentence, members, len(pairs))]


def blocks(view: View) -> list[Finding]:
    """Datasets that one model fails entirely, against its accuracy elsewhere and that of the other models there.

    The expected failure rate is additive in log-odds: the model's accuracy on the other datasets plus that of the other
    models on this dataset, minus the overall one.
    """
    dataset = view.grades.per_query.get("dataset")
    if dataset is None:
        return []
    names, group = np.unique([str(name) for name in dataset], return_inverse=True)
    if len(names) < 2:
        return []
    one_hot = (group[:, None] == np.arange(len(names))).astype(float)
    n = one_hot.T @ view.answered
    right = one_hot.T @ (view.answered & ~view.wrong)
    m = len(view.grades.models)
    # Half a success and half a failure are added to every count, because a rate of 0 has no log-odds.
    rest_n, rest_right = n.sum(axis=1, keepdims=True) - n, right.sum(axis=1, keepdims=True) - right
    other_n, other_right = n.sum(axis=0) - n, right.sum(axis=0) - right
    level = logit((other_right + 0.5) / (other_n + 1))
    ease = logit((rest_right + 0.5) / (rest_n + 1))
    whole = logit((right.sum() + 0.5) / (n.sum() + 1))
    log_failure = -np.logaddexp(0.0, level + ease - whole)
    failed = (right == 0) & (n >= MIN_ANSWERS) & (n * log_failure < np.log(FALSE_ALARM / (m * len(names))))
    failed &= other_right > 0
    pairs = [f"{view.grades.models[j]} on {names[d]}" for d, j in np.argwhere(failed)]
    if not pairs:
        return []
    sentence = (
        f"{counted(len(pairs), 'time')} a model fails a whole dataset, which neither its level nor that of the others "
        f"there suggests ({list_names(pairs, MAX_NAMED)}): a broken prompt, parser or grader looks like this."
    )
    return [Finding("blocks", sentence, tuple(pairs), len(pairs))]


def inverted(view: View) -> list[Finding]:
    """Queries that the better models get wrong and the worse models right, by a rank-sum test of the accuracies."""
    n, m = view.answered.shape
    accuracy = share_of(view.answered & ~view.wrong, view.answered, axis=0)
    if m < 4 or np.isnan(accuracy).all():
        return []
    _, rank_of, times = np.unique(np.nan_to_num(accuracy), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[rank_of]
    n_answered, n_wrong = view.answered.sum(axis=1), view.wrong.sum(axis=1)
    # Given the number of wrong models, the sum of their ranks has this mean and variance if accuracy plays no part. The
    # finite-population formula with the ranks themselves allows for ties and for models that did not answer.
    total = view.answered @ ranks
    squares = view.answered @ ranks**2
    count = np.maximum(n_answered, 2)
    variance = n_wrong * (n_answered - n_wrong) / count * (squares - total**2 / count) / (count - 1)
    excess = view.wrong @ ranks - n_wrong * total / count
    z = np.divide(excess, np.sqrt(variance), out=np.zeros(n), where=variance > 1e-9)
    queries = np.flatnonzero(log_ndtr(-z) < np.log(FALSE_ALARM / n))
    if not queries.size:
        return []
    names = names_at(view.grades.queries, queries[np.argsort(-z[queries], kind="stable")])
    sentence = (
        f"{counted(len(names), 'query')} failed by the better models and solved by the worse "
        f"({list_names(names, MAX_NAMED)}): a wrong reference answer looks like this."
    )
    return [Finding("inverted", sentence, names, len(names))]


def published_scores(view: View, published: Mapping[str, float]) -> list[Finding]:
    """Models whose published accuracy is outside the Clopper-Pearson limits of what is observed here.

    Args:
        view: the matrix.
        published: model -> accuracy, in [0, 1]; models that are not in the matrix are ignored.
    """
    known = [(j, float(published[name])) for j, name in enumerate(view.grades.models) if name in published]
    findings = []
    for j, stated in known:
        n, right = int(view.answered[:, j].sum()), int((view.answered & ~view.wrong)[:, j].sum())
        if not n:
            continue
        low, high = (float(limit) for limit in clopper_pearson(right, n, FALSE_ALARM / len(known)))
        if low <= stated <= high:
            continue
        hint = ""
        asked = int((view.grades.cells[:, j] != Cell.MISSING).sum())
        if asked > n and abs(right / asked - stated) < abs(right / n - stated):
            hint = f"; with its {asked - n:,} ungraded cells counted as wrong it has {right / asked:.1%}"
        name = view.grades.models[j]
        sentence = (
            f"{shorten(name)} is right on {right / n:.1%} of {n:,} queries, published is {stated:.1%}{hint}: other "
            "prompts, another version or a grader that disagrees."
        )
        findings.append(Finding("published", sentence, (name,), 1))
    return findings


def _log_tail(together: np.ndarray, expected: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Chernoff bound of log P(count >= together), where the count is a sum of hypergeometric counts.

    A hypergeometric count has the law of a sum of independent indicators, so that the bound for these applies.

    Args:
        together: observed counts.
        expected: their means.
        largest: the largest counts possible.
    """
    n = np.maximum(largest, 1.0)
    x, mu = together / n, np.clip(expected / n, 1e-12, 1 - 1e-12)
    divergence = xlogy(x, x / mu) + xlogy(1 - x, (1 - x) / (1 - mu))
    return np.where(x > mu, -n * divergence, 0.0)


def share_of(hits: np.ndarray, of: np.ndarray, axis: int) -> np.ndarray:
    """Share of ``hits`` in ``of`` along an axis; nan where ``of`` has none."""
    total = of.sum(axis=axis)
    return np.divide(hits.sum(axis=axis), total, out=np.full(total.shape, np.nan), where=total > 0)


def names_at(names: tuple[str, ...], chosen: np.ndarray) -> tuple[str, ...]:
    """The names at some positions."""
    return tuple(names[i] for i in chosen)
