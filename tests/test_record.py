"""What a run folder holds, written and read back."""

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hydra import compose, initialize_config_dir

from cofail_lab import job, runs
from cofail_lab.cli import config_folder
from cofail_lab.estimate import Estimate
from cofail_lab.record import Recorder, unfinished
from cofail_lab.result import Result


def recorded(folder: Path, **result: Any) -> dict[str, Any]:
    recorder = Recorder(folder, "certify", "run: {seed: 0}", seed=0, figures=False, report=False, origin={"key": "k"})
    recorder.start()
    recorder.finish(Result("said", **{"metrics": {}, **result}), {"sha256": "ab"})
    return json.loads((folder / "results.json").read_text())


def test_numbers_that_do_not_exist_are_null(tmp_path: Path) -> None:
    numbers = {"a": 0.5, "b": 3, "c": None, "d": float("nan"), "e": float("inf"), "f": -float("inf")}
    estimates = {"x": Estimate(0.25, 0.125, "monte_carlo")}
    record = recorded(tmp_path, metrics=numbers, estimates=estimates)
    assert record["metrics"] == {"a": 0.5, "b": 3, "c": None, "d": None, "e": None, "f": None}
    assert record["estimates"] == {"x": {"value": 0.25, "error": 0.125, "kind": "monte_carlo"}}
    assert record["provenance"]["key"] == "k"
    assert record["provenance"]["seed"] == 0  # a seed like any other
    assert record["provenance"]["data"] == {"sha256": "ab"}
    assert runs.load_result(tmp_path).estimates == estimates


def test_an_interrupted_run_keeps_what_it_has(tmp_path: Path) -> None:
    record = recorded(tmp_path, metrics={"a": 1}, interrupted="half of it")
    assert (record["status"], record["error"], record["metrics"]) == (
        "interrupted",
        "interrupted: half of it",
        {"a": 1},
    )
    assert runs.load_result(tmp_path).interrupted == "half of it"
    # One that was killed is not complete either, whatever it has written.
    (tmp_path / "results.json").write_text(json.dumps({**record, "status": "started", "error": "killed"}))
    assert runs.load_result(tmp_path).interrupted == "killed"
    recorded(tmp_path / "whole")
    assert runs.load_result(tmp_path / "whole").interrupted is None


@pytest.mark.parametrize(
    ("status", "key", "goes_on"),
    [
        ("started", "k", True),
        ("interrupted", "k", True),
        ("completed", "k", False),
        ("failed", "k", False),
        ("started", "other", False),
        ("started", None, False),
    ],
)
def test_which_run_goes_on(tmp_path: Path, status: str, key: str | None, goes_on: bool) -> None:
    """One of the same key that was killed or interrupted."""
    record = recorded(tmp_path)
    (tmp_path / "results.json").write_text(json.dumps({**record, "status": status}))
    assert (unfinished(tmp_path, key) is not None) == goes_on


def test_the_latest_run_is_the_newest_finished_one(tmp_path: Path) -> None:
    for age, (name, status) in enumerate((("new", "failed"), ("middle", "completed"), ("old", "completed"))):
        record = recorded(tmp_path / "fit" / name)
        path = tmp_path / "fit" / name / "results.json"
        path.write_text(json.dumps({**record, "status": status}))
        os.utime(path, (1e9 - age, 1e9 - age))
    assert runs.latest(tmp_path) == tmp_path / "fit" / "middle"


def test_tables_of_an_earlier_result_are_not_read_with_a_new_one(tmp_path: Path) -> None:
    Result("one", {}, tables={"a": pa.table({"x": [1]}), "b": pa.table({"x": [2]})}).save(tmp_path / "r", figures=False)
    Result("two", {}, tables={"a": pa.table({"x": [3]})}).save(tmp_path / "r", figures=False, overwrite=True)
    assert {name: table["x"].to_pylist() for name, table in runs.load_result(tmp_path / "r").tables.items()} == {
        "a": [3]
    }


def composed(*overrides: str) -> Any:
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        return job.resolve(compose("config", overrides=list(overrides)))


def test_the_seed_of_the_run_chooses_the_sub_pool_and_changes_reach_the_law() -> None:
    _, inputs = job.build(composed("data=digits", "law=common_shock", "run.seed=3", "data.pool_size=2"))
    assert (inputs.selection.seed, inputs.selection.pool_size) == (3, 2)
    assert float(inputs.law(shock=0.25).shock) == 0.25 != float(inputs.law().shock)


@pytest.mark.parametrize(("shard", "page"), [("null", True), ("0", False)])
def test_a_shard_has_no_page(tmp_path: Path, shard: str, page: bool) -> None:
    config = composed("data=digits", "run.shards=2", f"run.shard={shard}")
    assert job.recorder(config, tmp_path, "fit", drawn=False)._report == page


def test_rows_of_shards_and_rows_that_were_kept_are_one_table() -> None:
    one, two = pa.table({"x": [1]}), pa.table({"x": [2]})
    joined = job._joined({"a": one, "b": one}, {"a": two, "c": two})
    assert {name: table["x"].to_pylist() for name, table in joined.items()} == {"a": [1, 2], "b": [1], "c": [2]}


def test_a_smoke_run_makes_the_first_figure_in_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration says so to the recorder; the other figures are drawn once, for the page."""
    from cofail_lab.report.figures import phone
    from cofail_lab.report.figures.style import canvas

    asked: list[str] = []
    monkeypatch.setattr(phone, "for_page", lambda _, drawn: (asked.append(drawn), (drawn, None))[1])
    figures = {name: lambda: canvas(2, 1)[0] for name in ("first", "second")}
    with initialize_config_dir(str(config_folder()), version_base=None):
        for run, forms, without in (("default", 2, set()), ("smoke", 1, {"second.png"})):
            asked.clear()
            config = compose("config", overrides=[f"run={run}"])
            recorder = job.recorder(config, tmp_path / run, "fit", drawn=True, origin={})
            recorder.start()
            recorder.finish(Result("said", metrics={}, figures=figures), {})
            assert len(asked) == forms
            every = {f"{name}.{kind}" for name in figures for kind in ("svg", "png")}
            assert {path.name for path in (tmp_path / run / "figures").iterdir()} == every - without
            assert "<svg" in (tmp_path / run / "report.html").read_text()
