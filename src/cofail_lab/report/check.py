"""A checked proposition in words, rows and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cofail_lab.claims.checking.check import Counterexample, Outcome, Sides
from cofail_lab.claims.checking.minimise import Case
from cofail_lab.claims.checking.proposition import Proposition
from cofail_lab.claims.checking.slices import Slice
from cofail_lab.report.numbers import count, number, percent
from cofail_lab.result import Result, Row, Section
from cofail_lab.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cofail_lab.claims.claim import Claim

_AGREES = {"confirmed": "survived", "refuted": "refuted"}


@dataclass(frozen=True)
class Checked:
    """Everything that was found.

    Attributes:
        proposition: what is claimed.
        outcome: what was found out.
        shown: what the figure shows; None for no figure.
        claim: the keys of the configuration.
        same: a built-in claim that says the same.
    """

    proposition: Proposition
    outcome: Outcome
    shown: Slice | None
    claim: Mapping[str, Any]
    same: Claim | None

    def result(self) -> Result:
        """The whole result."""
        return Result(
            headline=self.headline(),
            metrics=self.metrics(),
            labels=self.labels(),
            verdicts=(self.verdict(),),
            tables=self.tables(),
            figures={} if self.shown is None else {"margin": partial(_draw, self.shown)},
            brief=self.brief(),
            sections=self.sections(),
        )

    def headline(self) -> str:
        """The answer in a sentence or two."""
        outcome, says = self.outcome, self.proposition.texts[0]
        tried = f"{count(outcome.n_points)} points and {count(outcome.n_searched)} more of an adversary"
        match outcome.answer:
            case "refuted" if outcome.counterexample is not None:
                return f"Refuted: {says} fails at {at(outcome.counterexample.case, self.proposition)}."
            case "vacuous" if outcome.controls.emptiness == "hypothesis_never":
                return "Says nothing: its hypothesis holds at none of the points tried, so that nothing was asked."
            case "vacuous":
                return "Says nothing: where the hypothesis holds, a quantity of the statement does not exist."
            case "undecided" if outcome.controls.emptiness == "hypothesis_undecided":
                return "Undecided: wherever the hypothesis may hold, it turns on less than the numerical errors."
            case "undecided":
                where = f"{count(outcome.n_undecided)} of {tried}"
                return f"Undecided: no point violates it, but at {where} both sides are closer than their errors."
        alike = " Nothing varies, though: its margin is the same everywhere." if self._nothing_varies else ""
        return f"Survived: no counterexample among {tried}. That is evidence, and no proof.{alike}"

    @property
    def _nothing_varies(self) -> bool:
        return self.outcome.controls.emptiness == "nothing_varies"

    def metrics(self) -> dict[str, float | int | None]:
        """Flat, see docs/numbers.md."""
        outcome = self.outcome
        return {
            "n_points": outcome.n_points,
            "n_searched": outcome.n_searched,
            "n_violations": int(outcome.judged.violated.sum()),
            "n_undecided": outcome.n_undecided,
            "n_resolved": outcome.n_resolved,
            "worst_margin": outcome.worst_margin,
            "left_out_share": outcome.left_out,
            "not_defined_share": outcome.not_defined,
        }

    def labels(self) -> dict[str, str]:
        """The answer, and what else is a decision."""
        labels = {
            "answer": self.outcome.answer,
            "decision": self._decision(),
            "says": self.proposition.texts[0],
            "emptiness": self.outcome.controls.emptiness or "none",
        }
        if self.proposition.laws.driver:
            labels["law"] = self.proposition.laws.driver
        if self.same is not None:
            labels["built_in"] = self.same.expected
        return labels

    def verdict(self) -> Verdict:
        """With a counterexample that replays from itself."""
        outcome, counterexample = self.outcome, self.outcome.counterexample
        sides = counterexample.sides if counterexample else None
        evidence: dict[str, Any] = {
            "controls": outcome.controls._asdict(),
            "n_points": outcome.n_points,
            "n_searched": outcome.n_searched,
            "margin": outcome.worst_margin,
            "worst": outcome.worst,
        }
        if counterexample is not None:
            evidence["counterexample"] = {
                "claim": dict(self.claim),
                "law": self.proposition.laws.driver,
                "case": counterexample.case,
                "sides": None if sides is None else sides._asdict(),
                "second": counterexample.second._asdict(),
            }
        return Verdict(
            id=str(self.claim["id"] or "own"),
            release=self.claim["release"] or "lab",
            statement=self.proposition.texts[0],
            hypothesis=self.proposition.texts[1],
            expected=self.claim["expect"] or outcome.answer,
            status=outcome.answer,
            claimed=None if sides is None else sides.right,
            measured=None if sides is None else sides.left,
            tolerance=self.proposition.tolerance,
            evidence=evidence,
        )

    def tables(self) -> dict[str, pa.Table]:
        """Every point of the design, and the lattice of the figure."""
        judged = self.outcome.judged
        words = np.select(
            [~judged.says.defined, judged.says.true, judged.says.false], ["not defined", "true", "false"], "undecided"
        )
        columns = {name: pa.array(column.tolist()) for name, column in self.outcome.points.items()}
        tables = {
            "points": pa.table(
                {**columns, "hypothesis": judged.when.true, "statement": words, "margin": judged.says.margin}
            )
        }
        if self.shown is not None:
            lattice = np.meshgrid(*self.shown.values, indexing="ij")
            drawn = {name: grid.ravel() for name, grid in zip(self.shown.names, lattice, strict=True)}
            tables["margin"] = pa.table({**drawn, "margin": self.shown.margin.ravel()})
        return tables

    def brief(self) -> tuple[Section, ...]:
        """On one screen: where it fails or nearly does, whether the check could have failed, what to do."""
        return (
            Section("Where", (), tuple(self._found_rows())),
            Section("Could the check have failed?", (self._about_controls(), *self._built_in())),
            Section("What it means", (self._decision(),)),
        )

    def sections(self) -> tuple[Section, ...]:
        """In reading order; the last sentence is for a decision."""
        proposition = self.proposition
        rows = [Row("claimed", proposition.texts[0])]
        if proposition.texts[1]:
            rows.append(Row("when", proposition.texts[1]))
        if proposition.laws.driver:
            rows.append(Row("law", proposition.laws.driver, self._others()))
        rows.append(Row("box", box_text(proposition)))
        rows += self._found_rows()
        figures = {} if self.shown is None else {"margin": caption(self.shown)}
        return (
            Section("The proposition", (), tuple(rows), figures),
            Section("Could the check have failed?", (self._about_controls(), *self._built_in())),
            Section("What it means", (self._decision(),)),
        )

    def _found_rows(self) -> list[Row]:
        """The counterexample, or how close it comes, and what was left out."""
        outcome, rows = self.outcome, []
        if outcome.counterexample is not None:
            rows += counterexample_rows(outcome.counterexample, self.proposition)
        elif outcome.worst is not None:
            rows.append(Row("smallest margin", number(outcome.worst_margin, 3), at(outcome.worst, self.proposition)))
        if self.proposition.texts[1]:
            rows.append(Row("left out", percent(outcome.left_out), "of the box, by the hypothesis"))
        if outcome.not_defined:
            rows.append(Row("not defined", percent(outcome.not_defined), "of the points: a quantity does not exist"))
        if outcome.n_undecided or outcome.n_resolved:
            note = f"closer than their errors; {count(outcome.n_resolved)} more decided by more digits"
            rows.append(Row("undecided", count(outcome.n_undecided), note))
        return rows

    def _others(self) -> str:
        laws = self.proposition.laws
        others = sorted(set(laws.alias.values()) - {laws.driver})
        return f"{', '.join(others)} with its {' and '.join(laws.match)}" if others else ""

    def _about_controls(self) -> str:
        beside = self.outcome.controls
        if beside.emptiness == "hypothesis_never":
            return "The hypothesis holds at no point, and the opposite statement would come out the same."
        if beside.emptiness == "hypothesis_undecided":
            return "The hypothesis holds for certain at no point, so that nothing was compared."
        if beside.emptiness == "never_defined":
            return "Nothing was compared: a quantity exists at no point where the hypothesis holds."
        negation = (
            "The opposite statement is refuted on the same points"
            if beside.negation_refuted
            else "The opposite statement is violated nowhere either"
        )
        shifted = (
            "with its middle margin demanded everywhere the statement is refuted, as it should be"
            if beside.shifted_refuted
            else "no shift of the statement separates the points: nothing in the box moves its margin"
        )
        return f"{negation}; {shifted}."

    def _built_in(self) -> tuple[str, ...]:
        if self.same is None:
            return ()
        agrees = _AGREES.get(self.same.expected) == self.outcome.answer
        return (
            f"{self.same.id} of experiment=verify says the same, with evidence of its own: {self.same.expected} there, "
            f"{self.outcome.answer} here{'' if agrees else ', which do not agree: one of both is wrong'}.",
        )

    def _decision(self) -> str:
        match self.outcome.answer:
            case "refuted":
                return (
                    "Do not decide by it in this box: one point is enough. The figure shows where it holds; leave the "
                    "rest out by a hypothesis (claim.when) or a smaller box (claim.over) and check again."
                )
            case "vacuous":
                return "Nothing can be decided by it: widen the box (claim.over) or weaken the hypothesis (claim.when)."
            case "undecided":
                return (
                    "Do not decide by it where both sides come this close: claim a gap (a > b + 1e-9) or leave these "
                    "points out, and check again."
                )
        if self._nothing_varies:
            return "It tells nothing about what varies here: a decision needs a statement that something could change."
        return (
            "It can serve as a working rule inside this box. A decision that turns on less than the smallest margin, "
            "or on points outside, needs a proof."
        )


def at(case: Case, proposition: Proposition) -> str:
    """A point as people read it."""
    shown = {name: x for name, x in case.items() if name in proposition.box.varying} or case
    return ", ".join(f"{name} = {_value(x)}" for name, x in shown.items())


def _value(x: float | list[float]) -> str:
    if isinstance(x, list):
        return f"[{', '.join(number(item, 4) for item in x)}]"
    return number(x, 6)


def box_text(proposition: Proposition) -> str:
    """The box as people read it."""
    parts = []
    for name, axis in proposition.box.axes.items():
        if not axis.width:
            parts.append(f"{name} {number(axis.low, 6)}")
        elif axis.values:
            parts.append(f"{name} {len(axis.values)} values")
        else:
            parts.append(f"{name} {number(axis.low, 4)} to {number(axis.high, 4)}")
    return ", ".join(parts)


def counterexample_rows(found: Counterexample, proposition: Proposition) -> list[Row]:
    """Where a statement fails, by how much, and how that was looked at again."""
    rows = [Row("fails at", at(found.case, proposition), "in its simplest form")]
    if found.sides is not None:
        rows.append(Row("there", sides_text(found.sides), f"± {found.sides.left_error + found.sides.right_error:.0e}"))
    how = f"{found.second.digits} digits" if found.second.digits else found.second.how
    rows.append(Row("looked at again", how, "comes out false too" if found.second.violated else "not decided"))
    return rows


def sides_text(sides: Sides) -> str:
    """Both sides with as many digits as show that they differ."""
    for digits in range(4, 16):
        left, right = number(sides.left, digits), number(sides.right, digits)
        if left != right or sides.left == sides.right:
            break
    return f"{left} {sides.symbol} {right}"  # pyright: ignore[reportPossiblyUnboundVariable]


def caption(shown: Slice) -> str:
    """What the figure shows."""
    where = " and ".join(shown.names)
    return (
        f"Margin of the statement over {where}, the other parameters as at the marked point; below 0 it is false. "
        "Left blank where the hypothesis does not hold."
    )


def replayed(proposition: Proposition, again: Counterexample) -> Result:
    """A stored counterexample, measured again."""
    fails = again.second.violated
    said = "violates it when measured again" if fails else "does not violate it when measured again"
    return Result(
        headline=f"The stored counterexample to {proposition.texts[0]} {said}.",
        metrics={"n_counterexamples": 1, "n_violated": int(fails)},
        sections=(Section("Replay", (), tuple(counterexample_rows(again, proposition))),),
    )


def _draw(shown: Slice) -> Figure:
    from cofail_lab.report.figures.check import margin

    return margin(shown)
