"""OpenAI evals logs, written by the vendor's own package."""

import json
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.errors import InputError
from tests.data.makers import documented
from tests.data.makers.documented import ERROR, MISSING, RIGHT, UNSCORED, WRONG
from tests.data.reading import VENDOR, load


def test_vendor_openai_evals_logs() -> None:
    grades = load("openai_evals", VENDOR / "openai_evals")
    assert grades.models == ("gpt-3.5-turbo", "gpt-4")
    assert grades.cells[:5].tolist() == [
        [RIGHT, RIGHT],
        [WRONG, RIGHT],
        [WRONG, WRONG],
        [ERROR, ERROR],
        [MISSING, MISSING],
    ]
    np.testing.assert_array_equal(grades.cells[5:], grades.cells[:5])
    # The model-graded eval has the grader's calls among its own.
    known = ~np.isnan(grades.per_cell["tokens_out"])
    assert known[:3].all()
    assert not known[5:].any()


def test_openai_evals_with_several_scores(tmp_path: Path) -> None:
    log = documented.openai_evals(tmp_path)
    event = {"run_id": "r", "sample_id": log.truth.query(0), "type": "metrics", "data": {"f1": 0.25, "choice": "B"}}
    with log.files[0].open("a") as file:
        file.write(json.dumps(event) + "\n")
    with pytest.raises(InputError, match=r"2 scorers .f1, match.; choose with data.scorer="):
        load("openai_evals", log.files[0])
    graded = load("openai_evals", log.files[0], scorer="f1", threshold=0.2)
    assert graded.cells[0, 0] == RIGHT
    assert (graded.cells[1:] > WRONG).all()


def test_of_several_scores_only_the_chosen_one_counts_and_an_error_is_one_whatever_else_was_said(
    tmp_path: Path,
) -> None:
    """q1 has both grades, q2 an error after a grade of the other scorer, q3 a call alone, q4 an error alone."""
    events = [
        *[("q1", "match", {"correct": True}), ("q1", "metrics", {"f1": 0.2}), ("q1", "sampling", {"prompt": "p1"})],
        *[
            ("q2", "metrics", {"f1": 0.9}),
            ("q2", "error", {}),
            ("q3", "sampling", {"prompt": "p3"}),
            ("q4", "error", {}),
        ],
    ]
    spec = {"spec": {"completion_fns": ["gpt"], "eval_name": "e.dev", "run_config": {}}, "run_id": "r"}
    lines = [spec, *({"sample_id": q, "type": kind, "data": data} for q, kind, data in events), {"final_report": {}}]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    match = load("openai_evals", path, scorer="match")
    assert (match.queries, match.cells[:, 0].tolist()) == (("q1", "q2", "q3", "q4"), [RIGHT, ERROR, UNSCORED, ERROR])
    assert "samples" not in match.per_cell and match.per_query["prompt"].tolist() == ["p1", "", "p3", ""]
    f1 = load("openai_evals", path, scorer="f1", threshold=0.5)
    assert f1.cells[:, 0].tolist() == [WRONG, RIGHT, UNSCORED, ERROR]
