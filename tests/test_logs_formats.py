"""Every log format: what a log holds is found in it, survives `convert`, and is recognised; bad logs are one line."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from cofail_lab.data.auto import AutoSource, guess
from cofail_lab.data.formats import FORMATS, source_class
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.errors import InputError
from cofail_lab.experiments.convert import wide_tables
from cofail_lab.grades import Cell, Grades
from tests import log_makers
from tests.log_makers import ERROR, MAKERS, MISSING, MODELS, RIGHT, UNSCORED, WRONG, Made

VENDOR = Path(__file__).with_name("logs")


def load(format: str, path: str | list[str] | Path, **options: Any) -> Grades:  # noqa: A002
    return source_class(format)(path=str(path) if isinstance(path, Path) else path, **options).load()


def converted(grades: Grades, folder: Path) -> Grades:
    """The matrix after a way through the wide format and back."""
    tables, left = wide_tables(grades)
    folder.mkdir()
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    assert set(left) <= {"votes", "multi_answer", "n_logs"}
    return WideSource(path=str(folder / "grades.parquet")).load()


def assert_same(one: Grades, other: Grades) -> None:
    assert (one.queries, one.models) == (other.queries, other.models)
    np.testing.assert_array_equal(one.cells, other.cells)
    for name in ("cost", "tokens", "frac", "samples"):
        assert (name in one.per_cell) == (name in other.per_cell), name
        if name in one.per_cell:
            np.testing.assert_array_equal(one.per_cell[name], other.per_cell[name])
    for name in ("dataset", "prompt"):
        if name in one.per_query:
            assert list(one.per_query[name]) == list(other.per_query[name])


def one_line(error: pytest.ExceptionInfo[InputError]) -> str:
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 600
    return message


@pytest.fixture(params=MAKERS)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Made]:
    name, maker = MAKERS[request.param]
    (tmp_path / "log").mkdir()
    return name, maker(tmp_path / "log")


def test_every_cell_is_found_in_its_state(made: tuple[str, Made]) -> None:
    name, log = made
    grades = load(name, log.path, **log.options)
    truth, query = log.truth, log.query or log.truth.query
    row = {q: i for i, q in enumerate(grades.queries)}
    column = {m: j for j, m in enumerate(grades.models)}
    assert len(column) == len(MODELS)
    for (i, j), state in np.ndenumerate(truth.cells):
        if query(i) not in row:
            # A log cannot name a query that no model was asked.
            assert (truth.cells[i] == MISSING).all()
            continue
        here = row[query(i)], column[log.model(MODELS[j])]
        assert Cell(grades.cells[here]) == Cell(state), (i, MODELS[j])
        asked, answered = truth.tokens(i, j)
        expected = {"cost": truth.cost(i, j), "tokens_in": asked, "tokens_out": answered}
        for what in log.keeps:
            if state in (RIGHT, WRONG):
                assert grades.per_cell[what][here] == expected[what]
    if "prompt" in grades.per_query:
        assert grades.per_query["prompt"][row[query(0)]] == truth.prompt(0)


def test_converts_to_the_same_matrix(made: tuple[str, Made], tmp_path: Path) -> None:
    name, log = made
    grades = load(name, log.path, **log.options)
    assert_same(grades, converted(grades, tmp_path / "wide"))


def test_is_recognised_by_its_own_reader_only(made: tuple[str, Made]) -> None:
    name, log = made
    for path in log.files:
        found = guess(path)
        assert found is not None
        assert found[0] == name
    if set(log.options) <= {"scorer", "threshold"}:
        grades = AutoSource(path=log.path, **log.options).load()
        assert_same(grades, load(name, log.path, **log.options))


def test_compressed_logs_are_read_too(tmp_path: Path) -> None:
    log = log_makers.openai_evals(tmp_path)
    plain = load("openai_evals", log.path)
    for path in log.files:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    np.testing.assert_array_equal(load("openai_evals", log.path).cells, plain.cells)


# What a damaged or malicious file may look like, whatever its format.
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut short": lambda text: text[: len(text) // 2],
    "not UTF-8": lambda text: text.replace(b'"', b'"\xff', 20),
    "deep": lambda _: b'{"records":' * 100_000,
    "deep lists": lambda _: b"[" * 200_000,
    "another kind": lambda _: b"3\n",
    "null": lambda _: b"null\n",
    "a list": lambda _: b'["a"]\n',
    "binary": lambda _: bytes(range(256)) * 50,
    "a number of 10,000 digits": lambda text: text.replace(b": 1", b": 1" + b"0" * 10_000),
    "half a surrogate pair": lambda text: text.replace(b'": "', b'": "\\ud800'),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_one_line_or_does_no_harm(made: tuple[str, Made], damage: str) -> None:
    name, log = made
    path = log.files[0]
    before = path.read_bytes()
    path.write_bytes(DAMAGE[damage](before))
    try:
        source_class(name)(path=str(path), **log.options).load()
    except InputError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 600
    else:
        assert damage in ("a number of 10,000 digits", "half a surrogate pair", "not UTF-8")
        assert path.read_bytes() == before or damage == "half a surrogate pair"
    assert isinstance(source_class(name).sniff(path), str)


def edited(path: Path, change: Callable[[Any], Any]) -> None:
    """Change the JSON document, or the first line of JSON lines, in place."""
    first, *rest = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
    document = json.loads(first)
    changed = change(document)
    path.write_text("\n".join([json.dumps(document if changed is None else changed), *rest]))


def first(document: dict[str, Any]) -> dict[str, Any]:
    return next(iter(document.values()))


@pytest.mark.parametrize(
    ("maker", "change", "says"),
    [
        ("llmrouterbench", lambda d: d.pop("model_name"), "no 'model_name'"),
        ("llmrouterbench", lambda d: d.update(model_name=None), "model_name is null"),
        ("llmrouterbench", lambda d: d.update(records={}), "records: an object where a list was expected"),
        ("llmrouterbench", lambda d: d["records"][0].update(score=0.5), "0.5 is neither 0 nor 1; data.threshold="),
        ("llmrouterbench", lambda d: d["records"][0].update(score=[1]), "[1] is not a score"),
        ("llmrouterbench", lambda d: d["records"][0].update(cost=-1), "cost: -1 is not a number >= 0"),
        ("llmrouterbench", lambda d: d["records"][0].update(cost=float("inf")), "cost: inf is not a number >= 0"),
        ("llmrouterbench", lambda d: d["records"][0].pop("index"), "record 1: no 'index'"),
        ("every_eval_ever", lambda d: d.pop("sample_id"), "line 1: no 'sample_id'"),
        ("every_eval_ever", lambda d: d["evaluation"].update(score=0.0), "contradict each other"),
        ("every_eval_ever", lambda d: d["evaluation"].update(is_correct="yes"), "is_correct is 'yes'"),
        ("every_eval_ever", lambda d: d.update(evaluation=None), "evaluation: null where an object"),
        ("every_eval_ever", lambda d: d["token_usage"].update(input_tokens="many"), "'many' is not a number"),
        ("helm", lambda d: d[0].pop("instance_id"), "row 1: no 'instance_id'"),
        ("helm", lambda d: d[0]["stats"][0].update(mean=0.5), "0.5 is neither 0 nor 1"),
        ("helm", lambda d: d[0]["stats"].append({**d[0]["stats"][0], "mean": 0}), "has two values, 1 and 0"),
        ("swebench_report", lambda d: d.update(schema_version=1), "schema_version 1; 2 is read"),
        ("swebench_report", lambda d: d.update(resolved_ids="all"), "resolved_ids: 'all' where a list"),
        ("swebench_report", lambda d: d["unresolved_ids"].append(d["resolved_ids"][0]), "is both resolved and in"),
        ("swebench_report", lambda d: d["submitted_ids"].append("stray"), "'stray' was submitted, but is in no list"),
        ("swebench_report", lambda d: d["resolved_ids"].append(3), "resolved_ids holds something that is no instance"),
        ("swebench_details", lambda d: first(d).pop("resolved"), "no 'resolved' among cost, api_calls"),
        ("swebench_results", lambda d: d.pop("resolved"), "no 'resolved' among no_generation, no_logs"),
        ("swebench_results", lambda d: d["resolved"].append("stray"), "'stray' is not among the ids of data.instances"),
        ("evalplus", lambda d: first(d["eval"])[0].update(plus_status="maybe"), "status 'maybe' is not pass"),
        ("evalplus", lambda d: first(d["eval"])[0].pop("base_status"), "a sample without 'base_status'"),
        ("evalplus", lambda d: d.update(eval=[]), "eval: a list where an object was expected"),
        ("openai_evals", lambda d: d["spec"].update(completion_fns=[]), "spec.completion_fns"),
        ("openai_evals", lambda d: {"final_report": {}}, "no 'spec' line"),
        ("paper_matrix", lambda d: first(first(d)["models"]).update(correct="perhaps"), "'perhaps' is not a score"),
        ("paper_matrix", lambda d: first(d).update(models=[]), "models: a list where an object was expected"),
        ("paper_fusion", lambda d: first(d["samples"]).update(x=[{}]), "neither text nor a grade"),
        ("paper_fusion", lambda d: first(d["meta"]).pop("answer"), "no 'answer' in meta, which has ds"),
    ],
)
def test_bad_fields_are_named(tmp_path: Path, maker: str, change: Callable[[Any], Any], says: str) -> None:
    name, make = MAKERS[maker]
    log = make(tmp_path)
    edited(log.files[0], lambda document: change(document) if says == "no 'spec' line" else (change(document), None)[1])
    with pytest.raises(InputError) as error:
        load(name, log.files[0], **log.options)
    assert says in one_line(error)
    assert log.files[0].name in str(error.value)


def test_one_key_twice_is_not_the_last_one(tmp_path: Path) -> None:
    path = tmp_path / "matrix.json"
    cell = '{"dataset": "d", "models": {"a": {"correct": 1}, "a": {"correct": 0}}}'
    path.write_text(f'{{"q1": {cell}}}')
    with pytest.raises(InputError, match="key 'a' appears twice"):
        load("paper_json", path)


def test_partial_scores_need_a_threshold(tmp_path: Path) -> None:
    log = log_makers.llmrouterbench(tmp_path)
    edited(log.files[0], lambda d: d["records"][0].update(score=0.5))
    with pytest.raises(InputError, match=r"data.threshold="):
        load("llmrouterbench", log.path)
    for threshold, state in ((0.5, RIGHT), (0.51, WRONG)):
        grades = load("llmrouterbench", log.path, threshold=threshold)
        i, j = grades.queries.index("1"), grades.models.index(MODELS[0])
        assert grades.cells[i, j] == state
        assert grades.per_cell["score"][i, j] == 0.5


# --- One format at a time -------------------------------------------------------------------------------------------


def test_published_pickles_are_refused_unopened(tmp_path: Path) -> None:
    path = tmp_path / "routerbench_0shot.pkl"
    path.write_bytes(b"cos\nsystem\n(S'echo harm'\ntR.")
    for source in (source_class("routerbench")(path=str(path)), AutoSource(path=str(path))):
        with pytest.raises(InputError) as error:
            source.load()
        message = one_line(error)
        assert "import pandas" in message
        assert "pandas.read_pickle('routerbench_0shot.pkl').to_parquet('routerbench.parquet')" in message


def test_vendor_helm_runs() -> None:
    """Two trials are repeats, a stat that was nan is unscored, perturbed rows are left out."""
    with pytest.raises(InputError, match=r"2 scorers .exact_match, quasi_exact_match.; choose with data.scorer="):
        load("helm", VENDOR / "helm")
    with pytest.raises(InputError, match="does not say by itself what is right"):
        load("helm", VENDOR / "helm", scorer="inference_runtime")
    grades = load("helm", VENDOR / "helm", scorer="exact_match")
    assert grades.queries == ("id1", "id2", "id3")
    assert grades.models == ("openai/gpt-4", "meta/llama-3-8b")
    assert grades.per_cell["samples"].tolist() == [
        [[RIGHT, RIGHT], [RIGHT, WRONG]], [[WRONG, RIGHT], [RIGHT, RIGHT]], [[WRONG, WRONG], [UNSCORED, WRONG]]
    ]  # fmt: skip
    assert set(grades.per_query["dataset"]) == {"mmlu:subject=anatomy,method=multiple_choice_joint"}
    assert grades.per_cell["at_limit"].tolist() == [[False, False], [False, False], [True, True]]
    assert (grades.per_cell["tokens_in"] == 50).all()
    slow = load("helm", VENDOR / "helm", scorer="inference_runtime", threshold=0.2)
    assert (slow.cells == RIGHT).all()


def test_helm_needs_its_run_spec(tmp_path: Path) -> None:
    log = log_makers.helm(tmp_path)
    log.files[0].with_name("run_spec.json").unlink()
    with pytest.raises(InputError, match=r"no run_spec.json beside it"):
        load("helm", log.files[0])


def test_vendor_swebench_reports() -> None:
    """What broke is an error and what was never predicted is missing, though the harness scores both as failures."""
    grades = load("swebench", VENDOR / "swebench")
    assert grades.models == ("agent__one", "two")
    column = dict(zip(grades.queries, grades.cells[:, 0], strict=True))
    expected = [RIGHT] * 4 + [WRONG, ERROR, WRONG, WRONG, ERROR, MISSING]
    assert [column[f"org__repo-{i}"] for i in range(10)] == expected
    report = json.loads((VENDOR / "swebench" / "agent__one.run-1.json").read_text())
    assert "org__repo-5" in report["unresolved_ids"]
    assert any("infrastructure" in note for note in grades.notes)


def test_swebench_results_need_all_ids(tmp_path: Path) -> None:
    log = log_makers.swebench_results(tmp_path)
    with pytest.raises(InputError, match=r"data.instances= names a file with all ids"):
        load("swebench", log.path)
    listed = tmp_path / "ids.json"
    listed.write_text(json.dumps([log.truth.query(i) for i in range(log.truth.n)]))
    np.testing.assert_array_equal(
        load("swebench", log.path, instances=str(listed)).cells, load("swebench", log.path, **log.options).cells
    )
    # An older submission lists what was generated.
    edited(log.files[0], lambda d: d.update(generated=[log.truth.query(i) for i in range(log.truth.n)]))
    assert load("swebench", log.files[0]).cells.shape == (log.truth.n, 1)


def test_vendor_evalplus_results() -> None:
    with pytest.raises(InputError, match=r"2 scorers .base, plus.; choose with data.scorer="):
        load("evalplus", VENDOR / "evalplus")
    base = load("evalplus", VENDOR / "evalplus", scorer="base")
    plus = load("evalplus", VENDOR / "evalplus", scorer="plus")
    assert plus.models == ("model-a", "model-b")
    assert base.per_cell["samples"][:, 0].tolist() == [[0, 0], [0, 1], [1, 0]]
    assert plus.per_cell["samples"][:, 0].tolist() == [[0, 1], [0, 1], [1, 0]]
    # pass@1 as EvalPlus printed it for these two files.
    np.testing.assert_allclose(base.per_cell["frac"].mean(axis=0), [2 / 3, 2 / 3])
    np.testing.assert_allclose(plus.per_cell["frac"].mean(axis=0), [1 / 2, 1 / 3])


def test_evalplus_layouts_of_before(tmp_path: Path) -> None:
    path = tmp_path / "some-model" / "eval_results.json"
    path.parent.mkdir()
    held = {"HumanEval/0": {"nfiles": 1, "base": [["pass", [1]]], "plus": [["fail", [0]]]}}
    path.write_text(json.dumps({"eval": held, "hash": ""}))
    assert load("evalplus", path, scorer="plus").cells.tolist() == [[WRONG]]
    assert load("evalplus", path, scorer="base").models == ("some-model",)
    path.write_text(json.dumps({"eval": {"Mbpp/2": [{"base_status": "pass", "plus_status": None}]}}))
    assert load("evalplus", path).cells.tolist() == [[RIGHT]]


def test_vendor_openai_evals_logs() -> None:
    grades = load("openai_evals", VENDOR / "openai_evals")
    assert grades.models == ("gpt-3.5-turbo", "gpt-4")
    assert grades.cells[:5].tolist() == [
        [RIGHT, RIGHT], [WRONG, RIGHT], [WRONG, WRONG], [ERROR, ERROR], [MISSING, MISSING]
    ]  # fmt: skip
    np.testing.assert_array_equal(grades.cells[5:], grades.cells[:5])
    # The model-graded eval has the grader's calls among its own.
    known = ~np.isnan(grades.per_cell["tokens_out"])
    assert known[:3].all()
    assert not known[5:].any()


def test_openai_evals_with_several_scores(tmp_path: Path) -> None:
    log = log_makers.openai_evals(tmp_path)
    event = {"run_id": "r", "sample_id": log.truth.query(0), "type": "metrics", "data": {"f1": 0.25, "choice": "B"}}
    with log.files[0].open("a") as file:
        file.write(json.dumps(event) + "\n")
    with pytest.raises(InputError, match=r"2 scorers .f1, match.; choose with data.scorer="):
        load("openai_evals", log.files[0])
    graded = load("openai_evals", log.files[0], scorer="f1", threshold=0.2)
    assert graded.cells[0, 0] == RIGHT
    assert (graded.cells[1:] > WRONG).all()


def test_every_eval_ever_with_several_results_per_sample(tmp_path: Path) -> None:
    log = log_makers.every_eval_ever(tmp_path)
    path = log.files[0]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    other = [
        {**line, "evaluation_result_id": "style", "evaluation": {"score": 1.0, "is_correct": True}} for line in lines
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, *other]))
    with pytest.raises(InputError, match=r"3 scorers .arithmetic, logic, style.; choose with data.scorer="):
        load("every_eval_ever", path)
    style = load("every_eval_ever", path, scorer="style")
    assert set(np.unique(style.cells)) == {RIGHT, ERROR}
    assert "samples" not in style.per_cell


def test_cascades_are_two_models(tmp_path: Path) -> None:
    path = tmp_path / "cascade.json"
    rec = [
        {"qid": f"q{i}", "ds": "d", "conf": i / 4, "Lcorr": i % 2, "Hcorr": 1, "Lcost": 0.5, "Hcost": 2}
        for i in range(4)
    ]
    path.write_text(json.dumps({"L": "small", "H": "large", "kc": 5, "rec": rec}))
    grades = load("paper_json", path)
    assert grades.models == ("small", "large")
    assert grades.cells.tolist() == [[1, 0], [0, 0], [1, 0], [0, 0]]
    assert grades.per_cell["confidence"][:, 0].tolist() == [0, 0.25, 0.5, 0.75]
    assert np.isnan(grades.per_cell["confidence"][:, 1]).all()
    assert grades.per_cell["cost"].tolist() == [[0.5, 2]] * 4
    assert guess(path) == ("paper_json", "a cascade of two models")
    path.write_text(json.dumps({"L": "small", "H": "small", "kc": 5, "rec": rec}))
    with pytest.raises(InputError, match="L and H are both 'small'"):
        load("paper_json", path)


def test_votes_limits_and_multiple_answers_of_the_matrix(tmp_path: Path) -> None:
    log = log_makers.paper_matrix(tmp_path)
    grades = load("paper_json", log.path)
    votes = grades.per_cell["votes"]
    assert votes.shape == (25, 3, 3)
    assert votes[0].tolist() == [[RIGHT, MISSING, MISSING], [RIGHT, WRONG, MISSING], [RIGHT, WRONG, UNSCORED]]
    assert grades.per_query["multi_answer"].tolist() == [i % 3 == 0 for i in range(25)]
    asked = grades.cells != MISSING
    np.testing.assert_array_equal(
        grades.per_cell["at_limit"][asked], np.broadcast_to([False, True, True], (25, 3))[asked]
    )


def test_fusion_samples_that_are_grades_and_that_are_text(tmp_path: Path) -> None:
    log = log_makers.paper_fusion(tmp_path)
    with pytest.raises(InputError, match=r"data.gold= names the field of meta that holds the right one .ds, answer."):
        load("paper_json", log.path)
    text = load("paper_json", log.path, **log.options)
    assert text.per_cell["samples"].shape == (25, 3, 3)
    assert (text.per_cell["samples"][..., 1] == RIGHT).all()  # PARIS is paris
    assert (text.per_cell["samples"][..., 2] == WRONG).all()
    path = tmp_path / "graded.json"
    path.write_text(json.dumps({"samples": {"q": {"a": [True, 0, None]}}, "meta": {}, "models": ["a"], "S": 3}))
    graded = load("paper_json", path)
    assert graded.per_cell["samples"].tolist() == [[[RIGHT, WRONG, UNSCORED]]]


def test_names_are_never_paths(tmp_path: Path) -> None:
    """A model called ../../etc/passwd is read, carried and written like any other."""
    log = log_makers.llmrouterbench(tmp_path / "log")
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    grades = load("llmrouterbench", log.path)
    assert MODELS[1] in grades.models
    assert_same(grades, converted(grades, tmp_path / "wide"))
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file() and "wide" not in path.parts) == before


def test_every_format_is_tested() -> None:
    made_here = {name for name, _ in MAKERS.values()}
    made_by_tools = {"inspect", "lm_eval"}
    tables = {"csv", "parquet", "long", "npz"}
    assert made_here | made_by_tools | tables == set(FORMATS)
    assert replace(log_makers.Truth((RIGHT,)), n=3).cells.tolist() == [[RIGHT] * 3] * 3
