"""What in a matrix could manufacture a common mode: each check names what it found, and is silent on a clean matrix.

Checks that rest on chance (near-duplicate models, inverted queries, blocks of failures, published scores) are tests at
`health_tests.FALSE_ALARM` per matrix and check. The others state facts.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool

from cofail_lab.data.health.chance import (
    FEWEST,
    Finding,
    View,
    blocks,
    duplicates,
    inverted,
    listed,
    named,
    published_scores,
)
from cofail_lab.data.names import shorten, some
from cofail_lab.grades import Cell, Grades

LEAST_COVERAGE = 0.95
# Token counts that pile up at their maximum: so many there, and so many times those in the tenth below it.
_PILE, _PILE_RATIO, _PILE_LEAST_TOKENS = 5, 3, 64


def examine(grades: Grades, published: Mapping[str, float] | None = None) -> list[Finding]:
    """All findings on a matrix, in the order of `CHECKS`.

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
            named(view.grades.queries, untouched), int(untouched.size),
        ))  # fmt: skip
    return findings


def _ungraded(view: View) -> list[Finding]:
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
            named(view.grades.models, worst), int(cells.sum()),
        ))  # fmt: skip
    return findings


def _constant(view: View) -> list[Finding]:
    findings = []
    n_answered, n_wrong = view.answered.sum(axis=0), view.wrong.sum(axis=0)
    for always, mask, what in (
        ("right", n_wrong == 0, "no query can defeat everyone while they are in the pool"),
        ("wrong", n_wrong == n_answered, "they add nothing; a broken parser or the wrong column looks like this"),
    ):
        columns = np.flatnonzero(mask & (n_answered >= FEWEST))
        if columns.size:
            names = named(view.grades.models, columns)
            findings.append(Finding(
                "constant", f"{some(columns.size, 'model')} always {always} ({listed(names)}): {what}.",
                names, columns.size,
            ))  # fmt: skip
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
    names = named(view.grades.queries, np.array(repeated))
    first = view.grades.queries[seen[" ".join(str(prompts[repeated[0]]).split())]]
    return [Finding(
        "repeated_prompts",
        f"{some(len(repeated), 'query')} with the prompt of an earlier one ({shorten(names[0])} that of "
        f"{shorten(first)}): they are not independent, and intervals are narrower than they should be.",
        names, len(repeated),
    )]  # fmt: skip


def _zero_costs(view: View) -> list[Finding]:
    cost = view.grades.per_cell.get("cost")
    if cost is None:
        return []
    zero = view.answered & (cost == 0)
    if not zero.any():
        return []
    per_model = zero.sum(axis=0)
    names = named(view.grades.models, np.flatnonzero(per_model)[np.argsort(-per_model[per_model > 0], kind="stable")])
    return [Finding(
        "zero_costs",
        f"{some(int(zero.sum()), 'graded answer')} at a cost of exactly 0 ({listed(names)}), as of cached answers "
        "and failed requests; a frontier takes them at their word.",
        names, int(zero.sum()),
    )]  # fmt: skip


def _at_limit(view: View) -> list[Finding]:
    limit, how = at_limit(view.grades)
    limit = limit & view.answered
    if not limit.any():
        return []
    wrong = limit & view.wrong
    all_wrong = view.answered.all(axis=1) & view.wrong.all(axis=1)
    touched = int((all_wrong & limit.any(axis=1)).sum())
    per_model = limit.sum(axis=0)
    names = named(view.grades.models, np.flatnonzero(per_model)[np.argsort(-per_model[per_model > 0], kind="stable")])
    return [Finding(
        "at_limit",
        f"{some(int(limit.sum()), 'graded answer')} stopped at the token limit ({how}; {listed(names)}), "
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


CHECKS = {
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
"""Name -> check; `published` comes on top where published scores are given."""
