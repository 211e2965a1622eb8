"""P3.iv: the check of certificates and of the laws that attain the limits sees what is a little off in either."""

from fractions import Fraction
from typing import Any

import pytest

from cofail_lab.claims.propositions import p3_ladder
from cofail_lab.claims.propositions.p3_ladder import certified, ladder, nested, printed, shock_counts

CASE: Any = {"shock": 0.2, "base": 0.6, "n_models": 6, "n_moments": 2}


def test_counts_of_the_shock_are_a_law() -> None:
    law = shock_counts({**CASE, "n_models": 2})
    rate = Fraction(3, 5)
    base = [(1 - rate) ** 2, 2 * rate * (1 - rate), rate**2]
    assert law == [Fraction(4, 5) * base[0], Fraction(4, 5) * base[1], Fraction(4, 5) * base[2] + Fraction(1, 5)]


@pytest.mark.parametrize(
    ("field", "change", "status"),
    [
        ("", None, "confirmed"),
        ("upper_law", lambda law: [*law[:-1], law[-1] + 1e-11], "refuted"),
        ("lower_law", lambda law: [*law[:-1], law[-1] + 1e-11], "refuted"),
        ("upper_law", lambda law: [law[0], law[1] + 1e-8, *law[2:]], "refuted"),
        ("upper_certificate", lambda made: made._replace(coefficients=_moved(made, -Fraction(1, 10**9))), "undecided"),
        ("lower_certificate", lambda made: made._replace(coefficients=_moved(made, Fraction(1, 10**9))), "undecided"),
    ],
)
def test_what_proves_a_limit_is_checked(monkeypatch: pytest.MonkeyPatch, field: str, change: Any, status: str) -> None:
    """Off: β of a law by 1e-11, its mean by 1e-8. A polynomial that is 1e-9 on the wrong side proves nothing."""
    program = p3_ladder.wrong_count_range

    def moved(moments: Any, m: int) -> Any:
        limits = program(moments, m)
        return limits._replace(**{field: change(getattr(limits, field))}) if field else limits

    # The formula is asked before: its limits are the true ones.
    monkeypatch.setattr(p3_ladder, "wrong_count_range", moved)
    truth = program(p3_ladder.binomial_moments(shock_counts(CASE), 2), 6)
    assert certified(lambda law, k: (truth.lower, truth.upper), CASE).status == status


def _moved(certificate: Any, by: Fraction) -> tuple[Fraction, ...]:
    first, *rest = certificate.coefficients
    return (first + by, *rest)


def test_a_limit_that_is_not_the_mean_of_its_polynomial_is_refuted() -> None:
    for by in ((1e-13, 0.0), (0.0, -1e-13)):
        moved: Any = lambda law, k, by=by: tuple(x + y for x, y in zip(ladder(law, k), by, strict=True))  # noqa: E731
        assert certified(ladder, CASE).status == "confirmed" and certified(moved, CASE).status == "refuted"


def test_a_printed_limit_is_known_to_half_its_last_digit() -> None:
    case: Any = {**CASE, "side": "upper", "printed": 0.123, "digits": 3}
    for upper, status in ((0.1234, "confirmed"), (0.1226, "confirmed"), (0.1236, "refuted"), (0.1224, "refuted")):
        assert printed(lambda law, k, upper=upper: (0.0, upper), case).status == status
    assert printed(lambda law, k: (0.123, 0.9), {**case, "side": "lower"}).status == "confirmed"


def test_rungs_lie_inside_each_other_hold_the_rate_and_close() -> None:
    case: Any = {"counts": [3, 2, 5]}  # β = 1/2
    for rungs, status in (
        (((0.4, 0.7), (0.5, 0.5)), "confirmed"),
        (((0.5, 0.5), (0.4, 0.7)), "refuted"),
        (((0.4, 0.7), (0.45, 0.71)), "refuted"),
        (((0.4, 0.45), (0.42, 0.42)), "refuted"),
        (((0.4, 0.7), (0.45, 0.55)), "refuted"),
    ):
        assert nested(lambda law, k, rungs=rungs: rungs[k - 1], case).status == status
    assert nested(ladder, case).status == "confirmed"
