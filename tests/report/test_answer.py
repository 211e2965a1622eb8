"""The answer on one screen, on matrices counted by hand: every verdict, what voids it, which queries, what next."""

import io
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from rich.console import Console

from cofail_lab.bounds.binomial import clopper_pearson_lower
from cofail_lab.bounds.certificate import certify_counts, certify_outcomes
from cofail_lab.bounds.planner import queries_to_decide
from cofail_lab.data.health.chance import Finding
from cofail_lab.outcomes import LeftOut, Outcomes
from cofail_lab.report import answer
from cofail_lab.report.certificate import on_one_screen
from cofail_lab.report.terminal import SCREEN, announce, render
from cofail_lab.result import Result, Section
from tests.report import by_hand


def pool(n: int, only_a: int, only_b: int, nobody: int) -> Outcomes:
    """Two models: this many queries that only a gets right, only b, and nobody; both are right on the rest."""
    wrong = np.zeros((n, 2), bool)
    wrong[:only_b, 0] = True
    wrong[only_b : only_b + only_a, 1] = True
    wrong[n - nobody :] = True
    queries = tuple(f"q{i}" for i in range(n))
    return Outcomes(wrong, queries, ("a", "b"), "test", per_query={"dataset": np.array(["y", "x"] * (n // 2), object)})


@pytest.mark.parametrize(
    ("outcomes", "overhead", "says"),
    [
        (
            pool(1000, 200, 100, 11),
            0.02,
            "ROOM IF A SELECTOR CAN FIND IT. 2 models; the best, a, is right on 88.9% of "
            "1,000 queries, a perfect selector on 98.9%: 10.0 points more.",
        ),
        (
            pool(1000, 200, 1, 110),
            0.02,
            "NO ROOM. 2 models; the best, a, is right on 88.9% of 1,000 queries, a perfect "
            "selector on 89.0%: 0.1 points more.",
        ),
        (
            pool(100, 20, 3, 11),
            0.02,
            "CANNOT TELL YET. 2 models; the best, a, is right on 86.0% of 100 queries, a "
            "perfect selector on 89.0%: 3.0 points more.",
        ),
    ],
)
def test_the_three_verdicts(outcomes: Outcomes, overhead: float, says: str) -> None:
    assert answer.headline(outcomes, certify_outcomes(outcomes, overhead=overhead)) == says


def test_one_model_has_nothing_to_combine() -> None:
    whole = pool(100, 20, 3, 11)
    one = replace(whole, wrong=whole.wrong[:, :1], models=("a",))
    certificate = certify_outcomes(one, overhead=0.02)
    assert answer.headline(one, certificate) == "NO ROOM. One model, a: there is nothing to combine."


def test_certificate_overhead_and_the_queries_that_defeat_everyone() -> None:
    outcomes = pool(100, 20, 3, 11)
    certificate = certify_outcomes(outcomes, delta=0.1, overhead=0.02)
    facts, caveats = answer.first_sections(outcomes, certificate, ())
    rows = {row.label: (row.value, row.note) for row in facts.rows}
    low, most = 100 * (certificate.paired_min_gain or 0), 100 * certificate.paired_max_gain
    assert rows["certified gain"] == (
        f"{low:.1f} to {most:.1f} points",
        "at 90% each, of a perfect selector",
    )
    assert rows["your overhead"][0] == "2.0 points"
    # Queries 89 to 99; the even ones are of dataset y, and ten of eleven are named, by dataset.
    assert rows["fail everyone"] == (
        "11 of 100",
        "x: q89, q91, q93, q95, q97, q99; y: q90, q92, q94, q96 and 1 more",
    )
    assert caveats.sentences == ()
    easy = pool(100, 20, 3, 0)
    facts, _ = answer.first_sections(easy, certify_outcomes(easy), ())
    assert [(row.label, row.note) for row in facts.rows][1:] == [("fail everyone", "no query defeats every model")]


def test_what_voids_the_headline_stands_in_it_the_worst_first() -> None:
    left = LeftOut(20, 5, 3, np.array([10, 10]), np.array([4, 4]), {})
    outcomes = replace(pool(80, 20, 3, 10), left_out=left)
    findings = [
        Finding("constant", "A constant model.", ("a",), 1),
        Finding("coverage", "Sparse models.", ("b",), 1),
        Finding("duplicates", "Two models are one.", ("a",), 1),
        Finding("repeated_prompts", "Repeated prompts.", ("q",), 1),
    ]
    _, caveats = answer.first_sections(outcomes, certify_outcomes(outcomes), findings)
    # (10 + 3 + 5) of 100; the finding on coverage says nothing that this sentence does not.
    assert caveats.sentences == (
        "! 20 of 100 queries were not answered by every model; with them up to 18.0% defeat everyone",
        "! Two models are one.",
        "! Repeated prompts.",
        "! 1 more, at the end with verbose=true",
    )


def test_the_findings_that_void_most_come_first() -> None:
    known = ["swapped", "duplicates", "inverted", "blocks", "repeated_prompts", "coverage", "ungraded", "at_limit"]
    checks = [*known, "constant", "zero_costs"]
    whole = pool(80, 20, 3, 10)
    for worse, better in pairwise(checks):
        findings = [Finding(name, f"About {name}.", ("a",), 1) for name in (better, worse)]
        _, caveats = answer.first_sections(whole, certify_outcomes(whole), findings)
        assert caveats.sentences == (f"! About {worse}.", f"! About {better}.")
    three = [Finding(name, f"About {name}.", ("a",), 1) for name in checks[:3]]
    assert len(answer.first_sections(whole, certify_outcomes(whole), three)[1].sentences) == 3
    numbered = answer.exhibit(whole, certify_outcomes(whole), three)
    assert [anchor for _, _, anchor in numbered.caveats] == [f"health-of-the-matrix-{i}" for i in (1, 2, 3)]


def test_totals_certify_no_least_gain() -> None:
    totals = certify_counts(n_all_wrong=20, n_queries=400, n_models=8, best_correct=370, delta=0.1)
    facts = on_one_screen(totals, None, (), ("A note.",))
    most = f"{100 * totals.paired_max_gain:.1f} points"
    assert totals.paired_min_gain is None and answer._certified(totals) == f"at most {most}"
    assert facts[1][0].sentences == ("A note.",) and facts[0] == f"CANNOT TELL YET. {totals.decision}"
    assert [row.label for row in facts[1][0].rows] == ["gain at most (paired)", "gain at most (ceiling)"]
    whole = pool(100, 20, 3, 11)
    known = replace(certify_outcomes(whole), paired_min_gain=None)
    certified = answer.first_sections(whole, known, ())[0].rows[0]
    assert certified.value.startswith("at most ") and certified.note == "at 95%, of a perfect selector"
    one = replace(whole, wrong=whole.wrong[:, :1], models=("a",))
    said = answer.next_section(certify_outcomes(one)).sentences
    assert said == ("Next: add models: one has nothing to combine.",)
    assert answer.exhibit(one, certify_outcomes(one)).verdict == "No room: one model has nothing to combine."


def test_what_a_page_shows_of_the_matrix() -> None:
    left = LeftOut(20, 5, 3, np.array([10, 10]), np.array([4, 4]), {})
    outcomes = replace(pool(80, 20, 3, 10), left_out=left)
    certificate = certify_outcomes(outcomes, overhead=0.02)
    shown = answer.exhibit(outcomes, certificate, [Finding("constant", "A constant model.", ("a",), 1)])
    assert shown.certified == (certificate.paired_min_gain, certificate.paired_max_gain)
    assert shown.caveats == (
        ("20 queries left out", "20 queries were not answered by every model and are left out.", "the-matrix"),
        ("constant models", "A constant model.", "health-of-the-matrix-1"),
    )
    limits = f"{100 * (certificate.paired_min_gain or 0):.1f} to {100 * certificate.paired_max_gain:.1f} points"
    assert shown.verdict == f"{answer.verdict(certificate).capitalize()}: {limits} certified."


def test_a_list_of_queries_is_as_long_as_its_line() -> None:
    """110 letters: five names of 20 with what parts them are 108, four of 23 with "and 1 more" 109, of 24 113."""
    for length, named in ((20, 5), (21, 4), (23, 4), (24, 3)):
        names = tuple(f"{i}{'q' * (length - 1)}" for i in range(5))
        _, said = answer._defeated(Outcomes(np.ones((5, 2), bool), names, ("a", "b"), "made"))
        assert said == ", ".join(names[:named]) + ("" if named == 5 else f" and {5 - named} more")


def test_long_names_stay_apart_and_short_ones_whole() -> None:
    start, middle = "task_of_a_long_repository_name-", "y" * 12
    names = [f"{start}a{middle}1-{start}", f"{start}b{middle}1-{start}", f"{start}a{middle}2-{start}"]
    assert answer._short(names) == [f"…a{middle}1…", f"…b{middle}1…", f"…a{middle}2…"]
    assert answer._short([f"{start}alpha-6", f"{start}{start}"]) == ["…alpha-6", "…task_of_…"]
    assert answer._short(["q-1", "q-2"]) == ["q-1", "q-2"]
    assert answer._short(["z" * 60]) == ["z" * 19 + "…" + "z" * 18]


def test_how_many_more_queries_would_decide() -> None:
    below = certify_outcomes(pool(1000, 200, 15, 10), overhead=0.02)
    assert below.outcome == "open"
    wanted = queries_to_decide(below)
    assert wanted is not None and wanted > 1000
    above = certify_outcomes(pool(100, 20, 3, 11), overhead=0.02)
    more = queries_to_decide(above)
    assert more is not None
    assert clopper_pearson_lower(round(0.03 * more), more, 0.05) > 0.02
    assert clopper_pearson_lower(round(0.03 * (more - more // 50)), more - more // 50, 0.05) <= 0.021
    assert queries_to_decide(certify_outcomes(pool(100, 20, 2, 11), overhead=0.02)) is None  # the same rate
    assert queries_to_decide(certify_outcomes(pool(1000, 200, 100, 11), overhead=0.02)) is None  # decided
    assert queries_to_decide(certify_outcomes(pool(100, 20, 3, 11))) is None  # no overhead stated


def shown(result: Result, **options: object) -> list[str]:
    console = Console(file=io.StringIO(), width=80, force_terminal=False)
    render(result, console, **options)  # type: ignore[arg-type]
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def test_a_screen_unless_all_is_asked_for() -> None:
    long = Section("Long", tuple(f"sentence {i}" for i in range(40)))
    result = Result("Headline.", {}, sections=(long,))
    brief = shown(result, verbose=False)
    assert len(brief) <= SCREEN
    assert brief[-1].endswith("more lines")
    assert "sentence 39" in shown(result, verbose=True)[-1]
    with_brief = replace(result, brief=(Section("A", ("first",)), Section("B", ("second",))))
    assert [line for line in shown(with_brief, verbose=False) if "entence" in line] == []
    assert "first" in shown(with_brief, verbose=False)
    after = shown(with_brief, verbose=False, announced=1)
    assert "first" not in after and "second" in after and not any("Headline" in line for line in after)
    console = Console(file=io.StringIO(), width=80)
    announce("Headline.", with_brief.brief[:1], console)
    assert [*console.file.getvalue().splitlines(), *after] == shown(with_brief, verbose=False)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("wanted", "said"), [(340, "grade about 240 more"), (90, "too close"), (None, "too close")])
def test_how_many_are_still_to_grade(monkeypatch: pytest.MonkeyPatch, wanted: int | None, said: str) -> None:
    monkeypatch.setattr(answer, "queries_to_decide", lambda _: wanted)
    certificate = certify_outcomes(by_hand.pool(), overhead=0.1)
    assert certificate.outcome == "open"
    assert said in answer.next_section(certificate).sentences[0]
