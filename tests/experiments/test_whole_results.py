"""Whole results on a small made-up pool: every number, word, table and figure is still what it was when it was kept.

That the numbers are right is tested elsewhere, by hand and by other ways to compute them; here nothing changes unseen.
`WRITE_GOLDEN=1 pytest tests/experiments/test_whole_results.py` writes what is kept in ``tests/golden/results`` anew.
"""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cofail_lab.bounds.declared.known import Known
from cofail_lab.data.counts import CountsSource
from cofail_lab.data.readers.raters import RatersSource
from cofail_lab.experiments.audit import Audit
from cofail_lab.experiments.base import Inputs, RunOptions, silent
from cofail_lab.experiments.bounds import Bounds
from cofail_lab.experiments.cascade import Cascade
from cofail_lab.experiments.certify import Certify
from cofail_lab.experiments.check import Check
from cofail_lab.experiments.churn import AdoptOrCommit
from cofail_lab.experiments.compare import Compare
from cofail_lab.experiments.decide import Decide
from cofail_lab.experiments.ensemble_size import EnsembleSize
from cofail_lab.experiments.errors import SharedWrongAnswers
from cofail_lab.experiments.explore import Explore
from cofail_lab.experiments.frontier import CostFrontier
from cofail_lab.experiments.grid import Grid
from cofail_lab.experiments.health import Health
from cofail_lab.experiments.plan import Plan
from cofail_lab.experiments.policies import Policies
from cofail_lab.experiments.queries import Queries
from cofail_lab.experiments.raters import Raters
from cofail_lab.experiments.regrade import Regrade
from cofail_lab.experiments.sample import Sample
from cofail_lab.experiments.scope import ScopeOfACeiling
from cofail_lab.experiments.select import SelectModels
from cofail_lab.experiments.self_moa import SelfOrMixed
from cofail_lab.experiments.verify import Verify
from cofail_lab.experiments.vote import VotesOfSets
from cofail_lab.grades import Cell, Grades
from cofail_lab.models import CommonShock
from cofail_lab.result import Result
from tests.experiments.sources import Fixed
from tests.experiments.whole import differences, keep, lines

N, MODELS = 90, ("ant", "bee", "cat", "dog", "eel")


def pool() -> Grades:
    """90 queries in three datasets, five models of which each knows something; every column that a log may have."""
    rng = np.random.default_rng(18)
    dataset = np.array(["law", "mathematics", "trivia"], object)[rng.choice(3, N, p=[0.5, 0.3, 0.2])]
    skill = np.array([[1.1, 0.7, 0.4, 0.2, -0.4], [0.1, 1.2, 0.3, 0.5, -0.2], [0.6, 0.2, 1.3, -0.1, 0.3]])
    place = {"law": 0, "mathematics": 1, "trivia": 2}
    hard = rng.normal(size=(N, 1)) * 1.2
    score = skill[[place[d] for d in dataset]] - hard + rng.normal(size=(N, 5))
    wrong = score < 0
    wrong[:7] = True
    key = rng.choice(list("ABCD"), N)
    answer = np.where(wrong, rng.choice(list("ABCD"), (N, 5)), key[:, None]).astype(object)
    answer[wrong & (answer == key[:, None])] = "E"
    answer[:3] = "E"
    cells = np.where(wrong, Cell.WRONG, Cell.RIGHT).astype(np.int8)
    cost = np.array([4.0, 2.5, 2.0, 1.0, 0.3]) * (0.5 + rng.random((N, 5)))
    tokens = np.round(200 * rng.random((N, 5)) + 40 * wrong)
    return Grades(
        cells,
        tuple(f"q{i:02}" for i in range(N)),
        MODELS,
        "made up",
        per_query={
            "dataset": dataset,
            "key": key.astype(object),
            "prompt": np.array([f"What is {i} in {d}?" for i, d in enumerate(dataset)], object),
        },
        per_model={
            "family": np.array(["f", "g", "g", "h", "f"], object),
            "released": np.array(["2024-01-01", "2024-03-01", "2024-06-15", "", "2024-12-31"], object),
            "price": np.array([4.0, 2.5, 2.0, 1.0, 0.3]),
        },
        per_cell={
            "answer": answer,
            "cost": cost,
            "confidence": np.clip(0.5 + 0.2 * score + 0.1 * rng.normal(size=(N, 5)), 0, 1),
            "tokens_out": tokens,
            "frac": np.where(wrong, rng.choice([0, 0.25], (N, 5)), rng.choice([0.5, 0.75, 1], (N, 5))),
        },
    )


def gaps() -> Grades:
    """The same with cells of every other state, an answer at the limit, and costs of nothing."""
    grades, rng = pool(), np.random.default_rng(2)
    cells = grades.cells.copy()
    cells[rng.random(cells.shape) < 0.02] = Cell.UNSCORED
    cells[rng.random(cells.shape) < 0.03] = Cell.ERROR
    cells[rng.random(cells.shape) < 0.04] = Cell.MISSING
    cells[60] = Cell.MISSING
    limit = np.zeros(cells.shape, bool)
    limit[:12, 1] = limit[3:5, 2] = True
    cost = np.where(rng.random(cells.shape) < 0.05, 0.0, grades.per_cell["cost"])
    return replace(grades, cells=cells, per_cell={**grades.per_cell, "at_limit": limit, "cost": cost})


def inputs(grades: Grades, **more: Any) -> Inputs:
    return Inputs(RunOptions(seed=3), source=lambda: Fixed(grades), **more)


def policies() -> Result:
    from cofail_lab.policies.domain_table import DomainTable
    from cofail_lab.policies.majority_vote import MajorityVote
    from cofail_lab.policies.oracle import Oracle
    from cofail_lab.policies.threshold_cascade import ThresholdCascade

    tried = {
        "domain_table": DomainTable(guard=False),
        "majority_vote": MajorityVote(members=None, top_k=3),
        "oracle": Oracle(),
        "threshold_cascade": ThresholdCascade(cheap="eel", strong="ant", signal=None, fraction=0.4),
    }
    made = {name: (lambda policy=policy: policy) for name, policy in tried.items()}
    return Policies("splits", n_splits=3, train_share=0.5, bootstrap=100, level=0.8, delta=0.1).run(
        inputs(pool(), policies=made)
    )


def counts(**totals: int) -> Inputs:
    return Inputs(RunOptions(seed=3), source=lambda: CountsSource(**totals))


def second(folder: Path) -> str:
    """Another grading of the same answers, in which some cells differ and one query is absent."""
    rng = np.random.default_rng(5)
    grades = pool()
    cells = np.where(rng.random(grades.cells.shape) < 0.12, 1 - grades.cells, grades.cells)
    words = {0: "1", 1: "0", 2: "", 3: "error"}
    cells[rng.random(cells.shape) < 0.02] = Cell.ERROR
    rows = [
        f"{query},{model},{grades.per_query['dataset'][i]},{words[int(cells[i, j])]}"
        for i, query in enumerate(grades.queries[:-1])
        for j, model in reversed([*enumerate(MODELS)])
    ]
    path = folder / "second.csv"
    path.write_text("\n".join(["query,model,dataset,correct", *rows]), encoding="utf-8")
    return str(path)


def votes(folder: Path, *, of_models: bool) -> RatersSource:
    """Three raters of 60 items with a known truth; one of them leaves some out."""
    rng = np.random.default_rng(7)
    lines = ["query,model,gold,ann,bob,cy"]
    for i in range(60):
        truth = int(rng.random() < 0.6)
        given = [str(truth if rng.random() < share else 1 - truth) for share in (0.95, 0.85, 0.7)]
        given[2] = "" if i % 11 == 0 else given[2]
        lines.append(f"q{i // 3 if of_models else i},{'abc'[i % 3]},{truth},{','.join(given)}")
    path = folder / "votes.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return RatersSource(str(path), truth="gold")


def raters(folder: Path) -> Result:
    source = votes(folder, of_models=True)
    return Raters(ties="right", self={"ann": "a"}, bootstrap=100, delta=0.1).run(
        Inputs(RunOptions(seed=3), source=lambda: source)
    )


def filled(folder: Path) -> Result:
    """The sheet of the audit read back, three of its queries read: one key is wrong, one query ambiguous."""
    rows = Audit(others=3, null=0, choices=4).run(inputs(pool())).tables["sheet"].to_pylist()
    verdicts = {
        1: {"verdict": "reference_error", "right_answer": "E"},
        2: {"verdict": "ambiguous"},
        3: {"verdict": "genuine"},
    }
    for row in rows:
        row.update(verdicts.get(row["draw"], {}))
    with (folder / "filled.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return Audit(verdicts=str(folder / "filled.csv"), null=0, delta=0.1).run(inputs(pool()))


def facts() -> Result:
    known = Known(n_models=4, rates=[0.4, 0.3, 0.35, 0.2], pairs=0.12)
    return Bounds(target="majority", queries=300).run(Inputs(RunOptions(seed=3), known=known))


def shock(experiment: Any) -> Result:
    """With the law of a common shock, whose parameters can be changed."""
    law = lambda **changed: CommonShock(**{"shock": 0.05, "base_error_rates": "0.3x8", **changed})  # noqa: E731
    return experiment.run(Inputs(RunOptions(seed=3), law_factory=law))


OWN = {"says": "all_wrong(m) > pair", "over": {"shock": [0.01, 0.3], "m": [3, 8]}}
RESULTS: dict[str, Callable[[Path], Result]] = {
    "audit": lambda _: Audit(others=5, null=0, choices=4).run(inputs(pool())),
    "bounds": lambda _: Bounds(moments=4, delta=0.1).run(inputs(pool())),
    "cascade": lambda _: Cascade("dog", "ant", fraction=0.4, fractions=(0.2, 0.6), bootstrap=50, level=0.8).run(
        inputs(pool())
    ),
    "certify": lambda _: Certify(delta=0.1, overhead=0.03).run(inputs(gaps())),
    "certify_counts": lambda _: Certify(delta=0.2, overhead=0.1).run(
        counts(n_all_wrong=20, n_queries=400, n_models=8, best_correct=370)
    ),
    "churn": lambda _: AdoptOrCommit(70, 0.5, None, None, 0.2, 1.5, 0.01, splits=5, bootstrap=100).run(inputs(pool())),
    "compare": lambda folder: Compare(second(folder), pool="all", bootstrap=100, delta=0.1).run(inputs(pool())),
    "decide": lambda _: Decide(folds=3, bootstrap=100, level=0.8, delta=0.1).run(inputs(pool())),
    "ensemble_size": lambda _: EnsembleSize(cost=0.01, at_most=3, splits=2, min_queries=20).run(inputs(pool())),
    "errors": lambda _: SharedWrongAnswers(least=2, bootstrap=130).run(inputs(pool())),
    "explore": lambda _: Explore(overhead=0.05).run(inputs(pool())),
    "frontier": lambda _: CostFrontier("price", "best_model").run(inputs(pool())),
    "health": lambda _: Health(published={"ant": 0.95, "bee": 0.6}).run(inputs(gaps())),
    "plan": lambda _: Plan(gain=0.1, n_models=5, resolvable=0.1, delta=0.1, probability=0.7).run(
        counts(n_all_wrong=7, n_queries=90, n_models=5, best_correct=60)
    ),
    "policies": lambda _: policies(),
    "queries": lambda _: Queries(most_right=1).run(inputs(pool())),
    "raters": raters,
    "regrade": lambda folder: Regrade(second(folder), delta=0.1).run(inputs(gaps())),
    "scope": lambda _: ScopeOfACeiling(["cat", "dog", "eel"], ["ant", "bee"]).run(inputs(pool())),
    "select": lambda _: SelectModels(k=2, choices=4, delta=0.1).run(inputs(pool())),
    "select_budget": lambda _: SelectModels(k=None, budget=4.0, price_column="price").run(inputs(pool())),
    "self_moa": lambda _: SelfOrMixed(bootstrap=100, band=0.3).run(inputs(pool())),
    "vote": lambda _: VotesOfSets().run(inputs(pool())),
    "audit_read": filled,
    "audit_totals": lambda _: Audit(totals={"genuine": 3, "ambiguous": 1}).run(
        counts(n_all_wrong=9, n_queries=300, n_models=12, best_correct=250)
    ),
    "bounds_facts": lambda _: facts(),
    "grid": lambda _: shock(Grid({"shock": [0.02, 0.1]}, (2, 8))),
    "sample": lambda _: shock(Sample(n_queries=40)),
    "check": lambda _: shock(Check(OWN, points=64)),
    "verify": lambda _: shock(Verify(claims=["P1.iv", "P4.iii"])),
}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What an experiment shows of its progress, a line a step."""
    shown: list[str] = []

    @contextmanager
    def step(self: object, description: str, total: int) -> Iterator[Callable[[int], None]]:
        del self
        done: list[int] = []
        yield done.append
        shown.append(f"step {description}: {sum(done)} of {total}")

    monkeypatch.setattr(type(silent), "__call__", step)
    return shown


@pytest.mark.parametrize("name", RESULTS)
def test_a_whole_result(name: str, tmp_path: Path, steps: list[str]) -> None:
    result = RESULTS[name](tmp_path)
    keep(name, [*lines(result), *steps], tmp_path)


def test_rounding_is_no_difference_and_words_are() -> None:
    assert differences(["a 0.123456 of 7"], ["a 0.123457 of 7"]) == []
    assert differences(["a 0.1236"], ["a 0.1235"]) == ["a 0.1235\n   now: a 0.1236"]
    assert differences(["at least 2"], ["at most 2"]) == ["at most 2\n   now: at least 2"]
    assert differences(["a", "b"], ["a"]) == ["1 lines; now 2"]
