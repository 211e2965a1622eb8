"""How often a process of the lab looks for garbage."""

import subprocess
import sys
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from cofail_lab.experiments import workers

SEEN = """
import atexit, gc
atexit.register(lambda: print("at the end", gc.get_freeze_count() > 1000))
from cofail_lab.garbage import collect_as_usual, collect_seldom
usual = gc.get_threshold()
collect_as_usual()
print(gc.get_threshold() == usual, gc.get_freeze_count())
collect_seldom()
print(gc.get_threshold()[0] == 50_000, gc.get_freeze_count())
collect_as_usual()
print(gc.get_threshold() == usual, gc.get_freeze_count() > 1000)
frozen = gc.get_freeze_count()
later = [[] for _ in range(2000)]
collect_as_usual()
print(gc.get_freeze_count() == frozen)
gc.unfreeze()
"""


def test_seldom_until_the_first_job_of_a_sweep_has_ended() -> None:
    """What has been imported is frozen once; garbage of later jobs is not, and nothing is looked at in the end."""
    ran = subprocess.run([sys.executable, "-c", SEEN], capture_output=True, text=True, check=True)
    assert ran.stdout.split("\n") == ["True 0", "True 0", "True True", "True", "at the end True", ""]


def test_the_command_collects_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    from cofail_lab import cli, garbage

    called = []
    monkeypatch.setattr(garbage, "collect_seldom", lambda: called.append(1))
    monkeypatch.setattr(sys, "argv", ["cofail-lab", "experiment=nothing"])
    with pytest.raises(SystemExit):
        cli.main()
    assert called == [1]


def test_a_sweep_ends_it_after_its_first_job(tmp_path: Path) -> None:
    """In the process that runs the jobs; the fork server of workers begins seldom as well."""
    code = "import gc, atexit\nprint(gc.get_threshold()[0])\nfrom cofail_lab.cli import main"
    code += "\natexit.register(lambda: print(gc.get_threshold()[0]))\nmain()"
    arguments = ["-m", "experiment=certify", "data.pool_size=8"]
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    words = ran.stdout.split()
    assert words[0] == words[-1]


def test_the_fork_server_collects_seldom() -> None:
    code = f"import gc, {workers._FIRST}\nprint(gc.get_threshold()[0])"
    assert int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout) >= 50_000


@pytest.mark.skipif(sys.platform != "linux", reason="there is a fork server on Linux alone")
def test_it_is_the_first_that_the_fork_server_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    preloaded = []
    monkeypatch.setattr(ForkServerContext, "set_forkserver_preload", lambda _, modules: preloaded.extend(modules))
    monkeypatch.setattr(forkserver, "ensure_running", lambda: None)
    workers.prepare("cofail_lab.errors")
    assert preloaded == [workers._FIRST, "cofail_lab.errors"]
