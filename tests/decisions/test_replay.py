"""Published digits against recomputed numbers, and what the totals of the reference work give."""

import numpy as np
import pytest

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.data.published import Published, published_figures, published_pools
from cofail_lab.data.released import ARTEFACT, Released
from cofail_lab.decisions.replay import (
    Replayed,
    agrees,
    audit_of,
    best_correct,
    replay_figures,
    replay_matrix,
    replay_totals,
    totals_with,
)
from cofail_lab.decisions.replay_text import (
    MMLU_PRO,
    TAIL,
    cascade_figures,
    reason,
    resampled_gain,
    text_figures,
    vote_figures,
)
from cofail_lab.decisions.vote_slopes import HEADROOM, vote_sets, vote_slope
from cofail_lab.numerics.streams import BOOTSTRAP, SETS, generator
from tests.conftest import outcomes_from


@pytest.mark.parametrize(
    ("ours", "published", "same"),
    [
        (0.0484, "0.048", True),
        (0.0485, "0.048", True),
        (0.0485, "0.049", True),
        (0.0486, "0.048", False),
        (0.0474, "0.048", False),
        (-1.004, "-1.00", True),
        (-1.006, "-1.00", False),
        (11.6, "12", True),
        (11.4, "12", False),
        (0, "0.000", True),
    ],
)
def test_equal_means_to_the_digits_published(ours: float, published: str, same: bool) -> None:
    assert agrees(ours, published) is same


def test_every_published_total_replays() -> None:
    rows = [row for pool in published_pools() for row in replay_totals(pool)]
    assert len(rows) == 7 * 8 + 3 * 7
    assert [row for row in rows if row.status != "equal"] == []


def test_a_false_total_would_be_seen() -> None:
    pool = dict(published_pools()[0])
    for name, value in (("max_gain", "0.047"), ("all_wrong_upper", "0.012"), ("june_all_wrong", "0.051")):
        rows = replay_totals({**pool, name: value})
        assert [row.figure for row in rows if row.status == "differs"] == [name]
    assert [r.figure for r in replay_totals({**pool, "june_grader": "15"}) if r.status == "differs"] == [
        "june_n_all_wrong"
    ]


def test_the_count_behind_a_rounded_accuracy() -> None:
    known = {"MATH-500": 326, "AIME": 37, "mix of 15": 462}
    for pool in published_pools():
        assert known.get(pool["pool"], best_correct(pool)) == best_correct(pool)
    with pytest.raises(ValueError, match="counts round to"):
        best_correct({"pool": "x", "n_queries": "9", "single_best": "0.95"})


def test_totals_that_only_one_pair_has() -> None:
    assert totals_with("0.127", "0.062", "0.220") == [(10, 79)]
    assert totals_with("0.000", "0.000", "0.066") == [(0, 54)]
    assert len(totals_with("0.50", "0.4", "0.6")) > 1
    low, high = clopper_pearson(10, 79, 0.05)
    assert (round(float(low), 3), round(float(high), 3)) == (0.062, 0.220)


def test_published_audits_add_up_to_58() -> None:
    audits = [audit for pool in published_pools() if (audit := audit_of(pool)) is not None]
    assert sum(sum(audit.values()) for audit in audits) == 58
    assert sum(audit["grader_defect"] for audit in audits) == 44
    assert audit_of(next(pool for pool in published_pools() if pool["pool"] == "AIME")) is None


def test_rows_of_a_matrix_say_where_it_was_or_why_not() -> None:
    pool = published_pools()[0]
    absent = replay_matrix(pool, {"pearson": "pearson", "ratio_one_factor": "r"}, None, "not found")
    assert [(row.figure, row.status, row.note) for row in absent] == [("pearson", "absent", "not found")]
    there = replay_matrix(pool, {"pearson": "pearson", "tetrachoric": "t"}, {"pearson": 0.371}, "file")
    assert [(row.status, row.source) for row in there] == [("equal", "file"), ("absent", "file")]


def test_three_numbers_of_a_row_are_three_figures() -> None:
    rows = replay_figures(
        (
            Published("A", "pearson_mix_all_within_across", "0.404", "0.446", "0.400"),
            Published("B", "vote_slope_hard", "0.17", "-0.09", "0.44"),
            Published("open", "kappa_low_high", "", "0.77", "0.92"),
        ),
        {"pearson_mix_within": (0.4463, "file", ""), "vote_slope_hard": (0.2, "file", "")},
        lambda figure: f"no {figure.name}",
    )
    assert [(row.figure, row.status) for row in rows] == [
        ("pearson_mix", "absent"),
        ("pearson_mix_within", "equal"),
        ("pearson_mix_across", "absent"),
        ("vote_slope_hard", "differs"),
        ("vote_slope_hard_lower", "absent"),
        ("vote_slope_hard_upper", "absent"),
        ("kappa_low_high_lower", "absent"),
        ("kappa_low_high_upper", "absent"),
    ]
    assert rows[-1].note == "no kappa_low_high"


def test_every_figure_of_the_text_has_a_reason() -> None:
    assert {figure.name for figure in published_figures() if reason(figure) == "not in the files"} <= {
        "gpqa_open_june_all_wrong",
        "gpqa_open_v2_all_wrong",
    }


def test_resampled_gain_against_the_binomial() -> None:
    """Two models that fail apart: with 400 queries the best stays the best, and G resamples as a binomial share."""
    wrong = np.zeros((400, 2), bool)
    wrong[:20, 0] = wrong[20:200, 1] = True
    low, high = resampled_gain(wrong, 0)
    from scipy.stats import binom

    assert low == pytest.approx(binom.ppf(0.025, 400, 0.05) / 400, abs=1.01 / 400)
    assert high == pytest.approx(binom.ppf(0.975, 400, 0.05) / 400, abs=1.01 / 400)


def test_a_count_that_is_not_the_only_one_is_none() -> None:
    """Of 300 queries, 149 to 151 are .50 to two digits."""
    with pytest.raises(ValueError, match=r"x: 3 counts round to 0\.50"):
        best_correct({"pool": "x", "n_queries": "300", "single_best": "0.50"})


def test_figures_after_an_empty_one_are_replayed() -> None:
    pool = {"pool": "x", "first": "", "second": "0.4"}
    rows = replay_matrix(pool, {"first": "a", "second": "b"}, {"a": 1.0, "b": 0.41}, "file")
    assert [(row.figure, row.status) for row in rows] == [("second", "equal")]


def test_the_largest_total_is_looked_at() -> None:
    low, high = (f"{float(x):.4f}" for x in clopper_pearson(7, 31, 0.05))
    assert totals_with(f"{7 / 31:.4f}", low, high, 31) == [(7, 31)]
    assert totals_with(f"{7 / 31:.4f}", low, high, 30) == []


def test_resampled_gain_chooses_the_best_model_anew() -> None:
    """Two models that fail alike often, and three queries that both fail: the resamples redone one by one."""
    wrong = np.zeros((40, 2), bool)
    wrong[:8, 0] = wrong[8:17, 1] = True
    wrong[37:] = True
    drawn = generator(5, BOOTSTRAP).multinomial(40, np.full(40, 1 / 40), size=10_000)
    gains = [min(times[:8].sum(), times[8:].sum()) / 40 for times in drawn[:, :17]]
    assert resampled_gain(wrong, 5) == pytest.approx(tuple(np.quantile(gains, [0.025, 0.975])))


def test_votes_of_threes_by_hand() -> None:
    """Three copies and a better model on six queries: the copies keep what they have, every other three loses."""
    wrong = np.array([[1, 0, 0, 0, 1, 0]] * 3 + [[0, 0, 0, 0, 0, 1]], bool).T
    found = vote_figures(outcomes_from(wrong), "x")
    assert found["vote_gain_x"] == pytest.approx((0 - 3 / 6) / 4)
    assert found["vote_negative_share_x"] == 3 / 4
    wide = np.random.default_rng(1).random((60, 7)) < np.linspace(0.2, 0.6, 7)
    sets = vote_sets(wide, 3, generator(0, SETS))
    assert vote_figures(outcomes_from(wide), "y")["vote_slope_y"] == vote_slope(sets, HEADROOM, 7).value


def test_a_cascade_by_hand() -> None:
    wrong = np.array([[0, 1, 1, 0], [0, 0, 0, 1]], bool).T
    per_cell = {"confidence": np.array([[0.9, np.nan], [0.2, np.nan], [0.95, np.nan], [np.nan, np.nan]])}
    found = cascade_figures(outcomes_from(wrong, per_cell=per_cell))
    # The one right answer with a confidence is above one of two wrong ones.
    assert found == {"cascade_cheap_accuracy": 0.5, "cascade_strong_accuracy": 0.75, "cascade_auc": 0.5}
    none = cascade_figures(outcomes_from(wrong, per_cell={"confidence": np.full((4, 2), np.nan)}))
    assert none["cascade_auc"] is None


def test_what_of_the_text_can_be_computed() -> None:
    """One pool of today, one cascade, and a share that only one pair of totals has."""
    mix = outcomes_from(np.random.default_rng(2).random((30, 4)) < 0.4)
    cascade = outcomes_from(np.eye(4, 2, dtype=bool), per_cell={"confidence": np.full((4, 2), 0.5)})
    published = (
        Published("A", "sharp_all_wrong", "0.127", "0.062", "0.220"),
        Published("A", "loose_all_wrong", "0.50", "0.4", "0.6"),
        Published("A", "bare_all_wrong", "0.127", "", ""),
    )
    gains = [
        Replayed(pool, "oracle_gain", "0.1", value, "totals") for pool, value in (("mix of 15", 0.03), (MMLU_PRO, 0.07))
    ]
    key = ("mix of 15", "September")
    released = Released({key: mix}, (cascade,), {key: "mix.csv"})
    found = text_figures(published, gains, released, {key: {"pearson": 0.2, "pearson_across": 0.1}}, 3)
    assert found["oracle_gain_mix"][0] == 0.03
    assert found["oracle_gain_mmlu_pro"][0] == 0.07
    assert tuple(found[f"oracle_gain_mix_{end}"][0] for end in ("lower", "upper")) == resampled_gain(mix.wrong, 3)
    assert found["pearson_mix"] == (0.2, "mix.csv", "")
    assert found["pearson_mix_across"][0] == 0.1
    assert found["vote_gain_saturated"][0] == vote_figures(mix, "saturated")["vote_gain_saturated"]
    assert found["cascade_strong_accuracy"][0] == 0.75
    assert found["sharp_all_wrong"] == (10 / 79, "totals", "the only totals that round to all three: 10 of 79")
    assert not {name for name in found if name.startswith(("loose", "bare", "pearson_mmlu", "vote_gain_hard"))}
    twice = text_figures(published, gains, Released({}, (cascade, cascade)), {}, 3)
    assert not [name for name in twice if name.startswith("cascade")]


def test_figures_of_the_tail_are_those_of_its_matrix_alone() -> None:
    """With their limits, of what was published of it, and only where the matrix behind it was found."""
    key = (TAIL, ARTEFACT)
    published = (
        Published(ARTEFACT, "ratio_one_factor", "2.1", "1.4", "2.9"),
        Published(ARTEFACT, "ratio_clayton", "1.9", "", ""),
        Published("A", "pearson_other", "0.1", "", ""),
    )
    metrics = {
        "ratio_one_factor": 2.2,
        "ratio_one_factor_lower": 1.5,
        "ratio_one_factor_upper": None,
        "pearson_other": 0.3,
        "tetrachoric": 0.8,
    }
    tail = outcomes_from(np.eye(4, 3, dtype=bool))
    gains = [Replayed(pool, "oracle_gain", "0.1", 0.1, "totals") for pool in ("mix of 15", MMLU_PRO)]
    others = text_figures(published, gains, Released(), {key: metrics}, 3)
    assert not others.keys() & metrics.keys()
    found = text_figures(published, gains, Released({key: tail}, (), {key: "tail.csv"}), {key: metrics}, 3)
    assert {name: value for name, value in found.items() if name not in others} == {
        "ratio_one_factor": (2.2, "tail.csv", ""),
        "ratio_one_factor_lower": (1.5, "tail.csv", ""),
    }


def test_what_the_rows_of_june_say() -> None:
    """June's β is of its own queries: the note says all-wrong ones first."""
    pool = next(pool for pool in published_pools() if pool["june_n_all_wrong"])
    said = {row.figure: (row.note, row.ours) for row in replay_totals(pool)}
    before, then = int(pool["june_n_all_wrong"]), int(pool["june_n_queries"])
    assert before < then
    assert said["june_all_wrong"] == (f"{before} of {then} queries", before / then)
