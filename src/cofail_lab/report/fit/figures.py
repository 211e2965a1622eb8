"""Which figures a fit has, each drawn from the fit when it is called; `report.figures` draws them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from cofail_lab.fitting.comparison.compare import LawComparison
from cofail_lab.fitting.comparison.laws import FIRST_NULL, FITTED_LAWS
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.readings.pool_scan import PoolScan
from cofail_lab.fitting.readings.regimes import CONFIDENCE
from cofail_lab.fitting.replicates.null import NullCalibration
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.fit.law_comparison import FIGURE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Drawings = dict[str, Callable[[], "Figure"]]
"""Name of a figure -> what draws it; nothing of Matplotlib is imported before the call."""


def figures(fit: MatrixFit, count_probs: Mapping[str, Float[np.ndarray, " m_plus_1"]]) -> Drawings:
    """The figures of a fit in the order of the page; ``count_probs`` is the law of C under each fitted law."""
    outcomes = fit.outcomes

    def pool_accuracies() -> Figure:
        from cofail_lab.bounds.binomial import clopper_pearson
        from cofail_lab.report.figures.fit import pool_accuracies as draw

        low, high = clopper_pearson(outcomes.n_queries - outcomes.error_counts, outcomes.n_queries, 1 - CONFIDENCE)
        ceiling = 1 - outcomes.all_wrong()
        return draw(
            outcomes.models, 1 - outcomes.error_rates, low, high, outcomes.family, ceiling, fit.all_wrong_interval
        )

    def wrong_count_distribution() -> Figure:
        from cofail_lab.report.figures.fit import wrong_count_distribution as draw

        predictions = {FITTED_LAWS[law].label: probs for law, probs in count_probs.items()}
        return draw(outcomes.n_wrong, outcomes.n_models, predictions)

    def correlation_heatmap() -> Figure:
        from cofail_lab.report.figures.heatmap import correlation_heatmap as draw

        correlation, boundary = fit.correlation_matrix()
        return draw(correlation, outcomes.models, outcomes.family, boundary)

    def wrong_by_dataset() -> Figure:
        from cofail_lab.report.figures.fit import wrong_by_dataset as draw

        return draw(outcomes.n_wrong, outcomes.dataset, outcomes.n_models)

    def regime_map() -> Figure:
        from cofail_lab.report.figures.null import regime_map as draw

        return draw((fit.whole, *fit.regimes))

    drawings = [pool_accuracies, wrong_count_distribution, correlation_heatmap]
    if several_datasets(outcomes):
        drawings.append(wrong_by_dataset)
    named: Drawings = {draw.__name__: draw for draw in drawings}
    if fit.null is not None and fit.null.tests:
        named["null_calibration"] = _null_calibration(fit, fit.null)
    if fit.scan is not None and len(fit.scan.sizes):
        named["pool_size_scan"] = _pool_size_scan(fit.scan)
    if any(pool.foreclosed_interval is not None for pool in fit.regimes):
        named["regime_map"] = regime_map
    if fit.comparison is not None and fit.comparison.best is not None:
        named[FIGURE] = _law_comparison(fit.comparison)
    return named


def several_datasets(outcomes: Outcomes) -> bool:
    """Whether the queries come from more than one dataset."""
    return outcomes.dataset is not None and len(set(outcomes.dataset)) > 1


def _null_calibration(fit: MatrixFit, null: NullCalibration) -> Callable[[], Figure]:
    def draw() -> Figure:
        from cofail_lab.report.figures.null import null_calibration

        # Ratios to independence are of another order of magnitude and would hide the others.
        shown = [(name, law) for name, law in null.tests if law != "independent" and name in (FIRST_NULL, law)]
        labels = [FITTED_LAWS[law].label + ("" if name == FIRST_NULL else "*") for name, law in shown]
        tests = [null.tests[key] for key in shown]
        ratios, limits = [fit.ratio(law) for _, law in shown], [fit.shown_interval(law) for _, law in shown]
        return null_calibration(labels, tests, ratios, limits, fit.level)

    return draw


def _pool_size_scan(scan: PoolScan) -> Callable[[], Figure]:
    def draw() -> Figure:
        from cofail_lab.report.figures.null import pool_size_scan

        return pool_size_scan(scan)

    return draw


def _law_comparison(comparison: LawComparison) -> Callable[[], Figure]:
    def draw() -> Figure:
        from cofail_lab.report.figures.laws import law_comparison

        return law_comparison(comparison)

    return draw
