"""The paragraph on top of a fit: the ceiling, what each law predicts, and whether the difference could be chance."""

import numpy as np

from cofail_lab.fitting.comparison.laws import FIRST_NULL, NULL_LAWS, phrase
from cofail_lab.fitting.conclusion import CHANCE, Conclusion
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.readings.difficulty import FAMILIES
from cofail_lab.fitting.replicates.predictors import MAX_REPLICATED_MODELS
from cofail_lab.report.fit.names import rate_digits
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import count, interval, p_value, percent, percent_of_log, points, ratio
from cofail_lab.result import Section

# The laws of the paragraph, the one that pairs suggest first and the naive one last.
_QUOTED_LAWS = ("one_factor", "one_factor_loadings", "block", "full_sigma", "clayton", "independent")


def in_short(fit: MatrixFit, conclusion: Conclusion) -> Section:
    """One paragraph: what the ceiling is, what each law predicts, whether the difference could be chance."""
    said = (_ceiling_sentence(fit), _left_out_sentence(fit), _laws_sentence(fit), chance_sentence(fit, conclusion))
    return Section("In short", (" ".join(filter(None, said)),))


def _ceiling_sentence(fit: MatrixFit) -> str:
    outcomes = fit.outcomes
    low, high = fit.all_wrong_interval
    best = shorten(outcomes.models[fit.best])
    if outcomes.n_models == 1:
        return (
            f"There is one model, {best}: with nothing to combine, no gain is possible. It fails "
            f"{count(outcomes.n_all_wrong)} of {count(outcomes.n_queries)} queries ({percent(outcomes.all_wrong())}, "
            f"95% {interval(low, high)})."
        )
    if outcomes.n_all_wrong == 0:
        return (
            f"No query of {count(outcomes.n_queries)} defeats all {count(outcomes.n_models)} models (the true share "
            f"may be up to {percent(high)}): the ceiling is not what limits this pool. A perfect selector would gain "
            f"{points(fit.oracle_gain)} over {best}."
        )
    beta = percent(outcomes.all_wrong(), rate_digits(fit, _QUOTED_LAWS))
    return (
        f"All {count(outcomes.n_models)} models fail {count(outcomes.n_all_wrong)} of {count(outcomes.n_queries)} "
        f"queries (β = {beta}, 95% {interval(low, high)}). On these queries no policy that returns one of their "
        f"answers exceeds {percent(1 - outcomes.all_wrong())}, {points(fit.oracle_gain)} above {best}; "
        f"{percent(fit.foreclosed_share)} of that model's errors are everybody's."
    )


def _left_out_sentence(fit: MatrixFit) -> str:
    """Which queries the figures do not cover: those that some model did not answer."""
    outcomes, left_out = fit.outcomes, fit.outcomes.left_out
    if left_out is None or not left_out.n_queries:
        return ""
    total = count(outcomes.n_queries + left_out.n_queries)
    return (
        f"Left out are {count(left_out.n_queries)} of {total} queries, which not every model answered; with them β is "
        f"at most {percent(outcomes.all_wrong_worst_case())}."
    )


def _laws_sentence(fit: MatrixFit) -> str:
    logs = {law: fit.log_predicted(law) for law in _QUOTED_LAWS}
    digits = rate_digits(fit, _QUOTED_LAWS)
    said = [f"{percent_of_log(value, digits)} ({phrase(law)})" for law, value in logs.items() if value is not None]
    if not said:
        return "No law can be fitted to its pairs."
    of = f" of the {count(fit.n_varying)} models that vary" if fit.outcomes.constant.any() else ""
    return f"Predicted from single models and pairs alone, β{of} would be {', '.join(said)}."


def chance_sentence(fit: MatrixFit, conclusion: Conclusion) -> str:
    """The words of a `Conclusion`: are there more all-wrong queries than laws without a common mode expect?"""
    match conclusion.reason:
        case "always_right" | "no_prediction" | "none_is_rare" | "none_expected" | "none_says_nothing":
            return _none_seen(fit, conclusion)
        case "few_models" | "no_one_factor":
            return f"Whether the differences could be chance cannot be tested: {_UNTESTABLE[conclusion.reason]}."
        case "interrupted" if fit.null is None:
            return (
                "Whether the differences could be chance is not tested yet: the run was interrupted before, and the "
                "same command goes on."
            )
        case "not_tested":
            return "Whether the differences could be chance was not tested here (experiment.null=200 does)."
    return f"{_placed(fit)} {_judged(fit, conclusion)}"


_UNTESTABLE = {
    "few_models": "fewer than three of the models vary, so there is nothing to test beyond their pairs",
    "no_one_factor": "no one-factor law has these pairs",
}


def _placed(fit: MatrixFit) -> str:
    """Every ratio in the null distribution of its own law."""
    tests = {} if fit.null is None else fit.null.own_tests(NULL_LAWS)
    placed = "; ".join(
        f"{ratio(fit.ratio(law))} for {phrase(law)}, where {ratio(test.expected)} (90%: "
        f"{interval(test.lower, test.upper, ratio)}) is expected, p = {p_value(test.p_value)}"
        for law, test in tests.items()
    )
    return (
        "Without a common mode, the ratio of observed to predicted β need not be 1: matrices of this shape were "
        f"simulated from each law. The ratios seen are {placed}."
    )


def _none_seen(fit: MatrixFit, conclusion: Conclusion) -> str:
    outcomes, null = fit.outcomes, fit.null
    if conclusion.reason == "always_right":
        right = outcomes.models[int(np.argmin(outcomes.error_counts))]
        return f"No query can defeat {shorten(right)}, which is always right: seeing none says nothing of the others."
    if conclusion.expected is None or conclusion.expected_none is None:
        return ""
    said = f"The one-factor law expects {_few(conclusion.expected)} such queries here"
    if null is not None and FIRST_NULL in null.laws and not outcomes.constant.any():
        said += f", and none in {percent(conclusion.expected_none, 0)} of matrices of this size"
    match conclusion.reason:
        case "none_is_rare":
            return (
                f"{said}: the tail is thinner than every law fitted to pairs expects ({_largest(conclusion)}), so that "
                "reading pairs overprices it here."
            )
        case "none_expected":
            return f"{said}: seeing none could well be chance{_power(fit)}."
    return f"{said}: seeing none says nothing about a tail{_power(fit)}."


def _judged(fit: MatrixFit, conclusion: Conclusion) -> str:
    """What the laws without a common mode say together."""
    explaining = [phrase(law) for law in conclusion.explaining]
    if "gaussian" in conclusion.smooth:
        explaining.append("one Gaussian factor fitted to the counts")
    rejecting, missing = (
        " and ".join(phrase(law) for law in laws) for laws in (conclusion.rejecting, conclusion.missing)
    )
    match conclusion.reason:
        case "interrupted":
            return "The test was interrupted: no conclusion."
        case "low_power":
            seen = "Such ratios are rare under these laws, but" if rejecting and not explaining else "But"
            return f"{seen} nothing follows from it either way: {_best_test(fit)}."
        case "laws_disagree":
            return (
                f"The laws disagree: as much is given by chance under {' and '.join(explaining)}, not under "
                f"{rejecting}. A law without a common mode is not excluded, so no common mode can be claimed"
                f"{_power(fit)}."
            )
        case "ratios_low":
            return (
                f"The tail is thinner than every law fitted to pairs expects ({_largest(conclusion)}): "
                "reading pairs overprices it here, and there is no sign of a common mode."
            )
        case "explained":
            return f"The difference could well be chance{_power(fit)}."
        case "smooth_explains":
            return (
                "More queries defeat everyone than Gaussian difficulty explains, but a smooth law with more hard "
                f"queries gives as many{_smooth(fit)}: no common mode is needed, and none is excluded{_power(fit)}."
            )
        case "nulls_missing":
            why = f" (more than {MAX_REPLICATED_MODELS} models)" if conclusion.pool_too_large else ""
            untested = missing or "a law with a heavier tail"
            return (
                f"Such ratios are rare under {rejecting}, but {untested} could not be tested{why}: it alone may give "
                "them, so no conclusion."
                if rejecting
                else f"{untested[0].upper()}{untested[1:]} could not be tested{why}: no conclusion."
            )
    return (
        "This is unlikely to be chance: more queries defeat everyone than these laws and smooth laws with heavier "
        f"tails explain ({_largest(conclusion)}). Read those queries before calling it a common "
        "mode: wrong references and broken graders look the same."
    )


def _smooth(fit: MatrixFit) -> str:
    """The smooth law that fits best, in brackets, where it is among those that explain."""
    tail = fit.tail
    if tail is None:
        return ""
    family = (
        tail.best if tail.p_values[tail.best] > CHANCE else max(tail.p_values, key=lambda name: tail.p_values[name])
    )
    return f" (difficulty {FAMILIES[family].label}, p = {p_value(tail.p_values[family])})"


def _power(fit: MatrixFit) -> str:
    """How often a common mode would have been detected, and how often any test could, in brackets."""
    tail = fit.tail
    if tail is None:
        return ""
    base = "" if tail.power_base == "gaussian" else f" ({FAMILIES[tail.power_base].label})"
    return (
        f" (a common mode of {percent(tail.atom)} beside the difficulty fitted{base} would be detected in "
        f"{percent(tail.power, 0)} of such matrices; the best possible test would find it beside a Gaussian one in "
        f"{percent(tail.ceiling, 0)})"
    )


def _best_test(fit: MatrixFit) -> str:
    if fit.tail is None:
        return "it was not tested whether a common mode could be seen"
    return (
        f"even the best possible test would find a common mode of {percent(fit.tail.atom)} beside a Gaussian "
        f"difficulty in only {percent(fit.tail.ceiling, 0)} of such matrices"
    )


def _largest(conclusion: Conclusion) -> str:
    return "" if conclusion.p_value is None else f"p = {p_value(conclusion.p_value)} at most"


def _few(number: float) -> str:
    return f"{number:.1f}" if number >= 0.1 else f"{number:.1g}"
