"""HELM runs, written by the vendor's own package."""

from pathlib import Path

import pytest

from cofail_lab.errors import InputError
from tests.data.makers import documented
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
        [[RIGHT, RIGHT], [RIGHT, WRONG]], [[WRONG, RIGHT], [RIGHT, RIGHT]], [[WRONG, WRONG], [UNSCORED, WRONG]]
    ]  # fmt: skip
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
