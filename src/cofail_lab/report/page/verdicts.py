"""Verdicts on the page: what fell first, then what stands, then what is only reported; each opens to its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cofail_lab.report.numbers import count, parameter, span
from cofail_lab.result import Result
from cofail_lab.verdict import Verdict


@dataclass(frozen=True)
class ClaimView:
    """One statement, in the releases that make it, with everything behind its verdict.

    Attributes:
        id: of the statement.
        releases: that make it.
        verdict: the first of them.
        symbols, note: where there are such.
        checks: how it was checked, as text.
        control: what had to fail, and how it came out.
        mutants: planted false variants and how they came out.
        case: what refuted it, in words; empty for what stands.
        figure: name of its own figure.
        replay: the command that measures it again.
    """

    id: str
    releases: str
    verdict: Verdict
    symbols: str
    note: str
    checks: tuple[str, ...]
    control: str
    mutants: tuple[str, ...]
    case: str
    figure: str
    replay: str


@dataclass(frozen=True)
class Group:
    """Statements that came out alike."""

    title: str
    sentence: str
    claims: tuple[ClaimView, ...]


def claim_groups(result: Result) -> tuple[Group, ...]:
    """The verdicts on registered claims, in the order in which a reader needs them; nothing for a result without such.

    The verdict on a proposition of the user's own (`experiment=check`) has no checks: its sections say all of it.
    """
    registered = [v for v in result.verdicts if "checks" in v.evidence]
    wrong = [v for v in registered if v.status != v.expected]
    rest = [v for v in registered if v.status == v.expected]
    planted = _planted(result)
    kinds = (
        ("Not as expected", "These verdicts are not the registered ones.", wrong),
        (
            "What fell",
            "Each of these statements is refuted by one case, which is stored and can be measured again.",
            [v for v in rest if v.status == "refuted"],
        ),
        (
            "What stands",
            "Confirmed on every case, by a path that is independent of the formula.",
            [v for v in rest if v.status == "confirmed"],
        ),
        (
            "What is only reported",
            "Rules of thumb: they hold within a stated error where they were tried, and are not confirmed.",
            [v for v in rest if v.status == "reported"],
        ),
        ("What stays undecided", "The evidence does not settle these.", [v for v in rest if v.status == "undecided"]),
    )
    return tuple(Group(title, said, tuple(_views(own, planted))) for title, said, own in kinds if own)


def _views(verdicts: Sequence[Verdict], planted: Mapping[str, list[str]]) -> Iterable[ClaimView]:
    # Releases may say different things under one id.
    alike: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        alike.setdefault((verdict.id, verdict.statement), []).append(verdict)
    for (name, _), own in alike.items():
        first = own[0]
        evidence = first.evidence
        yield ClaimView(
            name,
            ", ".join(verdict.release for verdict in own),
            first,
            str(evidence.get("symbols", "")),
            str(evidence.get("note", "")),
            tuple(map(_check, evidence.get("checks", ()))),
            _control(evidence.get("control")),
            tuple(planted.get(name, ())),
            _case(evidence.get("counterexample")),
            f"refuted_{name.replace('.', '_')}",
            f"cofail-lab experiment=verify experiment.claims={name} experiment.mutants=true verbose=true",
        )


def _planted(result: Result) -> dict[str, list[str]]:
    table = result.tables.get("mutants")
    found: dict[str, list[str]] = {}
    for row in [] if table is None else table.to_pylist():
        found.setdefault(row["claim"], []).append(f"{row['name']}: {row['status']} by {row['check']}")
    return found


def _check(check: Mapping[str, Any]) -> str:
    searched = f", {count(check['n_searched'])} more tried by the adversary" if check.get("n_searched") else ""
    kind = str(check.get("kind", "")).replace("_", " ")
    cases = count(check.get("n_cases"))
    return f"{check.get('name', check.get('check'))} ({kind}): {check['status']}, {cases} cases{searched}"


def _control(control: Mapping[str, Any] | None) -> str:
    return "" if not control else f"{control['name']}: {control['status']}, as it must be {control['expected']}"


def _case(stored: Mapping[str, Any] | None) -> str:
    if not stored:
        return ""
    case = ", ".join(f"{name} = {parameter(value)}" for name, value in stored["case"].items())
    return f"{stored['check']}: measured {span(*stored['measured'])}, claimed {span(*stored['allowed'])}, at {case}"
