"""promptfoo: scorers, names, costs from the cache, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.errors import InputError
from tests.data.cells import RIGHT, WRONG
from tests.data.makers import small_logs
from tests.data.reading import load


def test_scorers_and_thresholds(tmp_path: Path) -> None:
    rows = [
        {"q": "1?", "provider": "m", "success": True, "score": 0.6, "namedScores": {"tone": 0.2}},
        {"q": "2?", "provider": "m", "success": False, "score": 0.4, "namedScores": {"tone": 0.9}},
    ]
    path = small_logs.promptfoo(tmp_path / "o.json", rows)
    assert load("promptfoo", path).cells.ravel().tolist() == [RIGHT, WRONG]
    assert load("promptfoo", path, threshold=0.3).cells.ravel().tolist() == [RIGHT, RIGHT]
    tone = load("promptfoo", path, scorer="tone", threshold=0.5)
    assert tone.cells.ravel().tolist() == [WRONG, RIGHT]
    assert tone.per_cell["score"].ravel().tolist() == [0.2, 0.9]
    with pytest.raises(InputError, match=r"data.scorer: 'x' is not in o.json, which has score, success, tone"):
        load("promptfoo", path, scorer="x")
    with pytest.raises(InputError, match=r"0.6 is neither 0 nor 1; data.threshold="):
        load("promptfoo", path, scorer="score")


def test_what_came_from_the_cache_has_no_known_cost(tmp_path: Path) -> None:
    usage = {"prompt": 7, "completion": 2, "total": 9}
    rows = [
        {
            "q": "1?",
            "provider": "m",
            "success": True,
            "cost": 0,
            "response": {"cached": True, "tokenUsage": {"cached": 9}},
        },
        {"q": "2?", "provider": "m", "success": True, "cost": 0.5, "response": {"tokenUsage": usage}},
    ]
    grades = load("promptfoo", small_logs.promptfoo(tmp_path / "o.json", rows))
    np.testing.assert_array_equal(grades.per_cell["cost"].ravel(), [np.nan, 0.5])
    np.testing.assert_array_equal(grades.per_cell["tokens_in"].ravel(), [np.nan, 7])


def test_tests_are_named_by_their_descriptions_if_all_have_their_own(tmp_path: Path) -> None:
    def rows(descriptions: list[str]) -> list[dict]:
        return [
            {
                "q": f"{k}?",
                "provider": "m",
                "success": True,
                "vars": {"q": f"{k}?", "__repeatIndex": k},
                "testCase": {"description": text, "assert": [{"type": "equals"}]},
            }
            for k, text in enumerate(descriptions)
        ]

    named = load("promptfoo", small_logs.promptfoo(tmp_path / "a.json", rows(["adds", "subtracts"])))
    assert named.queries == ("adds", "subtracts")
    assert list(named.per_query["prompt"]) == ["0?", "1?"]
    hashed = load("promptfoo", small_logs.promptfoo(tmp_path / "b.json", rows(["adds", "adds"])))
    assert all(len(query) == 16 for query in hashed.queries)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"success": "yes"}, "result 1: success is 'yes'; true or false was expected"),
        ({"provider": {"config": {}}}, "result 1: no provider with an id or a label"),
        ({"vars": None, "testCase": {}}, "neither vars nor testCase"),
        ({"cost": -1}, "result 1: cost: -1 is not a number >= 0"),
    ],
)
def test_bad_results_are_one_line(tmp_path: Path, changes: dict, says: str) -> None:
    path = small_logs.promptfoo(tmp_path / "o.json", [{"q": "1?", "provider": "m", "success": True}])
    whole = json.loads(path.read_text())
    whole["results"]["results"][0].update(changes)
    with pytest.raises(InputError, match=says):
        load("promptfoo", small_logs.dump(path, whole))


def test_other_assertions_on_the_same_variables_are_another_test(tmp_path: Path) -> None:
    rows = [
        {"q": "1?", "provider": "m", "success": success, "testCase": {"assert": [{"type": "equals", "value": value}]}}
        for value, success in (("A", True), ("B", False))
    ]
    grades = load("promptfoo", small_logs.promptfoo(tmp_path / "o.json", rows))
    assert grades.cells.ravel().tolist() == [RIGHT, WRONG]
    assert "samples" not in grades.per_cell
