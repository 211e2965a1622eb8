"""Figures of an observed pool: accuracies, numbers of wrong models, datasets."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.patches import Patch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from cofail_lab.report.figures.heatmap import correlation_heatmap
from cofail_lab.report.figures.style import (
    BARS,
    MARKERS,
    NAMED_MODELS,
    OTHER,
    PALETTE,
    STRONG,
    canvas,
    drawing,
    fitted,
    label,
    titled,
)
from cofail_lab.report.names import texts
from cofail_lab.report.numbers import count, interval, number, percent, points

__all__ = ["correlation_heatmap", "pool_accuracies", "wrong_by_dataset", "wrong_count_distribution"]


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
        accuracies: shares in [0, 1], (m,).
        lower: lower limits of their 95% intervals, (m,).
        upper: upper limits.
        family: family of each model, (m,), or None.
        oracle: the ceiling 1 - beta.
        all_wrong_interval: lower and upper limit of beta.
    """
    m = len(models)
    named = m <= NAMED_MODELS
    order = np.argsort(accuracies, kind="stable")
    rank = np.arange(m)
    styles, entries = _family_styles(family, m)
    colours = [styles[i][0] for i in order]
    best, low, high = float(np.max(accuracies)), 1 - all_wrong_interval[1], 1 - all_wrong_interval[0]

    height = 0.155 * (m + 1) if named else 3.7
    figure, axes = canvas(4.8, height)
    handles = [
        axes.axvline(best, color="#333333", linestyle=(0, (4, 2)), linewidth=1, label=f"single best {percent(best)}"),
        axes.axvspan(
            best, oracle, color="#e8e8e8", linewidth=0, zorder=0, label=f"oracle gain {points(oracle - best)}"
        ),
        axes.axvline(oracle, color=STRONG, label=f"ceiling 1−β {percent(oracle)}"),
        axes.axvspan(
            low, high, color=STRONG, alpha=0.15, linewidth=0, label=f"its 95% interval: {interval(low, high)}"
        ),
    ]
    if named:
        axes.hlines(rank, lower[order], upper[order], color=colours, linewidth=1.1, alpha=0.6)
    else:
        axes.fill_betweenx(rank, lower[order], upper[order], color="#dddddd", linewidth=0)
    points_ = axes.scatter(accuracies[order], rank, s=16 if named else 7, c=colours, linewidths=0, zorder=3)
    # Families have a shape as well as a colour.
    points_.set_paths([_shape(styles[i][1]) for i in order])
    said = zip(models, accuracies.tolist(), lower.tolist(), upper.tolist(), strict=True)
    texts_ = [f"{label(str(name))}: {percent(share)}, 95% {interval(*ends)}" for name, share, *ends in said]
    titled(points_, *(texts_[i] for i in order))
    shown = rank if named else np.unique(np.linspace(0, m - 1, 9).round().astype(int))
    axes.set_yticks(shown, [label(str(models[i])) for i in order[shown]])
    axes.tick_params(axis="y", length=0 if named else 3)
    margin = 0.7 if named else 0.02 * m
    axes.set_ylim(-margin, m - 1 + margin)
    axes.set_xlim(max(-0.01, min(lower.min(), low) - 0.03), 1.012)
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    _percent_labels(axes.xaxis)
    axes.grid(axis="x")
    axes.set_xlabel(
        "accuracy, with 95% interval" + ("" if named else f"; {count(m)} models in order, a few of them named")
    )
    axes.legend(handles=handles, ncols=2, **_ABOVE)
    if entries:
        dots = [
            Line2D([], [], marker=shape, ls="", markersize=4, color=colour, label=name)
            for name, (colour, shape) in entries
        ]
        figure.legend(
            handles=dots,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.38 / height),
            bbox_transform=axes.transAxes,
            ncols=4,
            handletextpad=0.2,
        )
    return fitted(figure)


@drawing()
def wrong_count_distribution(
    n_wrong: Int[np.ndarray, " n"], n_models: int, predictions: Mapping[str, Float[np.ndarray, " m_plus_1"]]
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
    edges = _count_edges(m)
    widths = np.diff(edges)
    slots = np.arange(len(widths))

    def per_slot(shares: np.ndarray) -> np.ndarray:
        return np.add.reduceat(np.asarray(shares, dtype=float), edges[:-1]) / widths

    heights = per_slot(np.bincount(n_wrong, minlength=m + 1) / n)
    curves = {name: per_slot(law) for name, law in predictions.items()}
    # Half a query, spread over the widest bar: an observed share below that is zero, and a log axis has no zero.
    floor = 0.5 / n / widths.max()

    figure, axes = canvas(6.5, 2.7)
    axes.set_yscale("log")
    seen = slots[heights > 0]
    bars = axes.bar(seen, heights[seen], color=[STRONG if slot == slots[-1] else BARS for slot in seen], width=0.86)
    ends = edges.tolist()
    for slot, bar in zip(seen.tolist(), bars, strict=True):
        which = _range_text(ends[slot], ends[slot + 1] - 1)
        titled(bar, f"{which} wrong: {percent(float(heights[slot]))} of queries")
    axes.axvspan(slots[-1] - 0.5, slots[-1] + 0.5, color=STRONG, alpha=0.1, linewidth=0, zorder=0)
    k = int(np.sum(n_wrong == m))
    handles: list[Patch | Line2D] = [
        Patch(
            color=STRONG, label=f"observed, all {count(m)} wrong: {count(k)} of {count(n)} queries ({percent(k / n)})"
        )
    ]
    for i, (name, curve) in enumerate(curves.items()):
        handles += axes.plot(
            slots,
            np.maximum(curve, floor * 1e-3),
            color=PALETTE[i % len(PALETTE)],
            linestyle=("-", (0, (5, 1.5)), (0, (1.5, 1)))[i % 3],
            marker="o",
            markersize=3.5,
            markevery=[len(slots) - 1],
            label=f"{label(name)}: {percent(float(curve[-1]))}",
        )
    top = 1.6 * max(curve.max() for curve in (heights, *curves.values()))
    axes.set_ylim(floor, top)
    axes.set_xlim(-0.7, slots[-1] + 0.7)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if top / floor < 1000 else (1,)))
    axes.yaxis.minorticks_off()
    _percent_labels(axes.yaxis)
    step = math.ceil(len(slots) / 12)
    ticks = [*range(0, len(slots) - 1 - step // 2, step), len(slots) - 1]
    axes.set_xticks(ticks, [_range_text(edges[i], edges[i + 1] - 1) for i in ticks])
    axes.set_xlabel(f"number of wrong models among {count(m)}")
    axes.set_ylabel("share of queries" if widths.max() == 1 else "share of queries, mean in bar")
    title = "Share of queries that all models get wrong"
    axes.legend(handles=handles, title=title, ncols=2, **_ABOVE).set_alignment("left")
    return fitted(figure)


@drawing()
def wrong_by_dataset(
    n_wrong: Int[np.ndarray, " n"], dataset: Sequence[str] | np.ndarray | None, n_models: int
) -> Figure:
    """How many models fail per query, one row per dataset, the highest share of all-wrong queries on top.

    Args:
        n_wrong: wrong models per query, (n,), each in 0..m.
        dataset: dataset of each query, (n,), or None for one row. Of more than `DATASETS`, the largest are shown
            and the rest is pooled into a last row.
        n_models: m.
    """
    names = np.array(["all queries"] * len(n_wrong) if dataset is None else texts(dataset), dtype=object)
    largest = [name for name, _ in _by_size(names)]
    kept = largest if len(largest) <= DATASETS else largest[: DATASETS - 1]
    rows = [(label(name), n_wrong[names == name]) for name in kept]
    rows.sort(key=lambda row: (-np.mean(row[1] == n_models), -np.mean(row[1])))
    if pooled := set(largest) - set(kept):
        rows.append((f"other ({count(len(pooled))} smaller datasets)", n_wrong[[name in pooled for name in names]]))

    figure, axes = canvas(3.6, 0.2 * len(rows))
    place = np.arange(len(rows))
    shares = np.array([_shares_by_severity(counts, n_models) for _, counts in rows]).T
    handles = []
    for (text, colour), share, left in zip(_SEVERITY, shares, shares.cumsum(axis=0) - shares, strict=True):
        bars = axes.barh(place, share, left=left, color=colour, height=0.78)
        for (name, _), part, bar in zip(rows, share, bars, strict=True):
            titled(bar, f"{name}, {text} wrong: {percent(float(part))}")
        if share.any() or text == "all":
            handles.append(Patch(color=colour, label=text))
    axes.set_yticks(place, [name for name, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    _percent_labels(axes.xaxis)
    axes.set_xlabel("share of queries")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    columns = (
        ("queries", [count(len(counts)) for _, counts in rows]),
        ("median", [number(float(np.median(counts))) for _, counts in rows]),
        ("all wrong", [percent(float(np.mean(counts == n_models))) for _, counts in rows]),
    )
    for position, (title, cells) in enumerate(columns, start=1):
        for y, text in ((-1, title), *enumerate(cells)):
            axes.annotate(
                text, (1, y), (52 * position, 0), axes.get_yaxis_transform(), "offset points", ha="right", va="center"
            )
    above = _ABOVE | {"bbox_to_anchor": (0, 1 + 1.1 / len(rows))}  # the heads of the columns are between
    title = f"Models wrong on a query, of {count(n_models)}"
    axes.legend(handles=handles, title=title, ncols=6, **above).set_alignment("left")
    return fitted(figure)


_ABOVE: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.4, "borderpad": 0}

DATASETS = 30
"""Rows of `wrong_by_dataset` at most."""

_SEVERITY = (
    ("none", "#e3e8ed"),
    ("up to ¼", "#bcd3e6"),
    ("to ½", "#85b0d3"),
    ("to ¾", "#4a83b5"),
    ("over ¾", "#1d4e80"),
    ("all", STRONG),
)


def _shares_by_severity(n_wrong: np.ndarray, n_models: int) -> np.ndarray:
    """Shares of the queries in each class of `_SEVERITY`."""
    grade = np.where(n_wrong == n_models, 5, -(-4 * n_wrong // n_models))
    return np.bincount(grade, minlength=6) / len(n_wrong)


def _count_edges(m: int) -> np.ndarray:
    """Left edges (and the end) of the bars over 0..m: singles in small pools, else none, groups of one width, all."""
    width = 1 if m <= NAMED_MODELS else math.ceil((m - 1) / 50)
    return np.array([0, *range(1, m, width), m, m + 1])


def _range_text(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}–{last}"


def _shape(marker: str) -> Path:
    style = MarkerStyle(marker)
    return style.get_path().transformed(style.get_transform())


_Style = tuple[str, str]
"""Colour and marker."""


def _family_styles(family: Sequence[str] | np.ndarray | None, m: int) -> tuple[list[_Style], list[tuple[str, _Style]]]:
    """A colour and a shape per model, and the legend: the largest families have their own, the rest share one."""
    if family is None:
        return [(PALETTE[0], "o")] * m, []
    families = texts(family)
    ranked = [name for name, _ in _by_size(families)]
    own: dict[str, _Style] = dict(zip(ranked, zip(PALETTE, MARKERS, strict=True), strict=False))
    entries: list[tuple[str, _Style]] = [(label(name, 24), style) for name, style in own.items()]
    if len(ranked) > len(own):
        entries.append((f"other ({len(ranked) - len(own)} families)", (OTHER, "o")))
    return [own.get(name, (OTHER, "o")) for name in families], entries


def _by_size(names: Sequence[str] | np.ndarray) -> list[tuple[str, int]]:
    return sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))


def _percent_labels(axis: Axis) -> None:
    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
