"""Every log format: what a log holds is found in it, survives `convert`, and is recognised; bad logs are one line."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cofail_lab.data.auto import AutoSource, guess
from cofail_lab.data.formats import FORMATS, source_class
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell
from tests.data.makers import documented
from tests.data.makers.documented import MISSING, MODELS, RIGHT, WRONG, Made
from tests.data.makers.platforms import MAKERS
from tests.data.reading import assert_same, converted, edited, first, load, one_line


def test_every_format_is_a_choice_on_the_command_line_and_in_python() -> None:
    from cofail_lab.cli import config_folder

    configs = {path.stem for path in (config_folder() / "data").glob("*.yaml")}
    assert {*FORMATS, "auto"} <= configs
    for name in FORMATS:
        assert source_class(name).patterns
    with pytest.raises(InputError, match="format: 'xlsx' is not one of csv"):
        source_class("xlsx")


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


# Recognised by the whole name of a file, as their tool writes it; Inspect's own library looks at the ending itself.
_BY_NAME = {"helm", "lighteval_text", "swebench_details", "swebench_instances", "swebench_results", "inspect"}


@pytest.mark.parametrize("kind", sorted(set(MAKERS) - _BY_NAME))
def test_endings_in_capitals_are_the_same_endings(kind: str, tmp_path: Path) -> None:
    """Windows writes RUN.JSON."""
    name, maker = MAKERS[kind]
    log = maker(tmp_path)
    for path in log.files:
        stem, dot, ending = path.name.partition(".") if path.name.endswith(".gz") else path.name.rpartition(".")
        loud = path.rename(path.with_name(f"{stem}{dot}{ending.upper()}"))
        found = guess(loud)
        assert found is not None
        assert found[0] == name


def test_compressed_logs_are_read_too(tmp_path: Path) -> None:
    log = documented.openai_evals(tmp_path)
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
        (
            "swebench_report",
            lambda d: d["resolved_ids"].append(3),
            "resolved_ids holds something that is not an instance id",
        ),
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
    log = documented.llmrouterbench(tmp_path)
    edited(log.files[0], lambda d: d["records"][0].update(score=0.5))
    with pytest.raises(InputError, match=r"data.threshold="):
        load("llmrouterbench", log.path)
    for threshold, state in ((0.5, RIGHT), (0.51, WRONG)):
        grades = load("llmrouterbench", log.path, threshold=threshold)
        i, j = grades.queries.index("1"), grades.models.index(MODELS[0])
        assert grades.cells[i, j] == state
        assert grades.per_cell["score"][i, j] == 0.5


def test_names_are_never_paths(tmp_path: Path) -> None:
    """A model called ../../etc/passwd is read, carried and written like any other."""
    log = documented.llmrouterbench(tmp_path / "log")
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    grades = load("llmrouterbench", log.path)
    assert MODELS[1] in grades.models
    assert_same(grades, converted(grades, tmp_path / "wide"))
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file() and "wide" not in path.parts) == before


def test_every_format_is_tested() -> None:
    made_here = {name for name, _ in MAKERS.values()}
    made_by_tools = {"inspect", "lm_eval"}
    tables = {"csv", "parquet", "long", "npz", "records"}
    assert made_here | made_by_tools | tables == set(FORMATS)
    assert replace(documented.Truth((RIGHT,)), n=3).cells.tolist() == [[RIGHT] * 3] * 3


def test_which_files_of_a_folder_each_format_reads() -> None:
    tables = ("*.csv", "*.csv.gz", "*.tsv", "*.tsv.gz")
    lines = ("*.jsonl", "*.jsonl.gz")
    assert {name: source_class(name).patterns for name in FORMATS} == {
        "csv": (*tables, "*.xlsx", "*.parquet"),
        "parquet": (*tables, "*.xlsx", "*.parquet"),
        "long": (*tables, "*.parquet"),
        "npz": ("*.npz", "*.npy"),
        "records": (*lines, "*.ndjson", "*.ndjson.gz", "*.json", "*.json.gz", *tables, "*.xlsx", "*.parquet"),
        "inspect": ("*.eval", "*.json"),
        "lm_eval": (*lines, "*_write_out_info.json"),
        "helm": ("per_instance_stats.json", "per_instance_stats.json.gz"),
        "routerbench": (*tables, "*.parquet", "*.pkl", "*.pickle"),
        "llmrouterbench": ("*.json",),
        "swebench": ("*.json", "run_instance.log"),
        "evalplus": ("*eval_results.json",),
        "openai_evals": lines,
        "every_eval_ever": lines,
        "paper_json": ("*.json", "*.json.gz"),
        "lighteval": ("details_*.parquet",),
        "opencompass": ("*.json",),
        "promptfoo": ("*.json", "*.jsonl", "*.json.gz", "*.jsonl.gz"),
    }
