"""P1.viii: the number of queries that the claim counts up to."""

import pytest

from cofail_lab.claims.propositions.p1_sample_size import first_sufficient


@pytest.mark.parametrize(("gain", "m", "n"), [(0.95, 1, 1), (0.949, 1, 2), (0.5, 1, 5), (0.5, 2, 6), (0.9, 5, 2)])
def test_the_first_number_that_leaves_at_most_delta_over_m(gain: float, m: int, n: int) -> None:
    """(1 - ε)^n <= .05/m: at ε = .95 one query leaves just .05, at ε = .9 two leave .01 of .05/5."""
    assert first_sufficient(lambda *_: n, {"gain": gain, "m": m}).status == "confirmed"
    for other in (n - 1, n + 1):
        assert first_sufficient(lambda *_, other=other: other, {"gain": gain, "m": m}).status == "refuted"
