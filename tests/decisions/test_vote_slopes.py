"""Votes of many sets: against counting by hand, R's and published figures of real matrices, and planted pools."""

from itertools import combinations

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from cofail_lab.decisions.vote_slopes import HEADROOM, WITH_GAP, _rest, vote_sets, vote_slope
from cofail_lab.errors import InputError
from tests.bounds.pools import read_matrix


def sets_of(wrong, size=3, **more):
    return vote_sets(np.asarray(wrong, dtype=bool), size, np.random.default_rng(0), **more)


def test_votes_by_hand():
    # Four queries; a is wrong on the last, b on the first two, c on the middle two.
    sets = sets_of(np.array([[0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 0]]))
    assert sets.members.tolist() == [[0, 1, 2]]
    # Two are right on queries 1, 3 and 4; the best is right on three.
    assert sets.majority.tolist() == [0.75]
    assert sets.gain.tolist() == [0.0]
    assert sets.headroom.tolist() == [0.25]
    assert sets.quality_gap == pytest.approx([0.75 - (0.75 + 0.5 + 0.5) / 3])
    # Pearson of a and b, a and c: -1/√3 each; of b and c 0.
    assert sets.correlation == pytest.approx([-2 / 3 / np.sqrt(3)])


def test_larger_votes_and_drawn_sets():
    wrong = np.random.default_rng(1).random((60, 8)) < 0.4
    sets = sets_of(wrong, 5)
    assert len(sets.members) == sets.n_all == 56
    for members, majority in zip(sets.members, sets.majority, strict=True):
        assert majority == pytest.approx(((~wrong[:, members]).sum(axis=1) >= 3).mean())
    some = sets_of(wrong, 5, at_most=20)
    assert some.n_all == 56
    assert 10 < len(some.members) <= 20
    assert {tuple(row) for row in some.members} <= set(combinations(range(8), 5))
    assert all(len(set(row)) == 5 for row in some.members.tolist())


@pytest.mark.parametrize("size", [1, 2, 4, 9])
def test_sizes_that_cannot_be(size):
    with pytest.raises(InputError, match=r"^size: "):
        sets_of(np.eye(8), size)


@pytest.mark.parametrize(
    ("matrix", "gain", "negative", "published", "error", "controlled"),
    [
        ("cruxeval_output", -0.15861, 0.9988, 0.34516, 0.132, (-0.230, -0.413, -0.048)),
        ("cruxeval_input", -0.14939, 0.9996, 0.55078, 0.094, (-0.245, -0.415, -0.075)),
        ("mmlu_pro", -0.13976, 0.9993, 0.85397, 0.149, (-0.195, -0.387, -0.003)),
        ("medagents_zeroshot", -0.03502, 0.9833, 0.31960, 0.122, (-0.117, -0.333, 0.099)),
    ],
)
def test_real_matrices(matrix, gain, negative, published, error, controlled):
    wrong = read_matrix(matrix)
    sets = sets_of(wrong)
    assert sets.gain.mean() == pytest.approx(gain, abs=1e-5)
    assert (sets.gain < -1e-12).mean() == pytest.approx(negative, abs=5e-5)
    as_published = vote_slope(sets, HEADROOM, wrong.shape[1])
    with_gap = vote_slope(sets, WITH_GAP, wrong.shape[1])
    assert as_published is not None
    assert with_gap is not None
    assert as_published.value == pytest.approx(published, abs=1e-5)
    assert as_published.error == pytest.approx(error, abs=5e-4)
    assert (with_gap.value, with_gap.lower, with_gap.upper) == pytest.approx(controlled, abs=5e-4)


def one_factor(alpha, loading, n=20000, seed=2):
    rng = np.random.default_rng(seed)
    z, own = rng.standard_normal((n, 1)), rng.standard_normal((n, len(alpha)))
    return loading * z + np.sqrt(1 - loading**2) * own < ndtri(alpha)


def test_the_sign_turns_where_better_models_share_more():
    """Theory P14.iii: one factor, 16 members; published slope positive, controlled negative."""
    wrong = one_factor(np.linspace(0.1, 0.6, 16), np.linspace(0.9, 0.3, 16))
    sets = sets_of(wrong)
    published, controlled = (vote_slope(sets, names, 16) for names in (HEADROOM, WITH_GAP))
    assert published is not None
    assert controlled is not None
    assert published.value > 0.5
    assert controlled.upper < 0


def test_in_four_families_both_slopes_are_negative():
    rng = np.random.default_rng(3)
    z, family = rng.standard_normal((20000, 1)), rng.standard_normal((20000, 4))
    score = np.sqrt(0.2) * z + np.sqrt(0.6) * np.repeat(family, 4, axis=1)
    wrong = rng.random((20000, 16)) < ndtr((ndtri(0.3) - score) / np.sqrt(0.2))
    sets = sets_of(wrong)
    for names in (HEADROOM, WITH_GAP):
        slope = vote_slope(sets, names, 16)
        assert slope is not None
        assert slope.value < 0


def test_the_jackknife_by_hand():
    """Leave each model out, regress, and spread the values: m - 1 over m times their squares."""
    wrong = np.random.default_rng(4).random((300, 7)) < np.linspace(0.2, 0.5, 7)
    sets = sets_of(wrong)
    found = vote_slope(sets, HEADROOM, 7)
    assert found is not None

    def fit(kept):
        design = np.column_stack([np.ones(kept.sum()), sets.correlation[kept], sets.headroom[kept]])
        return np.linalg.solve(design.T @ design, design.T @ sets.gain[kept]), design

    (_, slope, _), design = fit(np.ones(35, dtype=bool))
    without = [fit(~(sets.members == j).any(axis=1))[0][1] for j in range(7)]
    error = np.sqrt(6 / 7 * ((np.array(without) - np.mean(without)) ** 2).sum())
    assert (found.value, found.error) == pytest.approx((slope, error), rel=1e-9)
    # The quantile of t at 6 is 2.4469.
    assert (found.lower, found.upper) == pytest.approx((slope - 2.4469119 * error, slope + 2.4469119 * error), rel=1e-6)
    residual = sets.gain - design @ fit(np.ones(35, dtype=bool))[0]
    naive = np.sqrt(residual @ residual / 32 * np.linalg.inv(design.T @ design)[1, 1])
    assert found.naive_error == pytest.approx(naive, rel=1e-9)
    assert found.times_too_narrow == pytest.approx(2.4469119 * error / (1.959964 * naive), rel=1e-6)


def test_constant_models_are_left_out_of_the_regression():
    wrong = np.random.default_rng(5).random((200, 8)) < 0.4
    with_constant = np.column_stack([wrong, np.zeros(200, dtype=bool)])
    plain = vote_slope(sets_of(wrong), HEADROOM, 8)
    same = vote_slope(sets_of(with_constant), HEADROOM, 9)
    assert plain is not None
    assert same is not None
    assert (same.value, same.error) == pytest.approx((plain.value, plain.error), rel=1e-9)


def test_too_few_sets_have_no_slope():
    wrong = np.random.default_rng(6).random((50, 4)) < 0.4
    assert vote_slope(sets_of(wrong), WITH_GAP, 4) is None
    # All pairs alike: the correlation does not vary.
    assert vote_slope(sets_of(np.zeros((5, 6))), HEADROOM, 6) is None


def test_as_many_sets_as_are_looked_at_are_all_of_them():
    wrong = np.random.default_rng(3).random((20, 6)) < 0.5
    assert len(sets_of(wrong, 3, at_most=20).members) == 20
    some = sets_of(wrong, 3, at_most=19)
    assert len({tuple(row) for row in some.members}) == len(some.members) < 20


def test_what_is_left_of_the_correlation_is_what_no_other_column_gives() -> None:
    """1 and x beside y = 3 + 2x ± .5: the rest is ±.5; of y = 3 + 2x nothing is left."""
    x = np.array([0.0, 0.0, 1.0, 1.0, 2.0, 2.0])
    noise = np.array([0.5, -0.5] * 3)
    for rest, size in ((noise, 0.5), (0 * noise, 0.0)):
        design = np.column_stack([np.ones(6), 3 + 2 * x + rest, x])
        assert _rest(design) == pytest.approx(size, abs=1e-12)
