"""The rule for what is right."""

import math

import pytest

from cofail_lab.data.rule import Rule, amount, raw_score
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell
from tests.data.cells import ERROR, MISSING, RIGHT, UNSCORED, WRONG


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ("C", RIGHT),
        ("I", WRONG),
        ("N", UNSCORED),
        (None, UNSCORED),
        (math.nan, UNSCORED),
        (True, RIGHT),
        (0, WRONG),
        (1.0, RIGHT),
        ("1", RIGHT),
        ("0.0", WRONG),
        ("pass", RIGHT),
        ("Fail", WRONG),
        ("TRUE", RIGHT),
        ("nan", UNSCORED),
        ("error", ERROR),
        ("missing", MISSING),
    ],
)
def test_scores_that_need_no_threshold(value: object, state: Cell) -> None:
    assert Rule().state(value, "here") == state


@pytest.mark.parametrize("value", [0.5, "P", "partial", 2, -1, "0.999"])
def test_other_scores_need_one(value: object) -> None:
    with pytest.raises(InputError, match=r"neither 0 nor 1; data.threshold= says"):
        Rule().state(value, "log: line 3")
    assert Rule(threshold=0.5).state(value, "") == (WRONG if value == -1 else RIGHT)
    assert Rule(threshold=3).state(1, "") == WRONG  # also 1 is a score on another scale
    assert Rule(threshold=3).state(True, "") == RIGHT


@pytest.mark.parametrize("value", ["maybe", [1], {"a": 1}, math.inf, 10**400, "1e400", b"C", object()])
def test_what_is_no_score(value: object) -> None:
    with pytest.raises(InputError, match=r"log: line 3: .* is not a score") as error:
        Rule(threshold=0.5).state(value, "log: line 3")
    assert len(str(error.value)) < 200
    assert raw_score(value) is None


def test_the_scorer_is_chosen_never_guessed() -> None:
    assert Rule().choose(["acc"], "log") == "acc"
    assert Rule("f1").choose({"acc", "f1"}, "log") == "f1"
    with pytest.raises(InputError, match=r"2 scorers \(acc, f1\); choose with data.scorer="):
        Rule().choose(["f1", "acc"], "log")
    with pytest.raises(InputError, match="'bleu' is not in log, which has acc"):
        Rule("bleu").choose(["acc"], "log")
    for bad in ({"scorer": ""}, {"scorer": 3}, {"threshold": "x"}, {"threshold": math.nan}, {"threshold": True}):
        with pytest.raises(InputError, match=f"data.{next(iter(bad))}"):
            Rule(**bad)


def test_amounts() -> None:
    assert amount("2.5", "") == 2.5
    assert math.isnan(amount(None, ""))
    for bad in (-1, "x", True, [1], math.inf, 10**400):
        with pytest.raises(InputError, match="not a number >= 0 or empty"):
            amount(bad, "cost")


def test_a_task_without_a_choice_has_none() -> None:
    """The choice of another task says nothing about it; where there is one scorer only, none is needed."""
    rule = Rule({"gsm8k*": "em"})
    assert rule.choose(["em", "acc"], "log", "gsm8k_cot") == "em"
    with pytest.raises(InputError, match=r"2 scorers .acc, em.; choose with data.scorer="):
        rule.choose(["em", "acc"], "log", "mmlu")
    assert rule.choose(["acc"], "log", "mmlu") == "acc"


def test_a_number_too_long_to_print_is_said_to_be_one() -> None:
    with pytest.raises(InputError, match=r"^x: a number of thousands of digits is not a number >= 0 or empty$"):
        amount(-(10**5000), "x")
