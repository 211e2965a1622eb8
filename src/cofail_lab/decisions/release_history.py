"""What adopting every new best model would have brought, from release dates and one graded matrix (theory P9)."""

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import chi2

from cofail_lab.decisions.churn import expected_positive_gap
from cofail_lab.errors import InputError

YEAR = 365.25

_DATE = re.compile(r"(?<!\d)(20\d\d)(-?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")


def dates_in(texts: Iterable[object]) -> np.ndarray:
    """The first 20YY-MM-DD or 20YYMMDD in each text, as datetime64[D]; NaT where there is none."""
    return np.array([_date_in(str(text)) for text in texts], dtype="datetime64[D]")


class Timeline(NamedTuple):
    """Dated models in order of release; models of one day arrive together.

    Attributes:
        models: columns of the matrix, (r,).
        day: days since the first release, ascending, (r,).
        starts: place of the first model of each day, (days,).
        early: models released by the day of commitment, (r,).
        commit_day: when one commits.
    """

    models: Int[np.ndarray, " r"]
    day: Int[np.ndarray, " r"]
    starts: Int[np.ndarray, " days"]
    early: Bool[np.ndarray, " r"]
    commit_day: int

    @property
    def days(self) -> Int[np.ndarray, " days"]:
        """Days on which something was released."""
        return self.day[self.starts]

    @property
    def years(self) -> float:
        """From the first release to the last."""
        return float(self.day[-1]) / YEAR

    def held(self) -> Int[np.ndarray, " days"]:
        """For how many days after the commitment the models of each release day are the newest; 0 on the last day."""
        until = np.append(self.days[1:], self.days[-1])
        return np.maximum(until - np.maximum(self.days, self.commit_day), 0)


def timeline(released: np.ndarray, commit_day: int = 90) -> Timeline:
    """Order the dated models.

    Args:
        released: datetime64[D], NaT where not known, (m,).
        commit_day: days after the first release at which one commits to the best model so far.

    Raises:
        InputError: fewer than two release days, or none after the commitment.
    """
    known = np.flatnonzero(~np.isnat(released))
    if len(np.unique(released[known])) < 2:
        raise InputError(
            f"released: {len(known)} of {len(released)} models have a date, all on one day; two are needed"
        )
    order = known[np.argsort(released[known], kind="stable")]
    day = (released[order] - released[order[0]]).astype(int)
    if day[-1] <= commit_day:
        raise InputError(f"commit_day: {commit_day}, but the last of the releases is on day {day[-1]}")
    return Timeline(order, day, np.unique(day, return_index=True)[1], day <= commit_day, commit_day)


class Advantage(NamedTuple):
    """Adopting each new best against the best model at the commitment, for a stack of accuracies.

    Attributes:
        frontier: accuracy of the best model so far on each release day, (..., days).
        committed: accuracy of the model committed to, (...,).
        final: frontier at the end less committed.
        mean: the same averaged over the time from the commitment to the last release.
    """

    frontier: Float[np.ndarray, "... days"]
    committed: Float[np.ndarray, "..."]
    final: Float[np.ndarray, "..."]
    mean: Float[np.ndarray, "..."]


def advantage(line: Timeline, accuracy: Float[np.ndarray, "... r"]) -> Advantage:
    """Choose and score by the same accuracies; so for every row of a stack, such as resampled queries.

    Args:
        line: the dated models.
        accuracy: of them, in the order of the timeline.
    """
    best_of_day = np.maximum.reduceat(accuracy, line.starts, axis=-1)
    frontier = np.maximum.accumulate(best_of_day, axis=-1)
    committed = np.where(line.early, accuracy, -np.inf).max(axis=-1)
    return _compared(line, frontier, committed)


def adopted(line: Timeline, accuracy: Float[np.ndarray, " r"]) -> Int[np.ndarray, " days"]:
    """Place of the model in use on each release day: replaced on strict improvement, (days,); ties to the first."""
    current, path = -1, []
    for start, stop in zip(line.starts, [*line.starts[1:], len(accuracy)], strict=True):
        best = start + int(accuracy[start:stop].argmax())
        if current < 0 or accuracy[best] > accuracy[current]:
            current = best
        path.append(current)
    return np.array(path)


def split_advantage(
    line: Timeline, right: Bool[np.ndarray, "n r"], rng: np.random.Generator, n_splits: int = 100
) -> Advantage:
    """The same with models chosen on one half of the queries and scored on the other: no winner's curse.

    Args:
        line: the dated models.
        right: whether each is right, in the order of the timeline.
        rng: splits the queries.
        n_splits: halves to average over, in both directions.
    """
    n = len(right)
    frontiers, committed = [], []
    early = np.flatnonzero(line.early)
    for _ in range(n_splits):
        order = rng.permutation(n)
        halves = right[order[: n // 2]].mean(axis=0), right[order[n // 2 :]].mean(axis=0)
        for chosen_by, scored_by in (halves, halves[::-1]):
            frontiers.append(scored_by[adopted(line, chosen_by)])
            committed.append(scored_by[early[chosen_by[early].argmax()]])
    return _compared(line, np.mean(frontiers, axis=0), np.array(np.mean(committed)))


def bootstrap_advantage(
    line: Timeline, right: Bool[np.ndarray, "n r"], rng: np.random.Generator, replicates: int = 2000
) -> Advantage:
    """`advantage` of resampled queries, all choices made anew; its fields have a row for each resample."""
    n = len(right)
    times = rng.multinomial(n, np.full(n, 1 / n), size=replicates)
    return advantage(line, times @ right.astype(float) / n)


class Arrivals(NamedTuple):
    """Arrivals and their gaps over the best model before them (P9).

    Attributes:
        rate: ν, release days a year after the first.
        rate_lower, rate_upper: exact 95% limits of a Poisson rate.
        gaps: of the best model of each day, Γ, (days - 1,).
        mean_gap, gap_sd: μ and η; η is nan with a single gap.
        expected_normal: E[max(Γ, 0)] of the normal law of that mean and spread; nan with a single gap.
        expected_empirical: mean of max(Γ, 0).
    """

    rate: float
    rate_lower: float
    rate_upper: float
    gaps: Float[np.ndarray, " arrivals"]
    mean_gap: float
    gap_sd: float
    expected_normal: float
    expected_empirical: float


def arrivals(line: Timeline, accuracy: Float[np.ndarray, " r"]) -> Arrivals:
    """Fit the arrivals after the first release day."""
    best_of_day = np.maximum.reduceat(accuracy, line.starts)
    gaps = best_of_day[1:] - np.maximum.accumulate(best_of_day)[:-1]
    count, years = len(gaps), line.years
    mean, sd = float(gaps.mean()), float(gaps.std(ddof=1)) if count > 1 else float("nan")
    return Arrivals(
        count / years,
        float(chi2.ppf(0.025, 2 * count)) / 2 / years,
        float(chi2.ppf(0.975, 2 * count + 2)) / 2 / years,
        gaps,
        mean,
        sd,
        expected_positive_gap(mean, sd) if count > 1 else float("nan"),
        float(np.maximum(gaps, 0).mean()),
    )


class CheapestAtFloor(NamedTuple):
    """The model with the fewest dollars per right answer among those at least as accurate as a floor, (days,).

    Attributes:
        place: in the timeline; -1 while no model reaches the floor.
        dollars: per right answer; nan while no model reaches the floor.
    """

    place: Int[np.ndarray, " days"]
    dollars: Float[np.ndarray, " days"]


def cheapest_at_floor(
    line: Timeline, accuracy: Float[np.ndarray, " r"], cost: Float[np.ndarray, " r"], floor: float
) -> CheapestAtFloor:
    """On each release day, among the models released so far.

    Args:
        line, accuracy: as `advantage`.
        cost: dollars a query, > 0; nan where not known.
        floor: accuracy asked for. Without one the cheapest model wins, however bad.
    """
    able = (accuracy >= floor - 1e-12) & np.isfinite(cost) & (accuracy > 0)
    per_right = np.where(able, cost / np.where(able, accuracy, 1.0), np.inf)
    stops = np.append(line.starts[1:], len(accuracy))
    place = np.array([int(per_right[:stop].argmin()) for stop in stops])
    dollars = per_right[place]
    none = np.isinf(dollars)
    return CheapestAtFloor(np.where(none, -1, place), np.where(none, np.nan, dollars))


def _compared(line: Timeline, frontier: np.ndarray, committed: np.ndarray) -> Advantage:
    ahead = frontier - np.asarray(committed)[..., None]
    held = line.held()
    return Advantage(frontier, committed, ahead[..., -1], ahead @ held / held.sum())


def _date_in(text: str) -> np.datetime64:
    for found in _DATE.finditer(text):
        try:
            return np.datetime64(date(int(found[1]), int(found[3]), int(found[4])))
        except ValueError:  # 30 February is no date.
            continue
    return np.datetime64("NaT")
