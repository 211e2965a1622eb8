"""Every experiment on matrices that lack something: what it still says, or the words with which it refuses."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cofail_lab.data.counts import CountsSource
from cofail_lab.errors import InputError
from cofail_lab.experiments.audit import Audit
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.bounds import Bounds
from cofail_lab.experiments.cascade import Cascade
from cofail_lab.experiments.certify import Certify
from cofail_lab.experiments.churn import AdoptOrCommit
from cofail_lab.experiments.compare import Compare
from cofail_lab.experiments.convert import Convert
from cofail_lab.experiments.ensemble_size import EnsembleSize
from cofail_lab.experiments.errors import SharedWrongAnswers
from cofail_lab.experiments.explore import Explore
from cofail_lab.experiments.frontier import CostFrontier
from cofail_lab.experiments.health import Health
from cofail_lab.experiments.plan import Plan
from cofail_lab.experiments.queries import Queries
from cofail_lab.experiments.raters import Raters
from cofail_lab.experiments.regrade import Regrade
from cofail_lab.experiments.scope import ScopeOfACeiling
from cofail_lab.experiments.select import SelectModels
from cofail_lab.experiments.self_moa import SelfOrMixed
from cofail_lab.experiments.vote import VotesOfSets
from cofail_lab.grades import Grades
from cofail_lab.result import Result
from tests.data.cells import grades_of
from tests.experiments.sources import Fixed
from tests.experiments.whole import keep, lines, shown

ROWS = ["0110", "1011", "1111", "0001", "1100", "0000", "1010", "0111", "1101", "1111", "0011", "0100"]


def made(rows: list[str], source: str, **columns: Any) -> Grades:
    cells = [[int(cell) for cell in row] for row in rows]
    return grades_of(cells, [f"q{i:02}" for i in range(len(rows))], "abcd"[: len(rows[0])], source, **columns)


BARE = made(ROWS, "bare.csv")
NAMED = replace(
    BARE,
    source="named.csv",
    per_query={"key": np.array(list("ABAB" * 3), object)},
    per_model={"family": np.array(["f", "f", "g", ""], object), "price": np.array([4.0, np.nan, 2.0, 1.0])},
    per_cell={"answer": np.array([list("ABBA")] * 12, object), "confidence": np.arange(48.0).reshape(12, 4) / 48},
)
MATRICES: dict[str, Grades] = {
    "bare": BARE,
    "named": NAMED,
    "two models": made([row[:2] for row in ROWS], "two.csv"),
    "all right": made(["000"] * 12, "right.csv"),
    "all wrong": made(["111"] * 12, "wrong.csv"),
    "two queries": made(ROWS[:2], "short.csv"),
    "a hole in each": made([row.replace("0", "3", 1) for row in ROWS if "0" in row], "holes.csv"),
}
TOTALS = CountsSource(n_all_wrong=2, n_queries=12, n_models=4, best_correct=7)

EXPERIMENTS: dict[str, Callable[[str], Any]] = {
    "audit": lambda _: Audit(null=0),
    "bounds": lambda _: Bounds(moments=2),
    "cascade": lambda _: Cascade("a", "b", bootstrap=20),
    "cascade by itself": lambda _: Cascade(bootstrap=20),
    "cascade by price": lambda _: Cascade("a", "c", price_column="price", bootstrap=20),
    "certify": lambda _: Certify(overhead=0.1),
    "churn": lambda _: AdoptOrCommit(splits=2, bootstrap=100),
    "compare": lambda other: Compare(other, bootstrap=100),
    "compare by content": lambda other: Compare(other, by="content", bootstrap=100),
    "compare from a threshold on": lambda other: Compare(
        other.replace("other", "shares"), threshold=0.6, bootstrap=100
    ),
    "convert": lambda _: Convert(),
    "ensemble_size": lambda _: EnsembleSize(at_most=3, splits=2, min_queries=4),
    "errors": lambda _: SharedWrongAnswers(bootstrap=100),
    "explore": lambda _: Explore(),
    "frontier": lambda _: CostFrontier(),
    "frontier by price": lambda _: CostFrontier("price"),
    "frontier by family": lambda _: CostFrontier("family"),
    "frontier of others": lambda _: CostFrontier("cost", "z"),
    "health": lambda _: Health(published={"a": 0.5, "z": 0.5}),
    "plan": lambda _: Plan(gain=0.1, n_models=None, resolvable=None),
    "queries": lambda _: Queries(most_right=3),
    "raters": lambda _: Raters(bootstrap=100),
    "regrade": lambda other: Regrade(other),
    "regrade from a threshold on": lambda other: Regrade(other.replace("other", "shares"), threshold=0.6),
    "scope": lambda _: ScopeOfACeiling(["a"], ["b", "c"]),
    "scope of all": lambda _: ScopeOfACeiling(["a", "b"], ["b"]),
    "scope of none": lambda _: ScopeOfACeiling(["z"], ["b"]),
    "select": lambda _: SelectModels(k=2),
    "select too many": lambda _: SelectModels(k=9),
    "select for a price": lambda _: SelectModels(k=None, budget=3.0, price_column="price"),
    "self_moa": lambda _: SelfOrMixed(bootstrap=100),
    "vote": lambda _: VotesOfSets(),
}


def told(run: Callable[[], Result]) -> list[str]:
    """The headline, labels, metrics and all words; or the refusal."""
    try:
        result = run()
    except InputError as error:
        return [f"refused: {error}"]
    numbers = " ".join(f"{name}={shown(value)}" for name, value in result.metrics.items())
    first = f"{result.headline} | {shown(result.labels)} | {numbers}"
    spoken = replace(result, metrics={}, labels={}, tables={}, figures={}, exhibit=None, estimates={})
    return [first, *(f"  {line}" for line in lines(spoken)[1:])]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_what_is_said_of_poor_matrices(name: str, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("query,a,b,z\nq00,1,0,1\nq01,0,0,1\nq02,0,1,1\nq03,1,1,0\n", encoding="utf-8")
    (tmp_path / "shares.csv").write_text("query,a,b\nq00,0.5,1\nq01,0.7,0\nq02,0.6,0.1\nq03,1,0.59\n", encoding="utf-8")
    experiment = EXPERIMENTS[name](str(other))
    kept = []
    for title, grades in MATRICES.items():
        inputs = Inputs(RunOptions(seed=3), source=lambda one=grades: Fixed(one))
        kept += [f"{title}:", *told(lambda one=inputs: experiment.run(one))]
        if title == "bare":
            kept.append(f"  from {shown(inputs.provenance)}")
    kept += ["totals:", *told(lambda: experiment.run(Inputs(RunOptions(seed=3), source=lambda: TOTALS)))]
    kept += ["nothing:", *told(lambda: experiment.run(Inputs(RunOptions(seed=3))))]
    keep(f"poor_{name.replace(' ', '_')}", kept, tmp_path)
