"""The laws that are compared on a matrix, one line each: how it is fitted, and why it may not exist."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from cofail_lab.fitting.estimators import atom, block, clayton, full_sigma, loadings, loadings_ml
from cofail_lab.fitting.estimators.pool import Pool
from cofail_lab.models import AbstractErrorLaw, BlockFactor, Clayton, GaussianCopula, Independent, OneFactorGaussian


class AbsentLawError(Exception):
    """The matrix gives no such law; the message says why, as the end of a sentence."""


class Fitted(NamedTuple):
    """A law fitted to a pool.

    Attributes:
        law: with the pool's m models.
        parameters: its few parameters that are not error rates or matrices.
        intervals: of parameters, 95% by profile likelihood, where asked for.
        notes: what a reader must know, one sentence each.
    """

    law: AbstractErrorLaw
    parameters: Mapping[str, float] = {}
    intervals: Mapping[str, tuple[float, float]] = {}
    notes: tuple[str, ...] = ()


class Candidate(NamedTuple):
    """One law of the comparison.

    Attributes:
        label: what people call it.
        how: how its parameters are found.
        fit: raises AbsentLawError, ConvergenceError; ``intervals`` asks for profile limits.
        slow: refitting it in every fold is worth the time in pools of up to `LARGE` models only.
    """

    label: str
    how: str
    fit: Callable[[Pool, bool], Fitted]
    slow: bool = False


LARGE = 300
"""Pools above this size leave the slow laws out of the held-out comparison, and atoms over them out altogether."""


def _mean(pool: Pool) -> float:
    return float(pool.tetrachoric[np.triu_indices(pool.n_models, 1)].mean())


def _independent(pool: Pool, _: bool) -> Fitted:
    return Fitted(Independent(pool.error_rates))


def _equicorrelated(pool: Pool, correlation: float) -> Fitted:
    if correlation < 0:
        raise AbsentLawError("the mean correlation is negative, and a common factor cannot give it")
    if correlation >= 1:
        raise AbsentLawError("the mean correlation is 1: all models make the same errors")
    law = OneFactorGaussian(pool.error_rates, np.full(pool.n_models, np.sqrt(correlation)))
    return Fitted(law, {"correlation": correlation})


def _one_factor(pool: Pool, _: bool) -> Fitted:
    return _equicorrelated(pool, _mean(pool))


def _one_factor_pearson(pool: Pool, _: bool) -> Fitted:
    joint, rates = pool.joint_counts / pool.n_queries, pool.error_rates
    spread = np.sqrt(rates * (1 - rates))
    pearson = (joint - np.outer(rates, rates)) / np.outer(spread, spread)
    return _equicorrelated(pool, float(pearson[np.triu_indices(pool.n_models, 1)].mean()))


def _likelihood(base: str, with_atom: bool) -> Callable[[Pool, bool], Fitted]:
    def fit(pool: Pool, intervals: bool) -> Fitted:
        found = atom.fit(pool, base, atom=with_atom, intervals=intervals)
        parameters: dict[str, float] = {}
        limits: dict[str, tuple[float, float]] = {}
        notes = []
        name = atom.BASES[base].parameter
        if found.dependence is not None:
            parameters[name] = found.dependence
            if found.dependence_interval is not None:
                limits[name] = found.dependence_interval
            if found.at_limit:
                notes.append(f"the likeliest {name} is at the end of its range")
        if with_atom:
            parameters["shock"] = found.shock
            if found.shock_interval is not None:
                limits["shock"] = found.shock_interval
            if intervals:
                parameters["shock_on_matrix"] = atom.fit(pool, base, atom=True, target="matrix").shock
        return Fitted(found.law, parameters, limits, tuple(notes))

    return fit


def _clayton(pool: Pool, _: bool) -> Fitted:
    left, right = np.triu_indices(pool.n_models, 1)
    mean = pool.joint_counts[left, right].mean() / pool.n_queries
    theta = float(clayton.fit_theta(pool.error_rates[None], (left, right), np.array([mean]))[0])
    if np.isnan(theta):
        raise AbsentLawError(
            "joint errors are no more frequent than chance or on their Fréchet bound; no θ > 0 gives them"
        )
    return Fitted(Clayton(pool.error_rates, theta), {"theta": theta})


def _loadings(pool: Pool, _: bool) -> Fitted:
    found = loadings.minres(pool.tetrachoric)
    law = OneFactorGaussian(pool.error_rates, found.loadings)
    return Fitted(law, _loading_summary(found.loadings), notes=found.notes)


def _loading_summary(found: np.ndarray) -> dict[str, float]:
    return {"loading_mean": float(found.mean()), "loading_lowest": float(found.min()), "loading_highest": float(found.max())}  # fmt: skip  # noqa: E501


def _marginal(with_atom: bool) -> Callable[[Pool, bool], Fitted]:
    def fit(pool: Pool, intervals: bool) -> Fitted:
        start = np.clip(loadings.fit(pool.tetrachoric), -0.95, 0.95)
        found = loadings_ml.fit(pool.wrong, start, atom=with_atom)
        notes = list(loadings.limit_notes(found.n_at_limit))
        if not found.converged:
            notes.append("the optimizer stopped before it converged")
        shock = {"shock": found.shock} if with_atom else {}
        asked = intervals and with_atom and pool.n_all_wrong > 0
        limits = {"shock": loadings_ml.shock_interval(pool.wrong, found)} if asked else {}
        return Fitted(found.law(), {**_loading_summary(found.loadings), **shock}, limits, tuple(notes))

    return fit


def _full_sigma(repair: full_sigma.Repair) -> Callable[[Pool, bool], Fitted]:
    def fit(pool: Pool, _: bool) -> Fitted:
        matrix = full_sigma.repaired(pool.tetrachoric, repair)
        moved = float(np.linalg.norm(matrix - pool.tetrachoric))
        mean = float(matrix[np.triu_indices(pool.n_models, 1)].mean())
        return Fitted(GaussianCopula(pool.error_rates, matrix), {"correlation_mean": mean, "distance": moved})

    return fit


def _families(pool: Pool) -> tuple[np.ndarray, str]:
    """Given families if any two models share one and any two do not; else found ones."""
    if pool.family is not None:
        given = block.labels(pool.family)
        if 1 < len(np.unique(given)) < pool.n_models:
            return given, "families as given"
    return block.cluster(pool.tetrachoric), "families found by clustering"


def _block_law(rates: np.ndarray, tetrachoric: np.ndarray, family: np.ndarray) -> BlockFactor | None:
    between, within = (float(x) for x in block.fit(tetrachoric, family))
    return None if np.isnan(between) else BlockFactor(rates, family, between, within)


_NO_BLOCK = "models of one family correlate less than models of different ones, or the mean correlation is negative"


def _block(pool: Pool, _: bool) -> Fitted:
    family, note = _families(pool)
    law = _block_law(pool.error_rates, pool.tetrachoric, family)
    if law is None:
        raise AbsentLawError(_NO_BLOCK)
    return Fitted(law, _block_summary(law), notes=(note,))


def _block_summary(law: BlockFactor) -> dict[str, float]:
    return {"between": float(law.between), "within": float(law.within), "families": float(len(law.families))}


def _profile(
    base_of: Callable[[Pool], Callable[[np.ndarray, np.ndarray], AbstractErrorLaw | None]],
    why_absent: str,
    n_points: int,
    notes_of: Callable[[np.ndarray], tuple[str, ...]] = lambda _: (),
) -> Callable[[Pool, bool], Fitted]:
    def fit(pool: Pool, intervals: bool) -> Fitted:
        if pool.n_models > LARGE:
            raise AbsentLawError(f"not tried in pools of more than {LARGE} models: it refits the base a dozen times")
        found = atom.profile(pool, base_of(pool), n_points=n_points, intervals=intervals)
        if found is None:
            raise AbsentLawError(why_absent)
        limits = {} if found.shock_interval is None else {"shock": found.shock_interval}
        notes = notes_of(pool.tetrachoric_without(np.array([found.dropped]))[0])
        return Fitted(found.law, {"shock": found.dropped / pool.n_queries}, limits, notes)

    return fit


def _loadings_of(_: Pool) -> Callable[[np.ndarray, np.ndarray], AbstractErrorLaw]:
    return lambda rates, tetrachoric: OneFactorGaussian(rates, loadings.fit(tetrachoric))


def _block_of(pool: Pool) -> Callable[[np.ndarray, np.ndarray], AbstractErrorLaw | None]:
    family, _ = _families(pool)
    return lambda rates, tetrachoric: _block_law(rates, tetrachoric, family)


def _sigma_of(_: Pool) -> Callable[[np.ndarray, np.ndarray], AbstractErrorLaw]:
    return lambda rates, tetrachoric: GaussianCopula(rates, full_sigma.repaired(tetrachoric))


CANDIDATES: Mapping[str, Candidate] = {
    "independent": Candidate("independent errors", "error rates", _independent),
    "one_factor": Candidate("one factor, tetrachoric", "mean tetrachoric correlation", _one_factor),
    "one_factor_pearson": Candidate("one factor, Pearson", "mean Pearson correlation", _one_factor_pearson),
    "one_factor_ml": Candidate("one factor, likelihood", "maximum likelihood on C", _likelihood("one_factor", False)),
    "one_factor_loadings": Candidate("one factor, loadings", "minres factor analysis of tetrachorics", _loadings),
    "one_factor_loadings_ml": Candidate(
        "one factor, loadings by likelihood", "maximum likelihood on the matrix", _marginal(False), True
    ),
    "full_sigma": Candidate("full Σ, nearest", "nearest correlation matrix", _full_sigma("nearest"), True),
    "full_sigma_clip": Candidate("full Σ, clipped", "eigenvalues clipped (published)", _full_sigma("clip"), True),
    "clayton": Candidate("Clayton", "mean joint error rate", _clayton),
    "clayton_ml": Candidate("Clayton, likelihood", "maximum likelihood on C", _likelihood("clayton", False), True),
    "block": Candidate("block factor", "mean tetrachorics within and across families", _block, True),
    "atom_independent": Candidate("atom + independent", "maximum likelihood on C", _likelihood("independent", True)),
    "atom_one_factor": Candidate("atom + one factor", "maximum likelihood on C", _likelihood("one_factor", True), True),
    "atom_one_factor_loadings": Candidate(
        "atom + loadings", "ω by likelihood on C, loadings from the rest",
        _profile(_loadings_of, "", 9, lambda matrix: loadings.minres(matrix).notes), True,
    ),
    "atom_one_factor_loadings_ml": Candidate(
        "atom + loadings by likelihood", "maximum likelihood on the matrix", _marginal(True), True
    ),
    "atom_full_sigma": Candidate(
        "atom + full Σ", "ω by likelihood on C, Σ from the rest", _profile(_sigma_of, "", 5), True
    ),
    "atom_clayton": Candidate("atom + Clayton", "maximum likelihood on C", _likelihood("clayton", True), True),
    "atom_block": Candidate(
        "atom + block factor", "ω by likelihood on C, block from the rest", _profile(_block_of, _NO_BLOCK, 9), True
    ),
}  # fmt: skip
"""Name (as in ``results.json``: ``predicted_<name>``) -> law, in the order of the table."""
