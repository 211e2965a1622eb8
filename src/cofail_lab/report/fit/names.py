"""What the conventions of a fit are called."""

from collections.abc import Iterable

from cofail_lab.fitting.comparison.laws import FITTED_LAWS
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.report.numbers import agreeing_digits, count, ratio

CONVENTIONS = {
    "lab": "lab: full Σ is the nearest correlation matrix, by a randomized Sobol net; ratios with {level} intervals",
    "published": (
        "published: pairs at ±1, eigenvalues clipped and rescaled, full Σ by 4 million draws (replicates by a net), "
        "ratios with {level} intervals"
    ),
}


def rate_digits(fit: MatrixFit, laws: Iterable[str]) -> int:
    """Digits of the observed β and of those that laws predict, so that a reader's quotients are the stated ratios."""
    observed = fit.outcomes.all_wrong()
    # A law that is off by more than a factor of a hundred would need digits that nobody reads.
    ratios = {law: fit.ratio(law) for law in laws}
    near = [fit.predicted(law) for law, value in ratios.items() if value is not None and 0.01 <= value < 100]
    needed = [agreeing_digits(lambda p, o: o / p, ratio, rate, observed, most=4) for rate in near if rate is not None]
    return max(needed, default=1)


def null_label(fit: MatrixFit) -> str:
    """What the null calibration was, or that there was none."""
    if fit.null is None:
        return "not calibrated: no ratio here is evidence of a common mode"
    laws = " and ".join(FITTED_LAWS[law].label for law in fit.null.laws)
    pairs = count(fit.null.n_pairs)
    return f"{fit.null.simulated} matrices of this shape from {laws}, each refitted; means over {pairs} pairs"
