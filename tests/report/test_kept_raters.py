"""Words and tables about raters: kept whole, for every branch."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from cofail_lab.data.ratings import Ratings
from cofail_lab.data.regrading import Figures, Variant
from cofail_lab.decisions.rater_quality import Independence, Kappas, Limited, Quality
from cofail_lab.decisions.rater_votes import Own
from cofail_lab.report import raters_tables
from cofail_lab.report.raters import Rated
from cofail_lab.result import Result
from tests.experiments.whole import keep, lines, said


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


def test_queries_limit_and_not_their_items() -> None:
    """Nine queries are too few for resamples, ten are enough; ten answers to five queries are five queries."""
    few = []
    for queries in ("abcdefghi", "abcdefghij", "aabbccddee"):
        ratings = replace(rated().ratings, queries=tuple(queries), labels=np.zeros((len(queries), 3), int), truth=None)
        few.append(bool(rated(ratings=ratings)._about_limits()))
    assert few == [True, False, True]
