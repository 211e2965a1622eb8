"""Logs of lm-evaluation-harness, made by the harness itself with its dummy model."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cofail_lab.data.auto import AutoSource, guess
from cofail_lab.data.readers.lm_eval import LmEvalSource, _Run
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades
from tests.data.cells import RIGHT, UNSCORED, WRONG
from tests.data.makers import small_logs
from tests.data.reading import assert_same, converted, one_line

MODELS = ("org/alpha", "org/beta")


def load(path: Path | str, **options: Any) -> Grades:
    return LmEvalSource(path=str(path), **options).load()


def accuracy(harness_logs: Path, model: str, task: str, metric: str) -> float:
    """As the harness itself computed it."""
    paths = harness_logs.glob(f"*/{model.replace('/', '__')}/results_*.json")
    (found,) = [held[task] for path in paths if task in (held := json.loads(path.read_text())["results"])]
    return found[metric]


def test_two_folders_make_one_matrix(harness_logs: Path, tmp_path: Path) -> None:
    grades = load(f"{harness_logs}/out/*/samples_sums_*")
    assert grades.models == MODELS
    assert grades.cells.shape == (8, 2)
    assert (grades.cells <= WRONG).all()
    for j, model in enumerate(MODELS):
        assert (grades.cells[:, j] == RIGHT).mean() == accuracy(harness_logs, model, "sums", "acc,none")
    assert set(grades.per_query["dataset"]) == {"sums"}
    assert grades.per_query["prompt"][3] == "What is 3 plus 3?"
    assert grades.per_query["n_logs"].tolist() == [2] * 8
    assert_same(grades, converted(grades, tmp_path / "wide"))
    assert (grades.cells[:, 0] != grades.cells[:, 1]).any()


def test_the_metric_is_chosen_never_guessed(harness_logs: Path) -> None:
    with pytest.raises(InputError) as error:
        load(f"{harness_logs}/more/*/samples_two_metrics_*")
    assert "2 scorers (acc, acc_norm); choose with data.scorer=" in one_line(error)
    for metric in ("acc", "acc_norm"):
        grades = load(f"{harness_logs}/more/*/samples_two_metrics_*", scorer=metric)
        for j, model in enumerate(MODELS):
            share = (grades.cells[:, j] == RIGHT).mean()
            assert share == pytest.approx(accuracy(harness_logs, model, "two_metrics", f"{metric},none"), abs=1e-12)
    # One document is in the task twice: nine queries, none of them a repeated sample.
    assert grades.cells.shape == (9, 2)
    assert "samples" not in grades.per_cell
    assert sum(query.endswith("#2") for query in grades.queries) == 1


def test_the_filter_is_chosen_never_guessed(harness_logs: Path) -> None:
    with pytest.raises(InputError) as error:
        load(f"{harness_logs}/more/*/samples_written_*")
    assert "2 filters (shout, strict); choose with data.filter=" in one_line(error)
    with pytest.raises(InputError, match=r"data.filter: 'loose' is not in"):
        load(f"{harness_logs}/more/*/samples_written_*", filter="loose")
    strict = load(f"{harness_logs}/more/*/samples_written_*", filter="strict")
    shout = load(f"{harness_logs}/more/*/samples_written_*", filter="shout")
    # The dummy model writes "lol", the answer to every other item; in capitals it is none.
    assert (strict.cells == RIGHT).sum() == 8
    assert (shout.cells == WRONG).all()


def test_documents_match_by_hash_not_by_position(harness_logs: Path, tmp_path: Path) -> None:
    """The rows of one model in another order, renumbered, make the same matrix."""
    (path,) = harness_logs.glob("out/*beta/samples_sums_*")
    folder = tmp_path / "org__beta"
    folder.mkdir()
    rows = [json.loads(line) for line in path.read_text().splitlines()][::-1]
    for number, row in enumerate(rows):
        row["doc_id"] = number
    (folder / path.name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (results,) = harness_logs.glob("out/*beta/results_*")
    (folder / results.name).write_text(results.read_text())
    (alpha,) = harness_logs.glob("out/*alpha/samples_sums_*")
    turned = LmEvalSource(path=[str(alpha), str(folder / path.name)]).load()
    assert_same(turned, load(f"{harness_logs}/out/*/samples_sums_*"))


def test_rows_of_older_versions(harness_logs: Path, tmp_path: Path) -> None:
    """Without ``doc_hash``, ``filter`` and ``metrics``: the hash is computed as the harness does."""
    (path,) = harness_logs.glob("out/*alpha/samples_sums_*")
    folder = tmp_path / "my__model"
    folder.mkdir()
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    kept = [{k: v for k, v in row.items() if k not in ("doc_hash", "filter", "metrics")} for row in rows]
    (folder / path.name).write_text("".join(json.dumps(row) + "\n" for row in kept))
    old = load(folder)
    new = load(path)
    assert old.queries == new.queries
    np.testing.assert_array_equal(old.cells, new.cells)
    assert old.models == ("my__model",)
    assert any("named after its folder" in note for note in old.notes)


def test_metrics_of_which_less_is_better(harness_logs: Path, tmp_path: Path) -> None:
    (path,) = harness_logs.glob("out/*alpha/samples_sums_*")
    (results,) = harness_logs.glob("out/*alpha/results_*")
    (tmp_path / path.name).write_text(path.read_text())
    changed = json.loads(results.read_text())
    changed["higher_is_better"]["sums"]["acc"] = False
    (tmp_path / results.name).write_text(json.dumps(changed))
    with pytest.raises(InputError, match=r"lower values of 'acc' are better"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda row: row.update(acc=0.5), "0.5 is neither 0 nor 1"),
        (lambda row: row.update(acc={"a": 1}), "is not a score"),
        (lambda row: row.update(metrics="acc"), "line 1: metrics is not a list of names"),
        (lambda row: (row.pop("doc_hash"), row.pop("doc")), "line 1: neither doc_hash nor doc"),
    ],
)
def test_bad_rows_are_named(harness_logs: Path, tmp_path: Path, change: Any, says: str) -> None:
    (path,) = harness_logs.glob("out/*alpha/samples_sums_*")
    first, *rest = path.read_text().splitlines()
    row = json.loads(first)
    change(row)
    bad = tmp_path / path.name
    bad.write_text("\n".join([json.dumps(row), *rest]))
    with pytest.raises(InputError) as error:
        load(bad)
    assert says in one_line(error)
    for text in (b"", b"[1]\n", b"{\n", b'{"doc_id": \xff}\n', b"[" * 10**5):
        bad.write_bytes(text)
        with pytest.raises(InputError) as error:
            load(bad)
        assert bad.name in one_line(error)


def test_an_unscored_row_is_not_wrong(harness_logs: Path, tmp_path: Path) -> None:
    (path,) = harness_logs.glob("out/*alpha/samples_sums_*")
    first, *rest = path.read_text().splitlines()
    changed = tmp_path / path.name
    changed.write_text("\n".join([json.dumps({**json.loads(first), "acc": None}), *rest]))
    assert load(changed).cells[0, 0] == UNSCORED


def test_logs_of_two_harnesses_over_the_same_items_join_by_content(harness_logs: Path, inspect_logs: Path) -> None:
    """Two harness folders and three Inspect logs ask the same questions under other names."""
    source = AutoSource(path=[f"{harness_logs}/out/*/samples_sums_*", str(inspect_logs / "plain")], join="content")
    grades = source.load()
    assert set(grades.models) == {*MODELS, "mockllm/one", "mockllm/two", "mockllm/three"}
    assert grades.cells.shape == (8, 5)
    assert (grades.per_query["n_logs"] == 5).all()
    (sample,) = harness_logs.glob("out/*alpha/samples_sums_*")
    found = guess(sample)
    assert found is not None
    assert found[0] == "lm_eval"


@pytest.mark.parametrize("setting", ["gen_kwargs", "model_args"])
def test_runs_with_other_settings_are_systems(setting: str, tmp_path: Path) -> None:
    for value in ("low", "high"):
        rows = [small_logs.lm_eval_row(k, float(value == "high"), "?") for k in range(2)]
        small_logs.lm_eval(tmp_path / value, rows, "m", **{setting: value})
    grades = load(tmp_path)
    assert set(grades.models) == {f"m ({setting}=low)", f"m ({setting}=high)"}
    assert grades.cells[:, grades.models.index(f"m ({setting}=high)")].tolist() == [RIGHT, RIGHT]


def test_a_metric_that_a_row_lacks_is_no_grade(tmp_path: Path) -> None:
    rows = [small_logs.lm_eval_row(k, 1.0, "?") for k in range(2)]
    del rows[1]["acc"]
    assert load(small_logs.lm_eval(tmp_path, rows, "m")).cells.ravel().tolist() == [RIGHT, UNSCORED]


@pytest.mark.parametrize(
    ("name", "model", "task"),
    [
        ("pretrained=org__m,dtype=x_arc_easy.jsonl", "org/m", "arc_easy"),  # the longest of two tasks
        ("engine=gpt_easy.jsonl", "gpt", "easy"),
        ("gpt-x_zeta.jsonl", "gpt-x", "zeta"),
        ("arc_easy_write_out_info.json", "here", "arc_easy"),
        ("other_write_out_info.json", "here", "other"),
        ("other.jsonl", "other", ""),
    ],
)
def test_old_names_tell_model_and_task(tmp_path: Path, name: str, model: str, task: str) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "results.json").write_text(json.dumps({"results": {"easy": {}, "zeta": {}, "arc_easy": {}}}))
    run = _Run(folder / name)
    assert (run.model, run.task) == (model, task)
    assert run.settings() == {"folder": "here"}


def test_a_run_has_the_shots_of_its_own_task(tmp_path: Path) -> None:
    run = _Run(tmp_path / "samples_task_2025-01-02T03-04-05.678901.jsonl")
    run._results = {"n-shot": {"other": 3, "task": 5}, "config": {}}
    assert run.task == "task" and run.settings()["n-shot"] == "5"
    run._results = {"n-shot": {"other": 3}, "config": {}}
    assert "n-shot" not in run.settings()
