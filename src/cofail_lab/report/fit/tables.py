"""A fit as Arrow tables: one row per model, pair, query, number wrong, law and bootstrap replicate."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from cofail_lab.bounds.binomial import clopper_pearson, clopper_pearson_upper
from cofail_lab.bounds.certificate import Certificate
from cofail_lab.fitting.comparison.laws import FIRST_NULL
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.readings.pool_scan import PoolScan
from cofail_lab.fitting.readings.regimes import CONFIDENCE, PoolRegime
from cofail_lab.fitting.replicates.null import NullCalibration
from cofail_lab.fitting.replicates.stages import Replicates
from cofail_lab.report.fit import law_comparison

# Pairs that are written, of 4,000 models; a table of more would be larger than all else together.
_MOST_PAIRS = 8_000_000


def tables(
    fit: MatrixFit, certificate: Certificate, count_probs: Mapping[str, Float[np.ndarray, " m_plus_1"]]
) -> dict[str, pa.Table]:
    """Every table of a fit, by name; ``count_probs`` is the law of C under each fitted law.

    There is none of the pairs of more than 4,000 models.
    """
    named = {
        "models": _models(fit, certificate),
        **({"pairs": _pairs(fit)} if len(fit.pairs.left) <= _MOST_PAIRS else {}),
        "queries": _queries(fit),
        "wrong_counts": _wrong_counts(fit, count_probs),
        "predictions": _predictions(fit),
    }
    if fit.replicates is not None:
        named["bootstrap"] = _bootstrap(fit.replicates)
    if fit.comparison is not None:
        named["laws"] = law_comparison.table(fit.comparison)
    if fit.null is not None:
        named["null"] = _null(fit.null)
        named["null_tests"] = _null_tests(fit, fit.null)
    if fit.scan is not None and len(fit.scan.sizes):
        named["pool_scan"] = _pool_scan(fit.scan)
    if fit.parts:
        named["parts"] = _parts(fit)
    if fit.regimes:
        named["regimes"] = _regimes(fit.regimes)
    return named


def _models(fit: MatrixFit, certificate: Certificate) -> pa.Table:
    """Accuracy with its 95% limits, resolvable rate R_i with the upper limit that P1.v uses."""
    outcomes = fit.outcomes
    n = outcomes.n_queries
    low, high = clopper_pearson(n - outcomes.error_counts, n, 1 - CONFIDENCE)
    resolvable = outcomes.error_counts - outcomes.n_all_wrong
    return pa.table(
        {
            "model": pa.array(outcomes.models),
            **({} if outcomes.family is None else {"family": _text(outcomes.family)}),
            "accuracy": 1 - outcomes.error_rates,
            "accuracy_lower": low,
            "accuracy_upper": high,
            "n_wrong": outcomes.error_counts,
            "n_resolvable": resolvable,
            "resolvable": resolvable / n,
            "resolvable_upper": clopper_pearson_upper(resolvable, n, certificate.delta / outcomes.n_models),
            "constant": outcomes.constant,
        }
    )


def _pairs(fit: MatrixFit) -> pa.Table:
    """Joint errors and correlations; null where a model of the pair is constant."""
    outcomes, pairs, values = fit.outcomes, fit.pairs, fit.pair_values
    names = pa.array(outcomes.models)
    return pa.table(
        {
            "model_i": pa.DictionaryArray.from_arrays(pa.array(pairs.left, pa.int32()), names),
            "model_j": pa.DictionaryArray.from_arrays(pa.array(pairs.right, pa.int32()), names),
            "n_both_wrong": outcomes.joint_wrong_counts[pairs.left, pairs.right],
            "pearson": _nullable(values.pearson[0]),
            "tetrachoric": _nullable(values.tetrachoric[0]),
            "boundary": values.boundary[0],
        }
    )


def _queries(fit: MatrixFit) -> pa.Table:
    outcomes = fit.outcomes
    return pa.table(
        {
            "query": pa.array(outcomes.queries),
            **({} if outcomes.dataset is None else {"dataset": _text(outcomes.dataset)}),
            "n_wrong": outcomes.n_wrong,
            "all_wrong": outcomes.n_wrong == outcomes.n_models,
        }
    )


def _wrong_counts(fit: MatrixFit, count_probs: Mapping[str, np.ndarray]) -> pa.Table:
    """The law of C: observed counts and the probabilities of every fitted law."""
    m = fit.outcomes.n_models
    return pa.table(
        {
            "n_wrong": np.arange(m + 1),
            "observed": np.bincount(fit.outcomes.n_wrong, minlength=m + 1),
            **{f"probability_{law}": probs for law, probs in count_probs.items()},
        }
    )


def _predictions(fit: MatrixFit) -> pa.Table:
    laws = list(fit.laws)
    limits = [fit.ratio_interval(law) or (None, None) for law in laws]
    bca = [fit.bca_interval(law) or (None, None) for law in laws]
    return pa.table(
        {
            "law": laws,
            "predicted": pa.array([fit.predicted(law) for law in laws], pa.float64()),
            "log_predicted": pa.array([fit.log_predicted(law) for law in laws], pa.float64()),
            "ratio": pa.array([fit.ratio(law) for law in laws], pa.float64()),
            "ratio_lower": pa.array([low for low, _ in limits], pa.float64()),
            "ratio_upper": pa.array([high for _, high in limits], pa.float64()),
            "ratio_bca_lower": pa.array([low for low, _ in bca], pa.float64()),
            "ratio_bca_upper": pa.array([high for _, high in bca], pa.float64()),
        }
    )


def _bootstrap(drawn: Replicates) -> pa.Table:
    """One row per replicate: everything that was refitted."""
    return pa.table(
        {
            "replicate": np.arange(len(drawn.all_wrong)),
            "all_wrong": drawn.all_wrong,
            "single_best": drawn.single_best,
            "oracle_gain": drawn.oracle_gain,
            **{name: _nullable(np.asarray(values, dtype=float)) for name, values in drawn.fit._asdict().items()},
            **{name: _nullable(values) for name, values in drawn.more.items() if values.ndim == 1},
        }
    )


def _null(null: NullCalibration) -> pa.Table:
    """One row per simulated matrix: its null law, β, single best and everything refitted."""
    parts = []
    for name, drawn in null.laws.items():
        n = len(drawn.all_wrong)
        columns = {"null_law": pa.array([name] * n), "replicate": np.arange(n), "all_wrong": drawn.all_wrong}
        columns |= {key: _nullable(np.asarray(values, dtype=float)) for key, values in drawn.fit._asdict().items()}
        columns |= {key: _nullable(values) for key, values in drawn.more.items()}
        parts.append(pa.table(columns))
    # Each null law has its own predictions; what a law lacks is null.
    return pa.concat_tables(parts, promote_options="default")


def _null_tests(fit: MatrixFit, null: NullCalibration) -> pa.Table:
    """One row per null law and predicted law: where the observed ratio is among the simulated ones."""
    keys, tests = list(null.tests), list(null.tests.values())
    power = null.power or {}
    return pa.table(
        {
            "null_law": pa.array([name for name, _ in keys], pa.string()),
            "law": pa.array([law for _, law in keys], pa.string()),
            "ratio": pa.array([fit.ratio(law) for _, law in keys], pa.float64()),
            "expected": pa.array([test.expected for test in tests], pa.float64()),
            "lower": pa.array([test.lower for test in tests], pa.float64()),
            "upper": pa.array([test.upper for test in tests], pa.float64()),
            "critical": pa.array([test.critical for test in tests], pa.float64()),
            "p_value": pa.array([test.p_value for test in tests], pa.float64()),
            "n_replicates": pa.array([test.n_replicates for test in tests], pa.int64()),
            "power": pa.array([power.get(law) if name == FIRST_NULL else None for name, law in keys], pa.float64()),
        }
    )


def _pool_scan(scan: PoolScan) -> pa.Table:
    """One row per composition: β and its ratio in the data, and in a simulated matrix."""
    n_sizes, n_each = scan.ratio.shape
    absent = np.full(scan.ratio.shape, np.nan)
    return pa.table(
        {
            "n_models": np.repeat(scan.sizes, n_each),
            "composition": np.tile(np.arange(n_each), n_sizes),
            "all_wrong": scan.all_wrong.ravel(),
            "ratio_one_factor": _nullable(scan.ratio.ravel()),
            "null_all_wrong": _nullable((absent if scan.null_all_wrong is None else scan.null_all_wrong).ravel()),
            "null_ratio_one_factor": _nullable((absent if scan.null_ratio is None else scan.null_ratio).ravel()),
        }
    )


def _parts(fit: MatrixFit) -> pa.Table:
    """The parts of the pool; members are names joined by a line break."""
    n = fit.outcomes.n_queries
    limits = [fit.part_interval(i) or (None, None) for i in range(len(fit.parts))]
    members = ["\n".join(fit.outcomes.models[j] for j in reading.part.members) for reading in fit.parts]
    return pa.table(
        {
            "part": pa.array([reading.part.title for reading in fit.parts], pa.string()),
            "n_models": pa.array([len(reading.part.members) for reading in fit.parts], pa.int64()),
            "n_all_wrong": pa.array([reading.n_all_wrong for reading in fit.parts], pa.int64()),
            "all_wrong": pa.array([reading.n_all_wrong / n for reading in fit.parts], pa.float64()),
            "single_best": pa.array([reading.single_best for reading in fit.parts], pa.float64()),
            "tetrachoric": _nullable(np.array([reading.tetrachoric for reading in fit.parts])),
            "predicted_one_factor": _nullable(np.exp([reading.log_predicted for reading in fit.parts])),
            "ratio_one_factor": pa.array([fit.part_ratio(i) for i in range(len(fit.parts))], pa.float64()),
            "ratio_lower": pa.array([low for low, _ in limits], pa.float64()),
            "ratio_upper": pa.array([high for _, high in limits], pa.float64()),
            "members": pa.array(members, pa.string()),
        }
    )


def _regimes(regimes: tuple[PoolRegime, ...]) -> pa.Table:
    limits = [dataset.foreclosed_interval or (None, None) for dataset in regimes]
    return pa.table(
        {
            "dataset": pa.array([dataset.name for dataset in regimes], pa.string()),
            "n_queries": pa.array([dataset.n_queries for dataset in regimes], pa.int64()),
            "n_all_wrong": pa.array([dataset.n_all_wrong for dataset in regimes], pa.int64()),
            "all_wrong_lower": pa.array([dataset.all_wrong_interval[0] for dataset in regimes], pa.float64()),
            "all_wrong_upper": pa.array([dataset.all_wrong_interval[1] for dataset in regimes], pa.float64()),
            "best_errors": pa.array([dataset.best_errors for dataset in regimes], pa.int64()),
            "foreclosed_share": pa.array([dataset.foreclosed_share for dataset in regimes], pa.float64()),
            "foreclosed_lower": pa.array([low for low, _ in limits], pa.float64()),
            "foreclosed_upper": pa.array([high for _, high in limits], pa.float64()),
            "regime": pa.array([dataset.regime for dataset in regimes], pa.string()),
        }
    )


def _nullable(values: np.ndarray) -> pa.Array:
    """Floats with null for a figure that does not exist."""
    return pa.array(values, pa.float64(), from_pandas=True)


def _text(values: np.ndarray) -> pa.Array:
    return pa.array([str(value) for value in values])
