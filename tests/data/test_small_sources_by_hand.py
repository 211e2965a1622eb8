"""Totals, draws and folders at their ends: the last number that is accepted, and the first that is not."""

from pathlib import Path

import pytest

from cofail_lab.data.counts import CountsSource
from cofail_lab.data.folder import matrices_in
from cofail_lab.data.law import LawSource
from cofail_lab.errors import InputError
from cofail_lab.models import Independent


def test_totals_are_of_as_many_queries_as_floats_count() -> None:
    assert CountsSource(0, 2**53, 2, best_correct=1).load().n_queries == 2**53
    with pytest.raises(InputError, match="n_queries"):
        CountsSource(0, 2**53 + 1, 2, best_correct=1).load()


@pytest.mark.parametrize(
    ("accuracy", "n", "smallest", "more"),
    [
        (0.5, 11, 5, " (up to 6 would round to it too; the smallest is used)"),
        (0.5, 20, 9, " (up to 11 would round to it too; the smallest is used)"),
        (0.25, 8, 2, ""),
        (1.0, 30, 29, " (up to 30 would round to it too; the smallest is used)"),
        (0.0, 30, 0, " (up to 1 would round to it too; the smallest is used)"),
    ],
)
def test_counts_that_round_to_a_published_accuracy(accuracy: float, n: int, smallest: int, more: str) -> None:
    """By hand: .5 is from .45 to .55, of 11 queries 4.95 to 6.05 right answers."""
    counts = CountsSource(0, n, 2, best_accuracy=accuracy).load()
    assert counts.best_correct == smallest
    assert counts.notes == (f"Accuracy {accuracy} of {n} queries was read as {smallest} right answers{more}.",)


def test_a_draw_has_two_queries_at_least() -> None:
    assert len(LawSource(Independent([0.3, 0.5]), 2, 0).load().queries) == 2
    with pytest.raises(InputError, match="n_queries"):
        LawSource(Independent([0.3, 0.5]), 1, 0)


def test_a_matrix_is_read_once_and_only_verdicts_beside_one_are_none(tmp_path: Path) -> None:
    table = "query,a,b,c\nx,1,0,1\ny,0,1,1\n"
    kept = [tmp_path / "my_verdicts.csv", tmp_path / "pool.csv"]
    for path in (*kept, tmp_path / "pool.verdicts.csv"):
        path.write_text(table)
    assert matrices_in([str(tmp_path), str(kept[1])]) == kept
