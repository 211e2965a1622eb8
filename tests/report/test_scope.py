"""The sentences of a system against the ceiling of its members."""

import pytest

from cofail_lab.report import scope
from tests.report.reports import scoped


@pytest.mark.parametrize(("top", "verb"), [(0.925, "passes"), (0.9, "reaches"), (0.875, "does not reach")])
def test_whether_a_system_passes_the_ceiling(top: float, verb: str) -> None:
    groups = {"systems": ["s", "t"], "members": ["m", "n"]}
    said = scope.headline(scoped(top, 0.7), groups)
    assert said.startswith(f"The best of 2 systems, s, is right on {100 * top:.2f}%: it {verb} the 90.0% that bound")
    assert said.endswith("is right more often than the best member, n (80.00%).")
    (beyond,) = scope.sections(scoped(top, 0.7), None, groups, ())
    assert beyond.sentences[1] == (
        "On the 20 queries that all members fail, the systems are right on at most 35.0% each (s), and some system on "
        "45.0%."
    )
    assert beyond.listing is not None and beyond.listing.rows[1] == (
        "t",
        "70.0%",
        "-10.0 points",
        "25.0%",
        "15.0% to 35.0%",
    )


def test_metrics_of_a_scope() -> None:
    found = dict(scope.metrics(scoped(0.925, 0.7), None))
    assert (found["best_system"], found["single_best"], found["oracle"]) == (0.925, 0.8, 0.9)
