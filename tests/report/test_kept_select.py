"""Words about sets of models, and about models that make the same errors: kept whole, for every branch."""

from dataclasses import replace

import numpy as np
from scipy.stats import binom

from cofail_lab.decisions.shared_errors import Alike, SharedErrors
from cofail_lab.report.errors import Errors
from cofail_lab.result import Result
from tests.experiments.whole import keep, lines, said
from tests.report.by_hand import pool
from tests.report.reports import selected


def test_sets_of_models() -> None:
    whole = selected()
    chosen, limits = whole.chosen, whole.limits
    tied = [
        chosen._replace(n_optimal=n, optimal=sets)
        for n, sets in ((None, ((0, 2),)), (9, ((0, 2), (0, 1))), (2, ((0, 2), (0, 1))), (2, ((0,), (1, 2))))
    ]
    copies = whole.outcomes
    nobody = replace(copies, wrong=np.ones_like(copies.wrong))
    none = whole.value._replace(unique=np.array([0, 0, 0]))
    made = [
        *(replace(whole, chosen=one) for one in tied),
        replace(whole, chosen=chosen._replace(least=15)),
        replace(whole, chosen=chosen._replace(members=(0, 1, 2), n_unsolved=11), limits=limits._replace(n_sets=1)),
        replace(whole, chosen=chosen._replace(n_unsolved=11, least=11, members=(1,)), split=None),
        replace(whole, prices=np.array([1.0, 2.0, 4.0]), budget=6.0, choices=4),
        replace(whole, value=none),
        replace(whole, value=none, outcomes=nobody),
        replace(whole, value=whole.value._replace(unique=np.array([1, 0, 0]))),
    ]
    texts = said(made)
    for one in (made[0], made[7]):
        tables = {"models": one.models_table(), "sets": one.sets_table()}
        texts += lines(Result("", {}, tables=tables))
    keep("words_select", [*texts, str(whole.greedy_curve), str(whole.split.upper if whole.split else None)])


def test_which_unique_answers_look_like_guesses() -> None:
    """Of 31 guesses among four 12 or more are right with probability 6.1%, 13 or more with 2.6%."""
    value = selected().value._replace(unique=np.array([12, 13, 0]), chances=np.array([31, 31, 13]))
    said = replace(selected(), value=value, choices=4)._about_unique()[1]
    assert said.startswith("12 of the 25 queries that one model alone solves look like guesses: a model that guesses ")
    assert [float(binom.sf(k - 1, 31, 0.25)) >= 0.05 for k in (12, 13)] == [True, False]


def test_shared_wrong_answers() -> None:
    pairs = SharedErrors(
        np.array([0, 0, 1]),
        np.array([1, 2, 2]),
        np.array([15, 13, 11]),
        np.array([0.5, 0.25, np.nan]),
        np.array([0.3, 0.2, 0.1]),
        np.array([0.2, 0.125, 0.1]),
    )
    drawn = Alike(
        np.array([[0.4, 0.3, np.nan], [0.6, 0.2, np.nan], [0.55, 0.25, 0.1]]),
        np.array([[0.3, 0.2, 0.1], [0.25, 0.2, 0.1], [0.3, 0.15, 0.1]]),
    )
    family = {"family": np.array(["f", "f", "g"], object)}
    answers = np.full((100, 3), "x", object)
    answers[0, 1] = answers[1] = ""
    made = Errors(
        replace(pool(), per_model=family), answers, pairs, drawn, 0.12, (np.array([1.7]), np.array([1.5, 1.6, 1.9]))
    )
    alone = replace(made, outcomes=replace(pool(), notes=("A note.",)), effective=(np.array([np.nan]), np.array([1.0])))
    nobody = replace(
        alone,
        pairs=pairs._replace(same=np.full(3, np.nan)),
        correlation=np.nan,
        effective=(np.array([2.0]), np.array([np.nan, 1.5])),
        outcomes=replace(pool({"a": 20, "b": 7, "abc": 73}), per_model={"family": np.array(["f", "f", "f"], object)}),
    )
    equal = replace(made, pairs=pairs._replace(same=np.array([0.5, 0.5, 0.5])))
    texts = said([made, alone, nobody, equal])
    tables = {"pairs": made.pairs_table(), "models": made.models_table(), "alone": alone.pairs_table()}
    keep("words_errors", [*texts, *lines(Result("", {}, tables=tables)), str(made.order), str(made.tree.round(3))])
    # Nine of the eleven that all fail: of the others one has an empty answer, the other nothing but those.
    assert made.alike_on_all_wrong == 9
