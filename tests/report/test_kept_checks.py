"""Words of a checked proposition, an audit, a verification and declared facts: kept whole, for every branch."""

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.bounds import tail_planner
from cofail_lab.bounds.declared.next_fact import NextFact
from cofail_lab.claims.checking.check import Counterexample, Sides
from cofail_lab.claims.checking.confirm import Second
from cofail_lab.claims.checking.controls import Controls
from cofail_lab.claims.self_test import FalseAlarm, FalseAlarms, PlantedMutant
from cofail_lab.data.regrading import Figures, Variant
from cofail_lab.report import audit, declared, verify
from cofail_lab.report.audit import AuditReport, Counted
from cofail_lab.report.audit_sheet import AuditSheet
from cofail_lab.report.check import Checked, caption, replayed, sides_text
from cofail_lab.report.tail_plan import TailPlan
from cofail_lab.result import Result, Section
from cofail_lab.verdict import Verdict
from tests.experiments.drawn import drawn
from tests.experiments.whole import keep, lines
from tests.report.by_hand import pool

FAR, NEAR = (0.0, 0.3), (0.25, 0.25)


def proposition(when: str = "", driver: str = "", **laws: Any) -> Any:
    """a > b over x from .1 to .75, with y fixed at .25 and a whole number m of two values."""
    axis = lambda low, high, values=(): SimpleNamespace(low=low, high=high, width=high - low, values=values)  # noqa: E731
    box = SimpleNamespace(
        axes={"x": axis(0.1, 0.75), "y": axis(0.25, 0.25), "m": axis(3, 8, (3, 8))}, varying=("x", "m")
    )
    laws = {"driver": driver, "alias": {}, "match": ()} | laws
    return SimpleNamespace(texts=("a > b", when), box=box, laws=SimpleNamespace(**laws), tolerance=1e-9)


def outcome(answer: str, emptiness: str = "", *, negation: bool = True, shifted: bool = True, **change: Any) -> Any:
    """Five points: two violate, at one the quantities do not exist, and one is outside the hypothesis."""
    says = SimpleNamespace(
        defined=np.array([True, True, True, False, True]),
        true=np.array([True, False, False, False, False]),
        false=np.array([False, True, True, False, False]),
        margin=np.array([0.2, -0.1, -0.3, np.nan, 0.0]),
    )
    judged = SimpleNamespace(says=says, when=SimpleNamespace(true=np.array([1, 1, 1, 1, 0], bool)))
    judged.violated = judged.when.true & says.false
    made: dict[str, Any] = {
        "answer": answer,
        "points": {"x": np.arange(5) / 8, "r": np.ones((5, 2))},
        "judged": judged,
        "n_points": 1024,
        "n_searched": 300,
        "worst_margin": 0.01234,
        "worst": {"x": 0.5, "y": 0.25, "m": 3},
        "counterexample": None,
        "n_undecided": 0,
        "n_resolved": 0,
        "left_out": 0.0,
        "not_defined": 0.0,
        "controls": Controls(negation, shifted, emptiness),  # type: ignore[arg-type]
    }
    return SimpleNamespace(**made | change)


FOUND = Counterexample(
    {"x": 0.5, "y": 0.25, "m": 3}, Sides(0.12, 1e-9, ">", 0.34, 2e-9), -0.22, Second(True, False, "mpmath", 50)
)
CLAIM = {"id": None, "release": None, "expect": None}
CHECKED: Mapping[str, Any] = {
    "refuted": (proposition("x < y", "clayton"), outcome("refuted", counterexample=FOUND, left_out=0.25), CLAIM),
    "survived": (
        proposition("", "clayton", alias={"q": "block", "p": "clayton", "r": "atom"}, match=("rates", "pairs")),
        outcome("survived", not_defined=0.125, n_undecided=0, n_resolved=7),
        {"id": "mine", "release": "june", "expect": "refuted"},
    ),
    "nothing varies": (proposition(), outcome("survived", "nothing_varies", shifted=False), CLAIM),
    "never": (proposition("x > 1"), outcome("vacuous", "hypothesis_never", worst=None, left_out=1.0), CLAIM),
    "not defined": (proposition(), outcome("vacuous", "never_defined", worst=None), CLAIM),
    "undecided": (proposition(), outcome("undecided", negation=False, n_undecided=41, n_resolved=2), CLAIM),
    "hypothesis open": (proposition("x = y"), outcome("undecided", "hypothesis_undecided", n_undecided=5), CLAIM),
}


def test_checked_propositions() -> None:
    shown: Any = SimpleNamespace(names=("x", "y"), values=([0.0, 1.0], [2.0, 3.0]), margin=np.array([FAR, NEAR]))
    said = []
    for name, (asked, found, claim) in CHECKED.items():
        same: Any = SimpleNamespace(id="P3.v", expected="confirmed") if name in ("refuted", "survived") else None
        result = Checked(asked, found, shown if name == "refuted" else None, claim, same).result()
        said += [name, *_said(result), *_verdicts(result)]
    keep("words_check", said)


def test_the_built_in_claim_agrees_where_it_came_out_alike() -> None:
    for expected, answer, agrees in (
        ("confirmed", "survived", True),
        ("confirmed", "refuted", False),
        ("refuted", "refuted", True),
        ("refuted", "survived", False),
        ("reported", "survived", False),
    ):
        same: Any = SimpleNamespace(id="P3.v", expected=expected)
        (said,) = Checked(proposition(), outcome(answer), None, CLAIM, same)._built_in()
        assert f": {expected} there, {answer} here" in said and ("do not agree" in said) != agrees


def _verdicts(result: Result) -> list[str]:
    return [
        f"{one.claimed} {one.measured} {one.tolerance} {one.hypothesis} {one.statement} {one.evidence}"
        for one in result.verdicts
    ]


def test_a_stored_counterexample_is_measured_again() -> None:
    kept = FOUND._replace(second=Second(True, True, "exact"), sides=None, case={"x": 0.5, "r": [0.1, 0.2]})  # type: ignore[arg-type]
    both = [lines(replayed(proposition(), one)) for one in (FOUND, kept)]
    names: Any = SimpleNamespace(names=("x", "y"))
    keep("words_replayed", [*both[0], *both[1], caption(names)])
    assert "does not violate it" in both[1][0] and "r = [0.1, 0.2]" not in both[1][0]


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [(0.12, 0.34, "0.12 > 0.34"), (0.123456, 0.123457, "0.123456 > 0.123457"), (1 / 3, 1 / 3, "0.3333 > 0.3333")],
)
def test_both_sides_have_the_digits_in_which_they_differ(left: float, right: float, said: str) -> None:
    assert sides_text(Sides(left, 0.0, ">", right, 0.0)) == said


STATES = ("genuine", "reference_error", "ambiguous", "grader_defect", "truncated", "unread")


def counted(*counts: int, n: int = 200) -> Counted:
    return Counted(dict(zip(STATES, counts, strict=True)), n)  # type: ignore[arg-type]


def test_what_an_audit_found() -> None:
    some = {
        "partly": counted(3, 1, 2, 0, 1, 4),
        "read": counted(3, 1, 2, 0, 1, 0),
        "genuine": counted(5, 0, 0, 0, 0, 0),
        "nothing": counted(0, 0, 0, 0, 0, 0),
        "one": counted(0, 0, 0, 2, 0, 0),
    }
    said = []
    for name, one in some.items():
        result = Result(one.headline(), one.metrics(), sections=(Section(name, (), one.rows()),))
        said += lines(result)
    keep("words_audit_counted", said)


def sheet(outcomes: Any = None, others: int = 2, **change: Any) -> AuditSheet:
    """The matrix that is counted by hand; nobody is right on its first eleven queries."""
    outcomes = outcomes or pool()
    n = outcomes.n_queries
    answers = np.where(outcomes.wrong, np.array(["x", "y", "x"]), "k").astype(object)
    answers[:2] = "x"
    answers[3, 0] = ""
    outcomes = replace(outcomes, per_cell={"answer": answers}) if change.pop("answers", True) else outcomes
    seen: dict[str, Any] = {
        "order": np.arange(n)[::-1],
        "score": np.linspace(0, 1.23456, n),
        "n_rival": np.array([3, 3] + [2] * (n - 2)),
        "n_like_key": np.array([0, 0, 0, 4] + [0] * (n - 4)),
        "rival": np.array(["x"] * n, object),
    }
    return AuditSheet(outcomes, SimpleNamespace(**seen | change), {outcomes.queries[0]: 7}, others)  # type: ignore[arg-type]


def test_what_there_is_to_read() -> None:
    none = pool({"a": 20, "b": 7, "abc": 73})
    made = [sheet(), sheet(answers=False), sheet(none), sheet(none, others=0)]
    said = [audit.sheet_headline(one) for one in made]
    noted = replace(made[0], outcomes=replace(made[0].outcomes, notes=("Read by hand.",)))
    said += lines(Result("sheet", {}, sections=(*audit.sheet_sections(made[-1]), *audit.sheet_sections(noted))))
    said += lines(Result("tables", {}, tables={"sheet": made[0].table()}))
    said += [made[0].why(i) for i in (0, 2, 3, 12, 31, 99)]
    keep("words_audit_sheet", said)
    # 11 fail everyone, on the first two all answer alike; the sheet has two others, and 1 is the place of the last.
    assert (made[0].n_unanimous, made[1].n_unanimous, len(made[0].rows)) == (2, None, 13)
    rows = made[0].table().to_pylist()
    assert [row["rank"] for row in rows] == [*range(90, 101), 1, 2] and {row["n_right"] for row in rows[:11]} == {0}
    assert rows[-1]["n_right"] == 3 and rows[-1]["right_models"] == "a; b; c"


def test_other_queries_both_orders_and_tails() -> None:
    counts = [dict(zip(STATES, one, strict=True)) for one in ((4, 1, 0, 0, 0, 2), (3, 1, 1, 0, 0, 2))]
    others = dict.fromkeys(STATES, 0) | {"genuine": 3, "ambiguous": 2}
    audited: Any = SimpleNamespace(
        counts=lambda order=audit.ORDERS[0]: counts[audit.ORDERS.index(order)],
        others=others,
        n_queries=300,
        n_corrected=1,
        all_wrong=["q"] * 7,
        in_order=SimpleNamespace(genuine=[True, False, True]),
        genuine_limits=lambda *, fixed=False: (3, 3) if fixed else (2, 6),
        delta=0.1,
        grades=SimpleNamespace(notes=("A note.",)),
    )
    report = AuditReport(audited, (), {"before": "beyond", "after": "chance"})
    nothing = AuditReport(
        SimpleNamespace(**vars(audited) | {"genuine_limits": lambda *, fixed=False: None}),  # type: ignore[arg-type]
        (),
        {},
    )
    results = [Result("", one.metrics(), one.labels(), sections=one.sections()) for one in (report, nothing)]
    keep("words_audit", [line for result in results for line in lines(result)])


def test_figures_of_each_variant() -> None:
    figures = Figures(100, 11, 0.11, 0.056, 0.188, 0.76, 0.13, 0.25, 0.21, 0.07)
    variants = (Variant("before", figures), Variant("after", Figures(), "none is left"), Variant("corrected", figures))
    for n, said in ((0, "0 queries"), (1, "1 query"), (2, "2 queries")):
        audited: Any = SimpleNamespace(n_corrected=n)
        rows = [(row.label.strip(), row.value, row.note) for row in AuditReport(audited, variants, {})._figure_rows()]
        assert rows[0] == ("as graded", "", "") and rows[3] == ("queries at fault dropped", "—", "none is left")
        assert rows[4] == ("graded anew where known", "", f"{said}, the others dropped")
        assert [label for label, *_ in rows] == [rows[0][0], "β", "G", rows[3][0], rows[4][0], "β", "G"]


def verdict(claim: str, status: Any, expected: Any = "confirmed", statement: str = "It holds.", **more: Any) -> Verdict:
    check = {"name": "c", "n_cases": 1200, "n_searched": 40, "kind": "an_identity", "status": status}
    evidence = {
        "symbols": "x",
        "margin": 0.5,
        "seconds": 1.0,
        "control": {"name": "n", "status": "refuted", "expected": "refuted"},
        "checks": [check],
    }
    return Verdict(claim, "lab", statement, "x > 0", expected, status, 0.25, 0.5, 1e-9, evidence | more)


def test_a_verification() -> None:
    stored = {
        "check": "enumeration",
        "case": {"m": 3, "r": 0.25},
        "measured": (0.125, 0.25),
        "allowed": (-np.inf, 0.1),
    }
    fell = verdict("P3.v", "refuted", "refuted", "It is largest.", counterexample=stored)
    rest = (
        verdict("P1.i", "confirmed"),
        verdict("P1.ii", "reported", "reported", "Once."),
        verdict("P1.ii", "reported", "reported", "Once."),
        verdict("P2.i", "undecided", "undecided", "Open."),
    )
    wrong = [verdict(f"P{i}.i", "undecided") for i in range(1, 8)]
    mutants = [PlantedMutant("P1.i", "lab", f"m{i}", status, "c", 1.0) for i, status in enumerate(("refuted",) * 3)]
    mutants.append(PlantedMutant("P1.ii", "june", "far", "undecided", "c", 1.0))
    mutants.append(PlantedMutant("P2.ii", "lab", "near", "confirmed", "c", 1.0))
    alarms = FalseAlarms(20, 7, 50, 0.01, tuple(FalseAlarm("P1.i", "lab", "refuted", 3 + i, i > 0) for i in range(2)))
    claims: Any = [SimpleNamespace(id=one) for one in ("P1.i", "P3.v", "P99.i")]
    said = [verify.headline((), None, None), verify.headline(wrong[:5], None, None), verify.headline(wrong, None, None)]
    said.append(verify.headline([rest[0]], mutants, alarms))
    given = (fell, *rest)
    result = Result(
        verify.headline(given, None, None),
        {},
        verdicts=given,
        tables=verify.tables(given, mutants),
        sections=verify.sections(claims, given, mutants, alarms),
    )
    without = verify.sections(claims, rest, None, None)
    said += [*lines(result), *lines(Result("none", {}, sections=without)), *verify.figures(claims, given)]
    keep("words_verify", said)


def reading(*steps: tuple[str, float, float], first: NextFact | None = None, **change: Any) -> Any:
    found: dict[str, Any] = {
        "target": SimpleNamespace(words="a majority is wrong"),
        "method": "a linear program",
        "sharp": True,
        "lower": 0.1,
        "upper": 0.3,
        "width": 0.2,
        "lower_law": None,
        "upper_law": None,
    }
    found |= {name: value for name, value in change.items() if name in found}
    facts = [SimpleNamespace(kind=name) for name, *_ in steps]
    made = [SimpleNamespace(fact="none", lower=0.0, upper=1.0)]
    made += [SimpleNamespace(fact=name, lower=low, upper=high) for name, low, high in steps]
    known = SimpleNamespace(facts=facts, pool=SimpleNamespace(n_models=4, name=lambda model: "abcd"[model]))
    return SimpleNamespace(
        known=known,
        found=SimpleNamespace(**found),
        steps=made,
        next=[] if first is None else [first],
        truth=change.get("truth"),
    )


PAIR = NextFact("some_pairs", (0, 2), 2, 0.11, 0.14, 0.24, 0.12, 0.28, 300)
FACTS = (("rates", 0.05, 0.6), ("pairs", 0.1, 0.3))
READINGS: Mapping[str, Any] = {
    "half": reading(*FACTS, first=replace(PAIR, lower_sampled=0.15, upper_sampled=0.25), truth=0.22),
    "a tenth": reading(*FACTS, first=replace(PAIR, lower_sampled=0.11, upper_sampled=0.29), sharp=False),
    "too few": reading(*FACTS, first=replace(PAIR, lower_sampled=0.1, upper_sampled=0.2999)),
    "one model": reading(*FACTS[:1], first=replace(PAIR, kind="rates", models=(1,), order=1)),
    "moment": reading(first=replace(PAIR, kind="moments", models=(0, 1, 2, 3), order=3)),
    "nothing": reading(*FACTS, first=replace(PAIR, lower=0.1, upper=0.2999, lower_sampled=0.1, upper_sampled=0.2999)),
    "no fact": reading(*FACTS),
    "closed": reading(*FACTS, first=PAIR, width=1e-7),
    "narrow": reading(*FACTS, width=1e-3),
}


def test_what_facts_leave_open() -> None:
    keep("words_declared", [line for one in READINGS.values() for line in _said(declared.result(one))])


PLAN = TailPlan(
    atom=0.03,
    level=0.05,
    power=0.8,
    base="a normal factor",
    sizes=np.array([4, 8, 16]),
    needed=(None, 900, 300),
    simulated=tail_planner.Tested(410, 0.81, 0.047, 0.004),
    n_queries=None,
    without=0.02,
    having=0.05,
)


def test_plans_for_a_tail() -> None:
    plans = (
        PLAN,
        replace(PLAN, n_queries=900),
        replace(PLAN, n_queries=299),
        replace(PLAN, simulated=None, needed=(None, None, None), n_queries=1000),
    )
    keep("words_tail_plan", [line for plan in plans for line in _said(plan.result())])
    shown = (PLAN, plans[1], replace(PLAN, simulated=None))
    keep("figures_tail_plan", [line for plan in shown for line in drawn("queries", plan.figure())])


@pytest.mark.parametrize(
    ("share", "said"), [(0.44, "by 44%"), (0.45, "by half"), (0.55, "by half"), (0.56, "by 56%"), (1.0, "by 100%")]
)
def test_about_a_half_is_half(share: float, said: str) -> None:
    assert declared._by(share) == said


def _said(result: Result) -> list[str]:
    """All but the figures, of which only the names."""
    return [*lines(replace(result, figures={})), *result.figures]
