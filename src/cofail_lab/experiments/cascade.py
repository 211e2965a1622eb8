"""`experiment=cascade`: what a cascade of two models gains at every fraction, per query escalated and per dollar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cofail_lab import checks
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cofail_lab.policies.cascade_reading import CascadeReading


@dataclass(frozen=True)
class Cascade:
    """One pair of models read at all fractions (theory P8, P13).

    Attributes:
        cheap, strong: names of L and H; None for the best model and the corner before it on the hull of accuracy
            against price.
        signal: what shows L's confidence: ``confidence``, ``agreement`` or ``tokens``; None for the first there is.
        fraction: γ at which the metrics and the headline are given.
        fractions: other values of γ for the table.
        bootstrap: query bootstraps for the intervals; 0 leaves them out.
        level: of the intervals.
        price_column: per-model column with the price of an answer; None takes the costs of single answers.
    """

    cheap: str | None = None
    strong: str | None = None
    signal: str | None = None
    fraction: float = 0.3
    fractions: Sequence[float] = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
    bootstrap: int = 500
    level: float = 0.95
    price_column: str | None = None

    def __post_init__(self) -> None:
        from cofail_lab.policies.cascade import check_cascade

        check_cascade("experiment", self.cheap, self.strong, self.signal, None)
        checks.share("experiment.fraction", self.fraction)
        if isinstance(self.fractions, str) or not isinstance(self.fractions, Sequence):
            raise InputError(f"experiment.fractions: {self.fractions!r} is not a list of numbers in [0, 1]")
        for fraction in self.fractions:
            checks.share("experiment.fractions", fraction)
        checks.whole("experiment.bootstrap", self.bootstrap, least=0)
        checks.probability("experiment.level", self.level)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Read it, and put it into words."""
        from cofail_lab.policies import AbsentPolicyError, Graded
        from cofail_lab.policies.cascade import signal_of, two_models
        from cofail_lab.policies.cascade_reading import read_cascade
        from cofail_lab.report import cascade as words

        graded = Graded.of(inputs.outcomes(), price=self.price_column)
        try:
            cheap, strong = two_models("experiment", graded, self.cheap, self.strong)
            signal = signal_of(graded, cheap, self.signal)
        except AbsentPolicyError as absent:
            raise InputError(f"experiment=cascade: {absent}") from None
        fractions = sorted({float(f) for f in (*self.fractions, self.fraction)})
        with progress("replicates", self.bootstrap + 1) as done:
            read = read_cascade(
                graded,
                cheap,
                strong,
                signal,
                fractions,
                bootstrap=self.bootstrap,
                level=self.level,
                seed=inputs.options.seed,
                done=done,
            )
        sentence = words.headline(read, self.fraction)
        return Result(
            headline=sentence,
            metrics={
                "n_models": graded.n_models,
                "n_queries": graded.n_queries,
                **words.metrics(read, self.fraction),
            },
            labels={
                "decision": sentence,
                "cheap": read.cheap,
                "strong": read.strong,
                "signal": signal,
                "prices": "unknown" if read.dollars is None else read.dollars.prices,
            },
            tables=words.tables(read),
            figures={"cascade": partial(_draw, read)},
            sections=words.sections(read, self.fraction),
        )


def _draw(read: CascadeReading) -> Figure:
    from cofail_lab.report.figures.cascade import cascade

    return cascade(read)
