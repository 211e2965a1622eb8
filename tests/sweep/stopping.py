"""Stops the command with a real signal at a moment that is the same every time, however busy the machine is.

``python -m tests.sweep.stopping MOMENT SIGNAL TIMES ARGUMENTS`` is ``cofail-lab ARGUMENTS`` that is stopped.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest

from cofail_lab import cli
from cofail_lab.experiments import fit, fit_result, fit_stages, kept_batches
from cofail_lab.fitting import calibration
from cofail_lab.fitting.comparison.folds import Folds
from cofail_lab.fitting.replicates import null
from cofail_lab.report import page
from cofail_lab.report.figures import style

MOMENTS: dict[str, tuple[Any, str, int]] = {
    "reading": (fit, "certify_outcomes", 1),
    "point": (fit_stages, "fit_matrix", 1),
    "bootstrap": (kept_batches, "to_table", 1),
    "between": (calibration, "null_laws", 1),
    "nulls": (null, "fit_counts", 2),
    "tail": (calibration, "test_tail", 1),
    "laws": (Folds, "heldout", 2),
    "figures": (style, "png", 2),
    "page": (page, "render_page", 1),
}
"""Moment -> the function that is stopped in, and in which of its calls."""


def stop(patch: pytest.MonkeyPatch, moment: str, number: signal.Signals = signal.SIGINT, times: int = 1) -> None:
    """Let this process send itself a signal at a moment; with ``times`` = 2 once more while the rest is summed up."""
    place, name, call = MOMENTS[moment]
    _stop_in(patch, place, name, call, number)
    if times > 1:
        _stop_in(patch, fit_result.fit_tables, "tables", 1, number)


def _stop_in(patch: pytest.MonkeyPatch, place: Any, name: str, call: int, number: signal.Signals) -> None:
    original: Callable[..., Any] = getattr(place, name)
    calls = 0

    def stopped(*arguments: Any, **keywords: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), number)
        return original(*arguments, **keywords)

    patch.setattr(place, name, stopped)


if __name__ == "__main__":
    moment, number, times, *arguments = sys.argv[1:]
    stop(pytest.MonkeyPatch(), moment, signal.Signals[number], int(times))
    sys.argv[1:] = arguments
    cli.main()
