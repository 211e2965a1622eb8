"""P3.iii: the check of laws against both limits sees a limit that is a little too low."""

from cofail_lab.claims.propositions.p3_pair_bound import PairBounds, above_all_wrong, pair_bounds


def test_a_limit_lower_by_a_billionth_is_refuted_where_it_is_attained() -> None:
    """Models that are never right together: 1 - aᵀP⁺a = β. Models that are wrong together: the smallest pair is β."""
    apart, together = {"weights": [0, 3, 4, 2]}, {"weights": [5, 0, 0, 4]}
    for case, lowered in ((apart, (1e-9, 0.0)), (together, (0.0, 1e-9))):
        assert above_all_wrong(pair_bounds, case).status == "confirmed"

        def low(rates, pairs, lowered=lowered) -> PairBounds:
            return PairBounds(*(bound - by for bound, by in zip(pair_bounds(rates, pairs), lowered, strict=True)))

        assert above_all_wrong(low, case).status == "refuted"
