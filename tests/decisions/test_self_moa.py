"""Repeated draws against members: against enumeration, figures of real matrices, and clones."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest

from cofail_lab.data import load_outcomes
from cofail_lab.decisions import self_moa as s
from cofail_lab.decisions.accuracy_band import band_sets
from cofail_lab.decisions.samples import Samples, mixed_vote, samples_of_fractions, samples_of_runs, self_vote
from cofail_lab.errors import InputError
from tests.conftest import real_path


def test_distinct_draws_by_enumeration():
    for drawn in range(1, 8):
        for k in range(1, drawn + 1, 2):
            for right in range(drawn + 1):
                sample = [1] * right + [0] * (drawn - right)
                wins = [sum(some) > k / 2 for some in combinations(sample, k)]
                vote = self_vote(np.array([right]), np.array([drawn]), k)
                assert vote[0] == pytest.approx(float(Fraction(sum(wins), len(wins))), abs=1e-13)


def test_members_by_enumeration():
    share = np.random.default_rng(0).random((4, 5))
    for row, vote in zip(share, mixed_vote(share), strict=True):
        total = sum(np.prod(np.where(runs, row, 1 - row)) for runs in product((True, False), repeat=5) if sum(runs) > 2)
        assert vote == pytest.approx(total, abs=1e-14)


def test_the_size_of_a_sample_is_found():
    fractions = np.array([[0.3333, 0.2, 1.0], [0.6667, 0.5, 0.0]])
    samples = samples_of_fractions(fractions, fractions < 0.5, "abc")
    assert samples.drawn.tolist() == [[3, 10, 1], [3, 10, 1]]
    assert samples.right.tolist() == [[1, 2, 1], [2, 5, 0]]
    runs = np.array([[[1, 0, np.nan]], [[1, 1, 1]]])
    samples = samples_of_runs(runs, "a")
    assert samples.drawn.ravel().tolist() == [2, 3]
    assert samples.right.ravel().tolist() == [1, 3]
    # Model b has none on queries 0 and 2, and c none on query 1.
    runs = np.where(np.array([[0, 1, 0], [0, 0, 1], [0, 1, 0]])[:, :, None], np.nan, np.ones(2))
    with pytest.raises(InputError, match=r"^samples: 'b' has no graded run on 2 of 3 queries$"):
        samples_of_runs(runs, "abc")


@pytest.mark.parametrize(
    ("fractions", "wrong", "message"),
    [
        ([[0.5], [0.2]], [[1], [1]], "frac: partial credit: on 1 of 2 queries the fraction of 'a' and its 0/1 cell"),
        ([[0.513], [0.2]], [[0], [1]], "frac: partial credit: the fractions of 'a' are multiples of 1/S for no S"),
        ([[np.nan], [0.2]], [[0], [1]], "frac: 'a' has no fraction on 1 of 2 queries"),
    ],
)
def test_fractions_that_are_no_counts(fractions, wrong, message):
    with pytest.raises(InputError) as raised:
        samples_of_fractions(np.array(fractions), np.array(wrong, dtype=bool), "a")
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def read(name):
    outcomes = load_outcomes(str(real_path(name)))
    return outcomes, samples_of_fractions(outcomes.per_cell["frac"], outcomes.wrong, outcomes.models)


TURBO, OMNI, FIRST, OPUS = (
    f"{name}+cot" for name in ("gpt-4-turbo-2024-04-09", "gpt-4o", "gpt-4-0613", "claude-3-opus-20240229")
)


@pytest.mark.parametrize(
    ("matrix", "model", "members", "size", "own", "mixed", "limits"),
    [
        ("cruxeval_input", FIRST, (TURBO, OMNI, FIRST), 10, 0.7625, 0.7864, (0.0239, 0.010, 0.038)),
        ("cruxeval_output", TURBO, (TURBO, OPUS, FIRST), 3, 0.82375, 0.8196, (-0.0041, -0.022, 0.013)),
    ],
)
def test_real_matrices(matrix, model, members, size, own, mixed, limits):
    outcomes, samples = read(matrix)
    place = outcomes.models.index
    assert samples.drawn[0, place(model)] == size
    chosen = tuple(place(name) for name in members)
    found = s.matched(s.Draws(samples, 3), 0.05, np.random.default_rng(0), place(model), chosen)
    assert found is not None
    assert found.self_accuracy == pytest.approx(own, abs=1e-4)
    assert found.mixed_accuracy == pytest.approx(mixed, abs=1e-4)
    assert found.difference == pytest.approx(limits[0], abs=1e-4)
    # 2,000 resamples: the ends of a percentile interval of this width are good to .0007 or so.
    assert (found.lower, found.upper) == pytest.approx(limits[1:], abs=0.0015)


def test_partial_credit_is_refused():
    with pytest.raises(InputError, match=r"^frac: partial credit"):
        read("misguided_attention")


def clones(rng):
    success = rng.beta(2.2, 0.4, 200)
    return tuple(Samples(rng.binomial(9, success[:, None], (200, 6)), np.full((200, 6), 9)) for _ in range(2))


def test_six_clones_differ_only_where_members_are_ranked_on_what_they_vote_with():
    """P15.ii, 2,000 trials: standard errors are .0002 here, so that .001 is five of them."""
    rng = np.random.default_rng(1)
    same, other = [], []
    for _ in range(2000):
        votes, ranking = clones(rng)
        own = self_vote(votes.right[:, 0], votes.drawn[:, 0], 3).mean()
        for samples, differences in ((votes, same), (ranking, other)):
            choice = s.choose(samples.share.mean(axis=0), np.ones(6, dtype=bool), 3, 1.0, given=0)
            assert choice is not None
            differences.append(mixed_vote(votes.share[:, list(choice.members)]).mean() - own)
    assert np.mean(same) == pytest.approx(0.005, abs=0.001)
    assert np.mean(other) == pytest.approx(0, abs=0.001)


def test_halves_choose_on_one_and_score_on_the_other():
    """Clones, 60 trials: no bias beyond four standard errors (false alarm 1e-4), and intervals that cover 0."""
    rng = np.random.default_rng(2)
    found = []
    for _ in range(60):
        success = rng.beta(2.2, 0.4, 200)
        samples = Samples(rng.binomial(9, success[:, None], (200, 6)), np.full((200, 6), 9))
        one = s.matched(s.Draws(samples, 3), 1.0, rng, replicates=100)
        assert one is not None
        assert len(one.choices) == 2
        found.append(one)
    differences = np.array([one.difference for one in found])
    assert abs(differences.mean()) < 4 * differences.std() / np.sqrt(60)
    # At 95% fewer than 50 of 60 have probability .0004.
    assert sum(one.lower <= 0 <= one.upper for one in found) >= 50


def test_who_is_chosen():
    accuracy, repeated = np.array([0.9, 0.95, 0.7, 0.91, 0.905]), np.array([1, 0, 1, 1, 1], dtype=bool)
    # The most accurate model has too few samples to be repeated, but may be a member.
    assert s.choose(accuracy, repeated, 3, 0.05) == s.Choice(3, (1, 3, 4))
    assert s.choose(accuracy, repeated, 3, 0.009) is None
    assert s.choose(accuracy, repeated, 3, 0.05, given=0) == s.Choice(0, (1, 3, 4))
    assert s.choose(accuracy, repeated, 5, 0.05) is None


def test_given_members_and_a_chosen_model():
    rng = np.random.default_rng(3)
    samples = Samples(rng.binomial(5, [0.9, 0.5, 0.6, 0.7], (50, 4)), np.full((50, 4), 5))
    found = s.matched(s.Draws(samples, 3), 0.05, rng, members=(1, 2, 3), replicates=10)
    assert found is not None
    assert {one.model for one in found.choices} <= {1, 2, 3}
    assert {one.members for one in found.choices} == {(1, 2, 3)}
    assert s.matched(s.Draws(samples, 3), 0.01, rng, replicates=10) is None


def test_members_within_the_band_in_no_resample_are_not_compared() -> None:
    """Twelve queries, and one resample, in which the models are farther apart than in the sample."""
    rng = np.random.default_rng(5)
    samples = Samples(rng.binomial(5, [0.8, 0.7, 0.6], (12, 3)), np.full((12, 3), 5))
    assert s.matched(s.Draws(samples, 3), 0.2, rng, replicates=1) is None


def test_equal_quality_is_what_the_regression_leaves():
    """Models of one difficulty per query: what a set loses, it loses to its quality gap alone."""
    rng = np.random.default_rng(4)
    level = rng.beta(3, 1, (4000, 1))
    success = level ** np.linspace(1, 1.6, 8)
    samples = Samples(rng.binomial(9, success), np.full((4000, 8), 9))
    found = band_sets(samples, 3, 0.2, rng, replicates=200)
    assert found is not None
    assert found.n_all == 56
    assert found.difference.mean() < -0.02
    assert found.at_no_gap is not None
    assert abs(found.at_no_gap) < 0.01
    assert found.lower < found.at_no_gap < found.upper
    assert band_sets(samples, 9, 0.2, rng) is None
    assert band_sets(samples, 3, 1e-9, rng) is None


def test_each_vote_by_hand():
    """Two samples of three are right, and the members are right with 2/3, 1 and 0."""
    samples = Samples(np.array([[2, 3, 0]]), np.array([[3, 3, 3]]))
    votes = s.Draws(samples, 3).votes(s.Choice(0, (0, 1, 2)))[0]
    # All three samples are drawn: a majority and one right for sure. Of the members the second always is right.
    assert votes == pytest.approx([1, 2 / 3, 1, 1, 2 / 3, 5 / 9])
    # Two distinct ones of three, one of which is right: two times in three.
    assert s.Draws(Samples(np.array([[1]]), np.array([[3]])), 1).votes(s.Choice(0, (0,)))[0, 2] == pytest.approx(1 / 3)


def test_sets_are_ranked_on_one_half_and_lie_within_the_band():
    rng = np.random.default_rng(6)
    samples = Samples(rng.binomial(9, 0.6, (40, 4)), np.full((40, 4), 9))
    found = band_sets(samples, 3, 1.0, np.random.default_rng(7), replicates=50)
    half = np.random.default_rng(7).permutation(40)[:20]
    accuracy = samples.share[half].mean(axis=0)
    gaps = [accuracy[list(some)].max() - accuracy[list(some)].mean() for some in combinations(range(4), 3)]
    assert found is not None
    assert sorted(found.gap) == pytest.approx(sorted(gaps))
    # Accuracies of .9, .8 and .7 on every query are .2 apart.
    even = Samples(np.tile([9, 8, 7], (10, 1)), np.full((10, 3), 10))
    assert band_sets(even, 3, 0.1, rng) is None
    assert band_sets(even, 3, 0.2, rng).n_all == 1


def test_runs_vote_by_answer():
    own = np.array([[1, 0, 0], [1, 1, 0]], dtype=bool)
    mixed = np.array([[1, 0, 0], [1, 0, 0]], dtype=bool)
    answers = np.array([["a", "b", "b"], ["a", "a", "c"]], dtype=object), np.array([["a", "b", "c"]] * 2, dtype=object)
    found = s.matched_runs((own, answers[0]), (mixed, answers[1]), np.random.default_rng(0), 100)
    assert (found.self_accuracy, found.mixed_accuracy) == pytest.approx((0.5, 1 / 3))
    plain = s.matched_runs((own, None), (mixed, None), np.random.default_rng(0), 100)
    assert (plain.self_accuracy, plain.mixed_accuracy) == (0.5, 0)
    assert (plain.self_ceiling, plain.mixed_ceiling, plain.self_single) == (1, 1, 0.5)


@pytest.mark.parametrize("k", [2, 0])
def test_sizes_that_cannot_be(k):
    with pytest.raises(InputError, match=r"^k: "):
        self_vote(np.array([1]), np.array([5]), k)
    with pytest.raises(InputError, match="at most 5 are accepted"):
        self_vote(np.array([1]), np.array([5]), 7)


def test_the_intercept_and_its_limits_by_the_same_draws():
    """Three sets of three: the intercept by polyfit, its limits by refitting it to every resample of the queries."""
    draw = np.random.default_rng(11)
    right = np.column_stack([draw.binomial(size, rate, 30) for size, rate in ((9, 0.9), (2, 0.6), (9, 0.5), (9, 0.4))])
    # Two samples are too few for a set whose best member is the second model.
    samples = Samples(right, np.tile([9, 2, 9, 9], (30, 1)))
    found = band_sets(samples, 3, 1.0, np.random.default_rng(12), replicates=40)
    assert found is not None
    rng = np.random.default_rng(12)
    order = rng.permutation(30)
    ranked, scored = order[:15], order[15:]
    accuracy = samples.share[ranked].mean(axis=0)
    assert accuracy.argmax() == 0
    sets = [(0, *others) for others in combinations(np.argsort(-accuracy)[1:].tolist(), 2)]
    assert np.argsort(-accuracy)[1] == 1
    assert found.n_all == len(found.gap) == len(sets) == 3
    gap = np.array([accuracy[0] - accuracy[list(one)].mean() for one in sets])
    own = self_vote(samples.right[scored, 0], samples.drawn[scored, 0], 3)
    each = np.column_stack([mixed_vote(samples.share[scored][:, list(one)]) - own for one in sets])
    place = np.argsort(gap)
    assert np.sort(found.gap) == pytest.approx(gap[place])
    assert found.difference[np.argsort(found.gap)] == pytest.approx(each.mean(axis=0)[place])
    assert found.at_no_gap == pytest.approx(np.polyfit(gap, each.mean(axis=0), 1)[1])
    times = rng.multinomial(15, np.full(15, 1 / 15), size=40)
    drawn = [np.polyfit(gap, row @ each / 15, 1)[1] for row in times]
    assert (found.lower, found.upper) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))


def test_two_sets_and_sets_of_one_gap_have_no_intercept():
    two = Samples(np.tile([9, 8, 7], (10, 1)), np.full((10, 3), 10))
    found = band_sets(two, 1, 0.1, np.random.default_rng(0), replicates=5)
    assert found is not None
    assert (found.n_all, found.at_no_gap, found.lower, found.upper) == (3, None, None, None)
    assert band_sets(two, 3, 0.2, np.random.default_rng(0), replicates=5).at_no_gap is None


def test_runs_have_their_ceilings_and_limits():
    """Own runs: one of three right on every query; members: all right on two queries, none on two."""
    own = np.array([[1, 0, 0]] * 4, dtype=bool)
    mixed = np.array([[1, 1, 1]] * 2 + [[0, 0, 0]] * 2, dtype=bool)
    found = s.matched_runs((own, None), (mixed, None), np.random.default_rng(2), 200)
    assert (found.self_ceiling, found.mixed_ceiling) == (1, 0.5)
    assert (found.self_single, found.mixed_single) == pytest.approx((1 / 3, 0.5))
    times = np.random.default_rng(2).multinomial(4, np.full(4, 0.25), size=200)
    drawn = times[:, :2].sum(axis=1) / 4
    assert found.difference == 0.5
    assert (found.lower, found.upper) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))


def test_a_comparison_in_both_directions_by_hand():
    """Who is chosen on one half is scored on the other; the six means are over all queries once."""
    rng = np.random.default_rng(8)
    samples = Samples(rng.binomial(3, [0.8, 0.7, 0.6], (9, 3)), np.full((9, 3), 3))
    draws = s.Draws(samples, 3)
    assert draws.repeated.tolist() == [True] * 3
    assert s.Draws(Samples(samples.right, np.tile([3, 2, 3], (9, 1))), 3).repeated.tolist() == [True, False, True]
    found = s.matched(draws, 1.0, np.random.default_rng(9), replicates=20)
    order = np.random.default_rng(9).permutation(9)
    halves, total = (order[:4], order[4:]), np.zeros(6)
    for ranked, scored in (halves, halves[::-1]):
        choice = s.choose(samples.share[ranked].mean(axis=0), draws.repeated, 3, 1.0)
        total += draws.votes(choice)[scored].sum(axis=0)
    means = (
        found.self_accuracy,
        found.mixed_accuracy,
        found.self_ceiling,
        found.mixed_ceiling,
        found.self_single,
        found.mixed_single,
    )
    assert means == pytest.approx(tuple(total / 9))


def test_the_largest_sample_and_too_few_draws():
    twentieths = np.array([[0.05], [0.95], [0.5]])
    found = samples_of_fractions(twentieths, twentieths < 0.5, ["a"])
    assert (found.right[:, 0].tolist(), found.drawn[0, 0]) == ([1, 19, 10], 20)
    with pytest.raises(InputError, match="k: 3 distinct draws of 2 samples; at most 2 are accepted"):
        self_vote(np.array([1, 1]), np.array([2, 9]), 3)
