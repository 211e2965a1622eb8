"""Levels and trends of sweeps by numbers computed by hand, and their words kept whole, for every branch."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cofail_lab.report import atlas
from cofail_lab.report import gather as words
from cofail_lab.report.atlas_matrix import Matrix, matrices_of
from cofail_lab.report.finding import headline, main_metric, sentence
from cofail_lab.report.finding_policies import policy_numbers, policy_remarks
from cofail_lab.report.gathered import GatheredRuns, called, form, heading, is_number, value_text
from cofail_lab.report.levels import cells_of, levels_of, same_everywhere, values_of
from cofail_lab.report.side_by_side import side_by_side
from cofail_lab.result import Result
from tests.experiments.whole import keep, lines
from tests.report.test_atlas import runs as atlas_runs
from tests.report.test_finding import LAWS, POOL, TWO, runs, swept

SEEDS = {"data.pool_size": [8, 8, 16, 16], "run.seed": [1, 2, 1, 2]}


def test_settings_that_all_values_have() -> None:
    grid = {"data.pool_size": [8, 8, 16, 16, 22], "law.shock": [0.1, 0.2, 0.1, 0.2, 0.1], "run.seed": [1, 1, 1, 1, 2]}
    made = runs(grid, oracle_gain=[0.1, 0.2, 0.3, 0.5, 0.7])
    whole, n = cells_of(made, "oracle_gain", "data.pool_size")
    assert (whole, n) == ([{"8": [0], "16": [2], "22": [4]}], 2)
    assert [one.mean for one in levels_of(made, "oracle_gain", "data.pool_size", whole)] == [0.1, 0.3, 0.7]
    whole, n = cells_of(made, "oracle_gain", "law.shock")
    assert n == 3 and len(whole) == 2  # pools of 8 and 16; of 22 there is one shock
    assert [one.mean for one in levels_of(made, "oracle_gain", "law.shock", whole)] == pytest.approx([0.2, 0.35])
    seeds = runs(SEEDS, oracle_gain=[0.1, 0.3, 0.2, 0.6])
    whole, n = cells_of(seeds, "oracle_gain", "data.pool_size")
    assert (whole, n) == ([{"8": [0, 1], "16": [2, 3]}], 1)
    eight, sixteen = levels_of(seeds, "oracle_gain", "data.pool_size", whole)
    assert (eight.value, eight.mean, eight.error, eight.n) == (8, 0.2, pytest.approx(0.1), 2)
    assert (sixteen.mean, sixteen.error) == (pytest.approx(0.4), pytest.approx(0.2))


def test_limits_and_errors_that_runs_record() -> None:
    ends = {"oracle_gain_lower": [0.05, 0.06], "oracle_gain_upper": [0.15, 0.26], "oracle_gain_error": [0.01, None]}
    made = runs({"data.pool_size": [8, 16]}, oracle_gain=[0.1, 0.2], **ends)
    whole, _ = cells_of(made, "oracle_gain", "data.pool_size")
    eight, sixteen = levels_of(made, "oracle_gain", "data.pool_size", whole)
    assert (eight.limits, eight.error) == ((0.05, 0.15), 0.01)
    assert (sixteen.limits, sixteen.error) == ((0.06, 0.26), None)


def test_runs_with_the_same_parameters_are_one() -> None:
    made = runs({"data.pool_size": [8, 8, 16, 22]}, oracle_gain=[0.1, 0.4, 0.2, None])
    assert values_of(made, "oracle_gain") == [(0, 0.25), (2, 0.2)]
    repeated = replace(made, axes={})
    assert values_of(repeated, "oracle_gain") == [(0, 0.1), (1, 0.4), (2, 0.2)]


@pytest.mark.parametrize(
    ("axes", "gains", "same"),
    [
        # With either shock the gain rises; with the second it falls; with the second it stays.
        ({"law.shock": [1, 1, 2, 2], "n": [1, 2, 1, 2]}, [0.1, 0.2, 0.3, 0.5], True),
        ({"law.shock": [1, 1, 2, 2], "n": [1, 2, 1, 2]}, [0.1, 0.2, 0.5, 0.3], False),
        ({"law.shock": [1, 1, 2, 2], "n": [1, 2, 1, 2]}, [0.1, 0.2, 0.3, 0.3], True),
        # Of words both ends have to be the same: x is least twice, y or z greatest.
        ({"law.shock": [1] * 3 + [2] * 3, "n": [*"xyz"] * 2}, [0.1, 0.3, 0.2, 0.1, 0.2, 0.3], False),
        ({"law.shock": [1] * 3 + [2] * 3, "n": [*"xyz"] * 2}, [0.1, 0.2, 0.3, 0.0, 0.2, 0.5], True),
        ({"law.shock": [1] * 3 + [2] * 3, "n": [*"xyz"] * 2}, [0.1, 0.3, 0.2, 0.2, 0.3, 0.1], False),
    ],
)
def test_one_way_everywhere(axes: dict[str, list[Any]], gains: list[float], *, same: bool) -> None:
    made = runs(axes, oracle_gain=gains)
    whole, _ = cells_of(made, "oracle_gain", "n")
    assert same_everywhere(made, "oracle_gain", "n", whole) == same


def test_errors_of_gains_of_policies() -> None:
    """Limits of ± 1.644854 standard errors at 90%, ± 1.959964 at 95%, which is meant where no level is recorded."""
    base = {"gain_a": [0.1, None], "gain_b": [None, 0.2], "gain_a_lower": [0.1 - 0.03289707, None]}
    base |= {"gain_a_upper": [0.1 + 0.03289707, None], "experiment.level": [0.9, None]}
    assert swept(["a", "b"], **base).columns["policy_gain_error"] == [pytest.approx(0.02), None]
    at_95 = base | {"gain_a_lower": [0.1 - 0.03919928, None], "gain_a_upper": [0.1 + 0.03919928, None]}
    at_95["experiment.level"] = [None, None]
    assert swept(["a", "b"], **at_95).columns["policy_gain_error"][0] == pytest.approx(0.02)
    for won, lost, error in ((0, 0, 0.0), (3, 3, None), (0, 2, None), (2, 0, None)):
        counted = {"won_b": [None, won], "lost_b": [None, lost]}
        assert swept(["a", "b"], **base, **counted).columns["policy_gain_error"][1] == error


def test_remarks_on_policies() -> None:
    lacking = {
        "gain_a": [0.1, None, 0.2],
        "absent_a": [None, "no prompts", None],
        "suspicion_a": ["nearly_oracle", None, None],
        "gain_recorded": [0.3, 0.4, None],
        "suspicion_recorded": [None, "nearly_oracle", None],
    }
    made = swept(["a, recorded", "a, recorded", "a"], **lacking)
    assert policy_remarks(made) == [
        "a does not exist in 1 of 3 runs that ask for it: no prompts.",
        "recorded is left out in 1 of 2 runs that ask for it: it gains so much that its picks seem to be made after "
        "grading.",
    ]
    assert made.gains == ("gain_a",)  # only recorded picks can be suspicious
    assert policy_remarks(replace(made, gains=())) == []
    columns = {"status": ["completed"], "experiment": ["policies"], "policy": [None]}
    assert policy_numbers(columns).gains == ()


def test_what_metrics_are_called() -> None:
    names = ("oracle_gain", "paired_max_gain", "all_wrong", "policy_gain", "policy_captured", "policy_cost", "ratio_x")
    assert [called(name) for name in names] == [
        "the gain",
        "the certified gain",
        "the all-wrong rate",
        "the gain over the single best",
        "the share of the oracle's gain",
        "the cost per query",
        "ratio_x",
    ]
    assert [heading(name) for name in names] == [
        "gain (points)",
        "certified (points)",
        "all wrong",
        "gain (points)",
        "of the oracle's",
        "cost",
        "ratio_x",
    ]
    forms = {
        "gain_x": "points",
        "max_gain": "points",
        "again": "number",
        "captured_cost": "number",
        "oracle": "percent",
    }
    forms |= {
        "foreclosed_share": "percent",
        "predicted_block": "percent",
        "policy_captured": "percent",
        "x_oracle": "number",
    }
    assert {name: form(name).__name__ for name in forms} == forms
    assert [value_text(value) for value in (None, "cofail_lab.models.Clayton", "a.b", 0.5, 1200)] == [
        "null",
        "Clayton",
        "a.b",
        "0.5",
        "1,200",
    ]
    assert [is_number(value) for value in (1, 0.5, True, "1", None)] == [True, True, False, False, False]


def test_names_of_axes() -> None:
    made = runs({"data.n_queries": [1, 2], "law.n": [1, 2], "known.n": [1, 2], "data.n_all_wrong": [3, 4]})
    assert [made.short(name) for name in made.axes] == ["n_queries", "law.n", "known.n", "n_all_wrong"]
    assert made.setting(1) == "n_queries=2 law.n=2 known.n=2 n_all_wrong=4"
    assert made.setting(1, ("law.n", "known.n")) == "n_queries=2 n_all_wrong=4"
    assert [made.what_grows(name) for name in made.axes] == [
        "the number of queries",
        "law.n",
        "known.n",
        "the number of all-wrong queries",
    ]


GAINS = [0.02, 0.05, 0.03]
SWEEPS: dict[str, GatheredRuns] = {
    "one run": runs({"data.pool_size": [8]}, oracle_gain=[0.02]),
    "nothing varied": runs({}, oracle_gain=[0.02, 0.02, 0.04], all_wrong=[0.1] * 3),
    "once": runs({}, oracle_gain=[0.02]),
    "alike": runs({"data.pool_size": [8, 16], "law.shock": [1, 2]}, oracle_gain=[0.0301, 0.0303]),
    "apart": runs({"data.pool_size": [8, 16], "law.shock": [1, 2]}, oracle_gain=[0.0301, 0.05]),
    "of four versions": replace(
        runs(POOL, ("oracle_gain", "all_wrong", "other"), oracle_gain=GAINS, all_wrong=[0.1, 0.2, 0.3], other=GAINS),
        leading=("oracle_gain", "all_wrong"),
    ),
    "words": runs(LAWS, oracle_gain=GAINS, oracle_gain_lower=[0.0, 0.0, 0.0], oracle_gain_upper=[0.1] * 3),
    "seeds": runs(SEEDS, ("oracle_gain", "ratio_x"), oracle_gain=[0.1, 0.3, 0.2, 0.6], ratio_x=[1.0, 1.5, 3.0, 4.0]),
    "two axes": runs(
        {"data.pool_size": [8, 8, 16, 16] * 2, "law.shock": [1, 2] * 4, "n": [5] * 4 + [6] * 4},
        oracle_gain=[0.1, 0.11, 0.3, 0.31] * 2,
    ),
    "partly": runs(
        {"data.pool_size": [8, 16, 8, 16, 22], "law.shock": [1, 1, 2, 2, 2]}, oracle_gain=[0.1, 0.2, 0.3, 0.4, 0.5]
    ),
    "policies": swept(["ridge", "domain_table"], **TWO),
    "verdicts": runs(
        {"run.seed": [1, 2, 3, 4]}, ("n_unexpected",), experiment=["verify"] * 4, n_unexpected=[1, 1, 1, 1]
    ),
    "three verdicts": runs({"run.seed": [1, 2, 3]}, (), experiment=["verify"] * 3, n_unexpected=[1, 1, 1]),
    "one verdict": runs({"run.seed": [1]}, (), experiment=["verify"], n_unexpected=[0]),
    "failed": runs(POOL, status=["failed", "completed", "started"], oracle_gain=[None, 0.05, None]),
}


def test_sweeps() -> None:
    versions = SWEEPS["of four versions"]
    columns = {**versions.columns, "code": ["a", "b", "b"], "tail": ["x", "y", "x"], "long": ["l" * 31, "m", "m"]}
    columns |= {"single": ["z"] * 3, "absent": ["x", None, None]}
    labels = frozenset({"tail", "long", "single", "absent"})
    several = replace(versions, columns=columns, labels=labels)
    said = []
    for name, made in {**SWEEPS, "of four versions": several}.items():
        missing = [Path("x/bad"), Path("y")] if name == "seeds" else []
        about = main_metric(made)
        parts = (*words.brief(made), *words.sections(made, missing, {"small_multiples": "A caption."}))
        said += [name, *lines(Result(headline(made), {}, sections=parts)), f"about {about}"]
        said += [sentence(made, about, in_full=False)] if about else []
    keep("words_sweeps", said)


def test_how_many_runs_and_failures_are_shown() -> None:
    for n, more in ((20, False), (21, True)):
        failed = runs({"n": [*range(n)]}, status=["failed"] * n, oracle_gain=[None] * n)
        section = words.sections(failed, [], {})[-1]
        assert (len(section.rows), bool(section.sentences)) == (20, more)
        assert words.figures(failed) == {}
    assert section.sentences == ("The first 20 of 21.",)
    for n, some in ((14, False), (15, True)):  # of 25 lines 9 are around the listing, 2 are sentences
        many = runs({"n": [*range(n)]}, oracle_gain=[0.01 * i for i in range(n)])
        listed = words.brief(many)[1]
        assert bool(listed.sentences) == some
        assert listed.listing is not None and len(listed.listing.rows) == (13 if some else n)
    one = runs({"n": [1]}, oracle_gain=[0.1])
    assert words.figures(one) == {} and words.figures(runs({"n": [1, 2]}, oracle_gain=[None, None])) == {}
    assert list(words.figures(runs({"n": [1, 2]}, oracle_gain=[0.1, 0.2]))) == ["small_multiples"]
    assert "1 more" not in "".join(words.unfinished(one))


def test_side_by_side() -> None:
    columns: dict[str, list[Any]] = {
        "oracle_gain": [0.1, 0.2],
        "tail": ["chance", "beyond"],
        "oracle_gain_error": [0.01, 0.02],
        "same": [3, 3],
        "partly": [None, 4],
        "data.path": ["a", "b"],
    }
    made = runs({"n": [1, 2]}, **columns)
    section = side_by_side(made)
    assert section is not None and section.listing is not None
    assert section.sentences == ("2 numbers and labels differ, 1 are the same in all runs that have them.",)
    assert section.listing.columns == ("number", "n=1", "n=2")
    assert section.listing.rows == (("oracle_gain", "10.0 points", "20.0 points"), ("tail", "chance", "beyond"))
    only = side_by_side(replace(made, chosen=True))
    assert only is not None and only.listing is not None and len(only.listing.rows) == 1
    three = runs({"n": [1, 2, 3]}, partly=[None, 4, 5])
    section = side_by_side(three)
    assert section is not None and section.listing is not None
    assert section.listing.rows == (("partly", "—", "4", "5"),)
    assert side_by_side(runs({"n": [1]}, oracle_gain=[0.1])) is None
    for n, shown in ((8, True), (9, False)):
        assert (side_by_side(runs({"n": [*range(n)]}, oracle_gain=[0.1] * n)) is not None) == shown
    named = side_by_side(runs({}, oracle_gain=[0.1, 0.2]))
    assert named is not None and named.listing is not None and named.listing.columns[1:] == ("job0", "job1")


def test_what_an_atlas_says_of_one_matrix() -> None:
    page = Path("job")
    cases = [
        ({"n_all_wrong": 0}, None, "", "nothing to read"),
        ({"n_all_wrong": 12}, None, "", "12 unread"),
        ({"n_all_wrong": 12}, {"unread": 12}, "", "12 unread"),
        ({"n_all_wrong": 12}, {"unread": 2, "genuine": 7, "ambiguous": 3}, "", "10 of 12 read, 7 genuine"),
        ({"n_all_wrong": 12}, {"ambiguous": 12}, "", "12 of 12 read, 0 genuine"),
        ({"n_all_wrong": 12}, {"genuine": 12}, "a bad row", "12 unread, a sheet cannot be read"),
    ]
    for values, states, fault, said in cases:
        assert Matrix("m", page, values, states, fault).audit == said
    for p, pricing in ((0.05, "under"), (0.051, "within"), (0.95, "within"), (0.951, "over"), (None, "unknown")):
        assert Matrix("m", page, {"n_all_wrong": 1, "null_p_value": p}).pricing == pricing
    assert Matrix("m", page, {"n_all_wrong": 0, "null_p_value": 0.01}).pricing == "no_tail"
    odd = Matrix("m", page, {"x": float("nan"), "y": "1", "z": 2, "foreclosed_share": 0.25})
    assert [odd.number(name) for name in ("x", "y", "z", "absent")] == [None, None, 2.0, None]
    assert odd.routable == (0.75, None, None)


def test_atlases() -> None:
    made = matrices_of(atlas_runs())
    states = [{"genuine": 4}, {"unread": 1, "genuine": 9}, None, None]
    read = [replace(one, states=state) for one, state in zip(made, states, strict=True)]
    faulty = [replace(one, sheet_fault="row 3: no state") for one in made[:2]]
    heavy = matrices_of(
        atlas_runs({"tail": ["heavy_tail"] * 4, "regime": ["ceiling_bound"] * 2 + ["undetermined"] * 2})
    )
    none = matrices_of(atlas_runs({"tail": ["beyond"] * 4, "null_p_value": [None] * 4}))
    said = []
    for matrices in (read, faulty, heavy, none):
        parts = (*atlas.brief(matrices, ["late.csv failed."]), *atlas.sections(matrices))
        result = Result(atlas.headline(matrices), {**atlas.metrics(matrices)}, tables={"t": atlas.table(matrices)})
        said += lines(replace(result, sections=parts, figures={"atlas": atlas.figure(matrices)}))
    keep("words_atlas", said)
    for n, left in ((12, False), (13, True)):
        many = [replace(made[0], name=f"m{i}") for i in range(n)]
        _, shown = atlas.brief(many, [])
        assert bool(shown.sentences) == left and shown.listing is not None and len(shown.listing.rows) == 12
        assert shown.listing.rows[0][0] == "m0"
