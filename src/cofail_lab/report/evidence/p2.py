"""P2: how the underpricing grows with the pool, and with which law."""

import numpy as np
from matplotlib.figure import Figure

from cofail_lab.claims.propositions.p2_clayton import log_ratio
from cofail_lab.claims.reference import exchangeable
from cofail_lab.report.figures.style import PALETTE, STRONG, decades, drawing, fitted

_SHOCK = {"shock": 0.05, "base": 0.3}
_CLAYTON = {"error_rate": 0.4, "theta": 2}


@drawing()
def draw() -> Figure:
    """Left, log10 of β over its one-factor prediction, three ways; right, the implied correlation of a common shock."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    sizes = np.geomspace(2, 1e6, 40)
    lines = (
        ("common shock", {**_SHOCK, "pipeline": "tetrachoric"}, STRONG, "-"),
        ("Clayton, Pearson", {**_CLAYTON, "pipeline": "pearson"}, PALETTE[1], "--"),
        ("Clayton, tetrachoric", {**_CLAYTON, "pipeline": "tetrachoric"}, PALETTE[0], ":"),
    )
    for name, law, colour, style in lines:
        left.plot(sizes, [log_ratio(law, m) / np.log(10) for m in sizes], style, color=colour, label=name)
    left.axhline(0, color="#999999", lw=0.6)
    decades(left.xaxis, sizes[0], sizes[-1])
    left.set_xlabel("pool size")
    left.set_ylabel("log10 of β / one-factor prediction")
    left.legend(loc="upper left")
    for shock, colour in ((0.01, PALETTE[0]), (0.05, PALETTE[1]), (0.2, PALETTE[2])):
        error_rate = shock + (1 - shock) * _SHOCK["base"]
        implied = [
            exchangeable.implied(error_rate, exchangeable.log_common_shock(shock, _SHOCK["base"], m), m)
            for m in sizes[sizes >= 3]
        ]
        right.plot(sizes[sizes >= 3], implied, color=colour, label=f"shock {shock:g}")
        pair = shock + (1 - shock) * _SHOCK["base"] ** 2
        right.axhline(exchangeable.tetrachoric(error_rate, pair), color=colour, lw=0.7, ls=":")
    decades(right.xaxis, sizes[0], sizes[-1])
    right.set_ylim(0, 1)
    right.set_xlabel("pool size")
    right.set_ylabel("implied correlation (dotted: tetrachoric)")
    right.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return fitted(figure)
