"""What a sweep is said to have found, on hand-made runs: golden sentences for each branch."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cofail_lab.report import gather as words
from cofail_lab.report.finding import headline, sentence, tally
from cofail_lab.report.finding_policies import policy_numbers
from cofail_lab.report.gathered import GatheredRuns
from cofail_lab.report.terminal import SCREEN, render
from cofail_lab.result import Result


def runs(
    axes: dict[str, list[Any]],
    shown: Sequence[str] = ("oracle_gain",),
    status: Sequence[str] = (),
    **columns: list[Any],
) -> GatheredRuns:
    """Runs with these parameters and metrics; names of metrics are keywords."""
    n = len(next(iter((axes | columns).values())))
    known = {
        "run": [f"job{i}" for i in range(n)],
        "experiment": ["fit"] * n,
        "status": [*status] or ["completed"] * n,
        "error": [None if one == "completed" else "n_all_wrong: 400 of 330 queries" for one in status] or [None] * n,
        "code": ["a"] * n,
    }
    folders = tuple(Path(f"job{i}") for i in range(n))
    return GatheredRuns(
        {**known, **axes, **columns}, {key: key for key in axes}, tuple(shown), frozenset(), folders, folders
    )


POOL = {"data.pool_size": [8, 16, 22]}
LAWS = {"law": ["cofail_lab.models.Clayton", "cofail_lab.models.CommonShock", "cofail_lab.models.Independent"]}


@pytest.mark.parametrize(
    ("axes", "gains", "said"),
    [
        (POOL, [0.051, 0.03, 0.022], "The gain falls from 5.1 to 2.2 points as the pool grows from 8 to 22."),
        (POOL, [0.022, 0.022, 0.051], "The gain rises from 2.2 to 5.1 points as the pool grows from 8 to 22."),
        (POOL, [0.0221, 0.022, 0.0219], "The gain stays at 2.2 points as the pool grows from 8 to 22."),
        (
            POOL,
            [0.03, 0.022, 0.051],
            "The gain goes up and down as the pool grows from 8 to 22: least at 16 (2.2 points), greatest at 22 "
            "(5.1 points).",
        ),
        (
            LAWS,
            [0.03, 0.022, 0.051],
            "The gain is greatest with law Independent (5.1 points) and least with CommonShock (2.2 points).",
        ),
        (LAWS, [0.03, 0.03, 0.03], "The gain is 3.0 points whatever the law."),
        (
            {"experiment.overhead": [None, 0.1]},
            [0.1, 0.2],
            "The gain is greatest with overhead 0.1 (20.0 points) and least with null (10.0 points).",
        ),
        (
            {"experiment.delta": [0.01, 0.1]},
            [0.3, 0.2],
            "The gain falls from 30.0 to 20.0 points as delta grows from 0.01 to 0.1.",
        ),
        (
            {"run.seed": [1, 2, 3]},
            [0.01, 0.02, 0.03],
            "The gain is 2.0 ± 0.6 points on average over 3 seeds, from 1.0 to 3.0 points.",
        ),
        ({"run.seed": [1, 2, 3]}, [0.02, 0.02, 0.02], "The gain is 2.0 points with each of 3 seeds."),
    ],
)
def test_how_the_gain_moves(axes: dict[str, list[Any]], gains: list[float], said: str) -> None:
    assert headline(runs(axes, oracle_gain=gains)) == said


def test_without_anything_varied_runs_are_repetitions() -> None:
    assert headline(runs({}, oracle_gain=[0.02])) == "The gain is 2.0 points."
    assert headline(runs({}, oracle_gain=[0.02, 0.02])) == "The gain is 2.0 points in 2 runs with the same parameters."
    assert headline(runs({}, (), status=["completed"] * 2, x=[1, 1])) == "2 of 2 runs are finished."


def test_a_change_within_its_error_is_none() -> None:
    # With 6 degrees of freedom chance reaches 2.52 standard errors of the difference as rarely as 2 that are known:
    # .0093 of them against a change of .01, and .0113 against the same change.
    seeds = {"data.pool_size": [8] * 4 + [16] * 4, "run.seed": [1, 2, 3, 4] * 2}

    def spread(s: float) -> list[float]:
        return [base + s * k for base in (0.02, 0.03) for k in (-1, 1, -1, 1)]

    quiet, loud = spread(0.0045), spread(0.0055)
    assert headline(runs(seeds, oracle_gain=quiet)) == (
        "The gain rises from 2.0 ± 0.3 to 3.0 ± 0.3 points as the pool grows from 8 to 16, on average over 4 seeds."
    )
    assert headline(runs(seeds, oracle_gain=loud)) == (
        "The gain does not change within error as the pool grows from 8 to 16: from 2.0 ± 0.3 to 3.0 ± 0.3 points, on "
        "average over 4 seeds."
    )
    # The same runs twice, of two versions of the code, are no further evidence.
    again = runs({key: values * 2 for key, values in seeds.items()}, oracle_gain=loud * 2)
    assert headline(again) == headline(runs(seeds, oracle_gain=loud))
    # Errors that the runs record, and limits: each end in the other's.
    for error, moves in ((0.003, "rises"), (0.006, "does not change within error")):
        one = runs({"data.pool_size": [8, 16]}, oracle_gain=[0.02, 0.03], oracle_gain_error=[error] * 2)
        assert headline(one).startswith(f"The gain {moves}")
    for upper, moves in ((0.029, "rises"), (0.031, "does not change within error")):
        limits = {"oracle_gain_lower": [0.01, 0.015], "oracle_gain_upper": [upper, 0.04]}
        assert headline(runs({"data.pool_size": [8, 16]}, oracle_gain=[0.02, 0.03], **limits)).startswith(
            f"The gain {moves}"
        )
    named = runs({"law": ["a", "b"]}, oracle_gain=[0.02, 0.03], oracle_gain_error=[0.006] * 2)
    assert headline(named) == "The gain does not differ within error by law: from a (2.0 points) to b (3.0 points)."


def test_the_error_of_an_average_is_that_of_the_average() -> None:
    """Means of two settings, 2 and 3 points apart by 1: with .45 each, twice the error of the difference is .90."""
    grid = {"data.pool_size": [8, 8, 16, 16], "experiment.delta": [0.05, 0.1] * 2}
    gains = [0.02, 0.02, 0.03, 0.03]
    for error, moves in ((0.0045, "rises"), (0.0055, "does not change within error")):
        assert headline(runs(grid, oracle_gain=gains, oracle_gain_error=[error] * 4)).startswith(f"The gain {moves}")
    # From two seeds half of their distance is the standard error of their mean; with 4 degrees of freedom 2.87 of the
    # difference's are chance, .0098 and .0103.
    for error, moves in ((0.0034, "rises"), (0.0036, "does not change within error")):
        seeds = {key: [value for value in values for _ in range(2)] for key, values in grid.items()}
        seeds["run.seed"] = [1, 2] * 4
        apart = [gain + sign * error for gain in gains for sign in (-1, 1)]
        assert headline(runs(seeds, oracle_gain=apart)).startswith(f"The gain {moves}")


def test_of_several_keys_the_one_that_matters_most_comes_first() -> None:
    grid = {"data.pool_size": [8, 8, 22, 22], "experiment.delta": [0.05, 0.1] * 2}
    assert headline(runs(grid, oracle_gain=[0.05, 0.046, 0.03, 0.026])) == (
        "The gain falls from 4.8 to 2.8 points as the pool grows from 8 to 22, on average over delta. delta moves it "
        "by 0.4 points."
    )
    assert headline(runs(grid, oracle_gain=[0.05, 0.05, 0.03, 0.03])).endswith("delta makes no difference.")
    crossed = headline(runs(grid, oracle_gain=[0.05, 0.02, 0.01, 0.03]))
    assert crossed.startswith(
        "The gain falls from 3.5 to 2.0 points as the pool grows from 8 to 22, on average over delta, though not with "
        "each of them."
    )
    laws = {"law": ["a", "a", "b", "b"], "experiment.delta": [0.05, 0.1] * 2}
    assert "though not with each" in headline(runs(laws, oracle_gain=[0.05, 0.02, 0.01, 0.03]))
    # A setting that one pool lacks is left out of the averages; without any common setting only the extremes are said.
    partly = runs(grid, status=["completed"] * 3 + ["failed"], oracle_gain=[0.05, 0.9, 0.03, None])
    assert sentence(partly, "oracle_gain") == (
        "The gain rises from 5.0 to 90.0 points as delta grows from 0.05 to 0.1, at pool_size=8."
    )
    three = {"data.pool_size": [8, 8, 8, 22, 22], "experiment.delta": [0.05, 0.1, 0.2, 0.05, 0.1]}
    assert headline(runs(three, oracle_gain=[0.05, 0.04, 0.9, 0.03, 0.02])) == (
        "The gain goes up and down as delta grows from 0.05 to 0.2: least at 0.1 (4.0 points), greatest at 0.2 (90.0 "
        "points), at pool_size=8."
    )
    assert headline(runs(three, oracle_gain=[0.9, 0.9, 0.9, 0.3, 0.2])) == (
        "The gain falls from 90.0 to 25.0 points as the pool grows from 8 to 22, on average over the 2 of 3 settings "
        "of delta that all of them have."
    )
    apart = {"data.pool_size": [8, 16, 22], "experiment.delta": [0.05, 0.1, 0.2]}
    assert headline(runs(apart, oracle_gain=[0.05, 0.02, 0.03])) == (
        "The gain is least, 2.0 points, at pool_size=16 delta=0.1 and greatest, 5.0 points, at pool_size=8 delta=0.05."
    )


def test_the_headline_is_about_the_first_metric_that_varies() -> None:
    both = runs(POOL, ("oracle_gain", "paired_max_gain"), oracle_gain=[0.02] * 3, paired_max_gain=[0.05, 0.04, 0.03])
    assert headline(both) == "The certified gain falls from 5.0 to 3.0 points as the pool grows from 8 to 22."
    other = runs({"law.shock": [0.1, 0.2]}, ("all_wrong", "ratio_x"), all_wrong=[0.1, 0.2], ratio_x=[1.0, 3.0])
    assert headline(other) == "The all-wrong rate rises from 10.0% to 20.0% as shock grows from 0.1 to 0.2."
    assert sentence(other, "ratio_x") == "ratio_x rises from 1.00× to 3.00× as shock grows from 0.1 to 0.2."


def test_unfinished_runs_are_counted_and_named() -> None:
    some = runs(
        {"data.pool_size": [8, 16, 22, 33]},
        status=["completed", "completed", "failed", "interrupted"],
        oracle_gain=[0.05, 0.02, None, None],
    )
    assert headline(some) == "The gain falls from 5.0 to 2.0 points as the pool grows from 8 to 16. (From 2 of 4 runs.)"
    assert tally(some) == "2 of 4 runs are finished, 1 failed, 1 interrupted."
    assert "1 failed, pool_size=22: n_all_wrong: 400 of 330 queries" in words.brief(some)[0].sentences
    none = runs(POOL, status=["failed", "failed", "started"], oracle_gain=[None] * 3)
    assert headline(none) == tally(none) == "0 of 3 runs are finished, 2 failed, 1 not ended."
    assert words.brief(none)[0].sentences == (
        "2 failed, pool_size=8 first: n_all_wrong: 400 of 330 queries",
        "1 started, pool_size=22: n_all_wrong: 400 of 330 queries",
    )


def test_sweeps_of_verdicts() -> None:
    seeds = {"run.seed": [1, 2, 3]}
    for unexpected, said in (
        ([0, 0, 0], "In each of 3 runs every verdict is the expected one."),
        ([0, 2, 0], "1 of 3 runs has verdicts that are not the expected ones: seed=2."),
        ([1, 2, 0], "2 of 3 runs have verdicts that are not the expected ones: seed=1, seed=2."),
    ):
        assert headline(runs(seeds, ("n_unexpected",), experiment=["verify"] * 3, n_unexpected=unexpected)) == said


def test_forty_runs_fit_one_screen_and_are_named_by_what_was_varied() -> None:
    grid = {"data.pool_size": [p for p in range(8, 16) for _ in range(5)], "run.seed": [*range(5)] * 8}
    columns = {"oracle_gain": [0.01 * p for p in grid["data.pool_size"]], "paired_max_gain": [0.1] * 40}
    many = runs(grid, tuple(columns), status=["completed"] * 39 + ["failed"], **columns)
    (some,), listing = words.brief(many)[1].sentences, words.brief(many)[1].listing
    assert some.endswith(" of 39 runs, evenly spread; all are in tables/runs.csv:")
    assert listing is not None
    assert listing.columns == ("pool_size", "seed", "gain (points)", "certified (points)")
    assert (listing.rows[0], listing.links[0]) == (("8", "0", "8.0", "10.0"), Path("job0"))
    assert (listing.rows[-1], listing.links[-1]) == (("15", "3", "15.0", "10.0"), Path("job38"))
    screen = io.StringIO()
    result = Result(headline(many), {}, brief=words.brief(many))
    render(result, Console(file=screen, width=80), Path("outputs/fit/sweep"), verbose=False)
    assert len(screen.getvalue().splitlines()) <= SCREEN
    whole = words.sections(many, [], {})[0].listing
    assert whole is not None
    assert (len(whole.rows), whole.columns[2]) == (40, "status")


def swept(policies: Sequence[str], experiment: str = "policies", **columns: list[Any]) -> GatheredRuns:
    """Runs of policies as `experiment=gather` puts them together."""
    base = runs({"policy": list(policies)}, experiment=[experiment] * len(policies), **columns)
    found = policy_numbers(base.columns)
    return replace(
        base,
        columns=base.columns | found.columns,
        shown=(*found.gains, *found.others, "oracle_gain"),
        gains=found.gains,
        leading=(*found.gains, *found.others),
    )


TWO = {
    "oracle_gain": [0.341, 0.341],
    "gain_ridge": [0.02, None],
    "gain_domain_table": [None, 0.05],
    "captured_ridge": [0.1, None],
    "captured_domain_table": [None, 0.25],
    "cost_ridge": [3.0, None],
    "cost_domain_table": [None, 2.0],
}


def test_a_sweep_over_policies_is_about_what_they_gain() -> None:
    two = swept(["ridge", "domain_table"], **TWO)
    assert headline(two) == (
        "The gain over the single best is greatest with policy domain_table (5.0 points) and least with ridge (2.0 "
        "points)."
    )
    assert words.brief(two)[0].sentences == (
        "The share of the oracle's gain is greatest with policy domain_table (25.0%) and least with ridge (10.0%).",
        "The cost per query is greatest with policy ridge (3) and least with domain_table (2).",
        "2 of 2 runs are finished.",
    )
    listing = words.brief(two)[1].listing
    assert listing is not None
    assert listing.columns[:4] == ("policy", "gain (points)", "of the oracle's", "cost")
    assert listing.rows[0][:4] == ("ridge", "2.0", "10.0%", "3")
    alike = swept(["ridge", "domain_table"], **TWO | {"gain_domain_table": [None, 0.02]})
    assert headline(alike) == "The gain over the single best is 2.0 points whatever the policy."


def test_gains_of_policies_within_error_do_not_differ() -> None:
    """1 and 3 points: standard errors of .5 of one and none of the other are too small to explain it, 1.5 is not."""
    for reach, differ in ((0.005, True), (0.015, False)):
        ends = {"gain_ridge_lower": [0.03 - 1.96 * reach, None], "gain_ridge_upper": [0.03 + 1.96 * reach, None]}
        still = {"won_domain_table": [None, 0], "lost_domain_table": [None, 0], "experiment.level": [0.95] * 2}
        gains = {"gain_ridge": [0.03, None], "gain_domain_table": [None, 0.0]}
        assert ("greatest" in headline(swept(["ridge", "domain_table"], **TWO | gains | ends | still))) == differ
    # At 68% the same limits are one standard error wide, at 95% half of that.
    ends = {"gain_ridge_lower": [0.01, None], "gain_ridge_upper": [0.05, None]}
    for level, differ in ((0.99, True), (0.68, False)):
        still["experiment.level"] = [level] * 2
        assert ("greatest" in headline(swept(["ridge", "domain_table"], **TWO | gains | ends | still))) == differ


def test_a_policy_that_a_matrix_lacks_and_picks_made_after_grading_gain_nothing() -> None:
    lacking = TWO | {"gain_domain_table": [None, None], "absent_domain_table": [None, "no policy sees two datasets"]}
    absent = swept(["ridge", "domain_table"], **lacking)
    assert headline(absent) == "The gain over the single best is 2.0 points at policy=ridge."
    said = "domain_table does not exist in the run that asks for it: no policy sees two datasets."
    assert said in words.brief(absent)[0].sentences
    assert said in words.sections(absent, [], {})[0].sentences
    picks = {
        "gain_recorded": [None, None, 0.3, 0.04],
        "captured_recorded": [None, None, 0.95, 0.2],
        "cost_recorded": [None, None, 5.0, 5.0],
        "suspicion_recorded": [None, None, "nearly_oracle", None],
        "run.seed": [0, 0, 0, 1],
    }
    four = {name: [*values, None, None] for name, values in TWO.items()} | picks
    names = ["ridge", "domain_table", "recorded", "recorded"]
    flagged = swept(names, **four)
    assert flagged.columns["policy_gain"] == [0.02, 0.05, None, 0.04]
    assert flagged.columns["policy_captured"] == [0.1, 0.25, None, 0.2]
    assert flagged.columns["policy_cost"] == [3.0, 2.0, 5.0, 5.0]
    assert (
        "recorded is left out in 1 of 2 runs that ask for it: it gains so much that its picks seem to be made after "
        "grading."
    ) in words.brief(flagged)[0].sentences
    together = swept(["ridge, recorded"] * 2, gain_ridge=[0.02, 0.03], **{k: v[2:] for k, v in picks.items()})
    assert together.gains == ("gain_ridge",)


def test_policies_of_one_run_are_told_apart_by_name() -> None:
    grid = {"gain_ridge": [0.02, 0.03], "gain_knn": [0.01, 0.01], "captured_knn": [0.1, 0.2], "oracle_gain": [0.3, 0.4]}
    both = replace(swept(["ridge, knn"] * 2, **grid), axes={"n": "n"})
    both.columns["n"] = [100, 200]  # type: ignore[index]
    assert both.gains == ("gain_ridge", "gain_knn")
    assert headline(both) == "gain_ridge rises from 2.0 to 3.0 points as n grows from 100 to 200."
    assert sentence(both, "captured_knn") == "captured_knn rises from 10.0% to 20.0% as n grows from 100 to 200."
    same = replace(both, columns={**both.columns, "gain_ridge": [0.02, 0.02]})
    # Also where only an oracle gains more: what policies gain is the finding.
    assert headline(same) == "gain_ridge stays at 2.0 points as n grows from 100 to 200."
    one = swept(["ridge", "ridge"], gain_ridge=[0.02, 0.03], oracle_gain=[0.3, 0.3])
    assert (one.gains, "policy_gain" in one.columns) == (("gain_ridge",), False)
    mixed = swept(["ridge", "ridge, knn"], gain_ridge=[0.02, 0.03], gain_knn=[None, 0.01], oracle_gain=[0.3, 0.3])
    assert mixed.gains == ("gain_ridge", "gain_knn")


def test_other_experiments_among_the_runs_and_runs_without_a_policy_are_no_sweep_over_policies() -> None:
    assert swept(["ridge", "domain_table"], experiment="fit", **TWO).gains == ()
    assert swept(["", ""], **TWO).gains == ()
    failed = swept(["ridge", "domain_table", "knn"], **{name: [*values, None] for name, values in TWO.items()})
    assert failed.gains == ("policy_gain",)
    advised = {"policy_label": ["ridge", "domain_table"]}
    assert swept(["ridge, domain_table"] * 2, experiment="decide", **TWO, **advised).columns["policy_gain"] == [
        0.02,
        0.05,
    ]
