"""Agreement of raters against published examples, scikit-learn, and counting by hand."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from cofail_lab.decisions.rater_agreement import (
    all_alike,
    cohen_kappa,
    fleiss_kappa,
    pair_agreement,
    panel_kappa,
    resampled,
)
from cofail_lab.errors import InputError

# Fleiss (1971) as it stands in textbooks: how many of 14 raters put each of 10 items into each of 5 categories.
FLEISS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def labels(rng, n=60, k=4, values=3, missing=0.2):
    found = rng.integers(0, values, (n, k))
    return np.where(rng.random((n, k)) < missing, -1, found)


def test_fleiss_of_a_textbook():
    table = np.array([np.repeat(np.arange(5), row) for row in FLEISS])
    assert fleiss_kappa(table)[0] == pytest.approx(0.210, abs=5e-4)


def test_cohen_is_that_of_scikit_learn(rng):
    given = labels(rng)
    for i, j in combinations(range(4), 2):
        both = (given[:, i] >= 0) & (given[:, j] >= 0)
        expected = cohen_kappa_score(given[both, i], given[both, j])
        assert cohen_kappa(given[:, i], given[:, j])[0] == pytest.approx(expected, abs=1e-12)


def test_fleiss_counts_every_item_by_its_own_pairs(rng):
    """By hand: the share of agreeing pairs of each item, and chance by all labels of the items with two or more."""
    given = labels(rng)
    shares, pooled = [], []
    for row in given:
        own = row[row >= 0]
        if len(own) >= 2:
            pairs = list(combinations(own, 2))
            shares.append(np.mean([a == b for a, b in pairs]))
            pooled += own.tolist()
    chance = sum((np.array(pooled) == value).mean() ** 2 for value in range(3))
    assert fleiss_kappa(given)[0] == pytest.approx((np.mean(shares) - chance) / (1 - chance), abs=1e-12)


def test_a_missing_label_is_no_disagreement():
    one, two = np.array([0, 1, 0, 1, -1]), np.array([0, 1, 0, 1, 1])
    assert cohen_kappa(one, two)[0] == 1
    assert fleiss_kappa(np.stack([one, two], axis=1))[0] == 1
    rated, agreed = pair_agreement(np.stack([one, two], axis=1))
    assert (rated[0, 1], agreed[0, 1], rated[1, 1]) == (4, 4, 5)
    assert all_alike(np.stack([one, two, two], axis=1)) == (5, 5)
    assert all_alike(np.array([[0, 1, -1], [-1, 2, -1], [2, 2, -1], [0, 0, 1]])) == (3, 1)


def test_there_is_no_kappa_where_all_labels_are_one():
    same = np.zeros((5, 3), np.int64)
    assert np.isnan(fleiss_kappa(same)[0])
    assert np.isnan(cohen_kappa(same[:, 0], same[:, 1])[0])
    assert np.isnan(cohen_kappa(np.array([0, -1]), np.array([-1, 1]))[0])


def test_weights_are_repetitions_and_groups_are_drawn_whole(rng):
    given = labels(rng)
    weights = rng.integers(0, 3, (250, 60))
    again = np.repeat(given, weights[7], axis=0)
    assert fleiss_kappa(given, weights)[7] == pytest.approx(fleiss_kappa(again)[0], abs=1e-12)
    assert cohen_kappa(given[:, 0], given[:, 2], weights)[7] == pytest.approx(
        cohen_kappa(again[:, 0], again[:, 2])[0], abs=1e-12
    )
    groups = np.array([0, 0, 1, 2, 2, 2])
    drawn = resampled(groups, 50, rng)
    assert (drawn[:, 0] == drawn[:, 1]).all() and (drawn[:, 3] == drawn[:, 5]).all()
    assert (drawn[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_the_quoted_panel():
    assert panel_kappa(0.9, 0.95, 0.6) == pytest.approx(0.7037, abs=5e-5)
    with pytest.raises(InputError, match=r"prevalence: 1\.2 is outside \[0, 1\]"):
        panel_kappa(0.9, 0.9, 1.2)
    with pytest.raises(InputError, match="all are marked alike"):
        panel_kappa(1.0, 0.0, 0.5)


def test_limits_of_kappa_hold():
    """95% over 400 panels of 5 raters and 100 items: the share that holds has an error of 1.1 points."""
    held = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        right = rng.random(100) < 0.6
        given = (rng.random((100, 5)) < np.where(right, 0.9, 0.05)[:, None]).astype(np.int64)
        low, high = np.quantile(fleiss_kappa(given, resampled(np.arange(100), 300, rng)), [0.025, 0.975])
        held += low <= panel_kappa(0.9, 0.95, 0.6) <= high
    assert 0.92 <= held / 400 <= 0.98


def test_pairs_are_counted_where_both_labelled():
    table = np.array([[0, 0, -1], [1, 0, -1], [-1, -1, 2], [2, -1, 2]])
    rated, agreed = pair_agreement(table)
    assert rated.tolist() == [[3, 2, 1], [2, 2, 0], [1, 0, 2]]
    assert agreed.tolist() == [[3, 1, 1], [1, 2, 0], [1, 0, 2]]


def test_without_weights_there_is_one_sample() -> None:
    first, second = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 1, 0])
    assert cohen_kappa(first, second).shape == fleiss_kappa(np.stack([first, second], axis=1)).shape == (1,)
    many = np.ones((203, 5), int)
    many[150] = [1, 1, 0, 0, 0]
    found = cohen_kappa(first, second, many)
    # Blocks of a hundred: sample 150 has nothing but the first two items, where chance and agreement are a half.
    assert found.shape == (203,) and len({*np.delete(found, 150).round(12)}) == 1 and found[150] == 0
