"""P4.iv: which policies the claim takes for optimal, on two types that are alike."""

import numpy as np
import pytest

from cofail_lab.claims.propositions.p4_budget import policy_is_optimal

# The dear model adds the same on both types; half of what it costs on both may be spent.
ALIKE = {"quality": [0, 4, 0, 4], "prices": [0, 2], "prior": [1, 1], "share": 0.5}


@pytest.mark.parametrize(
    ("on_types", "optimal"),
    [
        ((1.0, 0.0), True),
        ((0.0, 1.0), True),
        ((0.5, 0.5), False),  # as good, but mixed on two types
        ((1.0, 1e-6), False),  # above the budget
        ((0.5, 0.0), False),  # mixed, though the budget is not spent
        ((0.0, 0.0), False),
    ],
)
def test_an_optimal_policy_mixes_on_one_type_at_most_and_keeps_to_its_budget(
    on_types: tuple[float, float], optimal: bool
) -> None:
    policy = np.array([[1 - share, share] for share in on_types])
    found = policy_is_optimal(lambda *_: policy, ALIKE)
    assert (found.status == "confirmed") is optimal
