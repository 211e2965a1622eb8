"""Every Eval Ever: several results per sample."""

import json
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.errors import InputError
from tests.data.makers import documented
from tests.data.makers.documented import ERROR, RIGHT
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
