"""Two conditions in words, rows and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from cofail_lab.estimate import confidence
from cofail_lab.grades import Cell
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import ABSENT, count, fixed, interval, number, p_value, percent, points, ratio
from cofail_lab.result import Listing, Row, Section

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from cofail_lab.data.regrading import Figures
    from cofail_lab.decisions.paired import Difference
    from cofail_lab.fitting.readings.matched import Matched
    from cofail_lab.grades import Grades

Tail = Literal["no_ratio", "same", "correlation", "fatter", "thinner"]
"""What the ratio of observed to predicted β does: there is none; it does not change beyond chance; it changes only
because the correlation does; the tail is fatter, or thinner, at the same correlation too."""

_SIDES = ("first", "second")


class ModelChange(NamedTuple):
    """One model under both conditions.

    Attributes:
        name: of the model, in the first matrix.
        first, second: its accuracies on the queries that are compared.
        change: accuracy of the second less that of the first, with McNemar's exact test.
        p_holm: its p-value, corrected for all models.
    """

    name: str
    first: float
    second: float
    change: Difference
    p_holm: float


@dataclass(frozen=True)
class Compared:
    """Everything that was found.

    Attributes:
        first, second: the matrices on the queries that are compared.
        pool: whether these are the models of both, or each matrix's own.
        n_incomplete: matched queries that some model lacks.
        figures: β, G and certificates of each.
        all_wrong: β of the second less that of the first, paired.
        gain_limits: of G of the second less that of the first.
        matched: correlations, and predictions at the own and at the other's correlation.
        drawn: the same for resampled queries.
        models: each model of both.
        notes: how the matrices were read and matched.
        delta: error probability of the limits of paired changes, and of each certificate.
    """

    first: Grades
    second: Grades
    pool: str
    n_incomplete: int
    figures: tuple[Figures, ...]
    all_wrong: Difference
    gain_limits: tuple[float, float]
    matched: Matched
    drawn: Matched
    models: tuple[ModelChange, ...]
    notes: tuple[str, ...]
    delta: float

    @property
    def gain_change(self) -> float:
        """G of the second less G of the first."""
        return (self.figures[1].oracle_gain or 0.0) - (self.figures[0].oracle_gain or 0.0)

    @property
    def rho_change(self) -> tuple[float | None, float | None, float | None]:
        """Mean tetrachoric correlation of the second less that of the first, with limits."""
        return _limited(self.matched.correlation, self.drawn.correlation, lambda x: x[1] - x[0])

    @property
    def ratio_change(self) -> tuple[float | None, float | None, float | None]:
        """Ratio of the second over that of the first, each at its own correlation, with limits."""
        return _limited(self.matched.ratio, self.drawn.ratio, _over)

    @property
    def matched_change(self) -> tuple[float | None, float | None, float | None]:
        """The same with the second predicted at the correlation of the first."""
        pair = [np.stack([one.ratio[0], one.crossed_ratio[1]]) for one in (self.matched, self.drawn)]
        return _limited(pair[0], pair[1], _over)

    @property
    def tail(self) -> Tail:
        """What the ratio does, by its limits with and without matching.

        At the other's ρ alone it says nothing of the tail: of two laws of one factor, the one with the higher ρ has
        more all-wrong queries than the lower ρ predicts, and is priced right at its own.
        """
        own, same = self.ratio_change, self.matched_change
        if own[1] is None or own[2] is None or same[1] is None or same[2] is None:
            return "no_ratio"
        rises, falls = own[1] > 1, own[2] < 1
        if not (rises or falls):
            return "same"
        if rises and same[1] > 1:
            return "fatter"
        return "thinner" if falls and same[2] < 1 else "correlation"

    @property
    def n_flipped(self) -> int:
        """Models of both whose accuracy changes beyond chance, corrected for all of them."""
        return sum(one.p_holm < 0.05 for one in self.models)

    def headline(self) -> str:
        """β before and after, which queries flip, and whether it is the tail."""
        one, two = self.figures
        said = [
            f"On {count(len(self.first.queries))} queries β goes from {percent(one.all_wrong)} to "
            f"{percent(two.all_wrong)}: {count(self.all_wrong.n_down)} queries no longer defeat everyone and "
            f"{count(self.all_wrong.n_up)} newly do (McNemar p {_p(self.all_wrong.p)}).",
            _TAILS[self.tail],
        ]
        if self.models:
            said.append(
                f"{count(self.n_flipped)} of {count(len(self.models))} models of both change beyond chance (5%, Holm)."
            )
        return " ".join(said)

    def metrics(self) -> dict[str, float | int | None]:
        """Flat, see docs/compare.md."""
        found: dict[str, float | int | None] = {
            "n_queries": len(self.first.queries),
            "n_incomplete": self.n_incomplete,
            "n_models_first": len(self.first.models),
            "n_models_second": len(self.second.models),
            "n_shared_models": len(self.models),
            "n_models_changed": self.n_flipped if self.models else None,
            "n_newly_all_wrong": self.all_wrong.n_up,
            "n_no_longer_all_wrong": self.all_wrong.n_down,
            "all_wrong_p_value": self.all_wrong.p,
            "all_wrong_change": self.all_wrong.value,
            "all_wrong_change_lower": self.all_wrong.lower,
            "all_wrong_change_upper": self.all_wrong.upper,
            "oracle_gain_change": self.gain_change,
            "oracle_gain_change_lower": self.gain_limits[0],
            "oracle_gain_change_upper": self.gain_limits[1],
        }
        for c, (side, figures) in enumerate(zip(_SIDES, self.figures, strict=True)):
            found |= {f"{key}_{side}": value for key, value in figures._asdict().items() if key != "n_queries"}
            found[f"tetrachoric_{side}"] = _number(self.matched.correlation[c, 0])
            found[f"ratio_{side}"] = _number(self.matched.ratio[c, 0])
            found[f"ratio_matched_{side}"] = _number(self.matched.crossed_ratio[c, 0])
        changes = {
            "tetrachoric_change": self.rho_change,
            "ratio_change": self.ratio_change,
            "ratio_matched_change": self.matched_change,
        }
        for name, three in changes.items():
            found |= {f"{name}{end}": value for end, value in zip(("", "_lower", "_upper"), three, strict=True)}
        return found

    def labels(self) -> dict[str, str]:
        """What is said of the comparison in words."""
        sources = {"first": self.first.source, "second": self.second.source}
        return {"decision": self.headline(), "tail": self.tail, "pool": self.pool, **sources}

    def sections(self) -> tuple[Section, ...]:
        """Pools, the tail, models, queries, and how they were matched."""
        pools = f"{count(len(self.first.models))} models, and the same in the second"
        if self.pool == "all":
            pools = (
                f"{count(len(self.first.models))} models in the first, {count(len(self.second.models))} in the second: "
                "pools of other models differ in more than the condition"
            )
        left = f" {count(self.n_incomplete)} matched queries that some model lacks were left out."
        said = f"{pools}.{left if self.n_incomplete else ''}"
        return (
            Section("β, G and certificates", (said,), self._rows(), {"compare": _CAPTION}),
            Section("Is it the tail?", (_TAILS[self.tail], _WHY), self._tail_rows()),
            *((Section("Models of both", (), listing=self._models()),) if self.models else ()),
            Section("How the queries were matched", tuple(dict.fromkeys(self.notes))),
        )

    def _rows(self) -> tuple[Row, ...]:
        rows = []
        for name, one in zip(("first", "second"), self.figures, strict=True):
            limits = interval(one.all_wrong_lower, one.all_wrong_upper)
            note = f"{count(one.n_all_wrong)} of {count(one.n_queries)}, 95% {limits}"
            rows.append(Row(f"β, {name}", percent(one.all_wrong), note))
        change = self.all_wrong
        rows.append(
            Row(
                "change of β",
                points(change.value),
                f"paired, {confidence(self.delta)} {interval(change.lower, change.upper, points)}",
            )
        )
        for name, one in zip(("first", "second"), self.figures, strict=True):
            certified = interval(one.paired_min_gain, one.paired_max_gain, points)
            note = f"certified {certified}, each end; best {percent(one.single_best)}"
            rows.append(Row(f"G, {name}", points(one.oracle_gain), note))
        rows.append(
            Row("change of G", points(self.gain_change), f"certified {interval(*self.gain_limits, points)}, both ends")
        )
        return tuple(rows)

    def _tail_rows(self) -> tuple[Row, ...]:
        rho, same = self.matched.correlation[:, 0], self.matched.crossed_ratio[:, 0]
        own = self.matched.ratio[:, 0]
        change = self.rho_change
        return (
            Row("ρ", f"{fixed(rho[0])} to {fixed(rho[1])}", f"tetrachoric; change 95% {interval(*change[1:], fixed)}"),
            Row("observed/predicted", f"{ratio(own[0])} to {ratio(own[1])}", _times(self.ratio_change)),
            Row("second at ρ of the first", ratio(same[1]), _times(self.matched_change)),
            Row("first at ρ of the second", ratio(same[0]), "one factor, own error rates"),
        )

    def _models(self) -> Listing:
        rows = [
            (
                shorten(one.name),
                percent(one.first),
                percent(one.second),
                points(one.change.value).removesuffix(" points"),
                interval(one.change.lower, one.change.upper, points).removesuffix(" points"),
                _p(one.p_holm),
            )
            for one in sorted(self.models, key=lambda one: one.change.value)
        ]
        columns = ("model", "first", "second", "change", f"{confidence(self.delta)} limits", "p (Holm)")
        return Listing(columns, tuple(rows), (None,) * len(rows))

    def figure(self) -> Figure:
        """How many models fail each query, and accuracies of the models of both."""
        from cofail_lab.report.figures.compare import compare

        wrong = [(part.cells == Cell.WRONG).mean(axis=1) for part in (self.first, self.second)]
        accuracies = np.array([(one.first, one.second) for one in self.models]).reshape(-1, 2)
        return compare(wrong[0], wrong[1], accuracies)


_CAPTION = "Share of the models that fail each query under both conditions; accuracies of the models of both."
_WHY = (
    "Observed over predicted β rises where the correlation falls and β does not. At the correlation of the first "
    "matrix, error rates its own, only a change of the tail is left."
)
_TAILS: dict[Tail, str] = {
    "no_ratio": "No ratio is to be compared: β is 0 here or in one of twenty resamples, or ρ has no common factor.",
    "same": "Observed over predicted β does not change beyond chance.",
    "correlation": "Observed over predicted β changes with the correlation; at a matched correlation it does not so.",
    "fatter": "The tail of the second is fatter, at its own correlation and at that of the first.",
    "thinner": "The tail of the second is thinner, at its own correlation and at that of the first.",
}


def _over(pair: np.ndarray) -> np.ndarray:
    """The second over the first; nan where the first is 0."""
    return np.divide(pair[1], pair[0], out=np.full(pair[0].shape, np.nan), where=pair[0] > 0)


def _limited(
    value: np.ndarray, drawn: np.ndarray, of: Callable[[np.ndarray], np.ndarray]
) -> tuple[float | None, float | None, float | None]:
    """A number with the central 95% over resamples; None where it, or one of twenty resamples, does not exist."""
    one, many = float(of(value)[0]), of(drawn)
    there = many[np.isfinite(many)]
    if not np.isfinite(one) or len(there) < 0.95 * len(many):
        return _number(one), None, None
    lower, upper = np.quantile(there, [0.025, 0.975])
    return one, float(lower), float(upper)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _times(three: tuple[float | None, float | None, float | None]) -> str:
    if three[0] is None or three[1] is None:
        return ABSENT
    return f"{number(three[0], 3)} times that of the first, 95% {interval(three[1], three[2], lambda x: number(x, 3))}"


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else p_value(value)
