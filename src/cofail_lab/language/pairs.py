"""The pairs of a pool, and their correlations with errors."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from cofail_lab.language.closed_forms import EPS
from cofail_lab.numerics import bivariate_normal

_Column = Float[np.ndarray, "n ..."]


class Pairs(NamedTuple):
    """The pairs of a pool in the order of their later model, one for all in an exchangeable pool.

    Attributes:
        first, second: error rates, (n, pairs).
        log_joint, error: log p_ij and its absolute error, (n, pairs).
    """

    first: np.ndarray
    second: np.ndarray
    log_joint: np.ndarray
    error: np.ndarray


class PairCorrelations(NamedTuple):
    """Correlations of pairs, or their means over pairs, with absolute errors; nan where there are none.

    Attributes:
        tetrachoric, pearson: correlations.
        pair: joint error rate.
    """

    tetrachoric: _Column
    tetrachoric_error: _Column
    pearson: _Column
    pearson_error: _Column
    pair: _Column
    pair_error: _Column


def pair_correlations(pairs: Pairs) -> PairCorrelations:
    """Of every pair, (n, pairs)."""
    h, k = ndtri(pairs.first), ndtri(pairs.second)
    joint = np.exp(pairs.log_joint)
    joint_error = joint * (pairs.error + EPS)
    r = bivariate_normal.correlation(h, k, joint)
    angle = np.arcsin(r)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = bivariate_normal.density(h, k, angle)
        # Φ2 is known to 1e-15, the thresholds to a rounding error or two: that moves Φ2 like the rates themselves.
        off = joint_error + 2e-15 + 4 * EPS * (pairs.first + pairs.second)
        angle_error = off / slope + 4e-16
        # Second order counts where the density is small against the error.
        r_error = np.abs(np.cos(angle)) * angle_error + angle_error**2 / 2 + 2 * EPS
        r_error = np.where(np.isfinite(angle_error) & (angle_error < 0.1) & (np.abs(r) < 1), r_error, np.nan)
        spread = np.sqrt(pairs.first * (1 - pairs.first) * pairs.second * (1 - pairs.second))
        product = pairs.first * pairs.second
        pearson = (joint - product) / spread
        pearson_error = (joint_error + 4 * EPS * product) / spread + 8 * EPS * np.abs(pearson)
    tetrachoric = np.where(np.isnan(r_error), np.nan, r)
    return PairCorrelations(tetrachoric, r_error, pearson, pearson_error, joint, joint_error)
