"""What in a matrix could manufacture a common mode: each check names what it found, and is silent on a clean matrix.

Checks that rest on chance (near-duplicate models, inverted queries, blocks of failures, published scores) are tests at
`FALSE_ALARM` per matrix and check, split over everything they look at. The others state facts.
"""

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
LEAST_COVERAGE = 0.95
# A pair is a near-duplicate if it lacks at least this share of the disagreements that chance would give it.
_NEAR = 0.9
_STRATA = 10
_FEWEST_FOR_STRATA = 8
# A model that is constant on fewer answers, or a block of fewer queries, says nothing.
_FEWEST = 10
# Token counts that pile up at their maximum: so many there, and so many times those in the tenth below it.
_PILE, _PILE_RATIO, _PILE_LEAST_TOKENS = 5, 3, 64


@dataclass(frozen=True)
class Finding:
    """Something that deserves a look before the fit is believed.

    Attributes:
        check: name of the check (a key of `CHECKS`).
        sentence: what was found and what it does to a fit.
        subjects: names of the models, or queries, concerned, the worst first.
        count: number of cells, pairs, models or queries concerned.
    """

    check: str
    sentence: str
    subjects: tuple[str, ...]
    count: int


class _View(NamedTuple):
    """A matrix as the checks see it."""

    grades: Grades
    answered: Bool[np.ndarray, "n m"]
    wrong: Bool[np.ndarray, "n m"]


def examine(grades: Grades, published: Mapping[str, float] | None = None) -> list[Finding]:
    """All findings on a matrix, in the order of `CHECKS`.

    Args:
        grades: the matrix, selected but not reduced to complete queries.
        published: model -> accuracy stated elsewhere, in [0, 1].
    """
    view = _View(grades, grades.cells <= Cell.WRONG, grades.cells == Cell.WRONG)
    findings = [finding for check in CHECKS.values() for finding in check(view)]
    return findings + (_published(view, published) if published else [])


def _coverage(view: _View) -> list[Finding]:
    models = view.grades.models
    share = view.answered.mean(axis=0)
    sparse = [int(j) for j in np.argsort(share, kind="stable") if share[j] < LEAST_COVERAGE]
    findings = []
    if sparse:
        complete = int(view.answered.all(axis=1).sum())
        worst = f"{shorten(models[sparse[0]])} has {share[sparse[0]]:.1%}"
        findings.append(Finding(
            "coverage",
            f"{some(len(sparse), 'model')} answered fewer than {LEAST_COVERAGE:.0%} of the queries ({worst}); only "
            f"{complete:,} of {len(view.answered):,} queries are complete, and which ones is seldom chance.",
            tuple(models[j] for j in sparse), len(sparse),
        ))  # fmt: skip
    untouched = np.flatnonzero(~view.answered.any(axis=1))
    if untouched.size:
        findings.append(Finding(
            "coverage",
            f"{some(untouched.size, 'query')} without a graded answer from any model; at worst each defeats everyone.",
            _names(view.grades.queries, untouched), int(untouched.size),
        ))  # fmt: skip
    return findings


def _ungraded(view: _View) -> list[Finding]:
    findings = []
    for state, what in ((Cell.UNSCORED, "were answered but not graded"), (Cell.ERROR, "ended in an error")):
        cells = view.grades.cells == state
        if not cells.any():
            continue
        per_model = cells.sum(axis=0)
        worst = np.argsort(-per_model, kind="stable")
        worst = worst[per_model[worst] > 0]
        first = f"{shorten(view.grades.models[worst[0]])} has {int(per_model[worst[0]]):,}"
        findings.append(Finding(
            "ungraded",
            f"{some(int(cells.sum()), 'cell')} {what} ({first}). They are not counted as wrong here; a "
            "harness that does makes queries all-wrong that nobody failed.",
            _names(view.grades.models, worst), int(cells.sum()),
        ))  # fmt: skip
    return findings


def _duplicates(view: _View) -> list[Finding]:
    """Pairs that disagree far less than two models that err independently at each level of difficulty would."""
    m = len(view.grades.models)
    n_pairs = m * (m - 1) // 2
    if not n_pairs:
        return []
    difficulty = _share(view.wrong, view.answered, axis=1)
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


def _constant(view: _View) -> list[Finding]:
    findings = []
    n_answered, n_wrong = view.answered.sum(axis=0), view.wrong.sum(axis=0)
    for always, mask, what in (
        ("right", n_wrong == 0, "no query can defeat everyone while they are in the pool"),
        ("wrong", n_wrong == n_answered, "they add nothing; a broken parser or the wrong column looks like this"),
    ):
        columns = np.flatnonzero(mask & (n_answered >= _FEWEST))
        if columns.size:
            names = _names(view.grades.models, columns)
            findings.append(Finding(
                "constant", f"{some(columns.size, 'model')} always {always} ({_listed(names)}): {what}.",
                names, columns.size,
            ))  # fmt: skip
    return findings


def _blocks(view: _View) -> list[Finding]:
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
    blocks = (right == 0) & (n >= _FEWEST) & (n * log_failure < np.log(FALSE_ALARM / (m * len(names))))
    blocks &= other_right > 0
    found = np.argwhere(blocks)
    if not len(found):
        return []
    pairs = [f"{view.grades.models[j]} on {names[d]}" for d, j in found]
    return [Finding(
        "blocks",
        f"{some(len(found), 'time')} a model fails a whole dataset, which neither its level nor that of the others "
        f"there suggests ({_listed(pairs)}): a broken prompt, parser or grader looks like this.",
        tuple(pairs), len(found),
    )]  # fmt: skip


def _inverted(view: _View) -> list[Finding]:
    """Queries that the better models get wrong and the worse right: rank-sum test of the models' other accuracies."""
    n, m = view.answered.shape
    accuracy = _share(view.answered & ~view.wrong, view.answered, axis=0)
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
    names = _names(view.grades.queries, found)
    return [Finding(
        "inverted",
        f"{some(found.size, 'query')} failed by the better models and solved by the worse ({_listed(names)}): a wrong "
        "reference answer looks like this.",
        names, int(found.size),
    )]  # fmt: skip


def _repeated_prompts(view: _View) -> list[Finding]:
    prompts = view.grades.per_query.get("prompt")
    if prompts is None:
        return []
    seen: dict[str, int] = {}
    repeated = []
    for i, prompt in enumerate(prompts):
        text = " ".join(str(prompt).split())
        if text and seen.setdefault(text, i) != i:
            repeated.append(i)
    if not repeated:
        return []
    names = _names(view.grades.queries, np.array(repeated))
    first = view.grades.queries[seen[" ".join(str(prompts[repeated[0]]).split())]]
    return [Finding(
        "repeated_prompts",
        f"{some(len(repeated), 'query')} with the prompt of an earlier one ({shorten(names[0])} that of "
        f"{shorten(first)}): they are not independent, and intervals are narrower than they should be.",
        names, len(repeated),
    )]  # fmt: skip


def _zero_costs(view: _View) -> list[Finding]:
    cost = view.grades.per_cell.get("cost")
    if cost is None:
        return []
    zero = view.answered & (cost == 0)
    if not zero.any():
        return []
    per_model = zero.sum(axis=0)
    names = _names(view.grades.models, np.flatnonzero(per_model)[np.argsort(-per_model[per_model > 0], kind="stable")])
    return [Finding(
        "zero_costs",
        f"{some(int(zero.sum()), 'graded answer')} at a cost of exactly 0 ({_listed(names)}), as of cached answers "
        "and failed requests; a frontier takes them at their word.",
        names, int(zero.sum()),
    )]  # fmt: skip


def _at_limit(view: _View) -> list[Finding]:
    limit, how = at_limit(view.grades)
    limit = limit & view.answered
    if not limit.any():
        return []
    wrong = limit & view.wrong
    all_wrong = view.answered.all(axis=1) & view.wrong.all(axis=1)
    touched = int((all_wrong & limit.any(axis=1)).sum())
    per_model = limit.sum(axis=0)
    names = _names(view.grades.models, np.flatnonzero(per_model)[np.argsort(-per_model[per_model > 0], kind="stable")])
    return [Finding(
        "at_limit",
        f"{some(int(limit.sum()), 'graded answer')} stopped at the token limit ({how}; {_listed(names)}), "
        f"{int(wrong.sum()):,} of them wrong; they are in {touched:,} of the {int(all_wrong.sum()):,} queries that "
        "defeat everyone. experiment=regrade shows what changes without them.",
        names, int(limit.sum()),
    )]  # fmt: skip


def at_limit(grades: Grades) -> tuple[Bool[np.ndarray, "n m"], str]:
    """Cells whose answer stopped at the token limit, and how that is known.

    From the log where it says so; otherwise a model whose written tokens pile up at their maximum is taken to have its
    limit there.
    """
    stated = grades.per_cell.get("at_limit")
    if stated is not None:
        return stated.astype(bool), "as the log says"
    tokens = grades.per_cell.get("tokens_out", grades.per_cell.get("tokens"))
    limit = np.zeros(grades.cells.shape, dtype=bool)
    if tokens is not None:
        for j, column in enumerate(np.asarray(tokens, dtype=float).T):
            known = column[~np.isnan(column)]
            most = known.max(initial=0.0)
            below = int(((known >= 0.9 * most) & (known < most)).sum())
            pile = int((known == most).sum())
            if most >= _PILE_LEAST_TOKENS and pile >= max(_PILE, _PILE_RATIO * below):
                limit[:, j] = column == most
    return limit, "token counts pile up at their maximum"


def _published(view: _View, published: Mapping[str, float]) -> list[Finding]:
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


CHECKS = {
    "coverage": _coverage,
    "ungraded": _ungraded,
    "duplicates": _duplicates,
    "constant": _constant,
    "blocks": _blocks,
    "inverted": _inverted,
    "repeated_prompts": _repeated_prompts,
    "zero_costs": _zero_costs,
    "at_limit": _at_limit,
}
"""Name -> check; `published` comes on top where published scores are given."""


def _log_tail(together: np.ndarray, expected: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Chernoff bound of log P(together or more): a sum of hypergeometric counts is one of independent indicators."""
    n = np.maximum(most, 1.0)
    x, mu = together / n, np.clip(expected / n, 1e-12, 1 - 1e-12)
    divergence = xlogy(x, x / mu) + xlogy(1 - x, (1 - x) / (1 - mu))
    return np.where(x > mu, -n * divergence, 0.0)


def _share(hits: np.ndarray, of: np.ndarray, axis: int) -> np.ndarray:
    """Shares along an axis; nan where there is nothing."""
    total = of.sum(axis=axis)
    return np.divide(hits.sum(axis=axis), total, out=np.full(total.shape, np.nan), where=total > 0)


def _names(names: tuple[str, ...], chosen: np.ndarray) -> tuple[str, ...]:
    return tuple(names[i] for i in chosen)


def _listed(names: tuple[str, ...] | list[str], most: int = 4) -> str:
    return ", ".join(shorten(name) for name in names[:most]) + (", ..." if len(names) > most else "")
