"""Levels in words: a certificate of 97.5% is not called one of 98%, and limits of another level not those of 95%."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.bounds.certificate import certify_counts
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.decisions.paired import paired_difference
from cofail_lab.estimate import confidence
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.bounds import Bounds
from cofail_lab.experiments.compare import Compare
from cofail_lab.experiments.plan import Plan
from cofail_lab.report.numbers import interval, points
from cofail_lab.result import Result
from tests.experiments.sources import inputs_from
from tests.report.test_kept_checks import PLAN


@pytest.mark.parametrize(
    ("delta", "text"),
    [(0.05, "95%"), (0.025, "97.5%"), (0.3, "70%"), (1e-6, "99.9999%"), (2e-9, "99.9999998%"), (1e-12, "1 - 1e-12")],
)
def test_a_level_has_the_digits_that_it_needs(delta: float, text: str) -> None:
    assert confidence(delta) == text


def test_the_sentences_of_a_level_of_its_own() -> None:
    counts = {"n_all_wrong": 5, "n_queries": 100, "n_models": 3, "best_correct": 80}
    assert certify_counts(**counts, delta=0.025, overhead=0.02).decision.startswith("With 97.5% confidence no router")
    plan = Plan(gain=0.05, n_models=4, resolvable=0.01, delta=0.025).run(Inputs(RunOptions()))
    assert "at 97.5% confidence: " in plan.headline
    rows = Bounds(delta=0.025).run(inputs_from(np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0], [1, 1, 1]]))).sections[0].rows
    assert rows[4].note == "simultaneous boxes at 97.5%"


def test_the_level_of_a_test_of_the_tail_is_not_rounded() -> None:
    plan = replace(PLAN, level=0.025)
    assert " at level 2.5%." in plan.headline()
    notes = [row.note for section in plan.sections() for row in section.rows]
    assert "measured; 2.5% is allowed" in notes


def test_limits_of_a_paired_change_are_named_by_their_level(tmp_path: Path) -> None:
    wrong = [np.random.default_rng(seed).random((50, 3)) < 0.5 for seed in (1, 2)]
    for name, part in zip(("one", "two"), wrong, strict=True):
        lines = [f"q{i}," + ",".join(str(int(not x)) for x in row) for i, row in enumerate(part)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["query,a,b,c", *lines]))
    inputs = Inputs(RunOptions(), source=lambda: WideSource(str(tmp_path / "one.csv")))

    def shown(one: Result) -> tuple[str, str]:
        (row,) = (row for section in one.sections for row in section.rows if row.label == "change of β")
        (listing,) = (section.listing for section in one.sections if section.listing is not None)
        return row.note, listing.columns[4]

    compared = Compare(str(tmp_path / "two.csv"), bootstrap=100, delta=0.2)
    for delta, level in ((0.2, "80%"), (0.05, "95%")):
        change = paired_difference(wrong[0].all(axis=1), wrong[1].all(axis=1), delta)
        note = f"paired, {level} {interval(change.lower, change.upper, points)}"
        assert shown(replace(compared, delta=delta).run(inputs)) == (note, f"{level} limits")
