"""Every Eval Ever: several results per sample."""

import json
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.errors import InputError
from tests.data.makers import documented, small_logs
from tests.data.makers.documented import ERROR, RIGHT, WRONG
from tests.data.reading import load


def test_every_eval_ever_with_several_results_per_sample(tmp_path: Path) -> None:
    log = documented.every_eval_ever(tmp_path)
    path = log.files[0]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    other = [
        {**line, "evaluation_result_id": "style", "evaluation": {"score": 1.0, "is_correct": True}} for line in lines
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, *other]))
    with pytest.raises(InputError, match=r"2 scorers .arithmetic, style.; choose with data.scorer="):
        load("every_eval_ever", path)
    style = load("every_eval_ever", path, scorer="style")
    assert set(np.unique(style.cells)) == {RIGHT, ERROR}
    assert "samples" not in style.per_cell


def test_one_answer_twice_is_under_two_metrics_and_two_answers_are_repeats(tmp_path: Path) -> None:
    """Before version 0.2.2 a record does not name its metric."""
    for second, name in (("x", "metrics"), ("y", "repeats")):
        rows = [
            {"sample_id": "s", "score": 1.0, "output": {"raw": ["x"]}},
            {"sample_id": "s", "score": 0.0, "output": {"raw": [second]}},
        ]
        small_logs.every_eval_ever(tmp_path / f"{name}.jsonl", "m", rows)
    with pytest.raises(InputError, match=r"2 scorers .first, second.; choose with data.scorer="):
        load("every_eval_ever", tmp_path / "metrics.jsonl")
    chosen = load("every_eval_ever", tmp_path / "metrics.jsonl", scorer="second")
    assert chosen.cells.tolist() == [[WRONG]]
    assert load("every_eval_ever", tmp_path / "repeats.jsonl").per_cell["samples"].tolist() == [[[RIGHT, WRONG]]]


def test_a_threshold_lets_the_score_decide(tmp_path: Path) -> None:
    """Where the score says right from .5 on and ``is_correct`` says something else."""
    rows = [{"sample_id": "s", "score": 0.5, "evaluation": {"score": 0.5, "is_correct": False}}]
    path = small_logs.every_eval_ever(tmp_path / "x_samples.jsonl", "m", rows)
    assert load("every_eval_ever", path, threshold=0.5).cells.tolist() == [[RIGHT]]
    assert load("every_eval_ever", path, threshold=0.51).cells.tolist() == [[WRONG]]
