"""The experiments as Python functions, without configuration and without files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Literal

from cofail_lab import checks
from cofail_lab.bounds.certificate import Certificate, certify_outcomes
from cofail_lab.data.frames import outcomes_of
from cofail_lab.outcomes import Outcomes
from cofail_lab.progress import Meter, current
from cofail_lab.result import Origin, Result
from cofail_lab.verdict import Verdict

if TYPE_CHECKING:
    from cofail_lab.fitting.comparison.compare import LawComparison
    from cofail_lab.fitting.matrix_fit import Conventions, MatrixFit


def certify(outcomes: Outcomes | Any, delta: float = 0.05, overhead: float | None = None) -> Certificate:
    """Certified limits of the gain from combining the models of a matrix (P1.iv, P1.v, P1.vii).

    Args:
        outcomes: the matrix; also a data frame or an array (`data.frames`).
        delta: error probability of each certificate.
        overhead: what combining costs, in accuracy; None leaves the decision open.
    """
    return certify_outcomes(outcomes_of(outcomes), delta=delta, overhead=overhead)


def fit(
    outcomes: Outcomes | Any,
    bootstrap: int = 2000,
    seed: int = 0,
    delta: float = 0.05,
    overhead: float | None = None,
    level: float = 0.90,
    null: int = 200,
    atom: float = 0.03,
    conventions: Literal["lab", "published"] = "lab",
    correlation: float | None = None,
    choices: int | None = None,
    folds: int = 5,
    laws: str | list[str] = "quick",
    progress: bool = False,
    workers: int = 1,
) -> Result:
    """Fit the error laws to a matrix (theory section 4, points 1 to 5).

    Args:
        outcomes: the matrix; also a data frame or an array (`data.frames`).
        bootstrap: query-bootstrap replicates; 0 leaves the intervals out.
        seed: of the replicates.
        delta: error probability of each certificate.
        overhead: what combining costs, in accuracy; None leaves the decision open.
        level: confidence of the intervals of the ratios.
        null: matrices simulated from each fitted law without a common mode; 0 leaves the null calibration out.
        atom: size of the common mode that the power of the calibration is stated for.
        conventions: of the full-Σ prediction: the nearest correlation matrix by a randomized net (``lab``), or
            eigenvalues clipped and rescaled with 4 million draws (``published``).
        correlation: mean tetrachoric correlation of another matrix, for a further one-factor prediction of this one;
            None leaves it out.
        choices: number of options of each query, if a model that does not know the answer guesses among them; None
            leaves the correction for guessing out.
        folds: parts of the queries for the held-out likelihood of each law; 0 leaves the comparison of laws out.
        laws: compared laws: ``quick`` (those that take seconds), ``all``, or names of
            `fitting.comparison.laws.FITTED_LAWS`.
        progress: whether one line on standard error, also of a notebook, says how long the fit still takes.
        workers: at most this many processes share a long fit; the numbers are those of one. A script that asks for more
            than one needs the line ``if __name__ == "__main__":`` around what it does.

    Returns:
        The result with ``metrics``, ``labels``, ``tables``, ``figures`` and the summary; nothing is written.
    """
    from cofail_lab.experiments.fit import Fit

    begun = time.monotonic()
    checks.within("workers", workers, 1, 2**10)
    matrix = outcomes_of(outcomes)
    experiment = Fit(
        bootstrap=bootstrap,
        null=null,
        atom=atom,
        delta=delta,
        overhead=overhead,
        level=level,
        conventions=conventions,
        correlation=correlation,
        choices=choices,
        folds=folds,
        laws=laws,
    )
    if progress:
        with current(Meter()) as meter:
            result = experiment.analyse(matrix, seed, meter, workers=workers)
    else:
        result = experiment.analyse(matrix, seed, workers=workers)
    parameters = asdict(experiment)
    call = ", ".join(f"{name}={value!r}" for name, value in {**parameters, "seed": seed}.items())
    origin = Origin(
        experiment="fit",
        command=f"cofail_lab.fit(outcomes, {call})",
        parameters={"experiment": {"_target_": f"{Fit.__module__}.Fit", **parameters}, "run": {"seed": seed}},
        seed=seed,
        inputs={"source": matrix.source},
        seconds=round(time.monotonic() - begun, 3),
    )
    return replace(result, origin=origin)


def fit_matrix(
    outcomes: Outcomes | Any, level: float = 0.90, seed: int = 0, conventions: Conventions = "lab"
) -> MatrixFit:
    """The numbers of a fit as an object: correlations, the β of every law of pairs, regimes; no intervals, no nulls.

    Args:
        outcomes: the matrix; also a data frame or an array (`data.frames`).
        level, seed, conventions: as in `fit`.
    """
    from cofail_lab.fitting.matrix import fit_matrix

    return fit_matrix(outcomes_of(outcomes), level=level, seed=seed, conventions=conventions)


def compare_laws(
    outcomes: Outcomes | Any,
    laws: Sequence[str] | None = None,
    folds: int = 5,
    seed: int = 0,
    intervals: bool = True,
) -> LawComparison:
    """The error laws on one matrix: the β that each predicts, and how likely held-out queries are under it.

    Args:
        outcomes: the matrix; also a data frame or an array (`data.frames`).
        laws: names of `fitting.comparison.laws.FITTED_LAWS`; None for all of them, which takes minutes.
        folds: parts of the queries, each predicted by laws fitted to the others; 0 leaves this out.
        seed: of the assignment to parts.
        intervals: whether parameters fitted by likelihood have 95% limits.

    Raises:
        InputError: ``folds`` or a name in ``laws`` is not valid.
    """
    from cofail_lab.fitting.comparison.compare import compare_laws

    return compare_laws(outcomes_of(outcomes), folds=folds, seed=seed, intervals=intervals, laws=laws)


def verify(claims: str | Sequence[str] | None = None, seed: int = 0, false_alarm: float = 0.01) -> list[Verdict]:
    """Verdicts on the claims of the theory, in the order of the theory; one for each release that makes the claim.

    Args:
        claims: ids, ``"P2"`` or ``"P1.iv,P8.ii"``; None for all of them (a minute or two).
        seed: of the simulations and the adversary.
        false_alarm: probability that a run does not confirm a true claim, over all its simulated checks.

    Raises:
        InputError: an id that is not a claim's.
    """
    from cofail_lab.claims.claim import Trial
    from cofail_lab.claims.registry import select
    from cofail_lab.claims.verifier import split_level, verify_claim

    chosen = select(claims)
    trial = Trial(seed, split_level(chosen, false_alarm))
    return [verdict for claim in chosen for verdict in verify_claim(claim, trial)]
