"""`experiment=decide`: what it advises."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cofail_lab.experiments import decide
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.decide import Decide
from cofail_lab.experiments.policies import Policies
from cofail_lab.policies.domain_table import DomainTable
from cofail_lab.policies.majority_vote import MajorityVote
from cofail_lab.policies.ridge import Ridge
from cofail_lab.policies.threshold_cascade import ThresholdCascade
from tests.experiments.sources import inputs_from, topic_inputs
from tests.policies.pool import policies


def test_decide_advises_a_table_where_types_decide() -> None:
    policies = {
        "domain_table": DomainTable(guard=True),
        "ridge": Ridge(guard=True, alpha=1.0),
        "threshold_cascade": ThresholdCascade(cheap="m3", strong="m0", signal=None, fraction=0.5),
    }
    result = Decide(bootstrap=500).run(topic_inputs(policies, 600))
    assert result.labels["action"] == "gain"
    assert result.headline.startswith("A table by dataset gains")
    assert "reading the query adds nothing" in result.headline
    assert list(result.figures) == ["dollars"]
    result.figures["dollars"]()
    assert result.metrics["pair_hull_gap_threshold_cascade"] is not None


def test_decide_stays_with_the_best_model_where_nothing_helps() -> None:
    rng = np.random.default_rng(3)
    wrong = rng.random((200, 3)) < [0.5, 0.4, 0.2]
    base = inputs_from(wrong, per_query={"features": rng.normal(size=(200, 4))})
    inputs = Inputs(RunOptions(), source=base.source, policies={"ridge": lambda: Ridge(guard=True, alpha=1.0)})
    result = Decide(bootstrap=200).run(inputs)
    assert result.labels["action"] == "stay"
    assert result.headline.startswith("Use m2 alone")
    assert list(result.figures) == ["gains"]
    result.figures["gains"]()


def test_where_even_an_oracle_gains_nothing_no_oracle_is_held_up() -> None:
    base = inputs_from(np.repeat(np.arange(40)[:, None] % 3 == 0, 2, axis=1))
    result = Decide(bootstrap=0).run(replace(base, policies={"majority_vote": lambda: MajorityVote(None, None)}))
    assert result.headline == (
        "Use m0 alone: of 1 policy tried none surely gains or saves, and not even an oracle would gain."
    )


@pytest.mark.parametrize(
    ("n", "m", "kind"), [(2, 2, "random"), (5, 3, "never wrong"), (9, 2, "always wrong"), (25, 4, "alike")]
)
def test_matrices_that_leave_nothing_to_learn(n: int, m: int, kind: str, tmp_path: Path) -> None:
    """Every policy, guarded, on a few queries or on models that do not differ: numbers or reasons, never an error."""
    rng = np.random.default_rng(0)
    wrong = {
        "random": rng.random((n, m)) < 0.4,
        "never wrong": np.zeros((n, m)),
        "always wrong": np.ones((n, m)),
        "alike": np.repeat(rng.random((n, 1)) < 0.4, m, axis=1),
    }[kind].astype(np.int8)
    columns = {
        "dataset": np.array(["a", "b"] * n, object)[:n],
        "prompt": np.array([f"w{i % 3} x" for i in range(n)], object),
    }
    everyone = policies(tmp_path)
    del everyone["recorded"]
    everyone["majority_vote"] = replace(everyone["majority_vote"], top_k=2)
    guarded = {name: replace(p, guard=True) if hasattr(p, "guard") else p for name, p in everyone.items()}
    base = inputs_from(wrong, per_query=columns, per_cell={"cost": np.zeros((n, m)), "confidence": rng.random((n, m))})
    inputs = Inputs(
        RunOptions(), source=base.source, policies={name: (lambda p=policy: p) for name, policy in guarded.items()}
    )
    result = Decide(bootstrap=20).run(inputs)
    result.figures["dollars"]()
    for name in guarded:
        assert (result.metrics[f"accuracy_{name}"] is None) == (f"absent_{name}" in result.labels)
    assert result.labels["action"] in ("stay", "gain")


def test_decide_evaluates_with_its_own_parameters() -> None:
    parameters: dict[str, Any] = {
        "folds": 3,
        "cluster": "c",
        "columns": ("x",),
        "price_column": "p",
        "bootstrap": 7,
        "level": 0.8,
        "delta": 0.2,
    }
    assert set(parameters) == {field.name for field in fields(Decide)}
    evaluation = Decide(**parameters)._evaluation()
    assert {name: getattr(evaluation, name) for name in parameters} == parameters


def test_picks_are_held_against_the_runs_behind_the_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def flagged(contest: Any, repeated: Any) -> tuple[()]:
        asked.append((contest, repeated))
        return ()

    monkeypatch.setattr(decide, "flagged", flagged)
    contests = []
    kept = Policies.contest

    def contest(self: Policies, *given: Any) -> Any:
        contests.append(kept(self, *given))
        return contests[-1]

    monkeypatch.setattr(Policies, "contest", contest)
    samples = np.array([[[0, 1, 0], [1, 1, 1]], [[1, 0, 1], [0, 0, 1]], [[0, 0, 0], [1, 0, 0]]] * 9, np.int8)
    base = inputs_from(samples[:, :, 0] == 1, per_cell={"samples": samples})
    Decide(bootstrap=0).run(replace(base, policies={"majority_vote": lambda: MajorityVote(None, None)}))
    ((found, ceilings),) = contests
    assert asked == [(found, ceilings.repeated)] and ceilings.repeated is not None
