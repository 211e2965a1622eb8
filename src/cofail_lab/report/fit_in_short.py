"""The paragraph on top of a fit: the ceiling, what each law predicts, and whether the difference could be chance."""

from collections.abc import Mapping

import numpy as np

from cofail_lab.fitting.calibration import OWN_NULLS
from cofail_lab.fitting.matrix import MatrixFit
from cofail_lab.fitting.null import NullTest
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
    return f"Read from single models and pairs alone, β would be {', '.join(said)}."


def chance_sentence(fit: MatrixFit) -> str:
    """Whether the tail is more than a world without a common mode would show; never a claim without the null."""
    outcomes = fit.outcomes
    if outcomes.n_all_wrong == 0:
        predicted, null = fit.predicted("one_factor"), fit.null
        if predicted is None:
            return ""
        expected = predicted * outcomes.n_queries
        said, none = f"The one-factor law expects {_few(expected)} such queries here", np.exp(-expected)
        if null is not None and "one_factor" in null.laws and not outcomes.constant.any():
            none = float((null.laws["one_factor"].all_wrong == 0).mean())
            said += f", and none in {percent(none, 0)} of matrices of this size"
        return f"{said}: seeing none {'is rare under it' if none < CHANCE else 'says nothing about a tail'}."
    if fit.null is None:
        return "Whether the differences could be chance was not tested here (experiment.null=200 does)."
    own = {law: fit.null.tests[law, law] for law in OWN_NULLS if (law, law) in fit.null.tests}
    if not own:
        return "Whether the differences could be chance cannot be tested: the one-factor law does not exist here."
    placed = "; ".join(
        f"{ratio(fit.ratio(law))} for {_PLAIN[law]}, where {ratio(test.expected)} (90%: "
        f"{interval(test.lower, test.upper, ratio)}) is expected, p = {p_value(test)}"
        for law, test in own.items()
    )
    return (
        "Simulated from each law, without any common mode, matrices of this shape give other ratios of observed to "
        f"predicted than 1. Seen are {placed}. {_conclusion(fit, own)}"
    )


def _conclusion(fit: MatrixFit, own: Mapping[str, NullTest]) -> str:
    """Only a tail that no law without a common mode explains is called unlikely to be chance."""
    rejected = [_PLAIN[law] for law, test in own.items() if test.p_value <= CHANCE]
    explained = [_PLAIN[law] for law, test in own.items() if test.p_value > CHANCE]
    if not explained:
        return (
            "This is unlikely to be chance: more queries defeat everyone than these laws explain. Read those queries "
            "before calling it a common mode: wrong references and broken graders look the same."
        )
    if rejected:
        return (
            f"The laws disagree: as much is given by chance under {' and '.join(explained)}, not under "
            f"{' and '.join(rejected)}. A law without a common mode explains the tail, so none can be read from it."
        )
    null = fit.null
    power = None if null is None or null.power is None else null.power.get("one_factor")
    detected = (
        f" (a common mode of {percent(null.atom)} would show in {percent(power, 0)} of such matrices"
        f"{', so one of that size is unlikely' if power > 1 - CHANCE else ''})"
        if power is not None and null is not None
        else ""
    )
    if all(test.p_value > 1 - CHANCE for test in own.values()):
        return f"The tail is thinner than these laws would have it: no sign of a common mode{detected}."
    return f"The difference could well be chance{detected}."


def p_value(test: NullTest) -> str:
    """To three digits where it is small."""
    return f"{test.p_value:.3f}" if test.p_value < 0.1 else f"{test.p_value:.2f}"


def _few(number: float) -> str:
    return f"{number:.1f}" if number >= 0.1 else f"{number:.1g}"
