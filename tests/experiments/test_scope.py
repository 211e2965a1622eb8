"""`experiment=scope`: the ceiling of some columns, and others that are not bound by it."""

import numpy as np
import pytest

from cofail_lab import decisions as d
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.scope import ScopeOfACeiling
from tests.conftest import real_path
from tests.data.cells import grades_of
from tests.experiments.sources import Fixed

CELLS = [[1, 1, 0], [1, 1, 1], [0, 1, 1], [1, 0, 0], [1, 1, 0]]  # 0 is right


def read(**parameters):
    grades = grades_of(CELLS, "pqrst", ["a", "b", "team"])
    return ScopeOfACeiling(**parameters).run(Inputs(RunOptions(), source=lambda: Fixed(grades)))


def test_a_system_may_be_right_where_no_member_is():
    result = read(members=["a", "b"], systems="team")
    m = result.metrics
    assert (m["n_all_wrong"], m["all_wrong"], m["oracle"]) == (3, 0.6, 0.4)
    assert (m["single_best"], m["best_system"]) == (0.2, 0.6)
    assert m["rescued"] == m["rescued_by_any"] == pytest.approx(2 / 3)
    assert m["rescued_others"] is None
    assert "it passes the 40.0% that bound the policies of the 2 members alone" in result.headline
    assert "right more often than the best member, a (20.00%)" in result.headline
    (row,) = result.tables["systems"].to_pylist()
    assert row["rescued_lower"] < 2 / 3 < row["rescued_upper"]
    # No policy over the members passes it: the same column among them raises the ceiling.
    assert d.scope(np.array(CELLS) == 0, (np.array(CELLS) == 0)[:, [2]]).n_all_wrong == 1


def test_a_system_may_just_reach_the_ceiling():
    grades = grades_of([[0, 1, 0], [1, 0, 0]], "pq", ["a", "b", "team"])
    headline = ScopeOfACeiling("a", "team").run(Inputs(RunOptions(), source=lambda: Fixed(grades))).headline
    assert "The best of 1 system, team, is right on 100.00%: it passes the 50.0%" in headline
    assert "policies of the 1 member alone" in headline
    assert (
        "it reaches the 100.0%"
        in ScopeOfACeiling(["a", "b"], "team").run(Inputs(RunOptions(), source=lambda: Fixed(grades))).headline
    )


def test_without_all_wrong_queries_nothing_can_be_rescued():
    scope = d.scope(np.array([[True], [True]]), np.array([[False], [True]]))
    assert scope.n_all_wrong == 0
    assert np.isnan(scope.rescued).all()
    assert np.isnan(scope.rescued_by_any)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"members": ["a", "b"], "systems": "b*"}, "experiment.systems: 'b' is one of experiment.members too"),
        ({"members": "z", "systems": "team"}, "experiment.members: 'z' matches nothing"),
        ({"members": "a", "systems": None}, "experiment.systems: null; names or patterns of models are needed"),
        ({"members": [], "systems": "team"}, "experiment.members: [] is not a name"),
    ],
)
def test_bad_parameters_are_named(parameters, message):
    with pytest.raises(InputError) as raised:
        read(**parameters)
    assert str(raised.value).startswith(message)


def test_bad_shapes_are_named():
    with pytest.raises(InputError, match=r"systems: 2 rows; 3 are needed"):
        d.scope(np.ones((3, 1)), np.ones((2, 1)))
    with pytest.raises(InputError, match=r"members: shape \(3,\); \(n, k\)"):
        d.scope(np.ones(3), np.ones((3, 1)))


def test_real_systems_do_not_pass_the_ceiling_of_ten_models():
    source = WideSource(str(real_path("medagents_protocols")))
    experiment = ScopeOfACeiling("protocol=zero_shot", "kind=several calls", ["*|cot", "*|few_shot"])
    result = experiment.run(Inputs(RunOptions(), source=lambda: source))
    m = result.metrics
    assert (m["n_queries"], m["n_models"], m["n_systems"]) == (446, 10, 24)
    assert m["all_wrong"] == pytest.approx(0.3453, abs=5e-5)
    assert m["single_best"] == pytest.approx(0.3139, abs=5e-5)
    assert m["best_system"] == pytest.approx(0.3117, abs=5e-5)
    assert m["rescued"] == pytest.approx(0.17, abs=0.005)
    # A second prompt of the same models is right on more of them than any system.
    assert m["rescued_others"] > m["rescued"]
    assert result.labels["best_system"] == "gpt-4o|aflow"
    assert "does not reach the 65.5%" in result.headline


def test_the_best_are_named_and_all_columns_are_compared_on_the_same_queries():
    result = read(members=["a", "team"], systems="b")
    assert (result.labels["best_member"], result.labels["best_system"]) == ("team", "b")
    cells = [[0, 1, 0, 0], [1, 1, 0, 4], [1, 1, 1, 0]]  # d has no answer to the second query
    source = Fixed(grades_of(cells, "pqr", "abcd"))
    wide = ScopeOfACeiling(["a", "b"], "c", "d").run(Inputs(RunOptions(), source=lambda: source))
    assert (wide.metrics["n_queries"], wide.metrics["all_wrong"]) == (2, 0.5)
    assert (wide.metrics["rescued"], wide.metrics["rescued_others"]) == (0, 1)


def test_a_column_that_is_compared_with_nothing_leaves_no_query_out():
    """A fourth column has answered the last query alone."""
    cells = [[*row, 4] for row in CELLS[:4]] + [[*CELLS[4], 0]]
    grades = grades_of(cells, "pqrst", ["a", "b", "team", "rest"])
    inputs = Inputs(RunOptions(), source=lambda: Fixed(grades))
    assert ScopeOfACeiling(["a", "b"], "team").run(inputs).metrics == read(members=["a", "b"], systems="team").metrics
