"""`experiment=audit`: the sheet written, filled in and read back; partly read; from totals; and what is refused."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import beta

from cofail_lab.data.counts import CountsSource
from cofail_lab.data.published import published_pools
from cofail_lab.decisions.replay import audit_of
from cofail_lab.errors import InputError
from cofail_lab.experiments.audit import Audit
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.grades import Grades
from cofail_lab.result import Result
from tests.conftest import Run, real_path
from tests.experiments.sources import Fixed

NAMES = ["=cmd|' /C calc'!A0", "-1", "'x", "007", "1/2", *(f"q{i}" for i in range(5, 40))]


def matrix() -> Grades:
    """Forty queries with awkward names, ten of which defeat three models; answers and keys."""
    rng = np.random.default_rng(3)
    key = rng.choice(list("ABCD"), 40)
    answers = np.where(rng.random((40, 3)) < 0.7, key[:, None], rng.choice(list("ABCD"), (40, 3)))
    answers[:10] = np.where(key[:10, None] == "A", "B", "A")
    answers[1] = ["=1+1", "B", "+2"]
    key[1] = "@D"
    return Grades(
        (answers != key[:, None]).astype(np.int8),
        tuple(NAMES),
        ("m1", "m2", "m3"),
        "made up",
        per_query={"key": key.astype(object), "prompt": np.array([f"=HYPERLINK({i})" for i in range(40)], object)},
        per_cell={"answer": answers.astype(object)},
    )


def run(grades: Grades | None = None, seed: int = 0, **parameters: object) -> Result:
    source = Fixed(matrix() if grades is None else grades)
    return Audit(null=0, **parameters).run(Inputs(RunOptions(seed=seed), source=lambda: source))  # type: ignore[arg-type]


def sheet(folder: Path, verdicts: dict[int, dict[str, str]], **parameters: object) -> Path:
    """The sheet of `matrix`, filled in by number of the query, as a spreadsheet would save it."""
    rows = run(**parameters).tables["sheet"].to_pylist()
    for row in rows:
        place = NAMES.index(row["query"].removeprefix("'") if row["query"].removeprefix("'") in NAMES else row["query"])
        row.update(verdicts.get(place, {}))
    path = folder / "filled.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_the_sheet_has_every_all_wrong_query_first_and_no_cell_that_is_run() -> None:
    result = run(others=4)
    rows = result.tables["sheet"].to_pylist()
    n_all_wrong = int((matrix().cells == 1).all(axis=1).sum())
    assert len(rows) == n_all_wrong + 4
    assert [row["n_right"] for row in rows[:n_all_wrong]] == [0] * n_all_wrong
    assert sorted(row["draw"] for row in rows[:n_all_wrong]) == list(range(1, n_all_wrong + 1))
    assert [row["draw"] for row in rows[n_all_wrong:]] == [None] * 4
    assert {row["verdict"] for row in rows} == {"unread"}
    for row in rows:
        assert not any(isinstance(cell, str) and cell[:1] in tuple("=+-@") for cell in row.values())
    unanimous = {row["query"]: row["why"] for row in rows}
    assert unanimous["'007"].startswith("all 3 say")
    assert result.metrics["n_unanimous"] == sum("all 3" in why for why in unanimous.values())
    assert result.headline.startswith(f"{n_all_wrong} of 40 queries defeat every model; on ")
    rank = {row["query"]: row["rank"] for row in rows}
    assert len(set(rank.values())) == len(rank)


def test_a_solved_query_comes_after_all_that_defeat_everyone_however_suspicious() -> None:
    grades = matrix()
    key, answers = str(grades.per_query["key"][-1]), grades.per_cell["answer"].copy()
    answers[-1] = [f"({key.lower()})", key, key]
    cells = grades.cells.copy()
    cells[-1] = [1, 0, 0]
    rows = run(replace(grades, cells=cells, per_cell={"answer": answers}), others=1).tables["sheet"].to_pylist()
    assert (rows[-1]["query"], rows[-1]["rank"]) == ("q39", 1)
    assert rows[-1]["why"].startswith("like the key, yet graded wrong: 1; only 2 right (m2, m3)")
    assert all(row["n_right"] == 0 for row in rows[:-1])


def test_the_sheet_does_not_depend_on_the_order_of_the_rows() -> None:
    one, shuffled = matrix(), np.random.default_rng(1).permutation(40)
    for grades in (one, replace(one, per_cell={}, per_query={})):
        assert run(grades).tables["sheet"].equals(run(grades.take(rows=shuffled)).tables["sheet"])


def test_without_answers_the_sheet_is_shorter() -> None:
    plain = Grades(matrix().cells, matrix().queries, matrix().models, "made up")
    result = run(plain, others=0)
    assert result.metrics["n_unanimous"] is None
    assert "answers" not in result.tables["sheet"].column_names
    assert result.tables["sheet"].column("why").to_pylist()[0] == "nobody is right"


def test_verdicts_are_read_back_by_awkward_names(tmp_path: Path) -> None:
    verdicts = {
        0: {"verdict": "Genuine"},
        1: {"verdict": "grader defect", "right_answer": "'=1+1"},
        2: {"verdict": "reference-error"},
        3: {"verdict": "ambiguous", "well_posed": "0"},
        4: {"verdict": "genuine", "well_posed": "no"},
    }
    result = run(verdicts=str(sheet(tmp_path, verdicts)))
    assert {name: result.metrics[f"n_{name}"] for name in ("genuine", "reference_error", "ambiguous")} == {
        "genuine": 2,
        "reference_error": 1,
        "ambiguous": 1,
    }
    k = result.metrics["n_all_wrong"]
    assert k is not None and result.metrics["n_unread"] == k - 5
    assert result.metrics["n_genuine_ambiguous_first"] == 1
    assert result.metrics["n_corrected"] == 1
    assert result.metrics["all_wrong_after"] is None
    assert result.metrics["all_wrong_after_least"] == 2 / 40
    assert result.metrics["all_wrong_after_most"] == (k - 3) / 40
    assert result.metrics["before_n_all_wrong"] == k
    assert result.metrics["after_n_all_wrong"] == k - 3
    assert result.metrics["after_unread_removed_n_all_wrong"] == 2
    assert result.metrics["corrected_n_queries"] == 40 - 2
    assert result.headline.startswith(f"5 of {k} queries that defeat everyone are read: 2 genuine, 1 reference error, ")
    assert "genuine; asked first" not in result.headline
    table = {row["query"]: row for row in result.tables["verdicts"].to_pylist()}
    assert table["1/2"]["genuine_first"] == "genuine"
    assert table["1/2"]["ambiguous_first"] == "ambiguous"


def test_read_in_random_order_there_are_limits_at_every_stop(tmp_path: Path) -> None:
    rows = run().tables["sheet"].to_pylist()
    by_draw = {row["draw"]: row["query"] for row in rows if row["draw"]}
    place = {row["query"]: i for i, row in enumerate(rows)}
    for row in rows:
        row["verdict"] = ""
    for draw in (1, 2, 3):
        rows[place[by_draw[draw]]]["verdict"] = "genuine" if draw == 2 else "truncated"
    path = tmp_path / "s.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    result = run(verdicts=str(path))
    assert result.metrics["n_read_in_order"] == 3
    reading = result.tables["reading"].to_pydict()
    assert reading["read"] == [0, 1, 2, 3]
    assert result.metrics["n_genuine_lower"] == 1
    assert result.metrics["n_genuine_upper"] == min(reading["upper"][-1], len(by_draw) - 2)
    assert reading["fixed_upper"][3] <= reading["upper"][3]
    assert len(result.figures["reading"]().axes) == 1
    with pytest.raises(InputError, match=r"is number .* of the sheet's random order and .* of this one; the same data"):
        run(verdicts=str(path), seed=1)


def test_the_published_audit_replays_from_totals() -> None:
    """58 events in six pools, 3 genuine; β before and after with the limits that the reference work gives."""
    limits = {"MATH-500": 0.011, "MATH-Hard": 0.012, "code": 0.057, "mix of 15": 0.008, "MMLU-Pro of 15": 0.036}
    events = dict.fromkeys(("genuine", "reference_error", "ambiguous", "grader_defect", "truncated"), 0)
    after = {}
    for pool in published_pools():
        audit = audit_of(pool)
        if audit is None or not sum(audit.values()):
            continue
        k, n = int(pool["june_n_all_wrong"]), int(pool["june_n_queries"])
        source = CountsSource(k, n, int(pool["n_models"]), best_correct=n - k)
        result = Audit(totals={s: c for s, c in audit.items() if c}).run(
            Inputs(RunOptions(), source=lambda s=source: s)
        )
        m = result.metrics
        assert m["n_unread"] == 0
        assert m["all_wrong_after"] == m["all_wrong_after_least"] == m["all_wrong_after_most"]
        after[pool["pool"]] = (k, round((m["all_wrong_after"] or 0) * n), n)
        if pool["pool"] in limits:
            assert round(m["all_wrong_after_upper"] or 0, 3) == limits[pool["pool"]]
        for state in events:
            events[state] += m[f"n_{state}"] or 0
    assert after == {
        "MATH-500": (17, 0, 330),
        "MATH-Hard": (13, 0, 298),
        "code": (5, 0, 63),
        "mix of 15": (16, 0, 480),
        "MMLU-Pro of 15": (6, 2, 200),
        "MMLU-Pro": (1, 1, 124),
    }
    assert events == {"genuine": 3, "reference_error": 5, "ambiguous": 3, "grader_defect": 44, "truncated": 3}


def test_a_matrix_without_an_all_wrong_query(tmp_path: Path) -> None:
    solved = Grades(np.eye(3, dtype=np.int8), ("a", "b", "c"), ("x", "y", "z"), "made up")
    assert run(solved, others=2).headline == (
        "No query of 3 defeats every model. tables/sheet.csv has the 2 most suspicious ones."
    )
    assert run(solved, others=0).headline.endswith("there is nothing to read.")
    path = tmp_path / "s.csv"
    path.write_text("query,verdict\na,ambiguous\n")
    result = run(solved, verdicts=str(path))
    assert result.headline.startswith("No query of 3 defeats everyone")
    assert (result.metrics["n_genuine_upper"], result.metrics["after_n_queries"]) == (0, 2)


def test_words_when_all_is_read() -> None:
    def said(**totals: int) -> str:
        source = CountsSource(17, 330, 67, best_correct=276)
        return Audit(totals=totals).run(Inputs(RunOptions(), source=lambda: source)).headline

    assert said(grader_defect=16, truncated=1) == (
        "The 17 queries that defeat everyone are read: 0 genuine, 16 grader defects, 1 truncated. β falls from 5.2% to "
        "0.0% (95% 0.0% to 1.1%)."
    )
    assert said(genuine=17) == "All 17 queries that defeat everyone are genuine: β stays 5.2% (95% 3.0% to 8.1%)."
    assert said() == (
        "0 of 17 queries that defeat everyone are read: 0 genuine. β, 5.2% as graded, is from 0.0% to 5.2%, by what "
        "the others are."
    )


def test_limits_cover_what_the_unread_queries_can_be() -> None:
    source = CountsSource(17, 330, 67, best_correct=276)
    m = Audit(totals={"genuine": 2, "ambiguous": 5}).run(Inputs(RunOptions(), source=lambda: source)).metrics
    assert (m["n_unread"], m["all_wrong_after"]) == (10, None)
    assert (m["all_wrong_after_least"], m["all_wrong_after_most"]) == (2 / 330, 12 / 330)
    assert m["all_wrong_after_lower"] == pytest.approx(beta.ppf(0.025, 2, 329), rel=1e-9)
    assert m["all_wrong_after_upper"] == pytest.approx(beta.ppf(0.975, 13, 318), rel=1e-9)
    assert (m["all_wrong_after_removed_least"], m["all_wrong_after_removed_most"]) == (2 / 315, 12 / 325)
    # Some may be said to be unread: they are, like those of which nothing is said.
    said = Audit(totals={"genuine": 2, "ambiguous": 5, "unread": 4}).run(Inputs(RunOptions(), source=lambda: source))
    assert said.metrics == m


def test_the_seed_draws_the_reading_order() -> None:
    first, again, other = (run(seed=seed).tables["sheet"].column("draw").to_pylist() for seed in (0, 0, 1))
    assert first == again != other
    assert [draw is None for draw in first] == [draw is None for draw in other]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"others": -1}, "experiment.others: -1"),
        ({"choices": 1}, "experiment.choices: 1"),
        ({"delta": 0}, "experiment.delta: 0"),
        ({"verdicts": ""}, "experiment.verdicts: '' is not the path"),
        ({"totals": {"genuin": 1}}, "experiment.totals: 'genuin' is unknown"),
        ({"totals": {"genuine": -1}}, "experiment.totals.genuine: -1"),
        ({"totals": 3}, "experiment.totals: 3 is not of the form"),
        ({"totals": {"genuine": 1}}, "experiment.totals: these are for data=counts"),
        ({"verdicts": "absent.csv"}, "absent.csv: no such file"),
    ],
)
def test_bad_parameters_are_one_line(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        run(**parameters)
    assert "\n" not in str(error.value)


def test_totals_have_limits_of_their_own() -> None:
    source = CountsSource(3, 330, 67, best_correct=276)
    with pytest.raises(InputError, match=r"experiment\.totals: 4 verdicts on 3 all-wrong queries"):
        Audit(totals={"genuine": 4}).run(Inputs(RunOptions(), source=lambda: source))
    with pytest.raises(InputError, match="data=counts has no queries"):
        Audit(verdicts="a.csv").run(Inputs(RunOptions(), source=lambda: source))


def test_from_the_sheet_on_disk_to_what_is_left(run: Run) -> None:
    """The files as the command writes them: a byte order mark first, and an unknown verdict suggests the nearest."""
    quiet = ("experiment=audit", "record.figures=false", "record.report=false", "experiment.null=0")
    (run.folder / "grades.csv").write_text(
        "query,a,b,c\n" + "".join(f"=q{i},{int(i > 3)},{int(i > 5)},{int(i % 3 == 0 and i > 3)}\n" for i in range(30))
    )
    code, _, err = run(*quiet, "grades.csv", "hydra.run.dir=first")
    assert (code, err) == (0, "")
    raw = (run.folder / "first/tables/sheet.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert b'"\'=q0"' in raw and b'"=q0"' not in raw
    for word, expected in (("genuine", 0), ("genuin", 2)):
        (run.folder / "filled.csv").write_bytes(raw.replace(b'"unread"', f'"{word}"'.encode()))
        code, _, err = run(*quiet, "grades.csv", "experiment.verdicts=filled.csv", f"hydra.run.dir={word}")
        assert code == expected, err
    assert "did you mean genuine?" in err and len(err.strip().splitlines()) == 1
    record = json.loads((run.folder / "genuine/results.json").read_text())
    assert record["metrics"]["n_genuine"] == 4
    assert record["provenance"]["data"]["verdicts"] == "filled.csv"


@pytest.mark.slow
def test_the_chance_verdict_before_and_after(tmp_path: Path) -> None:
    """Half a minute: two fits. A planted common mode is called beyond chance, and is gone after it was read."""
    rng = np.random.default_rng(0)
    cells = (rng.random((600, 12)) < 0.3).astype(np.int8)
    cells[:60] = 1
    grades = Grades(cells, tuple(f"q{i}" for i in range(600)), tuple(f"m{j}" for j in range(12)), "made up")
    rows = [{"query": f"q{i}", "verdict": "reference_error"} for i in range(60)]
    path = tmp_path / "s.csv"
    path.write_text("query,verdict\n" + "\n".join(f"{row['query']},{row['verdict']}" for row in rows))
    audit = Audit(verdicts=str(path), null=39)
    result = audit.run(Inputs(RunOptions(), source=lambda: Fixed(grades)))
    assert result.labels["tail_before"] == "beyond"
    assert result.labels["tail_after"] in ("chance", "cannot_tell", "thinner")


def test_the_published_raters_as_a_sheet(tmp_path: Path) -> None:
    """Eleven all-wrong queries, two raters: 3 genuine as published, none if ill-posed items are ambiguous first."""
    path = real_path("audit_raters", ".csv")
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = tuple(row["query"] for row in rows)
    key = np.array([row["reference"] for row in rows], object)
    grades = Grades(np.ones((11, 2), np.int8), names, ("a", "b"), "raters", per_query={"key": key})
    result = run(grades, verdicts=str(path))
    assert result.metrics["n_genuine"] == 3
    assert result.metrics["n_reference_error"] == 5
    assert result.metrics["n_ambiguous"] == 3
    assert result.metrics["n_genuine_ambiguous_first"] == 0


def test_answers_that_read_like_a_key_are_counted_among_those_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """By queries, however many models say so."""
    from cofail_lab.experiments import audit

    monkeypatch.setattr(audit.words, "sheet_headline", lambda _: "said")
    monkeypatch.setattr(audit.words, "sheet_sections", lambda _: ())
    outcomes = SimpleNamespace(n_models=3, n_queries=9, n_all_wrong=2, all_wrong=lambda: 2 / 9)
    seen = SimpleNamespace(n_like_key=np.array([0, 1, 2, 3, 9]))
    sheet: Any = SimpleNamespace(
        outcomes=outcomes, rows=np.array([0, 1, 2, 3]), seen=seen, n_unanimous=1, table=lambda: pa.table({"x": [1]})
    )
    found = audit._sheet(sheet).metrics
    assert (found["n_like_key"], found["n_listed"], found["n_unanimous"]) == (3, 4, 1)
    assert (found["n_all_wrong"], found["all_wrong"]) == (2, 2 / 9)


def test_a_sheet_is_a_path() -> None:
    for verdicts in ("", 3, ["a.csv"], True):
        with pytest.raises(InputError, match=r"^experiment\.verdicts: .* is not the path of a sheet$"):
            Audit(verdicts=verdicts)  # type: ignore[arg-type]
    assert Audit(verdicts="a.csv").verdicts == "a.csv"
