"""`python -m studies.unseen LIST.yaml`: errors that no test was written for, and how many the tests catch all the same.

Who writes such a list reads the source and no test. An entry is one of ``studies/planted`` without its tests: those
that run the changed lines are taken, as coverage has seen them:

    pytest -m 'not slow' -n 2 --dist loadfile --cov cofail_lab --cov-context=test --cov-report=

A list says when and at which commit it was written. What became of it is written to LIST.outcomes.json, and a table for
each list to docs/unseen.md; with ``--keep`` a run that was interrupted goes on. An error that survives gets a test
afterwards: the same list cannot be used twice. Tests that start programs are not seen by coverage, and do not run;
an entry about a file that it does not see at all, such as a script of a page, names its ``tests``.
"""

import argparse
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from scipy.stats import beta

from coverage import CoverageData
from studies.planted import ROOT, Kept, Outcome, Planted, run

LISTS = ROOT / "studies" / "unseen"
PAGE = ROOT / "docs" / "unseen.md"
# Tests for one error: of more, those that run the fewest files of the product, which say most about each.
_MOST = 300
# Parameters that pytest does not find again by the name that it gives them.
_ODD = re.compile(r"\[.*[^\w\s.,=()*+/<>|'\"{}-].*\]", re.DOTALL)


class Covering:
    """Which tests run which lines.

    Args:
        path: what coverage has written.
    """

    def __init__(self, path: Path) -> None:
        self._data = CoverageData(str(path))
        self._data.read()
        self._files = {Path(name).as_posix().rpartition("/src/")[2]: name for name in self._data.measured_files()}
        self._reach: dict[str, int] = defaultdict(int)
        for name in self._files.values():
            for test in self._tests(self._lines(name), None):
                self._reach[test] += 1

    def tests(self, file: str, lines: range) -> list[str]:
        """Tests that run some lines of a file, the closest first; of the whole file where they run on import only."""
        name = self._files.get(file.removeprefix("src/"))
        if name is None:
            return []
        by_line = self._lines(name)
        found = self._tests(by_line, lines) or self._tests(by_line, None)
        stem = Path(file).stem
        ordered = sorted(found, key=lambda test: (f"test_{stem}.py" not in test, self._reach[test], test))
        return list(dict.fromkeys(_named(test) for test in ordered))[:_MOST]

    def _lines(self, name: str) -> dict[int, list[str]]:
        return self._data.contexts_by_lineno(name)

    @staticmethod
    def _tests(by_line: dict[int, list[str]], lines: range | None) -> set[str]:
        """Their names: a context is a test and one of its phases."""
        contexts = (by_line.get(line, []) for line in (by_line if lines is None else lines))
        return {test.rpartition("|")[0] for some in contexts for test in some} - {""}


def _named(test: str) -> str:
    """A test as pytest finds it again: with all of its parameters where one of them has an odd name."""
    return test.partition("[")[0] if _ODD.search(test) else test


def read(path: Path, covering: Covering | None = None) -> list[Planted]:
    """The errors of a list, with the tests that run what they change."""
    errors = []
    for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["errors"]:
        text = (ROOT / entry["file"]).read_text(encoding="utf-8") if covering else ""
        first = text.partition(entry["old"])[0].count("\n") + 1
        lines = range(first, first + entry["old"].count("\n") + 1)
        named = entry.pop("tests", [])
        tests = named or (covering.tests(entry["file"], lines) if covering else [])
        errors.append(Planted(**entry, tests=tuple(tests)))
    return errors


def outcomes_of(path: Path) -> list[dict[str, Any]]:
    """What is kept of a list: area, what, state, and the test that failed first."""
    kept = path.with_suffix(".outcomes.json")
    return json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else []


def page(lists: Iterable[Path]) -> str:
    """The text of docs/unseen.md."""
    lines = [
        "# Unseen errors",
        "",
        "Written by `python -m studies.unseen`: lists of realistic errors by somebody who read the source and no test,",
        "each planted in a copy of the project of that day, whose tests had not been written for them. The share has a",
        "95% interval (Clopper and Pearson), as if errors were drawn at random from all that an author can think of.",
    ]
    for path in lists:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
        known = outcomes_of(path)
        # What changes no result cannot be caught.
        rows = [row for row in known if row["state"] != "equivalent"]
        areas = sorted({row["area"] for row in rows})
        lines += [
            "",
            f"## {path.stem}",
            "",
            held["about"],
            "",
            "| area | planted | caught | share | 95% |",
            "|---|---|---|---|---|",
        ]
        lines += [_row(area, [row for row in rows if row["area"] == area]) for area in areas]
        lines += [_row("**all**", rows), ""]
        survived = [f"- {row['area']}, `{row['file']}`: {row['what']}." for row in rows if row["state"] != "caught"]
        lines += ["Survivors of that day:", "", *survived] if survived else ["No survivors."]
        if len(rows) < len(known):
            lines += ["", f"Planted and not counted, because they change nothing: {len(known) - len(rows)}."]
    return "\n".join([*lines, ""])


def _row(name: str, rows: Sequence[dict[str, Any]]) -> str:
    n, caught = len(rows), sum(row["state"] == "caught" for row in rows)
    low, high = shares(caught, n)
    return f"| {name} | {n} | {caught} | {caught / n:.1%} | {low:.1%} to {high:.1%} |"


def shares(caught: int, n: int) -> tuple[float, float]:
    """95% limits of a share of ``n`` (Clopper and Pearson)."""
    low = float(beta.ppf(0.025, caught, n - caught + 1)) if caught else 0.0
    high = float(beta.ppf(0.975, caught + 1, n - caught)) if caught < n else 1.0
    return low, high


def main() -> None:
    """Run as the module's first line says."""
    parser = argparse.ArgumentParser(prog="python -m studies.unseen", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("list", type=Path, nargs="?", help="errors; only the page is written where none is named")
    parser.add_argument("--coverage", type=Path, default=ROOT / ".coverage", help="what coverage has written")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="errors at a time")
    parser.add_argument("--keep", type=Path, help="file that outcomes are kept in, and taken from")
    asked = parser.parse_args()
    if asked.list is not None:
        errors = read(asked.list, Covering(asked.coverage))
        run_by = [error for error in errors if error.tests]
        outcomes = {outcome.planted: outcome for outcome in run(run_by, asked.workers, Kept(asked.keep))}
        rows = [_kept(error, outcomes.get(error)) for error in errors]
        text = json.dumps(rows, indent=1, ensure_ascii=False)
        asked.list.with_suffix(".outcomes.json").write_text(text + "\n", encoding="utf-8")
        print(f"{sum(row['state'] == 'caught' for row in rows)} of {len(rows)} unseen errors caught.")
    PAGE.write_text(page(sorted(LISTS.glob("*.yaml"), key=lambda path: path.stem)), encoding="utf-8")


def _kept(error: Planted, outcome: Outcome | None) -> dict[str, Any]:
    """An error and what became of it; no test at all runs what it changes where there is no outcome."""
    state, by = ("survived", "") if outcome is None else (outcome.state, outcome.by)
    return {"area": error.area, "file": error.file, "what": error.what, "state": state, "by": by}


if __name__ == "__main__":
    main()
