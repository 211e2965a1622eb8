"""Shared wrong answers, counted by hand and planted."""

from itertools import combinations

import numpy as np
import pytest

from cofail_lab.decisions.shared_errors import alike_in_samples, habit_groups, shared_errors, spectral_number
from cofail_lab.decisions.votes import agreement_when_wrong
from cofail_lab.errors import InputError


def made(rng, n=120, k=6):
    """Answers A to D, the key among them, some of them empty."""
    key = rng.choice(list("ABCD"), n)
    answers = np.where(rng.random((n, k)) < 0.4, key[:, None], rng.choice(list("ABCD"), (n, k)))
    answers = np.where(rng.random((n, k)) < 0.05, "", answers)
    return answers, answers == key[:, None], key


def test_same_and_pull_by_hand(rng):
    answers, right, _ = made(rng)
    found = shared_errors(answers, right, np.zeros(120, np.int64))
    alike = agreement_when_wrong(answers, right)
    for p, (i, j) in enumerate(combinations(range(6), 2)):
        assert (found.left[p], found.right[p]) == (i, j)
        both = ~right[:, i] & ~right[:, j]
        assert found.n_both[p] == both.sum()
        assert found.same[p] == pytest.approx(alike[i, j])
        shares = []
        for q in np.flatnonzero(both):
            others = [answers[q, m] for m in range(6) if m not in (i, j) and not right[q, m]]
            pairs = [a == b != "" for a, b in combinations(others, 2)]
            if pairs:
                shares.append(np.mean(pairs))
        assert found.pull[p] == pytest.approx(np.mean(shares))
    np.testing.assert_allclose(found.excess, found.same - found.pull)


def test_chance_by_hand(rng):
    """Over all pairs of different queries of a group that the two fail, weighted as common errors are."""
    answers, right, key = made(rng)
    groups = habit_groups(None, key, 120)
    found = shared_errors(answers, right, groups)
    for p, (i, j) in enumerate(combinations(range(6), 2)):
        total, weight = 0.0, 0
        for group in range(4):
            first = [q for q in range(120) if groups[q] == group and not right[q, i]]
            second = [q for q in range(120) if groups[q] == group and not right[q, j]]
            pairs = [answers[a, i] == answers[b, j] != "" for a in first for b in second if a != b]
            both = len(set(first) & set(second))
            total, weight = total + both * np.mean(pairs), weight + both
        assert found.chance[p] == pytest.approx(total / weight)
    np.testing.assert_allclose(found.kappa, (found.same - found.chance) / (1 - found.chance))


def test_independent_wrong_answers_are_chance_and_copies_are_not(rng):
    """3,000 queries: a pair agrees by chance up to .02, four errors; the seed is fixed."""
    key = rng.choice(list("ABCD"), 3000)
    wrong = np.array([[x for x in "ABCD" if x != one] for one in key])
    answers = np.take_along_axis(wrong, rng.choice(3, (3000, 5), p=[0.6, 0.3, 0.1]), axis=1)
    answers[:, 4] = answers[:, 3]  # a copy
    found = shared_errors(answers, np.zeros(answers.shape, dtype=bool), habit_groups(None, key, 3000))
    free = found.right < 4
    np.testing.assert_allclose(found.kappa[free], 0, atol=0.04)
    np.testing.assert_allclose(found.same[free], 0.6**2 + 0.3**2 + 0.1**2, atol=0.04)
    assert found.kappa[(found.left == 3) & (found.right == 4)] == 1
    # A query that leads everyone astray: agreement far above chance, none of it the pair's own.
    lead = np.take_along_axis(wrong, rng.choice(3, (3000, 1)).repeat(5, axis=1), axis=1)
    noisy = np.where(rng.random((3000, 5)) < 0.7, lead, np.take_along_axis(wrong, rng.choice(3, (3000, 5)), axis=1))
    found = shared_errors(noisy, np.zeros(noisy.shape, dtype=bool), habit_groups(None, key, 3000))
    assert found.kappa.min() > 0.3
    np.testing.assert_allclose(found.excess, 0, atol=0.05)


def test_a_pair_that_is_wrong_on_no_two_queries_of_a_group_has_no_chance() -> None:
    """One common error, and none but that: 1·1 less 1 pairs of different queries. Of a third error there is one."""
    answers, right = np.array([["A", "A"], ["B", "C"]]), np.array([[False, False], [True, True]])
    alone = shared_errors(answers, right, np.zeros(2, np.int64))
    assert (alone.n_both.tolist(), alone.same.tolist()) == ([1], [1.0])
    assert np.isnan(alone.chance).all() and np.isnan(alone.kappa).all()
    right[1, 0], answers[1, 0] = False, "A"
    assert shared_errors(answers, right, np.zeros(2, np.int64)).chance.tolist() == [1.0]
    assert np.isnan(shared_errors(answers, right, np.arange(2)).chance).all()


def test_few_common_errors_and_open_answers(rng):
    answers, right, key = made(rng)
    few = shared_errors(answers, right, np.zeros(120, np.int64), least=10**6)
    assert np.isnan(few.same).all() and np.isnan(few.chance).all()
    # Open answers: a group for each dataset, not for each of 120 keys.
    assert len(np.unique(habit_groups(np.repeat(["x", "y"], 60), np.arange(120).astype(str), 120))) == 2
    assert len(np.unique(habit_groups(np.repeat(["x", "y"], 60), key, 120))) == 8
    assert len(np.unique(habit_groups(None, None, 120))) == 1


def test_samples_are_repetitions(rng):
    answers, right, _ = made(rng)
    weights = rng.integers(0, 3, (4, 120))
    drawn = alike_in_samples(answers, right, weights)
    again = [np.repeat(x, weights[2], axis=0) for x in (answers, right)]
    one = shared_errors(*again, np.zeros(len(again[0]), np.int64))
    np.testing.assert_allclose(drawn.same[2], one.same)
    np.testing.assert_allclose(drawn.pull[2], one.pull)


def test_spectral_number():
    assert spectral_number(np.eye(7)) == 7
    assert spectral_number(np.ones((7, 7))) == pytest.approx(1)
    eigenvalues = np.linalg.eigvalsh(np.array([[1, 0.5], [0.5, 1]]))
    assert spectral_number(np.array([[1, 0.5], [0.5, 1]])) == pytest.approx(
        eigenvalues.sum() ** 2 / (eigenvalues**2).sum()
    )
    assert spectral_number(np.array([[1, np.nan], [np.nan, 1]])) is None


def test_bad_shapes_are_named():
    with pytest.raises(InputError, match=r"answers: shape \(3, 2\) beside \(3, 1\)"):
        shared_errors(np.full((3, 2), "A"), np.zeros((3, 1), dtype=bool), np.zeros(3, np.int64))


def test_pairs_with_just_enough_common_errors_count():
    answers = np.array([["a", "a", "b"], ["b", "b", "b"], ["c", "d", "k"]])
    right = answers == "k"
    found = shared_errors(answers, right, np.zeros(3, np.int64), least=3)
    assert found.n_both.tolist() == [3, 2, 2]
    assert found.same[0] == pytest.approx(2 / 3)
    assert np.isnan(found.same[1:]).all()
    assert not np.isnan(shared_errors(answers, right, np.zeros(3, np.int64), least=2).same).any()


def test_keys_are_choices_dataset_by_dataset():
    """One dataset has three letters as keys; the other 27 texts, so that its queries are one group."""
    dataset = np.array(["choice"] * 6 + ["text"] * 27)
    key = np.array([*"ABCABC", *(f"key {i}" for i in range(27))])
    groups = habit_groups(dataset, key, 33)
    assert groups[:3].tolist() == groups[3:6].tolist()
    assert len(set(groups[:3])) == 3
    assert len(set(groups[6:])) == 1
    assert not set(groups[:6]) & set(groups[6:])
    # 26 keys are still choices.
    assert len(set(habit_groups(None, key[6:32], 26))) == 26
    assert set(habit_groups(dataset, None, 33)) == {0, 1}
    assert habit_groups(None, None, 4).tolist() == [0] * 4
