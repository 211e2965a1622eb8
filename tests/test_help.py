"""Help shows every key that a person can set, with what it means, and nothing of Hydra's."""

import subprocess
import sys
from pathlib import Path

import pytest

from cofail_lab.cli import config_folder
from cofail_lab.help import EXAMPLES, _keys, text, wanted

EXPERIMENTS = sorted(path.stem for path in (config_folder() / "experiment").glob("*.yaml"))
SOURCES = sorted(path.stem for path in (config_folder() / "data").glob("*.yaml"))
# Their comment says more than one line can, or the value says it all.
UNEXPLAINED = {"data.format", "law.error_rates", "law.base_error_rates"}


def keys(shown: str) -> dict[str, str]:
    """Key -> the rest of its line."""
    lines = shown.split("of experiment=", 1)[1].splitlines()[1:]
    found = [line.split(maxsplit=1) for line in lines if line.startswith("  ") and not line.startswith("   ")]
    return {words[0].partition("=")[0]: "".join(words[1:]) for words in found}


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_has_an_example_and_explained_keys(experiment: str) -> None:
    assert experiment in EXAMPLES
    shown = text([f"experiment={experiment}", "--help"], config_folder())
    assert f"cofail-lab experiment={experiment} \\\n    {EXAMPLES[experiment]}\n" in shown
    assert "_target_" not in shown
    assert "hydra/" not in shown
    assert max(map(len, shown.splitlines())) <= 120
    bare = [key for key, what in keys(shown).items() if not what and key not in UNEXPLAINED]
    assert not bare, bare
    assert {"data.pool_size", "run.seed", "record.report", "sweep.gather", "verbose"} <= set(keys(shown))


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_explains_its_keys(source: str) -> None:
    shown = keys(text([f"data={source}", "-h"], config_folder()))
    assert not [key for key, what in shown.items() if not what and key not in UNEXPLAINED]


def test_version_and_what_asks_for_help() -> None:
    done = subprocess.run([sys.executable, "-m", "cofail_lab", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("cofail-lab 0.")
    assert not wanted(["data=csv", "data.path=-h.csv"])
    assert text(["experiment=nothing"], config_folder()).count("no such choice") == 1
    shown = text(["data=csv", "-h"], config_folder())
    assert "data.path=needed" in shown and "???" not in shown


@pytest.mark.parametrize("flag", ["--help", "-h", "--version"])
def test_help_is_wanted_wherever_it_is_asked_for(flag: str) -> None:
    assert wanted([flag]) and wanted(["experiment=fit", flag])
    assert not wanted([]) and not wanted([f"x={flag}", "-m"])


def test_a_comment_belongs_to_one_key(tmp_path: Path) -> None:
    text = (
        "# Above.\na: 1\nb: 2  # Beside.\n\ngroup:\n  # Two\n  # lines.\n  c: ???\n  d: x\n  inner:\n    e: 3\nf: 4\n"
    )
    (tmp_path / "k.yaml").write_text(text)
    shown = [" ".join(line.split()) for line in _keys(tmp_path / "k.yaml", "data")]
    assert shown == [
        *("data.a=1 Above.", "data.b=2 Beside.", "data.group.c=needed Two lines.", "data.group.d=x"),
        *("data.group.inner.e=3", "data.f=4"),
    ]
