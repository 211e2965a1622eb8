"""A verification in words, rows and figures."""

import json
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_args

import pyarrow as pa

from cofail_lab.claims.claim import Claim
from cofail_lab.claims.self_test import FalseAlarm, FalseAlarms, PlantedMutant
from cofail_lab.report.evidence import CAPTIONS, FIGURES
from cofail_lab.report.numbers import count, parameter, percent, span
from cofail_lab.result import Row, Section
from cofail_lab.verdict import Status, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STATUSES: tuple[Status, ...] = get_args(Status)


def headline(verdicts: Sequence[Verdict], mutants: Sequence[PlantedMutant] | None, alarms: FalseAlarms | None) -> str:
    """The outcome in a sentence or two."""
    if not verdicts:
        return "No verdict was reached."
    wrong = [verdict for verdict in verdicts if verdict.status != verdict.expected]
    if wrong:
        named = ", ".join(f"{v.id} ({v.release}) {v.status}" for v in wrong[:5])
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        said = f"{len(wrong)} of {len(verdicts)} verdicts are not the expected ones: {named}{more}."
    else:
        said = _tally(verdicts)
    if mutants is not None:
        caught = sum(mutant.status == "refuted" for mutant in mutants)
        said += f" {caught} of {len(mutants)} planted false variants were refuted."
    if alarms is not None:
        said += (
            f" Of {alarms.n_trials} repetitions at other seeds {alarms.n_runs(simulated=False)} had an unexpected "
            f"verdict from what is not simulated, {alarms.n_runs(simulated=True)} from what is (stated rate "
            f"{alarms.stated:g})."
        )
    return said


def _tally(verdicts: Sequence[Verdict]) -> str:
    """What fell, what stands and what is only reported, each statement once."""
    by_status = {status: {(v.id, v.statement) for v in verdicts if v.status == status} for status in STATUSES}
    fell, stand = len(by_status["refuted"]), len(by_status["confirmed"])
    rest = [(len(by_status[status]), status) for status in ("reported", "undecided") if by_status[status]]
    more = "".join(f", {count(n)} {'is' if n == 1 else 'are'} only {status}" for n, status in rest)
    of = len({(v.id, v.statement) for v in verdicts})
    first = f"{count(fell)} of {count(of)} statements fell" if fell else f"None of {count(of)} statements fell"
    return f"{first}, {count(stand)} {'stands' if stand == 1 else 'stand'}{more}."


def sections(
    claims: Sequence[Claim],
    verdicts: Sequence[Verdict],
    mutants: Sequence[PlantedMutant] | None,
    alarms: FalseAlarms | None,
) -> tuple[Section, ...]:
    """What was refuted and by what, what was done for each proposition, and how the verifier itself did."""
    parts = []
    refuted = [verdict for verdict in verdicts if verdict.status == "refuted"]
    if refuted:
        parts.append(
            Section(
                "What fell, and by what",
                (
                    "Each is refuted by one case, stored in results.json: "
                    "cofail-lab experiment=verify experiment.replay=.../results.json measures it again.",
                ),
                tuple(refutation(verdict) for verdict in refuted),
                appendix=True,
            )
        )
    parts += [_evidence(proposition, verdicts) for proposition in _propositions(claims)]
    if mutants is not None:
        missed = [mutant for mutant in mutants if mutant.status != "refuted"]
        parts.append(
            Section(
                "Planted false variants",
                (f"{len(mutants) - len(missed)} of {len(mutants)} came out refuted.",),
                tuple(Row(f"{m.claim} ({m.release})", m.status, m.name) for m in missed),
            )
        )
    if alarms is not None:
        parts.append(
            Section("False alarms", (false_alarm_sentence(alarms),), tuple(_alarm(alarm) for alarm in alarms.alarms))
        )
    return tuple(parts)


def false_alarm_sentence(alarms: FalseAlarms) -> str:
    """What repeating the run at other seeds gave."""
    low, high = alarms.limits(simulated=True)
    exact, simulated = alarms.n_runs(simulated=False), alarms.n_runs(simulated=True)
    return (
        f"The whole run, {alarms.n_verdicts} verdicts with the adversary's searches and {alarms.n_simulated} simulated "
        f"cases, was repeated at {alarms.n_trials} other seeds. Runs with an unexpected verdict from a check that is "
        f"not simulated: {exact}. From a simulated one: {simulated}, {percent(simulated / alarms.n_trials)} (95% "
        f"limits {percent(low)} to {percent(high)}); a run promises at most {percent(alarms.stated)}."
    )


def _alarm(alarm: FalseAlarm) -> Row:
    return Row(
        f"{alarm.claim} ({alarm.release})",
        alarm.status,
        f"seed {alarm.seed}, {'simulated' if alarm.simulated else 'not simulated'}",
    )


def figures(claims: Sequence[Claim], verdicts: Sequence[Verdict] = ()) -> dict[str, "Callable[[], Figure]"]:
    """The figure of every refuted statement, and of every proposition among the claims."""
    fell = {v.id: v.evidence["counterexample"] for v in verdicts if "counterexample" in v.evidence}
    names = dict.fromkeys(FIGURES[p] for p in _propositions(claims) if p in FIGURES)
    drawn: dict[str, Callable[[], Figure]] = {
        figure_name(claim): lambda stored=stored: _refutation(stored) for claim, stored in fell.items()
    }
    return drawn | {f"evidence_{name}": lambda name=name: _draw(name) for name in names}


def figure_name(claim: str) -> str:
    """The name of the figure that shows how a statement was refuted."""
    return f"refuted_{claim.replace('.', '_')}"


def _refutation(stored: Mapping[str, Any]) -> "Figure":
    from cofail_lab.report.figures.refutation import refutation as draw

    least, most = (float(value) for value in stored["allowed"])
    low, high = (float(value) for value in stored["measured"])
    return draw((least, most), (low, high))


def tables(verdicts: Sequence[Verdict], mutants: Sequence[PlantedMutant] | None) -> dict[str, pa.Table]:
    """Verdicts, checks and mutants as rows."""
    claims = [
        {
            "claim": v.id,
            "release": v.release,
            "statement": v.statement,
            "symbols": v.evidence["symbols"],
            "hypothesis": v.hypothesis,
            "expected": v.expected,
            "status": v.status,
            "claimed": v.claimed,
            "measured": v.measured,
            "tolerance": v.tolerance,
            "margin": v.evidence["margin"],
            "control": v.evidence["control"]["name"],
            "control_status": v.evidence["control"]["status"],
            "seconds": v.evidence["seconds"],
        }
        for v in verdicts
    ]
    done = [
        {"claim": v.id, "release": v.release, **{name: _cell(value) for name, value in check.items()}}
        for v in verdicts
        for check in v.evidence["checks"]
    ]
    tables = {"verdicts": pa.Table.from_pylist(claims), "checks": pa.Table.from_pylist(done)}
    if mutants is not None:
        tables["mutants"] = pa.Table.from_pylist([vars(mutant) for mutant in mutants])
    return tables


def _evidence(proposition: str, verdicts: Sequence[Verdict]) -> Section:
    own = [verdict for verdict in verdicts if verdict.id.split(".")[0] == proposition]
    done = [check for verdict in own for check in verdict.evidence["checks"]]
    n_cases, n_searched = (sum(check[key] for check in done) for key in ("n_cases", "n_searched"))
    agree = sum(verdict.status == verdict.expected for verdict in own)
    hunted = f", and {count(n_searched)} more that the adversary tried" if n_searched else ""
    sentence = f"{agree} of {len(own)} verdicts as expected, over {count(n_cases)} measured cases{hunted}."
    name = FIGURES.get(proposition)
    shown = {} if name is None else {f"evidence_{name}": CAPTIONS[name]}
    return Section(proposition, (sentence,), figures=shown)


def refutation(verdict: Verdict) -> Row:
    """What refuted a claim: measured against claimed, the check and the case."""
    stored = verdict.evidence["counterexample"]
    case = ", ".join(f"{name}={parameter(value)}" for name, value in stored["case"].items())
    return Row(
        f"{verdict.id} ({verdict.release})",
        f"measured {span(*stored['measured'])}, claimed {span(*stored['allowed'])}",
        f"{stored['check']}: {case}",
    )


def _cell(value: object) -> object:
    return json.dumps(value, default=str) if isinstance(value, Mapping | list) else value


def _propositions(claims: Sequence[Claim]) -> list[str]:
    return list(dict.fromkeys(claim.id.split(".")[0] for claim in claims))


def _draw(name: str) -> "Figure":
    return import_module(f"cofail_lab.report.evidence.{name}").draw()
