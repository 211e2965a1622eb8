"""The health checks that rest on chance: tests at `FALSE_ALARM` per matrix, split over everything they look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool
from scipy.special import log_ndtr, logit, xlogy

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.data.names import shorten, some
from cofail_lab.grades import Cell, Grades

FALSE_ALARM = 0.001
FEWEST = 10
"""A model that is constant on fewer answers, or a block of fewer queries, says nothing."""

# A pair is a near-duplicate if it lacks at least this share of the disagreements that chance would give it.
_NEAR = 0.9
_STRATA = 10
_FEWEST_FOR_STRATA = 8


@dataclass(frozen=True)
class Finding:
    """Something that deserves a look before the fit is believed.

    Attributes:
        check: name of the check (a key of `health.CHECKS`, or ``published``).
        sentence: what was found and what it does to a fit.
        subjects: names of the models, or queries, concerned, the worst first.
        count: number of cells, pairs, models or queries concerned.
    """

    check: str
    sentence: str
    subjects: tuple[str, ...]
    count: int


class View(NamedTuple):
    """A matrix as the checks see it."""

    grades: Grades
    answered: Bool[np.ndarray, "n m"]
    wrong: Bool[np.ndarray, "n m"]


def duplicates(view: View) -> list[Finding]:
    """Pairs that disagree far less than two models that err independently at each level of difficulty would."""
    m = len(view.grades.models)
    n_pairs = m * (m - 1) // 2
    if not n_pairs:
        return []
    difficulty = share_of(view.wrong, view.answered, axis=1)
    use = ~np.isnan(difficulty)
    n_strata = min(_STRATA, max(1, int(use.sum()) // 20)) if m >= _FEWEST_FOR_STRATA else 1
    edges = np.quantile(difficulty[use], np.linspace(0, 1, n_strata + 1)[1:-1]) if use.any() else []
    stratum = np.where(use, np.searchsorted(np.unique(edges), difficulty, side="left"), -1)
    together, expected, most, differ = (np.zeros((m, m)) for _ in range(4))
    for s in range(int(stratum.max(initial=-1)) + 1):
        rows = stratum == s
        a, w = view.answered[rows].astype(np.float32), view.wrong[rows].astype(np.float32)
        both, shared = (w.T @ w).astype(float), (a.T @ a).astype(float)
        mine = (w.T @ a).astype(float)  # [i, j]: i is wrong where j answered
        together += both
        expected += np.divide(mine * mine.T, shared, out=np.zeros((m, m)), where=shared > 0)
        most += np.minimum(mine, mine.T)
        differ += mine + mine.T - 2 * both
    chance = differ + 2 * (together - expected)
    kappa = 1 - np.divide(differ, chance, out=np.ones((m, m)), where=chance > 0)
    near = (kappa >= _NEAR) & (_log_tail(together, expected, most) < np.log(FALSE_ALARM / n_pairs))
    pairs = np.argwhere(np.triu(near, 1))
    if not len(pairs):
        return []
    order = np.argsort(differ[pairs[:, 0], pairs[:, 1]], kind="stable")
    pairs = pairs[order]
    i, j = pairs[0]
    names = view.grades.models
    same = int((differ[pairs[:, 0], pairs[:, 1]] == 0).sum())
    members = tuple(dict.fromkeys(names[k] for pair in pairs for k in pair))
    return [Finding(
        "duplicates",
        f"{some(len(pairs), 'pair')} of models (nearly) duplicate, {same:,} of them exactly: {shorten(names[i])} and "
        f"{shorten(names[j])} differ on {int(differ[i, j]):,} queries, where {chance[i, j]:,.0f} would be expected. "
        "Duplicates add nothing and raise every mean correlation.",
        members, len(pairs),
    )]  # fmt: skip


def blocks(view: View) -> list[Finding]:
    """A model that fails a whole dataset which others do not, and which its own level does not explain."""
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
    # Half a success and half a failure are added everywhere: a rate of 0 has no log-odds.
    rest_n, rest_right = n.sum(axis=1, keepdims=True) - n, right.sum(axis=1, keepdims=True) - right
    other_n, other_right = n.sum(axis=0) - n, right.sum(axis=0) - right
    level = logit((other_right + 0.5) / (other_n + 1))
    ease = logit((rest_right + 0.5) / (rest_n + 1))
    whole = logit((right.sum() + 0.5) / (n.sum() + 1))
    log_failure = -np.logaddexp(0.0, level + ease - whole)
    blocks = (right == 0) & (n >= FEWEST) & (n * log_failure < np.log(FALSE_ALARM / (m * len(names))))
    blocks &= other_right > 0
    found = np.argwhere(blocks)
    if not len(found):
        return []
    pairs = [f"{view.grades.models[j]} on {names[d]}" for d, j in found]
    return [Finding(
        "blocks",
        f"{some(len(found), 'time')} a model fails a whole dataset, which neither its level nor that of the others "
        f"there suggests ({listed(pairs)}): a broken prompt, parser or grader looks like this.",
        tuple(pairs), len(found),
    )]  # fmt: skip


def inverted(view: View) -> list[Finding]:
    """Queries that the better models get wrong and the worse right: rank-sum test of the models' other accuracies."""
    n, m = view.answered.shape
    accuracy = share_of(view.answered & ~view.wrong, view.answered, axis=0)
    if m < 4 or np.isnan(accuracy).all():
        return []
    _, rank_of, times = np.unique(np.nan_to_num(accuracy), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[rank_of]
    n_answered, n_wrong = view.answered.sum(axis=1), view.wrong.sum(axis=1)
    # Given how many are wrong, the sum of their ranks has this mean and variance if quality plays no part; the
    # finite-population formula with the ranks themselves takes care of ties and of models that did not answer.
    total = view.answered @ ranks
    squares = view.answered @ ranks**2
    count = np.maximum(n_answered, 2)
    variance = n_wrong * (n_answered - n_wrong) / count * (squares - total**2 / count) / (count - 1)
    excess = view.wrong @ ranks - n_wrong * total / count
    z = np.divide(excess, np.sqrt(variance), out=np.zeros(n), where=variance > 1e-9)
    found = np.flatnonzero(log_ndtr(-z) < np.log(FALSE_ALARM / n))
    if not found.size:
        return []
    found = found[np.argsort(-z[found], kind="stable")]
    names = named(view.grades.queries, found)
    return [Finding(
        "inverted",
        f"{some(found.size, 'query')} failed by the better models and solved by the worse ({listed(names)}): a wrong "
        "reference answer looks like this.",
        names, int(found.size),
    )]  # fmt: skip


def published_scores(view: View, published: Mapping[str, float]) -> list[Finding]:
    """Accuracies that a run at the published rate would not give."""
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
        findings.append(Finding(
            "published",
            f"{shorten(name)} is right on {right / n:.1%} of {n:,} queries, published is {stated:.1%}{hint}: other "
            "prompts, another version or a grader that disagrees.",
            (name,), 1,
        ))  # fmt: skip
    return findings


def _log_tail(together: np.ndarray, expected: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Chernoff bound of log P(together or more): a sum of hypergeometric counts is one of independent indicators."""
    n = np.maximum(most, 1.0)
    x, mu = together / n, np.clip(expected / n, 1e-12, 1 - 1e-12)
    divergence = xlogy(x, x / mu) + xlogy(1 - x, (1 - x) / (1 - mu))
    return np.where(x > mu, -n * divergence, 0.0)


def share_of(hits: np.ndarray, of: np.ndarray, axis: int) -> np.ndarray:
    """Shares along an axis; nan where there is nothing."""
    total = of.sum(axis=axis)
    return np.divide(hits.sum(axis=axis), total, out=np.full(total.shape, np.nan), where=total > 0)


def named(names: tuple[str, ...], chosen: np.ndarray) -> tuple[str, ...]:
    """The names at some positions."""
    return tuple(names[i] for i in chosen)


def listed(names: tuple[str, ...] | list[str], most: int = 4) -> str:
    """The first few names, shortened, for a sentence."""
    return ", ".join(shorten(name) for name in names[:most]) + (", ..." if len(names) > most else "")
