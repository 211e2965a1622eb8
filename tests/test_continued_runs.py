"""A run that goes on from what the same command has kept: what it is given, what it says, and what is written."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cofail_lab import cli, job
from cofail_lab.experiments.base import Inputs, RunOptions, Store, silent
from cofail_lab.record import Recorder
from cofail_lab.result import Result


def recorder(folder: Path, key: str = "k") -> Recorder:
    return Recorder(folder, "x", "a: 1\n", seed=2, figures=False, report=False, origin={"key": key})


def interrupted(folder: Path) -> None:
    """A run that has kept three of four draws, and has found a number."""
    first = recorder(folder)
    first.start()
    first.kept.add("draws", pa.table({"x": [1, 2, 3]}), "draws", 3, 4)
    first.finish(Result("half", {"n": 3}, interrupted="stopped"), {"sha256": "ab"})


class Counted:
    """An experiment that says how many rows of each table it has been given, and keeps one more."""

    def run(self, inputs: Inputs, progress: Any) -> Result:
        del progress
        rows = {f"n_{name}": table.num_rows for name, table in sorted(inputs.store.tables.items())}
        inputs.store.keep("more", pa.table({"x": [1]}), "more", 1, 2)
        return Result("whole", rows)


def computed(folder: Path, key: str, store: Store) -> tuple[Result, list[tuple[Path, list[str]]], bool]:
    """The result, what was said of a continuation, and whether anything is still kept."""
    told: list[tuple[Path, list[str]]] = []

    def continued(where: Path, said: Sequence[str]) -> None:
        told.append((where, list(said)))

    one = recorder(folder, key)
    result = job.compute(Counted(), Inputs(RunOptions(), store=store), one, silent, continued)  # type: ignore[arg-type]
    return result, told, bool(one.kept)


def test_a_run_goes_on_with_what_was_kept_and_says_so(tmp_path: Path) -> None:
    interrupted(tmp_path)
    store = Store({"draws": pa.table({"x": [9]}), "other": pa.table({"x": [7, 8]})})
    result, told, kept = computed(tmp_path, "k", store)
    assert result.metrics == {"n_draws": 4, "n_other": 2}
    assert told == [(tmp_path, ["draws resumed (3 of 4)"])]
    record = json.loads((tmp_path / "results.json").read_text())
    assert (record["status"], record["metrics"], kept) == ("completed", {"n_draws": 4, "n_other": 2}, False)


def test_another_run_begins_anew_and_says_nothing(tmp_path: Path) -> None:
    interrupted(tmp_path)
    result, told, kept = computed(tmp_path, "other", Store())
    assert (result.metrics, told, kept) == ({}, [], False)


def test_what_was_found_before_stays_until_the_end(tmp_path: Path) -> None:
    interrupted(tmp_path)
    recorder(tmp_path).start()
    record = json.loads((tmp_path / "results.json").read_text())
    assert (record["status"], record["metrics"], record["summary"]["headline"]) == ("started", {"n": 3}, "half")
    recorder(tmp_path, "other").start()
    record = json.loads((tmp_path / "results.json").read_text())
    assert (record["status"], record["metrics"], "summary" in record) == ("started", {}, False)


def test_the_command_says_from_where_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cli._say_continued(tmp_path / "outputs" / "fit", ["bootstrap kept", "null resumed (3 of 9)"])
    cli._say_continued(Path("/elsewhere/fit"), ["null kept"])
    assert capsys.readouterr().err == (
        "continues outputs/fit: bootstrap kept, null resumed (3 of 9)\ncontinues /elsewhere/fit: null kept\n"
    )
