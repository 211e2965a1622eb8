"""Figures of rare values: what is off a scale, what was not judged, and scales that turn logarithmic."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.decisions import budget_frontier
from cofail_lab.estimate import Estimate
from cofail_lab.report.figures.frontier import cost_frontier
from cofail_lab.report.figures.laws import law_comparison
from cofail_lab.report.figures.null import null_calibration
from cofail_lab.report.figures.policies import dollars
from cofail_lab.report.figures.refutation import refutation
from cofail_lab.report.figures.selection import selection
from cofail_lab.report.figures.self_moa import self_moa
from cofail_lab.report.figures.sweep import Plan, _map, plan, small_multiples
from cofail_lab.report.figures.tail_curve import tail_curve
from tests.report.by_hand import null
from tests.report.figures.test_drawn import ends, line
from tests.report.fit.test_law_comparison import CLAYTON, FACTOR, compared
from tests.report.reports import contest, score


def predicting(value: float, **more: Any) -> Any:
    return replace(CLAYTON, predicted=Estimate(value, 0.0, "exact"), log_predicted=float(np.log(value)), **more)


def test_a_prediction_off_the_scale_is_an_arrow_with_its_power_of_ten() -> None:
    """1.1e-9 of an observed .11 is 10⁻⁸ of it; the other law has 5/11."""
    left, right = law_comparison(compared(FACTOR, predicting(1.1e-9))).axes[:2]
    assert [text.get_text() for text in right.texts] == ["◂ 10^-8"]
    assert right.texts[0].xy == (0, 1) and not left.texts  # type: ignore[attr-defined]
    assert [at[0] for at in ends(right) if len(at) == 1] == pytest.approx([5 / 11])
    unknown = replace(CLAYTON, predicted=Estimate(None, None, "exact"), log_predicted=None)
    right = law_comparison(compared(FACTOR, unknown)).axes[1]
    assert [text.get_text() for text in right.texts] == ["◂ "]


def test_predictions_far_apart_are_on_decades_with_few_ticks() -> None:
    """.05 and .0011 of .11: from .8 · .01 to 1.25 times the observed rate, a factor of 156."""
    right = law_comparison(compared(FACTOR, predicting(0.0011))).axes[1]
    assert right.get_xlim() == pytest.approx((0.008, 1.25))
    assert 0.01 in right.get_xticks() and 0.5 not in right.get_xticks()
    right = law_comparison(compared(FACTOR, CLAYTON)).axes[1]
    assert right.get_xticks().tolist() == [0.5, 0.7, 1]


def test_where_nobody_failed_all_predictions_are_rates() -> None:
    none = replace(compared(FACTOR, CLAYTON), observed=0.0)
    right = law_comparison(none).axes[1]
    assert right.get_xlabel() == "predicted β (none observed) (log scale)"
    assert right.get_xlim() == pytest.approx((0.04, 0.0625))
    assert [at[0] for at in ends(right)] == [0.05, 0.05]  # no line at 1
    assert law_comparison(compared(FACTOR, CLAYTON)).axes[1].get_xlabel() == "predicted β / observed β (log scale)"


def test_a_law_that_was_not_judged_says_so() -> None:
    left = law_comparison(compared(FACTOR, replace(CLAYTON, difference=None, difference_error=None))).axes[0]
    assert [text.get_text() for text in left.texts] == ["not judged"]
    assert left.texts[0].xy == (1, 1)  # type: ignore[attr-defined]


def test_sweeps_over_decades_have_scales_of_decades() -> None:
    wide = {"x": [1, 10, 100, 10_000]}
    drawn = small_multiples(plan(wide), {"narrow": [1.0, 2, 3, 4], "wide": [1e-6, 1e-3, 1, 1e3]})
    scales = [(axes.get_xscale(), axes.get_yscale()) for axes in drawn.axes]
    assert scales == [("log", "linear"), ("log", "log")]
    assert len(drawn.axes[1].get_yticks()) <= 7 and not len(drawn.axes[1].yaxis.get_minorticklocs())
    drawn.canvas.draw()
    assert "0.0001" in [text.get_text() for text in drawn.axes[1].get_yticklabels()]
    three = small_multiples(plan({"x": [1, 2, 3, 4]}), {"gain": [1.0, 10, 100, 700]}).axes[0]
    assert three.get_yscale() == "log" and not len(three.yaxis.get_minorticklocs())
    narrow = small_multiples(plan({"x": [1, 2, 3]}), {"gain": [0.0, 1e-6, 1.0]}).axes[0]
    assert (narrow.get_xscale(), narrow.get_yscale()) == ("linear", "linear")


def test_names_stand_below_the_last_panel_of_a_column() -> None:
    named = {"law": ["clayton", "shock", "beta"]}
    drawn = small_multiples(plan(named), {name: [0.1, 0.2, 0.3] for name in ("a", "b", "c", "d", "e")})
    below = [bool(axes.get_xlabel()) for axes in drawn.axes]
    shown = [axes.xaxis.get_tick_params()["labelbottom"] for axes in drawn.axes]
    assert shown == below and below.count(False) >= 1 and below[-1]


def test_maps_of_one_row_share_their_bar_of_colours() -> None:
    """Two values of a third axis: two maps, and one bar beside the last of them."""
    grid = {
        "x": [k % 2 for k in range(48)],
        "y": [k // 2 % 12 for k in range(48)],
        "z": ["p"] * 24 + ["q"] * 24,
    }
    drawn = small_multiples(plan(grid), {"gain": [float(k) for k in range(48)]})
    maps = [axes for axes in drawn.axes if axes.get_title()]
    assert [axes.get_title().splitlines()[0] for axes in maps] == ["z = p", "z = q"]
    assert len(drawn.axes) == 3
    bare = Plan(("x", [0, 1]), None, None, True, "")
    with pytest.raises(ValueError, match=r"^a map needs two axes$"):
        _map(maps[0], bare, np.zeros(2), np.ones(2, bool))


def test_policies_without_costs_are_not_in_dollars() -> None:
    right = np.array([[True, False], [True, True], [False, False]])
    fight = contest(score("ridge", 0.022), score("free", 0.031, cost=None))
    fight.trials.graded.__dict__.update(accuracy=right.mean(axis=0), right=right, cost=None)
    with pytest.raises(ValueError, match=r"^contest: no costs to draw$"):
        dollars(fight, 0.67)
    fight.trials.graded.__dict__.update(cost=np.array([[3.0, 1.0]] * 3))
    labels = [str(one.get_label()) for one in dollars(fight, 0.67).axes[0].lines]
    assert "ridge" in labels and not [label for label in labels if label.startswith("free")]


def test_a_free_model_leaves_costs_on_a_linear_scale() -> None:
    accuracy = np.array([0.6, 0.9])
    for cheapest, scale in ((1.0, "log"), (0.0, "linear")):
        cost = np.array([cheapest, 4.0])
        frontier = budget_frontier(accuracy[None], cost, np.ones(1))
        assert cost_frontier(frontier, None, cost, accuracy).axes[0].get_xscale() == scale


def test_a_selection_without_best_sets_has_the_greedy_ones() -> None:
    axes = selection([48, 18, 11], {}, (2, 18), 11, 100).axes[0]
    assert line(axes, "greedy")[1] == [0.48, 0.18, 0.11]
    assert not [one for one in axes.lines if one.get_label() == "best set"]


def test_a_null_without_a_ratio_has_its_bar_and_p_value() -> None:
    test = null().tests["one_factor", "one_factor"]
    axes = null_calibration(["one factor"], [test], [None], [None], 0.9).axes[0]
    assert ends(axes) == [[1.2, 1.2], [1, 1]] and axes.texts[0].get_text() == "0.071"


def test_bands_without_a_regression_are_points() -> None:
    sets = SimpleNamespace(gap=np.array([0.01, 0.02]), difference=np.array([0.0, -0.01]), size=3)
    matched: Any = SimpleNamespace(self_single=0.8, mixed_single=0.79, lower=-0.02, upper=0.03, difference=0.01)
    drawn = {}
    for limits in ((0.005, 0.0, 0.01), (None, None, None), (0.005, None, None)):
        sets.at_no_gap, sets.lower, sets.upper = limits
        drawn[limits] = len(self_moa([sets], matched, 3).axes[0].lines)  # type: ignore[list-item]
    assert list(drawn.values()) == [5, 4, 4]


def test_a_curve_without_simulated_rates_has_its_lines_alone() -> None:
    curve = {"pool_size": np.array([2, 3])} | {
        key: np.log([0.1, 0.05]) for key in ("log_all_wrong", "log_one_factor", "log_one_factor_pearson")
    }
    bare = tail_curve(curve).axes[0]
    seen = tail_curve(curve | {"simulated": np.array([0.1, 0.05]), "simulated_error": np.array([0.01, 0.01])}).axes[0]
    assert (len(bare.containers), len(seen.containers)) == (0, 1)
    assert line(bare, "law")[1] == pytest.approx(np.log10([0.1, 0.05]))


@pytest.mark.parametrize(("near", "formatted"), [(1e-3, True), (1e-7, False)])
def test_a_line_of_numbers_that_hardly_differ_keeps_its_offset(near: float, formatted: bool) -> None:
    """Six digits would show all of them alike."""
    axes = refutation((1000.0, 1000.0), (1000.0 + 1000 * near, 1000.0 + 1000 * near)).axes[0]
    assert (type(axes.xaxis.get_major_formatter()).__name__ == "FuncFormatter") is formatted
