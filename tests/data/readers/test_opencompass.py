"""OpenCompass: predictions stand for their results, n runs are samples, and results without details lead somewhere."""

from pathlib import Path

import pytest

from cofail_lab.data.auto import AutoSource, guess
from cofail_lab.errors import InputError
from tests.data.cells import RIGHT, UNSCORED, WRONG
from tests.data.makers import small_logs
from tests.data.reading import load


def predictions(folder: Path, model: str) -> Path:
    held = {str(k): {"origin_prompt": [{"role": "HUMAN", "prompt": f"{k}?"}], "prediction": "4"} for k in range(2)}
    return small_logs.dump(folder / "predictions" / model / "d.json", held)


def test_predictions_stand_for_their_results(tmp_path: Path) -> None:
    details = [{"example_abbr": f"d_{k}", "answer": [str(k)], "correct": [k == 0, None]} for k in range(2)]
    small_logs.opencompass(tmp_path, "m", details)
    path = predictions(tmp_path, "m")
    for read in (load("opencompass", path), load("opencompass", path.parent), AutoSource(str(tmp_path)).load()):
        assert read.per_cell["samples"].tolist() == [[[RIGHT, UNSCORED]], [[WRONG, UNSCORED]]]
        assert list(read.per_query["prompt"]) == ["0?", "1?"]
    assert any("1 log left out" in note for note in AutoSource(str(tmp_path)).load().notes)


def test_what_has_no_grades_says_how_to_get_them(tmp_path: Path) -> None:
    path = predictions(tmp_path, "m")
    with pytest.raises(InputError, match=r"predictions have no grades, .*results/m/d.json; run opencompass .*-details"):
        load("opencompass", path)
    results = small_logs.dump(tmp_path / "results" / "m" / "d.json", {"accuracy": 50.0})
    with pytest.raises(
        InputError, match=r"m/d.json: no details in it; run opencompass --mode eval --dump-eval-details"
    ):
        load("opencompass", results)
    small_logs.opencompass(tmp_path, "m", [{"pred": "4", "answer": "4"}])
    with pytest.raises(InputError, match="no field of the details ends in 'correct'"):
        load("opencompass", results)


def test_incorrect_is_no_grade(tmp_path: Path) -> None:
    """It says the opposite: taken for the grade, it turned every answer round."""
    details = [{"example_abbr": f"d_{k}", "incorrect": k == 0, "is_correct": k == 1} for k in range(2)]
    path = small_logs.opencompass(tmp_path, "m", details)
    assert load("opencompass", path).cells.tolist() == [[WRONG], [RIGHT]]
    path = small_logs.opencompass(tmp_path, "m", [{"example_abbr": "d_0", "incorrect": True}])
    assert guess(path) is None
    with pytest.raises(InputError, match="no field of the details ends in 'correct'"):
        load("opencompass", path)
