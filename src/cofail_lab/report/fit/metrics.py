"""A fit as flat numbers, labels and estimates: the ``metrics``, ``labels`` and ``estimates`` of ``results.json``."""

from collections.abc import Mapping

import numpy as np

from cofail_lab.bounds.certificate import Certificate
from cofail_lab.estimate import Estimate
from cofail_lab.fitting.comparison.laws import FIRST_NULL, FITTED_LAWS, MATRIX_LAWS, NULL_LAWS, POINT_LAWS
from cofail_lab.fitting.conclusion import conclude
from cofail_lab.fitting.estimators import one_factor
from cofail_lab.fitting.matrix_fit import MATRIX_REPLICATES, MatrixFit
from cofail_lab.fitting.readings.difficulty import FAMILIES
from cofail_lab.fitting.readings.guessing import Guessing
from cofail_lab.fitting.readings.luck import Luck
from cofail_lab.fitting.readings.slopes import SLOPES
from cofail_lab.fitting.replicates.intervals import Interval
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.fit import law_comparison
from cofail_lab.report.fit.names import CONVENTIONS, null_label

_PREDICTED_LAWS = (*POINT_LAWS, *MATRIX_LAWS)


def metrics(fit: MatrixFit, certificate: Certificate) -> dict[str, float | int | None]:
    """Every number of a fit by name; None where it does not exist."""
    outcomes, point, replicates = fit.outcomes, fit.point, fit.replicates
    low, high = fit.all_wrong_interval
    left_out = outcomes.left_out
    numbers: dict[str, float | int | None] = {
        "n_models": outcomes.n_models,
        "n_queries": outcomes.n_queries,
        "n_all_wrong": outcomes.n_all_wrong,
        "n_left_out": 0 if left_out is None else left_out.n_queries,
        "n_constant_models": int(outcomes.constant.sum()),
        "n_replicates": 0 if replicates is None else len(replicates.all_wrong),
        "all_wrong": outcomes.all_wrong(),
        "all_wrong_lower": low,
        "all_wrong_upper": high,
        "all_wrong_worst_case": outcomes.all_wrong_worst_case(),
        "frechet_lower": fit.frechet.lower,
        "frechet_upper": fit.frechet.upper,
        "single_best": fit.single_best,
        "single_best_heldout": fit.single_best_heldout,
        "single_best_lower": certificate.single_best_lower,
        "oracle": 1 - outcomes.all_wrong(),
        "oracle_gain": fit.oracle_gain,
        **_limits("oracle_gain", fit.oracle_gain_limits[:2]),
        **_limits("oracle_gain_certified", certificate.gain_range),
        "n_competing": fit.oracle_gain_limits.competing,
        "max_gain": certificate.max_gain,
        "paired_max_gain": certificate.paired_max_gain,
        "paired_min_gain": certificate.paired_min_gain,
        "foreclosed_share": fit.foreclosed_share,
        **_limits("foreclosed", fit.whole.foreclosed_interval),
        "clayton_theta": _number(point.clayton_theta),
        "implied_correlation": fit.implied_correlation,
        "negative_eigenvalues": fit.negative_eigenvalues,
        "nearest_correlation_mean": fit.nearest_mean,
        "nearest_correlation_distance": fit.nearest_distance,
        "n_boundary_pairs": int(point.n_boundary_pairs[0]),
    }
    for name in ("pearson", "pearson_within", "pearson_across", "tetrachoric", "tetrachoric_interior"):
        numbers[name] = _number(getattr(point, name))
        numbers |= _limits(name, fit.correlation_interval(name))
    numbers["pearson_gap"] = _number(point.pearson_within - point.pearson_across)
    numbers |= _limits("pearson_gap", fit.correlation_interval("pearson_gap"))
    for law in _PREDICTED_LAWS:
        numbers[f"predicted_{law}"] = fit.predicted(law)
        # Below the smallest float a prediction still has a log.
        log_predicted = fit.log_predicted(law)
        # A complementary pair is never wrong together under full Σ: β is 0, and its log is no number.
        numbers[f"log_predicted_{law}"] = None if log_predicted == -np.inf else log_predicted
        numbers[f"ratio_{law}"] = fit.ratio(law)
        numbers |= _limits(f"ratio_{law}", fit.ratio_interval(law))
        numbers |= _limits(f"ratio_{law}_bca", fit.bca_interval(law))
    for law in MATRIX_LAWS:
        value = fit.predicted(law)
        numbers[f"predicted_{law}_error"] = None if value is None else value * float(fit.matrix_laws[law].error[0])
    # A prediction of the fit itself has intervals, so it takes the name before the same law of the comparison.
    compared = {} if fit.comparison is None else law_comparison.metrics(fit.comparison)
    return compared | numbers | _null_metrics(fit) | _slope_metrics(fit) | _luck_metrics(fit.luck)


def _null_metrics(fit: MatrixFit) -> dict[str, float | int | None]:
    null = fit.null
    test = None if null is None else null.tests.get((FIRST_NULL, FIRST_NULL))
    numbers: dict[str, float | int | None] = {
        "n_null": 0 if null is None else null.n_simulated,
        "null_p_value": None if test is None else test.p_value,
        "null_ratio_one_factor": None if test is None else test.expected,
        **_limits("null_ratio_one_factor", None if test is None else (test.lower, test.upper)),
        "null_power": None if null is None or null.power is None else null.power.get("one_factor"),
        "null_power_all": None if null is None else null.joint_power,
        "null_power_atom": None if null is None else null.atom,
    }
    for law in _PREDICTED_LAWS:
        placed = None if null is None else null.tests.get((FIRST_NULL, law))
        if law != "one_factor":
            numbers[f"null_p_value_{law}"] = None if placed is None else placed.p_value
            numbers[f"null_ratio_{law}"] = None if placed is None else placed.expected
    for law in NULL_LAWS:
        if law == FIRST_NULL:
            continue
        own = None if null is None else null.tests.get((law, law))
        numbers[f"null_p_value_{law}_own"] = None if own is None else own.p_value
        numbers[f"null_ratio_{law}_own"] = None if own is None else own.expected
    return numbers | _tail_metrics(fit)


def _tail_metrics(fit: MatrixFit) -> dict[str, float | int | None]:
    tail = fit.tail
    lower: list[float] = [] if fit.null is None else [test.p_lower for test in fit.null.own_tests(NULL_LAWS).values()]
    numbers: dict[str, float | int | None] = {
        f"tail_p_{name}": None if tail is None else tail.p_values.get(name) for name in FAMILIES
    }
    return numbers | {
        "tail_p_thinner": max(lower, default=None),
        "tail_power": None if tail is None else tail.power,
        "tail_power_ceiling": None if tail is None else tail.ceiling,
        "tail_power_atom": None if tail is None else tail.atom,
    }


def _slope_metrics(fit: MatrixFit) -> dict[str, float | int | None]:
    numbers: dict[str, float | int | None] = {}
    for correlation, values in fit.slopes.items():
        for j, slope in enumerate(SLOPES):
            if slope == "intercept":
                continue
            name = f"{correlation}_slope_{slope}"
            numbers[name] = None if np.isnan(values[j]) else float(values[j])
            drawn = None if fit.replicates is None else fit.replicates.more[f"slopes_{correlation}"][:, j]
            numbers |= _limits(name, fit.interval(drawn))
    return numbers


def _luck_metrics(luck: Luck | str | None) -> dict[str, float | int | None]:
    if not isinstance(luck, Luck):
        return {}
    numbers: dict[str, float | int | None] = {
        "repeats_n_models": luck.n_models,
        "repeats_fewest_runs": luck.fewest_runs,
        "repeats_most_runs": luck.most_runs,
    }
    for name, value in _luck_numbers(luck).items():
        numbers |= {name: None, **_limits(name, None)} if value is None else bracketed(name, value)
    return numbers


def _luck_numbers(luck: Luck) -> dict[str, Interval | None]:
    repeats = ("single_best", "first_pick", "half_pick", "routable_upper", "oracle")
    shares = {"luck_lower": luck.luck_lower, "luck_upper": luck.luck_upper}
    return {f"repeats_{name}": getattr(luck, name) for name in repeats} | shares


def elsewhere_metrics(outcomes: Outcomes, correlation: float | None) -> dict[str, float | int | None]:
    """The one-factor prediction at another matrix's mean correlation; nothing where none is given."""
    if correlation is None:
        return {}
    log_predicted = float(one_factor.log_all_wrong(outcomes.error_rates, np.asarray(correlation))[0])
    predicted, observed = float(np.exp(log_predicted)), outcomes.all_wrong()
    return {
        "correlation_elsewhere": correlation,
        "predicted_one_factor_elsewhere": predicted,
        "ratio_one_factor_elsewhere": observed / predicted if observed and predicted else None,
    }


def guessing_metrics(guessing: Guessing | None) -> dict[str, float | int | None]:
    """β and the ceiling corrected for guessing; nothing where it was not asked for."""
    if guessing is None:
        return {}
    numbers, ceiling = bracketed("all_wrong_known", guessing.all_wrong), bracketed("routable_ceiling", guessing.ceiling)
    return numbers | (ceiling if guessing.all_wrong.value <= 1 else dict.fromkeys(ceiling))


def guessing_labels(guessing: Guessing | None) -> dict[str, str]:
    """Why there is no ceiling."""
    if guessing is None or guessing.all_wrong.value <= 1:
        return {}
    return {
        "routable_ceiling": "more queries defeat everyone than if all guessed: the correction has no value in [0, 1]"
    }


def bracketed(name: str, value: Interval) -> dict[str, float | int | None]:
    """A value and its limits by name."""
    return {name: value.value, **_limits(name, (value.lower, value.upper))}


def labels(fit: MatrixFit, certificate: Certificate) -> dict[str, str]:
    """What the numbers need said beside them."""
    outcomes = fit.outcomes
    constant = [outcomes.models[j] for j in np.flatnonzero(outcomes.constant)]
    texts = {
        "source": outcomes.source,
        "best_model": outcomes.models[fit.best],
        "regime": fit.regime,
        "decision": certificate.decision,
        "decision_outcome": certificate.outcome,
        "boundary_pairs": "kept at +1 or -1 in the mean tetrachoric correlation (published convention)",
        "frechet": fit.frechet.method + (" (sharp)" if fit.frechet.sharp else ""),
        "conventions": CONVENTIONS[fit.conventions].format(level=f"{100 * fit.level:g}%"),
        "ratio_interval": (
            f"{100 * fit.level:g}% query bootstrap, percentile; BCa (grouped jackknife over queries) beside it; laws "
            f"of the whole matrix from the first {MATRIX_REPLICATES} replicates"
        ),
        "null": null_label(fit),
        "tail": conclude(fit).tail,
    }
    if fit.tail is not None:
        texts["tail_power_base"] = FAMILIES[fit.tail.power_base].label
    if constant:
        texts["constant_models"] = ", ".join(constant)
    if outcomes.n_all_wrong == 0:
        texts["ratio"] = "degenerate: no query defeats every model, so observed/predicted has no finite information"
    if isinstance(fit.luck, str):
        texts["luck"] = f"not read: {fit.luck}"
    if isinstance(fit.luck, Luck) and fit.luck.runs_inferred:
        texts["luck"] = "runs of a model read as the fewest that give all its shares"
    if fit.comparison is not None:
        texts |= law_comparison.labels(fit.comparison)
    for law in fit.laws:
        if fit.predicted(law) is None:
            texts[f"predicted_{law}"] = fit.why_absent(law)
    return texts | {
        f"note_{law}": "; ".join(prediction.notes) for law, prediction in fit.matrix_laws.items() if prediction.notes
    }


def estimates(fit: MatrixFit) -> dict[str, Estimate]:
    """Figures with their sampling error (bootstrap); predictions at the fitted parameters with their numerical one."""
    numbers = {} if fit.comparison is None else law_comparison.estimates(fit.comparison)
    if isinstance(fit.luck, Luck):
        for name, drawn in _luck_numbers(fit.luck).items():
            if drawn is not None:
                numbers[name] = Estimate(drawn.value, drawn.error, "monte_carlo")
    replicates = fit.replicates
    if replicates is not None and len(replicates.all_wrong) > 1:
        sampled = {
            "all_wrong": (fit.outcomes.all_wrong(), replicates.all_wrong),
            "single_best": (fit.single_best, replicates.single_best),
            "oracle_gain": (fit.oracle_gain, replicates.oracle_gain),
            "pearson": (_number(fit.point.pearson), replicates.fit.pearson),
            "tetrachoric": (_number(fit.point.tetrachoric), replicates.fit.tetrachoric),
        }
        for name, (value, drawn) in sampled.items():
            if value is not None and np.isfinite(drawn).sum() > 1:
                numbers[name] = Estimate(value, float(np.nanstd(drawn, ddof=1)), "monte_carlo")
    errors: Mapping[str, np.ndarray] = {
        **{law: getattr(fit.point, f"{law}_error", np.zeros(1)) for law in POINT_LAWS},
        **{law: predicted.error for law, predicted in fit.matrix_laws.items()},
    }
    for law in fit.laws:
        value = fit.predicted(law)
        error = None if value is None else value * float(errors[law][0])
        numbers[f"predicted_{law}"] = Estimate(value, error, FITTED_LAWS[law].error_kind)
    return numbers


def _limits(name: str, interval: tuple[float, float] | None) -> dict[str, float | int | None]:
    low, high = interval or (None, None)
    return {f"{name}_lower": low, f"{name}_upper": high}


def _number(values: np.ndarray) -> float | None:
    return None if np.isnan(values[0]) else float(values[0])
