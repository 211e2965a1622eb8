"""`experiment=explore` begins with what a source holds."""

from typing import Any

import numpy as np
import pytest

from cofail_lab.data.counts import Counts, CountsSource
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.explore import PAGE, Explore, Start, start_from
from tests.conftest import Run, outcomes_from
from tests.experiments.sources import inputs_from


def test_it_begins_with_a_matrix(wrong: np.ndarray) -> None:
    result = Explore(overhead=0.05).run(inputs_from(wrong))
    n, m = wrong.shape
    assert result.metrics["n_queries"] == n
    assert result.metrics["mean_error_rate"] == pytest.approx(wrong.mean())
    correlation = np.corrcoef(wrong.T)[np.triu_indices(m, 1)].mean()
    assert result.metrics["pearson"] == pytest.approx(correlation)
    page = result.pages[PAGE]
    for name, value in (("n", n), ("m", m), ("K", wrong.all(axis=1).sum()), ("overhead", 5.0)):
        assert f'id="{name}" name="{name}" value="{value}"' in page
    assert f"these {m} models" in result.headline


def test_totals_have_no_pairs() -> None:
    source = CountsSource(n_all_wrong=17, n_queries=330, n_models=67, best_correct=276)
    result = Explore().run(Inputs(RunOptions(), source=lambda: source))
    assert result.metrics["pearson"] is result.metrics["mean_error_rate"] is None
    assert "not known, a correlation of 0.3 is an example" in result.pages[PAGE]
    assert 'name="rate" value="16.4"' in result.pages[PAGE]


def test_models_without_errors_and_a_single_model() -> None:
    right = Explore().run(inputs_from(np.zeros((30, 3), dtype=bool)))
    assert right.metrics["pearson"] is None
    assert 'name="rate" value="0.1"' in right.pages[PAGE]
    source = CountsSource(n_all_wrong=1, n_queries=2, n_models=1, best_correct=1)
    alone = Explore().run(Inputs(RunOptions(), source=lambda: source))
    assert alone.metrics["oracle_gain"] == 0


def test_names_of_files_are_text() -> None:
    from cofail_lab.report.explorer import Start, render_explorer

    page = render_explorer(Start("<script>alert(1)</script>\u202e", 3, 10, 1, 8, 0.02, 0.3, 0.2))
    assert "<script>alert" not in page and "\u202e" not in page


@pytest.mark.parametrize("value", [1.5, -0.1, None, "a"])
def test_an_overhead_that_cannot_be(value: Any) -> None:
    """The page begins with a number, so none at all is refused too."""
    with pytest.raises(InputError, match=r"experiment\.overhead: .* is outside \[0, 1\]"):
        Explore(overhead=value)


def test_the_page_is_in_the_folder_of_the_run(run: Run) -> None:
    code, out, _ = run("experiment=explore", "hydra.run.dir=here", "record.report=false")
    assert code == 0
    assert "Next: open here/explorer.html in a browser." in out
    assert (run.folder / "here" / PAGE).read_text().startswith("<!doctype html>")


def test_a_negative_correlation_counts_in_the_mean() -> None:
    """a and b never fail together; c is wrong as often on their failures as elsewhere; d never."""
    wrong = np.array([[1, 0, 0, 0], [1, 0, 1, 0], [0, 1, 0, 0], [0, 1, 1, 0]] * 5, bool)
    assert start_from(outcomes_from(wrong), 0.02).pearson == pytest.approx(-1 / 3)


def test_it_begins_with_totals() -> None:
    """With the overhead that was asked for."""
    assert start_from(Counts(2, 9, 3, 4), 0.07) == Start("totals", 3, 9, 2, 4, 0.07, None, None)
