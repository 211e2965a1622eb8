"""What the conventions of a fit are called."""

from cofail_lab.fitting.comparison.laws import FITTED_LAWS
from cofail_lab.fitting.matrix import MatrixFit
from cofail_lab.report.numbers import count

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
    done = fit.null.n_simulated
    laws = " and ".join(FITTED_LAWS[law].label for law in fit.null.laws)
    return (
        f"{count(done)} matrices of this shape from {laws}, each refitted; means over {count(fit.null.n_pairs)} pairs"
    )
