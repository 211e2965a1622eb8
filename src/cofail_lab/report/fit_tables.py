"""A fit as Arrow tables: one row per model, pair, query, number wrong, law and bootstrap replicate."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from cofail_lab.bounds.binomial import clopper_pearson, clopper_pearson_upper
from cofail_lab.bounds.certificate import Certificate
from cofail_lab.fitting.matrix import CONFIDENCE, MatrixFit
from cofail_lab.report.fit_summary import LAW_NAMES


def tables(
    fit: MatrixFit, certificate: Certificate, count_probs: Mapping[str, Float[np.ndarray, " m_plus_1"]]
) -> dict[str, pa.Table]:
    """Every table of a fit, by name; ``count_probs`` is the law of C under each fitted law."""
    found = {
        "models": _models(fit, certificate),
        "pairs": _pairs(fit),
        "queries": _queries(fit),
        "wrong_counts": _wrong_counts(fit, count_probs),
        "predictions": _predictions(fit),
    }
    if fit.replicates is not None:
        found["bootstrap"] = _bootstrap(fit)
    return found


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
    laws = list(LAW_NAMES)
    limits = [fit.ratio_interval(law) or (None, None) for law in laws]
    return pa.table(
        {
            "law": laws,
            "predicted": pa.array([fit.predicted(law) for law in laws], pa.float64()),
            "log_predicted": _nullable(np.array([float(getattr(fit.point, f"log_{law}")[0]) for law in laws])),
            "ratio": pa.array([fit.ratio(law) for law in laws], pa.float64()),
            "ratio_lower": pa.array([low for low, _ in limits], pa.float64()),
            "ratio_upper": pa.array([high for _, high in limits], pa.float64()),
        }
    )


def _bootstrap(fit: MatrixFit) -> pa.Table:
    assert fit.replicates is not None  # noqa: S101  (the caller asked)
    drawn = fit.replicates
    return pa.table(
        {
            "replicate": np.arange(len(drawn.all_wrong)),
            "all_wrong": drawn.all_wrong,
            "single_best": drawn.single_best,
            "oracle_gain": drawn.oracle_gain,
            **{name: _nullable(np.asarray(values, dtype=float)) for name, values in drawn.fit._asdict().items()},
        }
    )


def _nullable(values: np.ndarray) -> pa.Array:
    """Floats with null for a figure that does not exist."""
    return pa.array(values, pa.float64(), from_pandas=True)


def _text(values: np.ndarray) -> pa.Array:
    return pa.array([str(value) for value in values])
