"""What the figures of a fit show, each with its finding: the text below a figure, and instead of it."""

from __future__ import annotations

import numpy as np

from cofail_lab.fitting.comparison.laws import FIRST_NULL, phrase
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.replicates.null import NullCalibration
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import count, fixed, interval, percent, percent_of_log, ratio


def accuracies(fit: MatrixFit) -> str:
    """The best, the worst, the ceiling."""
    outcomes = fit.outcomes
    worst = int(np.argmax(outcomes.error_counts))
    said = f"The best, {shorten(outcomes.models[fit.best])}, is right on {percent(fit.single_best)}"
    if outcomes.n_models > 1:
        said += f", the worst, {shorten(outcomes.models[worst])}, on {percent(1 - outcomes.error_rates[worst])}"
    return f"{said}; the ceiling is {percent(1 - outcomes.all_wrong())}. Accuracy of every model with its 95% interval."


def by_dataset(outcomes: Outcomes) -> str:
    """The dataset where most queries defeat everyone."""
    names = np.asarray(outcomes.dataset).astype(str)
    defeated = outcomes.n_wrong == outcomes.n_models
    shares = {name: float(defeated[names == name].mean()) for name in np.unique(names)}
    worst = max(shares, key=lambda name: shares[name])
    what = "How many models fail per query, by dataset."
    if not shares[worst]:
        return f"No query defeats everyone in any of {count(len(shares))} datasets. {what}"
    return f"Of {shorten(worst)} {percent(shares[worst])} of the queries defeat everyone, the largest share. {what}"


def wrong_counts(fit: MatrixFit) -> str:
    """The observed all-wrong share beside that of the first null law."""
    outcomes = fit.outcomes
    said = (
        f"{count(outcomes.n_all_wrong)} of {count(outcomes.n_queries)} queries ({percent(outcomes.all_wrong())}) "
        f"defeat all {count(outcomes.n_models)} models"
    )
    predicted = fit.log_predicted(FIRST_NULL)
    if predicted is not None:
        said += f"; {phrase(FIRST_NULL)} predicts {percent_of_log(predicted)}"
    return f"{said}. Number of wrong models per query, observed and under each fitted law."


def correlations(fit: MatrixFit) -> str:
    """The mean correlation."""
    mean = float(fit.point.tetrachoric[0])
    said = "No pair has a tetrachoric correlation" if np.isnan(mean) else f"Pairs correlate at {fixed(mean)} on average"
    return f"{said}. Tetrachoric correlation of errors, models ordered by family."


def null(fit: MatrixFit, calibration: NullCalibration) -> str:
    """Where the first ratio is in its own null distribution."""
    test = calibration.tests.get((FIRST_NULL, FIRST_NULL))
    what = "Observed over predicted β, and the central 90% of matrices without a common mode."
    value = fit.ratio(FIRST_NULL)
    if test is None or value is None:
        return what
    place = "above" if value > test.upper else "below" if value < test.lower else "inside"
    expected = interval(test.lower, test.upper, ratio)
    return f"The ratio to {phrase(FIRST_NULL)}, {ratio(value)}, is {place} {expected}. {what}"


def regimes(fit: MatrixFit) -> str:
    """How many datasets are bound by the ceiling."""
    bound = [pool.name for pool in fit.regimes if pool.regime == "ceiling-bound"]
    said = f"{count(len(bound))} of {count(len(fit.regimes))} datasets are ceiling-bound"
    named = f": {', '.join(map(shorten, bound[:3]))}" if 0 < len(bound) <= 3 else ""
    return f"{said}{named}. Share of the best model's errors that are everybody's, with 95% limits."
