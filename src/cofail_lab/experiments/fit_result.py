"""A fit in numbers and words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cofail_lab.bounds.certificate import Certificate
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.readings.guessing import guess_corrected
from cofail_lab.report.answer import exhibit
from cofail_lab.report.fit import metrics as fit_metrics
from cofail_lab.report.fit import summary as fit_summary
from cofail_lab.report.fit import tables as fit_tables
from cofail_lab.report.fit.figures import figures
from cofail_lab.result import Result

if TYPE_CHECKING:
    from cofail_lab.experiments.fit import Fit


def fit_result(fit: MatrixFit, certificate: Certificate, settings: Fit, interrupted: str | None) -> Result:
    """The result of a fit with these settings; ``interrupted`` says what is unfinished."""
    outcomes = fit.outcomes
    elsewhere = fit_metrics.elsewhere_metrics(outcomes, settings.correlation)
    guessing = None
    if settings.choices is not None:
        guessing = guess_corrected(outcomes.n_all_wrong, outcomes.n_queries, outcomes.n_models, settings.choices)
    count_probs = fit.count_probs()
    return Result(
        headline=fit_summary.headline(fit, certificate),
        metrics=fit_metrics.metrics(fit, certificate) | elsewhere | fit_metrics.guessing_metrics(guessing),
        labels=fit_metrics.labels(fit, certificate) | fit_metrics.guessing_labels(guessing),
        estimates=fit_metrics.estimates(fit),
        tables=fit_tables.tables(fit, certificate, count_probs),
        figures=figures(fit, count_probs),
        brief=fit_summary.brief(fit, certificate),
        sections=fit_summary.sections(fit, certificate, elsewhere, guessing),
        interrupted=interrupted,
        exhibit=exhibit(outcomes, certificate),
    )
