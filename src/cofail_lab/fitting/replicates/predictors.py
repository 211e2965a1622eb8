"""Predictions of β that need the whole tetrachoric matrix, for the observed one and for its replicates alike."""

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtri

from cofail_lab.fitting.estimators import block, full_sigma, loadings, one_factor
from cofail_lab.fitting.estimators.pairs import Pairs, row_means
from cofail_lab.numerics import orthant

MATRIX_LAWS = ("one_factor_loadings", "block", "full_sigma", "full_sigma_clip")
"""One factor with a loading for every model, block factor, full Σ by its two repairs."""

REPLICATED_UP_TO = 150
"""Models in a pool whose replicates get these predictions too: beyond, a repaired matrix for each takes minutes."""

# Of the net behind full Σ, and the randomizations of it that are averaged for an observed matrix: relative errors are
# about 1.5% for one, mostly the same on similar matrices, and 0.2% for all. Few sizes are compiled.
_LOG2_POINTS, _N_SHIFTS, _RANDOMIZATIONS = 5, 8, 64
_LARGE_POOL, _LARGE_POINTS = 100, 2**10
_COLUMNS = 32
# What a singular matrix is mixed with the identity by, so that it has a Cholesky factor.
_LIFT = 1e-9
# Φ(40) is 1 to the last bit, and a model with no correlation does not touch the others.
_LEFT_OUT = 40.0


class Predicted(NamedTuple):
    """Log β of one law for a stack of matrices, and its absolute error (one standard error for full Σ); nan: no law.

    ``notes`` is what a reader must know of the law, where the stack is one matrix.
    """

    log: Float[np.ndarray, " batch"]
    error: Float[np.ndarray, " batch"]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class MatrixPredictors:
    """The laws of `MATRIX_LAWS` read from tetrachoric matrices of one pool.

    Attributes:
        pairs: every pair of the pool.
        family: number of each model's family, (m,), for the block law; None leaves it out.
    """

    pairs: Pairs
    family: Int[np.ndarray, " m"] | None

    def predict(
        self,
        error_rates: Float[np.ndarray, "batch m"],
        tetrachoric: Float[np.ndarray, "batch pairs"],
        laws: tuple[str, ...] = MATRIX_LAWS,
        *,
        randomizations: int = _RANDOMIZATIONS,
        pool_reversed: bool = False,
    ) -> dict[str, Predicted]:
        """Some laws for every matrix; constant models are left out of each.

        Args:
            error_rates, tetrachoric: of the models, and of every pair.
            laws: names of `MATRIX_LAWS`.
            randomizations: of the net behind full Σ.
            pool_reversed: where families correlate less within than across, take the block law with one correlation,
                the best with within >= between, instead of none. Where the block law exists both rules give it.
        """
        batch, m = error_rates.shape
        constant = (error_rates <= 0) | (error_rates >= 1)
        matrices = np.broadcast_to(np.eye(m), (batch, m, m)).copy()
        matrices[:, self.pairs.left, self.pairs.right] = tetrachoric
        matrices[:, self.pairs.right, self.pairs.left] = tetrachoric
        found = {}
        if "one_factor_loadings" in laws:
            fitted = loadings.minres(matrices)
            logs = one_factor.log_all_wrong_loadings(error_rates, fitted.loadings)
            found["one_factor_loadings"] = Predicted(*logs, fitted.notes if batch == 1 else ())
        thresholds = np.where(constant, _LEFT_OUT, ndtri(np.where(constant, 0.5, error_rates)))
        if "block" in laws and self.family is not None:
            found["block"] = self._block(matrices, thresholds, pool_reversed)
        apart = np.where(constant[:, :, None] | constant[:, None, :], np.eye(m), matrices)
        for name in ("full_sigma", "full_sigma_clip"):
            if name in laws:
                repair = "clip" if name == "full_sigma_clip" else "nearest"
                values = [
                    _full_sigma(matrix, t, repair, randomizations) for matrix, t in zip(apart, thresholds, strict=True)
                ]
                found[name] = _stacked(values)
        return found

    def _block(self, matrices: np.ndarray, thresholds: np.ndarray, pool_reversed: bool) -> Predicted:
        assert self.family is not None  # noqa: S101  (the caller asked)
        between, within = block.fit(matrices, self.family)
        if pool_reversed:
            values = matrices[:, self.pairs.left, self.pairs.right]
            mean = row_means(values, np.ones(values.shape, dtype=bool))
            reversed_ = np.isnan(between) & (mean >= 0) & (mean < 1)
            between, within = np.where(reversed_, mean, between), np.where(reversed_, mean, within)
        logs = [
            (np.nan, np.nan) if np.isnan(b) else block.log_all_wrong(t, self.family, float(b), float(w))
            for b, w, t in zip(between, within, thresholds, strict=True)
        ]
        return _stacked(logs)

    def replicates(
        self, error_rates: np.ndarray, tetrachoric: np.ndarray, laws: tuple[str, ...]
    ) -> dict[str, np.ndarray]:
        """``log_<law>`` of each matrix, for `Replicates.more`: full Σ to about 1.5%, reversed families pooled.

        A replicate without a block law would count as one with a larger ratio, and would leave the intervals.
        """
        found = self.predict(error_rates, tetrachoric, laws, randomizations=1, pool_reversed=True)
        return {f"log_{name}": predicted.log for name, predicted in found.items()}


def _stacked(values: list[tuple[float, float]]) -> Predicted:
    log_value, error = np.array(values).reshape(-1, 2).T
    return Predicted(log_value, error)


def _full_sigma(
    matrix: np.ndarray, thresholds: np.ndarray, repair: full_sigma.Repair, randomizations: int
) -> tuple[float, float]:
    return log_orthant(full_sigma.repaired(matrix, repair), thresholds, randomizations)


def log_orthant(
    correlation: Float[np.ndarray, "m m"], thresholds: Float[np.ndarray, " m"], randomizations: int = _RANDOMIZATIONS
) -> tuple[float, float]:
    """Log Φ_m(t; Σ) of a correlation matrix, and its standard error."""
    m = len(thresholds)
    if m >= _LARGE_POOL and randomizations > 1:
        return full_sigma.log_all_wrong(correlation, thresholds, _LARGE_POINTS)
    # Models that are always wrong fill the pool up to a size that many share, so that one compiled program serves them.
    padded = np.eye(m + -m % _COLUMNS)
    padded[:m, :m] = correlation
    filled = jnp.asarray(np.concatenate([thresholds, np.full(-m % _COLUMNS, _LEFT_OUT)]))
    padded = jnp.asarray((1 - _LIFT) * padded + _LIFT * np.eye(len(padded)))
    net = orthant.sobol_net(len(padded), _LOG2_POINTS)
    found = np.array(
        [
            orthant.log_orthant(filled, padded, net, orthant.digital_shifts(len(padded), seed, _N_SHIFTS))[:2]
            for seed in range(randomizations)
        ]
    )
    log_value, error = found[0]
    if randomizations > 1:
        # Near-singular matrices give values that are e^1000 apart: the largest is the one to measure by.
        log_value = found[:, 0].max()
        values = np.exp(found[:, 0] - log_value)
        error = values.std(ddof=1) / np.sqrt(randomizations) / values.mean()
        log_value += np.log(values.mean())
    return float(log_value), float(error)
