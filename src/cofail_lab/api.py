"""The experiments as Python functions, without configuration and without files."""

from collections.abc import Sequence
from typing import Any, Literal

from cofail_lab.bounds.certificate import Certificate, certify_outcomes
from cofail_lab.data.frames import outcomes_of
from cofail_lab.outcomes import Outcomes
from cofail_lab.progress import Meter, current
from cofail_lab.result import Result
from cofail_lab.verdict import Verdict


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

    Returns:
        The result with ``metrics``, ``labels``, ``tables``, ``figures`` and the summary; nothing is written.
    """
    from cofail_lab.experiments.fit import Fit

    settings = Fit(
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
    matrix = outcomes_of(outcomes)
    if not progress:
        return settings.analyse(matrix, seed)
    with current(Meter()) as meter:
        return settings.analyse(matrix, seed, meter)


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
