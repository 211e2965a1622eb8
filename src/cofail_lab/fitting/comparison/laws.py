"""The table of fitted laws, a row per law: its name, how it is fitted, where it is used, and why it may not exist.

To add a law: one file in `fitting.estimators` with ``fit_pool(pool, intervals) -> Fitted``, and one row here. The
comparison, its table, metrics and figure then hold the law. A row with ``predict`` is also predicted for the matrix
and its bootstrap replicates, with a ratio and intervals. A row with ``predict`` and ``null`` is also simulated as a
null law; its random numbers need a purpose of their own in `numerics.streams`. ``from_counts`` is for laws of
`estimators.point.PointFit`, which predicts them itself.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from cofail_lab.errors import InputError
from cofail_lab.fitting.comparison.fitted_law import (
    FittedLaw,
    NullLaw,
    no_block,
    no_common_factor,
    no_theta,
    not_drawn,
)
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
from cofail_lab.numerics.streams import NULL, NULL_FULL_SIGMA, NULL_LOADINGS

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
        why_absent=no_common_factor,
    ),
    "one_factor_pearson": FittedLaw(
        label="one factor, Pearson",
        how="mean Pearson correlation",
        fit=one_factor.fit_pearson,
        from_counts=True,
        error_kind="quadrature",
        why_absent=no_common_factor,
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
        why_absent=no_common_factor,
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
        why_absent=not_drawn,
    ),
    "full_sigma_clip": FittedLaw(
        label="full Σ, clipped and rescaled",
        how="eigenvalues clipped (published)",
        fit=partial(full_sigma.fit_pool, repair="clip"),
        speed="slow",
        predict=partial(full_sigma.predict_stack, repair="clip"),
        error_kind="monte_carlo",
        why_absent=no_common_factor,
    ),
    "clayton": FittedLaw(
        label="Clayton",
        how="mean joint error rate",
        fit=clayton.fit_pool,
        from_counts=True,
        why_absent=no_theta,
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
        why_absent=no_block,
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


def named_laws(wanted: str | Sequence[str]) -> list[str]:
    """Names of the laws that are compared: ``quick`` (those of seconds), ``all``, a name or several.

    Raises:
        InputError: a name that no law has.
    """
    if wanted == "quick":
        return [name for name, row in FITTED_LAWS.items() if row.speed != "slowest"]
    if wanted == "all":
        return list(FITTED_LAWS)
    names = [*wanted] if isinstance(wanted, list | tuple) else [wanted]
    for name in names:
        if not isinstance(name, str) or name not in FITTED_LAWS:
            raise InputError(f"experiment.laws: {name!r} is not quick, all or one of {', '.join(FITTED_LAWS)}")
    return [str(name) for name in names]
