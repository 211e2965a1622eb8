"""The laws that are refitted to every replicate of a matrix, with predictions on the same scale as those of the fit."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.fitting.comparison.laws import MATRIX_LAWS
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.stack import TetrachoricStack
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.replicates.predictors import MAX_REPLICATED_MODELS, log_predictions
from cofail_lab.fitting.replicates.stages import one_thread

Refit = Callable[[Float[np.ndarray, "batch k"], Float[np.ndarray, "batch pairs"]], dict[str, np.ndarray]]
"""From error rates of k models and tetrachoric correlations of their pairs: ``log_<law>`` -> log β per replicate."""


def replicated_laws(fit: MatrixFit) -> tuple[str, ...]:
    """The laws of the whole matrix that are refitted to replicates; none in large pools or where there is no ratio."""
    if fit.outcomes.n_all_wrong == 0 or fit.outcomes.n_models > MAX_REPLICATED_MODELS:
        return ()
    return tuple(law for law in MATRIX_LAWS if law != "full_sigma_clip" and law in fit.matrix_laws)


def refitter(fit: MatrixFit, chosen: Int[np.ndarray, " k"], laws: tuple[str, ...]) -> Refit:
    """The function that predicts β under ``laws`` for replicates of the ``chosen`` models of a matrix.

    Under full Σ all replicates use one and the same randomization of the net. Its error is about 1.5%, and nearly the
    same for similar matrices. The fit itself averages many randomizations. Therefore the log of every replicate is
    shifted by the difference between the two on the observed matrix, so that a ratio, its interval and its null
    distribution are on one scale.
    """
    if not laws:
        return lambda *_: {}
    numbers, pairs = fit.family_numbers, Pairs.of(len(chosen))
    family = None if numbers is None else numbers[chosen]
    # In the published convention full Σ is the clipped matrix, for the fit and for its replicates.
    sigma = "full_sigma_clip" if fit.conventions == "published" else "full_sigma"
    names = tuple(sigma if law == "full_sigma" else law for law in laws)

    def coarse(rates: np.ndarray, tetrachoric: np.ndarray, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        return log_predictions(TetrachoricStack(rates, tetrachoric, pairs, family, coarse=True), names)

    shift = 0.0
    if "full_sigma" in laws:
        observed = fit.tetrachoric_matrix(chosen)[pairs.left, pairs.right]
        with one_thread():
            on_observed = coarse(fit.outcomes.error_rates[chosen][None], observed[None], (sigma,))
        difference = fit.matrix_laws["full_sigma"].log[0] - on_observed[f"log_{sigma}"][0]
        # Without the law there is no ratio either, so that nothing needs a shift.
        shift = float(difference) if np.isfinite(difference) else 0.0

    def refit(rates: np.ndarray, tetrachoric: np.ndarray) -> dict[str, np.ndarray]:
        logs = coarse(rates, tetrachoric, names)
        if "full_sigma" in laws:
            logs["log_full_sigma"] = logs.pop(f"log_{sigma}") + shift
        return logs

    return refit
