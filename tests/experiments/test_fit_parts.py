"""The parts of a fit get what was asked for, each under its own name; words and steps of a fit, by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import cofail_lab as cl
from cofail_lab import api
from cofail_lab.errors import InputError
from cofail_lab.experiments import bounds, fit_stages, kept_batches, verify
from cofail_lab.experiments.audit import Audit
from cofail_lab.experiments.base import Inputs, Store
from cofail_lab.experiments.ensemble_size import EnsembleSize
from cofail_lab.experiments.fit import Fit
from cofail_lab.experiments.fit_stages import FitStages
from cofail_lab.experiments.fit_steps import seconds_of_steps
from cofail_lab.experiments.kept_batches import KeptBatches
from cofail_lab.experiments.options import RunOptions
from cofail_lab.experiments.tail_curve import TailCurve
from cofail_lab.experiments.workers import n_worth
from cofail_lab.fitting.comparison.laws import NULL_LAWS
from cofail_lab.fitting.estimators.point import PointFit
from cofail_lab.fitting.replicates.shards import to_table
from cofail_lab.fitting.replicates.stages import Replicates, Stage
from cofail_lab.models import CommonShock
from tests.conftest import outcomes_from

SETTINGS = Fit(bootstrap=7, null=11, atom=0.13, delta=0.17, level=0.83, conventions="published", folds=19)


def _outcomes(n: int = 30, m: int = 3) -> cl.Outcomes:
    return outcomes_from(np.arange(n * m).reshape(n, m) % 5 == 0)


def _batch(start: int, size: int) -> Replicates:
    values = np.arange(start, start + size, dtype=float)
    return Replicates(values, values + 0.5, PointFit(*(values + 1 for _ in PointFit._fields)), {})


def _stage(n: int, size: int) -> Stage:
    return Stage(n, size, lambda start: _batch(start, min(size, n - start)))


class _Shown:
    """A progress that notes its steps."""

    def __init__(self) -> None:
        self.steps: dict[str, tuple[int, int]] = {}

    @contextmanager
    def __call__(self, description: str, total: int) -> Iterator[Any]:
        done: list[int] = []
        yield done.append
        self.steps[description] = (total, sum(done))

    def plan(self, seconds: Any) -> None:
        del seconds


@pytest.mark.parametrize(
    ("n", "smoke", "few"), [(30, False, {}), (30, True, {"groups": 20, "n_histograms": 99}), (12, False, {})]
)
def test_every_part_of_a_shard_has_its_own_parameter(
    monkeypatch: pytest.MonkeyPatch, n: int, smoke: bool, few: dict[str, int]
) -> None:
    seen: dict[str, Any] = {}
    fit = SimpleNamespace(outcomes=_outcomes(n))

    def fitted(outcomes: cl.Outcomes, **named: Any) -> Any:
        seen["point"] = (outcomes, named)
        return fit

    def tasks(*given: Any, **named: Any) -> Any:
        seen["tasks"] = (given, named)
        return SimpleNamespace(resampled={"one": _stage(5, 2)}, simulated={"two": _stage(3, 2), "three": _stage(2, 1)})

    monkeypatch.setattr(fit_stages, "fit_matrix", fitted)
    monkeypatch.setattr(fit_stages, "Tasks", tasks)
    monkeypatch.setattr(Inputs, "outcomes", lambda self: fit.outcomes)
    shown = _Shown()
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


def test_functions_of_python_pass_every_argument_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import cofail_lab.fitting.comparison.compare as compare
    import cofail_lab.fitting.matrix as matrix

    seen: list[Any] = []
    outcomes = _outcomes()
    for module, name in ((matrix, "fit_matrix"), (compare, "compare_laws")):
        monkeypatch.setattr(module, name, lambda *given, **named: seen.append((given, named)))
    api.fit_matrix(outcomes, 0.83, 5, "published")
    api.fit_matrix(outcomes)
    api.compare_laws(outcomes, ["clayton"], 3, 7, False)
    api.compare_laws(outcomes)
    assert seen == [
        ((outcomes,), {"level": 0.83, "seed": 5, "conventions": "published"}),
        ((outcomes,), {"level": 0.90, "seed": 0, "conventions": "lab"}),
        ((outcomes,), {"laws": ["clayton"], "folds": 3, "seed": 7, "intervals": False}),
        ((outcomes,), {"laws": None, "folds": 5, "seed": 0, "intervals": True}),
    ]


def test_a_fit_of_python_passes_every_argument_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def analyse(*given: Any, **named: Any) -> cl.Result:
        seen.append((given, named))
        return cl.Result("Done.", {"n": 1})

    monkeypatch.setattr(Fit, "analyse", analyse)
    outcomes = _outcomes()
    asked: dict[str, Any] = {
        "bootstrap": 7,
        "null": 11,
        "atom": 0.13,
        "delta": 0.17,
        "overhead": 0.19,
        "level": 0.83,
        "conventions": "published",
        "correlation": 0.3,
        "choices": 4,
        "folds": 6,
        "laws": ["clayton"],
    }
    result = cl.fit(outcomes, seed=23, workers=2, **asked)
    assert seen[-1] == ((Fit(**asked), outcomes, 23), {"workers": 2})
    assert (
        result.origin is not None and result.origin.seed == 23 and result.origin.inputs == {"source": outcomes.source}
    )
    assert result.origin.parameters == {
        "experiment": {"_target_": "cofail_lab.experiments.fit.Fit", **asked},
        "run": {"seed": 23},
    }
    assert "level=0.83, " in result.origin.command and result.origin.command.endswith("laws=['clayton'], seed=23)")
    assert 0 <= result.origin.seconds < 60
    cl.fit(outcomes, progress=True)
    (given, named), plain = seen[-1], Fit(overhead=None)
    assert (given[:3], len(given), named) == ((plain, outcomes, 0), 4, {"workers": 1})
    for workers in (0, 1025):
        with pytest.raises(InputError, match="workers"):
            cl.fit(outcomes, workers=workers)


def test_a_certificate_of_python_passes_every_argument_on() -> None:
    outcomes = _outcomes()
    found = cl.certify(outcomes, 0.2, 0.3)
    assert (found.delta, found.overhead) == (0.2, 0.3)
    assert (cl.certify(outcomes).delta, cl.certify(outcomes).overhead) == (0.05, None)


def test_seconds_of_steps_by_hand() -> None:
    """100 queries, 20 models: 0.0025 + 1e-7·400 + 100·400/1e10 = 0.002544 s a replicate; 0.007 + 2e-8·8000 s more."""
    outcomes = _outcomes(100, 20)
    one, whole = 0.002544, 0.00716
    found = seconds_of_steps(Fit(bootstrap=1000, null=100, folds=0), outcomes, ["independent"], {})
    assert found == pytest.approx(
        {
            "point fit": 2.0,
            "bootstrap": 1 + 1000 * one + 1000 * whole,  # at most 2 x 500 of the replicates have the whole matrix
            "null matrices": 1 + 100 * len(NULL_LAWS) * (one + 0.004),
            "test of the tail": 3.0,
        }
    )
    more = seconds_of_steps(Fit(bootstrap=1500, null=0, folds=2), outcomes, ["independent", "clayton"], {})
    assert more["bootstrap"] == pytest.approx(1 + 1500 * one + 1000 * whole)
    assert more["laws, held out"] == pytest.approx(3 + 0.06 * 2 * 3)
    few = seconds_of_steps(Fit(bootstrap=50, null=0, folds=0), outcomes, ["independent"], {})
    assert few == pytest.approx({"point fit": 2.0, "bootstrap": 1 + 50 * (one + whole)})
    held = {"bootstrap": pa.table({"all_wrong": [0.1] * 20}), "heldout_x": pa.table({"log": [0.1] * 900})}
    kept = seconds_of_steps(Fit(bootstrap=50, null=0, folds=0), outcomes, ["independent"], held)
    assert kept["bootstrap"] == pytest.approx(0.6 * few["bootstrap"])
    all_held = {"bootstrap": pa.table({"all_wrong": [0.1] * 70})}
    assert seconds_of_steps(Fit(bootstrap=50, null=0, folds=0), outcomes, ["independent"], all_held) == {
        "point fit": 2.0
    }
    none = seconds_of_steps(Fit(bootstrap=0, null=0, folds=2), outcomes, ["independent"], {})
    assert sorted(none) == ["laws, held out", "point fit"]


def test_processes_are_started_for_long_work_only() -> None:
    assert [n_worth(4, seconds) for seconds in (7.9, 8.0, 100.0)] == [1, 4, 4]
    assert [n_worth(asked, 100.0) for asked in (1, 2)] == [1, 2]


def test_batches_are_kept_with_their_step_and_total(monkeypatch: pytest.MonkeyPatch) -> None:
    now, kept, advanced = [100.0], [], []
    monkeypatch.setattr(kept_batches, "time", SimpleNamespace(monotonic=lambda: now[0]))
    store = Store(
        keep=lambda name, rows, step, done, of: kept.append((name, rows["replicate"].to_pylist(), step, done, of))
    )
    keeper = KeptBatches(store, "bootstrap", 9, advanced.append)
    one, two = keeper.of("one", _stage(5, 2)), keeper.of("two", _stage(3, 3))
    for now[0], stage, start in ((101.0, one, 0), (104.0, two, 0), (105.0, one, 4)):
        assert stage.batch(start).all_wrong[0] == start
        assert not kept
    assert advanced == [2, 3, 1]
    now[0] = 105.1
    one.batch(2)
    assert kept == [("one", [0, 1, 4, 2, 3], "bootstrap", 5, 9), ("two", [0, 1, 2], "bootstrap", 3, 9)]
    now[0] = 110.0
    one.batch(0)
    assert len(kept) == 2
    keeper.flush()
    assert kept[2:] == [("one", [0, 1], "bootstrap", 2, 9)]


@pytest.mark.parametrize(
    ("field", "inside", "outside"),
    [
        ("seed", (0, 2**64 - 1), (-1, 2**64)),
        ("draws", (1, 2**53), (0, 2**53 + 1)),
        ("chunk", (1, 2**31 - 1), (0, 2**31)),
        ("shards", (1, 2**16), (0, 2**16 + 1)),
        ("workers", (None, 1, 1024), (0, 1025)),
        ("smoke", (True, False), (1, "yes")),
        ("shard", (None, 0), (-1, 1)),
    ],
)
def test_options_of_a_run_have_limits(field: str, inside: tuple[Any, ...], outside: tuple[Any, ...]) -> None:
    for value in inside:
        assert getattr(RunOptions(**{field: value}), field) == value
    for value in outside:
        with pytest.raises(InputError, match=rf"^run\.{field}"):
            RunOptions(**{field: value})
    assert RunOptions(shards=3, shard=2).shard == 2


@pytest.mark.parametrize(
    ("seconds", "n_models", "called"), [(0.0, 20, 0), (5.0, 20, 1), (5.0, 61, 0), (5.0, 60, 1), (5.0, 3, 0)]
)
def test_columns_are_generated_where_time_is_given_and_the_pool_is_neither_small_nor_large(
    monkeypatch: pytest.MonkeyPatch, seconds: float, n_models: int, called: int
) -> None:
    seen: list[float] = []
    wrong = np.random.default_rng(1).random((60, n_models)) < 0.4

    def sharpened(pairwise: Any, source: Any, rates: Any, pairs: Any, seconds: float) -> Any:
        seen.append(seconds)
        raise InputError("stop")

    def ladders(*_: Any) -> Any:
        raise InputError("stop")

    monkeypatch.setattr(bounds, "_sharpened", sharpened)
    monkeypatch.setattr(bounds, "_ladders", ladders)
    monkeypatch.setattr(Inputs, "outcomes", lambda self: outcomes_from(wrong))
    with pytest.raises(InputError, match="stop"):
        bounds.Bounds(seconds=seconds).run(Inputs(RunOptions()))
    assert seen == [seconds] * called


def test_a_shard_of_a_tail_curve_says_which_it_is() -> None:
    shown = _Shown()
    inputs = Inputs(RunOptions(draws=10, shards=3, shard=1), law_factory=lambda: CommonShock(0.05, "0.3x4"))
    result = TailCurve(sizes=(2, 4), simulate=True).shard(inputs, shown)
    assert result.headline == "Shard 1 of 3: 3 simulated queries."
    assert (result.metrics, shown.steps) == ({"n_queries": 3}, {"Simulated queries of this shard": (3, 3)})
    (row,) = result.tables["simulated"].to_pylist()
    assert (row["first"], row["stop"], len(row["hits"])) in ((3, 6, 2), (4, 7, 2))
    with pytest.raises(ValueError, match=r"run\.shard: null"):
        TailCurve(sizes=(2, 4), simulate=True).shard(Inputs(RunOptions(shards=3), law_factory=inputs.law_factory))


@pytest.mark.parametrize(("names", "parts"), [(["a"], 1), (["a", "b"], 3), (["a", "b", "c"], 4)])
def test_datasets_are_judged_where_there_are_several(
    monkeypatch: pytest.MonkeyPatch, names: list[str], parts: int
) -> None:
    wrong = np.random.default_rng(5).random((120, 5)) < [0.2, 0.3, 0.4, 0.5, 0.6]
    outcomes = replace(
        outcomes_from(wrong), per_query={"dataset": np.array([names[i % len(names)] for i in range(120)], object)}
    )
    monkeypatch.setattr(Inputs, "outcomes", lambda self: outcomes)
    shown = _Shown()
    EnsembleSize(splits=1, min_queries=20).run(Inputs(RunOptions()), shown)
    assert shown.steps == {"Votes by size": (parts, parts)}


@pytest.mark.parametrize(
    ("folds", "n_varying", "at_work", "laws"),
    [(3, 2, True, True), (1, 2, True, False), (3, 1, True, False), (3, 2, False, None)],
)
def test_what_is_sent_to_other_processes(folds: int, n_varying: int, at_work: bool, laws: bool | None) -> None:
    """Replicates that are not kept, the test of the tail, the first null matrices, then every law and its parts."""
    sent: list[Any] = []
    workers: Any = SimpleNamespace(at_work=at_work, send=lambda method, given: sent.append((method, [*given])))
    kept = to_table({2: _batch(2, 2)})
    known = pa.table({"log": [0.5]})
    tasks: Any = SimpleNamespace(resampled={"one": _stage(5, 2)}, simulated={"two": _stage(200, 50)})
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


@pytest.mark.parametrize("mutants", [False, True])
def test_only_what_is_asked_for_is_sent_to_the_verifiers(monkeypatch: pytest.MonkeyPatch, mutants: bool) -> None:
    sent: list[str] = []

    class Alone:
        at_work = False

        def __init__(self, n: int, tasks: Any) -> None:
            del n, tasks

        def __enter__(self) -> "Alone":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def send(self, method: str, given: list[Any]) -> None:
            sent.append(method)
            assert given == [(number,) for number in range(4)]

        def result(self, method: str, number: int) -> list[Any]:
            raise KeyboardInterrupt

    monkeypatch.setattr(verify, "Workers", Alone)
    result = verify.Verify(claims=["P1.iv", "P4.iii"], mutants=mutants).run(Inputs(RunOptions()))
    assert sent == ["verdicts"] + ["mutants"] * mutants
    assert result.interrupted is not None and result.interrupted.startswith("0 of ")


def test_a_sheet_is_a_path() -> None:
    for verdicts in ("", 3, ["a.csv"], True):
        with pytest.raises(InputError, match=r"^experiment\.verdicts: .* is not the path of a sheet$"):
            Audit(verdicts=verdicts)  # type: ignore[arg-type]
    assert Audit(verdicts="a.csv").verdicts == "a.csv"
