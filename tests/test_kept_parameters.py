"""Every parameter of every experiment, policy and source, with values of all kinds: which are refused, and the words.

What is not listed is accepted. Nothing is read or computed: only what a constructor checks.
"""

from dataclasses import fields
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from cofail_lab.cli import config_folder
from cofail_lab.errors import InputError
from tests.experiments.whole import keep

VALUES: list[Any] = [
    *(None, True, 0, 1, 2, 100, 101, -1, 0.5, 1.0, 2.5, float("nan"), "", "word", "a=b", ".."),
    *([], [""], ["a", "a"], ["a", "b"], [0.5, 2], [3, 2], [2, 3], {}, {"a": 1}, {"a": 2.5}, {"a": "b"}),
]
NEEDED: dict[str, dict[str, Any]] = {
    "check": {"claim": {"says": "all_wrong(m) >= 0"}},
    "compare": {"other": "other.csv"},
    "regrade": {"other": "other.csv"},
    "gather": {"path": "outputs"},
    "grid": {"axes": {"shock": [0.1]}, "sizes": [2, 3]},
    "scope": {"members": ["a"], "systems": ["b"]},
    "counts": {"n_all_wrong": 1, "n_queries": 9, "n_models": 3, "best_correct": 5},
    "hf": {"repo": "a/b", "file": "c.csv", "format": "csv", "revision": "0" * 40},
    "plan": {"gain": 0.1, "n_models": 5},
    "churn": {},
    "recorded": {"path": "picks.csv"},
    "threshold_cascade": {"cheap": "a", "strong": "b"},
    "deferral_cascade": {"cheap": "a", "strong": "b"},
}
# What a constructor takes and only a run can check, or another configuration fills in.
LEFT_OUT = {"law"}


def stems(group: str) -> list[str]:
    return sorted(path.stem for path in (config_folder() / group).glob("*.yaml") if path.stem not in LEFT_OUT)


def constructor(group: str, name: str) -> tuple[Any, dict[str, Any]]:
    """The class behind a choice, and its usual arguments."""
    written = yaml.safe_load((config_folder() / group / f"{name}.yaml").read_text(encoding="utf-8"))
    node = written if "_target_" in written else written.get(group) or next(iter(written.values()))
    module, _, called = node["_target_"].rpartition(".")
    usual = {key: value for key, value in node.items() if key != "_target_" and "${" not in str(value)}
    build = getattr(import_module(module), called)
    accepted = {field.name for field in fields(build) if field.init}
    usual = {key: value for key, value in usual.items() if key in accepted and value != "???"}
    path = {"path": "a.csv"} if group == "data" and "path" in accepted else {}
    return build, usual | path | NEEDED.get(name, {})


def refusal(build: Any) -> str:
    """Why a constructor refuses its arguments; empty where it does not."""
    try:
        build()
    except InputError as error:
        return str(error)
    return ""


def refusals(build: Any, usual: dict[str, Any]) -> list[str]:
    """A line for each parameter and each of the refusals of its values, in the order of the values."""
    assert not refusal(partial(build, **usual)), usual
    found = []
    for name in (one.name for one in fields(build) if one.init):
        said: dict[str, list[str]] = {}
        for value in VALUES:
            message = refusal(partial(build, **{**usual, name: value}))
            said.setdefault(message.replace(f": {value!r}", ": VALUE", 1), []).append(repr(value))
        said.pop("", None)
        found += [f"{name} = {' '.join(values)}: {message}" for message, values in said.items()]
    return found


@pytest.mark.parametrize("group", ["experiment", "policy", "data"])
def test_what_parameters_may_not_be(group: str, tmp_path: Path) -> None:
    kept: list[str] = []
    shared: set[str] = set()
    for name in stems(group):
        found = refusals(*constructor(group, name))
        # Sources of files share most of their parameters.
        kept += [f"{name}:", *(f"  {line}" for line in found if line not in shared)]
        shared.update(found if group == "data" else ())
    keep(f"parameters_{group}", kept, tmp_path, exact=True)


def test_what_options_of_a_run_and_selections_may_not_be(tmp_path: Path) -> None:
    from cofail_lab.experiments.base import RunOptions
    from cofail_lab.selection import Selection

    kept = ["run:", *(f"  {line}" for line in refusals(RunOptions, {}))]
    kept += [
        f"  {refusal(partial(RunOptions, **keys))}"
        for keys in ({"shards": 2, "shard": 2}, {"shard": 0}, {"shards": 3, "shard": 1})
    ]
    kept += ["selection:", *(f"  {line}" for line in refusals(Selection, {}))]
    keep("parameters_run", kept, tmp_path, exact=True)
