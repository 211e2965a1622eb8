"""Figures over pool size: the all-wrong rate of a law, and how far the one-factor prediction from its pairs is off."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from cofail_lab.report.figures.style import PALETTE, STRONG, canvas, drawing, fitted

_LOG10 = float(np.log(10))


@drawing()
def tail_curve(curve: Mapping[str, np.ndarray]) -> Figure:
    """Log10 of the all-wrong rate against pool size: the law, its two one-factor predictions, and the simulated rates.

    Args:
        curve: columns of `models.tail.tail_curve`; where queries were simulated, also those of
            `experiments.tail_curve.simulate`.
    """
    figure, axes = canvas(4.2, 2.8)
    m = curve["pool_size"]
    for key, text, colour, style in (
        ("log_all_wrong", "law", STRONG, "-"),
        ("log_one_factor", "one factor, tetrachoric", PALETTE[0], "--"),
        ("log_one_factor_pearson", "one factor, Pearson", PALETTE[1], ":"),
    ):
        axes.plot(m, curve[key] / _LOG10, style, color=colour, label=text)
    if "simulated" in curve:
        share, bar = curve["simulated"], 1.96 * curve["simulated_error"]
        seen = share > bar  # a bar that reaches 0 has no lower end on this scale
        low, high = (np.log10(share[seen] + sign * bar[seen]) for sign in (-1, 1))
        y = np.log10(share[seen])
        axes.errorbar(
            m[seen], y, yerr=(y - low, high - y), fmt="o", ms=2.5, lw=0.8, color="black", label="simulated, 95%"
        )
    _pool_size_axis(axes, m)
    axes.set_ylabel("log10 of the all-wrong rate")
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return fitted(figure)


@drawing()
def underpricing(curve: Mapping[str, np.ndarray]) -> Figure:
    """Log10 of β over its one-factor predictions, with the implied correlation on a second axis.

    Args:
        curve: columns of `models.tail.tail_curve`.
    """
    figure, axes = canvas(4.2, 2.8)
    m = curve["pool_size"]
    axes.axhline(0, color="#999999", lw=0.6)
    axes.plot(m, curve["log_ratio_one_factor"] / _LOG10, "--", color=PALETTE[0], label="ratio, tetrachoric")
    axes.plot(m, curve["log_ratio_one_factor_pearson"] / _LOG10, ":", color=PALETTE[1], label="ratio, Pearson")
    _pool_size_axis(axes, m)
    axes.set_ylabel("log10 of law / one-factor prediction")
    right = axes.twinx()
    right.spines["right"].set_visible(True)
    right.plot(m, curve["implied_correlation"], color=PALETTE[2], label="implied correlation")
    right.plot(m, curve["tetrachoric"], color=PALETTE[2], lw=0.7, ls="-.", label="tetrachoric correlation")
    right.set_ylim(0, 1)
    right.set_ylabel("correlation")
    lines = axes.get_lines()[1:] + right.get_lines()
    axes.legend(lines, [str(line.get_label()) for line in lines], loc="upper left", bbox_to_anchor=(1.18, 1))
    return fitted(figure)


def _pool_size_axis(axes: Axes, sizes: np.ndarray) -> None:
    """Log scale from the smallest to the largest pool, labelled at 1, 2 and 5 times powers of ten."""
    decades = 10.0 ** np.arange(np.floor(np.log10(sizes[0])), np.ceil(np.log10(sizes[-1])) + 1)
    ticks = np.outer(decades, [1, 2, 5]).ravel()
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(ticks[(ticks >= sizes[0]) & (ticks <= sizes[-1])].tolist()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set_xlabel("pool size")
