"""The health checks of a matrix: each reports what could produce a common mode that the models do not have.

Four checks are statistical tests (duplicate models, blocks of failures, inverted queries, published scores: see
`chance`); the others state facts. A clean matrix has no finding.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool

from cofail_lab.data.health.chance import (
    MAX_NAMED,
    MIN_ANSWERS,
    Finding,
    View,
    blocks,
    duplicates,
    inverted,
    names_at,
    published_scores,
)
from cofail_lab.data.names import counted, list_names, shorten
from cofail_lab.grades import Cell, Grades

MIN_COVERAGE = 0.95
"""Share of the queries that a model must have answered not to be reported."""

# Token counts pile up at their maximum if at least `_MIN_PILE` answers have it, and `_MIN_PILE_RATIO` times as many as
# have up to a tenth less. A maximum below `_MIN_LIMIT` tokens is no limit that anyone would set.
_MIN_PILE, _MIN_PILE_RATIO, _MIN_LIMIT = 5, 3, 64


def examine(grades: Grades, published: Mapping[str, float] | None = None) -> list[Finding]:
    """All findings on a matrix, in the order of `CHECKS`; findings on published scores come last.

    Args:
        grades: the matrix, selected but not reduced to complete queries.
        published: model -> accuracy stated elsewhere, in [0, 1].
    """
    view = View(grades, grades.cells <= Cell.WRONG, grades.cells == Cell.WRONG)
    findings = [finding for check in CHECKS.values() for finding in check(view)]
    return findings + (published_scores(view, published) if published else [])


def _coverage(view: View) -> list[Finding]:
    models = view.grades.models
    share = view.answered.mean(axis=0)
    sparse = [int(j) for j in np.argsort(share, kind="stable") if share[j] < MIN_COVERAGE]
    findings = []
    if sparse:
        complete = int(view.answered.all(axis=1).sum())
        worst = f"{shorten(models[sparse[0]])} has {share[sparse[0]]:.1%}"
        sentence = (
            f"{counted(len(sparse), 'model')} answered fewer than {MIN_COVERAGE:.0%} of the queries ({worst}); only "
            f"{complete:,} of {len(view.answered):,} queries are complete, and which ones is seldom chance."
        )
        findings.append(Finding("coverage", sentence, tuple(models[j] for j in sparse), len(sparse)))
    untouched = np.flatnonzero(~view.answered.any(axis=1))
    if untouched.size:
        sentence = (
            f"{counted(untouched.size, 'query')} without a graded answer from any model; at worst each defeats "
            "everyone."
        )
        findings.append(Finding("coverage", sentence, names_at(view.grades.queries, untouched), int(untouched.size)))
    return findings


def _ungraded(view: View) -> list[Finding]:
    findings = []
    for state, what in ((Cell.UNSCORED, "were answered but not graded"), (Cell.ERROR, "ended in an error")):
        cells = view.grades.cells == state
        if not cells.any():
            continue
        names = _models_with_most(view, cells)
        first = f"{shorten(names[0])} has {int(cells.sum(axis=0).max()):,}"
        sentence = (
            f"{counted(int(cells.sum()), 'cell')} {what} ({first}). They are not counted as wrong here; a "
            "harness that does makes queries all-wrong that nobody failed."
        )
        findings.append(Finding("ungraded", sentence, names, int(cells.sum())))
    return findings


def _swapped(view: View) -> list[Finding]:
    """Whether 1 may stand for an error: most queries defeat everyone, and more than everyone gets right."""
    asked = view.answered.sum(axis=1) > 1
    all_wrong = asked & (view.wrong.sum(axis=1) == view.answered.sum(axis=1))
    all_right = asked & (view.wrong.sum(axis=1) == 0)
    k, n = int(all_wrong.sum()), int(asked.sum())
    if n < MIN_ANSWERS or k <= n / 2 or k <= all_right.sum():
        return []
    sentence = (
        f"{k:,} of {n:,} queries defeat everyone. Is 1 right and 0 wrong in this file? If 1 marks an error, swap them: "
        "everything here is upside down."
    )
    return [Finding("swapped", sentence, names_at(view.grades.queries, np.flatnonzero(all_wrong)), k)]


def _constant(view: View) -> list[Finding]:
    findings = []
    n_answered, n_wrong = view.answered.sum(axis=0), view.wrong.sum(axis=0)
    for always, mask, what in (
        ("right", n_wrong == 0, "no query can defeat everyone while they are in the pool"),
        ("wrong", n_wrong == n_answered, "they add nothing; a broken parser or the wrong column looks like this"),
    ):
        columns = np.flatnonzero(mask & (n_answered >= MIN_ANSWERS))
        if columns.size:
            names = names_at(view.grades.models, columns)
            sentence = f"{counted(columns.size, 'model')} always {always} ({list_names(names, MAX_NAMED)}): {what}."
            findings.append(Finding("constant", sentence, names, columns.size))
    return findings


def _repeated_prompts(view: View) -> list[Finding]:
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
    names = names_at(view.grades.queries, np.array(repeated))
    first = view.grades.queries[seen[" ".join(str(prompts[repeated[0]]).split())]]
    sentence = (
        f"{counted(len(repeated), 'query')} with the prompt of an earlier one ({shorten(names[0])} that of "
        f"{shorten(first)}): they are not independent, and intervals are narrower than they should be."
    )
    return [Finding("repeated_prompts", sentence, names, len(repeated))]


def _zero_costs(view: View) -> list[Finding]:
    cost = view.grades.per_cell.get("cost")
    if cost is None:
        return []
    zero = view.answered & (cost == 0)
    if not zero.any():
        return []
    names = _models_with_most(view, zero)
    sentence = (
        f"{counted(int(zero.sum()), 'graded answer')} at a cost of exactly 0 ({list_names(names, MAX_NAMED)}), as of "
        "cached answers and failed requests; a frontier takes them at their word."
    )
    return [Finding("zero_costs", sentence, names, int(zero.sum()))]


def _at_limit(view: View) -> list[Finding]:
    limit, how = at_limit(view.grades)
    limit = limit & view.answered
    if not limit.any():
        return []
    wrong = limit & view.wrong
    all_wrong = view.answered.all(axis=1) & view.wrong.all(axis=1)
    touched = int((all_wrong & limit.any(axis=1)).sum())
    names = _models_with_most(view, limit)
    sentence = (
        f"{counted(int(limit.sum()), 'graded answer')} stopped at the token limit ({how}; "
        f"{list_names(names, MAX_NAMED)}), {int(wrong.sum()):,} of them wrong; they are in {touched:,} of the "
        f"{int(all_wrong.sum()):,} queries that defeat everyone. experiment=regrade shows what changes without them."
    )
    return [Finding("at_limit", sentence, names, int(limit.sum()))]


def _models_with_most(view: View, cells: Bool[np.ndarray, "n m"]) -> tuple[str, ...]:
    """Names of the models that have any of these cells, those with the most cells first."""
    per_model = cells.sum(axis=0)
    order = np.argsort(-per_model, kind="stable")
    return names_at(view.grades.models, order[per_model[order] > 0])


def at_limit(grades: Grades) -> tuple[Bool[np.ndarray, "n m"], str]:
    """Cells whose answer stopped at the token limit, and how this is known.

    The log decides where it states the limit. Otherwise, if the numbers of tokens that a model wrote pile up at their
    maximum, the maximum counts as the model's limit.
    """
    stated = grades.per_cell.get("at_limit")
    if stated is not None:
        return stated.astype(bool), "as the log says"
    tokens = grades.per_cell.get("tokens_out", grades.per_cell.get("tokens"))
    limit = np.zeros(grades.cells.shape, dtype=bool)
    if tokens is not None:
        for j, column in enumerate(np.asarray(tokens, dtype=float).T):
            known = column[~np.isnan(column)]
            maximum = known.max(initial=0.0)
            below = int(((known >= 0.9 * maximum) & (known < maximum)).sum())
            pile = int((known == maximum).sum())
            if maximum >= _MIN_LIMIT and pile >= max(_MIN_PILE, _MIN_PILE_RATIO * below):
                limit[:, j] = column == maximum
    return limit, "token counts pile up at their maximum"


CHECKS = {
    "swapped": _swapped,
    "coverage": _coverage,
    "ungraded": _ungraded,
    "duplicates": duplicates,
    "constant": _constant,
    "blocks": blocks,
    "inverted": inverted,
    "repeated_prompts": _repeated_prompts,
    "zero_costs": _zero_costs,
    "at_limit": _at_limit,
}
"""Name -> check, in the order of the findings; ``published`` is a further check where published scores are given."""
