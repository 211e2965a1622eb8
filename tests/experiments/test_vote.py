"""`experiment=vote`: its sentences on both sides of every branch."""

from dataclasses import replace

import numpy as np
import pytest

from cofail_lab.decisions.vote_slopes import Slope
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.vote import VotesOfSets
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.vote import Votes
from tests.data.cells import grades_of
from tests.experiments.sources import Fixed

# 1 is wrong. Of six queries a misses the last, b 1 and 6, c 2, 3 and 6, d all but 1.
CELLS = [[0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 1], [1, 1, 1, 1]]


def read(cells=CELLS, answers=None, **parameters):
    columns = {} if answers is None else {"per_cell": {"answer": np.array(answers, dtype=object)}}
    grades = grades_of(cells, "123456789"[: len(cells)], "abcdefgh"[: len(cells[0])], **columns)
    return VotesOfSets(**parameters).run(Inputs(RunOptions(), source=lambda: Fixed(grades)))


def test_votes_by_hand():
    result = read()
    m = result.metrics
    # abc and abd: 5 of 6, as a alone; acd: 3; bcd: 3 against b's 4.
    assert m["vote_gain"] == pytest.approx(np.mean([0, 0, -2, -1]) / 6)
    assert m["vote_negative_share"] == 0.5
    assert (m["top_majority"], m["single_best"], m["oracle"]) == pytest.approx((5 / 6, 5 / 6, 5 / 6))
    assert result.headline == (
        "A majority of 3 models loses 12.5 points against the best of them, on average over all 4 sets; 50.0% of the "
        "votes are worse than their best member. The 3 most accurate models (a, b, c) are right together as often as "
        "the best of them alone."
    )
    assert result.labels["slope"] == "no_slope"
    assert m["plurality"] is None
    # Without answers a plurality is at worst the majority; at best it wins wherever one of three is right.
    assert (m["top_plurality_lower"], m["top_plurality_upper"]) == pytest.approx((5 / 6, 5 / 6))


def test_votes_that_gain():
    result = read(cells=[[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 0]])
    assert result.metrics["vote_gain"] == pytest.approx(0.25)
    # The best model is wrong on one of four queries, the vote on none: .25 and a standard error of .5 / 2.
    assert result.headline == (
        "The 3 most accurate models (a, b, c) gain 25.0 ± 25.0 points. There is no other set of 3."
    )
    assert (result.metrics["top_gain"], result.metrics["top_gain_error"]) == pytest.approx((0.25, 0.25))


def test_votes_that_change_nothing():
    result = read(cells=[[0, 0, 0, 0], [1, 1, 1, 1]])
    assert result.headline.startswith("A majority of 3 models neither gains nor loses against the best of them, on ")


def test_votes_of_all_sets_that_gain():
    result = read(cells=[[0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0]])
    assert result.headline.startswith("A majority of 3 models gains 25.0 points against the best of them")


def test_answers_make_pluralities_exact():
    cells = [[0, 1, 1], [0, 1, 1], [1, 1, 0]]
    # Two wrong members agree on the first query and differ on the second; on the third the wrong ones agree.
    answers = [["x", "y", "y"], ["x", "y", "z"], ["w", "w", "x"]]
    m = read(cells, answers).metrics
    assert m["plurality"] == m["top_plurality"] == pytest.approx((0 + 1 / 3 + 0) / 3)
    # a and b: 1 of 1; a and c: never both wrong; b and c: 1 of 2.
    assert m["agree_when_wrong"] == pytest.approx((1 + 0.5) / 2)


@pytest.mark.parametrize(
    ("published", "lower", "upper", "reading", "said"),
    [
        (0.3, -0.4, -0.1, "turns_negative", "but a confound"),
        (0.3, -0.4, 0.1, "vanishes", "cannot be distinguished from 0"),
        (0.3, 0.1, 0.4, "stays_positive", "positive as published, and with the quality gap"),
        (-0.3, -0.4, -0.1, "not_positive", "is not positive as published"),
    ],
)
def test_readings(published, lower, upper, reading, said):
    outcomes = Outcomes(np.array(CELLS, dtype=bool), tuple("123456"), tuple("abcd"), "made here")
    plain = Votes(outcomes, 3, None, Slope(published, 0.1, -1, 1, 0.01), None, (0, 1, 2), 0.8, (0.8, 0.9), None, None)
    assert plain.reading == "no_slope"
    votes = replace(plain, controlled=Slope((lower + upper) / 2, 0.1, lower, upper, 0.01))
    assert votes.reading == reading
    assert said in votes._about_slope()


@pytest.mark.parametrize(
    ("naive", "said"), [(0.02, "would be 2.6 times too narrow"), (0.049, None), (0.2, None), (0.0, None)]
)
def test_naive_limits_are_called_narrow_only_where_they_are(naive, said):
    """The limits are .2 wide; naive ones 3.92 standard errors."""
    outcomes = Outcomes(np.array(CELLS, dtype=bool), tuple("123456"), tuple("abcd"), "made here")
    slopes = Slope(0.3, 0.1, -1, 1, 0.01), Slope(-0.1, 0.1, -0.2, 0.0, naive)
    votes = Votes(outcomes, 3, None, *slopes, (0, 1, 2), 0.8, (0.8, 0.9), None, None)
    assert (said or "helps a vote.") in votes._about_slope()
    assert ("too narrow" in votes._about_slope()) == (said is not None)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"size": 2}, "experiment.size: 2"),
        ({"size": 4}, "experiment.size: 4; an odd number is accepted"),
        ({"size": 5}, "experiment.size: 5 of 4 models"),
        ({"at_most": 3}, "experiment.at_most: 3"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(InputError) as raised:
        read(**parameters)
    assert str(raised.value).startswith(message)


def test_the_plurality_of_the_best_is_not_that_of_all():
    """Two more models, always wrong with one answer, outvote the three best on the query where these agree."""
    cells = [[0, 0, 1, 1, 1], [0, 1, 0, 1, 1], [1, 0, 0, 1, 1]]
    m = read(cells, [["x", "x", "y", "y", "y"], ["x", "y", "x", "y", "y"], ["y", "x", "x", "y", "y"]]).metrics
    assert m["top_plurality"] == 1
    assert m["plurality"] == 0
