"""`experiment=ensemble_size`: planted pools, real matrices, and its sentences on both sides of every branch."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri

from cofail_lab.data.readers.wide import WideSource
from cofail_lab.decisions.diversification import optimal_cardinality, rule_cardinality
from cofail_lab.decisions.ensemble_size import best_size, odd_sizes, predicted_any
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.ensemble_size import EnsembleSize
from tests.conftest import outcomes_from, real_path
from tests.experiments.parts import Shown
from tests.experiments.sources import inputs_from


def one_factor(rng, alpha, rho, n=2000, m=15):
    """Models of these error rates that share a factor, equally loaded."""
    score = np.sqrt(rho) * rng.standard_normal((n, 1)) + np.sqrt(1 - rho) * rng.standard_normal((n, m))
    return score < ndtri(alpha)


def text(result):
    return " ".join([result.headline, *(line for section in result.sections for line in section.sentences)])


PLANTED = ((0.3, 0.3, 5), (0.2, 0.3, 5), (0.3, 0.5, 3), (0.2, 0.2, 5))
"""Error rate, correlation, and the best number of members at a point of accuracy each."""


def test_planted_pools():
    """50 pools of 15 models and 2,000 queries; each predicts in both directions of its halves."""
    within = []
    for seed in range(50):
        alpha, rho, best = PLANTED[seed % 4]
        assert best_size(odd_sizes(15), predicted_any(alpha, rho, odd_sizes(15)), 0.01) == best
        wrong = one_factor(np.random.default_rng(seed), alpha, rho)
        within.append(EnsembleSize(cost=0.01, splits=1).run(inputs_from(wrong)).metrics["heldout_within_one_any"])
    assert np.mean(within) >= 0.9


def test_a_vote_of_the_best_pays():
    # Three good models and many bad ones.
    rng = np.random.default_rng(1)
    wrong = one_factor(rng, np.array([0.1, 0.1, 0.1, 0.6, 0.6, 0.6, 0.6]), 0.2, m=7)
    result = EnsembleSize(cost=0.005).run(inputs_from(wrong))
    assert result.labels["reading"] == "vote"
    assert result.metrics["k_in_order"] == result.metrics["cast_k_in_order"] == 3
    assert result.headline.startswith("At 0.5 points of accuracy a member, run a majority of the 3 best models")
    m = result.metrics
    assert m["k_linearized"] == rule_cardinality(m["mean_error_rate"], m["tetrachoric_interior"], 0.005, "single")
    assert m["k_mean_score"] == optimal_cardinality(m["mean_error_rate"], m["tetrachoric_interior"], 0.005)
    table = result.tables["sizes"].to_pylist()
    assert [row["size"] for row in table] == [1, 3, 5, 7]
    # All members are the same set, drawn or in order.
    assert table[-1]["cast_any"] == pytest.approx(table[-1]["cast_in_order"])
    assert len(result.figures["ensemble_size"]().axes) == 1


def test_the_best_model_alone():
    wrong = one_factor(np.random.default_rng(2), np.array([0.1, 0.6, 0.6, 0.7, 0.7]), 0.5, m=5)
    result = EnsembleSize().run(inputs_from(wrong))
    assert result.labels["reading"] == "one_model"
    assert "run the best model alone" in result.headline
    assert "Of members drawn from the pool 1 pays (by votes 1)." in result.headline
    # Wrong more often than not: no vote of such members is better than one of them.
    assert result.metrics["majority_limit"] == pytest.approx(1 - result.metrics["mean_error_rate"])


def test_prediction_and_votes_that_differ():
    """The three best are all but one model: one correlation for all pairs cannot see what the vote does."""
    rng = np.random.default_rng(5)
    alike = rng.random((600, 1)) < 0.3
    wrong = np.concatenate([alike ^ (rng.random((600, 3)) < 0.004), rng.random((600, 4)) < 0.5], axis=1)
    result = EnsembleSize().run(inputs_from(wrong))
    assert result.metrics["k_in_order"] != result.metrics["cast_k_in_order"] == 1
    assert result.labels["reading"] == "one_model"
    assert (
        "run the best model alone: so say the votes; error rates and correlation predict "
        f"{result.metrics['k_in_order']}." in result.headline
    )


def test_datasets():
    rng = np.random.default_rng(3)
    parts = [one_factor(rng, alpha, 0.3, n, 7) for alpha, n in ((0.2, 300), (0.6, 300), (0.5, 20))]
    wrong = np.concatenate(parts)
    names = np.array(["easy"] * 300 + ["hard"] * 300 + ["small"] * 20, dtype=object)
    result = EnsembleSize(cost=0.01).run(inputs_from(wrong, per_query={"dataset": names}))
    rows = result.tables["datasets"].to_pylist()
    assert [row["dataset"] for row in rows] == [None, "easy", "hard"]
    assert rows[1]["k_any"] > rows[2]["k_any"] == 1
    assert result.metrics["n_datasets"] == 2
    listing = next(section.listing for section in result.sections if section.title == "By dataset")
    assert [row[0] for row in listing.rows] == ["easy", "hard"]
    one = EnsembleSize().run(inputs_from(wrong, per_query={"dataset": np.array(["all"] * 620, dtype=object)}))
    assert one.metrics["n_datasets"] == 0


def test_negative_correlations():
    rng = np.random.default_rng(4)
    turn = rng.integers(0, 3, 600)
    wrong = (np.arange(3) == turn[:, None]) ^ (rng.random((600, 3)) < 0.1)
    result = EnsembleSize().run(inputs_from(wrong))
    assert result.metrics["tetrachoric_interior"] < 0
    assert "it is taken as 0, so that votes gain more than predicted" in text(result)


@pytest.mark.parametrize(
    ("matrix", "size", "best", "error"),
    [("zeroeval_crux", 3, 3, 0), ("medagents_zeroshot", 3, 3, 0), ("farel_bench", 4.6, 4, 1.4)],
)
def test_real_matrices(matrix, size, best, error):
    """As docs/ensemble_size.md says."""
    source = WideSource(path=str(real_path(matrix)))
    metrics = EnsembleSize(min_queries=10**6).run(Inputs(RunOptions(), source=lambda: source)).metrics
    assert metrics["heldout_predicted_any"] == pytest.approx(size)
    assert metrics["heldout_best_any"] == pytest.approx(best)
    assert metrics["heldout_error_any"] == pytest.approx(error)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"cost": 0.0}, "experiment.cost: 0.0"),
        ({"at_most": 1}, "experiment.at_most: 1"),
        ({"splits": 0}, "experiment.splits: 0"),
        ({"min_queries": 0}, "experiment.min_queries: 0"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(InputError) as raised:
        EnsembleSize(**parameters)
    assert str(raised.value).startswith(message)


def test_pools_without_a_vote_or_a_correlation():
    with pytest.raises(InputError, match="2 models; at least 3 are needed"):
        EnsembleSize().run(inputs_from(np.eye(4, 2, dtype=bool)))
    with pytest.raises(InputError, match="no two models of made up have a correlation"):
        EnsembleSize().run(inputs_from(np.zeros((8, 3), dtype=bool)))
    # Two of these three models have all four outcomes in six queries, but not in a half of them.
    few = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 0], [1, 1, 0], [0, 0, 0], [1, 1, 1]], dtype=bool)
    with pytest.raises(InputError, match="on all of the 6 queries and on a half of them"):
        EnsembleSize().run(inputs_from(few))


def test_a_dataset_of_just_enough_queries_is_judged() -> None:
    """Of 30, 20 and 19 queries, with 20 asked for."""
    wrong = one_factor(np.random.default_rng(6), np.full(5, 0.4), 0.3, n=69, m=5)
    dataset = np.repeat(np.array(["x", "y", "z"], object), [30, 20, 19])
    found = EnsembleSize(splits=1, min_queries=20).run(inputs_from(wrong, per_query={"dataset": dataset}))
    assert found.metrics["n_datasets"] == 2


def test_votes_of_models_that_err_apart_are_predicted_as_independent() -> None:
    """Three models, each wrong on 8 of 20 queries, two of them together on 2, where chance has 3.2."""
    wrong = np.zeros((20, 3), dtype=bool)
    for column, pair in ((0, (0, 1)), (1, (0, 2)), (2, (1, 2))):
        wrong[2 * column : 2 * column + 2, list(pair)] = True
    for column in range(3):
        wrong[6 + 4 * column : 10 + 4 * column, column] = True
    part = EnsembleSize(splits=1)._part(None, wrong, np.random.default_rng(0))
    assert part is not None
    assert part.correlation < 0 and part.error_rate == pytest.approx(0.4)
    assert part.predicted_any == pytest.approx([0.6, 1 - (3 * 0.4**2 - 2 * 0.4**3)], abs=1e-9)


@pytest.mark.parametrize(("names", "parts"), [(["a"], 1), (["a", "b"], 3), (["a", "b", "c"], 4)])
def test_datasets_are_judged_where_there_are_several(
    monkeypatch: pytest.MonkeyPatch, names: list[str], parts: int
) -> None:
    wrong = np.random.default_rng(5).random((120, 5)) < [0.2, 0.3, 0.4, 0.5, 0.6]
    outcomes = replace(
        outcomes_from(wrong), per_query={"dataset": np.array([names[i % len(names)] for i in range(120)], object)}
    )
    monkeypatch.setattr(Inputs, "outcomes", lambda self: outcomes)
    shown = Shown()
    EnsembleSize(splits=1, min_queries=20).run(Inputs(RunOptions()), shown)
    assert shown.steps == {"Votes by size": (parts, parts)}
