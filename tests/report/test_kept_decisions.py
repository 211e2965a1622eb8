"""Words of what one decides by (votes, sets, releases, raters, policies): kept whole, for every branch."""

from collections.abc import Iterable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from cofail_lab.data.ratings import Ratings
from cofail_lab.data.regrading import Figures, Variant
from cofail_lab.decisions.accuracy_band import BandSets
from cofail_lab.decisions.ensemble_size import Trial
from cofail_lab.decisions.paired import Difference
from cofail_lab.decisions.rater_quality import Independence, Kappas, Limited, Quality
from cofail_lab.decisions.rater_votes import Own
from cofail_lab.decisions.release_history import Advantage, Arrivals, CheapestAtFloor, Timeline
from cofail_lab.decisions.self_moa import Matched as Draws
from cofail_lab.decisions.shared_errors import Alike, SharedErrors
from cofail_lab.decisions.vote_slopes import Slope
from cofail_lab.fitting.readings.matched import Matched
from cofail_lab.grades import Cell
from cofail_lab.report import churn, compare, compare_tables, raters_tables
from cofail_lab.report.churn import Churn, Option
from cofail_lab.report.ensemble_size import Part, Sized
from cofail_lab.report.errors import Errors
from cofail_lab.report.raters import Rated
from cofail_lab.report.self_moa import Compared, Names
from cofail_lab.result import Result
from tests.experiments.whole import keep, lines
from tests.report.by_hand import pool
from tests.report.test_words import selected, votes


def said(things: Iterable[Any], **more: Any) -> list[str]:
    """All that these say, but for their figures."""
    results = [
        Result(one.headline(), one.metrics(), one.labels() if hasattr(one, "labels") else {}, sections=one.sections())
        for one in things
    ]
    return [line for result in results for line in lines(result)] + [str(value) for value in more.values()]


def test_votes_and_their_slopes() -> None:
    gains, plain = [-0.02, 0.0, 0.008, 0.0], Slope(0.5, 0.1, 0.3, 0.7, 0.05)
    slopes = [(-0.3, 0.1), (-0.4, -0.1), (0.1, 0.4)]
    made = [votes(gains, Slope((low + high) / 2, 0.1, low, high, 0.02)) for low, high in slopes]
    made.append(replace(made[0], published=plain._replace(value=0.0)))
    made.append(votes(gains, Slope(0.2, 0.1, 0.1, 0.3, 0.095)))  # hardly too narrow
    made.append(votes(gains, Slope(0.2, 0.1, 0.1, 0.3, 0.0)))
    made.append(replace(votes([0.0]), published=None, top_plurality=(0.6, 0.6), plurality=0.7, agree_when_wrong=0.4))
    one = votes([0.01])
    made.append(replace(one, sets=one.sets._replace(n_all=1), top_majority=0.76))
    made.append(replace(one, sets=one.sets._replace(n_all=2, gain=np.array([0.01, 0.02])), top_majority=0.8))
    keep("words_vote", said(made))


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


SIZES = np.array([1, 3, 5])


def part(name: str | None, any_: list[float], best: list[float], **change: Any) -> Part:
    trials = [Trial(SIZES / 10, SIZES / 9, size, right, lost) for size, right, lost in ((1, 3, 0.02), (5, 1, 0.03))]
    made = Part(
        name,
        40,
        0.31,
        0.22,
        SIZES,
        np.array(any_),
        np.array(best),
        np.array([0.71, 0.72, 0.74]),
        np.array([0.8, 0.79, 0.78]),
        (trials[0], trials[1]),
        (trials[0], trials[0]._replace(size=2)),
        4,
        6,
        7,
        0.93,
    )
    return made._replace(**change)


def test_how_many_members_pay() -> None:
    one = part(None, [0.7, 0.75, 0.76], [0.8, 0.81, 0.82])
    vote = one._replace(cast_in_order=np.array([0.7, 0.8, 0.81]))
    some = [
        Sized(pool(), 0.01, one, (part("law", [0.7, 0.7, 0.7], [0.7, 0.75, 0.76], n_queries=12),)),
        Sized(pool(), 0.001, one, ()),
        Sized(pool(), 0.03, vote._replace(correlation=-0.1), ()),
        Sized(pool(), 0.02, vote._replace(predicted_any=np.array([0.7, 0.7, 0.7])), ()),
        Sized(pool(), 0.02, vote._replace(predicted_in_order=np.array([0.7, 0.71, 0.72])), ()),
    ]
    readings = [one.reading for one in some]
    tables = {"sizes": some[0].sizes_table(), "datasets": some[0].datasets_table()}
    keep("words_ensemble_size", [*said(some), str(readings), *lines(Result("", {}, tables=tables))])


def test_one_model_again_or_others() -> None:
    sets = BandSets(3, 9, np.array([0.1, 0.2]), np.array([0.01, 0.04]), 0.05, 0.02, 0.08)
    bands = ((0.05, sets._replace(size=5, n_all=1, at_no_gap=None)), (0.1, sets._replace(n_all=7)), (0.05, sets))
    draws = Draws((1, 2), 0.7, 0.75, 0.81, 0.82, 0.61, 0.62, 0.01, 0.09)  # type: ignore[arg-type]
    names = Names((("a",), ("b",)), (("a", "c"), ("a", "c")))
    first = Compared(pool(), 3, 0.05, draws, names, bands)
    answers = replace(pool(), per_cell={"answer": np.full((100, 3), "x", object)}, notes=("A note.",))
    runs = replace(first, outcomes=answers, bands=(), matched=draws._replace(choices=(), lower=-0.02))
    some = [
        first,
        replace(first, matched=draws._replace(lower=-0.09, upper=-0.01, mixed_accuracy=0.65, choices=(1,))),  # type: ignore[arg-type]
        replace(first, matched=draws._replace(lower=0.0, mixed_accuracy=0.7)),
        runs,
        replace(runs, outcomes=pool()),
    ]
    keep("words_self_moa", [*said(some), *lines(Result("", {}, tables={"sets": first.table()}))])


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


def history(**change: Any) -> Churn:
    """a and b on the first day, c 400 days later; one commits on day 30."""
    line = Timeline(np.array([0, 1, 2]), np.array([0, 20, 400]), np.array([0, 1, 2]), np.array([True, True, False]), 30)
    made: dict[str, Any] = {
        "outcomes": replace(pool(), notes=("A note.",)),
        "line": line,
        "released": np.array(["2024-01-01", "2024-01-21", "2025-02-04"], object),
        "accuracy": np.array([0.6, 0.7, 0.8]),
        "observed": Advantage(np.array([0.6, 0.7, 0.8]), np.array(0.7), np.array(0.1), np.array(0.02)),
        "resampled": Advantage(
            np.zeros((5, 3)),
            np.zeros(5),
            np.array([0.05, 0.1, 0.12, 0.2, 0.3]),
            np.array([0.01, 0.02, 0.03, 0.04, 0.05]),
        ),
        "split": Advantage(np.array([0.59, 0.68, 0.77]), np.array(0.69), np.array(0.08), np.array(0.015)),
        "adopted": np.array([0, 1, 2]),
        "ceiling": np.array([0.6, 0.8, 0.89]),
        "arrived": Arrivals(1.9, 0.3, 6.2, np.array([0.1, 0.1]), 0.1, 0.04, 0.11, 0.1),
        "normal": Option(0.7, 0.3),
        "empirical": Option(0.6, 0.2),
        "floor": 0.65,
        "dollars": CheapestAtFloor(np.array([-1, 1, 2]), np.array([np.nan, 0.02, 0.01])),
    }
    return Churn(**made | change)


def test_a_history_of_releases() -> None:
    first = history()
    worse = replace(first, observed=first.observed._replace(final=np.array(0.0)))
    none = np.array([-0.3, -0.2, -0.1, -0.05, -0.01])
    later = first.line._replace(commit_day=1, day=np.array([0, 1, 2]))
    some = [
        first,
        replace(first, split=first.split._replace(mean=np.array(-0.01)), dollars=None),
        replace(first, resampled=first.resampled._replace(mean=none + 0.2), line=later),
        replace(worse, line=later._replace(commit_day=0, early=np.array([True, False, False]))),
        replace(worse, resampled=first.resampled._replace(final=none)),
        history(normal=None, dollars=CheapestAtFloor(np.array([-1, -1, -1]), np.full(3, np.nan))),
        history(arrived=first.arrived._replace(expected_empirical=0.0)),
        replace(first, line=later, adopted=np.array([0, 0, 2]), outcomes=pool()),
    ]
    tables = {"models": first.table(), "no_dollars": some[1].table()}
    keep("words_churn", [*said(some), *lines(Result("", {}, tables=tables))])
    assert [one.reading for one in some[:4]] == ["adopting_gains", "cannot_tell", "cannot_tell", "nothing_newer"]
    assert churn._limits(np.arange(1001.0)) == (25.0, 975.0)
    even = replace(worse, resampled=first.resampled._replace(final=np.zeros(5)))
    assert even.headline().endswith("by committing to it.")


def test_models_of_one_release_day_have_the_numbers_of_that_day() -> None:
    line = Timeline(np.array([2, 0, 1]), np.array([0, 0, 400]), np.array([0, 2]), np.array([True, True, False]), 30)
    first = history(
        line=line, ceiling=np.array([0.8, 0.89]), dollars=CheapestAtFloor(np.array([1, 2]), np.array([2.0, 1]))
    )
    first = replace(
        first,
        observed=first.observed._replace(frontier=np.array([0.7, 0.8])),
        split=first.split._replace(frontier=np.array([0.68, 0.77])),
    )
    table = first.table().to_pydict()
    assert table["frontier"] == [0.7, 0.7, 0.8] and table["frontier_heldout"] == [0.68, 0.68, 0.77]
    assert table["ceiling"] == [0.8, 0.8, 0.89] and table["dollars_per_right"] == [2.0, 2.0, 1.0]
    assert table["released"] == ["2025-02-04", "2024-01-01", "2024-01-21"] and table["day"] == [0, 0, 400]


def conditions(own: list[float], crossed: list[float], spread: float = 0.0, **change: Any) -> compare.Compared:
    """Ratios of β observed to predicted, at the own and at the other's correlation; of resamples with a spread."""
    grades: Any = SimpleNamespace(queries=tuple("wxyz"), models=("a", "b", "c"), source="one.csv")
    observed = np.array([0.1, 0.2])

    def of(b: int) -> Matched:
        factors = np.stack([np.ones(b), np.linspace(1 - spread, 1 + spread, b)]) if b > 1 else np.ones((2, 1))
        stack = lambda values: np.repeat(np.array(values)[:, None], b, axis=1) * factors  # noqa: E731
        seen = np.repeat(observed[:, None], b, axis=1)
        return Matched(stack([0.3, 0.45]), seen, stack(observed / np.array(own)), stack(observed / np.array(crossed)))

    figures = [
        Figures(100, 10, 0.1, 0.05, 0.18, 0.7, 0.2, 0.3, 0.28, 0.1),
        Figures(100, 20, 0.2, 0.13, 0.29, 0.65, 0.15, 0.25, 0.22, 0.05),
    ]
    models = tuple(
        compare.ModelChange(name, 0.7, 0.7 + by, Difference(by, by - 0.03, by + 0.04, 9, 4, 0.02), p)
        for name, by, p in (("a", 0.05, 0.04), ("b", -0.1, 0.0004), ("c", 0.01, 0.05))
    )
    made: dict[str, Any] = {
        "first": grades,
        "second": SimpleNamespace(queries=tuple("pqrs"), models=("a", "b"), source="two.csv"),
        "pool": "shared",
        "n_incomplete": 0,
        "figures": tuple(figures),
        "all_wrong": Difference(0.1, 0.02, 0.18, 14, 4, 0.03),
        "gain_limits": (-0.2, 0.12),
        "matched": of(1),
        "drawn": of(40),
        "models": models,
        "notes": ("A note.", "A note.", "Another."),
    }
    return compare.Compared(**made | change)


def test_two_conditions() -> None:
    plain = conditions([1.5, 3.0], [1.4, 2.0])
    # Three of forty resamples without a ratio are more than one of twenty, two are not.
    lost = plain.drawn.predicted.copy()
    lost[0, :3] = np.nan
    some = [
        plain,
        conditions([1.5, 3.0], [1.4, 1.2], pool="all", n_incomplete=3),
        conditions([3.0, 1.5], [1.4, 2.0]),
        conditions([3.0, 1.5], [1.4, 4.0], models=()),
        conditions([2.0, 2.0], [1.4, 4.0]),
        replace(plain, drawn=plain.drawn._replace(predicted=lost)),
        replace(plain, all_wrong=plain.all_wrong._replace(p=0.0004)),
        # Of limits 20% to either side those of 1.07 and .93 hold 1, and so do those of 1.1 and .9 at the own one.
        conditions([1.5, 3.0], [1.4, 1.6], 0.2),
        conditions([3.0, 1.5], [1.4, 2.8], 0.2),
        conditions([3.0, 3.3], [1.4, 2.8], 0.2),
        conditions([3.0, 2.7], [1.4, 2.8], 0.2),
    ]
    keep("words_compare", said(some))
    assert [one.tail for one in some[:6]] == ["fatter", "correlation", "thinner", "correlation", "same", "no_ratio"]
    assert [one.tail for one in some[7:]] == ["correlation", "correlation", "same", "same"]
    two = plain.drawn.predicted.copy()
    two[0, :2] = np.nan
    assert replace(plain, drawn=plain.drawn._replace(predicted=two)).tail == "fatter"


def test_tables_of_two_conditions() -> None:
    """Right of three models 0, 1, 3 and 0, of two 0, 2, 1 and 1: changes 0, 2/3, -1/2 and 1/2 of the models."""
    cells = [np.array([[1, 1, 1], [0, 1, 1], [0, 0, 0], [1, 1, 2]]), np.array([[1, 1], [0, 0], [1, 0], [0, 3]])]
    states = np.array([Cell.RIGHT, Cell.WRONG, Cell.UNSCORED, Cell.ERROR])
    sides: list[Any] = [
        SimpleNamespace(cells=states[one], queries=names, models=models)
        for one, names, models in zip(cells, ("wxyz", "pqrs"), ("abc", "ab"), strict=True)
    ]
    made = conditions([1.5, 3.0], [1.4, 2.0], first=sides[0], second=sides[1])
    rows = compare_tables.queries_table(made).to_pylist()
    assert [(row["query"], row["query_second"], row["all_wrong"]) for row in rows] == [
        ("x", "q", "no"),
        ("y", "r", "no"),
        ("z", "s", "first"),
        ("w", "p", "both"),
    ]
    assert [row["change"] for row in rows] == pytest.approx([2 / 3, -1 / 2, 1 / 2, 0])
    assert [(row["n_right_first"], row["n_right_second"]) for row in rows] == [(1, 2), (3, 1), (0, 1), (0, 0)]
    turned = compare_tables.queries_table(replace(made, first=sides[1], second=sides[0])).to_pylist()
    assert [row["all_wrong"] for row in turned] == ["no", "no", "second", "both"]
    model = compare_tables.models_table(made).to_pylist()[1]
    numbers = {"first": 0.7, "second": 0.6, "change": -0.1, "change_lower": -0.13, "change_upper": -0.06}
    numbers |= {"n_gained": 9, "n_lost": 4, "p_value": 0.02, "p_holm": 0.0004}
    assert model.pop("model") == "b" and model == pytest.approx(numbers)


def rated(**change: Any) -> Rated:
    """Four items; of three raters the last leaves one out."""
    labels = np.array([[0, 0, 0], [1, 1, 0], [1, 0, -1], [0, 0, 0]])
    three = tuple(Limited(*values) for values in ((0.4, 0.2, 0.6), (0.35, 0.1, 0.5), (None,)))
    ratings = Ratings(
        ("q1", "q2", "q3", "q4"),
        None,
        ("ann", "bob", "cy"),
        labels,
        ("yes", "no"),
        np.array([True, False]),
        np.array([0, 1, 1, -1]),
        "votes.csv",
        ("A note.",),
    )
    own = np.array([[0.9, 0.8], [0.85, 0.7], [0.6, 0.95]])
    fitted: Any = SimpleNamespace(own=own, prevalence=np.array([0.55, 0.45]))
    limited = [[Limited(value, value - 0.1, value + 0.05) for value in row] for row in own]
    made: dict[str, Any] = {
        "ratings": ratings,
        "ties": "wrong",
        "rated": np.array([[4, 4, 3], [4, 4, 3], [3, 3, 3]]),
        "agreed": np.array([[4, 3, 2], [3, 4, 2], [2, 2, 3]]),
        "n_rated": 4,
        "n_agreed": 2,
        "kappas": Kappas(three[0], three[1], {(0, 1): three[0], (0, 2): three[1], (1, 2): three[2]}),
        "quality": Quality(fitted, 0.07, limited),
        "independence": Independence(
            Limited(0.25, 0.1, 0.4), Limited(1.9, 1.4, 2.6), 0.8, 0.85, Limited(0.05, -0.02, 0.11), 0.82, 3
        ),
        "with_others": np.array([0.75, np.nan, 0.5]),
        "outcomes": {},
        "own": None,
    }
    return Rated(**made | change)


def test_raters() -> None:
    plain = rated()
    figures = [Figures(30, k, k / 30, 0.01 * k, 0.03 * k, 0.7, 0.1, 0.2, 0.19, 0.02) for k in (3, 6, 9)]
    rules = ("majority", "unanimous", "lenient")
    outcomes = {rule: Variant(rule, one) for rule, one in zip(rules, figures, strict=True)}
    two = replace(plain.ratings, raters=("ann", "bob"), labels=plain.ratings.labels[:, :2])
    free = plain.independence
    assert free is not None
    some = [
        plain,
        rated(outcomes=outcomes, own=Own(12, 5, 4, 2, 3, 0.125)),
        rated(outcomes=dict([*outcomes.items()][:1]), own=Own(12, 5, 4, 2, 3, -0.125), quality=None),
        rated(
            outcomes={"majority": Variant("majority", Figures(), "too few"), "unanimous": outcomes["unanimous"]},
            own=Own(12, 5, 4, 2, 3, None),
        ),
        rated(own=Own(12, 5, 4, 2, 3, 0.0), outcomes=outcomes, independence=free._replace(shortfall=Limited(-0.05))),
        rated(ratings=two, rated=np.full((2, 2), 4), independence=None, quality=None, with_others=np.ones(2)),
        rated(ratings=replace(plain.ratings, queries=("q1", "q1", "q2", "q2"), right=None), with_others=None),
        rated(
            ratings=replace(plain.ratings, right=np.array([True, True]), truth=None),
            kappas=plain.kappas._replace(fleiss=Limited(None)),
            n_rated=0,
            quality=plain.quality._replace(residual=None) if plain.quality else None,
        ),
    ]
    tables = {f"raters_{i}": raters_tables.raters_table(one) for i, one in enumerate(some)}
    tables["pairs"] = raters_tables.pairs_table(rated(rated=np.diag([4, 4, 3])))
    tables["pairs_all"] = raters_tables.pairs_table(plain)
    tables["items"] = raters_tables.items_table(plain.ratings, {"majority": np.array([1, 0, -1, 1])})
    keep("words_raters", [*said(some), *lines(Result("", {}, tables=tables))])
    # Pairs (4, 3, 3) agree on (3, 2, 2) of them.
    assert plain.agreement == 0.7 and rated(rated=np.zeros((3, 3), int)).agreement is None
