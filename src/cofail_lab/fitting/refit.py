"""What is refitted to every replicate of a matrix, and how its predictions stand on the scale of the fit."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.fitting.comparison.laws import MATRIX_LAWS
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.stack import TetrachoricStack
from cofail_lab.fitting.matrix import MatrixFit
from cofail_lab.fitting.replicates.predictors import MAX_REPLICATED_MODELS, log_predictions
from cofail_lab.fitting.replicates.stages import one_thread

Refit = Callable[[Float[np.ndarray, "batch k"], Float[np.ndarray, "batch pairs"]], dict[str, np.ndarray]]
"""``log_<law>`` of replicates from the error rates of k models and the tetrachoric correlations of their pairs."""


def replicated_laws(fit: MatrixFit) -> tuple[str, ...]:
    """The laws of the whole matrix that replicates get as well: none in large pools or where there is no ratio."""
    if fit.outcomes.n_all_wrong == 0 or fit.outcomes.n_models > MAX_REPLICATED_MODELS:
        return ()
    return tuple(law for law in MATRIX_LAWS if law != "full_sigma_clip" and law in fit.matrix_laws)


def refitter(fit: MatrixFit, chosen: Int[np.ndarray, " k"], laws: tuple[str, ...]) -> Refit:
    """What predicts ``laws`` for replicates of the ``chosen`` models of a matrix.

    A replicate's full Σ takes one randomization of the net, the same for all. Its error is about 1.5%, nearly the same
    on similar matrices, and the fit itself averages many randomizations. So every replicate is corrected by the
    difference of the two on the observed matrix: a ratio, its interval and its null are then on one scale.
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
        # Where the fit has no such law there is no ratio to place either.
        shift = float(difference) if np.isfinite(difference) else 0.0

    def refit(rates: np.ndarray, tetrachoric: np.ndarray) -> dict[str, np.ndarray]:
        logs = coarse(rates, tetrachoric, names)
        if "full_sigma" in laws:
            logs["log_full_sigma"] = logs.pop(f"log_{sigma}") + shift
        return logs

    return refit
