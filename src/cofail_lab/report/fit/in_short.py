"""The paragraph on top of a fit: the ceiling, what each law predicts, and whether the difference could be chance."""

from collections.abc import Mapping

import numpy as np

from cofail_lab.fitting.calibration import OWN_NULLS
from cofail_lab.fitting.matrix import MatrixFit
from cofail_lab.fitting.replicates.null import NullCalibration, NullTest
from cofail_lab.fitting.replicates.predictors import REPLICATED_UP_TO
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import count, interval, percent, percent_of_log, points, ratio
from cofail_lab.result import Section

CHANCE = 0.05
"""Below this p-value a ratio is called unlikely without a common mode."""

_PLAIN = {
    "one_factor": "one factor",
    "one_factor_loadings": "one factor with a loading for every model",
    "block": "families as blocks",
    "full_sigma": "the full correlation matrix",
    "clayton": "Clayton",
    "independent": "independence",
}


def in_short(fit: MatrixFit) -> Section:
    """One paragraph: what the ceiling is, what each law predicts, whether the difference could be chance."""
    said = (_ceiling_sentence(fit), _left_out_sentence(fit), _laws_sentence(fit), chance_sentence(fit))
    return Section("In short", (" ".join(filter(None, said)),))


def _ceiling_sentence(fit: MatrixFit) -> str:
    outcomes = fit.outcomes
    low, high = fit.all_wrong_interval
    best = shorten(outcomes.models[fit.best])
    if outcomes.n_all_wrong == 0:
        return (
            f"No query of {count(outcomes.n_queries)} defeats all {count(outcomes.n_models)} models (the true share "
            f"may be up to {percent(high)}): the ceiling is not what limits this pool. A perfect selector would gain "
            f"{points(fit.oracle_gain)} over {best}."
        )
    return (
        f"All {count(outcomes.n_models)} models fail {count(outcomes.n_all_wrong)} of {count(outcomes.n_queries)} "
        f"queries (β = {percent(outcomes.all_wrong())}, 95% {interval(low, high)}). No policy that returns one of "
        f"their answers exceeds {percent(1 - outcomes.all_wrong())}, {points(fit.oracle_gain)} above {best}; "
        f"{percent(fit.foreclosed_share)} of that model's errors are everybody's."
    )


def _left_out_sentence(fit: MatrixFit) -> str:
    """What the figures do not speak for: queries without an answer of every model."""
    outcomes, left_out = fit.outcomes, fit.outcomes.left_out
    if left_out is None or not left_out.n_queries:
        return ""
    total = count(outcomes.n_queries + left_out.n_queries)
    return (
        f"Left out are {count(left_out.n_queries)} of {total} queries, which not every model answered; with them β is "
        f"at most {percent(outcomes.all_wrong_worst_case())}."
    )


def _laws_sentence(fit: MatrixFit) -> str:
    logs = {name: fit.log_predicted(law) for law, name in _PLAIN.items()}
    said = [f"{percent_of_log(value)} ({name})" for name, value in logs.items() if value is not None]
    if not said:
        return "No law can be read from its pairs."
    constant = int(fit.outcomes.constant.sum())
    of = f" of the {count(fit.outcomes.n_models - constant)} models that vary" if constant else ""
    return f"Read from single models and pairs alone, β{of} would be {', '.join(said)}."


def untestable(fit: MatrixFit) -> str | None:
    """Why no null can be simulated for a matrix with an all-wrong query; None where it can."""
    if fit.outcomes.n_models - int(fit.outcomes.constant.sum()) < 3:
        return "fewer than three of the models vary, and pairs are all there is of them"
    if fit.predicted("one_factor") is None or not 0 <= fit.point.tetrachoric[0] < 1:
        return "no one-factor law has these pairs"
    return None


def chance_sentence(fit: MatrixFit) -> str:
    """Whether the tail is more than a world without a common mode would show; never a claim without the null."""
    if fit.outcomes.n_all_wrong == 0:
        return _none_seen(fit)
    if reason := untestable(fit):
        return f"Whether the differences could be chance cannot be tested: {reason}."
    own = (
        {} if fit.null is None else {law: fit.null.tests[law, law] for law in OWN_NULLS if (law, law) in fit.null.tests}
    )
    if not own:
        return "Whether the differences could be chance was not tested here (experiment.null=200 does)."
    placed = "; ".join(
        f"{ratio(fit.ratio(law))} for {_PLAIN[law]}, where {ratio(test.expected)} (90%: "
        f"{interval(test.lower, test.upper, ratio)}) is expected, p = {p_value(test)}"
        for law, test in own.items()
    )
    return (
        "The ratio of observed to predicted need not be 1 without a common mode: matrices of this shape were simulated "
        f"from each law. Seen are {placed}. {_conclusion(fit, own)}"
    )


def _none_seen(fit: MatrixFit) -> str:
    outcomes, predicted, null = fit.outcomes, fit.predicted("one_factor"), fit.null
    right = [outcomes.models[j] for j in np.flatnonzero(outcomes.error_counts == 0)]
    if right:
        return f"No query can defeat {shorten(right[0])}, which is always right: seeing none says nothing of the rest."
    if predicted is None:
        return ""
    expected = predicted * outcomes.n_queries
    said, none = f"The one-factor law expects {_few(expected)} such queries here", np.exp(-expected)
    if null is not None and "one_factor" in null.laws and not outcomes.constant.any():
        none = float((null.laws["one_factor"].all_wrong == 0).mean())
        said += f", and none in {percent(none, 0)} of matrices of this size"
    return f"{said}: seeing none {'is rare under it' if none < CHANCE else 'says nothing about a tail'}."


def _conclusion(fit: MatrixFit, own: Mapping[str, NullTest]) -> str:
    """Only a tail that every law without a common mode has been tested for, and excluded, is unlikely to be chance."""
    assert fit.null is not None  # noqa: S101  (there are tests)
    rejected = [_PLAIN[law] for law, test in own.items() if test.p_value <= CHANCE]
    left = [_PLAIN[law] for law, test in own.items() if test.p_value > CHANCE]
    untested = [_PLAIN[law] for law in OWN_NULLS if law not in own]
    if left and rejected:
        return (
            f"The laws disagree: as much is given by chance under {' and '.join(left)}, not under "
            f"{' and '.join(rejected)}. A law without a common mode is not excluded, so none can be claimed."
        )
    if left and all(test.p_value > 1 - CHANCE for test in own.values()):
        return f"The tail is thinner than these laws would have it: no sign of a common mode{_power(fit.null)}."
    if left:
        return f"The difference could well be chance{_power(fit.null)}."
    if fit.null.interrupted:
        return "Such ratios are rare under the laws tested, but the test was interrupted: no conclusion."
    if untested:
        return (
            f"Such ratios are rare under {' and '.join(rejected)}, but {' and '.join(untested)} could not be tested "
            f"(more than {REPLICATED_UP_TO} models): heterogeneous models alone may give them, so no conclusion."
        )
    return (
        "This is unlikely to be chance: more queries defeat everyone than these laws explain. Read those queries "
        "before calling it a common mode: wrong references and broken graders look the same."
    )


def _power(null: NullCalibration) -> str:
    """How often all tests together would have told a common mode, in brackets."""
    if null.joint_power is None:
        return ""
    error = np.sqrt(null.joint_power * (1 - null.joint_power) / null.n_power)
    return (
        f" (beside one factor, a common mode of {percent(null.atom)} would be told in {percent(null.joint_power, 0)} ± "
        f"{percent(error, 0)} of such matrices)"
    )


def p_value(test: NullTest) -> str:
    """To three digits where it is small."""
    return f"{test.p_value:.3f}" if test.p_value < 0.1 else f"{test.p_value:.2f}"


def _few(number: float) -> str:
    return f"{number:.1f}" if number >= 0.1 else f"{number:.1g}"
