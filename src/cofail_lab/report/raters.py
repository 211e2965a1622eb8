"""Raters in words, rows and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.decisions.rater_quality import Limited
from cofail_lab.decisions.rater_votes import marked_probability
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import ABSENT, count, fixed, interval, number, percent, points
from cofail_lab.report.raters_tables import classes, flat, prevalence, raters_table
from cofail_lab.result import Listing, Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cofail_lab.data.ratings import Ratings
    from cofail_lab.data.regrading import Variant
    from cofail_lab.decisions.rater_quality import Independence, Kappas, Quality
    from cofail_lab.decisions.rater_votes import Own, Ties


FEWEST_QUERIES = 10
"""Resamples of fewer queries limit nothing: of five queries their central 95% hold the truth in 73% of samples."""


@dataclass(frozen=True)
class Rated:
    """Everything that was found.

    Attributes:
        ratings: the labels.
        ties: what a majority of just half is.
        rated, agreed: items that both of a pair labelled, and those on which they agree.
        n_rated, n_agreed: items with two labels or more, and those on which all of these are the same.
        kappas: agreement beyond chance.
        quality: latent classes; None where they cannot be fitted.
        independence: against the truth; None where it is not known.
        with_others: how often each rater says what most others say; None where labels are no grades.
        outcomes: β, G and the certificates under each rule; empty without models or grades.
        own: cost of leaving own votes out; None where no rater is a model.
    """

    ratings: Ratings
    ties: Ties
    rated: np.ndarray
    agreed: np.ndarray
    n_rated: int
    n_agreed: int
    kappas: Kappas
    quality: Quality | None
    independence: Independence | None
    with_others: np.ndarray | None
    outcomes: Mapping[str, Variant]
    own: Own | None

    @property
    def agreement(self) -> float | None:
        """Share of the pairs of labels that agree."""
        upper = np.triu_indices(len(self.rated), 1)
        total = int(self.rated[upper].sum())
        return int(self.agreed[upper].sum()) / total if total else None

    @property
    def agreed_limits(self) -> tuple[float | None, float | None]:
        """Exact 95% limits of the share on which all agree; None where queries have several items."""
        if not self.n_rated or len(set(self.ratings.queries)) < len(self.ratings.queries):
            return None, None
        lower, upper = clopper_pearson(self.n_agreed, self.n_rated, 0.05)
        return float(lower), float(upper)

    def headline(self) -> str:
        """Whether raters agree, and what the rule does to β."""
        k = len(self.ratings.raters)
        who = "Both raters" if k == 2 else f"All {k} raters"
        said = [f"{who} agree on {count(self.n_agreed)} of {count(self.n_rated)} items ({self._kappa_words()})."]
        if betas := {rule: one.figures.all_wrong for rule, one in self.outcomes.items() if not one.absent}:
            said.append(
                "β is "
                + ", ".join(
                    f"{percent(betas[rule])} by {_BY[rule]}" for rule in ("majority", "unanimous") if rule in betas
                )
                + (f" and {percent(betas['lenient'])} by the lenient rule." if "lenient" in betas else ".")
            )
        if self.independence is not None and (effective := self.independence.effective.value) is not None:
            said.append(
                f"The panel of {k} is worth {number(effective, 2)} independent votes; its majority is right "
                f"{_than(self.independence.shortfall.value, 'less', 'more')} independent votes would be."
            )
        return " ".join(said)

    def _kappa_words(self) -> str:
        kappa = self.kappas.cohen if len(self.ratings.raters) == 2 else self.kappas.fleiss
        if kappa.value is None:
            return "κ does not exist where all labels are one"
        limits = "" if kappa.lower is None else f", 95% {interval(kappa.lower, kappa.upper, _two)}"
        return f"κ {fixed(kappa.value)}{limits}"

    def metrics(self) -> dict[str, float | int | None]:
        """Flat, see docs/raters.md."""
        ratings, free, quality = self.ratings, self.independence, self.quality
        found: dict[str, float | int | None] = {
            "n_items": len(ratings.labels),
            "n_queries": len(set(ratings.queries)),
            "n_raters": len(ratings.raters),
            "n_models": None if ratings.models is None else len(set(ratings.models)),
            "n_labels": int((ratings.labels >= 0).sum()),
            "n_missing": int((ratings.labels < 0).sum()),
            "n_rated": self.n_rated,
            "n_agreed": self.n_agreed,
            **dict(zip(("agreed_lower", "agreed_upper"), self.agreed_limits, strict=True)),
            "agreement": self.agreement,
            **flat("cohen_kappa", self.kappas.cohen),
            **flat("fleiss_kappa", self.kappas.fleiss),
            "latent_prevalence": prevalence(self),
            "latent_residual": None if quality is None else quality.residual,
            **flat("error_correlation", None if free is None else free.correlation),
            **flat("effective_votes", None if free is None else free.effective),
            "majority_accuracy": None if free is None else free.observed,
            "majority_independent": None if free is None else free.independent,
            "best_rater_accuracy": None if free is None else free.best,
            **flat("shortfall", None if free is None else free.shortfall),
        }
        for rule, variant in self.outcomes.items():
            found |= {f"{key}_{rule}": getattr(variant.figures, key) for key in _FIGURES}
        if self.own is not None:
            found |= {f"own_{key.removeprefix('n_')}": value for key, value in self.own._asdict().items()}
        return found

    def labels(self) -> dict[str, str]:
        """What is said of the run in words."""
        absent = {f"{rule}_absent": one.absent for rule, one in self.outcomes.items() if one.absent}
        return {"decision": self.headline(), "source": self.ratings.source, "ties": self.ties, **absent}

    def sections(self) -> tuple[Section, ...]:
        """Rules, agreement, raters, independence."""
        caption = f"Agreement of pairs of raters{'' if self._points() is None else ', and quality of each'}."
        return (
            *((Section("Outcomes under each rule", self._about_rules(), self._rule_rows()),) if self.outcomes else ()),
            Section("Agreement", self._about_limits(), self._agreement_rows(), {"raters": caption}),
            Section("The raters", self._about_raters(), listing=self._listing()),
            *(() if self.independence is None else (self._independence(self.independence),)),
            Section("How the labels were read", self.ratings.notes),
        )

    def _about_rules(self) -> tuple[str, ...]:
        said = ["tables/majority.parquet and those of the other rules are matrices that data.path= reads."]
        if self.own is not None:
            own = self.own
            beside = "nobody else voted there"
            if own.favour is not None:
                beside = f"they say right {_than(own.favour, 'more', 'less')} the others' votes there"
            said.append(
                f"{count(own.n_votes)} votes are of a model on its own answer; {beside}. Without them "
                f"{count(own.n_lost)} items are lost and {count(own.n_gained)} gained; {count(own.n_lost_to_ties)} "
                f"of those lost are ties, which count as {self.ties}: an even number of votes is a stricter rule, not "
                "only a fairer one."
            )
            if (strict := self._strictness()) is not None:
                said.append(
                    f"Raters of this sensitivity, independent, would mark {percent(strict[0], 2)} of right answers "
                    f"right, and {percent(strict[1], 2)} with one of them left out (P16.i)."
                )
        return tuple(said)

    def _strictness(self) -> tuple[float, float] | None:
        """P(marked right | right) by all raters and with one left out, at the mean sensitivity of the latent class."""
        right = self.ratings.right
        if self.quality is None or right is None or len(self.ratings.values) != 2:
            return None
        k, mean = len(self.ratings.raters), float(self.quality.fitted.own[:, int(np.argmax(right))].mean())
        whole, without = (float(marked_probability(np.full(n, mean), "majority", self.ties)) for n in (k, k - 1))
        return whole, without

    def _rule_rows(self) -> tuple[Row, ...]:
        rows = []
        for rule, variant in self.outcomes.items():
            label = f"β, {rule.replace('_', ' ')}"
            if variant.absent:
                rows.append(Row(label, ABSENT, variant.absent))
                continue
            figures = variant.figures
            limits = interval(figures.all_wrong_lower, figures.all_wrong_upper)
            note = f"{count(figures.n_all_wrong)} of {count(figures.n_queries)}, 95% {limits}"
            rows.append(Row(label, percent(figures.all_wrong), f"{note}; G {points(figures.oracle_gain)}"))
        return tuple(rows)

    def _agreement_rows(self) -> tuple[Row, ...]:
        said = f"of pairs of labels; all agree on {count(self.n_agreed)} of {count(self.n_rated)} items"
        if self.agreed_limits[0] is not None:
            said += f", 95% {interval(*self.agreed_limits)}"
        kappas = (("Cohen's κ", self.kappas.cohen, "mean over pairs"), ("Fleiss' κ", self.kappas.fleiss, "all raters"))
        return (
            Row("agreement", percent(self.agreement), said),
            *(Row(name, fixed(one.value), f"{what}, 95% {_limits(one, _two)}") for name, one, what in kappas),
        )

    def _about_limits(self) -> tuple[str, ...]:
        few = len(set(self.ratings.queries)) < FEWEST_QUERIES
        return (f"Fewer than {FEWEST_QUERIES} queries: resamples of them give no limits.",) if few else ()

    def _about_raters(self) -> tuple[str, ...]:
        if self.quality is None:
            n, v = len(self.ratings.raters), len(self.ratings.values)
            return (f"{n} raters and {v} values: latent classes need 3 raters or more, and at most 10 values.",)
        residual = self.quality.residual
        left = f" Correlation they leave: {fixed(residual)}; where it is not 0, believe the votes less."
        return (
            "Latent classes (Dawid and Skene) take labels as independent given the truth, and flatter raters who share "
            f"errors.{'' if residual is None else left}",
        )

    def _listing(self) -> Listing:
        table = raters_table(self).to_pylist()
        known = [name for name in _COLUMNS if any(row[name] is not None for row in table)]
        rows = [
            (shorten(row["rater"]), count(row["n_labels"]), *(percent(row[name]) for name in known)) for row in table
        ]
        return Listing(("rater", "labels", *(_COLUMNS[name] for name in known)), tuple(rows), (None,) * len(rows))

    def _independence(self, free: Independence) -> Section:
        k = len(self.ratings.raters)
        return Section(
            "How many votes it is worth",
            (f"On {count(free.n_items)} items with all labels and a known truth.",),
            (
                Row(
                    "effective votes",
                    number(free.effective.value, 3),
                    f"of {k}, 95% {_limits(free.effective, _two)} (Kish)",
                ),
                Row(
                    "error correlation",
                    fixed(free.correlation.value),
                    f"mean over pairs, 95% {_limits(free.correlation, _two)}",
                ),
                Row("majority", percent(free.observed), f"the best rater alone {percent(free.best)}"),
                Row("if independent", percent(free.independent), f"shortfall 95% {_limits(free.shortfall, points)}"),
            ),
        )

    def figure(self) -> Figure:
        """Quality of raters and agreement of pairs."""
        from cofail_lab.report.figures.raters import raters

        k = len(self.ratings.raters)
        kappa = np.full((k, k), np.nan)
        for (i, j), one in self.kappas.pairs.items():
            kappa[i, j] = kappa[j, i] = np.nan if one.value is None else one.value
        return raters(self.ratings.raters, kappa, self._points())

    def _points(self) -> np.ndarray | None:
        """Sensitivity and specificity of each rater, (k, 2); None where they are not known."""
        places = dict(classes(self))
        if self.quality is None or places["sensitivity"] is None:
            return None
        return self.quality.fitted.own[:, [places["sensitivity"], places["specificity"]]]  # pyrefly: ignore[bad-index] - both or neither


_COLUMNS = {
    "right": "says right",
    "with_others": "as most others",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "accuracy": "accuracy",
}
_BY = {"majority": "majority", "unanimous": "unanimity"}
_FIGURES = ("n_all_wrong", "all_wrong", "all_wrong_lower", "all_wrong_upper", "single_best", "oracle_gain", "max_gain")


def _limits(one: Limited, form: Callable[[float | None], str]) -> str:
    return interval(one.lower, one.upper, form)


def _than(difference: float | None, above: str, below: str) -> str:
    """How much more or less often: "0.5 points less often than"."""
    if difference is None or abs(difference) < 1e-12:
        return "as often as"
    return f"{points(abs(difference))} {above if difference > 0 else below} often than"


def _two(value: float | None) -> str:
    return fixed(value, 2)
