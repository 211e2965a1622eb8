"""Known truths and falsehoods come out as they are; errors of the check itself would be seen here."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from cofail_lab import models
from cofail_lab.claims.checking.check import Outcome, check, replay, sides
from cofail_lab.claims.checking.confirm import Second, second_look
from cofail_lab.claims.checking.proposition import Proposition, read
from cofail_lab.errors import InputError

CLAYTON, SHOCK = models.Clayton([0.4] * 5, 2.0), models.CommonShock(0.05, [0.3] * 5)
GROWS = "ratio_one_factor(m) > ratio_one_factor(m-1)"


def proposed(says: str, law: models.AbstractErrorLaw | None = None, **more: Any) -> Proposition:
    return read({"when": None, "over": None, "match": None, "tolerance": None, **more, "says": says}, law)


def checked(says: str, law: models.AbstractErrorLaw | None = None, n: int = 128, **more: Any) -> Outcome:
    return check(proposed(says, law, **more), n, 0)


def test_the_ratio_of_a_common_shock_grows() -> None:
    outcome = checked(GROWS, SHOCK, n=32)
    assert outcome.answer == "survived"
    assert outcome.n_searched > 500
    assert outcome.worst_margin is not None and 0 < outcome.worst_margin < 1e-5
    assert outcome.controls.negation_refuted and outcome.controls.shifted_refuted and not outcome.controls.emptiness


def test_clayton_near_the_boundary() -> None:
    """Divergence is not monotonicity: the published case."""
    near = proposed(GROWS, CLAYTON, when="tetrachoric < theta/(1+theta)")
    published = replay(near, {"theta": 2.154, "error_rate": 0.6, "m": 3.0})
    assert published.second.violated and published.second.how == "many digits"
    assert published.sides is not None
    assert published.sides.left == pytest.approx(0.99975, abs=5e-6)
    evaluator = near.at({"theta": np.array([2.154]), "error_rate": np.array([0.6]), "m": np.array([3.0])})
    assert near.when is not None
    left, right = (evaluator.number(part).middle()[0] for part in near.when.parts)  # type: ignore[union-attr]
    assert (left, right) == (pytest.approx(0.67930, abs=5e-6), pytest.approx(0.68294, abs=5e-6))
    # That the search finds such a point, and none with room to spare, is run by the test of docs/check.md.
    judged = proposed(GROWS, CLAYTON, when="tetrachoric < 0.9*theta/(1+theta)").judged(
        {"theta": np.array([2.154, 2.154]), "error_rate": np.array([0.6, 0.1]), "m": np.array([3.0, 3.0])}
    )
    assert judged.when.false[0] and not judged.violated.any()


def test_the_adversary_finds_what_the_design_misses() -> None:
    """A dent of a width of a thousandth, at the end of a slope."""
    dent = "(x - 0.7123)**2 + (y - 0.3217)**2 > 0.000001"
    outcome = checked(dent, n=16, over={"x": [0, 1], "y": [0, 1]})
    assert not outcome.judged.violated.any()
    assert outcome.answer == "refuted" and outcome.counterexample is not None
    case = outcome.counterexample.case
    assert case["x"] == pytest.approx(0.7123, abs=1e-3) and case["y"] == pytest.approx(0.3217, abs=1e-3)
    assert outcome.counterexample.second.how == "rationals"


def test_the_hypothesis_is_searched_along_its_edge() -> None:
    """It is violated only where the hypothesis barely holds."""
    outcome = checked("x + y < 0.9999", n=16, over={"x": [0, 1], "y": [0, 1]}, when="x + y < 1")
    assert outcome.answer == "refuted"
    assert checked("x + y <= 1", n=16, over={"x": [0, 1], "y": [0, 1]}, when="x + y <= 1").answer == "survived"


def test_a_counterexample_is_simple() -> None:
    outcome = checked("m < 57.5 or x < 0.31415", over={"x": [0.1, 1], "m": [3, 200]})
    assert outcome.counterexample is not None
    assert outcome.counterexample.case["m"] == 58
    assert len(repr(outcome.counterexample.case["x"])) <= 4


def test_a_statement_inside_its_error_is_undecided() -> None:
    equal = checked("ratio_one_factor(2) > 1", SHOCK, n=16, over={"shock": [0.05, 0.1], "base_error_rate": [0.2, 0.4]})
    assert equal.answer == "undecided" and equal.n_undecided > 0 and equal.counterexample is None


def test_more_digits_decide_what_floats_do_not() -> None:
    outcome = checked("x + 1e-15 > x", n=16, over={"x": 0.3})
    # A sum of floats does not show 1e-17; rationals do.
    tiny = checked("1/3 + x > x + 1/3 - 1e-18", n=16, over={"x": 0.3})
    assert outcome.answer == tiny.answer == "survived"
    assert tiny.n_resolved == 1


def test_false_only_in_more_digits() -> None:
    outcome = checked("1/3 + x > x + 1/3 + 1e-18", n=16, over={"x": 0.3})
    assert outcome.answer == "refuted" and outcome.counterexample is not None
    assert outcome.counterexample.second.how == "rationals"


@pytest.mark.parametrize(
    ("when", "answer", "emptiness"),
    [
        ("pearson > tetrachoric", "vacuous", "hypothesis_never"),
        ("m > 1", "survived", ""),
        ("m < 4", "survived", ""),
    ],
)
def test_a_hypothesis_that_never_holds_is_said(when: str, answer: str, emptiness: str) -> None:
    outcome = checked("all_wrong(m) <= error_rate", SHOCK, when=when)
    assert (outcome.answer, outcome.controls.emptiness) == (answer, emptiness)


def test_a_quantity_that_never_exists_is_said() -> None:
    outcome = checked("all_wrong(m - 300) > 0", SHOCK)
    assert (outcome.answer, outcome.controls.emptiness, outcome.not_defined) == ("vacuous", "never_defined", 1.0)


def test_a_box_in_which_nothing_varies_is_said() -> None:
    outcome = checked("shock < 2", SHOCK, over={"shock": 0.3, "base_error_rate": [0.1, 0.5], "m": [3, 9]})
    assert outcome.controls.emptiness == "nothing_varies" and not outcome.controls.shifted_refuted
    varying = checked("shock < 2", SHOCK, over={"shock": [0.3, 0.5], "base_error_rate": [0.1, 0.5], "m": [3, 9]})
    assert varying.controls.emptiness == "" and varying.controls.shifted_refuted


def test_laws_matched_by_rate_and_pair_have_them() -> None:
    names = ("shock", "clayton", "gaussian", "beta")
    same = " and ".join(f"{a}.pair == {b}.pair and {a}.error_rate == {b}.error_rate" for a, b in pairwise(names))
    # The driver is not matched itself: each of two is one.
    for law in (SHOCK, CLAYTON):
        assert checked(same, law, match=["error_rate", "pair"], tolerance=1e-9).answer == "survived"
    heavier = checked("shock.all_wrong(m) > clayton.all_wrong(m)", match=["error_rate", "pair"])
    assert heavier.answer == "survived"
    # Matched to the first, which is named first.
    lighter = checked("clayton.all_wrong(m) > shock.all_wrong(m)", match=["error_rate", "pair"])
    assert lighter.answer == "refuted" and lighter.counterexample is not None
    assert lighter.counterexample.second.how == "many digits"


def test_an_independent_law_of_the_same_rate_has_the_lightest_tail() -> None:
    assert checked("shock.all_wrong(m) > independent.all_wrong(m)", match=["error_rate"]).answer == "survived"


RISES = "implied_correlation(m) > implied_correlation(m-1)"
UNLIKE = {"shock": 0.41, "base_error_rates": [0.3, 0.99], "m": [3, 4]}
PUBLISHED = {"shock": 0.41, "base_error_rates": [0.45, 0.989, 0.373, 0.896], "m": 4.0}


def test_unlike_models_are_drawn() -> None:
    """By closed forms alone, which compile nothing."""
    outcome = checked("all_wrong(m) <= all_wrong(m-1)", SHOCK, n=32, over=UNLIKE)
    assert outcome.answer == "survived" and outcome.points["base_error_rates"].shape[1] == 4
    assert np.ptp(outcome.points["base_error_rates"], axis=1).max() > 0.1


@pytest.mark.slow
def test_a_counterexample_of_unlike_models_replays() -> None:
    proposition = proposed(RISES, SHOCK, over=UNLIKE)
    published = replay(proposition, PUBLISHED)
    assert published.sides is not None and published.second.violated
    assert (published.sides.left, published.sides.right) == (
        pytest.approx(0.528, abs=1e-3),
        pytest.approx(0.555, abs=1e-3),
    )


def test_a_law_without_a_closed_form_is_built() -> None:
    count = models.ExchangeableCount([0.25, 0, 0.75, 0])
    outcome = checked(
        "all_wrong(3) + 1e-9 > frechet_lower(3) and all_wrong(m) < pair + 1e-9", count, over={"m": [2, 3]}
    )
    assert outcome.answer == "survived"
    assert checked("all_wrong(3) > 0", count, over={"m": 3}).answer == "refuted"


def test_the_case_of_a_counterexample_says_the_same_again() -> None:
    proposition = proposed("all_wrong(m) >= frechet_upper(m)", SHOCK)
    outcome = check(proposition, 64, 0)
    assert outcome.counterexample is not None
    again = replay(proposition, outcome.counterexample.case)
    assert again == outcome.counterexample
    assert again.second.how == "rationals"


@pytest.mark.parametrize(
    ("says", "more", "said"),
    [
        ("alpah > 1", {}, "'alpah' is no quantity, formula or parameter"),
        ("all_wrng(m) > 0", {}, "did you mean all_wrong?"),
        ("shok.all_wrong(m) > 0", {}, "did you mean shock?"),
        ("all_wrong(m, 2) > 0", {}, "all_wrong of 2 numbers; it is all_wrong\\(m\\)"),
        ("k_star > 0", {}, "k_star of 0 numbers"),
        ("all_wrong(m) == 1", {}, "claim.tolerance: null"),
        ("all_wrong(m) == 1", {"tolerance": -1}, "claim.tolerance: -1"),
        ("clayton.all_wrong(m) > 0", {}, "has to share something"),
        ("clayton.all_wrong(m) > 0", {"match": ["theta"]}, r"\[error_rate\] and \[error_rate, pair\] are accepted"),
        ("clayton.all_wrong(m) > 0", {"match": ["error_rate"]}, "needs theta"),
        ("all_wrong(m) > 0", {"over": [1, 2]}, "is not a map"),
        ("all_wrong(m) > 0", {"over": {"base_error_rates": [0.1, 0.2], "m": [3, 200]}}, "at most 24"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_one_line(says: str, more: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        proposed(says, SHOCK, **more)


def test_numbers_alone_need_a_box_and_quantities_a_law() -> None:
    with pytest.raises(InputError, match=r"claim\.over: null"):
        proposed("critical_auc(0.7, 0.9, 0.85, 0.6) > 0.5")
    with pytest.raises(InputError, match="name one such as law=clayton"):
        proposed("all_wrong(m) > 0", None, over={"m": 3})


def test_a_second_look_at_an_equality_does_not_decide() -> None:
    assert second_look(proposed("ratio_one_factor(2) > 1", SHOCK), {"shock": 0.05, "base_error_rate": 0.3}).says is None


@pytest.mark.parametrize(("above", "expected"), [(0.106, True), (0.108, False)])
def test_unlike_models_are_seen_again_by_their_own_law(above: float, expected: bool) -> None:
    """.05 + .95 · .2 · .5 · .6 is .107; digits know models that are alike only."""
    proposition = proposed(f"all_wrong > {above}", SHOCK, over={"base_error_rates": [0.1, 0.9], "m": 3})
    second = second_look(proposition, {"base_error_rates": [0.2, 0.5, 0.6], "m": 3.0})
    assert second == Second(True, expected, "a second path")


def test_a_law_that_does_not_exist_is_seen_as_undecided() -> None:
    """No beta law has pairs that are independent, so that there is nothing to build at this point."""
    proposition = proposed("beta.all_wrong(3) > 0", models.Independent([0.3] * 3), match=["error_rate", "pair"])
    assert second_look(proposition, {"error_rate": 0.3, "m": 3.0}) == Second(None, None, "its own error")


def test_a_law_that_is_built_point_by_point_gets_one_in_64_of_the_points() -> None:
    """At least 32; of a net over one number, a few fall on the ends of the box."""
    slow = proposed("all_wrong(1) + x > 0", models.ExchangeableCount([0.5, 0.5]), over={"x": [0, 1], "m": 1})
    n_points = {n: check(slow, n, 0).n_points for n in (64, 64 * 64)}
    assert 30 <= n_points[64] <= 32 < 55 <= n_points[64 * 64] <= 64
    assert checked("all_wrong(2) + x > 0", SHOCK, n=64, over={"x": [0, 1]}).n_points == n_points[64 * 64]


def test_the_sides_of_a_comparison_are_middles_with_their_errors() -> None:
    """At two points, of which the first is shown."""
    points = {"shock": np.array([0.3, 0.4]), "base_error_rate": np.array([0.2, 0.1])}
    proposition = proposed("tetrachoric > 2 * shock * pair", SHOCK)
    found = sides(proposition, points)
    assert found is not None and found.symbol == ">"
    numbers = [proposition.at(points).number(part).floats() for part in proposition.says.parts]  # type: ignore[union-attr]
    for value, error, (low, high) in zip(found[:5:3], (found.left_error, found.right_error), numbers, strict=True):
        assert 0 < error < 1e-13
        assert value == pytest.approx((low[0] + high[0]) / 2, rel=1e-15, abs=0)
        assert error == pytest.approx((high[0] - low[0]) / 2, rel=1e-9, abs=0)
    assert sides(proposed("shock > 0 and pair > 0", SHOCK), points) is None


def test_where_the_adversary_ends_counts_as_much_as_the_design() -> None:
    """Near .3 both sides differ by less than float64 tells; no point of the design is that near."""
    outcome = checked("exp(x) * exp(-x) + (x - 0.3)**2 >= 1", over={"x": [0, 1]}, n=64)
    assert outcome.answer == "survived" and not outcome.judged.undecided.any() and outcome.n_resolved > 0
    assert outcome.worst_margin is not None and outcome.worst is not None
    assert outcome.worst_margin < 1e-12 < 1e-5 < outcome.judged.says.margin.min()
    assert outcome.worst["x"] == pytest.approx(0.3, abs=1e-6)
