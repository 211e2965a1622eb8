"""Histories of releases: by hand, against integration day by day, and figures of real matrices."""

import numpy as np
import pytest

from cofail_lab.data import load_outcomes
from cofail_lab.decisions import release_history as h
from cofail_lab.decisions.churn import expected_positive_gap
from cofail_lab.errors import InputError
from tests.conftest import real_path


def dates(*texts):
    return np.array(texts, dtype="datetime64[D]")


def test_dates_in_names():
    names = ["gpt-4o-2024-05-13", "claude-3-haiku-20240307", "20231010_rag", "o1-24-09-07", "x-20240230", "v120240101"]
    found = h.dates_in([*names, "2024-0513", "2024-02-30 of 2024-03-01", ""])
    assert [str(date) for date in found[:3]] == ["2024-05-13", "2024-03-07", "2023-10-10"]
    assert np.isnat(found[3:7]).all()
    assert str(found[7]) == "2024-03-01"
    assert np.isnat(found[8])


RELEASED = dates("2024-03-01", "2024-01-01", "NaT", "2024-01-01", "2024-05-01", "2024-04-01", "2024-07-01")
"""Days 60, 0, none, 0, 121, 91 and 182 of models 0 to 6."""


def test_a_timeline_by_hand():
    line = h.timeline(RELEASED)
    assert line.models.tolist() == [1, 3, 0, 5, 4, 6]
    assert line.day.tolist() == [0, 0, 60, 91, 121, 182]
    assert line.days.tolist() == [0, 60, 91, 121, 182]
    assert line.early.tolist() == [True, True, True, False, False, False]
    # From day 90 on: the models of day 60 for one day, then 30 and 61 days.
    assert line.held().tolist() == [0, 1, 30, 61, 0]
    accuracy = np.array([0.3, 0.5, 0.4, 0.6, 0.6, 0.9])
    found = h.advantage(line, accuracy)
    assert found.frontier.tolist() == [0.5, 0.5, 0.6, 0.6, 0.9]
    assert (found.committed, found.final) == pytest.approx((0.5, 0.4))
    assert found.mean == pytest.approx((30 + 61) * 0.1 / 92)
    # Replaced on strict improvement only: the second model of .6 is not adopted.
    assert h.adopted(line, accuracy).tolist() == [1, 1, 3, 3, 5]
    # Day 91 is after a commitment on day 90 and before one on day 91.
    assert h.timeline(RELEASED, 91).early.tolist() == [True, True, True, True, False, False]


def test_the_mean_is_that_of_all_days():
    rng = np.random.default_rng(0)
    for _ in range(20):
        day = np.sort(rng.integers(0, 300, 12))
        day[0], day[-1] = 0, 300
        line = h.timeline(np.datetime64("2024-01-01") + day)
        accuracy = rng.random(12)
        each = [accuracy[line.day <= now].max() - accuracy[line.early].max() for now in range(90, 300)]
        assert h.advantage(line, accuracy).mean == pytest.approx(np.mean(each))


@pytest.mark.parametrize(
    ("matrix", "n_dated", "final", "mean"),
    [
        ("zeroeval_crux", 14, (0.0975, 0.075, 0.124), (0.02835, 0.021, 0.039)),
        ("swebench_lite_systems", 84, (172 / 300, 0.533, 0.633), (0.3793, 0.3456, 0.4164)),
    ],
)
def test_real_matrices(matrix, n_dated, final, mean):
    outcomes = load_outcomes(str(real_path(matrix)))
    line = h.timeline(h.dates_in(outcomes.per_model.get("released", outcomes.models)))
    assert len(line.models) == n_dated
    right = ~outcomes.wrong[:, line.models]
    found = h.advantage(line, right.mean(axis=0))
    assert found.final == pytest.approx(final[0], abs=1e-9)
    assert found.mean == pytest.approx(mean[0], abs=5e-5 if matrix == "swebench_lite_systems" else 5e-6)
    again = h.bootstrap_advantage(line, right, np.random.default_rng(0))
    # 2,000 resamples: an end of a percentile interval is good to a thirtieth of its width or so.
    assert np.quantile(again.final, [0.025, 0.975]) == pytest.approx(final[1:], abs=0.005)
    assert np.quantile(again.mean, [0.025, 0.975]) == pytest.approx(mean[1:], abs=0.002)


def test_the_bootstrap_chooses_anew():
    line = h.timeline(RELEASED)
    right = np.random.default_rng(1).random((30, 6)) < 0.5
    again = h.bootstrap_advantage(line, right, np.random.default_rng(2), 50)
    times = np.random.default_rng(2).multinomial(30, np.full(30, 1 / 30), size=50)
    for row, final, mean in zip(times, again.final, again.mean, strict=True):
        one = h.advantage(line, np.repeat(right, row, axis=0).mean(axis=0))
        assert (one.final, one.mean) == pytest.approx((final, mean))


def test_halves_have_no_winners_curse():
    """Thirty equal models: on the same queries the newest best gains by luck, on other ones nothing.

    40 pools; the mean over them has a standard error of about .0016, so that .007 is more than four.
    """
    rng = np.random.default_rng(3)
    line = h.timeline(np.datetime64("2024-01-01") + np.arange(30) * 20)
    same, other = [], []
    for _ in range(40):
        right = rng.random((200, 30)) < 0.6
        same.append(h.advantage(line, right.mean(axis=0)).final)
        other.append(h.split_advantage(line, right, rng, 5).final)
    assert np.mean(same) > 0.02
    assert abs(np.mean(other)) < 0.007


def test_arrivals_by_hand():
    line = h.timeline(RELEASED)
    found = h.arrivals(line, np.array([0.3, 0.5, 0.4, 0.6, 0.5, 0.9]))
    assert found.gaps == pytest.approx([-0.1, 0.1, -0.1, 0.3])
    assert found.rate == pytest.approx(4 / (182 / 365.25))
    assert (found.mean_gap, found.gap_sd) == pytest.approx((0.05, np.sqrt(0.11 / 3)))
    assert found.expected_empirical == pytest.approx(0.1)
    assert found.expected_normal == expected_positive_gap(found.mean_gap, found.gap_sd)
    # Garwood's limits for 4: 1.0899 and 10.2416.
    limits = np.array([found.rate_lower, found.rate_upper]) * 182 / 365.25
    assert limits == pytest.approx([1.0899, 10.2416], abs=1e-4)


def test_a_normal_law_can_be_thirty_times_off():
    """One very bad release makes a normal law promise gains that no release had."""
    accuracy = np.array([0.8, *np.full(12, 0.799), 0.8012, 0.2])
    line = h.timeline(np.datetime64("2024-01-01") + np.arange(15) * 20)
    found = h.arrivals(line, accuracy)
    assert found.expected_normal / found.expected_empirical > 30


def test_the_cheapest_at_a_floor():
    line = h.timeline(RELEASED)
    accuracy, cost = np.array([0.5, 0.2, 0.5, 0.6, 0.8, 0.4]), np.array([3, 0.1, 2, np.nan, 2.0, 0.1])
    found = h.cheapest_at_floor(line, accuracy, cost, 0.5)
    assert found.place.tolist() == [0, 2, 2, 4, 4]
    assert found.dollars == pytest.approx([6, 4, 4, 2.5, 2.5])
    late = h.cheapest_at_floor(line, accuracy, cost, 0.7)
    assert late.place.tolist() == [-1, -1, -1, 4, 4]
    assert np.isnan(late.dollars[:3]).all()
    # Without a floor the cheapest wins, however bad.
    assert h.cheapest_at_floor(line, accuracy, cost, 0.0).place.tolist() == [1, 1, 1, 1, 5]


@pytest.mark.parametrize(
    ("released", "message"),
    [
        (dates("2024-01-01", "2024-01-01", "NaT"), "released: 2 of 3 models have a date, all on one day"),
        (dates("NaT"), "released: 0 of 1"),
        (dates("2024-01-01", "2024-03-31"), "commit_day: 90, but the last of the releases is on day 90"),
    ],
)
def test_histories_that_are_none(released, message):
    with pytest.raises(InputError) as raised:
        h.timeline(released)
    assert str(raised.value).startswith(message)


def test_each_half_is_chosen_by_the_other():
    """Two splits redone with the same permutations, model by model."""
    line = h.timeline(RELEASED)
    right = np.random.default_rng(5).random((11, 6)) < 0.5
    found = h.split_advantage(line, right, np.random.default_rng(6), 2)
    rng, frontiers, committed = np.random.default_rng(6), [], []
    for _ in range(2):
        order = rng.permutation(11)
        for chosen, scored in ((order[:5], order[5:]), (order[5:], order[:5])):
            by, score = right[chosen].mean(axis=0), right[scored].mean(axis=0)
            committed.append(score[next(i for i in range(3) if by[i] == by[:3].max())])
            current, path = None, []
            for models in ([0, 1], [2], [3], [4], [5]):
                best = max(models, key=lambda i: (by[i], -i))
                current = best if current is None or by[best] > by[current] else current
                path.append(score[current])
            frontiers.append(path)
    assert found.frontier == pytest.approx(np.mean(frontiers, axis=0))
    assert found.committed == pytest.approx(np.mean(committed))
    assert found.final == pytest.approx(np.mean(frontiers, axis=0)[-1] - np.mean(committed))
