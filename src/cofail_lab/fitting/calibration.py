"""A fit judged against its own null: the calibration, its power, and the pool-size scan under data and null."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cofail_lab.fitting.estimators import full_sigma, loadings
from cofail_lab.fitting.estimators.pairs import Pairs, square
from cofail_lab.fitting.estimators.point import fit_counts
from cofail_lab.fitting.matrix import POINT_LAWS, MatrixFit
from cofail_lab.fitting.readings.pool_scan import COMPOSITIONS, Compositions, PoolScan
from cofail_lab.fitting.refit import reader, replicated_laws
from cofail_lab.fitting.replicates.null import NullCalibration, NullTest, place, power, simulate, with_atom
from cofail_lab.fitting.replicates.stages import Batch, More, Replicates, Stage, nothing, one_thread
from cofail_lab.models import GaussianCopula, OneFactorGaussian
from cofail_lab.numerics.streams import NULL, NULL_FULL_SIGMA, NULL_LOADINGS, POWER, generator
from cofail_lab.outcomes import Outcomes

if TYPE_CHECKING:
    from cofail_lab.models import AbstractErrorLaw

# In larger pools every mean, the observed one included, is over this many random pairs: the same statistic either way.
_MOST_PAIRS = 2**18
_SOME_PAIRS = 2**16
# Counting pairs costs n m² a matrix: from this much on fewer matrices are simulated than asked for, 39 at least.
_MOST_COUNTING, _FEWEST = 2e11, 39


OWN_NULLS = ("one_factor", "one_factor_loadings", "full_sigma")
"""Laws that are each the null of their own ratio; the first is the null of every other ratio too."""

_STREAMS = {"one_factor": NULL, "one_factor_loadings": NULL_LOADINGS, "full_sigma": NULL_FULL_SIGMA}


def null_laws(fit: MatrixFit) -> "dict[str, AbstractErrorLaw]":
    """The fitted laws without a common mode, over the varying models, by the names of `OWN_NULLS`.

    Empty where a law does not exist. What is not refitted per replicate (`replicated_laws`) has no null of its own.
    """
    rates = fit.outcomes.error_rates[~fit.outcomes.constant]
    r = float(fit.point.tetrachoric[0])
    if len(rates) < 2 or not 0 <= r < 1:
        return {}
    laws: dict[str, AbstractErrorLaw] = {"one_factor": _one_factor(fit)}
    if replicated_laws(fit):
        varying = np.flatnonzero(~fit.outcomes.constant)
        matrix = square(fit.pair_values.tetrachoric[0], fit.pairs, fit.outcomes.n_models, 1.0)
        matrix = matrix[np.ix_(varying, varying)]
        laws["one_factor_loadings"] = OneFactorGaussian(rates, loadings.fit(matrix))
        laws["full_sigma"] = GaussianCopula(rates, full_sigma.repaired(matrix, _repair(fit)))
    return laws


def _one_factor(fit: MatrixFit) -> OneFactorGaussian:
    rates = fit.outcomes.error_rates[~fit.outcomes.constant]
    return OneFactorGaussian(rates, np.full(len(rates), np.sqrt(fit.point.tetrachoric[0])))


def _repair(fit: MatrixFit) -> full_sigma.Repair:
    return "clip" if fit.conventions == "published" else "nearest"


def null_stages(fit: MatrixFit, n_replicates: int, atom: float, seed: int) -> dict[str, Stage]:
    """The matrices that `calibrated` takes: ``null_<law>`` from each null law, ``power`` with a common mode."""
    outcomes = fit.outcomes
    varying = np.flatnonzero(~outcomes.constant)
    if len(varying) < 3 or not n_replicates:
        return {}
    with one_thread():
        laws = null_laws(fit)
    n, n_replicates = outcomes.n_queries, affordable(outcomes, n_replicates)
    pairs = _null_pairs(fit, varying, seed)
    stages: dict[str, Stage] = {}
    for name, law in laws.items():
        # Under the first null every ratio is placed, under another law's own null that law's ratio.
        first = name == "one_factor"
        more = _predictions(fit, varying, replicated_laws(fit) if first else (name,))
        if first:
            more = _with_scan(more, Compositions(len(varying), n, seed))
        stages[f"null_{name}"] = simulate(law, n, pairs, n_replicates, (seed, _STREAMS[name]), more)
    alternative = with_atom(_one_factor(fit), atom) if laws and outcomes.n_all_wrong else None
    if alternative is not None:
        more = _predictions(fit, varying, tuple(law for law in laws if law != "one_factor"))
        stages["power"] = simulate(alternative, n, pairs, n_replicates, (seed, POWER), more)
    return stages


def calibrated(
    fit: MatrixFit, drawn: Mapping[str, Replicates], n_replicates: int, atom: float, seed: int, finished: bool
) -> MatrixFit:
    """The fit with its null calibration, where there are simulated matrices, and its pool-size scan.

    Args:
        fit: of the matrix.
        drawn: matrices by `null_stages`, called with the same ``n_replicates``, ``atom`` and ``seed``; after an
            interruption (``finished`` is False) fewer.
        n_replicates, atom, seed, finished: see there.
    """
    outcomes = fit.outcomes
    varying = np.flatnonzero(~outcomes.constant)
    if len(varying) < 3:
        return fit
    scanned = Compositions(len(varying), outcomes.n_queries, seed)
    wrong, joint = outcomes.wrong[:, varying], outcomes.joint_wrong_counts[np.ix_(varying, varying)]
    observed = scanned.count(
        0, np.broadcast_to(wrong, (COMPOSITIONS, *wrong.shape)), np.broadcast_to(joint, (COMPOSITIONS, *joint.shape))
    )
    null, under_null = None, (None, None)
    if laws := {name.removeprefix("null_"): found for name, found in drawn.items() if name.startswith("null_")}:
        under_null = scanned.ratios(laws["one_factor"].more)
        laws = {name: _without_scan(found) for name, found in laws.items()}
        pairs = _null_pairs(fit, varying, seed)
        null = _calibration(fit, pairs, laws, drawn.get("power"), atom, n_replicates, finished)
    return replace(fit, null=null, scan=PoolScan(np.array(scanned.sizes), *scanned.ratios(observed), *under_null))


def affordable(outcomes: Outcomes, n_replicates: int) -> int:
    """How many of the matrices asked for are simulated: all, but in pools of about a thousand models and more."""
    work = outcomes.n_queries * outcomes.n_models**2
    return min(n_replicates, max(_FEWEST, int(_MOST_COUNTING / work)))


def _null_pairs(fit: MatrixFit, varying: np.ndarray, seed: int) -> Pairs:
    family = fit.outcomes.family
    pairs = Pairs.of(len(varying), None if family is None else family[varying])
    if len(pairs.left) <= _MOST_PAIRS:
        return pairs
    some = np.sort(generator(seed, NULL, 2**31).choice(len(pairs.left), _SOME_PAIRS, replace=False))
    same = None if pairs.same_family is None else pairs.same_family[some]
    return Pairs(pairs.left[some], pairs.right[some], same)


def _with_scan(more: More, scanned: Compositions) -> More:
    """Count the compositions of the pool-size scan as well."""

    def both(batch: Batch) -> dict[str, np.ndarray]:
        assert batch.wrong is not None  # noqa: S101  (simulated)
        assert batch.joint is not None  # noqa: S101
        return {**more(batch), **scanned.count(batch.first, batch.wrong, batch.joint)}

    return both


def _without_scan(replicates: Replicates) -> Replicates:
    return replicates._replace(more={k: v for k, v in replicates.more.items() if not k.startswith("scan_")})


def _predictions(fit: MatrixFit, varying: np.ndarray, laws: tuple[str, ...]) -> More:
    """The predictions of whole matrices, for the simulated ones."""
    if not laws:
        return nothing
    read = reader(fit, varying, laws)

    def more(batch: Batch) -> dict[str, np.ndarray]:
        return read(batch.error_counts / fit.outcomes.n_queries, batch.values.tetrachoric)

    return more


def _calibration(
    fit: MatrixFit,
    pairs: Pairs,
    laws: dict[str, Replicates],
    with_mode: Replicates | None,
    atom: float,
    n_asked: int,
    finished: bool,
) -> NullCalibration:
    observed = _observed_ratios(fit, pairs)
    tests: dict[tuple[str, str], NullTest] = {}
    for name, replicates in laws.items():
        for law, ratio in observed.items():
            if name not in ("one_factor", law) or not replicates.has(law):
                continue
            found = place(ratio, replicates.ratios(law))
            if found is not None:
                tests[name, law] = found
    found_power = joint_power = None
    if with_mode is not None:
        found_power = {
            law: power(tests["one_factor", law], with_mode.ratios(law))
            for law in observed
            if ("one_factor", law) in tests and with_mode.has(law)
        }
        if all((law, law) in tests and with_mode.has(law) for law in OWN_NULLS):
            told = [with_mode.ratios(law) > tests[law, law].critical for law in OWN_NULLS]
            joint_power = float(np.all(told, axis=0).mean())
    return NullCalibration(
        laws, tests, atom, found_power, joint_power, 0 if with_mode is None else len(with_mode.all_wrong),
        not finished, n_asked, affordable(fit.outcomes, n_asked), len(pairs.left),
    )  # fmt: skip


def _observed_ratios(fit: MatrixFit, pairs: Pairs) -> dict[str, float]:
    """The ratios of the fit; in very large pools again over the pairs that the simulated matrices use."""
    outcomes = fit.outcomes
    ratios = {law: fit.ratio(law) for law in fit.laws}
    varying = np.flatnonzero(~outcomes.constant)
    if len(pairs.left) < len(varying) * (len(varying) - 1) // 2 and outcomes.n_all_wrong:
        counts = outcomes.error_counts[varying]
        joint = outcomes.joint_wrong_counts[varying[pairs.left], varying[pairs.right]]
        point, _ = fit_counts(counts[None], joint[None], outcomes.n_queries, pairs)
        for law in POINT_LAWS:
            log_predicted = getattr(point, f"log_{law}")[0]
            ratios[law] = None if np.isnan(log_predicted) else outcomes.all_wrong() / np.exp(log_predicted)
    return {law: ratio for law, ratio in ratios.items() if ratio is not None}
