"""`python -m studies.planted`: plants errors in a copy of the project, one at a time, and runs its own tests.

An error that no test catches is a survivor. Each area has a list of errors, ``studies/planted/<area>.yaml``; an entry
says which text in which file becomes which other text, what is wrong then, and which tests should fail. The whole run
writes docs/planted.md. The exit code is 1 where an error survives that is not marked equivalent with a reason.
``--keep`` goes on where an interrupted run stopped. At the end, each test that caught an error must pass without it.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from compileall import compile_dir
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from py_compile import PycInvalidationMode
from queue import SimpleQueue
from threading import Lock
from typing import Literal, NamedTuple

import yaml

from studies.forked import Forked, Ran

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
    "CONTRIBUTING.md",
    "LICENSE",
    "pyproject.toml",
    ".ci",
)
# Of CPU: what makes its tests run for longer, and for so many times as long as they take without it, is caught as well.
SECONDS, TIMES = 20.0, 5.0
# Of CPU, for tests without an error.
LONGEST = 300.0

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
        by: the test that failed first; empty where none did, or where pytest could not even begin or end.
        commit: what was tested.
        sound: whether the test was seen to pass without the error.
    """

    planted: Planted
    state: State
    seconds: float
    by: str = ""
    commit: str = ""
    sound: bool = False


def read(areas: Sequence[str] | None = None) -> list[Planted]:
    """The errors of some areas, or of all."""
    paths = sorted(LISTS.glob("*.yaml")) if areas is None else [LISTS / f"{area}.yaml" for area in areas]
    return [
        Planted(**entry | {"area": path.stem, "tests": tuple(entry["tests"])})
        for path in paths
        for entry in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
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
    # Checked by content and not by time: a planted error may be as long as what it replaces, and as old.
    compile_dir(str(tree), quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    shared = ROOT.parent / "shared"
    if shared.exists():
        (folder / "shared").symlink_to(shared)
    return tree


class Tree(NamedTuple):
    """A copy of the project that errors are planted in, and the process that tests it.

    Attributes:
        folder: of the copy.
        forked: the process.
        commit: what it is a copy of.
    """

    folder: Path
    forked: Forked
    commit: str = ""

    def run(self, tests: Sequence[str], seconds: float = LONGEST, *options: str) -> Ran:
        """Run some tests; ValueError where pytest finds none of them."""
        # Examples that hypothesis found for one error would help to catch the next.
        shutil.rmtree(self.folder / ".hypothesis", ignore_errors=True)
        return self.forked.run(self.folder, tests, seconds, *options)

    def plant(self, error: Planted) -> Outcome:
        """Plant one error, run its tests until one fails, and take it out again."""
        path, begun = self.folder / error.file, time.monotonic()
        text = path.read_text(encoding="utf-8")
        reason = error.stale(text)
        if reason is not None:
            raise ValueError(f"{error.area}, {error.file}: {reason}: {error.old!r}")
        ran = self._run_with(path, text.replace(error.old, error.new), error.tests, SECONDS)
        if ran.stopped:
            usual = self.run(error.tests, LONGEST).seconds
            if TIMES * usual > SECONDS:
                ran = self._run_with(path, text.replace(error.old, error.new), error.tests, TIMES * usual)
        state: State = "caught" if not ran.passed else "survived" if error.equivalent is None else "equivalent"
        return Outcome(error, state, time.monotonic() - begun, (*ran.failed, "")[0], self.commit)

    def _run_with(self, path: Path, text: str, tests: Sequence[str], seconds: float) -> Ran:
        """Run some tests, until one fails, while a file has another text."""
        before = path.read_text(encoding="utf-8")
        path.write_text(text, encoding="utf-8")
        try:
            return self.run(tests, seconds, "-x")
        finally:
            path.write_text(before, encoding="utf-8")

    def unsound(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Those errors that were caught by a test that fails without them as well."""
        caught = [outcome for outcome in outcomes if outcome.state == "caught"]
        tests = {test: None for outcome in caught for test in _of(outcome)}
        ran = self.run(list(tests), LONGEST * len(tests)) if tests else Ran(True, ())
        if not ran.passed and not ran.failed:  # pytest has not come to the tests
            return caught
        return [outcome for outcome in caught if any(test.startswith(_of(outcome)) for test in ran.failed)]


def _of(outcome: Outcome) -> tuple[str, ...]:
    """How the names of the tests begin by which an error was caught: a parameter may be what the error itself gave."""
    return (outcome.by.partition("[")[0],) if outcome.by else outcome.planted.tests


class Kept:
    """Outcomes in a file, so that a run can go on; of an error that was changed since it knows nothing.

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

    def to_plant(self, errors: Sequence[Planted]) -> list[Planted]:
        """Those of which nothing is known, and those that survived: their tests may be better now."""
        return [error for error in errors if (found := self.get(error)) is None or found.state == "survived"]

    def add(self, outcome: Outcome) -> None:
        """Keep one more."""
        self._change(outcome.planted, [outcome.state, round(outcome.seconds, 1), *outcome[3:]])

    def forget(self, outcome: Outcome) -> None:
        """Know nothing any more of one error."""
        self._change(outcome.planted, None)

    def _change(self, error: Planted, found: list | None) -> None:
        with self._lock:
            self._known.pop(json.dumps(error), None)
            if found is not None:
                self._known[json.dumps(error)] = found
            if self._path is not None:
                self._path.write_text(json.dumps(self._known, indent=0), encoding="utf-8")


def run(errors: Sequence[Planted], workers: int, kept: Kept) -> list[Outcome]:
    """Plant all errors that are not known to be caught, ``workers`` at a time, each worker in a tree of its own."""
    fresh = kept.to_plant(errors)
    known = [outcome for error in errors if (outcome := kept.get(error)) is not None]
    if not fresh and not any(map(_unchecked, known)):
        return known
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack, ThreadPoolExecutor(workers) as pool:
        trees: SimpleQueue[Tree] = SimpleQueue()
        for worker in range(max(1, min(workers, len(fresh)))):
            folder = copy_tree(Path(scratch) / str(worker))
            trees.put(Tree(folder, stack.enter_context(Forked(_environment(Path(scratch)))), _commit()))

        def one(error: Planted) -> Outcome:
            tree = trees.get()
            try:
                return tree.plant(error)
            finally:
                trees.put(tree)

        for outcome in pool.map(one, fresh):
            kept.add(outcome)
            seconds, error = f"{outcome.seconds:4.0f} s", outcome.planted
            print(f"{outcome.state:10} {seconds}  {error.file}: {error.what}", flush=True)
        _check(trees.get(), [outcome for error in errors if (outcome := kept.get(error)) is not None], kept)
    return [outcome for error in errors if (outcome := kept.get(error)) is not None]


def _check(tree: Tree, outcomes: Sequence[Outcome], kept: Kept) -> None:
    """Leave with a message where a test that has caught an error fails without it as well."""
    unchecked = list(filter(_unchecked, outcomes))
    unsound = tree.unsound(unchecked)
    for outcome in unchecked:
        if outcome in unsound:
            kept.forget(outcome)
            print(f"fails without the error as well: {outcome.by or ' '.join(outcome.planted.tests)}", flush=True)
        else:
            kept.add(outcome._replace(sound=True))
    if unsound:
        raise SystemExit("Nothing can be learned from tests that fail without any planted error.")


def _unchecked(outcome: Outcome) -> bool:
    return outcome.state == "caught" and not outcome.sound


def _environment(scratch: Path) -> dict[str, str]:
    """Variables of the tests: what JAX compiles for one is kept for all, unless the user keeps it already."""
    folder = os.environ.get("JAX_COMPILATION_CACHE_DIR", str(scratch / "jax"))
    return {"JAX_COMPILATION_CACHE_DIR": folder, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.05"}


def _commit() -> str:
    """The commit that is tested, with a + where the tree differs from it."""
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def page(outcomes: Sequence[Outcome], n_listed: int) -> str:
    """The text of docs/planted.md, from the outcomes of some or all of the listed errors."""
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
    commits = Counter(outcome.commit for outcome in outcomes).most_common()
    at = ", ".join(f"{commit} ({n})" for commit, n in commits)
    listed = f"{len(outcomes):,} of the {n_listed:,} listed errors have been planted, at these commits"
    lines += [f"{listed}: {at}; + is a tree with changes.", ""]
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
    parser.add_argument("--page", action="store_true", help="only write the page, from what --keep has")
    parser.add_argument("--sample", type=int, help="only so many errors, spread evenly")
    parser.add_argument("--keep", type=Path, help="file that outcomes are kept in, and taken from")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="errors at a time")
    asked = parser.parse_args()
    if asked.page:
        kept = Kept(asked.keep)
        known = [outcome for error in read() if (outcome := kept.get(error)) is not None and not _unchecked(outcome)]
        PAGE.write_text(page(known, len(read())), encoding="utf-8")
        return
    errors = read(asked.areas)
    chosen = errors if asked.sample is None else sample(errors, asked.sample)
    outcomes = run(chosen, asked.workers, Kept(asked.keep))
    survivors = sum(outcome.state == "survived" for outcome in outcomes)
    caught = sum(outcome.state == "caught" for outcome in outcomes)
    print(f"{caught} of {caught + survivors} planted errors caught.")
    if chosen == read():
        PAGE.write_text(page(outcomes, len(chosen)), encoding="utf-8")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
