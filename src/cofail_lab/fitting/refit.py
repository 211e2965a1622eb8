"""What is refitted to every replicate of a matrix, and how its predictions stand on the scale of the fit."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.fitting.estimators.pairs import Pairs, square
from cofail_lab.fitting.matrix import MatrixFit
from cofail_lab.fitting.replicates.predictors import MATRIX_LAWS, REPLICATED_UP_TO, MatrixPredictors
from cofail_lab.fitting.replicates.stages import one_thread


def replicated_laws(fit: MatrixFit) -> tuple[str, ...]:
    """The laws of the whole matrix that replicates get as well: none in large pools or where there is no ratio."""
    if fit.outcomes.n_all_wrong == 0 or fit.outcomes.n_models > REPLICATED_UP_TO:
        return ()
    return tuple(law for law in MATRIX_LAWS if law != "full_sigma_clip" and law in fit.matrix_laws)


def reader(
    fit: MatrixFit, chosen: Int[np.ndarray, " k"], laws: tuple[str, ...]
) -> Callable[[Float[np.ndarray, "batch k"], Float[np.ndarray, "batch pairs"]], dict[str, np.ndarray]]:
    """What reads ``log_<law>`` from the error rates and tetrachoric pairs of replicates of some models.

    A replicate's full Σ takes one randomization of the net, the same for all. It errs by about 1.5%, mostly alike on
    matrices that are alike, and the fit itself takes many. So every replicate is corrected by the difference of the two
    on the observed matrix: a ratio is then placed among replicates, and stands in its interval, on one scale.
    """
    if not laws:
        return lambda rates, tetrachoric: {}  # noqa: ARG005
    family, pairs = fit.predictors.family, Pairs.of(len(chosen))
    predictors = MatrixPredictors(pairs, None if family is None else family[chosen])
    read_as = "full_sigma_clip" if fit.conventions == "published" else "full_sigma"
    asked = tuple(read_as if law == "full_sigma" else law for law in laws)
    shift = 0.0
    if "full_sigma" in laws:
        observed = square(fit.pair_values.tetrachoric[0], fit.pairs, fit.outcomes.n_models, 1.0)[np.ix_(chosen, chosen)]
        rates = fit.outcomes.error_rates[chosen]
        with one_thread():
            coarse = predictors.replicates(rates[None], observed[pairs.left, pairs.right][None], (read_as,))
        difference = fit.matrix_laws["full_sigma"].log[0] - coarse[f"log_{read_as}"][0]
        # Where the fit has no such law there is no ratio to place either.
        shift = float(difference) if np.isfinite(difference) else 0.0

    def read(rates: np.ndarray, tetrachoric: np.ndarray) -> dict[str, np.ndarray]:
        found = predictors.replicates(rates, tetrachoric, asked)
        if "full_sigma" in laws:
            found["log_full_sigma"] = found.pop(f"log_{read_as}") + shift
        return found

    return read
