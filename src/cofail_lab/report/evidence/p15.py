"""P15: distinct draws are unbiased and draws with replacement are not; clones ranked on the sample that votes."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from scipy.stats import binom

from cofail_lab.claims.propositions.p15_matched import clone_differences, distinct, replaced
from cofail_lab.report.figures.style import PALETTE, STRONG, drawing, fitted

N_DRAWN, K = 5, 3


@drawing()
def draw() -> Figure:
    """Left, error of two ways to count draws by the model's success; right, differences of clones."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    success = np.linspace(0, 1, 201)
    weights = binom.pmf(np.arange(N_DRAWN + 1), N_DRAWN, success[:, None])
    fresh = binom.sf(K // 2, K, success)
    for vote, color, name in ((distinct, STRONG, "distinct draws"), (replaced, PALETTE[0], "samples put back")):
        mean = weights @ [vote(c, N_DRAWN, K) for c in range(N_DRAWN + 1)]
        left.plot(success, 100 * (mean - fresh), color=color, label=name)
    left.set_xlabel(f"chance that one draw is right (S = {N_DRAWN}, k = {K})")
    left.set_ylabel("bias of the vote (points)")
    left.legend()
    bins = np.linspace(-3, 4, 57).tolist()
    for ranked_on, color, name in (("same", PALETTE[0], "ranked on it"), ("another", STRONG, "on another sample")):
        differences = 100 * clone_differences(ranked_on, 0)
        right.hist(differences, bins, histtype="step", color=color, label=name)
        right.axvline(differences.mean(), color=color, linewidth=0.8, linestyle=":")
    right.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    right.set_xlabel("three of six clones less draws of one (points)")
    right.set_ylabel("trials")
    right.legend()
    return fitted(figure)
