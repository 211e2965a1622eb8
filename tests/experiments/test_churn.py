"""`experiment=churn`: its sentences on both sides of every branch, and the registry of the published pool."""

import csv

import numpy as np
import pytest

from cofail_lab.data.readers.wide import WideSource
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.churn import AdoptOrCommit
from cofail_lab.report.churn import _limits
from tests.conftest import REAL_DATA, real_path
from tests.data.cells import grades_of
from tests.experiments.sources import Fixed

DATES = ("2024-01-01", "2024-02-01", "2024-06-01", "", "2024-12-31")
# 1 is wrong: a is right on 4 of 8 queries, b on 5, c on 6, d on 8, e on 7.
RIGHT = (4, 5, 6, 8, 7)


def read(right=RIGHT, dates=DATES, n=8, cost=None, prices=None, turned=False, **parameters):
    """The first queries are right; turned, the last model is wrong on the first query and right on the last."""
    cells = [[int(q >= count) for count in right] for q in range(n)]
    if turned:
        cells = [[*row[:-1], 1 - row[-1]] if q in (0, n - 1) else row for q, row in enumerate(cells)]
    per_model = {"released": np.array(dates, dtype=object), **(prices or {})}
    per_cell = {} if cost is None else {"cost": np.tile(np.array(cost, dtype=float), (n, 1))}
    columns = {"per_model": per_model, "per_cell": per_cell}
    grades = grades_of(cells, [f"q{i}" for i in range(n)], "abcdefgh"[: len(right)], **columns)
    options = {"bootstrap": 200, "splits": 5, **parameters}
    return AdoptOrCommit(**options).run(Inputs(RunOptions(), source=lambda: Fixed(grades)))


def text(result):
    return " ".join([result.headline, *(line for section in result.sections for line in section.sentences)])


def rows(result):
    return {row.label: row for section in result.sections for row in section.rows}


def test_a_history_by_hand():
    result = read()
    m = result.metrics
    assert (m["n_dated"], m["n_release_days"], m["days"], m["n_switches"]) == (4, 4, 365, 2)
    # Better on other halves, but the limits of eight queries hold 0: both are needed.
    assert m["mean_advantage_lower"] == 0 < m["mean_advantage_heldout"]
    assert result.labels["reading"] == "cannot_tell"
    assert (m["committed_accuracy"], m["final_accuracy"], m["oracle"]) == (5 / 8, 7 / 8, 7 / 8)
    assert m["final_advantage"] == 0.25
    # c is the best for days 152 to 365 of the 275 since day 90.
    assert m["mean_advantage"] == pytest.approx(213 / 275 / 8)
    assert result.labels["committed"] == "b"
    assert result.labels["adopted"] == "a, b, c, e"
    assert "1 of 5 models have no date." in text(result)
    assert m["dollars_at_end"] is None
    table = result.tables["timeline"].to_pylist()
    assert [row["released"] for row in table] == [date for date in DATES if date]
    assert [row["ceiling"] for row in table] == [4 / 8, 5 / 8, 6 / 8, 7 / 8]
    assert (m["mean_gap"], m["expected_gap_empirical"]) == (0.125, 0.125)
    # Every gap is .125: the normal law has no spread, and its expectation is the same.
    assert m["option_value_normal"] == pytest.approx(m["option_value_empirical"])
    rate = 3 / (365 / 365.25)
    assert m["option_value_normal"] == pytest.approx(rate / (0.1 + rate) * 0.125 / 0.1)
    assert m["flow_threshold_normal"] == pytest.approx(0.1 * m["option_value_normal"])


def test_readings():
    gains = read(right=(200, 250, 300, 400, 350), n=400)
    assert gains.labels["reading"] == "adopting_gains"
    assert gains.headline.startswith(
        "Adopting each new best model ends 25.0 points above b, the best of the first 90 days; averaged over the 275 "
        "days since, 9.7 points (95% "
    )
    assert gains.headline.endswith("by 2 switches. Keep the option to switch.")
    close = read(right=(4, 5, 4, 8, 6))
    assert close.labels["reading"] == "cannot_tell"
    assert close.headline.endswith("by 1 switch. These queries do not decide whether adopting pays.")
    never = read(right=(4, 5, 4, 8, 5))
    assert never.labels["reading"] == "nothing_newer"
    assert never.headline.startswith(
        "No model released later is right more often than b, the best of the first 90 days: nothing was lost on these "
        "queries by committing to it."
    )
    assert "promises what was never seen" not in text(never)
    equal = read(right=(4, 5, 4, 8, 5), turned=True)
    assert equal.labels["reading"] == "nothing_newer"
    assert "committing to it, though up to " in equal.headline
    assert equal.headline.endswith(" points at the end are within the 95% limits.")
    assert ", the best of the first release day; averaged" in read(commit_day=0).headline
    assert ", the best of the first day; averaged over the 364 days since" in read(commit_day=1).headline
    assert "averaged over the 1 day since" in read(commit_day=364).headline
    falling = read(right=(5, 4, 3, 8, 2))
    assert "No arrival beat the best model before it" in text(falling)
    single = read(right=(4, 5), dates=("2024-01-01", "2024-12-31"))
    assert "A single arrival has no spread." in text(single)
    assert single.metrics["gap_sd"] is None
    assert single.metrics["option_value_normal"] is None


def test_a_stated_date_counts_before_one_in_a_name_and_models_of_a_day_arrive_together():
    same = read(right=(4, 5, 6), dates=("2024-01-01", "2024-01-01", "2024-12-31"))
    assert [row["ceiling"] for row in same.tables["timeline"].to_pylist()] == [5 / 8, 5 / 8, 6 / 8]
    cells = [[int(q >= count) for count in (4, 5, 6)] for q in range(8)]
    names = ("a-2024-01-01", "b-2024-02-01", "c-2024-03-01")
    stated = {"released": np.array(["2024-12-31", "", "2024-06-01"], dtype=object)}
    grades = grades_of(cells, [f"q{i}" for i in range(8)], names, per_model=stated)
    found = AdoptOrCommit(bootstrap=100, splits=1).run(Inputs(RunOptions(), source=lambda: Fixed(grades)))
    dates = {row["model"]: row["released"] for row in found.tables["timeline"].to_pylist()}
    assert dates == dict(zip(names, ("2024-12-31", "2024-02-01", "2024-06-01"), strict=True))


def test_limits_are_those_of_95_percent():
    assert _limits(np.arange(1001.0)) == (25, 975)


def test_dollars_at_the_floor():
    # The floor is b's .625: c costs 2 for .75 right; the cheaper a is not good enough.
    result = read(cost=[0.1, 5, 2, 1, 3])
    assert (result.metrics["floor"], result.metrics["dollars_at_commitment"]) == (5 / 8, 8)
    assert result.metrics["dollars_at_end"] == pytest.approx(2 / 0.75)
    assert rows(result)["dollars a right answer"].note == "at 62.5% or more: c; 8 at the commitment"
    high = read(cost=[0.1, 5, 2, 1, 3], floor=0.8)
    assert rows(high)["dollars a right answer"].note == "at 80.0% or more: e; none then"
    assert high.metrics["dollars_at_commitment"] is None
    none = read(cost=[0.1, 5, 2, 1, 3], floor=0.9)
    assert rows(none)["dollars a right answer"].note == "no model of known cost is right at 90.0% or more"
    assert "dollars_per_right" in result.tables["timeline"].column_names


def test_dollars_from_prices():
    prices = {"usd_per_mtok_in": np.array([1, 1, 2.0, 1, np.nan]), "usd_per_mtok_out": np.array([1, 3, 4.0, 1, 1])}
    result = read(prices=prices, tokens_in=1000, tokens_out=500)
    assert result.metrics["dollars_at_commitment"] == pytest.approx(2.5e-3 / 0.625)
    # e has no price: c stays the cheapest that is known, after b.
    assert result.metrics["dollars_at_end"] == pytest.approx(2.5e-3 / 0.625)
    with pytest.raises(InputError, match=r"experiment.tokens_in: g has no prices \(usd_per_mtok_in, usd_per_mtok_out"):
        read(tokens_in=1, tokens_out=1)


def test_the_registry_of_the_published_pool(tmp_path):
    """`churn_registry.csv` has dates and prices of 18 models of the published pool."""
    real_path("zeroeval_crux")  # Skips where the shared data are absent.
    registry = REAL_DATA / "churn_registry.csv"
    with registry.open() as lines:
        names = [row["model"] for row in csv.DictReader(lines)]
    right = np.random.default_rng(0).random((60, len(names))) < np.linspace(0.4, 0.9, len(names))
    with (tmp_path / "pool.csv").open("w") as file:
        csv.writer(file).writerows([["query", *names], *([f"q{i}", *row] for i, row in enumerate(right.astype(int)))])
    source = WideSource(path=str(tmp_path / "pool.csv"), registry=str(registry))
    experiment = AdoptOrCommit(bootstrap=100, splits=2, tokens_in=1000, tokens_out=500)
    result = experiment.run(Inputs(RunOptions(), source=lambda: source))
    assert result.metrics["n_dated"] == 18
    assert result.metrics["days"] == (np.datetime64("2026-02-19") - np.datetime64("2024-03-13")).astype(int)
    assert result.metrics["dollars_at_end"] > 0
    assert len(result.figures["churn"]().axes) == 2


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"commit_day": -1}, "experiment.commit_day: -1"),
        ({"commit_day": 365}, "experiment.commit_day: 365, but the last of the releases is on day 365"),
        ({"floor": 1.5}, "experiment.floor: 1.5"),
        ({"tokens_in": 5}, "experiment.tokens_in: both"),
        ({"tokens_in": -5, "tokens_out": 1}, "experiment.tokens_in: -5 is not a number of at least 0"),
        ({"discount_rate": 0}, "experiment.discount_rate: 0 is not a number above 0"),
        ({"flow_value": None}, "experiment.flow_value: null is not a finite number"),
        ({"splits": 0}, "experiment.splits: 0"),
        ({"bootstrap": 1}, "experiment.bootstrap: 1"),
        ({"dates": ["", "", "", "", ""]}, "experiment=churn: no model of g has a release date"),
        ({"dates": ["2024-01-01", "", "", "", ""]}, "released: 1 of 5 models"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(InputError) as raised:
        read(**parameters)
    assert str(raised.value).startswith(message)
