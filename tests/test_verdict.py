"""When a verdict is reached, and which verdicts are not the expected ones."""

import pytest

from cofail_lab.verdict import judge, unexpected

CASE = {"m": 3}


@pytest.mark.parametrize(
    ("low", "high", "case", "status"),
    [
        (0.2, 0.3, None, "confirmed"),
        (0.1, 0.4, None, "confirmed"),  # an end is inside
        (0.05, 0.3, CASE, "undecided"),
        (0.3, 0.45, CASE, "undecided"),
        (0.05, 0.09, CASE, "refuted"),
        (0.41, 0.5, CASE, "refuted"),
        (0.41, 0.5, None, "undecided"),
        (0.4, 0.5, CASE, "undecided"),
        (float("nan"), 0.3, CASE, "undecided"),
    ],
)
def test_an_interval_against_what_is_allowed(low: float, high: float, case: dict | None, status: str) -> None:
    assert judge(low, high, allowed=(0.1, 0.4), counterexample=case) == status
    with pytest.raises(ValueError, match="from its lower to its upper end"):
        judge(0.3, 0.2, allowed=(0.1, 0.4))


def test_every_other_status_is_named() -> None:
    made = [
        ("P1.i", "lab", "confirmed", "confirmed"),
        ("P2.i", "june", "undecided", "confirmed"),
        ("P3.v", "sept", "refuted", "reported"),
    ]
    assert unexpected(made) == "2 of 3 verdicts are not the expected ones: P2.i (june) undecided, P3.v (sept) refuted"
    assert unexpected(made[:1]) is None and unexpected([]) is None
