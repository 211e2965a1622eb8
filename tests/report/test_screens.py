"""The screens that `studies.screens` wrote, which a reviewer has read: still the same, line by line, and short enough.

`python -m studies.screens --write` writes them anew. Real matrices are read where they are, beside the project; their
golden files have numbers in place of names.
"""

from collections.abc import Callable

import numpy as np
import pytest

from cofail_lab.experiments.fit import Fit
from cofail_lab.grades import Cell, Grades
from cofail_lab.report.terminal import SCREEN
from studies import screens
from tests.conftest import real_path

FAST = ("digits", "cruxeval_output", "misguided_attention", "farel_bench", "swebench_pro_public", "zeroeval_crux")
# The line with the path of the page is not in the golden files.
ROOM = SCREEN - 1


def golden(name: str) -> str:
    return (screens.GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [screens.DIGITS, *screens.REAL])
def test_a_screen_is_short_and_names_nothing_of_the_real_matrices(name: str) -> None:
    lines = golden(name).splitlines()
    assert len(lines) <= ROOM
    assert max(map(len, lines)) <= 80
    assert lines[1].startswith(("│ ROOM IF A SELECTOR CAN FIND IT.", "│ NO ROOM.", "│ CANNOT TELL YET."))
    assert any(line.startswith("Next: ") for line in lines[-2:])
    if name != screens.DIGITS:
        assert "the best, model " in " ".join(line.strip("│ ") for line in lines[:4])


@pytest.mark.parametrize("name", FAST)
def test_what_the_counts_say(name: str) -> None:
    """Before anything is fitted: without JAX, within seconds."""
    if name != screens.DIGITS:
        real_path(name)
    assert golden(name).startswith(screens.first_lines(screens.load(name)))


@pytest.mark.slow
@pytest.mark.parametrize("name", [screens.DIGITS, *screens.REAL])
def test_whole_screens(name: str) -> None:
    """Three minutes for all: 200 matrices are simulated from every null law of every matrix."""
    if name != screens.DIGITS:
        real_path(name)
    assert screens.screen(screens.load(name)) == golden(name)


def made(change: Callable[[np.ndarray, np.random.Generator], None]) -> Grades:
    """120 queries in two datasets, five models with one difficulty, some cells changed."""
    rng = np.random.default_rng(16)
    cells = (rng.normal(size=(120, 1)) + rng.normal(size=(120, 5)) > 0.6).astype(np.int8)
    change(cells, rng)
    dataset = np.array([f"set {i % 2}" for i in range(120)], object)
    return Grades(cells, tuple(f"query {i}" for i in range(120)), tuple("abcde"), "made", {"dataset": dataset})


def nothing(cells: np.ndarray, _: np.random.Generator) -> None:
    """All queries graded."""


def swapped(cells: np.ndarray, rng: np.random.Generator) -> None:
    cells[:] = np.where(rng.random((120, 1)) < 0.7, Cell.WRONG, cells)


def sparse(cells: np.ndarray, rng: np.random.Generator) -> None:
    cells[rng.random(cells.shape) < 0.1] = Cell.MISSING


def copied(cells: np.ndarray, _: np.random.Generator) -> None:
    cells[:, 3] = cells[:, 2] = cells[:, 1]


def everything(cells: np.ndarray, rng: np.random.Generator) -> None:
    copied(cells, rng)
    cells[:, 4] = Cell.WRONG
    sparse(cells, rng)
    cells[::7, 0] = Cell.ERROR
    cells[::11, 0] = Cell.UNSCORED


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (nothing, []),
        (swapped, ["queries defeat everyone. Is 1 right and 0 wrong in this file?"]),
        (sparse, ["of 120 queries were not answered by every model; with them up to"]),
        (copied, ["! 3 pairs of models (nearly) duplicate, 3 of them exactly"]),
        (everything, ["not answered by every model", "(nearly) duplicate", "more, at the end with verbose=true"]),
    ],
)
def test_what_voids_the_headline_stands_on_the_screen(
    change: Callable[[np.ndarray, np.random.Generator], None], says: list[str]
) -> None:
    text = screens.screen(made(change), Fit(bootstrap=0, null=0, folds=0))
    assert len(text.splitlines()) <= ROOM, text
    joined = " ".join(text.split())
    for words in says:
        assert words in joined
    if not says:
        assert "!" not in text


def test_long_names_neither_fill_the_screen_nor_become_one() -> None:
    grades = made(nothing)
    cells = np.zeros_like(grades.cells) + Cell.WRONG
    cells[:60] = grades.cells[:60]
    names = tuple(f"instance_NodeBB__NodeBB-{i:040x}-v8ca65b0c78c67c1653487c02d1135e1b702185e1" for i in range(120))
    long = Grades(cells, names, tuple(f"a-model-with-a-name-{j}" * 4 for j in range(5)), "made", grades.per_query)
    text = screens.first_lines(long)
    assert len(text.splitlines()) <= 17, text
    assert "v8ca65b" not in text
    shown = text.split("fail everyone")[1].split("and")[0]
    listed = [word.strip(";,") for word in shown.split() if "…" in word]
    assert len(listed) == len(set(listed)) > 2


def test_the_readme_shows_this_screen() -> None:
    assert golden(screens.DIGITS) in (screens.ROOT / "README.md").read_text(encoding="utf-8")
