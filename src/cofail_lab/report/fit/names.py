"""What the laws and conventions of a fit are called."""

from cofail_lab.fitting.matrix import MatrixFit
from cofail_lab.report.numbers import count

LAW_NAMES = {
    "independent": "independent errors",
    "one_factor": "one factor, tetrachoric",
    "one_factor_pearson": "one factor, Pearson",
    "clayton": "Clayton",
    "one_factor_loadings": "one factor, own loadings",
    "block": "block factor by family",
    "full_sigma": "full Σ",
    "full_sigma_clip": "full Σ, clipped and rescaled",
}

CONVENTIONS = {
    "lab": "lab: full Σ is the nearest correlation matrix, by a randomized Sobol net; ratios with {level} intervals",
    "published": (
        "published: pairs at ±1, eigenvalues clipped and rescaled, full Σ by 4 million draws (replicates by a net), "
        "ratios with {level} intervals"
    ),
}


def null_label(fit: MatrixFit) -> str:
    """What the null calibration was, or that there was none."""
    if fit.null is None:
        return "not calibrated: no ratio here is evidence of a common mode"
    done = min(len(drawn.all_wrong) for drawn in fit.null.laws.values())
    laws = " and ".join(LAW_NAMES[law] for law in fit.null.laws)
    return (
        f"{count(done)} matrices of this shape from {laws}, each refitted; means over {count(fit.null.n_pairs)} pairs"
    )
