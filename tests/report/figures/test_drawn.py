"""Figures of experiments show the numbers that they were given, each on its own axis and under its own name."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from cofail_lab.bounds.moment_ladder import Rung
from cofail_lab.decisions import budget_frontier
from cofail_lab.decisions.vote_slopes import VoteSets
from cofail_lab.fitting.readings.regimes import PoolRegime
from cofail_lab.report.figures.bounds import moment_ladder
from cofail_lab.report.figures.cascade import cascade
from cofail_lab.report.figures.fit import wrong_count_distribution
from cofail_lab.report.figures.frontier import cost_frontier
from cofail_lab.report.figures.laws import law_comparison
from cofail_lab.report.figures.null import null_calibration, pool_size_scan, regime_map
from cofail_lab.report.figures.plan import success_probability
from cofail_lab.report.figures.policies import dollars, gains
from cofail_lab.report.figures.selection import selection
from cofail_lab.report.figures.style import decades
from cofail_lab.report.figures.sweep import _distinct, _positions, plan, small_multiples
from cofail_lab.report.figures.tail_curve import tail_curve, underpricing
from cofail_lab.report.figures.vote import votes
from tests.report.by_hand import SCAN, null
from tests.report.fit.test_law_comparison import CLAYTON, FACTOR, compared
from tests.report.reports import contest, reading, score


def line(axes: Axes, label: str) -> tuple[list[float], list[float]]:
    """The points of the line with this label."""
    (found,) = (one for one in axes.lines if str(one.get_label()).startswith(label))
    return list(np.asarray(found.get_xdata(), float)), list(np.asarray(found.get_ydata(), float))


def ends(axes: Axes, colour: str | None = None) -> list[list[float]]:
    """The places along the x axis of every line, or of those of a colour."""
    chosen = (one for one in axes.lines if colour is None or one.get_color() == colour)
    return [list(np.atleast_1d(np.asarray(one.get_xdata(), float))) for one in chosen]


def test_bounds_plan_and_frontier() -> None:
    ladder = [Rung(k, low, high, None, None) for k, low, high in ((1, 0.0, 0.3), (2, 0.1, 0.2))]  # type: ignore[call-arg]
    axes = moment_ladder(ladder, 0.15).axes[0]
    assert line(axes, "largest possible") == ([1, 2], [0.3, 0.2])
    assert line(axes, "smallest possible") == ([1, 2], [0.0, 0.1])
    axes = success_probability(np.array([10, 20]), np.array([0.3, 0.9]), 0.8).axes[0]
    assert list(axes.lines[0].get_ydata()) == [0.8, 0.8]
    assert list(axes.lines[1].get_xdata()) == [10, 20]
    cost, accuracy = np.array([1.0, 4.0]), np.array([0.6, 0.9])
    frontier = budget_frontier(accuracy[None], cost, np.ones(1))
    axes = cost_frontier(frontier, None, cost, accuracy).axes[0]
    assert line(axes, "models") == ([1, 4], [0.6, 0.9]) and line(axes, "perfect router") == ([1, 4], [0.6, 0.9])


def test_a_law_is_said_with_what_it_gives_all_wrong() -> None:
    law = {"one factor": np.array([0.4, 0.3, 0.2, 0.1])}
    legend = wrong_count_distribution(np.array([0, 0, 1, 3]), 3, law).axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "observed, all 3 wrong: 1 of 4 queries (25.0%)",
        "one factor: 10.0%",
    ]


def test_a_selection_marks_what_is_kept() -> None:
    axes = selection([48, 18, 11], {2: 17}, (2, 17), 11, 100).axes[0]
    assert line(axes, "kept") == ([2], [0.17]) and line(axes, "greedy") == ([1, 2, 3], [0.48, 0.18, 0.11])
    assert line(axes, "all 3 models")[1] == [0.11, 0.11]


def test_a_cascade_has_one_gap_under_each_name() -> None:
    read = reading()
    read.curve.gaps = np.array([0.0, 0.02, 0.03, 0.0])
    axes = cascade(read).axes[0]
    assert line(axes, "over random")[1] == [0.0, 0.02, 0.03, 0.0]
    assert line(axes, "over mixing")[1] == pytest.approx([0.0, 0.0045, -0.0123, -0.1])
    # Deferral is 0.77 points over the threshold, which is 3.12 over random escalation.
    assert line(axes, "deferral")[1] == pytest.approx([0.0389])


def test_policies_in_points_and_dollars() -> None:
    made = [score("ridge", 0.022), score("knn", 0.031)]
    axes = gains(made).axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["ridge", "knn"]
    assert [at[0] for at in ends(axes) if len(at) == 1] == pytest.approx([2.2, 3.1])
    right = np.array([[True, False], [True, True], [False, False]])
    priced: Any = SimpleNamespace(cost=np.array([[3.0, 1.0]] * 3), accuracy=right.mean(axis=0), right=right)
    fight = contest(*made)
    fight.trials.graded.__dict__.update(priced.__dict__)
    axes = dollars(fight, 0.67).axes[0]
    assert line(axes, "1 − β")[1] == [0.67, 0.67]
    assert line(axes, "ridge") == ([2.5], pytest.approx([0.822])) and line(axes, "single best") == ([10], [0.8])


def test_tail_curves_on_decades() -> None:
    logs = {
        name: np.log(10.0) * np.array([-1.0, -2.0]) * k
        for k, name in enumerate(
            (
                "log_all_wrong",
                "log_one_factor",
                "log_one_factor_pearson",
                "log_ratio_one_factor",
                "log_ratio_one_factor_pearson",
            ),
            1,
        )
    }
    curve = {"pool_size": np.array([2, 8]), **logs, "implied_correlation": np.array([0.3, 0.4])}
    curve |= {"tetrachoric": np.array([0.2, 0.25]), "simulated": np.full(2, 0.1), "simulated_error": np.full(2, 0.01)}
    axes = tail_curve(curve).axes[0]
    for k, name in enumerate(("law", "one factor, tetrachoric", "one factor, Pearson"), 1):
        assert line(axes, name)[1] == pytest.approx([-k, -2 * k])
    low, high = axes.collections[0].get_segments()[0][:, 1]  # type: ignore[attr-defined]
    assert (10**low, 10**high) == pytest.approx((0.1 - 0.0196, 0.1 + 0.0196))
    axes = underpricing(curve).axes[0]
    assert line(axes, "ratio, tetrachoric")[1] == pytest.approx([-4, -8])
    assert line(axes, "ratio, Pearson")[1] == pytest.approx([-5, -10])


def test_votes_stand_at_the_mean_accuracy_of_their_members() -> None:
    sets = VoteSets(
        np.array([[0, 1, 2]] * 2),
        np.array([0.75, 0.7]),
        np.array([0.01, -0.02]),
        np.array([0.2, 0.3]),
        np.array([0.24, 0.26]),
        np.array([0.13, 0.1]),
        2,
    )
    left, right = votes(sets, 3).axes[:2]
    assert list(left.lines[0].get_xdata()) == pytest.approx([0.63, 0.64])
    assert list(np.asarray(right.collections[0].get_offsets(), float)[:, 1]) == pytest.approx([1, -2])


def test_a_null_shows_its_middle() -> None:
    test = null().tests["one_factor", "one_factor"]
    axes = null_calibration(["one factor"], [test], [2.0], [(1.5, 3.0)], 0.9).axes[0]
    assert ends(axes, "#555555") == [[1.2, 1.2]]
    bar = axes.containers[0][0]
    assert (bar.get_x(), bar.get_x() + bar.get_width()) == pytest.approx((0.83, 2.6))  # type: ignore[union-attr]
    assert [1.5, 3.0] in ends(axes) and [2.0] in ends(axes)
    assert axes.texts[0].get_text() == "0.071"


def test_pools_and_regimes() -> None:
    filled = SCAN._replace(null_all_wrong=np.array([[0.1, 0.1], [np.nan, 0.05]]))
    below = pool_size_scan(filled).axes[1]
    assert [list(one.get_ydata()) for one in below.lines] == [[1.0, 1.0], [1.0, 0.5]]
    axes = regime_map([PoolRegime("all queries", 3, 100, 11, 0, 24)]).axes[0]
    assert [text.get_text() for text in axes.texts] == ["queries", "100", "best wrong", "24.0%", "all wrong", "11.0%"]


def test_laws_with_two_standard_errors() -> None:
    left, right = law_comparison(compared(FACTOR, CLAYTON)).axes[:2]
    (bar,) = (c for c in left.collections if len(c.get_segments()))  # type: ignore[attr-defined]
    # -2 ± 2 x 1.5 per 1,000 queries; predicted 5% of an observed 11%.
    assert bar.get_segments()[0][:, 0] == pytest.approx([-5, 1])  # type: ignore[attr-defined]
    assert [at[0] for at in ends(right) if len(at) == 1] == pytest.approx([5 / 11] * 2)


def test_sweeps_draw_means_and_maps_the_right_way_round() -> None:
    axes = {"data.pool_size": [2, 2, 4, 4], "run.seed": [0, 1, 0, 1]}
    drawn = small_multiples(plan(axes), {"gain": [0.1, 0.3, 0.2, 0.6]}).axes[0]
    assert list(drawn.lines[0].get_ydata()) == pytest.approx([0.2, 0.4])
    many = {"x": [0, 1] * 12, "y": [k // 2 for k in range(24)]}
    mesh = small_multiples(plan(many), {"gain": [float(k) for k in range(24)]}).axes[0].collections[0]
    # Rows are values of y from below, columns those of x.
    assert list(np.asarray(mesh.get_array()).ravel()) == list(range(24))
    # Where nothing was measured a cell is blank, and no 0.
    gain = [None if k in (0, 7) else float(k) for k in range(24)]
    mesh = small_multiples(plan(many), {"gain": gain}).axes[0].collections[0]
    shades = np.ma.filled(np.ma.asarray(mesh.get_array(), float), np.nan).ravel()
    assert np.flatnonzero(np.isnan(shades)).tolist() == [0, 7] and shades[8] == 8


def test_a_log_scale_is_labelled_to_its_ends() -> None:
    axis: Axis = Figure().add_subplot().xaxis
    decades(axis, 1, 1000)
    assert list(axis.get_major_locator()()) == [1, 10, 100, 1000]


def test_numbers_of_an_axis_ascend_and_names_stay_in_their_order() -> None:
    assert _distinct([4, 2, 4, 3]) == [2, 3, 4] and _distinct(["b", "a", "b"]) == ["b", "a"]
    assert _distinct([True, False]) == [True, False]
    assert _positions([4, 2])[0].tolist() == [4, 2] and _positions(["b", "a", "b"])[0].tolist() == [0, 1, 0]
