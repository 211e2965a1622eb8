"""P10: how much of an oracle's gain is luck, and how two runs show it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cofail_lab.decisions import one_run_oracle, routable_ceiling, second_run_accuracy
from cofail_lab.report.figures.style import PALETTE, STRONG, drawing, fitted


@drawing()
def draw() -> Figure:
    """One-run oracle, routable ceiling and second run over pool size: identical models, and specialists."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    nodes, weights = np.polynomial.legendre.leggauss(24)
    pi = (nodes + 1) / 2
    sizes = np.arange(1, 31)
    _curves(left, sizes, [np.repeat(pi[:, None], m, axis=1) for m in sizes], weights * pi)
    left.set_title("identical models, π ~ Beta(2, 1)", fontsize=8)
    # Specialists: each model's rate is its own on every query, so that a router has something to know.
    own = np.random.Generator(np.random.Philox(key=[10, 0])).beta(2, 1, size=(4000, sizes[-1]))
    _curves(right, sizes, [own[:, :m] for m in sizes], np.ones(len(own)))
    right.set_title("specialists, π ~ Beta(2, 1) independently", fontsize=8)
    right.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return fitted(figure)


def _curves(axes: Axes, sizes: np.ndarray, tables: list[np.ndarray], weights: np.ndarray) -> None:
    lines = (
        ("oracle of one run", one_run_oracle, STRONG, "-"),
        ("routable ceiling", routable_ceiling, PALETTE[0], "-"),
        ("second run of the first's pick", second_run_accuracy, PALETTE[1], "--"),
    )
    for name, measure, colour, style in lines:
        axes.plot(sizes, [measure(table, weights) for table in tables], style, color=colour, label=name)
    axes.set_ylim(0.62, 1.01)
    axes.set_xlabel("pool size")
    axes.set_ylabel("accuracy")
