"""From checks to a verdict: run every case, keep the worst, store and replay what violates."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cofail_lab.claims.adversary import simplify, worst_cases
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial
from cofail_lab.estimate import Kind
from cofail_lab.verdict import Status, Verdict


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        check: its name.
        kind: how it measures.
        status: confirmed on every case, refuted on one, or undecided.
        worst: the measurement with the least slack, or the violation.
        case: the case of ``worst``.
        n_cases: number of cases measured.
        n_searched: number of cases that the adversary tried.
    """

    check: str
    kind: Kind
    status: Status
    worst: Measured
    case: Case
    n_cases: int
    n_searched: int


def examine(check: Check, formula: Any, trial: Trial) -> Finding:
    """Run one check on a formula: its listed cases first, then the adversary's; the first violation ends it."""
    settle = check.confirm or check.measure
    worst: tuple[Measured, Case] | None = None
    n_cases = n_searched = 0
    undecided: tuple[Measured, Case] | None = None

    def refuting(measured: Measured, case: Case) -> Finding | None:
        nonlocal worst, undecided, n_cases
        n_cases += 1
        if check.confirm is not None and measured.status == "refuted":
            # A violation that vanishes with more digits is none; other cases may still be violations.
            measured = check.confirm(formula, case)
        if measured.status == "undecided" and undecided is None:
            undecided = measured, case
        if worst is None or measured.slack < worst[0].slack:
            worst = measured, case
        if measured.status != "refuted":
            return None
        return Finding(check.name, check.kind, "refuted", measured, case, n_cases, n_searched)

    for case in check.listed(trial):
        if refutation := refuting(check.measure(formula, case), case):
            return refutation
    if check.search is not None:
        search = check.search
        for case in worst_cases(search, lambda case: float(check.measure(formula, case).slack), trial.seed)[:2]:
            n_searched = search.n_evaluations
            measured = check.measure(formula, case)
            if measured.status == "refuted":
                case = simplify(case, search.box, lambda c: settle(formula, c).status == "refuted")
                measured = check.measure(formula, case)
            if refutation := refuting(measured, case):
                return refutation
    if worst is None:
        raise ValueError(f"{check.name}: a check needs at least one case")
    measured, case = undecided or worst
    status: Status = "undecided" if undecided else "confirmed"
    return Finding(check.name, check.kind, status, measured, case, n_cases, n_searched)


def combine(findings: Iterable[Finding]) -> Status:
    """One refuted check refutes; all confirmed confirm; anything else is undecided."""
    statuses = {finding.status for finding in findings}
    return "refuted" if "refuted" in statuses else "confirmed" if statuses == {"confirmed"} else "undecided"


def investigate(checks: Iterable[Check], formula: Any, trial: Trial) -> list[Finding]:
    """All checks on a formula, up to the first that refutes it."""
    findings = []
    for check in checks:
        findings.append(examine(check, formula, trial))
        if findings[-1].status == "refuted":
            break
    return findings


def verify_claim(claim: Claim, trial: Trial) -> list[Verdict]:
    """Verdicts on a claim, one per release that makes it.

    Where the control does not come out as expected, the claim stays undecided: its checks do not separate true and
    false.
    """
    begun = time.monotonic()
    findings = investigate(claim.checks, claim.formula, trial)
    status = combine(findings)
    control = control_status(claim, claim.control, trial)
    if control != claim.control.expected:
        status = "undecided"
    if claim.expected == "reported":
        # A heuristic is never confirmed: within its stated error it is reported, beyond it nothing is known of it.
        status = "reported" if status == "confirmed" else "undecided"
    decisive = _decisive(findings, status)
    evidence: dict[str, Any] = {
        "symbols": claim.symbols,
        "checks": [_plain(finding) for finding in findings],
        "control": {"name": claim.control.name, "expected": claim.control.expected, "status": control},
        "margin": float(decisive.worst.slack),
        "seconds": round(time.monotonic() - begun, 3),
    }
    if claim.note:
        evidence["note"] = claim.note
    verdicts = []
    for release in claim.releases:
        stored = dict(evidence)
        if status == "refuted":
            stored["counterexample"] = {
                "claim": claim.id,
                "release": release,
                "check": decisive.check,
                "case": dict(decisive.case),
                "measured": [float(decisive.worst.low), float(decisive.worst.high)],
                "allowed": [float(decisive.worst.least), float(decisive.worst.most)],
            }
        verdict = Verdict(
            id=claim.id,
            release=release,
            statement=claim.statement,
            hypothesis=claim.hypothesis,
            expected=claim.expected,
            status=status,
            claimed=decisive.worst.claimed,
            measured=float(decisive.worst.low + decisive.worst.high) / 2,
            tolerance=decisive.worst.tolerance,
            evidence=stored,
        )
        verdicts.append(verdict)
    return verdicts


def control_status(claim: Claim, control: Control, trial: Trial) -> Status:
    """How the checks of a claim come out on its control."""
    return combine(investigate(control.checks or claim.checks, control.formula, trial))


def mutant_status(claim: Claim, name: str, trial: Trial) -> tuple[Status, Finding]:
    """How the checks of a claim come out on one of its planted false variants, and the finding that decides."""
    findings = investigate(claim.checks, claim.mutants[name], trial)
    status = combine(findings)
    return status, _decisive(findings, status)


def replay(counterexample: Mapping[str, Any], claims: Iterable[Claim]) -> Measured:
    """Measure a stored counterexample again, from nothing but itself.

    Raises:
        KeyError: it names a claim or a check that is not registered.
    """
    for claim in claims:
        if claim.id == counterexample["claim"] and counterexample["release"] in claim.releases:
            for check in claim.checks:
                if check.name == counterexample["check"]:
                    return (check.confirm or check.measure)(claim.formula, counterexample["case"])
    raise KeyError(f"{counterexample['claim']} ({counterexample['release']}), {counterexample['check']!r}")


def split_level(claims: Iterable[Claim], false_alarm: float) -> float:
    """The share of a run's false-alarm rate that each simulated interval gets (a union bound over all of them)."""
    trial = Trial(seed=0, level=false_alarm)
    n = sum(len(check.listed(trial)) for claim in claims for check in claim.checks if check.kind == "monte_carlo")
    return false_alarm / max(n, 1)


def _decisive(findings: list[Finding], status: Status) -> Finding:
    """The finding that settles the verdict: the refuting, the undecided, or else the one with the least room."""
    for finding in findings:
        if finding.status == status and status in ("refuted", "undecided"):
            return finding
    return min(findings, key=_room)


def _room(finding: Finding) -> float:
    """Slack in units of what the claim allows, so that checks on different scales compare."""
    tolerance = finding.worst.tolerance
    slack = float(finding.worst.slack)
    return slack / tolerance if tolerance else slack


def _plain(finding: Finding) -> dict[str, Any]:
    worst = finding.worst
    return {
        "name": finding.check,
        "kind": finding.kind,
        "status": finding.status,
        "n_cases": finding.n_cases,
        "n_searched": finding.n_searched,
        "case": dict(finding.case),
        "measured": [float(worst.low), float(worst.high)],
        "allowed": [float(worst.least), float(worst.most)],
        "margin": float(worst.slack),
    }
