"""Hydra's parser under the check of help texts that argparse has from Python 3.14 on, put into the running argparse."""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from cofail_lab import hydra_parser
from tests.conftest import Run

COUNTS = ("experiment=certify", "data=counts", "data.n_all_wrong=17", "data.n_queries=330", "data.n_models=67")


@pytest.fixture
def checked_help(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `argparse._ActionsContainer.add_argument` does in Python 3.14 before it returns: expand the help text."""
    add_argument = argparse.ArgumentParser.add_argument

    def add_and_check(parser: argparse.ArgumentParser, *names: Any, **settings: Any) -> argparse.Action:
        action = add_argument(parser, *names, **settings)
        if action.help:
            try:
                parser._get_formatter()._expand_help(action)
            except (ValueError, TypeError, KeyError) as error:
                raise ValueError("badly formed help string") from error
        return action

    monkeypatch.setattr(argparse.ArgumentParser, "add_argument", add_and_check)
    # The replacement of Hydra's function is taken back after the test.
    for module in ("hydra._internal.utils", "hydra.main"):
        monkeypatch.setattr(import_module(module), "get_args_parser", import_module(module).get_args_parser)


@pytest.mark.usefixtures("checked_help")
def test_without_the_module_the_command_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: the check is in force."""
    monkeypatch.setattr(hydra_parser, "ensure_parser_builds", lambda: None)
    with pytest.raises(ValueError, match="badly formed help string"):
        run("--hydra-help")


@pytest.mark.usefixtures("checked_help")
def test_help_and_a_run(run: Run, tmp_path: Path) -> None:
    code, out, err = run("--help")
    assert (code, err) == (0, "") and "cofail-lab grades.csv" in out
    code, _, err = run(*COUNTS, "data.best_correct=276", "hydra.run.dir=here")
    assert (code, err) == (0, "")
    assert (tmp_path / "here/results.json").is_file()


@pytest.mark.usefixtures("checked_help")
def test_the_late_help_is_still_shown(run: Run) -> None:
    code, out, _ = run("--hydra-help")
    assert code == 0 and "Install or Uninstall shell completion" in out


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python 3.14 has the check")
def test_nothing_changes_where_the_parser_builds() -> None:
    utils = import_module("hydra._internal.utils")
    before = utils.get_args_parser, argparse.ArgumentParser
    hydra_parser.ensure_parser_builds()
    assert (utils.get_args_parser, argparse.ArgumentParser) == before
