"""One function per figure: arrays in, a matplotlib Figure out; nothing is read or written here."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cofail_lab.report.numbers import count, interval, number, percent, points
from cofail_lab.report.style import BARS, OTHER, PALETTE, STRONG, TWO_COLUMNS, drawing, label

NAMED_MODELS = 60
"""Pools up to this size show every model, or every number of wrong models, by itself."""


@drawing()
def pool_accuracies(
    models: Sequence[str],
    accuracies: Float[np.ndarray, " m"],
    lower: Float[np.ndarray, " m"],
    upper: Float[np.ndarray, " m"],
    family: Sequence[str] | np.ndarray | None,
    oracle: float,
    all_wrong_interval: tuple[float, float],
) -> Figure:
    """Accuracy of every model with its interval, against the single best and the ceiling.

    Args:
        models: names, (m,).
        accuracies, lower, upper: shares in [0, 1], (m,); the limits are those of the 95% intervals.
        family: family of each model, (m,), or None.
        oracle: the ceiling 1 - beta.
        all_wrong_interval: lower and upper limit of beta.
    """
    m = len(models)
    order = np.argsort(accuracies, kind="stable")
    colours, entries = _family_colours(family, m)
    named = m <= NAMED_MODELS
    figure = Figure(figsize=(TWO_COLUMNS, 1.2 + 0.155 * max(m, 3) if named else 4.8))
    axes = figure.add_subplot()

    best, ceiling_low, ceiling_high = float(np.max(accuracies)), 1 - all_wrong_interval[1], 1 - all_wrong_interval[0]
    axes.axvspan(ceiling_low, ceiling_high, color=STRONG, alpha=0.13, linewidth=0)
    axes.axvline(best, color="#333333", linestyle=(0, (4, 2)), linewidth=1)
    axes.axvline(oracle, color=STRONG, linewidth=1.2)

    rank = np.arange(m)
    axes.hlines(
        rank,
        lower[order],
        upper[order],
        color=[colours[i] for i in order],
        linewidth=1.1 if named else 0.5,
        alpha=0.6 if named else 0.35,
    )
    axes.scatter(accuracies[order], rank, s=14 if named else 4, c=[colours[i] for i in order], linewidths=0, zorder=3)
    shown = rank if named else np.unique(np.linspace(0, m - 1, 9).round().astype(int))
    axes.set_yticks(shown, [label(models[order[i]]) for i in shown], parse_math=False)
    if named:
        axes.tick_params(axis="y", length=0)
    pad = 0.7 if named else 0.02 * m
    axes.set_ylim(-pad, m - 1 + pad)
    _percent_axis(axes)
    axes.set_xlim(max(-0.01, min(lower.min(), ceiling_low, best) - 0.03), 1.012)
    axes.grid(axis="x")
    axes.set_xlabel(
        "accuracy, with 95% interval" + ("" if named else f"; {count(m)} models in order, a few of them named")
    )
    axes.legend(
        handles=[
            Line2D([], [], color="#333333", linestyle=(0, (4, 2)), linewidth=1, label=f"single best {percent(best)}"),
            Line2D(
                [],
                [],
                color=STRONG,
                label=f"ceiling 1−β {percent(oracle)} (95%: {interval(ceiling_low, ceiling_high)})",
            ),
            Line2D([], [], linestyle="", label=f"oracle gain {points(oracle - best)}"),
        ],
        loc="lower left",
        bbox_to_anchor=(-0.01, 1),
        ncols=3,
        borderaxespad=0.2,
        columnspacing=1.2,
    )
    if entries:
        handles = [
            Line2D([], [], marker="o", linestyle="", markersize=4, color=colour, label=name) for name, colour in entries
        ]
        legend = figure.legend(handles=handles, loc="outside lower center", ncols=4, handletextpad=0.2)
        for text in legend.get_texts():
            text.set_parse_math(False)
    return figure


@drawing()
def wrong_count_distribution(
    n_wrong: Int[np.ndarray, " n"],
    n_models: int,
    predictions: Mapping[str, Float[np.ndarray, " m_plus_1"]],
) -> Figure:
    """Distribution of the number of wrong models per query against predicted laws, on a log scale.

    Above `NAMED_MODELS` models, neighbouring numbers share a bar, whose height is their mean share; "none wrong" and
    "all wrong" always keep a bar of their own.

    Args:
        n_wrong: wrong models per query, (n,), each in 0..m.
        n_models: m.
        predictions: name of a law -> its probabilities of C = 0..m, (m + 1,).
    """
    n, m = len(n_wrong), n_models
    observed = np.bincount(n_wrong, minlength=m + 1) / n
    edges = _count_edges(m)
    widths = np.diff(edges)
    slots = np.arange(len(widths))

    def per_slot(shares: np.ndarray) -> np.ndarray:
        return np.add.reduceat(np.asarray(shares, dtype=float), edges[:-1]) / widths

    heights = per_slot(observed)
    # Half a query, spread over the widest bar: below that an observed share is zero.
    floor = 0.5 / n / widths.max()
    figure = Figure(figsize=(TWO_COLUMNS, 3.6))
    axes = figure.add_subplot()
    axes.set_yscale("log")
    seen = heights > 0
    axes.bar(slots[seen], heights[seen], color=[STRONG if s == slots[-1] else BARS for s in slots[seen]], width=0.86)
    axes.axvspan(slots[-1] - 0.5, slots[-1] + 0.5, color=STRONG, alpha=0.10, linewidth=0, zorder=0)

    k = int(np.sum(n_wrong == m))
    handles: list[Patch | Line2D] = [
        Patch(
            color=STRONG, label=f"observed, all {count(m)} wrong: {count(k)} of {count(n)} queries ({percent(k / n)})"
        )
    ]
    for i, (name, law) in enumerate(predictions.items()):
        values = per_slot(law)
        style = {"color": PALETTE[i % len(PALETTE)], "linestyle": ("-", (0, (5, 1.5)), (0, (1.5, 1)))[i % 3]}
        # What lies below the axis is drawn as zero would be: off it. A log axis has no zero.
        drawn = np.where(values > 0, values, floor * 1e-3)
        axes.plot(slots, drawn, marker=".", markersize=3.5, zorder=3, **style)
        handles.append(Line2D([], [], label=f"{label(name)}: {percent(float(law[m]))}", **style))
    axes.set_ylim(floor, 1.7 * max(heights.max(), *(per_slot(law).max() for law in predictions.values()), 0))
    axes.set_xlim(-0.7, slots[-1] + 0.7)

    step = math.ceil(len(slots) / 12)
    ticks = [*range(0, len(slots) - 1 - step // 2, step), len(slots) - 1]
    axes.set_xticks(ticks, [_range_text(edges[i], edges[i + 1] - 1) for i in ticks])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
    axes.yaxis.minorticks_off()
    axes.set_xlabel(f"number of wrong models among {count(m)}")
    axes.set_ylabel("share of queries" + (", per number of wrong models" if widths.max() > 1 else ""))
    legend = figure.legend(
        handles=handles, title="Share of queries that all models get wrong", loc="outside upper left", ncols=2
    )
    legend.set_alignment("left")
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


@drawing()
def correlation_heatmap(
    correlation: Float[np.ndarray, "m m"],
    models: Sequence[str],
    family: Sequence[str] | np.ndarray | None,
    boundary: Int[np.ndarray, "m m"],
) -> Figure:
    """Pairwise correlations, models ordered by family (largest first) and by mean correlation inside it.

    Args:
        correlation: symmetric, in [-1, 1], (m, m); nan in the rows of constant models.
        models: names, (m,).
        family: family of each model, (m,), or None.
        boundary: +1 and -1 where a pair lies on its upper or lower Fréchet bound, else 0, (m, m).
    """
    m = len(models)
    off_diagonal = np.where(np.eye(m, dtype=bool), np.nan, correlation)
    known = np.isfinite(off_diagonal)
    mean = np.where(known, off_diagonal, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    mean[~known.any(axis=1)] = -np.inf
    families = _texts(family, m)
    size = Counter(families)
    order = sorted(range(m), key=lambda i: (-size[families[i]], families[i], -mean[i]))
    values, edge = correlation[np.ix_(order, order)], boundary[np.ix_(order, order)]

    figure = Figure(figsize=(TWO_COLUMNS, 1.3 + min(1.0 + 0.13 * m, 5.0)))
    axes = figure.add_subplot()
    image = axes.imshow(
        np.ma.masked_invalid(values), cmap=matplotlib.colormaps["RdBu_r"].with_extremes(bad=OTHER), vmin=-1, vmax=1
    )
    axes.imshow(np.ma.masked_equal(edge, 0), cmap=ListedColormap(["#e8b500", "black"]), vmin=-1, vmax=1)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xticks([])
    axes.set_yticks([])
    if m <= NAMED_MODELS:
        size_pt = min(7.5, 72 * 5.0 / m)
        axes.set_yticks(range(m), [label(models[i]) for i in order], fontsize=size_pt, parse_math=False)
    if family is not None:
        _label_blocks(axes, [families[i] for i in order])
    bar = figure.colorbar(image, ax=axes, orientation="horizontal", location="bottom", shrink=0.5, aspect=40, pad=0.02)
    bar.set_label("correlation of being wrong")
    bar.outline.set_visible(False)

    pair = np.triu(edge, 1)
    handles = [
        Patch(color=colour, label=text)
        for colour, text, present in (
            ("black", f"nested or identical errors: {count((pair > 0).sum())} pairs", (pair > 0).any()),
            ("#e8b500", f"never wrong together: {count((pair < 0).sum())} pairs", (pair < 0).any()),
            (
                OTHER,
                f"always right or always wrong: {count((~known.any(axis=1)).sum())} models",
                not known.any(axis=1).all(),
            ),
        )
        if present
    ]
    if handles:
        figure.legend(handles=handles, loc="outside upper left", ncols=3)
    return figure


@drawing()
def wrong_by_dataset(
    n_wrong: Int[np.ndarray, " n"], dataset: Sequence[str] | np.ndarray | None, n_models: int
) -> Figure:
    """How many models fail per query, one row per dataset, the share of queries that all get wrong falling downwards.

    Args:
        n_wrong: wrong models per query, (n,), each in 0..m.
        dataset: dataset of each query, (n,), or None for one row. The `DATASETS` largest are shown, the rest pooled.
        n_models: m.
    """
    names = np.array(_texts(dataset, len(n_wrong), absent="all queries"), dtype=object)
    sizes = sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))
    rows = [
        (label(name), n_wrong[names == name])
        for name, _ in sizes[: DATASETS if len(sizes) <= DATASETS else DATASETS - 1]
    ]
    rows.sort(key=lambda row: (-(row[1] == n_models).mean(), -row[1].mean()))
    if len(rows) < len(sizes):
        pooled = {name for name, _ in sizes[DATASETS - 1 :]}
        rows.append((f"other ({count(len(pooled))} smaller datasets)", n_wrong[[name in pooled for name in names]]))

    figure = Figure(figsize=(TWO_COLUMNS, 1.15 + 0.2 * len(rows)))
    axes = figure.add_subplot()
    place = np.arange(len(rows))
    shares = np.array([_shares_by_severity(counts, n_models) for _, counts in rows])
    left = np.zeros(len(rows))
    for (text, colour), share in zip(_SEVERITY, shares.T, strict=True):
        axes.barh(place, share, left=left, color=colour, height=0.78, label=text)
        left += share
    axes.set_yticks(place, [name for name, _ in rows], parse_math=False)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    _percent_axis(axes)
    axes.set_xlabel("share of queries")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    columns = (
        (1.09, "queries", [count(len(counts)) for _, counts in rows]),
        (1.20, "median\nwrong", [number(float(np.median(counts))) for _, counts in rows]),
        (1.31, "all wrong", [percent(float((counts == n_models).mean())) for _, counts in rows]),
    )
    for x, title, cells in columns:
        for y, text in ((-0.65, title), *zip(place, cells, strict=True)):
            axes.text(
                x,
                y,
                text,
                transform=axes.get_yaxis_transform(),
                ha="right",
                va="bottom" if y < 0 else "center",
                fontsize=7.5,
            )
    figure.legend(
        *axes.get_legend_handles_labels(),
        title=f"wrong among {count(n_models)} models",
        loc="outside upper left",
        ncols=6,
    )
    return figure


DATASETS = 30
_SEVERITY = (
    ("none", "#e9edf1"),
    ("up to ¼", "#bcd3e6"),
    ("to ½", "#85b0d3"),
    ("to ¾", "#4a83b5"),
    ("over ¾", "#1d4e80"),
    ("all", STRONG),
)


def _shares_by_severity(n_wrong: np.ndarray, n_models: int) -> np.ndarray:
    """Shares of queries with none, up to a quarter, a half, three quarters, more, and all models wrong."""
    grade = np.where(n_wrong == n_models, 5, np.ceil(4 * n_wrong / n_models)).astype(int)
    return np.bincount(grade, minlength=6) / len(n_wrong)


def _label_blocks(axes: Axes, families: list[str]) -> None:
    """Separate neighbouring families and name them at the right, spread so that no two names touch."""
    starts = [i for i, name in enumerate(families) if i == 0 or families[i - 1] != name]
    m = len(families)
    ends = [*starts[1:], m]
    for start in starts[1:]:
        axes.axhline(start - 0.5, color="white", linewidth=min(1.2, 60 / m))
        axes.axvline(start - 0.5, color="white", linewidth=min(1.2, 60 / m))
    # A name needs this much height, in models; where not all fit, the largest families are named (they come first).
    height = axes.figure.get_size_inches()[1] - 1.3
    need = 0.135 * m / height
    starts, ends = starts[: int(m / need)], ends[: int(m / need)]
    centres = [(start + end - 1) / 2 for start, end in zip(starts, ends, strict=True)]
    places = list(centres)
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + need)
    overflow = m - 0.5 - need / 2
    for i in reversed(range(len(places))):
        places[i] = min(places[i], overflow)
        overflow = places[i] - need
    for start, centre, place in zip(starts, centres, places, strict=True):
        axes.annotate(
            label(families[start], 20),
            xy=(1.0, centre),
            xytext=(1.06, place),
            xycoords=axes.get_yaxis_transform(),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            fontsize=7.5,
            parse_math=False,
            arrowprops={"arrowstyle": "-", "linewidth": 0.5, "color": "#888888", "shrinkA": 1, "shrinkB": 0},
        )


def _count_edges(m: int) -> np.ndarray:
    """Left edges (and the end) of the groups of 0..m: singles in small pools, else none, groups of equal width, all."""
    width = 1 if m <= NAMED_MODELS else math.ceil((m - 1) / (NAMED_MODELS - 10))
    return np.array([0, *range(1, m, width), m, m + 1])


def _range_text(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}–{last}"


def _family_colours(family: Sequence[str] | np.ndarray | None, m: int) -> tuple[list[str], list[tuple[str, str]]]:
    """A colour per model, and the legend: the largest families have their own, the rest share one."""
    if family is None:
        return [PALETTE[0]] * m, []
    families = _texts(family, m)
    ranked = sorted(Counter(families).items(), key=lambda item: (-item[1], item[0]))
    own = {name: colour for (name, _), colour in zip(ranked, PALETTE, strict=False)}
    entries = [(label(name, 24), colour) for name, colour in own.items()]
    if len(ranked) > len(own):
        entries.append((f"other ({len(ranked) - len(own)} families)", OTHER))
    return [own.get(name, OTHER) for name in families], entries


def _texts(column: Sequence[str] | np.ndarray | None, length: int, absent: str = "") -> list[str]:
    return [absent] * length if column is None else [str(value) for value in column]


def _percent_axis(axes: Axes) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
