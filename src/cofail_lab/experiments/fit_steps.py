"""The steps of a fit: what people call them, and about how long each takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from cofail_lab.fitting.comparison.compare import n_steps
from cofail_lab.fitting.comparison.laws import NULL_LAWS
from cofail_lab.fitting.matrix_fit import MATRIX_REPLICATES
from cofail_lab.fitting.replicates.predictors import MAX_REPLICATED_MODELS
from cofail_lab.outcomes import Outcomes

if TYPE_CHECKING:
    from cofail_lab.experiments.fit import Fit

POINT, BOOTSTRAP, NULL, TAIL, LAWS = "point fit", "bootstrap", "null matrices", "test of the tail", "laws, held out"
"""The steps, as people call them."""


def seconds_of_steps(
    settings: Fit, outcomes: Outcomes, laws: Sequence[str], kept: Mapping[str, pa.Table]
) -> dict[str, float]:
    """A guess of the seconds of each step, from timings of pools of 8 to 123 models with 60 to 1,547 queries.

    Args:
        settings: of the fit.
        outcomes: the matrix.
        laws: those that are compared.
        kept: tables of replicates that need not be computed again.
    """
    n, m = outcomes.wrong.shape
    asked, null = settings.bootstrap, settings.null * len(NULL_LAWS)
    one = 0.0025 + 1e-7 * m**2 + n * m**2 / 1e10
    whole = 0.007 + 2e-8 * m**3 if m <= MAX_REPLICATED_MODELS else 0.0
    # What is kept takes no time: its share of the replicates is left out.
    n_kept = sum(len(table) for table in kept.values() if "all_wrong" in table.column_names)
    share = 1 - min(n_kept / max(asked + null, 1), 1.0)
    seconds = {
        POINT: 2.0,
        BOOTSTRAP: (1 + asked * one + min(asked, 2 * MATRIX_REPLICATES) * whole) * share if asked else 0.0,
        NULL: (1 + null * (one + 0.004)) * share if null else 0.0,
        TAIL: 3.0 if null else 0.0,
        LAWS: 3 + 0.06 * n_steps(settings.folds, laws) if settings.folds else 0.0,
    }
    return {step: guess for step, guess in seconds.items() if guess}
