"""The error laws behind the predictions of a point fit, as laws: what else they say than β."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from cofail_lab.fitting.matrix import MatrixFit
from cofail_lab.models import Clayton, Independent, OneFactorGaussian

if TYPE_CHECKING:
    from cofail_lab.models import AbstractErrorLaw


def fitted_laws(fit: MatrixFit) -> "dict[str, AbstractErrorLaw]":
    """Every fitted law that exists, over the varying models of the pool (constant ones have no place in a copula)."""
    rates = fit.outcomes.error_rates[~fit.outcomes.constant]
    if len(rates) == 0:
        return {}
    laws: dict[str, AbstractErrorLaw] = {"independent": Independent(rates)}
    for name, correlation in (("one_factor", fit.point.tetrachoric[0]), ("one_factor_pearson", fit.point.pearson[0])):
        if 0 <= correlation < 1:
            laws[name] = OneFactorGaussian(rates, np.full(len(rates), np.sqrt(correlation)))
    theta = fit.point.clayton_theta[0]
    if not np.isnan(theta):
        laws["clayton"] = Clayton(rates, float(theta))
    return laws


def fitted_count_probs(fit: MatrixFit) -> dict[str, Float[np.ndarray, " m_plus_1"]]:
    """P(C = 0..m) under every fitted law; models that are always wrong shift it, models always right pad it."""
    outcomes = fit.outcomes
    always_wrong = int((outcomes.error_counts == outcomes.n_queries).sum())
    probs = {}
    for name, law in fitted_laws(fit).items():
        inner = np.asarray(law.count_probs())
        probs[name] = np.zeros(outcomes.n_models + 1)
        probs[name][always_wrong : always_wrong + len(inner)] = inner
    return probs
