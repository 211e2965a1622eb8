"""The ranking of suspicious keys: what it sees, and what it finds of planted ones."""

import numpy as np
import pytest
from scipy.optimize import minimize

from cofail_lab.decisions import wrong_keys
from cofail_lab.decisions.wrong_keys import suspicion
from cofail_lab.errors import InputError
from studies import wrong_keys as study


@pytest.fixture(scope="module")
def runs() -> list[dict[str, study.Found]]:
    """Ten seeds, a quarter of the questions of the full study."""
    return [study.compare(study.made_up(seed, 1 / 4), seed) for seed in range(10)]


def test_it_beats_taking_every_all_wrong_row(runs: list[dict[str, study.Found]]) -> None:
    """In each seed with answers; studies/wrong_keys.py does a hundred, and docs/audit.md has its table."""
    flag = "every all-wrong row"
    assert all(run["with answers"].auc > run[flag].auc + 0.05 for run in runs)
    assert all(run["without answers"].auc > run[flag].auc + 0.03 for run in runs)
    assert all(run["with answers"].area > 1.1 * run[flag].area for run in runs)
    found = {name: np.mean([run[name].found for run in runs]) for name in study.RANKINGS}
    assert found["with answers"] > found[flag]
    # Without answers all-wrong rows come first, so that reading as many finds as many.
    assert found["without answers"] == pytest.approx(found[flag], rel=0.05)


def test_rankings_of_shuffled_plants_find_nothing() -> None:
    """The control: keys replaced in other rows than are asked for. AUC within .5 ± .1 (four standard errors)."""
    questions = study.made_up(0, 1 / 3)
    key, wrong = study.planted(questions, 0)
    right = questions.answers == key[:, None]
    score = suspicion(right, questions.dataset, questions.answers.astype(str), key.astype(str)).score
    elsewhere = np.random.default_rng(1).permutation(wrong)
    assert abs(study.judged(score, elsewhere, 10).auc - 0.5) < 0.1


def test_the_population_has_the_shape_of_the_real_matrix() -> None:
    """332 of 6,976 defeat everyone there, and all ten give one answer on 151 of these."""
    failed, same = np.mean([study.shape(study.made_up(seed)) for seed in range(3)], axis=0)
    assert failed == pytest.approx(332 / 6976, abs=0.01)
    assert same == pytest.approx(151 / 332, abs=0.06)


def test_expected_hits_among_ties() -> None:
    score, wrong = np.array([3.0, 1, 1, 1, 0]), np.array([False, True, False, True, True])
    assert study.expected_found(score, wrong, 5).tolist() == pytest.approx([0, 2 / 3, 4 / 3, 2, 3])
    assert study.judged(score, wrong, 2)[1:] == pytest.approx(((0 + 2 / 3) / 2 / 3, 2 / 3))
    assert study.judged(score, wrong, 1).auc == pytest.approx((0.5 + 0.5) / 6)


ANSWERS = np.array([["A", "A", "A"], ["B", "B", "B"], ["a.", "C", ""], ["D", "B", "B"]] * 10, object)
KEY = np.array(["A", "C", "A", "D"] * 10, object)
WRONG_KEYS = KEY[:, None] != ANSWERS


def test_what_there_is_to_see() -> None:
    seen = suspicion(~WRONG_KEYS, None, ANSWERS, KEY)
    assert seen.rival[:4].tolist() == ["", "B", "C", "B"] or seen.rival[2] == "a."
    assert seen.n_rival[:4].tolist() == [0, 3, 1, 2]
    assert seen.n_like_key[:4].tolist() == [0, 0, 1, 0]
    assert set(seen.order[:10]) == set(range(2, 40, 4)), "answers that read like the key come first"
    assert seen.score[1] > seen.score[3] > seen.score[0]


def test_the_rival_is_an_answer_graded_wrong_and_no_answer_is_none() -> None:
    """Columns of support, by hand: models behind the rival, its weight and the next one's, its lead, all weight."""
    right = np.array([[True, True, True, False, False, False], [False] * 6])
    codes = np.array([[0, 0, 0, 1, 1, 2], [3, 3, -1, -1, -1, 4]])
    columns = wrong_keys._features(right, codes, np.ones((2, 6)), np.zeros(2, int))[:, -5:]
    assert columns.tolist() == [[2, 2, 1, -1, 6], [2, 2, 1, 2, 6]]


def test_the_same_seed_gives_the_same_ranking() -> None:
    first, again, other = (suspicion(~WRONG_KEYS, None, ANSWERS, KEY, seed=seed).score for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_free_texts_are_ranked_by_keys_that_nobody_gives() -> None:
    """Every query has a key of its own: being united on another answer is more suspicious than being divided."""
    n = 60
    answers = np.array([[f"{i}", f"{i}", f"{i}"] for i in range(n)], object)
    key = answers[:, 0].copy()
    key[0] = key[1] = "?"
    answers[1] = ["x", "y", "z"]
    key[2:12] = "!"
    answers[2:12] = [["u", "v", "w"]]
    right = answers == key[:, None]
    score = suspicion(right, None, answers, key).score
    assert score[0] > score[1]
    assert score[1] > score[20]


def test_any_matrix_can_be_ranked() -> None:
    for right in (np.zeros((2, 2), bool), np.ones((3, 2), bool), np.eye(2, dtype=bool)):
        for choices in (None, 2, 4):
            assert np.isfinite(suspicion(right, choices=choices).score).all()
        empty = np.full(right.shape, "", object)
        assert np.isfinite(suspicion(right, None, empty).score).all()
        assert (suspicion(right, None, empty).n_rival == 0).all()
    many = np.arange(90) % 45
    assert len(suspicion(np.ones((90, 3), bool), many).score) == 90
    with pytest.raises(InputError, match="choices"):
        suspicion(np.ones((3, 2), bool), choices=1)


def test_the_most_suspicious_come_first_after_those_like_the_key() -> None:
    one = wrong_keys.Suspicion(
        np.array([0.1, 0.9, 0.5, 0.2]), np.full(4, "", object), np.zeros(4), np.array([0, 0, 1, 2])
    )
    assert one.order.tolist() == [2, 3, 1, 0]


def test_datasets_are_numbered_by_size_and_small_ones_share() -> None:
    assert wrong_keys._groups(np.array(["a", "b", "b", "c", "c", "c"]), 6).tolist() == [2, 1, 1, 0, 0, 0]
    assert wrong_keys._groups(None, 3).tolist() == [0, 0, 0]
    # 29 datasets of two queries and three of one: the largest 30 have a number of their own.
    names = np.array([f"{i:02}" for i in range(29) for _ in range(2)] + ["x", "y", "z"])
    assert wrong_keys._groups(names, 61)[-3:].tolist() == [29, 30, 30]


def test_what_is_multiple_choice() -> None:
    """Nine of ten keys are options of two queries each, or more; one in ten has a key of its own."""
    group, keys = np.zeros(40, int), np.array([0, 1, 2, 3] * 9 + [0, 1, 2, 9])
    assert wrong_keys._options(keys, group)[0].tolist() == [0, 1, 2, 3]
    keys[33:37] = [10, 11, 12, 13]
    assert wrong_keys._options(keys, group) == {}
    assert wrong_keys._options(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1])) == {}
    assert wrong_keys._options(np.full(40, -2), group) == {}
    assert wrong_keys._options(np.array([0, 1, 2, 3] * 9 + [10, 11, 12, 13]), group) == {}, "nine of ten are too few"


def test_texts_are_numbered_and_empty_ones_are_neither_answer_nor_key() -> None:
    answers = np.array([["b", "", "a"], ["c", "b", ""]], object)
    codes, keys = wrong_keys._coded(answers, np.array(["c", ""], object))
    names = {"": -1, "a": codes[0, 2], "b": codes[0, 0], "c": codes[1, 0]}
    assert codes.tolist() == [[names[said] for said in row] for row in answers]
    assert sorted(set(names.values())) == [-1, *range(names["a"], names["a"] + 3)]
    assert keys.tolist() == [names["c"], -2], "no key is no answer either"
    assert wrong_keys._coded(answers, None)[1].tolist() == [-2, -2]


def test_what_an_answer_weighs_by_hand() -> None:
    """Right on 3 of 4 and 1 of 2 overall 4 of 6: two queries' worth of the overall accuracy are added to each."""
    right = np.array([[1, 1, 1, 0, 1, 0]], bool).T
    group = np.array([0, 0, 0, 0, 1, 1])
    first, second = (3 + 2 * 4 / 6) / 6, (1 + 2 * 4 / 6) / 4
    found = wrong_keys._weights(right, group, {0: np.arange(4)})[:, 0]
    # Against guessing among four options, and among two where there are none.
    np.testing.assert_allclose(found[:4], np.log(3 * first / (1 - first)))
    np.testing.assert_allclose(found[4:], np.log(second / (1 - second)))
    assert wrong_keys._weights(~right, group, None)[0, 0] == 0
    # Models that are always right, or never, count as right on 98% and 2% of all queries.
    always = np.array([[1, 0]] * 4, bool)
    best, worst = (4 + 2 * 0.98) / 6, 2 * 0.02 / 6
    odds = [49 * best / (1 - best), 49 * worst / (1 - worst)]
    assert odds[1] < 1 < 199 * worst / (1 - worst)
    for n_options in (50, 200):
        expected = np.maximum(np.log(np.array(odds) / 49 * (n_options - 1)), 0)
        found = wrong_keys._weights(always, np.zeros(4, int), {0: np.arange(n_options)})
        np.testing.assert_allclose(found, np.tile(expected, (4, 1)))


def test_replaced_keys_where_answers_are_not_known() -> None:
    """20,000 wrong cells: a third of them give the new one of four options, within four standard errors."""
    right = np.zeros((5000, 2), bool)
    right[:, 0] = True
    rows, share = wrong_keys._guessed(right, 4, np.random.default_rng(0))
    assert len(rows) == len(share) == 4
    assert all((one == 1 / 4).all() for one in share)
    assert not any(row[:, 0].any() for row in rows), "who was right is wrong by another key"
    assert abs(np.mean([row[:, 1].mean() for row in rows]) - 1 / 3) < 4 * np.sqrt(2 / 9 / 20_000)
    nobody, whole = wrong_keys._guessed(right, None, np.random.default_rng(0))
    assert not nobody[0].any()
    assert whole[0].tolist() == [1.0] * 5000


def test_every_other_option_takes_its_turn() -> None:
    """Four models that say each option once: the row of each replaced key has one of the three that are no key."""
    codes = np.tile(np.arange(4), (6, 1))
    keys = np.array([0, 1, 2, 3, 0, 1])
    rows, share = wrong_keys._replaced(codes, keys, np.zeros(6, int), {0: np.arange(4)}, np.random.default_rng(0))
    said = np.stack([row.argmax(axis=1) for row in rows])
    assert all((row.sum(axis=1) == 1).all() for row in rows)
    for query, key in enumerate(keys):
        assert set(said[:3, query]) == {0, 1, 2, 3} - {key}
        assert said[3, query] == said[0, query]
    assert share[0].tolist() == [1 / 4] * 6


def test_log_odds_are_those_of_the_weighted_regression() -> None:
    """Replaced rows count with their share; columns are standardized over all rows, those that do not vary left out."""
    rng = np.random.default_rng(6)
    own, replaced = rng.standard_normal((12, 2)), rng.standard_normal((5, 2)) + np.array([1.0, 0.0])
    own, replaced = (np.column_stack([rows, np.ones(len(rows))]) for rows in (own, replaced))
    share = np.array([0.1, 0.9, 0.4, 0.2, 0.5])
    rows = np.vstack([own, replaced])[:, :2]
    standard = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    label = np.repeat([0, 1], [12, 5])

    def loss(of: np.ndarray) -> float:
        odds = standard @ of[:2] + of[2]
        weights = np.concatenate([np.ones(12), share])
        return float(weights @ np.logaddexp(0, np.where(label == 1, -odds, odds)) + of[:2] @ of[:2] / 2)

    best = minimize(loss, np.zeros(3), tol=1e-12).x
    found = wrong_keys._log_odds(own, replaced, share)
    np.testing.assert_allclose(found, standard[:12] @ best[:2] + best[2], atol=1e-3)
    np.testing.assert_array_equal(wrong_keys._log_odds(np.ones((3, 1)), np.ones((2, 1)), np.ones(2)), np.zeros(3))


def test_the_rival_is_the_wrong_answer_of_most() -> None:
    right = np.array([[True, False, False, False], [True, True, True, True], [False, False, True, False]])
    answers = np.array([["a", "b", "c", "c"], ["a", "a", "a", "a"], ["x", "y", "z", "y"]], object)
    said, n_rival = wrong_keys._rivals(right, answers)
    assert (said.tolist(), n_rival.tolist()) == (["c", "", "y"], [2, 0, 2])
    nothing, none = wrong_keys._rivals(right, None)
    assert (nothing.tolist(), none.tolist()) == (["", "", ""], [0, 0, 0])
