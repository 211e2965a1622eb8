"""`experiment=bounds`: what pairwise statistics, or any other declared facts, leave open about joint failure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cofail_lab import checks
from cofail_lab.bounds.count_lp import CountRange, binomial_moments, wrong_count_range
from cofail_lab.bounds.declared.known import Known
from cofail_lab.bounds.declared.measured import Matrix, OfLaw
from cofail_lab.bounds.declared.reading import Reading, read
from cofail_lab.bounds.declared.targets import FORMS
from cofail_lab.bounds.frechet import AllWrongRange, all_wrong_range, checked_rates, closed_forms
from cofail_lab.bounds.moment_ladder import Rung, law_ladder, matrix_ladder
from cofail_lab.errors import InputError
from cofail_lab.estimate import Estimate, confidence
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.outcomes import Outcomes
from cofail_lab.report import declared
from cofail_lab.report.numbers import interval, percent
from cofail_lab.result import Result, Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cofail_lab.models import AbstractErrorLaw


_ALL_WRONG = "all_wrong"
# Where nothing is stated, advice starts from every pair of a small pool, and from two moments of a larger one.
_FEW, _MANY, _APART = ("rates", "pairs"), ("moments",), 10


@dataclass(frozen=True)
class Bounds:
    """Intervals of the all-wrong and majority-wrong rates from pairs and from moments (theory P3), or of any target.

    The law of the ``law`` group is used where one is named, else the matrix of the ``data`` group; neither where the
    ``known`` group states facts that are all given by hand. With facts of that group, or another target, the answer is
    the target's interval given those facts.

    Attributes:
        target: what is limited, see `bounds.declared.targets.FORMS`.
        queries: graded by each model of the measurement that is advised.
        moments: longest ladder of moments, >= 1 (cut at the pool size).
        delta: error probability of the simultaneous boxes that account for the sample.
        seconds: >= 0, time for column generation on pools of 17 to 60 models, per limit; 0 leaves it out.
    """

    target: str = _ALL_WRONG
    queries: int = 200
    moments: int = 6
    delta: float = 0.05
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.target, str):
            raise InputError(f"experiment.target: {self.target!r}; accepted are {FORMS}")
        checks.within("experiment.queries", self.queries, 1, 10**9)
        checks.whole("experiment.moments", self.moments, 1)
        checks.probability("experiment.delta", self.delta)
        checks.number("experiment.seconds", self.seconds)
        if self.seconds < 0:
            raise InputError(f"experiment.seconds: {self.seconds!r} is below 0")

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Pairwise interval, closed forms, ladder, extremal laws; or the target's interval given the facts stated."""
        known = inputs.known or Known()
        if self.target != _ALL_WRONG or not known.empty:
            with progress("bounds", total=1) as advance:
                found = self._declared(known, inputs)
                advance(1)
            return declared.result(found)
        source = inputs.law() if inputs.law_factory is not None else inputs.outcomes()
        rates, pairs = np.asarray(source.error_rates, dtype=float), np.asarray(source.pairwise_wrong(), dtype=float)
        all_wrong, m = float(source.all_wrong()), len(rates)
        rungs = range(1, min(self.moments, m) + 1)
        with progress("bounds", total=4) as advance:
            pairwise = all_wrong_range(rates, pairs)
            if not pairwise.sharp and self.seconds > 0 and m <= 60:
                pairwise = _sharpened(pairwise, source, rates, pairs, self.seconds)
            advance(1)
            ladder, majority = _ladders(source, m, rungs, self.delta)
            advance(1)
            from_pairs = wrong_count_range(binomial_moments(_count_probs(source), min(2, m)), m)
            forms = closed_forms(*checked_rates(rates, pairs))
            advance(1)
            following = self._declared(Known(measured=_FEW if m <= _APART else _MANY, order=2), inputs, _matrix(source))
            advance(1)
        sentence = _sentence(pairwise, all_wrong, m)
        last = ladder[-1]
        return Result(
            headline=sentence,
            metrics={
                "n_models": m,
                "all_wrong": all_wrong,
                "frechet_lower": pairwise.lower,
                "frechet_upper": pairwise.upper,
                "majority_lower": majority.lower,
                "majority_upper": majority.upper,
                "ladder_lower": last.lower,
                "ladder_upper": last.upper,
                "ladder_lower_confident": last.lower_confident,
                "ladder_upper_confident": last.upper_confident,
                **{f"upper_{_key(name)}": value for name, value in forms.upper.items()},
                **{f"lower_{_key(name)}": value for name, value in forms.lower.items()},
                **declared.next_metrics(following.next[0] if following.next else None),
            },
            labels={
                "frechet_method": pairwise.method,
                "frechet_sharp": "yes" if pairwise.sharp else "no",
                "decision": sentence,
            },
            estimates={
                "frechet_lower": Estimate(pairwise.lower, 1e-9 if pairwise.sharp else 0.0, "lp"),
                "frechet_upper": Estimate(pairwise.upper, 1e-9 if pairwise.sharp else 0.0, "lp"),
            },
            tables={
                "ladder": pa.Table.from_pylist([rung._asdict() for rung in ladder]),
                "closed_forms": pa.Table.from_pylist(
                    [{"side": s, "name": n, "value": v} for s, d in forms._asdict().items() for n, v in d.items()]
                ),
                "extremal_laws": pa.table(
                    {"n_wrong": np.arange(m + 1), "lower": from_pairs.lower_law, "upper": from_pairs.upper_law}
                ),
            },
            figures={
                "moment_ladder": partial(_draw_ladder, ladder, all_wrong),
                "extremal_laws": partial(_draw_extremal_laws, from_pairs),
            },
            sections=(
                Section(
                    "What pairs can and cannot say",
                    (),
                    (
                        Row("all wrong, from all pairs", interval(pairwise.lower, pairwise.upper), pairwise.method),
                        Row(
                            "all wrong, from mean rates of models and pairs",
                            interval(from_pairs.lower, from_pairs.upper),
                        ),
                        Row(
                            "majority wrong, from mean rates of models and pairs",
                            interval(majority.lower, majority.upper),
                        ),
                        Row(f"all wrong, from {last.n_moments} moments", interval(last.lower, last.upper)),
                        Row(
                            "the same, with sampling error",
                            interval(last.lower_confident, last.upper_confident),
                            f"simultaneous boxes at {confidence(self.delta)}",
                        ),
                    ),
                    {
                        "moment_ladder": "Limits on the all-wrong rate against the number of moments known.",
                        "extremal_laws": "Two pools with the same mean error rate and mean pairwise rate.",
                    },
                ),
                declared.next_section(following),
            ),
        )

    def _declared(self, known: Known, inputs: Inputs, matrix: Matrix | None = None) -> Reading:
        """The target's reading; facts are measured in the matrix or the law of the run, if any are."""
        if known.empty:
            known = replace(known, measured=_FEW)
        if known.needs_matrix and matrix is None:
            matrix = _matrix(inputs.law() if inputs.law_factory is not None else inputs.outcomes())
        return read(known.on(matrix), self.target, "experiment.target", self.queries, matrix)


def _matrix(source: Outcomes | AbstractErrorLaw) -> Matrix:
    return Matrix(source.wrong, source.models) if isinstance(source, Outcomes) else OfLaw.of(source)


def _sharpened(
    known: AllWrongRange, source: Outcomes | AbstractErrorLaw, rates: np.ndarray, pairs: np.ndarray, seconds: float
) -> AllWrongRange:
    from cofail_lab.bounds.joint_lp import joint_range

    start = np.unique(source.wrong, axis=0) if isinstance(source, Outcomes) else None
    limits = joint_range(rates, pairs, patterns=start, seconds=seconds)
    lower, upper = max(known.lower, limits.lower), min(known.upper, limits.upper)
    return AllWrongRange(lower, upper, limits.method, limits.sharp)


def _count_probs(source: Outcomes | AbstractErrorLaw) -> list[int] | np.ndarray:
    if isinstance(source, Outcomes):
        return [int(c) for c in np.bincount(source.n_wrong, minlength=source.n_models + 1)]
    return np.asarray(source.count_probs(), dtype=float)


def _ladders(
    source: Outcomes | AbstractErrorLaw, m: int, rungs: range, delta: float
) -> tuple[tuple[Rung, ...], CountRange]:
    probs = _count_probs(source)
    majority = wrong_count_range(binomial_moments(probs, min(2, m)), m, m // 2 + 1)
    if isinstance(source, Outcomes):
        return matrix_ladder(source.n_wrong, m, rungs, delta=delta), majority
    return law_ladder(probs, rungs), majority


def _sentence(limits: AllWrongRange, all_wrong: float, m: int) -> str:
    sharp = "anything in it is possible" if limits.sharp else "no law lies outside it"
    return (
        f"The pairwise table of these {m} models allows an all-wrong rate of {interval(limits.lower, limits.upper)} "
        f"({sharp}); it is {percent(all_wrong)}. Do not price a pool by its pairwise correlations: count the queries "
        "that all of them fail."
    )


def _key(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")


def _draw_ladder(ladder: tuple[Rung, ...], all_wrong: float) -> Figure:
    from cofail_lab.report.figures.bounds import moment_ladder

    return moment_ladder(ladder, all_wrong)


def _draw_extremal_laws(limits: CountRange) -> Figure:
    from cofail_lab.report.figures.bounds import extremal_laws

    return extremal_laws(limits)
