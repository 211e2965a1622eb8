"""Repeated draws against different models in words, rows and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import pyarrow as pa

from cofail_lab.report.names import listed
from cofail_lab.report.numbers import count, interval, percent, points
from cofail_lab.result import Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cofail_lab.decisions.accuracy_band import BandSets
    from cofail_lab.decisions.self_moa import Matched
    from cofail_lab.outcomes import Outcomes

Reading = Literal["mixed_better", "self_better", "cannot_tell"]
"""Whether the limits of mixed less self are above 0, below 0, or contain it."""


class Names(NamedTuple):
    """Who was compared, once or in each direction of the halves.

    Attributes:
        own: the model, or the columns of its runs.
        members: its rivals.
    """

    own: tuple[tuple[str, ...], ...]
    members: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Compared:
    """Everything that was found.

    Attributes:
        outcomes: the matrix.
        k: draws of either side.
        band: of accuracy.
        matched: the comparison.
        names: of the compared.
        bands: sets of each size within a band; empty where runs are given as columns.
    """

    outcomes: Outcomes
    k: int
    band: float
    matched: Matched
    names: Names
    bands: tuple[tuple[float, BandSets], ...]

    @property
    def reading(self) -> Reading:
        """What the limits say."""
        if self.matched.lower > 0:
            return "mixed_better"
        return "self_better" if self.matched.upper < 0 else "cannot_tell"

    @property
    def chosen(self) -> bool:
        """Whether anyone was chosen, on other queries than those that are scored."""
        return len(self.matched.choices) == 2

    @property
    def plurality(self) -> bool:
        """Whether answers decide the votes."""
        return not self.matched.choices and "answer" in self.outcomes.per_cell

    def headline(self) -> str:
        """Both accuracies and what to do."""
        matched = self.matched
        limits = interval(matched.lower, matched.upper, points)
        side = "more" if matched.difference > 0 else "less"
        equal = abs(matched.difference) < 1e-12
        difference = "as often" if equal else f"{points(abs(matched.difference))} {side}"
        advice = {
            "mixed_better": "Draw from different models.",
            "self_better": "Draw the one model again.",
            "cannot_tell": "These queries do not decide which is better.",
        }[self.reading]
        runs = "runs" if not matched.choices else "draws"
        return (
            f"{self.k} {runs} of {_either(self.names.own)} are right by {self._vote} on "
            f"{percent(matched.self_accuracy)} of the queries, one each of "
            f"{_either(self.names.members)} on {percent(matched.mixed_accuracy)}: {difference} (95% {limits}). {advice}"
        )

    @property
    def _vote(self) -> str:
        return "plurality" if self.plurality else "majority"

    def metrics(self) -> dict[str, float | int | None]:
        """Flat, see docs/self_moa.md."""
        matched = self.matched
        same = [sets for band, sets in self.bands if sets.size == self.k and band == self.band]
        return {
            "n_models": self.outcomes.n_models,
            "n_queries": self.outcomes.n_queries,
            "single_best": 1 - float(self.outcomes.error_rates.min()),
            "oracle": 1 - self.outcomes.all_wrong(),
            "self_accuracy": matched.self_accuracy,
            "mixed_accuracy": matched.mixed_accuracy,
            "difference": matched.difference,
            "difference_lower": matched.lower,
            "difference_upper": matched.upper,
            "self_single": matched.self_single,
            "mixed_single": matched.mixed_single,
            "self_ceiling": matched.self_ceiling,
            "mixed_ceiling": matched.mixed_ceiling,
            "n_sets": same[0].n_all if same else None,
            "difference_equal_quality": same[0].at_no_gap if same else None,
            "difference_equal_quality_lower": same[0].lower if same else None,
            "difference_equal_quality_upper": same[0].upper if same else None,
        }

    def labels(self) -> dict[str, str]:
        """Flat."""
        return {
            "decision": self.headline(),
            "reading": self.reading,
            "self": " / ".join(", ".join(names) for names in dict.fromkeys(self.names.own)),
            "members": " / ".join(", ".join(names) for names in dict.fromkeys(self.names.members)),
        }

    def sections(self) -> tuple[Section, ...]:
        """The comparison, then all sets within the band."""
        figure = {
            "self_moa": "Different models less repeated draws: sets within the band by their quality gap, and what is "
            "left at equal quality."
        }
        return (
            Section("One model again, or others", self._about(), self._rows(), {} if self.bands else figure),
            *((self._bands_section(figure),) if self.bands else ()),
            *((Section("How the matrix was read", self.outcomes.notes),) if self.outcomes.notes else ()),
        )

    def _about(self) -> tuple[str, ...]:
        if self.chosen:
            how = (
                "Who is compared was chosen on one half of the queries and scored on the other, in both directions: "
                "ranked on the queries that are scored, members look better than they are."
            )
        else:
            how = "Who is compared was given; nothing was chosen on these queries."
        if self.plurality:
            votes = "The answer given most often counts, ties drawn evenly."
        else:
            votes = (
                "More than half must be right. Answers are not known; where wrong ones differ, a plurality is right "
                "more often than this."
            )
        return (how, votes)

    def _rows(self) -> tuple[Row, ...]:
        matched = self.matched
        exact = "exact, over the distinct draws of its samples" if matched.choices else "as run"
        others = "exact, from their shares of right samples" if matched.choices else "as run"
        return (
            Row(f"{self.k} of one model", percent(matched.self_accuracy), exact),
            Row(f"{self.k} models", percent(matched.mixed_accuracy), others),
            Row("difference", points(matched.difference), f"95% {interval(matched.lower, matched.upper, points)}"),
            Row(
                "one draw alone",
                percent(matched.self_single),
                f"of the model; {percent(matched.mixed_single)} of members",
            ),
            Row(
                "ceiling of the draws",
                percent(matched.self_ceiling),
                f"one is right; {percent(matched.mixed_ceiling)} mixed",
            ),
            Row("ceiling of the pool", percent(1 - self.outcomes.all_wrong()), "one graded run of every model (1 − β)"),
        )

    def _bands_section(self, figure: dict[str, str]) -> Section:
        said = (
            "Every set of models within the band, against draws of its most accurate member; ranked and scored on "
            "different halves. The gap, best less mean accuracy, costs a mixture: at equal quality it is set to 0."
        )
        rows = [_band_row(sets) for band, sets in self.bands if band == self.band]
        return Section(f"All sets within {points(self.band)}", (said,), tuple(rows), figure)

    def table(self) -> pa.Table:
        """A row for each size and band."""
        rows = [
            {
                "size": sets.size,
                "band": band,
                "n_sets": sets.n_all,
                "n_scored": len(sets.gap),
                "gap": float(sets.gap.mean()),
                "difference": float(sets.difference.mean()),
                "difference_equal_quality": sets.at_no_gap,
                "lower": sets.lower,
                "upper": sets.upper,
            }
            for band, sets in self.bands
        ]
        real = {name: pa.float64() for name in ("gap", "difference", "difference_equal_quality", "lower", "upper")}
        whole = {name: pa.int64() for name in ("size", "n_sets", "n_scored")}
        order = (
            "size",
            "band",
            "n_sets",
            "n_scored",
            "gap",
            "difference",
            "difference_equal_quality",
            "lower",
            "upper",
        )
        kinds = {"band": pa.float64(), **real, **whole}
        return pa.Table.from_pylist(rows, schema=pa.schema([(name, kinds[name]) for name in order]))

    def figure(self) -> Figure:
        """Differences against the quality gap, and the comparison."""
        from cofail_lab.report.figures.self_moa import self_moa

        return self_moa([sets for band, sets in self.bands if band == self.band], self.matched, self.k)


def _band_row(sets: BandSets) -> Row:
    said = "1 set" if sets.n_all == 1 else f"{count(sets.n_all)} sets"
    over = f"over {said} {points(float(sets.difference.mean()))}, mean gap {points(float(sets.gap.mean()))}"
    if sets.at_no_gap is None:
        about = "too few sets for a regression on the gap"
    else:
        about = f"at equal quality, 95% {interval(sets.lower, sets.upper, points)}"
    return Row(f"sets of {sets.size}", points(sets.at_no_gap), f"{about}; {over}")


def _either(names: tuple[tuple[str, ...], ...]) -> str:
    """The names, or those of each direction where they differ."""
    return " or ".join(listed(one) for one in dict.fromkeys(names))
