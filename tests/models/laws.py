"""A named table of all laws."""

import numpy as np

from cofail_lab.models import (
    AbstractErrorLaw,
    AtomInflated,
    BetaMixing,
    BlockFactor,
    Clayton,
    CommonShock,
    ExchangeableCount,
    ExchangeableMixing,
    FactorMixture,
    GaussianCopula,
    Independent,
    OneFactorGaussian,
    SkewFactor,
    StudentFactor,
)

RATES = [0.2, 0.55, 0.7, 0.05, 0.9]
LOADINGS = np.array([0.5, 0.9, -0.3, 0.2, 0.7])
CORRELATION = np.outer(LOADINGS, LOADINGS) + np.diag(1 - LOADINGS**2)


LAWS: dict[str, AbstractErrorLaw] = {
    "independent": Independent(RATES),
    "common_shock": CommonShock(0.05, RATES),
    "no_shock": CommonShock(0.0, RATES),
    "one_factor_gaussian": OneFactorGaussian(RATES, LOADINGS),
    "gaussian_copula": GaussianCopula(RATES, CORRELATION),
    "clayton": Clayton(RATES, 2.0),
    "clayton_weak": Clayton(RATES, 0.05),
    "block_factor": BlockFactor(RATES, ["a", "a", "b", "b", "c"], 0.3, 0.6),
    "student_factor": StudentFactor(RATES, LOADINGS, 3.0),
    "student_factor_heavy": StudentFactor(RATES, LOADINGS, 1.2),
    "skew_factor": SkewFactor(RATES, LOADINGS, 2.0),
    "skew_factor_easy": SkewFactor(RATES, LOADINGS, -1.5),
    "factor_mixture": FactorMixture(RATES, LOADINGS, [-9.0, -0.5, 1.5], [0.1, 0.6, 0.3]),
    "atom_inflated": AtomInflated(0.1, OneFactorGaussian(RATES, LOADINGS)),
    "atom_on_atom": AtomInflated(0.1, AtomInflated(0.2, Independent(RATES))),
    "exchangeable_mixing": ExchangeableMixing([0.0, 0.3, 1.0], [0.2, 0.7, 0.1], 5),
    "beta_mixing": BetaMixing(2.0, 3.0, 5),
    "exchangeable_count": ExchangeableCount([0.1, 0.2, 0.0, 0.3, 0.25, 0.15]),
}
