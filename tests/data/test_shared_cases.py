"""Small files that once gave wrong numbers in silence, or no numbers; each stands for its kind."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cofail_lab.data.auto import AutoSource
from cofail_lab.data.readers.swebench import SWEBenchSource
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"{CASES} is not there")


def read(case: str, path: str = "", **keys: Any) -> Grades:
    return AutoSource(str(CASES / case / path), **keys).load()


def accuracy(grades: Grades) -> dict[str, str]:
    """Right of graded cells, by model."""
    graded, right = (grades.cells <= Cell.WRONG).sum(axis=0), (grades.cells == Cell.RIGHT).sum(axis=0)
    return {model: f"{k}/{n}" for model, k, n in zip(grades.models, right, graded, strict=True)}


def test_join_prompts_differ(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"4 queries of the same name ask something else.*data.join=content"):
        AutoSource([str(CASES / "join_prompts_differ" / name) for name in ("a.csv", "b.csv")]).load()
    told = (
        r"4 queries with different prompts under one name, such as '1': 'Capital of France\?' and 'Capital of Peru\?'"
    )
    with pytest.raises(InputError, match=rf"both.csv: {told}; every question needs its own name, or data.join=id"):
        read("join_prompts_differ", "both.csv")
    both = read("join_prompts_differ", "both.csv", join="id")
    assert any("4 queries with different prompts" in note for note in both.notes)


def test_inspect_limits() -> None:
    grades = read("inspect_limits", "logs")
    assert set(accuracy(grades).values()) == {"3/6"}
    assert grades.outcomes().n_all_wrong == 2
    assert grades.per_cell["at_limit"].sum() == 6


def test_inspect_retried_logs() -> None:
    grades = read("inspect_retried_logs", "logs")
    assert list(accuracy(grades).values()) == ["5/6"]
    assert "samples" not in grades.per_cell


def test_inspect_same_model_other_settings() -> None:
    grades = read("inspect_same_model_other_settings", "logs")
    assert len(grades.models) == 3
    assert any("reasoning_effort=high" in model for model in grades.models)
    assert "samples" not in grades.per_cell
    assert len(read("inspect_same_model_other_settings", "logs", name="model").models) == 1


def test_lm_eval_0_4_0_array() -> None:
    grades = read("lm_eval_0_4_0_array", "out")
    assert sorted(grades.models) == ["acme/large", "acme/small"]
    assert grades.cells.shape == (4, 2)
    assert set(grades.per_query["dataset"]) == {"arc_toy"}
    for name in ("small", "large"):
        rows = json.loads((CASES / f"lm_eval_0_4_0_array/out/pretrained=acme__{name}_arc_toy.jsonl").read_text())
        assert accuracy(grades)[f"acme/{name}"] == f"{sum(row['acc'] == 1 for row in rows)}/{len(rows)}"


def test_lm_eval_json_output_path() -> None:
    assert sorted(read("lm_eval_json_output_path", "results").models) == ["acme/large", "acme/small"]


def test_lm_eval_two_filters_without_name() -> None:
    with pytest.raises(InputError, match=r"2 filters \(first, second\); choose with data.filter="):
        read("lm_eval_two_filters_without_name", "out")
    for name, large in (("first", "2/4"), ("second", "3/4")):
        assert accuracy(read("lm_eval_two_filters_without_name", "out", filter=name))["acme/large"] == large


def test_lm_eval_tasks_with_other_metrics() -> None:
    case = "lm_eval_tasks_with_other_metrics"
    with pytest.raises(
        InputError, match=r"2 scorers \(acc, acc_norm\); choose with data.scorer=; by task: data.scorer={arc_toy"
    ):
        read(case, "out")
    by_list = read(case, "out", scorer=["acc_norm", "exact_match"], filter=["strict-match"])
    by_task = read(
        case, "out", scorer={"arc*": "acc_norm", "gsm8k_toy": "exact_match"}, filter={"gsm*": "strict-match"}
    )
    assert by_list.cells.shape == (12, 2)
    np.testing.assert_array_equal(by_list.cells, by_task.cells)
    with pytest.raises(InputError, match=r"data.scorer: f1, bleu is not in .*, which has acc, acc_norm"):
        read(case, "out/acme__small", scorer=["f1", "bleu"], filter=["strict-match"])


def test_auto_takes_the_keys_that_messages_name() -> None:
    file = next((CASES / "lm_eval_tasks_with_other_metrics" / "out" / "acme__small").glob("samples_gsm8k*"))
    with pytest.raises(InputError, match=r"choose with data.filter="):
        AutoSource(str(file)).load()
    assert AutoSource(str(file), filter="strict-match").load().cells.shape == (6, 1)
    with pytest.raises(InputError, match=r"data.instances: 'x'; format lm_eval has no such key"):
        AutoSource(str(file), filter="strict-match", instances="x").load()


def test_helm_rows_of_several_metrics() -> None:
    grades = read("helm_rows_of_several_metrics", "runs")
    assert (grades.cells == Cell.RIGHT).sum() == (grades.cells == Cell.WRONG).sum() == 4
    assert "samples" not in grades.per_cell


def test_swebench_same_file_name(tmp_path: Path) -> None:
    assert SWEBenchSource(str(CASES / "swebench_same_file_name" / "*" / "report.json")).load().models == (
        "model_a",
        "model_b",
    )
    # Reports of one name and run in two folders are two systems, too.
    for folder in ("model_a", "model_b"):
        (tmp_path / folder).mkdir()
        shutil.copy(CASES / "swebench_same_file_name" / folder / "report.json", tmp_path / folder / "agent.run1.json")
    assert SWEBenchSource(str(tmp_path)).load().models == ("agent (folder=model_a)", "agent (folder=model_b)")


def test_swebench_subset_report() -> None:
    grades = read("swebench_subset_report", "model-a.run1.json")
    assert sorted(grades.cells.ravel().tolist()) == [Cell.RIGHT, Cell.WRONG, Cell.MISSING, Cell.MISSING]
    assert any("submitted but not evaluated in this run, counted as missing: 2" in note for note in grades.notes)
