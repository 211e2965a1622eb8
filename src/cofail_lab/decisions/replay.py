"""Published figures beside recomputed ones: equal to the digits published, different, or not to be computed."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

import numpy as np

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.bounds.certificate import certify_counts
from cofail_lab.data.published import Published
from cofail_lab.data.sheet import STATES, State

Status = Literal["equal", "differs", "absent"]

_ROUNDING = 1e-9
# State -> column of the published audit; it has no unread queries.
AUDIT_COLUMNS: dict[State, str] = {
    "genuine": "june_genuine",
    "reference_error": "june_reference",
    "ambiguous": "june_ambiguous",
    "grader_defect": "june_grader",
    "truncated": "june_truncated",
}


class Replayed(NamedTuple):
    """One published number and ours.

    Attributes:
        pool: or pillar, it belongs to.
        figure: its name.
        published: as written.
        ours: None where it cannot be computed.
        source: ``totals``, or where the matrix was found.
        note: how ours is computed where that is not obvious, or why it cannot be.
    """

    pool: str
    figure: str
    published: str
    ours: float | None
    source: str
    note: str = ""

    @property
    def status(self) -> Status:
        """Whether both are the same number to the digits that were published."""
        if self.ours is None:
            return "absent"
        return "equal" if agrees(self.ours, self.published) else "differs"


def agrees(ours: float, published: str) -> bool:
    """Whether a number rounds to one that was published; a half may have been rounded either way."""
    written = Decimal(published)
    half_unit = Decimal(5).scaleb(int(written.as_tuple().exponent) - 1)
    return abs(ours - float(written)) <= float(half_unit) + _ROUNDING


def audit_of(pool: Mapping[str, str]) -> dict[State, int] | None:
    """The published states of the all-wrong queries of June; None where none are published."""
    if not pool["june_n_all_wrong"]:
        return None
    return {state: int(pool[AUDIT_COLUMNS[state]]) if state in AUDIT_COLUMNS else 0 for state in STATES}


def best_correct(pool: Mapping[str, str]) -> int:
    """Right answers of the best model: the one count that rounds to its published accuracy."""
    n = int(pool["n_queries"])
    counts = [k for k in range(n + 1) if agrees(k / n, pool["single_best"])]
    if len(counts) != 1:
        raise ValueError(f"{pool['pool']}: {len(counts)} counts round to {pool['single_best']}")
    return counts[0]


def replay_totals(pool: Mapping[str, str]) -> list[Replayed]:
    """All that follows from the published totals of one pool: β, limits, certificates, and June's β after its audit."""
    m, n, k, best = int(pool["n_models"]), int(pool["n_queries"]), int(pool["n_all_wrong"]), best_correct(pool)
    as_graded = int(pool["n_all_wrong_graded"])
    certificate = certify_counts(n_all_wrong=k, n_queries=n, n_models=m, best_correct=best)
    low, high = clopper_pearson(k, n, 0.05)
    ours = {
        "all_wrong": k / n,
        "all_wrong_lower": float(low),
        "all_wrong_upper": float(high),
        "oracle": 1 - as_graded / n,
        "oracle_gain": (n - best - as_graded) / n,
        "single_best_lower": certificate.single_best_lower,
        "max_gain": certificate.max_gain,
    }
    as_is = ("oracle", "oracle_gain")
    rows = [
        Replayed(
            pool["pool"], name, pool[name], value, "totals", "as graded, before the audit" if name in as_is else ""
        )
        for name, value in ours.items()
    ]
    if (audit := audit_of(pool)) is not None:
        before, then = int(pool["june_n_all_wrong"]), int(pool["june_n_queries"])
        note = f"{before} of {then} queries"
        rows.append(Replayed(pool["pool"], "june_all_wrong", pool["june_all_wrong"], before / then, "totals", note))
        found = float(sum(audit.values()))
        note = "events of the audit, all states together"
        rows.append(Replayed(pool["pool"], "june_n_all_wrong", pool["june_n_all_wrong"], found, "totals", note))
        note = "genuine events, as many as are all-wrong today"
        rows.append(Replayed(pool["pool"], "n_all_wrong", pool["n_all_wrong"], audit["genuine"], "totals", note))
    return rows


def totals_with(value: str, lower: str, upper: str, most: int = 1000) -> list[tuple[int, int]]:
    """All (K, n) with n up to ``most`` whose share and 95% limits round to three published numbers."""
    found = []
    for n in range(1, most + 1):
        k = np.arange(n + 1)
        k = k[np.abs(k / n - float(value)) <= 0.5 * 10.0 ** -len(value.partition(".")[2]) + _ROUNDING]
        for one in k.tolist():
            low, high = clopper_pearson(one, n, 0.05)
            if agrees(one / n, value) and agrees(float(low), lower) and agrees(float(high), upper):
                found.append((one, n))
    return found


MATRIX_FIGURES: dict[str, str] = {
    "single_best": "single_best",
    "mean_accuracy": "mean_accuracy",
    "n_all_wrong_graded": "n_all_wrong",
    "pearson": "pearson",
    "tetrachoric": "tetrachoric",
    "predicted_one_factor": "predicted_one_factor",
    "ratio_one_factor": "ratio_one_factor",
}
"""Column of a published pool -> name of the metric of a fit."""

JUNE_FIGURES = {"june_single_best": "single_best", "june_n_all_wrong": "n_all_wrong", "june_all_wrong": "all_wrong"}
"""The same for a matrix of June."""


def replay_matrix(
    pool: Mapping[str, str], figures: Mapping[str, str], metrics: Mapping[str, float | None] | None, source: str
) -> list[Replayed]:
    """What a fit of the pool's matrix gives.

    Args:
        pool: the published row.
        figures: column -> metric.
        metrics: of the fit; None where the matrix was not found, and ``source`` says why.
        source: where the matrix was found, or why it was not.
    """
    rows = []
    for column, metric in figures.items():
        if not pool[column]:
            continue
        if metrics is None:
            rows.append(Replayed(pool["pool"], column, pool[column], None, "", source))
        else:
            note = "" if metrics.get(metric) is not None else "it does not exist for this matrix"
            rows.append(Replayed(pool["pool"], column, pool[column], metrics.get(metric), source, note))
    return rows


Ours = Mapping[str, tuple[float | None, str, str]]
"""Name of a figure, with ``_lower`` or ``_upper`` for a limit -> (value, source, note)."""


def replay_figures(published: Sequence[Published], ours: Ours, reason: Callable[[Published], str]) -> list[Replayed]:
    """The figures of the text, each number of a row by itself.

    Args:
        published: rows; one of ``..._all_within_across`` has three values.
        ours: what could be computed.
        reason: why a figure that is not in ``ours`` cannot be.
    """
    rows = []
    for figure in published:
        names = (figure.name, f"{figure.name}_lower", f"{figure.name}_upper")
        if figure.name.endswith("_all_within_across"):
            stem = figure.name.removesuffix("_all_within_across")
            names = (stem, f"{stem}_within", f"{stem}_across")
        for name, text in zip(names, (figure.value, figure.lower, figure.upper), strict=True):
            if text:
                value, source, note = ours.get(name, (None, "", reason(figure)))
                rows.append(Replayed(figure.pillar, name, text, value, source, note))
    return rows
