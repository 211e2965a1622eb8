"""The sentences of a selection of models."""

from tests.report.by_hand import rows_of
from tests.report.reports import selected


def test_a_selection() -> None:
    assert selected().headline() == (
        "2 models leave 18 of 100 queries (18.0%) unsolved: a, c. All 3 leave 11 (11.0%), 7.0 points fewer."
    )
    found = rows_of(selected()._rows())
    assert found["any such set leaves"][0] == "at least 7.1%"
    assert found["this set leaves"] == ("at most 28.3%", "P11.ii, at 90%, for a search among 3 sets")
    assert found["without the search"][0] == "25.7%"
    assert found["chosen on one half"][0] == "26.0%"
    # a and b leave 13; the set that was chosen leaves 18, and with 12 in place of it greedy choice leaves 1 more.
    better = selected(chosen=selected().chosen._replace(n_unsolved=12, least=12))
    assert better._about_greedy().endswith("choosing greedily would leave 1 more.")
    # 29 queries are solved by one model alone; only c, with 52%, is below the median of 61%.
    assert (
        selected()
        ._about_unique()[1]
        .startswith(
            "29 queries are solved by one model alone, 2 of them by models below the median accuracy. An answer"
        )
    )


def test_metrics_of_a_selection() -> None:
    found = dict(selected().metrics())
    assert (found["best_lower"], found["chosen_upper"], found["naive_upper"]) == (0.071, 0.283, 0.257)
