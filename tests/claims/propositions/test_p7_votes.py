"""P7: the accuracy of a majority by quadrature and with digits, for a formula that is right and one that is not."""

from typing import Any

import pytest

from cofail_lab import decisions
from cofail_lab.claims.propositions.p7_votes import vote_has, vote_with_digits


@pytest.mark.parametrize(
    ("check", "alpha", "rho", "half"),
    [(vote_has, 0.3, 0.2, 1), (vote_has, 0.45, 0.7, 2), (vote_with_digits, 0.3, 0.2, 1)],
)
def test_a_majoritys_accuracy_is_confirmed_and_one_off_by_a_billionth_is_not(
    check: Any, alpha: float, rho: float, half: int
) -> None:
    case = {"alpha": alpha, "rho": rho, "half": half}

    def formula(error_rate: float, correlation: float, k: int, by: float = 0.0) -> float:
        assert (error_rate, correlation, k) == (alpha, rho, 2 * half + 1)
        return decisions.majority_accuracy(error_rate, correlation, k).value + by  # type: ignore[operator]

    assert check(formula, case).status == "confirmed"
    if check is vote_has:  # digits take their time
        assert check(lambda *given: formula(*given, by=1e-9), case).status == "refuted"
