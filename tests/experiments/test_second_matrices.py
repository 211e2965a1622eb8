"""What a run records of a second file that it reads: its name and its hash, beside those of the first."""

from pathlib import Path
from typing import Any

import pytest

from cofail_lab.data.auto import AutoSource
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.compare import Compare
from cofail_lab.experiments.regrade import Regrade


@pytest.mark.parametrize("experiment", [Compare, Regrade])
def test_the_second_matrix_is_recorded_beside_the_first(experiment: Any, tmp_path: Path) -> None:
    """Also where nothing can be compared, as no query is in both."""
    for name, query in (("first", "p"), ("second", "q")):
        (tmp_path / f"{name}.csv").write_text(f"query,a,b,c\n{query}1,1,0,1\n{query}2,0,0,1\n")
    first, second = (AutoSource(str(tmp_path / f"{name}.csv")).load() for name in ("first", "second"))
    inputs = Inputs(RunOptions(), source=lambda: AutoSource(str(tmp_path / "first.csv")))
    with pytest.raises(InputError):
        experiment(other=str(tmp_path / "second.csv")).run(inputs)
    assert inputs.provenance == {
        "source": "first.csv",
        "sha256": first.sha256,
        "other": "second.csv",
        "other_sha256": second.sha256,
    }
    assert first.sha256 != second.sha256
