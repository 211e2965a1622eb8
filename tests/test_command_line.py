"""What people write on a command line reaches Hydra as they meant it."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import ConfigCompositionException, OverrideParseException

from cofail_lab.cli import config_folder
from cofail_lab.command_line import _quoted, config_keys, explain, for_hydra, misplaced, unknown_key

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


def test_paths_without_a_key_are_the_matrix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is a path, several are a list, in any place; raters are read as labels, and a named source stays."""
    monkeypatch.chdir(tmp_path)
    one, two = "data.path='a.csv'", "data.path=['a.csv','b.csv']"
    for given, meant in (
        (["a.csv"], ["data=auto", one]),
        (["run.seed=1", "a.csv"], ["data=auto", one, "run.seed=1"]),
        (["a.csv", "b.csv"], ["data=auto", two]),
        (["a.csv", "experiment=raters"], ["data=raters", one, "experiment=raters"]),
        (["a.csv", "experiment=fit"], ["data=auto", one, "experiment=fit"]),
        (["data=csv", "a.csv"], [one, "data=csv"]),
        (["data.path=a.csv", "data=raters"], ["data.path=a.csv", "data=raters"]),
        (["experiment=raters"], ["experiment=raters"]),
        (["-m", "a.csv", "run.seed=1,2"], ["-m", "data=auto", one, "run.seed=1,2"]),
        (["run.seed=1", "a.csv", "--multirun"], ["--multirun", "data=auto", one, "run.seed=1"]),
        (["-cd", "conf", "a.csv"], ["-cd", "conf", "data=auto", one]),
        (["-cn", "a.csv", "run.seed=1"], ["-cn", "a.csv", "run.seed=1"]),
        (["data.pool_size=2,3"], ["data.pool_size=[2,3]"]),
        (["-m", "data.pool_size=2,3"], ["-m", "data.pool_size=2,3"]),
        (["--multirun", "data.models=a,b"], ["--multirun", "data.models=a,b"]),
        (["~law"], ["~law"]),
        (["experiment.bootstrap"], ["experiment.bootstrap"]),
        (["experiment.csv"], ["data=auto", "data.path='experiment.csv'"]),
        (["+data.x=1"], ["+data.x=1"]),
        (["data.models="], ["data.models="]),
    ):
        assert for_hydra(given) == meant


def test_what_is_no_key_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-here").touch()
    keys = ["run", "run.seed", "experiment", "experiment/fit", "data.path"]
    tail = "keys are written key=value, without dashes; --help lists them"
    for given, said in (
        (["run.seed"], "run.seed: a key without a value; run.seed=... is written as one word, without spaces"),
        (["run"], "run: a key without a value; run=... is written as one word, without spaces"),
        (["fit"], "fit: no such file, did you mean experiment=fit?"),
        (["help"], "help: no such file, did you mean --help?"),
        (["--seed=3"], f"--seed=3: no such option, did you mean run.seed=3?; {tail}"),
        (["--seed"], f"--seed: no such option, did you mean run.seed=...?; {tail}"),
        (["--data-path=x"], f"--data-path=x: no such option, did you mean data.path=x?; {tail}"),
        (["--zzzz"], f"--zzzz: no such option; {tail}"),
        (["a.csv", "--zzzz", "--yyyy"], f"--zzzz: no such option; {tail}"),
        (["--config-dir", "--zzzz"], None),
        (["-cn", "run"], None),
        (["-here"], None),
        (["--multirun", "-m", "--help", "--cfg", "job"], None),
        (["run.seed=3", "a.csv", "~law", "-3"], None),
        ([], None),
    ):
        assert misplaced(given, keys) == said, given


def test_what_hydra_does_not_accept_is_explained() -> None:
    keys = ["data", "data/csv", "data/auto", "data.path", "law/one_factor", "run.seed", "experiment.bootstrap"]
    for message, said in (
        ("Could not load 'data/cvs'.\nConfig search path:\n x", "data=cvs: no such choice, did you mean csv?"),
        ("Could not load 'data/zzzz'.", "data=zzzz: no such choice"),
        ("Could not find 'law/one_fator'\n\nAvailable options in 'law':\n\tone_factor\n\tclayton", None),
        ("Could not find 'hydra/launcher/joblib'\n\nAvailable options in 'hydra/launcher':\n\tbasic", "joblib"),
        ("Could not find 'hydra/launcher/submitit_slurm'\n\nAvailable options in 'x':\n\tbasic", "slurm"),
        ("something else\nConfig search path: x", "something else\n"),
    ):
        found = explain(ValueError(message), keys)
        if said in ("joblib", "slurm"):
            launcher = "joblib" if said == "joblib" else "submitit_slurm"
            assert found == f"hydra/launcher={launcher}: not installed; pip install 'cofail-lab[{said}]' brings it"
        elif said is None:
            assert found == "law=one_fator: no such choice, did you mean one_factor?; there are one_factor, clayton"
        elif said.startswith("data="):
            assert found == f"{said}; there are csv, auto"
        else:
            assert found == said
    unknown = ConfigCompositionException("Could not override 'run.sead'.\nTo append use +run.sead=1")
    assert explain(unknown, keys) == unknown_key("run.sead", keys)
    assert explain(OverrideParseException("a=[", "bad"), keys) == (
        "a=[: not a valid key=value; quote a value with special characters: key='\"...\"'"
    )


def test_unknown_keys_by_hand() -> None:
    keys = ["run", "run.seed", "law.seed", "data.path", "data.pool_size", "experiment.bootstrap", "data/pool"]
    lists = "cofail-lab --help lists the keys of this configuration"
    for key, said in (
        ("data.path", "not a key of the chosen data; another data= has it: cofail-lab --help lists the choices"),
        ("run", "not a key of the chosen run; another run= has it: cofail-lab --help lists the choices"),
        ("seed", f"no such key, did you mean run.seed?; {lists}"),
        ("law.sede", f"no such key, did you mean law.seed?; {lists}"),
        ("data.seed", f"no such key, did you mean law.seed?; {lists}"),  # most like it as a whole
        ("zzz.bootstrap", f"no such key, did you mean experiment.bootstrap?; {lists}"),
        ("boostrap", f"no such key, did you mean experiment.bootstrap?; {lists}"),
        ("s", f"no such key; {lists}"),
        ("pool", f"no such key; {lists}"),
        ("qqqqqq", f"no such key; {lists}"),
    ):
        assert unknown_key(key, keys) == f"{key}: {said}"


def test_keys_of_a_folder_of_configurations(tmp_path: Path) -> None:
    for name, text in (
        ("config.yaml", "defaults: [a]\nverbose: false\nrun: {seed: 0}\nhydra: {run: {dir: x}}\n"),
        ("data/csv.yaml", "_target_: x\npath: null\nmore: {deep: 1, _skip: 2}\ndefaults: 3\n"),
        ("run/short.yaml", "# @package _global_\nrun: {draws: 5}\ndefaults: [x]\n"),
        ("study/one.yaml", "secret: 1\n"),
        ("law/empty.yaml", ""),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert config_keys(tmp_path) == sorted(
        [
            *("data", "run", "study", "law", "data/csv", "run/short", "study/one", "law/empty"),
            *("verbose", "run.seed", "hydra", "hydra.run", "hydra.run.dir"),
            *("data.path", "data.more", "data.more.deep", "data.defaults", "run.draws"),
        ]
    )


@pytest.mark.parametrize(
    ("text", "quoted"),
    [("a,b", "'a,b'"), ("a'b", r"'a\'b'"), ("${x}", r"'\${x}'"), ("a\\", r"'a\\'"), ("\\'b\\\\", r"'\\\'b\\\\'")],
)
def test_a_text_is_quoted_so_that_it_is_read_as_it_is(text: str, quoted: str) -> None:
    assert _quoted(text) == quoted
    value = OverridesParser.create().parse_override(f"k={quoted}").value()
    assert str(value).replace(r"\${", "${") == text
