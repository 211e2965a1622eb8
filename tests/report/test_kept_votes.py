"""Words about votes, their sizes, and repeated draws of one model: kept whole, for every branch."""

from dataclasses import replace
from typing import Any

import numpy as np

from cofail_lab.decisions.accuracy_band import BandSets
from cofail_lab.decisions.ensemble_size import Trial
from cofail_lab.decisions.self_moa import Matched as Draws
from cofail_lab.decisions.vote_slopes import Slope
from cofail_lab.report.ensemble_size import Part, Sized
from cofail_lab.report.self_moa import Compared, Names
from cofail_lab.result import Result
from tests.experiments.whole import keep, lines, said
from tests.report.by_hand import pool
from tests.report.reports import votes


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
