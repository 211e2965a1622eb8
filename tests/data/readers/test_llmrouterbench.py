"""LLMRouterBench: splits of one dataset, and calls that failed."""

from pathlib import Path
from typing import Any

import numpy as np

from tests.data.cells import ERROR, RIGHT, WRONG
from tests.data.makers.small_logs import dump
from tests.data.reading import load


def results(folder: Path, model: str, split: str, records: list[dict[str, Any]]) -> Path:
    """Records are numbered from 1; the documents hold what else the reader looks at."""
    held = [
        {
            "index": k,
            "origin_query": f"{split} {k}?",
            "cost": 0.25,
            "prompt_tokens": 7,
            "completion_tokens": 3,
            **record,
        }
        for k, record in enumerate(records, start=1)
    ]
    document = {"performance": 0.5, "model_name": model, "dataset_name": "d", "split": split, "records": held}
    return dump(folder / f"{split}-{model}.json", document)


def test_the_same_number_in_two_splits_is_two_queries(tmp_path: Path) -> None:
    results(tmp_path, "m", "test", [{"score": 1.0}])
    results(tmp_path, "m", "train", [{"score": 0.0}])
    grades = load("llmrouterbench", tmp_path)
    assert dict(zip(grades.per_query["dataset"], grades.cells[:, 0].tolist(), strict=True)) == {
        "d/test": RIGHT,
        "d/train": WRONG,
    }


def test_a_call_that_failed_has_no_cost_and_no_tokens(tmp_path: Path) -> None:
    """The collector writes zeros there; a wrong answer with the same text keeps what it cost."""
    failed = {"score": None, "raw_output": "Unexpected error: 500", "cost": 0, "prompt_tokens": 0}
    answered = {"score": 0.0, "raw_output": "Unexpected error: 500"}
    path = results(tmp_path, "m", "test", [failed, answered])
    grades = load("llmrouterbench", path)
    assert grades.cells[:, 0].tolist() == [ERROR, WRONG]
    np.testing.assert_array_equal(grades.per_cell["cost"][:, 0], [np.nan, 0.25])
    np.testing.assert_array_equal(grades.per_cell["tokens_in"][:, 0], [np.nan, 7])
