"""Fixtures shared by all tests."""

import fcntl
import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from hydra.core.global_hydra import GlobalHydra

from cofail_lab import cli, command_line
from cofail_lab.data import load_outcomes
from cofail_lab.outcomes import Outcomes

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TESTS = Path(__file__).resolve().parent
REAL_DATA = TESTS.parents[1] / "shared" / "data"
COMMAND = (sys.executable, "-m", "cofail_lab")
# Files that take twenty seconds and more: they begin first, so that workers end together.
LONGEST = (
    *("models/test_sampling.py", "models/test_base.py", "models/test_derivatives.py", "fitting/test_any_matrix.py"),
    *("claims/propositions/test_verdicts.py", "experiments/test_fit.py", "sweep/test_engines.py", "test_cli.py"),
    *("experiments/test_workers.py", "sweep/test_resume.py", "sweep/test_controller.py", "browser/test_page.py"),
    *("test_examples.py", "models/test_edges.py", "fitting/estimators/test_clayton.py", "models/test_tail.py"),
    *("fitting/estimators/test_atom.py", "fitting/replicates/test_stages.py", "fitting/test_matrix.py"),
    *("sweep/test_jobs.py", "sweep/test_shards.py", "fitting/readings/test_tail_test.py"),
)
# Reads a hundred files, which takes longer than many a command.
_config_keys = cache(command_line.config_keys)
# Bytes by which a process grows before it forgets what it has compiled; pytest's cache still has it.
GROWTH = 2e9


def pytest_configure(config: pytest.Config) -> None:
    """Keep what JAX compiles in pytest's cache: for workers, for commands that tests start and for later runs."""
    if hasattr(config, "cache") and config.cache is not None:
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(config.cache.mkdir("compiled")))
    # On small tables, threads that wait for each other take twice the time of one.
    for library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(library, "1")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    if "jax" in sys.modules:
        # The conftest of a folder that the command names is imported before this, and JAX has read its settings.
        settings = sys.modules["jax"].config
        settings.update("jax_compilation_cache_dir", os.environ.get("JAX_COMPILATION_CACHE_DIR"))
        least = float(os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"])
        settings.update("jax_persistent_cache_min_compile_time_secs", least)
    # Files are given to workers in the order below, and not by how many tests they have.
    config.option.loadscopereorder = False


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end: looking through it for garbage, now or later, takes time and finds none."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first."""
    place = {TESTS / name: k for k, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


def _resident() -> float:
    """Bytes of this process in memory; 0 where the system does not say."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if pages.exists() else 0.0


@pytest.fixture(scope="session")
def _forgotten_at() -> list[float]:
    """Bytes of the process when it last forgot what it has compiled."""
    return [0.0]


@pytest.fixture(scope="module", autouse=True)
def _bounded_memory(_forgotten_at: list[float]) -> Iterator[None]:
    """Compiled code of hundreds of tests takes gigabytes."""
    yield
    if "jax" in sys.modules and _resident() > _forgotten_at[0] + GROWTH:
        sys.modules["jax"].clear_caches()
        _forgotten_at[0] = _resident()


class Done(NamedTuple):
    """What a command came to: its exit code, and what it wrote to standard output and to standard error."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Run:
    """Runs ``cofail-lab`` in a folder: ``run("experiment=certify", ...)`` returns what it came to."""

    folder: Path
    patch: pytest.MonkeyPatch | None = None
    capture: pytest.CaptureFixture[str] | None = None

    def __call__(self, *arguments: str, process: bool = False, **environment: str) -> Done:
        """In this process, or where a test needs it (`process`) in one of its own, with `environment` added."""
        if process:
            command, variables = [*COMMAND, *arguments], self._variables(environment)
            done = subprocess.run(
                command, cwd=self.folder, env=variables, capture_output=True, text=True, timeout=500, check=False
            )
            return Done(done.returncode, done.stdout, done.stderr)
        assert self.patch is not None
        assert self.capture is not None
        assert not environment
        self.patch.setattr(sys, "argv", ["cofail-lab", *arguments])
        GlobalHydra.instance().clear()
        code = 0
        try:
            cli.main()
        except SystemExit as leave:
            code = int(leave.code or 0)
        return Done(code, *self.capture.readouterr())

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """A process that the test can kill; what it writes is dropped."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self._variables(environment),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @staticmethod
    def _variables(environment: dict[str, str]) -> dict[str, str]:
        return {**os.environ, "COLUMNS": "100", **environment}


def real_path(name: str, suffix: str = ".csv.gz") -> Path:
    """Real data that lives beside the project; absent it is a failure in CI and a stated skip elsewhere."""
    path = REAL_DATA / (name + suffix)
    if not path.exists():
        message = f"{path.name} is not at {REAL_DATA}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Headless Chromium, one for all tests of a process: Playwright's second in the same thread fails.

    Absent it is a failure in CI and a stated skip elsewhere.
    """
    program = shutil.which("chromium")
    if program is None:
        message = "no Chromium: apt-get install -y chromium (the Debian package), and the tests of pages run"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    flags = ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking")
    with sync_playwright() as playwright:
        arguments = [f"--{flag}" for flag in (*flags, "disable-component-update", "disable-sync")]
        started = playwright.chromium.launch(executable_path=program, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="session")
def real() -> Callable[[str], Outcomes]:
    """Loads a real matrix by name, once."""
    loaded: dict[str, Outcomes] = {}

    def load(name: str) -> Outcomes:
        if name not in loaded:
            loaded[name] = load_outcomes(real_path(name))
        return loaded[name]

    return load


@pytest.fixture(scope="session")
def inspect_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real Inspect logs, see `inspect_logs`."""
    return _made_by("inspect_logs.py", tmp_path_factory)


@pytest.fixture(scope="session")
def harness_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real outputs of lm-evaluation-harness, see `lm_eval_logs`."""
    return _made_by("lm_eval_logs.py", tmp_path_factory)


def _made_by(maker: str, factory: pytest.TempPathFactory) -> Path:
    """Run a maker of logs in a process of its own, once for all workers, which only read what it makes.

    Its package is in the dev extra: its absence is a failure.
    """
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / maker.removesuffix(".py")
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "XDG_DATA_HOME": str(folder / "share"), "XDG_CACHE_HOME": str(folder / "cache")}
    command = [sys.executable, str(Path(__file__).with_name("data") / "makers" / maker), str(folder)]
    whole = folder / "whole"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)
            assert done.returncode == 0, done.stderr[-2000:]
            whole.touch()
    return folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """The command in an empty folder, which is the working folder of the test too."""
    monkeypatch.setattr(command_line, "config_keys", _config_keys)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    yield Run(tmp_path, monkeypatch, capsys)
    GlobalHydra.instance().clear()


@pytest.fixture
def few_histograms(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the tail, most of a small fit, by a tenth of its histograms: for tests of what is around it."""
    from cofail_lab.fitting import calibration

    whole = calibration.test_tail
    monkeypatch.setattr(calibration, "test_tail", lambda *each, **named: whole(*each, **{**named, "n_simulated": 99}))


@pytest.fixture
def rng() -> np.random.Generator:
    """A fixed seed: no test depends on luck."""
    return np.random.default_rng(20260927)


def outcomes_from(wrong: np.ndarray, **columns: object) -> Outcomes:
    """A matrix with made-up names."""
    n, m = wrong.shape
    names = {"queries": tuple(f"q{i}" for i in range(n)), "models": tuple(f"m{j}" for j in range(m))}
    return Outcomes(wrong=np.asarray(wrong, dtype=bool), source="test", **{**names, **columns})  # type: ignore[arg-type]
