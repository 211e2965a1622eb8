"""A fit in words: the headline, the sections of the summary, and which figures stand where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from cofail_lab.bounds.certificate import Certificate
from cofail_lab.fitting.comparison.laws import FITTED_LAWS, MATRIX_LAWS
from cofail_lab.fitting.conclusion import Conclusion, conclude
from cofail_lab.fitting.matrix_fit import MATRIX_REPLICATES, MatrixFit
from cofail_lab.fitting.readings.guessing import Guessing
from cofail_lab.fitting.whole_matrix import MOST_MODELS
from cofail_lab.outcomes import Outcomes
from cofail_lab.report import answer
from cofail_lab.report.certificate import certificate_section
from cofail_lab.report.fit import captions, law_comparison
from cofail_lab.report.fit import in_short as fit_in_short
from cofail_lab.report.fit import reading as fit_reading
from cofail_lab.report.fit.brief import last_sections, more_than_pairs
from cofail_lab.report.fit.figures import several_datasets
from cofail_lab.report.fit.names import rate_digits
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import count, fixed, interval, percent, percent_of_log, points, ratio
from cofail_lab.result import Row, Section

CORRELATIONS = {
    "pearson": "mean Pearson correlation",
    "pearson_within": "  within families",
    "pearson_across": "  across families",
    "tetrachoric": "mean tetrachoric correlation",
}


def headline(fit: MatrixFit, certificate: Certificate) -> str:
    """The answer first: whether there is room, and what it rests on."""
    return answer.headline(fit.outcomes, certificate)


def brief(fit: MatrixFit, certificate: Certificate) -> tuple[Section, ...]:
    """The answer on one screen, without what only the matrix as it was read can tell."""
    first = answer.first_sections(fit.outcomes, certificate, ())
    return *first, *last_sections(fit, certificate, conclude(fit))


def sections(
    fit: MatrixFit,
    certificate: Certificate,
    elsewhere: Mapping[str, float | int | None],
    guessing: Guessing | None,
) -> tuple[Section, ...]:
    """The summary in reading order; ``elsewhere``: the prediction at another matrix's correlation, if one is given."""
    conclusion = conclude(fit)
    details = (
        certificate_section(certificate),
        *fit_reading.regime_sections(fit),
        _pairwise(fit, conclusion, elsewhere),
        *fit_reading.null_sections(fit),
        *(() if fit.comparison is None else (law_comparison.section(fit.comparison),)),
        *fit_reading.pool_sections(fit),
        *fit_reading.guessing_sections(guessing),
        _matrix(fit.outcomes, fit),
    )
    return (
        replace(fit_in_short.in_short(fit, conclusion), appendix=True),
        _ceiling(fit, certificate),
        *fit_reading.luck_sections(fit),
        _more_than_chance(fit, conclusion),
        *(replace(section, appendix=True) for section in details),
    )


def _more_than_chance(fit: MatrixFit, conclusion: Conclusion) -> Section:
    """One sentence with the power of the test, and one picture."""
    word, why = more_than_pairs(fit, conclusion)
    return Section(
        "More than chance?",
        (f"{word.capitalize()}: {why}.",),
        figures={"wrong_count_distribution": captions.wrong_counts(fit)},
    )


def _ceiling(fit: MatrixFit, certificate: Certificate) -> Section:
    outcomes = fit.outcomes
    (low, high), k, n = fit.all_wrong_interval, count(outcomes.n_all_wrong), count(outcomes.n_queries)
    share = "the best model makes no error"
    if (foreclosed := fit.whole.foreclosed_interval) is not None:
        of = f"{k} of the {count(fit.whole.best_errors)} errors of the best model are everybody's"
        share = f"{of}, 95% {interval(*foreclosed)}"
    rows = (
        Row("best single model", percent(fit.single_best), shorten(outcomes.models[fit.best])),
        Row("  chosen on other queries", percent(fit.single_best_heldout), "picked on one half, scored on the other"),
        Row("all models wrong (β)", percent(outcomes.all_wrong()), f"{k} of {n}, 95% {interval(low, high)}"),
        Row("  what pairs leave open", interval(fit.frechet.lower, fit.frechet.upper), "Fréchet bounds given pairs"),
        Row("ceiling (1−β)", percent(1 - outcomes.all_wrong()), "no router, vote or cascade can exceed it"),
        Row("oracle gain", points(fit.oracle_gain), _gain_note(fit, certificate)),
        Row("foreclosed share", percent(fit.foreclosed_share), share),
        Row("regime", fit.regime),
    )
    figures = {"pool_accuracies": captions.accuracies(fit)}
    if several_datasets(outcomes):
        figures["wrong_by_dataset"] = captions.by_dataset(outcomes)
    return Section("How much there is to gain", (_regime_sentence(fit),), rows, figures)


def _gain_note(fit: MatrixFit, certificate: Certificate) -> str:
    """The limits of the oracle gain, and for how many models they have to pay."""
    if fit.outcomes.n_models == 1:
        return "one model: nothing to choose from"
    limits = fit.oracle_gain_limits
    said = f"95% {interval(limits.lower, limits.upper, points)}"
    certified = f"certified {interval(*certificate.gain_range, points)}"
    alike = f"; the upper limit pays for about {fixed(limits.competing, 0)} models that may be the best"
    return f"{said}, {certified}" + (alike if limits.competing >= 1.5 else "")


def _regime_sentence(fit: MatrixFit) -> str:
    if fit.regime == "ceiling-bound":
        low, _ = fit.whole.foreclosed_interval or (0.0, 1.0)
        return (
            f"Ceiling-bound: most of what the best model gets wrong ({percent(low)} of it at least, at 95%), every "
            "model gets wrong. Combining cannot change that. Read those queries first (wrong references and broken "
            "graders look just like this), then look for another model."
        )
    if fit.regime == "realizability-bound":
        return (
            "Realizability-bound: no query defeats everyone, so the ceiling is not what limits this pool; what a "
            "selector gains depends on whether it can know who is right."
        )
    if fit.foreclosed_share is None:
        return "Nothing to gain on these queries: the best model makes no error here."
    if fit.oracle_gain == 0:
        return "Nothing to gain on these queries: nobody is right where the best model is wrong."
    return f"Undetermined: {_undetermined(fit.outcomes.n_all_wrong, *(fit.whole.foreclosed_interval or (0.0, 1.0)))}."


def _undetermined(n_all_wrong: int, low: float, high: float) -> str:
    """Why the limits of the foreclosed share call no regime."""
    of = "of what the best model gets wrong"
    if high < 0.5:
        return f"some queries defeat everyone, but they are at most {percent(high)} {of}, at 95%"
    if n_all_wrong == 0:
        return f"no query defeats everyone, but such queries may still be up to {percent(high)} {of}, at 95%"
    return f"the queries that defeat everyone are between {percent(low)} and {percent(high)} {of}, at 95%"


def _pairwise(fit: MatrixFit, conclusion: Conclusion, elsewhere: Mapping[str, float | int | None]) -> Section:
    sentences = [_prediction_sentence(fit)]
    implied = fit.implied_correlation
    if implied is not None and fixed(implied) != fixed(float(fit.point.tetrachoric[0])):
        sentences.append(
            "To give the observed β, the one-factor model would need a correlation of "
            f"{fixed(implied)} instead of {fixed(float(fit.point.tetrachoric[0]))}."
        )
    if fit.ratio("one_factor") is not None and fit.null is None and conclusion.reason == "not_tested":
        sentences.append(
            "A ratio away from 1 is not yet evidence of a common mode: fitted to data without one, the same pipeline "
            "does not give 1 either, and its null distribution was not simulated (experiment.null=200 does)."
        )
    figures = {"correlation_heatmap": captions.correlations(fit)}
    rows = [*_correlation_rows(fit), *(_law_row(fit, law) for law in fit.laws)]
    if elsewhere:
        label = f"β if one factor at {fixed(elsewhere['correlation_elsewhere'])}"
        note = f"observed/predicted {ratio(elsewhere['ratio_one_factor_elsewhere'])}, at another matrix's correlation"
        rows.append(Row(label, percent(elsewhere["predicted_one_factor_elsewhere"]), note))
    if fit.n_varying > MOST_MODELS:
        sentences.append(
            "Own loadings, families as blocks and full Σ are left out: they need the whole correlation matrix, which "
            f"is used for at most {count(MOST_MODELS)} models."
        )
    return Section("What pairwise statistics would have said", tuple(sentences), tuple(rows), figures)


def _correlation_rows(fit: MatrixFit) -> list[Row]:
    point = fit.point
    rows = []
    for name, label in CORRELATIONS.items():
        value = float(getattr(point, name)[0])
        if not np.isnan(value):
            limits = fit.correlation_interval(name)
            note = _bracket(limits, fixed, "95% bootstrap interval")
            if limits is None and fit.replicates is not None and name.startswith("tetrachoric"):
                note = "no limits: in resampled queries too many pairs are on their Fréchet bound, or near it"
            rows.append(Row(label, fixed(value), note))
    if n_boundary := int(point.n_boundary_pairs[0]):
        note = f"{count(n_boundary)} pairs on their Fréchet bound enter the mean at ±1"
        rows.append(Row("  without boundary pairs", fixed(float(point.tetrachoric_interior[0])), note))
    if fit.negative_eigenvalues:
        note = f"of the tetrachoric matrix; the nearest correlation matrix has mean {fixed(fit.nearest_mean)}"
        rows.append(Row("negative eigenvalues", count(fit.negative_eigenvalues), note))
    return rows


def _law_row(fit: MatrixFit, law: str) -> Row:
    outcomes, notes = fit.outcomes, []
    if fit.predicted(law) is None:
        notes.append(fit.why_absent(law))
    elif fit.ratio(law) is not None:
        limits = fit.shown_interval(law)
        spread = f", {100 * fit.level:g}% interval {interval(*limits, ratio)}" if limits else ""
        notes.append(f"observed/predicted {ratio(fit.ratio(law))}{spread}{_without(fit, law)}")
    if outcomes.constant.any():
        notes.append(f"over the {count(outcomes.n_models - int(outcomes.constant.sum()))} varying models")
    if law in fit.matrix_laws:
        notes += fit.matrix_laws[law].notes
    return Row(
        f"β if {FITTED_LAWS[law].label}",
        percent_of_log(fit.log_predicted(law), rate_digits(fit, fit.laws)),
        "; ".join(notes),
    )


def _without(fit: MatrixFit, law: str) -> str:
    """How many bootstrap replicates have no such law, and are left out of its interval."""
    if fit.replicates is None or not fit.replicates.has(law):
        return ""
    drawn = fit.replicates.ratios(law)[: MATRIX_REPLICATES if law in MATRIX_LAWS else None]
    absent = int(np.isnan(drawn).sum())
    return f" ({count(absent)} of {count(len(drawn))} replicates have no such law)" if 0 < absent < len(drawn) else ""


def _prediction_sentence(fit: MatrixFit) -> str:
    predicted, observed = fit.predicted("one_factor"), fit.outcomes.all_wrong()
    if predicted is None:
        return f"The one-factor model fitted to pairwise correlations {fit.why_absent('one_factor')}."
    n_varying = fit.outcomes.n_models - int(fit.outcomes.constant.sum())
    who = "all models" if n_varying == fit.outcomes.n_models else f"all {count(n_varying)} varying models"
    digits = rate_digits(fit, fit.laws)
    said = (
        f"From pairwise correlations alone, a one-factor model predicts that {who} fail on {percent(predicted, digits)}"
    )
    if fit.outcomes.n_all_wrong == 0:
        return f"{said}; none was seen, so a ratio of observed to predicted says nothing here."
    limits = fit.shown_interval("one_factor")
    spread = f", {100 * fit.level:g}% interval {interval(*limits, ratio)}" if limits else ""
    return f"{said}; observed: {percent(observed, digits)} (ratio {ratio(fit.ratio('one_factor'))}{spread})."


def _matrix(outcomes: Outcomes, fit: MatrixFit) -> Section:
    sentences = list(outcomes.notes)
    constant = [outcomes.models[j] for j in np.flatnonzero(outcomes.constant)]
    if constant:
        named = ", ".join(shorten(name) for name in constant[:8]) + (", ..." if len(constant) > 8 else "")
        sentences.append(
            f"{count(len(constant))} model(s) are always right or always wrong ({named}): they stay in β, the gain and "
            "the certificates, and are left out of correlations and copulas: their threshold would be infinite."
        )
    groups = duplicate_groups(outcomes)
    if groups:
        largest = ", ".join(shorten(outcomes.models[j]) for j in groups[0][:4]) + (
            ", ..." if len(groups[0]) > 4 else ""
        )
        sentences.append(
            f"{count(sum(len(group) for group in groups))} models have exactly the same answers as another one "
            f"({count(len(groups))} group(s), such as {largest}); a duplicate adds nothing and correlates at 1."
        )
    rows = [
        Row("analysed", f"{count(outcomes.n_queries)} queries × {count(outcomes.n_models)} models", outcomes.source)
    ]
    left_out = outcomes.left_out
    if left_out is not None and left_out.n_queries:
        states = ", ".join(
            f"{count(number_)} {state}"
            for state, number_ in left_out.cells_by_state.items()
            if number_ and state not in ("right", "wrong")
        )
        answered, right = int(left_out.answered.sum()), int(left_out.right.sum())
        accuracy = f", accuracy of their answers {percent(right / answered)}" if answered else ""
        rows.append(
            Row(
                "left out",
                f"{count(left_out.n_queries)} queries",
                f"not answered by every model ({states} cells){accuracy}",
            )
        )
        total = count(outcomes.n_queries + left_out.n_queries)
        note = f"over all {total}, a left-out query failed by all unless someone got it right"
        rows.append(Row("β at worst", percent(outcomes.all_wrong_worst_case()), note))
    if fit.replicates is not None:
        rows.append(
            Row(
                "bootstrap",
                f"{count(len(fit.replicates.all_wrong))} replicates",
                "queries resampled, everything refitted in each",
            )
        )
    return Section("The matrix", tuple(sentences), tuple(rows))


def duplicate_groups(outcomes: Outcomes) -> list[list[int]]:
    """Groups of models with identical columns, the largest first."""
    packed = np.packbits(outcomes.wrong, axis=0)
    keys = [packed[:, j].tobytes() for j in range(outcomes.n_models)]
    repeated = {key for key, times in Counter(keys).items() if times > 1}
    groups = [[j for j, key in enumerate(keys) if key == wanted] for wanted in repeated]
    return sorted(groups, key=lambda group: (-len(group), group[0]))


def _bracket(limits: tuple[float, float] | None, form: Callable[[float | None], str], what: str) -> str:
    return "" if limits is None else f"{what} {interval(*limits, form)}"
