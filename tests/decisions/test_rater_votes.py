"""Rules of votes, votes left out, and how many independent votes a panel is worth."""

from itertools import product

import numpy as np
import pytest

from cofail_lab.decisions.rater_votes import (
    RULES,
    effective_votes,
    error_correlation,
    marked,
    marked_probability,
    own_votes,
    shortfall,
)
from cofail_lab.errors import InputError


def test_rules_on_every_pattern():
    for votes in product((-1, 0, 1), repeat=4):
        given = [vote for vote in votes if vote >= 0]
        right = sum(given)
        expected = {
            "majority": -1 if not given else int(2 * right > len(given)),
            "unanimous": -1 if not given else int(right == len(given)),
            "lenient": -1 if not given else int(right > 0),
        }
        for rule in RULES:
            assert marked(np.array([votes]), rule)[0] == expected[rule], (votes, rule)
        if given and 2 * right == len(given):
            assert [marked(np.array([votes]), "majority", ties)[0] for ties in ("right", "missing")] == [1, -1]


def test_rules_are_nested():
    votes = np.array(list(product((0, 1), repeat=4)))
    strict, usual, lenient = (marked(votes, rule) for rule in ("unanimous", "majority", "lenient"))
    assert (strict <= usual).all() and (usual <= lenient).all()
    assert (strict < lenient).any()


def test_the_quoted_probabilities():
    assert marked_probability(np.full(5, 0.9), "majority") == pytest.approx(0.99144, abs=1e-12)
    assert marked_probability(np.full(4, 0.9), "majority") == pytest.approx(0.9477, abs=1e-12)
    # A wrong answer is marked right with the complement of the specificity: the even rule is stricter there too.
    wrong = [float(marked_probability(np.full(k, 0.05), "majority")) for k in (5, 4)]
    assert wrong[1] < wrong[0]


def test_unlike_raters_one_by_one(rng):
    shares = rng.random((3, 4))
    for row in shares:
        total = sum(
            np.prod([p if vote else 1 - p for p, vote in zip(row, votes, strict=True)])
            for votes in product((0, 1), repeat=4)
            if sum(votes) > 2
        )
        assert marked_probability(row, "majority") == pytest.approx(total, abs=1e-12)
    assert marked_probability(shares, "majority").shape == (3,)


def test_own_votes_by_hand():
    votes = np.array([[1, 1, 1, 0, 0], [1, 0, 1, 1, 0], [0, 0, 0, 1, 1], [1, 1, 1, 1, 1], [0, 1, 1, 0, 1]])
    own = np.zeros(votes.shape, dtype=bool)
    own[[0, 1, 2, 4], [0, 1, 3, 0]] = True
    found = own_votes(votes, own, "wrong")
    # Row 0: 3 of 5 right, without the own one 2 of 4, a tie. Row 1 stays right, row 2 wrong, row 4 right.
    assert (found.n_votes, found.n_ties, found.n_lost, found.n_gained, found.n_lost_to_ties) == (4, 1, 1, 0, 1)
    assert found.favour == pytest.approx(2 / 4 - (2 + 3 + 1 + 3) / 16)
    # With ties right the same tie is no loss, and row 2 of 1 in 4 stays wrong.
    assert own_votes(votes, own, "right").n_lost == 0
    assert own_votes(votes, np.zeros_like(own), "wrong") is None
    # Where nobody else votes there is nothing that a model could favour itself against.
    assert own_votes(np.array([[1, -1], [1, 0]]), np.array([[True, False], [False, False]]), "wrong").favour is None


def test_correlation_and_effective_votes(rng):
    shared = rng.random((4000, 1)) < 0.1
    wrong = np.where(rng.random((4000, 5)) < 0.5, shared, rng.random((4000, 5)) < 0.1)
    expected = np.corrcoef(wrong.T.astype(float))[np.triu_indices(5, 1)].mean()
    found = error_correlation(wrong, np.ones(wrong.shape, dtype=bool))[0]
    assert found == pytest.approx(expected, abs=1e-12)
    assert effective_votes(5, found) == pytest.approx(5 / (1 + 4 * expected))
    assert effective_votes(9, 1.0) == 1 and effective_votes(9, 0.0) == 9
    known = rng.random(wrong.shape) < 0.8
    both = known[:, 0] & known[:, 1]
    pair = error_correlation(wrong[:, :2], known[:, :2])[0]
    assert pair == pytest.approx(np.corrcoef(wrong[both, 0], wrong[both, 1])[0, 1], abs=1e-12)
    assert np.isnan(error_correlation(np.zeros((5, 2), dtype=bool), np.ones((5, 2), dtype=bool))[0])


def test_shortfall_of_copies_and_of_independent_raters(rng):
    """30,000 items: errors below .0012 with a false alarm rate under 1e-4 (fixed seed)."""
    truth = (rng.random(30_000) < 0.6).astype(np.int64)
    says_right = np.where(truth == 1, 0.8, 0.3)[:, None]
    free = (rng.random((30_000, 5)) < says_right).astype(np.int64)
    found = shortfall(free, truth)
    assert abs(found.shortfall) < 0.01
    expected = 0.6 * marked_probability(np.full(5, 0.8), "majority") + 0.4 * (
        1 - marked_probability(np.full(5, 0.3), "majority")
    )
    assert found.independent == pytest.approx(expected, abs=0.01)
    copies = np.repeat(free[:, :1], 5, axis=1)
    found = shortfall(copies, truth)
    assert found.observed == pytest.approx((copies[:, 0] == truth).mean())
    assert found.best == found.observed
    assert found.shortfall > 0.05
    assert shortfall(np.full((3, 2), -1), np.zeros(3, np.int64)) is None
    # An even panel: half counts as one half, on both sides.
    even = shortfall(np.array([[1, 0], [1, 1], [0, 0], [1, 0]]), np.array([1, 1, 1, 1]))
    assert even.observed == pytest.approx((0.5 + 1 + 0 + 0.5) / 4)
    assert even.independent == pytest.approx(0.75 * 0.25 + 0.5 * (0.75 * 0.75 + 0.25 * 0.25))


def test_bad_input_is_named():
    with pytest.raises(InputError, match="ties: 'coin' is not one of wrong, right, missing"):
        marked(np.array([[1, 0]]), "majority", "coin")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="rule: 'most' is not one of"):
        marked(np.array([[1, 0]]), "most")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="shares: "):
        marked_probability(np.array([1.2]), "majority")


def test_an_item_with_nobody_else_is_neither_tied_nor_lost():
    """Row 0 has the own vote alone, row 1 three votes of which the own one decides."""
    votes = np.array([[1, -1, -1], [1, 1, 0]])
    own = np.array([[True, False, False], [True, False, False]])
    found = own_votes(votes, own, "wrong")
    assert (found.n_votes, found.n_ties, found.n_lost, found.n_gained, found.n_lost_to_ties) == (2, 1, 1, 0, 1)
    assert found.favour == pytest.approx(1 - 1 / 2)
    # The reverse: without its vote for wrong, the item is right.
    gained = own_votes(np.array([[0, 1, 1, 0]]), np.array([[True, False, False, False]]), "wrong")
    assert (gained.n_lost, gained.n_gained) == (0, 1)
    missing = own_votes(votes[1:], own[1:], "missing")
    assert (missing.n_ties, missing.n_lost) == (1, 0)


def test_pairs_without_a_correlation_are_left_out():
    """The third rater never errs: the mean is over the one pair that has a correlation."""
    wrong = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]], dtype=bool)
    known = np.ones(wrong.shape, dtype=bool)
    expected = np.corrcoef(wrong[:, 0], wrong[:, 1])[0, 1]
    assert error_correlation(wrong, known)[0] == pytest.approx(expected)
    known[1, 0] = False  # then both err on one of three items, always together
    assert error_correlation(wrong, known)[0] == pytest.approx(1)
    weights = np.array([[1, 0, 1, 1], [0, 0, 1, 1]])
    assert error_correlation(wrong, np.ones(wrong.shape, dtype=bool), weights)[0] == pytest.approx(1)
    assert np.isnan(error_correlation(wrong, known, weights)[1])


def test_a_weighted_shortfall_by_hand():
    """Item 3 lacks a label, item 4 a truth, item 5 has no weight. Of the others the first counts twice."""
    labels = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0], [1, 1, -1], [1, 1, 1], [0, 0, 0]])
    truth = np.array([1, 1, 0, 1, -1, 1])
    found = shortfall(labels, truth, np.array([2, 1, 1, 5, 5, 0]))
    assert found.n_items == 3
    assert found.observed == pytest.approx((2 + 0 + 1) / 4)
    # Right by rater: 3/3, 2/3, 0 of value 1 (weights 2 and 1); 1, 0, 1 of value 0.
    assert found.best == pytest.approx(4 / 4)
    assert found.independent == pytest.approx(3 / 4 * (1 * 2 / 3) + 1 / 4 * 1)
    assert found.shortfall == pytest.approx(found.independent - found.observed)
    assert shortfall(labels[3:4], truth[3:4]) is None
    assert shortfall(labels[5:], truth[5:], np.zeros(1)) is None
