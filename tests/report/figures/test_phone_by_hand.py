"""Panels on a phone: their order, the names that they share, their legends, and labels that would touch."""

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from cofail_lab.report.figures.phone import _Key, narrow
from cofail_lab.report.figures.style import drawing, fitted


@drawing()
def four() -> Figure:
    """Two rows of two panels; names and labels of an axis stand only at the left and below, each legend has a title."""
    figure = Figure(figsize=(9.0, 4.0))
    for row in range(2):
        for column in range(2):
            axes = figure.add_axes((0.55 * column, 0.55 * (1 - row), 0.42, 0.4))
            axes.barh([0, 1, 2], [row, column, 2], label=f"panel {row}{column}")
            axes.set_yticks([0, 1, 2], [""] * 3 if column else [f"{name}{row}" for name in "abc"])
            axes.legend(title=f"legend {row}{column}", loc="lower left", bbox_to_anchor=(0, 1))
    return fitted(figure)


def test_panels_are_read_row_by_row_and_have_their_names() -> None:
    figure = narrow(four())
    order = sorted(figure.axes, key=lambda axes: -axes.get_position().y1)
    legends = [axes.get_legend() for axes in order]
    titles = [legend.get_title().get_text() for legend in legends if legend is not None]
    assert titles == ["legend 00", "legend 01", "legend 10", "legend 11"]
    names = [[text.get_text() for text in axes.get_yticklabels()] for axes in order]
    assert names == [["a0", "b0", "c0"]] * 2 + [["a1", "b1", "c1"]] * 2


def test_a_legend_with_its_title_has_room_above_its_panel() -> None:
    figure = narrow(four())
    order = sorted(figure.axes, key=lambda axes: -axes.get_position().y1)
    with mpl.rc_context():
        boxes = [(axes.get_window_extent(), axes.get_legend().get_window_extent()) for axes in order]  # type: ignore[union-attr]
        below = [axes.get_tightbbox().y0 for axes in order]  # type: ignore[union-attr]
    for place, (panel, legend) in enumerate(boxes):
        assert legend.y0 >= panel.y1 - 1
        if place:
            assert legend.y1 <= boxes[place - 1][0].y0 and below[place] < legend.y0


@drawing()
def crowded() -> Figure:
    figure = Figure(figsize=(9.0, 2.0))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.plot([0, 8], [0, 1])
    axes.set_xticks(range(9), [f"number {k} of nine" for k in range(9)])
    return fitted(figure)


def test_labels_that_are_left_stay_at_their_places() -> None:
    axes = narrow(crowded()).axes[0]
    left = {int(tick): text.get_text() for tick, text in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)}
    assert left == {k: f"number {k} of nine" for k in left} and 2 <= len(left) < 9 and 0 in left


@pytest.mark.parametrize(
    ("texts", "title", "lines"),
    [
        (["a"] * 3, "", 1),  # up to twelve letters stand in three columns
        (["a"] * 4, "", 2),
        (["a"] * 4, "a title", 3),
        (["a" * 13, "b", "c"], "", 2),  # up to 24 in two
        (["a" * 25, "b", "c\nd"], "", 4),
        ([], "", 0),
    ],
)
def test_the_room_of_a_legend(texts: list[str], title: str, lines: int) -> None:
    assert _Key(None, [], texts, title).height == pytest.approx(0.2 * lines + 0.08)


@drawing()
def named(n: int, *, square: bool) -> Figure:
    figure = Figure(figsize=(9.0, 9.0))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.plot([0, 1], [0, n])
    axes.set_yticks(range(n), [f"m{k}" for k in range(n)])
    if square:
        axes.set_aspect("equal")
    return fitted(figure)


@pytest.mark.parametrize(("n", "square", "shown"), [(12, True, True), (13, True, False), (13, False, True)])
def test_a_map_has_no_names_where_they_would_touch(n: int, square: bool, shown: bool) -> None:
    axes = narrow(named(n, square=square)).axes[0]
    assert any(text.get_visible() for text in axes.get_yticklabels()) == shown
    assert axes.get_anchor() == ("SW" if square else "C")
