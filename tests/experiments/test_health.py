"""`experiment=health`, and the health that every fit prints."""

from pathlib import Path

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.fit import Fit
from cofail_lab.experiments.fit_stages import FitStages
from cofail_lab.experiments.health import Health
from cofail_lab.grades import Cell, Grades
from cofail_lab.result import Result, Section
from tests.data.health.made import clean


@pytest.fixture
def matrix() -> Grades:
    return clean(np.random.default_rng(20260927))


def test_the_experiment_reads_published_scores_and_counts(matrix: Grades, tmp_path: Path) -> None:
    def inputs(grades: Grades) -> Inputs:
        return Inputs(RunOptions(), source=lambda: type("Held", (), {"load": lambda self: grades})())

    clean_result = Health().run(inputs(matrix))
    assert clean_result.metrics["n_findings"] == 0
    assert "nothing found" in clean_result.headline
    (tmp_path / "published.csv").write_text("model,accuracy\nm1,.999\nstranger,.5\n")
    result = Health(published=str(tmp_path / "published.csv")).run(inputs(matrix))
    assert (result.metrics["n_findings"], result.metrics["n_published"]) == (1, 1)
    assert any("stranger" in sentence for sentence in result.sections[0].sentences)
    assert result.tables["findings"].column("subject").to_pylist() == ["m1"]
    for published, says in (
        ({"m1": 99}, "m1: 99.0 is outside"),
        ({"m1": "good"}, "'good' is not an accuracy"),
        ({"x": 0.5}, "none of its models"),
        (5, "not a mapping from models to accuracies or a path"),
    ):
        with pytest.raises(InputError, match=says):
            Health(published=published).run(inputs(matrix))


def test_every_fit_prints_the_health_of_its_matrix(matrix: Grades, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix.per_cell["cost"][:30, 8] = 0
    source = type("Held", (), {"load": lambda self: matrix})
    # The fit itself takes a while and is tested elsewhere.
    monkeypatch.setattr(FitStages, "analyse", lambda *_: Result("fitted", {}, sections=(Section("The matrix"),)))
    result = Fit().run(Inputs(RunOptions(), source=source))
    assert [section.title for section in result.sections] == ["The matrix", "Health of the matrix"]
    assert "cost of exactly 0 (m8)" in result.sections[-1].sentences[0]


def test_findings_are_counted_by_what_they_are_about(matrix: Grades) -> None:
    matrix.per_cell["cost"][:30, 8] = 0
    source = type("Held", (), {"load": lambda self: matrix})
    result = Health().run(Inputs(RunOptions(), source=source))
    assert result.metrics["n_findings"] == 1
    assert result.metrics["n_zero_costs"] == 30


def test_a_fit_examines_the_queries_that_it_leaves_out(matrix: Grades, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix.cells[3, 1] = Cell.ERROR
    source = type("Held", (), {"load": lambda self: matrix})
    monkeypatch.setattr(FitStages, "analyse", lambda *_: Result("fitted", {}))
    result = Fit().run(Inputs(RunOptions(), source=source))
    assert "1 cell ended in an error (m1 has 1)" in result.sections[-1].sentences[0]
