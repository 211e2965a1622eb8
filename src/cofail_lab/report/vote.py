"""Votes of sets of models in words, rows and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from cofail_lab.report.names import listed, shorten
from cofail_lab.report.numbers import count, fixed, interval, number, percent, points
from cofail_lab.result import Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cofail_lab.decisions.vote_slopes import Slope, VoteSets
    from cofail_lab.outcomes import Outcomes

Reading = Literal["no_slope", "not_positive", "turns_negative", "vanishes", "stays_positive"]
"""What the quality gap does to the published slope: there are too few sets; it is not above 0 in the first place;
its limits are below 0, contain 0, or are above 0 once the gap is controlled."""


@dataclass(frozen=True)
class Votes:
    """Everything that was found.

    Attributes:
        outcomes: the matrix.
        size: members of a vote.
        sets: all votes.
        published: slope of the gain on correlation with accuracy headroom controlled; None where there is none.
        controlled: the same with the quality gap controlled.
        top: the most accurate models, as many as vote.
        top_majority: share of queries on which more than half of these are right.
        top_plurality: what their plurality is right, at worst and at best; the same where answers are known.
        plurality: of all models; None where answers are not known.
        agree_when_wrong: mean share of equal answers where two models are wrong; None where answers are not known.
    """

    outcomes: Outcomes
    size: int
    sets: VoteSets
    published: Slope | None
    controlled: Slope | None
    top: tuple[int, ...]
    top_majority: float
    top_plurality: tuple[float, float]
    plurality: float | None
    agree_when_wrong: float | None

    @property
    def top_names(self) -> list[str]:
        """Names of the most accurate models."""
        return [self.outcomes.models[i] for i in self.top]

    @property
    def negative_share(self) -> float:
        """Share of the sets whose vote is worse than their best member."""
        # Shares of the same n queries differ by at least 1/n where they differ at all.
        return float((self.sets.gain < -1e-12).mean())

    @property
    def top_gain(self) -> float:
        """The vote of the most accurate models less the best of them."""
        return self.top_majority - (1 - float(self.outcomes.error_rates.min()))

    @property
    def top_gain_error(self) -> float:
        """Standard error of `top_gain` over queries; the choice of these models is not part of it."""
        right = ~self.outcomes.wrong
        majority = 2 * right[:, list(self.top)].sum(axis=1) > self.size
        differences = majority.astype(float) - right[:, self.top[0]]
        return float(differences.std(ddof=1) / np.sqrt(len(differences)))

    @property
    def reading(self) -> Reading:
        """What the quality gap does to the published slope."""
        if self.published is None or self.controlled is None:
            return "no_slope"
        if self.published.value <= 0:
            return "not_positive"
        if self.controlled.upper < 0:
            return "turns_negative"
        return "stays_positive" if self.controlled.lower > 0 else "vanishes"

    def headline(self) -> str:
        """What votes gain, and what a buyer's vote gains."""
        mean = float(self.sets.gain.mean())
        n = len(self.sets.gain)
        models = listed(self.top_names)
        best = f"The {self.size} most accurate models ({models}) {self._top_words()}."
        if self.sets.n_all == 1:
            return f"{best} There is no other set of {self.size}."
        some = "all " if n == self.sets.n_all else f"{count(n)} of "
        verb = "gains" if mean > 0 else "loses"
        change = "neither gains nor loses" if abs(mean) < 1e-12 else f"{verb} {points(abs(mean))}"
        return (
            f"A majority of {self.size} models {change} against the best of them, on average over {some}"
            f"{count(self.sets.n_all)} sets; {percent(self.negative_share)} of the votes are worse than their best "
            f"member. {best}"
        )

    def _top_words(self) -> str:
        if abs(self.top_gain) < 1e-12:
            return "are right together as often as the best of them alone"
        size = points(abs(self.top_gain)).removesuffix(" points")
        return f"{'gain' if self.top_gain > 0 else 'lose'} {size} ± {points(self.top_gain_error)}"

    def metrics(self) -> dict[str, float | int | None]:
        """Flat, see docs/votes.md."""
        published, controlled = self.published, self.controlled
        low, high = self.top_plurality
        return {
            "n_models": self.outcomes.n_models,
            "n_queries": self.outcomes.n_queries,
            "n_sets": len(self.sets.gain),
            "single_best": 1 - float(self.outcomes.error_rates.min()),
            "oracle": 1 - self.outcomes.all_wrong(),
            "vote_gain": float(self.sets.gain.mean()),
            "vote_negative_share": self.negative_share,
            "slope_published": None if published is None else published.value,
            "slope_published_error": None if published is None else published.error,
            "slope_controlled": None if controlled is None else controlled.value,
            "slope_controlled_lower": None if controlled is None else controlled.lower,
            "slope_controlled_upper": None if controlled is None else controlled.upper,
            "times_too_narrow": None
            if controlled is None or not controlled.naive_error
            else controlled.times_too_narrow,
            "top_majority": self.top_majority,
            "top_gain": self.top_gain,
            "top_gain_error": self.top_gain_error,
            "top_plurality": low if low == high else None,
            "top_plurality_lower": low,
            "top_plurality_upper": high,
            "plurality": self.plurality,
            "agree_when_wrong": self.agree_when_wrong,
        }

    def sections(self) -> tuple[Section, ...]:
        """What a buyer would run, then correlation, then the figure."""
        return (
            Section("What a vote gets", self._buyer(), self._rows()),
            Section(
                "Does correlation explain it?",
                (self._about_slope(),),
                self._slope_rows(),
                {
                    "votes": "Majority votes between the limits that accuracy alone allows (Kuncheva et al. 2003, "
                    "Matan 1996), and their gain against the correlation of the members."
                },
            ),
            *((Section("How the matrix was read", self.outcomes.notes),) if self.outcomes.notes else ()),
        )

    def _buyer(self) -> tuple[str, ...]:
        left = "The models were chosen on the queries that are counted here; experiment=policies policy=majority_vote "
        said = [f"{left}policy.majority_vote.top_k={self.size} chooses and counts on different ones."]
        if self.agree_when_wrong is not None:
            said.append(
                f"Where two models are wrong they give the same answer in {percent(self.agree_when_wrong)} of the "
                "cases: a plurality vote cannot tell such an answer from a right one."
            )
        return tuple(said)

    def _rows(self) -> tuple[Row, ...]:
        low, high = self.top_plurality
        rows = [
            Row("best model", percent(1 - float(self.outcomes.error_rates.min())), shorten(self.top_names[0])),
            Row(f"majority of the top {self.size}", percent(self.top_majority), "more than half are right"),
        ]
        if low == high:
            rows.append(Row(f"plurality of the top {self.size}", percent(low), "ties drawn evenly"))
        else:
            note = "answers are not known: wrong ones may agree, or not"
            rows.append(Row(f"plurality of the top {self.size}", interval(low, high), note))
        if self.plurality is not None:
            rows.append(Row("plurality of all", percent(self.plurality), "ties drawn evenly"))
        rows.append(Row("ceiling", percent(1 - self.outcomes.all_wrong()), "of every vote, cascade and router (1 − β)"))
        return tuple(rows)

    def _about_slope(self) -> str:
        published, controlled = self.published, self.controlled
        if published is None or controlled is None:
            return "There are too few different sets for a regression on correlation."
        limits = f"{number(controlled.value, 3)}, 95% {interval(controlled.lower, controlled.upper, _three)}"
        times = controlled.times_too_narrow
        # With few models the jackknife can come out as narrow, and where the fit is exact there is nothing to compare.
        narrow = (
            f" Sets share models, so that limits as if they were independent would be {number(times, 2)} times too "
            "narrow."
            if np.isfinite(times) and times >= 1.1
            else ""
        )
        with_gap = "With the quality gap (best less mean accuracy of the members) controlled"
        if self.reading == "not_positive":
            said = (
                f"The slope of the gain on correlation is not positive as published; {with_gap.lower()} it is {limits}."
            )
        elif self.reading == "turns_negative":
            said = (
                "The published slope is positive, but a confound: sets of unlike quality are less correlated and lose "
                f"more to their best member. {with_gap} it is negative ({limits}): correlated votes gain less."
            )
        elif self.reading == "vanishes":
            said = (
                f"The published slope is positive. {with_gap} it cannot be distinguished from 0 ({limits}): nothing "
                "here says that correlation helps a vote."
            )
        else:
            said = f"The slope is positive as published, and {with_gap[0].lower()}{with_gap[1:]} too ({limits})."
        return said + narrow

    def _slope_rows(self) -> tuple[Row, ...]:
        rows = []
        if self.published is not None:
            error = f"± {number(self.published.error, 2)}, models left out in turn; headroom controlled"
            rows.append(Row("slope as published", fixed(self.published.value), error))
        if self.controlled is not None:
            limits = interval(self.controlled.lower, self.controlled.upper, _three)
            rows.append(Row("with the quality gap", fixed(self.controlled.value), f"95% {limits}"))
        return tuple(rows)

    def table(self) -> pa.Table:
        """A row for each set."""
        names = np.array(self.outcomes.models, dtype=object)
        members = {f"member_{c + 1}": list(names[column]) for c, column in enumerate(self.sets.members.T)}
        return pa.table(
            {
                **members,
                "majority": self.sets.majority,
                "gain": self.sets.gain,
                "correlation": pa.array(self.sets.correlation, from_pandas=True),
                "headroom": self.sets.headroom,
                "quality_gap": self.sets.quality_gap,
            }
        )

    def figure(self) -> Figure:
        """Majorities inside what accuracy allows, and gain against correlation."""
        from cofail_lab.report.figures.vote import votes

        return votes(self.sets, self.size)


def _three(value: float | None) -> str:
    return fixed(value, 3)
