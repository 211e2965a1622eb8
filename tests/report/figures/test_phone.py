"""A figure on a phone: no small text, the width of the column, and what it drew before."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from cofail_lab.report.figures.fit import wrong_by_dataset, wrong_count_distribution
from cofail_lab.report.figures.phone import _WIDEST, COLUMN, PAGE, for_any_page, for_page, narrow, too_small
from cofail_lab.report.figures.style import drawing, fitted
from cofail_lab.report.figures.sweep import plan, small_multiples
from tests.report.made import HOSTILE, draw_accuracies, draw_correlation, pool


def draw_datasets() -> Figure:
    p = pool(9)
    return wrong_by_dataset(p["n_wrong"], p["dataset"], 9)


def draw_counts() -> Figure:
    laws = {f"a law with a long name, number {k}": np.full(10, 0.1) for k in range(4)}
    return wrong_count_distribution(pool(9)["n_wrong"], 9, laws)


def draw_sweep() -> Figure:
    n = 24
    axes = {"size": [8 * (i % 4 + 1) for i in range(n)], "law": [f"law-{i // 4 % 3}" for i in range(n)]}
    return small_multiples(plan({**axes, "third": [i // 12 for i in range(n)]}), {"all_wrong": list(np.arange(n) / n)})


@drawing()
def draw_two() -> Figure:
    figure = Figure(figsize=(9.0, 2.0))
    for k in range(2):
        axes = figure.add_axes((0.55 * k, 0, 0.42, 1))
        axes.plot([0, 1], [k, 1], label=f"line {k}")
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return fitted(figure)


DRAWN = {
    "accuracies": lambda: draw_accuracies(pool(32, families=10, names=HOSTILE)),
    "many": lambda: draw_accuracies(pool(420, families=10)),
    "map": lambda: draw_correlation(pool(32)),
    "datasets": draw_datasets,
    "counts": draw_counts,
    "sweep": draw_sweep,
    "two": draw_two,
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN.keys())
def test_no_text_is_small_and_nothing_is_cut_off(draw: Callable[[], Figure]) -> None:
    figure = narrow(draw())
    assert not too_small(figure, COLUMN)
    with drawing():
        box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(box.x0, box.y0) >= 0 and max(box.x1 - width, box.y1 - height) <= 0


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN.keys())
def test_labels_do_not_touch(draw: Callable[[], Figure]) -> None:
    figure = narrow(draw())
    for axes in figure.axes:
        for along, labels in (("x", axes.get_xticklabels()), ("y", axes.get_yticklabels())):
            seen = [text.get_window_extent() for text in labels if text.get_text() and _visible(text, axes, along)]
            places = sorted((getattr(box, f"{along}0"), getattr(box, f"{along}1")) for box in seen)
            slack = 0 if along == "x" else 0.25 * max((end - start for start, end in places), default=0)
            assert all(b[0] >= a[1] - slack for a, b in pairwise(places)), (along, len(places))


def _visible(text: Text, axes: Axes, along: str) -> bool:
    low, high = sorted(axes.get_xlim() if along == "x" else axes.get_ylim())
    place = text.get_position()[0 if along == "x" else 1]
    return text.get_visible() and low <= place <= high and not text.get_rotation()


def test_what_is_drawn_stays() -> None:
    wide, phone = draw_accuracies(pool(32)), narrow(draw_accuracies(pool(32)))
    points = [next(c for c in f.axes[0].collections if isinstance(c, PathCollection)) for f in (wide, phone)]
    np.testing.assert_array_equal(*(np.asarray(p.get_offsets()) for p in points))
    assert phone.axes[0].get_xlim() == wide.axes[0].get_xlim()
    said = [{text.get_text() for f in (figure,) for text in f.findobj(Text)} for figure in (wide, phone)]
    assert {"single best 100.0%", "family-3"} <= said[0] & said[1]


def test_panels_side_by_side_come_below_each_other() -> None:
    figure = narrow(draw_two())
    first, second = (axes.get_position() for axes in figure.axes)
    assert second.y1 < first.y0 and abs(first.x0 - second.x0) < 0.02
    assert [axes.get_legend().get_texts()[0].get_text() for axes in figure.axes] == ["line 0", "line 1"]


def test_a_figure_is_drawn_again_only_where_it_must() -> None:
    small = draw_correlation(pool(3))
    assert not too_small(small, COLUMN) and for_page(small)[1] is None
    wide, phone = for_page(draw_accuracies(pool(9)))
    assert phone is not None and phone != wide
    # Too wide even for a page: everybody gets the narrow one.
    broad = draw_two()
    assert too_small(broad, PAGE)
    wide, phone = for_page(broad)
    assert phone is None and "line 1" in wide


def test_one_form_for_every_page_is_the_narrow_one_where_a_phone_needs_it() -> None:
    wide, phone = for_page(draw_accuracies(pool(9)))
    assert phone is not None and for_any_page(draw_accuracies(pool(9))) == phone != wide
    wide, phone = for_page(draw_correlation(pool(3)))
    assert phone is None and for_any_page(draw_correlation(pool(3))) == wide


@pytest.mark.parametrize("draw", [draw_datasets, draw_counts])
def test_axes_are_no_narrower_than_the_column_asks_for(draw: Callable[[], Figure]) -> None:
    """A figure that is too wide is narrowed to the column: measured again, it needs no more."""
    assert draw().get_size_inches()[0] > 7
    assert narrow(draw()).get_size_inches()[0] == pytest.approx(_WIDEST, abs=0.02)
