"""Two gradings of the same answers: the part that both hold, the cells that differ, and what each grading leads to."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Bool

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.bounds.missing import MissingCells, partial_identification
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades


class Unshared(NamedTuple):
    """Queries or models that only one of two gradings has.

    Attributes:
        what: ``queries`` or ``models``.
        source: of the grading that has them.
        number: how many.
        example: name of the first of them.
    """

    what: str
    source: str
    number: int
    example: str


class Flips(NamedTuple):
    """What changes from one grading to another.

    Attributes:
        counts: number of cells by kind of change (``n_right_to_wrong`` ...), and graded in both (``n_graded_twice``).
        cells: one row per cell whose state differs: query, model, before, after.
        models: one row per model: the same kinds of change.
        no_longer_all_wrong, newly_all_wrong: queries that leave and enter the list of those that every model fails.
    """

    counts: dict[str, int]
    cells: pa.Table
    models: pa.Table
    no_longer_all_wrong: tuple[str, ...]
    newly_all_wrong: tuple[str, ...]


class Figures(NamedTuple):
    """β, G and the certificates of the complete queries of one grading; all None where too few queries are complete."""

    n_queries: int | None = None
    n_all_wrong: int | None = None
    all_wrong: float | None = None
    all_wrong_lower: float | None = None
    all_wrong_upper: float | None = None
    single_best: float | None = None
    oracle_gain: float | None = None
    max_gain: float | None = None
    paired_max_gain: float | None = None
    paired_min_gain: float | None = None


class Variant(NamedTuple):
    """The answers graded one way.

    Attributes:
        name: ``before`` or ``after``, with a suffix where only some of the queries or answers are used.
        figures: of the complete queries.
        absent: why there are no figures, empty where there are.
    """

    name: str
    figures: Figures
    absent: str = ""

    @property
    def metrics(self) -> dict[str, float | int | None]:
        """The figures, each under its name with the variant's name in front."""
        return {f"{self.name}_{key}": value for key, value in self.figures._asdict().items()}


def common_part(first: Grades, second: Grades) -> tuple[Grades, Grades, list[Unshared]]:
    """Both gradings on the queries and models that they share, in the order of the first, and what they do not share.

    Raises:
        InputError: no query or no model is in both.
    """
    shared: dict[str, list[str]] = {}
    unshared = []
    for what, names, others in (("queries", first.queries, second.queries), ("models", first.models, second.models)):
        shared[what] = [name for name in names if name in set(others)]
        if not shared[what]:
            raise InputError(
                f"experiment.other: {second.source} has none of the {what} of {first.source}, such as {names[0]!r}; "
                f"it has {others[0]!r}"
            )
        for grades, own in ((first, names), (second, others)):
            if extra := [name for name in own if name not in set(shared[what])]:
                unshared.append(Unshared(what, grades.source, len(extra), extra[0]))
    parts = []
    for grades in (first, second):
        row = {name: i for i, name in enumerate(grades.queries)}
        column = {name: j for j, name in enumerate(grades.models)}
        rows, columns = [row[name] for name in shared["queries"]], [column[name] for name in shared["models"]]
        parts.append(grades.take(np.array(rows), np.array(columns)))
    return parts[0], parts[1], unshared


def compare_cells(before: Grades, after: Grades) -> Flips:
    """Every cell whose state differs between two gradings of the same queries and models."""
    a, b = before.cells, after.cells
    graded_before, graded_after = a <= Cell.WRONG, b <= Cell.WRONG
    both = graded_before & graded_after
    kinds = {
        "right_to_wrong": (a == Cell.RIGHT) & (b == Cell.WRONG),
        "wrong_to_right": (a == Cell.WRONG) & (b == Cell.RIGHT),
        "graded_to_not": graded_before & ~graded_after,
        "not_to_graded": ~graded_before & graded_after,
    }
    i, j = np.nonzero(a != b)
    state = [cell.name.lower() for cell in Cell]
    cells = {
        "query": [before.queries[k] for k in i],
        "model": [before.models[k] for k in j],
        "before": [state[x] for x in a[i, j]],
        "after": [state[x] for x in b[i, j]],
    }
    models = {
        "model": list(before.models),
        "n_graded_twice": both.sum(axis=0),
        **{name: mask.sum(axis=0) for name, mask in kinds.items()},
    }
    all_before, all_after = (a == Cell.WRONG).all(axis=1), (b == Cell.WRONG).all(axis=1)
    return Flips(
        {"n_graded_twice": int(both.sum()), **{f"n_{name}": int(mask.sum()) for name, mask in kinds.items()}},
        pa.table(cells),
        pa.table(models),
        tuple(before.queries[k] for k in np.flatnonzero(all_before & ~all_after)),
        tuple(before.queries[k] for k in np.flatnonzero(all_after & ~all_before)),
    )


def graded(name: str, grades: Grades, delta: float) -> Variant:
    """The figures of one grading, or why it has none; ``delta`` is the error probability of each certificate."""
    try:
        outcomes = grades.outcomes()
    except InputError as error:
        return Variant(name, Figures(), str(error))
    certificate = certify_outcomes(outcomes, delta=delta)
    low, high = clopper_pearson(outcomes.n_all_wrong, outcomes.n_queries, 0.05)
    figures = Figures(
        n_queries=outcomes.n_queries,
        n_all_wrong=outcomes.n_all_wrong,
        all_wrong=outcomes.all_wrong(),
        all_wrong_lower=float(low),
        all_wrong_upper=float(high),
        single_best=1 - float(outcomes.error_rates.min()),
        oracle_gain=float(outcomes.error_counts.min() - outcomes.n_all_wrong) / outcomes.n_queries,
        max_gain=certificate.max_gain,
        paired_max_gain=certificate.paired_max_gain,
        paired_min_gain=certificate.paired_min_gain,
    )
    return Variant(name, figures)


def graded_where_both_complete(before: Grades, after: Grades, delta: float) -> list[Variant]:
    """Both gradings on the queries that are complete in both; none if these are all complete queries of each."""
    complete = [_complete(grades) for grades in (before, after)]
    if (complete[0] == complete[1]).all():
        return []
    both = np.flatnonzero(complete[0] & complete[1])
    named = (("before", before), ("after", after))
    return [graded(f"{name}_common", grades.take(rows=both), delta) for name, grades in named]


def graded_without(name: str, grades: Grades, left_out: Bool[np.ndarray, "n m"], delta: float) -> Variant:
    """The figures when some answers are treated as missing, so that their queries are no longer complete."""
    cells = np.where(left_out, Cell.MISSING, grades.cells).astype(np.int8)
    return graded(name, replace(grades, cells=cells), delta)


def bounds_if_unknown(grades: Grades, unknown: Bool[np.ndarray, "n m"], delta: float) -> MissingCells:
    """Bounds over all that some answers could have been, on the queries that are complete with these answers."""
    complete = _complete(grades)
    return partial_identification(grades.cells[complete] == Cell.WRONG, unknown[complete], delta)


def _complete(grades: Grades) -> Bool[np.ndarray, " n"]:
    """Queries with a graded answer of every model."""
    return np.asarray((grades.cells <= Cell.WRONG).all(axis=1))
