"""The JSON files of the papers: cascades, matrices and fusion samples."""

import json
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.data.auto import guess
from cofail_lab.errors import InputError
from tests.data.makers import documented
from tests.data.makers.documented import MISSING, RIGHT, UNSCORED, WRONG
from tests.data.reading import load


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
    log = documented.paper_matrix(tmp_path)
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
    log = documented.paper_fusion(tmp_path)
    with pytest.raises(
        InputError, match=r"data.gold= must name the field of meta that holds the right answer .ds, answer."
    ):
        load("paper_json", log.path)
    text = load("paper_json", log.path, **log.options)
    assert text.per_cell["samples"].shape == (25, 3, 3)
    assert (text.per_cell["samples"][..., 1] == RIGHT).all()  # PARIS is paris
    assert (text.per_cell["samples"][..., 2] == WRONG).all()
    path = tmp_path / "graded.json"
    path.write_text(json.dumps({"samples": {"q": {"a": [True, 0, None]}}, "meta": {}, "models": ["a"], "S": 3}))
    graded = load("paper_json", path)
    assert graded.per_cell["samples"].tolist() == [[[RIGHT, WRONG, UNSCORED]]]


def test_one_answer_is_right_where_nothing_is_said_of_several(tmp_path: Path) -> None:
    rows = {f"q{i}": {"dataset": "d", "models": {m: {"correct": i % 2} for m in "ab"}} for i in range(3)}
    rows["q1"]["multi_answer"] = True
    (tmp_path / "m.json").write_text(json.dumps(rows))
    assert load("paper_json", tmp_path / "m.json").per_query["multi_answer"].tolist() == [False, True, False]
