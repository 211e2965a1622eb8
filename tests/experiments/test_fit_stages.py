"""The stages of a fit get what was asked for, each under its own name."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import cofail_lab as cl
from cofail_lab.experiments import fit_stages
from cofail_lab.experiments.base import Inputs, Store
from cofail_lab.experiments.fit import Fit
from cofail_lab.experiments.fit_stages import FitStages
from cofail_lab.experiments.options import RunOptions
from cofail_lab.fitting.replicates.shards import to_table
from tests.experiments.parts import Shown, batch_of, outcomes_by_hand, stage_of

SETTINGS = Fit(bootstrap=7, null=11, atom=0.13, delta=0.17, level=0.83, conventions="published", folds=19)


@pytest.mark.parametrize(
    ("n", "smoke", "few"), [(30, False, {}), (30, True, {"groups": 20, "n_histograms": 99}), (12, False, {})]
)
def test_every_part_of_a_shard_has_its_own_parameter(
    monkeypatch: pytest.MonkeyPatch, n: int, smoke: bool, few: dict[str, int]
) -> None:
    seen: dict[str, Any] = {}
    fit = SimpleNamespace(outcomes=outcomes_by_hand(n))

    def fitted(outcomes: cl.Outcomes, **named: Any) -> Any:
        seen["point"] = (outcomes, named)
        return fit

    def tasks(*given: Any, **named: Any) -> Any:
        seen["tasks"] = (given, named)
        return SimpleNamespace(
            resampled={"one": stage_of(5, 2)}, simulated={"two": stage_of(3, 2), "three": stage_of(2, 1)}
        )

    monkeypatch.setattr(fit_stages, "fit_matrix", fitted)
    monkeypatch.setattr(fit_stages, "Tasks", tasks)
    monkeypatch.setattr(Inputs, "outcomes", lambda self: fit.outcomes)
    shown = Shown()
    result = FitStages(SETTINGS, shown, smoke=smoke).shard(Inputs(RunOptions(seed=23, shards=3, shard=1)))
    assert seen["point"] == (fit.outcomes, {"level": 0.83, "seed": 23, "conventions": "published"})
    assert seen["tasks"] == ((fit, 7, 11, 0.13, 23), few)
    laws = FitStages(SETTINGS)._law_tasks(fit.outcomes, 23)
    assert (laws.outcomes, laws.seed, laws.folds) == (fit.outcomes, 23, min(19, n))
    # Batches one:0 one:2 one:4 two:0 two:2 three:0 three:1; the second of three shards has one:2 and two:2.
    assert {name: table.to_pydict()["all_wrong"] for name, table in result.tables.items()} == {
        "one": [2.0, 3.0],
        "two": [2.0],
    }
    assert result.tables["one"].to_pydict()["replicate"] == [2, 3]
    assert result.headline == "Shard 1 of 3: 3 replicates; run.shard=null merges them."
    assert result.metrics == {"n_replicates": 3}
    assert shown.steps == {"point fit": (1, 1), "Replicates of this shard": (3, 3)}
    with pytest.raises(ValueError, match=r"run\.shard"):
        FitStages(SETTINGS).shard(Inputs(RunOptions(shards=3)))


def test_a_smoke_fit_is_as_short_as_goes_through_every_step() -> None:
    def brief(**asked: int) -> tuple[Any, ...]:
        one = Fit(**asked)._brief()  # type: ignore[arg-type]
        return one.bootstrap, one.null, one.folds, one.laws, one.atom

    laws = ["independent", "clayton"]
    assert brief() == (20, 19, 2, laws, 0.03)
    assert brief(bootstrap=3, null=4, folds=0) == (3, 4, 0, laws, 0.03)
    assert [Fit(bootstrap=b, null=n).splits for b, n in ((0, 0), (1, 0), (0, 1))] == [False, True, True]


@pytest.mark.parametrize(
    ("folds", "n_varying", "at_work", "laws"),
    [(3, 2, True, True), (1, 2, True, False), (3, 1, True, False), (3, 2, False, None)],
)
def test_what_is_sent_to_other_processes(folds: int, n_varying: int, at_work: bool, laws: bool | None) -> None:
    """Replicates that are not kept, the test of the tail, the first null matrices, then every law and its parts."""
    sent: list[Any] = []
    workers: Any = SimpleNamespace(at_work=at_work, send=lambda method, given: sent.append((method, [*given])))
    kept = to_table({2: batch_of(2, 2)})
    known = pa.table({"log": [0.5]})
    tasks: Any = SimpleNamespace(resampled={"one": stage_of(5, 2)}, simulated={"two": stage_of(200, 50)})
    compared: Any = SimpleNamespace(
        folds=folds,
        outcomes=SimpleNamespace(varying=np.arange(3) < n_varying),
        laws=SimpleNamespace(folds=SimpleNamespace(why_not=lambda _: None)),
    )
    stages = FitStages(Fit(laws=["independent", "clayton"]), store=Store({"one": kept, "heldout_clayton": known}))
    stages._send(tasks, workers)
    stages._send_laws(compared, workers)
    expected = [
        ("replicates", [("one", 0), ("one", 4)]),
        ("tail", [()]),
        ("replicates", [("two", 0), ("two", 50)]),
        *[("whole", [("clayton",)])] * bool(laws),
        *[("whole", [("independent",)]), ("part", [("independent", part) for part in range(folds)])] * bool(laws),
    ]
    assert sent == ([] if laws is None else expected)


def test_replicates_that_are_kept_are_not_part_of_the_progress() -> None:
    """Of 5 + 4 + 3 replicates two and four are there: six are left, and six are computed."""
    shown = Shown()
    store = Store({"one": to_table({2: batch_of(2, 2)}), "two": to_table({0: batch_of(0, 2), 2: batch_of(2, 2)})})
    workers: Any = SimpleNamespace(stages=dict, at_work=0, arrived=lambda _: [], send=lambda *_: None)
    stages = {"one": stage_of(5, 2), "two": stage_of(4, 2), "three": stage_of(3, 2)}
    found, whole = FitStages(Fit(), shown, store)._replicates("Some", stages, workers)
    assert whole and shown.steps == {"Some": (6, 6)}
    assert {name: one.all_wrong.tolist() for name, one in found.items()} == {
        "one": [0, 1, 2, 3, 4],
        "two": [0, 1, 2, 3],
        "three": [0, 1, 2],
    }
