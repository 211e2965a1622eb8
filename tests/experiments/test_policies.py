"""`experiment=policies`: from the command line to the numbers, words and figures."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments import policies as experiment
from cofail_lab.experiments.base import Inputs, RunOptions, silent
from cofail_lab.experiments.decide import Decide
from cofail_lab.experiments.policies import Policies
from cofail_lab.policies.cascade_routing import CascadeRouting
from cofail_lab.policies.deferral_cascade import DeferralCascade
from cofail_lab.policies.domain_table import DomainTable
from cofail_lab.policies.multiclass import Multiclass
from tests.conftest import outcomes_from
from tests.experiments.sources import Fixed, inputs_from, topic_inputs
from tests.policies.pool import TOPICS, topics

GRADES = (
    "accuracy",
    "gain",
    "gain_lower",
    "gain_upper",
    "won",
    "lost",
    "captured",
    "cost",
    "hull_gap",
    "pair_hull_gap",
)


@pytest.fixture
def csv(tmp_path: Path) -> str:
    """The pool of topics as a wide file, with prompts and costs."""
    data = topics(240, 0)
    rows = zip(data.features.queries, data.features.dataset, data.right.astype(int), strict=True)
    table = [f"{q},{d},{','.join(map(str, r))}" for q, d, r in rows]
    path = tmp_path / "topics.csv"
    path.write_text("\n".join(["query,dataset," + ",".join(data.models), *table]))
    prompts = [f"{q},{p}" for q, p in zip(data.features.queries, data.features.prompt, strict=True)]
    (tmp_path / "topics.prompts.csv").write_text("\n".join(["query,prompt", *prompts]))
    costs = [f"{q},{','.join(map(str, r))}" for q, r in zip(data.features.queries, data.cost, strict=True)]
    (tmp_path / "topics.costs.csv").write_text("\n".join(["query," + ",".join(data.models), *costs]))
    return str(path)


def _named(metric: str, policy: str) -> str:
    base = metric.removesuffix("_lower").removesuffix("_upper")
    return f"{base}_{policy}{metric.removeprefix(base)}"


def test_policies_from_the_command_line(run, csv: str) -> None:
    done = run(
        "experiment=policies",
        "data=csv",
        f"data.path={csv}",
        "policy=[domain_table,ridge]",
        "policy.ridge.alpha=2.0",
        "policy.domain_table.guard=false",
        "experiment.bootstrap=200",
        "hydra.run.dir=out",
    )
    assert done.code == 0, done.err
    results = json.loads(Path("out/results.json").read_text())
    metrics = results["metrics"]
    for policy in ("domain_table", "ridge", "single_best", "cheapest", "random", "mixture", "oracle"):
        for metric in GRADES:
            assert _named(metric, policy) in metrics
    assert metrics["gain_domain_table"] == pytest.approx(
        metrics["accuracy_domain_table"] - metrics["accuracy_single_best"], abs=1e-12
    )
    assert metrics["gain_domain_table"] * 240 == pytest.approx(
        metrics["won_domain_table"] - metrics["lost_domain_table"]
    )
    assert metrics["pair_hull_gap_ridge"] is None
    assert metrics["over_table_ridge"] == pytest.approx(
        metrics["accuracy_ridge"] - metrics["accuracy_domain_table"], abs=1e-12
    )
    assert results["labels"]["best_model"] in ("m0", "m1", "m2", "m3")
    assert {"policies", "calls", "splits"} <= {path.stem for path in Path("out/tables").iterdir()}
    assert {"gains", "dollars"} <= {path.stem for path in Path("out/figures").iterdir()}
    assert "best constant on the training queries" in " ".join(done.out.split())
    assert len(done.out.splitlines()) < 25


def test_repeated_splits_give_a_table(run, csv: str) -> None:
    done = run(
        "experiment=policies",
        "data=csv",
        f"data.path={csv}",
        "policy=domain_table",
        "experiment.protocol=splits",
        "experiment.n_splits=3",
        "experiment.train_share=0.5",
        "experiment.bootstrap=0",
        "record.report=false",
        "record.figures=false",
        "hydra.run.dir=out",
    )
    assert done.code == 0, done.err
    splits = pq.read_table("out/tables/splits.parquet")
    assert splits.column_names == ["split", "policy", "n_test", "accuracy", "won", "lost", "captured"]
    table = splits.filter(np.array(splits["policy"]) == "domain_table").to_pydict()
    assert table["split"] == [0, 1, 2]
    assert table["n_test"] == [120] * 3
    assert json.loads(Path("out/results.json").read_text())["metrics"]["gain_domain_table_lower"] is None


def test_a_sweep_over_policies_says_which_run_had_which(run, csv: str) -> None:
    done = run(
        "-m",
        "experiment=policies",
        "policy=single_best,domain_table",
        "data=csv",
        f"data.path={csv}",
        "experiment.bootstrap=0",
    )
    assert done.code == 0, done.err
    assert "Varied: policy (2 values)" in next(Path("outputs/policies").glob("sweep_*/report.html")).read_text()
    # The headline is about what the policies gain; an oracle gains the same in both runs.
    said = " ".join(done.out.replace("│", "").split())
    assert "The gain over the single best is greatest with policy domain_table" in said
    assert "and least with single_best (0.0 points)." in said
    rows = [line.split() for line in done.out.splitlines()]
    assert {row[0] for row in rows if row} >= {"policy", "domain_table", "single_best"}


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("policy=[ridgy]", "policy=ridgy: no such choice, did you mean ridge?"),
        ("policy.ridge.beta=1", "policy.ridge.beta: no such key"),
        ("policy.ridge.guard=maybe", "policy.ridge.guard: 'maybe' is not true, false or null"),
        ("policy.ridge.alpha=-1", "policy.ridge.alpha: -1 is not a number > 0"),
        ("experiment.protocol=twice", "experiment.protocol: 'twice' is not one of folds, splits"),
        ("experiment.folds=1", "experiment.folds: 1 is not a whole number >= 2"),
        ("experiment.cluster=session", "experiment.cluster: 'session' is no per-query column"),
        ("experiment.columns=[key]", "experiment.columns: 'key' is known only after grading"),
        ("experiment.columns=[Answer]", "experiment.columns: 'Answer' is known only after grading"),
        ("experiment.columns=[mood]", "experiment.columns: 'mood' is no per-query column"),
        ("experiment.price_column=fee", "experiment.price_column: 'fee' is no per-model column"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(run, csv: str, argument: str, message: str) -> None:
    arguments = ["experiment=policies", "data=csv", f"data.path={csv}", "policy=[ridge]"]
    if argument.startswith("policy=["):
        arguments.pop()
    done = run(*arguments, argument, "hydra.run.dir=out")
    assert done.code == 2
    assert message in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_columns_of_the_table_are_clusters_and_features(run) -> None:
    """Columns without grades: a session keeps its queries together, and a mood tells whom to ask."""
    rng = np.random.default_rng(0)
    mood = rng.integers(2, size=200)
    right = (np.arange(2) == mood[:, None]).astype(int)
    rows = [f"q{i},s{i // 4},{'grim' if mood[i] else 'fine'},{a},{b}" for i, (a, b) in enumerate(right)]
    Path("moods.csv").write_text("\n".join(["query,session,mood,m0,m1", *rows]))
    common = (
        "experiment=policies",
        "data=csv",
        "data.path=moods.csv",
        "policy=ridge",
        "policy.ridge.guard=false",
        "experiment.bootstrap=100",
        "record.report=false",
        "record.figures=false",
        "hydra.run.dir=out",
    )
    for extra, accuracy in ((), None), (("experiment.columns=[mood]", "experiment.cluster=session"), 1.0):
        done = run(*common, *extra)
        assert done.code == 0, done.err
        metrics = json.loads(Path("out/results.json").read_text())["metrics"]
        assert metrics["accuracy_ridge"] == accuracy
        # Queries of a session are not independent: no exact test.
        assert metrics["p_value_ridge"] is None
    done = run(*common)
    assert "No policy could be tried. Not there: ridge: queries have neither prompts" in " ".join(done.out.split())


def test_a_dataset_that_names_the_answer_is_not_shown() -> None:
    key = topics(240, 0).features.dataset
    result = Policies(bootstrap=0).run(topic_inputs({"domain_table": DomainTable(guard=False)}, per_query={"key": key}))
    assert result.labels["absent_domain_table"] == "no policy sees two datasets"
    assert result.metrics["accuracy_domain_table"] is None
    assert any("names the right answer" in s for section in result.sections for s in section.sentences)
    other = np.where(np.arange(240) % 2, key, TOPICS[0])
    shown = Policies(bootstrap=0).run(
        topic_inputs({"domain_table": DomainTable(guard=False)}, per_query={"key": other})
    )
    assert shown.metrics["accuracy_domain_table"] is not None


def test_a_constant_and_a_model_that_costs_most_queries_are_named() -> None:
    rng = np.random.default_rng(0)
    wrong = (rng.random((300, 3)) < [0.3, 0.5, 0.5]).astype(np.int8)
    wrong[:60, 2] = 4  # missing
    wrong[50:55, 1] = 4
    inputs = Inputs(
        RunOptions(),
        source=inputs_from(wrong, per_query={"features": rng.normal(size=(300, 2))}).source,
        policies={"multiclass": lambda: Multiclass(guard=True, C=0.1)},
    )
    result = Policies(bootstrap=100).run(inputs)
    text = " ".join(s for section in result.sections for s in section.sentences)
    assert "multiclass is a constant: 100.0% of its queries go to m0" in text
    assert result.labels["constant_multiclass"] == "m0"
    assert "m2 alone costs 60 of the 60 incomplete queries (295 are complete without it)" in text


def test_costs_that_are_incomplete_are_left_out_and_said_so() -> None:
    base = topic_inputs({})
    assert base.source is not None
    grades = base.source().load()
    cost, price = grades.per_cell["cost"].copy(), np.array([1.0, np.nan, 2.0, 3.0])
    cost[5, 2] = np.nan
    for changed, column, said in (
        (replace(grades, per_cell={"cost": cost}), None, "1 of 960 answers have none, the first of them by m2"),
        (replace(grades, per_model={"fee": price}), "fee", "240 of 960 answers have none, the first of them by m1"),
    ):
        result = Policies(bootstrap=0, price_column=column).run(replace(base, source=lambda g=changed: Fixed(g)))
        assert result.metrics["cost_single_best"] is None
        assert f"Costs are left out: {said}." in result.brief[0].sentences
    text = replace(grades, per_model={"fee": np.array(list("abcd"), object)})
    with pytest.raises(
        InputError, match=r"experiment\.price_column: 'fee' holds text, such as 'a'; numbers are needed"
    ):
        Policies(bootstrap=0, price_column="fee").run(replace(base, source=lambda: Fixed(text)))
    dear = replace(grades, per_model={"fee": -price})
    with pytest.raises(InputError, match="cost: -3 is negative"):
        Policies(bootstrap=0, price_column="fee").run(replace(base, source=lambda: Fixed(dear)))


def test_a_model_without_any_confidence_stops_no_cascade() -> None:
    everyone = {
        "deferral_cascade": DeferralCascade(cheap="m3", strong="m0", fraction=0.3),
        "cascade_routing": CascadeRouting(members=["m3", "m1", "m0"], price=0.01),
    }
    base = topic_inputs(everyone)
    assert base.source is not None
    grades = base.source().load()
    confidence = grades.per_cell["confidence"].copy()
    confidence[:, 1] = np.nan
    confidence[::3] = np.nan
    held = replace(grades, per_cell={**grades.per_cell, "confidence": confidence})
    result = Policies(bootstrap=0, folds=2).run(replace(base, source=lambda: Fixed(held)))
    for name in everyone:
        assert 0.3 < result.metrics[f"accuracy_{name}"] < 1


def test_bad_parameters() -> None:
    for bad in ({"columns": "topic"}, {"level": 1.0}, {"train_share": 0.0}, {"bootstrap": -1}, {"n_splits": 0}):
        with pytest.raises(InputError, match=f"experiment.{next(iter(bad))}"):
            Policies(**bad)
    with pytest.raises(InputError, match=r"experiment\.folds"):
        Decide(folds=1)


def test_splits_and_folds_are_as_asked() -> None:
    held = SimpleNamespace(n_queries=8, cluster=None)
    (split,) = Policies(protocol="splits", n_splits=1, train_share=0.75)._splits(held, 0)  # type: ignore[arg-type]
    assert (len(split.train), len(split.test)) == (6, 2)
    parts = [Policies(folds=2)._splits(held, seed) for seed in (0, 0, 1)]  # type: ignore[arg-type]
    tests = [[sorted(split.test.tolist()) for split in of_seed] for of_seed in parts]
    assert tests[0] == tests[1] != tests[2]


def test_ceilings_are_those_of_right_answers_at_the_asked_level() -> None:
    """Three of four queries are solved, in every one of two runs; nobody can pass .75, and a wrong grade would say."""
    wrong = np.array([[0, 1], [1, 0], [0, 0], [1, 1]], bool)
    samples = np.repeat((~wrong)[:, :, None], 2, axis=2).astype(float)
    ceilings = Policies(delta=0.3)._ceilings(outcomes_from(wrong, per_cell={"samples": samples}))
    assert ceilings.certificate.delta == 0.3
    assert (ceilings.oracle, ceilings.single_best) == (0.75, 0.5)
    assert ceilings.repeated is not None
    assert ceilings.repeated.one_graded
    assert ceilings.repeated.routable.value == 0.75


@pytest.mark.parametrize(
    ("asked", "smoke", "parts", "replicates"),
    [
        ({"folds": 5, "bootstrap": 300}, True, [6, 6], 20),
        ({"folds": 3, "bootstrap": 7}, False, [4, 4, 4], 7),
        ({"folds": 3, "bootstrap": 7}, True, [6, 6], 7),
        ({"protocol": "splits", "n_splits": 3, "train_share": 0.75}, True, [3], 20),
        ({"protocol": "splits", "n_splits": 3, "train_share": 0.75}, False, [3, 3, 3], 2000),
    ],
)
def test_a_smoke_run_fits_policies_to_as_little_as_goes_through_every_step(
    monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], smoke: bool, parts: list[int], replicates: int
) -> None:
    seen: list[Any] = []

    def held(policies: Any, graded: Any, splits: Any, **named: Any) -> None:
        del policies, graded
        seen.extend([[len(split.test) for split in splits], named["replicates"], named["level"], named["seed"]])

    monkeypatch.setattr(experiment, "hold", held)
    outcomes = outcomes_from(np.random.default_rng(3).random((12, 3)) < 0.4)
    inputs = Inputs(RunOptions(seed=8, smoke=smoke))
    Policies(level=0.8, **asked).contest(inputs, outcomes, silent)
    assert seen == [parts, replicates, 0.8, 8]
