"""A history of releases in words, rows and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import count, interval, number, percent, points, ratio
from cofail_lab.result import Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cofail_lab.decisions.release_history import Advantage, Arrivals, CheapestAtFloor, Timeline
    from cofail_lab.outcomes import Outcomes

Reading = Literal["adopting_gains", "cannot_tell", "nothing_newer"]
"""Whether the limits of the mean advantage are above 0 and some of it is left where models are chosen and scored on
different halves; or not; or the model committed to was never beaten."""


class Option(NamedTuple):
    """What the option to switch is worth (P9).

    Attributes:
        value: V_R.
        threshold: δ*, the flow that pays for giving it up.
    """

    value: float
    threshold: float


@dataclass(frozen=True)
class Churn:
    """Everything that was found.

    Attributes:
        outcomes: the matrix.
        line: its dated models.
        released: dates of all models.
        accuracy: of the dated models.
        observed: adopting each best, less committing; chosen and scored on all queries.
        resampled: the same on resampled queries.
        split: the same, chosen on one half and scored on the other.
        adopted: model in use on each release day.
        ceiling: 1 - β of the models released so far.
        arrived: the arrivals.
        normal, empirical: value of the option with E[max(Γ, 0)] of a normal law, and as observed.
        floor: accuracy asked for.
        dollars: cheapest model at the floor on each release day; None without costs.
    """

    outcomes: Outcomes
    line: Timeline
    released: np.ndarray
    accuracy: np.ndarray
    observed: Advantage
    resampled: Advantage
    split: Advantage
    adopted: np.ndarray
    ceiling: np.ndarray
    arrived: Arrivals
    normal: Option | None
    empirical: Option | None
    floor: float
    dollars: CheapestAtFloor | None

    @property
    def committed(self) -> str:
        """Name of the model committed to."""
        early = np.flatnonzero(self.line.early)
        return self._name(int(early[self.accuracy[early].argmax()]))

    @property
    def final_limits(self) -> tuple[float, float]:
        """95% limits of the final advantage."""
        return _limits(self.resampled.final)

    @property
    def mean_limits(self) -> tuple[float, float]:
        """95% limits of the mean advantage."""
        return _limits(self.resampled.mean)

    @property
    def reading(self) -> Reading:
        """What the history says."""
        if self.observed.final <= 0:
            return "nothing_newer"
        return "adopting_gains" if self.mean_limits[0] > 0 and self.split.mean > 0 else "cannot_tell"

    @property
    def n_switches(self) -> int:
        """Number of times a new model was adopted after the commitment."""
        return len(set(self.adopted[self.line.days > self.line.commit_day]) - {self.adopted[self._at_commitment]})

    @property
    def _at_commitment(self) -> int:
        return int(np.flatnonzero(self.line.days <= self.line.commit_day)[-1])

    def headline(self) -> str:
        """What adopting brought, and what to do."""
        since = int(self.line.day[-1]) - self.line.commit_day
        days = "1 day" if since == 1 else f"{count(since)} days"
        best = f"{shorten(self.committed)}, the best of the {self._early_days}"
        if self.reading == "nothing_newer":
            upper = self.final_limits[1]
            doubt = f", though up to {points(upper)} at the end are within the 95% limits" if upper > 0 else ""
            return (
                f"No model released later is right more often than {best}: nothing was lost on these queries by "
                f"committing to it{doubt}."
            )
        times = "switch" if self.n_switches == 1 else "switches"
        advice = {
            "adopting_gains": "Keep the option to switch.",
            "cannot_tell": "These queries do not decide whether adopting pays.",
        }[self.reading]
        return (
            f"Adopting each new best model ends {points(float(self.observed.final))} above {best}; averaged over the "
            f"{days} since, {points(float(self.observed.mean))} (95% {interval(*self.mean_limits, points)}), by "
            f"{self.n_switches} {times}. {advice}"
        )

    @property
    def _early_days(self) -> str:
        days = self.line.commit_day
        return "first release day" if days == 0 else "first day" if days == 1 else f"first {count(days)} days"

    def metrics(self) -> dict[str, float | int | None]:
        """Flat, see docs/churn.md."""
        first, last = self._dollar_ends()
        return {
            "n_models": self.outcomes.n_models,
            "n_dated": len(self.line.models),
            "n_release_days": len(self.line.days),
            "n_queries": self.outcomes.n_queries,
            "days": int(self.line.day[-1]),
            "n_switches": self.n_switches,
            "committed_accuracy": float(self.observed.committed),
            "final_accuracy": float(self.observed.frontier[-1]),
            "oracle": float(self.ceiling[-1]),
            "final_advantage": float(self.observed.final),
            "final_advantage_lower": self.final_limits[0],
            "final_advantage_upper": self.final_limits[1],
            "mean_advantage": float(self.observed.mean),
            "mean_advantage_lower": self.mean_limits[0],
            "mean_advantage_upper": self.mean_limits[1],
            "final_advantage_heldout": float(self.split.final),
            "mean_advantage_heldout": float(self.split.mean),
            "arrival_rate": self.arrived.rate,
            "arrival_rate_lower": self.arrived.rate_lower,
            "arrival_rate_upper": self.arrived.rate_upper,
            "mean_gap": self.arrived.mean_gap,
            "gap_sd": _known(self.arrived.gap_sd),
            "expected_gap_normal": _known(self.arrived.expected_normal),
            "expected_gap_empirical": self.arrived.expected_empirical,
            "option_value_normal": None if self.normal is None else self.normal.value,
            "option_value_empirical": None if self.empirical is None else self.empirical.value,
            "flow_threshold_normal": None if self.normal is None else self.normal.threshold,
            "flow_threshold_empirical": None if self.empirical is None else self.empirical.threshold,
            "floor": self.floor,
            "dollars_at_commitment": first,
            "dollars_at_end": last,
        }

    def labels(self) -> dict[str, str]:
        """Flat."""
        path = dict.fromkeys(int(i) for i in self.adopted)
        return {
            "decision": self.headline(),
            "reading": self.reading,
            "committed": self.committed,
            "adopted": ", ".join(self._name(place) for place in path),
        }

    def sections(self) -> tuple[Section, ...]:
        """The history, then what the arrivals say of the future."""
        undated = self.outcomes.n_models - len(self.line.models)
        notes = (
            *((f"{count(undated)} of {count(self.outcomes.n_models)} models have no date.",) if undated else ()),
            *self.outcomes.notes,
        )
        return (
            Section(
                "Adopt or commit",
                self._about(),
                self._rows(),
                {"churn": "Models by release; the best so far, in sample and on the other half; the one committed to."},
            ),
            Section("The option to switch", self._about_option(), self._option_rows()),
            *((Section("How the matrix was read", notes),) if notes else ()),
        )

    def _about(self) -> tuple[str, ...]:
        return (
            "The best model so far was chosen on the queries that score it; chosen on one half and scored on the "
            f"other, the average is {points(float(self.split.mean))}.",
        )

    def _rows(self) -> tuple[Row, ...]:
        rows = [
            Row("committed to", percent(float(self.observed.committed)), shorten(self.committed)),
            Row("best at the end", percent(float(self.observed.frontier[-1])), shorten(self._name(self.adopted[-1]))),
            Row("advantage at the end", points(float(self.observed.final)), self._both(self.final_limits, "final")),
            Row("averaged over time", points(float(self.observed.mean)), self._both(self.mean_limits, "mean")),
            Row(
                "ceiling at the end", percent(float(self.ceiling[-1])), "of every policy over the dated models (1 − β)"
            ),
        ]
        if self.dollars is not None:
            rows.append(self._dollar_row(self.dollars))
        return tuple(rows)

    def _both(self, limits: tuple[float, float], field: Literal["final", "mean"]) -> str:
        return f"95% {interval(*limits, points)}; on other halves {points(float(getattr(self.split, field)))}"

    def _dollar_ends(self) -> tuple[float | None, float | None]:
        if self.dollars is None:
            return None, None
        return _known(float(self.dollars.dollars[self._at_commitment])), _known(float(self.dollars.dollars[-1]))

    def _dollar_row(self, dollars: CheapestAtFloor) -> Row:
        first, last = self._dollar_ends()
        asked = f"at {percent(self.floor)} or more"
        if last is None:
            return Row("dollars a right answer", "—", f"no model of known cost is right {asked}")
        name = shorten(self._name(int(dollars.place[-1])))
        before = "none then" if first is None else f"{number(first, 3)} at the commitment"
        return Row("dollars a right answer", number(last, 3), f"{asked}: {name}; {before}")

    def _about_option(self) -> tuple[str, ...]:
        said = (
            "A release day brings a gap over the best model before it, worth having until the next one (P9); value is "
            "in flows of one right answer per query and year."
        )
        if self.normal is None:
            return (said, "A single arrival has no spread.")
        times = self._times_apart()
        if times is None:
            return (said, "No arrival beat the best model before it: a normal law promises what was never seen.")
        return (
            said,
            f"The normal law of the theory makes the expected gain of an arrival {ratio(times)} what was observed.",
        )

    def _times_apart(self) -> float | None:
        seen = self.arrived.expected_empirical
        return self.arrived.expected_normal / seen if seen > 0 else None

    def _option_rows(self) -> tuple[Row, ...]:
        one = self.arrived
        limits = interval(one.rate_lower, one.rate_upper, lambda rate: number(rate, 3))
        rows = [
            Row("arrivals a year", number(one.rate, 3), f"ν, 95% {limits}"),
            Row("gap of an arrival", points(one.mean_gap), f"μ; η {points(_known(one.gap_sd))}"),
        ]
        if self.normal is not None and self.empirical is not None:
            for name, gap, worth in (
                ("normal gaps", one.expected_normal, self.normal),
                ("observed gaps", one.expected_empirical, self.empirical),
            ):
                flow = f"worth {number(worth.value, 3)}; commit for a flow above {number(worth.threshold, 3)}"
                rows.append(Row(name, points(gap), f"E[max(Γ, 0)]; {flow}"))
        return tuple(rows)

    def table(self) -> pa.Table:
        """A row for each dated model, in order of release."""
        day_of = np.searchsorted(self.line.starts, np.arange(len(self.line.models)), side="right") - 1
        table = {
            "model": [self._name(place) for place in range(len(self.line.models))],
            "released": [str(self.released[i]) for i in self.line.models],
            "day": self.line.day,
            "accuracy": self.accuracy,
            "adopted": np.isin(np.arange(len(self.line.models)), self.adopted),
            "frontier": self.observed.frontier[day_of],
            "frontier_heldout": self.split.frontier[day_of],
            "ceiling": self.ceiling[day_of],
        }
        if self.dollars is not None:
            table["dollars_per_right"] = pa.array(self.dollars.dollars[day_of], from_pandas=True)
        return pa.table(table)

    def figure(self) -> Figure:
        """The timeline."""
        from cofail_lab.report.figures.churn import timeline

        names = [self._name(int(place)) for place in dict.fromkeys(self.adopted)]
        return timeline(
            self.line,
            self.released[self.line.models],
            self.accuracy,
            self.observed,
            self.split,
            self.ceiling,
            (self.adopted, names),
            self.dollars,
        )

    def _name(self, place: int) -> str:
        return self.outcomes.models[self.line.models[place]]


def _limits(values: np.ndarray) -> tuple[float, float]:
    lower, upper = np.quantile(values, [0.025, 0.975])
    return float(lower), float(upper)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
