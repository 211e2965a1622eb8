"""The sentences of a tail over pool sizes."""

from cofail_lab.report import tail_curve
from tests.report.by_hand import rows_of


def test_a_tail_curve() -> None:
    numbers = {
        "all_wrong": 0.031,
        "n_models": 8,
        "ratio_one_factor": 2.5,
        "ratio_one_factor_pearson": 7.25,
        "tetrachoric": 0.4,
        "pearson": 0.2,
        "implied_correlation": 0.63,
    }
    found = rows_of(tail_curve.section(numbers).rows)
    assert found["β / one-factor prediction"] == ("2.50×", "tetrachoric 0.400")
    assert found["β / one-factor prediction, Pearson"] == ("7.25×", "Pearson 0.200")
    assert tail_curve.headline("Shock", 9, numbers) == (
        "Shock, 8 of 9 models: all wrong on 3.1% of the queries, 2.50× the one-factor prediction."
    )
    for over, said in (
        (None, "no one-factor law has its mean correlation."),
        (0.0, "0.00× the one-factor prediction."),
    ):
        assert tail_curve.headline("Shock", 9, numbers | {"ratio_one_factor": over}).endswith(f"queries, {said}")
