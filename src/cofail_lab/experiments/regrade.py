"""`experiment=regrade`: two gradings of the same answers, and answers at the token limit taken as missing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from cofail_lab import checks
from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.bounds.certificate import Certificate, certify_wrong_counts
from cofail_lab.bounds.missing import MissingCells, partial_identification
from cofail_lab.data.auto import AutoSource
from cofail_lab.data.health.checks import at_limit
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.grades import Cell, Grades
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import count, interval, percent, points
from cofail_lab.result import Result, Row, Section

_MOST_NAMED = 5


@dataclass(frozen=True)
class Regrade:
    """What a second grading, and leaving out answers at the token limit, does to β, G and the certificates.

    Attributes:
        other: path(s) of the second grading, in any known format; None compares only with and without answers at the
            limit.
        scorer, threshold: of the second grading; see `data.rule.Rule`. With the same path as the data, another scorer
            of one log.
        delta: error probability of each certificate.
    """

    other: str | Sequence[str] | None = None
    scorer: str | None = None
    threshold: float | None = None
    delta: float = 0.05

    def __post_init__(self) -> None:
        checks.probability("experiment.delta", self.delta)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:  # noqa: ARG002  (instant)
        """Load both gradings, compare their cells, and analyse each."""
        before = inputs.grades()
        notes = list(before.notes)
        gradings = {"before": before}
        if self.other is not None:
            second = AutoSource(self.other, scorer=self.scorer, threshold=self.threshold).load()
            inputs.provenance.update(other=second.source, other_sha256=second.sha256)
            before, after, said = common(before, second)
            gradings = {"before": before, "after": after}
            notes += [*(f"Second grading: {note}" for note in second.notes), *said]
        limits = {name: at_limit(grades) for name, grades in gradings.items()}
        if self.other is None and not limits["before"][0].any():
            raise InputError(
                f"experiment.other: no second grading is given, and {before.source} has no answer at a token limit; "
                "one of them is needed"
            )
        variants = [_variant(name, grades, self.delta) for name, grades in gradings.items()]
        if len(gradings) == 2:
            variants += _common_variants(gradings["before"], gradings["after"], self.delta)
        # Whether an answer was cut off is a fact about the answer: either log may know it.
        cut = np.logical_or.reduce([mask for mask, _ in limits.values()])
        missing = {}
        if cut.any():
            for name, grades in gradings.items():
                without = replace(grades, cells=np.where(cut, Cell.MISSING, grades.cells).astype(np.int8))
                variants.append(_variant(f"{name}_without_limit", without, self.delta))
                missing[name] = _bounds(grades, cut, self.delta)
        flips = _flips(gradings["before"], gradings["after"]) if len(gradings) == 2 else None
        n_cut = int((cut & (before.cells <= Cell.WRONG)).sum())
        how = next((how for mask, how in limits.values() if mask.any()), "")
        return Result(
            headline=_headline(variants, flips, n_cut),
            metrics={
                "n_models": len(before.models),
                "n_queries": len(before.queries),
                "n_at_limit": n_cut,
                **({} if flips is None else flips.metrics),
                **{key: value for variant in variants for key, value in variant.metrics.items()},
                **{
                    f"{name}_limit_all_wrong_{end}": share
                    for name, found in missing.items()
                    for end, share in zip(("lower", "upper"), found.all_wrong, strict=True)
                },
            },
            labels={"source": before.source, **{f"{v.name}_absent": v.absent for v in variants if v.absent}},
            tables={} if flips is None else {"flips": flips.cells, "models": flips.models},
            sections=tuple(_sections(variants, flips, missing, n_cut, how, notes)),
        )


def common(first: Grades, second: Grades) -> tuple[Grades, Grades, list[str]]:
    """Both gradings on the queries and models that they share, and what they do not, in sentences."""
    parts, said = [], []
    for what, names, others in (("queries", first.queries, second.queries), ("models", first.models, second.models)):
        shared = [name for name in names if name in set(others)]
        if not shared:
            raise InputError(
                f"experiment.other: {second.source} has none of the {what} of {first.source}, such as {names[0]!r}; "
                f"it has {others[0]!r}"
            )
        parts.append(shared)
        for grades, mine in ((first, names), (second, others)):
            if extra := len(mine) - len(shared):
                stray = shorten(next(name for name in mine if name not in set(shared)))
                said.append(f"{count(extra)} {what} are only in {grades.source} (such as {stray}) and were left out.")
    cut = []
    for grades in (first, second):
        row = {name: i for i, name in enumerate(grades.queries)}
        column = {name: j for j, name in enumerate(grades.models)}
        cut.append(grades.take(np.array([row[q] for q in parts[0]]), np.array([column[m] for m in parts[1]])))
    return cut[0], cut[1], said


class _Flips(NamedTuple):
    metrics: dict[str, int]
    cells: pa.Table
    models: pa.Table
    no_longer: tuple[str, ...]
    newly: tuple[str, ...]


def _flips(before: Grades, after: Grades) -> _Flips:
    """Every cell in another state, who gains and loses, and the queries that enter or leave the all-wrong list."""
    a, b = before.cells, after.cells
    lost, gained = (a == Cell.RIGHT) & (b == Cell.WRONG), (a == Cell.WRONG) & (b == Cell.RIGHT)
    ungraded, graded = (a <= Cell.WRONG) & (b > Cell.WRONG), (a > Cell.WRONG) & (b <= Cell.WRONG)
    both = (a <= Cell.WRONG) & (b <= Cell.WRONG)
    i, j = np.nonzero(a != b)
    state = [cell.name.lower() for cell in Cell]
    cells = pa.table({
        "query": [before.queries[k] for k in i],
        "model": [before.models[k] for k in j],
        "before": [state[x] for x in a[i, j]],
        "after": [state[x] for x in b[i, j]],
    })  # fmt: skip
    kinds = {"right_to_wrong": lost, "wrong_to_right": gained, "graded_to_not": ungraded, "not_to_graded": graded}
    models = pa.table({
        "model": list(before.models), "n_graded_twice": both.sum(axis=0),
        **{name: mask.sum(axis=0) for name, mask in kinds.items()},
    })  # fmt: skip
    all_before, all_after = (a == Cell.WRONG).all(axis=1), (b == Cell.WRONG).all(axis=1)
    return _Flips(
        {"n_graded_twice": int(both.sum()), **{f"n_{name}": int(mask.sum()) for name, mask in kinds.items()}},
        cells,
        models,
        tuple(before.queries[k] for k in np.flatnonzero(all_before & ~all_after)),
        tuple(before.queries[k] for k in np.flatnonzero(all_after & ~all_before)),
    )


_FIGURES = (
    "n_queries", "n_all_wrong", "all_wrong", "all_wrong_lower", "all_wrong_upper", "single_best", "oracle_gain",
    "max_gain", "paired_max_gain", "paired_min_gain",
)  # fmt: skip


@dataclass(frozen=True)
class _Variant:
    """One reading of the answers: its complete queries and certificates, or why it has none."""

    name: str
    outcomes: Outcomes | None
    certificate: Certificate | None
    absent: str = ""

    @property
    def gain(self) -> float | None:
        if self.outcomes is None:
            return None
        return float(self.outcomes.error_counts.min() - self.outcomes.n_all_wrong) / self.outcomes.n_queries

    @property
    def metrics(self) -> dict[str, float | int | None]:
        outcomes, certificate, name = self.outcomes, self.certificate, self.name
        if outcomes is None or certificate is None:
            return {f"{name}_{key}": None for key in _FIGURES}
        low, high = clopper_pearson(outcomes.n_all_wrong, outcomes.n_queries, 0.05)
        values = (
            outcomes.n_queries, outcomes.n_all_wrong, outcomes.all_wrong(), float(low), float(high),
            1 - float(outcomes.error_rates.min()), self.gain, certificate.max_gain, certificate.paired_max_gain,
            certificate.paired_min_gain,
        )  # fmt: skip
        return {f"{name}_{key}": value for key, value in zip(_FIGURES, values, strict=True)}


def _variant(name: str, grades: Grades, delta: float) -> _Variant:
    try:
        outcomes = grades.outcomes()
    except InputError as error:
        return _Variant(name, None, None, str(error))
    certificate = certify_wrong_counts(
        outcomes.error_counts, outcomes.n_all_wrong, outcomes.n_queries, outcomes.models, delta=delta
    )
    return _Variant(name, outcomes, certificate)


def _common_variants(before: Grades, after: Grades, delta: float) -> list[_Variant]:
    """Both gradings on the queries that are complete in both, where that is not what each is analysed on anyway."""
    complete = [(grades.cells <= Cell.WRONG).all(axis=1) for grades in (before, after)]
    if (complete[0] == complete[1]).all():
        return []
    both = np.flatnonzero(complete[0] & complete[1])
    return [_variant(f"{name}_common", g.take(rows=both), delta) for name, g in (("before", before), ("after", after))]


def _bounds(grades: Grades, cut: np.ndarray, delta: float) -> MissingCells:
    """What answers at the limit could have been, on the queries that are complete with them."""
    complete = (grades.cells <= Cell.WRONG).all(axis=1)
    return partial_identification(grades.cells[complete] == Cell.WRONG, cut[complete], delta)


_TITLES = {
    "before": "as graded first",
    "after": "as graded second",
    "before_common": "first, on queries complete in both",
    "after_common": "second, on queries complete in both",
    "before_without_limit": "first, without answers at the limit",
    "after_without_limit": "second, without answers at the limit",
}


def _headline(variants: list[_Variant], flips: _Flips | None, n_cut: int) -> str:
    known = {v.name: (v.outcomes.all_wrong(), v.gain) for v in variants if v.outcomes is not None}
    sentences = []
    if flips is not None:
        n = flips.metrics["n_right_to_wrong"] + flips.metrics["n_wrong_to_right"]
        sentences.append(
            f"The second grading flips {count(n)} of {count(flips.metrics['n_graded_twice'])} cells"
            + ("; on the queries complete in both" if "before_common" in known else "")
            + _change(*(known.get(f"{name}_common", known.get(name)) for name in ("before", "after")))
        )
    if n_cut:
        last = "after" if flips is not None else "before"
        sentences.append(
            f"Without the {count(n_cut)} graded answers at the token limit"
            + _change(known.get(last), known.get(f"{last}_without_limit"))
        )
    return " ".join(sentences)


def _change(old: tuple[float, float | None] | None, new: tuple[float, float | None] | None) -> str:
    if old is None or new is None:
        return ", and too few complete queries are left."
    gains = f"{points(old[1]).removesuffix(' points')} to {points(new[1])}"
    return f": β goes from {percent(old[0])} to {percent(new[0])}, the oracle gain from {gains}."


def _sections(
    variants: list[_Variant],
    flips: _Flips | None,
    missing: dict[str, MissingCells],
    n_cut: int,
    how: str,
    notes: list[str],
) -> list[Section]:
    rows = []
    for variant in variants:
        outcomes, certificate = variant.outcomes, variant.certificate
        rows.append(Row(_TITLES[variant.name], "" if outcomes else "—", variant.absent))
        if outcomes is None or certificate is None:
            continue
        low, high = clopper_pearson(outcomes.n_all_wrong, outcomes.n_queries, 0.05)
        k, n = count(outcomes.n_all_wrong), count(outcomes.n_queries)
        rows += [
            Row("  β", percent(outcomes.all_wrong()), f"{k} of {n}, 95% {interval(float(low), float(high))}"),
            Row("  G", points(variant.gain), f"certified {_limits(certificate)}"),
        ]
    sentences = []
    if n_cut:
        sentences.append(
            f"{count(n_cut)} graded answers stopped at the token limit ({how}). Without them their queries are "
            "incomplete and drop out; which queries are long is not chance."
        )
    for name, found in missing.items():
        sentences.append(
            f"Whatever these answers would have been, β ({_TITLES[name]}) lies within {interval(*found.all_wrong)} "
            f"and G within {interval(*found.oracle_gain, points)}."
        )
    sections = []
    if flips is not None:
        sections.append(_flip_section(flips))
    sections.append(Section("β, G and certificates", tuple(sentences), tuple(rows)))
    return [*sections, Section("What was compared", tuple(dict.fromkeys(notes)))]


def _limits(certificate: Certificate) -> str:
    return interval(certificate.paired_min_gain, certificate.paired_max_gain, points)


def _flip_section(flips: _Flips) -> Section:
    totals = flips.metrics
    labels = {"n_right_to_wrong": "right to wrong", "n_wrong_to_right": "wrong to right",
              "n_graded_to_not": "no longer graded", "n_not_to_graded": "newly graded"}  # fmt: skip
    rows = [Row(label, count(totals[key])) for key, label in labels.items()]
    sentences = []
    for names, what in ((flips.no_longer, "no longer defeat everyone"), (flips.newly, "newly defeat everyone")):
        if names:
            listed = ", ".join(shorten(name) for name in names[:_MOST_NAMED]) + (
                ", ..." if len(names) > _MOST_NAMED else ""
            )
            sentences.append(f"{count(len(names))} queries {what} ({listed}).")
    table = flips.models.to_pylist()
    changed = sorted(table, key=lambda row: (-(row["right_to_wrong"] + row["wrong_to_right"]), row["model"]))
    for row in changed[:_MOST_NAMED]:
        n = row["right_to_wrong"] + row["wrong_to_right"]
        if n:
            note = f"{count(row['right_to_wrong'])} lost, {count(row['wrong_to_right'])} gained"
            share = percent(n / row["n_graded_twice"]) if row["n_graded_twice"] else "—"
            rows.append(Row(f"  {shorten(row['model'])}", share, note))
    return Section("Cells that changed", tuple(sentences), tuple(rows))
