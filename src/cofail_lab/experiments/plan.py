"""`experiment=plan`: how many queries to grade before a certificate can say something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cofail_lab import checks
from cofail_lab.bounds.planner import Plan as SampleSize
from cofail_lab.bounds.planner import plan_certificate, success_probability
from cofail_lab.errors import InputError
from cofail_lab.estimate import confidence
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.report.numbers import count, percent, points
from cofail_lab.result import Result, Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MAX_SIZES = 150


@dataclass(frozen=True)
class Plan:
    """Sample sizes for the paired certificate P1.v (theory P1.viii).

    Attributes:
        gain: the gain to rule out, in (0, 1).
        n_models: pool size; with None, that of the source.
        resolvable: assumed rate at which the best model fails where another is right; with None, that of the source.
        delta: error probability of the certificate.
        probability: wanted probability that it succeeds.
        plan: the ``plan`` group of the configuration; None plans a certificate.
    """

    gain: float = 0.02
    n_models: int | None = None
    resolvable: float | None = 0.0
    delta: float = 0.05
    probability: float = 0.8
    plan: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        for name in ("gain", "delta", "probability"):
            checks.probability(f"experiment.{name}", getattr(self, name))
        if self.n_models is not None:
            checks.whole("experiment.n_models", self.n_models, 1)
        if self.resolvable is not None:
            checks.share("experiment.resolvable", self.resolvable)
        if self._for not in ("certificate", "tail"):
            raise InputError(f"plan.for: {self._for!r}; certificate and tail are accepted")

    @property
    def _for(self) -> Any:
        if self.plan is None:
            return "certificate"
        return self.plan.get("for") if isinstance(self.plan, Mapping) else self.plan

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """The sample size, and the probability of success at other sizes."""
        if self._for == "tail":
            from cofail_lab.experiments.tail_plan import plan_tail

            return plan_tail(self.plan or {}, inputs, progress)
        m, resolvable = self.n_models, self.resolvable
        if m is None or resolvable is None:
            if inputs.source is None:
                raise InputError("experiment.n_models, experiment.resolvable: null needs a source to take them from")
            outcomes = inputs.outcomes()
            m = outcomes.n_models if m is None else m
            if resolvable is None:
                resolvable = float((outcomes.error_counts.min() - outcomes.n_all_wrong) / outcomes.n_queries)
        needed = plan_certificate(self.gain, resolvable, m, self.delta, self.probability)
        sentence = self._sentence(needed, m, resolvable)
        sizes = self._sizes(needed)
        curve = [success_probability(int(n), self.gain, resolvable, m, self.delta) for n in sizes]
        return Result(
            headline=sentence,
            metrics={
                "n_models": m,
                "gain": self.gain,
                "resolvable": resolvable,
                "n_queries_needed": needed.n_queries,
                "n_queries_least": needed.n_least,
                "failures_allowed": needed.failures_allowed,
                "success_probability": needed.probability,
            },
            labels={"decision": sentence},
            tables={"success": pa.table({"n_queries": sizes, "probability": curve})},
            figures={"success": partial(_draw, sizes, np.array(curve), self.probability)},
            sections=(
                Section(
                    "How many queries to grade",
                    (),
                    (
                        Row("queries needed", count(needed.n_queries), f"to succeed with {percent(self.probability)}"),
                        Row("least number that can succeed", count(needed.n_least), "without one resolvable failure"),
                        Row("resolvable failures allowed", count(needed.failures_allowed), "of the best model"),
                    ),
                    {"success": "Probability that the certificate succeeds, against the number of queries."},
                ),
            ),
        )

    def _sentence(self, needed: SampleSize, m: int, resolvable: float) -> str:
        target, truth = f"a gain above {points(self.gain)} over the best of {m} models", points(resolvable)
        if needed.n_queries is None:
            return (
                f"No number of queries up to {count(needed.searched)} rules out {target} with probability "
                f"{percent(self.probability)} when the true gain is {truth}: the target is too close to it."
            )
        return (
            f"Grade {count(needed.n_queries)} queries to rule out {target} at {confidence(self.delta)} confidence: "
            f"that succeeds with probability {percent(needed.probability)} if the true gain is {truth}, and fewer than "
            f"{count(needed.n_least)} can never do it."
        )

    def _sizes(self, needed: SampleSize) -> np.ndarray:
        last = 4 * needed.n_least if needed.n_queries is None else 2 * needed.n_queries
        return np.unique(np.linspace(1, last, _MAX_SIZES).astype(int))


def _draw(sizes: np.ndarray, curve: np.ndarray, wanted: float) -> Figure:
    from cofail_lab.report.figures.plan import success_probability

    return success_probability(sizes, curve, wanted)
