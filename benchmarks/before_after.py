"""``before_after BASE [ARGUMENTS]``: the command of this tree against that of another commit, in turn.

``ARGUMENTS`` are those of ``cofail-lab``; without any it is the default run. Compiled code is cached by a first run of
each that is not counted. CPU seconds are those of all processes that a command starts.
"""

import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.row import Row

_ROOT = Path(__file__).resolve().parents[1]
_WORKTREE = ("git", "-C", str(_ROOT), "worktree")
_ROUNDS = 2
_CHILDREN_OF_CHILDREN = 36  # PR_SET_CHILD_SUBREAPER of prctl: orphans become children of this process.


def compare(base: str, arguments: list[str]) -> list[Row]:
    """Wall and CPU seconds of both, the least of the rounds."""
    ctypes.CDLL(None).prctl(_CHILDREN_OF_CHILDREN, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as scratch:
        other = Path(scratch) / "base"
        subprocess.run([*_WORKTREE, "add", "--detach", other, base], check=True)
        try:
            trees = {"before": other, "after": _ROOT}
            taken: dict[str, list[tuple[float, float]]] = {"before": [], "after": []}
            for number in range(_ROUNDS + 1):
                for name, tree in trees.items():
                    seconds = _seconds(tree, arguments, Path(scratch) / name)
                    taken[name].extend([seconds] if number else [])
        finally:
            subprocess.run([*_WORKTREE, "remove", "--force", other], check=True)
    wall, cpu = ({name: min(s[k] for s in taken[name]) for name in taken} for k in (0, 1))
    what = " ".join(["cofail-lab", *arguments])
    note = f"least of {_ROUNDS} each; load {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores"
    return [
        Row(f"{what}, {kind}", s["after"], f"{base}: {s['before']:.1f} s", s["before"] / s["after"], note=note)
        for kind, s in (("wall", wall), ("CPU of all processes", cpu))
    ]


def _seconds(tree: Path, arguments: list[str], scratch: Path) -> tuple[float, float]:
    """Wall and CPU seconds of a command, of a tree and in a folder of its own; what it says where it fails."""
    scratch.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "XDG_CACHE_HOME": str(scratch)}
    before, begun = _cpu(), time.monotonic()
    command = [sys.executable, "-m", "cofail_lab", *arguments]
    ran = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{scratch.name}: {ran.stderr.strip()}")
    wall = time.monotonic() - begun
    # What the command has left behind, such as a server of processes, ends a moment later.
    with suppress(ChildProcessError):
        while True:
            os.wait()
    return wall, _cpu() - before


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
