"""What a run folder holds, written and read back."""

import json
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hydra import compose, initialize_config_dir
from matplotlib.figure import Figure

from cofail_lab import job, runs
from cofail_lab import record as record_module
from cofail_lab.cli import config_folder
from cofail_lab.errors import InputError
from cofail_lab.estimate import Estimate
from cofail_lab.experiments.base import Inputs, RunOptions, Store, silent
from cofail_lab.record import Recorder, _plain, unfinished
from cofail_lab.report.figures import phone
from cofail_lab.result import Origin, Result
from tests.report.made import RESULT


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


def test_a_smoke_run_draws_all_figures_but_the_first_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration says so to the recorder; the figures that are drawn once are drawn for a phone, too."""
    from cofail_lab.report.figures import phone
    from cofail_lab.report.figures.style import canvas

    asked: list[str] = []
    once = phone.for_any_page
    monkeypatch.setattr(phone, "for_page", lambda _, drawn: (asked.append("both"), (drawn, None))[1])
    monkeypatch.setattr(phone, "for_any_page", lambda figure: (asked.append("once"), once(figure))[1])
    figures = {name: lambda: canvas(2, 1)[0] for name in ("first", "second")}
    with initialize_config_dir(str(config_folder()), version_base=None):
        for run, forms, without in (("default", ["both"] * 2, set()), ("smoke", ["both", "once"], {"second.png"})):
            asked.clear()
            config = compose("config", overrides=[f"run={run}"])
            recorder = job.recorder(config, tmp_path / run, "fit", drawn=True, origin={})
            recorder.start()
            recorder.finish(Result("said", metrics={}, figures=figures), {})
            assert asked == forms
            every = {f"{name}.{kind}" for name in figures for kind in ("svg", "png")}
            assert {path.name for path in (tmp_path / run / "figures").iterdir()} == every - without
            assert "<svg" in (tmp_path / run / "report.html").read_text()


def test_every_part_of_a_result_is_written_as_it_is(tmp_path: Path) -> None:
    """Words, verdicts, tables and pages; CSV only of those that are asked for, with the mark of UTF-8."""
    made = replace(RESULT, interrupted=None)
    tables = {"both": pa.table({"x": [1], "name": ["é"]}), "parquet_only": pa.table({"y": [2]})}
    result = replace(made, tables=tables, csv=("both",), pages={"more.html": "<p>"}, figures={})
    recorder = Recorder(tmp_path, "check", "run: {seed: 3}", seed=3, report=False, origin={"key": "k", "command": "c"})
    recorder.start()
    started = json.loads((tmp_path / "results.json").read_text())
    assert (started["status"], started["metrics"], started["verdicts"]) == ("started", {}, [])
    assert "summary" not in started and recorder.kept._folder.is_dir()
    assert recorder.finish(result, {"sha256": "ab"}) == result
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == [
        "both.csv",
        "both.parquet",
        "parquet_only.parquet",
    ]
    assert (tmp_path / "tables/both.csv").read_bytes() == '\ufeff"x","name"\n1,"é"\n'.encode()
    assert (tmp_path / "more.html").read_text() == "<p>"
    assert not recorder.kept._folder.exists() and not (tmp_path / "report.html").exists()
    record = json.loads((tmp_path / "results.json").read_text())
    assert (record["schema"], record["experiment"], record["status"]) == ("cofail_lab.results/1", "check", "completed")
    assert "error" not in record
    assert record["summary"]["headline"] == RESULT.headline
    assert [one["title"] for one in record["summary"]["sections"]] == [one.title for one in RESULT.sections]
    assert [one["title"] for one in record["summary"]["brief"]] == [one.title for one in RESULT.brief]
    assert [one["status"] for one in record["verdicts"]] == [one.status for one in RESULT.verdicts]
    made_by = record["provenance"]
    assert (made_by["command"], made_by["seed"], made_by["data"]) == ("c", 3, {"sha256": "ab"})
    assert made_by["precision"] == "float64" and 0 <= made_by["seconds"] < 60
    assert set(made_by["versions"]) >= {"python", "cofail-lab", "numpy", "jax"}
    assert made_by["versions"]["numpy"] == np.__version__


def test_figures_that_are_not_drawn_are_said(tmp_path: Path) -> None:
    """Ctrl-C in the second of three; without figures asked for, and in a run that was interrupted before, nothing."""
    from cofail_lab.report.figures.style import canvas

    def stop() -> Any:
        raise KeyboardInterrupt

    figures = {"a": lambda: canvas(1, 1)[0], "b": stop, "c": lambda: canvas(1, 1)[0]}
    advanced: list[int] = []
    result = Result("said", metrics={}, figures=figures)

    def finished(name: str, result: Result, *, drawn: bool) -> Result:
        recorder = Recorder(tmp_path / name, "x", "{}", seed=0, figures=drawn, report=False)
        recorder.start()
        return recorder.finish(result, {}, advanced.append)

    assert finished("one", result, drawn=True).interrupted == "1 of 3 figures drawn"
    assert advanced == [1]
    assert json.loads((tmp_path / "one/results.json").read_text())["status"] == "interrupted"
    assert finished("two", result, drawn=False).interrupted is None
    assert finished("three", replace(result, interrupted="earlier"), drawn=True).interrupted == "earlier"
    assert sorted(path.name for path in (tmp_path / "one/figures").iterdir()) == ["a.png", "a.svg"]
    assert not (tmp_path / "two/figures").exists()


def test_a_failure_is_recorded_with_its_traceback_only_where_nobody_expected_it(tmp_path: Path) -> None:
    for name, error in (("bug", ValueError("x")), ("input", None)):
        recorder = Recorder(tmp_path / name, "x", "{}", seed=None)
        recorder.start()
        recorder.fail("why", {"sha256": "ab"}, unexpected=error)
        record = json.loads((tmp_path / name / "results.json").read_text())
        assert (record["status"], record["error"], record["provenance"]["data"]) == ("failed", "why", {"sha256": "ab"})
        assert ("traceback" in record) == (name == "bug") and record["provenance"]["seed"] is None
        assert not recorder.kept._folder.exists()


def test_a_saved_result_takes_the_place_of_another_whole(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    origin = Origin("fit", "command", {"run": {"seed": 4}}, 4, {"source": "s"}, 1.5)
    tables = {"a": pa.table({"x": [1]})}
    Result("One.", {"n": 1}, tables=tables, csv=("a",), origin=origin).save(folder, figures=False)
    record = json.loads((folder / "results.json").read_text())
    made = record["provenance"]
    assert (record["experiment"], made["command"], made["seed"], made["seconds"]) == ("fit", "command", 4, 1.5)
    assert made["data"] == {"source": "s"} and (folder / "config.yaml").read_text() == "run:\n  seed: 4\n"
    for name in ("tables/b.csv", "figures/x.png", "figures/x.svg", "notes.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    with pytest.raises(InputError, match="holds a run already"):
        Result("Two.", {"n": 2}).save(folder)
    assert (folder / "tables/a.csv").is_file()
    Result("Two.", {"n": 2}).save(folder, overwrite=True)
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert left == ["config.yaml", "notes.txt", "report.html", "results.json"]
    record = json.loads((folder / "results.json").read_text())
    assert (record["experiment"], record["provenance"]["command"]) == ("python", "cofail_lab.Result.save")


def test_evidence_becomes_json() -> None:
    plain = _plain({1: (Fraction(1, 3), None, True), "a": np.array([1.5, np.nan]), "b": np.int64(3), "c": [np.inf, -2]})
    assert plain == {"1": ["1/3", None, True], "a": [1.5, None], "b": 3, "c": [None, -2]}
    assert json.dumps(plain, allow_nan=False)


def test_why_a_run_failed_is_one_line() -> None:
    assert job.failure(InputError("a:\n  b")) == "a: b"
    assert job.failure(ValueError("a\n b")) == "ValueError: a b"
    assert job.failure(KeyboardInterrupt()) == "interrupted: stopped by the user"
    assert job.failure(KeyboardInterrupt("signal 15")) == "interrupted: signal 15"
    wrapped = RuntimeError("outside")
    wrapped.__cause__ = InputError("inside")
    assert job.failure(wrapped) == "inside" and job.input_error(wrapped) is wrapped.__cause__
    assert job.input_error(None) is None and job.input_error(ValueError("x")) is None


@pytest.mark.parametrize(("shard", "called"), [(None, "run"), (0, "shard"), (1, "shard")])
def test_a_shard_is_computed_as_one_and_the_data_is_recorded(tmp_path: Path, shard: int | None, called: str) -> None:
    seen: list[str] = []

    class Computed:
        def run(self, inputs: Inputs, progress: Any) -> Result:
            seen.append("run")
            inputs.provenance["sha256"] = "ab"
            return Result("said", metrics={"n": inputs.store.tables["a"].num_rows})

        def shard(self, inputs: Inputs, progress: Any) -> Result:
            seen.append("shard")
            inputs.provenance["sha256"] = "ab"
            return Result("said", metrics={"n": inputs.store.tables["a"].num_rows})

    store = Store({"a": pa.table({"x": [1, 2]})})
    inputs = Inputs(RunOptions(shards=2, shard=shard), store=store)
    recorder = Recorder(tmp_path, "x", "{}", seed=0, report=False)
    result = job.compute(Computed(), inputs, recorder, silent)  # type: ignore[arg-type]
    record = json.loads((tmp_path / "results.json").read_text())
    assert (seen, result.metrics, record["provenance"]["data"]) == ([called], {"n": 2}, {"sha256": "ab"})


@pytest.mark.parametrize(
    ("error", "status", "said", "traced"),
    [
        (InputError("data.path: none"), "failed", "data.path: none", False),
        (ValueError("a bug"), "failed", "ValueError: a bug", True),
        (KeyboardInterrupt("signal 15"), "interrupted", "interrupted: signal 15", False),
    ],
)
def test_how_a_run_that_ends_early_is_recorded(
    tmp_path: Path, error: BaseException, status: str, said: str, traced: bool
) -> None:
    """Only what nobody expected has a traceback; the data that were read are recorded in any case."""

    class Ending:
        def run(self, inputs: Inputs, progress: Any) -> Result:
            inputs.provenance["sha256"] = "ab"
            raise error

    with pytest.raises(type(error)):
        job.compute(Ending(), Inputs(RunOptions()), Recorder(tmp_path, "x", "{}", seed=0), silent)  # type: ignore[arg-type]
    record = json.loads((tmp_path / "results.json").read_text())
    assert (record["status"], record["error"], "traceback" in record) == (status, said, traced)
    assert record["provenance"]["data"] == {"sha256": "ab"}


@pytest.mark.parametrize(("changes", "dirty"), [("", False), (" M a.py\n", True)])
def test_the_revision_of_the_source(monkeypatch: pytest.MonkeyPatch, changes: str, dirty: bool) -> None:
    def run(command: list[str], **named: Any) -> Any:
        assert named["env"]["GIT_OPTIONAL_LOCKS"] == "0"
        return SimpleNamespace(stdout="abc\n" if "rev-parse" in command else changes)

    monkeypatch.setattr(record_module.subprocess, "run", run)
    monkeypatch.setattr(Path, "exists", lambda _: True)
    assert record_module._git.__wrapped__() == {"revision": "abc", "dirty": dirty}

    def absent(*_: Any, **__: Any) -> Any:
        raise FileNotFoundError("git")

    monkeypatch.setattr(record_module.subprocess, "run", absent)
    assert record_module._git.__wrapped__() is None
    monkeypatch.setattr(Path, "exists", lambda _: False)
    monkeypatch.setattr(record_module.subprocess, "run", run)
    assert record_module._git.__wrapped__() is None


def test_the_page_leads_to_every_table_and_a_spreadsheet_to_those_it_has(tmp_path: Path) -> None:
    table = pa.table({"x": [1]})
    recorder = Recorder(tmp_path, "fit", "", seed=0, figures=False)
    recorder.start()
    recorder.finish(Result("", {}, tables={"one": table, "two": table}, csv=("two",)), {})
    page = (tmp_path / "report.html").read_text()
    assert [f"tables/{name}.parquet" in page for name in ("one", "two")] == [True, True]
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == ["one.parquet", "two.csv", "two.parquet"]
    assert (tmp_path / "tables/two.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_phone_gets_its_own_drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of = lambda name: f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text>{name}</text></svg>'  # noqa: E731
    monkeypatch.setattr(phone, "for_page", lambda figure, drawn: (of("wide"), of("narrow")))
    recorder = Recorder(tmp_path, "fit", "", seed=0)
    recorder.start()
    recorder.finish(Result("", {}, figures={"f": lambda: Figure(figsize=(1, 1))}), {})
    page = (tmp_path / "report.html").read_text()
    assert (page.count("wide</text>"), page.count("narrow</text>")) == (1, 1)
    assert page.index("wide</text>") < page.index("narrow</text>")
