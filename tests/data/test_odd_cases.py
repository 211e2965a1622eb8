"""Odd cases of the readers' small parts, each by hand."""

import hashlib
import io
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.data.dialect import Dialect, find_dialect
from cofail_lab.data.layout import NUMBERED
from cofail_lab.data.paths import ABSENT, FieldPath
from cofail_lab.data.readers import npz, promptfoo
from cofail_lab.data.readers.inspect import _notes
from cofail_lab.data.readers.npz import NpzSource
from cofail_lab.data.readers.opencompass import OpenCompassSource
from cofail_lab.data.readers.raters import RatersSource
from cofail_lab.data.readers.routerbench import RouterBenchSource
from cofail_lab.data.readers.suggestion import _NAMES, _guess, suggest
from cofail_lab.data.readers.swebench import _model_and_run
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.errors import InputError
from tests.data.cells import write

DOCUMENT = {
    "runs": [3, {"name": "a", "v": 1}, {"name": "judge", "v": [2, 5]}],
    "by": {"x": {"v": 7}, "y": {"w": 8}},
    "a.b": 9,
    "a": {"b": 10},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("runs[name=judge].v", [2, 5]),
        ("runs[name=judge].v[-1]", 5),
        ("runs[name=judge].v[2]", ABSENT),
        ("runs[-3]", 3),
        ("runs[-4]", ABSENT),
        ("runs[name=c]", ABSENT),
        ("runs[0].v", ABSENT),
        ("runs[*].v", [1, 2, 5]),
        ("by.*.v", [7]),
        ("by.*.z", ABSENT),
        ("a.b", 9),
        ("a", {"b": 10}),
    ],
)
def test_what_a_path_leads_to(path: str, value: Any) -> None:
    assert FieldPath(path, "data.right").value(DOCUMENT) == value


def test_what_stands_for_a_star_is_a_key() -> None:
    assert list(FieldPath("by.*", "data.right").every(DOCUMENT)) == [(("x",), {"v": 7}), (("y",), {"w": 8})]


def test_rows_without_names_are_numbered_whatever_stands_beside_the_grades(tmp_path: Path) -> None:
    """A column of datasets, whose names repeat, names no query; nor does a category."""
    for name in ("dataset", "category"):
        grades = WideSource(write(tmp_path, f"{name},a,b\nx,1,0\nx,0,1\ny,1,1\n", f"{name}.csv")).load()
        assert (grades.models, NUMBERED in grades.notes) == (("a", "b"), True)
        assert list(grades.per_query["dataset"]) == ["x", "x", "y"]


def test_names_of_raters_with_the_signs_of_patterns(tmp_path: Path) -> None:
    path = write(tmp_path, "query,j[1],j[2],k\nq,1,0,1\nr,0,0,1\n", "votes.csv")
    assert RatersSource(path, raters=["j[1]", "k"]).load().raters == ("j[1]", "k")


@pytest.mark.parametrize("header", ["sample,m,m|total_cost", "sample_id,m,m_cost"])
def test_a_table_of_router_bench_has_ids_and_costs(tmp_path: Path, header: str) -> None:
    path = write(tmp_path, f"{header}\nq,1,0.5\n", "t.csv")
    with pytest.raises(InputError, match=r"no column 'sample_id' with MODEL and MODEL\|total_cost columns"):
        RouterBenchSource(path).load()


def test_an_archive_says_which_answers_stopped_at_a_limit(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", wrong=np.eye(2), at_limit=np.array([[1, 0], [0, 1]]))
    assert NpzSource(str(tmp_path / "m.npz")).load().per_cell["at_limit"].tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("gpt.run-1.json", ("gpt", "run-1")),
        ("a.b.run.json", ("a.b", "run")),
        ("run.json", ("here", "")),
        ("report.json", ("here", "")),
    ],
)
def test_a_report_is_named_after_its_model_and_run(tmp_path: Path, name: str, found: tuple[str, str]) -> None:
    assert _model_and_run(tmp_path / "here" / name) == found


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("sep=;\nquery;a;b\nq;1;0\n", Dialect(";", stated=True)),
        ("SEP=|\r\nquery|a\n", Dialect("|", stated=True)),
    ],
)
def test_a_first_line_states_the_delimiter(tmp_path: Path, text: str, dialect: Dialect) -> None:
    assert find_dialect(Path(write(tmp_path, text, "t.csv"))) == dialect
    (tmp_path / "wide.csv").write_bytes(text.encode("utf-16"))
    assert find_dialect(tmp_path / "wide.csv") == dialect._replace(encoding="utf-16")


@pytest.mark.parametrize(
    ("scorer", "roles", "used", "said"),
    [
        ("model_graded_qa", {}, ("m",), True),
        ("inspect/model_graded_fact", {}, (), True),
        ("model_graded_qa", {}, ("m", "judge"), False),
        ("model_graded_qa", {"grader": "judge"}, ("m",), False),
        ("match", {}, ("m",), False),
    ],
)
def test_a_model_that_grades_itself_is_named(scorer: str, roles: dict, used: tuple[str, ...], said: bool) -> None:
    log: Any = SimpleNamespace(
        status="success",
        eval=SimpleNamespace(model="m", scorers=[SimpleNamespace(name=scorer)], model_roles=roles),
        stats=SimpleNamespace(model_usage=dict.fromkeys(used)),
    )
    last = "m graded its own answers: its tokens include those of grading."
    assert _notes(log, "s", 0, Counter()) == ["Right is decided by scorer 's'.", *[last] * said]
    log.status = "cancelled"
    assert _notes(log, "", 2, Counter(invalid=3))[:3] == [
        "m: the run's status is 'cancelled'.",
        "m: samples of the dataset that are not in the log, counted as missing: 2.",
        "m: invalidated samples, counted as missing: 3.",
    ]


def test_settings_that_do_not_change_what_a_provider_answers(tmp_path: Path) -> None:
    """Keys, addresses, seeds and prices tell no two systems apart; everything else does."""
    same = ("apiKey", "apiKeyEnvar", "apiHost", "apiBaseUrl", "seed", "cost", "inputCost", "outputCost")
    config = dict.fromkeys(same, "x") | {"temperature": 0.5, "max_tokens": 9}
    document = {"results": {"results": []}, "config": {"providers": [{"id": "openai:m", "config": config}, "other"]}}
    path = tmp_path / "r.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert promptfoo._results(path) == ([], {"openai:m": {"temperature": "0.5", "max_tokens": "9"}})
    named = [{"id": "openai:m", "label": "mine", "config": {"top_p": 1}}]
    path.write_text(json.dumps({"results": [{"success": True}], "config": {"providers": named}}), encoding="utf-8")
    assert promptfoo._results(path) == ([("r.json: result 1", {"success": True})], {"mine": {"top_p": "1"}})


@pytest.mark.parametrize(
    ("array", "graded"),
    [
        (np.eye(3), True),
        (np.array([[1, np.nan], [0, 1]]), True),
        (np.eye(2, dtype=bool), True),
        (np.zeros((2, 2, 2), np.int8), True),
        (np.full((2, 2), 0.5), False),
        (np.zeros(4), False),
        (np.zeros((2, 2, 2, 2)), False),
        (np.array([["1", "0"]]), False),
        (np.zeros((2, 2), complex), False),
        (np.zeros((2, 2), "V0"), False),
    ],
)
def test_what_looks_like_a_matrix_of_grades(array: np.ndarray, *, graded: bool) -> None:
    stream = io.BytesIO()
    np.save(stream, array)
    assert npz._looks_graded(stream.getvalue()) == graded


def test_predictions_are_recognised_by_their_fields_and_their_results(tmp_path: Path) -> None:
    for folder in ("predictions", "results"):
        (tmp_path / folder / "m").mkdir(parents=True)
    place, results = (tmp_path / folder / "m" / "d.json" for folder in ("predictions", "results"))
    place.write_text(json.dumps({"0": {"prediction": "a", "origin_prompt": "b"}}), encoding="utf-8")
    assert OpenCompassSource.sniff(place) == ""
    results.write_text(json.dumps({"details": {"0": {"correct": True}}}), encoding="utf-8")
    assert OpenCompassSource.sniff(place) == "OpenCompass predictions with results"
    place.write_text(json.dumps({"0": {"prediction": "a", "prompt": "b"}}), encoding="utf-8")
    assert OpenCompassSource.sniff(place) == ""


def test_a_mapping_that_may_fit_is_suggested() -> None:
    """The first of the telling names, at any depth; an ``id`` below a name counts; a model may be the folder."""
    for key, names in _NAMES.items():
        for first, second in pairwise(names):
            fields = {f"a.{second}": 1, f"b.{first}": 2, "x": 3}
            assert _guess(key, fields) == f"b.{first}"
    assert _guess("query", {"x": 1, "task.id": 2}) == "task.id"
    assert (_guess("model", {"x": 1}), _guess("right", {"x": 1})) == ("@folder", None)
    record = {"sample_id": "q", "run": {"system": "m"}, "ok": [True]}
    assert suggest(("query", "model", "right"), "f.json", [record, {"sample_id": "r"}]) == (
        "f.json: data.query=, data.model=, data.right= must name a field; these look like: data.query=sample_id "
        "data.model=run.system; fields: sample_id ('q'), run.system ('m'), ok ([True])"
    )


@pytest.mark.parametrize("key", ["sample_id", "item_id", "problem_id", "doc_id", "testidx", "id", "name", "prompt"])
def test_names_of_queries_that_are_suggested(key: str) -> None:
    assert key in _NAMES["query"]


def test_where_a_rater_has_no_choice_of_scores(tmp_path: Path) -> None:
    path = write(tmp_path, "sample_id,m,m|total_cost\nq,1,0.5\n", "t.csv")
    with pytest.raises(InputError, match=r"'other' is not in t\.csv, which has "):
        RouterBenchSource(path, scorer="other").load()
    votes = write(tmp_path, "query,j,k\nq,1,0\nr,0,\n", "votes.csv")
    read = RatersSource(votes).load()
    assert read.sha256 == hashlib.sha256(Path(votes).read_bytes()).hexdigest()
    assert read.notes[:2] == (
        "2 items and 2 raters: j, k.",
        "1 of 4 labels are missing; a missing label is no vote.",
    )
