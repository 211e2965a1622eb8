"""Error laws: one file per law, all under one abstract base (theory section 2)."""

from cofail_lab.models.atom_inflated import AtomInflated
from cofail_lab.models.base import AbstractErrorLaw
from cofail_lab.models.beta_mixing import BetaMixing
from cofail_lab.models.block_factor import BlockFactor
from cofail_lab.models.clayton import Clayton
from cofail_lab.models.common_shock import CommonShock
from cofail_lab.models.exchangeable_count import ExchangeableCount
from cofail_lab.models.exchangeable_mixing import ExchangeableMixing
from cofail_lab.models.factor_mixture import FactorMixture
from cofail_lab.models.gaussian_copula import GaussianCopula
from cofail_lab.models.independent import Independent
from cofail_lab.models.one_factor_gaussian import OneFactorGaussian
from cofail_lab.models.skew_factor import SkewFactor
from cofail_lab.models.student_factor import StudentFactor

__all__ = [
    "AbstractErrorLaw",
    "AtomInflated",
    "BetaMixing",
    "BlockFactor",
    "Clayton",
    "CommonShock",
    "ExchangeableCount",
    "ExchangeableMixing",
    "FactorMixture",
    "GaussianCopula",
    "Independent",
    "OneFactorGaussian",
    "SkewFactor",
    "StudentFactor",
]
