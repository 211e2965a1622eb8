"""`experiment=verify`: every claim of the theory to a verdict, by evidence that could have gone the other way."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cofail_lab import checks
from cofail_lab.claims.claim import Claim, Trial
from cofail_lab.claims.registry import all_claims, select
from cofail_lab.claims.self_test import FalseAlarms, PlantedMutant, false_alarms
from cofail_lab.claims.tasks import ClaimTasks
from cofail_lab.claims.verifier import replay, split_level
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.experiments.workers import Workers, n_worth, prepare
from cofail_lab.report import verify as verify_summary
from cofail_lab.report.numbers import span
from cofail_lab.result import Result, Row, Section
from cofail_lab.verdict import Verdict

# A guess of the seconds of one claim.
_SECONDS = 0.2


@dataclass(frozen=True)
class Verify:
    """Verdicts on the registered claims.

    Attributes:
        claims: ids, ``P2`` or ``P1.iv,P8.ii``; None for all.
        false_alarm: rate at which a run may call a true claim anything but confirmed, split over its simulated checks.
        mutants: whether every planted false variant is put through the checks of its claim too.
        trials: number of other seeds at which the whole run is repeated; 0 leaves that out.
        replay: path of a ``results.json``: measure its stored counterexamples again instead.
    """

    claims: str | Sequence[str] | None = None
    false_alarm: float = 0.01
    mutants: bool = False
    trials: int = 0
    replay: str | None = None

    def __post_init__(self) -> None:
        checks.patterns("experiment.claims", self.claims)
        checks.probability("experiment.false_alarm", self.false_alarm)
        checks.flag("experiment.mutants", self.mutants)
        checks.whole("experiment.trials", self.trials, 0)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Verify, or replay."""
        if self.replay is not None:
            return _replayed(self.replay)
        chosen = select(self.claims)
        law = None if inputs.law_factory is None else inputs.law()
        trial = Trial(inputs.options.seed, split_level(chosen, self.false_alarm), law)
        tasks = ClaimTasks(self.claims, trial)
        n_workers = n_worth(inputs.options.workers or 1, _SECONDS * len(chosen))
        if n_workers > 1:
            prepare("cofail_lab.claims.tasks")
        verdicts, mutants, alarms, interrupted = [], None, None, None
        try:
            with Workers(n_workers, tasks) as workers:
                numbers = [(number,) for number in range(len(chosen))]
                workers.send("verdicts", numbers)
                if self.mutants:
                    workers.send("mutants", numbers)
                # Drawn while other processes compute.
                drawings = verify_summary.figures(chosen) if workers.at_work else {}
                with progress("Claims", total=len(chosen)) as advance:
                    for (number,) in numbers:
                        while drawings and (number,) not in workers.waiting("verdicts"):
                            inputs.draw(dict([drawings.popitem()]))
                        reached = workers.result("verdicts", number)
                        verdicts += reached
                        advance(1)
                        if workers.at_work:
                            drawings |= verify_summary.figures([chosen[number]], reached)
                if self.mutants:
                    planted = []
                    with progress("Mutants", total=len(chosen)) as advance:
                        for (number,) in numbers:
                            planted += workers.result("mutants", number)
                            advance(1)
                    mutants = planted
            if self.trials:
                with progress("False alarms", total=self.trials) as advance:
                    alarms = false_alarms(chosen, self.trials, inputs.options.seed, self.false_alarm, advance)
        except KeyboardInterrupt:
            rows = sum(len(claim.releases) for claim in chosen)
            interrupted = f"{len(verdicts)} of {rows} verdicts reached"
        return _result(chosen, tuple(verdicts), mutants, alarms, interrupted)


def _result(
    claims: Sequence[Claim],
    verdicts: tuple[Verdict, ...],
    mutants: list[PlantedMutant] | None,
    alarms: FalseAlarms | None,
    interrupted: str | None,
) -> Result:
    by_status = {status: sum(v.status == status for v in verdicts) for status in verify_summary.STATUSES}
    metrics: dict[str, float | int | None] = {
        "n_verdicts": len(verdicts),
        "n_unexpected": sum(v.status != v.expected for v in verdicts),
        **{f"n_{status}": count for status, count in by_status.items()},
    }
    if mutants is not None:
        metrics |= {
            "n_mutants": len(mutants),
            "n_mutants_refuted": sum(mutant.status == "refuted" for mutant in mutants),
            "n_mutants_confirmed": sum(mutant.status == "confirmed" for mutant in mutants),
        }
    if alarms is not None:
        low, high = alarms.limits(simulated=True)
        metrics |= {
            "n_trials": alarms.n_trials,
            "n_false_alarms_exact": alarms.n_runs(simulated=False),
            "n_false_alarms": alarms.n_runs(simulated=True),
            "false_alarm_stated": alarms.stated,
            "false_alarm_rate": alarms.n_runs(simulated=True) / alarms.n_trials,
            "false_alarm_rate_lower": low,
            "false_alarm_rate_upper": high,
        }
    return Result(
        headline=verify_summary.headline(verdicts, mutants, alarms),
        metrics=metrics,
        verdicts=verdicts,
        tables=verify_summary.tables(verdicts, mutants),
        figures=verify_summary.figures(claims, verdicts),
        sections=verify_summary.sections(claims, verdicts, mutants, alarms),
        interrupted=interrupted,
    )


def _replayed(path: str) -> Result:
    """Every counterexample stored in a results file, measured again from nothing but itself."""
    rows, n_violated = [], 0
    for stored in _counterexamples(path):
        name = f"{stored['claim']} ({stored['release']})"
        try:
            measured = replay(stored, all_claims())
        except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise InputError(
                f"experiment.replay: {path}: {name}: not a counterexample of this lab ({error})"
            ) from error
        n_violated += measured.status == "refuted"
        rows.append(
            Row(
                name,
                "refuted again" if measured.status == "refuted" else measured.status,
                f"{stored['check']}: measured {span(float(measured.low), float(measured.high))}, "
                f"claimed {span(float(measured.least), float(measured.most))}",
            )
        )
    return Result(
        headline=f"{n_violated} of {len(rows)} stored counterexamples violate their claim when measured again.",
        metrics={"n_counterexamples": len(rows), "n_violated": n_violated},
        sections=(Section("Replay", rows=tuple(rows)),),
    )


def _counterexamples(path: str) -> list[Mapping[str, Any]]:
    try:
        record = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
        counterexamples = [
            v["evidence"]["counterexample"] for v in record["verdicts"] if "counterexample" in v["evidence"]
        ]
    except OSError as error:
        raise InputError(f"experiment.replay: {path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"experiment.replay: {path}: not the results.json of a run of experiment=verify") from error
    if not counterexamples:
        raise InputError(f"experiment.replay: {path}: no verdict in it has a stored counterexample")
    for stored in counterexamples:
        if not isinstance(stored, dict) or not {"claim", "release", "check", "case"} <= stored.keys():
            of_check = isinstance(stored, dict) and isinstance(stored.get("claim"), dict)
            kind = (
                "of experiment=check, which measures it again" if of_check else "without claim, release, check or case"
            )
            raise InputError(f"experiment.replay: {path}: a counterexample {kind}")
    return counterexamples
