"""What to do after each experiment, with its command; a fit and a certificate have theirs from `report.answer`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cofail_lab.report.names import shown_path

if TYPE_CHECKING:
    from pathlib import Path

    from cofail_lab.result import Result

_SAME = "the same command with"


def next_step(experiment: str, result: Result, folder: Path) -> str | None:
    """The sentence; None for an experiment that has none.

    Args:
        experiment: its name in ``conf/experiment``.
        result: what it returned.
        folder: of the run.
    """
    chosen = _STEPS.get(experiment)
    said = chosen(result) if callable(chosen) else chosen
    return None if said is None else said.replace("{folder}", str(shown_path(folder)))


def after_sweep(failed: bool, folder: Path) -> str:
    """The sentence at the end of a sweep.

    Args:
        failed: whether some of its jobs failed.
        folder: of the sweep.
    """
    if failed:
        return f"{_SAME} sweep.retry_failed=true runs the failed jobs again"
    return f"experiment=gather gather.path={shown_path(folder)} gather.metrics=NAMES shows other numbers of these runs"


def _health(result: Result) -> str:
    if result.metrics.get("n_findings"):
        return (
            f"{_SAME} experiment=queries lists what defeats everyone; data.models= and data.dataset= leave things out"
        )
    return f"{_SAME} experiment=fit says what combining can gain"


def _verify(result: Result) -> str:
    wrong = [verdict.id for verdict in result.verdicts if verdict.status != verdict.expected]
    if wrong:
        return f"experiment=verify experiment.claims={wrong[0]} verbose=true shows why {wrong[0]} came out as it did"
    return "experiment=verify experiment.claims=P1.v verbose=true shows the evidence for one claim"


def _bounds(result: Result) -> str:
    if "target" in result.labels:
        return f"measure what is worth most; {_SAME} it among known.* says what is still open"
    return f"{_SAME} experiment=queries counts and names the queries that all of them fail"


def _raters(result: Result) -> str:
    if "majority" in result.tables:
        return "cofail-lab {folder}/tables/majority.parquet fits what they vote; other rules are beside it"
    return f"{_SAME} a column of models (data.model=) gives the outcome matrix under each rule"


def _audit(result: Result) -> str:
    if "sheet" in result.tables:
        return f"fill in {{folder}}/tables/sheet.csv; then {_SAME} experiment.verdicts=FILE"
    if result.metrics.get("n_unread"):
        return "read more of the sheet, and run the same command again"
    return f"correct keys and grader; {_SAME} experiment=regrade experiment.other=FILE compares both gradings"


def _check(result: Result) -> str:
    if result.labels.get("answer") == "refuted":
        return "experiment=check experiment.replay={folder}/results.json measures the counterexample again"
    return f"{_SAME} -m law=clayton,beta_mixing asks other laws; experiment.points=65536 looks closer"


_STEPS: dict[str, str | Callable[[Result], str]] = {
    "queries": f"{_SAME} experiment=audit writes a sheet to read them with, the most suspicious first",
    "audit": _audit,
    "reference_work": "study=reference_work data.path=FOLDER replays the released matrices too",
    "policies": f"{_SAME} experiment=decide weighs the gains against dollars",
    "decide": f"{_SAME} experiment=cascade reads one pair of models at every fraction",
    "cascade": f"{_SAME} experiment=decide puts it beside routers and votes",
    "select": f"{_SAME} experiment=queries experiment.only=best lists the queries that one model alone solves",
    "vote": f"{_SAME} experiment=policies policy=majority_vote chooses and counts on different queries",
    "ensemble_size": f"{_SAME} experiment=vote shows what any three of them gain",
    "self_moa": f"{_SAME} experiment=ensemble_size says how many different models pay",
    "churn": f"{_SAME} experiment=certify says what choosing among all of them can gain at most",
    "scope": f"{_SAME} experiment=certify data.models=... certifies what choosing among the members gains",
    "bounds": _bounds,
    "plan": f"grade them; then {_SAME} experiment=certify",
    "frontier": f"{_SAME} experiment=decide says how much of it real policies get",
    "explore": "open {folder}/explorer.html in a browser",
    "tail_curve": "-m and several values of a law's key compare curves; experiment=grid computes a thousand",
    "verify": _verify,
    "check": _check,
    "health": _health,
    "regrade": f"{_SAME} experiment=queries lists the queries that still defeat everyone",
    "raters": _raters,
    "compare": f"{_SAME} experiment=fit for each of the two says whether its tail could be chance",
    "errors": f"{_SAME} experiment=vote says what votes of such models gain",
    "gather": "gather.metrics=NAMES shows other numbers of these runs",
    "grid": "experiment=tail_curve shows one of these curves in full",
    "sample": "cofail-lab {folder}/tables/sample.parquet fits it",
    "convert": "cofail-lab {folder}/tables/grades.parquet fits it",
}
