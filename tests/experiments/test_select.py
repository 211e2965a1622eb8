"""`experiment=select`: its sentences on tables small enough to check by hand, on both sides of every branch."""

import numpy as np
import pytest
from scipy.stats import beta

from cofail_lab.decisions import selection
from cofail_lab.decisions.selection import Chosen
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.select import SelectModels
from cofail_lab.grades import Grades
from tests.data.cells import grades_of
from tests.experiments.sources import Fixed

# 1 is wrong. Of ten queries a solves 1-5, b 4-8, c 1-2 and 8, d 9; nobody solves the last.
CELLS = [[int(q not in solved) for solved in ((1, 2, 3, 4, 5), (4, 5, 6, 7, 8), (1, 2, 8), (9,))] for q in range(1, 11)]


def grades(costs=None) -> Grades:
    prices = {} if costs is None else {"price": np.array(costs, dtype=float)}
    return grades_of(CELLS, "0123456789", "abcd", per_model=prices)


def read(costs=None, **parameters):
    return SelectModels(**parameters).run(Inputs(RunOptions(), source=lambda: Fixed(grades(costs))))


def text(result):
    return " ".join([result.headline, *(line for section in result.sections for line in section.sentences)])


def test_two_models_by_hand():
    result = read(k=2)
    assert result.headline == (
        "2 models leave 2 of 10 queries (20.0%) unsolved: a, b. All 4 leave 1 (10.0%), 10.0 points fewer."
    )
    m = result.metrics
    assert (m["unsolved_greedy"], m["unsolved_exact"], m["n_optimal"], m["n_sets"]) == (2, 2, 1, 6)
    assert (m["chosen_all_wrong"], m["all_wrong"], m["n_chosen"]) == (0.2, 0.1, 2)
    assert "No set of 2 leaves fewer (all 6 sets looked at); choosing greedily leaves as few." in text(result)
    assert "It is the only such set." in text(result)
    # Alone: 3 by a, 6 and 7 by b, 9 by d, which is below the median accuracy.
    assert "4 queries are solved by one model alone, 1 of them by models below the median" in text(result)
    table = {row["model"]: row for row in result.tables["models"].to_pylist()}
    assert table["a"]["lost_without"] == 3
    assert table["b"]["lost_without"] == 3
    assert table["c"]["lost_without"] is None
    assert table["d"]["unique"] == 1
    # 1 and 2 shared with c, 3 alone, 4 and 5 shared with b.
    assert table["a"]["shapley"] == pytest.approx((0.5 + 0.5 + 1 + 0.5 + 0.5) / 10)
    assert result.tables["sizes"]["unsolved_exact"].to_pylist() == [5, 2, 1, None]
    assert result.tables["sizes"]["unsolved_greedy"].to_pylist() == [5, 2, 1, 1]
    assert result.tables["sets"].to_pylist() == [{"set": 0, "model": "a"}, {"set": 0, "model": "b"}]


def test_one_model_and_ties():
    result = read(k=1)
    assert result.headline.startswith("1 model leaves 5 of 10 queries (50.0%) unsolved: a.")
    assert "2 sets leave as few; no model is in all of them." in text(result)
    # Without the only one there is no set.
    assert result.tables["models"]["lost_without"].to_pylist() == [None] * 4


def test_models_that_add_nothing():
    result = read(k=3)
    assert result.headline == (
        "3 models leave 1 of 10 queries (10.0%) unsolved: a, b, d. All 4 leave as many: the others add no query."
    )


def test_all_models_are_no_choice():
    result = read(k=4)
    assert result.headline == "4 models leave 1 of 10 queries (10.0%) unsolved: a, b, c, d."
    assert "All models are kept: there is no choice." in text(result)
    found = [(row.label, row.note) for row in result.sections[0].rows]
    assert found[1:] == [("this set leaves", "at 95%; nothing was searched")]


def test_a_pool_that_solves_nothing():
    cells = grades_of([[1, 1, 1]] * 6, "012345", "abc")
    result = SelectModels(k=2).run(Inputs(RunOptions(), source=lambda: Fixed(cells)))
    assert "No model solves any query." in text(result)


def test_more_best_sets_than_are_listed():
    """All of 120 sets are as good: that the first hundred of them share the first model means nothing."""
    cells = grades_of([[0] * 16] * 6, "012345", "abcdefghijklmnop")
    result = SelectModels(k=2).run(Inputs(RunOptions(), source=lambda: Fixed(cells)))
    assert "120 sets leave as few; the first 100 are in the table sets." in text(result)


def test_one_query_that_one_model_alone_solves():
    cells = grades_of([[0, 0, 1], [0, 0, 1], [1, 0, 1], [1, 1, 0], [1, 0, 0]], "01234", "abc")
    result = SelectModels(k=2).run(Inputs(RunOptions(), source=lambda: Fixed(cells)))
    assert "2 queries are solved by one model alone" in text(result)
    cells = grades_of([[0, 0, 1], [0, 0, 1], [1, 0, 0], [1, 1, 0], [1, 0, 0]], "01234", "abc")
    result = SelectModels(k=2).run(Inputs(RunOptions(), source=lambda: Fixed(cells)))
    assert "1 query is solved by one model alone" in text(result)


def test_guesses_are_told_from_knowledge():
    # Two chances for each of two options: one solve in two is what a guesser has.
    assert "4 of the 4 queries that one model alone solves look like guesses" in text(read(k=2, choices=2))
    # With a hundred options even one solve in two is no guess.
    assert "0 of the 4 queries" in text(read(k=2, choices=100))


def test_a_budget():
    result = read(costs=[5, 2, 1, 1], k=None, budget=4.0, price_column="price")
    # b, c and d for 4 solve 1, 2, 4 to 9.
    assert result.headline.startswith(
        "3 models leave 2 of 10 queries (20.0%) unsolved for 4 of a budget of 4 a query: b, c, d."
    )
    assert "No set that may be chosen leaves fewer" in text(result)
    assert result.metrics["chosen_cost"] == 4
    assert result.metrics["n_sets"] == 15


def test_the_split_counts_on_other_queries():
    result = read(k=2)
    assert result.metrics["split_all_wrong"] in [i / 5 for i in range(6)]
    assert result.metrics["split_upper"] > result.metrics["split_all_wrong"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"k": 5}, "experiment.k: 5 of 4 models"),
        ({"k": None}, "experiment.k: null"),
        ({"budget": -1.0}, "experiment.budget: -1.0 is not a number above 0"),
        ({"budget": 1.0}, "experiment.budget: made here has no cost per answer"),
        ({"budget": 1.0, "price_column": "x"}, "experiment.price_column: 'x' is no per-model column"),
        ({"choices": 1}, "experiment.choices: 1"),
        ({"delta": 0.0}, "experiment.delta: 0.0"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(InputError) as raised:
        read(**parameters)
    assert str(raised.value).startswith(message.replace("made here", grades().source))


def test_prices_that_are_not_known():
    with pytest.raises(InputError, match=r"the price of b is nan, one of 1 that are no numbers above 0"):
        read(costs=[1, np.nan, 1, 1], budget=3.0, price_column="price")
    with pytest.raises(InputError, match=r"the price of c is 0, one of 2 that are no numbers above 0"):
        read(costs=[1, 2, 0, -1], budget=3.0, price_column="price")
    with pytest.raises(InputError, match=r"experiment.budget: 0.5 buys no model; the cheapest costs 1"):
        read(costs=[2, 2, 1, 1], budget=0.5, price_column="price")


def test_a_price_column_of_texts():
    held = grades_of(CELLS, "0123456789", "abcd", per_model={"released": np.array(["2024-01-01"] * 4, dtype=object)})
    with pytest.raises(InputError, match=r"experiment.price_column: 'released' holds text, such as '2024-01-01'"):
        SelectModels(budget=1.0, price_column="released")._prices(held.outcomes())


def test_halves_have_no_query_in_common():
    """Ten queries, all wrong for both models but in one half or the other: what chose is not counted again."""
    split = SelectModels(k=1)._split(np.array(CELLS, bool), (1, None, None), 0)
    assert split.n_queries == 5


def test_the_price_of_a_model_is_the_mean_of_its_answers():
    cost = np.tile([4.0, 2.0, 1.0, 1.0], (10, 1))
    cost[0, 0], cost[1, 0] = 8.0, 10.0
    held = grades_of(CELLS, "0123456789", "abcd", per_cell={"cost": cost})
    assert SelectModels(k=None, budget=5.0)._prices(held.outcomes()).tolist() == [5, 2, 1, 1]


def test_a_search_that_was_stopped_limits_any_set_by_what_is_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has found a set that leaves 3 of ten, and one that leaves 1 may be there."""
    found = Chosen((0, 1), 3, 1, None, ((0, 1),), "mixed-integer program, stopped after 1 s")
    monkeypatch.setattr(selection, "best_set", lambda *_, **__: found)
    metrics = read(k=2, delta=0.1).metrics
    assert metrics["best_lower"] == pytest.approx(beta.ppf(0.1, 1, 10))
    assert metrics["naive_upper"] == pytest.approx(beta.ppf(0.9, 4, 7))
    assert metrics["chosen_upper"] == pytest.approx(beta.ppf(1 - 0.1 / 6, 4, 7))
