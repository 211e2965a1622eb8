"""Runs pytest in forks of one process that has the heavy libraries: to import them takes longer than most tests.

`python -m studies.forked` is that process: it reads a request a line and answers each with a line. It never imports the
project, so that every fork imports it from the tree that it is asked to test, and it computes nothing: no library has
started a thread when it forks.
"""

import contextlib
import gc
import importlib
import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

ROOT = Path(__file__).resolve().parents[1]
# Those that take longer than a hundredth of a second. One that is absent is imported by nobody.
HEAVY = (
    *("jax", "jax.numpy", "jax.scipy.special", "jax.scipy.stats", "equinox", "jaxtyping", "cvxpy", "mpmath"),
    *("scipy.stats", "scipy.optimize", "scipy.integrate", "scipy.interpolate", "scipy.sparse.linalg", "scipy.cluster"),
    *("hydra", "hydra.main", "omegaconf", "rich.console", "rich.table", "yaml", "pyarrow.parquet", "pyarrow.csv"),
    *("sklearn.linear_model", "sklearn.ensemble", "sklearn.neighbors", "sklearn.decomposition", "sklearn.svm"),
    *("matplotlib.figure", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "matplotlib.pyplot"),
    *("matplotlib.font_manager", "pandas", "narwhals", "openpyxl", "pytest", "hypothesis.strategies"),
)
# Pytest rewrites what it imports itself, for better messages; what is imported already it cannot.
PYTEST = ("-q", "-p", "no:cacheprovider", "-m", "not slow", "-W", "ignore::pytest.PytestAssertRewriteWarning")
_BROKEN, _NO_TEST_RAN = 3, 5
# Waited for too long; or the system has stopped it at the limit of CPU, for which it has two ways.
_STOPPED = (None, -signal.SIGXCPU, -signal.SIGKILL)
# On a busy machine a second of CPU can take this many on the clock.
_WAITS = 10


class Ran(NamedTuple):
    """What became of some tests.

    Attributes:
        passed: no test failed, and at least one ran.
        failed: node ids of what failed, in order; empty where pytest itself stopped, or was stopped at the time limit.
        seconds: of CPU that they took.
        stopped: they came to the time limit.
    """

    passed: bool
    failed: tuple[str, ...]
    seconds: float = 0.0
    stopped: bool = False


class Forked:
    """The process, as a context; one request at a time.

    Args:
        environment: variables of it, and so of all tests.
        libraries: what it imports.
    """

    def __init__(self, environment: dict[str, str], libraries: Iterable[str] = HEAVY) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "studies.forked", *libraries],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            # Plugins that happen to be installed take as long to load as many tests to run.
            # Compiled code that is checked by time alone would hide a change as long and as old as what it replaces.
            env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"} | environment,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()

    def run(self, tree: Path, tests: Iterable[str], seconds: float, *options: str) -> Ran:
        """Run tests of a tree, with further options of pytest.

        Args:
            tree: the folder that they run in.
            tests: arguments of pytest.
            seconds: of CPU, after which they are stopped; a test that waits is stopped after ten times as many.
            options: of pytest, further ones.

        Raises:
            ValueError: pytest finds none of them.
            RuntimeError: pytest itself does not run.
        """
        request = {"tree": str(tree), "arguments": [*PYTEST, *options, *tests], "seconds": seconds}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        log = Path(answer["log"]).read_text(encoding="utf-8", errors="replace")
        if answer["code"] == _NO_TEST_RAN or "ERROR: not found:" in log or "ERROR: file or directory not found" in log:
            raise ValueError(f"no test ran: {' '.join(tests)}\n{log[-1000:]}")
        if answer["code"] == _BROKEN:
            raise RuntimeError(f"pytest does not run: {' '.join(tests)}\n{log[-1000:]}")
        stopped = answer["code"] in _STOPPED
        return Ran(answer["code"] == 0, tuple(answer["failed"]), answer["seconds"], stopped)


def _serve(libraries: Iterable[str]) -> None:
    # What `python -m` has added for this module itself.
    sys.path[:] = [path for path in sys.path if Path(path).resolve() not in (ROOT, ROOT / "src")]
    sys.modules.pop("studies", None)
    for name in libraries:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # What is kept for ever is not looked through again in each fork.
    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(_answer(**json.loads(line))), flush=True)


def _answer(tree: str, arguments: list[str], seconds: float) -> dict[str, Any]:
    log, failed = Path(tree, ".planted.log"), Path(tree, ".planted.json")
    failed.write_text("[]", encoding="utf-8")
    child = os.fork()
    if child == 0:
        _test(Path(tree), arguments, seconds, log, failed)
    code, took = _ended(child, time.monotonic() + _WAITS * seconds)
    return {"code": code, "seconds": took, "failed": json.loads(failed.read_text(encoding="utf-8")), "log": str(log)}


def _ended(child: int, end: float) -> tuple[int | None, float]:
    """The exit code and CPU seconds of a fork; the code None where it waits: it is killed with all that it started."""
    while True:
        found, status, usage = os.wait4(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
            _, _, usage = os.wait4(child, 0)
            return None, usage.ru_utime + usage.ru_stime
        time.sleep(0.02)


def _test(tree: Path, arguments: list[str], seconds: float, log: Path, failed: Path) -> None:
    """In a fork: run pytest and leave with its exit code, without the tidying of a process that is not this one's."""
    code = _BROKEN
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds)))
        os.chdir(tree)
        with log.open("wb") as out, Path(os.devnull).open("rb") as nothing:
            for old, new in ((nothing, 0), (out, 1), (out, 2)):
                os.dup2(old.fileno(), new)
        os.environ["PYTHONPATH"] = str(tree / "src")
        sys.path[:0] = [str(tree), str(tree / "src")]
        import pytest

        listener = _Failed()
        code = int(pytest.main(arguments, plugins=[listener]))
        failed.write_text(json.dumps(listener.names), encoding="utf-8")
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


class _Failed:
    """A plugin of pytest: the names of what fails."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.pytest_collectreport(report)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed and report.nodeid not in self.names:
            self.names.append(report.nodeid)


if __name__ == "__main__":
    _serve(sys.argv[1:])
