"""What to do next."""

from pathlib import Path
from typing import Any

import pytest

from cofail_lab.report.next_steps import next_step
from cofail_lab.result import Result
from cofail_lab.verdict import Verdict


def verdict(claim: str, status: Any, expected: Any) -> Verdict:
    return Verdict(claim, "lab", "It holds.", "", expected, status, None, None, None)


@pytest.mark.parametrize(
    ("experiment", "result", "said"),
    [
        ("health", Result("", {"n_findings": 2}), "experiment=queries lists what defeats everyone"),
        ("health", Result("", {"n_findings": 0}), "experiment=fit says what combining can gain"),
        ("verify", Result("", {}, verdicts=(verdict("P3.v", "refuted", "refuted"),)), "experiment.claims=P1.v"),
        ("verify", Result("", {}, verdicts=(verdict("P3.v", "undecided", "refuted"),)), "shows why P3.v came out"),
        ("bounds", Result("", {}), "experiment=queries counts and names"),
        ("bounds", Result("", {}, {"target": "oracle gain"}), "measure what is worth most"),
        ("sample", Result("", {}), "cofail-lab here/tables/sample.parquet fits it"),
    ],
)
def test_what_to_do_next(experiment: str, result: Result, said: str) -> None:
    assert said in (next_step(experiment, result, Path("here")) or "")
