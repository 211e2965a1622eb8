"""What people write on a command line reaches Hydra as they meant it."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from cofail_lab.cli import config_folder
from cofail_lab.command_line import config_keys, for_hydra, unknown_key

AWKWARD = [
    "a b.csv",
    "x (1).csv",
    "a=b.csv",
    "a,b.csv",
    "it's.csv",
    r"it\'s.csv",
    'say "hi".csv',
    "~x.csv",
    "[1].csv",
    "{x}.csv",
    "é✓.csv",
]


def value(argument: str) -> object:
    return OverridesParser.create().parse_override(argument).value()


@pytest.mark.parametrize("name", AWKWARD)
def test_existing_files_are_taken_literally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).touch()
    for arguments in ([f"data.path={name}"], [name]):
        source, path = for_hydra(arguments)
        assert source == "data=auto"
        assert path.startswith("data.path=")
        assert value(path) == name
    assert for_hydra(["data=csv", f"data.path={name}"])[0] == "data=csv"
    Path("b.csv").touch()
    assert value(for_hydra([name, "b.csv"])[1]) == [name, "b.csv"]


def test_a_function_of_hydra_is_left_to_hydra() -> None:
    assert for_hydra(["data.pool_size=choice(8,16)"]) == ["data.pool_size=choice(8,16)"]


@pytest.mark.parametrize(
    ("argument", "meant"),
    [
        ("data.models=family=openai", "family=openai"),
        ("data.models=gpt-4 (new)", "gpt-4 (new)"),
        ("data.models=o'brien", "o'brien"),
        ("data.models=[bold]x[/bold]", "[bold]x[/bold]"),
        ("data.models=a,b", ["a", "b"]),
        ("data.models=[a,b]", ["a", "b"]),
        ("data.models='a,b'", "a,b"),
        ("data.path=runs/mmlu:subject=x,method=y", "runs/mmlu:subject=x,method=y"),
        ("run.seed=3", 3),
        ("experiment.delta=.05", 0.05),
        ("data.dataset=null", None),
    ],
)
def test_values_in_a_single_run(argument: str, meant: object) -> None:
    assert value(next(a for a in for_hydra([argument]) if a != "data=auto")) == meant


def test_what_is_left_to_hydra() -> None:
    """Sweeps, deletions, options and their values, and keys without a value."""
    for arguments in (
        ["-m", "data.pool_size=2,3"],
        ["--config-dir", "my/conf", "run.seed=1"],
        ["~law"],
        ["experiment.delta"],
        ["+experiment.x=1"],
        ["--help"],
    ):
        assert for_hydra(arguments) == arguments


def test_unknown_keys_suggest_the_nearest() -> None:
    keys = config_keys(config_folder())
    assert {"data", "law", "experiment.bootstrap", "data.path", "run.seed"} <= set(keys)
    for typo, meant in (("experiment.boostrap", "experiment.bootstrap"), ("data.pth", "data.path"), ("dta", "data")):
        assert f"did you mean {meant}?" in unknown_key(typo, keys)
    assert "did you mean" not in unknown_key("zzz.qqq", keys)


def test_of_keys_with_one_last_part_that_of_the_run_comes_first() -> None:
    usual = ["run", "experiment", "data", "record", "sweep", "law", "hydra"]
    for k, first in enumerate(usual):
        keys = sorted(f"{group}.seed" for group in usual[k:])
        assert f"did you mean {first}.seed?" in unknown_key("seed", keys)
    # One within another comes later, whatever the group.
    assert "did you mean law.seed?" in unknown_key("seed", ["law.seed", "run.inner.seed"])


def test_flags_come_before_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hydra's parser accepts no flag after an override that we put in front."""
    monkeypatch.chdir(tmp_path)
    Path("g.csv").touch()
    for arguments in (
        ["-m", "g.csv", "run.seed=1,2"],
        ["g.csv", "-m", "run.seed=1,2"],
        ["-m", "data.path=g.csv", "run.seed=1,2"],
    ):
        rewritten = for_hydra(arguments)
        assert rewritten[0] == "-m"
        assert set(rewritten[1:]) == {"data=auto", rewritten[2], "run.seed=1,2"}
        assert value(rewritten[2]) == "g.csv"
    assert for_hydra(["data.csv"])[1] == "data.path='data.csv'"
