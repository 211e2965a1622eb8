"""What every experiment is given, and which split into shards."""

from contextlib import nullcontext

import pytest

from cofail_lab.data.counts import Counts
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions, Splittable
from cofail_lab.experiments.fit import Fit
from cofail_lab.experiments.tail_curve import TailCurve
from cofail_lab.selection import Selection
from tests.data.cells import grades_of
from tests.experiments.sources import Fixed


def test_which_experiments_split() -> None:
    assert isinstance(Fit(), Splittable)
    assert isinstance(TailCurve(None, simulate=True), Splittable)
    assert not Fit(bootstrap=0, null=0).splits
    assert Fit(bootstrap=0, null=1).splits


def test_what_a_run_reads_is_selected_and_recorded() -> None:
    """Each way to the matrix selects; the provenance holds its hash."""
    grades = grades_of([[0, 1, 1], [1, 0, 1]], "pq", "abc")
    inputs = Inputs(RunOptions(), source=lambda: Fixed(grades), selection=Selection(models=["a", "b"]))
    read = (inputs.grades(), inputs.outcomes(), inputs.counts_or_grades(), inputs.counts_or_outcomes())
    assert [held.models for held in read if not isinstance(held, Counts)] == [("a", "b")] * 4
    assert inputs.provenance == {"source": "g", "sha256": grades.sha256}


@pytest.mark.parametrize(("shard", "refused"), [(0, False), (2, False), (3, True), (-1, True)])
def test_shards_are_numbered_from_zero(shard: int, refused: bool) -> None:
    with pytest.raises(InputError, match=r"run\.shard: ") if refused else nullcontext():
        RunOptions(shards=3, shard=shard)
