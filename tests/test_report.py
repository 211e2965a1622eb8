"""Figures show the numbers they were given; the page and the terminal show every text, and only as text."""

import base64
import io
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure, SubFigure
from rich.console import Console

from cofail_lab.estimate import Estimate
from cofail_lab.report import numbers
from cofail_lab.report.figures.fit import (
    correlation_heatmap,
    pool_accuracies,
    wrong_by_dataset,
    wrong_count_distribution,
)
from cofail_lab.report.figures.style import STRONG, drawing, png, svg
from cofail_lab.report.names import printable, shorten
from cofail_lab.report.page import render_page
from cofail_lab.report.terminal import render
from cofail_lab.result import Result, Row, Section
from cofail_lab.verdict import Verdict

HOSTILE = (
    "$x_1$",
    "$\\frac{$",
    "<script>alert(1)</script>",
    "a--b-->]]>&amp;",
    "模型\x1b[31m\u202e",
    "[bold]x[/bold]\n" + "y" * 99,
)


def pool(m: int, families: int = 4, names: Sequence[str] = (), n: int = 300) -> dict[str, Any]:
    """Outcomes of m models that share a difficulty, and what the figures ask for."""
    rng = np.random.default_rng(m)
    wrong = rng.normal(size=(n, 1)) + rng.normal(size=(n, m)) > rng.normal(0.5, 0.5, size=m)
    # One model is never wrong and another fails inside a third: an undefined row and a boundary pair.
    if m > 2:
        wrong[:, 0] = False
        wrong[:, 1] &= wrong[:, 2]
    rates = wrong.mean(axis=0)
    joint = wrong.T.astype(float) @ wrong / n
    constant = (rates == 0)[:, None] | (rates == 0)[None, :]
    boundary = np.where(constant | np.eye(m, dtype=bool), 0, np.isclose(joint, np.minimum.outer(rates, rates)))
    spread = np.sqrt(rates * (1 - rates))
    with np.errstate(invalid="ignore"):
        correlation = (joint - np.outer(rates, rates)) / np.outer(spread, spread)
    return {
        "wrong": wrong,
        "n_wrong": wrong.sum(axis=1),
        "accuracies": 1 - rates,
        "models": [*names, *(f"model-{i}" for i in range(len(names), m))],
        "family": [f"family-{i % families}" for i in range(m)] if families else None,
        "correlation": np.where(boundary == 1, 1.0, correlation),
        "boundary": boundary,
        "dataset": [f"set-{i % 40 if i % 3 else 0}" for i in range(n)],
    }


def draw_accuracies(p: dict[str, Any]) -> Figure:
    a, beta = p["accuracies"], float(np.mean(p["n_wrong"] == len(p["models"])))
    interval = (max(0.0, beta - 0.01), beta + 0.02)
    return pool_accuracies(p["models"], a, a - 0.03, np.minimum(a + 0.02, 1), p["family"], 1 - beta, interval)


def draw_counts(p: dict[str, Any]) -> Figure:
    m = len(p["models"])
    flat, without_tail = np.full(m + 1, 1 / (m + 1)), np.append(np.full(m, 1 / m), 0.0)
    return wrong_count_distribution(p["n_wrong"], m, {"flat": flat, "$no_tail$": without_tail})


def draw_correlation(p: dict[str, Any]) -> Figure:
    return correlation_heatmap(p["correlation"], p["models"], p["family"], p["boundary"])


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


RESULT = Result(
    headline=f"Nothing to gain over {HOSTILE[2]}.",
    metrics={"n_queries": 12032, "ratio_full_sigma": None, "all_wrong": 0.05375},
    labels={"best_model": HOSTILE[2], "regime": "ceiling-bound"},
    estimates={"predicted": Estimate(0.0512, 0.0004, "monte_carlo"), "absent": Estimate(None, None, "lp")},
    verdicts=(
        Verdict(
            "P3.v", "june", "Shock & Gaussian are the extremes.", "", "refuted", "undecided", 0.05, 0.0559712, 1e-9
        ),
    ),
    sections=(
        Section(
            "What can be gained",
            (f"The best is {HOSTILE[5]}.", "A sentence long enough to need wrapping, " + "word " * 20 + "end."),
            (
                Row("Single best", "82.4%", HOSTILE[5]),
                Row("label " * 12 + "last", "value " * 12 + "last", "note " * 30),
            ),
            {"pool": "Accuracies & <ceiling>", "missing": "never drawn"},
        ),
        Section("Only a figure", figures={"heat": "Correlations"}),
    ),
    interrupted="signal 15",
)


def words(text: str) -> str:
    return re.sub(r"[\s│╭╮╰╯─]+", "", text)


@pytest.mark.parametrize("width", [60, 80, 100, 240])
def test_terminal_keeps_to_its_width_and_loses_nothing(width: int) -> None:
    stream = io.StringIO()
    render(RESULT, Console(file=stream, width=width), Path("outputs/fit/now"))
    text = stream.getvalue()
    assert max(map(len, text.splitlines())) <= min(width, 100)
    assert "\x1b" not in text
    shown = words(text)
    section = RESULT.sections[0]
    for part in (
        RESULT.headline,
        section.title,
        *section.sentences,
        "signal 15",
        "outputs/fit/now",
        "Singlebest82.4%[bold]x",
    ):
        assert words(printable(part)) in shown
    # Cells wrap beside each other, so their letters are counted, column contents being known.
    assert shown.count("label") == shown.count("value") == 12 and shown.count("note") == 30 and text.count("last") == 2
    assert shown.count("y") >= 2 * 99
    for word in ("P3.v", "june", "undecided", "refuted", "Gaussian"):
        assert word in shown
    assert "Only a figure" not in text


def test_terminal_escapes_control_characters_even_in_colour() -> None:
    stream = io.StringIO()
    sections = (Section("t", rows=(Row(HOSTILE[4], "1"),)),)
    render(replace(RESULT, sections=sections), Console(file=stream, width=80, force_terminal=True), None)
    assert "模型\\x1b[31m\\u202e" in stream.getvalue() and "\x1b[31m" not in stream.getvalue()


def test_page_escapes_everything_and_needs_nothing_else() -> None:
    figures = {
        "pool": svg(draw_accuracies(pool(9, names=HOSTILE))),
        "heat": svg(draw_correlation(pool(9))),
        "extra <i>": "<svg/>",
    }
    page = render_page(RESULT, f"fit {HOSTILE[2]}", {"source": HOSTILE[2], "odd": HOSTILE[4]}, figures)
    assert "<script" not in page and page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 5
    assert "\x1b" not in page and "\u202e" not in page
    assert "Accuracies &amp; &lt;ceiling&gt;" in page and "Shock &amp; Gaussian" in page
    references = re.findall(r"""(?:src|href|url|action|data)\s*[=(]\s*["']?([^"'\s>)]+)""", page)
    assert len(references) == 3 and all(r.startswith("data:image/svg+xml;base64,") for r in references)
    assert not re.search(r"https?:|//[a-z]|@import", page)
    embedded = [base64.b64decode(r.partition(",")[2]).decode() for r in references]
    assert embedded == list(figures.values())
    assert "never drawn" not in page and "Further figures" in page and "extra &lt;i&gt;" in page
    for cell in ("n_queries", "12,032", "—", "0.05375", "0.0512 ± 0.0004", "monte carlo", "ceiling-bound", "0.0559712"):
        assert cell in page
    assert "Stopped early: signal 15" in page
    assert 'class="differs">undecided' in page


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (numbers.percent(0.0451), "4.5%"),
        (numbers.percent(0), "0.0%"),
        (numbers.percent_of_log(math.log(0.0451)), "4.5%"),
        (numbers.percent_of_log(-1000.0), "10^-434"),
        (numbers.percent_of_log(-1e11), "below 10^-9999"),
        (numbers.percent_of_log(None), numbers.ABSENT),
        (numbers.percent(-0.0), "0.0%"),
        (numbers.percent(1), "100.0%"),
        (numbers.percent(1 - 1e-13), "100.0%"),
        (numbers.percent(1 / 12032), "0.008%"),
        (numbers.percent(1 - 1 / 12032), "99.992%"),
        (numbers.percent(1e-30), "1.0e-28%"),
        (numbers.percent(None), "—"),
        (numbers.percent(float("nan")), "—"),
        (numbers.points(0.0451), "4.5 points"),
        (numbers.points(98 / 800), numbers.points((1 - 43 / 800) - 659 / 800)),
        (numbers.points(-0.003), "-0.3 points"),
        (numbers.points(-1e-17), "0.0 points"),
        (numbers.points(0.2, digits=0), "20 points"),
        (numbers.count(12032), "12,032"),
        (numbers.count(None), "—"),
        (numbers.ratio(3.14159), "3.14×"),
        (numbers.ratio(0), "0.00×"),
        (numbers.ratio(8.57e6), "8.57e+06×"),
        (numbers.ratio(float("inf")), "∞×"),
        (numbers.number(12032), "12,032"),
        (numbers.number(0.0487812), "0.04878"),
        (numbers.number(1e-30), "1e-30"),
        (numbers.number(True), "yes"),
        (numbers.fixed(0.5), "0.500"),
        (numbers.fixed(None), "—"),
        (numbers.interval(0.039, 0.072), "3.9% to 7.2%"),
        (numbers.interval(0.039, 0.072, numbers.points), "3.9 to 7.2 points"),
        (numbers.interval(None, None), "—"),
        (numbers.plus_minus(Estimate(0.04878, 3e-13, "quadrature")), "0.04878 ± 3e-13"),
        (numbers.plus_minus(Estimate(0.05, 0, "exact")), "0.05"),
        (numbers.plus_minus(Estimate(None, None, "lp")), "—"),
        (shorten("x" * 20 + "y" * 30, 11), "xxxxx…yyyyy"),
        (shorten(" as  it\nis "), "as it is"),
        (printable("  two \n in "), "  two in"),
        (printable("a\u202eb\x1b[0m"), "a\\u202eb\\x1b[0m"),
    ],
)
def test_numbers_and_names_read_as_people_write_them(shown: str, expected: str) -> None:
    assert shown == expected
