"""Figures of a fit show the numbers that they were given, and every text only as text."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure, SubFigure

from cofail_lab.report.figures.fit import wrong_by_dataset, wrong_count_distribution
from cofail_lab.report.figures.style import STRONG, drawing, png, svg
from tests.report.made import HOSTILE, draw_accuracies, draw_correlation, pool


def draw_counts(p: dict[str, Any]) -> Figure:
    m = len(p["models"])
    flat, without_tail = np.full(m + 1, 1 / (m + 1)), np.append(np.full(m, 1 / m), 0.0)
    return wrong_count_distribution(p["n_wrong"], m, {"flat": flat, "$no_tail$": without_tail})


def draw_datasets(p: dict[str, Any]) -> Figure:
    return wrong_by_dataset(p["n_wrong"], p["dataset"], len(p["models"]))


FIGURES = (draw_accuracies, draw_counts, draw_correlation, draw_datasets)


def legend_texts(figure: Figure | SubFigure) -> list[str]:
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes if axes.get_legend())]
    return [text.get_text() for legend in legends for text in legend.get_texts()]


@pytest.mark.parametrize("draw", FIGURES)
@pytest.mark.parametrize(("m", "families"), [(2, 0), (9, 3), (60, 14), (122, 90), (420, 28)])
def test_every_figure_draws_at_every_size_inside_its_page(draw: Callable[..., Figure], m: int, families: int) -> None:
    before = dict(mpl.rcParams)
    figure = draw(pool(m, families))
    text = svg(figure)
    if m == 9:
        assert svg(draw(pool(m, families))) == text, "not deterministic"
        assert png(figure, dpi=50).startswith(b"\x89PNG")
    assert dict(mpl.rcParams) == before, "global state"
    figure.set_dpi(72)
    with drawing():
        box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, "cut off"
    assert width < 8.5 and height < 11.5, "larger than a page"


@pytest.mark.parametrize("draw", FIGURES)
def test_hostile_names_are_drawn_as_they_are(draw: Callable[..., Figure]) -> None:
    p = pool(9, names=HOSTILE)
    p |= {"family": [*HOSTILE, "", "b", "c"], "dataset": [HOSTILE[i % len(HOSTILE)] for i in range(300)]}
    text = svg(draw(p))
    ET.fromstring(text)  # noqa: S314 - our own output; a comment or a control character would break it
    assert "\x1b" not in text
    labels = [label.get_text() for label in draw(p).axes[0].get_yticklabels()]
    if draw is not draw_counts:
        assert {"$x_1$", "$\\frac{$", "\\u6a21\\u578b\\x1b[31m\\u202e"} <= set(labels)
        assert max(map(len, labels)) == 38


def test_accuracies_are_plotted_in_order_with_intervals_and_limits() -> None:
    p = pool(9)
    axes = draw_accuracies(p).axes[0]
    order = np.argsort(p["accuracies"], kind="stable")
    (points,) = (c for c in axes.collections if isinstance(c, PathCollection))
    np.testing.assert_allclose(
        np.asarray(points.get_offsets(), dtype=float), np.column_stack([p["accuracies"][order], np.arange(9)])
    )
    (lines,) = (c for c in axes.collections if isinstance(c, LineCollection))
    ends = np.array([segment[:, 0] for segment in lines.get_segments()])
    np.testing.assert_allclose(ends[:, 0], p["accuracies"][order] - 0.03)
    np.testing.assert_allclose(ends[:, 1], np.minimum(p["accuracies"][order] + 0.02, 1))
    assert [t.get_text() for t in axes.get_yticklabels()] == [p["models"][i] for i in order]
    best, oracle = p["accuracies"].max(), 1 - np.mean(p["n_wrong"] == 9)
    np.testing.assert_allclose([np.asarray(line.get_xdata())[0] for line in axes.lines], [best, oracle])
    beta = 1 - oracle
    assert legend_texts(axes.figure)[-4:] == [
        f"single best {100 * best:.1f}%",
        f"oracle gain {100 * (oracle - best):.1f} points",
        f"ceiling 1−β {100 * oracle:.1f}%",
        f"its 95% interval: {100 * (1 - beta - 0.02):.1f}% to {100 * min(1, 1 - beta + 0.01):.1f}%",
    ]


def test_large_families_have_colours_and_the_rest_share_one() -> None:
    p = pool(30)
    p["family"] = ["big"] * 10 + ["second"] * 8 + [f"rare-{i}" for i in range(12)]
    figure = draw_accuracies(p)
    assert legend_texts(figure)[:2] == ["big", "second"] and "other (4 families)" in legend_texts(figure)
    (points,) = (c for c in figure.axes[0].collections if isinstance(c, PathCollection))
    order = np.argsort(p["accuracies"], kind="stable")
    colour_of = {}
    for i, colour in zip(order, np.asarray(points.get_facecolor()), strict=True):
        assert colour_of.setdefault(p["family"][i], to_hex(colour)) == to_hex(colour)
    assert len(set(colour_of.values())) == 11


@pytest.mark.parametrize("m", [2, 9, 60, 61, 200, 420])
def test_bars_are_the_histogram_and_all_wrong_stays_alone(m: int) -> None:
    p = pool(m)
    p["n_wrong"][:7] = m
    p["n_wrong"][7:20] = m - 1
    n, k = len(p["n_wrong"]), int(np.sum(p["n_wrong"] == m))
    axes = draw_counts(p).axes[0]
    histogram = np.bincount(p["n_wrong"], minlength=m + 1) / n
    width = 1 if m <= 60 else -(-(m - 1) // 50)
    groups = [[0], *(list(range(i, min(i + width, m))) for i in range(1, m, width)), [m]]
    expected = {slot: histogram[group].mean() for slot, group in enumerate(groups) if histogram[group].any()}
    bars: Any = axes.containers[0]
    drawn = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in bars}
    assert drawn == pytest.approx(expected)
    assert drawn[len(groups) - 1] == pytest.approx(k / n)
    assert [to_hex(bar.get_facecolor()) == STRONG for bar in bars] == [slot == len(groups) - 1 for slot in drawn]
    assert axes.get_xticklabels()[-1].get_text() == str(m)
    assert f"all {m} wrong: {k} of {n} queries ({100 * k / n:.1f}%)" in legend_texts(axes.figure)[0]
    curve = np.asarray(axes.lines[0].get_ydata())
    np.testing.assert_allclose(curve, 1 / (m + 1))
    assert np.asarray(axes.lines[1].get_ydata())[-1] < axes.get_ylim()[0], "a zero is drawn below the axis"
    assert min(drawn.values()) > axes.get_ylim()[0], "a single query is visible"


def test_no_all_wrong_query_is_stated_and_not_drawn() -> None:
    axes = wrong_count_distribution(np.array([0, 1, 1, 2]), 3, {"law": np.full(4, 0.25)}).axes[0]
    bars: Any = axes.containers[0]
    assert [round(bar.get_x() + bar.get_width() / 2) for bar in bars] == [0, 1, 2]
    assert legend_texts(axes.figure) == ["observed, all 3 wrong: 0 of 4 queries (0.0%)", "law: 25.0%"]


@pytest.mark.parametrize("m", [9, 122])
def test_heat_map_shows_the_ordered_matrix_and_counts_its_marks(m: int) -> None:
    p = pool(m)
    p["boundary"][3, 4] = p["boundary"][4, 3] = -1
    p["correlation"] *= np.where(np.eye(m, dtype=bool), 1, -1)
    figure = draw_correlation(p)
    shades, marks = (np.ma.asarray(image.get_array()) for image in figure.axes[0].images)
    if m == 9:  # the order can be read off the labels
        order = [p["models"].index(label.get_text()) for label in figure.axes[0].get_yticklabels()]
        np.testing.assert_allclose(shades.filled(np.nan), p["correlation"][np.ix_(order, order)])
        np.testing.assert_array_equal(marks.filled(0), p["boundary"][np.ix_(order, order)])
        families = [p["family"][i] for i in order]
        assert families == sorted(families, key=lambda f: (-p["family"].count(f), f))
        # Model 0 is never wrong: without a correlation, it is last in its family.
        assert order[families.count("family-0") - 1] == 0
    assert figure.axes[0].images[0].get_clim() == (-1, 1)
    assert shades.mask.sum() == np.isnan(p["correlation"]).sum()
    pairs = np.triu_indices(m, 1)
    assert legend_texts(figure) == [
        f"nested or identical errors: {np.sum(p['boundary'][pairs] > 0)} pairs",
        "disjoint errors or successes: 1 pairs",
        f"undefined, a model always right or always wrong: {m - 1} pairs",
    ]


def test_datasets_are_ranked_by_all_wrong_share_and_the_smallest_pooled() -> None:
    n_wrong = np.array([0, 1, 2, 6, 6, 6, 4, 5, 5, 3])
    axes = wrong_by_dataset(n_wrong, list("aaaabbbccc"), 6).axes[0]
    # Not by the mean: c is worse than a on average, but never all wrong.
    assert [t.get_text() for t in axes.get_yticklabels()] == ["b", "a", "c"]
    widths = np.array([[bar.get_width() for bar in bars] for bars in axes.containers]).T
    third = 1 / 3
    expected = [[0, 0, 0, third, 0, 2 * third], [0.25, 0.25, 0.25, 0, 0, 0.25], [0, 0, third, 0, 2 * third, 0]]
    np.testing.assert_allclose(widths, expected)
    np.testing.assert_allclose([bar.get_x() + bar.get_width() for bar in axes.containers[-1]], 1)
    cells = [text.get_text() for text in axes.texts]
    assert cells == ["queries", "3", "4", "3", "median", "6", "1.5", "5", "all wrong", "66.7%", "25.0%", "0.0%"]

    many = [f"set-{i}" for i in range(35) for _ in range(40 - i)]
    axes = wrong_by_dataset(np.zeros(len(many), dtype=int), many, 4).axes[0]
    labels = [t.get_text() for t in axes.get_yticklabels()]
    assert len(labels) == 30 and labels[-1] == "other (6 smaller datasets)" and "set-28" in labels
    assert axes.texts[30].get_text() == str(sum(40 - i for i in range(29, 35)))
