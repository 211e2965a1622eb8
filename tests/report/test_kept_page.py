"""What the page shows of a matrix and of verdicts, by hand: texts of queries, marks on the bar, groups of claims."""

import json
from dataclasses import replace

import numpy as np
import pytest

from cofail_lab.claims.self_test import PlantedMutant
from cofail_lab.data.health.chance import Finding
from cofail_lab.grades import Grades
from cofail_lab.outcomes import Outcomes
from cofail_lab.report import health
from cofail_lab.report.page import matrix, render_page
from cofail_lab.report.page.environment import anchor, as_json, lines
from cofail_lab.report.page.glossary import definition
from cofail_lab.report.page.inline_svg import inline
from cofail_lab.report.page.matrix import MatrixView
from cofail_lab.report.page.verdicts import claim_groups
from cofail_lab.report.verify import tables
from cofail_lab.result import Exhibit, Result, Section
from tests.report.by_hand import pool
from tests.report.test_kept_checks import verdict


def told() -> Outcomes:
    """Four queries, three models: b is right on w and x, a on x alone; y and z defeat everyone."""
    wrong = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 1], [1, 1, 1]], bool)
    answers = np.array([["p", "q", "p"], ["q", "q", ""], ["s", "t", "s"], ["v" * 70, "w\nx", ""]], object)
    return Outcomes(
        wrong,
        ("w", "x", "y", "z"),
        ("a", "b", "c"),
        "made",
        per_query={
            "dataset": np.array(["law", "art", "law", "art"], object),
            "prompt": np.array(["Ask w", "", "p" * 1300, "Ask\tz"], object),
            "key": np.array(["q", "q", "k", "k"], object),
        },
        per_model={"family": np.array(["f", "g", ""], object)},
        per_cell={"answer": answers},
    )


def test_texts_of_the_queries_that_defeat_everyone() -> None:
    view = MatrixView(Exhibit(told()))
    assert view.shape == "4 queries × 3 models" and view.has == {"prompt", "key", "answer"}
    assert view.hardest.tolist() == [3, 2, 0, 1]  # of those alike art before law
    z, y = view.static
    assert (z.name, z.dataset, z.prompt, z.key) == ("z", "art", "Ask z", "k")
    assert z.answers == f"{'v' * 59}… (1); w\nx (1); no answer (1)"
    assert (y.prompt, y.answers) == ("p" * 1199 + "…", "s (2); t (1)")
    data = json.loads(view.data())
    assert (data["models"], data["queries"]) == (["b", "a", "c"], ["z", "y", "w", "x"])
    assert (data["datasets"], data["dataset"]) == (["art", "law"], [0, 1, 1, 0])
    assert data["texts"][2] == {"prompt": "Ask w", "key": "q", "values": ["q", "p"], "given": [0, 1, 1]}
    assert data["texts"][3] == {"key": "q", "values": ["q", ""], "given": [0, 0, 1]}
    bare = replace(told(), per_query={}, per_cell={}, per_model={})
    view = MatrixView(Exhibit(bare))
    assert view.has == set() and json.loads(view.data())["texts"] == []
    assert view.static[0] == matrix.Query("y", "", "", "", "")


def test_texts_end_where_the_page_has_no_more_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """z takes 4 + 1 + 60 + 3 + 0 letters (its prompt has a blank for the tab), 3 · 3 and 40: 5 + 112."""
    one = 5 + 1 + 60 + 3 + 9 + 40
    for room, n in ((one - 1, 0), (one, 1)):
        monkeypatch.setattr(matrix, "_BUDGET", room)
        assert len(json.loads(MatrixView(Exhibit(told())).data())["texts"]) == n


def test_the_rows_of_the_models() -> None:
    b, a, c = MatrixView(Exhibit(told())).models
    assert (b.name, b.family, b.accuracy, b.n_alone, b.n_resolvable) == ("b", "g", 0.5, 1, 0)
    assert (a.name, a.family, a.accuracy, a.n_alone, a.n_resolvable) == ("a", "f", 0.25, 0, 1)
    assert (c.name, c.accuracy, c.lower, c.low, c.at) == ("c", 0.0, 0.0, 0.0, 0.0)
    # Exact limits of two, one and none of four: the widest ends are 0 and .9324, the ends of the bar.
    assert (b.lower, b.upper) == pytest.approx((0.0676, 0.9324), abs=1e-4)
    assert (a.lower, a.upper) == pytest.approx((0.0063, 0.8059), abs=1e-4)
    assert (b.high, b.at, b.low) == pytest.approx((100, 53.63, 7.25), abs=0.02)
    copies = MatrixView(Exhibit(replace(pool(), wrong=np.zeros((100, 7), bool), models=tuple("abcdefg"))))
    assert {(row.n_alike, row.alike) for row in copies.models[:1]} == {(6, "b, c, d, e and 2 more")}
    five = MatrixView(Exhibit(replace(pool(), wrong=np.zeros((100, 5), bool), models=tuple("abcde"))))
    assert five.models[0].alike == "b, c, d, e"


def test_where_the_marks_stand() -> None:
    """76% best, 89% ceiling, certified 4 to 20 points, 2 to pay: the bar goes from 71% to 98%, 27 points."""
    marks = {mark.kind: mark for mark in MatrixView(Exhibit(pool(), certified=(0.04, 0.2), overhead=0.02)).marks}
    assert list(marks) == ["best", "range", "ceiling", "overhead"]
    place = lambda share: pytest.approx(100 * (share - 0.71) / 0.27, abs=0.01)  # noqa: E731
    assert (marks["best"].start, marks["best"].end, marks["best"].value) == (0, place(0.76), "76.0%")
    assert (marks["range"].start, marks["range"].end) == (place(0.8), place(0.96))
    assert (marks["ceiling"].start, marks["ceiling"].end) == (place(0.89), place(0.89))
    assert (marks["ceiling"].value, marks["range"].value) == ("89.0%", "4.0 to 20.0 points")
    assert (marks["overhead"].end, marks["overhead"].value) == (place(0.78), "78.0% (+2.0 points)")
    assert marks["best"].label == "best model, a"
    bare = [mark.kind for mark in MatrixView(Exhibit(pool())).marks]
    assert bare == ["best", "ceiling"]


def test_statements_in_groups() -> None:
    stored = {"check": "enumeration", "case": {"m": 3, "r": 0.25}, "measured": (0.125, 0.25), "allowed": (None, 0.1)}
    control = {"name": "n", "status": "refuted", "expected": "refuted"}
    fell = verdict("P3.v", "refuted", "refuted", "It is largest.", counterexample=stored, control=control, note="N.")
    made = (
        verdict("P1.i", "confirmed"),
        replace(verdict("P1.i", "confirmed"), release="june"),
        replace(verdict("P1.i", "confirmed", statement="It held."), release="september"),
        fell,
        verdict("P1.ii", "reported", "reported"),
        verdict("P2.i", "undecided", "undecided"),
        verdict("P4.i", "undecided", "confirmed"),
        replace(verdict("own", "refuted"), evidence={}),
    )
    mutants = [
        PlantedMutant("P3.v", "lab", "far", "refuted", "c", 1.0),
        PlantedMutant("P9", "lab", "x", "refuted", "c", 1.0),
    ]
    result = Result("", {}, verdicts=made, tables=tables((fell,), mutants))
    groups = claim_groups(result)
    assert [(one.title, [claim.id for claim in one.claims]) for one in groups] == [
        ("Not as expected", ["P4.i"]),
        ("What fell", ["P3.v"]),
        ("What stands", ["P1.i", "P1.i"]),
        ("What is only reported", ["P1.ii"]),
        ("What stays undecided", ["P2.i"]),
    ]
    stands = groups[2].claims
    assert [one.releases for one in stands] == ["lab, june", "september"]
    claim = groups[1].claims[0]
    assert claim.case == "enumeration: measured 0.125 to 0.25, claimed at most 0.1, at m = 3, r = 0.25"
    assert claim.control == "n: refuted, as it must be refuted" and claim.note == "N." and claim.symbols == "x"
    assert claim.mutants == ("far: refuted by c",) and claim.figure == "refuted_P3_v"
    assert claim.checks == ("c (an identity): refuted, 1,200 cases, 40 more tried by the adversary",)
    assert claim.replay.startswith("cofail-lab experiment=verify experiment.claims=P3.v experiment.mutants=true")
    assert stands[0].case == "" and stands[0].mutants == ()
    assert claim_groups(Result("", {})) == ()


def test_small_pieces_of_the_page() -> None:
    assert anchor(" More than chance? β ") == "more-than-chance"
    assert lines("a\x1bb\nc<d") == "a\\x1bb\nc&lt;d"
    assert as_json({"a": "</x>&"}) == '{"a":"\\u003c/x\\u003e\\u0026"}'
    with pytest.raises(ValueError, match="odd: not an SVG"):
        inline("<svg", "odd", "l")
    for name, start in (("all_wrong_lower", "Lower limit. "), ("all_wrong_upper", "Upper limit. ")):
        assert (definition(name) or "").startswith(start)
    assert definition("all_wrong") is not None and not str(definition("all_wrong")).startswith(("Lower", "Upper"))


def test_the_headline_stands_without_its_verdict_where_this_is_above_it() -> None:
    said = "CANNOT TELL YET. 3 models; the best."
    sections = (
        Section("One part", ("First.", "Second."), figures={"f": "A caption"}),
        Section("Folded", appendix=True),
    )
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0"/></svg>'
    plain = Result(said, {"x": 0.5}, sections=sections)
    pages = [
        render_page(one, "t", {"made": "<b>"}, {"f": svg, "g": svg}, parquet=("a b",), following="go on")
        for one in (plain, replace(plain, exhibit=Exhibit(pool(), "Cannot tell yet: x.")))
    ]
    assert said in pages[0].split("<script")[0]
    assert said not in pages[1].split("<script")[0] and "3 models; the best." in pages[1]
    for page in pages:
        assert "tables/a%20b.parquet" in page and "Next: go on." in page and "&lt;b&gt;" in page
        assert "one-part-1" in page and "Further figures" in page


def test_health_beside_a_result() -> None:
    grades = Grades(np.zeros((4, 2), np.int8), tuple("wxyz"), ("a", "b"), "made")
    assert health.applicable(grades) == [
        name
        for name in health.applicable(grades)
        if name not in ("blocks", "repeated_prompts", "zero_costs", "at_limit")
    ]
    for column, check in (
        ("at_limit", "at_limit"),
        ("tokens", "at_limit"),
        ("tokens_out", "at_limit"),
        ("cost", "zero_costs"),
    ):
        known = replace(grades, per_cell={column: np.ones((4, 2))})
        assert {*health.applicable(known)} - {*health.applicable(grades)} == {check}
    for column, check in (("dataset", "blocks"), ("prompt", "repeated_prompts")):
        known = replace(grades, per_query={column: np.array(["x"] * 4, object)})
        assert {*health.applicable(known)} - {*health.applicable(grades)} == {check}
    findings = [Finding("duplicates", "Two are one.", ("a", "b"), 3), Finding("constant", "Constant.", ("b",), 1)]
    rows = {row.label: (row.value, row.note) for row in health.health_rows(grades, findings, True)}
    test = "a test, false-alarm rate 0.1%"
    assert rows == {
        "right and wrong swapped": ("none", ""),
        "coverage of models and queries": ("none", ""),
        "unparsed answers and errors": ("none", ""),
        "duplicate models": ("3", test),
        "constant models": ("1", ""),
        "datasets that one model fails whole": ("not checked", "no datasets"),
        "queries only the worse models solve": ("none", test),
        "repeated prompts": ("not checked", "no prompts"),
        "costs of zero": ("not checked", "no costs"),
        "answers at the token limit": ("not checked", "no tokens"),
        "published scores": ("none", test),
    }
    assert health.health_table(findings).to_pylist() == [
        {"check": "duplicates", "subject": "a", "count": 3, "sentence": "Two are one."},
        {"check": "duplicates", "subject": "b", "count": 3, "sentence": "Two are one."},
        {"check": "constant", "subject": "b", "count": 1, "sentence": "Constant."},
    ]
    assert health.health_table(()).num_rows == 0
    section = health.health_section(grades, findings)
    assert section.sentences == ("Two are one.", "Constant.")
    nothing = health.health_section(grades, ())
    assert nothing.sentences[0].startswith("Nothing found (right and wrong swapped, coverage of models and queries, ")
    assert "repeated prompts" not in nothing.sentences[0]
    with_ = health.with_health(Result("", {}, sections=(Section("First"),)), grades)
    assert [one.title for one in with_.sections] == ["First", "Health of the matrix"]
