"""HELM runs, written by the vendor's own package."""

import json
from pathlib import Path
from typing import Any

import pytest

from cofail_lab.errors import InputError
from tests.data.makers import documented, small_logs
from tests.data.makers.documented import RIGHT, UNSCORED, WRONG
from tests.data.reading import VENDOR, load


def test_vendor_helm_runs() -> None:
    """Two trials are repeats, a stat that was nan is unscored, perturbed rows are left out."""
    with pytest.raises(InputError, match=r"2 scorers .exact_match, quasi_exact_match.; choose with data.scorer="):
        load("helm", VENDOR / "helm")
    with pytest.raises(InputError, match=r"needs data.threshold= to decide what is right"):
        load("helm", VENDOR / "helm", scorer="inference_runtime")
    grades = load("helm", VENDOR / "helm", scorer="exact_match")
    assert grades.queries == ("id1", "id2", "id3")
    assert grades.models == ("openai/gpt-4", "meta/llama-3-8b")
    assert grades.per_cell["samples"].tolist() == [
        [[RIGHT, RIGHT], [RIGHT, WRONG]],
        [[WRONG, RIGHT], [RIGHT, RIGHT]],
        [[WRONG, WRONG], [UNSCORED, WRONG]],
    ]
    assert set(grades.per_query["dataset"]) == {"mmlu:subject=anatomy,method=multiple_choice_joint"}
    assert grades.per_cell["at_limit"].tolist() == [[False, False], [False, False], [True, True]]
    assert (grades.per_cell["tokens_in"] == 50).all()
    slow = load("helm", VENDOR / "helm", scorer="inference_runtime", threshold=0.2)
    assert (slow.cells == RIGHT).all()


def test_helm_needs_its_run_spec(tmp_path: Path) -> None:
    log = documented.helm(tmp_path)
    log.files[0].with_name("run_spec.json").unlink()
    with pytest.raises(InputError, match=r"no run_spec.json beside it"):
        load("helm", log.files[0])


def test_perturbed_rows_and_stats_are_of_another_question(tmp_path: Path) -> None:
    """The model is right on the question itself, wrong with typos in it, and wrong in a stat over all its spellings."""
    path = small_logs.helm(tmp_path, "m", [("id1", 0, {"exact_match": 1.0})])
    typos = {"name": "typos", "robustness": True}
    (row,) = json.loads(path.read_text())
    wrong = {"name": {"name": "exact_match"}, "mean": 0.0}
    row["stats"].append({"name": {"name": "exact_match", "perturbation": typos}, "mean": 0.0})
    path.write_text(json.dumps([{**row, "perturbation": typos, "stats": [wrong]}, row]))
    grades = load("helm", path)
    assert grades.cells.tolist() == [[RIGHT]]
    assert "samples" not in grades.per_cell
    assert "m: perturbed rows, left out: 1." in grades.notes


def test_another_right_answer_is_another_question(tmp_path: Path) -> None:
    """Two runs with one prompt and the same two references, of which the other one is right."""
    for model, right in (("a", 0), ("b", 1)):
        small_logs.helm(tmp_path / model, model, [("id1", 0, {"exact_match": 1.0})])
        references: list[dict[str, Any]] = [{"output": {"text": text}, "tags": []} for text in ("yes", "no")]
        references[right]["tags"] = ["correct"]
        instance = {"id": "id1", "input": {"text": "Is it?"}, "references": references}
        small_logs.dump(tmp_path / model / "instances.json", [instance])
    with pytest.raises(InputError, match=r"1 query of the same name.*'Is it\?' has another digest"):
        load("helm", tmp_path)


def test_runs_with_other_numbers_of_shots_are_systems(tmp_path: Path) -> None:
    for shots in (0, 5):
        answers = [("id1", 0, {"exact_match": 1.0}), ("id2", 0, {"exact_match": 0.0})]
        small_logs.helm(tmp_path / str(shots), "m", answers, max_train_instances=shots)
    assert load("helm", tmp_path).models == ("m (max_train_instances=0)", "m (max_train_instances=5)")
