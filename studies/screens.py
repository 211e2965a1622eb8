"""What a fit shows on one screen, of the digits and of ten real matrices: the golden files of `tests/golden`.

``python -m studies.screens NAME ...`` prints the screens, of all matrices where none is named; ``--write`` writes the
golden files. The real matrices stay where they are: in golden files their models, queries and datasets have numbers for
names, and only aggregates remain (`masked`). Intervals and the comparison of laws are not on the screen and are left
out; about three minutes for all. A reviewer reads them: is it true, is it plain, does what voids the headline stand in
it?
"""

import io
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from cofail_lab.data.digits import DigitsSource
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.fit import Fit
from cofail_lab.grades import Cell, Grades
from cofail_lab.report.terminal import announce, render
from cofail_lab.result import Section

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden"
DATA = ROOT.parent / "shared" / "data"
REAL = (
    *("canaicode_junior", "chembench", "cruxeval_input", "cruxeval_output", "farel_bench", "medagents_zeroshot"),
    *("misguided_attention", "mmlu_pro", "swebench_pro_public", "zeroeval_crux"),
)
DIGITS = "digits"
# Nothing else of a fit is on the screen.
_FIT = Fit(bootstrap=0, folds=0)


class _Announced(Exception):  # noqa: N818  (no error)
    """Ends a fit that has said what the counts say."""


def load(name: str) -> Grades:
    """A matrix by name: ``digits`` as it is, a real one with numbers for names."""
    if name == DIGITS:
        return DigitsSource().load()
    return masked(WideSource(str(DATA / f"{name}.csv.gz")).load())


def masked(grades: Grades) -> Grades:
    """The same matrix with numbers for names, which tell nothing that the screen does not say: no row and no column.

    Queries that defeat everyone come first, and models from the best to the worst.
    """
    answered, wrong = grades.cells <= Cell.WRONG, grades.cells == Cell.WRONG
    defeated = answered.all(axis=1) & wrong.all(axis=1)
    complete = answered.all(axis=1)
    datasets = grades.per_query.get("dataset")
    names = np.zeros(len(defeated)) if datasets is None else np.unique(datasets.astype(str), return_inverse=True)[1]
    per_query = dict(grades.per_query)
    if datasets is not None:
        per_query["dataset"] = np.array([f"dataset {code + 1:02d}" for code in names], object)
    return replace(
        grades,
        queries=tuple(f"query {rank + 1}" for rank in _ranks(np.lexsort((names, ~defeated)))),
        models=tuple(f"model {rank + 1}" for rank in _ranks(np.argsort(wrong[complete].sum(axis=0), kind="stable"))),
        per_query=per_query,
    )


def _ranks(order: np.ndarray) -> list[int]:
    """The place of every element in an order."""
    ranks = np.empty(len(order), int)
    ranks[order] = np.arange(len(order))
    return ranks.tolist()


def screen(grades: Grades, fit: Fit = _FIT) -> str:
    """Everything that a fit prints on 80 columns, without the path of its page."""
    console = Console(file=io.StringIO(), width=80)
    shown: list[Section] = []

    def show(headline: str, sections: tuple[Section, ...]) -> None:
        shown.extend(sections)
        announce(headline, sections, console)

    result = fit.run(Inputs(RunOptions(), source=lambda: _Held(grades), announce=show))
    render(result, console, verbose=False, announced=len(shown))
    return _printed(console)


def first_lines(grades: Grades) -> str:
    """What is printed before anything is fitted."""
    console = Console(file=io.StringIO(), width=80)

    def show(headline: str, sections: tuple[Section, ...]) -> None:
        announce(headline, sections, console)
        raise _Announced

    with suppress(_Announced):
        _FIT.run(Inputs(RunOptions(), source=lambda: _Held(grades), announce=show))
    return _printed(console)


class _Held:
    """A source of a matrix that is in memory."""

    def __init__(self, grades: Grades) -> None:
        self._grades = grades

    def load(self) -> Grades:
        return self._grades


def _printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def main(arguments: Sequence[str]) -> None:
    """Print or write the screens that the arguments name."""
    write = "--write" in arguments
    for name in [name for name in arguments if name != "--write"] or [DIGITS, *REAL]:
        text = screen(load(name))
        print(f"{name}: {len(text.splitlines())} lines\n{text}", flush=True)
        if write:
            GOLDEN.mkdir(exist_ok=True)
            (GOLDEN / f"{name}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
