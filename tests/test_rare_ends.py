"""Refusals and fallbacks of the outer modules that few machines and few inputs meet."""

import argparse
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf

from cofail_lab import cache, hydra_parser, job, record
from cofail_lab import help as help_
from cofail_lab.cli import config_folder
from cofail_lab.command_line import config_keys
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades
from cofail_lab.record import Recorder
from cofail_lab.selection import Selection
from cofail_lab.sweep import controller, key, lock

CONF = config_folder()
CELLS = np.zeros((2, 2), dtype=np.int8)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((CELLS, ("a",), ("m", "n")), r"^cells: shape \(2, 2\) for 1 queries x 2 models$"),
        ((CELLS, ("a", "a"), ("m", "n")), r"^log: query name 'a' appears twice; names must be unique$"),
        ((CELLS, ("a", "b"), ("m", "m")), r"^log: model name 'm' appears twice; names must be unique$"),
    ],
)
def test_grades_have_a_name_for_each_row_and_column(given: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Grades(*given, "log")


@pytest.mark.parametrize("where", ["per_query", "per_model", "per_cell"])
def test_columns_of_grades_are_as_long_as_they_are(where: str) -> None:
    columns: Any = {where: {"cost": np.zeros(3)}}
    with pytest.raises(ValueError, match=r"^cost: shape \(3,\) does not start with \(2"):
        Grades(CELLS, ("a", "b"), ("m", "n"), "log", **columns)


def test_a_dataset_is_chosen_where_there_are_some() -> None:
    grades = Grades(CELLS, ("a", "b"), ("m", "n"), "log")
    with pytest.raises(InputError, match=r"^data\.dataset: 'x' given, but log has no dataset column$"):
        grades.select(Selection(dataset="x"))


def test_the_version_is_that_of_the_package() -> None:
    assert help_.text(["--version"], CONF) == f"cofail-lab {version('cofail-lab')}"


def test_an_argument_without_a_help_text_stays_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def build() -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(add_help=False)
        parser.add_argument("--one")
        parser.add_argument("--two", help="words")
        return parser

    before = argparse.ArgumentParser.add_argument
    one, two = hydra_parser._build_with_late_help(build)._actions
    assert (one.help, two.help) == (None, "words")
    assert argparse.ArgumentParser.add_argument is before


@pytest.mark.parametrize("node", [3, {"name": "x"}])
def test_a_policy_that_is_none_is_named(node: Any) -> None:
    config: Any = OmegaConf.create({"own": node})
    with pytest.raises(InputError, match=r"^policy\.own: no such policy; cofail-lab --help lists the "):
        job._policies(config)
    assert list(job._policies(OmegaConf.create({"own": {"_target_": "x.y"}}))) == ["own"]


def test_a_run_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"^hydra\.run\.dir: cannot write to .*file/run \(Not a directory\)$"):
        Recorder(tmp_path / "file" / "run", "fit", "{}", seed=0).start()


def test_packages_that_are_not_there_have_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> str:
        raise PackageNotFoundError(name)

    assert record._version("numpy") == version("numpy") and record._version("no-such-package") is None
    here = key.code_version()
    monkeypatch.setattr(key, "version", none)
    assert key.code_version.__wrapped__() != here != ""


def test_another_sweeper_has_an_unknown_number_of_jobs() -> None:
    config: Any = OmegaConf.create(
        {"hydra": {"sweeper": {"_target_": "x.OtherSweeper", "params": None}, "overrides": {"task": ["a=1,2"]}}}
    )
    assert controller.n_jobs(config) is None


def test_overrides_that_cannot_be_parsed_have_no_number_of_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    from hydra.core.global_hydra import GlobalHydra

    monkeypatch.setattr(GlobalHydra, "instance", lambda: SimpleNamespace(config_loader=lambda: None))
    config: Any = OmegaConf.create(
        {"hydra": {"sweeper": {"_target_": "x.BasicSweeper", "params": None}, "overrides": {"task": ["a=1,2", "b=3"]}}}
    )
    assert controller.n_jobs(config) == 2
    config.hydra.overrides.task = ["a=[1,"]
    assert controller.n_jobs(config) is None


def test_a_folder_that_goes_before_its_lock_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, opened, calls = tmp_path / "sweep" / "lock", os.open, []

    def once(*given: Any) -> int:
        calls.append(given)
        if len(calls) == 1:
            path.parent.rmdir()
        return opened(*given)

    monkeypatch.setattr(lock.os, "open", once)
    with lock.locked(path) as mine:
        assert mine and len(calls) == 2
    assert not path.exists()


@pytest.mark.parametrize(
    ("stated", "expected"), [("/kept", "/kept"), ("kept", "/home/me/.cache"), ("", "/home/me/.cache")]
)
def test_the_cache_is_where_it_is_stated_absolutely(
    stated: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", stated)
    monkeypatch.setenv("HOME", "/home/me")
    assert cache.cache_folder() == Path(expected) / "cofail-lab"


def test_configurations_are_read_without_the_loader_of_c(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    fast = config_keys(CONF)
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert config_keys(CONF) == fast and len(fast) > 50
