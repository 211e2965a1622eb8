"""`python -m studies.planted`: plants errors in a copy of the project, one at a time, and runs its own tests.

An error that no test catches is a survivor. Each area has a list of errors, ``studies/planted/<area>.yaml``; an entry
says which text in which file becomes which other text, what is wrong then, and which tests should fail. The whole run
writes docs/planted.md. The exit code is 1 where an error survives that is not marked equivalent with a reason.
``--keep`` goes on where an interrupted run stopped.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Literal, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[1]
LISTS = ROOT / "studies" / "planted"
PAGE = ROOT / "docs" / "planted.md"
# What the tests need of the tree; shared data is a link beside it.
COPIED = (
    "src",
    "tests",
    "conf",
    "docs",
    "studies",
    "benchmarks",
    "examples",
    "README.md",
    "CHANGELOG.md",
    "CITATION.cff",
)
COPIED_TOO = ("pyproject.toml", "CONTRIBUTING.md", "LICENSE", ".ci")
# A planted error that makes a test run for ever is noticed as well.
SECONDS = 600
NO_TEST_RAN = 5

State = Literal["caught", "survived", "equivalent"]


class Planted(NamedTuple):
    """One error.

    Attributes:
        area: the list that it is in.
        file: path in the tree.
        old, new: the text in the file, which occurs exactly once, and what it becomes.
        what: what is wrong then.
        tests: arguments of pytest that should fail, as short as they can be.
        equivalent: why no result can differ; None where one can.
    """

    area: str
    file: str
    old: str
    new: str
    what: str
    tests: tuple[str, ...]
    equivalent: str | None = None

    def stale(self, text: str) -> str | None:
        """Why the error can no longer be planted in the ``text`` of its file; None where it can."""
        if self.old == self.new:
            return "old and new are the same"
        found = text.count(self.old)
        return None if found == 1 else f"old occurs {found} times, once is needed"


class Outcome(NamedTuple):
    """What the tests made of one error.

    Attributes:
        planted: the error.
        state: whether a test failed.
        seconds: how long the tests ran.
    """

    planted: Planted
    state: State
    seconds: float


def read(areas: Sequence[str] | None = None) -> list[Planted]:
    """The errors of some areas, or of all."""
    paths = sorted(LISTS.glob("*.yaml")) if areas is None else [LISTS / f"{area}.yaml" for area in areas]
    return [
        Planted(**{**entry, "area": path.stem, "tests": tuple(entry["tests"])})
        for path in paths
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def sample(errors: Sequence[Planted], n: int) -> list[Planted]:
    """At most ``n`` errors, spread evenly over the areas and the files."""
    return [errors[int((i + 0.5) * len(errors) / n)] for i in range(n)] if n < len(errors) else list(errors)


def copy_tree(folder: Path) -> Path:
    """A copy of the project in ``folder``, with the shared data beside it where this machine has it."""
    tree = folder / "main"
    tree.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, tree / name)
    shared = ROOT.parent / "shared"
    if shared.exists():
        (folder / "shared").symlink_to(shared)
    return tree


def run_tests(tree: Path, tests: Iterable[str]) -> bool:
    """Whether the tests pass in a tree; ValueError where pytest finds none of them."""
    variables = os.environ | {"PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not slow", *tests]
    try:
        done = subprocess.run(
            command, cwd=tree, env=variables, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    if done.returncode == NO_TEST_RAN or "not found:" in done.stdout + done.stderr:
        raise ValueError(f"no test ran: {' '.join(tests)}\n{done.stdout[-500:]}{done.stderr[-500:]}")
    return done.returncode == 0


def plant(tree: Path, error: Planted) -> Outcome:
    """Plant one error in a tree, run its tests, and take it out again."""
    path, begun = tree / error.file, time.monotonic()
    text = path.read_text(encoding="utf-8")
    reason = error.stale(text)
    if reason is not None:
        raise ValueError(f"{error.area}, {error.file}: {reason}: {error.old!r}")
    path.write_text(text.replace(error.old, error.new), encoding="utf-8")
    try:
        survived = run_tests(tree, error.tests)
    finally:
        path.write_text(text, encoding="utf-8")
    state: State = "caught" if not survived else "survived" if error.equivalent is None else "equivalent"
    return Outcome(error, state, time.monotonic() - begun)


class Kept:
    """Outcomes in a file, so that a run can go on; an error that was changed since is planted again.

    Args:
        path: of the file; None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path, self._lock = path, Lock()
        self._known: dict[str, list] = json.loads(path.read_text()) if path is not None and path.exists() else {}

    def get(self, error: Planted) -> Outcome | None:
        """What is known of an error."""
        found = self._known.get(json.dumps(error))
        return None if found is None else Outcome(error, *found)

    def add(self, outcome: Outcome) -> None:
        """Keep one more."""
        with self._lock:
            self._known[json.dumps(outcome.planted)] = [outcome.state, round(outcome.seconds, 1)]
            if self._path is not None:
                self._path.write_text(json.dumps(self._known, indent=0), encoding="utf-8")


def run(errors: Sequence[Planted], workers: int, kept: Kept) -> list[Outcome]:
    """Plant all errors that nothing is known of, ``workers`` at a time, each worker in a tree of its own."""
    fresh = [error for error in errors if kept.get(error) is None]
    for outcome in _planted(fresh, max(1, min(workers, len(fresh)))) if fresh else ():
        kept.add(outcome)
        print(
            f"{outcome.state:10} {outcome.seconds:4.0f} s  {outcome.planted.file}: {outcome.planted.what}", flush=True
        )
    return [outcome for error in errors if (outcome := kept.get(error)) is not None]


def _planted(errors: Sequence[Planted], workers: int) -> Iterator[Outcome]:
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(workers) as pool:
        trees: SimpleQueue[Path] = SimpleQueue()
        for worker in range(workers):
            trees.put(copy_tree(Path(scratch) / str(worker)))

        def one(error: Planted) -> Outcome:
            tree = trees.get()
            try:
                outcome = plant(tree, error)
            finally:
                trees.put(tree)
            return outcome

        tests = sorted({test for error in errors for test in error.tests})
        tree = trees.get()
        if not run_tests(tree, tests):
            raise SystemExit("The tests fail without any planted error: nothing can be learned from them.")
        trees.put(tree)
        yield from pool.map(one, errors)


def page(outcomes: Sequence[Outcome]) -> str:
    """The text of docs/planted.md."""
    lines = [
        "# Planted errors",
        "",
        "Written by `python -m studies.planted`: realistic errors, planted one at a time in a copy of the project, and",
        "whether its own tests fail. *Equivalent* errors change no result, for the reason that their list states; they",
        "are not counted. The lists are `studies/planted/<area>.yaml`.",
        "",
        "| area | planted | caught | share |",
        "|---|---|---|---|",
    ]
    counted = [outcome for outcome in outcomes if outcome.state != "equivalent"]
    areas = sorted({outcome.planted.area for outcome in counted})
    lines += [_row(area, [outcome for outcome in counted if outcome.planted.area == area]) for area in areas]
    lines += [_row("**all**", counted), ""]
    for title, state in (("Survivors", "survived"), ("Equivalent", "equivalent")):
        found = [outcome.planted for outcome in outcomes if outcome.state == state]
        lines += [f"## {title}", "", *(_item(error) for error in found), *([] if found else ["None."]), ""]
    return "\n".join(lines)


def _row(name: str, outcomes: Sequence[Outcome]) -> str:
    caught = sum(outcome.state == "caught" for outcome in outcomes)
    return f"| {name} | {len(outcomes)} | {caught} | {caught / max(1, len(outcomes)):.1%} |"


def _item(error: Planted) -> str:
    reason = f" {error.equivalent}" if error.equivalent else ""
    return f"- `{error.file}`: {error.what}.{reason}"


def main() -> None:
    """Run as the module's first line says."""
    parser = argparse.ArgumentParser(prog="python -m studies.planted", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--areas", nargs="+", help="only these lists; the page is written only for all")
    parser.add_argument("--sample", type=int, help="only so many errors, spread evenly")
    parser.add_argument("--keep", type=Path, help="file that outcomes are kept in, and taken from")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="errors at a time")
    asked = parser.parse_args()
    errors = read(asked.areas)
    chosen = errors if asked.sample is None else sample(errors, asked.sample)
    outcomes = run(chosen, asked.workers, Kept(asked.keep))
    survivors = sum(outcome.state == "survived" for outcome in outcomes)
    caught = sum(outcome.state == "caught" for outcome in outcomes)
    print(f"{caught} of {caught + survivors} planted errors caught.")
    if chosen == read():
        PAGE.write_text(page(outcomes), encoding="utf-8")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
