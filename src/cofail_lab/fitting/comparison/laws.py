"""The table of fitted laws, a row per law: its name, how it is fitted, where it is used, and why it may not exist.

To add a law: one file in `fitting.estimators` with ``fit_pool(pool, intervals) -> Fitted``, and one row here. The
comparison, its table, metrics and figure then hold the law. A row with ``predict`` is also predicted for the matrix
and its bootstrap replicates, with a ratio and intervals. A row with ``predict`` and ``null`` is also simulated as a
null law; its random numbers need a purpose of their own in `numerics.streams`. ``from_counts`` is for laws of
`estimators.point.PointFit`, which predicts them itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

from cofail_lab.estimate import Kind
from cofail_lab.fitting.estimators import (
    atom,
    atom_profile,
    block,
    clayton,
    factor_mixture,
    full_sigma,
    independent,
    loadings,
    loadings_ml,
    one_factor,
    skew_factor,
    student_factor,
)
from cofail_lab.fitting.estimators.fitted import Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.stack import ObservedPairs, Prediction, TetrachoricStack
from cofail_lab.models import AbstractErrorLaw
from cofail_lab.numerics.streams import NULL, NULL_FULL_SIGMA, NULL_LOADINGS

MAX_SLOW_MODELS = 300
"""In larger pools slow laws are not compared on held-out queries, and no profile limits are computed."""

Speed = Literal["quick", "slow", "slowest"]
"""``slow``: refitted in every fold only in pools of up to `MAX_SLOW_MODELS` models. ``slowest``: the same, and compared
only with ``laws=all``, because these laws together take longer than the rest of a fit."""


class AbsenceFacts(NamedTuple):
    """Facts about a matrix that explain why a law makes no prediction.

    Attributes:
        mean_tetrachoric: mean correlation of the pairs.
        on_bound: whether some pair's joint error rate is on a Fréchet bound.
        published: whether full Σ follows the published convention.
    """

    mean_tetrachoric: float
    on_bound: bool
    published: bool


class NullLaw(NamedTuple):
    """A law without a common mode that matrices are simulated from.

    Attributes:
        stream: purpose of its random numbers (`numerics.streams`).
        law: makes the law from the observed pairs.
    """

    stream: int
    law: Callable[[ObservedPairs], AbstractErrorLaw]


def _no_such_law(facts: AbsenceFacts) -> str:
    del facts
    return "does not exist for these error rates and pairs"


def _no_common_factor(facts: AbsenceFacts) -> str:
    del facts
    return "does not exist: the mean correlation is negative, and a common factor cannot give it"


def _no_block(facts: AbsenceFacts) -> str:
    del facts
    return "does not exist: the mean correlation across families is negative, above that within them, or 1"


def _no_theta(facts: AbsenceFacts) -> str:
    at_bound = facts.on_bound and facts.mean_tetrachoric > 0
    where = "on their Fréchet bound" if at_bound else "no more frequent than under independence"
    return f"does not exist: joint errors are {where}, and no θ > 0 gives them"


def _not_drawn(facts: AbsenceFacts) -> str:
    if not facts.published:
        return _no_common_factor(facts)
    draws = full_sigma.PUBLISHED_DRAWS
    return f"not seen in {draws:,} draws: below {3 / draws:.1e} with 95% confidence"


@dataclass(frozen=True, kw_only=True)
class FittedLaw:
    """One row of the table.

    Attributes:
        label: what pages, tables and figures call the law.
        phrase: what a running sentence calls it, where it differs from ``label``.
        how: how its parameters are estimated.
        fit: fits the law to a pool; True asks for profile limits. Raises AbsentLawError, ConvergenceError.
        speed: see `Speed`.
        from_counts: whether `estimators.point.PointFit` predicts β under the law (``log_<name>``) from counts only.
        predict: β under the law for a stack of tetrachoric matrices; None for laws that are only compared.
        null: how the law is simulated as a null law; None for laws that are not.
        error_kind: of the numerical error of the prediction.
        atom: whether the law has an atom, an event in which every model is wrong.
        imitates_atom: whether the law, without one, can follow an atom as closely as it likes: no law that it beats
            needs an atom for that.
        why_absent: why there may be no prediction, as the end of a sentence "the law ...".
    """

    label: str
    phrase: str = ""
    how: str
    fit: Callable[[VaryingPool, bool], Fitted]
    speed: Speed = "quick"
    from_counts: bool = False
    predict: Callable[[TetrachoricStack], Prediction | None] | None = None
    null: NullLaw | None = None
    error_kind: Kind = "exact"
    atom: bool = False
    imitates_atom: bool = False
    why_absent: Callable[[AbsenceFacts], str] = _no_such_law

    def __post_init__(self) -> None:
        if self.null is not None and self.predict is None and not self.from_counts:
            raise ValueError(f"{self.label}: a null law needs its own prediction, by predict or from_counts")


_ON_COUNTS, _ON_MATRIX = "maximum likelihood on C", "maximum likelihood on the matrix"
_LOADINGS_ON_COUNTS = "shape and scale by likelihood on C, pattern by minres"

FITTED_LAWS: Mapping[str, FittedLaw] = {
    "independent": FittedLaw(
        label="independent errors",
        phrase="independence",
        how="error rates",
        fit=independent.fit_pool,
        from_counts=True,
    ),
    "one_factor": FittedLaw(
        label="one factor, tetrachoric",
        phrase="one factor",
        how="mean tetrachoric correlation",
        fit=one_factor.fit_tetrachoric,
        from_counts=True,
        null=NullLaw(NULL, one_factor.null_law),
        error_kind="quadrature",
        why_absent=_no_common_factor,
    ),
    "one_factor_pearson": FittedLaw(
        label="one factor, Pearson",
        how="mean Pearson correlation",
        fit=one_factor.fit_pearson,
        from_counts=True,
        error_kind="quadrature",
        why_absent=_no_common_factor,
    ),
    "one_factor_ml": FittedLaw(
        label="one factor, likelihood",
        how=_ON_COUNTS,
        fit=partial(atom.fit_pool, base="one_factor", atom=False),
    ),
    "one_factor_loadings": FittedLaw(
        label="one factor, own loadings",
        phrase="one factor with a loading for every model",
        how="minres factor analysis of tetrachorics",
        fit=loadings.fit_pool,
        predict=loadings.predict_stack,
        null=NullLaw(NULL_LOADINGS, loadings.null_law),
        error_kind="quadrature",
        why_absent=_no_common_factor,
    ),
    "one_factor_loadings_ml": FittedLaw(
        label="one factor, own loadings by likelihood",
        how=_ON_MATRIX,
        fit=partial(loadings_ml.fit_pool, atom=False),
        speed="slowest",
    ),
    "student_factor": FittedLaw(
        label="Student factor",
        how=_ON_COUNTS,
        fit=student_factor.fit_pool,
        speed="slow",
    ),
    "student_factor_loadings": FittedLaw(
        label="Student factor, own loadings",
        how=_LOADINGS_ON_COUNTS,
        fit=partial(student_factor.fit_pool, own_loadings=True),
        speed="slowest",
    ),
    "skew_factor": FittedLaw(
        label="skewed factor",
        how=_ON_COUNTS,
        fit=skew_factor.fit_pool,
        speed="slow",
    ),
    "skew_factor_loadings": FittedLaw(
        label="skewed factor, own loadings",
        how=_LOADINGS_ON_COUNTS,
        fit=partial(skew_factor.fit_pool, own_loadings=True),
        speed="slowest",
    ),
    "factor_mixture": FittedLaw(
        label="factor of any law",
        how="nonparametric maximum likelihood on C",
        fit=factor_mixture.fit_pool,
        speed="slow",
        imitates_atom=True,
    ),
    "full_sigma": FittedLaw(
        label="full Σ",
        phrase="the full correlation matrix",
        how="nearest correlation matrix",
        fit=partial(full_sigma.fit_pool, repair="nearest"),
        speed="slow",
        predict=partial(full_sigma.predict_stack, repair="nearest"),
        null=NullLaw(NULL_FULL_SIGMA, full_sigma.null_law),
        error_kind="monte_carlo",
        why_absent=_not_drawn,
    ),
    "full_sigma_clip": FittedLaw(
        label="full Σ, clipped and rescaled",
        how="eigenvalues clipped (published)",
        fit=partial(full_sigma.fit_pool, repair="clip"),
        speed="slow",
        predict=partial(full_sigma.predict_stack, repair="clip"),
        error_kind="monte_carlo",
        why_absent=_no_common_factor,
    ),
    "clayton": FittedLaw(
        label="Clayton",
        how="mean joint error rate",
        fit=clayton.fit_pool,
        from_counts=True,
        why_absent=_no_theta,
    ),
    "clayton_ml": FittedLaw(
        label="Clayton, likelihood",
        how=_ON_COUNTS,
        fit=partial(atom.fit_pool, base="clayton", atom=False),
        speed="slow",
    ),
    "block": FittedLaw(
        label="block factor by family",
        phrase="families as blocks",
        how="mean tetrachorics within and across families",
        fit=block.fit_pool,
        speed="slow",
        predict=block.predict_stack,
        error_kind="quadrature",
        why_absent=_no_block,
    ),
    "atom_independent": FittedLaw(
        label="atom + independent errors",
        how=_ON_COUNTS,
        fit=partial(atom.fit_pool, base="independent", atom=True),
        atom=True,
    ),
    "atom_one_factor": FittedLaw(
        label="atom + one factor",
        how=_ON_COUNTS,
        fit=partial(atom.fit_pool, base="one_factor", atom=True),
        speed="slow",
        atom=True,
    ),
    "atom_student_factor": FittedLaw(
        label="atom + Student factor",
        how=_ON_COUNTS,
        fit=partial(student_factor.fit_pool, atom=True),
        speed="slowest",
        atom=True,
    ),
    "atom_skew_factor": FittedLaw(
        label="atom + skewed factor",
        how=_ON_COUNTS,
        fit=partial(skew_factor.fit_pool, atom=True),
        speed="slowest",
        atom=True,
    ),
    "atom_one_factor_loadings": FittedLaw(
        label="atom + own loadings",
        how="ω by likelihood on C, loadings from the rest",
        fit=partial(
            atom_profile.fit_pool,
            base_of=loadings.atom_base,
            n_points=9,
            notes_of=lambda matrix: loadings.minres(matrix).notes,
        ),
        speed="slowest",
        atom=True,
    ),
    "atom_one_factor_loadings_ml": FittedLaw(
        label="atom + own loadings by likelihood",
        how=_ON_MATRIX,
        fit=partial(loadings_ml.fit_pool, atom=True),
        speed="slowest",
        atom=True,
    ),
    "atom_full_sigma": FittedLaw(
        label="atom + full Σ",
        how="ω by likelihood on C, Σ from the rest",
        fit=partial(atom_profile.fit_pool, base_of=full_sigma.atom_base, n_points=5),
        speed="slowest",
        atom=True,
    ),
    "atom_clayton": FittedLaw(
        label="atom + Clayton",
        how=_ON_COUNTS,
        fit=partial(atom.fit_pool, base="clayton", atom=True),
        speed="slowest",
        atom=True,
    ),
    "atom_block": FittedLaw(
        label="atom + block factor by family",
        how="ω by likelihood on C, block from the rest",
        fit=partial(atom_profile.fit_pool, base_of=block.atom_base, n_points=9, absent=block.ABSENT),
        speed="slowest",
        atom=True,
    ),
}
"""Name (as in ``results.json``: ``predicted_<name>``) -> row, in the order of the comparison."""

POINT_LAWS = tuple(name for name, row in FITTED_LAWS.items() if row.from_counts)
"""Laws that `PointFit` predicts, from error rates and means over pairs."""

MATRIX_LAWS = tuple(
    sorted(
        (name for name, row in FITTED_LAWS.items() if row.predict),
        key=lambda name: FITTED_LAWS[name].error_kind == "monte_carlo",
    )
)
"""Laws that are predicted from the whole tetrachoric matrix, simulated ones last."""

NULL_LAWS = {name: row.null for name, row in FITTED_LAWS.items() if row.null}
"""Laws that are each the null law of their own ratio."""

FIRST_NULL = next(iter(NULL_LAWS))
"""The null law of every ratio; every other null law is the null law of its own ratio only."""


def phrase(name: str) -> str:
    """What a running sentence calls a law."""
    return FITTED_LAWS[name].phrase or FITTED_LAWS[name].label
