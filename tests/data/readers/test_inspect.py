"""Inspect logs, made by inspect_ai with its mock model."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cofail_lab.data.auto import guess
from cofail_lab.data.readers.inspect import INSTALL, InspectSource
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades
from tests.data.cells import ERROR, MISSING, RIGHT, UNSCORED, WRONG
from tests.data.makers import small_logs
from tests.data.reading import assert_same, converted, one_line

MODELS = ("mockllm/one", "mockllm/two", "mockllm/three")
BROKEN, ENDLESS, CUT = 3, 5, 6


def load(path: Path | list[str], **options: Any) -> Grades:
    return InspectSource(path=str(path) if isinstance(path, Path) else path, **options).load()


def test_states_epochs_tokens_and_limits(inspect_logs: Path) -> None:
    """Three logs of two epochs: what each model was made to do, with nothing that broke counted as wrong."""
    grades = load(inspect_logs / "plain")
    assert grades.models == MODELS
    assert grades.queries == tuple(f"sum-{i}" for i in range(8))
    assert grades.cells.T.tolist() == [
        [RIGHT, RIGHT, RIGHT, RIGHT, WRONG, WRONG, WRONG, RIGHT],
        [RIGHT, WRONG, RIGHT, ERROR, WRONG, WRONG, WRONG, RIGHT],
        [WRONG, WRONG, RIGHT, RIGHT, RIGHT, RIGHT, WRONG, RIGHT],
    ]
    samples = grades.per_cell["samples"]
    assert samples.shape == (8, 3, 2)
    assert samples[4, 0].tolist() == [WRONG, RIGHT]  # right in its second epoch only
    assert samples[BROKEN, 1].tolist() == [ERROR, ERROR]
    at_limit = np.zeros((8, 3), bool)
    at_limit[[ENDLESS, CUT], 1] = True
    np.testing.assert_array_equal(grades.per_cell["at_limit"], at_limit)
    # 20 tokens read and 3 from the cache; the sample that broke never got an answer.
    tokens_in = np.full((8, 3), 23.0)
    tokens_in[BROKEN, 1] = np.nan
    np.testing.assert_array_equal(grades.per_cell["tokens_in"], tokens_in)
    assert grades.per_cell["tokens_out"][ENDLESS, 1] == 5_000
    assert set(grades.per_query["dataset"]) == {"sums"}
    assert grades.per_query["prompt"][2] == "What is 2 plus 2?"
    assert any("mockllm/two: samples that ended in an error: 2" in note for note in grades.notes)
    assert any("mockllm/two: samples stopped by a limit, which keep the grade" in note for note in grades.notes)


def test_both_formats_hold_the_same_matrix(inspect_logs: Path, tmp_path: Path) -> None:
    archives = load(inspect_logs / "plain")
    documents = load([str(inspect_logs / "json" / f"{model.partition('/')[2]}.json") for model in MODELS])
    assert_same(archives, documents)
    assert_same(archives, converted(archives, tmp_path / "wide"))
    for path in (*(inspect_logs / "plain").iterdir(), *(inspect_logs / "json").iterdir()):
        found = guess(path)
        assert found is not None
        assert found[0] == "inspect"


def test_summaries_hold_all_but_prompts_and_output_limits(inspect_logs: Path, tmp_path: Path) -> None:
    whole, fast = load(inspect_logs / "plain"), load(inspect_logs / "plain", summaries=True)
    assert (whole.queries, whole.models) == (fast.queries, fast.models)
    for name in ("samples", "score", "tokens_in", "tokens_out"):
        np.testing.assert_array_equal(whole.per_cell[name], fast.per_cell[name])
    assert "prompt" not in fast.per_query
    assert np.argwhere(whole.per_cell["at_limit"] != fast.per_cell["at_limit"]).tolist() == [[CUT, 1]]
    document = json.loads((inspect_logs / "json" / "one.json").read_text())
    (tmp_path / "log.json").write_text(json.dumps({**document, "invalidated": True}))
    with pytest.raises(InputError, match=r"has invalidated samples, and summaries do not name them"):
        load(tmp_path, summaries=True)


def _changed(log: Path, folder: Path, name: str, **changes: object) -> str:
    """A copy of a JSON log with other entries of ``eval``."""
    document = json.loads(log.read_text())
    document["eval"] |= changes
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(document))
    return str(folder / name)


def test_the_same_model_in_two_logs_is_repeated(inspect_logs: Path, tmp_path: Path) -> None:
    """Another run of the same task doubles the epochs, and a note names the logs."""
    one = inspect_logs / "json" / "one.json"
    grades = load([str(one), _changed(one, tmp_path, "again.json", task_id="another", run_id="another")])
    assert grades.per_cell["samples"].shape == (8, 1, 4)
    assert grades.per_cell["samples"][4, 0].tolist() == [WRONG, RIGHT, WRONG, RIGHT]
    assert any("2 logs taken for repeated runs of mockllm/one: one.json, again.json" in note for note in grades.notes)


def test_the_last_log_of_a_task_id_counts(inspect_logs: Path, tmp_path: Path) -> None:
    one = inspect_logs / "json" / "one.json"
    for made in ("1999-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"):
        retry = _changed(one, tmp_path, "retry.json", created=made, model="mockllm/retried")
        grades = load([str(one), retry])
        assert grades.models == ("mockllm/one" if made < "2000" else "mockllm/retried",)
        assert "samples" not in grades.per_cell or grades.per_cell["samples"].shape[2] == 2
        assert any(note.startswith("1 log left out, because a retry of the same run") for note in grades.notes)


def test_other_settings_are_another_system(inspect_logs: Path, tmp_path: Path) -> None:
    one = inspect_logs / "json" / "one.json"
    config = {"temperature": 0.5, "seed": 7}
    other = _changed(one, tmp_path, "warm.json", task_id="another", model_generate_config=config)
    seeded = _changed(one, tmp_path, "seeded.json", task_id="third", model_generate_config={"seed": 8})
    grades = load([str(one), other, seeded])
    assert grades.models == ("mockllm/one", "mockllm/one (temperature=0.5)")
    assert grades.per_cell["samples"].shape == (8, 2, 4)  # the seed alone makes a repeat
    assert load([str(one), other], name="file").models == ("one", "warm")
    assert load([str(one), other], name="model").models == ("mockllm/one",)


def test_the_scorer_is_chosen_never_guessed(inspect_logs: Path) -> None:
    with pytest.raises(InputError) as error:
        load(inspect_logs / "scorers")
    assert "5 scorers (letters, match, rubric.polite, rubric.right, share); choose with data.scorer=" in one_line(error)
    with pytest.raises(InputError, match=r"data.scorer: 'rubric' is not in"):
        load(inspect_logs / "scorers", scorer="rubric")
    by_match = load(inspect_logs / "scorers", scorer="match").cells.ravel()
    assert load(inspect_logs / "scorers", scorer="rubric.right").cells.ravel().tolist() == by_match.tolist()
    assert (load(inspect_logs / "scorers", scorer="rubric.polite").cells == RIGHT).all()
    with pytest.raises(InputError, match=r"score 0.25 is neither 0 nor 1; data.threshold="):
        load(inspect_logs / "scorers", scorer="share")
    shares = load(inspect_logs / "scorers", scorer="share", threshold=0.5)
    assert shares.cells.ravel().tolist() == by_match.tolist()
    np.testing.assert_array_equal(shares.per_cell["score"].ravel(), np.where(by_match == RIGHT, 1.0, 0.25))


def test_letters(inspect_logs: Path) -> None:
    with pytest.raises(InputError, match=r"score 'P' is neither 0 nor 1; data.threshold="):
        load(inspect_logs / "scorers", scorer="letters")
    # C, I, P, N, no score, C, I, P
    strict = load(inspect_logs / "scorers", scorer="letters", threshold=1)
    assert strict.cells.ravel().tolist() == [RIGHT, WRONG, WRONG, UNSCORED, UNSCORED, RIGHT, WRONG, WRONG]
    lenient = load(inspect_logs / "scorers", scorer="letters", threshold=0.5)
    assert lenient.cells.ravel().tolist() == [RIGHT, WRONG, RIGHT, UNSCORED, UNSCORED, RIGHT, WRONG, RIGHT]
    assert any("values N (no answer), counted as unscored" in note for note in strict.notes)


@pytest.mark.parametrize("grader", ["judge", "self"])
def test_graders_cost_the_model_nothing(inspect_logs: Path, grader: str) -> None:
    """Of another name or in a role of its own; each grading took 1,000 tokens in and 100 out."""
    grades = load(inspect_logs / grader)
    assert grades.models == ("mockllm/one",)
    assert (grades.per_cell["tokens_in"] == 23).all()
    assert (grades.per_cell["tokens_out"] == 7).all()


def test_what_is_not_in_a_log(inspect_logs: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no sample has a score; the log has to be scored first"):
        load(inspect_logs / "unscored")
    assert load(inspect_logs / "part").queries == tuple(f"sum-{i}" for i in range(5))
    # A sample that the dataset has and the log lost is missing, and one that was invalidated is too.
    document = json.loads((inspect_logs / "json" / "one.json").read_text())
    document["samples"] = [sample for sample in document["samples"] if sample["id"] != "sum-2"]
    someone = {"timestamp": "2026-01-01T00:00:00+00:00", "author": "someone", "reason": "wrong answer key"}
    for sample in document["samples"]:
        if sample["id"] == "sum-7":
            sample["invalidation"] = someone
    path = tmp_path / "part.json"
    path.write_text(json.dumps(document))
    grades = load(path)
    state = dict(zip(grades.queries, grades.cells.ravel(), strict=True))
    assert state["sum-2"] == state["sum-7"] == MISSING
    assert state["sum-0"] == RIGHT


def test_other_files_of_a_folder_are_left_alone(inspect_logs: Path, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes((inspect_logs / "json" / "one.json").read_bytes())
    (tmp_path / "eval-set.json").write_text('{"tasks": []}')
    grades = load(tmp_path)
    assert grades.models == ("mockllm/one",)
    assert "1 of 2 files are of another kind, such as eval-set.json." in grades.notes
    with pytest.raises(InputError, match=r"eval-set.json: not a log that inspect_ai can read"):
        load(tmp_path / "eval-set.json")


def test_without_the_package(inspect_logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inspect_ai.log", None)
    with pytest.raises(InputError) as error:
        load(inspect_logs / "plain")
    assert INSTALL in one_line(error)


def test_runs_with_other_arguments_of_the_solver_are_systems(tmp_path: Path) -> None:
    for tries, value in ((1, "I"), (8, "C")):
        solver = {"solver": "react", "solver_args": {"tries": tries}}
        small_logs.inspect(tmp_path / f"{tries}.json", "mockllm/m", [{"id": 1, "value": value}], **solver)
    grades = load(tmp_path)
    assert dict(zip(grades.models, grades.cells[0].tolist(), strict=True)) == {
        "mockllm/m (solver.tries=1)": WRONG,
        "mockllm/m (solver.tries=8)": RIGHT,
    }
