"""Grades, names, paths, answers and counts: what each of many small values is read as, or refused with."""

from pathlib import Path
from typing import Any

import numpy as np

from cofail_lab.data.alike import alike, plain
from cofail_lab.data.cells import TextColumns, cell_states, read_texts, spellings_note
from cofail_lab.data.counts import CountsSource
from cofail_lab.data.names import check_names, clean_text, counted, list_names, shorten
from cofail_lab.data.paths import ABSENT, FieldPath
from cofail_lab.data.rule import Rule, amount, check_choice, chosen, raw_score
from cofail_lab.data.sheet import protected, read_verdicts, unprotected
from cofail_lab.grades import Cell
from tests.data.odd.outcomes import put
from tests.data.odd.said import said, table
from tests.experiments.whole import keep

SCORES: list[Any] = [
    *(None, True, False, 0, 1, -0.0, 1.0, 0.5, 2, -1, float("nan"), float("inf"), 10**400),
    *("", " ", "0", "1.0", " 1 ", "0.5", "-1", "nan", "inf", "true", "FALSE", "Pass", "fail", "x", "1,5"),
    *("C", "I", "P", "N", "c", "i", "p", "n", "partial", "Partial", "correct", "Incorrect"),
    *([], [1], {}, {"a": 1}, (1,), b"1"),
]


def test_what_a_score_is(tmp_path: Path) -> None:
    kept = []
    for score in SCORES:
        name = "10**400" if score == 10**400 else repr(score)
        states = [said(Rule(threshold=threshold).state, score, "f: r") for threshold in (None, 0.5, 0)]
        states = [Cell(int(state)).name if state.isdigit() else state for state in states]
        words = " | ".join(dict.fromkeys(states)) if len(set(states)) == 1 else " | ".join(states)
        kept.append(f"{name}: {words} | {said(raw_score, score)} | {said(amount, score, 'f: r')}")
    keep("parts_scores", kept, tmp_path, exact=True)


def test_which_of_several_names_is_meant(tmp_path: Path) -> None:
    names, one, many = ["b", "a"], ["a"], list("ihgfedcba")
    stated: list[Any] = ["a", "c", ["c", "b"], ["b", "a"], ["c", "d"], ["c"], [], None]
    tasks: list[Any] = [{"t*": "a"}, {"u": "a"}, {"t1": "c"}, {"T*": "b", "t?": "a"}, {"u*": "a", "t*": "b"}, {}]
    kept = [
        f"{choice} of {held}: {said(chosen, 'data.scorer', choice, held, 'scorer', 'f.json', 't1')}"
        for choice in (*stated, *tasks)
        for held in (names, one, many, [])
    ]
    kept.append(said(chosen, "data.filter", None, names, "filter", "f.json"))
    values: list[Any] = [None, "a", "", 3, ["a"], [], ["a", 3], ("a",), {"t": "a"}, {"t": 3}, {}, True]
    kept += table(check_choice, [("data.scorer", value, "scorer") for value in values])
    keep("parts_choices", kept, tmp_path, exact=True)


def _cells(columns: list[str], **keys: Any) -> list[str]:
    rows = list(zip(*(column.split(" ") for column in columns), strict=True))
    held = TextColumns.of([["" if text == "_" else text for text in row] for row in rows], len(columns))
    reading = read_texts(held, **keys)
    names = [f"m{j}" for j in range(len(columns))]
    states = said(
        cell_states, held, reading, names, [f"q{i}" for i in range(len(rows))], "t.csv", keys.get("threshold")
    )
    return [f"{' / '.join(columns)} {keys or ''}", f"  {states}", f"  {spellings_note(held, reading)}"]


def test_what_a_cell_of_a_table_is(tmp_path: Path) -> None:
    tables: list[tuple[list[str], dict[str, Any]]] = [
        (["1 0 1.0 0.0 true FALSE _ missing", "yes No correct WRONG pass fail passed failed"], {}),
        (["✓ ✗ ✔️ ✘ ✅ ❌ unscored Error", "na N/A #N/A <NA> NaN None null timeout"], {}),
        (["t f t", "Y n y", "c i c", "T F Y"], {}),
        (["A C B D", "c i _ error"], {}),
        (["1.00 +1 0e0 -0"], {}),
        (["0.5 1"], {}),
        (["0.5 0.25 2 7"], {}),
        (["90% 10%"], {}),
        (["90% maybe"], {}),
        (["maybe 1 no"], {}),
        (["maybe perhaps 2", "1 often 0"], {}),
        (["0.5 0.25 1 0 yes"], {"threshold": 0.3}),
        (["5 7 _ x"], {"threshold": 6}),
        (["0,5 0,25 1"], {"threshold": 0.3, "decimal_comma": True}),
        (["0,5 0,25 1"], {"threshold": 0.3}),
        (["inf 1"], {"threshold": 0.3}),
    ]
    keep("parts_cells", [line for columns, keys in tables for line in _cells(columns, **keys)], tmp_path, exact=True)


def test_names_and_lists_of_them(tmp_path: Path) -> None:
    names = [["a", "b"], ["a", "a"], ["a", " "], ["a b", "a  b"], ["a", "\ud800"], ["a", "b", "b", "a"], []]
    kept = table(check_names, [(one, "query", "f.csv") for one in names])
    kept.append(said(check_names, ["", "a"], "column", "f.csv", blank=True))
    kept.append(said(check_names, ["", " "], "column", "f.csv", blank=True))
    kept += table(shorten, [("x" * 60,), ("x" * 61,), ("abcdef", 5), ("abcde", 5)])
    kept += table(list_names, [([],), (list("ab"),), (list("abcde"),), (list("abcdef"),), (list("abc"), 2)])
    kept += table(counted, [(0, "query"), (1, "query"), (2, "query"), (1000, "pair")])
    kept.append(clean_text("a\ud800b") + clean_text("ä"))
    keep("parts_names", kept, tmp_path, exact=True)


def test_where_paths_lead(tmp_path: Path) -> None:
    document = {
        "a": {"b": [1, {"c": 2}, {"c": 3, "n": 7}], "x.y": 4},
        "a.b": 5,
        "n": None,
        "list": [{"name": "judge", "v": [8, 9]}, {"name": 3, "v": 10}, "judge"],
    }
    paths = ["a", "a.b", "a.b[0]", "a.b.1.c", "a.b[1].c", "a.b[-1].c", "a.b[3]", "a.b[-4]", "a.b[*].c", "a.*", "a.b.*"]
    paths += ["n", "n.x", "z", "list[name=judge].v", "list[name=judge].v[1]", "list[name=3].v", "list[name=4].v", "*"]
    paths += ["list.*.v", "list[*].v.*", "a.x.y", "list[2]", "list[2].v"]
    kept = []
    for text in paths:
        path = FieldPath(text, "data.right")
        value = path.value(document)
        kept.append(f"{text}: {'absent' if value is ABSENT else repr(value)}; {list(path.every(document))}")
    bad: list[Any] = ["", ".", "a..b", "a.", "a[", "a[]", "a[x]", "a[1", "[0]", "a[n=]", "a[=x]", None, 3, "a]b"]
    kept += [f"{text!r}: {said(lambda one=text: FieldPath(one, 'data.right').steps)}" for text in bad]
    keep("parts_paths", kept, tmp_path, exact=True)


def test_answers_that_are_alike(tmp_path: Path) -> None:
    answers = [
        "1200",
        "$1{,}200.0$",
        "1,200",
        "12,00",
        "\\boxed{\\frac{1}{2}}",
        "0.5",
        "50%",
        "1/2",
        "(b)",
        "b)",
        "[b]",
        "B",
    ]
    answers += [
        "b.",
        "−3",
        "-3",
        "\\text{ Yes. }",
        "yes",
        "",
        " ",
        "1/0",
        "1e2",
        "100",
        "(a, b)",
        "x" * 41,
        "\\dfrac{3}{6}",
    ]
    same = [[other for other in answers if alike(one, other)] for one in answers]
    kept = [f"{one!r}: {plain(one)!r}; like {others}" for one, others in zip(answers, same, strict=True)]
    keep("parts_alike", kept, tmp_path, exact=True)


def test_totals_of_a_published_table(tmp_path: Path) -> None:
    cases: list[dict[str, Any]] = [
        {"best_correct": 225},
        {"best_accuracy": 0.682},
        {"best_accuracy": 0.68},
        {"best_accuracy": 1.0},
        {"best_accuracy": 0.0},
        {"best_accuracy": 0.6801},
        {"best_accuracy": 68.2},
        {"best_accuracy": 0.68, "best_correct": 225},
        {},
        {"best_correct": 1, "n_queries": 0},
        {"best_correct": 1, "n_queries": 2.5},
    ]
    known = {"n_all_wrong": 16, "n_queries": 330, "n_models": 67}
    kept = [f"{case}: {said(lambda one=case: CountsSource(**{**known, **one}).load())}" for case in cases]
    keep("parts_counts", kept, tmp_path, exact=True)


def test_cells_that_no_spreadsheet_changes(tmp_path: Path) -> None:
    texts = [
        "plain",
        "=1+1",
        "+1",
        "-1",
        "@x",
        "'x",
        "\tx",
        "＝1",
        "1",
        "1.5",
        "007",
        "12345678901234567",
        "true",
        "Truest",
    ]
    texts += ["1/2", "May 5", "mayor", "march-5", "", "TRUE", "3e5", "x" * 32_001, ".5", "1-2"]
    kept = [f"{shorten(text, 20)!r}: {shorten(protected(text), 20)!r} {protected(text)[-30:]!r}" for text in texts]
    assert all(unprotected(protected(text)) == text for text in texts if len(text) <= 32_000)
    keep("parts_protected", kept, tmp_path, exact=True)


SHEETS = {
    "verdicts": "query,verdict\nq1,genuine\nq 2,Reference Error\n'=3,grader-defect\n,\n",
    "answers alone": "id,answer,answer_b,well_posed_a,well_posed_b,draw\nq1,'x, y ,yes,0,3\nq 2,,,,1,4.0\n",
    "a word nearly right": "query,verdict\nq1,genuin\n",
    "a word that is none": "query,verdict\nq1,zzz\n",
    "a query nearly right": "query,verdict\nq 22,genuine\n",
    "a query that is none": "query,verdict\nzzz,genuine\n",
    "a blank query": "query,verdict\n,genuine\n",
    "two rows that agree": "query,verdict\nq1,genuine\nq1,GENUINE\n",
    "two rows that differ": "query,verdict\nq1,genuine\nq1,ambiguous\n",
    "no verdict": "query,note\nq1,genuine\n",
    "no query": "name,verdict\nq1,genuine\n",
    "a truth that is none": "query,verdict,well_posed\nq1,,perhaps\n",
    "a draw that is none": "query,verdict,draw\nq1,,second\n",
}


def test_what_a_sheet_of_verdicts_says(tmp_path: Path) -> None:
    kept = []
    for title, text in SHEETS.items():
        path = put(tmp_path, {"s.csv": text})
        kept.append(f"{title}: {said(lambda one=path: repr(read_verdicts(one, ('q1', 'q 2', '=3'))))}")
    keep("parts_verdicts", kept, tmp_path, exact=True)


def test_masks_and_numbers_stay_what_they_are() -> None:
    held = TextColumns.of([["1", "x"], ["x", "1"]], 2)
    assert held.texts == ["1", "x"] and held.codes.tolist() == [[0, 1], [1, 0]]
    assert np.array_equal(read_texts(held).scores, [1, np.nan], equal_nan=True)
