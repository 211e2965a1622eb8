"""A second file that a run reads: what is recorded of it, and that its cells count as those of the first."""

from pathlib import Path
from typing import Any

import pytest

from cofail_lab.data.auto import AutoSource
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.compare import Compare
from cofail_lab.experiments.regrade import Regrade
from cofail_lab.selection import Selection


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


@pytest.mark.parametrize("experiment", [Compare, Regrade])
@pytest.mark.parametrize(
    ("choice", "complete"),
    [(Selection(), 2), (Selection(errors="wrong"), 3), (Selection(unanswered="wrong"), 3)],
)
def test_what_failed_counts_alike_in_both_matrices(
    experiment: Any, choice: Selection, complete: int, tmp_path: Path
) -> None:
    """One error and one answer without a grade, in the second matrix alone."""
    (tmp_path / "first.csv").write_text("query,a,b,c\nq1,1,0,1\nq2,0,0,1\nq3,1,1,0\nq4,1,0,0\n")
    (tmp_path / "second.csv").write_text("query,a,b,c\nq1,1,0,1\nq2,0,error,1\nq3,unscored,1,0\nq4,1,0,0\n")
    source = AutoSource(str(tmp_path / "first.csv"))
    result = experiment(other=str(tmp_path / "second.csv")).run(
        Inputs(RunOptions(), source=lambda: source, selection=choice)
    )
    said = [text for section in result.sections for text in section.sentences]
    if experiment is Compare:
        assert result.metrics["n_queries"] == complete
    else:
        assert result.metrics["after_n_queries"] == complete
    how = "counted as wrong, as data" if choice.errors == "wrong" else "left out; data"
    assert any(f"failed with an error: 1, {how}.errors" in text for text in said), said
