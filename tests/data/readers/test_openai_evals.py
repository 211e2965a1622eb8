"""OpenAI evals logs, written by the vendor's own package."""

import json
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.errors import InputError
from tests.data.makers import documented
from tests.data.makers.documented import ERROR, MISSING, RIGHT, WRONG
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
